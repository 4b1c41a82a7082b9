from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Credit, Entry, Link, Media, Person, Source
from feeder.store import Outcome, Store, parse_query
from feeder.store.records import saving
from feeder.store.records.known import EntryRecord
from feeder.store.records.saving import merge
from feeder.store.tables import metadata
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")
THERE = Origin("other", "b.txt")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LONGER = make_entry().content + "<p>还有一段更长的文字。</p>"


def rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def test_an_entry_comes_out_as_it_went_in(store: Store) -> None:
    bare = Entry(
        id="urn:uuid:1",
        title="",
        published=datetime(1, 1, 1, tzinfo=UTC),
        updated=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        published_from="",
        source=Source(title="", id=""),
        first_seen_at=datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
    )
    save(store, [(HERE, make_entry()), (HERE, bare)])
    assert store.entries.get(make_entry().id) == make_entry()
    assert store.entries.get(bare.id) == bare


MOMENTS = st.datetimes(timezones=st.just(UTC))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
MAYBE = st.none() | TEXTS
ENTRIES = st.builds(
    Entry,
    id=st.just(""),
    title=TEXTS,
    published=MOMENTS,
    updated=MOMENTS,
    published_from=TEXTS,
    source=st.builds(Source, title=TEXTS, id=TEXTS, link=MAYBE),
    first_seen_at=MOMENTS,
    link=st.none(),
    links=st.lists(st.builds(Link, rel=st.sampled_from(["via", "related"]), href=TEXTS, title=MAYBE)).map(tuple),
    authors=st.lists(st.builds(Person, name=TEXTS, uri=MAYBE, email=MAYBE)).map(tuple),
    credits=st.lists(st.builds(Credit, role=TEXTS, name=TEXTS)).map(tuple),
    categories=st.lists(TEXTS).map(tuple),
    language=MAYBE,
    summary=TEXTS,
    content=TEXTS,
    media=st.lists(
        st.builds(Media, url=TEXTS, kind=st.sampled_from(["image", "audio"]), length=st.none() | st.integers(0)),
    ).map(tuple),
    rights=MAYBE,
    cut=st.lists(TEXTS).map(tuple),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(ENTRIES, max_size=2))
def test_any_entry_comes_out_as_it_went_in_and_is_the_same_again(store: Store, made: list[Entry]) -> None:
    entries = [replace(entry, id=f"urn:uuid:{store.entries.last_number()}-{n}") for n, entry in enumerate(made)]
    assert save(store, [(HERE, entry) for entry in entries]) == [Outcome.NEW] * len(entries)
    assert [store.entries.find(entry.id) for entry in entries] == entries
    assert save(store, [(HERE, entry) for entry in entries]) == [Outcome.SAME] * len(entries)


def test_saving_the_same_again_changes_no_column_of_any_row(store: Store) -> None:
    drafted = [(Origin("seeds", f"{n}.txt"), make_entry(n)) for n in range(5)]
    assert save(store, drafted) == [Outcome.NEW] * 5
    before = rows(store)
    later = [(origin, replace(entry, first_seen_at=NOW)) for origin, entry in drafted]
    assert save(store, later) == [Outcome.SAME] * 5
    assert save(store, []) == []
    assert rows(store) == before


def test_the_file_itself_stays_the_same_when_nothing_changed(sqlite_store: Store) -> None:
    save(sqlite_store, [(HERE, make_entry())])
    with open(str(sqlite_store.database.engine.url.database), "rb") as file:  # noqa: PTH123  bytes of a file that is in use
        before = file.read()
        save(sqlite_store, [(HERE, make_entry())])
        file.seek(0)
        # Bytes 24-27 and 92-95 of the header count transactions that wrote (sqlite.org/fileformat2.html §1.3).
        assert file.read() == before


@pytest.mark.parametrize(
    "link",
    ["http://www.example.org/a/1/", "https://example.org/a/1?utm_source=x", "https://example.org/%61/1#top"],
)
def test_the_same_link_in_another_spelling_is_the_same_entry(store: Store, link: str) -> None:
    save(store, [(HERE, make_entry(1))])
    assert save(store, [(THERE, make_entry(1, id="urn:uuid:2", link=link))]) == [Outcome.SAME]
    assert store.entries.count() == 1
    assert store.entries.origins(make_entry(1).id) == (HERE, THERE)


def test_the_id_counts_before_the_link(store: Store) -> None:
    save(store, [(HERE, make_entry(1)), (HERE, make_entry(2))])
    odd = make_entry(1, link=make_entry(2).link, title="新的题目")
    assert save(store, [(HERE, odd)]) == [Outcome.CHANGED]
    assert store.entries.get(make_entry(1).id).link == make_entry(2).link
    assert store.entries.get(make_entry(2).id) == make_entry(2)


def test_an_entry_without_a_link_is_known_by_its_id(store: Store) -> None:
    entries = [make_entry(id=f"urn:uuid:{n}") for n in range(2)]
    assert save(store, [(HERE, entry) for entry in entries * 2]) == [
        Outcome.NEW,
        Outcome.NEW,
        Outcome.SAME,
        Outcome.SAME,
    ]


def test_the_same_article_twice_in_one_save_is_one_entry(store: Store) -> None:
    drafted = [(HERE, make_entry(1)), (THERE, make_entry(1, id="urn:x", link=make_entry(1).link, content=LONGER))]
    assert save(store, drafted) == [Outcome.NEW, Outcome.CHANGED]
    assert store.entries.get(make_entry(1).key).content == LONGER
    assert [entry.id for _, entry in store.entries.added_after(0, 9)] == [make_entry(1).id]
    assert store.search.find(parse_query("更长"), limit=1).total == 1


def test_other_text_from_the_same_origin_replaces(store: Store) -> None:
    save(store, [(HERE, make_entry(1, content=LONGER))])
    assert save(store, [(HERE, make_entry(1, content="<p>短</p>", first_seen_at=NOW))]) == [Outcome.CHANGED]
    held = store.entries.get(make_entry(1).key)
    assert (held.content, held.updated, held.first_seen_at) == ("<p>短</p>", NOW, make_entry().first_seen_at)


def test_a_feed_that_loses_a_text_does_not_take_it_away(store: Store) -> None:
    feed = Origin("feed", "https://a.example/f")
    save(store, [(feed, make_entry(1))])
    save(store, [(feed, make_entry(1, title="Another", content="", language=None, first_seen_at=NOW))])
    held = store.entries.get(make_entry(1).key)
    assert (held.title, held.content, held.language) == ("Another", make_entry().content, make_entry().language)


def test_of_two_origins_the_fuller_text_wins_and_stays(store: Store) -> None:
    short, full = (HERE, make_entry(1)), (THERE, make_entry(1, content=LONGER))
    assert save(store, [short]) == [Outcome.NEW]
    assert save(store, [full]) == [Outcome.CHANGED]
    before = rows(store)
    assert save(store, [short, full, short]) == [Outcome.SAME] * 3
    assert rows(store) == before
    assert store.entries.origins(make_entry(1).id) == (THERE, HERE)


@pytest.mark.parametrize(
    ("holder", "comer"),
    [(HERE, Origin("feed", "https://a.example/f")), (Origin("feed", "https://a.example/f"), HERE),
     (Origin("one", "https://a.example/f"), Origin("two", "https://a.example/f"))],
)  # fmt: skip
def test_what_another_source_holds_is_changed_by_nobody_even_if_it_were_taken_for_the_same(
    holder: Origin, comer: Origin
) -> None:
    record = EntryRecord(1, make_entry(1), holder, frozenset())
    assert saving._merge(record, prepare(comer, make_entry(1, content=LONGER))) is Outcome.SAME
    assert (record.entry, record.content_origin, record.written_from) == (make_entry(1), holder, None)
    assert saving._merge(record, prepare(holder, make_entry(1, content=LONGER))) is Outcome.CHANGED


def test_other_data_about_the_same_text_counts_only_from_the_origin_that_holds_it(store: Store) -> None:
    save(store, [(HERE, make_entry(1))])
    assert save(store, [(THERE, make_entry(1, rights="none"))]) == [Outcome.SAME]
    assert save(store, [(HERE, make_entry(1, rights="none"))]) == [Outcome.CHANGED]
    assert store.entries.get(make_entry(1).key).rights == "none"


@pytest.mark.parametrize(
    "changes",
    [
        {"link": "https://example.org/elsewhere"},
        {"media": ()},
        {"authors": ()},
        {"credits": ()},
        {"categories": ("x",)},
        {"published": datetime(2020, 1, 1, tzinfo=UTC)},
        {"rights": None},
        {"summary": "另一个摘要"},
        {"content": make_entry().content.replace("<p>", "<div>").replace("</p>", "</div>")},
    ],
)
def test_updated_stays_where_title_and_text_do(changes: dict[str, Any]) -> None:
    new = merge(make_entry(), make_entry(first_seen_at=NOW, updated=NOW, **changes))
    assert new == make_entry(**changes)


@pytest.mark.parametrize("changes", [{"title": "别的"}, {"content": "<p>别的</p>"}])
@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (make_entry().updated, NOW),
        (make_entry().updated - timedelta(days=9), NOW),
        (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_updated_moves_with_title_or_text(changes: dict[str, Any], own: datetime, expected: datetime) -> None:
    new = merge(make_entry(), make_entry(first_seen_at=NOW, updated=own, **changes))
    assert new == make_entry(updated=expected, **changes)


@pytest.mark.parametrize("changes", [{"title": "别的"}, {"content": "<p>别的</p>"}])
def test_updated_stays_where_the_source_has_not_changed_and_we_read_it_better(changes: dict[str, Any]) -> None:
    again = make_entry(first_seen_at=NOW, updated=NOW, **changes)
    new = merge(make_entry(), again, reread=True)
    assert new == make_entry(**changes)


def test_updated_never_goes_back_when_the_clock_does() -> None:
    early = make_entry(title="别的", first_seen_at=datetime(1999, 1, 1, tzinfo=UTC))
    new = merge(make_entry(), early)
    assert new is not None
    assert new.updated == make_entry().updated


def test_a_source_that_only_says_it_was_updated_changes_nothing() -> None:
    assert merge(make_entry(), make_entry(updated=NOW)) is None


def test_an_entry_without_a_date_keeps_the_one_it_was_first_given() -> None:
    first = make_entry(published=make_entry().first_seen_at, published_from="now")
    again = make_entry(published=NOW, first_seen_at=NOW, published_from="now")
    assert merge(first, again) is None


def test_where_an_entry_was_read_from_is_kept_and_changes_nothing_by_itself(store: Store) -> None:
    save(store, [(Origin("s", "1"), make_entry(read_from={"title": "link line"}))])
    save(store, [(Origin("s", "1"), make_entry(read_from={"title": "file name"}))])
    assert store.entries.latest(1)[0].read_from == {"title": "link line"}


def test_a_date_that_is_kept_keeps_where_it_was_read_from() -> None:
    held = make_entry(read_from={"published": "epoch", "updated": "epoch"})
    again = make_entry(published=NOW, first_seen_at=NOW, rights="-", read_from={"published": "read time"})
    new = merge(held, again)
    assert new is not None
    assert new.read_from == {"published": "epoch", "updated": "epoch"}


@pytest.mark.parametrize(
    ("own", "place"),
    [(NOW, "front matter: lastmod"), (make_entry().updated, "when the text had changed")],
    ids=["the source's", "ours"],
)
def test_an_update_says_who_dated_it(own: datetime, place: str) -> None:
    changed = make_entry(title="别的", updated=own, read_from={"updated": "front matter: lastmod"})
    new = merge(make_entry(), changed)
    assert new is not None
    assert new.read_from["updated"] == place


def test_ties_count_entries_with_one_updated_as_they_came(store: Store) -> None:
    save(store, [(HERE, make_entry(n)) for n in range(3)])
    save(store, [(HERE, make_entry(3)), (HERE, make_entry(4, updated=NOW))])
    entries = [make_entry(n) for n in range(5)]
    assert store.entries.ties(entries) == {entry.id: tie for entry, tie in zip(entries, [0, 1, 2, 3, 0], strict=True)}
    save(store, [(HERE, make_entry(1, title="别的", first_seen_at=NOW))])
    save(store, [(HERE, make_entry(5))])
    entries.append(make_entry(5))
    ties = store.entries.ties(entries)
    assert [ties[entry.id] for entry in entries] == [0, 1, 2, 3, 0, 4]
    assert store.entries.ties([make_entry(99)]) == {}


def test_the_change_number_grows_with_what_is_new_or_changed(store: Store) -> None:
    seen = [store.entries.last_change()]
    for entry in (make_entry(1), make_entry(2), make_entry(1), make_entry(1, title="别的")):
        save(store, [(HERE, entry)])
        seen.append(store.entries.last_change())
    assert seen == [0, 1, 2, 2, 3]


def test_numbers_run_in_the_order_of_arrival(store: Store) -> None:
    assert store.entries.last_number() == 0
    save(store, [(HERE, make_entry(2)), (HERE, make_entry(1, published=NOW))])
    save(store, [(HERE, make_entry(2, title="别的"))])
    save(store, [(HERE, make_entry(3))])
    assert [(number, entry.id[-1]) for number, entry in store.entries.added_after(0, 9)] == [
        (1, "2"),
        (2, "1"),
        (3, "3"),
    ]
    assert [number for number, _ in store.entries.added_after(1, 1)] == [2]
    assert store.entries.last_number() == 3
    assert store.entries.newest_numbers(2) == [2, 3]


def test_a_new_date_moves_an_entry_in_the_order(store: Store) -> None:
    save(store, [(HERE, make_entry(n)) for n in (1, 2)])
    save(store, [(HERE, make_entry(1, published=NOW))])
    assert [entry.id[-1] for entry in store.entries.latest(5)] == ["1", "2"]


def test_many_entries_of_one_second_stand_in_order_of_arrival(store: Store) -> None:
    save(store, [(HERE, make_entry(n)) for n in range(150)])
    save(store, [(HERE, make_entry(150, published=make_entry().published + timedelta(seconds=1)))])
    save(store, [(HERE, make_entry(n)) for n in range(151, 180)])
    order = [int(entry.id.rpartition("/")[2]) for entry in store.entries.iter_all(oldest_first=True)]
    assert [n for n in order if n != 150] == [n for n in range(180) if n != 150]


def test_more_entries_than_fit_one_batch_are_saved_in_one_go(store: Store) -> None:
    day = timedelta(days=1)
    drafted = [(HERE, make_entry(n % 600, published=make_entry().published + n % 600 * day)) for n in range(700)]
    assert save(store, drafted) == [Outcome.NEW] * 600 + [Outcome.SAME] * 100
    assert store.entries.count() == store.entries.last_change() == store.entries.last_number() == 600


def test_the_version_changes_with_anything_a_page_shows(store: Store) -> None:
    def version() -> str:
        [mark] = store.entries.changed_marks(0, 9).marks.values()
        return mark.version

    save(store, [(HERE, make_entry(1))])
    seen = [version()]
    save(store, [(HERE, make_entry(1))])
    assert version() == seen[0]
    for changes in ({"rights": None}, {"media": ()}, {"title": "别的"}):
        save(store, [(HERE, make_entry(1, **changes))])
        seen.append(version())
    assert len(set(seen)) == 4


def test_a_very_long_link_and_id_can_be_saved(store: Store) -> None:
    entry = make_entry(id="https://example.org/" + "".join(f"{n * 7919:x}" for n in range(1000)))
    save(store, [(HERE, entry)])
    assert store.entries.find(entry.id) == entry


_FEED: dict[str, Any] = {"published_from": "feed", "read_from": {"updated": "feed: updated"}}


def _date_kept(held: Entry, came: Entry) -> bool:
    new = merge(held, came)
    return new is None or new.published == held.published


def test_updated_moves_if_the_feed_says_so_though_the_text_is_the_same() -> None:
    later = make_entry().updated + timedelta(days=1)
    new = merge(make_entry(**_FEED), make_entry(**_FEED, updated=later))
    assert new is not None
    assert (new.updated, new.published) == (later, make_entry().published)
    reread = merge(make_entry(**_FEED), make_entry(**_FEED, updated=later), reread=True)
    assert reread is None


@pytest.mark.parametrize(
    ("held", "came", "later", "updated"),
    [
        ("feed", "feed", timedelta(days=-1), timedelta(0)),  # earlier
        ("feed", "feed", timedelta(hours=1), timedelta(hours=2)),  # beside a date of the update
        ("feed, zone unclear", "feed", timedelta(hours=1), timedelta(0)),
        ("link", "feed", timedelta(hours=1), timedelta(0)),
        ("read time", "feed, zone unclear", timedelta(hours=-1), timedelta(0)),
        ("front matter", "front matter", timedelta(days=900), timedelta(0)),
    ],
)
def test_published_moves_for_a_correction(held: str, came: str, later: timedelta, updated: timedelta) -> None:
    first = make_entry(published_from=held, first_seen_at=NOW)
    date = first.published + later
    second = make_entry(published_from=came, published=date, updated=max(date, first.updated + updated))
    assert not _date_kept(first, second)


@pytest.mark.parametrize(
    ("held", "came", "published"),
    [
        ("feed", "feed", make_entry().published + timedelta(days=1)),  # it moves with every change
        ("feed, zone unclear", "feed", NOW + timedelta(days=1)),  # seen before
        ("read time", "feed", NOW + timedelta(days=1)),
        ("feed", "feed, zone unclear", make_entry().published - timedelta(hours=1)),
        ("feed", "link", make_entry().published - timedelta(hours=1)),
        ("feed, zone unclear", "link", make_entry().published - timedelta(hours=1)),
        ("feed", "read time", NOW + timedelta(hours=1)),
    ],
)
def test_published_is_else_what_was_first_read(held: str, came: str, published: datetime) -> None:
    first = make_entry(published_from=held, first_seen_at=NOW)
    second = make_entry(
        published_from=came, published=published, updated=published, first_seen_at=NOW + timedelta(hours=1)
    )
    assert _date_kept(first, second)

"""Several files with one link: versions of one article, or articles that only share it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest

from feeder.incoming.origin import Origin
from feeder.incoming.versions import are_versions
from feeder.model import Entry
from feeder.store import Outcome, Store
from tests.entries import make_entry
from tests.saving import save

WEATHER = (
    "The rain began before dawn and had not stopped by noon. Farmers along the river moved their cattle to the hills, "
    "and the school at the crossing was closed for the day. The mayor asked people to stay at home until the water "
    "fell, and the fire brigade filled sandbags in the yard of the brewery. "
)
MARKET = (
    "The harbour handled fewer ships than in any spring since the war, but more of them left with full holds. "
    "Shares of the two largest mills rose on Tuesday after both had reported higher orders from abroad. Analysts had "
    "expected a weaker quarter, since the price of cotton doubled in a year. The bank left its rate where it was. "
)
GERMAN = (
    "Der Regen begann vor der Dämmerung und hörte bis zum Mittag nicht auf. Die Bauern am Fluss trieben ihr Vieh auf "
    "die Hügel, und die Schule an der Kreuzung blieb geschlossen. Der Bürgermeister bat alle, zu Hause zu bleiben. "
)
ADDED = "In the evening the bridge was opened again, and the first buses crossed it. "


_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def version(
    text: str, title: str = "Rain", at: datetime = _FIRST_DAY, place: str = "front matter", **more: object
) -> Entry:
    changes = {"published": at, "updated": at, "published_from": place, "summary": "", "read_from": {}, **more}
    return make_entry(1, title=title, content=f"<p>{text.strip()}</p>", **changes)


def place(name: str) -> Origin:
    return Origin("folder", f"/archive/{name}.md")


def save_all(store: Store, entries: Sequence[Entry], order: Sequence[int]) -> None:
    save(store, [(place(str(number)), entries[number]) for number in order])


@pytest.mark.parametrize(
    ("title", "text", "same"),
    [
        ("Rain", WEATHER, True),
        ("Flood closes school", WEATHER + ADDED, True),
        ("Flood closes school", WEATHER[: len(WEATHER) // 3], True),
        ("Flood closes school", WEATHER[: 2 * len(WEATHER) // 3] + MARKET[: len(MARKET) // 3], True),
        ("Rain (updated)", WEATHER[: len(WEATHER) // 3] + MARKET, True),
        ("Shares rise", WEATHER[: len(WEATHER) // 4] + MARKET, False),
        ("Shares rise", MARKET, False),
        ("Rain", MARKET, False),
        ("Regen", GERMAN, False),
        ("Rain", "", True),
        ("Rain - Evening Post", "Farmers moved their cattle.", True),
        ("Shares rise", "", False),
        ("Shares rise", "The bank left its rate where it was.", False),
    ],
)
def test_one_link_makes_versions_of_what_is_alike(title: str, text: str, *, same: bool) -> None:
    one, other = version(WEATHER), version(text, title)
    assert are_versions(one, other) is are_versions(other, one) is same


def test_scripts_and_scattered_changes_of_chinese_make_versions_and_other_issues_do_not() -> None:
    text = "清晨下了一場雨，街上的人都帶著傘，孩子們在學校門口等著，老師說今天的課照常進行，下午天就晴了。" * 3
    simplified = "清晨下了一场雨，路上的人都带着伞，孩子们在学校门外等着，老师说今天的课照常进行，午后天就晴了。" * 3
    other = "昨天的股市先跌後漲，成交量比上週多了三成，分析師認為年底以前利率不會再變，出口商則擔心匯率。" * 3
    assert are_versions(version(text, "雨"), version(simplified, "学校停课"))
    assert not are_versions(version(text, "每週文摘"), version(other, "每週文摘"))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_unlike_articles_with_one_link_stay_apart_in_any_order_and_over_passes(
    store: Store, order: tuple[int, ...]
) -> None:
    entries = [version(WEATHER), version(MARKET, "Shares rise"), version(GERMAN, "Regen")]
    save_all(store, entries, order[:2])
    ids = {entry.title: entry.id for entry in store.entries.latest(9)}
    save_all(store, entries, order)
    found = {entry.title: entry for entry in store.entries.latest(9)}
    assert found.keys() == {"Rain", "Shares rise", "Regen"}
    assert len({entry.id for entry in found.values()}) == 3
    assert ids.items() <= {title: entry.id for title, entry in found.items()}.items()
    assert [entry.content for entry in found.values() if entry.title == "Regen"] == [entries[2].content]
    again = [(place(str(number)), entry) for number, entry in enumerate(entries)]
    assert save(store, again) == save(store, again[::-1]) == [Outcome.SAME] * 3


def test_a_file_that_is_rewritten_remains_its_article(store: Store) -> None:
    save_all(store, [version(WEATHER), version(MARKET, "Shares rise")], (0, 1))
    assert save(store, [(place("1"), version(GERMAN, "Regen"))]) == [Outcome.CHANGED]
    assert {entry.title for entry in store.entries.latest(9)} == {"Rain", "Regen"}


def test_articles_of_an_export_that_share_a_link_may_change_their_numbers(store: Store) -> None:
    entries = [version(WEATHER), version(MARKET, "Shares rise")]
    save_all(store, entries, (0, 1))
    save_all(store, [version(GERMAN, "Regen"), *entries], (0, 1, 2))
    assert {entry.title: entry.content for entry in store.entries.latest(9)} == {
        entry.title: entry.content for entry in (version(GERMAN, "Regen"), *entries)
    }


def test_of_unlike_articles_with_one_link_only_the_withdrawn_one_stays_out(store: Store) -> None:
    entries = [version(WEATHER), version(MARKET, "Shares rise")]
    save_all(store, entries, (0, 1))
    rain = next(entry for entry in store.entries.latest(9) if entry.title == "Rain")
    store.entries.withdraw([rain.key], now=day(9))
    save_all(store, entries, (0, 1))
    assert [entry.title for entry in store.entries.latest(9)] == ["Shares rise"]


def crowd(number: int) -> Entry:
    words = [f"{word}{number}" for word in WEATHER.split()]
    return version(" ".join(words), f"No. {number}")


def test_many_unlike_articles_with_one_link_stay_what_they_are(store: Store) -> None:
    articles = [(place(f"list#{number}"), crowd(number)) for number in range(60)]
    assert save(store, articles) == [Outcome.NEW] * 60
    held = {entry.title: entry.id for entry in store.entries.latest(99)}
    assert len(set(held.values())) == 60
    assert save(store, articles) == save(store, articles[::-1]) == [Outcome.SAME] * 60
    assert save(store, [(place("list#3"), version(MARKET, "Shares rise"))]) == [Outcome.CHANGED]
    assert save(store, [(place("copy"), crowd(50))]) == [Outcome.SAME]
    assert save(store, [(place("list#60"), crowd(60))]) == [Outcome.NEW]
    now = {entry.title: entry.id for entry in store.entries.latest(99)}
    assert now.items() >= {title: id_ for title, id_ in held.items() if title != "No. 3"}.items()
    assert now.keys() - held.keys() == {"Shares rise", "No. 60"}
    assert len(now) == 61


def test_a_version_of_one_of_many_unlike_articles_is_an_article_of_its_own(store: Store) -> None:
    save(store, [(place(f"{number}"), crowd(number)) for number in range(60)])
    edited = replace(crowd(7), content=crowd(7).content + "<p>More.</p>")
    assert save(store, [(place("other"), edited)]) == [Outcome.NEW]
    assert save(store, [(place("7"), edited)]) == [Outcome.CHANGED]


FIRST = version(WEATHER, at=day(2), place="epoch")
SECOND = version(WEATHER.replace("cattle", "cows") + ADDED, at=day(5))
TEASER = version(WEATHER[:60], at=day(8))
NAMED = version(WEATHER, at=day(1), place="file name")
COPIED = version(WEATHER + ADDED + ADDED, at=day(20), place="file time")


@pytest.mark.parametrize(
    ("pair", "text", "published", "published_from", "updated"),
    [
        ((FIRST, SECOND), SECOND, day(2), "epoch", day(5)),
        ((FIRST, TEASER), FIRST, day(2), "epoch", day(2)),
        ((SECOND, TEASER), SECOND, day(5), "front matter", day(5)),
        ((FIRST, NAMED), FIRST, day(2), "epoch", day(2)),
        ((SECOND, NAMED), SECOND, day(5), "front matter", day(5)),
        ((SECOND, version(WEATHER, at=day(3))), SECOND, day(3), "front matter", day(5)),
        ((FIRST, version(WEATHER, at=day(6))), FIRST, day(2), "epoch", day(2)),
        ((FIRST, COPIED), COPIED, day(2), "epoch", day(2)),
        (
            (version(WEATHER, at=day(4)), version(WEATHER[:-30], at=day(4), updated=day(7))),
            version(WEATHER[:-30]),
            day(4),
            "front matter",
            day(7),
        ),
    ],
    ids=["later", "teaser", "teaser of the same rank", "name", "better place", "earlier", "copy", "file time", "own"],
)
@pytest.mark.parametrize("together", [True, False])
def test_two_versions_have_the_best_date_and_the_later_text_in_either_order(
    store: Store,
    pair: tuple[Entry, Entry],
    text: Entry,
    published: datetime,
    published_from: str,
    updated: datetime,
    *,
    together: bool,
) -> None:
    for number, order in enumerate(((0, 1), (1, 0))):
        link = f"https://example.org/v/{number}"
        named = [replace(entry, id=link, link=link, title=f"Rain {number}") for entry in pair]
        batches = [order] if together else [order[:1], order[1:]]
        for batch in batches:
            save(store, [(place(f"{number}-{one}"), named[one]) for one in batch])
        held = store.entries.get(link)
        assert (held.content, held.published, held.published_from, held.updated) == (
            text.content,
            published,
            published_from,
            updated,
        )
        save(store, [(place(f"{number}-{one}"), named[one]) for one in (0, 1, 0)])
        assert store.entries.get(link) == held


def test_a_better_date_alone_leaves_the_text_where_it_is_from(store: Store) -> None:
    save(store, [(place("full"), SECOND), (place("short"), version(WEATHER[:60], at=day(1), place="epoch"))])
    held = store.entries.get(FIRST.id)
    assert (held.published, held.content) == (day(1), SECOND.content)
    assert store.entries.origins(held.id)[0] == place("full")
    changed = replace(SECOND, content=SECOND.content + "<p>One more.</p>", first_seen_at=day(30))
    assert save(store, [(place("full"), changed)]) == [Outcome.CHANGED]
    held = store.entries.get(FIRST.id)
    assert (held.published, held.published_from, held.updated) == (day(1), "epoch", day(30))


def test_a_date_of_the_body_that_an_epoch_confirms_is_better_than_another_epoch(store: Store) -> None:
    exact = version(WEATHER, at=day(3), place="body", updated=day(4), read_from={"updated": "epoch"})
    save(store, [(place("a"), version(WEATHER, at=day(2), place="epoch")), (place("b"), exact)])
    assert store.entries.get(exact.id).published == day(3)


def test_unlike_articles_that_share_all_but_their_text_have_ids_that_stay(store: Store) -> None:
    texts = (WEATHER, MARKET, GERMAN * 2, ADDED * 4, "\n".join(reversed(MARKET.split())))
    articles = [(place(f"{number}"), version(text, "Notes")) for number, text in enumerate(texts)]
    assert save(store, articles) == [Outcome.NEW] * len(texts)
    held = {entry.content: entry.id for entry in store.entries.latest(10)}
    assert len(set(held.values())) == len(texts)
    assert save(store, articles[::-1]) == [Outcome.SAME] * len(texts)
    assert {entry.content: entry.id for entry in store.entries.latest(10)} == held

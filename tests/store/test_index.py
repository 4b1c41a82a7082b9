"""The index by itself: what its files withstand, and in which order it gives what it finds."""

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.errors import StoreError
from feeder.model import Entry
from feeder.query import searchable_text
from feeder.query.periods import first_position
from feeder.query.terms import Row, terms_of
from feeder.query.tokens import plain
from feeder.store import parse_query
from feeder.store.search import index as indexes
from feeder.store.search.checksums import is_whole
from feeder.store.search.index import DamagedError, Index, IndexPosition
from feeder.store.search.search import Order, Search, SearchBounds
from tests.entries import make_entry

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def row(number: int, entry: Entry) -> Row:
    return Row(number, first_position(entry.published) + number % 16, terms_of(entry, plain(searchable_text(entry))))


def article(title: str, text: str, *, days: float = 0) -> Entry:
    """Return an entry of so many days before NOW, with nothing else to be found by."""
    entry = make_entry(title=title, content=f"<p>{text}</p>", published=NOW - days * DAY)
    return replace(entry, summary="", authors=(), categories=())


def made(folder: Path, entries: Sequence[Entry]) -> Index:
    """Return an index of these entries, whose numbers count from 1."""
    index = Index.create(folder, "here")
    with index.writer(many=False) as writer:
        writer.put(row(number, entry) for number, entry in enumerate(entries, 1))
        writer.commit(IndexPosition("here", len(entries)))
    return Index.open(folder)


def numbers(search: Search, typed: str, order: Order = "best", limit: int = 20) -> list[int]:
    return search.find(parse_query(typed), now=NOW, limit=limit, order=order).numbers


# --- order -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "entries", "order"),
    [
        (
            "雨季",
            [article("晴", "雨季来了，" + "街上的人。" * 9), article("雨季", "来了，" + "街上的人。" * 9)],
            [2, 1],
        ),
        ("rain", [article("Sun", "rain fell " + "in the streets. " * 9), article("Rain", "fell. " * 20)], [2, 1]),
        ("雨季", [article("晴", "雨季", days=4000), article("晴", "雨季", days=10)], [2, 1]),
        ("雨季", [article("雨季", "雨季", days=30), article("晴", "雨季", days=10)], [1, 2]),
        ("雨季", [article("晴", "街上的人。" * 200 + "雨季"), article("晴", "雨季，雨季")], [2, 1]),
        (
            "雨季 OR 街上",
            [*(article("晴", "街上的人") for _ in range(8)), article("晴", "雨季的人")],
            [9, *range(8, 0, -1)],
        ),
        ("雨", [article("晴", "雨", days=9), article("晴", "雨", days=3), article("晴", "雨", days=6)], [2, 3, 1]),
        ("-雪", [article("晴", "晴", days=2), article("雪", "雪"), article("晴", "晴", days=1)], [3, 1]),
        ("last:9d", [article("晴", "晴", days=2), article("雪", "雪"), article("晴", "晴", days=1)], [2, 3, 1]),
    ],
    ids=[
        "title first",
        "latin title first",
        "younger first",
        "title outweighs a few days",
        "what says it more often first",
        "rare word outweighs",
        "one character by age",
        "nothing to weigh: by age",
        "fields alone: by age",
    ],
)
def test_the_best_come_first(tmp_path: Path, query: str, entries: list[Entry], order: list[int]) -> None:
    found = numbers(Search(made(tmp_path / "index-1", entries)), query)
    if query == "雨季 OR 街上":
        assert found[0] == order[0]
    else:
        assert found == order


DAYS = [article("晴", "街上的雨季" if n % 2 else "街上", days=300 - n) for n in range(300)]  # the last is the newest


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return made(tmp_path_factory.mktemp("many") / "index-1", DAYS)


@pytest.mark.parametrize("limit", [1, 5, 40, 149, 150, 200])
def test_the_newest_are_the_same_through_any_window(many: Index, limit: int) -> None:
    narrow = SearchBounds(scan_all=10)
    for typed in ("雨季", "街上 -雨季", "before:2023-06", "雨季 last:30d", "on:2023-05 街上", "雨季 OR on:2023-05-03"):
        query = parse_query(typed)
        everywhere = Search(many).find(query, now=NOW, limit=limit)
        through = Search(many, narrow).find(query, now=NOW, limit=limit)
        assert through.numbers == everywhere.numbers
        assert through.total <= everywhere.total
        assert through.more or through.total == everywhere.total


def test_the_first_and_the_last_moments_of_the_calendar_can_be_found(tmp_path: Path) -> None:
    moments = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2022, 3, 5, 12, 0, 0, 500_000, tzinfo=UTC),
    ]
    entries = [replace(article("晴", "雨季"), published=moment) for moment in moments]
    search = Search(made(tmp_path / "index-1", entries))
    assert numbers(search, "雨季", "best") == numbers(search, "雨季", "newest") == [2, 4, 3, 1]
    for typed in ("before:1000", "after:2999", "before:2999", "last:9999y", "last:36h", "on:1969-12-31", "-on:1969"):
        for now in (NOW, moments[3], moments[1]):
            query = parse_query(typed)
            found = search.find(query, now=now, limit=9).numbers
            assert sorted(found) == [at for at, entry in enumerate(entries, 1) if query.matches(entry, now=now)]


def test_a_window_counts_to_the_cap_or_says_that_there_is_more(many: Index) -> None:
    search = Search(many, SearchBounds(scan_all=10))
    query = parse_query("雨季")
    counts = [search.find(query, now=NOW, limit=2, total_cap=cap) for cap in (1, 20, 140, 150, 1000)]
    assert [(min(found.total, 150), found.more) for found in counts[2:]] == [(150, False)] * 3
    for cap, found in zip((1, 20), counts, strict=False):
        assert cap <= found.total < 150
        assert found.more


def test_pages_through_a_window_follow_each_other(many: Index) -> None:
    search = Search(many, SearchBounds(scan_all=10))
    query = parse_query("雨季")
    pages = [search.find(query, now=NOW, limit=20, offset=offset).numbers for offset in range(0, 180, 20)]
    assert [number for page in pages for number in page] == list(range(300, 0, -2))


def test_entries_that_share_a_second_are_in_order_over_the_end_of_a_month(tmp_path: Path) -> None:
    # Of these the last second of a month has more than places of its own: they go on into the next.
    last = datetime(2023, 5, 31, 23, 59, 59, tzinfo=UTC)
    moved = [article("晴", "雨季", days=(NOW - last) / DAY) for _ in range(60)]
    after = [article("晴", "雨季", days=(NOW - last) / DAY - 1 / 86_400 - n / 864_000) for n in range(20)]
    index = Index.create(tmp_path / "index-1", "here")
    with index.writer(many=False) as writer:
        rows = [row(number, entry) for number, entry in enumerate((*moved, *after), 1)]
        first = first_position(last)
        writer.put(one._replace(position=first + at) if at < 60 else one for at, one in enumerate(rows))
        writer.commit(IndexPosition("here", 80))
    opened = Index.open(index.folder)
    for limit in range(1, 80):
        everywhere = Search(opened).find(parse_query("雨季"), now=NOW, limit=limit)
        narrow = Search(opened, SearchBounds(scan_all=1)).find(parse_query("雨季"), now=NOW, limit=limit)
        assert narrow.numbers == everywhere.numbers


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Index, list[Entry]]:
    """Return an index of entries of three years with random texts, and these in the order of their numbers."""
    chance = random.Random(7)
    letters = [chance.choices("雨雪风a ，", (9, 5, 2, 2, 2, 1), k=12) for _ in range(400)]
    entries = [article("晴", "".join(letters[n]), days=chance.randrange(1100) + n / 1000) for n in range(400)]
    sources = [replace(make_entry().source, title=chance.choice(("BBC", "VOA"))) for _ in entries]
    entries = [
        replace(entry, source=source, categories=tuple(chance.sample(("天气", "海"), chance.randrange(3))))
        for entry, source in zip(entries, sources, strict=True)
    ]
    return made(tmp_path_factory.mktemp("mixed") / "index-1", entries), entries


MIXED = (
    "雨", "雨雪", "雨雪雨", '"风 a"', "雨雪 -风", "雨雪风 OR a", "-(雨雪 雪雨)", "source:voa 雨雨", "#天气",
    "on:2022 雪雨", "after:2022-06 before:2023-02", "雨雨雨雨雨雨雨雨",
)  # fmt: skip


@pytest.mark.parametrize("typed", MIXED)
def test_what_is_searched_in_steps_is_what_a_walk_over_all_entries_finds(
    mixed: tuple[Index, list[Entry]], typed: str
) -> None:
    index, entries = mixed
    query = parse_query(typed)
    matching = [number for number, entry in enumerate(entries, 1) if query.matches(entry, now=NOW)]
    matching.sort(key=lambda number: entries[number - 1].published, reverse=True)
    for scan_all in (0, 50, 10**9):
        search = Search(index, SearchBounds(scan_all=scan_all))
        for limit, offset in ((1, 0), (7, 0), (7, 21), (30, 90), (400, 0)):
            found = search.find(query, now=NOW, limit=limit, offset=offset)
            assert found.numbers == matching[offset : offset + limit]
            assert found.more or found.total == len(matching)
            assert found.total <= len(matching)


def tally(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names))


@pytest.mark.parametrize("typed", MIXED)
def test_facets_count_all_matches_or_those_since_a_day(mixed: tuple[Index, list[Entry]], typed: str) -> None:
    index, entries = mixed
    query = parse_query(typed)
    matching = [entry for entry in entries if query.matches(entry, now=NOW)]
    for count_all in (10, 300, 10**9):
        found = Search(index, SearchBounds(count_all=count_all)).facets(query, now=NOW)
        counted = [entry for entry in matching if found.since is None or entry.published.date() >= found.since]
        months = [f"{entry.published:%Y-%m}" for entry in matching]
        assert dict(found.sources) == tally(entry.source.title for entry in counted)
        assert dict(found.categories) == tally(name for entry in counted for name in entry.categories)
        assert dict(found.months) == tally(f"{entry.published:%Y-%m}" for entry in counted)
        assert list(found.months) == sorted(found.months)
        assert set(months) <= {*dict(found.months), *found.uncounted}
        assert set(dict(found.months)).isdisjoint(found.uncounted)
        assert found.since is None or count_all < 10**9


def test_facets_of_a_frequent_phrase_are_of_the_newest_and_those_of_a_word_are_of_all(many: Index) -> None:
    search = Search(many, SearchBounds(count_all=300))
    assert search.facets(parse_query("雨季"), now=NOW).since is None
    found = search.facets(parse_query("街上的"), now=NOW)
    assert found.since is not None
    assert found.uncounted[-1] < f"{found.since:%Y-%m}" == found.months[0][0]


def test_of_too_many_matches_the_best_of_the_newest_are_given(many: Index) -> None:
    everything = Search(many).find(parse_query("雨季"), now=NOW, limit=300, order="best")
    newest = Search(many, SearchBounds(rank_all=50)).find(parse_query("雨季"), now=NOW, limit=300, order="best")
    assert (len(everything.numbers), everything.more) == (150, False)
    assert newest.more
    assert newest.numbers == everything.numbers[: len(newest.numbers)]
    assert 20 <= newest.total < 150


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (0, 5), (5, 10**15), (10**15, 0), (5, 300)])
def test_any_page_can_be_asked_for(many: Index, limit: int, offset: int) -> None:
    for order in ("newest", "best"):
        found = Search(many).find(parse_query("雨季"), now=NOW, limit=limit, offset=offset, order=order)
        assert len(found.numbers) == (150 if limit > 300 else 0)


# --- writing ---------------------------------------------------------------------------------------------------------


def test_what_is_put_again_takes_the_place_of_what_was_there_and_what_is_dropped_is_gone(tmp_path: Path) -> None:
    made(tmp_path / "index-1", [article("一", "雨季"), article("二", "雨季"), article("三", "雨季")])
    with Index.open(tmp_path / "index-1").writer(many=False) as writer:
        writer.put([row(1, article("一", "雪天"))])
        writer.drop([2, 99])
        writer.commit(IndexPosition("here", 5))
    search = Search(Index.open(tmp_path / "index-1"))
    assert (search.count, numbers(search, "雨季"), numbers(search, "雪天")) == (2, [3], [1])


def test_what_is_not_committed_is_not_there(tmp_path: Path) -> None:
    made(tmp_path / "index-1", [article("一", "雨季")])
    with Index.open(tmp_path / "index-1").writer(many=False) as writer:
        writer.put([row(2, article("二", "雨季"))])
    assert Search(Index.open(tmp_path / "index-1")).count == 1


def test_a_reader_keeps_its_state_while_others_write_or_remove_it(tmp_path: Path) -> None:
    search = Search(made(tmp_path / "index-1", DAYS[:50]))
    before = numbers(search, "雨季", limit=50)
    with Index.open(tmp_path / "index-1").writer(many=False) as writer:
        writer.drop(range(50))
        writer.commit(IndexPosition("here", 99))
    assert numbers(search, "雨季", limit=50) == before
    shutil.rmtree(tmp_path / "index-1")
    assert numbers(search, "雨季", limit=50) == before


# --- damage ----------------------------------------------------------------------------------------------------------


def garble(file: Path, how: str) -> None:
    """Damage a file: in its middle so that only its checksum tells, or as a whole."""
    whole = file.read_bytes()
    chance = random.Random(f"{file.suffix} {how}")
    middle = len(whole) // 3
    file.write_bytes(
        {
            "empty": b"",
            "half": whole[: len(whole) // 2],
            "zeros": bytes(len(whole)),
            "random": chance.randbytes(len(whole)),
            "middle": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
            "behind": whole + b"x",
        }[how]
    )


HOWS = ["empty", "half", "zeros", "random", "middle", "behind"]


@pytest.mark.parametrize("how", HOWS)
def test_each_damaged_file_of_a_segment_is_noticed_before_it_answers_wrongly(
    many: Index, tmp_path: Path, how: str
) -> None:
    files = [path for path in many.folder.iterdir() if path.suffix[1:] in {"term", "idx", "pos", "fieldnorm", "fast"}]
    assert len(files) >= 5
    for file in files:
        folder = tmp_path / file.suffix
        shutil.copytree(many.folder, folder)
        assert is_whole(folder)
        garble(folder / file.name, how)
        with pytest.raises(DamagedError) as caught:
            Search(Index.open(folder))
        assert caught.value.folder == folder
        assert "\n" not in str(caught.value)
        assert not is_whole(folder)


@pytest.mark.parametrize("how", HOWS[:4])
@pytest.mark.parametrize("name", ["meta.json", ".managed.json"])
def test_a_damaged_list_of_files_is_noticed(many: Index, tmp_path: Path, name: str, how: str) -> None:
    shutil.copytree(many.folder, tmp_path / "index-1")
    garble(tmp_path / "index-1" / name, how)
    with pytest.raises(DamagedError):
        Index.open(tmp_path / "index-1")
    assert not is_whole(tmp_path / "index-1")


@pytest.mark.parametrize("suffix", [".term", ".idx", ".pos", ".fieldnorm", ".fast", ".store", ".json"])
def test_a_missing_file_is_noticed(many: Index, tmp_path: Path, suffix: str) -> None:
    shutil.copytree(many.folder, tmp_path / "index-1")
    for file in [path for path in (tmp_path / "index-1").iterdir() if path.suffix == suffix]:
        file.unlink()
    assert not is_whole(tmp_path / "index-1")
    with pytest.raises(DamagedError):
        Search(Index.open(tmp_path / "index-1"))


def test_a_panic_within_the_index_is_an_error_like_any_other(tmp_path: Path) -> None:
    """pyo3 gives panics as an exception that is no `Exception`; it must not end a thread that serves."""

    class PanicException(BaseException):
        pass

    def panic(_: object) -> None:
        raise PanicException("range end index 9 out of range\nfor slice")

    with (
        pytest.raises(DamagedError, match="range end index 9 out of range for slice"),
        indexes.translated_errors(tmp_path),
    ):
        panic(None)


def test_only_panics_and_errors_are_given_another_name(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), indexes.translated_errors(tmp_path):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ('IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })', StoreError),
        ("Too many open files (os error 24)", StoreError),
        ("No such file or directory (os error 2)", DamagedError),
        ("Data corrupted", DamagedError),
    ],
)
def test_what_the_machine_does_not_let_us_is_no_damage(tmp_path: Path, said: str, meaning: type[Exception]) -> None:
    with pytest.raises(meaning), indexes.translated_errors(tmp_path):
        raise ValueError(said)


# --- the folder of indexes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    ["", "{", "[]", "null", '{"form": 1}', '{"form": %d, "store": "x", "change": "y", "mark": ""}', "\udcff"],
)
def test_what_an_index_does_not_say_of_itself_makes_it_none(tmp_path: Path, said: str) -> None:
    made(tmp_path / "index-1", [article("一", "雨季")])
    (tmp_path / "index-1" / "followed").write_bytes(
        (said % indexes.FORM if "%d" in said else said).encode("utf-8", "surrogateescape")
    )
    assert indexes.read_position(tmp_path / "index-1") is None
    with pytest.raises(DamagedError):
        Index.open(tmp_path / "index-1")


def test_an_index_of_another_form_is_none(tmp_path: Path) -> None:
    made(tmp_path / "index-1", [article("一", "雨季")])
    said = json.loads((tmp_path / "index-1" / "followed").read_text())
    (tmp_path / "index-1" / "followed").write_text(json.dumps(said | {"form": indexes.FORM + 1}))
    assert indexes.read_position(tmp_path / "index-1") is None


def test_one_index_is_current_and_the_others_go(tmp_path: Path) -> None:
    assert (indexes.current_folder(tmp_path / "no"), indexes.other_folders(tmp_path / "no")) == (None, [])
    assert indexes.new_folder(tmp_path) == tmp_path / "index-1"
    for number in (1, 2, 10):
        made(tmp_path / f"index-{number}", [])
    (tmp_path / "2019").mkdir()  # somebody's, and none of ours
    assert [folder.name for folder in indexes.other_folders(tmp_path)] == ["index-10", "index-2", "index-1"]
    indexes.make_current(tmp_path / "index-2")
    assert (indexes.current_folder(tmp_path), indexes.other_folders(tmp_path)) == (tmp_path / "index-2", [])
    assert indexes.new_folder(tmp_path) == tmp_path / "index-3"
    assert not (tmp_path / "index-10").exists()
    assert (tmp_path / "2019").is_dir()


def test_one_at_a_time_writes_an_index(tmp_path: Path) -> None:
    with indexes.write_lock(tmp_path / "home") as free:
        assert free
        with indexes.write_lock(tmp_path / "home") as again:
            assert not again
    with indexes.write_lock(tmp_path / "home") as free:
        assert free


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="the search index cannot be created"),
        indexes.write_lock(tmp_path / "file" / "x"),
    ):
        pass
    with pytest.raises(StoreError, match="the search index cannot be used"):
        Index.create(tmp_path / "file" / "index-1", "here")


def test_an_open_index_leaves_no_files_open_when_it_is_let_go(tmp_path: Path) -> None:
    def mapped() -> int:
        return Path("/proc/self/maps").read_text().count(str(tmp_path))

    search: Search | None = Search(made(tmp_path / "index-1", DAYS))
    assert search is not None
    assert numbers(search, "雨季", limit=3)
    assert mapped() > 0
    search = None
    assert mapped() == 0
    assert not [link for link in Path("/proc/self/fd").iterdir() if str(tmp_path) in os.path.realpath(link)]

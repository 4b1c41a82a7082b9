from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from feeder.publish.archives import MAX_ENTRIES, Archive, Division, divide, with_caps

NOW = datetime(2026, 11, 3, tzinfo=UTC)


def names(count: int) -> list[str]:
    return [f"{number:05}" for number in reversed(range(count))]


def test_few_entries_are_all_in_the_feed() -> None:
    assert divide(names(60), (), keep=50, now=NOW) == Division((), tuple(names(60)))


def test_the_first_pass_archives_all_but_the_newest() -> None:
    archives, current = divide(names(5_000), (), keep=50, now=NOW)
    assert list(current) == names(5_000)[:50]
    assert [archive.path for archive in archives[:2]] == ["archives/2026-11-1.xml", "archives/2026-11-2.xml"]
    assert archives[0].keys == tuple(names(100))  # the oldest
    assert {len(archive.keys) for archive in archives} == {MAX_ENTRIES, 50}


def test_an_old_article_that_arrives_late_goes_into_a_new_archive() -> None:
    late = [*names(50), *(f"late {number}" for number in range(30))]
    december = datetime(2026, 12, 1, tzinfo=UTC)
    [new], current = divide(late, ["2026-11-1", "2026-11-2"], keep=50, now=december)
    assert (new.name, len(new.keys), list(current)) == ("2026-12-1", 30, names(50))


def test_the_name_of_an_archive_is_given_once() -> None:
    [new], _ = divide(names(100), ["2026-11-1", "2026-11-2"], keep=50, now=NOW)
    assert new.name == "2026-11-3"


def test_a_small_feed_keeps_no_more_than_half_as_many_again() -> None:
    assert len(divide(names(3), (), keep=2, now=NOW).current) == 2
    assert len(divide(names(50 + 24), (), keep=50, now=NOW).current) == 74
    assert len(divide(names(50 + 25), (), keep=50, now=NOW).current) == 50


@given(st.lists(st.integers(0, 300), max_size=12), st.integers(1, 60))
def test_every_entry_is_in_one_document(arrivals: list[int], keep: int) -> None:
    archives: list[Archive] = []
    current: list[str] = []
    seen: list[str] = []
    for number, count in enumerate(arrivals):
        new = [f"{item * 7 % 1000:03}-{number}-{item}" for item in range(count)]
        seen += new
        unarchived = sorted([*current, *new], reverse=True)
        made, left = divide(unarchived, [archive.name for archive in archives], keep=keep, now=NOW)
        archives += made
        current = list(left)
        assert sorted([*current, *(key for archive in archives for key in archive.keys)]) == sorted(seen)
        assert current == sorted(unarchived, reverse=True)[: len(current)]
        assert len(current) <= keep + max(24, keep // 2)
        assert len({archive.name for archive in archives}) == len(archives)


def test_what_is_beyond_the_cap_of_a_source_comes_last() -> None:
    entries = [("1", "loud"), ("2", "loud"), ("3", "quiet"), ("4", "loud"), ("5", "quiet")]
    assert list(with_caps(entries, {"loud": 1})) == ["1", "3", "5", "2", "4"]
    assert list(with_caps(entries, {})) == ["1", "2", "3", "4", "5"]

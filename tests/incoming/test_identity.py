"""Which entry of its source an incoming one is: the rules, as values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from feeder.incoming.identity import Candidate, ItemIdentity, guid_name, identify, match_items
from feeder.incoming.origin import link_key
from feeder.model import Entry, Media
from feeder.query.tokens import plain
from tests.entries import make_entry

MONDAY, TUESDAY = datetime(2024, 6, 3, 8, tzinfo=UTC), datetime(2024, 6, 4, 8, tzinfo=UTC)
LINK, OTHER = "https://site.example/a", "https://moved.example/a"


def made(title: str = "Rain", *, link: str | None = LINK, at: datetime | None = MONDAY, **changes: Any) -> Entry:
    dated: dict[str, Any] = {"published": at or TUESDAY, "published_from": "first seen" if at is None else "feed"}
    return make_entry(title=title, link=link, **dated, **changes)


def item(entry: Entry, guid: str | None = None, **more: Any) -> ItemIdentity:
    return identify(entry, guid=guid, link_key=entry.link and link_key(entry.link), **more)


def is_same(held: Entry, held_guid: str | None, came: Entry, guid: str | None, *, others: int = 0, **more: Any) -> bool:
    """Whether what comes is the entry that is held; `others` is how many more have the same link."""
    names = frozenset(item(held, held_guid).names)
    one = Candidate(1, "key", names, plain(held.title), held)
    twin = [Candidate(number + 2, "", names, "another", made("Another", at=TUESDAY)) for number in range(others)]
    matches = match_items([(item(came, guid, **more), came)], {name: [one, *twin] for name in names}, {"key": one})
    return matches.get(0) == 1


@pytest.mark.parametrize(
    "came",
    [
        made(),
        made(link=OTHER),
        made(link=None),
        made("Rain, corrected"),
        made(at=TUESDAY),
        made("Rain, corrected", link=OTHER),
    ],
)
def test_a_guid_seen_before_is_that_entry_wherever_its_site_is_now(came: Entry) -> None:
    assert is_same(made(), "101", came, "101")


@pytest.mark.parametrize(
    ("guid", "same"),
    [
        ("tag:site.example,2024:1", True),
        ("7d0f8c1e-1111-4a2b-9c3d-000000000001", True),
        ("1", False),
    ],
)
def test_only_what_is_unique_stands_for_an_entry_of_which_all_else_differs(guid: str, *, same: bool) -> None:
    assert is_same(made(), guid, made("Sun", link=OTHER, at=TUESDAY), guid) is same


def test_where_guid_title_and_date_differ_it_is_a_new_entry_though_the_link_is_the_same() -> None:
    assert not is_same(made("News at 10"), "g-10", made("News at 11", at=TUESDAY), "g-11")


def test_a_recording_of_its_own_makes_another_broadcast() -> None:
    ten, eleven = (Media(url=f"https://site.example/{hour}.mp3", kind="audio") for hour in (10, 11))
    held = made("News", media=(ten,))
    assert is_same(held, "g-10", made("News", at=TUESDAY, media=(ten,)), "g-11")
    assert not is_same(held, "g-10", made("News", at=TUESDAY, media=(eleven,)), "g-11")


def test_without_guids_a_recording_of_its_own_makes_another_broadcast_too() -> None:
    ten, eleven = (Media(url=f"https://site.example/{hour}.mp3", kind="audio") for hour in (10, 11))
    assert not is_same(made("News", media=(ten,)), None, made("News", at=TUESDAY, media=(eleven,)), None)
    assert is_same(made("News", media=(ten,)), None, made("News", at=TUESDAY, media=(ten,)), None)


def test_a_guid_that_several_entries_have_tells_nothing_where_the_title_differs() -> None:
    held = [
        Candidate(n, str(n), frozenset(item(made(t, link=None), "0").names), plain(t), made(t, link=None))
        for n, t in enumerate(("A", "B"))
    ]
    came = made("C", link=None)
    names = dict.fromkeys(item(came, "0").names, held)
    assert match_items([(item(came, "0"), came)], names, {}) == {}


def test_where_a_feed_without_links_changes_all_guids_title_date_and_text_tell() -> None:
    assert is_same(made(link=None), "0", made(link=None), "g-1")
    assert not is_same(made(link=None), "0", made(link=None, content="<p>Other</p>"), "g-1")
    assert not is_same(made(link=None), "0", made(link=None, at=TUESDAY), "g-1")


@pytest.mark.parametrize(
    ("held_guid", "guid"),
    [(None, None), ("https://site.example/?p=1", "https://moved.example/?p=1"), (None, "https://moved.example/a")],
)
def test_where_a_site_moves_path_title_and_date_tell(held_guid: str | None, guid: str | None) -> None:
    assert is_same(made(), held_guid, made(link=OTHER), guid)
    assert not is_same(made(), held_guid, made(link=OTHER, at=TUESDAY), guid)
    assert not is_same(made(), held_guid, made("Sun", link=OTHER), guid)
    assert not is_same(made(), held_guid, made(link="https://moved.example/b"), guid)


def test_where_a_site_without_dates_moves_path_and_title_tell() -> None:
    assert is_same(made(at=None), "https://site.example/a", made(link=OTHER, at=None), "https://moved.example/a")


def test_the_front_page_of_another_site_is_another_page() -> None:
    assert not is_same(made(link="https://site.example/"), None, made(link="https://moved.example/"), None)


def test_an_id_that_is_no_address_tells_more_than_the_path() -> None:
    assert not is_same(made(), "tag:site.example,2024:1", made(link=OTHER), "tag:site.example,2024:2")


def test_an_unchanged_item_of_the_document_is_no_other_one() -> None:
    held = made("Service", link=None)
    one = Candidate(1, "k", frozenset(item(held).names), plain(held.title), held)
    came = made("Service", link=None, at=TUESDAY)
    names = {name: [one] for name in item(held).names}
    assert match_items([(item(came), came)], names, {}) == {0: 1}
    assert match_items([(item(came, siblings=frozenset({"k"})), came)], names, {}) == {}


def test_a_feed_that_gives_another_guid_at_every_poll_makes_no_second_entry() -> None:
    assert is_same(made(), "x-1", made(), "x-2")
    assert is_same(made(at=None), "x-1", made(at=None), "x-2")


@pytest.mark.parametrize(
    ("came", "same"),
    [
        (made("Rain, corrected"), True),
        (made(at=TUESDAY), True),
        (made("Sun", at=TUESDAY), False),
    ],
)
def test_without_guids_one_link_is_one_entry_where_title_or_date_agrees(came: Entry, *, same: bool) -> None:
    assert is_same(made(), None, came, None) is same


def test_without_guids_and_dates_the_link_alone_is_enough() -> None:
    assert is_same(made(at=None), None, made("Rain, corrected", at=None), None)


@pytest.mark.parametrize(
    ("came", "same"), [(made(), True), (made(at=TUESDAY), False), (made("Rain, corrected"), False)]
)
def test_of_a_link_that_many_share_title_and_date_must_agree(came: Entry, *, same: bool) -> None:
    assert is_same(made(), None, came, None, others=1) is same
    assert is_same(made(), None, came, None, has_own_link=False) is same


def test_what_another_item_of_the_document_names_as_its_own_is_that_one() -> None:
    assert not is_same(made(), "x-1", made(), "x-2", siblings=frozenset({guid_name("x-1"), guid_name("x-2")}))


@pytest.mark.parametrize(
    ("came", "same"),
    [
        (made(link=None, content="<p>It rained much.</p>"), True),
        (made(link=None, at=None, content="<p>Other words.</p>"), True),
        (made(link=None, at=TUESDAY), True),
        (made(link=None, at=TUESDAY, content="<p>It rained again.</p>"), False),
        (made("Rain!", link=None), True),
        (made("Quite another matter", link=None, content="<p>Nothing of that is here at all.</p>"), False),
    ],
)
def test_without_guid_and_link_title_date_and_words_tell(came: Entry, *, same: bool) -> None:
    assert is_same(made(link=None), None, came, None) is same


def test_an_item_that_gains_a_guid_and_a_link_is_the_one_that_had_neither() -> None:
    held = made(link=None)
    one = Candidate(1, "", frozenset(item(held).names), plain(held.title), held)
    came = made()
    names = {name: [one] for name in one.names}
    assert match_items([(item(came, "g-1"), came)], names, {}) == {0: 1}


def test_of_two_items_alike_the_nearer_is_the_one_and_the_other_is_new() -> None:
    held = made("Service", at=MONDAY)
    one = Candidate(1, "", frozenset(item(held).names), plain(held.title), held)
    came = [made("Service", at=TUESDAY), made("Service", at=MONDAY)]
    names = {name: [one] for name in one.names}
    assert match_items([(item(entry), entry) for entry in came], names, {}) == {1: 1}


def test_an_entry_of_an_old_store_is_known_by_the_id_that_it_had_there() -> None:
    held = made(link=None)
    one = Candidate(1, "k", frozenset(), plain(held.title), held)
    came = made("Sun", link=OTHER, at=TUESDAY)
    assert match_items([(item(came, "1", former="k"), came)], {}, {"k": one}) == {0: 1}

"""The pictures of other sites in each database."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.incoming.origin import Origin
from feeder.pictures.references import Rendition
from feeder.store import PictureOutcome, Store
from tests.entries import make_entry
from tests.saving import save

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ROOM = 1_000_000


def address(name: str) -> str:
    return f"https://h.example/{name}.png"


def rendition(name: str, length: int = 100) -> Rendition:
    return Rendition(f"{name}.webp", 480, 270, length)


@pytest.fixture
def numbers(store: Store) -> list[int]:
    """The numbers of three entries, the newest first, which show a and b; b and c; d."""
    entries = [make_entry(number, published=NOW - timedelta(days=number)) for number in range(3)]
    save(store, [(Origin("paper", str(number)), entry) for number, entry in enumerate(entries)])
    numbers = store.entries.newest_numbers(3)
    shown = {number: list(map(address, names)) for number, names in zip(numbers, ("ab", "bc", "d"), strict=True)}
    store.pictures.record_shown(shown, upto=store.entries.last_change())
    return numbers


def due(store: Store, after: timedelta = timedelta(), *, room: int = ROOM) -> list[str]:
    return [picture.address for picture in store.pictures.due(NOW + after, 9, room=room)]


def fetch(store: Store, *names: str, room: int = ROOM, length: int = 100) -> None:
    keys = {picture.address: picture.key for picture in store.pictures.due(NOW, 9, room=ROOM)}
    outcomes = [PictureOutcome(keys[address(name)], (rendition(name, length),)) for name in names]
    store.pictures.save(outcomes)
    store.pictures.make_room(room)


def test_pictures_are_due_once_and_those_of_newer_entries_first(store: Store, numbers: list[int]) -> None:
    found = due(store)
    assert (set(found[:2]), found[2:]) == ({address("a"), address("b")}, [address("c"), address("d")])
    fetch(store, "a", "b")
    assert due(store) == [address("c"), address("d")]
    store.pictures.record_shown({numbers[2]: [address("a"), address("c"), address("c")]}, upto=99)
    assert due(store) == [address("c")]
    assert store.pictures.renditions([make_entry(2).key, "x"]) == {address("a"): (rendition("a"),)}


def test_a_failure_is_due_at_its_time(store: Store, numbers: list[int]) -> None:
    assert numbers
    [first, *_] = store.pictures.due(NOW, 9, room=ROOM)
    store.pictures.save([PictureOutcome(first.key, error="busy", due_at=NOW + timedelta(hours=1))])
    assert first.address not in due(store)
    assert first.address in due(store, timedelta(hours=1))
    again = next(one for one in store.pictures.due(NOW + timedelta(hours=1), 9, room=ROOM) if one.key == first.key)
    assert again.attempts == 1
    store.pictures.save([PictureOutcome("unknown", (rendition("x"),))])
    assert store.pictures.counts()[:4] == (0, 3, 1, 0)


def test_what_was_given_up_or_lost_is_asked_for_again(store: Store, numbers: list[int]) -> None:
    assert numbers
    fetch(store, "a", "b", "c")
    [last] = store.pictures.due(NOW, 9, room=ROOM)
    store.pictures.save([PictureOutcome(last.key, error="gone")])
    assert due(store) == []
    store.pictures.ask_again({"a.webp", "c.webp"})
    assert due(store) == [address("b"), address("d")]
    assert store.entries.pictures() == {"a.webp", "c.webp"}


def test_the_copies_of_the_oldest_entries_make_room(store: Store, numbers: list[int]) -> None:
    change = store.entries.last_change()
    fetch(store, "c", "d", length=400)
    fetch(store, "a", "b", room=1000, length=300)
    assert store.entries.pictures() == {"a.webp", "b.webp"}
    assert store.pictures.counts().bytes == 600
    changed = store.entries.changed_marks(change, 9).marks.values()
    assert {mark.key for mark in changed} == {make_entry(number).key for number in range(3)}
    assert set(due(store, room=1000)) == {address("c"), address("d")}
    assert due(store, room=650) == []
    assert numbers


def test_equal_copies_are_one_file(store: Store, numbers: list[int]) -> None:
    keys = [picture.key for picture in store.pictures.due(NOW, 9, room=ROOM)]
    store.pictures.save([PictureOutcome(key, (rendition("same"),)) for key in keys])
    assert store.entries.pictures() == {"same.webp"}
    assert store.pictures.counts().bytes == 100
    assert len(keys) == 4
    assert numbers


def test_pictures_go_with_the_last_entry_that_shows_them(store: Store, numbers: list[int]) -> None:
    fetch(store, "a", "b", "c", "d")
    store.entries.withdraw([make_entry(0).key], now=NOW)
    assert store.pictures.remove_unused() == 1
    assert store.entries.pictures() == {"b.webp", "c.webp", "d.webp"}
    store.pictures.forget()
    assert store.entries.pictures() == set()
    assert store.pictures.is_behind()
    assert numbers


def test_each_store_signs_with_a_key_of_its_own(store: Store, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        assert store.pictures.key() == store.pictures.key() != other.pictures.key()
    assert len(store.pictures.key()) == 32

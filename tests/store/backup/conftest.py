"""Stores to back up, on each database in turn."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder.incoming.origin import Origin
from feeder.store import Store
from tests.entries import make_entry
from tests.saving import save

NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)


@pytest.fixture
def tools(request: pytest.FixtureRequest, store_url: str) -> Path | None:
    """The folder of PostgreSQL's programs if the store is there."""
    if store_url.startswith("sqlite"):
        return None
    folder: Path = request.getfixturevalue("postgresql_tools")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder for backups; nothing hidden may be left in it."""
    made = tmp_path / "backups"
    made.mkdir()
    yield made
    assert [path.name for path in made.iterdir() if path.name.startswith(".")] == []


def fill(url: str, *numbers: int) -> None:
    """Save entries as a pass does."""
    with Store.open(url) as store:
        save(store, [(Origin("made up", f"{number}.md"), make_entry(number)) for number in numbers])


def numbers(url: str) -> list[int]:
    """Return the numbers of the entries of a store, as `fill` got them."""
    with Store.open(url) as store:
        return sorted(int(entry.id.rpartition("/")[2]) for entry in store.entries.iter_all())

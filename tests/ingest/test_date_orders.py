"""The order of day and month in `05/03/2024` is that of the other dates of its folder."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.ingest import IngestReport, ingest
from feeder.ingest.learning import DateOrders
from feeder.normalise.date_order import OrderCount
from feeder.store import Store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


def write(folder: Path, **dates: str) -> None:
    for name, date in dates.items():
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\ndate: {date}\n---\n\nIt rained in {name}.\n")


def read(folder: Path, store: Store, *, again: bool = False) -> IngestReport:
    config = Config(sources=(FolderSource(name="mirror", folder=folder),))
    [report] = ingest(config, store, now=NOW, again=again)
    return report


def published(store: Store) -> dict[str, str]:
    return {entry.title: entry.published.date().isoformat() for entry in store.entries.iter_all()}


def test_a_file_read_before_the_order_was_known_is_read_again(folder: Path, sqlite_store: Store) -> None:
    write(folder, a="05/03/2024", b="26/06/2020", c="7 May 2021")
    report = read(folder, sqlite_store)
    assert (report.new, report.changed, report.again) == (3, 0, 1)
    assert published(sqlite_store) == {"a": "2024-03-05", "b": "2020-06-26", "c": "2021-05-07"}
    assert all(entry.updated == entry.published for entry in sqlite_store.entries.iter_all())
    assert str(read(folder, sqlite_store)) == "mirror: nothing new (3 unchanged)"


def test_the_next_pass_knows_the_order(folder: Path, sqlite_store: Store) -> None:
    write(folder, b="26/06/2020")
    read(folder, sqlite_store)
    write(folder, a="05/03/2024", c="03-04-2020")
    assert read(folder, sqlite_store).again == 0
    assert published(sqlite_store) == {"a": "2024-03-05", "b": "2020-06-26", "c": "2020-04-03"}


def test_files_of_earlier_passes_are_read_again_once_an_order_is_shown(folder: Path, sqlite_store: Store) -> None:
    write(folder, a="05/03/2024", c="05-03-2024")
    read(folder, sqlite_store)
    assert published(sqlite_store) == {"a": "2024-05-03", "c": "2024-03-05"}
    write(folder, b="26/06/2020", d="06-26-2020")
    assert read(folder, sqlite_store).again == 4
    assert published(sqlite_store) | {"b": "", "d": ""} == {"a": "2024-03-05", "b": "", "c": "2024-05-03", "d": ""}


def test_dates_that_disagree_show_nothing(folder: Path, sqlite_store: Store) -> None:
    write(folder, a="05/03/2024", b="26/06/2020", c="06/26/2020")
    assert read(folder, sqlite_store).again == 0
    assert published(sqlite_store)["a"] == "2024-05-03"


def test_bylines_in_the_text_count(folder: Path, sqlite_store: Store) -> None:
    for name, date in {"a": "09/08/2021", "b": "19/08/2021"}.items():
        (folder / f"{name}.md").write_text(
            f"# {name}\n\nBy Ann Lee\n{date}\n\nIt rained all day in {name}, and more.\n"
        )
    read(folder, sqlite_store)
    assert published(sqlite_store) == {"a": "2021-08-09", "b": "2021-08-19"}


def test_counts_stay_until_all_is_read_again(sqlite_store: Store) -> None:
    sqlite_store.database.set_note("orders of dates: mirror", '{"/": [9, 0, 1]}')
    orders = DateOrders(sqlite_store, "mirror", anew=True)
    orders.count("a.md", {"/": OrderCount(month_first=1)}, is_new=False)
    orders.save()
    assert json.loads(sqlite_store.database.get_note("orders of dates: mirror") or "") == {"/": [9, 0, 1]}
    orders.apply()
    assert json.loads(sqlite_store.database.get_note("orders of dates: mirror") or "") == {"/": [0, 1, 0]}


def test_reading_all_again_counts_from_nothing(folder: Path, sqlite_store: Store) -> None:
    write(folder, a="05/03/2024", b="26/06/2020")
    read(folder, sqlite_store)
    note = sqlite_store.database.get_note("orders of dates: mirror")
    assert json.loads(note or "") == {"/": [1, 0, 1]}
    (folder / "b.md").unlink()
    write(folder, c="06/26/2020")
    read(folder, sqlite_store, again=True)
    assert published(sqlite_store)["a"] == "2024-05-03"
    assert json.loads(sqlite_store.database.get_note("orders of dates: mirror") or "") == {"/": [0, 1, 1]}


def test_what_two_count_at_the_same_time_is_added_up(sqlite_store: Store) -> None:
    sqlite_store.database.set_note("orders of dates: mirror", '{"/": [1, 0, 0]}')
    first, second = (DateOrders(sqlite_store, "mirror", anew=False) for _ in range(2))
    first.count("a.md", {"/": OrderCount(day_first=2)}, is_new=True)
    second.count("b.md", {"/": OrderCount(either=1), ".": OrderCount(day_first=1)}, is_new=True)
    for orders in (first, second, first):
        orders.save()
    counts = json.loads(sqlite_store.database.get_note("orders of dates: mirror") or "")
    assert counts == {"/": [3, 0, 1], ".": [1, 0, 0]}

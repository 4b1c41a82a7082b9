"""Copying a store to another database."""

import os
import random
import shutil
import signal
import sqlite3
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import Engine, event, inspect, text

from bot.delivery.chats import read_channels, sync_channels
from bot.planning import planner
from bot.tables import VERSION_TABLE
from bot.tables import metadata as bot_metadata
from feeder.config.load import Config
from feeder.config.settings import ChannelConfig
from feeder.errors import PassRunningError, StoreBusyError, StoreError, StoreMissingError
from feeder.incoming.origin import Origin
from feeder.log import Progress
from feeder.store import Store, engine, parse_query
from feeder.store.copying import CopyReport, copy_store, rows
from tests.bot.conftest import create_tables
from tests.entries import make_entry
from tests.full_store import ODD, TABLES, copy_of, fill_empty, make_store, rows_of
from tests.saving import save
from tests.schemas import NOW

NOWHERE = Path("nowhere")


@pytest.fixture(scope="module")
def full_config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("full")
    before = Path.cwd()
    os.chdir(folder)
    try:
        return make_store(folder)
    finally:
        os.chdir(before)


@pytest.fixture
def config(full_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration of a full SQLite store in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    return copy_of(full_config, tmp_path)


@pytest.fixture
def source(config: Config) -> Iterator[Store]:
    with Store.open(config.store.url, search=config.store.search) as store:
        yield store


@pytest.fixture
def sqlite_target(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of an empty store; that none has to be there is shown by the tests of the command."""
    (tmp_path / "new").mkdir()
    shutil.copy(sqlite_template, tmp_path / "new" / "copy.db")
    return f"sqlite:///{tmp_path}/new/copy.db"


@pytest.fixture
def target(request: pytest.FixtureRequest) -> str:
    """Where to copy to: a file that is not there yet, and a database of a server, in turn."""
    url: str = request.getfixturevalue(request.param)
    return url


to_both = pytest.mark.parametrize(
    "target",
    ["sqlite_target", pytest.param("postgresql_url", marks=pytest.mark.postgresql)],
    indirect=True,
)


def prepare(store: Store) -> list[Any]:
    with store.database.read() as connection:
        has_tables = inspect(connection).has_table(VERSION_TABLE)
    if not has_tables:
        create_tables(store)  # in a tenth of the time that the migrations take
    return bot_metadata.sorted_tables


def copy(store: Store, url: str, progress: Progress | None = None) -> CopyReport:
    return copy_store(store, url, prepare, pictures=(NOWHERE, NOWHERE), progress=progress)


def stop_after(calls: int) -> Progress:
    """Return a function that shows progress, until it is interrupted."""
    left = [calls]

    def show(_task: str, _done: int, _total: int | None) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    return show


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "_BATCH_ROWS", 3)


@pytest.fixture(autouse=True)
def unsynced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the disk: a killed process still loses nothing, only a power cut would."""
    set_up = engine._set_up_sqlite

    def set_up_unsynced(connection: sqlite3.Connection, record: object) -> None:
        set_up(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    monkeypatch.setattr(engine, "_set_up_sqlite", set_up_unsynced)


@to_both
def test_every_row_of_every_table_comes_over_and_back(source: Store, target: str, tmp_path: Path) -> None:
    with source.database.begin() as connection:
        fill_empty(connection)
    expected = rows_of(source)
    assert all(expected.values())
    report = copy(source, target)
    assert report.is_whole
    assert {one.name: one.target.rows for one in report.tables} == {name: len(rows) for name, rows in expected.items()}
    assert (report.changed, report.repaired, report.left_out) == ([], 0, [])
    with Store.open(target) as store:
        assert rows_of(store) == expected
        assert copy(store, f"sqlite:///{tmp_path}/back.db").is_whole
    with Store.open(f"sqlite:///{tmp_path}/back.db") as back:
        assert rows_of(back) == expected


def test_the_keys_that_were_put_off_are_those_of_a_new_store(source: Store, postgresql_url: str) -> None:
    def schema() -> Any:
        with psycopg.connect(postgresql_url) as server:
            return server.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace"
                " UNION SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
            ).fetchall()

    with Store.open(postgresql_url) as empty:
        prepare(empty)
    before = schema()
    assert copy(source, postgresql_url).is_whole
    assert schema() == before


@to_both
def test_the_copy_goes_on_where_the_store_was(source: Store, target: str) -> None:
    save(source, [(Origin("more", "a"), make_entry(1))])
    copy(source, target)
    for store in (source, Store.open(target)):
        with store:
            save(store, [(Origin("more", "b"), make_entry(2))])
            channels = read_channels([ChannelConfig(chat="@another", recent=2, max_age="999d")])
            planner.plan(store, sync_channels(store, channels), NOW + timedelta(days=1))
    with Store.open(target) as store:
        assert rows_of(store) == rows_of(source)
        assert store.entries.last_change() == source.entries.last_change()


@to_both
def test_the_search_index_of_the_store_is_that_of_the_copy(source: Store, target: str, config: Config) -> None:
    words = ("harbour", "漲了", "tide")
    before = [source.search.find(parse_query(word), limit=9) for word in words]
    assert any(found.hits for found in before)
    followed = source.search.status()
    source.close()
    copy(source, target)
    with Store.open(target, search=config.store.search) as store:
        assert (store.search.status(), followed.followed) == (followed, followed.changes)
        assert [store.search.find(parse_query(word), limit=9) for word in words] == before


@pytest.mark.usefixtures("small_batches")
@to_both
def test_no_command_opens_an_unfinished_copy_and_a_second_run_finishes_it(source: Store, target: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after(9))
    with pytest.raises(StoreError, match="an unfinished copy; run the same `feeder store copy` again"):
        Store.open(target)
    done: list[tuple[str, int]] = []
    report = copy(source, target, lambda task, rows, _: done.append((task, rows)))
    assert (report.is_whole, report.changed) == (True, [])
    with Store.open(target) as store:
        assert rows_of(store) == rows_of(source)
        with store.database.read() as connection:
            assert not inspect(connection).has_table("feeder_copy")
    total = sum(one.source.rows for one in report.tables)
    assert [max(rows for task, rows in done if task == one) for one in ("copy", "compare")] == [total, total]


def kill_at_random(url: str, target: str, number: int) -> bool:
    """Copy in a child that is killed at a statement, a commit or a step; return whether it was."""
    child = os.fork()
    if not child:
        left = [random.Random(number).randrange(40, 80 + 40 * number)]

        def count(*_: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            for name in ("before_cursor_execute", "after_cursor_execute", "commit", "begin"):
                event.listen(Engine, name, count)
            with Store.open(url, create=False) as store:
                copy(store, target, count)
        except BaseException:  # noqa: BLE001  nobody else would print it
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in {0, signal.SIGKILL}
    return status != 0


@pytest.mark.usefixtures("small_batches")
@to_both
def test_a_copy_that_is_killed_anywhere_is_whole_after_another_run(
    source: Store, config: Config, target: str, postgresql_url: str
) -> None:
    expected, url = rows_of(source), config.store.url
    if target != postgresql_url:  # then out of PostgreSQL
        assert copy(source, postgresql_url).is_whole
        url = postgresql_url
    source.close()
    kills = 0
    while kills < 10 and kill_at_random(url, target, kills):
        kills += 1
    assert kills >= 5
    if kills == 10:
        with Store.open(url) as store:
            assert copy(store, target).is_whole
    with Store.open(target) as store:
        assert rows_of(store) == expected


@pytest.mark.usefixtures("small_batches")
@to_both
def test_what_changed_in_the_store_since_is_copied_again_and_reported(source: Store, target: str) -> None:
    def stop(task: str, _done: int, _total: int | None) -> None:
        if task == "compare":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop)
    entry = source.entries.latest(1)[0]
    with source.database.begin() as connection:
        connection.execute(text("UPDATE entries SET title = 'other words' WHERE key = :key"), {"key": entry.key})
        connection.execute(text("DELETE FROM bot_deliveries WHERE state = 'dropped'"))
    save(source, [(Origin("more", "a"), make_entry(1))])
    report = copy(source, target)
    assert report.is_whole
    assert {"entries", "bot_deliveries", "counters"} <= {*report.changed} < {table.name for table in TABLES}
    with Store.open(target) as store:
        assert rows_of(store) == rows_of(source)


@to_both
def test_nobody_writes_to_either_store_meanwhile_and_readers_go_on(source: Store, config: Config, target: str) -> None:
    seen: list[bool] = []

    def look(_task: str, _done: int, _total: int | None) -> None:
        if seen:
            return
        with Store.open(config.store.url, busy_timeout_s=0.05) as other:
            seen.append(other.entries.count() > 0)
            with pytest.raises(StoreBusyError):
                other.database.set_note("a", "b")
            with pytest.raises(PassRunningError), other.database.exclusive_pass():
                pass
            with pytest.raises(PassRunningError):
                copy(other, target)

    assert copy(source, target, look).is_whole
    assert seen == [True]
    source.database.set_note("a", "b")


@to_both
def test_a_copy_with_other_rows_is_not_whole_until_it_is_copied_again(source: Store, target: str) -> None:
    def damage(task: str, rows: int, total: int | None) -> None:
        if task == "copy" and rows == total:
            change(target, "UPDATE entries SET title = 'another' WHERE number = 1")

    report = copy(source, target, damage)
    assert [one.name for one in report.tables if not one.is_same] == ["entries"]
    with pytest.raises(StoreError, match="an unfinished copy"):
        Store.open(target)
    report = copy(source, target)
    assert (report.is_whole, report.changed) == (True, ["entries"])


def change(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute(statement)
    else:
        with psycopg.connect(url) as server:
            server.execute(statement)


@to_both
def test_bytes_that_are_no_text_become_characters_that_say_so(source: Store, target: str) -> None:
    with source.database.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES ('bytes', CAST(x'61ff62eda080' AS TEXT))")
        connection.exec_driver_sql("INSERT INTO notes VALUES ('zero', CAST(x'610062' AS TEXT))")
        connection.exec_driver_sql("INSERT INTO notes VALUES (?, ?)", ("odd", ODD))
    report = copy(source, target)
    nul = "\0" if target.startswith("sqlite") else "\ufffd"
    assert (report.is_whole, report.repaired) == (True, 1 if target.startswith("sqlite") else 2)
    with Store.open(target) as store:
        assert store.database.get_note("bytes") == "a\ufffdb\ufffd\ufffd\ufffd"
        assert store.database.get_note("zero") == f"a{nul}b"
        assert store.database.get_note("odd") == ODD


@to_both
def test_a_row_that_refers_to_none_is_one_line(source: Store, target: str, config: Config) -> None:
    change(config.store.url, "INSERT INTO origins VALUES (999, 'a', 'b', NULL)")
    with pytest.raises(StoreError, match=r"origins.*(refers to|is not present)") as caught:
        copy(source, target)
    assert "\n" not in str(caught.value)


def test_a_value_of_another_kind_is_one_line(source: Store, config: Config, postgresql_url: str) -> None:
    change(config.store.url, "INSERT INTO paused VALUES ('a', 'not a number')")
    with pytest.raises(StoreError, match=r"refuses a row: .*COPY paused, line \d, column paused_at") as caught:
        copy(source, postgresql_url)
    assert "\n" not in str(caught.value)
    change(config.store.url, "DELETE FROM paused WHERE source = 'a'")
    assert copy(source, postgresql_url).is_whole


@to_both
def test_a_database_with_a_store_is_refused_and_left_as_it_is(source: Store, target: str) -> None:
    with Store.open(target) as other:
        save(other, [(Origin("mine", "a"), make_entry(1))])
        before = rows_of(other, TABLES[:3])
    with pytest.raises(StoreError, match=r"not empty \(1 rows in entries\); name a database without a store"):
        copy(source, target)
    with Store.open(target) as other:
        assert rows_of(other, TABLES[:3]) == before


@to_both
def test_a_copy_that_is_whole_is_not_copied_to_again(source: Store, target: str) -> None:
    assert copy(source, target).is_whole
    with pytest.raises(StoreError, match="a whole copy of this store already; name a database without a store"):
        copy(source, target)


@to_both
def test_an_empty_store_is_filled(source: Store, target: str) -> None:
    with Store.open(target) as other:
        other.database.set_note("mine", "not kept")
    assert copy(source, target).is_whole
    with Store.open(target) as store:
        assert rows_of(store) == rows_of(source)


@to_both
def test_the_copy_of_another_store_is_not_gone_on_with(source: Store, target: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after(3))
    with (
        Store.open(f"sqlite:///{tmp_path}/another.db") as another,
        pytest.raises(StoreError, match="of another store; name"),
    ):
        copy(another, target)


@to_both
def test_a_copy_that_another_version_began_is_not_gone_on_with(source: Store, target: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        copy(source, target, stop_after(3))
    change(target, "UPDATE feeder_copy SET text = '{}' WHERE name LIKE 'columns%'")
    with pytest.raises(StoreError, match="another version began; name another database"):
        copy(source, target)


def test_a_store_is_not_copied_to_itself(source: Store, config: Config, postgresql_url: str, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(tmp_path / "data")
    for url in (config.store.url, f"sqlite:///{tmp_path}/linked/../data/feeder.db"):
        with pytest.raises(StoreError, match="is the store that is to be copied"):
            copy(source, url)
    with Store.open(postgresql_url) as store, pytest.raises(StoreError, match="is the store that is to be copied"):
        copy(store, f"{postgresql_url}&application_name=other")


def test_a_database_that_is_no_store_is_not_copied_and_one_without_all_characters_is_no_target(
    source: Store, postgresql_server: str
) -> None:
    url = postgresql_server.replace("/postgres?", "/latin?")
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        try:
            with pytest.raises(StoreMissingError, match="there is no store yet"):
                Store.open(url, create=False)
            with pytest.raises(StoreError, match="its encoding is LATIN1; create one with `createdb"):
                copy(source, url)
            with psycopg.connect(url) as latin:
                assert latin.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        finally:
            server.execute("DROP DATABASE latin WITH (FORCE)")


def test_a_disk_that_is_full_is_one_line_and_the_copy_is_finished_later(source: Store, sqlite_target: str) -> None:
    def limit(connection: Any, _record: object) -> None:
        if "copy.db" in str(connection.execute("PRAGMA database_list").fetchall()):
            connection.execute("PRAGMA max_page_count = 100")

    with source.database.begin() as connection:
        connection.exec_driver_sql("INSERT INTO notes VALUES ('large', ?)", ("x" * 2_000_000,))
    event.listen(Engine, "connect", limit)
    try:
        with pytest.raises(StoreError, match=r"copy\.db: the disk is full; free some space, nothing was lost"):
            copy(source, sqlite_target)
    finally:
        event.remove(Engine, "connect", limit)
    with pytest.raises(StoreError, match="an unfinished copy"):
        Store.open(sqlite_target)
    assert copy(source, sqlite_target).is_whole


@pytest.mark.parametrize("task", ["copy", "compare"])
def test_a_server_that_ends_meanwhile_is_one_line_and_the_copy_is_finished_later(
    source: Store, postgresql_url: str, postgresql_server: str, task: str, tmp_path: Path
) -> None:
    def end(doing: str, _done: int, _total: int | None) -> None:
        if doing == task:
            with psycopg.connect(postgresql_server, autocommit=True) as server:
                here = urlsplit(postgresql_url).path.strip("/")
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [here])

    with pytest.raises(StoreError, match="postgresql") as caught:
        copy(source, postgresql_url, end)
    assert "\n" not in str(caught.value)
    assert copy(source, postgresql_url).is_whole
    with Store.open(postgresql_url) as store:
        with pytest.raises(StoreError, match="postgresql"):
            copy(store, f"sqlite:///{tmp_path}/back.db", end)
        assert copy(store, f"sqlite:///{tmp_path}/back.db").is_whole


def test_tables_of_other_programs_are_named_and_not_copied(source: Store, config: Config, sqlite_target: str) -> None:
    change(config.store.url, "CREATE TABLE songs (name TEXT)")
    assert copy(source, sqlite_target).left_out == ["songs"]


def test_the_digest_depends_on_each_row_and_not_on_their_order() -> None:
    some: list[rows.Row] = [(1, "a", None), (2, "b", True), (2, "b", True)]
    digest = rows.RowsDigest().plus(some)
    assert digest == rows.RowsDigest().plus(reversed(some)) == rows.RowsDigest().plus(some[:1]).plus(some[1:])
    for others in (some[:2], [(1, "a", ""), *some[1:]], [(1, "a", None), *some[:2]]):
        assert digest != rows.RowsDigest().plus(others)

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from feeder.errors import PassRunningError, StoreBusyError, StoreError
from feeder.incoming.batch import Batch, Document
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.store import Outcome, Store, parse_query
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")
WRITERS: dict[str, Callable[[Store], object]] = {
    "save": lambda store: save(store, [(HERE, make_entry(9))]),
    "record": lambda store: store.take(
        [Batch(source="seeds", documents=[Document(path="p", size=1, mtime_ns=1, digest="d")])]
    ),
    "set_note": lambda store: store.database.set_note("name", "text"),
}


def big(number: int) -> str:
    return f"<p>{number} {'普京访华' * 5_000}</p>"


def check_integrity(store: Store) -> None:
    if store.database.engine.dialect.name == "sqlite":
        with store.database.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


@contextmanager
def locked(store: Store, url: str) -> Iterator[None]:
    """Hold the database as another process that writes would."""
    with Store.open(url) as other, other.database.begin() as connection:
        if store.database.engine.dialect.name == "postgresql":
            for table in ("entries", "documents", "notes", "counters"):
                connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_a_locked_database_is_reported_after_waiting_and_nothing_is_written(
    store: Store,
    store_url: str,
    writer: Callable[[Store], object],
) -> None:
    save(store, [(HERE, make_entry(1))])
    with locked(store, store_url), pytest.raises(StoreBusyError, match="the database is locked by another process"):
        writer(store)
    assert (
        store.entries.count(),
        store.entries.last_change(),
        store.documents.of_source("seeds"),
        store.database.get_note("name"),
    ) == (1, 1, {}, None)
    writer(store)


def test_a_store_cannot_be_opened_while_it_is_being_made(tmp_path: Path) -> None:
    file = tmp_path / "feeder.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusyError):
            Store.open(f"sqlite:///{file}", busy_timeout_s=0.05)
    Store.open(f"sqlite:///{file}").close()


WORKER = """
import sys
from feeder.store import Store
from feeder.incoming.origin import Origin
from tests.entries import make_entry
from tests.saving import save
with Store.open(sys.argv[1]) as store:
    for n in range(15):
        save(store, [(Origin("w", sys.argv[2]), make_entry(int(sys.argv[2]) * 1000 + n))])
        store.database.set_note("last", str(n))
        store.entries.latest(1)
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_four_processes_write_at_once_without_an_error(store: Store, store_url: str) -> None:
    workers = [start(WORKER, store_url, str(number)) for number in range(4)]
    for worker in workers:
        _, errors = worker.communicate()
        assert (worker.returncode, errors) == (0, "")
    assert store.entries.count() == store.entries.last_change() == store.entries.last_number() == 60
    assert [number for number, _ in store.entries.added_after(0, 200)] == list(range(1, 61))
    assert store.search.find(parse_query("街上的人"), limit=1).total == 60
    if store.database.engine.dialect.name == "sqlite":
        check_integrity(store)


KILLED = """
import os, signal, sys
from sqlalchemy import event
from feeder.store import Store
from feeder.incoming.origin import Origin
from tests.entries import make_entry
from tests.saving import save
store = Store.open(sys.argv[1])
@event.listens_for(store.database.engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if statement.startswith("INSERT INTO origins"):  # the entries are written by then
        os.kill(os.getpid(), signal.SIGKILL)
save(store, ((Origin("w", "x"), make_entry(n)) for n in range(600)))
"""


def test_a_process_that_is_killed_while_saving_leaves_what_was_there(store: Store) -> None:
    save(store, [(HERE, make_entry(1))])
    worker = start(KILLED, store.database.url)
    worker.communicate()
    assert worker.returncode == -signal.SIGKILL
    assert list(store.entries.iter_all()) == [make_entry(1)]
    check_integrity(store)


def test_a_database_that_may_grow_no_further_keeps_what_it_has(sqlite_store: Store) -> None:
    save(sqlite_store, [(HERE, make_entry(1))])
    with sqlite_store.database.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 20}"))
    with pytest.raises(StoreError, match=r"feeder\.db: the disk is full; free some space, nothing was lost"):
        save(sqlite_store, [(HERE, make_entry(n, content=big(n))) for n in range(2, 50)])
    assert list(sqlite_store.entries.iter_all()) == [make_entry(1)]
    check_integrity(sqlite_store)
    assert save(sqlite_store, [(HERE, make_entry(2))]) == [Outcome.NEW]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_is_one_line_and_loses_nothing(small_disk: Path) -> None:
    with Store.open(f"sqlite:///{small_disk}/feeder.db") as store:

        def save_until_full() -> None:
            for n in range(100):
                save(store, [(HERE, make_entry(n, content=big(n)))])

        with pytest.raises(StoreError, match="the disk is full") as caught:
            save_until_full()
        assert "\n" not in str(caught.value)
        assert 0 < store.entries.count() == store.entries.last_change() < 100
        check_integrity(store)


def test_an_index_that_finds_no_room_follows_when_there_is_some(
    small_disk: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Store.open(f"sqlite:///{tmp_path}/feeder.db", search=small_disk) as store:
        store.take([Batch(source="seeds", incoming=[prepare(HERE, make_entry(1))])])
        assert found(store) == (1, True)
        with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(b"x" * 4096)
        with store.search.following():
            for n in range(2, 30):
                store.take([Batch(source="seeds", incoming=[prepare(HERE, make_entry(n, content=big(n)))])])
        assert [found(store) for _ in range(3)] == [(1, False)] * 3
        assert store.entries.count() == 29
        assert len(caplog.messages) == 1
        assert "the search index could not be written; is the disk full?" in caplog.text
        (small_disk / "filler").unlink()
        assert found(store) == (29, True)


def test_a_read_only_disk_can_be_read_and_is_named_when_written_to(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{small_disk}/feeder.db"
    with Store.open(url) as store:
        save(store, [(HERE, make_entry(1))])
        store.search.follow()
        save(store, [(HERE, make_entry(2))])
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with Store.open(url) as store:
        assert store.entries.latest(5) == [make_entry(2), make_entry(1)]
        assert [found(store) for _ in range(3)] == [(1, False)] * 3
        assert len(caplog.messages) == 1
        for writer in WRITERS.values():
            with pytest.raises(StoreError, match=r"feeder\.db: it is read-only"):
                writer(store)
        for locked in (store.search.follow, lambda: store.database.exclusive_pass().__enter__()):
            with pytest.raises(StoreError, match=r"lock: the lock file cannot be created"):
                locked()
    with pytest.raises(StoreError, match=r"other\.db: it cannot be opened"):
        Store.open(f"sqlite:///{small_disk}/other.db")


def found(store: Store) -> tuple[int, bool]:
    results = store.search.find(parse_query("雨"), limit=5)
    return results.total, results.complete


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere: let the kernel see somebody else."""
    nobody, me = 65534, os.geteuid()
    os.seteuid(nobody if me == 0 else me)
    try:
        yield
    finally:
        os.seteuid(me)


def test_a_folder_without_the_right_to_write_is_named(sqlite_url: str) -> None:
    Store.open(sqlite_url).close()  # loads every module while they can be read
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with as_nobody(), pytest.raises(StoreError, match=r"feeder\.db: it cannot be opened"):
            Store.open(f"sqlite:///{folder}/feeder.db")
        Path(folder).chmod(0o755)


@pytest.mark.postgresql
def test_a_server_that_only_reads_is_named(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        with store.database.begin() as connection:
            name = connection.engine.url.database
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        store.close()
        with pytest.raises(StoreError, match="it is read-only"):
            store.database.set_note("name", "text")


@pytest.mark.postgresql
def test_a_connection_that_breaks_is_one_line_and_the_next_one_works(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        with pytest.raises(StoreError) as caught, store.database.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        assert "\n" not in str(caught.value)
        assert store.entries.count() == 0


def test_one_pass_at_a_time(store: Store, store_url: str) -> None:
    with Store.open(store_url) as other:
        with store.database.exclusive_pass():
            with pytest.raises(PassRunningError, match="another pass is running"), other.database.exclusive_pass():
                pass
            with pytest.raises(PassRunningError), store.database.exclusive_pass():
                pass
            other.database.set_note("a", "writing is not kept back")
        with other.database.exclusive_pass():
            pass


def test_a_pass_that_fails_lets_go(store: Store) -> None:
    with pytest.raises(RuntimeError, match="failed"), store.database.exclusive_pass():
        raise RuntimeError("failed")
    with store.database.exclusive_pass():
        pass


HOLDER = """
import sys
from tests.saving import save
from feeder.store import Store
store = Store.open(sys.argv[1])
with store.database.exclusive_pass():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_pass_ends_with_its_process(store: Store, store_url: str) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, store_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(PassRunningError), store.database.exclusive_pass():
        pass
    holder.kill()
    holder.communicate()
    for _ in range(100):  # PostgreSQL lets go when it sees that the connection is gone
        try:
            with store.database.exclusive_pass():
                return
        except PassRunningError:
            pass
    pytest.fail("the lock outlived its process")


@pytest.mark.parametrize("statement", ["SELECT * FROM nowhere", "INSERT INTO notes (name) VALUES ('x')"])
def test_a_fault_of_ours_is_not_wrapped(store: Store, statement: str) -> None:
    with pytest.raises(DBAPIError), store.database.begin() as connection:
        connection.execute(text(statement))

"""Backups hold every committed change, whatever else writes; they are whole or not there."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from feeder.errors import StoreBusyError, StoreError, StoreMissingError
from feeder.store import Store
from feeder.store.backup import back_up, restore
from tests.store.backup.conftest import NOW, fill, numbers
from tests.store.test_faults import as_nobody

ROOT = Path(__file__).parents[3]
WRITER = """
import sqlite3, sys, time
if sys.argv[1].startswith("sqlite"):
    here = sqlite3.connect(sys.argv[1].removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    here.execute("PRAGMA synchronous=OFF")
    insert = "INSERT INTO notes VALUES (?, ?)"
else:
    import psycopg
    here = psycopg.connect(sys.argv[1], autocommit=True)
    insert = "INSERT INTO notes VALUES (%s, %s)"
for number in range(1_000_000):
    here.execute(insert, (f"{sys.argv[2]} {number:07}", "x" * 2000))
    print(number, flush=True)
    time.sleep(0.005)  # SQLite is not fair
"""


@contextmanager
def writers(url: str, count: int = 2) -> Iterator[list["subprocess.Popen[str]"]]:
    """Processes that write rows, one a transaction, until the end; each prints the number that it has committed."""
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, str(name)], stdout=subprocess.PIPE, text=True)
        for name in range(count)
    ]
    try:
        yield started
    finally:
        for one in started:
            one.kill()
            one.communicate()


def notes_of(url: str) -> set[str]:
    from sqlalchemy import select  # noqa: PLC0415  for this function alone

    from feeder.store.tables import notes  # noqa: PLC0415  as above

    with Store.open(url) as store, store.database.read() as connection:
        return set(connection.scalars(select(notes.c.name)))


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def test_every_row_committed_before_a_backup_beside_writers_is_in_it(
    store_url: str, folder: Path, tools: Path | None
) -> None:
    fill(store_url, 1, 2, 3)
    with Store.open(store_url) as store:
        store.database.set_note("large", "x" * 8_000_000)  # several steps
    with writers(store_url) as started:
        committed = {}
        for name, process in enumerate(started):
            assert process.stdout is not None
            for _ in range(20):
                committed[name] = int(process.stdout.readline())
        assert back_up(store_url, folder / "b", tools=tools).entries == 3
    fill(store_url, 4)
    restore(store_url, folder / "b", now=NOW, force=True, tools=tools)
    assert numbers(store_url) == [1, 2, 3]
    assert {f"{name} {number:07}" for name, last in committed.items() for number in range(last)} <= notes_of(store_url)


def test_a_store_with_a_wal_is_copied_as_a_plain_file(
    sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeder.store.engine.wal_is_safe", lambda _version: True)
    with Store.open(sqlite_url) as store:
        fill(sqlite_url, 1)
        assert "WAL" in store.database.describe()
        with writers(sqlite_url, 1) as [writer]:
            assert writer.stdout is not None
            writer.stdout.readline()
            back_up(sqlite_url, folder / "b.db")
    assert [path.name for path in folder.iterdir()] == ["b.db"]
    with closing(sqlite3.connect(folder / "b.db")) as copy:
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT name FROM notes WHERE name LIKE '0 %'").fetchone() == ("0 0000000",)


def test_a_copy_that_writers_restart_again_and_again_is_made_in_one_transaction(
    sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_url, 1)
    monkeypatch.setattr("feeder.store.backup.sqlite._STEP", 8)
    with closing(sqlite3.connect(file_of(sqlite_url), isolation_level=None, timeout=0)) as other:
        other.execute("PRAGMA synchronous=OFF")
        steps: list[str] = []

        def write(_done: int, _total: int) -> None:
            try:
                other.execute("INSERT INTO notes VALUES (?, '')", (f"{len(steps)}",))
                steps.append("written")
            except sqlite3.OperationalError:
                steps.append("locked")

        assert back_up(sqlite_url, folder / "b.db", progress=write).entries == 1
    assert steps[0] == "written"
    assert steps[-1] == "locked"


def test_a_store_that_another_process_keeps_locked_is_named(
    sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeder.store.backup.sqlite._BUSY_TIMEOUT_S", 0.01)
    with closing(sqlite3.connect(file_of(sqlite_url), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusyError, match=r"feeder\.db: the database is locked by another process"):
            back_up(sqlite_url, folder / "b.db")
    assert list(folder.iterdir()) == []


def test_a_backup_replaces_no_file_unless_told_to_and_belongs_to_its_user(sqlite_url: str, folder: Path) -> None:
    file = folder / "b.db"
    file.write_bytes(b"mine")
    with pytest.raises(StoreError, match=r"b\.db: already exists; name another file, or use --force to replace it"):
        back_up(sqlite_url, file)
    assert file.read_bytes() == b"mine"
    back_up(sqlite_url, file, replace=True)
    assert file.read_bytes().startswith(b"SQLite format 3")
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_store_itself_is_never_replaced(sqlite_url: str) -> None:
    fill(sqlite_url, 1)
    store = file_of(sqlite_url)
    for file in (
        store,
        store.parent / ".." / store.parent.name / store.name,
        Path(f"{store}.use"),
        Path(f"{store}-wal"),
    ):
        with pytest.raises(StoreError, match="belongs to the store itself; name another file"):
            back_up(sqlite_url, file, replace=True)
    assert numbers(sqlite_url) == [1]


def test_what_is_no_regular_file_is_not_replaced(sqlite_url: str, folder: Path) -> None:
    (folder / "link").symlink_to(folder / "b.db")
    os.mkfifo(folder / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(StoreError, match=f"{name}: is not a regular file; name another"):
            back_up(sqlite_url, folder / name, replace=True)
    assert sorted(path.name for path in folder.iterdir()) == ["link", "pipe"]


def test_a_name_that_is_too_long_or_in_a_closed_folder_is_one_line(sqlite_url: str) -> None:
    with pytest.raises(StoreError, match="cannot be written: File name too long"):
        back_up(sqlite_url, file_of(sqlite_url).parent / ("x" * 256))
    with tempfile.TemporaryDirectory() as closed:
        Path(closed).chmod(0o700)
        with as_nobody(), pytest.raises(StoreError, match=r"x\.db: cannot be written: Permission denied"):
            back_up(sqlite_url, Path(closed) / "x.db")


def test_what_cannot_be_backed_up_or_written_is_one_line(sqlite_url: str, folder: Path) -> None:
    with pytest.raises(StoreMissingError, match="there is no store to back up"):
        back_up(f"sqlite:///{folder}/none.db", folder / "b.db")
    with pytest.raises(StoreError, match="is a folder; name a file in it"):
        back_up(sqlite_url, folder)
    with pytest.raises(StoreError, match=r"nowhere/b\.db: cannot be written: No such file or directory"):
        back_up(sqlite_url, folder / "nowhere" / "b.db")
    with closing(sqlite3.connect(folder / "other.db")) as other, other:
        other.execute("CREATE TABLE things (name)")
    with pytest.raises(StoreError, match=r"other\.db: is an SQLite database, but no store of feeder"):
        back_up(f"sqlite:///{folder}/other.db", folder / "b.db")
    (folder / "text.db").write_text("no database, but a text that is long enough to be taken for one" * 9)
    with pytest.raises(StoreError, match=r"text\.db: it is not a database"):
        back_up(f"sqlite:///{folder}/text.db", folder / "b.db")
    assert sorted(path.name for path in folder.iterdir()) == ["other.db", "text.db"]


def test_a_damaged_store_is_not_backed_up_as_if_it_were_whole(sqlite_url: str, folder: Path) -> None:
    fill(sqlite_url, *range(50))
    with file_of(sqlite_url).open("r+b") as file:
        file.seek(30 * 4096)
        file.write(b"\xff" * 20 * 4096)
    with pytest.raises(StoreError, match=r"feeder\.db: it is damaged"):
        back_up(sqlite_url, folder / "b.db")
    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_no_file(store_url: str, folder: Path, tools: Path | None) -> None:
    fill(store_url, *range(20))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(StoreError, match=r"backups/b: ") as caught:
            back_up(store_url, folder / "b", tools=tools)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(caught.value)
    assert list(folder.iterdir()) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from feeder.store.backup import back_up
back_up(sys.argv[1], Path(sys.argv[2]), progress=lambda *_: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_backup_leaves_no_file_and_the_next_one_cleans_up(sqlite_url: str, folder: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, sqlite_url, folder / "b.db"], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name.startswith(".feeder-backup-") for path in folder.iterdir()] == [True]
    back_up(sqlite_url, folder / "b.db")
    assert [path.name for path in folder.iterdir()] == ["b.db"]


@pytest.mark.postgresql
def test_a_killed_pg_dump_leaves_no_file(postgresql_url: str, folder: Path, postgresql_tools: Path) -> None:
    tools = with_program(folder, postgresql_tools, "pg_dump", 'f="${@: -1}"; echo half > "${f#--file=}"; kill -9 $$')
    with pytest.raises(StoreError, match="pg_dump ended with exit code -9"):
        back_up(postgresql_url, folder / "b", tools=tools)
    assert not (folder / "b").exists()


def with_program(folder: Path, tools: Path, name: str, script: str) -> Path:
    """Return a folder of PostgreSQL's programs in which one is a script, but for `--version`."""
    made = folder / "tools"
    shutil.copytree(tools, made, copy_function=os.symlink)
    (made / name).unlink()
    (made / name).write_text(f'#!/bin/bash\n[ "$1" = --version ] && exec {tools / name} --version\n{script}\n')
    (made / name).chmod(0o755)
    return made


@pytest.mark.postgresql
def test_programs_that_are_missing_or_older_than_the_server_are_named(
    postgresql_url: str, folder: Path, postgresql_tools: Path
) -> None:
    with pytest.raises(StoreError, match=r"pg_dump is not in .*backups \(store.postgresql_tools\): install PostgreSQL"):
        back_up(postgresql_url, folder / "b", tools=folder)
    old = folder / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    with pytest.raises(StoreError, match=r"pg_dump is of version 9, older than the server \(18\): install"):
        back_up(postgresql_url, folder / "b", tools=folder)
    assert not (folder / "b").exists()
    assert postgresql_tools.exists()


@pytest.mark.postgresql
def test_the_password_is_in_no_argument(postgresql_url: str, folder: Path, postgresql_tools: Path) -> None:
    script = f'echo "$@" >> {folder}/arguments; cat $PGSERVICEFILE >> {folder}/service; exec {postgresql_tools}/$0 "$@"'
    tools = with_program(folder, postgresql_tools, "pg_dump", script.replace("$0", "pg_dump"))
    url = postgresql_url.replace("postgres:@", "postgres:se%20cret@")
    assert url != postgresql_url
    assert back_up(url, folder / "b", tools=tools).entries == 0
    assert "se cret" not in (folder / "arguments").read_text()
    assert "password=se cret\n" in (folder / "service").read_text()
    assert (folder / "b").stat().st_mode & 0o777 == 0o600

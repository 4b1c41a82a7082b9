"""A store is replaced by a backup at once or not at all."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from feeder.errors import PassRunningError, StoreBusyError, StoreError, StoreTooNewError
from feeder.store import RESTORED_NOTE, Store, parse_query
from feeder.store.backup import back_up, restore
from feeder.store.locks import use_lock
from tests.store.backup.conftest import NOW, fill, numbers
from tests.store.backup.test_backup import ROOT, file_of, with_program
from tests.store.test_faults import as_nobody


def test_a_restored_store_is_as_it_was_and_the_search_index_notices(
    store_url: str, folder: Path, tools: Path | None
) -> None:
    fill(store_url, 1, 2)
    back_up(store_url, folder / "b", tools=tools)
    with Store.open(store_url, search=folder / "search") as store:
        before = list(store.entries.iter_all())
    fill(store_url, 3)
    with Store.open(store_url, search=folder / "search") as store:
        assert store.search.find(parse_query("雨"), limit=5).total == 3
        store.entries.withdraw([before[0].key], now=NOW)
    done = restore(store_url, folder / "b", now=NOW, force=True, tools=tools)
    assert done.entries == 2
    with Store.open(store_url, search=folder / "search") as store:
        assert list(store.entries.iter_all()) == before
        assert store.entries.withdrawn() == []
        assert store.search.find(parse_query("雨"), limit=5).total == 2
        assert store.database.get_note(RESTORED_NOTE) == "2026-11-30T10:00:00Z"
    fill(store_url, 4)
    assert numbers(store_url) == [1, 2, 4]
    if tools is None:
        assert done.kept is not None
        assert done.kept.name == "feeder.db.before-20261130-100000"
        assert numbers(f"sqlite:///{done.kept}") == [1, 3]


def test_a_backup_is_restored_where_there_is_nothing_yet(store_url: str, folder: Path, tools: Path | None) -> None:
    fill(store_url, 1)
    back_up(store_url, folder / "b", tools=tools)
    if tools is None:
        new = f"sqlite:///{folder}/new/feeder.db"
    else:
        new = store_url
        with Store.open(new) as store, store.database.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    assert restore(new, folder / "b", now=NOW, repost=True, tools=tools) == (1, None)
    assert numbers(new) == [1]
    with Store.open(new) as store:
        assert store.database.get_note(RESTORED_NOTE) is None


def test_content_is_replaced_only_by_force(store_url: str, folder: Path, tools: Path | None) -> None:
    back_up(store_url, folder / "b", tools=tools)
    restore(store_url, folder / "b", now=NOW, tools=tools)  # there is no content
    fill(store_url, 1)
    with pytest.raises(StoreError, match=r"there is a store with 1 entries; .*--force"):
        restore(store_url, folder / "b", now=NOW, tools=tools)
    assert numbers(store_url) == [1]


def test_a_store_in_use_is_not_replaced(store_url: str, folder: Path, tools: Path | None) -> None:
    back_up(store_url, folder / "b", tools=tools)
    with Store.open(store_url) as store:
        store.entries.count()
        with pytest.raises(PassRunningError, match="another feeder uses it"):
            restore(store_url, folder / "b", now=NOW, force=True, tools=tools)
    restore(store_url, folder / "b", now=NOW, force=True, tools=tools)


def test_a_store_is_not_opened_while_it_is_replaced(sqlite_url: str) -> None:
    with use_lock(str(file_of(sqlite_url)), exclusive=True) as alone:
        assert alone
        with pytest.raises(StoreBusyError, match=r"feeder\.db: is being restored from a backup; try again later"):
            Store.open(sqlite_url)


def test_a_store_is_not_replaced_under_a_user_who_cannot_write_its_lock(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as shared:
        url, lock = f"sqlite:///{shared}/feeder.db", Path(f"{shared}/feeder.db.use")
        fill(url, 1)
        back_up(url, folder / "b")
        Path(shared).chmod(0o755)
        lock.chmod(0o444)
        with as_nobody():
            using = use_lock(f"{shared}/feeder.db")
            assert using.__enter__()
        with pytest.raises(PassRunningError, match="another feeder uses it"):
            restore(url, folder / "b", now=NOW, force=True)
        using.__exit__(None, None, None)


def test_a_store_is_not_replaced_under_feeder_run(sqlite_url: str, folder: Path) -> None:
    with Store.open(sqlite_url) as store:
        lock = store.database.lock("run")
        assert lock.acquire()
    back_up(sqlite_url, folder / "b")
    with pytest.raises(PassRunningError, match="another feeder uses it"):
        restore(sqlite_url, folder / "b", now=NOW, force=True)
    lock.release()


def test_a_restored_store_is_its_owners_only_or_as_the_one_before(sqlite_url: str, folder: Path) -> None:
    fill(sqlite_url, 1)
    back_up(sqlite_url, folder / "b")
    (folder / "b").chmod(0o644)
    restore(f"sqlite:///{folder}/new.db", folder / "b", now=NOW)
    assert (folder / "new.db").stat().st_mode & 0o777 == 0o600
    file_of(sqlite_url).chmod(0o640)
    restore(sqlite_url, folder / "b", now=NOW, force=True)
    assert file_of(sqlite_url).stat().st_mode & 0o777 == 0o640


def test_what_is_being_restored_is_its_owners_only(
    sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    monkeypatch.setattr(
        "feeder.store.backup.sqlite.migrate_store",
        lambda engine: modes.append(Path(str(engine.url.database)).stat().st_mode & 0o777),
    )
    back_up(sqlite_url, folder / "b")
    restore(sqlite_url, folder / "b", now=NOW)
    assert modes == [0o600]


def test_a_backup_of_a_newer_feeder_is_refused(store_url: str, folder: Path, tools: Path | None) -> None:
    with Store.open(store_url) as store, store.database.begin() as connection:
        [known] = connection.execute(text("SELECT version_num FROM feeder_version")).scalars()
        connection.execute(text("UPDATE feeder_version SET version_num = '9999'"))
    back_up(store_url, folder / "b", tools=tools)
    if tools is None:
        with closing(sqlite3.connect(file_of(store_url))) as connection_, connection_:
            connection_.execute("UPDATE feeder_version SET version_num = ?", (known,))
    with pytest.raises(StoreTooNewError, match=r"backups/b: made by a newer feeder \(revision 9999, known up to "):
        restore(store_url, folder / "b", now=NOW, force=True, tools=tools)
    if tools is None:
        assert numbers(store_url) == []


def test_a_backup_of_the_tables_of_before_is_migrated(sqlite_url: str, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "b")) as old:
        old.executescript((ROOT / "tests/data/schemas/0003.sql").read_text("utf-8"))
    restore(sqlite_url, folder / "b", now=NOW)
    with Store.open(sqlite_url) as store:
        assert store.entries.count() == 6


def test_what_is_no_backup_is_refused_and_nothing_changes(sqlite_url: str, folder: Path) -> None:
    fill(sqlite_url, 1)
    (folder / "text").write_text("hello")
    with pytest.raises(StoreError, match="text: is no backup"):
        restore(sqlite_url, folder / "text", now=NOW, force=True)
    with pytest.raises(StoreError, match="none: cannot be read: No such file"):
        restore(sqlite_url, folder / "none", now=NOW, force=True)
    (folder / "dump").write_bytes(b"PGDMP and so on")
    with pytest.raises(StoreError, match=r"dump: is a backup of PostgreSQL, but store\.url is one of SQLite"):
        restore(sqlite_url, folder / "dump", now=NOW, force=True)
    back_up(sqlite_url, folder / "b")
    whole = (folder / "b").read_bytes()
    (folder / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match=r"cut: (it is damaged|damaged)"):
        restore(sqlite_url, folder / "cut", now=NOW, force=True)
    assert numbers(sqlite_url) == [1]
    assert not any(".restoring" in path.name or ".before" in path.name for path in file_of(sqlite_url).parent.iterdir())


def test_a_damaged_store_is_replaced_by_force_and_kept(sqlite_url: str, folder: Path) -> None:
    fill(sqlite_url, 1)
    back_up(sqlite_url, folder / "b")
    file = file_of(sqlite_url)
    file.write_bytes(b"this was a database before the disk broke")
    (file.parent / "feeder.db-journal").write_bytes(b"its journal")
    with pytest.raises(StoreError, match=r"there is a store that cannot be read .*; --force replaces it"):
        restore(sqlite_url, folder / "b", now=NOW)
    done = restore(sqlite_url, folder / "b", now=NOW, force=True)
    assert done.kept is not None
    assert done.kept.read_bytes().startswith(b"this was")
    assert numbers(sqlite_url) == [1]


def test_a_folder_that_cannot_be_written_is_named(sqlite_url: str, folder: Path) -> None:
    back_up(sqlite_url, folder / "b")
    with tempfile.TemporaryDirectory() as closed:
        backup = shutil.copy(folder / "b", closed)
        Path(backup).chmod(0o644)
        Path(closed).chmod(0o555)
        with as_nobody():
            for place in (f"{closed}/feeder.db", f"{closed}/new/feeder.db"):
                with pytest.raises(StoreError, match="cannot be created"):
                    restore(f"sqlite:///{place}", Path(backup), now=NOW)
            with pytest.raises(StoreError, match=r"x\.db: cannot be written: Permission denied"):
                back_up(f"sqlite:///{backup}", Path(closed) / "x.db")
        Path(closed).chmod(0o755)


def test_a_full_disk_changes_nothing(sqlite_url: str, folder: Path) -> None:
    fill(sqlite_url, 1)
    back_up(sqlite_url, folder / "b")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(StoreError, match=r"feeder\.db\.restoring: ") as caught:
            restore(sqlite_url, folder / "b", now=NOW, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(caught.value)
    assert numbers(sqlite_url) == [1]


def test_a_store_is_restored_where_files_have_no_second_name(
    sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    back_up(sqlite_url, folder / "b")
    fill(sqlite_url, 1)
    done = restore(sqlite_url, folder / "b", now=NOW, force=True)
    assert numbers(sqlite_url) == []
    assert numbers(f"sqlite:///{done.kept}") == [1]


KILLED = """
import os, signal, sqlite3, sys
from datetime import UTC, datetime
from pathlib import Path
from feeder.store.backup import restore
from feeder.store import migrate
url, backup = sys.argv[1], Path(sys.argv[2])

def restore_until(calls):
    left = calls
    def kill(event, _arguments):
        nonlocal left
        left -= event in {"sqlite3.connect", "os.rename", "os.link", "os.remove"}
        if left == 0:
            left = -1
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(kill)
    restore(url, backup, now=datetime(2026, 11, 30, tzinfo=UTC), force=True)
    os._exit(0)

for calls in range(1, 99):
    if (child := os.fork()) == 0:
        restore_until(calls)
    status = os.waitpid(child, 0)[1]
    here = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert here.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(os.waitstatus_to_exitcode(status), here.execute("SELECT count(*) FROM entries").fetchone()[0])
    here.close()
    if status == 0:
        break
"""


def test_a_restore_that_is_killed_anywhere_leaves_one_of_both_stores(sqlite_url: str, folder: Path) -> None:
    fill(sqlite_url, 1)
    back_up(sqlite_url, folder / "b")
    fill(sqlite_url, 2)
    command = [sys.executable, "-c", KILLED, sqlite_url, str(folder / "b")]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    outcomes = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    killed = -signal.SIGKILL
    assert outcomes == sorted(outcomes, key=lambda one: (one[0], -one[1]))
    assert {*outcomes} >= {(killed, 2), (0, 1)}
    assert len(outcomes) > 10


@pytest.mark.postgresql
@pytest.mark.parametrize("killed", ["pg_restore", "feeder"])
def test_a_killed_restore_of_postgresql_changes_nothing(
    postgresql_url: str, folder: Path, postgresql_tools: Path, killed: str
) -> None:
    fill(postgresql_url, *range(50))
    back_up(postgresql_url, folder / "b", tools=postgresql_tools)
    fill(postgresql_url, 50)
    victim = {"pg_restore": "$$", "feeder": "$PPID"}[killed]
    # The listing of the version goes through; the data breaks off half way.
    script = f'case "$*" in *feeder_version*) exec {postgresql_tools}/pg_restore "$@";; esac\n'
    script += f'{postgresql_tools}/pg_restore "$@" | head -c 30000\nkill -9 {victim}'
    tools = with_program(folder, postgresql_tools, "pg_restore", script)
    if killed == "feeder":
        child = os.fork()
        if child == 0:
            restore(postgresql_url, folder / "b", now=NOW, force=True, tools=tools)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    else:
        with pytest.raises(StoreError, match="backups/b: it ended without a reason; nothing was changed"):
            restore(postgresql_url, folder / "b", now=NOW, force=True, tools=tools)
    assert numbers(postgresql_url) == list(range(51))


@pytest.mark.postgresql
def test_the_engine_and_services_are_backed_up_and_replaced_with_their_types(
    postgresql_url: str, folder: Path, postgresql_tools: Path
) -> None:
    def add(name: str) -> str:  # as the schema of a queue has them
        return (
            f"CREATE TYPE {name}_state AS ENUM ('a', 'b'); CREATE TABLE {name} (id serial PRIMARY KEY, s {name}_state);"
            f" CREATE TYPE {name}_pair AS (a {name}_state, b int);"
            f" CREATE FUNCTION {name}_run(x {name}_pair) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            f" CREATE FUNCTION {name}_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            f" CREATE TRIGGER t AFTER INSERT ON {name} EXECUTE FUNCTION {name}_trigger();"
            f" CREATE VIEW {name}_view AS SELECT * FROM {name}; INSERT INTO {name} (s) VALUES ('a')"
        )

    with Store.open(postgresql_url) as store:
        with store.database.begin() as connection:
            connection.execute(text(add("procrastinate_jobs")))
        store.close()
        back_up(postgresql_url, folder / "b", services=["bot"], tools=postgresql_tools)
        with store.database.begin() as connection:
            connection.execute(text(f"{add('bot_later')}; DELETE FROM procrastinate_jobs"))
            connection.execute(text("CREATE SCHEMA theirs; CREATE TABLE theirs.t ()"))
        store.close()
        restore(postgresql_url, folder / "b", services=["bot"], now=NOW, force=True, tools=postgresql_tools)
        with store.database.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM procrastinate_jobs_view")) == 1
            assert connection.scalar(text("SELECT to_regclass('bot_later')")) is None
            assert connection.scalar(text("SELECT to_regtype('bot_later_state')")) is None
            assert connection.scalar(text("SELECT to_regproc('bot_later_run')")) is None
            assert connection.scalar(text("SELECT to_regclass('theirs.t')::text")) == "theirs.t"


@pytest.mark.postgresql
def test_what_other_programs_have_in_the_schema_is_neither_backed_up_nor_dropped(
    postgresql_url: str, folder: Path, postgresql_tools: Path
) -> None:
    with Store.open(postgresql_url) as store:
        with store.database.begin() as connection:
            connection.execute(text('CREATE TABLE "Orders" (id serial); INSERT INTO "Orders" DEFAULT VALUES'))
        store.close()
        back_up(postgresql_url, folder / "b", tools=postgresql_tools)
        with pytest.raises(
            StoreError, match=r'something of other programs \(public\."Orders"\); restore into a database'
        ):
            restore(postgresql_url, folder / "b", now=NOW, tools=postgresql_tools)
        with store.database.begin() as connection:
            assert connection.scalar(text('SELECT count(*) FROM "Orders"')) == 1
            connection.execute(text('DROP TABLE "Orders"'))
        store.close()
        restore(postgresql_url, folder / "b", now=NOW, tools=postgresql_tools)
        with store.database.read() as connection:
            assert connection.scalar(text("SELECT to_regclass('\"Orders\"')")) is None


@pytest.mark.postgresql
def test_views_of_our_tables_in_another_schema_are_not_dropped(
    postgresql_url: str, folder: Path, postgresql_tools: Path
) -> None:
    with Store.open(postgresql_url) as store, store.database.begin() as connection:
        connection.execute(text("CREATE SCHEMA theirs; CREATE VIEW theirs.report AS SELECT id FROM entries"))
    back_up(postgresql_url, folder / "b", tools=postgresql_tools)
    with pytest.raises(StoreError, match=r"something of other programs \(theirs\.report\)"):
        restore(postgresql_url, folder / "b", now=NOW, tools=postgresql_tools)


@pytest.mark.postgresql
def test_a_backup_of_another_schema_is_refused(postgresql_url: str, folder: Path, postgresql_tools: Path) -> None:
    fill(postgresql_url, 1)
    with Store.open(postgresql_url) as store:
        with store.database.begin() as connection:
            connection.execute(text("ALTER SCHEMA public RENAME TO other; CREATE SCHEMA public"))
            role = connection.scalar(text("SELECT quote_ident(current_user)"))
            database = connection.scalar(text("SELECT quote_ident(current_database())"))
            connection.execute(text(f"ALTER ROLE {role} IN DATABASE {database} SET search_path = other"))
        store.close()
        back_up(postgresql_url, folder / "b", tools=postgresql_tools)
        with store.database.begin() as connection:
            connection.execute(text(f"ALTER ROLE {role} IN DATABASE {database} RESET search_path"))
            connection.execute(text("DROP SCHEMA public; ALTER SCHEMA other RENAME TO public"))
    with pytest.raises(StoreError, match=r"b: is of the schema other, but the user of store\.url has public"):
        restore(postgresql_url, folder / "b", now=NOW, force=True, repost=True, tools=postgresql_tools)
    assert numbers(postgresql_url) == [1]


def test_an_unfinished_copy_is_not_backed_up(store_url: str, folder: Path, tools: Path | None) -> None:
    with Store.open(store_url) as store, store.database.begin() as connection:
        connection.execute(text("UPDATE feeder_version SET version_num = 'unfinished copy'"))
    with pytest.raises(StoreError, match="an unfinished copy; run the same `feeder store copy` again"):
        back_up(store_url, folder / "b", tools=tools)


def test_a_backup_of_a_newer_service_is_refused(store_url: str, folder: Path, tools: Path | None) -> None:
    with Store.open(store_url) as store, store.database.begin() as connection:
        connection.execute(text("CREATE TABLE bot_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO bot_version VALUES ('9999')"))
    back_up(store_url, folder / "b", services=["bot"], tools=tools)
    with pytest.raises(StoreTooNewError, match=r"b: made by a newer bot \(revision 9999, known up to "):
        restore(store_url, folder / "b", services=["bot"], now=NOW, force=True, tools=tools)


@pytest.mark.postgresql
def test_a_damaged_dump_changes_nothing(postgresql_url: str, folder: Path, postgresql_tools: Path) -> None:
    fill(postgresql_url, *range(50))
    back_up(postgresql_url, folder / "b", tools=postgresql_tools)
    whole = (folder / "b").read_bytes()
    (folder / "cut").write_bytes(whole[: len(whole) * 3 // 4])
    (folder / "empty").write_bytes(b"PGDMP")
    for name in ("cut", "empty"):
        with pytest.raises(StoreError, match=f"{name}: .*error") as caught:
            restore(postgresql_url, folder / name, now=NOW, force=True, tools=postgresql_tools)
        assert "\n" not in str(caught.value)
    assert numbers(postgresql_url) == list(range(50))
    assert os.environ.get("PGPASSWORD") is None


@pytest.mark.postgresql
def test_what_the_server_refuses_is_one_line_and_changes_nothing(
    postgresql_url: str, folder: Path, postgresql_tools: Path
) -> None:
    fill(postgresql_url, *range(50))
    back_up(postgresql_url, folder / "b", tools=postgresql_tools)
    tools = with_program(
        folder, postgresql_tools, "psql", f'(echo "SELECT 1/0;"; cat) | exec {postgresql_tools}/psql "$@"'
    )
    with pytest.raises(StoreError, match=r"b: cannot be restored: .*ERROR:  division by zero; nothing was changed"):
        restore(postgresql_url, folder / "b", now=NOW, force=True, tools=tools)
    assert numbers(postgresql_url) == list(range(50))

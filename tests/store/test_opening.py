import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from feeder.errors import StoreError, StoreTooNewError
from feeder.incoming.origin import Origin
from feeder.store import Store, migrate
from feeder.store.engine import read_url, shown, wal_is_safe
from feeder.store.tables import metadata
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")


def pragma(store: Store, name: str) -> Any:
    with store.database.read() as connection:
        return connection.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 7, 0), False),
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_wal_is_used_only_where_it_cannot_lose_commits(version: tuple[int, int, int], safe: bool) -> None:  # noqa: FBT001  a table's column
    assert wal_is_safe(version) is safe


def test_a_new_store_is_made_with_its_folder_and_settings(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "feeder.db"
    with Store.open(f"sqlite:///{file}") as store:
        assert file.exists()
        assert store.database.url == f"sqlite:///{file}"
        wanted = "wal" if wal_is_safe(sqlite3.sqlite_version_info) else "truncate"
        assert pragma(store, "journal_mode") == wanted
        assert (pragma(store, "synchronous"), pragma(store, "foreign_keys")) == (2, 1)
        assert pragma(store, "busy_timeout") == 5000


def test_a_store_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "feeder.db"
    with pytest.raises(StoreError, match=r"feeder\.db: there is no store yet"):
        Store.open(f"sqlite:///{file}", create=False)
    assert not file.exists()
    Store.open(f"sqlite:///{file}").close()
    Store.open(f"sqlite:///{file}", create=False).close()


def test_what_was_saved_is_there_after_opening_again(store: Store, store_url: str) -> None:
    save(store, [(HERE, make_entry())])
    with Store.open(store_url) as again:
        assert again.entries.latest(9) == [make_entry()]


def test_the_migrations_make_the_tables_that_the_queries_know(store: Store) -> None:
    with store.database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or not str(name).startswith("feeder_v"),
                "compare_type": False,  # a moment is a whole number in the database
            },
        )
        assert compare_metadata(context, metadata) == []
        names = set(inspect(connection).get_table_names())
    assert {*metadata.tables, "feeder_version"} <= names


def test_a_newer_store_is_refused_and_left_as_it_is(store: Store, store_url: str) -> None:
    with store.database.begin() as connection:
        connection.execute(text("UPDATE feeder_version SET version_num = '9999'"))
    store.close()
    file = Path(store_url.removeprefix("sqlite:///"))
    before = file.read_bytes() if store_url.startswith("sqlite") else b""
    beside = set(file.parent.iterdir()) if before else set()
    with pytest.raises(StoreTooNewError, match="made by a newer feeder") as caught:
        Store.open(store_url)
    assert "\n" not in str(caught.value)
    assert not before or file.read_bytes() == before
    assert not before or set(file.parent.iterdir()) == beside


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(b"these are my notes " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt: it is not a database"):
        Store.open(f"sqlite:///{file}")
    assert file.read_bytes() == b"these are my notes " * 100


def test_a_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    before = file.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        Store.open(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_damaged_store_is_one_line(tmp_path: Path, sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        save(store, [(HERE, make_entry(n)) for n in range(50)])
    file = tmp_path / "data" / "feeder.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreError, match="it is damaged"), Store.open(sqlite_url) as store:
        store.entries.latest(50)


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="it cannot be opened"):
        Store.open(f"sqlite:///{tmp_path}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"its folder cannot be created: (Not a directory|File exists)"):
        Store.open(f"sqlite:///{tmp_path}/file/feeder.db")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "is not a database URL"),
        ("sqlite://", 'write "sqlite:///FILE"'),
        ("mysql://root@localhost/x", 'write "sqlite:///FILE"'),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        Store.open(url)


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://me:secret@127.0.0.1:1/feeder")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert read_url("postgresql://me@h/d").drivername == "postgresql+psycopg"


def test_a_password_in_the_query_is_hidden_too() -> None:
    url = read_url("postgresql://me@h/d?sslmode=require&password=secret&sslpassword=secret2")
    assert url.password == "secret"
    assert shown(url) == "postgresql+psycopg://me:***@h/d?sslmode=require"
    assert url.query["sslpassword"] == "secret2"
    with pytest.raises(StoreError, match=r"is not a database URL") as caught:
        read_url("postgresql://me@h:x/d?password=secret")
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r'PostgreSQL needs its driver: pip install "psycopg\[binary\]"'):
        Store.open("postgresql://me@127.0.0.1:1/feeder")


@pytest.mark.postgresql
def test_a_database_that_is_not_there_is_named(postgresql_url: str) -> None:
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    with pytest.raises(StoreError, match=r"does not exist|there is no such database"):
        Store.open(postgresql_url.replace(name, "nowhere"))


def test_many_may_make_one_store_at_the_same_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/feeder.db"
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(lambda _: Store.open(url), range(4)):
            assert store.entries.count() == 0
            store.close()


def test_a_store_that_is_up_to_date_is_opened_without_what_only_changes_need(sqlite_url: str) -> None:
    program = (
        "import sys; from feeder.query import tokens; from feeder.store import Store; store = Store.open(sys.argv[1]);"
        "store.entries.latest(5);"
        "store.close(); print([name for name in ('alembic', 'mako', 'psycopg') if name in sys.modules],"
        "tokens._simplified.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", program, sqlite_url], capture_output=True, text=True, check=True)
    assert done.stdout == "[] 0\n"


SERVICE = """
from alembic import op
import sqlalchemy as sa
revision = "{revision}"
down_revision = {down}
def upgrade():
    {body}
"""


def test_a_service_keeps_tables_of_its_own_beside(store: Store, tmp_path: Path) -> None:
    versions = tmp_path / "100% migrations" / "versions"
    versions.mkdir(parents=True)
    env = Path(str(sys.modules[Store.__module__].__file__)).parent / "migrations" / "env.py"
    (versions.parent / "env.py").write_text(env.read_text())
    first = SERVICE.format(revision="0001", down=None, body='op.create_table("pets", sa.Column("name", sa.Text()))')
    (versions / "0001_pets.py").write_text(first)
    migrate(store.database.engine, str(versions.parent), "pets_version", "zoo")
    second = SERVICE.format(
        revision="0002", down="'0001'", body='op.add_column("pets", sa.Column("age", sa.Integer()))'
    )
    (versions / "0002_age.py").write_text(second)
    migrate(store.database.engine, str(versions.parent), "pets_version", "zoo")
    with store.database.begin() as connection:
        connection.execute(text("INSERT INTO pets (name, age) VALUES ('cat', 3)"))
    (versions / "0002_age.py").unlink()
    with pytest.raises(StoreTooNewError, match=r"made by a newer zoo \(revision 0002, known up to 0001\); upgrade zoo"):
        migrate(store.database.engine, str(versions.parent), "pets_version", "zoo")


def test_a_migration_that_fails_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    env = Path(str(sys.modules[Store.__module__].__file__)).parent / "migrations" / "env.py"
    (versions.parent / "env.py").write_text(env.read_text())
    body = 'op.create_table("pets", sa.Column("name", sa.Text())); raise RuntimeError("half way")'
    (versions / "0001_pets.py").write_text(SERVICE.format(revision="0001", down=None, body=body))
    with pytest.raises(RuntimeError, match="half way"):
        migrate(store.database.engine, str(versions.parent), "pets_version", "zoo")
    with store.database.read() as connection:
        assert not {"pets", "pets_version"} & set(inspect(connection).get_table_names())


def test_a_migration_folder_in_something_that_is_no_package_is_a_fault(sqlite_store: Store) -> None:
    with pytest.raises(ValueError, match=r"'feeder\.model' is not a package"):
        migrate(sqlite_store.database.engine, "feeder.model:migrations", "x", "x")

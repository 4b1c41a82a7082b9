"""Stores of every earlier schema on PostgreSQL: upgraded in place, and copied from SQLite, they have the same rows."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection, MetaData, create_engine, func, select

from bot.app import TelegramService
from feeder.store import Store
from feeder.store.copying import copy_store
from feeder.store.copying.rows import reading, write_rows
from feeder.store.engine import read_url
from tests.full_store import rows_of
from tests.schemas import FOLDER, ROOT

SCHEMAS = sorted(file.stem for file in FOLDER.glob("*.sql"))
VERSIONS = {"feeder_version": ROOT / "feeder/store/migrations", "bot_version": ROOT / "bot/migrations"}
NOWHERE = Path("nowhere")
SERVICE = TelegramService()


@pytest.fixture
def empty_url(postgresql_server: str) -> Iterator[str]:
    """The URL of a database without a store."""
    name = f"upgraded_{os.getpid()}"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield postgresql_server.replace("/postgres?", f"/{name}?")
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def upgrade(connection: Connection, version_table: str, revision: str) -> None:
    """Migrate the tables to a revision, as an earlier version did."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(VERSIONS[version_table]))
    config.attributes |= {"connection": connection, "version_table": version_table}
    command.upgrade(config, revision)


def restore(dump: str, url: str) -> None:
    """Make the store of a dump with the tables that its version made on PostgreSQL, and the same rows."""
    engines = create_engine(f"sqlite:///{dump}"), create_engine(read_url(url))
    with engines[0].connect() as old, engines[1].begin() as new:
        for version_table in VERSIONS:
            revision = old.exec_driver_sql(f"SELECT version_num FROM {version_table}").scalar_one()
            upgrade(new, version_table, revision)
        tables = MetaData()
        tables.reflect(new)
        for table in tables.sorted_tables:
            if table.name in VERSIONS:
                continue
            new.execute(table.delete())  # the name that the first migration gave
            with reading(old, table) as rows:
                write_rows(new, table, list(rows))
            for key in table.primary_key:
                if sequence := new.scalar(select(func.pg_get_serial_sequence(table.name, key.name))):
                    last = new.scalar(select(func.max(key)))
                    new.execute(select(func.setval(sequence, last or 1, last is not None)))
    for engine in engines:
        engine.dispose()


def schema(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as server:
        return server.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
            " UNION SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            " UNION SELECT table_name, column_name, data_type || is_nullable || coalesce(column_default, '')"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2, 3"
        ).fetchall()


def next_numbers(url: str) -> list[tuple[Any, ...]]:
    """Return the numbers that the next rows of the bot's tables would get; each is one more than the last."""
    with psycopg.connect(url) as server:
        return [
            server.execute(
                f"SELECT nextval(pg_get_serial_sequence('{name}', 'id')) - coalesce(max(id), 0) FROM {name}"
            ).fetchall()[0]
            for name in ("bot_chats", "bot_subscriptions", "bot_deliveries", "bot_calls")
        ]


@pytest.mark.postgresql
@pytest.mark.parametrize("dump", SCHEMAS)
def test_an_earlier_store_becomes_the_same_on_each_database(
    dump: str, empty_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "feeder.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("PRAGMA synchronous=OFF;" + (FOLDER / f"{dump}.sql").read_text("utf-8"))
    restore(str(file), empty_url)
    with Store.open(f"sqlite:///{file}") as old, Store.open(empty_url) as upgraded:
        assert copy_store(old, postgresql_url, SERVICE.prepare_tables, pictures=(NOWHERE, NOWHERE)).is_whole
        SERVICE.prepare_tables(upgraded)
        expected = rows_of(old)
        assert expected["entries"]
        assert expected["bot_deliveries"]
        assert rows_of(upgraded) == expected
        with Store.open(postgresql_url) as copied:
            assert rows_of(copied) == expected
    assert schema(empty_url) == schema(postgresql_url)
    assert next_numbers(empty_url) == next_numbers(postgresql_url) == [(1,)] * 4

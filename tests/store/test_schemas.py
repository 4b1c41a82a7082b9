"""Stores of every earlier schema open with today's code, and nothing in them is lost, doubled or posted again."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.delivery import outbox
from bot.delivery.chats import find_subscriptions, read_channels, sync_channels
from bot.delivery.pace import Pace
from bot.planning import planner
from bot.tables import migrate_tables
from feeder.config.load import Config
from feeder.config.settings import ChannelConfig
from feeder.ingest import ingest
from feeder.store import Store, parse_query
from tests.schemas import CHAT, DIGESTS, FOLDER, NOW, config_of, digest_line, migration_files, take_feed, write_articles

SCHEMAS = sorted(file.stem for file in FOLDER.glob("*.sql"))
HARBOUR, RAIN = "https://example.org/harbour", "https://example.org/rain"


@pytest.fixture(params=SCHEMAS)
def schema(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of an earlier schema, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    write_articles(tmp_path)
    (tmp_path / "articles" / "gone.md").unlink()
    with closing(sqlite3.connect("feeder.db")) as connection:
        connection.executescript((FOLDER / f"{request.param}.sql").read_text("utf-8"))
    return str(request.param)


@pytest.fixture
def config(schema: str) -> Config:  # noqa: ARG001  the store has to be there
    return config_of(Path("feeder.db"))


@pytest.fixture
def old(config: Config) -> Iterator[Store]:
    """The same store, opened by today's code."""
    with Store.open(config.store.url, search=config.store.search) as store:
        yield store


def rows(statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect("feeder.db")) as connection:
        return connection.execute(statement).fetchall()


def test_every_migration_but_the_newest_has_a_dump_of_its_schema() -> None:
    migrations = sorted(file.stem[:4] for file in migration_files() if "store" in file.parts)
    assert {*migrations[:-1]} <= {*SCHEMAS} <= {*migrations}, "run `python -m tests.schemas`, and commit what it writes"


def test_no_migration_was_edited_after_it_was_recorded() -> None:
    recorded, now = set(DIGESTS.read_text("utf-8").splitlines()), {digest_line(file) for file in migration_files()}
    assert recorded <= now, "a migration is never edited: write a new one"
    assert len(now - recorded) <= 1, "run `python -m tests.schemas`, and commit what it writes"


def test_an_earlier_store_keeps_its_entries_with_their_ids_and_dates(config: Config) -> None:
    columns = "key, id, title, published, updated, first_seen_at, number"
    before = rows(f"SELECT {columns} FROM entries ORDER BY number")
    with Store.open(config.store.url, search=config.store.search) as store:
        assert store.entries.count() == len(before)
        assert [store.entries.get(row[0]).id for row in before] == [row[1] for row in before]
        assert store.entries.get(HARBOUR).title == "The harbour froze over"
        assert store.entries.last_number() == rows("SELECT value FROM counters WHERE name = 'entries'")[0][0]
    assert rows(f"SELECT {columns} FROM entries ORDER BY number") == before


def test_an_earlier_store_is_searched(old: Store) -> None:
    assert [hit.entry.id for hit in old.search.find(parse_query("harbour"), limit=9).hits] == [HARBOUR]
    assert [hit.entry.id for hit in old.search.find(parse_query("漲了"), limit=9).hits] == [RAIN]


@pytest.mark.parametrize("again", [False, True])
def test_what_an_earlier_store_has_is_not_new_when_it_is_read_again(
    config: Config, old: Store, schema: str, *, again: bool
) -> None:
    before = {entry.id for entry in old.entries.iter_all()}
    [report] = ingest(config, old, names=["mirror"], now=NOW + timedelta(days=1), again=again)
    assert (report.new, report.removed) == (0, 0)
    if schema != "0001":
        assert "new" not in take_feed(old, again=again)
    assert {entry.id for entry in old.entries.iter_all()} == before


def test_nothing_is_posted_again_out_of_an_earlier_store(config: Config, old: Store) -> None:
    columns = "subscription, entry, state, message"
    before = rows(f"SELECT {columns} FROM bot_deliveries ORDER BY id")
    migrate_tables(old)
    ingest(config, old, names=["mirror"], now=NOW, again=True)
    channels = read_channels([ChannelConfig(chat=CHAT, recent=3, on_unknown="hold")])
    planner.plan(old, sync_channels(old, channels), NOW)
    assert rows(f"SELECT {columns} FROM bot_deliveries ORDER BY id") == before
    [subscription] = find_subscriptions(old, channels)
    waiting = [row[1] for row in before if row[2] == "pending"]
    assert [entry.id for entry in planner.preview(old, channels[0], subscription)] == waiting
    claims = outbox.claim(old, NOW + timedelta(days=1), 9, Pace())
    assert [claim.entry for claim in claims] == waiting[:1]


def test_what_was_kept_of_remote_sources_is_there(old: Store, schema: str) -> None:
    names = [] if schema == "0001" else ["tides"]
    assert ([one.name for one in old.sources.added()], [*old.sources.polls()], [*old.sources.paused()]) == (
        names,
        names,
        names,
    )

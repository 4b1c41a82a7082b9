"""A store with something in every table, for tests of what must not lose anything."""

import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Integer, Table, Text, insert, select
from sqlalchemy.types import TypeEngine

from bot.tables import deliveries
from bot.tables import metadata as bot_metadata
from feeder.config.load import Config
from feeder.config.settings import StoreConfig
from feeder.ingest import ingest
from feeder.publish.site import publish
from feeder.publish.tokens import make_token
from feeder.sources.feeds.websub import HubTopic, new_subscription
from feeder.store import Store
from feeder.store.tables import UtcDateTime, metadata
from tests.picture_data import png
from tests.schemas import NOW, config_of, fill, write_articles

TABLES = [*metadata.sorted_tables, *bot_metadata.sorted_tables]
ODD = "雨 \U0001f327 \"two\" 'one' \\N \\ \t\r\n \x7f \u2028 %s {} -- end"
_VALUES: dict[type[TypeEngine[Any]], Callable[[int], Any]] = {
    UtcDateTime: lambda number: NOW + timedelta(microseconds=number),
    JSON: lambda number: [{"雨": [1, 2.5, None, True, ODD, "\0"]}] * number,
    Boolean: bool,
    BigInteger: lambda number: 2**63 - 1 - number,
    Integer: lambda number: number - 2**31,
    Text: lambda number: f"{ODD} {number}",
}
_STATES = ("pending", "sending", "sent", "unknown", "failed", "dropped", "waiting", "told")


def make_store(folder: Path) -> Config:
    """Make a store, its pictures and its site in a folder, which is the working folder; return the configuration."""
    write_articles(folder)
    shown = folder / "articles" / "shown.md"
    shown.write_text(
        "---\ntitle: Shown\ndate: 2025-11-02T08:00:00Z\n---\n\nA wet road.\n\n![road](road.png)\n", "utf-8"
    )
    (folder / "articles" / "road.png").write_bytes(png("a road"))
    (folder / "data").mkdir()
    config = config_of(folder / "data" / "feeder.db")
    config = config.model_copy(update={"store": StoreConfig(url=config.store.url, search=folder / "data" / "search")})
    with Store.open(config.store.url, search=config.store.search) as store:
        fill(store, config)
        rain = folder / "articles" / "rain.md"
        rain.write_text(rain.read_text("utf-8").replace("三天", "四天"), "utf-8")
        ingest(config, store, names=["mirror"], now=NOW + timedelta(hours=1))
        lantern = next(entry for entry in store.entries.iter_all() if "lantern" in entry.title)
        store.entries.withdraw([lantern.key], now=NOW)
        make_token(store, "rain", now=NOW)
        topic = HubTopic("tides", "https://hub.example/", "https://e.org/feed", "https://feed.example/")
        store.sources.plan_subscriptions(lambda _: [new_subscription(topic, token="t", secret="s", now=NOW)], now=NOW)
        keys = [entry.key for entry in store.entries.latest(2)]
        store.replays.record("serial", dict.fromkeys(keys, NOW), reached=NOW)
        _add_deliveries(store)
        publish(config, store, now=NOW + timedelta(hours=1))
    return config


def copy_of(config: Config, folder: Path) -> Config:
    """Copy the folder of a store to that of a test, the working folder; return the configuration there."""
    shutil.copytree(Path(config.store.url.removeprefix("sqlite:///")).parents[1], folder, dirs_exist_ok=True)
    return config.model_copy(
        update={"store": StoreConfig(url=f"sqlite:///{folder}/data/feeder.db", search=folder / "data" / "search")}
    )


def _add_deliveries(store: Store) -> None:
    """Add a delivery in each state; one that was told of refers to its digest, which has a greater number."""
    with store.database.begin() as connection:
        row = dict(connection.execute(select(deliveries).limit(1)).mappings().one()) | {"state": "sent", "album": "[8]"}
        for number, state in enumerate(_STATES, 100):
            values = {"id": number, "entry": f"made up {state}", "state": state, "due_at": NOW, "digest": None}
            connection.execute(insert(deliveries).values(row | values))
        digest = {"id": 200, "entry": "digest made up", "kind": "digest", "digest": None}
        connection.execute(insert(deliveries).values(row | digest))
        told = deliveries.c.state == "told"
        connection.execute(deliveries.update().where(told).values(digest=200))


def fill_empty(connection: Connection) -> None:
    """Add two rows to each table that has none: one with as little as possible, one with everything, and odd texts."""
    for table in TABLES:
        if connection.execute(select(table).limit(1)).first() is None:
            for number in range(2):
                connection.execute(
                    insert(table).values({one.name: _value(connection, one, number) for one in table.columns})
                )


def _value(connection: Connection, column: Column[Any], number: int) -> Any:
    for key in column.foreign_keys:
        return connection.scalar(select(key.column).order_by(key.column).offset(number))
    if column.nullable and not number:
        return None
    return next(make(number) for kind, make in _VALUES.items() if isinstance(column.type, kind))


def rows_of(store: Store, tables: Sequence[Table] = TABLES) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables as Python values, in one order."""
    with store.database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in tables
        }

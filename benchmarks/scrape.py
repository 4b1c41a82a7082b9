"""What it costs to look: a scrape of /metrics and a reading for `feeder status`, in a large store.

    python -m benchmarks.scrape [ENTRIES] [SOURCES] [DELIVERIES]

The rows are made up and written to the tables as they are: what counts is how many there are.
"""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Table, insert

from bot import tables as bot_tables
from feeder.config.load import Config
from feeder.config.settings import MetricsConfig
from feeder.service import iter_services
from feeder.status.reading import StatusReader
from feeder.status.sources import count_sources
from feeder.store import Store, tables
from feeder.web.http.counts import Counts
from feeder.web.monitoring.metrics import Metrics

NOW = datetime.now(UTC)
_CHUNK = 5_000
_CHATS = 1_000


def fill(store: Store, entries: int, sources: int, deliveries: int) -> None:
    bot_tables.migrate_tables(store)
    _insert(store, tables.entries, entries, _entry)
    _insert(store, tables.added, sources, _added)
    _insert(store, tables.polls, sources, _poll)
    _insert(store, bot_tables.chats, _CHATS, lambda n: {"id": n, "number": n, "next_call_at": NOW})
    _insert(store, bot_tables.subscriptions, _CHATS, _subscription)
    _insert(store, bot_tables.deliveries, deliveries, lambda n: _delivery(n, deliveries))
    with store.database.begin() as connection:
        rows = [{"name": "entries", "value": entries}, {"name": "changes", "value": entries}]
        connection.execute(tables.counters.delete())
        connection.execute(insert(tables.counters), rows)


def _insert(store: Store, table: Table, count: int, make: Callable[[int], dict[str, Any]]) -> None:
    for start in range(1, count + 1, _CHUNK):
        rows = [make(number) for number in range(start, min(start + _CHUNK, count + 1))]
        with store.database.begin() as connection:
            connection.execute(insert(table), rows)


def _entry(number: int) -> dict[str, Any]:
    lists: dict[str, list[str]] = {name: [] for name in ("links", "authors", "credits", "categories", "media", "cut")}
    return {
        "number": number, "position": number << 4, "changed": number, "key": f"{number:016x}", "id": f"urn:e:{number}",
        "link": f"https://example.org/{number}", "link_key": f"l{number:015x}", "text_key": f"t{number:015x}",
        "title": f"Title {number}", "version": "v", "published": NOW, "updated": NOW, "updated_tie": 0,
        "published_from": "feed", "first_seen_at": NOW - timedelta(minutes=5), "held_source": "s", "held_address": "a",
        "source": {"id": "s", "title": "S"}, "read_from": {}, "summary": "", "content": "<p>rain</p>" * 100, **lists,
    }  # fmt: skip


def _added(number: int) -> dict[str, Any]:
    return {
        "name": f"s{number}",
        "settings": {"feed": f"https://h{number % 300}.example.org/{number}/feed.xml"},
        "title": "",
        "added_at": NOW,
    }


def _poll(number: int) -> dict[str, Any]:
    address = f"https://h{number % 300}.example.org/{number}/feed.xml"
    failing = number % 50 == 0
    return {
        "source": f"s{number}", "feed_url": address, "address": address, "interval_s": 3600, "skip_hours": [],
        "skip_days": [], "failures": 3 * failing, "error": "its server answers 500" if failing else None,
        "moved_seen": 0, "next_check_at": NOW + timedelta(seconds=number - 300), "last_check_at": NOW,
        "last_success_at": NOW,
    }  # fmt: skip


def _subscription(number: int) -> dict[str, Any]:
    return {
        "id": number, "chat": number, "topic": 0, "owner": "config", "settings": "{}", "configured": True,
        "paused": False, "repost": True, "off_tries": 0, "last_number": 0,
    }  # fmt: skip


def _delivery(number: int, total: int) -> dict[str, Any]:
    waits = number > total * 99 // 100  # one in a hundred waits
    chat = number % _CHATS + 1
    age = timedelta(seconds=(total * 99 // 100 - number) * 3)
    return {
        "id": number, "chat": chat, "subscription": chat, "entry": f"urn:e:{number}", "part": 0, "kind": "post",
        "state": "pending" if waits else "sent", "form": "text", "attempts": 0 if waits else 1, "doubts": 0,
        "called_at": None if waits else NOW - age,
    }  # fmt: skip


def measure(name: str, action: Callable[[], object], times: int = 7) -> None:
    def run() -> Iterator[float]:
        for _ in range(times):
            started = time.perf_counter()
            action()
            yield (time.perf_counter() - started) * 1000

    first, *others = run()
    print(f"{name:40} first {first:8.1f} ms, then {min(others):8.1f} to {max(others):8.1f} ms", flush=True)


def main() -> None:
    """Fill a store, and look at it."""
    entries, sources, deliveries = [int(word) for word in sys.argv[1:]] or [500_000, 10_000, 1_000_000]
    with TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/feeder.db") as store:
        fill(store, entries, sources, deliveries)
        look(Config(), store)


def look(config: Config, store: Store) -> None:
    """Print what each part of a look costs."""
    reader = StatusReader(config, store, tuple(iter_services()))
    [service] = [service for service in iter_services() if service.name == "telegram"]
    each = config.model_copy(update={"metrics": MetricsConfig(per_source=True)})
    for name, chosen in (("a scrape", config), ("a scrape with per_source", each)):
        metrics = Metrics(chosen, store, reader, Counts())
        measure(name, metrics.respond)
        text = bytes(metrics.respond().body).decode()
        series = [line for line in text.splitlines() if not line.startswith("#")]
        print(f"  {len(series):,} series, {len(text):,} bytes")
    measure("a reading for feeder status", lambda: reader.read(datetime.now(UTC)))
    measure("  sources", lambda: count_sources(config, store, datetime.now(UTC)))
    measure("  deliveries", lambda: service.deliveries(config, store, datetime.now(UTC)))
    measure("  entries (once a minute)", store.entries.count)


if __name__ == "__main__":
    main()

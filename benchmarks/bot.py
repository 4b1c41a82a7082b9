"""Measures the bot: planning for many subscriptions, sending at the allowed pace, a storm of 429, memory.

    python -m benchmarks.bot [plan] [send] [storm] [memory] [--chats N] [--posts N]

All by default. The Bot API is that of the tests, in a process of its own, which refuses calls that come early. Times
are of the processor, since other programs may be running; compare them with the targets that are printed beside them.
"""

import argparse
import logging
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from bot.delivery import chats
from bot.tables import deliveries, migrate_tables
from feeder import LAST_INGEST_NOTE, ChannelConfig, Store
from feeder.incoming.origin import Origin
from tests.entries import make_entry
from tests.saving import save

START = datetime(2026, 1, 1, tzinfo=UTC)
_PLANS = 5
_QUERIES = ("", "rain", "雨", "source:example", "#weather")
_FIRST_CHAT = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="plan, send, storm, memory; all by default")
    parser.add_argument("--chats", type=int, default=10_000, help="for planning; a tenth of them for a storm")
    parser.add_argument("--posts", type=int, default=600)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    parts: dict[str, Callable[[], None]] = {
        "plan": lambda: measure_planning(options.chats),
        "send": lambda: measure_sending(options.posts),
        "storm": lambda: measure_storm(max(options.chats // 10, 1)),
        "memory": measure_memory,
    }
    for name in options.parts or parts:
        if name not in parts:
            sys.exit(f"{name}: write one of {', '.join(parts)}")
        parts[name]()


@contextmanager
def open_store() -> Iterator[Store]:
    """Yield an empty store with the bot's tables, in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/feeder.db") as store:
        migrate_tables(store)
        store.database.set_note(LAST_INGEST_NOTE, START.isoformat())
        yield store


def subscribe(store: Store, count: int, *, queries: int = 1) -> None:
    """Add private chats with a subscription each; so many of their queries differ."""
    with store.database.begin() as connection:
        for number in range(count):
            query = _QUERIES[number % len(_QUERIES)] if queries == 1 else f"rain OR word{number % queries}"
            config = ChannelConfig(chat=str(_FIRST_CHAT + number), query=query, recent=0)
            chat = chats.ensure_chat(connection, config.chat)
            chats.add_subscription(connection, chat, 0, config, {"owner": "chat"})


def add_entry(store: Store, number: int) -> None:
    moment = START + timedelta(minutes=number)
    save(store, [(Origin("made up", f"{number}.md"), make_entry(number, title=f"Rain {number}", published=moment))])


def measure_planning(count: int) -> None:
    """Plan one new entry for all subscriptions."""
    for queries in (1, count):
        with open_store() as store:
            subscribe(store, count, queries=queries)
            began = time.process_time()
            planner.plan(store, chats.find_subscriptions(store), START)
            first_s = time.process_time() - began
            taken, idle = [], []
            for number in range(_PLANS):
                add_entry(store, number)
                for times in (taken, idle):
                    began = time.process_time()
                    planner.plan(store, chats.find_subscriptions(store), START)
                    times.append(time.process_time() - began)
            planned = count_states(store)["pending"]
        what = "5 queries in turn" if queries == 1 else f"{queries:,} different queries"
        print(
            f"planning, {count:,} subscriptions, {what}: {statistics.median(taken):.2f} s of processor time for an "
            f"entry (target: < 1 s); {statistics.median(idle):.2f} s when nothing is new; "
            f"{first_s:.2f} s the first time, when settings are read; {planned:,} deliveries of {_PLANS} entries"
        )


def count_states(store: Store) -> Counter[str]:
    with store.database.read() as connection:
        return Counter(connection.scalars(deliveries.select().with_only_columns(deliveries.c.state)))


if __name__ == "__main__":
    main()

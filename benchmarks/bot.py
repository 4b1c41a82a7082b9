"""Measures the bot: planning for many subscriptions, sending at the allowed pace, a storm of 429, searches, memory.

    python -m benchmarks.bot [plan] [send] [storm] [search] [memory] [--chats N] [--posts N]
                             [--articles N] [--keep FOLDER]

All by default. The Bot API is that of the tests, in a process of its own, which refuses calls that come early. Times
are of the processor, since other programs may be running; compare them with the targets that are printed beside them.
Searches are timed from the update to the answer, with nothing in place of the network, in the archive of
`benchmarks/search.py --with-database`; `--keep` keeps and reuses it, too.
"""

import argparse
import asyncio
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

from telegram import Update
from telegram.ext import Application, ExtBot
from telegram.request import BaseRequest

from benchmarks.drawn import draw
from benchmarks.memory import pss_and_rss
from benchmarks.recombined import LAST, Articles
from benchmarks.search import EACH, SEEDS, build
from benchmarks.search import open_store as open_archive
from bot.connecting import make_bot
from bot.conversation.host import Host
from bot.conversation.pacing import AnswerPace
from bot.conversation.registry import Registry
from bot.delivery import chats
from bot.delivery.pace import Pace
from bot.delivery.sender import Sender
from bot.planning import planner
from bot.searches import Turnstile
from bot.tables import deliveries, migrate_tables
from feeder import LAST_INGEST_NOTE, ChannelConfig, Config, Store, TelegramConfig
from feeder.incoming.origin import Origin
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.entries import make_entry
from tests.saving import save

START = datetime(2026, 1, 1, tzinfo=UTC)
_PLANS = 5
_QUERIES = ("", "rain", "雨", "source:example", "#weather")
_FIRST_CHAT = 1_000_000
_SEND_CHATS = 200
_RETRY_S = 2
_IDLE_S = 20
_SEEDS = Path(__file__).parent.parent / "seeds"
_OPEN = {"pending", "sending", "unknown", "waiting"}


def main() -> None:
    if sys.argv[1:2] == ["sender"]:
        asyncio.run(send_all(*sys.argv[2:]))
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="plan, send, storm, search, memory; all by default")
    parser.add_argument("--chats", type=int, default=10_000, help="for planning; a tenth of them for a storm")
    parser.add_argument("--posts", type=int, default=600)
    parser.add_argument("--articles", type=int, default=10_000, help="to search in")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    parts: dict[str, Callable[[], None]] = {
        "plan": lambda: measure_planning(options.chats),
        "send": lambda: measure_sending(options.posts),
        "storm": lambda: measure_storm(max(options.chats // 10, 1)),
        "search": lambda: measure_search(options.articles, options.keep),
        "memory": measure_memory,
    }
    for name in options.parts or parts:
        if name not in parts:
            sys.exit(f"{name}: write one of {', '.join(parts)}")
        parts[name]()


@contextmanager
def open_store() -> Iterator[Store]:
    """Yield a store without entries, with the bot's tables, in a temporary folder."""
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
            taken: list[float] = []
            idle: list[float] = []
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


def plan_entries(store: Store, count: int) -> None:
    for number in range(count):
        add_entry(store, number)
    planner.plan(store, chats.find_subscriptions(store), START)


def run_sender(store: Store, api: BotApi) -> dict[str, float]:
    """Send all that is planned, in a process of its own; return its figures."""
    program = [sys.executable, "-m", "benchmarks.bot", "sender", store.database.url, api.url, api.token]
    done = subprocess.run(program, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


async def send_all(url: str, api_url: str, token: str) -> None:
    """Send until nothing is open, at the pace that Telegram allows; print processor time, time and memory."""
    logging.disable(logging.WARNING)
    with Store.open(url) as store:
        bot = make_bot(TelegramConfig.model_validate({"token": token, "api_url": api_url}))
        await bot.initialize()
        find = partial(chats.find_subscriptions, store)
        sender = Sender(bot, store, find_subscriptions=find, words=ENGLISH, site_url="https://e.org/")
        sender_task = asyncio.create_task(sender.run())
        began, processor = time.monotonic(), time.process_time()
        while not _OPEN.isdisjoint(count_states(store)):  # noqa: ASYNC110  what is waited for is in the store
            await asyncio.sleep(2)
        figures = {
            "processor_s": time.process_time() - processor,
            "wall_s": time.monotonic() - began,
            "memory_mb": pss_and_rss(os.getpid())[0],
        }
        sender_task.cancel()
        await asyncio.wait([sender_task])
        await bot.shutdown()
    sys.stdout.write(json.dumps(figures))


def measure_sending(posts: int) -> None:
    """Send posts to private chats at the allowed pace."""
    with open_store() as store, BotApi() as api:
        subscribe(store, _SEND_CHATS)
        planner.plan(store, chats.find_subscriptions(store), START)
        for number in range(_SEND_CHATS):
            api.add_user(_FIRST_CHAT + number)
        plan_entries(store, -(-posts // _SEND_CHATS))
        figures = run_sender(store, api)
        sent, state = api.called("sendPhoto", "sendMessage"), count_states(store)
    order = all(is_in_order(api.texts(_FIRST_CHAT + number)) for number in range(_SEND_CHATS))
    print(
        f"sending, {state['sent']:,} posts to {_SEND_CHATS} chats: {len(sent) / figures['wall_s']:.1f} calls a second, "
        f"{figures['processor_s'] / figures['wall_s']:.0%} of one core (target: < 20 %; before: 35 %), "
        f"{figures['memory_mb']:.0f} MB; in order in each chat: {'yes' if order else 'no'}"
    )


def is_in_order(texts: list[str]) -> bool:
    numbers = [int(text.split("\n")[0].removeprefix("Rain ")) for text in texts]
    return numbers == sorted(numbers)


def measure_storm(count: int) -> None:
    """Send a post to each chat while Telegram refuses the first two calls to each."""
    with open_store() as store, BotApi() as api:
        subscribe(store, count)
        planner.plan(store, chats.find_subscriptions(store), START)
        for number in range(count):
            api.add_user(_FIRST_CHAT + number)
            api.answer(429, retry_after=_RETRY_S, chat=str(_FIRST_CHAT + number), times=2)
        plan_entries(store, 1)
        figures = run_sender(store, api)
        state, calls = count_states(store), api.called("sendPhoto", "sendMessage")
    refused: defaultdict[str, list[float]] = defaultdict(list)
    posted: Counter[str] = Counter()
    early = 0
    for call in calls:
        chat = str(call.arguments["chat_id"])
        early += bool(refused[chat]) and call.at < refused[chat][-1] + _RETRY_S
        if call.code == 429:
            refused[chat].append(call.at)
        else:
            posted[chat] += 1
    doubled = sum(times - 1 for times in posted.values())
    print(
        f"429 storm, {count:,} chats, two refusals each: {state['sent']:,} delivered (target: all), {doubled} "
        f"duplicates (target: 0), {early} early calls (target: 0), in {figures['wall_s']:.0f} s, "
        f"{figures['processor_s'] / figures['wall_s']:.0%} of one core"
    )


def measure_search(count: int, keep: Path | None) -> None:
    """Search in an archive, each query by another person."""
    articles = Articles(SEEDS, count)
    with nullcontext(keep) if keep else tempfile.TemporaryDirectory() as home:
        folder = Path(home) / f"{count}-with-database"
        build(folder, articles, database=True)
        queries = sorted({query for group in draw(articles, EACH) for query in group.queries})
        with open_archive(folder) as store:
            migrate_tables(store)
            asyncio.run(time_answers(store, queries))  # what is read once, and the caches
            times = asyncio.run(time_answers(store, queries))
    for what, values in zip(("", " of processor time"), zip(*times, strict=True), strict=True):
        cuts = statistics.quantiles(values, n=100)
        print(
            f"/search in {count:,} articles, {len(values)} queries: p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms{what}"
            " (target: p99 < 50 ms)"
        )


async def time_answers(store: Store, queries: Sequence[str]) -> list[tuple[float, float]]:
    """Return the milliseconds, and those of processor time, that the bot takes for the answer to each query."""
    pace = AnswerPace(store, Pace(per_chat_s=0, per_group_minute=10**6, overall_per_second=10**6))
    request = Nowhere()
    bot = ExtBot("1:nobody", request=request, get_updates_request=Nowhere(), rate_limiter=pace)
    application = Application.builder().bot(bot).updater(None).job_queue(None).build()
    host = Host(
        bot=bot,
        store=store,
        config=Config(),
        now=lambda: LAST,
        tick=lambda: None,
        turnstile=Turnstile(),
        pace=pace,
    )
    Registry(host).register(application)
    times = []
    async with application:
        for number, query in enumerate(queries, 1):
            person = {"id": number, "is_bot": False, "first_name": "Alice"}
            message = {"message_id": 1, "date": 1, "chat": {"id": number, "type": "private"}, "text": query}
            update = Update.de_json({"update_id": number, "message": message | {"from": person}}, bot)
            wall, processor = time.perf_counter(), time.process_time()
            await application.process_update(update)
            times.append(((time.perf_counter() - wall) * 1000, (time.process_time() - processor) * 1000))
    assert request.calls >= len(queries), "not every question was answered"
    return times


class Nowhere(BaseRequest):
    """Answers as Telegram does, from here."""

    calls = 0
    read_timeout = 1.0
    _ME: ClassVar = {"id": 1, "is_bot": True, "first_name": "feeder", "username": "feeder_bot"}
    _MESSAGE: ClassVar = {"message_id": 2, "date": 1, "chat": {"id": 1, "type": "private"}}

    async def initialize(self) -> None:
        """Do nothing."""

    async def shutdown(self) -> None:
        """Do nothing."""

    async def do_request(self, url: str, *_: object, **__: object) -> tuple[int, bytes]:
        self.calls += url.endswith("sendMessage")
        return 200, json.dumps({"ok": True, "result": self._ME if url.endswith("getMe") else self._MESSAGE}).encode()


def measure_memory() -> None:
    """Measure `feeder run` with web server and bot, idle, with the seeds."""
    with tempfile.TemporaryDirectory() as folder, BotApi() as api:
        api.add_chat(-1001)
        Path(folder, "config.toml").write_text(
            f'[[sources]]\nname = "seeds"\nfolder = "{_SEEDS}"\n[[telegram.channels]]\nchat = "-1001"\n', "utf-8"
        )
        more = {"FEEDER_WEB__PORT": "0", "FEEDER_TELEGRAM__TOKEN": api.token, "FEEDER_TELEGRAM__API_URL": api.url}
        command = [sys.executable, "-m", "feeder", "run"]
        with subprocess.Popen(command, cwd=folder, env=os.environ | more, stderr=subprocess.DEVNULL) as process:
            time.sleep(_IDLE_S)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text("ascii").split()
            used = [pss_and_rss(pid)[0] for pid in (process.pid, *map(int, children))]
            process.terminate()
    print(f"idle, web server and bot together: {sum(used):.0f} MB in {len(used)} processes (target: < 110 MB)")


def count_states(store: Store) -> Counter[str]:
    with store.database.read() as connection:
        return Counter(connection.scalars(deliveries.select().with_only_columns(deliveries.c.state)))


if __name__ == "__main__":
    main()

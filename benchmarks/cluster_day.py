"""Simulates a day on four machines that die at random moments, and looks for what was lost or done twice.

    python -m benchmarks.cluster_day [--minutes N] [--kills N] [--seed N] [--logs FOLDER]

`--minutes 1 --kills 10` is enough to try it out.

Four whole `feeder run` on one PostgreSQL, each with a search index of its own; `public/` is shared. Feeds and a folder
gain articles all the time, and channels and chats with different filters get them, through a Telegram on loopback that
takes a moment for each post. At random moments one of the four is killed with SIGKILL, the process alone or with all
that it has started, and started anew; so the bot and all jobs move between them. The day has some minutes, and they
notice deaths sooner than usual (`machine.py`).

After the day, all must be there once: in the store, as pages and in every chat, in order. Only a post that was under
way when its process died may be there twice, or not at all where the channel says "hold". The program prints figures,
and fails if anything is wrong.
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select, text

from benchmarks.faults import count_pages
from benchmarks.loopback import database, feeds, postgresql, until
from benchmarks.made_up import article, write_archive
from benchmarks.outcome import Outcome, find_faults, posts
from bot.delivery.chats import add_subscription, ensure_chat
from bot.delivery.outbox import MAX_DOUBTS
from bot.tables import deliveries, migrate_tables, subscriptions
from feeder import ChannelConfig, Store
from feeder.config.load import Config, load_config
from feeder.store import LAST_FAILURE_NOTE, LAST_INGEST_NOTE
from tests.bot.api import BotApi

_ROOT = Path(__file__).parent.parent
_MACHINES = 4
_FEEDS, _ITEMS, _FILES = 40, 10, 200  # at first; every tenth feed gains items
_CHANGE_S, _FILE_S = 15.0, 4.0  # between two changes of these feeds, and between two files
_LATENCY_S = 0.1  # of Telegram, before it accepts a post and again before it says so
_PATIENCE_S = 900.0
_NOTICED_S = 30.0  # until what a killed process has started must have ended too

_UNDATED = (3, 4, 5)  # every tenth of these files has no date, and so is no news
_SOON = {"min_interval": "3s", "max_interval": "6s"}
_HOLDERS = text(
    "SELECT usename FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted"
    " AND objsubid = 2 AND objid = (hashtext('service-telegram')::bigint & 4294967295)::oid"
)
_ALWAYS: dict[str, Any] = {"recent": 0, "max_age": "99999d", "max_waiting": 10_000}
_CHANNELS: tuple[dict[str, Any], ...] = (
    {"chat": "-1001", "query": "title:rain"},
    {"chat": "-1002", "query": "-title:rain", "on_unknown": "hold", "style": "title", "silent": True},
    {"chat": "-1003", "query": 'title:"rain 0" OR title:"rain 10"', "template": "{title:bold}\n{source}\n{link}"},
    {"chat": "-1004", "query": 'title:"rain 20"', "topic": 11, "on_unknown": "hold", "pictures": "none"},
    {"chat": "-1005", "query": "-title:rain has:image", "pictures": "album", "hashtags": True, "recent": 3},
)
_PEOPLE: tuple[dict[str, Any], ...] = (
    {"chat": "5001", "query": ""},
    {"chat": "5002", "query": "", "on_unknown": "hold", "author": True},
    {"chat": "5003", "query": "rain", "read_button": True},
    {"chat": "5004", "query": "-title:rain", "recent": 5},
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=4)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=Path, help="keep the logs of the machines there")
    options = parser.parse_args()
    with day(options.logs) as simulated:
        simulated.begin()
        simulated.live(options.minutes * 60, options.kills, random.Random(options.seed))
        faults = [*simulated.finish(), *find_faults(simulated.outcome())]
    for fault in faults:
        print(f"WRONG: {fault}")
    sys.exit(1 if faults else 0)


# --- the machines -----------------------------------------------------------------------------------------------------


class SlowApi(BotApi):
    """A Telegram that takes a moment for what is posted, in which the bot may die."""

    async def _perform(self, method: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401  as there
        is_post = method.startswith("send")
        await asyncio.sleep(_LATENCY_S * is_post)
        result = await super()._perform(method, arguments)
        await asyncio.sleep(_LATENCY_S * is_post)
        return result


class Machine:
    """One `feeder run`, which is started and killed again and again."""

    def __init__(self, folder: Path, url: str, log: Path) -> None:
        self._folder, self.log = folder, log
        self._process: subprocess.Popen[bytes] | None = None
        self._variables = {
            "FEEDER_STORE__URL": url,
            "FEEDER_STORE__SEARCH": str(folder / log.stem),
            "PYTHONPATH": str(_ROOT),
        }
        self.killed: dict[int, float] = {}  # process groups, and when

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.machine", "run", "--only", "poll,publish,bot"],
                cwd=self._folder,
                env=os.environ | self._variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, *, whole: bool) -> None:
        """Kill the process, or with `whole` all that it has started, too."""
        assert self._process is not None
        (os.killpg if whole else os.kill)(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.killed[self._process.pid] = time.monotonic()

    def stop(self) -> int:
        """Stop it as a service manager does; return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def end(self) -> None:
        """End all that is left."""
        groups = set(self.killed) | ({self._process.pid} if self._process else set())
        for group in groups & set(running_groups().values()):
            os.killpg(group, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


def running_groups() -> dict[int, int]:
    """Return the process groups of the processes that run, by process."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = file.read_text("ascii", "replace").rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if state not in "ZX":
            found[int(file.parent.name)] = int(group)
    return found


# --- the day ----------------------------------------------------------------------------------------------------------


@contextmanager
def day(logs: Path | None) -> Iterator["Day"]:
    """Yield the machines, not started yet, and the world around them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        server = stack.enter_context(postgresql())
        url = stack.enter_context(database(server, "day"))
        address, change = stack.enter_context(feeds(0.05, entries=_ITEMS))
        api = stack.enter_context(SlowApi())
        _add_chats(api)
        write_archive(folder / "articles", _FILES)
        (folder / "config.toml").write_text(_config(url, api, [address(number) for number in range(_FEEDS)]), "utf-8")
        logs = logs or folder
        logs.mkdir(parents=True, exist_ok=True)
        machines = []
        with psycopg.connect(url, autocommit=True) as connection:
            for number in range(_MACHINES):  # a user of its own shows who has the lock of the bot
                connection.execute(f"CREATE ROLE machine{number} SUPERUSER LOGIN")
                own = re.sub("//[^@]*@", f"//machine{number}:@", url)
                machines.append(Machine(folder, own, logs.resolve() / f"machine{number}.log"))
        store = stack.enter_context(Store.open(url, search=folder / "search"))
        config = load_config(folder / "config.toml")
        for machine in machines:
            stack.callback(machine.end)
        yield Day(folder, config, store, api, machines, change)


def _add_chats(api: BotApi) -> None:
    for values in (*_CHANNELS, *_PEOPLE):
        number = int(values["chat"])
        if number > 0:
            api.add_user(number)
        elif "topic" in values:
            api.add_chat(number, "supergroup", threads=frozenset({values["topic"]}), status="member")
        else:
            api.add_chat(number, "channel", status="administrator")


def _config(url: str, api: BotApi, addresses: Sequence[str]) -> str:
    """Return the configuration; JSON's strings, numbers and booleans are TOML's too."""
    blocks: list[tuple[str, dict[str, object]]] = [
        ("[site]", {"url": "https://news.example.org/", "language": "en", "output": "public"}),
        ("[store]", {"url": url}),
        ("[schedule]", {"ingest": "3s"}),
        ("[fetch]", {"per_host": 20}),
        ("[[sources]]", {"name": "mirror", "folder": "articles"}),
        *(
            ("[[sources]]", {"name": f"feed{number}", "feed": address, "allow_private": True, **_SOON})
            for number, address in enumerate(addresses)
        ),
        ("[telegram]", {"token": api.token, "api_url": api.url, "poll": "2s"}),
        *(("[[telegram.channels]]", _ALWAYS | values) for values in _CHANNELS),
    ]
    return "\n".join(
        line
        for head, values in blocks
        for line in (head, *(f"{key} = {json.dumps(value)}" for key, value in values.items()))
    )


class Day:
    """The day: its machines, and what happens around them."""

    def __init__(
        self,
        folder: Path,
        config: Config,
        store: Store,
        api: BotApi,
        machines: Sequence[Machine],
        change: Callable[[], None],
    ) -> None:
        self._folder, self._config, self._store, self._api = folder, config, store, api
        self._machines, self._change = machines, change
        self._chats = [ChannelConfig.model_validate(_ALWAYS | values) for values in (*_CHANNELS, *_PEOPLE)]
        self._entries = _FEEDS * _ITEMS + _FILES
        self._files = iter(number for number in range(_FILES, 10**6) if number % 10 not in _UNDATED)
        self._deaths: list[float] = []  # of the one that ran the bot
        self._starts: list[float] = []
        self._first_new = 0
        self._recent: dict[int, set[str]] = {}

    def begin(self) -> None:
        """Start the machines, and let them read what is there at first."""
        migrate_tables(self._store)
        with self._store.database.begin() as connection:
            for config in self._chats[len(_CHANNELS) :]:
                add_subscription(connection, ensure_chat(connection, config.chat), 0, config, {"owner": "chat"})
        began = time.monotonic()
        for machine in self._machines:
            machine.start()
        until(self._has_begun, _PATIENCE_S, "the first pass")
        until(self._is_settled, _PATIENCE_S, "the first posts")
        self._first_new = self._store.entries.last_number()
        titles = {entry.title: entry.id for entry in self._store.entries.iter_all()}
        numbers = (int(config.chat) for config in self._chats)
        self._recent = {number: {titles[one] for one in posts(self._api, number)} for number in numbers}
        print(
            f"{_MACHINES} machines have read {self._entries:,} articles and posted "
            f"{sum(map(len, self._recent.values()))} in {time.monotonic() - began:.0f} s",
            flush=True,
        )

    def _has_begun(self) -> bool:
        store = self._store
        names = [source.name for source in self._config.sources]
        begun = select(func.count()).where(subscriptions.c.last_number.is_not(None))
        with store.database.read() as connection:
            is_planned = connection.scalar(begun) == len(self._chats)
        has_read = store.entries.count() == self._entries and not any(map(store.sources.is_baseline, names))
        return is_planned and has_read and store.database.get_note(LAST_INGEST_NOTE) is not None

    def live(self, length_s: float, kills: int, chance: random.Random) -> None:
        """Let articles come in and machines die for so long."""
        moments: list[tuple[float, Callable[[], None]]] = [
            (chance.uniform(0, length_s), lambda: self._kill(chance)) for _ in range(kills)
        ]
        moments += [(n * _CHANGE_S, self._change_feeds) for n in range(int(length_s / _CHANGE_S))]
        moments += [(n * _FILE_S, self._add_file) for n in range(int(length_s / _FILE_S))]
        began = time.monotonic()
        for moment, happen in sorted(moments, key=lambda one: one[0]):
            time.sleep(max(began + moment - time.monotonic(), 0))
            happen()
        time.sleep(max(began + length_s - time.monotonic(), 0))
        sent = len(self._api.called("sendMessage", "sendPhoto", "sendMediaGroup"))
        print(
            f"{kills} kills in {time.monotonic() - began:.0f} s, {len(self._deaths)} of the one that ran the bot; "
            f"{self._entries:,} articles by then, of which {self._store.entries.count():,} are in the store; "
            f"{sent:,} posts sent",
            flush=True,
        )

    def _change_feeds(self) -> None:
        self._change()
        self._entries += len(range(0, _FEEDS, 10))

    def _add_file(self) -> None:
        name, content = article(next(self._files))
        part = self._folder / "part"
        part.write_text(content, "utf-8")
        part.rename(self._folder / "articles" / name)  # nobody reads half of it
        self._entries += 1

    def _kill(self, chance: random.Random) -> None:
        victim = chance.randrange(_MACHINES)
        with self._store.database.read() as connection:
            holders = connection.scalars(_HOLDERS).all()
        self._machines[victim].kill(whole=chance.random() < 0.5)
        if f"machine{victim}" in holders:
            self._deaths.append(time.monotonic())
        self._machines[victim].start()

    def finish(self) -> Iterator[str]:
        """Wait until all is done, and stop the machines; yield what is wrong."""
        began = time.monotonic()
        until(lambda: self._store.entries.count() >= self._entries, _PATIENCE_S, "the end of reading")
        read_s = time.monotonic() - began
        until(lambda: count_pages(self._config) >= self._entries, _PATIENCE_S, "the end of publishing")
        published_s = time.monotonic() - began
        until(self._is_settled, _PATIENCE_S, "the end of posting")
        print(
            f"after the last kill, all was read in {read_s:.0f} s, published in {published_s:.0f} s, posted in "
            f"{time.monotonic() - began:.0f} s",
            flush=True,
        )
        if failure := self._store.database.get_note(LAST_FAILURE_NOTE):
            yield f"the last failure is {failure}"
        latest = max(moment for machine in self._machines for moment in machine.killed.values() or [0.0])
        time.sleep(max(latest + _NOTICED_S - time.monotonic(), 0))
        killed = {group for machine in self._machines for group in machine.killed}
        if left := killed & set(running_groups().values()):
            yield f"{len(left)} killed machines have processes that still run"
        self._starts = [call.at for call in self._api.called("deleteWebhook")]  # before the first poll
        codes = [machine.stop() for machine in self._machines]
        if any(codes):
            yield f"stopped machines ended with the codes {codes}"

    def _is_settled(self) -> bool:
        """Whether every post that was planned has been sent or is held, and all news have been planned."""
        waits = deliveries.c.state.in_(["pending", "sending", "waiting"])
        is_again = subscriptions.c.repost & (deliveries.c.doubts < MAX_DOUBTS)
        open_posts = (
            select(func.count())
            .join_from(deliveries, subscriptions)
            .where(waits | (deliveries.c.state == "unknown") & is_again)
        )
        planned = select(func.min(subscriptions.c.last_number))
        with self._store.database.read() as connection:
            upto = connection.scalar(planned)
            return upto == self._store.entries.last_number() and not connection.scalar(open_posts)

    def outcome(self) -> Outcome:
        """Return what is to be checked."""
        return Outcome(
            self._config,
            self._store,
            self._api,
            self._chats,
            self._entries,
            self._first_new,
            self._recent,
            self._deaths,
            self._starts,
            [machine.log for machine in self._machines],
        )


if __name__ == "__main__":
    main()

"""Simulates a day of the bot in some minutes, with all that goes wrong, and checks what every chat got.

    python -m benchmarks.day [--chats N] [--entries N] [--lives N] [--step MINUTES] [--seed N] [--store URL]

Chats of every kind with options of every kind; entries that arrive alone and in bursts; a source that is added at noon
with old articles and gains new ones; requests to wait, migrations, lost replies, failures of the server, pictures that
cannot be fetched, groups that forbid photos, topics that are closed for some hours, chats that throw the bot out and
take it back. The bot's process is killed at random steps, and another one goes on: so many lives it has. Its clock is
that of the story. After the day, hours follow in which digests come.

Then every chat must have had every entry that it is subscribed to, posted or told in a digest, once. Twice only where
nobody can know whether the first was sent. What is held is listed, and sent as by its button. The program prints
figures, and fails if anything is missing, doubled, early, old or out of order.
"""

import argparse
import asyncio
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from telegram import Bot
from telegram.error import RetryAfter

from bot.connecting import make_bot
from bot.delivery import chats as bot_chats
from bot.delivery import sender as sender_module
from bot.delivery.chats import find_subscriptions
from bot.delivery.outbox import Claim
from bot.delivery.pace import Pace
from bot.delivery.posting import Sent
from bot.delivery.refusals import classify_error
from bot.delivery.sender import Sender
from bot.health.held import list_held, send_held
from bot.tables import chats, deliveries, migrate_tables, subscriptions
from feeder import ChannelConfig, Entry, Store, StoreError, TelegramConfig
from feeder.config.load import Config
from feeder.config.settings import FolderSource, StoreConfig
from feeder.incoming.origin import Origin
from feeder.ingest import ingest
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.unsynced import open_store
from tests.bot.workers import STEPS, kill_at
from tests.entries import make_entry
from tests.saving import save

START = datetime(2027, 3, 1, tzinfo=UTC)
_DAY = 24 * 60  # minutes
_NOON = 12 * 60
_END = _DAY + 36 * 60  # digests come, and chats that are off are tried again
_REST = 3 * 60  # what was held is sent
_STEP = 10  # minutes, after the day
_OLD = 300  # articles that the source of noon has at first
_LATER = 20  # those that it gains
_GAINS = 15 * 60  # when
_CATEGORIES = 40
_SITE = "https://feeds.example.org/"
_TITLE = re.compile(r"(?:Entry|Old) (\d+):")
_CHATS_PER_FAULT = 800  # so many chats see one a minute
_ENTRIES_PER_STEP = 16  # the more entries, the more often a life passes a step before it is killed there

_LOOKS: tuple[dict[str, Any], ...] = (
    {},
    {"style": "title"},
    {"style": "full"},
    {"style": "full", "pictures": "album", "silent": True},
    {"pictures": "none", "hashtags": True, "author": True},
    {"pictures": "album"},
    {"template": "{title}\n{source}\n{link}"},
)
_TIMES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"per_hour": 1},
    {"quiet": "22:00-07:00", "timezone": "Asia/Shanghai"},
    {"digest": "daily 08:00"},
    {"digest": "daily 19:30", "quiet": "12:00-13:00"},
    {"max_waiting": 3},
)


def main() -> None:
    if sys.argv[1:2] == ["live"]:
        url, api_url, token, folder, *numbers = sys.argv[2:]
        first, end, step, entries, story_seed, life_seed = map(int, numbers)
        life = Life(url, Path(folder), first, end, step, Arrivals(entries, story_seed))
        asyncio.run(life.run(api_url, token, life_seed))
        return
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chats", type=int, default=500)
    parser.add_argument("--entries", type=int, default=2000)
    parser.add_argument("--lives", type=int, default=60)
    parser.add_argument("--step", type=int, default=1, help="so many minutes are lived at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", help="the URL of an empty database; a new file if it is left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = options.store or f"sqlite:///{folder}/feeder.db"
        story = Story(options.chats, options.entries, options.lives, options.step, options.seed)
        faults = story.tell(url, Path(folder))
    sys.exit(1 if faults else 0)


# --- what happens -----------------------------------------------------------------------------------------------------


class Arrivals:
    """The entries of the day by their minutes, the same in each life; the last ones come from the source of noon."""

    def __init__(self, count: int, seed: int) -> None:
        draw = random.Random(f"arrivals {seed}")
        minutes = [draw.randrange(20, _DAY) for _ in range(count * 3 // 4)]
        bursts = [draw.randrange(20, _DAY) for _ in range(8)]
        minutes += [draw.choice(bursts) for _ in range(count - len(minutes))]
        self.count = count
        self.by_minute: dict[int, list[int]] = defaultdict(list)
        for number, minute in enumerate(sorted(minutes)):
            self.by_minute[minute].append(number)
        self.later = range(count, count + _LATER)
        later = {number: (_GAINS, 0, number) for number in self.later}
        self.order = later | {one: (minute, 1, one) for minute, some in self.by_minute.items() for one in some}
        self._seed = seed

    def categories(self, number: int) -> tuple[str, ...]:
        if number in self.later:
            return ("noon",)
        draw = random.Random(f"{self._seed} {number}")
        return tuple(sorted({f"c{draw.randrange(_CATEGORIES)}", f"c{draw.randrange(_CATEGORIES)}"}))

    def entry(self, number: int, moment: datetime) -> Entry:
        draw = random.Random(f"text {self._seed} {number}")
        length = draw.choice([1, 1, 3, 20, 60])
        text = "".join(f"<p>{'It rained all day. ' * draw.randrange(5, 20)}</p>" for _ in range(length))
        pictures = "".join(f'<img src="{address}">' for address in self.pictures(number))
        title = f"Entry {number}: rain"
        return make_entry(
            number,
            title=title,
            published=moment,
            updated=moment,
            first_seen_at=moment,
            categories=self.categories(number),
            content=text + pictures,
            media=(),
        )

    def pictures(self, number: int) -> list[str]:
        return [f"https://example.org/{number}-{nth}.jpg" for nth in range((0, 0, 1, 1, 4)[number % 5])]


class Place(NamedTuple):
    """A chat, and the topic in it that is posted to, 0 for none."""

    chat: int
    topic: int


class Story:
    """The day, and who is in it."""

    def __init__(self, count: int, entries: int, lives: int, step: int, seed: int) -> None:
        self._draw = random.Random(seed)
        self._seed, self._lives, self._step = seed, lives, step
        self.arrivals = Arrivals(entries, seed)
        self.wanted: dict[Place, set[str]] = defaultdict(set)  # categories; "" for all
        self.moved: dict[int, int] = {}
        self._configs: list[ChannelConfig] = []
        self._events: dict[int, list[tuple[str, int]]] = defaultdict(list)
        self._kinds: dict[int, str] = {}
        for number in range(count):
            self._add_chat(number)
        groups = [chat for chat, kind in self._kinds.items() if kind == "group"]
        for chat in self._draw.sample(groups, len(groups) // 4):
            self._events[self._draw.randrange(60, _DAY)].append(("migrate", chat))

    def _add_chat(self, number: int) -> None:
        kind = ("private", "channel", "group", "forum")[number % 4]
        chat = 5_000_000 + number if kind == "private" else -(1_000_000 + number)
        self._kinds[chat] = kind
        topics = (11, 12) if kind == "forum" else (0,)
        for topic in topics:
            for _ in range(1 + (number % 7 == 0)):  # some have two subscriptions in one place
                wants = "" if number % 97 == 5 else f"c{self._draw.randrange(_CATEGORIES)}"
                wants = "noon" if number % 23 == 3 else wants
                self.wanted[Place(chat, topic)].add(wants)
                options = {**self._draw.choice(_LOOKS), **self._draw.choice(_TIMES)}
                values = {"chat": str(chat), "topic": topic or None, "query": f"#{wants}" if wants else "", "recent": 0}
                hold = "hold" if self._draw.random() < 0.3 else "repost"
                self._configs.append(ChannelConfig.model_validate({**values, **options, "on_unknown": hold}))
        leaves = self._draw.randrange(30, _DAY - 200)
        if kind == "forum" and number % 3 == 0:
            self._events[leaves] += [("close", chat)]
            self._events[leaves + 180] += [("reopen", chat)]
        elif number % 13 == 1:
            self._events[leaves] += [("throw out", chat)]
            self._events[leaves + 150] += [("take back", chat)]

    def tell(self, url: str, folder: Path) -> int:
        """Live through the day; return how much was wrong."""
        began = time.monotonic()
        with open_store(url) as store, BotApi() as api:
            migrate_tables(store)
            self._people(api)
            with store.database.begin() as connection:
                for number, config in enumerate(self._configs):
                    chat = bot_chats.ensure_chat(connection, config.chat)
                    owner = {"owner": "config" if number % 10 == 0 else "chat"}
                    bot_chats.add_subscription(connection, chat, config.topic or 0, config, owner)
            kills = self._live(url, folder, api)
            held = list_held(store, limit=10_000)
            answered = sum(send_held(store, one.delivery) for one in held)
            self._life(url, folder, api, _END, _END + _REST, seed=0)
            faults = Check(store, api, self, {one.delivery for one in held}, read_calls(folder)).faults()
            states = Counter(read_states(store))
        print(
            f"{len(self._kinds):,} chats, {len(self._configs):,} subscriptions, {self.arrivals.count + _LATER:,} "
            f"entries, {kills} kills, in {time.monotonic() - began:.0f} s: {states[('post', 'sent')]:,} parts of posts "
            f"and {states[('digest', 'sent')]:,} digests sent, which told of {states[('post', 'told')]:,} entries; "
            f"{len(held)} held, of which {answered} were sent by the button"
        )
        for name, what in faults.items():
            print(f"{name}: {what if isinstance(what, int) else len(what)}{f', such as {what[:3]}' if what else ''}")
        left = {state: number for state, number in states.items() if state[1] not in {"sent", "told"}}
        print(f"left: {left or 'nothing'}")
        return sum(map(bool, faults.values())) + bool(left)

    def _people(self, api: BotApi) -> None:
        for number, (chat, kind) in enumerate(self._kinds.items()):
            if kind == "private":
                api.add_user(chat)
            elif kind == "forum":
                api.add_chat(chat, "supergroup", threads=frozenset({11, 12}), status="member")
            else:
                denied = frozenset({"can_send_photos"} if kind == "group" and number % 3 == 0 else ())
                api.add_chat(chat, kind, denied=denied, status="administrator" if kind == "channel" else "member")
        for number in range(self.arrivals.count):
            for address in self.arrivals.pictures(number)[: number % 3]:
                api.spoil_photo(address)

    def _live(self, url: str, folder: Path, api: BotApi) -> int:
        """Live until the end; return how often the process was killed."""
        kills = minute = 0
        while minute < _END:
            is_last = kills >= self._lives
            minute = self._life(url, folder, api, minute, _END, seed=0 if is_last else self._draw.randrange(1, 10**9))
            kills += minute < _END
        return kills

    def _life(self, url: str, folder: Path, api: BotApi, first: int, end: int, *, seed: int) -> int:
        """Start the process at a minute; return that in which it ended, which is lived again. It survives if 0."""
        program = [sys.executable, "-m", "benchmarks.day", "live", url, api.url, api.token, str(folder)]
        program += map(str, (first, end, self._step, self.arrivals.count, self._seed, seed))
        minute, pipe = first, subprocess.PIPE
        with subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in process.stdout:
                if line == "end\n":
                    minute = end
                    break
                minute = int(line)
                self._happen(api, minute)
                try:
                    process.stdin.write("go on\n")
                    process.stdin.flush()
                except BrokenPipeError:
                    break
            process.stdout.read()
            code = process.wait()
        if code not in {0, -9}:
            sys.exit(f"a life ended with {code}")
        return minute

    def _happen(self, api: BotApi, minute: int) -> None:
        for what, whose in [event for at in range(minute, minute + self._step) for event in self._events.pop(at, ())]:
            chat = self.moved.get(whose, whose)
            if what == "migrate":
                self.moved[chat] = -2_000_000_000 + chat
                api.migrate(chat, self.moved[chat])
            elif what in {"close", "reopen"}:
                api.set_topic(chat, 11, closed=what == "close")
            else:
                api.set_status(chat, None, "kicked" if what == "throw out" else "administrator")
        if minute < _DAY and self._draw.random() < len(self._kinds) / _CHATS_PER_FAULT:
            self._go_wrong(api)

    def _go_wrong(self, api: BotApi) -> None:
        draw = self._draw
        anyone = str(draw.choice(list(self._kinds)))
        method = draw.choice(["sendMessage", "sendPhoto"])
        faults: tuple[Callable[[], None], ...] = (
            lambda: api.answer(429, retry_after=draw.randrange(3, 90), chat=anyone, times=2),
            lambda: api.answer(429, retry_after=draw.randrange(3, 30), method=method, times=3),
            lambda: api.answer(502, method=method, times=3),
            lambda: api.answer(400, "Bad Request: something nobody has heard of", method=method),
            lambda: api.drop(method=method),
            lambda: api.garble(method=method),
        )
        draw.choice(faults)()


# --- the process that is killed ---------------------------------------------------------------------------------------


class Life:
    """The bot from a minute on, with a clock of its own."""

    def __init__(self, url: str, folder: Path, first: int, end: int, step: int, arrivals: Arrivals) -> None:
        self._store, self._folder, self._arrivals = open_store(url), folder, arrivals
        self._minute, self._end, self._step = first, end, step
        self.now = START + timedelta(minutes=first + step)  # time has passed since the life before

    async def run(self, api_url: str, token: str, seed: int) -> None:
        """Live until the end, or until it is killed."""
        if seed:
            draw = random.Random(seed)
            kill_at(
                draw.choice(STEPS), draw.randrange(1, max(4, self._arrivals.count // _ENTRIES_PER_STEP)), self._store
            )
        bot = make_bot(TelegramConfig.model_validate({"token": token, "api_url": api_url}))
        await bot.initialize()
        self._watch_calls()
        sender = Sender(
            bot,
            self._store,
            find_subscriptions=partial(find_subscriptions, self._store),
            words=ENGLISH,
            site_url=_SITE,
            page_of=lambda query: f"{_SITE}search?q=rain" if query else f"{_SITE}archive/",
            now=lambda: self.now,
        )
        while self._minute < self._end:
            sys.stdout.write(f"{self._minute}\n")
            sys.stdout.flush()
            sys.stdin.readline()
            step = self._step if self._minute < _DAY else _STEP
            for minute in range(self._minute, self._minute + step):
                self._arrive(minute)
            await self._send(sender, START + timedelta(minutes=self._minute + step))
            self._minute += step
        sys.stdout.write("end\n")
        await bot.shutdown()

    def _arrive(self, minute: int) -> None:
        if numbers := self._arrivals.by_minute.get(minute):
            moment = START + timedelta(minutes=minute)
            found = [
                (Origin("made up", f"{number}.md"), self._arrivals.entry(number, moment + timedelta(seconds=nth)))
                for nth, number in enumerate(numbers)
            ]
            save(self._store, found)
        if minute in {_NOON, _GAINS}:
            self._read_source(gains=minute == _GAINS)

    def _read_source(self, *, gains: bool) -> None:
        source = self._folder / "noon"
        source.mkdir(exist_ok=True)
        numbers = self._arrivals.later
        for number in range(_OLD):
            write_article(source, f"Old {number}", datetime(2009, 5, 1, tzinfo=UTC) + timedelta(days=number))
        for number in range(10):  # of today, but the source had them when it was added
            write_article(source, f"Old {_OLD + number}", START + timedelta(hours=number))
        if gains:
            for number in numbers:
                write_article(
                    source, f"Entry {number}", START + timedelta(minutes=_GAINS - 30, seconds=number - numbers.start)
                )
        config = Config(
            sources=(FolderSource(name="noon", folder=source),), store=StoreConfig(url=self._store.database.url)
        )
        ingest(config, self._store, now=self.now)

    async def _send(self, sender: Sender, end: datetime) -> None:
        """Plan, and send until nothing more is due before `end`."""
        sender.tick()
        while True:
            try:
                due = await sender.start_calls()
            except StoreError:  # locks of the killed process are not released yet
                continue
            if sender.in_flight:
                await asyncio.wait(sender.in_flight, return_when=asyncio.FIRST_COMPLETED)
            elif due is None or due >= end:
                break
            else:
                self.now = max(due, self.now + timedelta(milliseconds=50))
        self.now = max(self.now, end)

    def _watch_calls(self) -> None:
        """Keep the story's time of each call, and of the end of each wait that Telegram asked for."""
        log = (self._folder / "calls").open("a", encoding="ascii", buffering=1)
        real = vars(sender_module)["send"]

        async def watched(bot: Bot, claim: Claim, *arguments: Any, **named: Any) -> Sent:  # noqa: ANN401  passed on
            log.write(f"{self.now.timestamp()} {claim.chat} call\n")
            try:
                sent: Sent = await real(bot, claim, *arguments, **named)
            except RetryAfter as error:
                outcome = classify_error(error, claim.form)
                assert outcome.wait is not None
                log.write(f"{(self.now + outcome.wait).timestamp()} {claim.chat} wait\n")
                raise
            return sent

        vars(sender_module)["send"] = watched


def write_article(folder: Path, title: str, moment: datetime) -> None:
    head = f"---\ntitle: '{title}: rain'\ndate: {moment.isoformat()}\ntags: [noon]\n---\n\n"
    number = title.replace(" ", "-").lower()
    (folder / f"{number}.md").write_text(f"{head}It rained in {title} all day, and people had umbrellas.\n", "utf-8")


# --- what came of it --------------------------------------------------------------------------------------------------


class Called(NamedTuple):
    """A call, or the end of a wait that Telegram asked for (`what` is "call" or "wait"), in seconds since 1970."""

    at: float
    chat: str
    what: str


def read_calls(folder: Path) -> list[Called]:
    lines = (folder / "calls").read_text("ascii").splitlines()
    return [Called(float(at), chat, what) for at, chat, what in (line.split() for line in lines)]


def read_states(store: Store) -> Iterator[tuple[str, str]]:
    with store.database.read() as connection:
        yield from map(tuple, connection.execute(select(deliveries.c.kind, deliveries.c.state)))


class Check:
    """What is wrong with what the chats got. `held` are the deliveries that a person sent."""

    def __init__(self, store: Store, api: BotApi, story: Story, held: set[int], calls: list[Called]) -> None:
        self._api, self._story, self._held, self._calls = api, story, held, calls
        self._titles = {entry.id: entry.title for entry in store.entries.iter_all()}
        with store.database.read() as connection:
            rows = connection.execute(
                select(deliveries, subscriptions.c.topic, chats.c.number)
                .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
                .join(chats, chats.c.id == deliveries.c.chat)
                .order_by(deliveries.c.id)
            ).all()
        self._digests = {row.id: row.state for row in rows if row.kind == "digest"}
        self._rows: dict[Place, list[Any]] = defaultdict(list)
        for row in rows:
            if row.kind == "post":
                self._rows[Place(row.number, row.topic)].append(row)
        self._doubted = {(row.subscription, row.entry) for row in rows if row.doubts or row.id in held}

    def faults(self) -> dict[str, Any]:
        """Return what is wrong, by its name; all are empty if nothing is."""
        found: dict[str, list[Any]] = {
            name: [] for name in ("missing", "told twice", "unwanted", "doubled", "lost", "out of order", "incomplete")
        }
        for place, wants in self._story.wanted.items():
            self._check_place(Place(self._story.moved.get(place.chat, place.chat), place.topic), place, wants, found)
        return {**found, "early": self._early()}

    def _check_place(self, place: Place, first: Place, wants: set[str], found: Mapping[str, list[Any]]) -> None:
        arrivals = self._story.arrivals
        numbers = [*range(arrivals.count), *arrivals.later]
        expected = {one for one in numbers if "" in wants or not wants.isdisjoint(arrivals.categories(one))}
        parts: dict[int, list[Any]] = defaultdict(list)
        # A group that was not called since it moved is known by its old number.
        for row in (row for known in {place, first} for row in self._rows.get(known, ())):
            parts[self._number(row)].append(row)
        found["missing"] += [(place, one) for one in sorted(expected - parts.keys())]
        found["unwanted"] += [(place, one) for one in sorted(parts.keys() - expected)]
        seen = self._seen(place, first)
        counts = Counter(seen)
        for number, rows in parts.items():
            if (wrong := self._check_post(rows, counts[number])) is not None:
                found[wrong].append((place, number, counts[number], [row.state for row in rows]))
        by_subscription: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for number in dict.fromkeys(seen):
            if number in parts and not any(row.id in self._held for row in parts[number]):
                by_subscription[parts[number][0].subscription].append(arrivals.order[number])
        for moments in by_subscription.values():
            found["out of order"] += [(place, pair) for pair in pairwise(moments) if pair[0] > pair[1]]

    def _check_post(self, rows: list[Row[Any]], posted: int) -> str | None:
        """Return what is wrong with the deliveries of an entry, which stands so often in the chat; None if nothing."""
        is_doubted = any((row.subscription, row.entry) in self._doubted for row in rows)
        states = {row.state for row in rows}
        if "told" in states:
            is_told_once = len(rows) == 1 and self._digests.get(rows[0].digest) == "sent"
            return None if is_told_once and (is_doubted or not posted) else "told twice"
        if states != {"sent"}:
            return "incomplete"
        if not posted:
            return "lost"
        return "doubled" if posted > 1 and not is_doubted else None

    def _number(self, row: Row[Any]) -> int:
        title = self._titles[row.entry]
        match = _TITLE.match(title)
        assert match is not None
        return int(match[1]) if title.startswith("Entry") else -1 - int(match[1])

    def _seen(self, place: Place, first: Place) -> list[int]:
        """Return the entries whose posts are in the chat, in order; of a digest, the heading begins with a number."""
        found = []
        for chat in dict.fromkeys((first.chat, place.chat)):
            for message in self._api.messages(chat):
                if (message.get("message_thread_id") or 0) != place.topic:
                    continue
                match = _TITLE.match(message.get("text", message.get("caption", "")))
                if match:
                    found.append(int(match[1]))
        return found

    def _early(self) -> list[Called]:
        """Return the calls that came before a wait was over, or faster than chats may be called."""
        until: dict[str, float] = {}
        last: dict[str, float] = {}
        early = []
        for one in self._calls:
            if one.what == "wait":
                until[one.chat] = one.at
                continue
            pace = Pace()
            soonest = max(until.get(one.chat, 0.0), last.get(one.chat, 0.0) + pace.per_chat_s)
            if one.at + 0.01 < soonest:
                early.append(one)
            last[one.chat] = one.at
        return early


if __name__ == "__main__":
    main()

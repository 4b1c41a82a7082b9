"""What became of a day simulated on four machines: whether all is there once, and in order (see `cluster_day`)."""

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import feedparser
from sqlalchemy import select, text

from benchmarks.faults import count_pages
from bot.delivery.chats import read_channels
from bot.delivery.outbox import MAX_DOUBTS
from bot.tables import chats, deliveries
from feeder import ChannelConfig, Entry, Store
from feeder.config.load import Config
from tests.bot.api import BotApi

_COMPLAINT = re.compile(r"\S+ \S+ ((?:WARNING|ERROR|CRITICAL) .*)")


class Outcome(NamedTuple):
    """What is left of the day.

    `entries` is how many there must be; those up to the number `first_new` came before it, and `recent` are those that
    each chat got then. `deaths` are the moments when a machine died that ran the bot, `starts` those when one began to
    poll.
    """

    config: Config
    store: Store
    api: BotApi
    chats: Sequence[ChannelConfig]
    entries: int
    first_new: int
    recent: dict[int, set[str]]
    deaths: Sequence[float]
    starts: Sequence[float]
    logs: Sequence[Path]


def find_faults(outcome: Outcome) -> Iterator[str]:
    """Print figures, and yield what is wrong."""
    found = list(outcome.store.entries.iter_all())
    yield from _check_site(outcome, found)
    yield from _check_chats(outcome, {entry.title: entry for entry in found})
    yield from _check_bot(outcome)
    yield from _check_logs(outcome)


def posts(api: BotApi, chat: int) -> list[str]:
    """Return the posts in a chat by their first lines, which are the titles of their entries."""
    return [post.partition("\n")[0] for post in api.texts(chat)]


def _check_site(outcome: Outcome, found: Sequence[Entry]) -> Iterator[str]:
    store, site = outcome.store, outcome.config.site
    pages, titles = count_pages(outcome.config), len({entry.title for entry in found})
    with store.database.read() as connection:
        numbers = connection.scalar(text("SELECT count(DISTINCT number) FROM entries"))
    print(f"{len(found):,} of {outcome.entries:,} articles, {titles:,} titles, {numbers:,} numbers, {pages:,} pages")
    if {len(found), titles, numbers, pages} != {outcome.entries}:
        yield "articles were lost, or are there twice"
    feed = feedparser.parse((site.output / "atom.xml").read_bytes())
    if feed.bozo:
        yield f"the feed is not valid: {feed.bozo_exception}"
    newest = {one.title for one in store.entries.latest(site.entries_per_feed)}
    if missing := newest - {one.title for one in feed.entries}:
        yield f"{len(missing)} of the newest articles are not in the feed, such as {sorted(missing)[:3]}"


def _check_chats(outcome: Outcome, entries: dict[str, Entry]) -> Iterator[str]:
    store, recent = outcome.store, outcome.recent
    news = {entry.id for _, entry in store.entries.added_after(outcome.first_new, len(entries))}
    rows: dict[int, list[Any]] = defaultdict(list)
    with store.database.read() as connection:
        joined = select(deliveries, chats.c.number).join(chats, chats.c.id == deliveries.c.chat)
        for row in connection.execute(joined.order_by(deliveries.c.id)):
            rows[row.number].append(row)
    total: Counter[str] = Counter()
    for channel in read_channels(outcome.chats):
        number = int(channel.config.chat)
        matching = {entry.id for entry in store.entries.latest(len(entries), query=channel.query)}
        if len(recent[number]) != channel.config.recent:
            yield f"chat {number}: it began with {len(recent[number])} posts instead of {channel.config.recent}"
        seen = [entries[title].id if title in entries else title for title in posts(outcome.api, number)]
        holds = channel.config.on_unknown == "hold"
        chat = _Chat(number, holds, (matching & news) | recent[number], seen, rows[number])
        total += chat.figures()
        yield from chat.faults()
    print(
        f"{total['wanted']:,} posts wanted in {len(outcome.chats)} chats: {total['seen']:,} arrived; "
        f"{total['doubted']} were in doubt: {total['twice']} of them arrived twice, and {total['held']} are held, of "
        f"which {total['lost']} never arrived"
    )


class _Chat(NamedTuple):
    """What a chat should have got, what it got, in order, and the outbox's rows of it."""

    number: int
    holds: bool
    wanted: set[str]
    seen: list[str]
    rows: list[Any]

    @property
    def doubted(self) -> set[str]:
        """The entries of which nobody knew for a while whether they had been posted."""
        return {row.entry for row in self.rows if row.doubts}

    @property
    def held(self) -> set[str]:
        return {row.entry for row in self.rows if row.state == "unknown"}

    @property
    def given_up(self) -> set[str]:
        """The entries that were in doubt too often to be sent again."""
        return {row.entry for row in self.rows if row.doubts >= MAX_DOUBTS}

    def figures(self) -> Counter[str]:
        """Return figures."""
        times = Counter(self.seen)
        return Counter(
            wanted=len(self.wanted),
            seen=len(self.wanted & times.keys()),
            doubted=len(self.doubted),
            twice=sum(number > 1 for number in times.values()),
            held=len(self.held),
            lost=len(self.held - times.keys()),
        )

    def faults(self) -> Iterator[str]:
        """Yield what is wrong."""
        times, states = Counter(self.seen), Counter(row.state for row in self.rows)
        twice = {one for one, number in times.items() if number > 1}
        wrong: dict[str, set[str]] = {
            "lost": self.wanted - times.keys() - self.held,
            "unwanted": times.keys() - self.wanted,
            "posted twice without doubt": twice - self.doubted,
            "posted twice though it holds them": twice if self.holds else set(),
            "held though it has them sent again": set() if self.holds else self.held - self.given_up,
        }
        for what, which in wrong.items():
            if which:
                yield f"chat {self.number}: {len(which)} {what}, such as {sorted(which)[:3]}; states: {dict(states)}"
        order = {row.entry: row.id for row in self.rows}
        firsts = [order[one] for one in dict.fromkeys(self.seen) if one in order]
        if pairs := sum(first > second for first, second in pairwise(firsts)):
            yield f"chat {self.number}: {pairs} posts out of order"
        if left := states.keys() - {"sent", "unknown"}:
            yield f"chat {self.number}: posts are {', '.join(left)}"


def _check_bot(outcome: Outcome) -> Iterator[str]:
    waits = [next((start - died for start in outcome.starts if start > died), None) for died in outcome.deaths]
    known = [wait for wait in waits if wait is not None]
    if len(known) < len(waits):
        yield "nobody took the bot over"
    print(
        f"{len(waits)} deaths of the machine with the bot: another one polled within "
        f"{statistics.median(known or [0]):.1f} s (median), {max(known, default=0):.1f} s (longest; some died before "
        f"they polled); the bot began {len(outcome.starts)} times"
    )


def _check_logs(outcome: Outcome) -> Iterator[str]:
    said: Counter[str] = Counter()
    for log in outcome.logs:
        lines = log.read_text("utf-8", "replace").splitlines()
        found = filter(None, map(_COMPLAINT.match, lines))
        said.update(re.sub(r"\d+", "N", match[1])[:150] for match in found)
        if tracebacks := sum(line.startswith("Traceback") for line in lines):
            yield f"{log.name}: {tracebacks} tracebacks"
    for what, times in said.most_common():
        print(f"logged {times} times: {what}")

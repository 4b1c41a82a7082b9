"""Planning: each new entry finds the subscriptions that it is for, and is posted to them, or told in a digest.

    news ──► distinct queries ──► subscriptions ──┬─ pending    posted by itself
      (each read and matched once)                └─ waiting    told in a digest (`digests`), when `timing` says so

    pending, more than `max_waiting` ─────────────► waiting    the oldest of them

Entries and the subscriptions they were planned for move on in one transaction: planning goes on after a kill where it
stopped, and of two processes that plan the same, one finds nothing to do. A chat has an entry once in each topic: of
two subscriptions that it matches, the first has it.

What was published longer ago than `max_age` when it was first seen is no news. The news of a chat that is switched off
wait; after a week they are left for when it is back. `now` is always an argument; nothing here calls Telegram.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from bot.delivery.chats import Channel, Subscription, in_chunks, insert_new
from bot.delivery.outbox import Form
from bot.messages.post import look_of
from bot.planning.digests import make_digests
from bot.planning.timing import hour_of, quiet_until, read_times, told_at
from bot.planning.waiting import let_wait
from bot.tables import deliveries, subscriptions
from feeder import LAST_INGEST_NOTE, ChannelConfig, Entry, Facts, Store

_PAGE = 500
_ROWS = 20_000  # deliveries in one transaction, about
_FEW = 500  # chats to look up by name
_IDS = 5000  # in one IN (…); SQLite allows 32,766 values in a statement

_OPEN = {"pending", "sending", "waiting"}
_POST = {"kind": "post", "attempts": 0, "doubts": 0}


FindForms = Callable[[Entry, ChannelConfig], Sequence[Form]]
"""Returns the form that each part of a post is sent in first."""


def one_part(_entry: Entry, _config: ChannelConfig) -> tuple[Form, ...]:
    """Return the form of a post that is one message."""
    return ("photo",)


class News(NamedTuple):
    """An entry to plan, and its number."""

    number: int
    entry: Entry

    @property
    def age(self) -> timedelta:
        """How long before it was first seen it had been published."""
        return self.entry.first_seen_at - self.entry.published


def plan(
    store: Store,
    rows: Sequence[Subscription],
    now: datetime,
    zone: str = "UTC",
    find_forms: FindForms = one_part,
) -> None:
    """Write the deliveries of each entry that is new to each of these subscriptions, and make the digests that are due.

    A new subscription waits until the first pass has filled the store, and has the `recent` newest entries at once.
    `zone` is the time zone of those that have none.
    """
    going_on = [row for row in rows if row.configured and not row.paused]
    new = [row for row in going_on if row.last_number is None and row.is_active]
    if new and store.database.get_note(LAST_INGEST_NOTE) is not None:
        _start(store, new, now, zone, find_forms)
    behind = [row for row in going_on if row.last_number is not None and row.is_planned]
    _plan_news(store, behind, now, zone, find_forms)
    _forget_absence(store, [row.id for row in behind if row.has_missed])
    make_digests(store, going_on, now, zone)


def _forget_absence(store: Store, ids: Sequence[int]) -> None:
    """Note that what subscriptions missed while they were off has been planned."""
    column = subscriptions.c
    for some in in_chunks(ids, _IDS):
        with store.database.begin() as connection:
            is_on = column.id.in_(some) & column.off_reason.is_(None)
            connection.execute(update(subscriptions).where(is_on).values(off_tries=0))


def _start(store: Store, rows: Sequence[Subscription], now: datetime, zone: str, find_forms: FindForms) -> None:
    last = store.entries.last_number()  # read first: an entry that arrives meanwhile is planned next time
    recent: dict[tuple[str, int], list[News]] = {}
    for row in rows:
        if (key := _recent_key(row)) not in recent:
            recent[key] = [News(0, entry) for entry in select_recent(store, row.channel)]
    for some in in_chunks(rows, _ROWS // 10):
        with store.database.begin() as connection:
            ours = _advance(connection, some, last)
            mine = {row.id: row for row in some if row.id in ours}
            news = {row.id: recent[_recent_key(row)] for row in mine.values()}
            _write(connection, news, mine, now, zone, find_forms)


def _recent_key(row: Subscription) -> tuple[str, int]:
    return row.channel.config.query, row.channel.config.recent


def select_recent(store: Store, channel: Channel) -> list[Entry]:
    """Return the entries that a new subscription begins with, oldest first."""
    recent = channel.config.recent
    return store.entries.latest(recent, query=channel.query)[::-1] if recent else []


def _plan_news(store: Store, rows: Sequence[Subscription], now: datetime, zone: str, find_forms: FindForms) -> None:
    last = store.entries.last_number()
    behind = [row for row in rows if _position(row) < last]
    while behind:
        size = max(min(_PAGE, _ROWS // len(behind)), 1)
        page, upto = store.entries.news_after(min(map(_position, behind)), size)
        if upto is None:
            upto = max([last, *(number for number, _ in page)])
        reached = upto
        found = _match(page, {row.channel.config.query: row.channel for row in behind})
        overtaken = [row for row in behind if _position(row) < reached]
        with store.database.begin() as connection:
            ours = _advance(connection, overtaken, reached)
            mine = {row.id: row for row in overtaken if row.id in ours}
            _write(connection, {row.id: _since(row, found) for row in mine.values()}, mine, now, zone, find_forms)
        left = [row for row in behind if row.id in mine or _position(row) >= reached]
        behind = [replace(row, last_number=max(_position(row), reached)) for row in left if reached < last]


def _position(row: Subscription) -> int:
    assert row.last_number is not None  # noqa: S101  for the types: it has begun
    return row.last_number


def _match(page: Sequence[tuple[int, Entry]], channels: Mapping[str, Channel]) -> dict[str, list[News]]:
    """Return the entries that each distinct query matches, by its text, oldest first."""
    found: dict[str, list[News]] = {text: [] for text in channels}
    for number, entry in page:
        news, facts = News(number, entry), Facts(entry, entry.first_seen_at)
        for text, channel in channels.items():
            if channel.query is None or channel.query.is_true_for(lambda leaf: leaf.matches(facts)):  # noqa: B023  called at once
                found[text].append(news)
    return {text: sorted(news, key=lambda one: (one.entry.published, one.number)) for text, news in found.items()}


def _since(row: Subscription, found: Mapping[str, list[News]]) -> list[News]:
    config, position = row.channel.config, _position(row)
    max_age = read_times(config, "UTC").max_age
    return [news for news in found[config.query] if news.number > position and news.age <= max_age]


def _advance(connection: Connection, rows: Sequence[Subscription], upto: int) -> set[int]:
    """Let subscriptions have been planned up to a number; return which were where these rows say."""
    places: dict[int | None, list[int]] = defaultdict(list)
    for row in rows:
        places[row.last_number].append(row.id)
    moved: set[int] = set()
    for place, ids in places.items():
        for some in in_chunks(ids, _IDS):
            is_here = subscriptions.c.id.in_(some) & subscriptions.c.last_number.is_not_distinct_from(place)
            moving = update(subscriptions).where(is_here).values(last_number=upto).returning(subscriptions.c.id)
            moved.update(connection.scalars(moving))
    return moved


def _write(
    connection: Connection,
    found: Mapping[int, Sequence[News]],
    rows: Mapping[int, Subscription],
    now: datetime,
    zone: str,
    find_forms: FindForms,
) -> None:
    """Write the deliveries of these subscriptions, by id: in the order of theirs, the first has an entry."""
    had = _find_had(
        connection, {news.entry.id for each in found.values() for news in each}, {row.chat for row in rows.values()}
    )
    hours = _read_hours(connection, [row.id for row in rows.values() if row.channel.config.per_hour and found[row.id]])
    known: dict[tuple[str, object], Sequence[Form]] = {}
    written: list[dict[str, Any]] = []
    counted: dict[int, int] = {}
    for number in sorted(found):
        row = rows[number]
        place = (row.chat, row.channel.topic)
        new = [news for news in found[number] if (*place, news.entry.id) not in had]
        if not new:
            continue
        had.update((*place, news.entry.id) for news in new)
        posts, due_at = _choose(row, len(new), hours.get(number), now, zone)
        if row.channel.config.per_hour and posts:
            counted[number] = posts
        where = {"chat": row.chat, "subscription": number}
        look = look_of(row.channel.config)
        for nth, news in enumerate(new):
            if (alike := (news.entry.id, look)) not in known:
                known[alike] = find_forms(news.entry, row.channel.config)
            forms = known[alike]
            state: dict[str, Any] = {"state": "pending", "due_at": None}
            if nth >= posts:
                forms, state = forms[:1], {"state": "waiting", "due_at": due_at}
            written += [
                {**where, "entry": news.entry.id, "part": part, "form": form, **state, **_POST}
                for part, form in enumerate(forms)
            ]
    if written:
        connection.execute(insert_new(connection, deliveries), written)
        _count_posts(connection, counted, hours, hour_of(now))
        _let_surplus_wait(connection, rows, now, zone)


def _find_had(connection: Connection, entries: Iterable[str], chats: Collection[int]) -> set[tuple[int, int, str]]:
    """Return where in these chats these entries have been planned already: chats, topics and entries."""
    had: set[tuple[int, int, str]] = set()
    columns = deliveries.c.chat, subscriptions.c.topic, deliveries.c.entry
    planned = select(*columns).join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
    if len(chats) < _FEW:  # else hardly any other chat has had them
        planned = planned.where(columns[0].in_(chats))
    for some in in_chunks(entries, _IDS):
        had.update((row.chat, row.topic, row.entry) for row in connection.execute(planned.where(columns[2].in_(some))))
    return had


def _choose(
    row: Subscription, number: int, posted: tuple[datetime, int] | None, now: datetime, zone: str
) -> tuple[int, datetime | None]:
    """Return how many of so many new entries are posted, the oldest first, and when the others are told.

    `posted` is what was posted in which hour, if that is limited.
    """
    times = read_times(row.channel.config, zone)
    if not row.is_active or row.has_missed:
        return 0, None
    if times.digest or quiet_until(times, now):
        return 0, told_at(times, now)
    if not times.per_hour:
        return number, None
    began_at, count = posted or (hour_of(now), 0)
    left = times.per_hour - (count if began_at == hour_of(now) else 0)
    return max(min(left, number), 0), told_at(times, now, is_full=True)


def _read_hours(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[datetime, int]]:
    columns = subscriptions.c
    hours: dict[int, tuple[datetime, int]] = {}
    for some in in_chunks(ids, _IDS):
        known = columns.id.in_(some) & columns.hour_began_at.is_not(None)
        for row in connection.execute(select(columns.id, columns.hour_began_at, columns.hour_posts).where(known)):
            hours[row.id] = (row.hour_began_at, row.hour_posts)
    return hours


def _count_posts(
    connection: Connection, counted: Mapping[int, int], hours: Mapping[int, tuple[datetime, int]], hour: datetime
) -> None:
    for number, posts in counted.items():
        began_at, before = hours.get(number, (hour, 0))
        values = {"hour_began_at": hour, "hour_posts": posts + (before if began_at == hour else 0)}
        connection.execute(update(subscriptions).where(subscriptions.c.id == number).values(values))


def _let_surplus_wait(connection: Connection, rows: Mapping[int, Subscription], now: datetime, zone: str) -> None:
    """Let the oldest posts that are pending wait for a digest, where there are more than `max_waiting`."""
    column = deliveries.c
    is_pending = (column.state == "pending") & (column.kind == "post") & (column.part == 0)
    counts = select(column.subscription, func.count()).where(is_pending).group_by(column.subscription)
    least = min(row.channel.config.max_waiting for row in rows.values())
    for number, count in connection.execute(counts.having(func.count() > least)).all():
        if number not in rows or count <= (most := rows[number].channel.config.max_waiting):
            continue
        newest = select(column.id).where(is_pending, column.subscription == number).order_by(column.id.desc())
        due_at = quiet_until(read_times(rows[number].channel.config, zone), now) or now
        let_wait(connection, [number], column.id.in_(newest.offset(most)), due_at)


# Looking ahead.


def preview(store: Store, channel: Channel, subscription: Subscription | None) -> list[Entry]:
    """Return the entries that would be posted to a channel now or told in a digest, in order; change nothing.

    `subscription` is the channel's; None if it is not in the store.
    """
    goes_on = subscription is not None and subscription.configured
    planned: dict[str, str] = {}
    if subscription is not None:
        mine = select(deliveries.c.entry, deliveries.c.state).where(
            deliveries.c.subscription == subscription.id, deliveries.c.kind == "post", deliveries.c.part == 0
        )
        with store.database.read() as connection:
            planned = {row.entry: row.state for row in connection.execute(mine.order_by(deliveries.c.id))}
    open_ids = [entry for entry, state in planned.items() if state in _OPEN and goes_on]
    left = [entry for entry in map(store.entries.find, open_ids) if entry is not None]
    if subscription is not None and goes_on and subscription.last_number is not None:
        new = _find_news(store, channel, subscription)
    else:
        new = select_recent(store, channel)
    return left + [entry for entry in new if entry.id not in planned]


def _find_news(store: Store, channel: Channel, subscription: Subscription) -> list[Entry]:
    found: list[Entry] = []
    after: int | None = _position(subscription)
    while after is not None:
        page, upto = store.entries.news_after(after, _PAGE)
        row = replace(subscription, channel=channel, last_number=after)
        news = _since(row, _match(page, {channel.config.query: channel}))
        found += [one.entry for one in news]
        after = upto
    return found

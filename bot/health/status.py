"""How each subscription is: what was sent, what waits, what is held, and why it is off."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from bot.delivery.chats import chat_name
from bot.health.held import is_held
from bot.tables import chats, deliveries, subscriptions
from feeder import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a subscription is. `number` is that of its chat, None while unknown; `title` what Telegram calls it.

    `waiting` includes what is to be told in a digest, `held` is in doubt. `off_reason` is None while it is on.
    """

    subscription: int
    chat: str
    number: int | None
    title: str | None
    topic: int
    owner: str
    paused: bool
    sent: int
    waiting: int
    held: int
    failed: int
    off_reason: str | None
    next_try_at: datetime | None


def read_standings(store: Store, *, besides: Collection[int] | None = None) -> tuple[Standing, ...]:
    """Return how the subscriptions are that have not ended.

    With `besides`, only of those that are in trouble, and these; what was sent and what waits is then not counted.
    """
    columns = subscriptions.c
    rows = (
        select(subscriptions, chats.c.number, chats.c.title, chat_name().label("name"))
        .join(chats, chats.c.id == columns.chat)
        .where(columns.configured)
        .order_by(columns.id)
    )
    with store.database.read() as connection:
        counts = _count(connection, only_held=besides is not None)
        if besides is not None:
            rows = rows.where(columns.off_reason.is_not(None) | columns.id.in_({*counts, *besides}))
        found = connection.execute(rows).all()
    return tuple(
        Standing(
            subscription=row.id,
            chat=row.name,
            number=row.number,
            title=row.title,
            topic=row.topic,
            owner=row.owner,
            paused=row.paused,
            off_reason=row.off_reason,
            next_try_at=row.next_try_at,
            **{name: counts[row.id][name] for name in ("sent", "waiting", "held", "failed")},
        )
        for row in found
    )


def describe_standing(standing: Standing) -> str:
    """Return one line for a terminal. Pure."""
    counts = f"{standing.sent} sent, {standing.waiting} waiting, {standing.held} in doubt, {standing.failed} failed"
    paused = "; paused" if standing.paused else ""
    text = f"{_name(standing)}: {counts}{paused}"
    return text if standing.off_reason is None else f"{text}; {_explain_off(standing)}"


def explain_troubles(standings: Sequence[Standing]) -> Iterator[tuple[bool, str]]:
    """Yield (ok, one line) for each configured chat that is off, and one for all that waits for a person. Pure."""
    for standing in standings:
        if standing.off_reason is not None and standing.owner == "config":
            yield False, f"{_name(standing)}: {_explain_off(standing)}; let the bot post there"
    held, failed = sum(one.held for one in standings), sum(one.failed for one in standings)
    if held or failed:
        text = f"posts that may or may not have been sent: {held}; that could not be: {failed}; send /held to the bot"
        yield False, text


def _name(standing: Standing) -> str:
    title = f" ({standing.title})" if standing.title else ""
    return f"{standing.chat}{title}" + (f" topic {standing.topic}" if standing.topic else "")


def _explain_off(standing: Standing) -> str:
    when = f"{standing.next_try_at:%Y-%m-%d %H:%M} UTC" if standing.next_try_at else "soon"
    return f"switched off: {standing.off_reason}; next try: {when}"


def _count(connection: Connection, *, only_held: bool) -> dict[int, Counter[str]]:
    """Count the posts and digests of each subscription by what they, or parts of them, mean to a person."""
    state = deliveries.c.state
    held = case((is_held(), "held"), else_="waiting")
    meaning = case((state.in_(["sent", "failed"]), state), (state == "unknown", held), else_="waiting")
    statement = (
        select(deliveries.c.subscription, meaning.label("meaning"), func.count(deliveries.c.entry.distinct()))
        .join(subscriptions, subscriptions.c.id == deliveries.c.subscription)
        .where(is_held() if only_held else state.not_in(["told", "dropped"]))
        .group_by(deliveries.c.subscription, "meaning")
    )
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for subscription, name, count in connection.execute(statement):
        counts[subscription][name] += count
    return counts

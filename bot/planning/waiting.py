"""Posts that wait to be told in a digest. Must not know why, nor when the digest comes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from bot.tables import deliveries


def let_wait(
    connection: Connection, subscriptions: Sequence[int], chosen: ColumnElement[bool], due_at: datetime | None
) -> None:
    """Let the chosen posts of these subscriptions wait, by the rows of their first parts.

    Their other parts are dropped, since the digest tells of a post as a whole.
    """
    columns = deliveries.c
    mine = and_(columns.subscription.in_(subscriptions), columns.kind == "post")
    waiting = {"state": "waiting", "claim": None, "due_at": due_at}
    connection.execute(update(deliveries).where(mine, columns.part == 0, chosen).values(waiting))
    first = deliveries.alias()
    waits = select(first.c.id).where(
        first.c.subscription == columns.subscription,
        first.c.entry == columns.entry,
        first.c.part == 0,
        first.c.state == "waiting",
    )
    connection.execute(delete(deliveries).where(mine, columns.part > 0, waits.exists()))


def dissolve_digests(connection: Connection, subscriptions: Sequence[int]) -> None:
    """Have what the digests tell that are not sent yet wait for the next one."""
    columns = deliveries.c
    is_unsent = and_(columns.kind == "digest", columns.state == "pending", columns.subscription.in_(subscriptions))
    unsent = select(columns.id).where(is_unsent)
    connection.execute(update(deliveries).where(columns.digest.in_(unsent)).values(state="waiting", digest=None))
    connection.execute(delete(deliveries).where(is_unsent))

"""How many posts wait and what became of the latest, on both databases."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, event, text, update

from bot.app import TelegramService
from bot.delivery import outbox
from bot.delivery.outbox import CallOutcome
from bot.delivery.switches import switch_off
from bot.health.counting import count_deliveries
from bot.tables import deliveries, subscriptions
from feeder import Config, Store
from tests.bot.conftest import NO_LIMITS, START, channels, plan_posts

ENTRY_SEEN = START - timedelta(days=9)


def settle(store: Store, outcome: CallOutcome, now: datetime) -> None:
    [claim] = outbox.claim(store, now, 1, NO_LIMITS)
    outbox.settle(store, claim, outcome, now, NO_LIMITS)


def test_what_waits_and_what_was_tried_is_counted_by_outcome(each_store: Store) -> None:
    plan_posts(each_store, range(6), channels(-1, on_unknown="hold"))
    found = count_deliveries(each_store, START)
    assert (found.waiting, found.in_doubt, found.failed, dict(found.last_day)) == (6, 0, 0, {})
    settle(each_store, CallOutcome(result="sent", message=1), START)
    later = START + timedelta(hours=2)
    for outcome in (
        CallOutcome(result="sent", message=2),
        CallOutcome(result="failed", reason="BadRequest: no"),
        CallOutcome(result="unknown", reason="TimedOut: Timed out"),
    ):
        settle(each_store, outcome, later)
    later += timedelta(minutes=10)  # after a post in doubt, a chat is left alone for a while
    settle(each_store, CallOutcome(result="retry", reason="It is odd: very"), later)
    found = count_deliveries(each_store, later)
    assert (found.waiting, found.in_doubt, found.failed) == (2, 1, 1)
    assert found.last_hour == {"sent": 1, "failed": 1, "in_doubt": 1, "retried": 1}
    assert found.last_day == {**found.last_hour, "sent": 2}
    assert found.errors == {"BadRequest": 1, "TimedOut": 1, "other": 1}
    assert count_deliveries(each_store, later + timedelta(days=2)).last_day == {}


def test_the_oldest_waits_since_its_entry_came_or_it_was_due(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels(-1))
    with each_store.database.begin() as connection:
        connection.execute(text("UPDATE entries SET first_seen_at = 1000000"))  # 1970
    first = count_deliveries(each_store, START).oldest_at
    assert first is not None
    assert first.year == 1970
    due = START - timedelta(minutes=3)
    with each_store.database.begin() as connection:
        connection.execute(update(deliveries).values(due_at=due))
    assert count_deliveries(each_store, START).oldest_at == due
    assert count_deliveries(each_store, due - timedelta(seconds=1)).oldest_at is None


def test_what_may_not_be_sent_is_not_old(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels(-1))
    with each_store.database.begin() as connection:
        switch_off(connection, 1, "Forbidden", START, whole_chat=True)
    found = count_deliveries(each_store, START)
    assert (found.waiting, found.oldest_at) == (2, None)
    with each_store.database.begin() as connection:
        connection.execute(update(subscriptions).values(configured=False))
    assert count_deliveries(each_store, START).waiting == 0


def test_a_store_that_the_bot_has_never_used_has_none(unused_store: Store) -> None:
    assert TelegramService().deliveries(Config(), unused_store, START) is None


def test_what_was_ever_sent_is_not_looked_at(bot_store: Store) -> None:
    plans: list[str] = []
    plan_posts(bot_store, range(2), channels(-1))

    @event.listens_for(bot_store.database.engine, "before_cursor_execute")
    def explain(
        connection: Connection, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object
    ) -> None:
        if "FROM bot_deliveries" in statement and not statement.startswith("EXPLAIN"):
            cursor = connection.connection.cursor()
            plans.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    count_deliveries(bot_store, START)
    reads = [plan for plan in plans if "bot_deliveries" in plan]
    assert len(reads) >= 4
    for read in reads:
        assert read.startswith("SEARCH"), read
        assert any(key in read for key in ("(state=?", "called_at>?", "rowid=?")), read


@pytest.mark.parametrize("state", ["told", "dropped"])
def test_what_is_done_with_is_not_counted(each_store: Store, state: str) -> None:
    plan_posts(each_store, range(1), channels(-1))
    with each_store.database.begin() as connection:
        connection.execute(update(deliveries).values(state=state, called_at=START))
    found = count_deliveries(each_store, START)
    assert (found.waiting, dict(found.last_hour)) == (0, {})

"""The outbox on both databases: what is planned, claimed and settled, and that nothing is claimed twice."""

from datetime import timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, event, select

from bot import tables
from bot.delivery import outbox
from bot.delivery.calls import postpone
from bot.delivery.chats import Channel, find_subscriptions, read_channels, sync_channels
from bot.delivery.outbox import (
    LEASE,
    CallOutcome,
    Claim,
    claim,
    next_due,
    settle,
)
from bot.delivery.pace import Pace, backoff, calls_left, next_call, search_wait
from bot.delivery.sender import CALL_TIMEOUT_S
from bot.planning.planner import plan, preview
from bot.searches import PER_MINUTE, Turnstile, load_query, save_query, search_key
from bot.tables import migrate_tables
from feeder import LAST_INGEST_NOTE, ChannelConfig, ServiceError, Store, StoreError
from feeder.errors import StoreTooNewError
from tests.bot.conftest import NO_LIMITS, START, add_entries, channels, count_states, plan_posts

SENT = CallOutcome(result="sent", message=5)


def claim_at(store: Store, limit: int = 100, after: timedelta = timedelta()) -> list[Claim]:
    return claim(store, START + after, limit, NO_LIMITS)


def claim_one(store: Store, after: timedelta = timedelta()) -> Claim:
    (only,) = claim_at(store, after=after)
    return only


def settle_claim(store: Store, claimed: Claim, outcome: CallOutcome = SENT, after: timedelta = timedelta()) -> None:
    settle(store, claimed, outcome, START + after, NO_LIMITS)


def waiting(store: Store, channel: Channel) -> list[str]:
    (subscription,) = find_subscriptions(store, [channel])
    return [entry.title for entry in preview(store, channel, subscription)]


def test_the_migrations_make_the_tables_that_the_code_sees(store: Store) -> None:
    migrate_tables(store)
    ours = MetaData()
    for table in tables.metadata.tables.values():
        table.to_metadata(ours)
    with store.database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _parents: kind != "table" or name in ours.tables},
        )
        assert compare_metadata(context, ours) == []


def test_tables_of_a_newer_bot_are_left_alone(store: Store) -> None:
    migrate_tables(store)
    migrate_tables(store)  # a second time changes nothing
    with store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_version SET version_num = '9999'")
    with pytest.raises(StoreTooNewError, match="newer bot"):
        migrate_tables(store)


def test_a_chat_has_one_post_under_way_and_keeps_its_order(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels())
    first = claim_one(each_store)
    assert first.entry == "https://example.org/a/0"
    assert claim_at(each_store) == []
    settle_claim(each_store, first)
    assert claim_one(each_store).entry == "https://example.org/a/1"


def test_a_chat_that_another_process_has_just_claimed_gives_nothing(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels())
    claim_one(each_store)
    with each_store.database.begin() as connection:
        chat = connection.execute(select(tables.chats.c.id)).scalar_one()
        assert outbox._claim_next(connection, chat, START, NO_LIMITS, "UTC") is None


def test_a_channel_that_was_never_met_has_no_subscription(each_store: Store) -> None:
    assert find_subscriptions(each_store, channels()) == ()


def test_chats_are_claimed_side_by_side_up_to_the_limit(each_store: Store) -> None:
    plan_posts(each_store, range(1), channels(-1, -2, -3))
    assert len(claim_at(each_store, limit=2)) == 2
    assert len(claim_at(each_store)) == 1


def test_a_lease_that_ran_out_leaves_the_post_in_doubt(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels(on_unknown="hold"))
    lost = claim_one(each_store)
    assert next_due(each_store, START) == START + LEASE
    assert claim_one(each_store, after=LEASE).entry != lost.entry
    assert count_states(each_store) == {"unknown": 1, "sending": 1}


def test_a_post_in_doubt_is_claimed_again_first_where_the_channel_says_repost(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels(on_unknown="repost"))
    lost = claim_one(each_store)
    again = claim_one(each_store, after=LEASE)
    assert (again.entry, again.attempts) == (lost.entry, 2)
    settle_claim(each_store, lost, after=LEASE)  # too late: another has it
    assert count_states(each_store) == {"sending": 1, "pending": 1}


def test_a_late_outcome_still_counts_while_nobody_else_has_the_post(each_store: Store) -> None:
    plan_posts(each_store, range(1), channels(on_unknown="hold"))
    late = claim_one(each_store)
    assert claim_at(each_store, after=LEASE) == []
    settle_claim(each_store, late, after=LEASE)
    assert count_states(each_store) == {"sent": 1}


def test_a_claim_that_is_worked_on_does_not_expire_whatever_the_clock_does(each_store: Store) -> None:
    plan_posts(each_store, range(1), channels())
    mine = claim_one(each_store)
    assert claim(each_store, START + timedelta(hours=1), 9, NO_LIMITS, mine=[mine.token]) == []
    assert len(claim(each_store, START + timedelta(hours=1), 9, NO_LIMITS, mine=["another"])) == 1


def test_after_a_kill_a_chat_waits_no_longer_than_a_call_may_take() -> None:
    assert timedelta(seconds=CALL_TIMEOUT_S) < LEASE <= timedelta(seconds=CALL_TIMEOUT_S + 5)


def test_what_is_waited_for_follows_a_clock_that_is_put_back(each_store: Store) -> None:
    hour, wait = timedelta(hours=1), timedelta(hours=12)
    plan_posts(each_store, range(2), channels(-1, -2))
    refused, lost = claim_at(each_store, after=hour)
    settle_claim(each_store, refused, CallOutcome(result="retry", wait=wait), after=hour)
    assert claim_at(each_store) == []  # the clock is an hour back
    assert next_due(each_store, START) == START + LEASE
    assert claim_one(each_store, after=LEASE).chat == lost.chat
    early = claim_at(each_store, after=wait - timedelta(seconds=1))
    assert refused.chat not in {claimed.chat for claimed in early}
    assert refused.chat in {claimed.chat for claimed in claim_at(each_store, after=wait)}


def test_a_late_doubt_is_not_counted_twice(each_store: Store) -> None:
    plan_posts(each_store, range(1), channels())
    late = claim_one(each_store)
    with each_store.database.begin() as connection:
        outbox._expire_leases(connection, START + LEASE)
    settle_claim(each_store, late, CallOutcome(result="unknown"), after=LEASE)
    with each_store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT doubts FROM bot_deliveries").scalar() == 1


def test_a_post_that_ends_well_does_not_shorten_a_wait_that_telegram_demands(each_store: Store) -> None:
    plan_posts(each_store, range(2), channels(-1))
    first = claim_one(each_store)
    postpone(each_store, -1, START, timedelta(minutes=1))  # of an answer, while the post was under way
    settle_claim(each_store, first)
    assert outbox.next_due(each_store, START) == START + timedelta(minutes=1)


def test_with_many_chats_only_those_that_are_claimed_are_looked_at(bot_store: Store) -> None:
    plan_posts(bot_store, range(1), channels(*range(1, 200)))
    seen: list[str] = []

    def explain(connection: Any, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT") and "next_call_at" in statement and "EXISTS" in statement:
            plan = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            seen.extend(row[3] for row in plan if "bot_chats" in row[3] or "ORDER BY" in row[3])

    with_listener = bot_store.database.engine
    event.listen(with_listener, "before_cursor_execute", explain)
    assert len(outbox.claim(bot_store, START, 8, NO_LIMITS)) == 8
    outbox.next_due(bot_store, START)
    event.remove(with_listener, "before_cursor_execute", explain)
    assert len(seen) == 2
    assert all("ix_bot_chats_next_call" in step for step in seen)


def test_what_waits_is_due_when_its_chat_may_be_called(each_store: Store) -> None:
    assert next_due(each_store, START) is None
    plan_posts(each_store, range(2), channels())
    assert next_due(each_store, START) == START
    claimed = claim_one(each_store)
    settle_claim(each_store, claimed, CallOutcome(result="retry", wait=timedelta(seconds=40)))
    assert next_due(each_store, START) == START + timedelta(seconds=40)
    assert claim_at(each_store, after=timedelta(seconds=39)) == []
    assert claim_one(each_store, after=timedelta(seconds=40)).attempts == 2


def test_a_chat_whose_configuration_goes_keeps_its_rows_and_is_not_flooded_when_it_returns(each_store: Store) -> None:
    stays, goes = channels(-1, -2, recent=1)
    add_entries(each_store, 1)
    plan(each_store, sync_channels(each_store, [stays, goes]), START)
    claims = {claimed.chat: claimed for claimed in claim_at(each_store)}
    settle_claim(each_store, claims["-2"])
    add_entries(each_store, 2)
    plan(each_store, find_subscriptions(each_store, [goes]), START)
    sync_channels(each_store, [stays])
    assert "-2" not in {claimed.chat for claimed in claim_at(each_store)}
    add_entries(each_store, *range(3, 30))
    plan(each_store, sync_channels(each_store, [stays, goes]), START)
    assert waiting(each_store, goes) == ["title 29"]
    found = count_states(each_store)
    assert (found["sent"], found["told"]) == (1, 1)


def test_a_post_in_doubt_is_not_sent_again_when_its_chat_returns(each_store: Store) -> None:
    (channel,) = channels(on_unknown="repost")
    plan_posts(each_store, range(1), (channel,))
    claim_one(each_store)
    sync_channels(each_store, [])
    sync_channels(each_store, [channel])
    assert claim_at(each_store, after=LEASE) == []
    assert count_states(each_store) == {"waiting": 1}


def test_a_moved_chat_is_found_by_its_old_and_its_new_number(each_store: Store) -> None:
    (old,), (new,), (new_topic,) = channels(-5), channels(-1005), channels(-1005, topic=3)
    plan_posts(each_store, range(1), (old,))
    settle_claim(each_store, claim_one(each_store), CallOutcome(result="retry", moved_to=-1005))
    assert claim_one(each_store).chat == "-1005"
    (by_old,) = sync_channels(each_store, [old])
    (by_new,) = sync_channels(each_store, [new])
    assert by_old.id == by_new.id
    (topic,) = sync_channels(each_store, [new_topic])
    assert topic.chat == by_new.chat


def test_a_setting_that_changes_is_followed(each_store: Store) -> None:
    plan_posts(each_store, range(1), channels())
    sync_channels(each_store, channels(silent=True))
    assert claim_one(each_store).silent


@pytest.mark.parametrize("query", ["！？", "a b c d e f g h i j"])
def test_a_search_that_cannot_be_understood_is_named_with_its_channel(query: str) -> None:
    configs = [ChannelConfig(chat="-1"), ChannelConfig(chat="-2", query=query)]
    with pytest.raises(ServiceError, match=r"telegram\.channels\[1\]\.query: '"):
        read_channels(configs)


def test_a_locked_store_is_an_error_of_the_store(sqlite_url: str) -> None:
    with Store.open(sqlite_url, busy_timeout_s=0.05) as store, Store.open(sqlite_url) as other:
        migrate_tables(store)
        with other.database.begin(), pytest.raises(StoreError):
            claim_at(store)


# Searches.


def test_a_query_of_any_length_is_found_again_by_a_short_key(each_store: Store) -> None:
    query = "雨" * 4000
    key = save_query(each_store, query, START)
    assert save_query(each_store, query, START) == key == search_key(query)
    assert len(key) == 16
    assert load_query(each_store, key) == query
    assert load_query(each_store, "nothing") is None


def test_a_query_that_nobody_uses_is_forgotten(each_store: Store) -> None:
    for days, query in ((0, "old"), (0, "used"), (60, "used"), (100, "new")):
        save_query(each_store, query, START + timedelta(days=days))
    assert load_query(each_store, search_key("old")) is None
    assert load_query(each_store, search_key("used")) == "used"


def test_a_person_may_search_so_often_a_minute_and_others_are_not_concerned() -> None:
    turnstile = Turnstile()
    for second in range(PER_MINUTE):
        assert turnstile.enter(1, START + timedelta(seconds=second)) is None
    assert turnstile.enter(1, START + timedelta(seconds=30)) == timedelta(seconds=30)
    assert turnstile.enter(2, START + timedelta(seconds=30)) is None
    assert turnstile.enter(1, START + timedelta(seconds=60)) is None


def test_only_so_many_people_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.searches._MAX_PEOPLE", 2)
    turnstile = Turnstile()
    for person in (1, 2, 3):
        turnstile.enter(person, START)
    assert list(turnstile._times) == [2, 3]


# Pace.


def test_a_chat_is_called_once_a_second_and_a_group_twenty_times_a_minute() -> None:
    pace = Pace()
    assert next_call([], is_group=True, pace=pace) is None
    assert next_call([START], is_group=True, pace=pace) == START + timedelta(seconds=1)
    twenty = [START - timedelta(seconds=second) for second in range(20)]
    assert next_call(twenty, is_group=True, pace=pace) == START + timedelta(seconds=41)
    assert next_call(twenty, is_group=False, pace=pace) == START + timedelta(seconds=1)


def test_a_second_has_room_for_thirty_calls() -> None:
    assert [calls_left(calls, pace=Pace()) for calls in (0, 29, 30, 31)] == [30, 1, 0, 0]


def test_waiting_grows_and_ends_growing() -> None:
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 9, 10, 99)] == [2, 4, 8, 512, 600, 600]


def test_who_has_waited_a_minute_may_search() -> None:
    times = [START] * 3
    assert search_wait(times, START + timedelta(seconds=60), per_minute=3) is None
    assert search_wait(times, START + timedelta(seconds=59), per_minute=3) == timedelta(seconds=1)


def test_before_a_first_pass_has_filled_the_store_no_chat_is_met(each_store: Store) -> None:
    with each_store.database.begin() as connection:
        connection.exec_driver_sql("DELETE FROM notes")
    chosen = channels(recent=2)
    add_entries(each_store, 1)
    plan(each_store, sync_channels(each_store, chosen), START)
    add_entries(each_store, 2, 3, 4)
    assert count_states(each_store) == {}
    each_store.database.set_note(LAST_INGEST_NOTE, "2026-01-01T00:00:00Z")
    plan(each_store, find_subscriptions(each_store, chosen), START)
    assert count_states(each_store) == {"pending": 2}

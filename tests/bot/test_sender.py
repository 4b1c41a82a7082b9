"""The sender against a Bot API server that fails as Telegram fails."""

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from bot.delivery import outbox
from bot.delivery.chats import sync_channels
from bot.delivery.outbox import MAX_DOUBTS
from bot.delivery.pace import Pace
from bot.delivery.sender import Sender
from bot.planning import planner
from feeder import ServiceError, Store, StoreError
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Clock, Harness, add_entries, count_states, plan_posts
from tests.entries import make_entry

OTHER = -1002
MakeHarness = Callable[..., Harness]


def titles(api: BotApi, chat: int = CHAT) -> list[str]:
    return [text.split("\n")[0] for text in api.texts(chat)]


def test_each_new_entry_is_posted_once_and_oldest_first(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1, 6), harness.channels)
    harness.drain()
    harness.drain()
    assert titles(api) == [f"title {number}" for number in range(1, 6)]
    assert count_states(each_store) == {"sent": 5}


def test_a_post_says_what_its_channel_is_set_to(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    api.add_chat(OTHER, "supergroup", threads=frozenset({7}))
    harness = make_harness(OTHER, topic=7, silent=True)
    plan_posts(each_store, range(1), harness.channels)
    harness.drain()
    (call,) = api.called("sendPhoto")
    assert call.arguments["message_thread_id"] == "7"
    assert call.arguments["disable_notification"] == "true"


def test_after_a_timeout_repost_sends_again_and_hold_does_not(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    api.add_chat(OTHER)
    for policy, chat, messages in (("repost", CHAT, 2), ("hold", OTHER, 1)):
        harness = make_harness(chat, on_unknown=policy)
        plan_posts(each_store, range(1), harness.channels) if policy == "repost" else _replan(each_store, harness)
        api.drop(method="sendPhoto", chat=chat)
        harness.drain()
        assert len(api.texts(chat)) == messages
    assert count_states(each_store) == {"sent": 1, "unknown": 1}


def _replan(store: Store, harness: Harness) -> None:
    plan_posts(store, range(50, 51), harness.channels)


@pytest.mark.parametrize("fault", ["drop", "garble", "hang", "500", "502"])
def test_an_answer_that_does_not_come_leaves_a_held_post_unknown(
    api: BotApi, each_store: Store, make_harness: MakeHarness, fault: str
) -> None:
    harness = make_harness(on_unknown="hold")
    harness.call_timeout_s = 1.0
    plan_posts(each_store, range(2), harness.channels)
    if fault.isdigit():
        api.answer(int(fault), method="sendPhoto")
    else:
        getattr(api, fault)(method="sendPhoto")
    harness.drain()
    assert count_states(each_store) == {"unknown": 1, "sent": 1}
    assert titles(api)[-1] == "title 1"
    assert len(api.called("sendPhoto")) == 2


def test_a_post_in_doubt_is_given_up_after_some_tries(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    api.answer(500, times=None)
    harness.drain()
    assert len(api.called("sendPhoto")) == MAX_DOUBTS
    assert count_states(each_store) == {"unknown": 1}


def test_a_refused_connection_is_tried_again_without_a_double(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(2), harness.channels)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        harness.api_url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        harness.drain(until=START + timedelta(seconds=30))
    assert count_states(each_store) == {"pending": 2}
    harness.api_url = api.url
    harness.drain()
    assert titles(api) == ["title 0", "title 1"]
    assert clock.now < START + timedelta(minutes=3)


def test_nothing_is_sent_before_retry_after_and_other_chats_go_on(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock
) -> None:
    api.add_chat(OTHER)
    harness = make_harness(CHAT, OTHER)
    plan_posts(each_store, range(3), harness.channels)
    api.answer(429, retry_after=43_838, chat=CHAT)
    harness.drain(until=START + timedelta(seconds=43_837))
    assert titles(api, OTHER) == ["title 0", "title 1", "title 2"]
    assert len([call for call in api.called("sendPhoto") if call.arguments["chat_id"] == str(CHAT)]) == 1
    harness.drain()  # another sender, as after a restart: the time is in the store
    assert titles(api) == ["title 0", "title 1", "title 2"]
    assert clock.now >= START + timedelta(seconds=43_838)


@pytest.mark.parametrize("code", [403, 400])
def test_a_chat_that_is_gone_is_tried_once(
    api: BotApi, each_store: Store, make_harness: MakeHarness, code: int
) -> None:
    api.add_chat(OTHER)
    harness = make_harness(CHAT, OTHER)
    plan_posts(each_store, range(3), harness.channels)
    api.answer(code, chat=CHAT, times=None)
    harness.drain()
    add_entries(each_store, 10)
    harness.drain()
    assert len([call for call in api.called("sendPhoto", "sendMessage") if call.arguments["chat_id"] == str(CHAT)]) == 1
    assert titles(api, OTHER) == ["title 0", "title 1", "title 2", "title 10"]


def test_a_topic_that_is_gone_leaves_the_rest_of_its_chat_alone(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    api.add_chat(OTHER, "supergroup", threads=frozenset({7}))
    gone, there = make_harness(OTHER, topic=8), make_harness(OTHER, topic=7)
    both = make_harness()
    both.channels = gone.channels + there.channels
    plan_posts(each_store, range(2), both.channels)
    both.drain()
    assert titles(api, OTHER) == ["title 0", "title 1"]


def test_a_group_that_became_a_supergroup_gets_its_post_once_at_its_new_number(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    old, new = -5, -1001234567890123
    api.add_chat(old, "group")
    api.migrate(old, new)
    harness = make_harness(old)
    plan_posts(each_store, range(2), harness.channels)
    harness.drain()
    assert titles(api, new) == ["title 0", "title 1"]
    assert len(api.called("sendPhoto")) == 3
    under_new_name = make_harness(new)
    add_entries(each_store, 10)
    planner.plan(each_store, sync_channels(each_store, under_new_name.channels), START)
    under_new_name.drain()
    assert titles(api, new) == ["title 0", "title 1", "title 10"]


@pytest.mark.parametrize("code", [401, 404])
def test_a_refused_token_halts_the_sender_after_one_call(
    api: BotApi, each_store: Store, make_harness: MakeHarness, code: int
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(3), harness.channels)
    api.answer(code, times=None)

    async def work(sender: Sender) -> None:
        with pytest.raises(ServiceError) as refused:
            await sender.run()
        assert api.token not in str(refused.value)
        assert "\n" not in str(refused.value)
        sender.halt("again")
        assert await sender.start_calls() is None

    harness.run(work)
    assert len(api.calls) == 1
    assert count_states(each_store) == {"pending": 3}


def test_refused_entities_are_sent_as_plain_text_once(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    api.answer(400, "Bad Request: can't parse entities: unknown", method="sendPhoto")
    harness.drain()
    (message,) = api.messages(CHAT)
    assert message["entities"] == []
    assert message["text"].endswith("https://example.org/a/0")


def test_a_photo_that_cannot_be_had_becomes_text_with_a_preview(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    api.spoil_photo("https://example.org/rain.jpg")
    harness.drain()
    (message,) = api.messages(CHAT)
    assert message["link_preview_options"] == {"is_disabled": False, "url": "https://example.org/a/0"}
    assert len(api.called("sendPhoto")) == len(api.called("sendMessage")) == 1


def test_an_entry_without_link_or_picture_leads_to_our_site(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(0), harness.channels)
    add_entries(each_store, 1, link=None, media=())
    api.answer(400, "Bad Request: can't parse entities: unknown", method="sendMessage")
    harness.drain()
    (message,) = api.messages(CHAT)
    page = f"https://site.example/entries/{make_entry(1).key}.html"
    assert message["link_preview_options"] == {"is_disabled": False, "url": page}
    assert message["text"].endswith(f"\n{page}")


def test_a_post_that_telegram_will_never_take_fails_and_the_next_goes_on(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(2), harness.channels)
    api.answer(400, "Bad Request: something new", method="sendPhoto")
    api.answer(400, "Bad Request: something new", method="sendMessage", times=2)
    harness.drain()
    assert [call.method for call in api.calls[:3]] == ["sendPhoto", "sendMessage", "sendMessage"]
    assert count_states(each_store) == {"failed": 1, "sent": 1}


def test_an_entry_that_left_the_store_is_dropped_without_a_call(
    api: BotApi, each_store: Store, make_harness: MakeHarness
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    with each_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET entry = 'urn:gone'")
    harness.drain()
    assert count_states(each_store) == {"dropped": 1}
    assert api.calls == []


def test_the_pace_is_kept_for_a_chat_and_over_all(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock
) -> None:
    harness = make_harness(CHAT)
    harness.pace = Pace(per_chat_s=1, per_group_minute=4, overall_per_second=30)
    plan_posts(each_store, range(9), harness.channels)
    harness.drain()
    assert len(titles(api)) == 9
    assert clock.now == START + timedelta(minutes=2)  # 4 a minute


def test_a_full_second_is_waited_out(api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock) -> None:
    chats = range(-2010, -2000)
    for chat in chats:
        api.add_chat(chat)
    harness = make_harness(*chats)
    harness.pace = Pace(per_chat_s=0, per_group_minute=100, overall_per_second=5)
    plan_posts(each_store, range(1), harness.channels)

    async def work(sender: Sender) -> None:
        for calls in (5, 5, 10):
            await sender.start_calls()
            await asyncio.wait(sender.in_flight) if sender.in_flight else None
            assert len(api.called("sendPhoto")) == calls
            clock.forward(seconds=0.6)

    harness.run(work)


def test_cancelled_it_settles_what_is_under_way(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    harness = make_harness(on_unknown="hold")
    harness.call_timeout_s = 0.3
    plan_posts(each_store, range(3), harness.channels)
    api.hang(method="sendPhoto")

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: bool(api.called("sendPhoto")))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)
    assert count_states(each_store) == {"unknown": 1, "pending": 2}


def test_cancelled_while_it_claims_it_still_sends_what_it_claimed(
    each_store: Store, make_harness: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    real, reached = outbox.claim, asyncio.Event()

    async def work(sender: Sender) -> None:
        loop = asyncio.get_running_loop()

        def slow(*arguments: object, **named: object) -> list[outbox.Claim]:
            taken = real(*arguments, **named)  # type: ignore[arg-type]  # passed on as they are
            loop.call_soon_threadsafe(reached.set)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), loop).result()
            return taken

        monkeypatch.setattr(outbox, "claim", slow)
        running = asyncio.create_task(sender.run())
        await reached.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)
    assert count_states(each_store) == {"sent": 1}


def test_it_runs_by_its_ticks_and_waits_in_between(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 1)
        add_entries(each_store, 1)
        sender.tick()
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)


def test_a_chat_to_be_left_alone_for_a_while_is_called_when_the_while_is_over(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock
) -> None:
    harness = make_harness()
    harness.pace = Pace(per_chat_s=0.2, per_group_minute=100)
    plan_posts(each_store, range(2), harness.channels)

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 1)
        clock.forward(seconds=1)
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)


def test_an_unwritten_outcome_is_written_again_until_the_store_lets_it(
    api: BotApi, each_store: Store, make_harness: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    real, failures = outbox.settle, [StoreError("busy")] * 2

    def busy(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        real(*arguments)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(outbox, "settle", busy)
    harness.drain()
    assert count_states(each_store) == {"sent": 1}
    assert harness.slept == [0.0, 0.5, 1.0]
    assert len(titles(api)) == 1


def test_an_outcome_that_can_never_be_written_leaves_the_post_in_doubt(
    each_store: Store, make_harness: MakeHarness, monkeypatch: pytest.MonkeyPatch, clock: Clock, api: BotApi
) -> None:
    harness = make_harness(on_unknown="hold")
    plan_posts(each_store, range(1), harness.channels)

    def broken(*_: object) -> None:
        raise StoreError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "settle", broken)
        harness.drain(until=clock.now)
    clock.forward(minutes=3)
    harness.drain()
    assert count_states(each_store) == {"unknown": 1}
    assert len(titles(api)) == 1


def test_a_store_in_trouble_is_asked_again_at_the_next_tick(
    api: BotApi, each_store: Store, make_harness: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)
    real, first = outbox.claim, asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def busy(*arguments: object, **named: object) -> list[outbox.Claim]:
        if not first.is_set():
            loops[0].call_soon_threadsafe(first.set)
            raise StoreError("busy")
        return real(*arguments, **named)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(outbox, "claim", busy)

    async def work(sender: Sender) -> None:
        loops.append(asyncio.get_running_loop())
        running = asyncio.create_task(sender.run())
        await first.wait()
        sender.tick()
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)


def test_a_fault_of_ours_leaves_the_post_to_its_lease_and_is_logged(
    api: BotApi,
    each_store: Store,
    make_harness: MakeHarness,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("bot.delivery.posting.make_post", broken)
        harness.drain(until=clock.now)
    assert count_states(each_store) == {"sending": 1}
    assert "sending a post failed" in caplog.text
    harness.drain()
    assert titles(api) == ["title 0"]


def test_a_sender_with_all_hands_full_claims_no_more(
    api: BotApi, each_store: Store, make_harness: MakeHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.sender.MAX_IN_FLIGHT", 1)
    api.add_chat(OTHER)
    harness = make_harness(CHAT, OTHER)
    harness.call_timeout_s = 0.3
    plan_posts(each_store, range(1), harness.channels)
    api.hang(method="sendPhoto")

    async def work(sender: Sender) -> None:
        await sender.start_calls()
        assert await sender.start_calls() is None
        assert len(sender.in_flight) == 1
        await asyncio.wait(sender.in_flight)

    harness.run(work)


def test_a_stop_does_not_wait_for_a_call_that_hangs(
    each_store: Store, make_harness: MakeHarness, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.sender.STOP_S", 0.1)
    harness = make_harness(on_unknown="hold")
    harness.call_timeout_s = 3600
    plan_posts(each_store, range(2), harness.channels)
    api.hang(method="sendPhoto")
    harness.run(partial(cancel_once, api=api))
    assert count_states(each_store) == {"unknown": 1, "pending": 1}


def test_a_stop_does_not_wait_for_a_store_in_trouble(
    each_store: Store, make_harness: MakeHarness, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.sender.STOP_S", 0.1)
    monkeypatch.setattr("bot.delivery.sender._SETTLE_S", 0.1)
    harness = make_harness(on_unknown="hold")
    plan_posts(each_store, range(2), harness.channels)

    async def settle_never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Sender, "_settle", settle_never)
    harness.run(partial(cancel_once, api=api))
    assert count_states(each_store) == {"sending": 1, "pending": 1}


async def cancel_once(sender: Sender, *, api: BotApi) -> None:
    """Run a sender until it has called Telegram."""
    running = asyncio.create_task(sender.run())
    await asyncio.to_thread(api.wait, lambda: bool(api.called("sendPhoto")))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_silences_nothing_and_doubles_nothing(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock, hours: int
) -> None:
    api.add_chat(OTHER)
    harness = make_harness(CHAT, OTHER)
    harness.pace = Pace(per_chat_s=0.2)
    plan_posts(each_store, range(2), harness.channels)
    api.answer(429, retry_after=2, chat=OTHER)

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: len(api.called("sendPhoto")) == 2)
        # An outcome whose saving began before the clock was put back would be saved with the time of before.
        while hours < 0 and "sending" in count_states(each_store):  # noqa: ASYNC110  it is in the store
            await asyncio.sleep(0.01)
        clock.forward(hours=hours)
        for _ in range(400):  # less than an hour in all
            clock.forward(seconds=0.5)
            sender.tick()
            await asyncio.sleep(0.02)
            if len(api.texts(CHAT)) == len(api.texts(OTHER)) == 2:
                break
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)
    assert titles(api) == titles(api, OTHER) == ["title 0", "title 1"]


def test_a_call_in_flight_survives_a_clock_that_jumps_forward(
    api: BotApi, each_store: Store, make_harness: MakeHarness, clock: Clock
) -> None:
    harness = make_harness()
    harness.call_timeout_s = 0.3
    plan_posts(each_store, range(1), harness.channels)
    api.hang(method="sendPhoto")

    async def work(sender: Sender) -> None:
        await sender.start_calls()
        clock.forward(hours=1)
        await sender.start_calls()
        assert len(sender.in_flight) == 1
        await asyncio.wait(sender.in_flight)

    harness.run(work)
    assert len(api.called("sendPhoto")) == 1


def test_it_plans_by_itself_from_time_to_time(api: BotApi, each_store: Store, make_harness: MakeHarness) -> None:
    harness = make_harness()
    plan_posts(each_store, range(1), harness.channels)

    async def work(sender: Sender) -> None:
        sender._plan_every_s = 0.05
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 1)
        await asyncio.to_thread(add_entries, each_store, 1)
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    harness.run(work)

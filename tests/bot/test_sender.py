"""The sender against a Bot API server that fails as Telegram fails: rows 1 to 8, 13 and 29 of the table of faults."""

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.delivery import outbox
from bot.delivery.chats import follow
from bot.delivery.outbox import MAX_DOUBTS, CallOutcome
from bot.delivery.pace import Pace
from bot.delivery.sender import Sender, sort_error
from feeder import ServiceError, Store, StoreError
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Clock, Desk, planned, put, states

OTHER = -1002
MakeDesk = Callable[..., Desk]


def titles(api: BotApi, chat: int = CHAT) -> list[str]:
    return [text.split("\n")[0] for text in api.texts(chat)]


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


AGAIN = CallOutcome(fate="again")


@pytest.mark.parametrize(
    ("error", "form", "outcome"),
    [
        (RetryAfter(43_838), "photo", CallOutcome(fate="again", wait=timedelta(seconds=43_838))),
        (ChatMigrated(-1009876543210), "photo", CallOutcome(fate="again", moved_to=-1009876543210)),
        (InvalidToken("Unauthorized"), "text", CallOutcome(fate="halt")),
        (Forbidden("Forbidden: bot was kicked from the channel chat"), "text", CallOutcome(fate="off")),
        (BadRequest("Chat not found"), "text", CallOutcome(fate="off")),
        (BadRequest("Not enough rights to send text messages to the chat"), "text", CallOutcome(fate="off")),
        (BadRequest("CHAT_WRITE_FORBIDDEN"), "photo", CallOutcome(fate="off")),
        (BadRequest("Message thread not found"), "photo", CallOutcome(fate="off", topic_only=True)),
        (BadRequest("TOPIC_CLOSED"), "text", CallOutcome(fate="off", topic_only=True)),
        (BadRequest("Can't parse entities: entities overlap"), "photo", CallOutcome(fate="again", form="plain")),
        (BadRequest("ENTITY_BOUNDS_INVALID"), "text", CallOutcome(fate="again", form="plain")),
        (BadRequest("Can't parse entities"), "plain", CallOutcome(fate="failed")),
        (BadRequest("Failed to get HTTP URL content"), "photo", CallOutcome(fate="again", form="text")),
        (BadRequest("Wrong type of the web page content"), "photo", CallOutcome(fate="again", form="text")),
        (BadRequest("PHOTO_INVALID_DIMENSIONS"), "photo", CallOutcome(fate="again", form="text")),
        (BadRequest("Message is too long"), "text", CallOutcome(fate="failed")),
        (Conflict("Conflict"), "text", AGAIN),
        (caused(NetworkError("httpx.ConnectError"), httpx.ConnectError("refused")), "text", AGAIN),
        (caused(TimedOut(), httpx.ConnectTimeout("")), "text", AGAIN),
        (caused(TimedOut(), httpx.PoolTimeout("")), "text", AGAIN),
        (NetworkError("Too Many Requests (429). Parsing the server response b'' failed"), "text", AGAIN),
        (NetworkError("Request Entity Too Large (413)"), "text", CallOutcome(fate="failed")),
        (caused(TimedOut(), httpx.ReadTimeout("")), "text", CallOutcome(fate="unknown")),
        (caused(NetworkError("httpx.ReadError"), httpx.ReadError("reset")), "text", CallOutcome(fate="unknown")),
        (NetworkError("Bad Gateway"), "text", CallOutcome(fate="unknown")),
        (NetworkError("Internal Server Error"), "text", CallOutcome(fate="unknown")),
        (TelegramError("Invalid server response"), "text", CallOutcome(fate="unknown")),
        (TimeoutError(), "text", CallOutcome(fate="unknown")),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_error_means_one_thing(error: Exception, form: outbox.Form, outcome: CallOutcome) -> None:
    found = sort_error(error, form)
    assert (found.fate, found.form, found.wait, found.moved_to, found.topic_only) == (
        outcome.fate,
        outcome.form,
        outcome.wait,
        outcome.moved_to,
        outcome.topic_only,
    )


def test_each_new_entry_is_posted_once_and_oldest_first(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(1, 6), one.chosen)
    one.drain()
    one.drain()
    assert titles(api) == [f"title {number}" for number in range(1, 6)]
    assert states(bot_store) == {"sent": 5}


def test_a_post_says_what_its_channel_is_set_to(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    api.add_chat(OTHER, "supergroup", threads=frozenset({7}))
    one = desk(OTHER, topic=7, silent=True)
    planned(bot_store, range(1), one.chosen)
    one.drain()
    (call,) = api.called("sendPhoto")
    assert call.arguments["message_thread_id"] == "7"
    assert call.arguments["disable_notification"] == "true"


def test_after_a_timeout_repost_sends_again_and_hold_does_not(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    api.add_chat(OTHER)
    for policy, chat, messages in (("repost", CHAT, 2), ("hold", OTHER, 1)):
        one = desk(chat, on_unknown=policy)
        planned(bot_store, range(1), one.chosen) if policy == "repost" else _replan(bot_store, one)
        api.drop(method="sendPhoto", chat=chat)
        one.drain()
        assert len(api.texts(chat)) == messages
    assert states(bot_store) == {"sent": 1, "unknown": 1}


def _replan(store: Store, one: Desk) -> None:
    planned(store, range(50, 51), one.chosen)


@pytest.mark.parametrize("fault", ["drop", "garble", "hang", "500", "502"])
def test_an_answer_that_does_not_come_leaves_a_held_post_unknown(
    api: BotApi, bot_store: Store, desk: MakeDesk, fault: str
) -> None:
    one = desk(on_unknown="hold")
    one.call_timeout_s = 1.0
    planned(bot_store, range(2), one.chosen)
    if fault.isdigit():
        api.answer(int(fault), method="sendPhoto")
    else:
        getattr(api, fault)(method="sendPhoto")
    one.drain()
    assert states(bot_store) == {"unknown": 1, "sent": 1}
    assert titles(api)[-1] == "title 1"
    assert len(api.called("sendPhoto")) == 2


def test_a_post_in_doubt_is_given_up_after_some_tries(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    api.answer(500, times=None)
    one.drain()
    assert len(api.called("sendPhoto")) == MAX_DOUBTS
    assert states(bot_store) == {"unknown": 1}


def test_a_refused_connection_is_tried_again_without_a_double(
    api: BotApi, bot_store: Store, desk: MakeDesk, clock: Clock
) -> None:
    one = desk()
    planned(bot_store, range(2), one.chosen)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        one.api_url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        one.drain(until=START + timedelta(seconds=30))
    assert states(bot_store) == {"pending": 2}
    one.api_url = api.url
    one.drain()
    assert titles(api) == ["title 0", "title 1"]
    assert clock.now < START + timedelta(minutes=3)


def test_nothing_is_sent_before_retry_after_and_other_chats_go_on(
    api: BotApi, bot_store: Store, desk: MakeDesk, clock: Clock
) -> None:
    api.add_chat(OTHER)
    one = desk(CHAT, OTHER)
    planned(bot_store, range(3), one.chosen)
    api.answer(429, retry_after=43_838, chat=CHAT)
    one.drain(until=START + timedelta(seconds=43_837))
    assert titles(api, OTHER) == ["title 0", "title 1", "title 2"]
    assert len([call for call in api.called("sendPhoto") if call.arguments["chat_id"] == str(CHAT)]) == 1
    one.drain()  # another sender, as after a restart: the time is in the store
    assert titles(api) == ["title 0", "title 1", "title 2"]
    assert clock.now >= START + timedelta(seconds=43_838)


@pytest.mark.parametrize("code", [403, 400])
def test_a_chat_that_is_gone_is_tried_once_and_the_admins_are_told_once(
    api: BotApi, bot_store: Store, desk: MakeDesk, code: int
) -> None:
    api.add_chat(OTHER)
    one = desk(CHAT, OTHER)
    planned(bot_store, range(3), one.chosen)
    api.answer(code, chat=CHAT, times=None)
    one.drain()
    put(bot_store, 10)
    one.drain()
    assert len([call for call in api.called("sendPhoto", "sendMessage") if call.arguments["chat_id"] == str(CHAT)]) == 1
    assert titles(api, OTHER) == ["title 0", "title 1", "title 2", "title 10"]
    (told,) = one.told
    assert str(CHAT) in told


def test_a_topic_that_is_gone_leaves_the_rest_of_its_chat_alone(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    api.add_chat(OTHER, "supergroup", threads=frozenset({7}))
    gone, there = desk(OTHER, topic=8), desk(OTHER, topic=7)
    both = desk()
    both.chosen = gone.chosen + there.chosen
    planned(bot_store, range(2), both.chosen)
    both.drain()
    assert titles(api, OTHER) == ["title 0", "title 1"]
    assert "topic 8" in both.told[0]


def test_a_group_that_became_a_supergroup_gets_its_post_once_at_its_new_number(
    api: BotApi, bot_store: Store, desk: MakeDesk
) -> None:
    old, new = -5, -1001234567890123
    api.add_chat(old, "group")
    api.migrate(old, new)
    one = desk(old)
    planned(bot_store, range(2), one.chosen)
    one.drain()
    assert titles(api, new) == ["title 0", "title 1"]
    assert len(api.called("sendPhoto")) == 3
    under_new_name = desk(new)
    put(bot_store, 10)
    outbox.plan(bot_store, follow(bot_store, under_new_name.chosen))
    under_new_name.drain()
    assert titles(api, new) == ["title 0", "title 1", "title 10"]


@pytest.mark.parametrize("code", [401, 404])
def test_a_refused_token_halts_the_sender_after_one_call(
    api: BotApi, bot_store: Store, desk: MakeDesk, code: int
) -> None:
    one = desk()
    planned(bot_store, range(3), one.chosen)
    api.answer(code, times=None)

    async def work(sender: Sender) -> None:
        with pytest.raises(ServiceError) as refused:
            await sender.run()
        assert api.token not in str(refused.value)
        assert "\n" not in str(refused.value)
        sender.halt("again")
        assert await sender.launch() is None

    one.run(work)
    assert len(api.calls) == 1
    assert states(bot_store) == {"pending": 3}


def test_refused_entities_are_sent_as_plain_text_once(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    api.answer(400, "Bad Request: can't parse entities: unknown", method="sendPhoto")
    one.drain()
    (message,) = api.messages(CHAT)
    assert message["entities"] == []
    assert message["text"].endswith("https://example.org/a/0")


def test_a_photo_that_cannot_be_had_becomes_text_with_a_preview(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    api.spoil_photo("https://example.org/rain.jpg")
    one.drain()
    (message,) = api.messages(CHAT)
    assert message["link_preview_options"] == {"is_disabled": False, "url": "https://example.org/a/0"}
    assert len(api.called("sendPhoto")) == len(api.called("sendMessage")) == 1


def test_an_entry_without_link_or_picture_is_plain_text(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(0), one.chosen)
    put(bot_store, 1, link=None, media=())
    api.answer(400, "Bad Request: can't parse entities: unknown", method="sendMessage")
    one.drain()
    (message,) = api.messages(CHAT)
    assert message["link_preview_options"] == {"is_disabled": True}
    assert "http" not in message["text"]


def test_a_post_that_telegram_will_never_take_fails_and_the_next_goes_on(
    api: BotApi, bot_store: Store, desk: MakeDesk
) -> None:
    one = desk()
    planned(bot_store, range(2), one.chosen)
    api.answer(400, "Bad Request: something new", method="sendPhoto")
    api.answer(400, "Bad Request: something new", method="sendMessage")
    one.drain()
    assert states(bot_store) == {"failed": 1, "sent": 1}


def test_an_entry_that_left_the_store_fails_without_a_call(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    with bot_store.database.begin() as connection:
        connection.exec_driver_sql("UPDATE bot_deliveries SET entry = 'urn:gone'")
    one.drain()
    assert states(bot_store) == {"failed": 1}
    assert api.calls == []


def test_the_pace_is_kept_for_a_chat_and_over_all(api: BotApi, bot_store: Store, desk: MakeDesk, clock: Clock) -> None:
    one = desk(CHAT)
    one.pace = Pace(per_chat_s=1, per_group_minute=4, over_all_second=30)
    planned(bot_store, range(9), one.chosen)
    one.drain()
    assert len(titles(api)) == 9
    assert clock.now == START + timedelta(minutes=2)  # 4 a minute


def test_a_full_second_is_waited_out(api: BotApi, bot_store: Store, desk: MakeDesk, clock: Clock) -> None:
    chats = range(-2010, -2000)
    for chat in chats:
        api.add_chat(chat)
    one = desk(*chats)
    one.pace = Pace(per_chat_s=0, per_group_minute=100, over_all_second=5)
    planned(bot_store, range(1), one.chosen)

    async def work(sender: Sender) -> None:
        for calls in (5, 5, 10):
            await sender.launch()
            await asyncio.wait(sender.under_way) if sender.under_way else None
            assert len(api.called("sendPhoto")) == calls
            clock.forward(seconds=0.6)

    one.run(work)


def test_cancelled_it_settles_what_is_under_way(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk(on_unknown="hold")
    one.call_timeout_s = 0.3
    planned(bot_store, range(3), one.chosen)
    api.hang(method="sendPhoto")

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: bool(api.called("sendPhoto")))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    one.run(work)
    assert states(bot_store) == {"unknown": 1, "pending": 2}


def test_cancelled_while_it_claims_it_still_sends_what_it_claimed(
    bot_store: Store, desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    real, reached = outbox.claim, asyncio.Event()

    async def work(sender: Sender) -> None:
        loop = asyncio.get_running_loop()

        def slow(*arguments: object) -> list[outbox.Claim]:
            taken = real(*arguments)  # type: ignore[arg-type]  # passed on as they are
            loop.call_soon_threadsafe(reached.set)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.05), loop).result()
            return taken

        monkeypatch.setattr(outbox, "claim", slow)
        running = asyncio.create_task(sender.run())
        await reached.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    one.run(work)
    assert states(bot_store) == {"sent": 1}


def test_it_runs_by_its_ticks_and_waits_in_between(api: BotApi, bot_store: Store, desk: MakeDesk) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 1)
        put(bot_store, 1)
        sender.tick()
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    one.run(work)


def test_a_chat_to_be_left_alone_for_a_while_is_called_when_the_while_is_over(
    api: BotApi, bot_store: Store, desk: MakeDesk, clock: Clock
) -> None:
    one = desk()
    one.pace = Pace(per_chat_s=0.2, per_group_minute=100)
    planned(bot_store, range(2), one.chosen)

    async def work(sender: Sender) -> None:
        running = asyncio.create_task(sender.run())
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 1)
        clock.forward(seconds=1)
        await asyncio.to_thread(api.wait, lambda: len(api.texts(CHAT)) == 2)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    one.run(work)


def test_an_unwritten_outcome_is_written_again_until_the_store_lets_it(
    api: BotApi, bot_store: Store, desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    real, failures = outbox.settle, [StoreError("busy")] * 2

    def busy(*arguments: object) -> bool:
        if failures:
            raise failures.pop()
        return real(*arguments)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(outbox, "settle", busy)
    one.drain()
    assert states(bot_store) == {"sent": 1}
    assert one.slept == [0.0, 0.5, 1.0]
    assert len(titles(api)) == 1


def test_an_outcome_that_can_never_be_written_leaves_the_post_in_doubt(
    bot_store: Store, desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, clock: Clock, api: BotApi
) -> None:
    one = desk(on_unknown="hold")
    planned(bot_store, range(1), one.chosen)

    def broken(*_: object) -> bool:
        raise StoreError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "settle", broken)
        one.drain(until=clock.now)
    clock.forward(minutes=3)
    one.drain()
    assert states(bot_store) == {"unknown": 1}
    assert len(titles(api)) == 1


def test_a_store_in_trouble_is_asked_again_at_the_next_tick(
    api: BotApi, bot_store: Store, desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)
    real, first = outbox.claim, asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def busy(*arguments: object) -> list[outbox.Claim]:
        if not first.is_set():
            loops[0].call_soon_threadsafe(first.set)
            raise StoreError("busy")
        return real(*arguments)  # type: ignore[arg-type]  # passed on as they are

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

    one.run(work)


def test_a_fault_of_ours_leaves_the_post_to_its_lease_and_is_logged(
    api: BotApi,
    bot_store: Store,
    desk: MakeDesk,
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = desk()
    planned(bot_store, range(1), one.chosen)

    def broken(_entry: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("bot.delivery.sender.make_post", broken)
        one.drain(until=clock.now)
    assert states(bot_store) == {"sending": 1}
    assert "could not be dealt with" in caplog.text
    one.drain()
    assert titles(api) == ["title 0"]


def test_a_sender_with_all_hands_full_claims_no_more(
    api: BotApi, bot_store: Store, desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.sender.MAX_UNDER_WAY", 1)
    api.add_chat(OTHER)
    one = desk(CHAT, OTHER)
    one.call_timeout_s = 0.3
    planned(bot_store, range(1), one.chosen)
    api.hang(method="sendPhoto")

    async def work(sender: Sender) -> None:
        await sender.launch()
        assert await sender.launch() is None
        assert len(sender.under_way) == 1
        await asyncio.wait(sender.under_way)

    one.run(work)

"""Answers wait their turn, with the posts of all processes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from telegram.error import RetryAfter

from bot.conversation.pacing import MAX_WAITING, AnswerPace
from bot.delivery.calls import reserve
from bot.delivery.pace import Pace
from feeder import Store, StoreError
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.conftest import Clock, Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone

GROUP = -1007
SLOW = Pace(per_chat_s=1.0, per_group_minute=20, overall_per_second=30)


class Calls:
    """What passes the pace, and when by a clock that moves only while something sleeps."""

    def __init__(self, store: Store, clock: Clock, pace: Pace = SLOW) -> None:
        self.made: list[tuple[datetime, str]] = []
        self.clock = clock
        self.pace = AnswerPace(store, pace, now=clock, sleep=self.sleep)
        self.refusals: list[Exception] = []

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.clock.forward(seconds=seconds)

    async def call(self, name: str, *, endpoint: str = "sendMessage", chat: object = GROUP) -> str:
        async def passed() -> str:
            self.made.append((self.clock.now, name))
            if self.refusals:
                raise self.refusals.pop()
            return name

        return str(await self.pace.process_request(passed, (), {}, endpoint, {"chat_id": chat}, None))

    def all_at_once(self, count: int) -> list[str]:
        async def work() -> list[str]:
            return await asyncio.gather(*(self.call(str(number)) for number in range(count)))

        return asyncio.run(work())


@pytest.fixture
def make_calls(each_store: Store, clock: Clock) -> Callable[..., Calls]:
    return partial(Calls, each_store, clock)


def assert_paced(times: list[datetime]) -> None:
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(times))
    assert all(later - earlier >= timedelta(minutes=1) for earlier, later in zip(times, times[20:], strict=False))


def test_of_thirty_answers_in_a_group_none_is_lost_and_none_is_early(make_calls: Callable[..., Calls]) -> None:
    calls = make_calls()
    assert len(calls.all_at_once(30)) == 30
    assert [name for _, name in calls.made] == [str(number) for number in range(30)]
    assert_paced([time for time, _ in calls.made])


def test_answers_share_the_pace_of_what_another_process_sends(
    make_calls: Callable[..., Calls], each_store: Store
) -> None:
    calls = make_calls()
    assert not reserve(each_store, GROUP, calls.clock.now, SLOW)  # a post, say
    begun = calls.clock.now
    calls.all_at_once(1)
    assert calls.made[0][0] == begun + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("endpoint", "chat"),
    [("answerCallbackQuery", None), ("getChatMember", GROUP), ("sendChatAction", GROUP), ("sendMessage", "@name")],
)
def test_what_puts_nothing_into_a_chat_does_not_wait(
    make_calls: Callable[..., Calls], endpoint: str, chat: object
) -> None:
    calls = make_calls()
    begun = calls.clock.now
    for _ in range(40):
        asyncio.run(calls.call("x", endpoint=endpoint, chat=chat))
    assert calls.clock.now == begun


def test_an_answer_that_telegram_tells_to_wait_is_sent_then(make_calls: Callable[..., Calls]) -> None:
    calls = make_calls()
    calls.refusals = [RetryAfter(17)]
    assert calls.all_at_once(2) == ["0", "1"]
    (first, _), (again, name), _ = calls.made
    assert name == "0"
    assert again - first >= timedelta(seconds=17)


def test_one_that_is_told_to_wait_each_time_is_given_up(make_calls: Callable[..., Calls]) -> None:
    calls = make_calls()
    calls.refusals = [RetryAfter(1)] * 3
    with pytest.raises(RetryAfter):
        calls.all_at_once(1)
    assert len(calls.made) == 3


def test_without_a_store_an_answer_is_sent_all_the_same(
    make_calls: Callable[..., Calls], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise StoreError("the disk is full")

    monkeypatch.setattr("bot.conversation.pacing.reserve", broken)
    assert make_calls().all_at_once(1) == ["0"]


def test_a_chat_with_many_answers_waiting_is_crowded(make_calls: Callable[..., Calls]) -> None:
    calls = make_calls()

    async def work() -> bool:
        tasks = [asyncio.create_task(calls.call(str(number))) for number in range(MAX_WAITING)]
        await asyncio.sleep(0)
        crowded = calls.pace.is_crowded(GROUP)
        await asyncio.gather(*tasks)
        return crowded

    assert asyncio.run(work())
    assert not calls.pace.is_crowded(GROUP)


def test_thirty_questions_in_a_group_are_all_answered_in_their_turn(api: BotApi, each_store: Store) -> None:
    add_entries(each_store, 1)
    api.add_chat(GROUP, "supergroup")
    alice = api.add_user(11)
    pace = Pace(per_chat_s=0.02, per_group_minute=10**6, overall_per_second=10**6)
    with Running(settings(api), each_store, pace=pace):
        for _ in range(30):
            api.say(alice, "/latest 1", GROUP)
        api.wait(lambda: len(api.texts(GROUP)) == 30)
    with each_store.database.read() as connection:
        times = connection.exec_driver_sql("SELECT called_at FROM bot_calls ORDER BY called_at").scalars().all()
    assert len(times) == 30
    assert all(later - earlier >= 20_000 for earlier, later in pairwise(times))


@on_sqlite_alone
def test_in_a_crowd_it_says_so_once_and_goes_on(
    api: BotApi, each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entries(each_store, 1)
    alice = Talk(api, api.add_user(11))
    with Running(settings(api), each_store):
        alice.ask("/latest 1")
        with monkeypatch.context() as patch:
            patch.setattr(AnswerPace, "is_crowded", lambda *_: True)
            assert alice.ask("/latest 1") == ENGLISH.chat.crowded
            api.say(alice.person, "/latest 1")
            assert alice.send("c:help") == ENGLISH.chat.crowded
        alice.ask("/help")
    assert api.texts(11).count(ENGLISH.chat.crowded) == 1


def test_a_spinner_ends_before_an_answer_that_waits_long(
    api: BotApi, each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.conversation.registry.Registry.__init__.__kwdefaults__", {"spinner_s": 0.3})
    add_entries(each_store, *range(1, 10))
    alice = Talk(api, api.add_user(11))
    with Running(settings(api), each_store):
        alice.ask("/search 雨")
        with each_store.database.begin() as connection:
            later = int((datetime.now(UTC) + timedelta(seconds=2)).timestamp() * 1_000_000)
            connection.exec_driver_sql(f"UPDATE bot_chats SET next_call_at = {later}")
        query = api.press(alice.person, api.messages(11)[-1]["message_id"], "Next")
        api.wait(lambda: query in api.telegram.toasts)
        assert api.telegram.toasts[query] == ENGLISH.chat.one_moment
        api.wait(lambda: "title 4" in alice.last)

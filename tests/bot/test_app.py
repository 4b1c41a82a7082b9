"""The service as feeder uses it: starting, stopping, checking, previewing; and that its token never leaks."""

import asyncio
import io
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import inspect

from bot.app import service, set_menu
from bot.connecting import connect, make_bot
from bot.conversation.pacing import AnswerPace
from bot.delivery.pace import Pace
from bot.health.admins import Admins
from feeder import Config, Service, ServiceError, Store
from feeder.log import set_up_logging
from feeder.service import get_service
from tests.bot.api import TOKEN, BotApi
from tests.bot.conftest import CHAT, NO_LIMITS, Running, add_entries, count_states, settings

OTHER = -1002


@pytest.fixture
def quiet_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    root.handlers, sys.excepthook = handlers, hook
    root.setLevel(level)
    for name in ("httpx", "httpcore", "apscheduler"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def test_it_is_found_by_its_entry_point_and_is_a_service() -> None:
    found: Service = get_service("telegram")
    assert found is service


def test_it_is_wanted_where_there_is_a_token(api: BotApi) -> None:
    assert service.is_enabled(settings(api))
    assert not service.is_enabled(Config())


def test_it_posts_what_comes_in_while_it_runs_and_goes_on_where_it_was(api: BotApi, store: Store) -> None:
    add_entries(store, *range(1, 6))
    with Running(settings(api, CHAT, recent=2), store) as running:
        api.wait(lambda: len(api.texts(CHAT)) == 2)
        add_entries(store, 6)
        api.wait(lambda: len(api.texts(CHAT)) == 3)
    assert isinstance(running.error, asyncio.CancelledError)
    add_entries(store, 7)
    with Running(settings(api, CHAT, recent=2), store):
        api.wait(lambda: len(api.texts(CHAT)) == 4)
    assert [text.split("\n")[0] for text in api.texts(CHAT)] == ["title 4", "title 5", "title 6", "title 7"]


def test_a_wrong_token_ends_it_after_one_call_with_one_line(api: BotApi, sqlite_store: Store) -> None:
    config = settings(api, CHAT)
    api.token = "1:" + "x" * 35
    with Running(config, sqlite_store) as running:
        running.join()
    assert isinstance(running.error, ServiceError)
    assert running.error.exit_code == 7
    assert "\n" not in str(running.error)
    assert TOKEN not in str(running.error)
    assert len(api.calls) == 1


@pytest.mark.parametrize("method", ["getUpdates", "setMyCommands", "deleteWebhook"])
def test_a_token_that_dies_while_it_runs_ends_it(api: BotApi, sqlite_store: Store, method: str) -> None:
    api.answer(401, method=method, times=None)
    with Running(settings(api, CHAT), sqlite_store) as running:
        running.join()
    assert isinstance(running.error, ServiceError)
    assert running.error.__suppress_context__ or running.error.__context__ is None
    assert len(api.called(method)) == 1


def test_trouble_with_the_menu_or_with_polling_does_not_end_it(
    api: BotApi, sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    api.answer(500, method="setMyCommands")
    api.answer(500, method="getUpdates")
    person = api.add_user(11)
    with Running(settings(api), sqlite_store):
        api.say(person, "/help")
        api.wait(lambda: len(api.texts(11)) == 1)
    assert "the menu of commands was not set" in caplog.text
    assert "polling failed" in caplog.text


def test_a_chat_that_lets_the_bot_in_again_is_posted_to_again(api: BotApi, store: Store) -> None:
    api.add_user(77, "Admin")
    add_entries(store, 1)
    api.set_member(CHAT, "kicked")
    with Running(settings(api, CHAT, recent=1), store):
        api.wait(lambda: len(api.texts(77)) == 1)
        api.set_member(CHAT, "administrator")
        api.wait(lambda: len(api.texts(77)) == 2)
        api.set_member(CHAT, "administrator")
        add_entries(store, 2)
        api.wait(lambda: len(api.texts(CHAT)) == 2)
    off, on = api.texts(77)
    assert str(CHAT) in off
    assert "bot was kicked" in off
    assert on.startswith(str(CHAT))
    assert count_states(store) == {"sent": 2}


def test_a_person_who_starts_the_bot_again_is_posted_to_again(api: BotApi, store: Store) -> None:
    person = api.add_user(11)
    api.add_user(77, "Admin")
    add_entries(store, 1)
    api.set_member(11, "kicked")
    with Running(settings(api, 11, recent=1), store):
        api.wait(lambda: len(api.texts(77)) == 1)
        api.telegram.chats[11].status = "member"
        api.say(person, "/start")
        api.wait(lambda: len(api.texts(11)) == 2)
    assert any(text.startswith("title 1") for text in api.texts(11))


def test_an_admin_who_cannot_be_reached_does_not_keep_others_from_being_told(
    api: BotApi, bot_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.add_user(78, "Second admin")
    told: list[bool] = []

    async def work() -> None:
        bot = make_bot(settings(api).telegram, pace=AnswerPace(bot_store, NO_LIMITS))
        await bot.initialize()
        told.append(await Admins(bot, [77, 78]).tell("something"))
        told.append(await Admins(bot, [77]).tell("nobody can ever be told"))
        api.answer(500, chat=78)
        told.append(await Admins(bot, [77, 78]).tell("later"))
        await bot.shutdown()
        slow = make_bot(settings(api).telegram, pace=AnswerPace(bot_store, Pace(per_chat_s=3600)))
        await slow.initialize()
        told.append(await Admins(slow, [78]).tell("the last for now"))
        monkeypatch.setattr("bot.health.admins._TURN_S", 0.1)
        told.append(await Admins(slow, [78]).tell("later"))
        await slow.shutdown()

    asyncio.run(work())
    assert api.texts(78) == ["something", "the last for now"]
    assert told == [True, True, False, True, False]


def test_an_admin_is_told_at_the_pace_of_all_messages(api: BotApi, each_store: Store) -> None:
    api.add_user(77, "Admin")

    async def work() -> None:
        bot = make_bot(settings(api).telegram, pace=AnswerPace(each_store, Pace(per_chat_s=0.1)))
        await bot.initialize()
        admins = Admins(bot, [77])
        assert [await admins.tell("one"), await admins.tell("two")] == [True, True]
        await bot.shutdown()

    asyncio.run(work())
    assert api.texts(77) == ["one", "two"]


def test_a_second_poller_is_told_of_once(api: BotApi, sqlite_store: Store) -> None:
    api.add_user(77, "Admin")
    api.answer(409, method="getUpdates", times=2)
    person = api.add_user(11)
    with Running(settings(api), sqlite_store):
        api.wait(lambda: len(api.called("getUpdates")) == 2)
        api.say(person, "/help")
        api.wait(lambda: len(api.texts(11)) == len(api.texts(77)) == 1)
    assert len(api.texts(77)) == 1
    assert "\n" not in api.texts(77)[0]


def test_it_stops_though_telegram_never_answers(api: BotApi, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.answering._STOP_S", 0.2)
    monkeypatch.setattr("bot.delivery.sender.STOP_S", 0.5)
    add_entries(store, 1)
    person = api.add_user(11)
    api.hang(times=None, method="sendPhoto")
    api.hang(times=None, method="sendMessage")
    with Running(settings(api, CHAT, recent=1, on_unknown="hold"), store):
        api.say(person, "/help")
        api.wait(lambda: bool(api.called("sendPhoto") and api.called("sendMessage")))
        api.hang(times=None)
    assert count_states(store) == {"unknown": 1}


def test_telegram_out_of_reach_is_waited_for(api: BotApi) -> None:
    waits: list[float] = []
    api.answer(500, method="getMe", times=2)
    api.answer(429, retry_after=17, method="getMe", skip=0)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> None:
        bot = make_bot(settings(api).telegram)
        await connect(bot, sleep=sleep)
        await bot.shutdown()

    asyncio.run(work())
    assert waits == [2, 4, 17]


def test_a_search_of_a_channel_that_cannot_be_read_ends_it_at_once(api: BotApi, sqlite_store: Store) -> None:
    config = settings(api, CHAT, query="！？")
    with Running(config, sqlite_store) as running:
        running.join()
    assert isinstance(running.error, ServiceError)
    assert api.calls == []
    assert [ok for ok, _ in service.check(config, sqlite_store)] == [False]


def test_check_says_what_is_well_and_what_is_not(api: BotApi, store: Store) -> None:
    api.add_chat(-1003, "channel", username="a_channel")
    add_entries(store, 1)
    config = settings(api, CHAT, "@a_channel", -404, recent=1)
    lines = list(service.check(config, store))
    assert [ok for ok, _ in lines] == [True, True, True, False]
    assert "@feeder_bot" in lines[0][1]
    assert "-404: Chat not found" in lines[3][1]
    with Running(config, store):
        api.wait(lambda: len(api.called("sendPhoto")) == 3)
    off = next(service.check(config, store))
    assert off[0] is False
    assert "-404: switched off: BadRequest: Chat not found; next try: 2" in off[1]


@pytest.mark.parametrize(
    ("chat", "topic", "ok", "line"),
    [
        ({"kind": "channel"}, None, True, "found: Title"),
        ({"kind": "channel", "denied": {"can_post_messages"}}, None, False, "may not post in Title; make it an admin"),
        ({"kind": "channel", "status": "left"}, None, False, "the bot is not in Title; add the bot"),
        ({"kind": "group", "status": "kicked"}, None, False, "the bot is not in Title; add the bot"),
        ({"kind": "group", "status": "member"}, None, True, "found: Title"),
        ({"kind": "group", "status": "member", "denied": {"can_send_photos"}}, None, True, "no photos, so posts are"),
        ({"kind": "supergroup", "status": "restricted", "denied": {"can_send_messages"}}, None, False, "may not write"),
        ({"kind": "supergroup"}, 7, False, "Title has no topics; remove telegram.channels.topic"),
        ({"kind": "supergroup", "threads": {7}}, 7, True, "topic 7: found: Title"),
        ({"kind": "supergroup", "threads": {8}}, 7, False, "Message thread not found; open the topic again, or"),
        ({"kind": "supergroup", "threads": {7}, "closed": {7}}, 7, False, "Topic_closed; open the topic again"),
    ],
    ids=str,
)
def test_check_says_whether_the_bot_may_post(
    api: BotApi, sqlite_store: Store, chat: dict[str, Any], topic: int | None, ok: object, line: str
) -> None:
    more: dict[str, Any] = {key: frozenset(value) if isinstance(value, set) else value for key, value in chat.items()}
    api.add_chat(-1003, title="Title", **more)
    found = list(service.check(settings(api, -1003, topic=topic), sqlite_store))
    assert found[1][0] is ok
    assert line in found[1][1]
    assert len(found) == 2


def test_check_says_that_a_person_must_start_the_bot(api: BotApi, sqlite_store: Store) -> None:
    api.add_user(11)
    api.set_member(11, "kicked")
    blocked, unknown = list(service.check(settings(api, 11, 12), sqlite_store))[1:]
    assert blocked == (False, "11: Forbidden: bot was blocked by the user; this person must send /start to the bot")
    assert unknown == (False, "12: Chat not found; this person must send /start to the bot")


def test_check_does_not_blame_a_chat_for_telegram(api: BotApi, sqlite_store: Store) -> None:
    api.answer(500, method="getChatMember")
    assert "-1001: not checked: NetworkError" in list(service.check(settings(api, CHAT), sqlite_store))[1][1]


def test_status_shows_each_subscription(api: BotApi, store: Store) -> None:
    config = settings(api, CHAT, recent=1)
    assert list(service.status(config, store)) == []
    add_entries(store, 1)
    with Running(config, store):
        api.wait(lambda: len(api.texts(CHAT)) == 1)
    assert list(service.status(config, store)) == ["-1001: 1 sent, 0 waiting, 0 in doubt, 0 failed"]


def test_check_without_a_token_and_with_a_wrong_one(api: BotApi, sqlite_store: Store) -> None:
    assert [ok for ok, _ in service.check(Config(), sqlite_store)] == [True]
    config = settings(api, CHAT)
    api.answer(401, method="getChat")
    assert [ok for ok, _ in service.check(config, sqlite_store)] == [False]
    api.token = "1:" + "x" * 35
    ((ok, line),) = service.check(config, sqlite_store)
    assert not ok
    assert TOKEN not in line


def test_check_says_when_telegram_is_out_of_reach(api: BotApi, sqlite_store: Store) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        telegram = settings(api).telegram.model_copy(update={"api_url": f"http://127.0.0.1:{closed.getsockname()[1]}"})
        ((ok, line),) = service.check(Config(telegram=telegram), sqlite_store)
    assert not ok
    assert line.startswith("cannot reach ")


def test_a_preview_shows_each_post_and_needs_no_token(api: BotApi, unused_store: Store) -> None:
    add_entries(unused_store, 1, 2, 3)
    config = settings(api, CHAT, recent=2, silent=True, topic=5)
    without = Config(telegram=config.telegram.model_copy(update={"token": None}))
    head, first, second = service.preview(without, unused_store)
    assert head == "-1001 topic 5: 2 to post silently"
    assert "**title 2** <https://example.org/a/2>" in first
    assert "(https://example.org/rain.jpg)" in second
    assert api.calls == []
    with unused_store.database.read() as connection:
        assert not [name for name in inspect(connection).get_table_names() if name.startswith("bot")]
    told = list(service.preview(Config(), unused_store))
    assert told[0].startswith("No channel is configured in [[telegram.channels]]. @your_channel would get")
    assert told[1] == "@your_channel: 3 to post"


def test_a_preview_knows_a_channel_by_its_name_and_with_other_settings(api: BotApi, store: Store) -> None:
    api.add_chat(-1007, username="rain_news")
    add_entries(store, 1)
    with Running(settings(api, "@rain_news", recent=1), store):
        api.wait(lambda: len(api.texts(-1007)) == 1)
    config = settings(api, "@rain_news", recent=1, style="title", silent=True)
    assert list(service.preview(config, store)) == ["@rain_news: 0 to post silently"]


def test_a_preview_after_a_run_shows_what_has_come_since(api: BotApi, store: Store) -> None:
    add_entries(store, 1)
    config = settings(api, CHAT, -404, recent=1)
    with Running(config, store):
        api.wait(lambda: len(api.called("sendPhoto")) == 2)
    add_entries(store, 2, media=(), link=None)
    first, post, last = service.preview(config, store)
    assert first == "-1001: 1 to post"
    assert post.startswith("    **title 2**\n")
    assert last.startswith("-404: switched off: ")


def test_without_a_token_there_is_no_bot(sqlite_store: Store) -> None:
    with pytest.raises(ServiceError, match="no token is set"):
        asyncio.run(service.run(Config(), sqlite_store))


def test_the_menu_goes_without_where_telegram_is_busy(api: BotApi) -> None:
    api.answer(429, retry_after=9, method="setMyCommands")

    async def work() -> None:
        bot = make_bot(settings(api).telegram)
        await bot.initialize()
        await set_menu(bot)
        await bot.shutdown()

    asyncio.run(work())
    assert len(api.called("setMyCommands")) == 1


def test_a_bot_that_nobody_watches_stops_polling_all_the_same(api: BotApi) -> None:
    api.answer(401, method="getUpdates", times=None)

    async def work() -> None:
        bot = make_bot(settings(api).telegram)
        await bot.initialize()
        assert await bot.get_updates() == await bot.get_updates() == ()
        await bot.shutdown()

    asyncio.run(work())
    assert len(api.called("getUpdates")) == 1


@pytest.mark.usefixtures("quiet_logging")
def test_the_token_is_in_nothing_that_is_logged(
    api: BotApi, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setattr(sys, "stdout", said)
    set_up_logging(logging.DEBUG, secrets=[api.token])
    add_entries(sqlite_store, 1, 2, 3, 4)
    api.add_user(11)
    api.answer(502, method="sendPhoto")
    api.drop(method="getUpdates", skip=2)
    api.garble(method="getUpdates", skip=3)
    api.answer(409, method="getUpdates", skip=4)
    config = settings(api, CHAT, recent=4)
    with Running(config, sqlite_store):
        api.say(api.add_user(11), "/help")
        api.wait(lambda: len(api.texts(11)) == 1)
        api.wait(lambda: len(api.called("sendPhoto")) >= 2)
        api.answer(401, times=None)
    list(service.check(config, sqlite_store))
    list(service.preview(config, sqlite_store))
    assert "Bad Gateway" in said.getvalue()
    assert api.token not in said.getvalue()
    assert api.token.split(":")[1] not in said.getvalue()


def test_the_token_is_in_no_traceback_of_an_interpreter_that_dies_of_it() -> None:
    program = (
        "import asyncio, logging, sys\n"
        "from feeder.log import set_up_logging\n"
        "from bot.connecting import make_bot\n"
        "from feeder import TelegramConfig\n"
        f"token = {TOKEN!r}\n"
        "set_up_logging(logging.DEBUG, secrets=[token])\n"
        "bot = make_bot(TelegramConfig(token=token, api_url='http://127.0.0.1:9'))\n"
        "asyncio.run(bot.get_me(connect_timeout=1))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "NetworkError" in done.stderr
    assert TOKEN not in done.stderr + done.stdout

"""Updates that Telegram sends, in place of being asked for them: who may send them, and who answers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path

import pytest

from bot.answering import Updates, describe_webhook, webhook_address
from bot.app import service
from bot.connecting import make_bot
from feeder import Config, ServiceError, Store
from feeder.config.settings import SiteConfig
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, NO_LIMITS, Running, add_entries, settings
from tests.bot.talk import Talk
from tests.test_run import feeder

HEADER = "x-telegram-bot-api-secret-token"


def configure(api: BotApi, *chats: int, **more: object) -> Config:
    config = settings(api, *chats, **more)
    return config.model_copy(update={"telegram": config.telegram.model_copy(update={"webhook": True})})


def reading(body: bytes) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return body

    return read


async def never() -> bytes:
    raise AssertionError("read though it was not asked for")


def during(updates: Updates, act: Callable[[], "asyncio.Future[None] | object"]) -> None:
    """Do something while updates are answered."""

    async def run() -> None:
        running = asyncio.create_task(updates.run())
        while updates._application is None:  # noqa: ASYNC110  it tells nobody
            await asyncio.sleep(0.01)
        try:
            await act()  # type: ignore[misc]  # a coroutine function
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(run(), 15))


def test_only_who_knows_the_secret_is_heard(api: BotApi, bot_store: Store) -> None:
    config = configure(api)
    updates = Updates(config, bot_store, NO_LIMITS)
    secret = updates._secret.decode()
    assert config.telegram.token is not None
    assert config.telegram.token.get_secret_value() not in secret
    body = json.dumps({"update_id": 1}).encode()

    async def ask() -> None:
        for headers in ({}, {HEADER: ""}, {HEADER: secret[:-1]}, {HEADER: "é"}):
            assert await updates.receive(headers, never) == HTTPStatus.FORBIDDEN, headers
        assert await updates.receive({HEADER: secret}, reading(body)) == HTTPStatus.OK

    during(updates, ask)


def test_what_cannot_be_taken_now_comes_again_and_what_cannot_be_read_does_not(
    api: BotApi, bot_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = Updates(configure(api), bot_store, NO_LIMITS)
    headers = {HEADER: updates._secret.decode()}
    assert asyncio.run(updates.receive(headers, never)) == HTTPStatus.SERVICE_UNAVAILABLE  # it does not answer yet

    async def ask() -> None:
        for unreadable in (b"", b"{", b"[]", b"{}", b"\xff", b"1"):
            assert await updates.receive(headers, reading(unreadable)) == HTTPStatus.BAD_REQUEST, unreadable
        strange = {"update_id": 2, "message": {"message_id": "x", "entities": 5}}  # no kind of message that there is
        assert await updates.receive(headers, reading(json.dumps(strange).encode())) == HTTPStatus.OK
        monkeypatch.setattr("bot.answering._MAX_WAITING", 0)
        assert await updates.receive(headers, never) == HTTPStatus.SERVICE_UNAVAILABLE

    during(updates, ask)


def test_with_a_webhook_the_bot_posts_and_asks_for_no_updates(api: BotApi, bot_store: Store) -> None:
    add_entries(bot_store, 1)
    with Running(configure(api, CHAT, recent=1), bot_store) as running:
        api.wait(lambda: len(api.texts(CHAT)) == 1)
    assert isinstance(running.error, asyncio.CancelledError)
    [call] = api.called("setWebhook")
    assert call.arguments["url"] == "http://127.0.0.1:8000/services/telegram"
    assert api.called("getUpdates") == []


def test_without_one_it_asks_again(api: BotApi, bot_store: Store) -> None:
    api.telegram.webhook = ("https://site.example/services/telegram", "")
    person = api.add_user(11)
    with Running(settings(api), bot_store):
        assert "/search" in Talk(api, person).ask("/help")
    assert api.telegram.webhook == ("", "")


def test_telegram_may_be_away_when_it_is_told(api: BotApi, bot_store: Store) -> None:
    api.answer(500, method="setWebhook")
    with Running(configure(api), bot_store):
        api.wait(lambda: len(api.called("setWebhook")) == 2)
    assert [call.code for call in api.called("setWebhook")] == [500, 200]


def test_an_address_that_telegram_does_not_take_ends_it_with_one_line(api: BotApi, bot_store: Store) -> None:
    config = configure(api).model_copy(update={"site": SiteConfig(url="http://site.example/")})
    with Running(config, bot_store) as running:
        running.join()
    assert isinstance(running.error, ServiceError)
    assert str(running.error).startswith(
        "telegram.webhook: Telegram sends nothing to http://site.example/services/telegram (Bad webhook: an https"
    )


def test_check_says_whether_updates_arrive(api: BotApi) -> None:
    config = configure(api)
    address = webhook_address(config)

    def told() -> list[tuple[bool, str]]:
        return [(ok, line) for ok, line in service.check(config, None) if "updates" in line]

    assert told() == [(False, f"updates are not sent to {address} yet: `feeder run` tells Telegram to")]
    api.behind = ["http://127.0.0.1:1/"]  # nobody is there
    api.telegram.webhook = (address, "")
    assert told() == [(True, f"updates are sent to {address}")]
    api.say(api.add_user(11), "/help")
    api.wait(lambda: bool(api.telegram.webhook_error))
    assert told() == [(False, f"updates do not arrive at {address} ({api.telegram.webhook_error}); waiting: 1")]


def test_what_is_long_over_is_no_trouble(api: BotApi) -> None:
    async def ask() -> tuple[bool, str]:
        bot = make_bot(configure(api).telegram)
        async with bot:
            return describe_webhook(await bot.get_webhook_info(), "https://site.example/x")

    api.telegram.webhook, api.telegram.webhook_error = ("https://site.example/x", ""), "once"
    api.behind = ["http://127.0.0.1:1/"]
    assert asyncio.run(ask()) == (True, "updates are sent to https://site.example/x")


@pytest.mark.postgresql
def test_all_that_serve_answer_and_one_of_them_posts(postgresql_url: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/rain.md").write_text("# Rain\n\nIt rained all day.\n", "utf-8")
    (tmp_path / "config.toml").write_text(
        f"[telegram]\nwebhook = true\npoll = '1s'\nchannels = [{{ chat = '{CHAT}' }}]\n"
        "[[sources]]\nname = 'mine'\nfolder = 'in'\n"
    )
    with BotApi() as api:
        api.add_chat(CHAT)
        people = [Talk(api, api.add_user(number)) for number in range(11, 17)]
        variables = {
            "FEEDER_STORE__URL": postgresql_url,
            "FEEDER_TELEGRAM__API_URL": api.url,
            "FEEDER_TELEGRAM__TOKEN": api.token,
        }
        with (
            feeder(tmp_path, "run", **variables) as (_, first),
            feeder(tmp_path, "run", "--only", "web,bot", **variables) as (_, second),
        ):
            api.behind = [first, second]
            api.wait(lambda: api.texts(CHAT) != [], 60)
            for person in people:
                person.ask("/help")
        assert {*api.pushed} == {f"{one}services/telegram" for one in (first, second)}
        assert [len(api.texts(person.chat)) for person in people] == [1] * len(people)
        assert len(api.texts(CHAT)) == 1
        assert api.called("getUpdates") == []

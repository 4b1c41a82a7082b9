"""A post in all its forms: pictures, albums, films, uploads, parts."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from telegram import Bot, User

from bot.delivery.chats import find_subscriptions, sync_channels
from bot.delivery.posting import first_forms, plain_text, read_button
from bot.messages import Text
from bot.planning import planner
from feeder import Media, Store
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Harness, add_entries, count_states
from tests.bot.messages.samples import SITE, looks, post_of
from tests.entries import make_entry

JPEG = b"\xff\xd8\xff a picture"
PICTURES = tuple(Media(url=f"https://example.org/{number}.jpg", kind="image") for number in range(3))
FILM = Media(url="https://example.org/film.mp4", kind="video")
MOVING = Media(url="https://example.org/moving.gif", kind="image")
LONG = "".join(f"<p>{number}. {'It rained all day. ' * 30}</p>" for number in range(16))

Make = Callable[..., Harness]


class Fetcher:
    """Has pictures at some addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []

    async def __call__(self, addresses: Sequence[str]) -> list[bytes]:
        self.asked += addresses
        return [JPEG for address in addresses if address in self.addresses]


def post(harness: Harness, store: Store, *numbers: int, **changes: Any) -> None:
    planner.plan(store, sync_channels(store, harness.channels), START)
    add_entries(store, *numbers or (1,), **changes)
    harness.drain()


def methods(api: BotApi) -> list[tuple[str, int | None]]:
    return [(call.method, call.code) for call in api.calls if call.method.startswith("send")]


def forms(store: Store) -> list[tuple[int, str, str]]:
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT part, form, state FROM bot_deliveries ORDER BY id")
        return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("media", "settings", "method"),
    [
        (PICTURES, {}, "sendPhoto"),
        (PICTURES, {"pictures": "none"}, "sendMessage"),
        (PICTURES, {"pictures": "album"}, "sendMediaGroup"),
        (PICTURES[:1], {"pictures": "album"}, "sendPhoto"),
        ((), {"pictures": "album"}, "sendMessage"),
        ((FILM,), {}, "sendVideo"),
        ((FILM, *PICTURES), {"pictures": "album"}, "sendMediaGroup"),
        ((MOVING,), {}, "sendAnimation"),
    ],
)
def test_pictures_and_films_are_sent_as_such(
    make_harness: Make, api: BotApi, each_store: Store, media: tuple[Media, ...], settings: dict[str, Any], method: str
) -> None:
    post(make_harness(**settings), each_store, media=media)
    assert methods(api) == [(method, 200)]
    assert count_states(each_store) == {"sent": 1}
    assert any("title 1" in text for text in api.texts(CHAT))


@pytest.mark.parametrize(
    ("settings", "had", "sent"),
    [
        ({}, PICTURES, ["sendPhoto", "sendPhoto"]),
        ({}, (), ["sendPhoto", "sendMessage"]),
        ({"pictures": "album"}, PICTURES, ["sendMediaGroup", "sendMediaGroup"]),
        ({"pictures": "album"}, PICTURES[:1], ["sendMediaGroup", "sendPhoto"]),
        ({"pictures": "album"}, (), ["sendMediaGroup", "sendMessage"]),
    ],
)
def test_a_picture_that_telegram_cannot_fetch_is_uploaded_and_then_left_out(
    make_harness: Make,
    api: BotApi,
    each_store: Store,
    settings: dict[str, Any],
    had: tuple[Media, ...],
    sent: list[str],
) -> None:
    api.spoil_photo(PICTURES[0].url)
    harness = make_harness(**settings)
    harness.fetch = fetcher = Fetcher(*(picture.url for picture in had))
    post(harness, each_store, media=PICTURES)
    assert [method for method, _ in methods(api)] == sent
    assert PICTURES[0].url in fetcher.asked
    assert count_states(each_store) == {"sent": 1}
    assert len([text for text in api.texts(CHAT) if "title 1" in text]) == 1


def test_without_anyone_to_fetch_it_a_picture_is_left_out(make_harness: Make, api: BotApi, each_store: Store) -> None:
    api.spoil_photo(PICTURES[0].url, "wrong type of the web page content")
    post(make_harness(), each_store, media=PICTURES)
    assert methods(api) == [("sendPhoto", 400), ("sendMessage", 200)]
    assert forms(each_store) == [(0, "text", "sent")]


def test_an_upload_that_telegram_refuses_is_left_out(make_harness: Make, api: BotApi, each_store: Store) -> None:
    api.answer(400, "Bad Request: wrong file identifier/HTTP URL specified", method="sendPhoto")
    api.answer(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", method="sendPhoto")
    harness = make_harness()
    harness.fetch = Fetcher(PICTURES[0].url)
    post(harness, each_store, media=PICTURES)
    assert [method for method, _ in methods(api)] == ["sendPhoto", "sendPhoto", "sendMessage"]


def test_a_whole_text_comes_in_parts_each_once_and_in_order(make_harness: Make, api: BotApi, each_store: Store) -> None:
    api.answer(500, method="sendMessage", skip=1)
    harness = make_harness(style="full", on_unknown="repost")
    post(harness, each_store, content=LONG, media=())
    texts = api.texts(CHAT)
    assert len(texts) == len(forms(each_store)) == 3
    assert re.findall(r"(\d+)\. It", "".join(texts)) == [str(number) for number in range(16)]
    assert forms(each_store) == [(0, "text", "sent"), (1, "text", "sent"), (2, "text", "sent")]
    assert [bool(call.arguments["link_preview_options"].get("is_disabled")) for call in sent_messages(api)] == [
        False,
        True,
        True,
    ]


def sent_messages(api: BotApi) -> list[Any]:
    calls = [call for call in api.called("sendMessage") if call.code == 200]
    for call in calls:
        if isinstance(call.arguments.get("link_preview_options"), str):
            call.arguments["link_preview_options"] = json.loads(call.arguments["link_preview_options"])
    return calls


def test_parts_of_two_posts_do_not_mix(make_harness: Make, api: BotApi, each_store: Store) -> None:
    harness = make_harness(style="full", pictures="none", template="{title}\n{text}")
    post(harness, each_store, 1, 2, content=LONG)
    assert ["title 1" in text or "title 2" in text for text in api.texts(CHAT)] == [True, False, False] * 2


def test_if_a_part_cannot_be_sent_the_rest_is_not(make_harness: Make, api: BotApi, each_store: Store) -> None:
    api.answer(400, "Bad Request: message is too long", method="sendMessage", times=None)
    post(make_harness(style="full"), each_store, content=LONG, media=())
    assert count_states(each_store) == {"failed": 3}
    assert len(methods(api)) == 3  # the three forms of the first part


def test_a_post_that_has_become_shorter_has_no_more_parts(make_harness: Make, api: BotApi, each_store: Store) -> None:
    harness = make_harness(style="full")
    planner.plan(each_store, sync_channels(each_store, harness.channels), START)
    add_entries(each_store, 1, content=LONG, media=())
    planner.plan(
        each_store, find_subscriptions(each_store, harness.channels), START, "UTC", lambda *_: ("photo", "text", "text")
    )
    add_entries(each_store, 1, content="<p>Short.</p>", media=())
    harness.drain()
    assert len(api.texts(CHAT)) == 1
    assert count_states(each_store) == {"sent": 3}


def test_a_plain_text_ends_with_the_address_of_the_article_if_it_has_room() -> None:
    made = post_of(make_entry(1))
    assert plain_text(Text("x"), made, 0).text == f"x\n{made.link}"
    assert plain_text(Text("x"), made, 1).text == "x"
    assert plain_text(Text("x" * 4090), made, 0).length == 4090


def test_how_a_post_is_first_sent_depends_on_what_it_has() -> None:
    made = make_entry(1, media=PICTURES)
    assert first_forms(made, looks(), ENGLISH, SITE) == ("photo",)
    assert first_forms(made, looks(pictures="album"), ENGLISH, SITE) == ("album",)
    long = make_entry(1, content=LONG, media=())
    assert first_forms(long, looks(template="{text}"), ENGLISH, SITE) == ("photo", "text", "text")
    assert first_forms(long, looks(template="{title}\n{ text }"), ENGLISH, SITE) == ("photo", "text", "text")
    assert first_forms(long, looks(style="full", template="{title}"), ENGLISH, SITE) == ("photo",)


def test_a_button_leads_into_the_chat_with_the_bot(make_harness: Make, each_store: Store) -> None:
    bot = Bot("123:" + "x" * 35)
    assert read_button(bot, make_entry(1), ENGLISH) is None  # its name is not known yet
    bot._bot_user = User(1, "feeder", is_bot=True, username="feeder_bot")
    markup = read_button(bot, make_entry(1), ENGLISH)
    assert markup is not None
    [[button]] = markup.inline_keyboard
    assert (button.text, button.url) == ("Read here", f"https://t.me/feeder_bot?start={make_entry(1).key}")
    post(make_harness(read_button=True), each_store)
    assert count_states(each_store) == {"sent": 1}

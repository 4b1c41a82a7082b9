"""Posts are corrected when their article changes: in place, at the same pace, and never posted again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.delivery import edits
from bot.delivery.chats import sync_channels
from bot.delivery.edits import DONE_NOTE
from bot.delivery.pace import Pace
from bot.planning import planner
from feeder import Media, Store
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, START, Clock, Harness, add_entries, channels, count_states
from tests.bot.test_posting import LONG, PICTURES

Make = Callable[..., Harness]


def post(harness: Harness, **changes: Any) -> Harness:
    """Post entry 1."""
    harness.edit_days = 2
    planner.plan(harness.store, sync_channels(harness.store, harness.channels), START)
    add_entries(harness.store, 1, **{"media": (), **changes})
    harness.drain()
    return harness


@pytest.fixture
def posted(make_harness: Make) -> Callable[..., Harness]:
    """Post entry 1 and return the harness."""

    def make(settings: dict[str, Any] | None = None, **changes: Any) -> Harness:
        return post(make_harness(**(settings or {})), **changes)

    return make


def change(store: Store, minutes: int = 1, **changes: Any) -> None:
    add_entries(store, 1, first_seen_at=START + timedelta(days=2, minutes=minutes), **{"media": (), **changes})


def calls(api: BotApi) -> list[str]:
    return [call.method for call in api.calls]


def test_a_changed_article_is_edited_in_place(api: BotApi, each_store: Store, clock: Clock) -> None:
    harness = post(Harness(api, each_store, clock, channels()))
    change(each_store, content="<p>Corrected.</p>")
    harness.drain()
    assert calls(api) == ["sendMessage", "editMessageText"]
    (text,) = api.texts(CHAT)
    assert "Corrected." in text
    (message,) = api.messages(CHAT)
    assert message["entities"][0]["type"] == "bold"
    harness.drain()
    assert len(api.calls) == 2
    change(each_store, 2, content="<p>Corrected again.</p>")
    harness.drain()
    assert "Corrected again." in api.texts(CHAT)[0]
    assert count_states(each_store) == {"sent": 1}


def test_a_caption_is_edited_as_such(posted: Callable[..., Harness], api: BotApi, each_store: Store) -> None:
    harness = posted({"read_button": True}, media=PICTURES)
    change(each_store, content="<p>Corrected.</p>", media=PICTURES)
    harness.drain()
    assert calls(api) == ["sendPhoto", "editMessageCaption"]
    assert "Corrected." in api.texts(CHAT)[0]


def test_a_post_without_spans_is_edited_without_them(
    posted: Callable[..., Harness], api: BotApi, each_store: Store
) -> None:
    api.answer(400, "Bad Request: can't parse entities: unknown", method="sendMessage")
    harness = posted()
    change(each_store, content="<p>Corrected.</p>")
    harness.drain()
    (message,) = api.messages(CHAT)
    assert "Corrected." in message["text"]
    assert message["text"].endswith("https://example.org/a/1")
    assert not message["entities"]


def test_what_shows_no_difference_is_not_edited(posted: Callable[..., Harness], api: BotApi, each_store: Store) -> None:
    harness = posted({"style": "title"})
    change(each_store, content="<p>Corrected.</p>")
    harness.drain()
    assert calls(api) == ["sendMessage"]


def test_other_rules_of_reading_edit_nothing(
    posted: Callable[..., Harness], api: BotApi, each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = posted()
    find = type(each_store.entries).get_many

    def read_again(self: Any, keys: Any) -> Any:
        return [replace(entry, content="<p>As read by new rules.</p>") for entry in find(self, keys)]

    change(each_store, 0, categories=("another",))
    monkeypatch.setattr(type(each_store.entries), "get_many", read_again)
    assert each_store.entries.find("https://example.org/a/1").updated.year == 2023  # type: ignore[union-attr]  # it is there
    harness.drain()
    assert calls(api) == ["sendMessage"]


def test_an_old_post_is_not_edited(
    posted: Callable[..., Harness], api: BotApi, each_store: Store, clock: Clock
) -> None:
    harness = posted()
    clock.forward(days=2, minutes=1)
    change(each_store, content="<p>Corrected.</p>")
    harness.drain()
    assert calls(api) == ["sendMessage"]


@pytest.mark.parametrize(
    "refusal",
    [
        "Bad Request: message can't be edited",
        "Bad Request: message is not modified: specified new message content is the same",
        "Bad Request: message to edit not found",
    ],
)
def test_what_telegram_does_not_edit_stays_as_it_is(
    posted: Callable[..., Harness], api: BotApi, each_store: Store, refusal: str
) -> None:
    harness = posted()
    change(each_store, content="<p>Corrected.</p>")
    api.answer(400, refusal, method="editMessageText")
    for _ in range(3):
        harness.drain()
    assert calls(api) == ["sendMessage", "editMessageText"]


@pytest.mark.parametrize("fault", ["drop", "retry", "error"])
def test_an_edit_that_fails_is_made_at_the_next_tick(
    posted: Callable[..., Harness], api: BotApi, each_store: Store, clock: Clock, fault: str
) -> None:
    harness = posted()
    change(each_store, content="<p>Corrected.</p>")
    if fault == "drop":
        api.drop(method="editMessageText")
    elif fault == "retry":
        api.answer(429, retry_after=60, method="editMessageText")
    else:
        api.answer(502, method="editMessageText")
    harness.drain()
    before = len(api.called("editMessageText"))
    harness.drain()
    assert len(api.called("editMessageText")) == before + (fault != "retry")  # which waits as long as it is told
    clock.forward(seconds=61)
    harness.drain()
    harness.drain()
    assert "Corrected." in api.texts(CHAT)[0]
    assert len(api.called("editMessageText")) == 2
    assert calls(api).count("sendMessage") == 1


def test_while_telegram_does_not_answer_posts_wait_for_one_edit_only(
    api: BotApi, make_harness: Make, each_store: Store
) -> None:
    api.add_chat(-1002)
    post(make_harness(CHAT, -1002))
    api.answer(502, method="editMessageText", times=None)
    change(each_store, content="<p>Corrected.</p>")
    harness = make_harness(CHAT, -1002)
    harness.edit_days = 2
    harness.drain()
    assert len(api.called("editMessageText")) == 1
    api.heal()
    harness.drain()
    assert all("Corrected." in api.texts(chat)[0] for chat in (CHAT, -1002))


def test_a_chat_with_many_edits_does_not_keep_others_waiting(
    api: BotApi, make_harness: Make, each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "MAX_PER_TICK", 2)
    api.add_chat(-1002)
    harness = post(make_harness(CHAT, style="full"), content=LONG)
    harness.channels = channels(CHAT, style="full") + channels(-1002, recent=1, style="full")
    planner.plan(each_store, sync_channels(each_store, harness.channels), START)
    harness.drain()
    change(each_store, content=LONG.replace("It", "Yesterday it"))
    harness.drain()
    edited = [call.arguments["chat_id"] for call in api.called("editMessageText")]
    assert sorted(edited) == [str(CHAT), "-1002"]


def test_edits_wait_for_their_turn_in_the_chat(
    posted: Callable[..., Harness], api: BotApi, each_store: Store, clock: Clock
) -> None:
    harness = posted()
    harness.pace = Pace(per_chat_s=3.0, per_group_minute=20, overall_per_second=30)
    add_entries(each_store, 2, media=())
    harness.drain()
    clock.forward(minutes=5)
    for number in (1, 2):
        add_entries(
            each_store, number, media=(), content="<p>New.</p>", first_seen_at=START + timedelta(days=2, minutes=9)
        )
    harness.drain()
    assert len(api.called("editMessageText")) == 1
    clock.forward(seconds=30)
    harness.drain()
    assert len(api.called("editMessageText")) == 2
    assert sum("New." in text for text in api.texts(CHAT)) == 2


def test_the_parts_of_a_text_are_edited_and_those_that_are_gone_are_deleted(
    posted: Callable[..., Harness], api: BotApi, each_store: Store
) -> None:
    harness = posted({"style": "full"}, content=LONG)
    assert len(api.texts(CHAT)) == 3
    change(each_store, content=LONG.replace("<p>3. It", "<p>3. Yesterday it"))
    harness.drain()
    assert sum("3. Yesterday it" in text for text in api.texts(CHAT)) == 1
    change(each_store, 2, content="<p>Short.</p>")
    harness.drain()
    assert len(api.texts(CHAT)) == 1
    assert "Short." in api.texts(CHAT)[0]
    change(each_store, 3, content=LONG + LONG)
    harness.drain()
    assert len(api.texts(CHAT)) == 1
    assert count_states(each_store) == {"sent": 3}


def test_a_paused_chat_is_not_edited(posted: Callable[..., Harness], api: BotApi, each_store: Store) -> None:
    harness = posted()
    harness.channels = ()
    sync_channels(each_store, ())
    change(each_store, content="<p>Corrected.</p>")
    harness.drain()
    assert calls(api) == ["sendMessage"]


def test_after_a_large_pass_only_entries_that_were_posted_are_looked_at(
    posted: Callable[..., Harness], api: BotApi, each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "_FEW", 1)
    monkeypatch.setattr(edits, "_PAGE", 2)
    harness = posted({"query": "title:1"})
    add_entries(each_store, *range(20, 25), media=())
    change(each_store, content="<p>Corrected.</p>", media=(Media(url="https://e.org/new.jpg", kind="image"),))
    harness.drain()
    assert "Corrected." in api.texts(CHAT)[0]


def test_a_restored_store_is_followed_from_where_it_is(posted: Callable[..., Harness], each_store: Store) -> None:
    harness = posted()
    each_store.database.set_note(DONE_NOTE, "999999")
    harness.drain()
    assert each_store.database.get_note(DONE_NOTE) == str(each_store.entries.last_change())


def test_edits_can_be_turned_off(make_harness: Make, api: BotApi, each_store: Store) -> None:
    harness = make_harness()
    planner.plan(each_store, sync_channels(each_store, channels()), START)
    add_entries(each_store, 1, media=())
    harness.drain()
    change(each_store, content="<p>Corrected.</p>")
    harness.drain()
    assert calls(api) == ["sendMessage"]

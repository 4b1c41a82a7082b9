"""What waits for a person's decision, what becomes of it, and what the admins are told."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bot.delivery.chats import ChatFace, find_subscriptions, learn_chat, sync_channels
from bot.delivery.outbox import CallOutcome
from bot.delivery.switches import TRY_WAITS
from bot.health.held import drop_held, list_held, send_held
from bot.health.notices import MAX_LINES, Notices, Trouble, explain
from bot.health.status import describe_standing, explain_troubles, read_standings
from bot.messages import utf16_length
from bot.planning import planner
from bot.tables import deliveries, subscriptions
from feeder import Store, StoreError
from feeder.words import ENGLISH
from tests.bot.conftest import START, add_entries, channels, count_states, plan_posts
from tests.bot.test_outbox import claim_at, claim_one, settle_claim

IN_DOUBT = CallOutcome(result="unknown", reason="TimedOut")
FAILED = CallOutcome(result="failed", reason="BadRequest: something new")


def hold(store: Store, *outcomes: CallOutcome, policy: str = "hold") -> None:
    """Plan a post for each outcome, and settle it so."""
    plan_posts(store, range(len(outcomes)), channels(-1, on_unknown=policy))
    for minutes, outcome in enumerate(outcomes):
        settle_claim(store, claim_one(store, after=timedelta(minutes=minutes)), outcome)


def test_what_is_held_or_has_failed_is_listed_and_sent_or_dropped_once(each_store: Store) -> None:
    hold(each_store, IN_DOUBT, FAILED)
    learn_chat(each_store, "-1", ChatFace(-1, "group", "A group"))
    first, second = list_held(each_store)
    assert (first.state, first.chat, first.title, first.topic, first.headline) == (
        "held",
        "-1",
        "A group",
        0,
        "title 0",
    )
    assert (second.state, second.error) == ("failed", "BadRequest: something new")
    assert send_held(each_store, first.delivery)
    assert not send_held(each_store, first.delivery)
    assert drop_held(each_store, second.delivery)
    assert not drop_held(each_store, second.delivery)
    assert list_held(each_store) == ()
    again = claim_one(each_store, after=timedelta(hours=1))
    assert (again.delivery, again.attempts, again.form) == (first.delivery, 1, "photo")
    assert count_states(each_store) == {"sending": 1, "dropped": 1}


def test_what_nobody_subscribes_to_any_more_waits_for_nobody(each_store: Store) -> None:
    hold(each_store, IN_DOUBT, FAILED)
    first, second = list_held(each_store)
    sync_channels(each_store, ())
    assert list_held(each_store) == ()
    assert not send_held(each_store, first.delivery)
    assert not drop_held(each_store, second.delivery)
    sync_channels(each_store, channels(-1, on_unknown="hold"))
    assert len(list_held(each_store)) == 2


def test_a_post_is_held_and_sent_again_with_all_its_parts(each_store: Store) -> None:
    made = channels(-1, style="full", pictures="album")
    planner.plan(each_store, sync_channels(each_store, made), START)
    add_entries(each_store, 1)
    planner.plan(each_store, find_subscriptions(each_store, made), START, "UTC", lambda *_: ("album", "text"))
    settle_claim(each_store, claim_one(each_store), FAILED)
    assert count_states(each_store) == {"failed": 2}
    (standing,) = read_standings(each_store)
    assert standing.failed == 1
    (held,) = list_held(each_store)
    assert send_held(each_store, held.delivery)
    for minutes, form in enumerate(("album", "text"), start=1):
        again = claim_one(each_store, after=timedelta(minutes=minutes))
        assert (again.part, again.form) == (minutes - 1, form)
        settle_claim(each_store, again, after=timedelta(minutes=minutes))
    assert count_states(each_store) == {"sent": 2}


def test_what_is_sent_again_by_itself_is_not_held_until_it_is_given_up(each_store: Store) -> None:
    hold(each_store, IN_DOUBT, policy="repost")
    assert list_held(each_store) == ()
    with each_store.database.begin() as connection:
        connection.execute(update(deliveries).values(doubts=5))
    assert len(list_held(each_store)) == 1


def test_an_entry_that_is_gone_is_listed_without_a_headline(each_store: Store) -> None:
    hold(each_store, IN_DOUBT)
    with each_store.database.begin() as connection:
        connection.execute(update(deliveries).values(entry="urn:gone"))
    assert [held.headline for held in list_held(each_store)] == [""]


class Told:
    """Takes what the admins are told."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.can_reach = True
        self.reached = asyncio.Event()

    async def tell(self, text: str) -> bool:
        if self.can_reach:
            self.texts.append(text)
            self.reached.set()
        return self.can_reach

    def look(self, notices: Notices) -> list[str]:
        asyncio.run(notices.look())
        texts, self.texts = self.texts, []
        return texts


def test_admins_are_told_once_whoever_looks_and_again_of_what_is_new(each_store: Store) -> None:
    told = Told()
    hold(each_store, IN_DOUBT, FAILED, CallOutcome(result="blocked", reason="Forbidden"))
    (text,) = told.look(Notices(each_store, told.tell, ENGLISH))
    assert text.split("\n\n") == [
        ENGLISH.chat.notice_off.format(chat="-1", reason="Forbidden"),
        "-1: 1 post may or may not have arrived. Decide in /held.",
        "-1: 1 post could not be sent. See /held.",
    ]
    after_restart = Notices(each_store, told.tell, ENGLISH)
    assert told.look(after_restart) == []
    settle_claim(each_store, claim_one(each_store, after=TRY_WAITS[0]), after=TRY_WAITS[0])
    assert told.look(after_restart) == ["I can post to -1 again. What it missed follows in one message."]
    drop_held(each_store, list_held(each_store)[0].delivery)
    assert told.look(after_restart) == []


def test_what_nobody_could_be_told_is_told_later(each_store: Store) -> None:
    told = Told()
    notices = Notices(each_store, told.tell, ENGLISH)
    hold(each_store, IN_DOUBT)
    told.can_reach = False
    notices.say("Another program")
    assert told.look(notices) == []
    told.can_reach = True
    (text,) = told.look(notices)
    assert text == "Another program\n\n-1: 1 post may or may not have arrived. Decide in /held."
    notices.say("Another program")
    assert told.look(notices) == []


def test_a_person_who_blocks_the_bot_and_a_subscription_that_ends_are_no_news(each_store: Store) -> None:
    told = Told()
    plan_posts(each_store, range(1), channels(11, -1))
    for claimed in claim_at(each_store):
        settle_claim(each_store, claimed, CallOutcome(result="blocked", reason="Forbidden"))
    with each_store.database.begin() as connection:
        person = subscriptions.c.id == find_subscriptions(each_store, channels(11))[0].id
        connection.execute(update(subscriptions).where(person).values(owner="chat"))
    notices = Notices(each_store, told.tell, ENGLISH)
    (text,) = told.look(notices)
    assert text.startswith("Posting to -1 has stopped")
    assert text.count("has stopped") == 1
    with each_store.database.begin() as connection:
        connection.execute(update(subscriptions).values(configured=False))
    assert told.look(notices) == []


def test_troubles_with_long_names_and_reasons_are_still_one_message(each_store: Store) -> None:
    told = Told()
    chats = [-1000 - number for number in range(MAX_LINES)]
    for chat in chats:
        learn_chat(each_store, str(chat), ChatFace(chat, "group", "😀" * 128))
    plan_posts(each_store, range(1), channels(*chats))
    for claimed in claim_at(each_store):
        settle_claim(each_store, claimed, CallOutcome(result="blocked", reason="x" * 300))
    (text,) = told.look(Notices(each_store, told.tell, ENGLISH))
    assert 4000 < utf16_length(text) <= 4096


def test_a_great_many_troubles_are_one_short_message() -> None:
    after = {str(number): Trouble(f"chat {number}", 1, 2, None) for number in range(100)}
    text = explain({}, after, ENGLISH)
    assert text is not None
    assert len(text.split("\n\n")) == MAX_LINES + 1
    assert text.endswith("… and 190 more. See /status.")


@pytest.mark.parametrize("error", [StoreError("busy"), KeyError("a bug")])
def test_trouble_does_not_end_the_notices(
    each_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    told = Told()
    hold(each_store, IN_DOUBT)

    async def work() -> None:
        notices = Notices(each_store, told.tell, ENGLISH, every_s=0.01)
        real = notices.look

        async def busy() -> None:
            monkeypatch.setattr(notices, "look", real)
            raise error

        monkeypatch.setattr(notices, "look", busy)
        running = asyncio.create_task(notices.run())
        await asyncio.wait_for(told.reached.wait(), 10)
        running.cancel()

    asyncio.run(work())
    assert len(told.texts) == 1
    assert "the admins are told later" in caplog.text


def test_a_status_says_what_was_sent_waits_is_in_doubt_and_has_failed(each_store: Store) -> None:
    sent = CallOutcome(result="sent")
    hold(each_store, sent, sent, IN_DOUBT, FAILED, CallOutcome(result="blocked", reason="Forbidden"))
    learn_chat(each_store, "-1", ChatFace(-1, "group", "A group"))
    with each_store.database.begin() as connection:
        connection.execute(update(subscriptions).values(paused=True, topic=7))
    (standing,) = read_standings(each_store)
    assert describe_standing(standing) == (
        "-1 (A group) topic 7: 2 sent, 1 waiting, 1 in doubt, 1 failed; paused; "
        "switched off: Forbidden; next try: 2026-01-01 01:00 UTC"
    )
    assert list(explain_troubles([standing])) == [
        (
            False,
            "-1 (A group) topic 7: switched off: Forbidden; next try: 2026-01-01 01:00 UTC; let the bot post there",
        ),
        (False, "posts that may or may not have been sent: 1; that could not be: 1; send /held to the bot"),
    ]


def test_a_subscription_without_posts_is_fine(each_store: Store) -> None:
    plan_posts(each_store, range(1), channels(-1))
    with each_store.database.begin() as connection:
        connection.execute(delete(deliveries))
    assert read_standings(each_store, besides=()) == ()
    (standing,) = read_standings(each_store)
    assert describe_standing(standing) == "-1: 0 sent, 0 waiting, 0 in doubt, 0 failed"
    assert list(explain_troubles([standing])) == []

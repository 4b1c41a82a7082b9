"""What only admins may do, by their numeric id: commands, buttons and files of others do nothing."""

from collections.abc import Iterator

import pytest

from bot.conversation.registry import ACTIONS, COMMANDS
from bot.health.status import Standing
from feeder import FeederError, Store
from feeder.admin import SourceLine, SourceOffer
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.conftest import Running, add_entries, settings
from tests.bot.talk import Talk
from tests.conftest import on_sqlite_alone
from tests.entries import make_entry

GROUP = -1007
OPML = b"""<opml version="2.0"><body><outline type="rss" text="Rain" xmlUrl="https://example.org/rain.xml"/></body></opml>"""
ADMIN_COMMANDS = [name for name, command in COMMANDS.items() if command.admins]


@pytest.fixture
def api_with_bot(api: BotApi, each_store: Store) -> Iterator[BotApi]:
    add_entries(each_store, *range(1, 4))
    api.add_chat(GROUP, "supergroup")
    with Running(settings(api), each_store):
        yield api


@pytest.fixture
def admin(api_with_bot: BotApi) -> Talk:
    return Talk(api_with_bot, api_with_bot.add_user(77, "Admin"))


@pytest.fixture
def bob(api_with_bot: BotApi) -> Talk:
    return Talk(api_with_bot, api_with_bot.add_user(12, "Bob"))


@pytest.mark.parametrize("name", ADMIN_COMMANDS)
def test_a_command_of_admins_is_unknown_to_others_and_silent_in_groups(admin: Talk, bob: Talk, name: str) -> None:
    assert bob.ask(f"/{name} x").startswith(ENGLISH.unknown)
    assert not admin.ask(f"/{name}").startswith(ENGLISH.unknown)
    for person in (admin.person, bob.person):
        admin.api.say(person, f"/{name} x", GROUP)
    Talk(admin.api, bob.person, GROUP).ask("/help")
    assert len(admin.api.texts(GROUP)) == 1


@on_sqlite_alone
@pytest.mark.parametrize("name", [name for name, action in ACTIONS.items() if action.admins])
@pytest.mark.parametrize("rest", ["add:0123456789abcdef", "remove:0", "removed:0", "pause:0", "x", ""])
def test_a_button_of_admins_does_nothing_for_others(bob: Talk, name: str, rest: str) -> None:
    bob.ask("/help")
    assert bob.send(f"{name}:{rest}") == ENGLISH.gone


@on_sqlite_alone
def test_a_file_of_others_is_ignored(bob: Talk, each_store: Store) -> None:
    bob.api.send_file(bob.person, "feeds.opml", OPML)
    bob.ask("/help")
    assert not bob.api.called("getFile")
    assert each_store.sources.added() == ()


def test_the_status_tells_how_many_there_are(admin: Talk) -> None:
    assert admin.ask("/status") == "Status\nArticles: 3\nSources: 0\nSubscriptions: 0"


@on_sqlite_alone
def test_the_status_of_many_troubles_is_one_message(admin: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        SourceLine(
            name=f"{number} " + "x" * 300, address="", entries=0, paused=False, configured=False, problem="down " * 99
        )
        for number in range(30)
    ]
    off = Standing(
        subscription=1, chat="@x" * 99, number=1, title="y" * 300, topic=0, owner="chat", paused=False, sent=0,
        waiting=0, held=0, failed=0, off_reason="Forbidden " * 99, next_try_at=None,
    )  # fmt: skip
    monkeypatch.setattr("feeder.list_sources", lambda *_, **__: iter(lines))
    monkeypatch.setattr("bot.conversation.topics.admin.read_standings", lambda *_, **__: (off,) * 30)
    answer = admin.ask("/status")
    assert answer.count("… and 20 more") == 2
    assert answer.count("Forbidden") >= 10
    assert "down" in answer


@on_sqlite_alone
def test_only_what_was_added_by_command_is_offered_for_removal(admin: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def have(count: int, *, configured: bool) -> None:
        lines = [
            SourceLine(name=f"s{number}", address="", entries=0, paused=False, configured=configured, problem="")
            for number in range(count)
        ]
        monkeypatch.setattr("feeder.list_sources", lambda *_, **__: iter(lines))

    assert admin.ask("/pause") == ENGLISH.chat.no_sources
    have(3, configured=True)
    assert admin.ask("/remove") == ENGLISH.chat.none_to_remove
    admin.ask("/pause")
    assert admin.rows == [["s0", "s1"], ["s2"]]
    have(62, configured=False)
    assert admin.ask("/remove").endswith("\n… and 2 more: /remove …")


@on_sqlite_alone
def test_an_error_of_any_length_is_told(admin: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> SourceOffer:
        raise FeederError("known sources: " + "雨😀 " * 3000)

    monkeypatch.setattr("feeder.offer_source", refuse)
    assert admin.ask("/add x.org").startswith("known sources: 雨")


@on_sqlite_alone
def test_help_for_admins_has_their_commands(admin: Talk, bob: Talk) -> None:
    assert "/status" in admin.ask("/help")
    assert "/status" not in bob.ask("/help")


def test_a_source_is_added_after_a_look(admin: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    offer = SourceOffer(name="rain", title="Rain", address="https://x.org/f", count=9, newest=(make_entry(1),))
    monkeypatch.setattr("feeder.offer_source", lambda *_, **__: offer)
    monkeypatch.setattr("feeder.add_source", lambda *_, **__: "rain")
    look = admin.ask("/add x.org")
    assert look.startswith("Rain\nhttps://x.org/f\n9 articles\n\n· 20 February 2023 春天的第一场雨 First rain")
    assert admin.press("Add") == ENGLISH.chat.added.format(name="rain")
    admin.ask("/add x.org")
    assert admin.press("Cancel") == ENGLISH.chat.nothing_changed


@on_sqlite_alone
def test_what_is_wrong_with_an_address_is_said_in_one_line(admin: Talk) -> None:
    assert admin.ask("/add") == ENGLISH.chat.add_usage
    answer = admin.ask("/add http://127.0.0.1/feed")
    assert "private address" in answer
    assert "\n" not in answer


@on_sqlite_alone
def test_an_error_while_adding_is_told(admin: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> SourceOffer:
        raise FeederError("no feed found there")

    monkeypatch.setattr("feeder.offer_source", refuse)
    assert admin.ask("/add x.org") == "no feed found there"


def test_feeds_come_and_go_as_opml_and_are_paused_and_removed(admin: Talk, each_store: Store) -> None:
    admin.api.send_file(admin.person, "feeds.opml", OPML)
    assert admin.wait_for("Added") == "Added: 1. Already here: 0. Not usable: 0."
    admin.api.send_file(admin.person, "other.opml", b"no list at all")
    admin.wait_for("other.opml")
    admin.ask("/opml")
    sent = admin.api.called("sendDocument")[-1].arguments
    assert "https://example.org/rain.xml" in sent["document content"]
    admin.ask("/pause")
    assert admin.press("rain").startswith("Paused “rain”")
    admin.ask("/pause")
    assert admin.rows == [["⏸ rain"]]
    assert admin.ask("/pause rain").startswith("Resumed “rain”")
    assert admin.ask("/remove rain") == ENGLISH.chat.ask_remove.format(name="rain")
    assert admin.press("Remove").startswith("Removed “rain”")
    assert each_store.sources.added() == ()
    assert "no source is named 'rain'" in admin.ask("/pause rain")


@on_sqlite_alone
def test_a_file_that_is_too_large_is_not_fetched(admin: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.conversation.topics.admin.MAX_OPML_BYTES", 10)
    admin.api.send_file(admin.person, "feeds.opml", OPML)
    assert admin.wait_for("OPML") == ENGLISH.chat.no_opml

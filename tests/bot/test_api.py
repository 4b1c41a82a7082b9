"""The Bot API server refuses what Telegram refuses, and fails when it is told to."""

import subprocess
import sys
import threading
from typing import Any

import httpx
import pytest

from tests.bot.api import BotApi, Refused, check_entities, parse_html, utf16_length
from tests.bot.conftest import CHAT

PHOTO = "https://example.org/rain.jpg"


class Caller:
    def __init__(self, api: BotApi) -> None:
        self.api = api
        self.client = httpx.Client(base_url=api.url, timeout=5)

    def __call__(self, method: str, *, token: str | None = None, **arguments: Any) -> dict[str, Any]:
        answer = self.client.post(f"/bot{token or self.api.token}/{method}", json=arguments).json()
        assert isinstance(answer, dict)
        return answer

    def refusal(self, method: str, **arguments: Any) -> tuple[int, str]:
        answer = self(method, **arguments)
        assert answer["ok"] is False, answer
        return answer["error_code"], answer["description"]


@pytest.fixture
def call(api: BotApi) -> Any:
    caller = Caller(api)
    yield caller
    caller.client.close()


def test_it_knows_its_bot(call: Caller) -> None:
    assert call("getMe")["result"]["username"] == "feeder_bot"


def test_a_method_it_does_not_know_is_not_found(call: Caller) -> None:
    assert call.refusal("sendEverything") == (404, "Not Found")


def test_a_wrong_token_is_unauthorized_and_a_malformed_one_not_found(call: Caller) -> None:
    assert call.refusal("getMe", token="1:" + "x" * 35) == (401, "Unauthorized")
    assert call.refusal("getMe", token="nonsense") == (404, "Not Found")
    assert call.client.get("/").status_code == 404


@pytest.mark.parametrize(
    ("method", "arguments", "words"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": CHAT}, "message text is empty"),
        ("sendMessage", {"chat_id": CHAT, "text": " \n "}, "message text is empty"),
        ("sendMessage", {"chat_id": -404, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": "@nobody_here", "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": CHAT, "text": ["x"]}, "can't parse text"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "entities": "[{"}, "can't parse entities"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "message_thread_id": "seven"}, "can't parse message_thread_id"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "disable_notification": "maybe"}, "can't parse disable"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "message_thread_id": 7}, "message thread not found"),
        ("sendMessage", {"chat_id": CHAT, "text": "x" * 4097}, "message is too long"),
        ("sendMessage", {"chat_id": CHAT, "text": "😀" * 2049}, "message is too long"),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "parse_mode": "Wiki"}, "unsupported parse_mode"),
        ("sendMessage", {"chat_id": CHAT, "text": "<div>x</div>", "parse_mode": "HTML"}, "Unsupported start tag"),
        (
            "sendMessage",
            {"chat_id": CHAT, "text": "x", "reply_parameters": {"message_id": 9}},
            "to be replied not found",
        ),
        ("sendMessage", {"chat_id": CHAT, "text": "x", "reply_markup": {"inline_keyboard": "x"}}, "object expected"),
        ("sendPhoto", {"chat_id": CHAT}, "there is no photo"),
        ("sendPhoto", {"chat_id": CHAT, "photo": "ftp://example.org/a.jpg"}, "wrong file identifier"),
        ("sendPhoto", {"chat_id": CHAT, "photo": "data:image/gif,x"}, "wrong file identifier"),
        ("sendPhoto", {"chat_id": CHAT, "photo": PHOTO, "caption": "x" * 1025}, "message caption is too long"),
        ("sendPhoto", {"chat_id": CHAT, "photo": PHOTO, "caption": "😀" * 513}, "message caption is too long"),
        ("editMessageText", {"chat_id": CHAT, "message_id": 999, "text": "x"}, "message to edit not found"),
        ("answerCallbackQuery", {"callback_query_id": "made up"}, "query is too old"),
        ("getUpdates", {"limit": 101}, "wrong timeout or limit"),
        ("getChat", {"chat_id": -404}, "chat not found"),
        ("setMyCommands", {"commands": [{"command": "Größe", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        (
            "setMyCommands",
            {"commands": [{"command": "a", "description": "x"}], "language_code": "zh-hans"},
            "LANG_CODE",
        ),
    ],
)
def test_it_refuses(call: Caller, method: str, arguments: dict[str, Any], words: str) -> None:
    code, description = call.refusal(method, **arguments)
    assert code == 400
    assert words in description
    assert call.api.messages(CHAT) == []


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"text": "x", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": "页" * 22}, "BUTTON_DATA_INVALID"),
        ({"text": "x"}, "text buttons are unallowed"),
        ({"text": "", "callback_data": "x"}, "must not be empty"),
        ({"text": "x", "url": "javascript:alert(1)"}, "BUTTON_URL_INVALID"),
    ],
)
def test_it_refuses_a_button(call: Caller, button: dict[str, str], words: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    assert words in call.refusal("sendMessage", chat_id=CHAT, text="x", reply_markup=markup)[1]


def test_a_button_may_carry_64_bytes(call: Caller) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "x" * 64}]]}
    assert call("sendMessage", chat_id=CHAT, text="x", reply_markup=markup)["ok"]


@pytest.mark.parametrize(
    "entities",
    [
        "bold",
        ["bold"],
        [{"type": "blink", "offset": 0, "length": 1}],
        [{"type": "bold", "offset": "0", "length": 1}],
        [{"type": "bold", "offset": 0}],
        [{"type": "bold", "offset": -1, "length": 1}],
        [{"type": "bold", "offset": 0, "length": 0}],
        [{"type": "bold", "offset": 0, "length": 6}],  # a😀bc is 5 utf16_length
        [{"type": "bold", "offset": 2, "length": 1}],  # in the middle of the face
        [{"type": "bold", "offset": 0, "length": 2}],
        [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 1, "length": 3}],
        [{"type": "text_link", "offset": 0, "length": 1}],
        [{"type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)"}],
        [{"type": "text_link", "offset": 0, "length": 1, "url": "https://a b"}],
    ],
)
def test_bad_entities_are_refused(entities: object) -> None:
    with pytest.raises(Refused):
        check_entities("a😀bc", entities)


def test_entities_may_nest_and_the_hundred_and_first_is_ignored() -> None:
    nested = [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 1, "length": 2}]
    assert check_entities("a😀bc", nested) == nested
    many = [{"type": "bold", "offset": number, "length": 1} for number in range(100)]
    assert len(check_entities("x" * 200, [*many, {"type": "nonsense"}])) == 100


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("雨<p>x</p>", "at byte offset 3"),
        ("1 < 2", 'Unsupported start tag ""'),
        ("<b>x", "Can't find end tag"),
        ("x</b>", "Unexpected end tag"),
        ("<b><i>x</b></i>", "Unmatched end tag"),
        ("<span>x</span>", "Unsupported start tag"),
    ],
)
def test_bad_html_is_refused(source: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_html(source)
    assert words in refused.value.description


def test_html_becomes_text_with_entities() -> None:
    text, entities = parse_html(
        '😀<b>1 &lt; 2</b><a href="https://example.org/?a&amp;b">x</a><tg-spoiler>y</tg-spoiler>'
        '<span class="tg-spoiler">z</span><blockquote expandable>q</blockquote><i></i><a href="nowhere">n</a>',
    )
    assert text == "😀1 < 2xyzqn"
    kinds = ["bold", "text_link", "spoiler", "spoiler", "expandable_blockquote", "url"]
    assert [entity["type"] for entity in entities] == kinds
    assert entities[0] == {"type": "bold", "offset": 2, "length": 5}
    assert entities[1]["url"] == "https://example.org/?a&b"
    assert utf16_length(text) == 12


def test_length_is_counted_after_the_tags_and_ends_are_trimmed(call: Caller) -> None:
    text = "  <b>" + "x" * 4096 + "</b>\n"
    result = call("sendMessage", chat_id=CHAT, text=text, parse_mode="HTML")["result"]
    assert result["entities"] == [{"type": "bold", "offset": 0, "length": 4096}]


def test_a_lone_surrogate_is_refused(call: Caller) -> None:
    body = b'{"chat_id": -1001, "text": "\\ud83d"}'
    answer = call.client.post(
        f"/bot{call.api.token}/sendMessage", content=body, headers={"content-type": "application/json"}
    )
    assert "UTF-8" in answer.json()["description"]


def test_arguments_come_as_a_form_as_json_or_in_the_address(call: Caller) -> None:
    path = f"/bot{call.api.token}/sendMessage"
    form = call.client.post(path, data={"chat_id": str(CHAT), "text": "form", "entities": "[]"})
    address = call.client.get(path, params={"chat_id": CHAT, "text": "address"})
    nonsense = call.client.post(path, content=b"{", headers={"content-type": "application/json"})
    assert (form.status_code, address.status_code, nonsense.status_code) == (200, 200, 400)
    assert call.api.texts(CHAT) == ["form", "address"]


def test_a_message_is_edited_once_and_then_not_modified(call: Caller) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]]}
    sent = call("sendMessage", chat_id=CHAT, text="one")["result"]["message_id"]
    assert call("editMessageText", chat_id=CHAT, message_id=sent, text="two", reply_markup=markup)["ok"]
    same = call.refusal("editMessageText", chat_id=CHAT, message_id=sent, text="two", reply_markup=markup)
    assert "message is not modified" in same[1]
    assert call("editMessageText", chat_id=CHAT, message_id=sent, text="two")["ok"]
    photo = call("sendPhoto", chat_id=CHAT, photo=PHOTO)["result"]["message_id"]
    assert "no text" in call.refusal("editMessageText", chat_id=CHAT, message_id=photo, text="x")[1]
    assert call("editMessageCaption", chat_id=CHAT, message_id=photo, caption="x")["ok"]
    assert "not modified" in call.refusal("editMessageCaption", chat_id=CHAT, message_id=photo, caption="x")[1]
    assert "no caption" in call.refusal("editMessageCaption", chat_id=CHAT, message_id=sent, caption="x")[1]


def test_an_album_has_two_to_ten_pictures_and_films(call: Caller, api: BotApi) -> None:
    photos = [{"type": "photo", "media": f"https://example.org/{number}.jpg"} for number in range(10)]
    sent = call("sendMediaGroup", chat_id=CHAT, media=[{**photos[0], "caption": "x"}, *photos[1:]])["result"]
    assert (len(sent), sent[0]["caption"]) == (10, "x")
    assert len({message["media_group_id"] for message in sent}) == 1
    assert "2-10" in call.refusal("sendMediaGroup", chat_id=CHAT, media=photos[:1])[1]
    assert "2-10" in call.refusal("sendMediaGroup", chat_id=CHAT, media=[*photos, photos[0]])[1]
    animation = {"type": "animation", "media": PHOTO}
    assert "can't be in an album" in call.refusal("sendMediaGroup", chat_id=CHAT, media=[animation, animation])[1]
    api.spoil_photo(PHOTO)
    bad = [photos[0], {"type": "photo", "media": PHOTO}]
    assert "failed to send message #2" in call.refusal("sendMediaGroup", chat_id=CHAT, media=bad)[1]


def test_a_file_is_uploaded_if_it_is_a_picture_and_not_too_large(call: Caller, api: BotApi) -> None:
    def upload(content: bytes) -> dict[str, Any]:
        files = {"photo": ("p.jpg", content, "image/jpeg")}
        answer = call.client.post(f"/bot{api.token}/sendPhoto", data={"chat_id": str(CHAT)}, files=files).json()
        assert isinstance(answer, dict)
        return answer

    assert upload(b"\xff\xd8\xff rest")["ok"]
    assert "IMAGE_PROCESS_FAILED" in upload(b"<html>")["description"]
    assert "too big" in upload(b"\xff\xd8\xff" + bytes(10_000_000))["description"]


def test_a_query_is_answered_once_and_briefly(call: Caller) -> None:
    person = call.api.add_user(11)
    markup = {"inline_keyboard": [[{"text": "Next", "callback_data": "page 2"}]]}
    sent = call("sendMessage", chat_id=11, text="x", reply_markup=markup)["result"]["message_id"]
    query = call.api.press(person, sent, "Next")
    (update,) = call("getUpdates")["result"]
    assert update["callback_query"]["data"] == "page 2"
    assert call.refusal("answerCallbackQuery", callback_query_id=query, text="x" * 201)[0] == 400
    assert call("answerCallbackQuery", callback_query_id=query, text="well")["ok"]
    assert "query is too old" in call.refusal("answerCallbackQuery", callback_query_id=query)[1]
    assert call.api.telegram.toasts == {query: "well"}


def test_updates_are_given_until_they_are_confirmed(call: Caller) -> None:
    person = call.api.add_user(11)
    call.api.say(person, "/start now")
    call.api.say(person, "hello")
    call.api.set_member(CHAT, "administrator")
    first, second, third = call("getUpdates")["result"]
    assert first["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert third["my_chat_member"]["new_chat_member"]["status"] == "administrator"
    assert call("getUpdates", allowed_updates=["callback_query"])["result"] == []
    assert call("getUpdates", offset=second["update_id"])["result"] == [second, third]
    assert call("getUpdates", offset=-1)["result"] == [third]
    assert call("deleteWebhook", drop_pending_updates=True)["ok"]
    assert call("getUpdates")["result"] == []


def test_a_poll_waits_for_something_to_be_said(call: Caller) -> None:
    person = call.api.add_user(11)
    threading.Timer(0.05, lambda: call.api.say(person, "late")).start()
    (update,) = call("getUpdates", timeout=5)["result"]
    assert update["message"]["text"] == "late"


def test_a_second_poll_ends_the_first(call: Caller, api: BotApi) -> None:
    codes = []

    def first() -> None:
        with httpx.Client(timeout=10) as client:
            codes.append(client.post(f"{api.url}/bot{api.token}/getUpdates", json={"timeout": 5}).status_code)

    thread = threading.Thread(target=first)
    thread.start()
    while not api._polls:
        pass
    call("getUpdates")
    thread.join()
    assert codes == [409]


def test_the_menu_is_kept_for_each_language(call: Caller) -> None:
    call("setMyCommands", commands=[{"command": "help", "description": "帮助"}], language_code="zh")
    assert call("getMyCommands", language_code="zh")["result"][0]["description"] == "帮助"
    assert call("getMyCommands")["result"] == []


def test_a_group_that_moved_says_where_to(call: Caller) -> None:
    call.api.migrate(CHAT, -100_77)
    answer = call("sendMessage", chat_id=CHAT, text="x")
    assert answer["parameters"] == {"migrate_to_chat_id": -100_77}
    assert call("sendMessage", chat_id=-100_77, text="x")["ok"]


def test_a_chat_answers_to_its_name_and_a_reply_may_outlive_its_question(call: Caller) -> None:
    call.api.add_chat(-1005, "supergroup", username="the_group")
    sent = call(
        "sendMessage",
        chat_id="@the_group",
        text="x",
        reply_parameters={"message_id": 1, "allow_sending_without_reply": True},
    )
    assert "reply_to_message" not in sent["result"]
    again = call("sendMessage", chat_id=-1005, text="y", reply_parameters={"message_id": sent["result"]["message_id"]})
    assert again["result"]["reply_to_message"]["text"] == "x"
    assert call("getChat", chat_id="@the_group")["result"]["id"] == -1005


def test_a_spoilt_picture_is_refused_and_others_are_not(call: Caller) -> None:
    call.api.spoil_photo(PHOTO, "PHOTO_INVALID_DIMENSIONS")
    assert call.refusal("sendPhoto", chat_id=CHAT, photo=PHOTO) == (400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    assert call("sendPhoto", chat_id=CHAT, photo=PHOTO + "?2")["ok"]


@pytest.mark.parametrize(
    ("code", "more", "parameters"),
    [
        (429, {"retry_after": 3}, {"retry_after": 3}),
        (403, {}, None),
        (401, {}, None),
        (500, {}, None),
        (400, {"migrate_to": -9}, {"migrate_to_chat_id": -9}),
        (400, {"description": "Bad Request: what I say"}, None),
    ],
)
def test_it_fails_as_told_and_does_nothing(
    call: Caller, code: int, more: dict[str, Any], parameters: dict[str, int] | None
) -> None:
    call.api.answer(code, **more)
    answer = call("sendMessage", chat_id=CHAT, text="x")
    assert answer["error_code"] == code
    assert answer.get("parameters") == parameters
    assert call.api.messages(CHAT) == []
    assert call("sendMessage", chat_id=CHAT, text="x")["ok"]


def test_a_fault_strikes_only_where_it_was_told_to(call: Caller) -> None:
    call.api.add_chat(-1002)
    call.api.answer(500, method="sendMessage", chat=CHAT, skip=1, times=2)
    codes = [call("sendMessage", chat_id=CHAT, text=str(n)).get("error_code") for n in range(5)]
    assert codes == [None, 500, 500, None, None]
    call.api.answer(500, method="sendMessage", chat=CHAT, times=None)
    assert call("sendMessage", chat_id=-1002, text="x")["ok"]
    assert call("sendPhoto", chat_id=CHAT, photo=PHOTO)["ok"]
    assert not call("sendMessage", chat_id=CHAT, text="x")["ok"]
    call.api.heal()
    assert call("sendMessage", chat_id=CHAT, text="x")["ok"]


def test_it_can_do_what_is_asked_and_cut_the_line(call: Caller) -> None:
    call.api.drop()
    with pytest.raises(httpx.RemoteProtocolError):
        call("sendMessage", chat_id=CHAT, text="x")
    assert call.api.texts(CHAT) == ["x"]


def test_it_can_do_what_is_asked_and_answer_nonsense(call: Caller) -> None:
    call.api.garble()
    answer = call.client.post(f"/bot{call.api.token}/sendMessage", json={"chat_id": CHAT, "text": "x"})
    assert answer.text.startswith("<html>")
    assert call.api.texts(CHAT) == ["x"]


def test_it_can_take_a_call_and_never_answer(call: Caller) -> None:
    call.api.hang()
    with pytest.raises(httpx.ReadTimeout):
        call.client.post(f"/bot{call.api.token}/sendMessage", json={"chat_id": CHAT, "text": "x"}, timeout=0.1)
    assert call.api.messages(CHAT) == []
    assert [(each.method, each.code) for each in call.api.called("sendMessage")] == [("sendMessage", None)]


def test_every_call_is_kept_with_its_time_and_arguments(call: Caller) -> None:
    call("sendMessage", chat_id=CHAT, text="x")
    call("getChat", chat_id=CHAT)
    first, second = call.api.calls
    assert first.arguments == {"chat_id": CHAT, "text": "x"}
    assert first.at <= second.at


def test_waiting_in_vain_says_what_was_called(call: Caller) -> None:
    call("getMe")
    with pytest.raises(AssertionError, match="getMe"):
        call.api.wait(lambda: False, timeout_s=0.01)


def test_it_runs_alone_and_prints_the_conversation() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bot.api", "--port", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        settings = dict(pair.split("=", 1) for pair in program.stdout.readline().split())
        program.stdin.write("#-1009\n/start\n")
        program.stdin.flush()
        assert [program.stdout.readline() for _ in range(3)] == ["Alice:\n", "    /start\n", "\n"]
        base = f"{settings['FEEDER_TELEGRAM__API_URL']}/bot{settings['FEEDER_TELEGRAM__TOKEN']}"
        markup = {"inline_keyboard": [[{"text": "Next", "callback_data": "2"}]]}
        httpx.post(f"{base}/sendMessage", json={"chat_id": 1001, "text": "Hello!", "reply_markup": markup})
        program.stdin.write("[Next]\n")
        program.stdin.close()
        shown = program.stdout.read()
    assert shown == "feeder:\n    Hello!\n    [Next]\n\nAlice presses [Next]\n"

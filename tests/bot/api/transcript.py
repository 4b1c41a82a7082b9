"""A conversation as text: each act that the server saw becomes a few lines. Pure."""

from collections.abc import Iterator
from typing import Any

from bot.messages import Span, Text, to_terminal


def lines_of(kind: str, act: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of one act, as `BotApi.on_act` gives it."""
    if kind == "press":
        yield f"{act['name']} presses [{act['label']}]"
        return
    if kind == "toast":
        yield f"(a note over the chat: {act['text']})"
        return
    chat, author = act["chat"], act["from"]["first_name"]
    where = "" if chat["type"] == "private" else f" in {chat['title']}"
    yield f"{author}{where}{' changes the message:' if kind == 'edit' else ':'}"
    if "document" in act:
        yield f"    ({act['document']['file_id']})"
    if act.get("link_preview_options", {}).get("show_above_text"):
        yield f"    ({act['link_preview_options']['url']})"
    if "photo" in act:
        yield f"    ({act['photo'][0]['file_id']})"
    spans = tuple(
        Span(entity["type"], entity["offset"], entity["length"], entity.get("url"))
        for entity in act.get("entities", act.get("caption_entities", ()))
    )
    text = to_terminal(Text(act.get("text", act.get("caption", "")), spans))
    yield from (f"    {line}".rstrip() for line in text.split("\n"))
    for row in act.get("reply_markup", {}).get("inline_keyboard", ()):
        yield "    " + " ".join(f"[{button['text']}]" for button in row)
    yield ""

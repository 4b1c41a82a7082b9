"""What Telegram says of text: its length, its entities, its HTML. Pure: values in, values out, or `Refused`.

Lengths and offsets count UTF-16 code units (https://core.telegram.org/api/entities#entity-length).
"""

import html
import re
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_ENTITIES = 100

_STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
ENTITY_TYPES = frozenset(_STYLES.values()) | {
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
    "expandable_blockquote",
    "text_mention",
    "custom_emoji",
}
_TAG = re.compile(r"""<(/?)([a-zA-Z][\w-]*)((?:\s+[\w-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+))?)*)\s*>""")
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")

Entity = dict[str, Any]


class Refused(Exception):  # noqa: N818  it is what Telegram does, not what went wrong
    """A call that Telegram refuses (`ok: false`)."""

    def __init__(self, description: str, *, code: int = 400, parameters: dict[str, int] | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.parameters = parameters


def utf16_length(text: str) -> int:
    """Return the length of `text` in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_text(text: str, entities: object, parse_mode: str | None, *, limit: int) -> tuple[str, list[Entity]]:
    """Return the text as a chat would show it, with its entities; refuse it as Telegram would."""
    if parse_mode:
        if parse_mode.lower() != "html":
            raise Refused("Bad Request: unsupported parse_mode")
        text, found = parse_html(text)
    else:
        found = check_entities(text, entities)
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise Refused("Bad Request: strings must be encoded in UTF-8")
    text, found = _trimmed(text, found)
    if utf16_length(text) > limit:
        raise Refused(f"Bad Request: {'message' if limit == MAX_TEXT else 'message caption'} is too long")
    return text, found


def check_entities(text: str, entities: object) -> list[Entity]:
    """Return the entities that Telegram keeps: the first hundred, each within the text, none crossing another."""
    if entities is None:
        return []
    if not isinstance(entities, list):
        raise Refused("Bad Request: can't parse entities: expected an Array of MessageEntity")
    edges = set(accumulate((utf16_length(character) for character in text), initial=0))
    kept = [_check_entity(entity, edges) for entity in entities[:MAX_ENTITIES]]
    open_ends: list[int] = []
    for entity in sorted(kept, key=lambda one: (one["offset"], -one["length"])):
        while open_ends and open_ends[-1] <= entity["offset"]:
            open_ends.pop()
        end = entity["offset"] + entity["length"]
        if open_ends and end > open_ends[-1]:
            raise Refused("Bad Request: can't parse entities: entities overlap")
        open_ends.append(end)
    return kept


def _check_entity(entity: object, edges: set[int]) -> Entity:
    if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
        raise Refused("Bad Request: can't parse entities: expected an Object with a type")
    if entity["type"] not in ENTITY_TYPES:
        raise Refused(f"Bad Request: can't parse entities: unknown type {entity['type']!r}")
    offset, length = entity.get("offset"), entity.get("length")
    if type(offset) is not int or type(length) is not int:
        raise Refused("Bad Request: can't parse entities: offset and length must be of type Number")
    if length < 1 or offset not in edges or offset + length not in edges:
        raise Refused("Bad Request: ENTITY_BOUNDS_INVALID")
    if entity["type"] == "text_link" and not _is_link(entity.get("url")):
        raise Refused("Bad Request: can't parse entities: wrong URL in a text_link")
    return entity


def _is_link(url: object) -> bool:
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f]", url):
        return False
    parts = urlsplit(url)
    if parts.scheme in {"http", "https"}:
        return "." in (parts.hostname or "").strip(".")
    return parts.scheme in {"tg", "mailto", "tel"} and bool(parts.netloc or parts.path)


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Return what parse_mode=HTML makes of `source`; any tag outside Telegram's list is refused."""
    parts: list[str] = []
    found: list[Entity] = []
    open_tags: list[tuple[str, Entity]] = []
    place = length = 0
    while place < len(source):
        if source[place] == "<":
            match = _TAG.match(source, place)
            _read_tag(source, place, match, open_tags, found, length)
            place = match.end() if match else len(source)
            continue
        end = source.find("<", place)
        end = len(source) if end < 0 else end
        parts.append(html.unescape(source[place:end]))
        length += utf16_length(parts[-1])
        place = end
    if open_tags:
        raise _unparsed(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return "".join(parts), [entity for entity in found if entity["length"]]


def _read_tag(
    source: str,
    place: int,
    match: re.Match[str] | None,
    open_tags: list[tuple[str, Entity]],
    found: list[Entity],
    length: int,
) -> None:
    at = f"at byte offset {len(source[:place].encode())}"
    name = match[2].lower() if match else ""
    if match and match[1]:
        if not open_tags:
            raise _unparsed(f"Unexpected end tag {at}")
        opened, entity = open_tags.pop()
        if opened != name:
            raise _unparsed(f'Unmatched end tag {at}, expected "</{opened}>", found "</{name}>"')
        entity["length"] = length - entity["offset"]
        return
    attributes = match[3] if match else ""
    if name == "span" and "tg-spoiler" in attributes:
        kind = "spoiler"
    elif name in _STYLES:
        kind = "expandable_blockquote" if name == "blockquote" and "expandable" in attributes else _STYLES[name]
    else:
        raise _unparsed(f'Unsupported start tag "{name}" {at}')
    entity = {"type": kind, "offset": length, "length": 0}
    if name == "a":
        href = _HREF.search(attributes)
        entity["url"] = html.unescape(next(filter(None, href.groups()), "")) if href else ""
        if not _is_link(entity["url"]):
            entity["type"] = "url"  # a link without a good address is shown as bare text
    found.append(entity)
    open_tags.append((name, entity))


def _unparsed(reason: str) -> Refused:
    return Refused(f"Bad Request: can't parse entities: {reason}")


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Return the text without white space at its ends, its entities moved and cut to fit."""
    lead = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    size = utf16_length(text)
    clipped = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, size)
        if end > start:
            clipped.append({**entity, "offset": start, "length": end - start})
    return text, clipped

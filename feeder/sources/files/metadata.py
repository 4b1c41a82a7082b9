"""Front matter and its relatives: a block of keys and values -> what it says of an article.

Half of the archives' front matter is not what its name says: titles begin with `#`, `【` or `'`, hold colons, end
in the middle for a YAML parser. So YAML is asked for the structure, and the title is read from its line as it is.
Values stay text; nothing is guessed from their type (`tags: 996`, `title: 2020`).
"""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, time
from typing import Any, Literal

import yaml

from feeder.model import Credit, Link, Media, Stamp
from feeder.sources.files.withheld import STATE_KEYS, due, expires, why_withheld

Value = str | list[str]
Fields = dict[str, Value]

_LINK = (
    "link",
    "url",
    "canonical_url",
    "canonical",
    "from",
    "source",
    "source_url",
    "original_url",
    "original",
    "permalink",
)
_VIA = ("via", "original_link", "reprint")
_PUBLISHED = (
    "date", "date_published", "published", "published_at", "published_time", "pubdate", "publishdate", "publish_date",
    "created", "created_at", "captured", "time_added", "time",
)  # fmt: skip
_UPDATED = ("updated", "lastmod", "modified", "last_modified_at", "last_modified", "update", "updated_at")
_AUTHORS = ("author", "authors", "by", "byline", "creator")
_CATEGORIES = ("tags", "categories", "category", "keywords")
_TITLE = ("title",)
_LANGUAGE = ("lang", "language")
_RIGHTS = ("rights", "copyright")
_SUMMARY = ("description", "excerpt", "summary", "abstract")
_IMAGE = ("image", "cover", "thumbnail", "image_feature", "featured_image", "banner", "coverimage")
_CREDITS = {"translator": "translator", "reviewer": "proofreader", "proofreader": "proofreader", "editor": "editor"}
# `title:x` and `title：x` say what `title: x` says, to everybody but a YAML parser.
_TIGHT_KEY = re.compile(
    rf"^({'|'.join((*_TITLE, *_LINK, *_PUBLISHED, *_UPDATED, *_AUTHORS, *_CATEGORIES))})"
    r"[ \t]*(?:：|:(?=[^\s:/]))[ \t]*",
    re.MULTILINE | re.IGNORECASE,
)
# To a YAML parser `[[a, b]]` is a list in a list; to those who write it it is one name.
_WIKI_VALUE = re.compile(r"^([\w-]+[ \t]*:[ \t]+|[ \t]*-[ \t]+)(\[\[[^\n\[\]\"]*\]\])[ \t]*$", re.MULTILINE)
# Keys that begin a front matter whose opening fence was left out.
FIRST_KEYS = frozenset(
    {"title", "layout", "date", "author", "slug", "id", "tags", "category", "categories", "comments"}
)

_KEY_LINE = re.compile(r"(?P<key>[A-Za-z_][\w .-]{0,40}?)[ \t]*+:{1,2}(?:[ \t]++(?P<value>.*+)|[ \t]*+)")
_LIST_LINE = re.compile(r"[ \t]*+-[ \t](?P<value>.++)")
_TITLE_LINE = re.compile(r"^title[ \t]*:[ \t]*(?P<value>.*)$", re.MULTILINE | re.IGNORECASE)
_BLOCK_SCALAR = re.compile(r"[>|][+-]?\d?")
_QUOTES = {"'": "''", '"': '\\"'}  # and how each is written within its like (YAML 1.2 §7.3)
_NOTHING = frozenset({"", "~", "null", "none", "undefined"})
# `[[name]]`, `[[page|name]]`, and `[[zh:word]]`, which a translation project marks words of its glossary with.
_WIKI_LINK = re.compile(r"\[\[(?:[a-z]{2,3}(?:-[a-z]+)?:|[^\[\]|]*\|)?([^\[\]]*)\]\]", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_DATED_PATH = re.compile(r"(?:[\w-]+/|/)*?(\d{4})/(\d{1,2})/(\d{1,2})/")
_LINKED = re.compile(r"<(?P<bare>[^<>\s]+)>|\[[^\]]*\]\((?P<inner>\S+)\)")
_NAMED = re.compile(r"name[ \t]*:[ \t]*")
_MAP = re.compile(
    r"\{(?:[^{}]{0,200},)?[ \t]*name[ \t]*:(?P<name>[^{},\"]{0,200}|[ \t]*\"[^\"]{0,200}\"[ \t]*)(?:,[^{}]{0,200})?\}"
)
_JSON = json.JSONDecoder(parse_int=str)  # as text: Python reads no number of more than 4,300 figures
HALVES = re.compile("[\ud800-\udfff]")
_MAX_BLOCK = 64_000
_MAX_VALUES = 200
_MAX_DEPTH = 3
_OPENING = re.compile(r"[\[{]|[-?][ \t]")  # what can open a list or a map without a line of its own
_MAX_NESTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the head of a document says of it, in the terms of a Draft. `read_from` has a word for each field it has."""

    withheld: str | None = None
    due: Stamp | None = None
    expires: Stamp | None = None
    title: str | None = None
    link: str | None = None
    language: str | None = None
    summary: str | None = None
    rights: str | None = None
    stamps: tuple[Stamp, ...] = ()
    authors: tuple[str, ...] = ()
    credits: tuple[Credit, ...] = ()
    categories: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    media: tuple[Media, ...] = ()
    read_from: Mapping[str, str] = field(default_factory=dict, compare=False)

    def or_else(self, other: "Metadata") -> "Metadata":
        """Return this with what it does not say taken from `other`; stamps and links of both are kept."""
        mine = {f.name: getattr(self, f.name) or getattr(other, f.name) for f in fields(self)}
        mine["stamps"] = self.stamps + other.stamps
        mine["links"] = self.links + other.links
        mine["read_from"] = {**other.read_from, **self.read_from}
        return Metadata(**mine)


def read_yaml(block: str) -> Fields:
    """Return the fields of a YAML front matter, or of something that was meant to be one."""
    block = _WIKI_VALUE.sub(r'\1"\2"', _TIGHT_KEY.sub(r"\1: ", block))
    try:
        readable = len(block) <= _MAX_BLOCK and not _is_deep(block)
        loaded = yaml.load(block, Loader=yaml.CBaseLoader) if readable else None  # noqa: S506  the base loader makes text, lists and maps only
    except (yaml.YAMLError, ValueError, RecursionError):
        loaded = None
    found = _flat(loaded) if isinstance(loaded, Mapping) else read_lines(block)
    if (title := _title_as_written(block, found.get("title"))) is not None:
        found["title"] = title
    return found


def _is_deep(block: str) -> bool:
    """Say whether a block nests deeper than any that people write: LibYAML's composer would end the process."""
    if len(_OPENING.findall(block)) <= _MAX_NESTED:
        return False
    depth = 0
    for event in yaml.parse(block, Loader=yaml.CBaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_NESTED:
            return True
    return False


def read_toml(block: str) -> Fields:
    """Return the fields of a TOML front matter, its `[taxonomies]` and `[extra]` included."""
    try:
        # A dotted key takes time and memory in the square of its parts: one of 30,000 took 3.6 GB.
        if len(block) <= _MAX_BLOCK and all(line.count(".") <= _MAX_NESTED for line in block.split("\n")):
            return _flat(tomllib.loads(block))
    except (ValueError, RecursionError):  # tomllib's own error is one of the first, as is a number that is too long
        pass
    return read_lines(re.sub(r"^(\w+)\s*=\s*", r"\1: ", block, flags=re.MULTILINE))


def read_json(text: str) -> tuple[Fields, int] | None:
    """Return the fields of the JSON object that a text begins with, and where it ends; None where that is no head."""
    try:
        loaded, end = _JSON.raw_decode(text[:_MAX_BLOCK])
    except (ValueError, RecursionError):
        return None
    found = _flat(loaded)
    return (found, end) if not FIRST_KEYS.isdisjoint(found) else None


def read_lines(block: str) -> Fields:
    """Return the fields of `key: value` lines, read one by one; `- value` lines belong to the key above them."""
    found: Fields = {}
    key = ""
    for line in _TIGHT_KEY.sub(r"\1: ", block).split("\n"):
        if (item := _LIST_LINE.fullmatch(line)) is not None and key:
            values = found.get(key)
            value = _unquoted(_NAMED.sub("", item["value"], count=1))
            if isinstance(values, list):
                values.append(value)
            else:
                found[key] = [*filter(None, [values]), value]
        elif (pair := _KEY_LINE.fullmatch(line)) is not None:
            key = pair["key"].strip().lower()
            value = pair["value"] or ""
            found.setdefault(key, "" if _BLOCK_SCALAR.fullmatch(value.strip()) else _listed(_unquoted(value)))
        elif line[:1] in {" ", "\t"} and isinstance(above := found.get(key), str):
            found[key] = _continued(above, line.strip())
    return found


def _continued(value: str, more: str) -> str:
    """Return a value that goes on in the line below it; of a map it is the name."""
    if (name := _NAMED.match(more)) is not None:
        return _unquoted(more[name.end() :])
    return value if len(value) > _MAX_BLOCK or _KEY_LINE.fullmatch(more) else f"{value} {more}".strip()


def looks_like_fields(block: str) -> bool:
    """Say whether every line of a block is a key, a list item, a continuation or empty."""
    lines = [line for line in _TIGHT_KEY.sub(r"\1: ", block).split("\n") if line.strip()]
    return bool(lines) and all(
        _KEY_LINE.fullmatch(line) or _LIST_LINE.fullmatch(line) or line[0] in " \t#" for line in lines
    )


def first_key(block: str) -> str:
    """Return the key on the block's first line, in lower case; "" where there is none."""
    match = _KEY_LINE.fullmatch(_TIGHT_KEY.sub(r"\1: ", block.lstrip("\n").partition("\n")[0]))
    return match["key"].strip().lower() if match else ""


def interpret(found: Fields, place: str = "front matter") -> Metadata:
    """Return what the fields mean. `place` is what people call where they stood."""
    found = {key: _sound(value) for key, value in found.items()}
    answers = _FieldReader(found, place)
    link = answers.address("link", (*_LINK, *_VIA)) or answers.first("link", ("permalink",))
    said = {key: [value] if isinstance(value, str) else value for key, value in found.items()}
    return Metadata(
        withheld=why_withheld(said, place),
        due=due(said, place),
        expires=expires(said, place),
        title=answers.first("title", _TITLE),
        link=link,
        language=answers.first("language", _LANGUAGE),
        summary=answers.first("summary", _SUMMARY),
        rights=answers.first("rights", _RIGHTS),
        stamps=(
            *answers.stamps(_PUBLISHED, "published"),
            *answers.stamps(_UPDATED, "updated"),
            *(
                Stamp(text="-".join(day.groups()), read_from="link")
                for key in ("path", "slug", "permalink")
                for text in _texts(found, key)
                if (day := _DATED_PATH.match(text)) is not None
            ),
        ),
        authors=tuple(dict.fromkeys(answers.every("authors", _AUTHORS))),
        credits=tuple(
            Credit(role=role, name=text.lstrip("@"))
            for key, role in _CREDITS.items()
            for text in answers.every("credits", (key,))
        ),
        categories=tuple(dict.fromkeys(_parts(answers.every("categories", _CATEGORIES)))),
        links=tuple(
            Link(rel="via", href=text)
            for key in (*_VIA, *_LINK)
            for text in map(_unlinked, _texts(found, key))
            if _WEB_ADDRESS.match(text) and text != link
        ),
        media=tuple(Media(url=text, kind="image") for text in answers.every("media", _IMAGE)),
        read_from=answers.read_from,
    )


class _FieldReader:
    """Fields that are asked for by what they mean, and a record of the key under which each answer stood."""

    def __init__(self, found: Fields, place: str) -> None:
        self._found, self._place = found, place
        self.read_from: dict[str, str] = {}

    def first(self, field: str, keys: Iterable[str]) -> str | None:
        """Return the first text under one of the keys; None for none."""
        for key in keys:
            for text in _texts(self._found, key):
                self._note(field, key)
                return text
        return None

    def address(self, field: str, keys: Iterable[str]) -> str | None:
        """Return the first web address under one of the keys; None for none."""
        for key in keys:
            for text in map(_unlinked, _texts(self._found, key)):
                if _WEB_ADDRESS.match(text):
                    self._note(field, key)
                    return text
        return None

    def every(self, field: str, keys: Iterable[str]) -> list[str]:
        """Return every text under the keys."""
        every = []
        for key in keys:
            if texts := _texts(self._found, key):
                self._note(field, key)
                every += texts
        return every

    def stamps(self, keys: Iterable[str], means: Literal["published", "updated"]) -> Iterator[Stamp]:
        """Yield every date under the keys."""
        for key in keys:
            for text in _texts(self._found, key):
                yield Stamp(text=text, read_from="front matter", means=means, where=f"{self._place}: {key}")

    def _note(self, field: str, key: str) -> None:
        before = self.read_from.get(field)
        self.read_from[field] = f"{before}, {key}" if before else f"{self._place}: {key}"


def _flat(loaded: Mapping[Any, object]) -> Fields:
    """Return texts and lists of texts by lower-case key; what is nested adds its keys where they are free."""
    return _flattened(loaded, 0, set())


def _flattened(loaded: Mapping[Any, object], depth: int, seen: set[int]) -> Fields:
    """Return that of one map without those in `seen`: by aliases a block can hold a map a million times."""
    found: Fields = {}
    nested: list[Mapping[Any, object]] = []
    for key, value in loaded.items():
        name = str(key).strip().lower()
        if isinstance(value, Mapping):
            if (person := _scalar(value.get("name"))) is not None:
                found.setdefault(name, person)
            elif depth < _MAX_DEPTH and id(value) not in seen:
                seen.add(id(value))
                nested.append(value)
        elif isinstance(value, list):
            found[name] = [text for item in value[:_MAX_VALUES] if (text := _scalar(item)) is not None]
        elif isinstance(value, bool) and name in STATE_KEYS:
            found[name] = str(value).lower()
        elif (text := _scalar(value)) is not None:
            found[name] = _listed(text) if name in _CATEGORIES else text
    for value in nested:
        # `comments: {hidden: true}` says nothing of the article.
        inner = _flattened(value, depth + 1, seen)
        found = {name: texts for name, texts in inner.items() if name not in STATE_KEYS} | found
    return found


def _scalar(value: object) -> str | None:
    """Return a value as text; of a map, that of its name, which may be another map."""
    for _ in range(_MAX_DEPTH):
        value = value.get("name") if isinstance(value, Mapping) else value
    if isinstance(value, (date, time)):
        return value.isoformat()
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    try:
        return str(value).strip()
    except ValueError:  # Python writes no number of more than 4,300 figures
        return None


def _title_as_written(block: str, parsed: Value | None) -> str | None:
    """Return the title from its own line, where a YAML parser may have lost half of it.

    What YAML read is right where the line is quoted as a whole, or where the title goes on in the lines below.
    """
    line = _TITLE_LINE.search(block)
    if line is None:
        return None
    raw = line["value"].strip()
    if _BLOCK_SCALAR.fullmatch(raw):
        return None
    bare = _unquoted(raw)
    whole = bare != raw
    goes_on = isinstance(parsed, str) and len(parsed) > len(raw) and not raw.startswith(("#", "'", '"'))
    if isinstance(parsed, str) and parsed and (whole or goes_on):
        return None
    return bare


def _unquoted(text: str) -> str:
    """Return a text without the quotes around it, and without what YAML makes of quotes within them."""
    text = text.strip()
    if len(text) < len("''") or text[0] != text[-1] or text[0] not in _QUOTES:
        return text
    return text[1:-1].replace(_QUOTES[text[0]], text[0])


def _sound(value: Value) -> Value:
    """Return texts without halves of characters, which JSON can write and UTF-8 cannot."""
    return HALVES.sub("", value) if isinstance(value, str) else [HALVES.sub("", text) for text in value]


def _unlinked(text: str) -> str:
    """Return the address in `<address>` and `[words](address)`; any other text as it is."""
    match = _LINKED.fullmatch(text)
    return (match["bare"] or match["inner"]) if match else text


def _listed(text: str) -> Value:
    """Return `[ a, b ]` as a list, and `{name: a}` as the name."""
    if (name := _MAP.fullmatch(text)) is not None:
        return _unquoted(name["name"])
    if text.startswith("[") and text.endswith("]") and not text.startswith("[["):
        return [_unquoted(part) for part in text[1:-1].split(",")]
    return text


def _texts(found: Fields, key: str) -> list[str]:
    """Return every text under a key, without wiki brackets; [] for none."""
    value = found.get(key)
    if not value:
        return []
    texts = [value] if isinstance(value, str) else value
    clean = [_WIKI_LINK.sub(r"\1", text).strip() for text in texts]
    return [text for text in clean if text.lower() not in _NOTHING]


def _parts(texts: Iterable[str]) -> list[str]:
    return [part.strip().lstrip("#") for text in texts for part in re.split(r"[,，、;；]", text) if part.strip(" #")]

"""Parses front matter and similar blocks of keys and values into `Metadata`.

Half of the front matter in archives is not valid YAML: titles start with `#`, `【` or `'`, or contain colons. So YAML
gives the structure, and the title is read from its line as it is. Values stay text, whatever type YAML would give them
(`tags: 996`, `title: 2020`).
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
from feeder.sources.files.withheld import STATE_KEYS, find_due_date, find_expiry_date, why_withheld

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
    "原文",
    "原文链接",
    "链接",
    "網址",
    "网址",
    "来源",
    "來源",
)
_VIA = ("via", "original_link", "reprint")
_PUBLISHED = (
    "datecreated", "date", "date_published", "published", "published_at", "published_time", "pubdate",
    "publishdate", "publish_date", "created", "created_at", "captured", "time_added", "time",
    "publish_time", "publishtime", "publishedat", "published_date", "date_created", "createdat", "post_date",
    "发布时间", "发布日期", "發布時間", "日期", "时间", "创建时间", "時間", "日付", "公開日", "날짜", "작성일",
    "fecha", "datum", "data", "дата",
)  # fmt: skip
_UPDATED = ("updated", "lastmod", "modified", "last_modified_at", "last_modified", "update", "updated_at")
_AUTHORS = ("author", "authors", "by", "byline", "creator", "作者", "著者", "저자", "autor", "auteur", "автор")
_CATEGORIES = ("tags", "categories", "category", "keywords", "标签", "標籤", "分类", "分類")
_TITLE = (
    "title",
    "full title",
    "标题",
    "標題",
    "タイトル",
    "제목",
    "titel",
    "título",
    "titulo",
    "titre",
    "titolo",
    "заголовок",
)
_LANGUAGE = ("lang", "language")
_RIGHTS = ("rights", "copyright")
_SUMMARY = ("description", "excerpt", "summary", "abstract")
_IMAGE = ("image", "cover", "thumbnail", "image_feature", "featured_image", "banner", "coverimage")
_CREDITS = {"translator": "translator", "reviewer": "proofreader", "proofreader": "proofreader", "editor": "editor"}
# Wiki.js writes the date of the last change as `date` beside `dateCreated`, and the program as `editor`.
_CREATED_BESIDE = "datecreated"
_EDITING_PROGRAMS = frozenset({"markdown", "code", "ckeditor", "asciidoc", "visual", "wysiwyg", "html", "redirect"})
# `title:x` and `title：x` are meant as `title: x`.
_TIGHT_KEY = re.compile(
    rf"^({'|'.join((*_TITLE, *_LINK, *_PUBLISHED, *_UPDATED, *_AUTHORS, *_CATEGORIES, *sorted(STATE_KEYS)))})"
    r"[ \t]*(?:：|:(?=[^\s:/]))[ \t]*",
    re.MULTILINE | re.IGNORECASE,
)
# In YAML `[[a, b]]` is a list in a list; here it is a wiki link, one name.
_WIKI_LINK_VALUE = re.compile(r"^([\w-]+[ \t]*:[ \t]+|[ \t]*-[ \t]+)(\[\[[^\n\[\]\"]*\]\])[ \t]*$", re.MULTILINE)
# First keys of front matter without an opening fence.
FIRST_KEYS = frozenset(
    {"title", "layout", "date", "author", "slug", "id", "tags", "category", "categories", "comments"}
)

_KEY_LINE = re.compile(r"(?P<key>[A-Za-z_][\w .-]{0,40}?)[ \t]*+:{1,2}(?:[ \t]++(?P<value>.*+)|[ \t]*+)")
_LIST_LINE = re.compile(r"[ \t]*+-[ \t](?P<value>.++)")
_TITLE_LINE = re.compile(r"^title[ \t]*:[ \t]*(?P<value>.*)$", re.MULTILINE | re.IGNORECASE)
_BLOCK_SCALAR = re.compile(r"[>|][+-]?\d?")
_QUOTES = {"'": "''", '"': '\\"'}  # quote -> how it is escaped within such quotes (YAML 1.2 §7.3)
_EMPTY_VALUES = frozenset({"", "~", "null", "none", "undefined"})
# `[[name]]`, `[[page|name]]`, and `[[zh:word]]`, a glossary word of a translation project.
_WIKI_LINK = re.compile(r"\[\[(?:[a-z]{2,3}(?:-[a-z]+)?:|[^\[\]|]*\|)?([^\[\]]*)\]\]", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_DATED_PATH = re.compile(r"(?:[\w-]+/|/)*?(\d{4})/(\d{1,2})/(\d{1,2})/")
_LINKED = re.compile(r"<(?P<bare>[^<>\s]+)>|\[[^\]]*\]\((?P<inner>\S+)\)")
_NAMED = re.compile(r"name[ \t]*:[ \t]*")
_MAP = re.compile(
    r"\{(?:[^{}]{0,200},)?[ \t]*name[ \t]*:(?P<name>[^{},\"]{0,200}|[ \t]*\"[^\"]{0,200}\"[ \t]*)(?:,[^{}]{0,200})?\}"
)
_JSON = json.JSONDecoder(parse_int=str)  # as text: int() refuses more than 4,300 digits
SURROGATES = re.compile("[\ud800-\udfff]")
_MAX_BLOCK = 64_000
_MAX_VALUES = 200
_MAX_DEPTH = 3
_OPENING = re.compile(r"[\[{]|[-?][ \t]")  # can start a nested list or map in the middle of a line
_MAX_NESTED = 100
_HUGO_BUILD = frozenset({"build", "_build"})  # `build: {render: never}`: such a page has no address


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The metadata at the head of a document, as fields of a `Draft`; `read_from` names the place of each."""

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
    cut: tuple[str, ...] = ()
    read_from: Mapping[str, str] = field(default_factory=dict, compare=False)

    def or_else(self, other: "Metadata") -> "Metadata":
        """Return this with missing fields from `other`, and the stamps, links and cut lines of both."""
        mine: dict[str, Any] = {name: getattr(self, name) or getattr(other, name) for name in _NAMES}
        mine["stamps"] = self.stamps + other.stamps
        mine["links"] = self.links + other.links
        mine["cut"] = self.cut + other.cut
        mine["read_from"] = {**other.read_from, **self.read_from}
        return Metadata(**mine)


_NAMES = tuple(field.name for field in fields(Metadata))  # `fields` takes longer than the rest of `or_else`


def read_yaml(block: str) -> Fields:
    """Return the fields of YAML front matter, valid or not."""
    block = _WIKI_LINK_VALUE.sub(r'\1"\2"', _TIGHT_KEY.sub(r"\1: ", block))
    try:
        readable = len(block) <= _MAX_BLOCK and not _is_nested_too_deeply(block)
        loaded = yaml.load(block, Loader=yaml.CBaseLoader) if readable else None  # noqa: S506  the base loader creates only text, lists and maps
    except (yaml.YAMLError, ValueError, RecursionError):
        loaded = None
    found = _flatten(loaded) if isinstance(loaded, Mapping) else read_lines(block)
    if (title := _title_as_written(block, found.get("title"))) is not None:
        found["title"] = title
    return found


def _is_nested_too_deeply(block: str) -> bool:
    """Whether a block is nested so deeply that LibYAML's composer would crash the process."""
    if len(_OPENING.findall(block)) <= _MAX_NESTED:
        return False
    depth = 0
    for event in yaml.parse(block, Loader=yaml.CBaseLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_NESTED:
            return True
    return False


def read_toml(block: str) -> Fields:
    """Return the fields of TOML front matter, including its `[taxonomies]` and `[extra]`."""
    try:
        # A dotted key takes quadratic time and memory: one of 30,000 parts took 3.6 GB.
        if len(block) <= _MAX_BLOCK and all(line.count(".") <= _MAX_NESTED for line in block.split("\n")):
            return _flatten(tomllib.loads(block))
    except (ValueError, RecursionError):  # TOMLDecodeError is a ValueError, as is a number that is too long
        pass
    return read_lines(re.sub(r"^(\w+)\s*=\s*", r"\1: ", block, flags=re.MULTILINE))


def read_json(text: str) -> tuple[Fields, int] | None:
    """Return the fields of the JSON object that a text starts with, and its end; None if it is not front matter."""
    try:
        loaded, end = _JSON.raw_decode(text[:_MAX_BLOCK])
    except (ValueError, RecursionError):
        return None
    found = _flatten(loaded)
    return (found, end) if not FIRST_KEYS.isdisjoint(found) else None


def read_lines(block: str) -> Fields:
    """Return the fields of `key: value` lines; `- value` lines belong to the key above them."""
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
            found.setdefault(key, "" if _BLOCK_SCALAR.fullmatch(value.strip()) else _parse_inline(_unquoted(value)))
        elif line[:1] in {" ", "\t"} and isinstance(above := found.get(key), str):
            found[key] = _with_continuation(above, line.strip())
    return found


def _with_continuation(value: str, more: str) -> str:
    """Return a value with its continuation line; of a map, the name."""
    if (name := _NAMED.match(more)) is not None:
        return _unquoted(more[name.end() :])
    return value if len(value) > _MAX_BLOCK or _KEY_LINE.fullmatch(more) else f"{value} {more}".strip()


def looks_like_fields(block: str) -> bool:
    """Whether every line of a block is a key, a list item, a continuation or empty."""
    lines = [line for line in _TIGHT_KEY.sub(r"\1: ", block).split("\n") if line.strip()]
    return bool(lines) and all(
        _KEY_LINE.fullmatch(line) or _LIST_LINE.fullmatch(line) or line[0] in " \t#" for line in lines
    )


def first_key(block: str) -> str:
    """Return the key on the first line, in lower case; "" for none."""
    match = _KEY_LINE.fullmatch(_TIGHT_KEY.sub(r"\1: ", block.lstrip("\n").partition("\n")[0]))
    return match["key"].strip().lower() if match else ""


def fields_to_metadata(fields: Fields, place: str = "front matter") -> Metadata:
    """Return the metadata in the fields. `place` is what people call the place that they were read from."""
    fields = {key: _without_surrogates(value) for key, value in fields.items()}
    if _texts(fields, _CREATED_BESIDE) and _texts(fields, "date"):
        fields["updated"] = fields.pop("date")
    if str(fields.get("editor")).lower() in _EDITING_PROGRAMS:
        del fields["editor"]
    reader = _FieldReader(fields, place)
    link = reader.first_address("link", (*_LINK, *_VIA)) or reader.first_text("link", ("permalink",))
    texts = {key: [value] if isinstance(value, str) else value for key, value in fields.items()}
    return Metadata(
        withheld=why_withheld(texts, place),
        due=find_due_date(texts, place),
        expires=find_expiry_date(texts, place),
        title=reader.first_text("title", _TITLE),
        link=link,
        language=reader.first_text("language", _LANGUAGE),
        summary=reader.first_text("summary", _SUMMARY),
        rights=reader.first_text("rights", _RIGHTS),
        stamps=(
            *reader.stamps(_PUBLISHED, "published"),
            *reader.stamps(_UPDATED, "updated"),
            *(
                Stamp(text="-".join(day.groups()), read_from="link")
                for key in ("path", "slug", "permalink")
                for text in _texts(fields, key)
                if (day := _DATED_PATH.match(text)) is not None
            ),
        ),
        authors=tuple(dict.fromkeys(reader.all_texts("authors", _AUTHORS))),
        credits=tuple(
            Credit(role=role, name=text.lstrip("@"))
            for key, role in _CREDITS.items()
            for text in reader.all_texts("credits", (key,))
        ),
        categories=tuple(dict.fromkeys(_split_list(reader.all_texts("categories", _CATEGORIES)))),
        links=tuple(
            Link(rel="via", href=text)
            for key in (*_VIA, *_LINK)
            for text in map(_link_target, _texts(fields, key))
            if _WEB_ADDRESS.match(text) and text != link
        ),
        media=tuple(Media(url=text, kind="image") for text in reader.all_texts("media", _IMAGE)),
        read_from=reader.read_from,
    )


class _FieldReader:
    """Looks fields up under their possible keys, and records which key was used."""

    def __init__(self, fields: Fields, place: str) -> None:
        self._fields, self._place = fields, place
        self.read_from: dict[str, str] = {}

    def first_text(self, field: str, keys: Iterable[str]) -> str | None:
        """Return the first text under any of the keys; None for none."""
        for key in keys:
            for text in _texts(self._fields, key):
                self._record(field, key)
                return text
        return None

    def first_address(self, field: str, keys: Iterable[str]) -> str | None:
        """Return the first web address under any of the keys; None for none."""
        for key in keys:
            for text in map(_link_target, _texts(self._fields, key)):
                if _WEB_ADDRESS.match(text):
                    self._record(field, key)
                    return text
        return None

    def all_texts(self, field: str, keys: Iterable[str]) -> list[str]:
        """Return every text under the keys."""
        found = []
        for key in keys:
            if texts := _texts(self._fields, key):
                self._record(field, key)
                found += texts
        return found

    def stamps(self, keys: Iterable[str], means: Literal["published", "updated"]) -> Iterator[Stamp]:
        """Yield every date under the keys."""
        for key in keys:
            for text in _texts(self._fields, key):
                yield Stamp(text=text, read_from="front matter", means=means, where=f"{self._place}: {key}")

    def _record(self, field: str, key: str) -> None:
        before = self.read_from.get(field)
        self.read_from[field] = f"{before}, {key}" if before else f"{self._place}: {key}"


def _flatten(loaded: Mapping[Any, object]) -> Fields:
    """Return texts and lists of texts by lower-case key; nested maps add keys that are not taken."""
    return _flatten_map(loaded, 0, set())


def _flatten_map(loaded: Mapping[Any, object], depth: int, seen: set[int]) -> Fields:
    """Flatten one map, skipping nested ones in `seen`: aliases can repeat a map a million times."""
    found: Fields = {}
    nested: list[Mapping[Any, object]] = []
    for key, value in loaded.items():
        name = str(key).strip().lower()
        if isinstance(value, Mapping):
            if (person := _to_text(value.get("name"))) is not None:
                found.setdefault(name, person)
            elif depth < _MAX_DEPTH and id(value) not in seen:
                seen.add(id(value))
                nested.append(value)
                if name in _HUGO_BUILD and "render" in value:
                    found["render"] = str(value["render"]).lower()
        elif isinstance(value, list):
            found[name] = [text for item in value[:_MAX_VALUES] if (text := _to_text(item)) is not None]
        elif isinstance(value, bool) and name in STATE_KEYS:
            found[name] = str(value).lower()
        elif (text := _to_text(value)) is not None:
            found[name] = _parse_inline(text) if name in _CATEGORIES else text
    for value in nested:
        # `comments: {hidden: true}` is not about the article.
        inner = _flatten_map(value, depth + 1, seen)
        found = {name: texts for name, texts in inner.items() if name not in STATE_KEYS} | found
    return found


def _to_text(value: object) -> str | None:
    """Return a value as text, or the `name` of a map; None for other values."""
    for _ in range(_MAX_DEPTH):
        value = value.get("name") if isinstance(value, Mapping) else value
    if isinstance(value, (date, time)):
        return value.isoformat()
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    try:
        return str(value).strip()
    except ValueError:  # str() refuses ints of more than 4,300 digits
        return None


def _title_as_written(block: str, parsed: Value | None) -> str | None:
    """Return the title as it is on its line; None if the title that YAML parsed is right.

    That is so if the is_quoted value is quoted, or continues on the next lines.
    """
    line = _TITLE_LINE.search(block)
    if line is None:
        return None
    value = line["value"].strip()
    if _BLOCK_SCALAR.fullmatch(value):
        return None
    bare = _unquoted(value)
    is_quoted = bare != value
    is_continued = isinstance(parsed, str) and len(parsed) > len(value) and not value.startswith(("#", "'", '"'))
    if isinstance(parsed, str) and parsed and (is_quoted or is_continued):
        return None
    return bare


def _unquoted(text: str) -> str:
    """Return a text without the quotes around it, and with those inside unescaped."""
    text = text.strip()
    if len(text) < len("''") or text[0] != text[-1] or text[0] not in _QUOTES:
        return text
    return text[1:-1].replace(_QUOTES[text[0]], text[0])


def _without_surrogates(value: Value) -> Value:
    """Return the value without lone surrogates, which JSON can contain and UTF-8 cannot."""
    return SURROGATES.sub("", value) if isinstance(value, str) else [SURROGATES.sub("", text) for text in value]


def _link_target(text: str) -> str:
    """Return the address of `<address>` or `[words](address)`; other text unchanged."""
    match = _LINKED.fullmatch(text)
    return (match["bare"] or match["inner"]) if match else text


def _parse_inline(text: str) -> Value:
    """Return `[ a, b ]` as a list, `{name: a}` as the name, other text unchanged."""
    if (name := _MAP.fullmatch(text)) is not None:
        return _unquoted(name["name"])
    if text.startswith("[") and text.endswith("]") and not text.startswith("[["):
        return [_unquoted(part) for part in text[1:-1].split(",")]
    return text


def _texts(fields: Fields, key: str) -> list[str]:
    """Return the texts under a key, without wiki brackets."""
    value = fields.get(key)
    if not value:
        return []
    texts = [value] if isinstance(value, str) else value
    clean = [_WIKI_LINK.sub(r"\1", text).strip() for text in texts]
    return [text for text in clean if text.lower() not in _EMPTY_VALUES]


def _split_list(texts: Iterable[str]) -> list[str]:
    return [part.strip().lstrip("#") for text in texts for part in re.split(r"[,，、;；]", text) if part.strip(" #")]

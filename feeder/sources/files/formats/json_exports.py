"""Exports in JSON: Telegram, Ghost, JSON Feed, reading lists, and what `feeder export` writes.

They are read object by object (ijson), so that memory does not grow with the file. Which one a file is, its keys tell.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any, BinaryIO

import ijson

from feeder.errors import ArticleError, FeedError, NotAnArticleError
from feeder.model import Credit, Draft, Link, Media, Person, Source, Stamp
from feeder.sources.data import Data
from feeder.sources.feeds.parsing.jsonfeed import read_json
from feeder.sources.files.dialects.ghost import Rendered, render_lexical, render_mobiledoc
from feeder.sources.files.formats.lists import record_draft
from feeder.sources.files.formats.telegram import read_messages

Object = Mapping[str, Any]

_ENDINGS = (".json", ".jsonl", ".ndjson")
_LISTS = ("bookmarks", "articles", "links", "items", "entries", "documents", "results", "data", "list")
_BATCH = 200
_MARK = b"\xef\xbb\xbf"


def is_json(name: str, _start: bytes) -> bool:
    """Whether a file is JSON, by its ending: front matter can be JSON too."""
    return name.lower().endswith(_ENDINGS)


def read_json_export(data: Data, name: str) -> Iterator[Draft]:
    """Yield the articles of a JSON file.

    Raises:
        NotAnArticleError: it is other data.
        ArticleError: it is not valid JSON.
    """
    try:
        yield from _read_lines(data) if _is_lines(data) else _read_document(data, name)
    except ijson.JSONError as error:
        raise ArticleError(f"{name}: not valid JSON ({str(error).strip().splitlines()[0][:80]})") from None
    except UnicodeDecodeError:
        raise ArticleError(f"{name}: not valid JSON (it is not UTF-8)") from None


def _read_document(data: Data, name: str) -> Iterator[Draft]:
    first = data.start(1000).removeprefix(_MARK).lstrip()[:1]
    if first == b"[":
        yield from _read_records(_items(data, "item"))
        return
    keys = _keys(data) if first == b"{" else {}
    if "messages" in keys:
        yield from read_messages(_items(data, "messages.item"), str(keys.get("name") or ""))
    elif "chats" in keys:
        yield from read_messages(_items(data, "chats.list.item.messages.item"), "")
    elif "jsonfeed.org/" in str(keys.get("version")) or ("items" in keys and "home_page_url" in keys):
        yield from _read_feed(data, keys, name)
    elif "db" in keys or {"data", "meta"} <= keys.keys():
        yield from _read_ghost(data, "db.item.data" if "db" in keys else "data")
    elif is_entry(keys):
        yield from filter(None, map(entry_draft, _items(data, "")))
    else:
        listed = next((key for key in _LISTS if key in keys), None)
        yield from _read_records(_items(data, f"{listed}.item") if listed else iter(()))


def _items(data: Data, prefix: str) -> Iterator[Any]:
    with _open(data) as stream:
        yield from ijson.items(stream, prefix, use_float=True)


def _open(data: Data) -> BinaryIO:
    """Return a stream behind a byte order mark."""
    stream = data.open()
    if stream.read(len(_MARK)) != _MARK:
        stream.seek(0)
    return stream


def _keys(data: Data) -> dict[str, Any]:
    """Return the keys of the outermost object, with the values that are texts."""
    keys: dict[str, Any] = {}
    with _open(data) as stream:
        for prefix, event, value in ijson.parse(stream, use_float=True):
            if not prefix and event == "map_key":
                keys[value] = None
            elif event == "string" and prefix in keys:
                keys[prefix] = value
    return keys


def _is_lines(data: Data) -> bool:
    """Whether each line is an object of its own."""
    first, newline, rest = data.start(2_000_000).removeprefix(_MARK).lstrip().partition(b"\n")
    if not first.startswith(b"{") or not first.rstrip().endswith(b"}"):
        return False
    return not newline or not rest.strip() or rest.lstrip().startswith(b"{")


def _read_lines(data: Data) -> Iterator[Draft]:
    with _open(data) as stream:
        lines = (line for line in stream if line.strip())
        yield from _read_records(chain.from_iterable(ijson.items(line, "", use_float=True) for line in lines), data)


def _read_records(records: Iterator[Any], lines: Data | None = None) -> Iterator[Draft]:
    """Yield the entries or links among records; the first decides which they are."""
    first = next(records, None)
    if lines is not None and isinstance(first, dict) and not is_entry(first) and record_draft(first) is None:
        yield from _read_document(lines, "")  # a document that is written on one line
        return
    read: Callable[[Object], Draft | None]
    if isinstance(first, dict) and is_entry(first):
        read = entry_draft
    elif isinstance(first, dict) and record_draft(first) is not None:
        read = record_draft
    else:
        raise NotAnArticleError("not an article: data (JSON)")
    yield from (draft for one in chain([first], records) if isinstance(one, dict) and (draft := read(one)) is not None)


def _read_feed(data: Data, head: Object, name: str) -> Iterator[Draft]:
    items = _items(data, "items.item")
    authors = next(_items(data, "authors"), None)
    while batch := list(islice(items, _BATCH)):
        document = {**head, "authors": authors or [], "items": batch, "hubs": []}
        try:
            drafts = read_json(json.dumps(document).encode(), name).drafts
        except FeedError as error:
            raise ArticleError(f"{name}: {error}") from None
        yield from (replace(draft, guid=None, former_id=None) for draft in drafts)


# --- Ghost -----------------------------------------------------------------------------------------------------------


def _read_ghost(data: Data, place: str) -> Iterator[Draft]:
    """Yield the posts and pages of a Ghost export; people and tags are tables of their own in it."""
    names = {user["id"]: user.get("name") or "" for user in _objects(data, f"{place}.users.item")}
    tags = {tag["id"]: tag.get("name") or "" for tag in _objects(data, f"{place}.tags.item")}
    authors_of = _relation(data, f"{place}.posts_authors.item", "author_id", names)
    tags_of = _relation(data, f"{place}.posts_tags.item", "tag_id", tags)
    is_empty = True
    for post in _objects(data, f"{place}.posts.item"):
        is_empty = False
        people = authors_of.get(post["id"]) or [names.get(post.get("author_id") or post.get("author"), "")]
        status, visibility = post.get("status") or "published", post.get("visibility") or "public"
        withheld = None
        if status not in {"published", "sent"}:
            withheld = f"export: status: {status}"
        elif visibility != "public":
            withheld = f"export: visibility: {visibility}"
        stamps = _stamps(post, ("published_at", "created_at"), "updated_at")
        rendered, lost = _render_ghost(post)
        picture = str(post.get("feature_image") or "").removeprefix("__GHOST_URL__")
        yield Draft(
            origin="",
            content=rendered.content.replace("__GHOST_URL__", ""),
            content_type=rendered.content_type,
            title=post.get("title") or None,
            link=post.get("canonical_url") or (f"/{post['slug']}/" if post.get("slug") else None),
            stamps=tuple(stamps),
            authors=tuple(Person(name=name) for name in people if name),
            categories=tuple(tag for tag in tags_of.get(post["id"], ()) if tag and not tag.startswith("#")),
            media=(Media(url=picture, kind="image"),) if picture else (),
            summary=post.get("custom_excerpt") or None,
            language=post.get("locale") or None,
            withheld=withheld,
            lost=lost,
            read_from={"title": "export: title", "link": "export: slug", "authors": "export: authors"},
        )
    if is_empty:
        raise NotAnArticleError("not an article: data (JSON)")


def _render_ghost(post: Object) -> tuple[Rendered, tuple[str, ...]]:
    """Return the text of a post, and what could not be read of it."""
    if post.get("html"):
        return Rendered(str(post["html"])), ()
    lost: list[str] = []
    for key, render in (("lexical", render_lexical), ("mobiledoc", render_mobiledoc)):
        if post.get(key):
            if (rendered := render(str(post[key]))) is not None:
                return rendered, (*lost, *(f"block of an unknown kind left out: {kind}" for kind in rendered.unknown))
            lost.append(f"its {key} text is damaged")
    return Rendered(str(post.get("plaintext") or ""), "text"), tuple(lost)


def _objects(data: Data, prefix: str) -> Iterator[dict[str, Any]]:
    return (one for one in _items(data, prefix) if isinstance(one, dict) and "id" in one)


def _relation(data: Data, prefix: str, key: str, names: Mapping[str, str]) -> dict[str, list[str]]:
    rows = [row for row in _items(data, prefix) if isinstance(row, dict)]
    found: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: float(row.get("sort_order") or 0)):
        found.setdefault(row.get("post_id", ""), []).append(names.get(row.get(key, ""), ""))
    return found


# --- what `feeder export` writes -------------------------------------------------------------------------------------


def is_entry(record: Object) -> bool:
    """Whether an object is an entry as `model.entry_to_dict` writes it."""
    return {"id", "title", "content", "published_from", "first_seen_at"} <= record.keys()


def entry_draft(record: Object) -> Draft | None:
    """Return the draft of an exported entry."""
    source = record.get("source")
    return Draft(
        origin="",
        id=str(record["id"]),
        content=str(record["content"] or ""),
        content_type="html",
        title=str(record["title"] or "") or None,
        link=record.get("link") or None,
        links=tuple(_made(Link, record, "links")),
        stamps=tuple(_stamps(record, ("published",), "updated")),
        authors=tuple(_made(Person, record, "authors")),
        credits=tuple(_made(Credit, record, "credits")),
        categories=tuple(map(str, record.get("categories") or ())),
        media=tuple(_made(Media, record, "media")),
        language=record.get("language") or None,
        summary=record.get("summary") or None,
        rights=record.get("rights") or None,
        source=Source(title=str(source.get("title") or ""), id=str(source.get("id") or ""), link=source.get("link"))
        if isinstance(source, dict)
        else None,
        read_from={"title": "export: title", "link": "export: link", "authors": "export: authors"},
    )


def _stamps(record: Object, published: tuple[str, ...], updated: str) -> list[Stamp]:
    stamps = [
        Stamp(text=str(record[key]), read_from="feed", where=f"export: {key}") for key in published if record.get(key)
    ]
    if record.get(updated):
        where = f"export: {updated}"
        stamps.append(Stamp(text=str(record[updated]), read_from="feed", means="updated", where=where))
    return stamps


def _made(kind: Callable[..., Any], record: Object, key: str) -> Iterable[Any]:
    for values in record.get(key) or ():
        try:
            yield kind(**values)
        except TypeError:  # not a value of this kind: written by another program
            continue

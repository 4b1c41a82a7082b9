"""The list beside the posts of a Substack export: their titles and dates, and which of them are public.

posts.csv             post_id, post_date, is_published, type, audience, title, subtitle, podcast_url
posts/ID.slug.html    the text of a post, and nothing else
"""

import csv
import io
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from feeder.model import Draft, Media, Stamp
from feeder.sources.files.folder import FolderFile

log = logging.getLogger(__name__)
SUBSTACK_LIST = "posts.csv"
_MAX_LIST = 50_000_000  # bytes
_NAME = re.compile(r"(?P<id>\d+(?:\.[^/]*)?)\.html?", re.IGNORECASE)
_COLUMNS = frozenset({"post_id", "is_published"})
_NO = frozenset({"false", "no", "0", "f"})
_PAID = frozenset({"only_paid", "founding"})


class ListedPost(NamedTuple):
    """What the list says of a post; `withheld` is why it is not public, "" if it is."""

    withheld: str = ""
    title: str = ""
    published: str = ""
    subtitle: str = ""
    sound: str = ""


def substack_id(path: str) -> str | None:
    """Return the id in `posts.csv` of a post file of a Substack export; None for any other file."""
    match = _NAME.fullmatch(path.rpartition("/")[2])
    return match["id"] if match else None


def read_substack_list(text: str) -> dict[str, ListedPost]:
    """Return the posts of a `posts.csv`, by id."""
    rows = csv.DictReader(io.StringIO(text.replace("\x00", "")), restval="")
    posts: dict[str, ListedPost] = {}
    try:
        if not _COLUMNS.issubset(rows.fieldnames or ()):
            return {}
        for row in rows:
            post = {key: value.strip() for key, value in row.items() if key and isinstance(value, str)}
            posts[post["post_id"]] = ListedPost(
                _why_withheld(post),
                post.get("title", ""),
                post.get("post_date", ""),
                post.get("subtitle", ""),
                post.get("podcast_url", ""),
            )
    except csv.Error:  # a field of more than 128 KB: truncated, or not a list of posts; the rows before it count
        return posts
    return posts


def _why_withheld(post: Mapping[str, str]) -> str:
    if post["is_published"].lower() in _NO:
        return "posts.csv: is_published: false"
    audience = post.get("audience", "").lower()
    return f"posts.csv: audience: {audience}" if audience in _PAID else ""


def find_listed_post(found: FolderFile) -> ListedPost | None:
    """Return what the list beside a Substack post says of it; None for every other file."""
    post = substack_id(found.path)
    if post is None:
        return None
    number = post.partition(".")[0]
    for folder in Path(found.real).parents[:2]:
        posts = _load_list(folder)
        if (listed := posts.get(post) or posts.get(number)) is not None:
            return listed
    return None


def with_list(draft: Draft, post: ListedPost | None) -> Draft:
    """Return the draft of a Substack post with what the list says of it, which the post itself does not know."""
    if post is None:
        return draft
    read_from = dict(draft.read_from)
    for field, value in (("title", post.title), ("summary", post.subtitle)):
        if value:
            read_from[field] = f"{SUBSTACK_LIST}: {'subtitle' if field == 'summary' else field}"
    slug = (substack_id(draft.origin) or "").partition(".")[2]
    if slug and not draft.link:  # counts from the source's `base`
        read_from["link"] = "file name"
    date = Stamp(text=post.published, read_from="front matter", where=f"{SUBSTACK_LIST}: post_date")
    return replace(
        draft,
        title=post.title or draft.title,
        summary=post.subtitle or draft.summary,
        link=draft.link or (f"/p/{slug}" if slug else None),
        stamps=(date, *draft.stamps) if post.published else draft.stamps,
        due=date if post.published else draft.due,
        media=(*draft.media, Media(url=post.sound, kind="audio")) if post.sound else draft.media,
        withheld=post.withheld or draft.withheld,
        read_from=read_from,
    )


def _load_list(folder: Path) -> dict[str, ListedPost]:
    try:
        stat = (folder / SUBSTACK_LIST).stat()
    except OSError:  # most folders have none
        return {}
    return _read_list(folder, stat.st_mtime_ns, stat.st_size) if stat.st_size <= _MAX_LIST else {}


@lru_cache(maxsize=8)
def _read_list(folder: Path, _mtime_ns: int, _size: int) -> dict[str, ListedPost]:
    try:
        return read_substack_list((folder / SUBSTACK_LIST).read_text("utf-8-sig", "replace"))
    except OSError as error:
        log.warning("%s: cannot be read: %s", folder / SUBSTACK_LIST, error.strerror)
        return {}


def substack_lists(paths: Iterable[str]) -> set[str]:
    """Return the possible paths of the lists that belong to the Substack posts among these paths."""
    folders = set()
    for path in paths:
        if substack_id(path) is not None:
            folder = path.rpartition("/")[0]
            folders |= {folder, folder.rpartition("/")[0]}
    return {f"{folder}/{SUBSTACK_LIST}".removeprefix("/") for folder in folders}

"""What an author did not publish: the marks that blog engines, note programs and exports put on it. Pure.

Each mark becomes one reason in a few words, which `feeder ingest -v` shows. When a post is due, or expires, is only
read here: what the time is now is not known.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping

from feeder.model import Stamp

_YES = frozenset({"true", "yes", "on", "1", "y", "t"})
_NO = frozenset({"false", "no", "off", "0", "n", "f"})
# Withheld where true: Hugo, Jekyll, Zola, Astro and most others; Hexo's and Docusaurus's posts that no list shows.
_WITHHELD_IF = ("draft", "is_draft", "isdraft", "private", "hidden", "unlisted")
# Withheld where false: Jekyll and Hexo; Obsidian Publish and its Digital Garden; Logseq.
_WITHHELD_UNLESS = ("published", "publish", "dg-publish", "public")
_STATUS = ("status", "post_status", "post-status", "visibility")  # Pelican, WordPress, Micropub
_WITHHELD_STATUS = frozenset(
    {
        "draft",
        "auto-draft",
        "private",
        "hidden",
        "unlisted",
        "pending",
        "future",
        "scheduled",
        "trash",
        "trashed",
        "skip",
    }
)
_PASSWORD = ("password",)
_EXPIRES = ("expirydate", "expiry_date", "unpublishdate")
# As Hugo asks for them: a `publishDate` is when a post comes out, whatever day the post is about.
_DUE = ("publishdate", "publish_date", "pubdate", "date_published", "published_at", "published", "date")

# Keys whose values decide whether an article may be shown; a `true` there is kept where all others are only text.
STATE_KEYS = frozenset((*_WITHHELD_IF, *_WITHHELD_UNLESS, *_STATUS, *_PASSWORD))

_DRAFT_FOLDERS = frozenset({"_drafts"})  # Jekyll, Hexo
_POST_FOLDERS = frozenset({"_posts"})
_FIGURE = re.compile(r"\d")
_SUBSTACK_NAME = re.compile(r"(?P<id>\d+(?:\.[^/]*)?)\.html?", re.IGNORECASE)
_SUBSTACK_COLUMNS = frozenset({"post_id", "is_published"})
_PAID = frozenset({"only_paid", "founding"})


def why_withheld(said: Mapping[str, Iterable[str]], place: str) -> str | None:
    """Return which of a head's fields says that its article is not for readers; None where none does.

    `said` holds the texts under each key, in lower case; `place` is what people call where they are.
    """
    for keys, values in ((_WITHHELD_IF, _YES), (_WITHHELD_UNLESS, _NO), (_STATUS, _WITHHELD_STATUS)):
        for key in keys:
            for text in said.get(key, ()):
                if text.strip().lower() in values:
                    return f"{place}: {key}: {text.strip()}"
    if any(text.strip() for key in _PASSWORD for text in said.get(key, ())):
        return f"{place}: password"
    return None


def due(said: Mapping[str, Iterable[str]], place: str) -> Stamp | None:
    """Return when a head says that its article comes out; None where it names no date."""
    return _first_date(said, _DUE, place)


def expires(said: Mapping[str, Iterable[str]], place: str) -> Stamp | None:
    """Return when a head says that its article is no longer shown; None where it names no date."""
    return _first_date(said, _EXPIRES, place)


def _first_date(said: Mapping[str, Iterable[str]], keys: Iterable[str], place: str) -> Stamp | None:
    for key in keys:
        for text in said.get(key, ()):
            if _FIGURE.search(text) is not None:
                return Stamp(text=text, read_from="front matter", where=f"{place}: {key}")
    return None


def why_place_withheld(name: str, content: str) -> str | None:
    """Return what the path of a file says of it: a folder of drafts, or a draft in an export of Medium."""
    *folders, base = name.split("/")
    if found := _DRAFT_FOLDERS.intersection(folders):
        return f"in {min(found)}/"
    if base.startswith("draft_") and base.lower().endswith((".html", ".htm")) and "h-entry" in content:
        return "a draft in a Medium export"
    return None


def is_post_name(name: str) -> bool:
    """Whether a file lies where the date in its name is when it comes out (Jekyll)."""
    return not _POST_FOLDERS.isdisjoint(name.split("/")[:-1])


def substack_id(path: str) -> str | None:
    """Return the post that a file of a Substack export holds, as `posts.csv` names it; None for any other file."""
    match = _SUBSTACK_NAME.fullmatch(path.rpartition("/")[2])
    return match["id"] if match else None


def read_substack_list(text: str) -> dict[str, str]:
    """Return, by post, why those posts of a Substack export's `posts.csv` that are not public are not.

    Posts for paying readers are none for ours.
    """
    rows = csv.DictReader(io.StringIO(text.replace("\x00", "")), restval="")
    reasons: dict[str, str] = {}
    try:
        if not _SUBSTACK_COLUMNS.issubset(rows.fieldnames or ()):
            return {}
        for row in rows:
            if row["is_published"].strip().lower() in _NO:
                reasons[row["post_id"].strip()] = "posts.csv: is_published: false"
            elif (audience := (row.get("audience") or "").strip().lower()) in _PAID:
                reasons[row["post_id"].strip()] = f"posts.csv: audience: {audience}"
    except csv.Error:  # a field of more than 128 KB: not a list of posts, or cut off; what was read until there counts
        return reasons
    return reasons

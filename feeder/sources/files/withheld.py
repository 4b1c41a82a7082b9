"""Recognises articles that their author did not publish, by the marks of blog engines, note apps and exports. Pure.

Each mark becomes a short reason, which `feeder ingest -v` shows. The dates on which a post is due and expires are only
read here; comparing them with the current time is `ingest/reading/withholding.py`.
"""

import re
from collections.abc import Iterable, Mapping

from feeder.model import Stamp

_YES = frozenset({"true", "yes", "on", "1", "y", "t"})
_NO = frozenset({"false", "no", "off", "0", "n", "f", "never"})
# Withheld if true: Hugo, Jekyll, Zola, Astro and most others; unlisted posts of Hexo and Docusaurus.
_WITHHELD_IF = ("draft", "is_draft", "isdraft", "private", "hidden", "unlisted", "unpublished")
# Withheld if false: Jekyll and Hexo; Obsidian Publish and its Digital Garden; Logseq; Eleventy; Zola.
_WITHHELD_UNLESS = (
    "published", "publish", "is_published", "ispublished", "dg-publish", "public", "permalink", "render",
)  # fmt: skip
# Pelican, WordPress, Micropub (`post-status`), Statamic; `state` is Decap's.
_STATUS = ("status", "post_status", "post-status", "_status", "state", "visibility")
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
        "inherit",
        "trash",
        "trashed",
        "deleted",
        "skip",
        "unpublished",
        "not published",
        "entwurf",
        "brouillon",
        "borrador",
        "rascunho",
        "bozza",
        "черновик",
        "чернетка",
        "taslak",
        "szkic",
        "utkast",
        "kladde",
        "草稿",
        "下書き",
        "초안",
        "مسودة",
        "پیش‌نویس",
    }
)
_PASSWORD = ("password",)
_EXPIRES = ("expirydate", "expiry_date", "expires", "expire_date", "unpublishdate", "unpublish_date", "unpublish_on")
# In Hugo's order: `publishDate` is when a post goes online, `date` the day that it is about.
_DUE = (
    "publishdate", "publish_date", "publish_on", "scheduled", "scheduled_at", "pubdate", "date_published",
    "published_at", "published", "date",
)  # fmt: skip

# Keys that decide whether an article may be shown. Only for these are YAML booleans read.
STATE_KEYS = frozenset((*_WITHHELD_IF, *_WITHHELD_UNLESS, *_STATUS, *_PASSWORD))

_DRAFT_FOLDERS = frozenset({"_drafts", "drafts"})  # Jekyll, Hexo; by hand, in any case
_POST_FOLDERS = frozenset({"_posts"})
_DIGIT = re.compile(r"\d")


def why_withheld(fields: Mapping[str, Iterable[str]], place: str) -> str | None:
    """Return which metadata field withholds the article; None for none.

    `fields` has the texts of each lower-case key; `place` is what people call the place they are in.
    """
    for keys, values in ((_WITHHELD_IF, _YES), (_WITHHELD_UNLESS, _NO), (_STATUS, _WITHHELD_STATUS)):
        for key in keys:
            for text in fields.get(key, ()):
                if text.strip().lower() in values:
                    return f"{place}: {key}: {text.strip()}"
    if any(text.strip() for key in _PASSWORD for text in fields.get(key, ())):
        return f"{place}: password"
    return None


def find_due_date(fields: Mapping[str, Iterable[str]], place: str) -> Stamp | None:
    """Return the date on which an article goes online; None for none."""
    return _find_date(fields, _DUE, place)


def find_expiry_date(fields: Mapping[str, Iterable[str]], place: str) -> Stamp | None:
    """Return the date from which an article is no longer shown; None for none."""
    return _find_date(fields, _EXPIRES, place)


def _find_date(fields: Mapping[str, Iterable[str]], keys: Iterable[str], place: str) -> Stamp | None:
    for key in keys:
        for text in fields.get(key, ()):
            if _DIGIT.search(text) is not None:
                return Stamp(text=text, read_from="front matter", where=f"{place}: {key}")
    return None


def why_path_withheld(name: str, content: str) -> str | None:
    """Return why a file's path withholds it: a folder of drafts, or a draft in a Medium export; None if it does not."""
    *folders, base = name.split("/")
    if (folder := next((folder for folder in folders if folder.lower() in _DRAFT_FOLDERS), None)) is not None:
        return f"in {folder}/"
    if base.startswith("draft_") and base.lower().endswith((".html", ".htm")) and "h-entry" in content:
        return "draft in a Medium export"
    return None


def is_post_name(name: str) -> bool:
    """Whether the date in a file's name is when its post goes online (Jekyll)."""
    return not _POST_FOLDERS.isdisjoint(name.split("/")[:-1])

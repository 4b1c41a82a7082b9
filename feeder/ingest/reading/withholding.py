"""Which drafts are withheld from readers: by a mark of their author, or by a date.

`sources/files/withheld.py` knows the marks. Not used if `drafts = "keep"`.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeder.model import Draft, Stamp
from feeder.sources.files.folder import FolderFile
from feeder.sources.files.withheld import read_substack_list, substack_id

log = logging.getLogger(__name__)
SUBSTACK_LIST = "posts.csv"
_MAX_LIST = 50_000_000  # bytes


class Withholding(NamedTuple):
    """Why an article is not stored; `by_date`: that may change even if its file does not."""

    reason: str
    by_date: bool = False


def find_withholding(draft: Draft, *, now: datetime, zone: str) -> Withholding | None:
    """Return why a draft is withheld at `now`, an aware datetime; None if it is not.

    A date without a zone is taken in `zone` and is due from the start of its day: its hour may be another zone's.
    """
    from feeder.normalise.printed_dates import parse_printed_date  # noqa: PLC0415  a pass that reads nothing must not load it

    if draft.withheld is not None:
        return Withholding(draft.withheld)
    if draft.due is not None and (due := parse_printed_date(draft.due.text, zone)) is not None:
        day = due.at.astimezone(ZoneInfo(zone)).date()
        later = due.at > now if due.has_time and due.has_zone else day > now.astimezone(ZoneInfo(zone)).date()
        if later:
            return Withholding(_describe(draft.due, "scheduled"), by_date=True)
    if (
        draft.expires is not None
        and (end := parse_printed_date(draft.expires.text, zone)) is not None
        and end.at <= now
    ):
        return Withholding(_describe(draft.expires, "expired"))
    return None


def _describe(stamp: Stamp, what: str) -> str:
    return f"{what}: {stamp.place}: {stamp.text}"


def unlisted_reason(found: FolderFile) -> str | None:
    """Return why the list beside a Substack post says that it is not public; None for every other file."""
    post = substack_id(found.path)
    if post is None:
        return None
    number = post.partition(".")[0]
    for folder in Path(found.real).parents[:2]:
        reasons = _load_list(folder)
        if (reason := reasons.get(post) or reasons.get(number)) is not None:
            return reason
    return None


def _load_list(folder: Path) -> dict[str, str]:
    try:
        stat = (folder / SUBSTACK_LIST).stat()
    except OSError:  # most folders have none
        return {}
    return _read_list(folder, stat.st_mtime_ns, stat.st_size) if stat.st_size <= _MAX_LIST else {}


@lru_cache(maxsize=8)
def _read_list(folder: Path, _mtime_ns: int, _size: int) -> dict[str, str]:
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

"""Which drafts are not for readers now: by what their author put on them, and by the calendar.

What a mark looks like is `sources/withheld.py`'s to know. Nothing here is asked where `drafts = "keep"`.
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
    """Why an article is not stored; `by_date` says that this may change though its file does not."""

    reason: str
    by_date: bool = False


def withholding(draft: Draft, *, now: datetime, zone: str) -> Withholding | None:
    """Return why a draft is not for readers at `now`, an aware datetime; None where it is.

    A date without a zone counts in `zone` and is due with its day: its hour may be another zone's.
    """
    from feeder.normalise.printed_dates import parse_printed_date  # noqa: PLC0415  a pass that reads nothing must not wait for it

    if draft.withheld is not None:
        return Withholding(draft.withheld)
    if draft.due is not None and (due := parse_printed_date(draft.due.text, zone)) is not None:
        day = due.at.astimezone(ZoneInfo(zone)).date()
        later = due.at > now if due.has_time and due.has_zone else day > now.astimezone(ZoneInfo(zone)).date()
        if later:
            return Withholding(_told(draft.due, "scheduled"), by_date=True)
    if (
        draft.expires is not None
        and (end := parse_printed_date(draft.expires.text, zone)) is not None
        and end.at <= now
    ):
        return Withholding(_told(draft.expires, "expired"))
    return None


def _told(stamp: Stamp, what: str) -> str:
    return f"{what}: {stamp.place}: {stamp.text}"


def why_unlisted(found: FolderFile) -> str | None:
    """Return why the list beside a Substack export's post says that it is not public; None for every other file."""
    post = substack_id(found.path)
    if post is None:
        return None
    number = post.partition(".")[0]
    for folder in Path(found.real).parents[:2]:
        reasons = _list_in(folder)
        if (reason := reasons.get(post) or reasons.get(number)) is not None:
            return reason
    return None


def _list_in(folder: Path) -> dict[str, str]:
    try:
        looks = (folder / SUBSTACK_LIST).stat()
    except OSError:  # most folders have none
        return {}
    return _read_list(folder, looks.st_mtime_ns, looks.st_size) if looks.st_size <= _MAX_LIST else {}


@lru_cache(maxsize=8)
def _read_list(folder: Path, _mtime_ns: int, _size: int) -> dict[str, str]:
    try:
        return read_substack_list((folder / SUBSTACK_LIST).read_text("utf-8-sig", "replace"))
    except OSError as error:
        log.warning("%s: cannot be read: %s", folder / SUBSTACK_LIST, error.strerror)
        return {}


def places_of_lists(paths: Iterable[str]) -> set[str]:
    """Return where the lists of the Substack posts among some paths would be."""
    folders = set()
    for path in paths:
        if substack_id(path) is not None:
            folder = path.rpartition("/")[0]
            folders |= {folder, folder.rpartition("/")[0]}
    return {f"{folder}/{SUBSTACK_LIST}".removeprefix("/") for folder in folders}

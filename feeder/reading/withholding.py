"""Which drafts are withheld from readers: by a mark of their author, or by a date.

`sources/files/withheld.py` knows the marks. Not used if `drafts = "keep"`.
"""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from feeder.model import Draft, Stamp


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

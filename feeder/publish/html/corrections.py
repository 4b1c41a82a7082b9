"""What the page of an entry tells of its corrections. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from feeder.incoming.corrections import Changes, compare
from feeder.model import Entry
from feeder.query.tokens import visible_text
from feeder.store import Revision

_MAX_LETTERS = 4000  # that a page shows of one correction
_HIDDEN = Changes((), is_whole=False)


class ShownCorrection(NamedTuple):
    """A correction: when it was made, and what it changed in title and text."""

    corrected_at: datetime
    title: Changes
    text: Changes


def show_corrections(entry: Entry, revisions: Sequence[Revision]) -> list[ShownCorrection]:
    """Return the corrections of an entry, the latest first, as its revisions are.

    An entry without text, of which its source may give no more, shows no former text either.
    """
    if not revisions:
        return []
    shown = []
    title, text = entry.title, visible_text(entry.content)
    later: str | None = text
    for revision in revisions:
        titles = compare(revision.title, title, limit=_MAX_LETTERS)
        texts = _compare(revision.text, later) if text or revision.text == later else _HIDDEN
        if titles.passages or texts.passages or not texts.is_whole:
            shown.append(ShownCorrection(revision.corrected_at, titles, texts))
        title, later = revision.title, revision.text
    return shown


def _compare(old: str | None, new: str | None) -> Changes:
    return _HIDDEN if old is None or new is None else compare(old, new, limit=_MAX_LETTERS)

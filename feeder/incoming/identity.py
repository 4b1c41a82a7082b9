"""Matches the items of a remote source with its stored entries. Pure: compares values.

An entry belongs to its source. The same id or link in another source is another entry (`copies.py` groups these for
display); folders are compared as one (`known.py`).

    same guid ──┬─ an IRI or UUID, or title, link or (of one entry only) date is equal ──► same entry
                └─ else ──► another one: the source reuses its numbers
    same former id ──► same entry (`sources/feeds/former.py`)
    same link ──┬─ shared by others ── title and date are equal ──► same entry
                ├─ both have guids ── the date is equal, or title, text and recordings are ──► same entry
                └─ else ── title and recordings, or date is equal, or neither has a date ──► same entry
    no guid, no link ──┬─ same title ── no other date, or the same text ──► same entry
                       └─ same date ── title and text are similar ──► same entry
    other guid, no link ── title, date, text and recordings are equal ──► same entry
    link on another host ── path, title and date are equal ──► same entry: the site has moved

The closest matches win, and each entry matches at most one item of a document: two items that differ only in their
date are two entries. The names of an item never depend on the other items of its document.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from typing import NamedTuple

from feeder.model import Entry, is_iri
from feeder.normalise.urls import fold_link
from feeder.query.tokens import plain, visible_text

_GUID, _LINK, _TITLE, _DATE, _EXACT, _MOVED = "glwdem"
_WEB_ADDRESS = ("http:", "https:")
_DATED = "feed"  # how `Entry.published_from` begins for dates that the source states
_MAX_COMPARED = 500  # characters of each text
_MIN_SIMILARITY = 0.6  # of the characters, in order
_UUID_LENGTH = 36


class ItemIdentity(NamedTuple):
    """What identifies an incoming entry of a remote source.

    `names` are digests to find it by; it may also be stored under its plain `title`, from before it had others. `guid`
    is the name made of the source's own id; None if it has none. `is_unique` means a globally unique guid. `former` is
    the key of the id that old versions gave it. `siblings` are the guids of the other items of its document, and
    the keys of those that are unchanged; `has_own_link` is False if others there have the same link.
    """

    names: tuple[str, ...]
    title: str
    guid: str | None = None
    is_unique: bool = False
    former: str | None = None
    siblings: frozenset[str] = frozenset()
    has_own_link: bool = True


class Candidate(NamedTuple):
    """A stored entry that may match, with its names in the source and its plain title."""

    number: int
    key: str
    names: frozenset[str]
    title: str
    entry: Entry


def identify(
    entry: Entry,
    *,
    guid: str | None,
    link_key: str | None,
    former: str | None = None,
    siblings: frozenset[str] = frozenset(),
    has_own_link: bool = True,
) -> ItemIdentity:
    """Return what identifies an entry; `guid` as the source writes it, `link_key` of its link; None for none."""
    own = None if guid is None else guid_name(guid)
    title, date = plain(entry.title), _date(entry)
    names = [name for name in (own, link_key and link_name(link_key)) if name]
    if not names:
        names = [title_name(title), *([] if date is None else [_name(_DATE, date.isoformat())])]
    is_unique = guid is not None and (is_iri(guid) or _is_uuid(guid.strip("{}")))
    if not is_unique:  # several items may share the others
        names.append(_name(_EXACT, f"{link_key}\n{date}\n{title}"))
    if (path := _path(entry.link or "")) and (not is_unique or (guid or "").lower().startswith(_WEB_ADDRESS)):
        names.append(_name(_MOVED, f"{path}\n{date}\n{title}"))
    return ItemIdentity(tuple(names), title, own, is_unique, former, siblings - {own}, has_own_link)


def _path(link: str) -> str:
    """Return the folded path and query of a link; "" if it is the front page of its site."""
    return fold_link(link).partition("/")[2] if link else ""


def _is_uuid(text: str) -> bool:
    return len(text) == _UUID_LENGTH and is_iri(f"urn:uuid:{text}")


def title_name(title: str) -> str:
    """Return the name made of a plain title, for an entry without a better one."""
    return _name(_TITLE, title)


def guid_name(guid: str) -> str:
    """Return the name made of the source's own id of an entry."""
    return _name(_GUID, guid.strip())


def link_name(link_key: str) -> str:
    """Return the name made of a `link_key`."""
    return _name(_LINK, link_key)


def is_guid(name: str) -> bool:
    """Whether a name is made of a source's own id."""
    return name.startswith(_GUID)


def _name(kind: str, text: str) -> str:
    return kind + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:23]


def match_items(
    items: Sequence[tuple[ItemIdentity, Entry]],
    candidates: Mapping[str, Sequence[Candidate]],
    former: Mapping[str, Candidate],
) -> dict[int, int]:
    """Match the items of one document with entries: return the numbers of entries by the index of the item.

    `candidates` are the stored entries of the source by each of their names, `former` those by their keys.
    """
    found: list[tuple[int, int, int]] = []
    for place, (item, entry) in enumerate(items):
        for one in _candidates(item, candidates, former):
            distance = _distance(item, entry, one, candidates)
            if distance is not None:
                found.append((distance, place, one.number))
    matches: dict[int, int] = {}
    taken: set[int] = set()
    for _, place, number in sorted(found):
        if place not in matches and number not in taken:
            matches[place] = number
            taken.add(number)
    return matches


def _candidates(
    item: ItemIdentity, candidates: Mapping[str, Sequence[Candidate]], former: Mapping[str, Candidate]
) -> Iterable[Candidate]:
    names = (*item.names, title_name(item.title))
    found = {one.number: one for name in names for one in candidates.get(name, ())}
    if item.former is not None and item.former in former:
        one = former[item.former]
        found.setdefault(one.number, one)
    # A candidate with the guid or key of another item of the document is that item.
    return (one for one in found.values() if item.siblings.isdisjoint((one.key, *one.names)))


def _distance(
    item: ItemIdentity, entry: Entry, one: Candidate, candidates: Mapping[str, Sequence[Candidate]]
) -> int | None:
    """Return the distance between an item and a candidate, 0 for a sure match; None if they are different entries."""
    is_titled, is_dated = item.title == one.title, _are_equal(_date(entry), _date(one.entry))
    link = next((name for name in item.names if name.startswith(_LINK) and name in one.names), None)
    is_named = any(map(is_guid, one.names))
    rank: int | None = None
    if item.guid in one.names:
        is_reused = not item.is_unique and len(candidates.get(item.guid or "", ())) > 1
        is_known = is_titled or link is not None or (is_dated and not is_reused)
        rank = 0 if is_known else 1 if item.is_unique else None
    elif item.former == one.key and not any(name.startswith((_GUID, _EXACT)) for name in one.names):
        rank = 2
    elif link is not None:
        is_shared = not item.has_own_link or len(candidates.get(link, ())) > 1
        is_same = _is_same_page(item, entry, one, is_titled=is_titled, is_dated=is_dated, is_shared=is_shared)
        rank = 3 if is_same else None
    elif item.guid is None or not is_named:
        rank = 4 if _have_same_content(entry, one.entry, is_titled=is_titled, is_dated=is_dated) else None
    elif is_titled and is_dated and not (entry.link or one.entry.link):
        rank = 4 if _is_same_text(entry, one.entry) else None  # its source has changed all guids
    if rank is None and link is None and any(name.startswith(_MOVED) and name in one.names for name in item.names):
        rank = 4
    return None if rank is None else 2 * rank + (not (is_titled and is_dated))


def _is_same_page(
    item: ItemIdentity, entry: Entry, one: Candidate, *, is_titled: bool, is_dated: bool, is_shared: bool
) -> bool:
    """Whether an item and a candidate with the same link are the same entry."""
    have_dates = _date(entry) is not None or _date(one.entry) is not None
    if is_shared:
        return is_titled and (is_dated or not have_dates)
    if item.guid is not None and any(map(is_guid, one.names)):
        return is_dated or (is_titled and _is_same_text(entry, one.entry))
    return is_dated or not have_dates or (is_titled and _have_same_recordings(entry, one.entry))


def _have_same_content(entry: Entry, other: Entry, *, is_titled: bool, is_dated: bool) -> bool:
    """Whether two entries without a common name are the same."""
    if is_titled:
        return is_dated or _date(entry) is None or _date(other) is None or _text(entry) == _text(other)
    return is_dated and _are_similar(f"{entry.title}\n{_text(entry)}", f"{other.title}\n{_text(other)}")


def _date(entry: Entry) -> datetime | None:
    return entry.published if entry.published_from.startswith(_DATED) else None


def _are_equal(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and one == other


def _text(entry: Entry) -> str:
    return visible_text(entry.content)


def _is_same_text(entry: Entry, other: Entry) -> bool:
    return _text(entry) == _text(other) and _have_same_recordings(entry, other)


def _have_same_recordings(entry: Entry, other: Entry) -> bool:
    """Whether two entries share a recording, or have none: another recording is another broadcast."""
    one, two = (_recordings(each) for each in (entry, other))
    return one == two or not one.isdisjoint(two)


def _recordings(entry: Entry) -> frozenset[str]:
    return frozenset(media.url for media in entry.media if media.kind in {"audio", "video"})


def _are_similar(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one[:_MAX_COMPARED], other[:_MAX_COMPARED], autojunk=False)
    return (
        matcher.real_quick_ratio() >= _MIN_SIMILARITY
        and matcher.quick_ratio() >= _MIN_SIMILARITY
        and matcher.ratio() >= _MIN_SIMILARITY
    )

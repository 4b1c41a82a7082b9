"""Which of the entries that a remote source has brought an incoming one is. Pure: it compares values.

An entry belongs to its source. What another source calls by the same id or link is another entry (`copies.py` groups
those where they are shown); folders are the user's own, and are compared as one (`known.py`).

    same guid ──┬─ an IRI or a UUID, or one of title, date and link agrees ──► it
                └─ else ──► another one: numbers are given again
    same former id ──► it (`sources/syndication/former.py`)
    same link ──┬─ others have that link too ── title and date agree ──► it
                ├─ each has a guid of its own ── the date agrees, or title, text and files do ──► it
                └─ else ── title or date agrees, or neither has a date ──► it
    no guid, no link ──┬─ same title ── no other date, or the same text ──► it
                       └─ same date ── title and text are alike ──► it

What is nearest is chosen first, and an entry is at most one of a document: of two items that differ in their date
alone each is an entry. Which names an item has never depends on what else is in its document.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from typing import NamedTuple

from feeder.model import Entry, is_iri
from feeder.query.tokens import plain, visible_text

_GUID, _LINK, _TITLE, _DATE, _EXACTLY = "glwde"
_DATED = "feed"  # `Entry.published_from` where the source itself says when: what we read out of words moves with them
_COMPARED = 500  # characters of two texts that are compared at most
_ALIKE = 0.6  # of their characters that must agree, in order
_UUID_LENGTH = 36


class ItemIdentity(NamedTuple):
    """What an incoming entry of a remote source is known by.

    `names` are what it can be found by; by its plain `title` it may have been, before it had others. `guid` is the name
    that stands for the source's own; None where it gave none. `is_unique` says that a guid means the same everywhere.
    `former` is the key of the id that it had in stores of old. `siblings` are the guids of the other items of its
    document; `has_own_link` is False where others there have its link too.
    """

    names: tuple[str, ...]
    title: str
    guid: str | None = None
    is_unique: bool = False
    former: str | None = None
    siblings: frozenset[str] = frozenset()
    has_own_link: bool = True


class Candidate(NamedTuple):
    """An entry of the store that may be the one, with the names that it has in the source, and its plain title."""

    number: int
    key: str
    names: frozenset[str]
    title: str
    entry: Entry


def item_of(
    entry: Entry,
    *,
    guid: str | None,
    link_key: str | None,
    former: str | None = None,
    siblings: frozenset[str] = frozenset(),
    has_own_link: bool = True,
) -> ItemIdentity:
    """Return what an entry is known by; `guid` as its source writes it, `link_key` for its link; None for none."""
    own = None if guid is None else guid_name(guid)
    title, date = plain(entry.title), _date(entry)
    names = [name for name in (own, link_key and link_name(link_key)) if name]
    if not names:
        names = [title_name(title), *([] if date is None else [_name(_DATE, date.isoformat())])]
    is_unique = guid is not None and (is_iri(guid) or (len(guid) == _UUID_LENGTH and is_iri(f"urn:uuid:{guid}")))
    if not is_unique:  # many may have the others
        names.append(_name(_EXACTLY, f"{link_key}\n{date}\n{title}"))
    return ItemIdentity(tuple(names), title, own, is_unique, former, siblings - {own}, has_own_link)


def title_name(title: str) -> str:
    """Return the name that stands for a plain title, of an entry that has no better one."""
    return _name(_TITLE, title)


def guid_name(guid: str) -> str:
    """Return the name that stands for a source's own id of an entry."""
    return _name(_GUID, guid.strip())


def link_name(link_key: str) -> str:
    """Return the name that stands for a link, by its `link_key`."""
    return _name(_LINK, link_key)


def is_guid(name: str) -> bool:
    """Whether a name stands for a source's own id."""
    return name.startswith(_GUID)


def _name(kind: str, text: str) -> str:
    return kind + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:23]


def recognised(
    items: Sequence[tuple[ItemIdentity, Entry]],
    candidates: Mapping[str, Sequence[Candidate]],
    former: Mapping[str, Candidate],
) -> dict[int, int]:
    """Return which items of one document are which entries: the numbers of entries, by the place of the item.

    `candidates` are the entries that the source has brought, by each of their names; `former` those by their keys.
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
    sought = (*item.names, title_name(item.title))
    found = {one.number: one for name in sought for one in candidates.get(name, ())}
    if item.former is not None and item.former in former:
        one = former[item.former]
        found.setdefault(one.number, one)
    # Those that another item of the document names as its own are that one.
    return (one for one in found.values() if item.siblings.isdisjoint(one.names))


def _distance(
    item: ItemIdentity, entry: Entry, one: Candidate, candidates: Mapping[str, Sequence[Candidate]]
) -> int | None:
    """Return how far an item is from being a candidate, 0 for the surest; None where it is another entry."""
    is_titled, is_dated = item.title == one.title, _agree(_date(entry), _date(one.entry))
    link = next((name for name in item.names if name.startswith(_LINK) and name in one.names), None)
    is_named = any(map(is_guid, one.names))
    rank: int | None = None
    if item.guid in one.names:
        rank = 0 if is_titled or is_dated or link is not None else 1 if item.is_unique else None
    elif item.former == one.key and not any(name.startswith((_GUID, _EXACTLY)) for name in one.names):
        rank = 2
    elif link is not None:
        is_shared = not item.has_own_link or len(candidates.get(link, ())) > 1
        is_same = _is_same_page(item, entry, one, is_titled=is_titled, is_dated=is_dated, is_shared=is_shared)
        rank = 3 if is_same else None
    elif item.guid is None or not is_named:
        rank = 4 if _are_same_words(entry, one.entry, is_titled=is_titled, is_dated=is_dated) else None
    return None if rank is None else 2 * rank + (not (is_titled and is_dated))


def _is_same_page(
    item: ItemIdentity, entry: Entry, one: Candidate, *, is_titled: bool, is_dated: bool, is_shared: bool
) -> bool:
    """Whether two with one link are the same entry."""
    have_dates = _date(entry) is not None or _date(one.entry) is not None
    if is_shared:
        return is_titled and (is_dated or not have_dates)
    if item.guid is not None and any(map(is_guid, one.names)):
        return is_dated or (is_titled and _text(entry) == _text(one.entry) and _have_same_files(entry, one.entry))
    return is_titled or is_dated or not have_dates


def _are_same_words(entry: Entry, other: Entry, *, is_titled: bool, is_dated: bool) -> bool:
    """Whether two without a name in common are the same entry."""
    if is_titled:
        return is_dated or _date(entry) is None or _date(other) is None or _text(entry) == _text(other)
    return is_dated and _are_alike(f"{entry.title}\n{_text(entry)}", f"{other.title}\n{_text(other)}")


def _date(entry: Entry) -> datetime | None:
    return entry.published if entry.published_from == _DATED else None


def _agree(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and one == other


def _text(entry: Entry) -> str:
    return visible_text(entry.content)


def _have_same_files(entry: Entry, other: Entry) -> bool:
    """Whether two play the same: what has a recording of its own is another broadcast."""
    one, two = (_recordings(each) for each in (entry, other))
    return one == two or not one.isdisjoint(two)


def _recordings(entry: Entry) -> frozenset[str]:
    return frozenset(media.url for media in entry.media if media.kind in {"audio", "video"})


def _are_alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one[:_COMPARED], other[:_COMPARED], autojunk=False)
    return matcher.real_quick_ratio() >= _ALIKE and matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE

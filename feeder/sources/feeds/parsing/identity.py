"""Ids for the entries of a feed: IRIs, unique, and the same at every poll.

An id that is an IRI is kept letter by letter (RFC 4287 §4.2.6), and a bare UUID becomes its URN. Any other becomes a
`urn:uuid:` made of it and the site's host. These are ids for new entries: the store recognises entries it has by their
`guid`, link and text (`store/records/identity.py`), so that an entry stays the same if its site moves or the rest of
the document changes.
"""

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from feeder.model import Draft, is_iri
from feeder.sources.feeds.former import former_ids

_UUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.IGNORECASE)


def assign_ids(drafts: Sequence[Draft], site: str) -> tuple[Draft, ...]:
    """Return the drafts with ids and `known_by_link`. `site` is an address of the site.

    Entries that would share an id get one made of their link, title and date too. Of entries that differ in none of
    these only the first is kept.
    """
    host = _host(site)
    titles: defaultdict[str | None, set[str | None]] = defaultdict(set, {_page(site): {"the site", "itself"}})
    unique: dict[tuple[str | None, ...], Draft] = {}
    for draft, former in zip(drafts, former_ids(drafts, site), strict=True):
        titles[_page(draft.link)].add(draft.title)
        unique.setdefault(_distinguishing_values(draft), replace(draft, guid=_guid(draft), former_id=former))
    named = [(draft, _id_of(draft, host, site)) for draft in unique.values()]
    counts = Counter(name for _, name in named)
    return tuple(
        replace(
            draft,
            id=name if counts[name] == 1 else _urn("\n".join((host, *map(str, _distinguishing_values(draft))))),
            known_by_link=draft.known_by_link and len(titles[_page(draft.link)]) == 1,
        )
        for draft, name in named
    )


def _guid(draft: Draft) -> str | None:
    return (draft.id or "").strip() or None


def _distinguishing_values(draft: Draft) -> tuple[str | None, ...]:
    """Return the values that tell an entry from others of its document; without id and link also its text and files.

    A document may have several versions of one id (RFC 4287 §4.1.1), which differ in their dates.
    """
    guid = _guid(draft)
    named = (guid, draft.link, draft.title)
    if guid is not None and _is_unique(guid):
        return named
    dates = (stamp.text for stamp in draft.stamps if stamp.means == "published")
    return (*named, *dates) if guid or draft.link else (*named, *dates, *_texts(draft))


def _id_of(draft: Draft, host: str, site: str) -> str:
    guid, link = _guid(draft), draft.link
    if guid is not None:
        if is_iri(guid):
            return guid
        found = _UUID.fullmatch(guid)
        return _urn(f"{host}/{guid}") if found is None else f"urn:uuid:{found[1].lower()}"
    if link and is_iri(link) and _page(link) != _page(site):
        return link
    return _urn("\n".join((host, link or "", *_texts(draft))))


def _is_unique(guid: str) -> bool:
    return is_iri(guid) or _UUID.fullmatch(guid) is not None


def _texts(draft: Draft) -> tuple[str, ...]:
    """Return the text of an entry, or else its files."""
    texts = (draft.title or "", draft.content)
    return texts if any(texts) else (*(medium.url for medium in draft.media), *(link.href for link in draft.links))


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name.encode("utf-8", "replace").decode()).urn


def _page(address: str | None) -> str | None:
    """Return an address without fragment: places of one page count as the same."""
    return address and address.partition("#")[0].rstrip("/")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

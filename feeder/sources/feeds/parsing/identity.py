"""What the entries of a feed are called: an IRI for each, no two alike, the same at every poll.

A feed's own id is kept letter by letter where it is an IRI (RFC 4287 §4.2.6), and a bare UUID becomes its URN. What
only means something inside its feed becomes a `urn:uuid:` made of it and of the site's host. So new entries are called:
which of those that it holds an entry is, the store decides (`store/identity.py`) by the feed's own `guid`, the link and
the words, so that neither a site that moves nor what else is in the document makes an old entry new.
"""

import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from feeder.model import Draft, is_iri
from feeder.sources.feeds.parsing.former import former_ids

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def with_ids(drafts: Sequence[Draft], site: str) -> tuple[Draft, ...]:
    """Return the drafts with ids, and say which are not known by their links. `site` is an address of the site.

    Entries that would be called the same, and differ in link, title or date, are called by all of that. Of entries
    that differ in none of it the first is kept.
    """
    host = _host(site)
    titles: defaultdict[str | None, set[str | None]] = defaultdict(set, {_page(site): {"the site", "itself"}})
    once: dict[tuple[str | None, ...], Draft] = {}
    for draft, former in zip(drafts, former_ids(drafts, site), strict=True):
        titles[_page(draft.link)].add(draft.title)
        once.setdefault(_facts(draft), replace(draft, guid=_guid(draft), former_id=former))
    named = [(draft, _id_of(draft, host, site)) for draft in once.values()]
    bearers = Counter(name for _, name in named)
    return tuple(
        replace(
            draft,
            id=name if bearers[name] == 1 else _urn("\n".join((host, *map(str, _facts(draft))))),
            known_by_link=draft.known_by_link and len(titles[_page(draft.link)]) == 1,
        )
        for draft, name in named
    )


def _guid(draft: Draft) -> str | None:
    return (draft.id or "").strip() or None


def _facts(draft: Draft) -> tuple[str | None, ...]:
    """Return what tells an entry from the others of its document; its words and files where it has no name.

    A document may hold several versions of what an IRI names (RFC 4287 §4.1.1), which differ in their dates.
    """
    guid = _guid(draft)
    named = (guid, draft.link, draft.title)
    if guid is not None and _is_unique(guid):
        return named
    dates = (stamp.text for stamp in draft.stamps if stamp.means == "published")
    return (*named, *dates) if guid or draft.link else (*named, *dates, *_words(draft))


def _id_of(draft: Draft, host: str, site: str) -> str:
    guid, link = _guid(draft), draft.link
    if guid is not None:
        if is_iri(guid):
            return guid
        return f"urn:uuid:{guid.lower()}" if _UUID.fullmatch(guid) else _urn(f"{host}/{guid}")
    if link and is_iri(link) and _page(link) != _page(site):
        return link
    return _urn("\n".join((host, link or "", *_words(draft))))


def _is_unique(guid: str) -> bool:
    return is_iri(guid) or _UUID.fullmatch(guid) is not None


def _words(draft: Draft) -> tuple[str, ...]:
    """Return what an entry says, or else the files that it is there for."""
    words = (draft.title or "", draft.content)
    return words if any(words) else (*(one.url for one in draft.media), *(link.href for link in draft.links))


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name.encode("utf-8", "replace").decode()).urn


def _page(address: str | None) -> str | None:
    """Return an address as far as it tells pages apart: places of one page count as the same."""
    return address and address.partition("#")[0].rstrip("/")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

"""What the entries of a feed are known by: an IRI for each, no two alike, the same at every poll.

A feed's own id is kept where it is an IRI (RFC 4287 §4.2.6). Numbers and words that only mean something inside their
feed become a `urn:uuid:` made of them and of the site's host: not of the feed's address, which moves. What stands on
entries that differ, or is the site's own address, names none of them.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from feeder.model import Draft, is_iri

_SITE = ("the site", "itself")  # bears its own address, and so is one more that an entry at that address differs from


def with_ids(drafts: Sequence[Draft], site: str) -> tuple[Draft, ...]:
    """Return the drafts with ids, and say which are not known by their links. `site` is an address of the site.

    An id that stands on entries with different links or titles names none of them: those are known by their links,
    and where these are shared as well, by their words. Of entries that are the same in id, link and title the first
    is kept.
    """
    host = _host(site)
    bearers: defaultdict[str | None, set[tuple[str | None, str | None]]] = defaultdict(set, {site: {_SITE}})
    titles: defaultdict[str | None, set[str | None]] = defaultdict(set, {_page(site): {*_SITE}})
    for draft in drafts:
        bearers[draft.id].add((draft.link, draft.title))
        titles[_page(draft.link)].add(draft.title)
    found: dict[str, Draft] = {}
    for draft in drafts:
        one = draft if len(titles[_page(draft.link)]) == 1 else replace(draft, known_by_link=False)
        own = _id_of(one, host, worthless=len(bearers[one.id]) > 1)
        named = one if own == one.id else replace(one, id=own)
        known = found.setdefault(named.id or "", named)
        if known is not named and (known.link, known.title) != (named.link, named.title):
            named = replace(named, id=_hashed(draft, host))
            found.setdefault(named.id or "", named)
    return tuple(found.values())


def _id_of(draft: Draft, host: str, *, worthless: bool) -> str:
    if draft.id and not worthless:
        return draft.id if is_iri(draft.id) else _urn(f"{host}/{draft.id}")
    return draft.link if draft.link and draft.known_by_link and is_iri(draft.link) else _hashed(draft, host)


def _hashed(draft: Draft, host: str) -> str:
    """Return an id made of what an entry says, or else of the files that it is there for."""
    words = (draft.title or "", draft.content)
    files = () if any(words) else (*(medium.url for medium in draft.media), *(link.href for link in draft.links))
    return _urn("\n".join((host, draft.link or "", *words, *files)))


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def _page(address: str | None) -> str | None:
    """Return an address as far as it tells pages apart: places of one page count as the same."""
    return address and address.partition("#")[0].rstrip("/")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

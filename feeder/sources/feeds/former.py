"""The ids of entries in stores made before entries belonged to their source, so that those are recognised.

They depended on the rest of the document and the site's host. New entries do not get them: the store only looks them
up. Nothing here may change.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from feeder.model import Draft

_SITE = ("the site", "itself")  # has its own address: an entry with that address shares it
_IRI = re.compile(
    r"https?://[^\s/?#]\S*|(?:doi|ark):\S+|"
    r"tag:[^\s,]+,[0-9]{4}(?:-[0-9]{2}){0,2}:\S*|"
    r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"
    r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:\S+",
    re.IGNORECASE,
)


def former_ids(drafts: Sequence[Draft], site: str) -> list[str]:
    """Return the former id of each draft; `site` is an address of the site."""
    host = _host(site)
    drafts = [replace(draft, id=draft.id or draft.link) for draft in drafts]  # without an id, the link was the id
    owners: defaultdict[str | None, set[tuple[str | None, str | None]]] = defaultdict(set, {site: {_SITE}})
    titles: defaultdict[str | None, set[str | None]] = defaultdict(set, {_page(site): {*_SITE}})
    for draft in drafts:
        owners[draft.id].add((draft.link, draft.title))
        titles[_page(draft.link)].add(draft.title)
    found: dict[str, Draft] = {}
    ids = []
    for draft in drafts:
        marked = draft if len(titles[_page(draft.link)]) == 1 else replace(draft, known_by_link=False)
        former_id = _id_of(marked, host, is_shared=len(owners[draft.id]) > 1)
        first = found.setdefault(former_id, marked)
        is_first = (first.link, first.title) == (draft.link, draft.title)
        ids.append(former_id if is_first else _hash_id(draft, host))
    return ids


def _id_of(draft: Draft, host: str, *, is_shared: bool) -> str:
    if draft.id and not is_shared:
        return draft.id if _is_iri(draft.id) else _urn(f"{host}/{draft.id}")
    return draft.link if draft.link and draft.known_by_link and _is_iri(draft.link) else _hash_id(draft, host)


def _hash_id(draft: Draft, host: str) -> str:
    """Return an id made of an entry's text, or else of its files."""
    words = (draft.title or "", draft.content)
    files = () if any(words) else (*(medium.url for medium in draft.media), *(link.href for link in draft.links))
    return _urn("\n".join((host, draft.link or "", *words, *files)))


def _is_iri(text: str) -> bool:
    if _IRI.fullmatch(text) is None:
        return False
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return False


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def _page(address: str | None) -> str | None:
    """Return an address without fragment: places of one page count as the same."""
    return address and address.partition("#")[0].rstrip("/")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

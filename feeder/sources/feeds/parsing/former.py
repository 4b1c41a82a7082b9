"""The ids that entries of feeds were given before an entry belonged to its source, so that old stores know them again.

Those depended on what else was in the document and on the site's host. Nothing new is named by them: the store only
looks for what it holds under them. Nothing here may change; it goes when no store of that time is left.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from feeder.model import Draft

_SITE = ("the site", "itself")  # bears its own address, and so is one more that an entry at that address differs from
_IRI = re.compile(
    r"https?://[^\s/?#]\S*|(?:doi|ark):\S+|"
    r"tag:[^\s,]+,[0-9]{4}(?:-[0-9]{2}){0,2}:\S*|"
    r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|"
    r"urn:(?!uuid:)[a-z0-9][a-z0-9-]{1,31}:\S+",
    re.IGNORECASE,
)


def former_ids(drafts: Sequence[Draft], site: str) -> list[str]:
    """Return for each draft the id that it had, `site` being an address of the site."""
    host = _host(site)
    drafts = [replace(draft, id=draft.id or draft.link) for draft in drafts]  # what had no id had its link for one
    bearers: defaultdict[str | None, set[tuple[str | None, str | None]]] = defaultdict(set, {site: {_SITE}})
    titles: defaultdict[str | None, set[str | None]] = defaultdict(set, {_page(site): {*_SITE}})
    for draft in drafts:
        bearers[draft.id].add((draft.link, draft.title))
        titles[_page(draft.link)].add(draft.title)
    found: dict[str, Draft] = {}
    ids = []
    for draft in drafts:
        one = draft if len(titles[_page(draft.link)]) == 1 else replace(draft, known_by_link=False)
        own = _id_of(one, host, worthless=len(bearers[one.id]) > 1)
        known = found.setdefault(own, one)
        ids.append(own if (known.link, known.title) == (one.link, one.title) else _hashed(draft, host))
    return ids


def _id_of(draft: Draft, host: str, *, worthless: bool) -> str:
    if draft.id and not worthless:
        return draft.id if _is_iri(draft.id) else _urn(f"{host}/{draft.id}")
    return draft.link if draft.link and draft.known_by_link and _is_iri(draft.link) else _hashed(draft, host)


def _hashed(draft: Draft, host: str) -> str:
    """Return an id made of what an entry says, or else of the files that it is there for."""
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
    """Return an address as far as it tells pages apart: places of one page count as the same."""
    return address and address.partition("#")[0].rstrip("/")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""

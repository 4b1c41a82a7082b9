"""An entry to be saved, with everything that can be computed without the database. Pure.

Computing its digests and search terms costs as much as reading it, so worker processes do it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from feeder.incoming.identity import ItemIdentity, identify
from feeder.incoming.origin import Origin, digest_of, link_key
from feeder.incoming.versions import MIN_LETTERS, fold_letters
from feeder.model import Entry, entry_key, entry_to_dict
from feeder.normalise.urls import to_uri
from feeder.query import searchable_parts
from feeder.query.terms import Terms, terms_of
from feeder.query.tokens import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingEntry:
    """An entry read from an origin, to be saved.

    `terms` are its search terms. `link_key` is the digest of its folded link and `text_key` of its text in either
    script; None if there is none, or too little. `digest` is that of the entry. `reread` means that the document is
    unchanged since it was last read: differences are due to our reading. `late` means that the entry was saved before
    its page was fetched: it keeps its date. `item` identifies an entry of a remote source; None for folders. `pictures`
    are the places of the pictures that the site publishes itself, by their `Media.url`.
    """

    origin: Origin
    entry: Entry
    terms: Terms = field(repr=False)
    link_key: str | None
    text_key: str | None
    digest: str
    reread: bool = False
    late: bool = False
    item: ItemIdentity | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)


def prepare(
    origin: Origin,
    entry: Entry,
    *,
    reread: bool = False,
    late: bool = False,
    known_by_link: bool = True,
    guid: str | None = None,
    former_id: str | None = None,
    siblings: frozenset[str] = frozenset(),
    pictures: Mapping[str, str] | None = None,
) -> IncomingEntry:
    """Compute what is needed to save an entry.

    If it is not `known_by_link`, its link does not identify it outside its source. `guid` is the remote source's own
    id, `former_id` the id that old versions gave it, and `siblings` are the names (`guid_name`) or keys of the other
    items of its document. `pictures` are the places of pictures, as in `IncomingEntry`.
    """
    head, body = map(plain, searchable_parts(entry))
    whole = "\n".join(filter(None, (head, body)))
    key = link_key(entry.link) if entry.link is not None else None
    item = None
    if origin.scope:
        item = identify(
            entry,
            guid=guid,
            link_key=key,
            former=None if former_id is None else entry_key(to_uri(former_id)),
            siblings=siblings,
            has_own_link=known_by_link,
        )
    return IncomingEntry(
        origin=origin,
        entry=entry,
        terms=terms_of(entry, whole),
        link_key=key if known_by_link else None,
        text_key=_text_key(body),
        digest=digest(entry),
        reread=reread,
        late=late,
        item=item,
        pictures=pictures or {},
    )


def digest(entry: Entry) -> str:
    """Return a digest of an entry, 32 hexadecimal digits, without fields in which equal entries may differ."""
    values = entry_to_dict(entry)
    del values["read_from"], values["source"]["updated"]
    return digest_of(json.dumps(values, ensure_ascii=False, sort_keys=True))


def _text_key(body: str) -> str | None:
    letters = fold_letters(body)
    return digest_of(letters) if len(letters) >= MIN_LETTERS else None

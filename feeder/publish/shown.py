"""Entries as the site's pages and feeds show them: with pictures of other sites as `images` in `[site]` asks for.

What writes a page or feed passes its entries through `ShownPictures.of` first; then `with_pictures_at` as ever.
"""

from collections.abc import Sequence
from functools import cached_property

from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.store import Store
from feeder.words import words_for


class ShownPictures:
    """The pictures of one site, and the store that has the copies of those of others."""

    def __init__(self, site: SiteConfig, store: Store) -> None:
        self._site, self._store = site, store

    def of(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return entries as they are shown; pass many at once: their copies are looked up together.

        Raises:
            StoreError: the store cannot be read.
        """
        if self._site.images == "link":
            return list(entries)
        from feeder.pictures import remote  # noqa: PLC0415  loads a parser

        if self._site.images == "proxy":
            return [remote.show_by_proxy(entry, self._key) for entry in entries]
        if self._site.images == "ask":
            label = words_for(self._site.language).picture
            return [remote.show_on_request(entry, label) for entry in entries]
        copies = self._store.pictures.renditions([entry.key for entry in entries])
        return [remote.show_mirrored(entry, copies) for entry in entries]

    @cached_property
    def _key(self) -> bytes:
        return self._store.pictures.key()

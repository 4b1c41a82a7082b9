"""Feeds that the server renders itself, of a search or a private feed, in every format of `publish.formats`."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.pictures.references import with_pictures_at
from feeder.publish.feeds import describe_feed
from feeder.publish.formats import Format, Rendering, render_feed
from feeder.publish.html import pages
from feeder.publish.output.headers import typed
from feeder.publish.shown import ShownPictures
from feeder.store import Store
from feeder.web.http.documents import Document
from feeder.web.static import make_document

log = logging.getLogger(__name__)
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # an empty store


def make_live_feed(
    kind: Format,
    site: SiteConfig,
    store: Store,
    entries: Sequence[Entry],
    *,
    path: str,
    title: str,
    page: str,
    id_path: str,
    headers: dict[str, str],
) -> Document:
    """Return a feed of these entries, newest first; the arguments are those of `describe_feed`.

    Raises:
        StoreError: the store cannot be read.
    """
    last_update = next((entry.updated for entry in store.entries.latest(1)), _NEVER)
    feed = describe_feed(site, path, title=title, page=page, id_path=id_path, empty_since=last_update)
    how = Rendering(
        page_url=lambda entry: site.url + pages.entry_path(entry.key),
        ties=store.entries.ties(entries),
        content=site.content,
        on_unwritable=lambda entry, reason: log.warning("feed: %s: %s", entry.id, reason),
        max_bytes=site.bytes_per_feed,
    )
    shown = [with_pictures_at(entry, site.url) for entry in ShownPictures(site, store).of(entries)]
    # Hubs are told of what is published, not of this; and none may learn a secret address.
    document = render_feed(kind, replace(feed, hubs=()), shown, how)
    return make_document(document, {**headers, "Content-Type": typed(kind.media_type)})

"""Tells the WebSub hubs of `site.hubs` which feeds have changed.

    changed paths ──▶ addresses of feeds, noted in the store for each hub ──▶ POST to each hub
        ──▶ what a hub did not take stays noted for the next pass

WebSub leaves open how publishers tell hubs; public hubs take `hub.mode=publish` with `hub.url` (PubSubHubbub 0.4).
"""

import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

from feeder.config.load import Config
from feeder.publish.feeds import media_type_of
from feeder.sources.feeds.polling import explain_status
from feeder.sources.http.crawl import FetchRequest, fetch_all
from feeder.store import Store

if TYPE_CHECKING:
    from feeder.sources.http.dialling import Network

log = logging.getLogger(__name__)
_NOTE = "hubs_to_tell"  # feeds that a hub has not taken, by hub
_MAX_FEEDS = 1000  # that wait for a hub; of more, only the latest are told
_DEADLINE_S = 30


def note_changes(config: Config, store: Store, changed: Iterable[str]) -> None:
    """Note the feeds among these changed paths: all hubs are to be told of them."""
    feeds = [config.site.url + quote(path) for path in changed if media_type_of(*_split(path)) is not None]
    if not (feeds and config.site.hubs):
        return
    with store.database.write():
        waiting = _read_waiting(store)
        queues = {hub: list(dict.fromkeys([*waiting.get(hub, ()), *feeds])) for hub in config.site.hubs}
        _write_waiting(store, {hub: queue[-_MAX_FEEDS:] for hub, queue in queues.items()})


def tell_hubs(config: Config, store: Store, *, network: "Network | None" = None) -> None:
    """Tell all hubs of the feeds that they have not taken yet.

    A hub that fails is logged and told again after the next pass.
    """
    waiting = _read_waiting(store)
    requests = [
        # The owner has named the hub, so it may be in a private network.
        FetchRequest(key=(hub, feed), address=hub, form={"hub.mode": "publish", "hub.url": feed}, allow_private=True)
        for hub in config.site.hubs
        for feed in waiting.get(hub, ())
    ]
    told: set[tuple[str, str]] = set()
    failed: dict[str, str] = {}
    for result in fetch_all(requests, config.fetch, network, deadline_s=_DEADLINE_S, max_failures=1):
        hub, feed = result.key
        if result.error is None and result.is_success:
            told.add((hub, feed))
        else:
            failed[hub] = result.error or explain_status(result.status)
    for hub, reason in failed.items():
        log.warning("%s: %s; it is told again after the next pass", hub, reason)
    if not (told or waiting.keys() - set(config.site.hubs)):
        return
    with store.database.write():  # meanwhile, more may have been noted
        waiting = _read_waiting(store)
        queues = {hub: [feed for feed in waiting.get(hub, ()) if (hub, feed) not in told] for hub in config.site.hubs}
        _write_waiting(store, {hub: queue for hub, queue in queues.items() if queue})


def _read_waiting(store: Store) -> dict[str, list[str]]:
    waiting: dict[str, list[str]] = json.loads(store.database.get_note(_NOTE) or "{}")
    return waiting


def _write_waiting(store: Store, waiting: dict[str, list[str]]) -> None:
    store.database.set_note(_NOTE, json.dumps(waiting))


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name

"""Tells the WebSub hubs of `site.hubs` which feeds have changed.

    changed paths ──▶ addresses of feeds, with those that a hub has not taken before ──▶ POST to each hub
        ──▶ what a hub did not take is noted in the store for the next pass

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


def tell_hubs(config: Config, store: Store, changed: Iterable[str], *, network: "Network | None" = None) -> None:
    """Tell all hubs of the feeds among these changed paths, and of those that they have not taken before.

    A hub that fails is logged and told again after the next pass.
    """
    waiting: dict[str, list[str]] = json.loads(store.database.get_note(_NOTE) or "{}")
    feeds = [config.site.url + quote(path) for path in changed if media_type_of(*_split(path)) is not None]
    queues = {
        hub: list(dict.fromkeys([*waiting.get(hub, ()), *feeds]))[-_MAX_FEEDS:] for hub in config.site.hubs
    }  # fmt: skip
    requests = [
        # The owner has named the hub, so it may be in a private network.
        FetchRequest(key=(hub, feed), address=hub, form={"hub.mode": "publish", "hub.url": feed}, allow_private=True)
        for hub, queue in queues.items()
        for feed in queue
    ]
    failed: dict[str, str] = {}
    for result in fetch_all(requests, config.fetch, network, deadline_s=_DEADLINE_S, max_failures=1):
        hub, feed = result.key
        if result.error is None and result.is_success:
            queues[hub].remove(feed)
        else:
            failed[hub] = result.error or explain_status(result.status)
    for hub, reason in failed.items():
        log.warning("%s: %s; it is told again after the next pass", hub, reason)
    left = {hub: queue for hub, queue in queues.items() if queue}
    if left != waiting:
        store.database.set_note(_NOTE, json.dumps(left))


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name

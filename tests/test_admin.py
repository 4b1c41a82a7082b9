"""Managing sources from another program: a feed is looked at, added, paused, removed, exported and imported."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from feeder import (
    Config,
    FeederError,
    Store,
    add_source,
    export_opml,
    import_opml,
    list_sources,
    offer_source,
    pause_source,
    remove_source,
    resume_source,
)
from feeder.config.settings import FetchConfig
from feeder.ingest import probe
from tests.http_server import Answer, Server

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEED = b"""<rss version="2.0"><channel><title>Rain</title><link>https://example.org/</link>
<item><title>First</title><link>https://example.org/1</link><guid>1</guid><description>It rained.</description></item>
<item><title>Second</title><link>https://example.org/2</link><guid>2</guid><description>It did.</description></item>
</channel></rss>"""


@pytest.fixture
def feed_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("feeder.admin.probe_feed", partial(probe.probe_feed, allow_private=True))
    with Server() as server:
        server.answers |= {"/feed": Answer(body=FEED)}
        yield server.url("/feed")


def test_a_feed_is_looked_at_then_added_and_managed(sqlite_store: Store, feed_url: str) -> None:
    config = Config(sources=(), fetch=FetchConfig(user_agent="feeder-tests"))
    offer = offer_source(config, sqlite_store, feed_url, now=NOW)
    assert (offer.name, offer.title, offer.address, offer.count) == ("rain", "Rain", feed_url, 2)
    assert sqlite_store.sources.added() == ()
    assert add_source(config, sqlite_store, feed_url, now=NOW) == "rain"
    assert sqlite_store.entries.count() == 2
    with pytest.raises(FeederError, match="already added as 'rain'"):
        offer_source(config, sqlite_store, feed_url, now=NOW)
    assert pause_source(config, sqlite_store, "rain", now=NOW).startswith("paused rain")
    (line,) = list_sources(config, sqlite_store, now=NOW)
    assert (line.name, line.address, line.entries, line.paused, line.problem) == ("rain", feed_url, 2, True, "")
    assert not line.configured
    assert resume_source(config, sqlite_store, "rain").startswith("resumed rain")
    content = export_opml(config, sqlite_store)
    assert import_opml(config, sqlite_store, content, "feeds.opml", now=NOW) == (0, 1, 0)
    assert remove_source(config, sqlite_store, "rain") == "removed rain; its entries stay"
    assert import_opml(config, sqlite_store, content, "feeds.opml", now=NOW) == (1, 0, 0)

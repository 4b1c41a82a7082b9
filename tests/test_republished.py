"""From a feed on loopback through the store into our own feed: what must come out unchanged."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, SiteConfig, StoreConfig
from feeder.ingest import ingest
from feeder.publish.site import publish
from feeder.store import Store
from tests.http_server import Answer, Server
from tests.publish.rfc4287 import violations

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SITE = "https://mine.example/"
NAMES = {"a": "http://www.w3.org/2005/Atom", "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd"}

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<id>tag:planet.example,2020:feed</id><title>Planet</title><updated>2026-05-01T10:00:00Z</updated>
<entry><id>tag:ann.example,2026:rain</id><title>Rain</title><updated>2026-04-30T09:00:00Z</updated>
  <published>2026-04-29T09:00:00+02:00</published>
  <link href="https://ann.example/rain"/><link rel="via" href="https://first.example/rain" title="First"/>
  <link rel="replies" type="text/html" href="/rain/talk"/>
  <link rel="enclosure" type="audio/mpeg" length="77" href="https://ann.example/rain.mp3"/>
  <itunes:duration>1:02:03</itunes:duration>
  <author><name>Ann</name><uri>https://ann.example/me</uri><email>ann@ann.example</email></author>
  <rights>© Ann, CC BY 4.0</rights>
  <source><id>tag:ann.example,2020:feed</id><title>Ann writes</title><updated>2026-04-30T10:00:00Z</updated>
    <link href="https://ann.example/"/></source>
  <content type="html">&lt;p&gt;It rained.&lt;/p&gt;</content></entry>
<entry><id>tag:planet.example,2026:sun</id><title>Sun</title><updated>2026-04-28T09:00:00Z</updated>
  <link href="https://planet.example/sun"/><content type="html">&lt;p&gt;It shone.&lt;/p&gt;</content></entry>
</feed>"""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


class Through:
    """Polls a feed into a store and publishes it."""

    def __init__(self, server: Server, store: Store, folder: Path) -> None:
        self._server, self._store, self._folder, self._passes = server, store, folder, 0
        source = FeedSource(name="planet", feed=server.url("/feed"), allow_private=True)
        self._config = Config(
            store=StoreConfig(url=store.database.url),
            sources=(source,),
            fetch=FetchConfig(user_agent="feeder-tests"),
            site=SiteConfig(url=SITE, output=folder / "public"),
        )

    def poll(self, body: str) -> None:
        self._server.answers["/feed"] = Answer(body=body.encode())
        self._passes += 1
        [report] = ingest(self._config, self._store, names=["planet"], now=NOW + timedelta(hours=self._passes))
        assert not report.failed

    def entries(self) -> list[etree._Element]:
        publish(self._config, self._store, now=NOW)
        document = (self._folder / "public" / "atom.xml").read_bytes()
        assert violations(document, served_from=f"{SITE}atom.xml") == []
        return list(etree.fromstring(document).findall("a:entry", NAMES))

    def texts(self, name: str = "title") -> list[str | None]:
        """Return the text of an element of each entry of our feed, newest first."""
        return [entry.findtext(f"a:{name}", namespaces=NAMES) for entry in self.entries()]


@pytest.fixture
def through(server: Server, sqlite_store: Store, tmp_path: Path) -> Through:
    return Through(server, sqlite_store, tmp_path)


def rss(*items: str) -> str:
    return f"<rss><channel><title>t</title><link>https://h.example/</link>{''.join(items)}</channel></rss>".replace(
        "[", "<item>"
    ).replace("]", "</item>")


def texts(element: etree._Element, *paths: str) -> list[str | None]:
    return [element.findtext(path, namespaces=NAMES) for path in paths]


def hrefs(entry: etree._Element, rel: str) -> list[str | None]:
    return [link.get("href") for link in entry.findall("a:link", NAMES) if link.get("rel", "alternate") == rel]


def test_an_entry_keeps_its_id_its_people_its_rights_and_where_it_was_first_published(through: Through) -> None:
    through.poll(ATOM)
    rain, _ = through.entries()
    assert texts(rain, "a:id", "a:published", "a:updated", "a:rights") == [
        "tag:ann.example,2026:rain",
        "2026-04-29T07:00:00+00:00",
        "2026-04-30T09:00:00+00:00",
        "© Ann, CC BY 4.0",
    ]
    assert texts(rain, "a:author/a:name", "a:author/a:uri", "a:author/a:email") == [
        "Ann",
        "https://ann.example/me",
        "ann@ann.example",
    ]
    assert texts(rain, "a:source/a:id", "a:source/a:title", "a:source/a:updated") == [
        "tag:ann.example,2020:feed",
        "Ann writes",
        "2026-04-30T10:00:00Z",
    ]
    assert [link.get("href") for link in rain.findall("a:source/a:link", NAMES)] == ["https://ann.example/"]


def test_an_entry_links_to_its_original_and_its_attachments(through: Through, server: Server) -> None:
    through.poll(ATOM)
    rain, _ = through.entries()
    assert hrefs(rain, "alternate") == ["https://ann.example/rain"]
    assert hrefs(rain, "via") == ["https://first.example/rain"]
    assert hrefs(rain, "replies") == [server.url("/rain/talk")]
    assert [dict(link.attrib) for link in rain.findall("a:link[@rel='enclosure']", NAMES)] == [
        {"href": "https://ann.example/rain.mp3", "rel": "enclosure", "type": "audio/mpeg", "length": "77"}
    ]
    assert texts(rain, "itunes:duration") == ["3723"]


def test_an_entry_without_a_source_gets_the_feed_as_source(through: Through) -> None:
    through.poll(ATOM)
    _, sun = through.entries()
    assert texts(sun, "a:source/a:id", "a:source/a:title", "a:source/a:updated") == [
        "tag:planet.example,2020:feed",
        "Planet",
        "2026-05-01T10:00:00Z",
    ]
    assert texts(sun, "a:source/a:author/a:name") == ["Planet"]


def test_a_source_whose_id_is_not_an_iri_is_identified_by_its_site(through: Through) -> None:
    through.poll(ATOM.replace("tag:ann.example,2020:feed", "me").replace("tag:planet.example,2020:feed", "we"))
    ids = [texts(entry, "a:source/a:id")[0] for entry in through.entries()]
    assert ids[0] == "https://ann.example/"
    assert (ids[1] or "").startswith("urn:uuid:")


def test_entries_that_link_to_the_same_page_stay_apart(through: Through) -> None:
    item = "[<title>{0}</title><guid isPermaLink='false'>{0}</guid><link>https://h.example/log#{0}</link>]"
    through.poll(rss(item.format("v2"), item.format("v1")))
    through.poll(rss(item.format("v3"), item.format("v2"), item.format("v1")))
    assert sorted(map(str, through.texts())) == ["v1", "v2", "v3"]
    assert len(set(through.texts("id"))) == 3


def test_an_id_that_changes_at_every_poll_makes_no_second_entry(through: Through) -> None:
    item = "[<title>Rain</title><guid isPermaLink='false'>{}</guid><link>https://h.example/rain</link>]"
    through.poll(rss(item.format("session-1")))
    first = through.texts("id")
    through.poll(rss(item.format("session-2")))
    assert through.texts("id") == first


def test_entries_without_dates_get_the_time_of_the_poll_with_the_first_of_the_feed_newest(
    through: Through,
) -> None:
    item = "[<title>{0}</title><link>https://h.example/{0}</link>]"
    through.poll(rss(item.format("b"), item.format("a")))
    through.poll(rss(item.format("c"), item.format("b"), item.format("a")))
    assert through.texts() == ["c", "b", "a"]
    assert through.texts("published") == [
        "2026-05-01T14:00:00+00:00",
        "2026-05-01T13:00:00+00:00",
        "2026-05-01T13:00:00+00:00",
    ]

"""Which feed is found at an address as typed, beside a server on loopback."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from feeder.config.load import Config
from feeder.config.settings import FetchConfig
from feeder.errors import FeedError
from feeder.ingest.probe import probe_feed
from feeder.reading.feed import ProbedFeed
from tests.http_server import Answer, Request, Server
from tests.ingest.test_polling import rss

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def probed(server: Server, path: str = "/blog/page") -> ProbedFeed:
    config = Config(fetch=FetchConfig(user_agent="feeder-tests", timeout_s=5))
    return probe_feed(config, server.url(path), now=NOW, limit=5, allow_private=True)


@pytest.mark.parametrize(
    ("encoding", "header"),
    [
        ("utf-16", "text/html"),
        ("utf-16-le", "text/html; charset=utf-16le"),
        ("utf-16-be", "text/html"),
        ("utf-8-sig", "text/html; charset=windows-1252"),
        ("cp1251", "text/html; charset=windows-1251"),
        ("cp1251", "text/html"),
        ("gb18030", "text/html; charset=gb2312"),
        ("shift_jis", "application/xhtml+xml; charset=Shift_JIS"),
        ("iso2022_jp", "text/html; charset=iso-2022-jp"),
    ],
)
def test_a_page_is_read_in_its_encoding(server: Server, encoding: str, header: str) -> None:
    title = {"cp1251": "Дождь", "gb18030": "下雨天", "shift_jis": "雨の日", "iso2022_jp": "雨の日"}.get(encoding, "Ré")
    meta = "<meta charset=windows-1251>" if encoding == "cp1251" else ""
    page = (
        f"<html><head>{meta}<link rel=alternate type=application/rss+xml title='{title}' href=/r></head><body>b</body>"
    )
    announced = page.replace("<body>", "<link rel=alternate type=application/rss+xml href=/second>")
    server.answers |= {"/blog/page": Answer(body=announced.encode(encoding), headers={"Content-Type": header})}
    server.answers |= {"/r": Answer(404), "/second": Answer(body=rss(1))}
    found = probed(server)
    assert found.feed_url == server.url("/second")
    assert [(one.feed_url, one.title) for one in found.others] == [(server.url("/r"), title)]


@pytest.mark.parametrize(
    "target",
    [
        "/feed/", "/atom.xml", "/index.xml", "/feeds/posts/default", "/?feed=rss2", "/?feed=atom", "/feed.json",
        "/index.php?feed=rss2", "/blog/index.xml", "/blog/?feed=rss2", "/blog/page/feed/", "/blog/page?format=rss",
        "/blog/page?format=feed&type=rss",
    ],
)  # fmt: skip
def test_a_feed_that_no_page_announces_is_found_at_a_common_address(server: Server, target: str) -> None:
    def answer(request: Request) -> Answer:
        return Answer(body=rss(1) if request.target == target else b"<p>Hello</p>")

    server.answers |= dict.fromkeys(("/blog/page", target.partition("?")[0]), answer)
    assert probed(server).feed_url == server.url(target)


def test_a_link_header_announces_a_feed(server: Server) -> None:
    links = [("Link", '</style.css>; rel="preload"'), ("Link", '</f?a,b>; rel="alternate"; type="application/rss+xml"')]
    server.answers |= {"/blog/page": Answer(body=b"<p>Hello</p>", headers=links), "/f": Answer(body=rss(1))}
    assert probed(server).feed_url == server.url("/f?a,b")


def test_if_what_a_page_announces_is_no_feed_the_common_addresses_are_tried(server: Server) -> None:
    page = b"<link rel=alternate type=application/rss+xml href=/old>"
    server.answers |= {"/blog/page": Answer(body=page), "/old": Answer(body=page), "/rss.xml": Answer(body=rss(1))}
    assert probed(server).feed_url == server.url("/rss.xml")


def test_a_server_that_is_busy_gets_no_more_guesses(server: Server) -> None:
    server.answers |= {"/blog/page": Answer(body=b"<p>Hello</p>"), "/blog/page/rss.xml": Answer(429)}
    with pytest.raises(FeedError, match=r"common addresses; .*/blog/page/rss.xml: its server answers 429 Too Many"):
        probed(server)
    assert len(server.requests) == 3


def test_a_server_that_hangs_up_gets_three_guesses(server: Server) -> None:
    server.answers |= {"/p": Answer(body=b"<p>Hello</p>")}
    server.answers |= {f"/p/{name}": Answer(raw=b"") for name in ("feed/", "rss.xml", "feed.xml", "atom.xml")}
    with pytest.raises(FeedError, match="no feed found there or at 39 common addresses"):
        probed(server, "/p")
    assert len(server.requests) == 4

"""Web pages as sources: selectors, and the errors if they match nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeder.config.load import Config
from feeder.config.settings import FetchConfig, PageSource
from feeder.errors import FeedError
from feeder.ingest import IngestReport, ingest
from feeder.model import Draft
from feeder.sources.feeds.parsing import ParsedFeed
from feeder.sources.pages.listing import Listing, read_listing
from feeder.store import Store
from tests.http_server import Answer, Server

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
URL = "https://news.example/today/"
CARD = (
    '<article><a href="/cat/weather">Weather</a><h2><a href="{0}">Rain {0}</a></h2>'
    '<p>It rained <img src="rain.jpg"> a lot.</p><time datetime="2026-05-0{0}T08:00:00Z">{0} May</time></article>'
)
PAGE = "<html lang='en-GB'><head><title>Today</title></head><body><nav><a href='/'>Home</a></nav>{}</body></html>"


def read(
    html: str | bytes, entries: str = "article", *, content_type: str | None = "text/html", **other: str
) -> ParsedFeed:
    data = html if isinstance(html, bytes) else html.encode()
    return read_listing(data, url=URL, content_type=content_type, listing=Listing(entries=entries, **other))


def one(html: str, entries: str = "article", **other: str) -> Draft:
    [draft] = read(html, entries, **other).drafts
    return draft


def test_each_selected_entry_is_a_draft_known_by_its_link() -> None:
    feed = read(PAGE.format(CARD.format(2) + CARD.format(1)))
    assert (feed.id, feed.link, feed.title, feed.language) == (URL, URL, "Today", "en-GB")
    first, second = feed.drafts
    assert (first.id, first.link, first.title) == (f"{URL}2", f"{URL}2", "Rain 2")
    assert second.link == f"{URL}1"
    assert (first.stamps[0].text, first.stamps[0].read_from) == ("2026-05-02T08:00:00Z", "feed")
    assert first.source is not None
    assert (first.source.title, first.source.id, first.source.link) == ("Today", URL, URL)
    assert (first.content_type, first.language, first.origin) == ("html", "en-GB", URL)


def test_title_and_selected_date_are_removed_from_the_text_and_its_addresses_are_absolute() -> None:
    content = one(PAGE.format(CARD.format(2)), date="time").content
    assert "Rain 2" not in content
    assert "2 May" not in content
    assert f'<img src="{URL}rain.jpg"' in content
    assert "2 May" in one(PAGE.format(CARD.format(2))).content


@pytest.mark.parametrize(
    ("entry", "link"),
    [
        ("<article><a href='/a'>A</a> <a href='/b'>B</a></article>", "https://news.example/a"),
        ("<article><a href='/c'>C</a><h3>x <a href='/a'>A</a></h3></article>", "https://news.example/a"),
        ("<a href='/a'><article><p>A</p></article></a>", "https://news.example/a"),
        ("<article><a href='#top'>x</a><a href='javascript:x()'>y</a><a href='/a'>A</a></article>",
         "https://news.example/a"),
        ("<article><a href='https://other.example/a b'>A</a></article>", "https://other.example/a%20b"),
        ("<article><a href=' //cdn.example/a '>A</a></article>", "https://cdn.example/a"),
    ],
)  # fmt: skip
def test_the_link_is_that_of_the_heading_or_the_first_to_another_page(entry: str, link: str) -> None:
    assert one(PAGE.format(entry)).link == link


def test_an_entry_may_be_a_link_itself() -> None:
    draft = one(PAGE.format("<a class='story' href='a'>The <b>rain</b></a>"), "a.story")
    assert (draft.link, draft.title) == (f"{URL}a", "The rain")


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ("<article><h4>H</h4><a href='/a'>A</a></article>", "H"),
        ("<article><a href='/a'> A\n <i>b</i></a></article>", "A b"),
        ("<article><a href='/a'>今天<em>下雨</em>了</a></article>", "今天下雨了"),
        ("<article><a href='/a' title='T'><img src='x'></a></article>", "T"),
        ("<article><a href='/a'><img src='x' alt='Alt'></a></article>", "Alt"),
        ("<article><a href='/a'><img src='x'></a><p>Words.</p></article>", None),
    ],
)
def test_without_a_selector_the_title_is_the_heading_or_the_link_text(entry: str, title: str | None) -> None:
    assert one(PAGE.format(entry)).title == title


def test_selectors_name_title_link_and_date() -> None:
    entry = (
        "<li><a class=tag href=/t>T</a><h2>Not this</h2><b class=head>This</b>"
        "<span class=go><a href=/go>Go</a></span><i class=when title='2026-04-30'>3 hours ago</i></li>"
    )
    draft = one(PAGE.format(f"<ul>{entry}</ul>"), "li", title=".head", link=".go", date=".when")
    assert (draft.title, draft.link) == ("This", "https://news.example/go")
    assert [stamp.text for stamp in draft.stamps] == ["3 hours ago", "2026-04-30"]
    assert {stamp.where for stamp in draft.stamps} == {"page: .when"}


def test_a_date_may_be_in_an_attribute_inside_the_selected_element() -> None:
    for dated in ("<p class=d><time datetime=2026-04-01>x</time></p>", "<meta class=d content=2026-04-01>"):
        draft = one(PAGE.format(f"<article><a href=/a>A</a>{dated}</article>"), date=".d")
        assert draft.stamps[0].text == "2026-04-01"


def test_each_link_is_one_entry_and_an_element_without_a_link_is_none() -> None:
    cards = CARD.format(1) + "<article>An advertisement</article>" + CARD.format(1) + CARD.format(2)
    assert [draft.title for draft in read(PAGE.format(cards)).drafts] == ["Rain 1", "Rain 2"]


def test_addresses_are_relative_to_the_base_of_the_page() -> None:
    page = (
        "<html><head><base href='https://cdn.example/x/'></head><body><article><a href=a>A</a></article></body></html>"
    )
    assert one(page).link == "https://cdn.example/x/a"
    assert one(page.replace("https://cdn.example/x/", "javascript:")).link == f"{URL}a"


@pytest.mark.parametrize(
    ("html", "selectors", "told"),
    [
        (
            CARD.format(1),
            {"entries": ".card"},
            "entries = '.card' matches nothing on this page; fix the selector if the site was",
        ),
        ("<article>A</article>", {}, "entries = 'article' matches no link to an article (1 entries on this page)"),
        (CARD.format(1), {"link": ".go"}, "link = '.go' matches no link to an article (1 entries"),
        (CARD.format(1), {"title": ".head"}, "title = '.head' matches nothing in 1 entries"),
        (CARD.format(1), {"date": ".when"}, "date = '.when' matches nothing in 1 entries"),
    ],
)
def test_a_selector_that_matches_nothing_is_an_error_that_names_it(
    html: str, selectors: dict[str, str], told: str
) -> None:
    with pytest.raises(FeedError) as caught:
        read(PAGE.format(html), **selectors)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("data", "content_type", "told"),
    [
        (b"%PDF-1.7", "application/pdf", "not a web page but application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, None, "not a web page but a binary file"),
        (b"<a> " * 50_000, "text/html", "page too large to parse"),
        (b"<div>" * 10_000, "text/html", "nested too deeply"),
        (b"", "text/html", "entries = 'article' matches nothing"),
    ],
)
def test_documents_that_are_not_web_pages_are_refused(data: bytes, content_type: str | None, told: str) -> None:
    with pytest.raises(FeedError, match=told):
        read(data, content_type=content_type)


@pytest.mark.parametrize(
    ("head", "content_type", "encoding"),
    [
        ("", "text/html; charset=gb2312", "gb18030"),
        ("<meta charset=gbk>", "text/html", "gb18030"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=big5">', None, "big5hkscs"),
        ("<meta charset=punycode>", "text/html; charset=idna", "utf-8"),
    ],
)
def test_the_encoding_is_taken_from_header_or_meta_if_it_is_a_known_one(
    head: str, content_type: str | None, encoding: str
) -> None:
    page = f"<html><head>{head}</head><body><article><a href=/a>下雨的天氣很好</a></article></body></html>"
    [draft] = read(page.encode(encoding), content_type=content_type).drafts
    assert draft.title == "下雨的天氣很好"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def poll(
    server: Server, store: Store, *, after: timedelta = timedelta(), again: bool = False, **more: Any
) -> IngestReport:
    values: dict[str, Any] = {"entries": "article", **more}
    source = PageSource(name="news", page=server.url("/"), allow_private=True, **values)
    config = Config(sources=(source,), fetch=FetchConfig(user_agent="feeder-tests", timeout_s=5))
    [report] = ingest(config, store, names=["news"], now=NOW + after, again=again)
    return report


def test_a_page_is_polled_like_a_feed(server: Server, store: Store) -> None:
    server.answers["/"] = Answer(body=PAGE.format(CARD.format(2) + CARD.format(1)).encode(), etag='"1"')
    report = poll(server, store)
    assert (report.read, report.new, report.failed) == (1, 2, ())
    assert server.requests[0].headers["accept"].startswith("text/html")
    older, newer = (entry for _, entry in store.entries.added_after(0, 10))
    assert (older.title, older.published) == ("Rain 1", datetime(2026, 5, 1, 8, tzinfo=UTC))
    assert (newer.id, newer.link) == (server.url("/2"), server.url("/2"))
    assert newer.source.title == "Today"
    assert newer.source.name == "news"
    assert "It rained" in newer.content
    assert poll(server, store).unchanged == 1
    known = store.sources.polls()["news"]
    assert (known.feed_url, known.interval_s, known.etag) == (server.url("/"), 1125, '"1"')


def test_a_teaser_that_keeps_changing_is_not_an_update(server: Server, store: Store) -> None:
    def ago(hours: int) -> Answer:
        return Answer(body=PAGE.format(CARD.format(1)).replace("It rained", f"{hours} hours ago, it rained").encode())

    server.answers["/"] = [ago(1), ago(2)]
    poll(server, store)
    report = poll(server, store)
    assert (report.read, report.new, report.changed) == (1, 0, 0)
    server.answers["/"] = Answer(body=PAGE.format(CARD.format(1)).replace("Rain 1", "Rain once").encode())
    assert poll(server, store).changed == 1


def test_a_redesigned_page_is_reported_and_nothing_is_lost(server: Server, store: Store) -> None:
    server.answers["/"] = Answer(body=PAGE.format(CARD.format(1)).encode())
    poll(server, store)
    server.answers["/"] = Answer(body=PAGE.format("<div class=new><a href=/1>Rain</a></div>").encode())
    report = poll(server, store)
    [(address, reason)] = report.failed
    assert address == server.url("/")
    assert reason.startswith("entries = 'article' matches nothing on this page")
    assert store.sources.polls()["news"].failures == 1
    assert (store.entries.count(), len(store.documents.of_source("news"))) == (1, 1)


def test_errors_quote_a_page_without_control_characters() -> None:
    with pytest.raises(FeedError) as caught:
        read("rain", content_type="\x1b[31mred\x07; charset=utf-8")
    assert str(caught.value) == "not a web page but \ufffd[31mred\ufffd"

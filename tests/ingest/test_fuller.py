"""Entries made fuller by their pages: real requests, real passes, and what holds when a page does not come."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, PageSource, SourceConfig
from feeder.errors import FeedError
from feeder.incoming.batch import Batch
from feeder.ingest import IngestReport, ingest
from feeder.ingest import pages as module
from feeder.model import Draft, Entry, Link, Media, Person, Source, Stamp, entry_key
from feeder.reading.packing import pack, unpack
from feeder.reading.page import PAGE_TASK, PageJob, PageResult
from feeder.sources.http import client
from feeder.sources.pages.extract import extract_article, with_article
from feeder.store import Outcome, Store, new_added
from tests.http_server import Answer, Request, Server
from tests.ingest.readers import die_at_page_7, fail_at_every_page, fail_at_page_of_rain_2
from tests.sources.network import OTHER_PUBLIC, PUBLIC, MadeNetwork

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
PROSE = "".join(
    f"<p>It rained for the whole of day {n}, and the river rose until it stood at the doors of the lower town.</p>"
    for n in range(8)
)
HEAD = (
    "<title>Rain - The Paper</title><meta property='og:title' content='Rain on the page'>"
    "<meta name='author' content='Jane Doe'><meta property='article:published_time' content='2026-04-30T07:00:00Z'>"
)


def page(number: int = 0, body: str = "", head: str = HEAD) -> bytes:
    shop = "<p class=shop>There is a shop that sells an umbrella or two at the corner of the square.</p>"
    return (
        f"<html lang=en><head>{head}</head><body><nav><a href=/>Home</a> <a href=/x>More</a></nav><main><article>"
        f"<div class=text>{PROSE}<p>This was page number {number}.</p>{body}</div>{shop}"
        "<p>The town will be dry again by the end of the week.</p></article></main>"
        "<footer>All rights reserved by the company</footer></body></html>"
    ).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def rss(server: Server, *numbers: int, text: str = "It rained.", dated: bool = True, host: str = "") -> Answer:
    def item(n: int) -> str:
        date = f"<pubDate>Fri, 01 May 2026 0{n % 10}:00:00 GMT</pubDate>" if dated else ""
        link = f"{host or server.url()}p/{n}"
        said = f"<title>Rain {n}</title><description>{text}</description>{date}"
        return f"<item><link>{link}</link><guid>{link}</guid>{said}</item>"

    items = "".join(map(item, numbers))
    return Answer(body=f"<rss version='2.0'><channel><title>Rain</title>{items}</channel></rss>".encode())


def source(server: Server, name: str = "rain", **more: Any) -> FeedSource:
    return FeedSource(name=name, feed=server.url(f"/{name}"), **{"allow_private": True, "full": True, **more})


def config(*sources: SourceConfig, **fetch: Any) -> Config:
    return Config(sources=sources, fetch=FetchConfig(**{"user_agent": "feeder-tests", "timeout_s": 5, **fetch}))


def poll(
    config: Config, store: Store, after: timedelta = timedelta(), *, again: bool = False, named: bool = True
) -> IngestReport:
    names = [one.name for one in config.sources] if named else []
    return ingest(config, store, names=names, now=NOW + after, again=again)[0]


def requested_paths(server: Server) -> list[str]:
    """Return the pages that were asked for."""
    return [request.target for request in server.requests if request.target.startswith("/p/")]


def only_entry(store: Store) -> Entry:
    [entry] = store.entries.latest(10)
    return entry


HOURS = timedelta(hours=1)


# --- what is taken out of a page ------------------------------------------------------------------------------------


def test_the_article_is_found_without_a_selector_and_with_one() -> None:
    html = page(3).decode()
    found = extract_article(html, url="https://e.org/a")
    assert "whole of day 3" in found.content
    assert "Home" not in found.content
    assert "rights reserved" not in found.content
    selected = extract_article(html, url="https://e.org/a", article=".text")
    assert selected.content.startswith('<div class="text">')
    assert "umbrella" not in selected.content


def test_what_is_cut_goes_whichever_way_the_article_is_found() -> None:
    html = page(
        body="<p class=ask><b class=ask>Now!</b> Subscribe to this paper to read more of its articles on the rain.</p>"
    ).decode()
    for article in ("", "article"):
        content = extract_article(
            html, url="https://e.org/a", article=article, cut=[".ask", "article > .shop", "p.ask", ""]
        ).content
        assert "Subscribe" not in content
        assert "umbrella" not in content
        assert "page number 0" in content


def test_a_selector_may_find_several_parts_and_parts_of_parts_are_taken_once() -> None:
    html = "<div class=a><p>1</p><p class=a>2</p></div><div>3</div><div class=a>4</div>"
    content = extract_article(html, url="https://e.org/", article=".a").content
    assert content == '<div class="a"><p>1</p><p class="a">2</p></div><div class="a">4</div>'


def test_addresses_on_a_page_count_from_where_it_came_from_or_from_its_base() -> None:
    html = "<p class=t><a href=b>b</a><img src=/c.jpg></p>"
    content = extract_article(html, url="https://e.org/x/a", article=".t").content
    assert 'href="https://e.org/x/b"' in content
    assert 'src="https://e.org/c.jpg"' in content
    based = f"<head><base href='https://cdn.example/'></head>{html}"
    assert 'href="https://cdn.example/b"' in extract_article(based, url="https://e.org/x/a", article=".t").content


@pytest.mark.parametrize(
    ("html", "article", "told"),
    [
        ("<p>x</p>", ".text", "article = '.text' matches nothing on the page; fix it if the site was redesigned"),
        ("<html><body></body></html>", "", 'no article found on the page; set article = "CSS" to select it'),
        ("<a> " * 50_000, "", "page too large to parse"),
        ("<div>" * 10_000, "", "nested too deeply"),
    ],
)
def test_a_page_without_an_article_says_so(html: str, article: str, told: str) -> None:
    with pytest.raises(FeedError, match=told):
        extract_article(html, url="https://e.org/", article=article)


def test_what_a_feed_says_of_an_entry_comes_before_what_its_page_says() -> None:
    found = extract_article(page().decode(), url="https://e.org/a")
    bare = Draft(origin="f", content="x", content_type="text", id="https://e.org/a")
    filled = with_article(bare, found)
    assert (filled.title, filled.authors, filled.language) == ("Rain on the page", (Person(name="Jane Doe"),), "en")
    assert [stamp.text for stamp in filled.stamps] == ["2026-04-30T07:00:00Z"]
    assert (filled.read_from["authors"], filled.read_from["content"]) == ("author", "its page")
    own = Stamp(text="2026-01-01", read_from="feed")
    by = (Person(name="A"),)
    given = Draft(origin="f", content="x", content_type="text", title="T", authors=by, language="de", stamps=(own,))
    kept = with_article(given, found)
    assert (kept.title, kept.authors, kept.language, kept.stamps[0]) == ("T", by, "de", own)
    assert set(kept.read_from) == {"content"}


def test_a_draft_is_the_same_after_it_waited_in_the_store() -> None:
    draft = Draft(
        origin="o", content="a\0b", content_type="html", id="i", stamps=(Stamp(text="1", read_from="feed"),),
        links=(Link(rel="via", href="h"),), media=(Media(url="u", kind="image", length=1),),
        authors=(Person(name="A", uri="h"),), source=Source(title="t", id="s", updated=NOW),
        read_from={"title": "there"},
    )  # fmt: skip
    text = pack(draft)
    assert "\0" not in text
    assert unpack(Draft, text) == draft
    assert unpack(Draft, pack(Draft(origin="o", content="\ud800x", content_type="text"))).content == "x"


# --- passes ---------------------------------------------------------------------------------------------------------


def test_an_entry_comes_in_with_the_article_of_its_page(server: Server, store: Store) -> None:
    server.answers |= {"/rain": rss(server, 2, 1), "/p/1": Answer(body=page(1)), "/p/2": Answer(body=page(2))}
    report = poll(config(source(server)), store)
    assert (report.read, report.new, report.pages, report.awaited, report.failed) == (1, 2, 2, 0, ())
    assert str(report) == "rain: 1 read, 2 new, 2 pages fetched"
    entries = [entry for _, entry in store.entries.added_after(0, 10)]
    assert [entry.title for entry in entries] == ["Rain 1", "Rain 2"]
    assert "page number 1" in entries[0].content
    assert "rights reserved" not in entries[0].content
    assert entries[0].published == datetime(2026, 5, 1, 1, tzinfo=UTC)
    assert [author.name for author in entries[0].authors] == ["Jane Doe"]
    assert entries[0].read_from["content"] == "its page"
    sent = server.requests[-1].headers
    assert (sent["user-agent"], sent["accept"].split(",")[0]) == ("feeder-tests", "text/html")
    assert "referer" not in sent


def test_a_page_is_fetched_once_for_each_version_of_its_entry(server: Server, store: Store) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(body=page(1), etag='"1"')}
    settings = config(source(server))
    poll(settings, store)
    before = only_entry(store)
    poll(settings, store, HOURS)
    report = poll(settings, store, HOURS, again=True)
    assert (requested_paths(server), report.same, report.changed, report.pages) == (["/p/1"], 1, 0, 0)
    assert only_entry(store) == before
    server.answers["/rain"] = rss(server, 1, text="It rained again.")
    report = poll(settings, store, HOURS)
    assert requested_paths(server) == ["/p/1"] * 2
    assert server.requests[-1].headers["if-none-match"] == '"1"'
    assert (report.same, report.pages, only_entry(store)) == (1, 1, before)
    poll(settings, store, 2 * HOURS, again=True)
    assert len(requested_paths(server)) == 2


def test_other_selectors_fetch_the_pages_anew_when_all_is_read_again(server: Server, store: Store) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(body=page(1), etag='"1"')}
    poll(config(source(server, article="article")), store)
    first = only_entry(store)
    assert "umbrella" in first.content
    chosen = config(source(server, article="article", cut=(".shop",)))
    assert poll(chosen, store, HOURS).changed == 0
    report = poll(chosen, store, HOURS, again=True)
    assert (report.changed, report.pages) == (1, 1)
    assert "if-none-match" not in server.requests[-1].headers
    second = only_entry(store)
    assert "umbrella" not in second.content
    assert (second.id, second.published, second.updated, second.first_seen_at) == (
        first.id, first.published, first.updated, first.first_seen_at,
    )  # fmt: skip


@pytest.mark.parametrize("dated", [True, False])
def test_a_page_that_comes_late_makes_the_entry_fuller_and_moves_nothing_else(
    server: Server,
    store: Store,
    dated: bool,  # noqa: FBT001  a column of the table
) -> None:
    server.answers |= {"/rain": rss(server, 1, dated=dated), "/p/1": [Answer(503), Answer(body=page(1))]}
    settings = config(source(server))
    report = poll(settings, store)
    assert (report.new, report.pages, report.awaited) == (1, 0, 1)
    [(link, reason)] = report.failed
    assert link == server.url("/p/1")
    assert reason == "its page: its server answers 503 Service Unavailable; due again 2026-05-01 12:15 UTC"
    first = only_entry(store)
    assert first.summary == "It rained."
    [document] = store.documents.of_source("rain").values()
    assert document.error == reason.replace("page", f"page {link}", 1)
    server.answers["/rain"] = Answer(404)  # what waits needs no feed
    assert poll(settings, store, timedelta(minutes=14), named=False).awaited == 1
    assert len(requested_paths(server)) == 1
    report = poll(settings, store, timedelta(minutes=15), named=False)
    assert (report.changed, report.pages, report.awaited) == (1, 1, 0)
    second = only_entry(store)
    assert "page number 1" in second.content
    assert (second.id, second.published, second.updated, second.first_seen_at, second.published_from) == (
        first.id, first.published, first.updated, first.first_seen_at, first.published_from,
    )  # fmt: skip
    assert next(iter(store.documents.of_source("rain").values())).error is None
    server.answers["/rain"] = rss(server, 1, dated=dated)
    assert poll(settings, store, 2 * HOURS, again=True).same == 1
    assert only_entry(store) == second


def test_a_page_is_asked_for_a_bounded_number_of_times_less_and_less_often(server: Server, sqlite_store: Store) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(500)}
    settings = config(source(server))
    after = timedelta()
    for wait in (15, 60, 240, 960):
        report = poll(settings, sqlite_store, after, named=False)
        assert report.awaited == 1
        [known] = sqlite_store.sources.pending_pages("rain")[0]
        assert known.due_at == NOW + after + timedelta(minutes=wait)
        after += timedelta(minutes=wait)
    report = poll(settings, sqlite_store, after, named=False)
    assert (report.awaited, report.failed[0][1]) == (
        0, "its page: its server answers 500 Internal Server Error; not fetched again",
    )  # fmt: skip
    poll(settings, sqlite_store, after + 100 * HOURS)
    assert len(requested_paths(server)) == module.ATTEMPTS
    server.answers["/p/1"] = Answer(body=page(1))
    assert poll(settings, sqlite_store, after + 100 * HOURS, again=True).changed == 1
    assert "page number 1" in only_entry(sqlite_store).content


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_page_that_is_not_there_is_not_asked_for_again(server: Server, sqlite_store: Store, status: int) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(status)}
    report = poll(config(source(server)), sqlite_store)
    assert (report.new, report.awaited) == (1, 0)
    assert report.failed[0][1].endswith("not fetched again")


def test_a_server_is_left_alone_for_as_long_as_it_wants(server: Server, sqlite_store: Store) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(429, headers={"Retry-After": "7200"})}
    poll(config(source(server)), sqlite_store)
    [known] = sqlite_store.sources.pending_pages("rain")[0]
    assert known.due_at == NOW + 2 * HOURS


def test_a_page_that_holds_less_than_its_feed_is_not_used(server: Server, sqlite_store: Store) -> None:
    text = "&lt;p&gt;" + "All of the article stands in the feed itself. " * 40 + "&lt;/p&gt;"
    server.answers |= {"/rain": rss(server, 1, text=text), "/p/1": Answer(body=page(1))}
    settings = config(source(server))
    report = poll(settings, sqlite_store)
    assert (report.new, report.failed, report.awaited) == (1, (), 0)
    assert "in the feed itself" in only_entry(sqlite_store).content
    poll(settings, sqlite_store, again=True)
    assert len(requested_paths(server)) == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(body=b"%PDF-1", headers={"Content-Type": "application/pdf"}), "not a web page but application/pdf"),
        (Answer(body=b"x" * 300_000), "larger than 200,000 bytes"),
        (Answer(body=b"<a> " * 50_000), "page too large to parse"),
        (Answer(raw=b"nonsense"), "invalid HTTP response"),
        (Answer(302, headers={"Location": "http://169.254.169.254/latest"}), "169.254.169.254"),
        (Answer(302, headers={"Location": "/p/1"}), "more than 5 redirects"),
        (Answer(body=b"<p>Sign in to read on.</p>"), "no article found on the page"),
    ],
)
def test_whatever_comes_for_a_page_the_entry_comes_in_and_the_fault_is_told(
    server: Server, sqlite_store: Store, answer: Answer, told: str
) -> None:
    server.answers |= {"/rain": rss(server, 2, 1), "/p/1": answer, "/p/2": Answer(body=page(2))}
    report = poll(config(source(server), max_bytes=200_000), sqlite_store)
    assert (report.new, len(report.failed)) == (2, 1)
    assert told in report.failed[0][1]
    contents = {entry.title: entry.content for entry in sqlite_store.entries.latest(10)}
    assert "page number 2" in contents["Rain 2"]
    assert "It rained." in contents["Rain 1"]


def test_pages_go_to_a_private_network_on_the_server_of_the_source_alone(server: Server, sqlite_store: Store) -> None:
    with Server() as other:
        server.answers |= {"/rain": rss(server, 1, host=other.url())}
        other.answers["/p/1"] = Answer(body=page(1))
        report = poll(config(source(server)), sqlite_store)
        assert (report.new, other.requests) == (1, [])
        assert "127.0.0.1 is a private address" in report.failed[0][1]
    server.answers |= {"/rain": rss(server, 2), "/p/2": Answer(body=page(2))}


def test_entries_that_came_before_pages_were_wanted_are_made_fuller_when_all_is_read_again(
    server: Server, sqlite_store: Store
) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(body=page(1))}
    poll(config(source(server, full=False)), sqlite_store)
    first = only_entry(sqlite_store)
    assert poll(config(source(server)), sqlite_store, HOURS).pages == 0
    assert poll(config(source(server)), sqlite_store, HOURS, again=True).changed == 1
    second = only_entry(sqlite_store)
    assert "page number 1" in second.content
    assert (second.id, second.updated, second.first_seen_at) == (first.id, first.updated, first.first_seen_at)


def test_an_entry_without_a_link_has_no_page(server: Server, sqlite_store: Store) -> None:
    items = "<item><guid isPermaLink='false'>1</guid><description>Alone.</description></item>"
    server.answers["/rain"] = Answer(body=f"<rss><channel><title>R</title>{items}</channel></rss>".encode())
    report = poll(config(source(server)), sqlite_store)
    assert (report.new, report.awaited, report.pages) == (1, 0, 0)


def test_a_page_with_selectors_and_full_makes_whole_articles(server: Server, sqlite_store: Store) -> None:
    cards = "".join(f"<li><a href=/p/{n}><h3>Story {n}</h3></a><p>Teaser.</p></li>" for n in (2, 1))
    server.answers |= {
        "/news": Answer(body=f"<html><title>News</title><ul>{cards}</ul></html>".encode()),
        "/p/1": Answer(body=page(1)),
        "/p/2": Answer(body=page(2)),
    }
    news = PageSource(name="news", page=server.url("/news"), entries="li", full=True, allow_private=True)
    assert poll(config(news), sqlite_store).new == 2
    entry = next(entry for entry in sqlite_store.entries.latest(10) if entry.title == "Story 1")
    assert "page number 1" in entry.content
    assert (entry.published, entry.published_from) == (datetime(2026, 4, 30, 7, tzinfo=UTC), "page")
    assert entry.source.title == "News"


def test_a_source_set_to_summary_is_filtered_by_its_pages_and_keeps_no_more(
    server: Server, sqlite_store: Store
) -> None:
    server.answers |= {"/rain": rss(server, 2, 1), "/p/1": Answer(body=page(1)), "/p/2": Answer(body=page(2))}
    report = poll(config(source(server, content="summary", keep='"page number 1"')), sqlite_store)
    assert (report.new, report.dropped) == (1, 1)
    assert (only_entry(sqlite_store).title, only_entry(sqlite_store).content) == ("Rain 1", "")


# --- many, slow, killed ---------------------------------------------------------------------------------------------


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> MadeNetwork:
    """A network of names that a test makes up: a server on loopback stands at each, or nobody does."""
    network = MadeNetwork({"one.example": [PUBLIC], "two.example": [OTHER_PUBLIC]})
    monkeypatch.setattr(client, "Network", lambda: network)
    return network


def named_source(name: str, host: str) -> SourceConfig:
    return FeedSource(name=name, feed=f"http://{host}/{name}", full=True)


def test_a_slow_server_holds_up_neither_other_feeds_nor_the_end_of_the_pass(
    names: MadeNetwork, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DEADLINE_S", 1.5)
    with Server() as slow, Server() as fast:
        names._ports = {PUBLIC: slow.port, OTHER_PUBLIC: fast.port}
        slow.answers["/slow"] = rss(slow, *range(1, 6), host="http://one.example/")
        fast.answers["/fast"] = rss(fast, *range(1, 6), host="http://two.example/")
        slow.answers |= {f"/p/{n}": Answer(body=(b" " for _ in range(10_000)), pause_s=0.1) for n in range(1, 6)}
        fast.answers |= {f"/p/{n}": Answer(body=page(n)) for n in range(1, 6)}
        settings = config(named_source("slow", "one.example"), named_source("fast", "two.example"), timeout_s=30)
        reports = {one.source: one for one in ingest(settings, sqlite_store, now=NOW)}
    assert (reports["fast"].new, reports["fast"].pages, reports["fast"].awaited) == (5, 5, 0)
    assert (reports["slow"].new, reports["slow"].awaited, reports["slow"].failed) == (5, 5, ())
    assert {one.attempts for one in sqlite_store.sources.pending_pages("slow")[0]} == {0}
    assert len(slow.requests) == 1 + 2


def test_the_rest_of_a_server_that_does_not_answer_is_put_off(
    server: Server, names: MadeNetwork, sqlite_store: Store
) -> None:
    names._ports = {OTHER_PUBLIC: server.port}
    server.answers["/rain"] = rss(server, *range(1, 9), host="https://one.example/")
    report = poll(config(named_source("rain", "two.example"), per_host=1), sqlite_store)
    assert (report.new, report.awaited, len(report.failed)) == (8, 8, 8)
    assert [address for address, _ in names.dialled] == [OTHER_PUBLIC, *[PUBLIC] * 3]
    assert sum("not requested: 3 requests in a row to this server failed" in reason for _, reason in report.failed) == 5


def test_the_rest_of_a_server_that_is_too_busy_is_put_off(server: Server, sqlite_store: Store) -> None:
    server.answers["/rain"] = rss(server, *range(1, 9))
    server.answers |= {f"/p/{n}": Answer(429) for n in range(1, 9)}
    report = poll(config(source(server), per_host=1), sqlite_store)
    assert (report.new, report.awaited, len(requested_paths(server))) == (8, 8, 1)


def test_each_source_is_saved_when_all_its_pages_have_come_and_one_that_is_not_asked_for_waits(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 1)
    saved: list[list[str]] = []
    take = sqlite_store.take

    def recording(read: Sequence[Batch]) -> list[list[Outcome]]:
        saved.append([one.source for one in read if one.incoming])
        return take(read)

    monkeypatch.setattr(sqlite_store, "take", recording)
    for name in ("rain", "snow", "hail"):
        number = len(name) + ord(name[0])
        server.answers[f"/{name}"] = rss(server, number)
        server.answers[f"/p/{number}"] = Answer(503 if name == "hail" else 200, body=page(number))
    sources = [source(server, name) for name in ("rain", "snow", "hail")]
    ingest(config(*sources), sqlite_store, now=NOW)
    assert sorted(filter(None, saved)) == [["hail"], ["rain"], ["snow"]]
    reports = ingest(config(*sources), sqlite_store, names=["rain", "snow"], now=NOW + HOURS)
    assert [report.awaited for report in reports] == [0, 0]
    assert sqlite_store.sources.count_pending_pages() == {"hail": 1}


def test_many_pages_are_read_by_workers_and_saved_in_the_order_of_the_feed(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GROW_AFTER", 5)
    numbers = list(range(30, 0, -1))
    server.answers["/rain"] = rss(server, *numbers)
    server.answers |= {f"/p/{n}": Answer(body=page(n)) for n in numbers}
    report = poll(config(source(server), per_host=4), sqlite_store)
    assert (report.new, report.pages) == (30, 30)
    assert [entry.title for _, entry in sqlite_store.entries.added_after(0, 50)] == [
        f"Rain {n}" for n in reversed(numbers)
    ]
    assert 1 < server.most_at_once <= 4


def read_by(monkeypatch: pytest.MonkeyPatch, run: Callable[[PageJob], Iterator[PageResult]]) -> None:
    """Let workers read pages by another function, which they find by its name."""
    monkeypatch.setattr(module, "PAGE_TASK", PAGE_TASK._replace(run=run))


def test_a_page_that_kills_the_process_that_reads_it_is_left_out_in_the_end(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, die_at_page_7)
    monkeypatch.setattr(module, "_GROW_AFTER", 1)
    monkeypatch.setattr(module, "ATTEMPTS", 2)
    server.answers["/rain"] = rss(server, 7, 6)
    server.answers |= {"/p/7": Answer(body=page(7)), "/p/6": Answer(body=page(6))}
    settings = config(source(server))
    report = poll(settings, sqlite_store)
    assert (report.new, report.awaited) == (1, 1)
    assert "crashed its worker process" in report.failed[0][1]
    poll(settings, sqlite_store, HOURS)
    report = poll(settings, sqlite_store, 2 * HOURS)
    assert (report.new, report.awaited) == (1, 0)
    assert requested_paths(server).count("/p/7") == 2
    assert "It rained." in sqlite_store.entries.get(server.url("/p/7")).content


def test_an_entry_that_cannot_be_understood_with_its_page_leaves_the_others_alone(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, fail_at_page_of_rain_2)
    server.answers["/rain"] = rss(server, 2, 1)
    server.answers |= {f"/p/{n}": Answer(body=page(n)) for n in (1, 2)}
    report = poll(config(source(server)), sqlite_store)
    assert (report.new, report.awaited) == (1, 0)
    [(link, reason)] = report.failed
    assert (link, "ZeroDivisionError" in reason) == (server.url("/p/2"), True)


def test_a_page_that_our_reader_fails_over_is_told_and_its_entry_comes_in(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, fail_at_every_page)
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(body=page(1))}
    report = poll(config(source(server)), sqlite_store)
    assert (report.new, report.awaited) == (1, 1)
    assert "cannot be understood (ZeroDivisionError)" in report.failed[0][1]


# Workers import this program as well, so that only who is `__main__` may load more than it needs.
KILLER = """
if __name__ == "__main__":
    import os, signal, sys
    from datetime import UTC, datetime
    from feeder.config.load import Config
    from feeder.config.settings import FeedSource
    from feeder.ingest import ingest, pages
    from feeder.store import Store
    pages.fetch_all = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    source = FeedSource(name="rain", feed=sys.argv[2], allow_private=True, full=True)
    with Store.open(sys.argv[1]) as store:
        ingest(Config(sources=(source,)), store, now=datetime(2026, 5, 1, 12, tzinfo=UTC))
"""


def test_a_pass_that_is_killed_before_the_pages_come_is_made_up_for_by_the_next(
    server: Server, sqlite_url: str, tmp_path: Path
) -> None:
    server.answers |= {"/rain": rss(server, 2, 1), "/p/1": Answer(body=page(1)), "/p/2": Answer(body=page(2))}
    killer = tmp_path / "killed.py"
    killer.write_text(KILLER)
    ended = subprocess.run([sys.executable, killer, sqlite_url, server.url("/rain")], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Store.open(sqlite_url) as store:
        assert (store.entries.count(), store.sources.count_pending_pages()) == (0, {"rain": 2})
        server.answers["/rain"] = Answer(404)
        report = poll(config(source(server)), store, HOURS)
        assert (report.new, report.awaited) == (2, 0)
        assert all(entry.updated == entry.published for entry in store.entries.latest(10))


def test_an_entry_that_waits_comes_in_without_its_page_once_pages_are_not_wanted(
    server: Server, sqlite_url: str, tmp_path: Path
) -> None:
    server.answers |= {"/rain": rss(server, 1)}
    (tmp_path / "killed.py").write_text(KILLER)
    subprocess.run([sys.executable, tmp_path / "killed.py", sqlite_url, server.url("/rain")], check=False)
    with Store.open(sqlite_url) as store:
        report = poll(config(source(server, full=False)), store, HOURS)
        assert (report.new, report.awaited, requested_paths(server)) == (1, 0, [])


def test_an_entry_that_changes_while_its_page_is_awaited_is_the_changed_one(
    server: Server, sqlite_store: Store
) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": Answer(503)}
    settings = config(source(server))
    poll(settings, sqlite_store)
    server.answers["/rain"] = rss(server, 1, text="It rained all night.")
    report = poll(settings, sqlite_store, HOURS)
    assert (report.changed, report.awaited) == (1, 1)
    assert "all night" in only_entry(sqlite_store).content
    assert only_entry(sqlite_store).updated == NOW + HOURS
    server.answers["/p/1"] = Answer(body=page(1))
    poll(settings, sqlite_store, 2 * HOURS)
    assert "page number 1" in only_entry(sqlite_store).content
    assert only_entry(sqlite_store).updated == NOW + HOURS


def test_an_entry_keeps_the_text_of_its_page_while_the_page_cannot_be_had(server: Server, sqlite_store: Store) -> None:
    server.answers |= {"/rain": rss(server, 1), "/p/1": [Answer(body=page(1)), Answer(503)]}
    settings = config(source(server))
    poll(settings, sqlite_store)
    server.answers["/rain"] = rss(server, 1, text="Corrected: it rained.")
    report = poll(settings, sqlite_store, HOURS)
    assert (report.awaited, len(report.failed)) == (1, 1)
    assert "page number 1" in only_entry(sqlite_store).content


def test_what_is_kept_of_pages_goes_with_their_entries(server: Server, store: Store) -> None:
    server.answers |= {"/rain": rss(server, 2, 1), "/p/1": Answer(body=page(1)), "/p/2": Answer(503)}
    settings = config(source(server))
    poll(settings, store)
    assert count_pages(store) == 1
    server.answers |= {"/rain": rss(server, 3), "/p/3": Answer(body=page(3))}
    poll(settings, store, timedelta(minutes=1))
    assert count_pages(store) == 1
    server.answers["/p/2"] = Answer(body=page(2))  # its entry has left the feed, and is made fuller all the same
    assert poll(settings, store, HOURS).changed == 1
    assert "page number 2" in store.entries.get(server.url("/p/2")).content
    assert count_pages(store) == 1
    assert set(store.documents.of_source("rain")) == {entry_key(server.url("/p/3"))}


def count_pages(store: Store) -> int:
    from sqlalchemy import func, select  # noqa: PLC0415  for this one look into the table

    from feeder.store.tables import pages  # noqa: PLC0415  as above

    with store.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(pages)) or 0


def test_progress_is_told_and_what_it_raises_ends_the_pass(server: Server, sqlite_store: Store) -> None:
    told: list[tuple[str, int, int | None]] = []

    def tell(doing: str, done: int, total: int | None) -> None:
        told.append((doing, done, total))
        if (doing, done) == ("pages", 2):
            raise KeyboardInterrupt

    server.answers["/rain"] = rss(server, 3, 2, 1)
    server.answers |= {f"/p/{n}": Answer(body=page(n)) for n in (1, 2, 3)}
    with pytest.raises(KeyboardInterrupt):
        ingest(config(source(server)), sqlite_store, now=NOW, progress=tell)
    assert ("pages", 1, 3) in told
    assert poll(config(source(server)), sqlite_store, HOURS).new == 3


def test_nothing_is_sent_to_a_page_but_what_feeds_are_sent_too(server: Server, sqlite_store: Store) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Answer:
        seen.append(request)
        return Answer(body=page(1), headers={"Set-Cookie": "a=b"})

    server.answers |= {"/rain": rss(server, 2, 1), "/p/1": answer, "/p/2": answer}
    poll(config(source(server), per_host=1), sqlite_store)
    assert [sorted(request.headers) for request in seen] == [
        ["accept", "accept-encoding", "connection", "host", "user-agent"]
    ] * 2


def test_a_source_that_is_removed_while_its_pages_come_is_no_fault(server: Server, store: Store) -> None:
    def removed(_: Request) -> Answer:
        store.sources.remove("rain")
        return Answer(body=page(1))

    server.answers |= {"/rain": rss(server, 1), "/p/1": removed}
    store.sources.add(lambda _: [new_added(source(server))], now=NOW)
    report = ingest(Config(fetch=config().fetch), store, names=["rain"], now=NOW)[0]
    assert (report.failed, store.entries.count(), store.sources.count_pending_pages()) == ((), 0, {})


def test_entries_that_share_a_page_are_not_made_fuller_by_it(server: Server, store: Store) -> None:
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{title}</guid><link>{server.url('/p/1')}</link></item>"
        for title in ("Rain in the town", "Rain in the towns")
    )
    feed = f"<rss version='2.0'><channel><title>Rain</title>{items}</channel></rss>"
    server.answers |= {"/rain": Answer(body=feed.encode()), "/p/1": Answer(body=page(1))}
    assert poll(config(source(server)), store).new == 2
    assert {entry.title for entry in store.entries.latest(10)} == {"Rain in the town", "Rain in the towns"}
    assert requested_paths(server) == []


def test_many_things_that_are_selected_take_no_longer_than_there_are_of_them() -> None:
    html = "<section>" * 90 + "<p>rain</p>" * 14_900 + "</section>" * 90
    assert extract_article(html, url="https://e.org/a", article="p").content.count("<p>") == 14_900


def test_a_tag_with_more_attributes_than_any_page_has_costs_nothing() -> None:
    html = f"<article><p {' '.join(f'a{number}=x' for number in range(100_000))}>{PROSE}</article>"
    assert "the doors of the lower town" in extract_article(html, url="https://e.org/a", article="article").content

"""Limits on entries with very many items, and the cost of reading and writing them."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from feeder.model import Draft, Entry, Feed, Link, Person
from feeder.normalise.entry import normalise
from feeder.publish.formats import ATOM, Rendering, render_feed
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.files.article import read_article
from feeder.sources.files.heads.metadata import read_lines
from tests.entries import make_entry

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DRAFT = Draft(origin="a", title="Rain", link="https://e.org/1", content="It rained.", content_type="text")


def rss(inside: str, items: int = 1, channel: str = "") -> bytes:
    entry = f"<item><title>Rain</title><link>https://e.org/1</link>{inside}</item>"
    return (
        "<rss xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>"
        f"<channel><title>Rain</title>{channel}{entry * items}</channel></rss>"
    ).encode()


def repeat(pattern: str, count: int = 3000) -> str:
    return "".join(pattern.format(n) for n in range(count))


def entry_from_feed(body: bytes) -> Entry:
    return normalise(parse_feed(body, url="https://e.org/feed").drafts[0], now=NOW)


TAG = "- t{}\n"
KINDS: list[tuple[str, Callable[[], Entry]]] = [
    ("categories", lambda: entry_from_feed(rss(repeat("<category>c{}</category>")))),
    ("authors", lambda: entry_from_feed(rss(repeat("<dc:creator>Name {}</dc:creator>")))),
    ("media", lambda: entry_from_feed(rss(repeat("<enclosure url='https://e.org/{}.mp3' type='audio/mpeg'/>")))),
    (
        "links",
        lambda: entry_from_feed(
            rss(repeat("<a:link xmlns:a='http://www.w3.org/2005/Atom' rel='related' href='/r/{}'/>"))
        ),
    ),
    (
        "categories",
        lambda: entry_from_feed(
            json.dumps({"items": [{"id": "1", "title": "Rain", "tags": [f"t{n}" for n in range(3000)]}]}).encode()
        ),
    ),
    (
        "authors",
        lambda: entry_from_feed(
            json.dumps(
                {"items": [{"id": "1", "title": "Rain", "authors": [{"name": f"t{n}"} for n in range(3000)]}]}
            ).encode()
        ),
    ),
    (
        "categories",
        lambda: normalise(read_article(f"---\ntitle: a\ntags:\n{repeat(TAG)}---\na".encode(), "a.md"), now=NOW),
    ),
]


@pytest.mark.parametrize(("field", "read"), KINDS)
def test_at_most_a_hundred_items_of_each_kind_are_kept(field: str, read: Callable[[], Entry]) -> None:
    assert len(getattr(read(), field)) == 100


def test_the_first_items_are_kept_and_configured_categories_always() -> None:
    draft = replace(DRAFT, categories=tuple(f"c{n}" for n in range(500)))
    entry = normalise(draft, now=NOW, categories=("mine", "c3"))
    assert entry.categories == (*(f"c{n}" for n in range(100)), "mine")


def test_links_of_the_feed_and_of_the_text_are_bounded_together() -> None:
    related = tuple(Link(rel="related", href=f"https://e.org/r/{n}") for n in range(80))
    sources = "、".join(f"<a href='https://e.net/s/{n}'>第{n}处</a>" for n in range(80))
    draft = replace(DRAFT, links=related, content=f"<p>下了一天的雨。</p><p>来源：{sources}</p>", content_type="html")
    links = normalise(draft, now=NOW).links
    assert (len(links), links[79].rel, links[80].rel) == (100, "related", "via")


def test_very_long_names_are_shortened() -> None:
    entry = entry_from_feed(rss(f"<category>{'c' * 5000}</category><dc:creator>{'d ' * 5000}</dc:creator>"))
    assert (len(entry.categories[0]), len(entry.authors[0].name)) == (300, 299)


@pytest.mark.parametrize("channel", ["title", "copyright", "language"])
def test_text_of_a_feed_that_all_its_entries_share_is_bounded(channel: str) -> None:
    body = rss("", 2, f"<{channel}>{'r' * 10_000}</{channel}>").replace(b"<title>Rain</title><title", b"<title")
    feed = parse_feed(body, url="https://e.org/feed")
    assert max(map(len, (feed.title, feed.rights or "", feed.language or ""))) == 2000
    authored = parse_feed(rss("", 2, repeat("<dc:creator>Name {}</dc:creator>")), url="https://e.org/feed")
    assert {len(draft.authors) for draft in authored.drafts} == {100}


def write(count: int) -> object:
    categories, authors = (f"c{n}" for n in range(count)), (Person(name=f"a{n}") for n in range(count))
    feed = Feed(
        id="urn:x",
        title="a",
        link="https://e.org/",
        self_link="https://e.org/a",
        updated=datetime(2023, 1, 1, tzinfo=UTC),
    )
    entries = [make_entry(categories=tuple(categories), authors=tuple(authors))]
    return render_feed(ATOM, feed, entries, Rendering(lambda _: "https://e.org/p"))


def tags(count: int) -> object:
    return read_lines(f"title: a\ntags:\n{repeat(TAG, 5 * count)}")


def continued(count: int) -> object:
    return read_lines(
        f"title: a\nsummary: b\n{repeat(' a word, another, and one that has the number {}' + chr(10), 3 * count)}"
    )


def durations(count: int) -> object:
    enclosures = repeat("<enclosure url='https://e.org/{}.mp3' type='audio/mpeg'/>", count)
    return parse_feed(rss("<itunes:duration/>" * count + enclosures), url="https://e.org/feed")


@pytest.mark.parametrize("work", [write, tags, continued, durations])
def test_cost_is_linear(work: Callable[[int], object]) -> None:
    def measure(count: int) -> float:
        start = time.process_time()
        work(count)
        return time.process_time() - start

    measure(10)
    few, many_more = (min(measure(count) for _ in range(3)) for count in (2000, 16_000))
    assert many_more < 30 * few  # what looks at all of them for each takes 64 times as long

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from feeder.model import Credit, Feed, FeedLink, Link, Media, Person, Source
from feeder.publish.formats import ATOM, FORMATS, JSON_FEED, RSS, Cache, Format, Rendering, render_feed
from tests.entries import make_entry

SITE = "https://feeds.example.org/"
FEED = Feed(
    id="urn:uuid:0e0a0c9e-0000-5000-8000-000000000001",
    title="测试 & <a>",
    link=SITE,
    self_link=f"{SITE}feed",
    updated=datetime(2023, 1, 1, tzinfo=UTC),
    language="zh-Hans",
    icon=f"{SITE}icon.svg",
    links=(FeedLink("prev-archive", f"{SITE}archives/2023-01-1.xml", "application/atom+xml"),),
    hubs=("https://hub.example.org/",),
)
LOUD = make_entry(
    1,
    title="雨 < 雪",
    authors=(Person(name="王五"), Person(name="Ann", email="ann@e.org")),
    credits=(Credit(role="translator", name="甲"),),
    links=(Link(rel="replies", href="https://e.org/1#comments"), Link(rel="via", href="https://via.example/")),
    content='<p>一 <img src="https://e.org/a.png" alt=""> 二</p>',
    media=(
        Media(url="https://e.org/a.png", kind="image"),
        Media(url="https://e.org/cover.jpg", kind="image", type="image/jpeg", length=7),
        Media(url="https://e.org/sound.mp3", kind="audio", length=123, duration_s=61),
    ),
    source=Source(id="https://source.example/feed", title="来源", link="https://source.example/"),
    rights="© 甲",
)


def render(kind: Format, *entries: Any, feed: Feed = FEED, **options: Any) -> bytes:
    return render_feed(kind, feed, entries, Rendering(lambda entry: f"{SITE}entries/{entry.key}.html", **options))


def rss_item(**changes: Any) -> etree._Element:
    [item] = etree.fromstring(render(RSS, replace(LOUD, **changes))).iter("item")
    return item


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_every_reader_of_a_format_sees_the_same(kind: Format) -> None:
    document = render(kind, make_entry(2), LOUD)
    if kind is JSON_FEED:
        entries = json.loads(document)["items"]
        assert [entry["title"] for entry in entries] == [make_entry(2).title, LOUD.title]
        return
    feed = feedparser.parse(document)
    assert not feed.bozo
    assert feed.feed.title_detail.value.startswith("测试")
    assert [entry.id for entry in feed.entries] == [make_entry(2).id, LOUD.id]
    assert {author.name for author in feed.entries[1].authors} >= {"Ann"}
    assert "https://e.org/a.png" in feed.entries[1].content[0].value
    assert feed.entries[1].published_parsed[:6] == LOUD.published.timetuple()[:6]
    assert feed.entries[1].source.title == "来源"
    assert {link.rel for link in feed.feed.links} >= {"self", "hub", "prev-archive"}


def test_rss_says_all_that_rss_can_say() -> None:
    item = rss_item()
    names = {prefix: uri for prefix, uri in item.nsmap.items() if prefix}
    assert item.findtext("link") == LOUD.link
    assert item.findtext("guid") == LOUD.id
    assert [creator.text for creator in item.findall("dc:creator", names)] == ["王五", "Ann"]
    assert item.findtext("dc:contributor", None, names) == "甲"
    assert item.findtext("dc:language", None, names) == LOUD.language
    assert item.findtext("dc:rights", None, names) == "© 甲"
    assert item.findtext("content:encoded", None, names) == LOUD.content
    assert item.findtext("comments") == "https://e.org/1#comments"
    assert item.findtext("pubDate") == LOUD.published.strftime("%a, %d %b %Y %H:%M:%S +0000")
    assert item.findtext("itunes:duration", None, names) == "61"
    assert [(category.text) for category in item.findall("category")] == list(LOUD.categories)


def test_no_reader_takes_a_title_of_rss_for_markup() -> None:
    document = render(RSS, LOUD)
    assert b"<title>\xe9\x9b\xa8 &#x3C; \xe9\x9b\xaa</title>" in document
    assert b"&#x26; &#x3C;a&#x3E;</title>" in document
    assert feedparser.parse(document).entries[0].title in {"雨 < 雪", "雨 &lt; 雪"}


def test_rss_has_one_enclosure_the_sound_and_no_picture_that_the_text_shows() -> None:
    item = rss_item()
    assert [dict(one.attrib) for one in item.findall("enclosure")] == [
        {"url": "https://e.org/sound.mp3", "length": "123", "type": "audio/mpeg"}
    ]
    [other] = item.findall("media:content", item.nsmap)
    assert dict(other.attrib) == {"url": "https://e.org/cover.jpg", "type": "image/jpeg", "medium": "image"}


def test_rss_without_a_feed_of_its_source_names_none_and_a_link_is_an_id() -> None:
    item = rss_item(id="https://e.org/1", link="https://e.org/1", source=Source(id="urn:x:1", title="文件夹"))
    assert item.find("source") is None
    assert item.find("guid").get("isPermaLink") == "true"
    assert rss_item(id="urn:x:2").find("guid").get("isPermaLink") == "false"


def test_a_json_feed_is_what_the_specification_says() -> None:
    document = json.loads(render(JSON_FEED, LOUD, feed=replace(FEED, subtitle="一行", authors=(Person(name="站"),))))
    assert document.pop("_feeder") == {"generator": True}
    [item] = document.pop("items")
    assert document == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": FEED.title,
        "description": "一行",
        "home_page_url": SITE,
        "feed_url": FEED.self_link,
        "icon": FEED.icon,
        "authors": [{"name": "站"}],
        "language": "zh-Hans",
        "hubs": [{"type": "WebSub", "url": "https://hub.example.org/"}],
    }
    assert item["id"] == LOUD.id
    assert item["content_html"] == LOUD.content
    assert item["image"] == "https://e.org/a.png"
    assert item["authors"] == [{"name": "王五"}, {"name": "Ann"}]
    assert item["attachments"] == [
        {"url": "https://e.org/cover.jpg", "mime_type": "image/jpeg", "size_in_bytes": 7},
        {
            "url": "https://e.org/sound.mp3",
            "mime_type": "audio/mpeg",
            "size_in_bytes": 123,
            "duration_in_seconds": 61,
        },
    ]


def test_an_entry_without_any_text_has_its_title_as_text() -> None:
    bare = make_entry(3, content="", summary="", title="只有题目")
    [item] = json.loads(render(JSON_FEED, bare))["items"]
    assert item["content_text"] == "只有题目"
    [rss] = etree.fromstring(render(RSS, bare)).iter("item")
    assert rss.findtext("description") == "只有题目"


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_feed_without_entries_states_when_it_was_made(kind: Format) -> None:
    document = render(kind)
    assert b"1970" not in document
    if kind is ATOM:
        assert etree.fromstring(document).findtext("{http://www.w3.org/2005/Atom}updated", "").startswith("2023-01-01")
    if kind is RSS:
        assert etree.fromstring(document).findtext("channel/lastBuildDate") == "Sun, 01 Jan 2023 00:00:00 +0000"
    if kind is JSON_FEED:
        assert json.loads(document)["items"] == []


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_cached_entry_gives_the_same_document(kind: Format) -> None:
    cache: Cache = {}
    entries = [make_entry(number) for number in range(4)]
    fresh = render(kind, *entries)
    assert render(kind, *entries, cache=cache) == fresh
    assert len(cache) == 4
    cache.update({key: value.replace("雨".encode(), b"cached") for key, value in cache.items()})
    assert b"cached" in render(kind, *entries, cache=cache)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_feed_ends_before_it_is_too_long_but_has_an_entry(kind: Format) -> None:
    entries = [make_entry(number, content=f"<p>{'长' * 2_000}</p>") for number in range(9)]

    def count(max_bytes: int | None) -> int:
        return render(kind, *entries, max_bytes=max_bytes).count("长".encode() * 2_000)

    assert (count(None), count(23_000), count(1)) == (9, 3, 1)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_what_a_format_cannot_hold_is_named_and_left_out(kind: Format) -> None:
    left_out: list[str] = []
    broken = make_entry(7, title="half \ud800 of a character")
    document = render(
        kind, make_entry(1), broken, make_entry(2), on_unwritable=lambda entry, _: left_out.append(entry.id)
    )
    assert left_out == [broken.id]
    assert make_entry(2).id.encode() in document
    with pytest.raises(ValueError, match=r"."):
        render(kind, broken)


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_a_feed_of_summaries_has_no_whole_text(kind: Format) -> None:
    long = make_entry(1, content="<p>the whole text</p>", summary="its summary")
    assert b"the whole text" in render(kind, long)
    document = render(kind, long, content="summary")
    assert b"the whole text" not in document
    assert b"its summary" in document


def test_a_feed_in_a_browser_has_a_style_sheet() -> None:
    styled = replace(FEED, stylesheet="../feed.css")
    for kind in (ATOM, RSS):
        document = render(kind, make_entry(1), feed=styled)
        instruction = b'<?xml-stylesheet type="text/css" href="../feed.css"?>\n'
        assert document.splitlines(keepends=True)[1] == instruction
        assert document.replace(instruction, b"") == render(kind, make_entry(1))


def test_dates_are_english_in_every_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    import locale  # noqa: PLC0415  what must not be called

    def refuse(*_: Any) -> None:
        raise AssertionError("setlocale")

    monkeypatch.setattr(locale, "setlocale", refuse)
    assert b"<pubDate>" in render(RSS, make_entry(1))


@pytest.mark.parametrize("kind", FORMATS, ids=lambda kind: kind.name)
def test_the_notes_of_an_entry_lead_to_its_page(kind: Format) -> None:
    note = '<p>一<a href="#text-1" id="text-a">1</a></p><p id="text-1">注 <code>&lt;a href="#text-1"&gt;</code></p>'
    entry = replace(LOUD, content=note)
    document = render(kind, entry)
    content = (
        json.loads(document)["items"][0]["content_html"]
        if kind is JSON_FEED
        else next(etree.fromstring(document).iter("{*}content", "{*}encoded")).text
    )
    assert content == note.replace('<a href="#', f'<a href="{SITE}entries/{entry.key}.html#')

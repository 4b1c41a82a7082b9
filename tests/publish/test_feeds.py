from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeder.model import Credit, Entry, Feed, Link, Media, Person, Source
from feeder.publish.formats import ATOM as ATOM_FORMAT
from feeder.publish.formats import Format, Rendering, render_feed
from tests.entries import make_entry
from tests.publish.rfc4287 import ATOM, XML, violations

SITE = "https://feeds.example.org/"
FEED = Feed(
    id="urn:uuid:0e0a0c9e-0000-5000-8000-000000000001",
    title="测试",
    link=SITE,
    self_link=f"{SITE}atom.xml",
    updated=datetime(2023, 1, 1, tzinfo=UTC),
    subtitle="一行",
    language="zh-Hans",
)
NASTY = [
    make_entry(
        2, title="<b>AT&T</b> &amp; co </p>", summary="a < b &amp; <script>x</script>", rights="© <b>x</b> &copy;"
    ),
    make_entry(3, authors=(), credits=(Credit(role="translator", name="甲"), Credit(role="editor", name="甲"))),
    make_entry(id="https://example.org/文章/一 二", content="", summary="", rights=None),
    make_entry(id="urn:uuid:0e0a0c9e-0000-5000-8000-000000000000", language=None, title="", summary="", content=""),
    make_entry(6, language="zh-Hant", source=Source(title="", id="https://例子.测试/源"), authors=()),
    make_entry(
        7, title="several\nlines\tof  title", links=(Link(rel="related", href="https://例.org/文 x", title=" "),)
    ),
    make_entry(8, media=(Media(url="https://e.org/雨.jpg", kind="image"),)),
    make_entry(
        9, categories=("<b>x</b>", "a&b", "C++"), authors=(Person(name="J", uri="https://例.org/人", email="a@b.org"),)
    ),
    make_entry(10, content='<p>“引号” <a href="https://e.org/?a=1&amp;b=2">x</a> &lt;b&gt; &amp;amp;</p>'),
    make_entry(11, link="https://example.org/原文", updated=datetime(2023, 2, 20, 14, 39, 3, 999_000, tzinfo=UTC)),
]


def page_url(entry: Entry) -> str:
    return f"{SITE}entries/{entry.key}.html"


def render(*entries: Entry, feed: Feed = FEED, kind: Format = ATOM_FORMAT, **options: Any) -> bytes:
    return render_feed(kind, feed, entries, Rendering(page_url, **options))


def entries_of(document: bytes) -> list[etree._Element]:
    found: list[etree._Element] = etree.fromstring(document).findall(f"{ATOM}entry")
    return found


def render_one(entry: Entry, **options: Any) -> etree._Element:
    return entries_of(render(entry, **options))[0]


def links(element: etree._Element, rel: str) -> list[dict[str, str]]:
    found = [link for link in element.findall(f"{ATOM}link") if link.get("rel", "alternate") == rel]
    return [{str(name): str(value) for name, value in link.attrib.items() if name != "rel"} for link in found]


@pytest.mark.parametrize("content", ["full", "summary"])
def test_nothing_that_an_entry_may_hold_breaks_a_clause_of_rfc_4287(content: str) -> None:
    document = render(make_entry(1), *NASTY, content=content)
    assert violations(document, served_from=FEED.self_link) == []
    parsed = feedparser.parse(document)
    assert parsed.bozo is False
    assert len(parsed.entries) == len(NASTY) + 1


def test_a_feed_reader_finds_every_field() -> None:
    parsed = feedparser.parse(render(make_entry(), ties={"https://example.org/a/1": 2}))
    assert parsed.feed.title == "测试"
    assert parsed.feed.subtitle == "一行"
    assert parsed.feed.link == SITE
    assert parsed.feed.id == FEED.id
    assert parsed.feed.generator == "feeder"
    entry = parsed.entries[0]
    assert entry.id == "https://example.org/a/1"
    assert entry.link == "https://example.org/a/1"
    assert entry.title == "春天的第一场雨 First rain"
    assert entry.published == "2023-02-20T14:37:16+00:00"
    assert entry.updated == "2023-02-20T14:39:03.002000+00:00"
    assert entry.author == "王小明"
    assert [person.name for person in entry.contributors] == ["李四"]
    assert [tag.term for tag in entry.tags] == ["天气", "weather"]
    assert entry.summary == "清晨下了一场雨。"
    assert entry.content[0].type == "text/html"
    assert entry.content[0].language == "zh-Hans"
    assert entry.content[0].value == make_entry().content
    assert entry.rights == "CC BY 4.0"
    assert entry.source.title == "example.org"
    assert entry.source.id == "https://example.org/"
    assert entry.source.updated == "2023-02-20T14:39:03Z"


def test_links_beside_the_alternate_keep_what_feedgen_would_drop() -> None:
    entry = render_one(make_entry())
    assert links(entry, "alternate") == [{"href": "https://example.org/a/1"}]
    assert links(entry, "related") == [{"href": page_url(make_entry()), "type": "text/html"}]
    assert links(entry, "via") == [{"href": "https://example.net/original", "title": "Original"}]
    picture = {"href": "https://example.org/rain.jpg", "type": "image/jpeg", "length": "12345", "title": "雨"}
    assert links(entry, "enclosure") == [picture]


def test_an_empty_file_is_said_to_have_no_bytes() -> None:
    entry = render_one(make_entry(media=(Media(url="https://e.org/a.mp3", kind="audio", length=0),)))
    assert links(entry, "enclosure") == [{"href": "https://e.org/a.mp3", "length": "0"}]


def test_how_long_a_recording_plays_is_said_in_seconds() -> None:
    picture, film = Media(url="https://e.org/a.png", kind="image"), Media(url="https://e.org/a.mp3", kind="audio")
    duration = "{http://www.itunes.com/dtds/podcast-1.0.dtd}duration"
    assert render_one(make_entry(media=(picture, replace(film, duration_s=95)))).findtext(duration) == "95"
    assert render_one(make_entry(media=(picture, film))).find(duration) is None


def test_a_page_of_comments_is_a_link_to_replies() -> None:
    entry = render_one(make_entry(links=(Link(rel="replies", href="https://e.org/a#talk"),)))
    assert links(entry, "replies") == [{"href": "https://e.org/a#talk"}]


def test_an_entry_without_a_link_leads_to_its_page() -> None:
    entry = make_entry(id="urn:uuid:0e0a0c9e-0000-5000-8000-000000000000")
    assert links(render_one(entry), "alternate") == [{"href": page_url(entry)}]
    assert links(render_one(entry), "related") == []


def test_the_author_of_an_entry_without_one_is_its_source() -> None:
    entry = render_one(make_entry(authors=()))
    assert entry.find(f"{ATOM}author") is None
    assert entry.findtext(f"{ATOM}source/{ATOM}author/{ATOM}name") == "example.org"
    assert render_one(make_entry()).find(f"{ATOM}source/{ATOM}author") is None


def test_the_author_of_a_feed_without_one_is_its_title() -> None:
    assert etree.fromstring(render()).findtext(f"{ATOM}author/{ATOM}name") == "测试"
    signed = replace(FEED, authors=(Person(name="编辑部", email="desk@example.org"),))
    assert etree.fromstring(render(feed=signed)).findtext(f"{ATOM}author/{ATOM}email") == "desk@example.org"


def test_an_id_that_is_an_iri_is_written_as_a_uri() -> None:
    assert (
        render_one(make_entry(id="https://例子.测试/文章")).findtext(f"{ATOM}id")
        == "https://xn--fsqu00a.xn--0zwm56d/%E6%96%87%E7%AB%A0"
    )


def test_the_summary_alone_is_written_where_the_configuration_says_so() -> None:
    entry = render_one(make_entry(), content="summary")
    assert entry.find(f"{ATOM}content") is None
    assert entry.findtext(f"{ATOM}summary") == "清晨下了一场雨。"


def test_an_entry_without_any_text_has_its_title_as_summary() -> None:
    assert render_one(make_entry(content="", summary="")).findtext(f"{ATOM}summary") == make_entry().title


def test_plain_text_that_looks_like_markup_is_declared_and_read_as_it_was() -> None:
    entry = render_one(make_entry(title="1 < 2 & <b>"))
    assert [(title.get("type"), title.text) for title in entry.findall(f"{ATOM}title")] == [
        ("html", "1 &lt; 2 &amp; &lt;b&gt;")
    ]
    assert [title.get("type") for title in render_one(make_entry(title="plain")).findall(f"{ATOM}title")] == [None]
    assert feedparser.parse(render(make_entry(title="1 < 2 & 3"))).entries[0].title == "1 &lt; 2 &amp; 3"


def test_each_entry_says_its_language() -> None:
    document = etree.fromstring(render(make_entry(1, language="zh-Hant"), make_entry(2, language=None)))
    assert document.get(f"{XML}lang") == "zh-Hans"
    assert [entry.get(f"{XML}lang") for entry in document.findall(f"{ATOM}entry")] == ["zh-Hant", None]


def test_ties_tell_equal_times_apart_and_the_feed_is_as_new_as_its_newest_entry() -> None:
    first, second, third = make_entry(1), make_entry(2), make_entry(3)
    document = render(third, second, first, ties={second.id: 1, third.id: 2})
    times = [entry.findtext(f"{ATOM}updated") for entry in entries_of(document)]
    assert times == [f"2023-02-20T14:39:03{fraction}+00:00" for fraction in (".002000", ".001000", "")]
    assert etree.fromstring(document).findtext(f"{ATOM}updated") == times[0]


def test_a_tie_that_meets_another_entrys_fraction_moves_the_newer_entry() -> None:
    old = make_entry(1, updated=make_entry().updated + timedelta(milliseconds=1))
    new = make_entry(2)
    document = render(new, old, ties={new.id: 1})
    times = [entry.findtext(f"{ATOM}updated") for entry in entries_of(document)]
    assert times == ["2023-02-20T14:39:03.002000+00:00", "2023-02-20T14:39:03.001000+00:00"]


def test_a_feed_without_entries_is_a_feed() -> None:
    document = render()
    assert violations(document, served_from=FEED.self_link) == []
    assert etree.fromstring(document).findtext(f"{ATOM}updated") == "2023-01-01T00:00:00+00:00"


def test_a_site_without_a_title_goes_by_its_address() -> None:
    bare = replace(FEED, title="", subtitle=None, language=None)
    document = etree.fromstring(render(feed=bare))
    assert document.findtext(f"{ATOM}title") == SITE
    assert document.find(f"{ATOM}subtitle") is None


def test_the_same_values_give_the_same_bytes() -> None:
    assert render(make_entry(1), *NASTY) == render(make_entry(1), *NASTY)


@pytest.mark.parametrize("poison", ["a\x00b", "a\ufffeb", "a\ud800b"])
def test_an_entry_that_xml_cannot_hold_is_reported_and_the_others_go_on(poison: str) -> None:
    bad, refused = make_entry(2, content=f"<p>{poison}</p>"), []
    document = render(
        make_entry(1), bad, make_entry(3), on_unwritable=lambda entry, reason: refused.append((entry, reason))
    )
    assert [entry.findtext(f"{ATOM}id") for entry in entries_of(document)] == [
        "https://example.org/a/1",
        "https://example.org/a/3",
    ]
    assert [entry for entry, _ in refused] == [bad]
    assert all(reason for _, reason in refused)
    with pytest.raises(ValueError, match=r"XML|surrogates"):
        render(bad)


@given(st.text(), st.text(), st.text())
def test_whatever_unicode_an_entry_holds_the_feed_can_be_parsed(title: str, summary: str, name: str) -> None:
    entry = make_entry(1, title=title, summary=summary, authors=(Person(name=name),), categories=(name,))
    document = render(entry, make_entry(2), on_unwritable=lambda _entry, _reason: None)
    assert entries_of(document)[-1].findtext(f"{ATOM}id") == "https://example.org/a/2"


def test_a_source_keeps_its_own_date_and_an_entry_lends_it_where_it_has_none() -> None:
    own = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    for updated, written in ((own, "2024-01-02T03:04:05Z"), (None, "2023-02-20T14:39:03Z")):
        source = Source(title="s", id="urn:x:s", link="https://e.org/", updated=updated)
        element = render_one(make_entry(1, source=source)).find(f"{ATOM}source")
        assert element is not None
        assert element.findtext(f"{ATOM}updated") == written

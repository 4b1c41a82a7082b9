"""Documents that no program should write: each is read as far as it goes, or refused in the project's own words."""

import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeder.errors import ArticleError, FeedError
from feeder.model import Draft
from feeder.normalise.entry import normalise
from feeder.sources.feeds.opml import read_opml
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.files.collection import read_document

_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_TEXT = "The rain came to the north of the country."


def in_file(data: bytes, name: str = "a.md") -> list[str]:
    return written(read_document(data, name))


def in_feed(data: bytes) -> list[str]:
    return written(parse_feed(data, url="https://h.example/f").drafts)


def written(drafts: Iterable[Draft]) -> list[str]:
    """Return the contents of the entries, each of which a database can hold."""
    entries = [normalise(draft, now=_NOW, source="s") for draft in drafts]
    for entry in entries:
        assert "\0" not in str(asdict(entry)).encode().decode()
    return [entry.content for entry in entries]


# --- front matter -----------------------------------------------------------------------------------------------------

_BOMB = "\n".join(
    [f"a0: &a0 {{{', '.join(f'k{n}: v' for n in range(500))}}}"]
    + [f"a{n}: &a{n} {{{', '.join(f'k{k}: *a{n - 1}' for k in range(500))}}}" for n in range(1, 5)]
)
_LAUGHS = "b0: &b0 [lol]\n" + "\n".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]" for n in range(1, 20))


@pytest.mark.parametrize(
    "block",
    [
        f"id: {'9' * 6000}",
        "date: .inf",
        "date: 0000-00-00",
        "date: 0000-00-00 00:00:00",
        "date: Fri, 31 Dec 9999 23:59:00 -2300",
        "date: 9999999999999",
        "b: &b {author: Jo}\n<<: *b",
        "author: *nobody",
        "author: &a [*a]",
        "author: &a {name: *a}",
        "author: !!python/object/apply:os.system [ls]",
        "author: !!binary |\n  R0lGODlhDAAMAIQAAP//9",
        "tags: !!set {a, b}",
        "title: b\ntitle: c",
        "? [a, b]\n: c",
        '"\\ud800": "\\ud800"',
        'link: "https://e.org/\\ud800"',
        "author: " + "[" * 30_000,
        "author: " + "{a: " * 15_000,
        "- " * 20_000,
        "? " * 20_000,
        "author: " + "{name: " * 3000 + "x" + "}" * 3000,
        _BOMB,
        _LAUGHS,
    ],
    ids=lambda block: block[:30],
)
def test_no_yaml_costs_the_text(block: str) -> None:
    (content,) = in_file(f"---\ntitle: a\n{block}\n---\n\n{_TEXT}\n".encode())
    assert _TEXT in content


@pytest.mark.parametrize(
    "block",
    [
        f"id = {'9' * 6000}",
        f"author = 0x{'f' * 6000}",
        "date = inf",
        "date = nan",
        "date = 12:30:00",
        "date = 0001-01-01T00:00:00+23:59",
        "date = 9999-12-31T23:59:59-23:59",
        "a = " + "[" * 20_000,
        "a." * 20_000 + "b = 1",
        "[" + ".".join("a" * 5000) + "]\nb = 1",
        "a = " + "{b = " * 3000 + "1" + "}" * 3000,
        'author = "\\ud800"',
        'title = "b"',
    ],
    ids=lambda block: block[:30],
)
def test_no_toml_costs_the_text(block: str) -> None:
    (content,) = in_file(f'+++\ntitle = "a"\n{block}\n+++\n\n{_TEXT}\n'.encode())
    assert _TEXT in content


@pytest.mark.parametrize(
    "member",
    [
        f'"id": {"9" * 6000}',
        f'"date": {"9" * 6000}',
        '"date": 1e999',
        '"date": NaN',
        '"link": "https://e.org/\\ud800"',
        '"image": "https://e.org/\\ud800.png"',
        '"author": "\\ud800x", "tags": ["\\udfff"], "description": "\\ud800"',
        '"author": {"name": {"name": ["x"]}}',
        '"a": ' + "[" * 30_000,
        '"a": ' + '{"name": ' * 900 + "1" + "}" * 900,
    ],
    ids=lambda member: member[:30],
)
def test_no_json_costs_the_text(member: str) -> None:
    assert _TEXT in in_file(f'{{"title": "a", {member}}}\n\n{_TEXT}\n'.encode())[0]
    assert _TEXT in in_file(f'<!-- {{"url": "https://e.org/1", {member}}} -->\n\n{_TEXT}\n'.encode())[0]
    page = f'<!doctype html><title>a</title><script type=\'application/ld+json\'>{{"headline": "b", {member}}}</script>'
    assert _TEXT in in_file(f"{page}<body><p>{_TEXT}</p>".encode(), "a.html")[0]


def test_an_address_in_a_page_that_no_database_can_hold_is_none() -> None:
    said = '{"headline": "a", "url": "https://e.org/\\ud800", "author": "\\ud800Jo", "datePublished": "0000-00-00"}'
    page = f"<!doctype html><title>a</title><script type='application/ld+json'>{said}</script><body><p>{_TEXT}</p>"
    assert in_file(page.encode(), "a.html")


def test_a_map_that_many_names_stand_for_is_looked_at_once() -> None:
    (draft,) = read_document(f"---\ntitle: a\nb: &b {{author: Jo}}\nc: *b\nd: *b\n---\n{_TEXT}".encode(), "a.md")
    assert [person.name for person in draft.authors] == ["Jo"]


# --- lists and feeds --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["Title,URL,Time_Added", " title,url,time_added", "title,url,time_added ,tags", "title,url,time_added_on"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_list_is_read_however_its_columns_are_spelled(header: str, end: str) -> None:
    (draft,) = read_document(f"{header}{end}Rain,https://e.org/1,1577934245{end}".encode(), "a.csv")
    assert (draft.title, draft.link) == ("Rain", "https://e.org/1")


def test_an_element_with_a_prefix_that_nothing_declares_is_read_without_it() -> None:
    inner = "<div><foo:p>Rain</foo:p> <a:b:i>in</a:b:i> <c:1>the</c:1> north</div>"
    entry = f"<entry><id>urn:x:1</id><title>a</title><content type='xhtml'>{inner}</content></entry>"
    (content,) = in_feed(f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>".encode())
    assert "Rain" in content
    assert "north" in content


@pytest.mark.parametrize("sizes", ["a.png 1.2.3w, b.png .x", "a.png .w"])
def test_a_picture_of_no_known_size_costs_nothing(sizes: str) -> None:
    (content,) = in_file(f"<p>{_TEXT}</p><img src='a.gif' srcset='{sizes}'>".encode(), "a.html")
    assert _TEXT in content


@pytest.mark.parametrize("how_long", ["9" * 6000, "9" * 6000 + ":00", "²:³", "-1", "1e999"])
def test_a_length_that_no_file_has_costs_no_entry(how_long: str) -> None:
    file = f"<enclosure url='https://e.org/a.mp3' type='audio/mpeg' length='{how_long}'/>"
    duration = f"<i:duration xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'>{how_long}</i:duration>"
    item = f"<item><title>a</title>{file}{duration}<description>{_TEXT}</description></item>"
    (content,) = in_feed(f"<rss><channel>{item}</channel></rss>".encode())
    assert _TEXT in content


@pytest.mark.parametrize(
    "odd",
    ["<a:b:/>", "<x xmlns='a}b'/>", "<up:1 A:b=''/>", "<link a:='' REL='self'/>", "<link xml&#0;:base='' HREF='/2'/>"],
)
def test_names_that_no_xml_allows_cost_no_entry(odd: str) -> None:
    item = f"<item><title>a</title>{odd}<description>{_TEXT}</description></item>"
    assert _TEXT in in_feed(f"<rss><channel>{item}</channel></rss>".encode())[0]
    feed = f"<opml><body>{odd}<outline xmlUrl='https://e.org/f' a:='' TEXT='a'/></body></opml>"
    assert len(read_opml(feed.encode(), "a.opml").feeds) == 1


@pytest.mark.parametrize("odd", ["&#xd800;", "&nothing;", "&", "\x13", "<!--", "<a:b>"])
def test_what_no_xml_allows_costs_no_post_of_an_export(odd: str) -> None:
    assert "The rain" in in_file(_WORDPRESS.replace("<link>", f"<description>{odd}</description><link>").encode())[0]


def test_characters_that_no_xml_allows_cost_no_page() -> None:
    bar = "<div class='sidebar'><a href='/x'>b</a></div>\x13&#19; tail"
    page = f"<!doctype html><title>a</title><body>\x13{bar}<p>{_TEXT} {_TEXT}</p>{bar}"
    assert _TEXT in in_file(page.encode(), "a.html")[0]


def test_one_number_that_is_too_long_costs_no_feed() -> None:
    items = f'{{"id": {"9" * 6000}, "title": "a"}}, {{"id": "2", "title": "b", "content_text": "{_TEXT}"}}'
    assert any(_TEXT in content for content in in_feed(f'{{"title": "f", "items": [{items}]}}'.encode()))


# --- anything ---------------------------------------------------------------------------------------------------------

_WORDPRESS = """<?xml version='1.0'?><rss xmlns:wp='http://wordpress.org/export/1.2/'
 xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>
<title>f</title><language>en</language><item><title>a</title><link>https://e.org/1</link><dc:creator>Jo</dc:creator>
<category domain='tag'>b</category><content:encoded><![CDATA[<p>The rain</p>]]></content:encoded>
<wp:post_date_gmt>2020-01-02 03:04:05</wp:post_date_gmt><wp:status>publish</wp:status><wp:post_type>post</wp:post_type>
</item></channel></rss>"""
_RSS = """<?xml version='1.0'?><!DOCTYPE rss><rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel>
<title>f</title><ttl>60</ttl><item><title>a</title><guid isPermaLink='true'>https://e.org/1</guid>
<pubDate>Thu, 02 Jan 2020 10:00:00 GMT</pubDate><author>jo@e.org (Jo)</author><media:thumbnail url='https://e.org/a.png'/>
<enclosure url='https://e.org/a.mp3' length='9' type='audio/mpeg'/>
<description>&lt;p&gt;The rain&lt;/p&gt;</description>
</item></channel></rss>"""
_ATOM = """<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://e.org/' xml:lang='en'><title>f</title><entry>
<id>urn:x:1</id><title type='html'>a</title><link href='1'/><updated>2020-01-02T10:00:00Z</updated><author>
<name>Jo</name><uri>b</uri></author><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>The rain</p>
</div></content></entry></feed>"""
_JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "f", "items": [{"id": 1, "url": "https://e.org/1",
"title": "a", "content_html": "<p>The rain</p>", "date_published": "2020-01-02T10:00:00Z", "authors": [{"name": "Jo"}],
"tags": ["b"], "attachments": [{"url": "https://e.org/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 9}]}]}"""
_YAML = """---
title: a
date: 2020-01-02 10:00:00
author: &a {name: Jo}
tags: [b, 'c']
extra: *a
---

# a

The rain
"""
_TOML = """+++
title = "a"
date = 2020-01-02T10:00:00Z
[taxonomies]
tags = ["b"]
[extra]
author = "Jo"
+++

The rain
"""
_PAGE = """<!doctype html><html lang=en><head><title>a</title><meta charset=utf-8><meta property='og:title' content='a'>
<script type='application/ld+json'>{"headline": "a", "datePublished": "2020-01-02", "author": [{"name": "Jo"}]}</script>
</head><body><h1>a</h1><article><p>The rain</p><img src='a.png' srcset='b.png 2x'></article></body></html>"""
_POCKET = (
    """<title>Pocket Export</title><ul><li><a href="https://e.org/" time_added="1577934245" tags="a,b">a</a></ul>"""
)
_BOOKMARKS = """<!DOCTYPE NETSCAPE-Bookmark-file-1><DL><DT><A HREF="https://e.org/" ADD_DATE="1577934245">a</A></DL>"""
_CSV = 'title,url,time_added,tags\n"a, b",https://e.org/1,1577934245,c|d\nb,https://e.org/2,,\n'
_OPML = """<opml><body><outline text='a'><outline text='b' xmlUrl='https://e.org/f' category='/c/d'/></outline></body>
</opml>"""

_PUT = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(
        [
            *(
                b"<",
                b">",
                b"&",
                b'"',
                b"'",
                b"\n---\n",
                b"\n",
                b"\r",
                b"\0",
                b"]]>",
                b"<![CDATA[",
                b"<!--",
                b"-->",
                b"<a:b>",
            ),
            *(
                b"\xff\xfe",
                b"\xef\xbb\xbf",
                b"\xed\xa0\x80",
                b"\\ud800",
                b"&#xd800;",
                b"&#0;",
                b"\x1b$B",
                b"\xe9",
                b"http://[",
            ),
            *(
                b"9" * 5000,
                b"1e999",
                b"0000-00-00",
                b"Fri, 31 Dec 9999 23:59:00 -2300",
                b"[" * 50,
                b"{" * 50,
                b"*a",
                b"- ",
            ),
            *(
                b"charset=utf-16",
                b" encoding='koi8-r'",
                "٢٠٢٠".encode(),
                "²".encode(),
                b"1.2.3x",
                b"//",
                b":",
                b": ",
                b"\t",
            ),
        ]
    ),
)
_CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), _PUT), max_size=6)


def changed(document: str, changes: Iterable[tuple[float, int, bytes]]) -> bytes:
    data = document.encode()
    for place, out, put in changes:
        start = round(place * len(data))
        data = data[:start] + put + data[start + out :]
    return data


def read_or_refused(read: Callable[[bytes], object], data: bytes) -> None:
    try:
        read(data)
    except (ArticleError, FeedError) as error:
        assert re.fullmatch(r".*\S.*", str(error))  # noqa: PT017  either outcome is right; a refusal is one line


@pytest.mark.parametrize(
    ("document", "name"),
    [
        *((_YAML, "a.md"), (_TOML, "a.md"), (_JSON, "a.json"), (_PAGE, "a.html"), (_WORDPRESS, "a.xml")),
        *((_CSV, "a.csv"), (_POCKET, "a.html"), (_BOOKMARKS, "a.html")),
    ],
    ids=["yaml", "toml", "json", "page", "wordpress", "csv", "pocket", "bookmarks"],
)
@settings(max_examples=60)
@given(changes=_CHANGES)
def test_a_file_that_was_damaged_is_read_or_refused(
    document: str, name: str, changes: list[tuple[float, int, bytes]]
) -> None:
    read_or_refused(lambda data: in_file(data, name), changed(document, changes))


@pytest.mark.parametrize(
    "document", [_RSS, _ATOM, _JSON, _WORDPRESS, _PAGE], ids=["rss", "atom", "json", "wxr", "page"]
)
@settings(max_examples=60)
@given(changes=_CHANGES)
def test_a_feed_that_was_damaged_is_read_or_refused(document: str, changes: list[tuple[float, int, bytes]]) -> None:
    read_or_refused(in_feed, changed(document, changes))


@settings(max_examples=60)
@given(changes=_CHANGES)
def test_a_list_of_feeds_that_was_damaged_is_read_or_refused(changes: list[tuple[float, int, bytes]]) -> None:
    read_or_refused(lambda data: read_opml(data, "a.opml"), changed(_OPML, changes))


@given(st.binary(max_size=200), st.sampled_from(["a.md", "a.html", "a.xml", "a.csv", "a.txt"]))
def test_any_bytes_are_read_or_refused_everywhere(data: bytes, name: str) -> None:
    read_or_refused(lambda data: in_file(data, name), data)
    read_or_refused(in_feed, data)
    read_or_refused(lambda data: read_opml(data, "a.opml"), data)

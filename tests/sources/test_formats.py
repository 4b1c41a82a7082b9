"""Formats of other programs: feeds, lists, mail, saved pages, books, notes, exports."""

import json
import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from feeder.errors import ArticleError, NotAnArticleError
from feeder.model import Draft, Entry, entry_to_dict
from feeder.normalise.entry import normalise
from feeder.sources.data import Data
from feeder.sources.files.collection import is_collection, read_document
from feeder.sources.files.formats import books

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TEXT = "The harbour was closed for two days. Boats waited outside until the storm had passed. "


def entry(draft: Draft) -> Entry:
    return normalise(draft, now=_NOW)


def read(text: str | bytes, name: str) -> tuple[Draft, ...]:
    return read_document(text if isinstance(text, bytes) else text.encode(), name)


def only(text: str | bytes, name: str) -> Entry:
    [draft] = read(text, name)
    return entry(draft)


# --- feeds ---


_RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour</title><link>https://h.example/</link>
<item><title>Storm</title><link>https://h.example/storm</link><pubDate>Mon, 01 Mar 2021 09:00:00 +0000</pubDate>
<description>&lt;p&gt;Closed.&lt;/p&gt;</description></item></channel></rss>"""


@pytest.mark.parametrize("name", ["feed.xml", "feed.rss", "feed", "feed.txt"])
def test_a_saved_feed_has_entries(name: str) -> None:
    found = only(_RSS, name)
    assert (found.title, found.link) == ("Storm", "https://h.example/storm")
    assert (found.published, found.content) == (datetime(2021, 3, 1, 9, tzinfo=UTC), "<p>Closed.</p>")
    assert is_collection(Data(_RSS.encode()), name)


def test_a_saved_json_feed_has_entries() -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Harbour",
        "items": [{"id": "1", "url": "https://h.example/1", "content_html": "<p>Closed.</p>", "title": "Storm"}],
    }
    found = only(json.dumps(feed), "feed.json")
    assert (found.title, found.link, found.content) == ("Storm", "https://h.example/1", "<p>Closed.</p>")


_BLOGGER = """<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'
 xmlns:app='http://www.w3.org/2007/app' xmlns:blogger='http://schemas.google.com/blogger/2018'>
<id>tag:blogger.com,1999:blog-7.archive</id><title>Blog</title>{entries}</feed>"""
_KIND = (
    "<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/blogger/2008/kind#{}'/>"
)


def blogger_entry(number: int, more: str) -> str:
    return (
        f"<entry><id>tag:blogger.com,1999:blog-7.post-{number}</id><title>P{number}</title>{more}"
        f"<published>2020-01-0{number}T10:00:00Z</published><content type='html'>&lt;p&gt;x&lt;/p&gt;</content></entry>"
    )


def test_of_a_blogger_export_posts_and_pages_are_read_and_drafts_withheld() -> None:
    entries = (
        blogger_entry(1, _KIND.format("template")),
        blogger_entry(2, _KIND.format("post") + "<category scheme='http://www.blogger.com/atom/ns#' term='Sea'/>"),
        blogger_entry(3, _KIND.format("comment")),
        blogger_entry(4, _KIND.format("page")),
        blogger_entry(5, _KIND.format("post") + "<app:control><app:draft>yes</app:draft></app:control>"),
    )
    drafts = read(_BLOGGER.format(entries="".join(entries)), "blog.xml")
    assert [(draft.title, draft.withheld is None) for draft in drafts] == [("P2", True), ("P4", True), ("P5", False)]
    assert drafts[0].categories == ("Sea",)


def test_a_blogger_export_of_2024_marks_kinds_by_elements_of_its_own() -> None:
    entries = (
        blogger_entry(1, "<blogger:type>COMMENT</blogger:type><blogger:status>LIVE</blogger:status>"),
        blogger_entry(
            2,
            "<blogger:type>POST</blogger:type><blogger:status>LIVE</blogger:status>"
            "<blogger:filename>/2020/01/p.html</blogger:filename>",
        ),
        blogger_entry(3, "<blogger:type>POST</blogger:type><blogger:status>DRAFT</blogger:status>"),
    )
    drafts = read(_BLOGGER.format(entries="".join(entries)), "feed.atom")
    assert [(draft.title, draft.withheld is None) for draft in drafts] == [("P2", True), ("P3", False)]
    assert drafts[0].link is not None
    assert drafts[0].link.endswith("/2020/01/p.html")


def test_a_long_feed_is_read_in_parts() -> None:
    item = "<item><title>T{0}</title><link>https://h.example/{0}</link><description>{1}</description></item>"
    items = "".join(item.format(number, "x" * 9000) for number in range(650))
    feed = f"<?xml version='1.0'?><rss version='2.0'><channel><title>Long</title>{items}</channel></rss>"
    drafts = read(feed, "long.xml")
    assert [draft.title for draft in drafts] == [f"T{number}" for number in range(650)]
    assert len({draft.id for draft in drafts}) == 650


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('<opml version="2.0"><body/></opml>', "list of feeds"),
        ('<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>', "sitemap"),
        ("<foo/>", "XML of another kind: <foo>"),
    ],
)
def test_other_xml_is_told(text: str, kind: str) -> None:
    with pytest.raises(NotAnArticleError, match=kind):
        read(text, "a.xml")


# --- lists of links ---


@pytest.mark.parametrize(
    "text",
    [
        'URL,Title,Selection,Folder,Timestamp,Tags\nhttps://a.example/1,One,,Unread,1704067200,"[""x""]"\n',
        "title,url,time_added,tags,status\nOne,https://a.example/1,1704067200,x,unread\n",
        "id,title,note,excerpt,url,folder,tags,created,cover\n7,One,,,https://a.example/1,F,x,2024-01-01T00:00:00Z,\n",
        "Title,URL,ID,Document tags,Saved date,Reading progress\nOne,https://a.example/1,9,x,2024-01-01 00:00:00+00:00,0\n",  # noqa: E501  one row of a table
        "Title;URL;Tags;Creation Date\nOne;https://a.example/1;x;2024-01-01 00:00:00\n",
        "\ufeffURL\tTitle\tTags\tTimestamp\nhttps://a.example/1\tOne\tx\t1704067200\n",
    ],
    ids=["Instapaper", "Pocket", "Raindrop", "Readwise Reader", "Wallabag", "tabs"],
)
def test_lists_of_links_are_read_by_their_columns(text: str) -> None:
    found = only(text, "list.csv")
    assert (found.title, found.link, found.categories) == ("One", "https://a.example/1", ("x",))
    assert found.published == datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["list.csv", "list.tsv", "part_000000"])
@pytest.mark.parametrize("head", ["", "sep={0}\r\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_lists_of_links_are_read_in_every_encoding(name: str, head: str, delimiter: str, codec: str) -> None:
    text = "title|url|time_added\r\nÉté à la mer|https://a.example/1|1704067200\r\n"
    [draft] = read((head.format(delimiter) + text.replace("|", delimiter)).encode(codec), name)
    assert (draft.title, draft.link) == ("Été à la mer", "https://a.example/1")


@pytest.mark.parametrize(
    "record",
    [
        {"href": "https://a.example/1", "description": "One", "extended": "", "time": "2024-01-01T00:00:00Z", "tags": "x"},  # noqa: E501  one row of a table
        {"title": "One", "url": "https://a.example/1", "created_at": "2024-01-01T00:00:00+0000", "tags": ["x"],
         "content": "<p>Text.</p>"},
        {"id": "s", "title": "One", "url": "https://a.example/1", "labels": [{"name": "x"}],
         "savedAt": "2024-01-01T00:00:00Z"},
    ],
    ids=["Pinboard", "Wallabag", "Omnivore"],
)  # fmt: skip
def test_lists_of_links_are_read_by_their_keys(record: dict[str, object]) -> None:
    found = only(json.dumps([record]), "list.json")
    assert (found.title, found.link, found.categories) == ("One", "https://a.example/1", ("x",))
    assert found.published == datetime(2024, 1, 1, tzinfo=UTC)


def test_highlights_are_articles_of_quotations() -> None:
    table = (
        "Highlight,Book Title,Book Author,Amazon Book ID,Note,Highlighted at,Document tags\n"
        '"First, line",Storms,Ann Song,,My note,2024-01-01 08:00:00+00:00,"sea, wind"\n'
        "Second,Storms,Ann Song,,,2024-01-02 08:00:00+00:00,\n"
        "Other,Calm,Bob Ray,,,2024-01-03 08:00:00+00:00,\n"
    )
    storms, calm = (entry(draft) for draft in read(table, "readwise-data.csv"))
    assert storms.content == (
        "<blockquote><p>First, line</p></blockquote>\n<p>My note</p>\n<blockquote><p>Second</p></blockquote>"
    )
    assert (storms.title, storms.authors[0].name, storms.categories) == ("Storms", "Ann Song", ("sea", "wind"))
    assert (calm.title, calm.published) == ("Calm", datetime(2024, 1, 3, 8, tzinfo=UTC))
    saved = {"url": "https://a.example/1", "title": "One", "highlights": [{"quote": "Marked"}, "x", {"quote": ""}]}
    assert only(json.dumps([saved]), "part_000000.json").content == "<blockquote><p>Marked</p></blockquote>"


def test_private_links_are_not_published() -> None:
    pins = [{"href": f"https://a.example/{n}", "description": "x", "shared": n, "tags": "a b"} for n in ("yes", "no")]
    marks = (
        "<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<TITLE>Bookmarks</TITLE>"
        '<DT><A HREF="https://a.example/yes" PRIVATE="0">x</A><DT><A HREF="https://a.example/no" PRIVATE="1">x</A>'
    )
    for text, name in ((json.dumps(pins), "pins.json"), (marks, "marks.html")):
        assert [draft.withheld is None for draft in read(text, name)] == [True, False]
    assert read(json.dumps(pins), "pins.json")[0].categories == ("a", "b")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a,b\n1,2\n", "t.csv"),
        ("Highlight,Colour\nx,y\n", "marks.csv"),
        ('{"name": "x", "version": 1}', "package.json"),
        ("[1, 2]", "a.json"),
        ("{}", "a.json"),
        ('[{"a": 1}]', "a.json"),
        ("post_id,post_date,is_published,title\n1,2020,true,x\n", "posts.csv"),
    ],
)
def test_other_data_is_told(text: str, name: str) -> None:
    with pytest.raises(NotAnArticleError, match="not an article"):
        read(text, name)


@pytest.mark.parametrize("text", ['{"a": ', '[{"url": "https://a.example/", "title": "x"}, {'])
def test_json_that_breaks_off_is_told(text: str) -> None:
    with pytest.raises(ArticleError, match="not valid JSON"):
        read(text, "a.json")


# --- mail ---

_NEWSLETTER = """From: Ann Song <ann@n.example>
To: you@y.example
Subject: =?utf-8?q?Rain_in_M=C3=BCnchen?=
Date: Fri, 05 Jan 2024 10:00:00 +0100
Message-ID: <abc@n.example>
List-Post: <https://ann.n.example/p/rain>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

plain
--b
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<html><body><p>Wet f=FC=DFe.</p></body></html>
--b--
"""


@pytest.mark.parametrize("name", ["a.eml", "a"])
def test_a_newsletter_is_an_article(name: str) -> None:
    found = only(_NEWSLETTER, name)
    assert (found.title, found.link) == ("Rain in München", "https://ann.n.example/p/rain")
    assert [person.name for person in found.authors] == ["Ann Song"]
    assert (found.published, found.content) == (datetime(2024, 1, 5, 9, tzinfo=UTC), "<p>Wet füße.</p>")
    assert not is_collection(Data(_NEWSLETTER.encode()), name)


def test_an_mbox_has_many() -> None:
    second = _NEWSLETTER.replace("abc@", "def@").replace("Rain_in", "Snow_in").replace("plain", ">From here")
    box = "".join(f"From ann@n.example Fri Jan  5 10:00:00 2024\n{text}\n" for text in (_NEWSLETTER, second))
    assert [draft.title for draft in read(box, "box.mbox")] == ["Rain in München", "Snow in München"]


def test_a_page_saved_as_mhtml_is_read() -> None:
    page = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://n.example/1\nSubject: x\n"
        "Date: Wed, 1 May 2024 08:00:00 -0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related;\n\ttype="text/html";\n\tboundary="B"\n\n'
        "--B\nContent-Type: text/html; charset=gbk\nContent-Transfer-Encoding: base64\n\n"
        "PGh0bWw+PGhlYWQ+PHRpdGxlPtPqPC90aXRsZT48L2hlYWQ+PGJvZHk+PHA+z8LT6sHLoaM8L3A+PC9ib2R5PjwvaHRtbD4=\n--B--\n"
    )
    found = only(page, "page.mht")
    assert (found.title, found.link, found.content) == ("雨", "https://n.example/1", "<p>下雨了。</p>")
    assert found.published == datetime(2024, 5, 1, 8, tzinfo=UTC)
    with pytest.raises(ArticleError, match="no page"):
        read("MIME-Version: 1.0\nContent-Type: image/png\n\nx", "a.mhtml")


# --- saved pages ---

_PAGE = f"<html lang='en'>{{0}}<head><title>Storm</title></head><body><h1>Storm</h1><p>{_TEXT * 5}</p></body></html>"


@pytest.mark.parametrize(
    "comment",
    [
        "<!--\n Page saved with SingleFile \n url: https://h.example/storm \n saved date: Wed May 01 2024 10:00:00 GMT+0200\n-->",  # noqa: E501  one comment
        "<!-- Saved from https://h.example/storm at 2024-05-01T08:00:00Z using monolith v2.8 -->",
        "<!-- Mirrored from h.example/storm by HTTrack Website Copier/3.x [XR&CO'2014], Wed, 01 May 2024 08:00:00 GMT -->",  # noqa: E501  one row of a table
        '<meta name="savepage-url" content="https://h.example/storm"><meta name="savepage-date" content="Wed May 01 2024 10:00:00 GMT+0200">',  # noqa: E501  one head
    ],
    ids=["SingleFile", "monolith", "HTTrack", "Save Page WE"],
)
def test_a_saved_page_names_its_address_and_time(comment: str) -> None:
    found = only(_PAGE.format(comment), "Storm.html")
    assert (found.link, found.published) == ("https://h.example/storm", datetime(2024, 5, 1, 8, tzinfo=UTC))


def test_a_page_that_a_browser_saved_names_its_address() -> None:
    page = "<!-- saved from url=(0023)https://h.example/storm -->\n" + _PAGE.format("")
    assert only(f"<!DOCTYPE html>\n{page}", "Storm.html").link == "https://h.example/storm"
    assert only(page, "Storm.html").link == "https://h.example/storm"


@pytest.mark.parametrize(
    "link",
    [
        "https://web.archive.org/web/20240501080000/https://h.example/storm",
        "http://web.archive.org/web/20240501080000id_/https:/h.example/storm",
        "https://archive.ph/20240501080000/https://h.example/storm",
        "https://archive.today/2024.05.01-080000/https://h.example/storm",
    ],
)
def test_a_copy_in_a_web_archive_links_to_its_page(link: str) -> None:
    found = only(_PAGE.format(f'<link rel="canonical" href="{link}">'), "Storm.html")
    assert (found.link, found.published) == ("https://h.example/storm", datetime(2024, 5, 1, 8, tzinfo=UTC))


def test_a_post_of_a_medium_export_is_read_by_its_microformats() -> None:
    page = (
        '<html><head><title>Storm</title></head><body><article class="h-entry"><header><h1 class="p-name">Storm</h1>'
        '</header><section class="p-summary">Short.</section><section class="e-content"><h3 class="graf--title">Storm'
        f'</h3><p>{_TEXT}</p></section><footer><p>By <a href="https://m.example/@a" class="p-author h-card">Ann</a>'
        '<time class="dt-published" datetime="2025-04-01T12:00:00.000Z">April 1, 2025</time></p>'
        '<p><a href="https://m.example/storm" class="p-canonical">Canonical link</a></p><p>Exported.</p></footer>'
        "</article></body></html>"
    )
    found = only(page, "posts/2025-04-01_Storm-1.html")
    assert (found.title, found.link, found.summary) == ("Storm", "https://m.example/storm", "Short.")
    assert found.published == datetime(2025, 4, 1, 12, tzinfo=UTC)
    assert [person.name for person in found.authors] == ["Ann"]
    assert found.content == f"<p>{_TEXT.strip()}</p>"


def test_a_page_in_hatom_has_its_address_and_exact_time() -> None:
    page = (
        '<html><head><title>Storm</title></head><body><article class="hentry"><h1>Storm</h1>'
        '<abbr class="published" title="2009-03-05T09:30:00Z">5 March 2009</abbr>'
        f'<a rel="bookmark" href="https://h.example/storm">#</a><p>{_TEXT}</p>{{}}</article></body></html>'
    )
    found = only(page.format(""), "a.html")
    assert (found.link, found.published) == ("https://h.example/storm", datetime(2009, 3, 5, 9, 30, tzinfo=UTC))
    assert only(page.format('<a rel="bookmark" href="https://h.example/b">B</a>'), "a.html").link is None


@pytest.mark.parametrize(
    "name", ["bookmarks/bookmarks-0001.html", "profile/about.html", "lists/Reading-list.html", "sessions/a.html"]
)
def test_the_lists_in_a_medium_export_are_no_articles(name: str) -> None:
    style = "<style>section[data-field=subtitle] { display: none; }</style>"
    page = f"<html><head><title>A list</title>{{}}</head><body><h3>A list</h3><p>{_TEXT}</p></body></html>"
    for text in (page.format(style), page.format("").replace("<h3>", '<h3 class="p-name">')):
        with pytest.raises(NotAnArticleError, match="list in a Medium export"):
            read(text, name)
    assert read(page.format(""), name)


# --- Telegram ---


def test_messages_of_a_telegram_channel_are_entries() -> None:
    messages = [
        {"id": 1, "type": "service", "date": "2024-05-01T10:00:00", "action": "create_channel", "text": ""},
        {
            "id": 2, "type": "message", "date": "2024-05-01T10:00:00", "date_unixtime": "1714550400", "from": "Harbour",
            "text": ["Storm\n\nClosed, ", {"type": "bold", "text": "all"}, {"type": "hashtag", "text": "#sea"}],
        },
        {"id": 3, "type": "message", "date": "2024-05-01T10:00:00", "text": "", "sticker": "a.webp"},
    ]  # fmt: skip
    for export in (
        {"name": "Harbour", "type": "public_channel", "id": 1, "messages": messages},
        {"about": "x", "chats": {"list": [{"name": "Harbour", "type": "public_channel", "messages": messages}]}},
    ):
        found = only(json.dumps(export), "result.json")
        assert (found.title, found.content) == ("Storm", "<p>Closed, <b>all</b>#sea</p>")
        assert found.published == datetime(2024, 5, 1, 8, tzinfo=UTC)
        assert [person.name for person in found.authors] == ["Harbour"]


def test_messages_in_html_are_entries() -> None:
    page = """<!DOCTYPE html><html><head><title>Exported Data</title></head><body><div class="page_header">
<div class="text bold">Harbour</div></div><div class="history"><div class="message service" id="message-1">
<div class="body details">1 May 2024</div></div><div class="message default clearfix" id="message2"><div class="body">
<div class="pull_right date details" title="01.05.2024 10:00:00 UTC+02:00">10:00</div>
<div class="from_name">Harbour</div>
<div class="text">Storm<br><br>Closed.</div></div></div></div></body></html>"""
    found = only(page, "messages.html")
    assert (found.title, found.published) == ("Storm", datetime(2024, 5, 1, 8, tzinfo=UTC))
    assert "Closed." in found.content


# --- Ghost, feeder ---


def test_posts_of_a_ghost_export_are_read_with_people_and_tags() -> None:
    data = {
        "posts": [
            {"id": "1", "title": "Storm", "slug": "storm", "html": "<p>Closed.</p>", "status": "published",
             "published_at": "2024-05-01T08:00:00.000Z", "visibility": "public"},
            {"id": "2", "title": "Draft", "slug": "d", "html": "<p>x</p>", "status": "draft"},
            {"id": "3", "title": "Paid", "slug": "p", "html": "<p>x</p>", "status": "published", "visibility": "paid"},
        ],
        "posts_authors": [{"post_id": "1", "author_id": "u", "sort_order": 0}],
        "posts_tags": [{"post_id": "1", "tag_id": "t", "sort_order": 0}],
        "tags": [{"id": "t", "name": "Sea"}],
        "users": [{"id": "u", "name": "Ann"}],
    }  # fmt: skip
    drafts = read(json.dumps({"db": [{"meta": {"version": "5"}, "data": data}]}), "ghost.json")
    assert [(draft.title, draft.withheld) for draft in drafts] == [
        ("Storm", None),
        ("Draft", "export: status: draft"),
        ("Paid", "export: visibility: paid"),
    ]
    found = entry(drafts[0])
    assert [person.name for person in found.authors] == ["Ann"]
    assert (found.categories, found.published) == (("Sea",), datetime(2024, 5, 1, 8, tzinfo=UTC))


@pytest.mark.parametrize("number", [1, 3])
def test_what_feeder_exports_is_read_back(number: int) -> None:
    before = [
        only(f"---\ntitle: T{n}\ndate: 2024-05-0{n}\nauthor: Ann\nlink: https://h.example/{n}\n---\n{_TEXT}", f"{n}.md")
        for n in range(1, 1 + number)
    ]
    lines = "\n".join(json.dumps(entry_to_dict(one)) for one in before)
    after = [entry(draft) for draft in read(lines, "export.jsonl")]
    keys = ("id", "title", "link", "published", "content", "authors", "categories", "language")
    assert [[getattr(one, key) for key in keys] for one in after] == [
        [getattr(one, key) for key in keys] for one in before
    ]


# --- notes and books ---


def test_notes_of_evernote_are_entries() -> None:
    note = (
        "<note><title>Storm</title><created>20240501T080000Z</created><updated>20240502T080000Z</updated><tag>Sea</tag>"
        "<note-attributes><author>Ann</author><source-url>https://h.example/storm</source-url></note-attributes>"
        '<content><![CDATA[<?xml version="1.0"?><!DOCTYPE en-note SYSTEM "http://xml.evernote.com/pub/enml2.dtd">'
        '<en-note><div>Closed.</div><en-media hash="a" type="image/png"/></en-note>]]></content></note>'
    )
    found = only(f'<?xml version="1.0"?><en-export version="10">{note}</en-export>', "a.enex")
    assert (found.title, found.link, found.content) == ("Storm", "https://h.example/storm", "<p>Closed.</p>")
    assert (found.published, found.categories) == (datetime(2024, 5, 1, 8, tzinfo=UTC), ("Sea",))


def test_a_notebook_is_an_article_with_code() -> None:
    notebook = {
        "nbformat": 4,
        "metadata": {"kernelspec": {"language": "python"}},
        "cells": [
            {"cell_type": "markdown", "source": ["# Storm\n", "\n", "Closed."]},
            {"cell_type": "code", "source": "print(1)", "outputs": [{"output_type": "stream", "text": ["1\n"]}]},
        ],
    }
    found = only(json.dumps(notebook), "storm.ipynb")
    assert found.title == "Storm"
    assert found.content == "<p>Closed.</p>\n<pre><code>print(1)</code></pre>\n<pre><code>1</code></pre>"
    for text in ("{}", "x", '{"cells": []}'):
        with pytest.raises(ArticleError, match="notebook"):
            read(text, "a.ipynb")


def epub(*chapters: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="O/c.opf"/></rootfiles></container>',
        )
        items = "".join(
            f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
        )
        refs = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
        book.writestr(
            "O/c.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<dc:title>Book</dc:title><dc:creator>Ann</dc:creator><dc:date>2024-05-01</dc:date>"
            f"<dc:language>en</dc:language></metadata><manifest>{items}</manifest><spine>{refs}</spine></package>",
        )
        for number, text in enumerate(chapters):
            book.writestr(f"O/c{number}.xhtml", text)
    return file.getvalue()


def test_chapters_of_a_book_are_entries() -> None:
    chapter = "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{0}</title></head><body><h1>{0}</h1><p>{1}</p></body></html>"
    book = epub(chapter.format("Cover", ""), chapter.format("One", _TEXT * 4), chapter.format("Two", _TEXT * 5))
    drafts = read(book, "a.epub")
    assert [draft.title for draft in drafts] == ["One", "Two"]
    found = entry(drafts[0])
    assert [person.name for person in found.authors] == ["Ann"]
    assert found.published == datetime(2024, 5, 1, tzinfo=UTC)
    for data in (b"PK\x03\x04", b"x", b""):
        with pytest.raises(ArticleError, match="EPUB"):
            read(data, "a.epub")


def test_a_chapter_that_is_read_in_part_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_MAX_FILE", 1000)
    long, short = f"<h1>One</h1><p>{_TEXT * 20}</p>", f"<h1>Two</h1><p>{_TEXT * 4}</p>"
    one, two = read(epub(long, short), "a.epub")
    assert one.lost == (f"O/c0.xhtml: read up to 1,000 of {len(long):,} bytes",)
    assert two.lost == ()
    assert two.attached is not None
    assert two.attached("c1.xhtml") == short.encode()
    assert two.attached("c9.xhtml") is None
    with pytest.raises(ArticleError, match=rf"^too large: {len(long):,} bytes \(limit in a book: 1,000\)$"):
        two.attached("c0.xhtml")


def test_restructured_text_is_read_by_docutils() -> None:
    pytest.importorskip("docutils")
    text = f"Storm\n=====\n\n:date: 2024-05-01\n:author: Ann\n:tags: sea, rain\n\n{_TEXT}\n\n.. code:: python\n\n   x = 1\n"  # noqa: E501  one row of a table
    found = only(text, "storm.rst")
    assert (found.title, found.published) == ("Storm", datetime(2024, 5, 1, tzinfo=UTC))
    assert [person.name for person in found.authors] == ["Ann"]
    assert ".. code" not in found.content
    assert "x = 1" in found.content


def test_restructured_text_is_told_where_docutils_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeder.sources.files.formats.restructured.find_spec", lambda _: None)
    with pytest.raises(NotAnArticleError, match="pip install docutils"):
        read("Storm\n=====\n", "storm.rst")

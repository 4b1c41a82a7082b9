"""Files with many articles (WordPress exports, Pocket lists, bookmarks); all others have one."""

from datetime import UTC, datetime

import pytest

from feeder.errors import ArticleError, NotAnArticleError
from feeder.model import Draft, Entry
from feeder.normalise.entry import normalise
from feeder.sources.files.collection import read_document

_NOW = datetime(2026, 1, 1, tzinfo=UTC)

_WORDPRESS = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- generator="WordPress/6.1" -->
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Ein Blog</title><link>https://b.example</link><language>de-DE</language>
<wp:author><wp:author_login>jane</wp:author_login><wp:author_display_name>Jane Doe</wp:author_display_name></wp:author>
{items}
</channel></rss>"""
_POST = """<item><title>{title}</title><link>https://b.example/{title}</link>
<pubDate>Mon, 01 Mar 2021 09:00:00 +0000</pubDate><dc:creator><![CDATA[jane]]></dc:creator>
<content:encoded><![CDATA[{content}]]></content:encoded><excerpt:encoded><![CDATA[{excerpt}]]></excerpt:encoded>
<wp:post_date>2021-03-01 10:00:00</wp:post_date><wp:post_date_gmt>{gmt}</wp:post_date_gmt>
<wp:post_modified_gmt>2021-03-02 08:00:00</wp:post_modified_gmt><wp:status>{status}</wp:status>
<wp:post_type>{kind}</wp:post_type>
<category domain="category"><![CDATA[Wetter]]></category><category domain="post_tag"><![CDATA[Regen]]></category>
<category domain="post_format"><![CDATA[Aside]]></category></item>"""


def post(title: str, content: str = "<p>a</p>", kind: str = "post", status: str = "publish", **more: str) -> str:
    values = {"excerpt": "", "gmt": "2021-03-01 09:00:00"} | more
    return _POST.format(title=title, content=content, kind=kind, status=status, **values)


def wordpress(*items: str) -> bytes:
    return _WORDPRESS.format(items="\n".join(items)).encode()


def entry(draft: Draft) -> Entry:
    return normalise(draft, now=_NOW)


def test_a_wordpress_export_holds_what_was_published() -> None:
    drafts = read_document(
        wordpress(
            post("one", excerpt="In short."),
            post("draft", status="draft"),
            post("picture", kind="attachment"),
            post("two", kind="page"),
        ),
        "blog.xml",
    )
    named = [(draft.origin, draft.title) for draft in drafts if draft.withheld is None]
    assert named == [("blog.xml#1", "one"), ("blog.xml#2", "two")]
    first = entry(drafts[0])
    assert first.link == "https://b.example/one"
    assert [person.name for person in first.authors] == ["Jane Doe"]
    assert first.categories == ("Wetter", "Regen")
    assert first.published == datetime(2021, 3, 1, 9, tzinfo=UTC)
    assert first.updated == datetime(2021, 3, 2, 8, tzinfo=UTC)
    assert first.summary == "In short."
    assert first.content == "<p>a</p>"


def test_a_post_without_paragraphs_gets_those_that_wordpress_shows() -> None:
    (draft,) = read_document(wordpress(post("a", "One\nmore.\n\nTwo <b>x</b>.")), "a.xml")
    assert entry(draft).content == "<p>One<br>more.</p>\n<p>Two <b>x</b>.</p>"


def test_a_date_of_zeros_is_none() -> None:
    (draft,) = read_document(wordpress(post("a", gmt="0000-00-00 00:00:00")), "a.xml")
    assert entry(draft).published == datetime(2021, 3, 1, 9, tzinfo=UTC)


def test_an_unknown_author_keeps_the_name_that_stands_there() -> None:
    data = wordpress(post("a")).replace(b"[jane]", b"[joe]").replace(b"<wp:status>publish</wp:status>", b"")
    (draft,) = read_document(data, "a.xml")
    assert [person.name for person in draft.authors] == ["joe"]
    (draft,) = read_document(data.replace(b"<![CDATA[joe]]>", b""), "a.xml")
    assert draft.authors == ()


def test_an_entity_of_an_export_is_never_looked_up() -> None:
    data = wordpress(post("a", "b")).replace(
        b"<rss", b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss', 1
    )
    (draft,) = read_document(data.replace(b"<title>a</title>", b"<title>&x;a</title>"), "a.xml")
    assert "root" not in str(draft)


def test_of_a_truncated_export_the_readable_part_is_read() -> None:
    data = wordpress(post("one"), post("two"))
    assert read_document(data[: data.rindex(b"<wp:post_modified_gmt>")], "a.xml")[0].title == "one"


@pytest.mark.parametrize(
    "data",
    [
        wordpress(),
        b'<rss xmlns:wp="http://wordpress.org/export/1.2/',
        b"x<rss wordpress.org/export/",
        b"<?xml <rss wordpress.org/export/ ?>",
    ],
)
def test_an_export_without_an_article_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ArticleError, match=r"a\.xml"):
        read_document(data, "a.xml")


def test_a_pocket_export_holds_links() -> None:
    page = (
        "<!DOCTYPE html><html><head><title>Pocket Export</title></head><body><h1>Unread</h1><ul>"
        '<li><a href="https://e.org/a?b=1&amp;c=2" time_added="1614589200" tags="x,y">A &amp; B</a></li>'
        '<li><a href="https://e.org/c" tags="">https://e.org/c</a></li>'
        '<li><a href="ftp://e.org/d" time_added="1" tags="">d</a></li></ul></body></html>'
    )
    first, second = read_document(page.encode(), "ril_export.html")
    assert (first.origin, first.title, first.link) == ("ril_export.html#1", "A & B", "https://e.org/a?b=1&c=2")
    assert first.categories == ("x", "y")
    assert entry(first).published == datetime(2021, 3, 1, 9, tzinfo=UTC)
    assert entry(first).published_from == "time saved"
    assert (second.title, second.stamps) == (None, ())


def test_bookmarks_of_a_browser_hold_links() -> None:
    page = '<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><DT><A HREF="https://e.org/a" ADD_DATE="1614589200">A</A></DL>'
    (draft,) = read_document(page.encode(), "bookmarks.html")
    assert (draft.link, draft.stamps[0].text) == ("https://e.org/a", "1614589200")


def test_a_table_of_saved_links_holds_links() -> None:
    rows = 'title,url,time_added,tags,status\n"A, B",https://e.org/a,1614589200,x|y,unread\n,,,\nshort\n'
    (draft,) = read_document(rows.encode(), "part_000000.csv")
    assert (draft.title, draft.link, draft.categories) == ("A, B", "https://e.org/a", ("x", "y"))


def test_a_table_that_cannot_be_read_is_refused_by_line() -> None:
    data = f'title,url,time_added\n"{"a" * 10_000_001}",https://e.org,1\n'
    with pytest.raises(ArticleError, match=r"p\.csv: line \d"):
        read_document(data.encode(), "p.csv")


def test_any_other_file_holds_one_article() -> None:
    (draft,) = read_document(b"# A\n\nb", "a.md")
    assert (draft.origin, draft.title) == ("a.md", "A")


def test_a_binary_file_with_another_ending_is_no_article() -> None:
    with pytest.raises(NotAnArticleError, match="not an article: binary file"):
        read_document(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00", "image.other")
    with pytest.raises(ArticleError, match=r"a\.md: binary file"):
        read_document(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00", "a.md")

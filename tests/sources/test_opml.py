"""Lists of feeds: folders as categories, out and in again."""

import pytest
from lxml import etree

from feeder.errors import FeedError
from feeder.sources.feeds.opml import OpmlOutline, read_opml, write_opml

_LIST = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Sea"><outline text="Salt &amp; wind" title="" type="rss" xmlUrl="https://h.example/rss"
  htmlUrl="https://h.example/"/>
  <outline title="North/South"><outline text="Deep" xmlUrl="feed://deep.example/atom"/></outline></outline>
<outline text="https://bare.example/rss" xmlUrl="https://bare.example/rss" category="/News/Local, Weather"/>
<outline text="No feed" htmlUrl="https://none.example/"/><outline text="Odd" xmlUrl="javascript:alert(1)"/>
<outline text="Again" xmlUrl="https://h.example/rss" htmlUrl="mailto:x"/>
</body></opml>"""


def test_a_list_gives_titles_addresses_pages_and_folders() -> None:
    feeds, refused = read_opml(_LIST.encode(), "mine.opml")
    assert feeds == (
        OpmlOutline(
            feed_url="https://h.example/rss", title="Salt & wind", link="https://h.example/", categories=("Sea",)
        ),
        OpmlOutline(feed_url="http://deep.example/atom", title="Deep", categories=("Sea/North South",)),
        OpmlOutline(feed_url="https://bare.example/rss", categories=("News/Local", "Weather")),
    )
    assert refused == (
        "No feed: it has no xmlUrl",
        "Odd: 'javascript:alert(1)' is not an http(s) address",
    )


def test_what_is_written_is_read_again_as_it_was() -> None:
    subscriptions = (
        OpmlOutline(feed_url="https://a.example/?a=1&b=2", title='<A> "ä" 潮', link="https://a.example/"),
        OpmlOutline(
            feed_url="https://b.example/rss", title="B", categories=("Sea/North", "Sea", "Wind & salt"), name="b-潮.1"
        ),
        OpmlOutline(feed_url="https://c.example/rss"),
    )
    data = write_opml(subscriptions, title="Mine\x0b")
    assert sorted(read_opml(data, "x").feeds, key=str) == sorted(subscriptions, key=str)
    assert data.count(b'text="Sea"') == 1
    assert b"<title>Mine</title>" in data
    assert write_opml(sorted(read_opml(data, "x").feeds, key=str), title="Mine") == write_opml(
        sorted(subscriptions, key=str), title="Mine"
    )


def test_what_is_written_is_opml_as_its_specification_has_it() -> None:
    """OPML 2.0: a head, a body, and of a subscription `text`, `type` and `xmlUrl`."""
    folder = OpmlOutline(feed_url="https://a.example/", title="A", categories=("Sea",), name="a")
    root = etree.fromstring(write_opml((folder,), title="Mine"))
    assert (root.tag, root.get("version"), [child.tag for child in root]) == ("opml", "2.0", ["head", "body"])
    [outline] = root.iterfind("body/outline")
    assert dict(outline.attrib) == {"text": "Sea", "title": "Sea"}
    [feed] = outline
    assert {name: feed.get(name) for name in ("type", "text", "title", "xmlUrl", "htmlUrl")} == {
        "type": "rss", "text": "A", "title": "A", "xmlUrl": "https://a.example/", "htmlUrl": None
    }  # fmt: skip


def test_a_list_that_is_not_quite_xml_is_read() -> None:
    data = b"\n<opml><body><OUTLINE TEXT='Salt & wind' XMLURL='https://h.example/?a&b'><outline text='x'"
    assert read_opml(data, "x").feeds == (OpmlOutline(feed_url="https://h.example/?a&b", title="Salt & wind"),)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("feed:https://h.example/rss", "https://h.example/rss"),
        ("feed://h.example/rss", "http://h.example/rss"),
        (" https://h.example/rss\n", "https://h.example/rss"),
    ],
)
def test_an_address_that_was_to_open_a_reader_is_a_web_address(written: str, read: str) -> None:
    [one] = read_opml(f'<opml><body><outline xmlUrl="{written}"/></body></opml>'.encode(), "x").feeds
    assert one.feed_url == read


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://h.example/f", "data:text,x", "rss", "https:// x/"])
def test_what_is_no_web_address_is_told_and_the_rest_is_read(address: str) -> None:
    data = f"<opml><body><outline text='Bad' xmlUrl='{address}'/><outline xmlUrl='https://h.example/'/></body></opml>"
    feeds, refused = read_opml(data.encode(), "x")
    assert [one.feed_url for one in feeds] == ["https://h.example/"]
    assert refused == (f"Bad: {address!r} is not an http(s) address",)


def test_a_hostile_list_takes_no_more_than_its_bounds() -> None:
    deep = "<outline text='a/b'>" * 200 + "<outline text='x' xmlUrl='https://h.example/deep'/>" + "</outline>" * 200
    same = f"<outline text='{'t' * 5000}'><outline xmlUrl='https://h.example/same' category='{'c,' * 5000}'/></outline>"
    many = "".join(f"<outline text='f{n}'><outline xmlUrl='https://h.example/same'/></outline>" for n in range(5000))
    data = f"<opml><body>{deep}{same}{many}</body></opml>".encode()
    first, second = read_opml(data, "x").feeds
    assert first.categories == ("/".join(["a b"] * 10),)
    assert (len(second.categories), len(second.categories[0])) == (20, 200)


def test_a_list_of_more_feeds_than_anyone_reads_is_refused() -> None:
    for outline in ("<outline xmlUrl='https://h.example/{}'/>", "<outline xmlUrl='no{}'/>"):
        data = f"<opml><body>{''.join(outline.format(n) for n in range(10_001))}</body></opml>".encode()
        with pytest.raises(FeedError, match="more than 10,000 feeds"):
            read_opml(data, "mine.opml")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a list of feeds"),
        (b"<rss/>", "not a list of feeds"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\xff", "binary file"),
        (b"<opml><body><outline text='x'/></body></opml>", "no feeds: no outline"),
        (b"<!DOCTYPE o [<!ENTITY a 'https://h.example/'>]><opml><outline xmlUrl='&a;'/></opml>", "no feeds"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(FeedError, match=rf"\Amine.opml: .*{message}"):
        read_opml(data, "mine.opml")

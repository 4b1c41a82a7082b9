"""Feeds of every format: each document of tests/data/feeds shows one fact, which facts.json states."""

import json
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feeder.errors import FeedError, SourceError
from feeder.model import Draft, Link, Person
from feeder.sources.feeds.parsing import ParsedFeed, parse_feed

FOLDER = Path(__file__).parent.parent / "data" / "feeds"
FACTS: dict[str, dict[str, Any]] = json.loads((FOLDER / "facts.json").read_text())
URL = "https://feeds.example/rss"


def parse(text: str | bytes, content_type: str | None = None) -> ParsedFeed:
    return parse_feed(text.encode() if isinstance(text, str) else text, url=URL, content_type=content_type)


def rss(*items: str) -> str:
    inside = "".join(f"<item>{item}</item>" for item in items)
    return f"<rss><channel><link>https://www.h.example/</link>{inside}</channel></rss>"


def draft(item: str) -> Draft:
    (only,) = parse(rss(item)).drafts
    return only


def names(one: Draft) -> tuple[str, ...]:
    return tuple(person.name for person in one.authors)


def value_at(thing: Any, path: str) -> Any:
    for part in path.split("."):
        thing = thing[int(part)] if part.isdecimal() else getattr(thing, part)
    if isinstance(thing, (tuple, frozenset)):
        return sorted(thing) if isinstance(thing, frozenset) else list(thing)
    assert not is_dataclass(thing)
    return thing


def test_each_document_has_its_facts() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*FACTS, "facts.json"}


@pytest.mark.parametrize("name", FACTS)
def test_a_document_says_what_stands_in_it(name: str) -> None:
    feed = parse((FOLDER / name).read_bytes())
    assert {path: value_at(feed, path) for path in FACTS[name]} == FACTS[name]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"<!DOCTYPE html>\n<html><head><title>x</title></head><body><p>x<br></body></html>", "this is a web page"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "this is a web page"),
        (b"<opml version='2.0'/>", "another kind of XML document: <opml>"),
        (b"Not found", "there is no XML in it"),
        (b"<?xml version='1.0'?>", "there is no XML in it"),
        (b"<!DOCTYPE rss [ <!-- ", "there is no XML in it"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe\xff", "a binary file"),
        (b"{", "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
        (b"[1]", "not a JSON Feed"),
        (b'{"items": 1}', "not a JSON Feed"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(FeedError, match=message) as caught:
        parse(data)
    assert str(caught.value).startswith(f"{URL}: ")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, SourceError)


def test_a_page_without_its_outermost_tag_is_known_by_what_its_server_says() -> None:
    with pytest.raises(FeedError, match="this is a web page, not a feed"):
        parse_feed(b"<title>Rain</title><p>rain", url=URL, content_type="text/html; charset=utf-8")
    # Many servers say so of feeds, too.
    assert parse_feed(b"<rss><channel/></rss>", url=URL, content_type="text/html").drafts == ()


def test_a_feed_without_title_link_and_id_is_known_by_its_address() -> None:
    feed = parse("<rss><channel><item><title>x</title></item></channel></rss>")
    assert (feed.id, feed.title, feed.link) == (URL, "", None)
    assert feed.drafts[0].source is not None
    assert feed.drafts[0].source.title == URL


def test_json_that_is_half_nonsense_gives_what_sense_there_is() -> None:
    items = [1, {}, {"title": "x", "authors": ["a", {"url": "https://a.example/"}], "tags": 3, "attachments": [{}]}]
    (only,) = parse(json.dumps({"items": items, "authors": 4, "hubs": [{}]})).drafts
    assert (only.title, names(only), only.categories, only.media) == ("x", ("a", "https://a.example/"), ("3",), ())


# --- ids -------------------------------------------------------------------------------------------------------------


def ids(*items: str, **more: str) -> list[str | None]:
    data = rss(*items).replace("www.h.example", more.get("host", "www.h.example"))
    return [one.id for one in parse(data).drafts]


def test_an_id_that_is_no_address_becomes_one_that_stays() -> None:
    (first,) = ids("<guid isPermaLink='false'>12</guid><title>a</title><link>https://h.example/1</link>")
    assert first is not None
    assert first.startswith("urn:uuid:")
    assert ids("<guid isPermaLink='false'>12</guid><title>b</title>") == [first]
    assert ids("<guid isPermaLink='false'>12</guid><title>b</title>", host="h.example") == [first]
    assert ids("<guid isPermaLink='false'>12</guid><title>b</title>", host="other.example") != [first]


def test_an_entry_without_id_is_known_by_its_link_and_without_link_by_its_words() -> None:
    assert ids("<title>a</title><link>https://h.example/1</link>") == ["https://h.example/1"]
    (by_words,) = ids("<title>a</title><description>x</description>")
    assert ids("<title>a</title><description>x</description>") == [by_words]
    assert ids("<title>a</title><description>y</description>") != [by_words]


def test_an_id_on_entries_that_differ_names_none_of_them() -> None:
    guid = "<guid isPermaLink='false'>tag:h,2024:1</guid>"
    one, two = f"{guid}<title>a</title><link>https://h.example/1</link>", f"{guid}<title>b</title>"
    found = ids(one, two, f"{guid}<title>c</title>")
    assert len(set(found)) == 3
    assert all(name is not None and name.startswith("urn:uuid:") for name in found)


def test_entries_that_share_id_and_link_but_not_the_title_stay_apart() -> None:
    item = "<guid>https://h.example/1</guid><link>https://h.example/1</link><title>{}</title>"
    assert len(set(ids(item.format("a"), item.format("b")))) == 2


def test_a_link_that_all_entries_share_names_none_of_them_whichever_others_there_are() -> None:
    item = "<title>{}</title><link>https://h.example/log</link>"
    one, two = ids(item.format("a"), item.format("b"))
    assert len({one, two, "https://h.example/log"}) == 3
    assert ids(item.format("c"), item.format("a"), item.format("b"))[1:] == [one, two]


def test_a_link_that_is_the_id_of_another_entry_names_only_that_one() -> None:
    item = "<guid isPermaLink='false'>{}</guid><title>{}</title><link>https://h.example/{}</link>"
    twice = "tag:h.example,2024:1"
    found = ids(item.format(twice, "a", 1), item.format(twice, "b", 2), item.format("https://h.example/1", "c", 3))
    assert found[2] == "https://h.example/1"
    assert len(set(found)) == 3


def test_the_sites_own_address_names_no_entry() -> None:
    (only,) = parse(rss("<title>a</title><link>https://www.h.example/</link>")).drafts
    assert only.id is not None
    assert only.id.startswith("urn:uuid:")
    assert not only.known_by_link


def test_places_of_one_page_are_entries_of_their_own_and_known_by_their_ids() -> None:
    item = "<title>{0}</title><link>https://h.example/log#{0}</link>"
    found = parse(rss(item.format("a"), item.format("b"), "<title>c</title><link>https://h.example/c</link>")).drafts
    assert [one.id for one in found] == ["https://h.example/log#a", "https://h.example/log#b", "https://h.example/c"]
    assert [one.known_by_link for one in found] == [False, False, True]


def test_an_entry_that_stands_there_for_a_file_alone_is_known_by_it() -> None:
    sound, paper = "<enclosure url='https://h.example/{}.mp3'/>", "<enclosure url='https://h.example/a.pdf'/>"
    found = ids(sound.format("a"), sound.format("b"), paper)
    assert len(set(found)) == 3
    assert ids(sound.format("c"), sound.format("a"), paper)[1:] == [found[0], found[2]]


def test_an_entry_that_stands_twice_comes_once() -> None:
    item = "<guid>https://h.example/1</guid><title>a</title>"
    assert ids(item, item) == ["https://h.example/1"]


def test_a_site_address_that_is_none_does_no_harm() -> None:
    assert len(ids("<guid isPermaLink='false'>1</guid>", host="[")) == 1


# --- odds and ends ---------------------------------------------------------------------------------------------------


def test_an_address_that_is_none_is_left_to_normalising() -> None:
    assert draft("<title>x</title><link>//[bad</link>").link == "//[bad"
    assert draft("<title>x</title><enclosure url='http://[bad/a.mp3'/>").media == ()


@pytest.mark.parametrize(
    ("enclosure", "kind"),
    [
        ("url='https://h.example/a.mp3?x' type='application/octet-stream'", "audio"),
        ("url='https://h.example/a.webm'", "video"),
        ("url='https://h.example/a' type='IMAGE/PNG'", "image"),
        ("url='https://h.example/a.png' type='application/zip'", None),
        ("url='https://h.example/a'", None),
        ("url=''", None),
    ],
)
def test_what_an_enclosure_is_is_told_by_its_type_and_else_by_its_ending(enclosure: str, kind: str | None) -> None:
    media = draft(f"<title>x</title><enclosure {enclosure}/>").media
    assert [one.kind for one in media] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("95", 95), ("1:35", 95), ("01:02:03", 3723), ("62:03.5", 3723), ("0", None), ("long", None), ("1:2:3:4", None)],
)
def test_how_long_a_film_plays_is_told_in_seconds(said: str, seconds: int | None) -> None:
    itunes = f"<d:duration xmlns:d='http://www.itunes.com/dtds/podcast-1.0.dtd'>{said}</d:duration>"
    assert draft(f"{itunes}<enclosure url='https://h.example/a.mp3'/>").media[0].duration_s == seconds
    media = f"<m:content xmlns:m='http://search.yahoo.com/mrss/' url='https://h.example/a.mp4' duration='{said}'/>"
    assert draft(media).media[0].duration_s == seconds
    attached = {"url": "https://h.example/a.mp3", "mime_type": "audio/mpeg", "duration_in_seconds": said}
    items = [{"id": "1", "title": "x", "attachments": [attached]}]
    assert parse(json.dumps({"items": items})).drafts[0].media[0].duration_s == seconds


def test_a_picture_plays_for_no_time() -> None:
    itunes = "<d:duration xmlns:d='http://www.itunes.com/dtds/podcast-1.0.dtd'>9</d:duration>"
    assert draft(f"{itunes}<enclosure url='https://h.example/a.png'/>").media[0].duration_s is None


def test_channels_of_the_first_kind_say_everything_in_attributes() -> None:
    data = """<CHANNEL BASE="https://h.example/in/" HREF="https://h.example/" LASTMOD="2004-04-06T23:05:43-05:00">
      <TITLE>t</TITLE><ITEM HREF="1" LASTMOD="2004-04-07T23:05:43Z"><TITLE>one</TITLE></ITEM></CHANNEL>"""
    feed = parse(data)
    (only,) = feed.drafts
    assert (feed.link, feed.updated and feed.updated.text) == ("https://h.example/", "2004-04-06T23:05:43-05:00")
    assert (only.link, only.id) == ("https://h.example/in/1",) * 2
    assert [(stamp.means, stamp.text) for stamp in only.stamps] == [
        ("published", "2004-04-07T23:05:43Z"),
        ("updated", "2004-04-07T23:05:43Z"),
    ]


def test_an_entry_says_where_each_field_was_read_from() -> None:
    dc = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    item = f"""<title>x</title><guid>https://h.example/1</guid><dc:creator {dc}>Ann</dc:creator>
      <category>sea</category><dc:subject {dc}>salt</dc:subject><dc:language {dc}>de</dc:language>
      <description>short</description><body>long</body>"""
    assert draft(item).read_from == {
        "title": "feed: title",
        "link": "feed: guid",
        "content": "feed: body",
        "summary": "feed: description",
        "authors": "feed: dc:creator",
        "categories": "feed: category, dc:subject",
        "language": "feed: dc:language",
        "rights": "feed",
        "source": "feed",
    }


def test_an_entry_says_what_it_has_from_its_feed_or_its_source() -> None:
    atom = "xmlns='http://www.w3.org/2005/Atom' xml:lang='en'"
    person, own = "<author><name>Ann</name></author>", "<source><id>urn:x</id>{}</source>"
    entries = f"<entry><title>a</title></entry><entry><title>b</title>{own.format(person)}</entry>"
    data = f"<feed {atom}>{person}{entries}</feed>"
    one, two = parse(data).drafts
    assert {name: one.read_from[name] for name in ("authors", "language", "source")} == {
        "authors": "feed",
        "language": "feed: xml:lang",
        "source": "feed",
    }
    assert (two.read_from["authors"], two.read_from["source"]) == ("feed: source", "feed: source")


def test_an_item_of_a_json_feed_says_where_each_field_was_read_from() -> None:
    item = {"id": "1", "external_url": "https://h.example/", "title": "x", "content_text": "y", "tags": ["sea"]}
    feed = {"language": "en", "items": [item, {**item, "id": "2", "authors": [{"name": "Ann"}], "language": "de"}]}
    one, two = parse(json.dumps(feed)).drafts
    assert {name: one.read_from[name] for name in ("link", "content", "categories", "language")} == {
        "link": "feed: external_url",
        "content": "feed: content_text",
        "categories": "feed: tags",
        "language": "feed",
    }
    assert (two.read_from["authors"], two.read_from["language"]) == ("feed: authors", "feed: language")


def test_a_size_that_is_no_number_is_none() -> None:
    item = "<title>x</title><enclosure url='https://h.example/a.mp3' type='x' length='{}'/>"
    item = item.replace("type='x' ", "")
    assert [draft(item.format(size)).media[0].length for size in ("", "0", "big", "-1", "9" * 30, "7")] == [
        *[None] * 5,
        7,
    ]


def test_pictures_are_found_in_every_place_they_stand_in() -> None:
    media = "xmlns:media='http://search.yahoo.com/mrss/'"
    item = f"""<title>x</title><image><url>/a.jpg</url></image><image/>
      <media:thumbnail {media}>https://h.example/b.jpg</media:thumbnail><media:thumbnail {media}/>
      <media:content {media} medium='image' url='/c'/><media:content {media} medium='document' url='/d'/>
      <media:content {media}><media:thumbnail url='/e.jpg'/></media:content>"""
    found = {one.url.removeprefix("https://www.h.example") for one in draft(item).media}
    assert found == {"/a.jpg", "https://h.example/b.jpg", "/c", "/e.jpg"}


def test_a_relative_address_in_the_content_counts_from_the_site_where_the_entry_has_no_link() -> None:
    text = "<title>x</title><description>&lt;a href='/b'&gt;b&lt;/a&gt; href='/c'</description>"
    assert draft(text).content == "<a href=\"https://www.h.example/b\">b</a> href='/c'"
    assert "'/b'" in draft(f"{text}<link>https://h.example/1</link>").content


def test_people_are_told_from_what_stands_around_them() -> None:
    forms = ["Ann &lt;ann@h.example&gt;", "ann@h.example (Ann)", "(Ann) mailto:ann@h.example?subject=x", "Ann"]
    ann = Person(name="Ann", email="ann@h.example")
    found = [draft(f"<title>x</title><author>{form}</author>").authors for form in forms]
    assert found == [(ann,)] * 3 + [(Person(name="Ann"),)]
    assert draft("<title>x</title><author/><author><url>x</url></author>").authors == ()


def test_an_atom_person_has_an_address_that_counts_from_the_base() -> None:
    person = "<name>Ann</name><uri>/ann</uri><email>ann@h.example</email>"
    item = f"<title>x</title><author xmlns='http://www.w3.org/2005/Atom'>{person}</author>"
    assert draft(item).authors == (Person(name="Ann", uri="https://www.h.example/ann", email="ann@h.example"),)


def test_a_summary_is_text_without_scripts() -> None:
    item = (
        "<title>x</title><description>&lt;p&gt;a&lt;/p&gt;&lt;script&gt;b&lt;/script&gt;&lt;!-- c --&gt;d</description>"
    )
    with_content = f"{item}<content type='html'>&lt;p&gt;long&lt;/p&gt;</content>"
    assert (draft(with_content).summary or "").split() == ["a", "d"]


def test_an_unknown_module_says_nothing_of_the_entry() -> None:
    item = "<title>x</title><y:title xmlns:y='https://y.example/ns'>y</y:title><title xmlns='https://z.example/'/>"
    assert draft(item).title == "x"


@pytest.mark.parametrize(
    "space",
    [
        "https://purl.org/dc/elements/1.1", " HTTP://purl.org/dc/elements/1.1/ ",
        "http://purl.org/dc/\n  elements/1.1/", "http://www.purl.org/dc/elements/1.1/", "purl.org//dc/elements/1.1//",
    ],
)  # fmt: skip
def test_a_namespace_is_known_whatever_its_prefix_scheme_case_and_white_space(space: str) -> None:
    assert names(draft(f"<title>x</title><d:creator xmlns:d='{space}'>Ann</d:creator>")) == ("Ann",)


@pytest.mark.parametrize(
    "space", ["http://search.yahoo.com/mrss", "https://search.yahoo.com/mrss/", "http://www.rssboard.org/media-rss"]
)
def test_media_rss_has_several_addresses(space: str) -> None:
    (medium,) = draft(f"<m:content xmlns:m='{space}' url='https://h.example/a.mp3' type='audio/mpeg'/>").media
    assert medium.url == "https://h.example/a.mp3"


def test_a_narrower_category_stands_in_a_wider_one_and_one_of_a_file_in_its_element() -> None:
    itunes, media = "xmlns:i='http://www.itunes.com/dtds/podcast-1.0.dtd'", "xmlns:m='http://search.yahoo.com/mrss/'"
    nested = f"<i:category {itunes} text='Arts'><i:category text='Books'/></i:category>"
    of_file = f"<m:content {media} url='https://h.example/a.mp3'><m:category label='Music'>m/1</m:category></m:content>"
    assert draft(nested + of_file).categories == ("Arts", "Books", "Music")


def test_an_address_counts_from_the_base_of_its_own_element() -> None:
    feed = """<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://h.example/a/'><entry>
        <link xml:base='b/' href='1'/><content xml:base='/media/' src='e.mp3' type='audio/mpeg'/></entry></feed>"""
    (only,) = parse(feed).drafts
    assert only.link == "http://h.example/a/b/1"
    assert [medium.url for medium in only.media] == ["http://h.example/media/e.mp3"]


def test_an_element_of_an_unknown_namespace_is_never_one_of_rss() -> None:
    named = ("title", "link", "guid", "description", "author", "category", "pubDate", "image", "enclosure")
    foreign = "".join(f"<{name} xmlns='http://nobody.example/'>http://wrong.example/</{name}>" for name in named)
    one = draft(f"{foreign}<title>x</title><link>https://h.example/1</link>")
    assert (one.title, one.link, one.guid, one.content, one.authors) == ("x", "https://h.example/1", None, "", ())
    assert (one.categories, one.stamps, one.media) == ((), (), ())


def test_the_namespace_of_the_root_is_that_of_the_feed() -> None:
    for start, end in (
        ("<rss xmlns='http://h.example/rss'><channel>", "</channel></rss>"),
        ("<f:feed xmlns:f='x:y'>", "</f:feed>"),
    ):
        prefix = "f:" if start.startswith("<f") else ""
        item = f"<{prefix}item><{prefix}title>x</{prefix}title></{prefix}item>"
        assert [one.title for one in parse(f"{start}{item}{end}").drafts] == ["x"]


def test_a_source_that_names_nothing_is_this_feed() -> None:
    source = draft("<title>x</title><source/>").source
    assert source is not None
    assert source.link == "https://www.h.example/"


def test_inline_markup_of_other_namespaces_keeps_its_own() -> None:
    data = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:h,2024:1</id><content type="xhtml">
      <div xmlns="http://www.w3.org/1999/xhtml"><p>a</p><svg xmlns="http://www.w3.org/2000/svg"><g/></svg></div>
      and more</content></entry></feed>"""
    content = parse(data).drafts[0].content
    assert "<p>a</p>" in content
    assert content.endswith("and more")


def test_items_of_a_document_stand_in_its_channel_or_beside_it() -> None:
    data = "<rss><channel><entry><title>a</title></entry></channel><item><title>b</title></item></rss>"
    assert [one.title for one in parse(data).drafts] == ["a", "b"]


def test_a_hub_without_an_address_is_none() -> None:
    assert parse("<feed><link rel='hub'/><link rel='self' href=''/><entry/></feed>").hub is None


def test_replies_are_the_page_they_stand_on() -> None:
    atom = "xmlns='http://www.w3.org/2005/Atom'"
    item = (
        f"<title>x</title><link {atom} rel='replies' type='text/html' href='/r' title='Talk'/><comments>/c</comments>"
    )
    assert draft(item).links == (
        Link(rel="replies", href="https://www.h.example/r", title="Talk"),
        Link(rel="replies", href="https://www.h.example/c"),
    )


def test_replies_that_are_no_page_are_no_link() -> None:
    item = "<title>x</title><link rel='replies' type='application/atom+xml' href='/r'/><link rel='via'/>"
    assert draft(item).links == ()


def test_attachments_of_other_kinds_and_items_without_pictures_give_no_media() -> None:
    item = {"title": "x", "attachments": [{"url": "/a.zip", "mime_type": "application/zip"}]}
    assert parse(json.dumps({"items": [item]})).drafts[0].media == ()


@pytest.mark.parametrize(
    ("said", "updated"),
    [
        ("Fri, 01 May 2026 11:00:00 GMT", datetime(2026, 5, 1, 11, tzinfo=UTC)),
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", None),
        ("yesterday", None),
    ],
)
def test_the_source_of_an_entry_says_when_its_feed_was_updated(said: str, updated: datetime | None) -> None:
    item = "<item><title>a</title></item>"
    document = f"<rss><channel><lastBuildDate>{said}</lastBuildDate>{item}</channel></rss>"
    [draft] = parse_feed(document.encode(), url="https://e.org/f").drafts
    assert draft.source is not None
    assert draft.source.updated == updated


def test_the_source_that_an_entry_names_keeps_its_own_date() -> None:
    document = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><updated>2026-05-02T00:00:00Z</updated><entry>"
        "<title>a</title><source><id>urn:example:s</id><title>s</title><updated>2026-05-01T00:00:00Z</updated></source>"
        "</entry></feed>"
    )
    [draft] = parse_feed(document.encode(), url="https://e.org/f").drafts
    assert draft.source is not None
    assert (draft.source.id, draft.source.updated) == ("urn:example:s", datetime(2026, 5, 1, tzinfo=UTC))
    assert draft.stamps == ()

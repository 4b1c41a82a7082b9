"""Addresses, pictures and files of feeds in the forms that tools give them."""

import json

import pytest

from feeder.model import Draft
from feeder.sources.feeds.parsing import parse_feed

_SPACES = (
    "xmlns:media='http://search.yahoo.com/mrss/' xmlns:podcast='https://podcastindex.org/namespace/1.0' "
    "xmlns:fb='http://rssnamespace.org/feedburner/ext/1.0'"
)


def read(data: str, url: str = "https://mirror.example/feed") -> Draft:
    (draft,) = parse_feed(data.encode(), url=url).drafts
    return draft


def rss(inside: str, *, site: str = "https://h.example/", url: str = "https://mirror.example/feed") -> Draft:
    channel = f"<link>{site}</link><item><title>x</title>{inside}</item>"
    return read(f"<rss {_SPACES}><channel>{channel}</channel></rss>", url)


def atom(inside: str) -> Draft:
    entry = f"<entry><id>tag:h,2024:1</id><title>x</title>{inside}</entry>"
    return read(f"<feed xmlns='http://www.w3.org/2005/Atom'><link href='https://h.example/'/>{entry}</feed>")


def json_item(**item: object) -> Draft:
    return read(json.dumps({"home_page_url": "https://h.example/", "items": [{"title": "x", **item}]}))


def pictures(inside: str) -> list[str]:
    return [medium.url.removeprefix("https://h.example/") for medium in rss(inside).media]


@pytest.mark.parametrize(
    ("site", "url", "link"),
    [
        ("https://h.example/", "https://mirror.example/feed", "https://h.example/p/1"),
        ("https://h.example/in/", "https://feeds.h.example/feed", "https://h.example/p/1"),
        ("https://www.h.example/", "https://h.example/feed", "https://h.example/p/1"),
        ("/", "https://mirror.example/feed", "https://mirror.example/p/1"),
        ("words", "https://mirror.example/feed", "https://mirror.example/p/1"),
        ("https://[bad/", "https://mirror.example/feed", "https://mirror.example/p/1"),
        ("mailto:a@h.example", "https://mirror.example/feed", "https://mirror.example/p/1"),
    ],
)
def test_relative_addresses_of_rss_count_from_the_site_if_another_host_serves_the_feed(
    site: str, url: str, link: str
) -> None:
    assert rss("<link>/p/1</link>", site=site, url=url).link == link


def test_relative_addresses_of_json_do_so_too_and_those_of_atom_never() -> None:
    item = json_item(id="1", url="/p/1", image="/i.png", attachments={"url": "/a.pdf", "mime_type": "application/pdf"})
    assert (item.link, item.media[0].url, item.links[0].href) == (
        "https://h.example/p/1", "https://h.example/i.png", "https://h.example/a.pdf",
    )  # fmt: skip
    assert atom("<link href='/p/1'/>").link == "https://mirror.example/p/1"


def test_an_address_that_begins_with_www_is_a_host() -> None:
    assert rss("<link>www.x.example/p</link>").link == "http://www.x.example/p"
    assert rss("<link>WWW.x.example:81</link>").link == "http://WWW.x.example:81"
    assert rss("<link>www.html</link>").link == "https://h.example/www.html"


@pytest.mark.parametrize(
    "address",
    [
        "http:/h.example/p", "http//h.example/p", "http:///h.example/p", "http:h.example/p", "http:\\\\h.example\\p",
        "http://http://h.example/p", "https:http://h.example/p", '"http://h.example/p"', "&lt;http://h.example/p&gt;",
        "http://h.example/\n   p", "http://h.example/   p", "h.example/p",
    ],
)  # fmt: skip
def test_a_misspelt_address_is_what_was_meant(address: str) -> None:
    assert rss(f"<link>{address}</link>", site="http://h.example/in/").link == "http://h.example/p"


def test_a_path_that_looks_like_a_host_is_a_path_elsewhere() -> None:
    assert rss("<link>x.example/p</link>").link == "https://h.example/x.example/p"


def test_relative_addresses_of_a_feed_without_a_site_count_from_its_own_address() -> None:
    items = "<rss xmlns:a='http://www.w3.org/2005/Atom'><channel>{}<item><link>/p</link></item></channel></rss>"
    assert read(items.format("<a:link rel='self' href='https://h.example/f'/>")).link == "https://h.example/p"
    item = json.dumps({"feed_url": "https://h.example/f", "items": [{"title": "x", "url": "/p"}]})
    assert read(item).link == "https://h.example/p"


@pytest.mark.parametrize(
    ("guid", "link"),
    [
        ("<guid>www.h.example/p</guid>", "http://www.h.example/p"),
        ("<guid isPermaLink='true'>p/1</guid>", "https://h.example/p/1"),
        ("<guid isPermaLink='true'>p1</guid>", None),
        ("<guid isPermaLink='false'>www.h.example/p</guid>", None),
    ],
)
def test_a_permalink_is_the_link_of_an_entry_without_one(guid: str, link: str | None) -> None:
    assert rss(guid).link == link


@pytest.mark.parametrize(
    "words", ["Some text", "0", "none", "12 Kommentare", "n/a", "5/10", "コメント", "Closed.", "無", "http://"]
)
def test_words_in_place_of_an_address_are_no_link(words: str) -> None:
    assert rss(f"<comments>{words}</comments>").links == ()


@pytest.mark.parametrize(
    "address", ["/1#c", "talk.php?id=3", "1/comments", "?talk", "www.h.example/c", "https://h.example/c"]
)
def test_addresses_of_comments_may_be_relative(address: str) -> None:
    assert len(rss(f"<comments>{address}</comments>").links) == 1


def test_a_link_of_several_words_is_none() -> None:
    assert rss("<link>No link</link><guid>https://h.example/1</guid>").link == "https://h.example/1"


@pytest.mark.parametrize(
    ("rel", "link"),
    [
        ("http://www.iana.org/assignments/relation/alternate", "https://h.example/1"),
        ("https://www.iana.org/assignments/link-relations/#alternate", "https://h.example/1"),
        ("Alternate nofollow", "https://h.example/1"),
        ("http://h.example/rel/alternate", None),
    ],
)
def test_a_relation_may_be_an_iri(rel: str, link: str | None) -> None:
    assert atom(f"<link rel='{rel}' href='https://h.example/1'/>").link == link


def test_a_content_may_be_elsewhere() -> None:
    assert [medium.kind for medium in atom("<content type='audio/mpeg' src='/a'/>").media] == ["audio"]
    assert [medium.kind for medium in atom("<content src='/a.mp4'/>").media] == ["video"]
    assert atom("<content type='application/pdf' src='/a'/>").links[0].href == "https://mirror.example/a"
    page = atom("<content type='text/html' src='/a'/>")
    assert (page.link, page.read_from["link"]) == ("https://mirror.example/a", "feed: content")
    assert atom("<content src='/a'/>").link == "https://mirror.example/a"


_WIDE = "<media:content medium='image' url='{}' width='{}'/>"


@pytest.mark.parametrize(
    ("inside", "urls"),
    [
        ("".join(_WIDE.format(f"p.jpg?width={w}&amp;s={w}a", w) for w in (14, 70, 46)), ["p.jpg?width=70&s=70a"]),
        ("".join(_WIDE.format(f"p-{w}.jpg", w) for w in (140, 700)), ["p-700.jpg"]),
        (_WIDE.format("a-150x150.jpg", "") + _WIDE.format("a.jpg", ""), ["a.jpg"]),
        (_WIDE.format("w_300/a.jpg", "") + _WIDE.format("w_900/a.jpg", "x"), ["w_900/a.jpg"]),
        (_WIDE.format("s72-c/a.jpg", 72) + _WIDE.format("s1600/a.jpg", ""), ["s1600/a.jpg"]),
        (_WIDE.format("i?id=1&amp;w=90", 90) + _WIDE.format("i?id=2&amp;w=90", 90), ["i?id=1&w=90", "i?id=2&w=90"]),
        (_WIDE.format("one.jpg", 900) + _WIDE.format("two.jpg", 800), ["one.jpg", "two.jpg"]),
        (f"<media:group>{_WIDE.format('s.jpg', 90)}{_WIDE.format('l.jpg', 900)}</media:group>", ["l.jpg"]),
        (f"<media:group>{_WIDE.format('a.jpg', 90)}{_WIDE.format('b.jpg', 90)}</media:group>", ["a.jpg", "b.jpg"]),
        ("<media:thumbnail url='a.jpg' width='66'/><media:thumbnail url='b.jpg' width='144'/>", ["b.jpg"]),
    ],
)  # fmt: skip
def test_one_picture_in_many_sizes_is_one(inside: str, urls: list[str]) -> None:
    assert pictures(inside) == urls


def test_an_enclosure_is_where_its_publisher_has_it() -> None:
    counted = "<enclosure url='https://counter.example/~r/{0}' type='audio/mpeg'/>"
    origin = "<fb:origEnclosureLink>https://h.example/{0}</fb:origEnclosureLink>"
    assert pictures(counted.format("a") + origin.format("a")) == ["a"]
    assert pictures(counted.format("a") + counted.format("b") + origin.format("a") + origin.format("b")) == ["a", "b"]
    assert pictures(counted.format("a") + counted.format("b") + origin.format("b")) == [
        "https://counter.example/~r/a",
        "b",
    ]
    twice = counted.format("a") + counted.format("a").replace("enclosure", "media:content")
    assert pictures(twice + origin.format("a")) == ["a"]
    link = "<link rel='enclosure' href='https://counter.example/~r/5' type='audio/mpeg'/>"
    space = "xmlns:fb='http://rssnamespace.org/feedburner/ext/1.0'"
    assert atom(link + origin.format("a").replace("Link>", f"Link {space}>", 1)).media[0].url == "https://h.example/a"
    assert rss("<pheedo:origLink>https://h.example/a</pheedo:origLink>").link == "https://h.example/a"


def test_a_podcast_links_its_chapters_and_transcripts() -> None:
    files = (
        "<podcast:transcript url='/t.vtt' type='text/vtt'/><podcast:chapters url='/c.json' type='application/json'/>"
    )
    assert [(link.title, link.href) for link in rss(files).links] == [
        ("Chapters", "https://h.example/c.json"), ("Transcript", "https://h.example/t.vtt"),
    ]  # fmt: skip


def test_other_files_of_media_rss_are_links_and_players_are_not() -> None:
    files = (
        "<media:content url='/a.pdf' type='application/pdf'/><media:peerLink href='/b' type='application/x-torrent'/>"
        "<media:content url='/c' type='application/x-shockwave-flash'/><media:content url='/d' type='text/html'/>"
        "<media:group><media:content url='/a.pdf' type='application/pdf'/><media:content url='/e'/></media:group>"
    )
    assert [link.href for link in rss(files).links] == ["https://h.example/a.pdf", "https://h.example/b"]


def test_a_category_of_media_rss_is_its_label_or_a_word() -> None:
    said = "<media:category label='Ace'>arts/ace</media:category><media:category>sea</media:category>"
    unread = "<media:category>music/album</media:category><media:category scheme='urn:x'>a b</media:category>"
    assert rss(said + unread).categories == ("Ace", "sea")
    assert rss(f"<media:group>{said}</media:group>").categories == ("Ace", "sea")


@pytest.mark.parametrize("authors", [{"name": "Ann"}, "Ann", ["Ann"], [{"name": "Ann"}, None]])
def test_json_feeds_name_authors_in_many_ways(authors: object) -> None:
    for key in ("author", "authors"):
        assert [person.name for person in json_item(**{key: authors}).authors] == ["Ann"]


def test_the_id_of_a_json_item_is_its_link_if_it_is_an_address_and_there_is_no_other() -> None:
    item = json_item(id="https://h.example/7", tags="sea, salt")
    assert (item.link, item.read_from["link"], item.categories) == ("https://h.example/7", "feed: id", ("sea", "salt"))
    assert json_item(id="https://h.example/7", url="https://h.example/8").link == "https://h.example/8"
    assert json_item(id="urn:x:1").link is None

"""Pages and the feeds that they announce, or hide."""

import pytest

from feeder.sources.feeds.discovery import FeedLink, common_addresses, complete_url, find_feeds

_URL = "https://www.h.example/blog/page"


def found(page: str, url: str = _URL) -> list[str]:
    return [one.feed_url for one in find_feeds(page, url)]


def test_announced_feeds_come_in_the_order_of_the_page_and_those_of_comments_last() -> None:
    page = """<html><head><!-- <link rel="alternate" type="application/atom+xml" href="/old"> -->
      <link rel="alternate" type="application/rss+xml" title="Talk" href="/comments/feed/">
      <link rel=alternate type='application/rss+xml; charset=utf-8' title='Salt &amp; wind' href=' rss?a=1&amp;b=2 '>
      <LINK REL="feed alternate" TYPE="application/atom+xml" HREF="//h.example/atom#x"/>
      <link rel="feed" href="/named"><link rel="alternate" hreflang="de" href="/de"><link rel="stylesheet" href="/x">
      <link rel="alternate" type="application/rss+xml"><link rel="alternate" type="application/rss+xml" href="x:y">
      </head><body><a href="/rss">RSS</a></body></html>"""
    assert find_feeds(page, _URL) == (
        FeedLink(feed_url="https://www.h.example/blog/rss?a=1&b=2", title="Salt & wind"),
        FeedLink(feed_url="https://h.example/atom"),
        FeedLink(feed_url="https://www.h.example/named"),
        FeedLink(feed_url="https://www.h.example/comments/feed/", title="Talk"),
    )


def test_what_may_be_anything_comes_behind_what_is_a_feed() -> None:
    types = ("application/json", "application/feed+json", "application/rss+xml")
    page = "".join(f'<link rel="alternate" type="{kind}" href="/{n}">' for n, kind in enumerate(types))
    assert found(page) == [f"https://www.h.example/{n}" for n in (2, 1, 0)]


def test_an_address_that_is_announced_twice_comes_once() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/rss">'
    assert found(link * 2) == ["https://www.h.example/rss"]


def test_addresses_count_from_the_first_base_of_the_page() -> None:
    page = '<base href="/a/"><base href="/b/"><link rel="alternate" type="application/rss+xml" href="rss">'
    assert found(page) == ["https://www.h.example/a/rss"]


def test_a_page_that_announces_nothing_is_looked_through_for_links_of_its_own_site() -> None:
    page = """<a href="/feed/">f</a> <a href='https://news.h.example/x.xml'>x</a> <a href=/rss/atom?x>a</a>
      <a href="https://else.example/feed">e</a> <a href="/feedback">b</a> <a href="http://[bad/rss">c</a>"""
    assert found(page) == [
        "https://www.h.example/feed/",
        "https://news.h.example/x.xml",
        "https://www.h.example/rss/atom?x",
    ]
    assert found("<p>nothing</p>") == []


@pytest.mark.parametrize(
    "link",
    [
        "<a href='/abo.php'>RSS</a>",
        "<a href='/abo.php'><img src='/i.png' alt='RSS-Feed abonnieren'></a>",
        "<a href='/abo.php'><i class='icon'></i> Подписка (RSS)</a>",
        "<a href='/abo.php' title='S’abonner au flux RSS'>☰</a>",
    ],
)
def test_a_link_of_the_site_may_be_known_by_its_words(link: str) -> None:
    others = "<a href='https://other.example/x'>RSS</a><a href='/a'>What RSS is, and how it came into the world</a>"
    page = others + link
    assert [found.feed_url for found in find_feeds(page, "https://h.example/")] == ["https://h.example/abo.php"]


def test_a_page_made_to_cost_much_is_looked_through_once() -> None:
    assert found("<link " * 100_000 + "<!--" * 100_000) == []


def test_common_addresses_begin_below_the_page_and_end_at_the_root() -> None:
    addresses = common_addresses("https://h.example/blog?x")
    assert addresses[0] == "https://h.example/blog/feed/"
    assert {"https://h.example/atom.xml", "https://h.example/feeds/posts/default"} <= set(addresses)
    assert {"https://h.example/blog/?feed=rss2", "https://h.example/?feed=rss2"} <= set(addresses)
    assert "https://h.example/blog?format=rss" in addresses
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("https://h.example/") for address in addresses)


def test_common_addresses_of_a_page_deep_in_a_site_are_also_those_of_its_section() -> None:
    addresses = common_addresses("https://h.example/blog/2024/05/rain.html")
    folders = ["https://h.example/blog/2024/05/", "https://h.example/blog/", "https://h.example/"]
    assert [address.removesuffix("rss.xml") for address in addresses if address.endswith("/rss.xml")] == folders
    assert not any("rain.html/" in address for address in addresses)
    assert max(map(len, map(common_addresses, ("https://h.example", "https://h.example/a/b/c/d")))) <= 50


@pytest.mark.parametrize("title", ["News > Home", "a < b", "a<b>c</b>", "<link>", "/>", "a = b > c", "«»"])
def test_an_attribute_may_hold_what_ends_a_tag_elsewhere(title: str) -> None:
    for quote in "\"'":
        link = f"<link rel=alternate title={quote}{title}{quote} type='application/rss+xml' href=/rss>"
        assert find_feeds(f"<title>P</title>{link}", _URL) == (
            FeedLink(feed_url="https://www.h.example/rss", title=title),
        )
    assert found(f"<meta content='{title}' name=x><a title=\"{title}\" href=/feed/>f</a>") == [
        "https://www.h.example/feed/"
    ]


def test_what_stands_in_scripts_and_comments_is_no_link() -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/rss">'
    assert found(f"<script>const a = '{link}'</script><style>{link}</style><!-- > {link} --><p>a</p>") == []


@pytest.mark.parametrize(
    "media_type",
    ["application/rss", "application/x-rss+xml", "text/rss+xml", "application/rss xml", "Application/Atom+XML; a=b"],
)
def test_types_are_written_in_many_ways(media_type: str) -> None:
    assert found(f'<link rel=alternate type="{media_type}" href=/a>') == ["https://www.h.example/a"]
    assert found(f'<link rel="service.feed" type="{media_type}" href=/a>') == ["https://www.h.example/a"]


def test_links_to_interfaces_and_other_versions_of_the_page_announce_no_feed() -> None:
    page = """<link rel=alternate type=application/json href=/wp-json/wp/v2/pages/2>
      <link rel=alternate type=application/json+oembed href=/oembed?url=x><link rel=alternate media=print href=/print>
      <link rel="alternate stylesheet" type=text/xml href=/a.xsl><link rel=feed type=text/html href=/h-feed>
      <link rel=alternate href=/feed/>"""
    assert found(page) == ["https://www.h.example/feed/"]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("feed://a.example/rss", "http://a.example/rss"),
        ("feed:https://a.example/rss", "https://a.example/rss"),
        ("FEED:HTTP://a.example/rss", "http://a.example/rss"),
        ("feed://https://a.example/rss", "https://a.example/rss"),
        ("feeds://a.example/rss", "https://a.example/rss"),
        ("feed:a.example/rss", "https://a.example/rss"),
        ("itpc://a.example/rss", "http://a.example/rss"),
        ("pcast:https://a.example/rss", "https://a.example/rss"),
        ("podcast://a.example/rss", "http://a.example/rss"),
    ],
)
def test_schemes_that_only_say_that_an_address_is_a_feed_are_left_out(written: str, address: str) -> None:
    assert complete_url(f" {written} ").lower() == address
    page = f'<link rel="alternate" type="application/rss+xml" href=" {written} ">'
    assert [one.lower() for one in found(page)] == [address]
    assert [one.lower() for one in found(f'<a href="{written}">Subscribe</a>')] == [address]


def test_an_address_in_a_page_with_such_a_scheme_may_lack_its_host() -> None:
    assert found("<a href='feed:/rss'>a</a>") == ["https://www.h.example/rss"]
    assert complete_url("feed:8080/rss") == "https://feed:8080/rss"


def test_link_headers_announce_feeds_too() -> None:
    headers = (
        '</feed/>; rel="alternate"; type="application/rss+xml"; title="Rain, \\"wind\\"", <https://a.example/j>; '
        'rel=alternate; type=application/feed+json, </x>; rel=alternate; type="text/html", </css>; rel=preload, '
        '</o>; rel=alternate; type="application/rss+xml"; anchor="/other", </comments/feed/>; rel="alternate"; '
        'type="application/rss+xml"'
    )
    assert find_feeds("<p>a</p>", _URL, link_headers=headers) == (
        FeedLink(feed_url="https://www.h.example/feed/", title='Rain, "wind"'),
        FeedLink(feed_url="https://a.example/j"),
        FeedLink(feed_url="https://www.h.example/comments/feed/"),
    )
    assert find_feeds("", _URL, link_headers='<rss>; type="application/rss+xml"; rel="alternate feed"') == (
        FeedLink(feed_url="https://www.h.example/blog/rss"),
    )


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/?feed=comments-rss2", ""),
        ("/?feed=rss2&p=12", ""),
        ("/feeds/12/comments/default", ""),
        ("/comment-feed.xml", ""),
        ("/1/feed/", "Ort » Kommentar-Feed"),
        ("/2/feed/", "Lieu » Flux des commentaires"),
        ("/3/feed/", "Sitio » Feed de los comentarios"),
        ("/4/feed/", "Место » Лента комментариев"),
        ("/5/feed/", "地方 » 评论 Feed"),
        ("/6/feed/", "場所 » コメントフィード"),
        ("/7/feed/", "Místo » RSS komentářů"),
    ],
)
def test_feeds_of_comments_are_known_by_address_or_title(address: str, title: str) -> None:
    links = ((address, title), ("/main", "Site » Feed"))
    page = "".join(f'<link rel=alternate type=application/rss+xml title="{t}" href="{a}">' for a, t in links)
    assert found(page)[0] == "https://www.h.example/main"


def test_the_base_is_the_first_one_and_links_before_it_are_as_written() -> None:
    page = "<base target=_top><base href='https://cdn.example/x/'><link rel=feed href=rss><base href=/y/>"
    assert found(page) == ["https://cdn.example/x/rss"]
    assert found("<base href='javascript:x'><link rel=feed href=rss>") == ["https://www.h.example/blog/rss"]


def test_links_to_hosts_of_feeds_count_and_sitemaps_do_not() -> None:
    page = """<a href=/sitemap.xml>s</a><a href=https://feeds.feedburner.com/Rain>f</a>
      <a href=https://feeds.h.example/all>g</a><a type=application/atom+xml href=https://x.example/a>a</a>"""
    assert found(page) == ["https://feeds.feedburner.com/Rain", "https://feeds.h.example/all", "https://x.example/a"]


def test_a_name_of_an_attribute_without_end_is_read_once() -> None:
    assert find_feeds(f"<a {'a' * 1_000_000}>", "https://e.org/") == ()

"""Pages and the feeds that they announce, or hide."""

from feeder.sources.feeds.discovery import FeedLink, common_addresses, find_feeds

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


def test_a_page_made_to_cost_much_is_looked_through_once() -> None:
    assert found("<link " * 100_000 + "<!--" * 100_000) == []


def test_common_addresses_begin_below_the_page_and_end_at_the_root() -> None:
    addresses = common_addresses("https://h.example/blog?x")
    assert addresses[0] == "https://h.example/blog/feed/"
    assert "https://h.example/atom.xml" in addresses
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("https://h.example/") for address in addresses)
    assert len(common_addresses("https://h.example")) * 2 == len(addresses)


def test_a_name_of_an_attribute_without_end_is_read_once() -> None:
    assert find_feeds(f"<a {'a' * 1_000_000}>", "https://e.org/") == ()

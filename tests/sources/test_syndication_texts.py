"""Titles, summaries and contents of feeds: how often they are escaped, and what of their markup is seen."""

import json
from datetime import UTC, datetime

import pytest

from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.sources.feeds.parsing import parse_feed

_NOW = datetime(2026, 6, 5, tzinfo=UTC)
_SPACES = (
    "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
)


def read(data: str) -> Entry:
    (draft,) = parse_feed(data.encode(), url="https://h.example/feed").drafts
    return normalise(draft, now=_NOW)


def rss(inside: str) -> Entry:
    return read(f"<rss {_SPACES}><channel><item><link>https://h.example/1</link>{inside}</item></channel></rss>")


def atom(inside: str) -> Entry:
    return read(f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>tag:h,2024:1</id>{inside}</entry></feed>")


def json_feed(**item: object) -> Entry:
    return read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", **item}]}))


@pytest.mark.parametrize(
    ("title", "seen"),
    [
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("Write &amp;amp;amp; so", "Write &amp; so"),
        ("Flut<![CDATA[ &amp; Ebbe]]>", "Flut & Ebbe"),
        ("One&lt;br/&gt;Two&lt;p class='a'&gt;Three&lt;/p&gt;", "One Two Three"),
        ("&lt;h1&gt;One&lt;/h1&gt;Two", "One Two"),
        ("潮&lt;b&gt;汐&lt;/b&gt;", "潮汐"),
        ("One&lt;!-- c --&gt; Two", "One Two"),
        ("&lt;![CDATA[One &amp;amp; Two]]&gt;", "One & Two"),
        ("Map&lt;K&gt;", "Map<K>"),
    ],
)
def test_a_title_of_rss_is_html_and_decoded_once(title: str, seen: str) -> None:
    assert rss(f"<title>{title}</title>").title == seen


@pytest.mark.parametrize(
    ("title", "seen"),
    [
        ("<title>AT&amp;amp;T &amp;#39;</title>", "AT&amp;T &#39;"),
        ("<title type='text'>1 &lt; 2</title>", "1 < 2"),
        ("<title type='html'>Use &amp;amp;nbsp; here</title>", "Use &nbsp; here"),
        ("<title type='html'>&lt;em&gt;One&lt;/em&gt;&lt;br&gt;Two &amp;lt;b></title>", "One Two <b>"),
        ("<title type='xhtml'><div>1 &lt; <b>2</b> &amp;amp;</div></title>", "1 < 2 &amp;"),
        ("<title type='CDATA'><![CDATA[One <b>two</b>]]></title>", "One two"),
        ("<title type='application/octet-stream'>test</title>", "test"),
        ("<title type='application/octet-stream'>VGVzdA==</title>", "Test"),
        ("<title type='image/png'>The sea at night</title>", "The sea at night"),
        ("<title type='Text/HTML; charset=utf-8'>&lt;i&gt;One&lt;/i&gt;</title>", "One"),
    ],
)  # fmt: skip
def test_a_title_of_atom_is_of_its_type_and_decoded_once(title: str, seen: str) -> None:
    assert atom(title).title == seen


def test_a_title_of_json_is_plain_text_but_for_references_by_number() -> None:
    assert json_feed(title="a &amp; b&#8217;s <b>").title == "a &amp; b’s <b>"


def test_an_entry_without_title_and_text_is_called_by_its_link() -> None:
    entry = rss("")
    assert (entry.title, entry.read_from["title"]) == ("https://h.example/1", "link")


def test_words_on_both_sides_of_a_block_stay_apart() -> None:
    text = "First&lt;br&gt;Second&lt;li&gt;Third&lt;/li&gt;&lt;td&gt;a&lt;/td&gt;&lt;td&gt;b &amp;amp;lt;&lt;/td&gt;"
    assert rss(f"<description>{text}</description><content:encoded>x</content:encoded>").summary == (
        "First Second Third a b &lt;"
    )


@pytest.mark.parametrize("tag", ["<img alt='a > b'>", '<p title="a > b">', "<br class='x'>", "<img alt=it's>"])
def test_an_attribute_may_hold_what_ends_a_tag_elsewhere(tag: str) -> None:
    text = f"<![CDATA[First {tag} Second]]>"
    assert rss(f"<description>{text}</description><content:encoded>x</content:encoded>").summary == "First Second"
    assert rss(f"<title>{text}</title>").title == "First Second"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("<![CDATA[&lt;p&gt;One&lt;/p&gt;]]>", "<p>One</p>"),
        ("<![CDATA[&lt;!-- c --&gt;One]]>", "<p>One</p>"),
        ("&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;Two&amp;lt;/p&amp;gt;", "<p>One</p>\n<p>Two</p>"),
        ("One&amp;lt;br /&amp;gt;Two", "<p>One<br>Two</p>"),
        ('<![CDATA[See &lt;a href="/a"&gt;it&lt;/a&gt;]]>', '<p>See <a href="https://h.example/a">it</a></p>'),
        # Texts about HTML.
        ("Use the &amp;lt;p&amp;gt; tag", "<p>Use the &lt;p&gt; tag</p>"),
        ("<![CDATA[<p>&lt;p&gt; is a tag</p>]]>", "<p>&lt;p&gt; is a tag</p>"),
    ],
)  # fmt: skip
def test_html_that_was_escaped_twice_shows_no_tags(text: str, seen: str) -> None:
    assert rss(f"<description>{text}</description>").content == seen


def test_a_json_feed_may_escape_twice_too() -> None:
    assert json_feed(content_html="&lt;p&gt;One&lt;/p&gt;").content == "<p>One</p>"


@pytest.mark.parametrize("kind", ["CDATA", "escaped", "html5", "application/html"])
def test_a_content_of_unknown_type_is_html_where_it_looks_so(kind: str) -> None:
    assert atom(f"<content type='{kind}'>&lt;p&gt;One &lt;b&gt;two&lt;/b&gt;&lt;/p&gt;</content>").content == (
        "<p>One <b>two</b></p>"
    )
    assert atom(f"<content type='{kind}'>{{1 &lt; 2}}</content>").content == "<p>{1 &lt; 2}</p>"


def test_notes_without_tags_keep_their_lines_and_link_their_addresses() -> None:
    notes = "One\nTwo: https://h.example/a?b=1&amp;amp;c=2.\n\n(www.h.example/x_(y))、me@h.example 0:00 Intro"
    seen = (
        '<p>One<br>Two: <a href="https://h.example/a?b=1&amp;c=2">https://h.example/a?b=1&amp;c=2</a>.</p>\n'
        '<p>(<a href="http://www.h.example/x_(y)">www.h.example/x_(y)</a>)、me@h.example 0:00 Intro</p>'
    )
    assert rss(f"<description>{notes}</description>").content == seen
    assert rss(f"<itunes:summary>{notes.replace('amp;', '', 1)}</itunes:summary>").content == seen


def test_lines_that_a_tool_kept_short_are_no_lines() -> None:
    text = (
        "\n   The sea came in at six and went out at noon, as it does,"
        "\n   whatever people may think of it, and nobody who was there"
        "\n   saw it.\n"
    )
    assert "<br>" not in rss(f"<description>{text}</description>").content

"""Clean HTML as text with spans."""

import re
from html import unescape

import pytest
from hypothesis import given, settings

from bot.messages import Span, rich, to_terminal
from bot.messages.rich import iter_html, join_blocks, read_html
from feeder.words import ENGLISH
from tests.bot.messages.samples import HTML


def text_of(html: str) -> str:
    return to_terminal(join_blocks(read_html(html, ENGLISH)))


def styled(html: str) -> list[tuple[str, str]]:
    """Return the kind of each span with the text in it."""
    text = join_blocks(read_html(html, ENGLISH))
    units = text.text.encode("utf-16-le")
    return [(s.kind, units[2 * s.offset : 2 * (s.offset + s.length)].decode("utf-16-le")) for s in text.spans]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>A\n  paragraph</p>\n<p>another</p>", "A paragraph\n\nanother"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<h2>Heading</h2><p>text</p>", "**Heading**\n\ntext"),
        ("<ul><li>a</li><li>b</li></ul><p>c</p>", "• a\n• b\n\nc"),
        ('<ol><li>a</li><li value="5">b</li><li>c</li></ol>', "1. a\n5. b\n6. c"),
        ('<ol start="3" reversed><li>a</li><li>b</li></ol>', "3. a\n2. b"),
        ("<ol reversed><li>a</li></ol>", "• a"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "• a\n    • b\n• c"),
        ("<ul><li><p>a</p><p>b</p></li><li></li><li>c</li></ul>", "• a\nb\n• c"),
        ("<li>alone</li>", "• alone"),
        ("<table><caption>T</caption><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><p>2</p><p>3</p></td></tr></table>",
         "**T**\n\na | b\n1 | 2 3"),
        ("<table><tr><td>a<br>b</td></tr></table>", "a b"),
        ("<dl><dt>word</dt><dd>meaning</dd></dl>", "**word**\nmeaning"),
        ("<p>a</p><hr><p>b</p>", "a\n\n* * *\n\nb"),
        ("<pre>def f():\n    return 1\n</pre>", "def f():\n    return 1"),
        ('<figure><img src="https://e.org/p.jpg" alt="rain"><figcaption>in May</figcaption></figure>',
         "rain <https://e.org/p.jpg>\nin May"),
        ('<p><img src="https://e.org/p.jpg" alt=""></p>', "Picture <https://e.org/p.jpg>"),
        ('<p><img src="feeder-picture:x" alt="rain"></p>', "rain"),
        ('<p><a href="https://e.org/"><img src="https://e.org/p.jpg" alt="rain"></a></p>', "rain <https://e.org/>"),
        ('<video src="https://e.org/f.mp4"></video>', "Video <https://e.org/f.mp4>"),
        ('<audio src="https://e.org/f.mp3"></audio>', "Audio <https://e.org/f.mp3>"),
        ("<p>said <q>yes</q></p>", "said “yes”"),
        ("<p>x<sup>2</sup> H<sub>2</sub>O y<sup>k</sup></p>", "x² H₂O yk"),
        ("<ruby>雨<rp>（</rp><rt>yu</rt><rp>）</rp></ruby>", "雨(yu)"),
        ('<p>a<sup><a href="#n1">[1]</a></sup></p><ol><li id="n1">note</li></ol>', "a[1]\n\n1. note"),
        ("<details><summary>more</summary><p>text</p></details>", "**more**\n\ntext"),
        ("<math><mi>x</mi><annotation>tex</annotation></math>", "x"),
        ('<p><a href="javascript:x">a</a> <a href="https://nodot/">b</a></p>', "a b"),
        ('<p><a href="https://e.org/a/My%20Report.pdf">https://e.org/a/My%20Report.pdf</a></p>',
         "My Report.pdf <https://e.org/a/My%20Report.pdf>"),
        ('<p>see <a href="https://e.org/r.pdf">the report</a></p>', "see the report <https://e.org/r.pdf>"),
        ("<p>a &amp; b &lt;c&gt; \u202e\x00d</p>", "a & b <c> d"),
        ("<p>a</b></p></ul></table></blockquote><p>b", "a\n\nb"),
        ("", ""),
    ],
)  # fmt: skip
def test_elements_become_what_people_would_write(html: str, text: str) -> None:
    assert text_of(html) == text


@pytest.mark.parametrize(
    ("html", "spans"),
    [
        ("<p><b>a <i>b</i></b> <u>c</u> <s>d</s></p>",
         [("bold", "a b"), ("italic", "b"), ("underline", "c"), ("strikethrough", "d")]),
        ("<p><b>a <strong>b</strong></b></p>", [("bold", "a b")]),
        ("<p><b>a <code>b</code> c</b></p>", [("bold", "a"), ("code", "b"), ("bold", " c")]),
        ("<p><code>a <b>b</b></code></p>", [("code", "a b")]),
        ('<p><a href="https://e.org/"><code>a</code></a></p>', [("text_link", "a")]),
        ("<pre><code>a\n<b>b</b></code></pre>", [("pre", "a\nb")]),
        ("<b><p>a</p><p>b</p></b>", [("bold", "a"), ("bold", "b")]),
        ("<b><ul><li>a</li></ul></b>", [("bold", "a")]),
        ("<blockquote><p>a</p><p><b>b</b></p><blockquote>c</blockquote></blockquote>",
         [("blockquote", "a\n\nb\n\nc"), ("bold", "b")]),
        ("<blockquote>a</blockquote><blockquote>b</blockquote>", [("blockquote", "a"), ("blockquote", "b")]),
        ("<p>😀<b>😀</b></p>", [("bold", "😀")]),
        ("<b><pre>a</pre>b</b>", [("pre", "a"), ("bold", "b")]),
    ],
)  # fmt: skip
def test_styles_become_spans_that_telegram_nests(html: str, spans: list[tuple[str, str]]) -> None:
    assert styled(html) == spans


def test_a_picture_that_is_shown_elsewhere_is_left_out() -> None:
    html = '<p>a</p><img src="https://e.org/p.jpg" alt="rain">'
    assert join_blocks(read_html(html, ENGLISH, ["https://e.org/p.jpg"])).text == "a"


def test_a_link_keeps_its_address() -> None:
    [block] = read_html('<p>x <a href="https://e.org/?a=1&amp;b=2">y</a></p>', ENGLISH)
    assert block.text.spans == (Span("text_link", 2, 1, "https://e.org/?a=1&b=2"),)


@settings(deadline=None)
@given(html=HTML)
def test_no_word_of_the_html_is_lost_or_moved(html: str) -> None:
    written = iter(join_blocks(read_html(html, ENGLISH)).text)
    words = "".join(unescape(re.sub("<[^<>]*>", " ", html)).split())
    assert all(character in written for character in words)  # each is looked for behind the one before


@given(HTML)
@settings(max_examples=200)
def test_html_that_is_read_in_pieces_is_the_same(html: str) -> None:
    whole = read_html(html, ENGLISH)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rich, "_AT_ONCE", 5)
        assert list(iter_html(html, ENGLISH)) == whole


def test_who_needs_only_the_beginning_of_a_book_reads_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    feed = rich._Reader.feed

    def count(reader: rich._Reader, html: str) -> None:
        read.append(len(html))
        feed(reader, html)

    monkeypatch.setattr(rich._Reader, "feed", count)
    book = "<p>It <b>rained</b>.</p>" * 10_000
    assert next(iter_html(book, ENGLISH)).text.text == "It rained."
    (only,) = iter_html(f"<p>{'It <b>rained</b>. ' * 10_000}</p>", ENGLISH, longest=100)
    assert only.text.text.startswith("It rained. It rained. ")
    assert sum(read) < 21_000

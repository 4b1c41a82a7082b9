"""HTML of all kinds, and the blocks that it becomes."""

import re

import pytest

from feeder.normalise.body.html import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_LINES,
    MAX_TAGS,
    read_html,
    read_text,
    write_html,
)
from feeder.normalise.body.markdown import render_markdown
from tests.normalise.cleaning import clean_html

_BASE = "https://example.org/a/1.html"
_PICTURE = '<img src="https://i.example/p.jpg" alt="">'


@pytest.mark.parametrize(
    ("found", "clean"),
    [
        # paragraphs and lines
        ("a<br><br/>b<br>c", "<p>a</p>\n<p>b<br>c</p>"),
        ("<div>a<div>b</div>c</div>", "<p>a</p>\n<p>b</p>\n<p>c</p>"),
        ("<p>a<br> <br>\u3000<br>b</p>", "<p>a</p>\n<p>b</p>"),
        ("<br>a<br>", "<p>a</p>"),
        ("<p> </p><p>\u00a0</p><p>\u3000\u3000a\u3000b </p><div></div>", "<p>a\u3000b</p>"),
        ("<p>中\n文 a\n b</p>", "<p>中文 a b</p>"),
        ("<p>中<b>\n文</b>a <i> b</i></p>", "<p>中<b>文</b>a <i>b</i></p>"),
        # marks
        ("<p>a <b></b><strong>b</strong> <i> </i></p>", "<p>a <strong>b</strong></p>"),
        ("<b>a<br>b</b>", "<p><b>a</b><br><b>b</b></p>"),
        ("<strong>a<p>b</p></strong>", "<p><strong>a</strong></p>\n<p><strong>b</strong></p>"),
        ("<strike>a</strike><ins>b</ins><tt>c</tt><font>d</font>", "<p><s>a</s><u>b</u><code>c</code>d</p>"),
        ("<p><small>a</small>b</p>", "<p>ab</p>"),
        ("<p><small>a</small></p>", "<p>a</p>"),
        # links
        (
            '<a href="/b?utm_source=x">b</a>',
            '<p><a href="https://example.org/b?utm_source=x">b</a></p>'.replace("?utm_source=x", ""),
        ),
        ('<a href="#n">1</a><a>2</a><a href="javascript:x">3</a><a href="">4</a>', "<p>1234</p>"),
        ('<a href="mailto:a@e.org">m</a>', '<p><a href="mailto:a@e.org">m</a></p>'),
        ('<p>a</p><a href="/a/1.html"></a>', "<p>a</p>"),
        # headings and rules
        ("<h1>a</h1><h4>b<br><br>c</h4>d", "<h2>a</h2>\n<h4>b</h4>\n<h4>c</h4>\n<p>d</p>"),
        ("<p>a<hr><hr>b</p>", "<p>a</p>\n<hr>\n<p>b</p>"),
        # lists
        ("<ul><li>a<li><p>b</p><ol><li>c</ol></ul>", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "<ul><li><p>a</p><p>b</p></li></ul>"),
        ("<ul>a<b>b</b><li></li> <!-- c --></ul>", "<ul><li>a</li><li><b>b</b></li></ul>"),
        ("<ul><li></li></ul>a", "<p>a</p>"),
        (f"<ul><li>{_PICTURE}</li></ul>", f"<figure>{_PICTURE}</figure>"),
        # quotations, code
        ("<blockquote>a<p>b</p></blockquote><blockquote> </blockquote>", "<blockquote><p>a</p><p>b</p></blockquote>"),
        ("<pre>\n a<br>b &lt;\n</pre><pre> </pre>", "<pre><code> a\nb &lt;</code></pre>"),
        # tables
        (
            "<table><caption>x</caption><thead><tr><th>a<th>b</thead><tr><td colspan=2>c<td rowspan=1><br></table>",
            (
                "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
                '<tbody><tr><td colspan="2">c</td><td></td></tr></tbody></table>'
            ),
        ),
        ("<table><tr><td>a<td></td></tr><tr><td>b</td></tr></table>", "<p>a</p>\n<p>b</p>"),
        ("<table></table>a", "<p>a</p>"),
        (
            "<table><tr><td>a<td>b<tr><td><td></table>",
            "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>",
        ),
        # what is not seen
        ('<p hidden>a</p><p style="display: none">b</p><span class="sr-only x">c</span><p class="y">d</p>', "<p>d</p>"),
        ("<script>a</script><style>b</style><nav>c</nav><!-- d --><svg><text>e</text></svg>f", "<p>f</p>"),
        # dates
        ('<time datetime="2020-11-03">23 分钟前</time>', "<p>2020-11-03</p>"),
        ('<time datetime="2020-11-03">3. November</time>', "<p>3. November</p>"),
        # sound, film, frames
        (
            '<video src="/v.mp4" poster="/p.jpg" title="T"></video>',
            (
                '<figure><img src="https://example.org/p.jpg" alt=""></figure>\n'
                '<p><a href="https://example.org/v.mp4">▶ T</a></p>'
            ),
        ),
        ('<audio><source src="/s.mp3"></audio>', '<p><a href="https://example.org/s.mp3">▶ example.org</a></p>'),
        ("<video></video>a", "<p>a</p>"),
        (
            '<iframe src="//www.youtube.com/embed/abcdefghijk?rel=0"></iframe>',
            '<p><a href="https://www.youtube.com/watch?v=abcdefghijk">▶ www.youtube.com</a></p>',
        ),
        ('<iframe src="https://ad.doubleclick.net/x"></iframe><iframe></iframe>a', "<p>a</p>"),
    ],
)
def test_html_becomes_clean_html(found: str, clean: str) -> None:
    assert clean_html(found, _BASE) == clean
    assert clean_html(clean, _BASE) == clean


@pytest.mark.parametrize(
    ("found", "caption"),
    [
        (f"<figure>{_PICTURE}<figcaption>c <b>b</b></figcaption></figure>", "c <b>b</b>"),
        (f"<div>{_PICTURE}<div><small>c</small></div></div>", "c"),
        (f"{_PICTURE}<p>图片来源：c</p>", "图片来源：c"),
        (f"<figure>{_PICTURE}<p>c</p><p>d</p></figure>", "c<br>d"),
        (f"{_PICTURE}<p>▲c</p>", "▲c"),
        (f"<figure><figure>{_PICTURE}<figcaption>c</figcaption></figure><p>d</p></figure>", "c"),
        (f"<table><tr><td>{_PICTURE}</td></tr><tr><td class='tr-caption'>{'c' * 80}</td></tr></table>", "c" * 80),
        (f"<div class='photo'>{_PICTURE}<div class='caption'>{'c' * 80}</div></div>", "c" * 80),
    ],
)
def test_the_words_of_a_picture_become_its_caption(found: str, caption: str) -> None:
    assert clean_html(found) == f"<figure>{_PICTURE}<figcaption>{caption}</figcaption></figure>"


def test_text_that_equals_the_alt_text_is_the_caption() -> None:
    picture = '<img src="https://i.example/p.jpg" alt="雨 &amp; 山">'
    assert clean_html(f"{picture}<p>雨 &amp; 山</p>") == (
        f"<figure>{picture}<figcaption>雨 &amp; 山</figcaption></figure>"
    )


def test_a_picture_has_one_caption() -> None:
    twice = f"{_PICTURE}<div><small>c</small></div><div><small>c</small></div><div><small>d</small></div>"
    assert clean_html(twice) == f"<figure>{_PICTURE}<figcaption>c</figcaption></figure>\n<p>d</p>"


def test_a_figure_without_a_picture_is_its_contents() -> None:
    found = f"<figure><blockquote>q</blockquote>{_PICTURE}<figcaption>c</figcaption></figure><figure> </figure>"
    assert clean_html(found) == (
        f"<blockquote><p>q</p></blockquote>\n<figure>{_PICTURE}<figcaption>c</figcaption></figure>"
    )


def test_a_copy_for_browsers_without_scripts_is_not_shown_twice() -> None:
    lazy = '<img data-src="https://i.example/p.jpg" src="data:image/gif;base64,AA">'
    assert clean_html(f"{lazy}<noscript>{_PICTURE} Please enable scripts</noscript>") == f"<figure>{_PICTURE}</figure>"


def test_an_icon_within_a_line_becomes_its_alt_text() -> None:
    assert clean_html('a <img class="emoji" alt="🙂" src="https://i.example/e.png"> b') == "<p>a 🙂 b</p>"


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("![](https://i.example/p.jpg)c\nd", f"<figure>{_PICTURE}<figcaption>c</figcaption></figure>\n<p>d</p>"),
        ("![](https://i.example/p.jpg)c", f"<figure>{_PICTURE}<figcaption>c</figcaption></figure>"),
        ("![](https://i.example/p.jpg)\nc", f"<figure>{_PICTURE}</figure>\n<p>c</p>"),
        ("![](https://i.example/p.jpg)" + "长" * 99, f"<figure>{_PICTURE}</figure>\n<p>{'长' * 99}</p>"),
        ("a\nb  \nc\n\nd", "<p>a b<br>c</p>\n<p>d</p>"),
        ("甲。\n乙。\n\n丙", "<p>甲。<br>乙。</p>\n<p>丙</p>"),
        ("**“字”**字", "<p><strong>“字”</strong>字</p>"),
        ("字**“字”** **b**", "<p>字<strong>“字”</strong> <strong>b</strong></p>"),
        ("    中文不是代码", "<p>中文不是代码</p>"),
        ("###标题\n#话题", "<h3>标题</h3>\n<p>#话题</p>"),
        ("a。\\n\\nb", "<p>a。</p>\n<p>b</p>"),
        ("```\n##x\n    中\n```\n\na", "<pre><code>##x\n    中</code></pre>\n<p>a</p>"),
        (
            "| a | b |\n|---|---|\n| c | ~~d~~ |",
            (
                "<table><thead><tr><th>a</th><th>b</th></tr></thead>"
                "<tbody><tr><td>c</td><td><s>d</s></td></tr></tbody></table>"
            ),
        ),
    ],
)
def test_markdown_becomes_clean_html(source: str, clean: str) -> None:
    assert write_html(read_html(render_markdown(source), glued_captions=True)) == clean


def test_plain_text_becomes_paragraphs() -> None:
    assert write_html(read_text("a <b>\nc\n\n\nd")) == "<p>a &lt;b&gt;<br>c</p>\n<p>d</p>"


def test_html_that_is_too_deep_or_too_long_becomes_its_text() -> None:
    assert clean_html("<div>" * (MAX_DEPTH + 1) + "a &lt; b" + "</div>" * 9 + "<p>c") == "<p>a &lt; b</p>\n<p>c</p>"
    assert clean_html("<p>a</p>" + " " * MAX_LENGTH) == "<p>a</p>"
    assert clean_html("<div><b>a</b></div>" * MAX_DEPTH).startswith("<p><b>a</b></p>")


def test_html_with_more_tags_than_any_article_becomes_its_text_and_loses_no_word() -> None:
    assert clean_html("<b>a</b>" + "<br>" * (MAX_TAGS - 2)) == "<p><b>a</b></p>"
    assert clean_html("<b>a</b>" + "<br>" * MAX_TAGS + "<p>c") == "<p>a</p>\n<p>c</p>"


def test_text_with_more_lines_than_any_book_ends_in_one_long_line() -> None:
    blocks = read_text("a\n\n" * MAX_LINES)
    assert len(blocks) == MAX_LINES // 2 + 1
    assert blocks[-1].text == "a " * (MAX_LINES // 2 - 1) + "a"


def test_an_empty_link_is_dropped_and_one_around_a_picture_becomes_the_picture() -> None:
    assert clean_html('a<a href="https://e.org/"></a>b') == "<p>ab</p>"
    assert "<img" in clean_html(f'<a href="https://e.org/">{_PICTURE}</a>')


def test_blocks_have_their_links_and_media() -> None:
    (block,) = read_html('<p>a <a href="https://e.org/"><b>b</b> c</a><br>d</p>')
    assert block.text == "a b c\nd"
    assert block.lines[0].links == (("https://e.org/", "b c"),)
    assert block.lines[0].linked == 2


def test_adjacent_links_are_kept_apart() -> None:
    links = [f'<a href="https://e.org/{number}">{number}</a>' for number in range(100)]
    (block,) = read_html(" ".join(links))
    assert block.lines[0].links == tuple((f"https://e.org/{number}", str(number)) for number in range(100))


def test_a_container_has_the_media_of_its_contents() -> None:
    (block,) = read_html(f"<ul><li>a {_PICTURE}</li></ul>")
    assert [media.url for media in block.media] == ["https://i.example/p.jpg"]


def test_a_nested_link_ends_the_outer_one_even_through_empty_elements() -> None:
    nested = '<p><a href="https://e.org/1">one<b><a href="https://e.org/2">two</a></b></a></p>'
    html = write_html(read_html(nested, None))
    assert re.sub(r' (?!href)\w+="[^"]*"', "", html) == (
        '<p><a href="https://e.org/1">one</a><b><a href="https://e.org/2">two</a></b></p>'
    )


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        (
            '<div class="wp-caption"><img src="https://i.example/p.jpg"><p class="wp-caption-text">c</p></div>',
            f"<figure>{_PICTURE}<figcaption>c</figcaption></figure>",
        ),
        ('<div class="markdown-alert"><p>Note</p><p>a</p></div>', "<blockquote><p>Note</p><p>a</p></blockquote>"),
        ('<p>a <a href="https://a.example/#fnref-1" class="footnote-backref">↩</a></p>', "<p>a</p>"),
        ('<p>a</p><img src="b.jpg" alt="The bridge"><p>c</p>', "<p>a</p>\n<p>The bridge</p>\n<p>c</p>"),
        ('<img src="data:image/gif;base64,R0" alt="d">', ""),
    ],
)
def test_captions_boxes_and_the_way_back_from_a_note(html: str, clean: str) -> None:
    assert write_html(read_html(html)) == clean


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("See https://a.example/b.", '<p>See <a href="https://a.example/b">https://a.example/b</a>.</p>'),
        ("(www.a.example/b_(c))", '<p>(<a href="http://www.a.example/b_(c)">www.a.example/b_(c)</a>)</p>'),
        ("参见https://a.example/甲，乙", '<p>参见<a href="https://a.example/甲">https://a.example/甲</a>，乙</p>'),
        ("见 https://a.example/甲，乙", '<p>见 <a href="https://a.example/甲">https://a.example/甲</a>，乙</p>'),
        ("https://a.example/b https://a.example/c", None),
        ("http://[bad and https://, me@www.a.example", "<p>http://[bad and https://, me@www.a.example</p>"),
    ],
)  # fmt: skip
def test_addresses_in_plain_text_become_links(text: str, html: str | None) -> None:
    found = write_html(read_text(text))
    assert found == html if html else found.count("<a href") == 2


def test_a_table_around_an_article_is_layout() -> None:
    text = "".join(f"{word} is a word in a rather long sentence of this article.<br><br>" for word in "abcdefgh")
    beside = '<td><a href="/">Home</a></td><td><img src="https://i.example/a.png"></td>'
    html = write_html(read_html(f"<table><tr>{beside}<td>{text}</td></tr></table>"))
    assert "<table>" not in html
    assert html.count("<p>") == 9
    assert "<table>" in write_html(read_html(f"<table><tr><td>{text}</td><td>{text}</td></tr></table>"))


def test_obsolete_elements_of_plain_text_are_code() -> None:
    assert (
        write_html(read_html("<p>A list:</p><xmp>\nrain\nsnow\n</xmp>"))
        == "<p>A list:</p>\n<pre><code>rain\nsnow</code></pre>"
    )

"""Notes and the links to them and back."""

import pytest

from feeder.normalise.body.html import read_html
from feeder.normalise.body.markdown import render_markdown
from feeder.normalise.body.writing import write_html
from tests.normalise.cleaning import clean_html

_PAGE = "https://example.org/a/1.html"


@pytest.mark.parametrize(
    ("found", "clean"),
    [
        (
            '<p>a<sup id="r1"><a href="#n1">1</a></sup></p><ol><li id="n1">b <a href="#r1">↩</a></li></ol>',
            (
                '<p>a<sup id="text-r1"><a href="#text-n1">1</a></sup></p>\n'
                '<ol><li id="text-n1">b <a href="#text-r1">↩</a></li></ol>'
            ),
        ),
        # the address of the whole page, in any spelling
        (
            f'<p><a href="{_PAGE}#n">1</a> <a href="http://www.example.org/a/1.html#n">2</a></p><p id="n">b</p>',
            '<p><a href="#text-n">1</a> <a href="#text-n">2</a></p>\n<p id="text-n">b</p>',
        ),
        # of another page, without a target, and to the top
        ('<a href="https://e.org/#n">1</a><p id="n">b</p>', '<p><a href="https://e.org/#n">1</a></p>\n<p>b</p>'),
        ('<a href="#n">1</a> <a href="#">2</a><p id="m">b</p>', "<p>1 2</p>\n<p>b</p>"),
        # names in any script, in percent-encoding, and with what an id cannot have
        ('<a href="#%E6%B3%A8">1</a><p id="注">b</p>', '<p><a href="#text-注">1</a></p>\n<p id="text-注">b</p>'),
        ('<a href="#a%20b">1</a><p id="a b">b</p>', '<p><a href="#text-a-b">1</a></p>\n<p id="text-a-b">b</p>'),
        # places: before a paragraph, in a line, in a cell, on a figure
        ('<a href="#n">1</a><p><a name="n"></a>b</p>', '<p><a href="#text-n">1</a></p>\n<p id="text-n">b</p>'),
        ('<a href="#n">1</a><div id="n"></div><hr>', '<p><a href="#text-n">1</a></p>\n<hr id="text-n">'),
        ('<a href="#n">1</a> b<a name="n"></a> <i>c</i>', '<p><a href="#text-n">1</a> b <i id="text-n">c</i></p>'),
        ('<a href="#n">1</a> b<span id="n"></span><br><br>c', '<p><a href="#text-n">1</a> b</p>\n<p id="text-n">c</p>'),
        ('<a href="#n">1</a> <span id="n">c</span>', '<p><a href="#text-n">1</a> <span id="text-n">c</span></p>'),
        ('<a href="#n">1</a> <a name="n">c</a>', '<p><a href="#text-n">1</a> <span id="text-n">c</span></p>'),
        (
            '<a href="#n">1</a><table><tr><td id="n">a<td>b</table>',
            (
                '<p><a href="#text-n">1</a></p>\n'
                '<table><tbody><tr><td id="text-n">a</td><td>b</td></tr></tbody></table>'
            ),
        ),
        (
            '<a href="#n">1</a><dl><dt id="n">a<dd>b</dl>',
            '<p><a href="#text-n">1</a></p>\n<dl><dt id="text-n">a</dt><dd>b</dd></dl>',
        ),
        # twice the same, and over two lines
        (
            '<a href="#n">1</a><p id="n">b</p><p id="n">c</p>',
            '<p><a href="#text-n">1</a></p>\n<p id="text-n">b</p>\n<p>c</p>',
        ),
        ('<a href="#n">1</a> <b id="n">b<br>c</b>', '<p><a href="#text-n">1</a> <b id="text-n">b</b><br><b>c</b></p>'),
        # words that only look like attributes
        (
            '<p>Write id="n" and href="#n". <a href="#n">1</a></p><p id="n">b</p>',
            '<p>Write id="n" and href="#n". <a href="#text-n">1</a></p>\n<p id="text-n">b</p>',
        ),
        # of an element that is not shown
        ('<a href="#n">1</a><p id="n" hidden>b</p>', "<p>1</p>"),
        ('<p>a <a class="footnote-backref" href="#r">↩</a></p>', "<p>a</p>"),
    ],
)  # fmt: skip
def test_a_note_is_led_to_and_leads_back(found: str, clean: str) -> None:
    assert clean_html(found, _PAGE) == clean
    assert clean_html(clean, _PAGE) == clean
    assert clean_html(clean) == clean


def test_notes_of_markdown_are_led_to_and_lead_back() -> None:
    html = write_html(read_html(render_markdown("It rained.[^1]\n\n[^1]: All day.")))
    assert html == (
        '<p>It rained.<sup><a href="#text-fn-1" id="text-fnref-1">1</a></sup></p>\n'
        '<ol><li id="text-fn-1">All day. <a href="#text-fnref-1">↩</a></li></ol>'
    )


def test_links_whose_target_is_cut_become_words() -> None:
    blocks = read_html('<p><a href="#n">1</a></p><p id="n"><a href="#m">b</a></p><p id="m">c</p>')
    assert write_html(blocks[:2]) == '<p><a href="#text-n">1</a></p>\n<p id="text-n">b</p>'
    assert write_html(blocks[1:2]) == "<p>b</p>"
    blocks = read_html('<p><a href="#n">1</a></p><p>b <span id="n"><i>c</i></span></p>')
    assert write_html(blocks[1:]) == "<p>b <i>c</i></p>"


def test_links_within_a_text_are_not_among_its_links() -> None:
    (block, _) = read_html('<p><a href="#n">1</a></p><p id="n">b</p>')
    assert block.lines[0].links == ()

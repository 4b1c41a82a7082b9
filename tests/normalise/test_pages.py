"""The article of a saved web page, without losing prose."""

import re
import sys
from datetime import UTC, datetime

import pytest

from feeder.model import Draft
from feeder.normalise.body.saved_page import _PICTURE, extract_saved_article
from feeder.normalise.entry import normalise

_PROSE = "".join(
    f"<p>This is paragraph number {n} of the article, and it is long enough to be taken for prose, with "
    f'<a href="/l{n}">a link</a>.</p>'
    for n in range(6)
)
_AROUND = (
    '<nav><a href="/">Home</a></nav><header class="entry-header"><h1>Spring rain</h1></header>',
    '<div class="sharedaddy sd-sharing-enabled"><ul><li><a href="/t">Tweet</a></li></ul></div>'
    '<div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3><a href="/x">Snow</a></div>'
    '<div class="entry-footer">Tagged <a href="/tag">weather</a></div>'
    '<div id="comments" class="comments-area"><h3>Replies</h3><p>' + "I say much about this. " * 60 + "</p></div>"
    "<footer><p>All of the rights that there are in this are reserved by the company.</p></footer>",
)


@pytest.fixture(autouse=True)
def without_trafilatura(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)


def content(html: str) -> str:
    draft = Draft(origin="a", content=html, content_type="html", title="Spring rain", link="https://e.org/a")
    return normalise(draft, now=datetime(2026, 1, 1, tzinfo=UTC)).content


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>{0}<article>{1}</article>{2}</body></html>",
        "<!DOCTYPE html><html><body>{0}<div id='main'><div class='entry-content'>{1}</div></div>{2}</body></html>",
        "<?xml version='1.0' encoding='utf-8'?><html><body><main>{0}{1}</main>{2}</body></html>",
        "<html><body>" + "<div>" * 70 + "{0}{1}{2}" + "</div>" * 70 + "</body></html>",
        "<html><body><div class='x'>{0}</div><div class='y'><div class='z'>{1}</div></div>{2}</body></html>",
        "<article class='post'>{0}<div class='entry-content'>{1}</div>{2}</article>",
        "<section id='content' class='region-content'><div class='submitted'>by x</div>{0}{1}{2}</section>",
    ],
)
def test_only_the_article_of_a_page_remains(page: str) -> None:
    assert content(page.format(_AROUND[0], _PROSE, _AROUND[1])) == content(_PROSE)


def test_html_that_is_no_page_is_left_as_it_is() -> None:
    html = '<div class="share">a</div><p>b</p>'
    assert extract_saved_article(html).html == html


@pytest.mark.parametrize(
    "html",
    [
        "<article>" + "<i>" * 30_000,
        "<article>" + "a" * 4_000_001,
        "<html>\x00</html>",
        "<html></html>",
        "<html><!-- a -->",
        "<!DOCTYPE html>",
    ],
    ids=["many elements", "long", "a zero", "empty", "a comment", "a type"],
)
def test_invalid_pages_do_no_harm(html: str) -> None:
    reduced = extract_saved_article(html).html
    assert len(reduced) <= len(html) + 100


@pytest.mark.parametrize("name", ["share", "related", "entry-meta", "comments"])
def test_an_element_with_most_of_the_words_stays_whatever_its_name(name: str) -> None:
    assert "paragraph number 3" in extract_saved_article(f'<article><div class="{name}">{_PROSE}</div></article>').html


def test_a_long_element_of_prose_stays_whatever_its_name() -> None:
    aside = f'<div class="promo">{"<p>Words that nobody would like to lose, one more time.</p>" * 12}</div>'
    assert "nobody would like" in extract_saved_article(f"<article>{_PROSE * 3}{aside}</article>").html


def test_the_footer_of_a_quotation_is_part_of_it() -> None:
    html = f"<article>{_PROSE}<blockquote>So it was.<footer>Jane Doe</footer></blockquote></article>"
    assert "Jane Doe" in extract_saved_article(html).html


class Extractor:
    """Stands for the optional library: gives back what it was told to."""

    def __init__(self, found: str | None) -> None:
        self.found = found

    def extract(self, _html: str, **_options: object) -> str | None:
        return self.found


@pytest.mark.parametrize(
    ("found", "is_believed"),
    [(f"<div>{_PROSE}</div>", True), ("<p>lost</p>", False), (f"<div>{_PROSE}<p>menu</p></div>", False), (None, False)],
)
def test_the_library_s_result_is_used_if_it_loses_no_prose_and_has_less_around(
    found: str | None,
    is_believed: bool,  # noqa: FBT001  a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", Extractor(found))
    assert (
        extract_saved_article(f"<html><body><article>{_PROSE}</article></body></html>").html == found
    ) is is_believed


def test_pictures_and_their_captions_are_kept_where_the_library_s_result_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = (
        '<img src="https://i.example/no-ending" alt="1 > 0">',
        '<figure><img data-src="https://i.example/b.jpg" src="data:,"><figcaption>Boats</figcaption></figure>',
    )
    monkeypatch.setitem(
        sys.modules, "trafilatura", Extractor(f'<div>{_PROSE}<img src="0.png"/><img src="1.png"/></div>')
    )
    html = extract_saved_article(f"<html><body><article>{_PROSE}{''.join(pictures)}</article></body></html>").html
    assert html == f"<div>{_PROSE}{''.join(pictures)}</div>"


def test_tables_in_figures_are_left_to_the_library() -> None:
    table = '<figure><table><tr><td>1</td><td><img src="a.jpg"></td></tr></table></figure>'
    assert [match[0] for match in _PICTURE.finditer(table)] == ['<img src="a.jpg">']


def test_comments_that_are_most_of_a_page_are_its_article() -> None:
    talk = "".join(f'<div class="comment">{_PROSE}</div>' for _ in range(5))
    article = extract_saved_article(f'<div><p>Two people talk.</p><div id="comments">{talk}</div></div>')
    assert article.html.count("paragraph number 3") == 5
    assert not article.cut


def test_comments_below_an_article_are_cut_and_told() -> None:
    article = extract_saved_article(f'<div>{_PROSE * 3}<div id="comments"><p>Well said!</p></div></div>')
    assert "Well said" not in article.html
    assert article.cut == ["Well said!"]


def test_words_around_an_unknown_element_are_kept() -> None:
    prose = "".join(f"<p>It rained on day {n}, and for {n} hours nobody went out of the house.</p>" for n in range(30))
    odd = '<p>The weather <xa href="x">report</a> that nobody had read said so.</p>'
    page = f"<html><head><title>Rain</title></head><body><div>{prose}{odd}{prose}</div></body></html>"
    text = " ".join(re.sub(r"<[^>]*>", "", extract_saved_article(page).html).split())
    assert "The weather report that nobody had read said so." in text


@pytest.mark.parametrize("note", ['class="footnote brackets"', 'epub:type="footnote"', 'role="doc-endnote"'])
def test_notes_beside_the_text_are_part_of_it(note: str) -> None:
    html = f"<article><p>{'Rain fell in the hills. ' * 20}</p><aside {note}><p>In May.</p></aside></article>"
    assert "In May." in extract_saved_article(html).html


def test_text_that_is_not_in_paragraphs_is_not_left_to_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", Extractor("<p>lost</p>"))
    bare = "<br><br>".join(f"On day {n} it rained, and nobody went out of the house for hours." for n in range(9))
    html = extract_saved_article(f"<html><body><div>{bare}<blockquote>{_PROSE}</blockquote></div></body></html>").html
    assert html.count("nobody went out") == 9

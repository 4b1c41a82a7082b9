"""Most of prose is not given to the Markdown parser: what comes out must be what the parser would have said."""

from hypothesis import given
from hypothesis import strategies as st

from feeder.normalise.body import markdown
from feeder.normalise.body.markdown import render_markdown

PIECES = [
    "字", "“", "**", "*", "_", "[a](b)", "![](x)", "\n", "\n\n", "\n \n", " ", "    ", "\u3000", "\n-", "- ", "1. ",
    "#", "# ", "|", "\n---\n", "<b>", "</b>", "&amp;", "\\", "`", "~~", ">", "\n=", ":", "[a]", "[a]: b", "\t", '"',
    "***", "\u00a0", "\x0b", "**字**", "*a*", "***字 a***", "[字](https://e.org/a_b)",
    "![字](http://e.org/?a=b)", "[字]", "!", "\n- 字", "\n- [字](https://e.org/)", "(", "https://e.org/", "，",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_prose_is_rendered_as_the_parser_would(text: str) -> None:
    assert markdown._rendered(text) == markdown._MARKDOWN.render(text)


def test_paragraphs_before_a_list_are_prose_and_the_list_is_a_list() -> None:
    html = render_markdown("一句“话”。\n第二行\n\n**粗**体\n\n- 甲\n- 乙\n")
    assert html == (
        "<p>一句“话”。<br />\n第二行</p>\n<p><strong>粗</strong>体</p>\n<ul>\n<li>甲</li>\n<li>乙</li>\n</ul>\n"
    )


def test_plain_marks_need_no_parser_and_are_what_it_makes_of_them() -> None:
    text = '***甲：乙***\n[来源][名](https://e.org/a_b) “"\n\n![图](https://e.org/p.jpg)\n\n- *甲*\n- [乙](https://e.org/)\n'
    assert markdown._rendered(text) == markdown._MARKDOWN.render(text)
    assert all(markdown._plain(paragraph) is not None for paragraph in text.split("\n\n")[:2])


def test_a_definition_further_down_is_known_to_the_paragraphs_above() -> None:
    assert '<a href="https://example.org/">名</a>' in render_markdown("见 [名]。\n\n[名]: https://example.org/\n")

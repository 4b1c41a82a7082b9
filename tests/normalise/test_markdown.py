"""Markdown as archives write it: what is code stays as it is, and a text of nothing but marks is no Markdown."""

from datetime import UTC, datetime

import pytest

from feeder.model import Draft
from feeder.normalise.body.markdown import is_markup_only, render_markdown
from feeder.normalise.entry import normalise


def test_bold_that_touches_words_is_bold_and_code_is_left_alone() -> None:
    assert render_markdown("**“字”**字 `**时间：**1 秒`") == (
        "<p><strong>“字”</strong>字 <code>**时间：**1 秒</code></p>\n"
    )


@pytest.mark.parametrize("mark", ["[a](", "_a_ ", "![](", "***a*** ", "[[zh:", "a\n", "~~a", "\\a", ":", "&amp;"])
def test_a_text_of_nothing_but_marks_is_read_as_text(mark: str) -> None:
    text = mark * 9000
    assert is_markup_only(text)
    draft = Draft(origin="a", content=text, content_type="markdown", title="a")
    assert normalise(draft, now=datetime(2026, 1, 1, tzinfo=UTC)).content.count("<em>") == 0


def test_links_that_are_begun_and_never_ended_make_a_text_no_markdown() -> None:
    assert is_markup_only("[a](" + "字" * 2000 + "[a](many words between " * 600)
    assert not is_markup_only("字" * 8000 + "[a](many) words between " * 600)


@pytest.mark.parametrize("text", ["[a](" * 100, "Words, many of them, and *a mark* now and then.\n" * 9000])
def test_what_somebody_wrote_is_markdown(text: str) -> None:
    assert not is_markup_only(text)

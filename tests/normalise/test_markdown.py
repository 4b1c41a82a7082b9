"""Markdown of archives: code is unchanged, and cost is bounded."""

from datetime import UTC, datetime

import pytest

from feeder.model import Draft
from feeder.normalise.body.markdown import is_markup_only, render_markdown
from feeder.normalise.entry import normalise


def test_bold_that_touches_words_is_bold_and_code_is_left_alone() -> None:
    assert render_markdown("**“字”**字 `**时间：**1 秒`") == (
        "<p><strong>“字”</strong>字 <code>**时间：**1 秒</code></p>\n"
    )


def test_a_line_end_is_a_line_break_and_html_stays() -> None:
    assert render_markdown("一句“话”。\n第二行 <b>粗</b>\n\n- 甲\n- 乙\n") == (
        "<p>一句“话”。<br />\n第二行 <b>粗</b></p>\n<ul>\n<li>甲</li>\n<li>乙</li>\n</ul>\n"
    )


def test_a_definition_further_down_is_known_to_the_paragraphs_above() -> None:
    assert '<a href="https://example.org/">名</a>' in render_markdown("见 [名]。\n\n[名]: https://example.org/\n")


@pytest.mark.parametrize("address", ["字", "%E5%AD%97", "a%20b（字）", "%EF%BC%88字%EF%BC%89", "~a", "%41%e5%ad%97"])
def test_letters_and_bytes_in_an_address_stay_what_they_were(address: str) -> None:
    link = f"https://example.org/{address}"
    html = f'<a href="{link}">{link}</a>'
    assert render_markdown(f"[{link}]({link}) {html} `{link}`") == f"<p>{html} {html} <code>{link}</code></p>\n"


@pytest.mark.parametrize("line", ["12. März 2024", "3. maaliskuuta 2024, klo 10", "2024. március 5.", "2024. 3. 12."])
def test_a_date_on_a_line_of_its_own_is_no_list(line: str) -> None:
    assert render_markdown(f"# Hír\n\n{line}\n\nSzöveg.") == f"<h1>Hír</h1>\n<p>{line}</p>\n<p>Szöveg.</p>\n"
    assert "<li>" in render_markdown("1. January 2024\n2. February 2024\n")


def test_one_tilde_is_no_strikethrough_and_two_are() -> None:
    assert render_markdown("3~5℃，7~9℃ \\~ `~`") == "<p>3~5℃，7~9℃ ~ <code>~</code></p>\n"
    assert render_markdown("~~旧~~新") == "<p><del>旧</del>新</p>\n"


def test_forbidden_characters_are_removed() -> None:
    assert render_markdown("a\ud800b\uffffc\x00") == "<p>abc</p>\n"


@pytest.mark.parametrize(
    "mark",
    [">", "> ", "- ", "1. ", "[", "![", "[a](", "*", "*a ", "_a", "~~a ", "<a ", "`", "|", "&", "\\", "[a]: b\n"],
)
def test_very_deeply_nested_marks_are_read(mark: str) -> None:
    assert "end" in render_markdown(mark * 100_000 + "\n\nend")


def test_repetition_of_a_definition_is_bounded() -> None:
    text = f"[a]: {'b' * 50_000}\n{'[a]' * 50_000}"
    assert len(render_markdown(text)) < 10 * len(text)


@pytest.mark.parametrize("mark", ["_a_ ", "![](", "***a*** ", "[[zh:", "a\n", "~~a", "\\a", ":", "&amp;"])
def test_a_text_of_only_marks_is_read_as_text(mark: str) -> None:
    text = mark * 9000
    assert is_markup_only(text)
    draft = Draft(origin="a", content=text, content_type="markdown", title="a")
    assert normalise(draft, now=datetime(2026, 1, 1, tzinfo=UTC)).content.count("<em>") == 0


@pytest.mark.parametrize("text", ["[a](" * 100, "Words, many of them, and *a mark* now and then.\n" * 9000])
def test_what_somebody_wrote_is_markdown(text: str) -> None:
    assert not is_markup_only(text)


@pytest.mark.parametrize(
    "text",
    [
        "Roses are red,\nViolets are blue,\nSugar is sweet\nAnd so are you.",
        "Two roads diverged in a yellow wood,\nAnd sorry I could not travel both\nAnd be one traveler, long I stood",
        "> Shall I compare thee to a summer's day?\n> Thou art more lovely and more temperate:\n> Rough winds\n> And",
        "Ann Lee\n12 Main Street\nSpringfield, IL 62701",
        "**Ann Lee**\n*Editor*\nEvening Post",
        "Date: Monday\nPlace: the town hall\nPrice: 5 dollars",
        "Ночь, улица, фонарь, аптека,\nБессмысленный и тусклый свет.\nЖиви ещё хоть четверть века —\nВсё будет так.",
        "«Où vas-tu?»\n— Loin d'ici.",
    ],
)
def test_verses_and_addresses_keep_their_lines(text: str) -> None:
    assert render_markdown(text).count("<br") == text.count("\n")
    assert render_markdown(f"Prose.\n\n{text}\n\nMore prose.\n").count("<br") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "It rained all day and the river rose, so that nobody left the\nHouse until noon, when the sun came out.",
        "It rained all day\nand the river rose",
        "No calls were made this week by\n[Rust](https://e.org/a),\n[Cargo](https://e.org/b) or\n[Others](https://e.org/c)",
        "- One\n- Two\n- Three",
        "1. One\n2. Two",
        "Title\n=====",
        "Name | Age\n--- | ---\nAnn | 5",
        "[a]: https://e.org/a\n[b]: https://e.org/b",
        "The Long Title Of\nthe article",
        "Der Regen hörte nicht auf, und am Morgen stand das\nWasser im Keller.",
        "```\nPrint One\nPrint Two\n```",
    ],
)
def test_wrapped_lines_lists_and_tables_have_no_breaks(text: str) -> None:
    assert "<br" not in render_markdown(text)


def test_a_program_that_shows_line_ends_breaks_all_but_wrapped_paragraphs() -> None:
    assert render_markdown("it rained\nall day", line_breaks=True).count("<br") == 1
    assert render_markdown("one\ntwo\n\n- a\n- b\n\nthree\nfour", line_breaks=True).count("<br") == 2
    wrapped = "The river rose so that nobody left the\nhouse until noon, when the rain had ended\nand all went out."
    assert "<br" not in render_markdown(wrapped, line_breaks=True)
    assert "<br" not in render_markdown("```\na\nb\n```", line_breaks=True)


def test_lines_that_are_full_are_wrapped_and_others_are_broken() -> None:
    assert "<br" not in render_markdown("这是一行被编辑器折断的中文文字没有标点\n因此读者不应该在这里看到任何一个换行")
    assert render_markdown("甲乙\n丙丁").count("<br") == 1
    assert render_markdown("这一行很短\n这一行比上面的那一行要长得多，而且还没有完\n完了").count("<br") == 2


def test_footnotes_without_a_mark_or_a_text_are_not_lost() -> None:
    assert "Lost?" in render_markdown("a[^1]\n\n[^1]: Found.\n[^2]: Lost?")
    assert "<sup>9</sup>" in render_markdown("a[^9] b[^1]\n\n[^1]: Found.")

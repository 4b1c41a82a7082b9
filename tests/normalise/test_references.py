"""A list of references is cut as a whole or not at all."""

import pytest

from feeder.normalise.body.html import read_html
from feeder.normalise.boilerplate.references import is_numbered, is_reference_heading
from feeder.normalise.boilerplate.trim import trim

PROSE = ["The river rose for three days, and the town built walls of sand along the main street."] * 4


def link(number: int) -> str:
    return f'<a href="https://paper.example/{number}">Paper {number}</a>'


LINKS = [link(number) for number in range(6)]
PRINTED = [f"Smith, J. ({2000 + number}). Rain, part {number}. Journal of Weather." for number in range(3)]
ADDRESSES = [f"https://paper.example/{number}" for number in range(3)]


@pytest.mark.parametrize(
    ("lines", "cut"),
    [
        (["References", *LINKS], 7),
        (["References", *LINKS[:3], *PRINTED, *LINKS[3:]], 0),
        (["参考资料：", *PRINTED, *ADDRESSES], 0),
        (["参考资料：", *ADDRESSES, "责任编辑：张三"], 5),
        (["延伸阅读", LINKS[0], "作者在这里说了一句很长也很清楚的话。", *LINKS[1:]], 0),
        (["Further reading", *ADDRESSES, "Editor: Jane Doe"], 1),
        (["Quellen", *PRINTED, *ADDRESSES, "Tags: rain, river"], 1),
        (
            [
                "Further reading",
                "1. Smith: Rain.",
                '2. <a href="https://twitter.com/w">Weather on Twitter</a>',
                "编辑：张三",
            ],
            1,
        ),
        (["Further reading", "1. Smith: Rain.", "2. Editor: Jane Doe"], 0),
        (["References", *PRINTED, *ADDRESSES, "Related articles", *LINKS], 7),
        (["Notes", "The rain went on for weeks. " * 20, *ADDRESSES, "Editor: Jane Doe"], 4),
        (["References: Smith, Rain. 2020.", *PRINTED, *LINKS], 0),
    ],
)
def test_a_list_of_references_is_cut_whole_or_not_at_all(lines: list[str], cut: int) -> None:
    article = trim(read_html("".join(f"<p>{line}</p>" for line in (*PROSE, *lines))), title="", link=None)
    assert len(article.cut) == cut
    assert len(article.blocks) == len(PROSE) + len(lines) - cut


@pytest.mark.parametrize(
    "text",
    ["References", "Works cited:", "Notes and references", "参考文献", "資料來源：", "延伸阅读", "Quellen",
     "Références :", "Источники", "参考リンク", "참고 자료", "5. Bibliografía", "المراجع", "References: [1] Smith"],
)  # fmt: skip
def test_headings_of_references(text: str) -> None:
    assert is_reference_heading(text)


@pytest.mark.parametrize(
    "text",
    ["References to rain are rare", "Sources say that it rained.", "Note that it rained", "参考价值不大", "Links on"],
)
def test_what_only_begins_like_one_is_none(text: str) -> None:
    assert not is_reference_heading(text)


@pytest.mark.parametrize(("text", "expected"), [("1. a", True), ("[12] a", True), ("① a", True), ("- a", True),
                                                 ("[^1] a", True), ("2020 was wet", False), ("a", False)])  # fmt: skip
def test_numbered(text: str, *, expected: bool) -> None:
    assert is_numbered(text) is expected

import pytest

from feeder.incoming.corrections import MAX_TEXT, Changes, compare, former_text, have_same_words
from tests.entries import make_entry

MARKS = {"same": "{}", "del": "[{}]", "ins": "<{}>"}


def passages(old: str, new: str, limit: int = 1000) -> list[str]:
    found = compare(old, new, limit=limit)
    return ["".join(MARKS[kind].format(text) for kind, text in passage) for passage in found.passages]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("The cat sat on the mat.", "The dog sat on the mat.", ["The [cat] <dog> sat on the mat."]),
        ("昨天有三人死亡。", "昨天有五人死亡。", ["昨天有[三]<五>人死亡。"]),
        ("昨天有三人受伤，两人死亡。", "昨天有五人受伤，四人死亡。", ["昨天有[三]<五>人受伤，[两]<四>人死亡。"]),
        (
            "昨天有三个大人死亡。",
            "昨天有五个小人死亡。",
            ["昨天有[三个大]<五个小>人死亡。"],
        ),  # what stays between is too short
        ("one\ntwo", "one\ntwo\nthree", ["<three>"]),
        ("one\ntwo\nthree", "one\nthree", ["[two]"]),
        ("one", "", ["[one]"]),
        ("a b\nc", "a\nb\nc", []),  # other paragraphs with the same words
        ("“a” – b", '"a" - b', []),
        ("one two\nthree four", "one two\nthree five", ["three [four]<five>"]),
        (
            "one two three four five",
            "six seven three eight nine",
            ["[one two three four five]<six seven three eight nine>"],
        ),
        ("It rained on all three days", "It\nrained on all four days", ["It\nrained on all [three] <four> days"]),
    ],
)
def test_paragraphs_that_differ_are_shown_with_their_words(old: str, new: str, expected: list[str]) -> None:
    assert passages(old, new) == expected


def test_of_what_stays_only_the_nearest_words_are_shown() -> None:
    before, after = "before " * 50, "after " * 50
    [passage] = passages(f"{before}x {after}y {after}", f"{before}xx {after}yy {after}")
    assert passage == (
        f"… {'before ' * 8}[x] <xx> {('after ' * 10).strip()} … {'after ' * 10}[y] <yy> {('after ' * 10).strip()} …"
    )


def test_what_is_shown_is_limited() -> None:
    many = "\n".join(f"line {number}" for number in range(1000))
    found = compare(many, many.replace("line", "row"), limit=400)
    assert not found.is_whole
    assert sum(len(part.text) for passage in found.passages for part in passage) < 500
    apart = "\nsame same same\n".join(str(number) for number in range(1000))
    found = compare(apart, apart.replace("\nsame", "x\nsame"), limit=400)
    assert (len(found.passages), found.is_whole) == (10, False)


@pytest.mark.parametrize("letters", ["雨", "雨风", "a ", "a b ", "a\n", "a\nb\n"])
def test_the_longest_hostile_texts_are_compared_as_far_as_that_is_quick(letters: str) -> None:
    text = letters * (MAX_TEXT // len(letters))
    assert not compare(text, text[1:-7] + "c", limit=10).is_whole
    assert compare(text + "c", text, limit=1000) == Changes((), is_whole=False)


def test_white_space_and_the_form_of_quotation_marks_are_no_words() -> None:
    assert have_same_words("a  b\nc", "ab c")
    assert have_same_words("他说：“好”…", '他说："好"...')
    for one, other in (("3.5%", "35%"), ("€5", "$5"), ("US", "us")):
        assert not have_same_words(one, other)


def test_what_is_now_cut_from_the_text_is_not_what_its_source_changed() -> None:
    former = make_entry(content="<p>Rain.</p><p>Follow us!</p>")
    assert former_text(former, make_entry(content="<p>Rain.</p>", cut=("Follow  us!",))) == "Rain."

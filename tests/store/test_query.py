import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.errors import QueryError
from feeder.store import parse_query
from tests.entries import make_entry

TYPED = st.text(alphabet="普京轉a1 \"“”「」『』＂-－OR|，。、！？\u3000\n'()*:^c+", max_size=40)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("普京", [["普京"]]),
        ("  轉載\u3000Rain ", [["转载"], ["rain"]]),
        ('"hello, world"', [["hello world"]]),
        ("「你好」『再見』“a b”＂c＂", [["你好"], ["再见"], ["a b"], ["c"]]),
        ("雨 -雪", [["雨"], ["-雪"]]),
        ("雨 －雪 −冰", [["雨"], ["-雪"], ["-冰"]]),
        ("雨 OR 雪 风", [["雨", "雪"], ["风"]]),
        ("雨 OR -雪", [["雨", "-雪"]]),
        ("OR 雨 OR", [["雨"]]),
        ("雨，雪。风、霜", [["雨"], ["雪"], ["风"], ["霜"]]),
        ("c++ don't", [["c"], ["don t"]]),
        ('"not closed', [["not closed"]]),
        ('-"a b"', [["-a b"]]),
        ("--雪", [["-雪"]]),
        ('雨"雪"', [["雨"], ["雪"]]),
        ('"OR"', [["or"]]),
        ("w* title:x", [["w"], ["title x"]]),
    ],
)
def test_reads_what_people_type(text: str, phrases: list[list[str]]) -> None:
    query = parse_query(text)
    read = [[("-" if item.negated else "") + item.phrase for item in clause] for clause in query.clauses]
    assert read == phrases
    assert query.problem is None


@pytest.mark.parametrize("text", ["", "   ", "！！！", '""', "-", "OR", "* ( )", "\ud800"])
def test_text_without_a_word_matches_nothing_and_says_so(text: str) -> None:
    query = parse_query(text)
    assert query.problem == "there is no word to look for; write letters or digits"
    assert not query.matches(make_entry())


def test_a_ninth_word_is_refused_with_its_place() -> None:
    with pytest.raises(QueryError, match=r"'九' is one word too many: at most 8 to find") as caught:
        parse_query("一 二 三 四 五 六 七 八 九")
    assert caught.value.place == 16
    with pytest.raises(QueryError, match="at most 8 to leave out"):
        parse_query("a " + " ".join(f"-{n}" for n in range(9)))
    parse_query("一 二 三 四 五 六 七 八 " + " ".join(f"-{n}" for n in range(8)))


def test_a_query_of_more_than_ten_thousand_characters_is_refused() -> None:
    parse_query("好" * 10_000)
    with pytest.raises(QueryError, match="longer than 10,000 characters"):
        parse_query("好" * 10_001)


@given(TYPED | st.text(max_size=60))
def test_any_text_is_read_or_refused_and_written_out_reads_the_same(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    assert parse_query(str(query)) == query
    query.matches(make_entry())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("春天", True),  # title
        ("雨", True),
        ("街上的人", True),  # content
        ("王小明", True),  # author
        ("weather", True),  # category
        ("清晨", True),
        ("轉載", False),
        ("first RAIN", True),
        ('"rain first"', False),
        ("雨 -雪", True),
        ("雨 -人", False),
        ("雪 OR 伞", True),
        ("雪 OR -伞", False),
        ("-雪", True),
        ("版权声明", False),  # what was cut is not searched
        ("雨 First", True),
    ],
)
def test_matches_looks_at_title_authors_categories_and_text(text: str, found: bool) -> None:  # noqa: FBT001  a table's column
    assert parse_query(text).matches(make_entry()) is found

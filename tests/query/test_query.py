import re
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.errors import QueryError, QueryMistake
from feeder.query import (
    And,
    AuthorFilter,
    Between,
    CategoryFilter,
    Has,
    LanguageFilter,
    Last,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    SiteFilter,
    SourceFilter,
    fold_name,
    parse_query,
)
from feeder.words import explain_query_error
from tests.entries import make_entry

NOW = datetime(2023, 3, 1, 12, tzinfo=UTC)
PIECES = st.lists(
    st.sampled_from(str.split("title: source： category: # ＃ author: language: site: before: after: on: last: has:"))
    | st.sampled_from(str.split('( ) （ ） OR NOT AND | ｜ - － " “ ” 「 」 『 』 ＂ OR: :: * + ， 。'))
    | st.sampled_from(str.split("雨 轉載 rain zh image 2022-03 7d bbc.com [::1]"))
    | st.just(" ")
    | st.characters(),
    max_size=24,
).map("".join)


def word(text: str) -> Phrase:
    return Phrase(text, fold_name(text))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("普京", "普京"),
        ("  轉載\u3000Rain ", "轉載 Rain"),
        ('"hello, world"', '"hello, world"'),
        ("「你好」『再見』“a b”＂c＂", '你好 再見 "a b" c'),
        ("雨 -雪", "雨 -雪"),
        ("雨 －雪 −冰", "雨 -雪 -冰"),
        ("雨 OR 雪 风", "雨 OR 雪 风"),
        ("雨 OR -雪", "雨 OR -雪"),
        ("OR 雨 OR", "雨"),
        ("雨 OR ！！ 雪", "雨 OR 雪"),
        ("雨，雪。风、霜", "雨 雪 风 霜"),
        ("c++ don't", "c++ don't"),
        ('"not closed', '"not closed"'),
        ("“not closed", '"not closed"'),
        ('-"a b"', '-"a b"'),
        ("--雪", "-雪"),
        ("- 雪", "雪"),
        ("-++ 雪", "雪"),
        ('雨"雪"', "雨 雪"),
        ('"OR" "NOT" "AND" or', '"OR" "NOT" "AND" or'),
        ("w*", '"w*"'),
        ('「say "x"」', '「say "x"」'),
        ("“a＂b”", "“a＂b”"),
        ('『a”"＂」b』', '『a”"＂」b』'),
        ("foo:bar https://example.org/a?b=1 12:30", '"foo:bar" "https://example.org/a?b=1" "12:30"'),
        ("雨|雪 风｜霜", "雨 OR 雪 风 OR 霜"),
        ("雨 || 雪 |", "雨 OR 雪"),
        ("雨 AND 雪", "雨 雪"),
        ("NOT 雪 NOT", "-雪"),
        ("NOT -雪", "雪"),
        ("(雨 雪) OR 风", "(雨 雪) OR 风"),
        ("雨 (雪 (风))", "雨 雪 风"),
        ("雨 OR (雪 OR 风)", "雨 OR 雪 OR 风"),
        ("-(雨 雪) －（风 ｜ 霜）", "-(雨 雪) -(风 OR 霜)"),
        ("-(-雪) NOT (NOT 雨)", "雪 雨"),
        ("-(-(雨 雪) 风)", "-(-(雨 雪) 风)"),
        ("雨（雪）() ( - )", "雨 雪"),
        ("title:雨 Title：“第一 場”", 'title:雨 title:"第一 場"'),
        ("-title:雨", "-title:雨"),
        ("title:雨|「大 雪」｜c 风", 'title:雨 OR title:"大 雪" OR title:c 风'),
        ("-title:雨|雪", "-(title:雨 OR title:雪)"),
        ("title:雨 | 雪", "title:雨 OR 雪"),
        ("title:雨|#雪", "title:雨 OR category:雪"),
        ("title:(雨 雪) OR 风", "(title:雨 title:雪) OR 风"),
        ("title:(雨 -(雪 OR author:x))", "title:雨 -(title:雪 OR author:x)"),
        ("#天气 ＃新闻 -#“a b” # ##c", 'category:天气 category:新闻 -category:"a b" category:"#c"'),
        ("#(a b)", "category:a category:b"),
        ("c# a#b", '"c#" "a#b"'),
        ("source:bbc author:“王 小明”", 'source:bbc author:"王 小明"'),
        ("language:ZH language:pt-BR", "language:zh language:pt-br"),
        ("language:zh-TW language:zh-CN", "language:zh-hant language:zh-hans"),
        ("site:https://www.BBC.com:443/ site:例子.中国", "site:bbc.com site:xn--fsqu00a.xn--fiqs8s"),
        ("site:[::1] site:127.0.0.1 site:uk", "site:[::1] site:127.0.0.1 site:uk"),
        ("has:image|audio has:VIDEO", "has:image OR has:audio has:video"),
        ("on:2022 on:2022-03 on:2022-03-05 on:2024-02", "on:2022 on:2022-03 on:2022-03-05 on:2024-02"),
        ("on:2022年3月 on:2022年", "on:2022-03 on:2022"),
        ("on:２０２２年３月５日 on:2022年3月5號", "on:2022-03-05 on:2022-03-05"),
        ("before:2022/3/5 after:2022.12", "before:2022-03-05 after:2022-12-01"),
        ("last:7d last:012H last:1y", "last:7d last:12h last:1y"),
        ("last:2周 last:3個月 last:5小时", "last:2w last:3m last:5h"),
        ("ſite:x", '"ſite:x"'),  # folds to s, and is no s
    ],
)  # fmt: skip
def test_reads_what_people_type(text: str, written: str) -> None:
    query = parse_query(text)
    assert str(query) == written
    assert parse_query(written) == query
    assert query.problem is None


def test_a_query_is_a_value() -> None:
    query = parse_query("雨 OR -“大 雪” (title:Wind #天气) last:7d on:2022-03")
    assert query.root == And(
        (
            Or((Phrase("雨", "雨"), Not(Phrase("大 雪", "大雪")))),
            Phrase("Wind", "wind", "title"),
            CategoryFilter("天气", "天气"),
            Last(7, "d"),
            Between(datetime(2022, 3, 1, tzinfo=UTC), datetime(2022, 4, 1, tzinfo=UTC)),
        ),
    )
    assert query == parse_query(str(query))
    assert len({query, parse_query(str(query))}) == 1


def test_only_words_to_find_are_marked() -> None:
    assert parse_query("雨 -雪 -(风 -霜) title:Rain #云 author:王").phrases == ("雨", "霜", "rain")


def test_leaves_tell_what_must_not_be() -> None:
    leaves = parse_query("雨 -(雪 -title:风)").leaves()
    assert [(str(leaf), negated) for leaf, negated in leaves] == [("雨", False), ("雪", True), ("title:风", False)]


@pytest.mark.parametrize(
    "text", ["", "   ", "！！！", '""', "-", "OR", "* ( )", "\ud800", "#", "NOT", "-()", "| ( OR )"]
)
def test_text_without_a_word_matches_nothing_and_says_so(text: str) -> None:
    query = parse_query(text)
    assert query == Query(None)
    assert (str(query), query.phrases) == ("", ())
    assert query.problem == "there is nothing to search for; write letters or digits"
    assert not query.matches(make_entry(), now=NOW)


NO_VALUE = "{}: has no value: write it right behind the colon, such as {}"
NOT_A_SPAN = "'{}' is not a span of time: write last:12h, last:7d, last:2w, last:3m or last:1y"
NOT_A_LANGUAGE = "'chinese' is not a language tag: write language:zh, language:zh-Hant or language:en"
NOT_A_SITE = "'{}' is not a site: write its name alone, such as site:bbc.com"


def not_a_date(text: str, field: str) -> str:
    return (
        f"{text!r} is not a date: write a year, a month or a day: {field}:2022, {field}:2022-03 or {field}:2022-03-05"
    )


MISTAKES: list[tuple[str, QueryMistake, int, str]] = [
    ("一 二 三 四 五 六 七 八 九", "too-many-words", 16, "'九' is one word too many: at most 8 to find"),
    (
        "a " + " ".join(f"-{n}" for n in range(9)),
        "too-many-excluded",
        26,
        "'8' is one word too many: at most 8 to leave out",
    ),
    ("-(a b c d e f g h -x title:i)", "too-many-excluded", 21, "'i' is one word too many: at most 8 to leave out"),
    ("#x " * 17, "too-many-fields", 48, "'category:x' is one field too many: at most 16"),
    ("雨" * 10_001, "too-long", 10_000, "the query is longer than 10,000 characters"),
    ("雨 (雪", "unclosed", 2, "'(' is never closed: write ')' where its group ends"),
    ("雨 title:（雪", "unclosed", 8, "'(' is never closed: write ')' where its group ends"),
    ("雨 雪)", "unopened", 3, "')' closes nothing: take it out, or write '(' before it"),
    ("(" * 17 + "雨" + ")" * 17, "too-deep", 16, "'(' opens one group too many inside another: at most 16"),
    ("雨 title: 雪", "empty-value", 2, NO_VALUE.format("title", "title:rain")),
    ("雨 author：", "empty-value", 2, NO_VALUE.format("author", 'author:"Jane Doe"')),
    ("category:()", "empty-value", 0, NO_VALUE.format("category", "category:weather")),
    ('-has:""|image', "empty-value", 0, NO_VALUE.format("has", "has:image")),
    ("雨 on:2022-13", "bad-date", 2, not_a_date("2022-13", "on")),
    ("before:yesterday", "bad-date", 0, not_a_date("yesterday", "before")),
    ("after:(2022 OR 2023-02-29)", "bad-date", 15, not_a_date("2023-02-29", "after")),
    ("on:2022-00", "bad-date", 0, not_a_date("2022-00", "on")),
    ("on:2022月5", "bad-date", 0, not_a_date("2022月5", "on")),
    ("on:0999", "bad-date", 0, not_a_date("0999", "on")),
    ("last:7x", "bad-span", 0, NOT_A_SPAN.format("7x")),
    ("last:0d", "bad-span", 0, NOT_A_SPAN.format("0d")),
    ("last:week", "bad-span", 0, NOT_A_SPAN.format("week")),
    ("has:image|cats", "bad-has", 9, "'cats' cannot be asked for: write has:image, has:audio or has:video"),
    ("language:chinese", "bad-language", 0, NOT_A_LANGUAGE),
    ("site:bbc.com/news", "bad-site", 0, NOT_A_SITE.format("bbc.com/news")),
    ("site:²", "bad-site", 0, NOT_A_SITE.format("²")),
    ("site:a..b", "bad-site", 0, NOT_A_SITE.format("a..b")),
    ("site:ftp://bbc.com", "bad-site", 0, NOT_A_SITE.format("ftp://bbc.com")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "place", "message"), MISTAKES)
def test_a_mistake_is_explained_with_its_place(text: str, code: QueryMistake, place: int, message: str) -> None:
    with pytest.raises(QueryError, match=f"^{re.escape(message)}$") as caught:
        parse_query(text)
    assert (caught.value.code, caught.value.place) == (code, place)
    assert explain_query_error(caught.value, "en") == message
    for language in ("zh-Hans", "zh-Hant"):
        explained = explain_query_error(caught.value, language)
        assert re.search("[\u4e00-\u9fff]", explained)
        assert all(str(value) in explained for name, value in caught.value.values.items() if name != "example")


def test_every_mistake_is_among_them() -> None:
    assert {code for _, code, _, _ in MISTAKES} == set(get_args(QueryMistake))


def test_as_many_as_are_allowed_are_read() -> None:
    query = parse_query("一 二 三 四 五 六 七 八 " + " ".join(f"-{n}" for n in range(8)) + " #x" * 16)
    assert [negated for leaf, negated in query.leaves() if isinstance(leaf, Phrase)] == [False] * 8 + [True] * 8
    assert parse_query("好" * 10_000).phrases == ("好" * 10_000,)
    assert parse_query("(" * 16 + "雨" + ")" * 16) == parse_query("雨")


def test_what_is_too_long_to_be_written_out_is_refused() -> None:
    parse_query('"' + "a b" * 3_332 + "a")
    with pytest.raises(QueryError, match="longer than 10,000 characters"):
        parse_query('"' + "a b" * 3_333)


@pytest.mark.parametrize(
    "piece",
    [
        *("(", ")", "()", "(a", "-", "- ", "-(", "NOT ", "OR ", "|", '"', "“", "「", "#", "＃("),
        *("title:", "a:", "x|", "title:x|", "title:(", "+ ", "\u0300", "ﷺ", "a\n"),
    ],
)
def test_any_length_of_the_same_is_read_or_refused(piece: str) -> None:
    for text in (piece * (10_000 // len(piece)), "雨 " + piece * 3_000, piece * 3_000 + "雨"):
        try:
            query = parse_query(text)
        except QueryError:
            continue
        assert parse_query(str(query)) == query


@given(st.text() | st.text(alphabet="普京轉a1 \"“”「」『』＂-－OR|，。、！？\u3000\n'()*:^c+#", max_size=40) | PIECES)
def test_any_text_is_read_or_refused_and_written_out_reads_the_same(text: str) -> None:
    try:
        query = parse_query(text)
    except QueryError:
        return
    assert parse_query(str(query)) == query
    assert (query.problem is None) == (query.root is not None)
    query.matches(make_entry(), now=NOW)


TEXTS = st.sampled_from(
    ["雨", "轉載", "Rain", "OR", "c++", "don't", "a b", "a:b", "title:x", "-a", "#a", "(a)", "a|b", 'say "x"', "“a”"],
)
DAYS = st.dates(min_value=datetime(1000, 1, 1, tzinfo=UTC).date(), max_value=datetime(2999, 12, 31, tzinfo=UTC).date())
MOMENTS = DAYS.map(lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC))
LEAVES: st.SearchStrategy[Node] = st.one_of(
    TEXTS.map(word),
    TEXTS.map(lambda text: Phrase(text, fold_name(text), "title")),
    st.builds(
        lambda kind, text: kind(text, fold_name(text)),
        st.sampled_from([SourceFilter, CategoryFilter, AuthorFilter]),
        TEXTS,
    ),
    st.sampled_from(["zh", "zh-hant", "en", "pt-br"]).map(LanguageFilter),
    st.sampled_from(["bbc.com", "xn--fsqu00a.xn--fiqs8s", "[::1]"]).map(SiteFilter),
    MOMENTS.map(lambda moment: Between(None, moment)),
    MOMENTS.map(lambda moment: Between(moment, None)),
    st.builds(Last, st.integers(1, 9999), st.sampled_from("hdwmy")),
    st.builds(Has, st.sampled_from(["image", "audio", "video"])),
)


def grown(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def several(kind: type[And | Or]) -> st.SearchStrategy[Node]:
        others = parts.filter(lambda part: not isinstance(part, kind))
        return st.lists(others, min_size=2, max_size=3).map(lambda each: kind(tuple(each)))

    return several(And) | several(Or) | parts.filter(lambda part: not isinstance(part, Not)).map(Not)


@given(st.recursive(LEAVES, grown, max_leaves=8))
def test_every_query_can_be_written_and_read_again(root: Node) -> None:
    assert parse_query(str(Query(root))).root == root

"""Reporters are told from the places they report from."""

import pytest

from feeder.normalise.boilerplate.credits import parse_credits
from feeder.normalise.boilerplate.reporters import find_dateline_reporters, find_reporters


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("本报记者 薛小山 华盛顿报道", "薛小山"),
        ("记者薛小山华盛顿报道", "薛小山"),
        ("记者李明华盛顿报道", "李明"),
        ("记者李明纽约报道", "李明"),
        ("记者薛小山某某某报道", "薛小山"),
        ("记者李明某某报道", "李明"),
        ("记者欧阳小明某某某报道", "欧阳小明"),
        ("记者欧阳小明报道", "欧阳小明"),
        ("本报记者 张　三 北京报道", "张三"),
        ("记者张三丰、李四北京报道", "张三丰 李四"),
        ("本报记者 张三 李四 某某某报道", "张三 李四"),
        ("（本报记者王小明墨西哥城5日电", "王小明"),
        ("记者 王小明 北京 3月5日电", "王小明"),
        ("記者王小明／綜合報導", "王小明"),
        ("特约记者王小明发自新加坡的报道", "王小明"),
        ("记者约翰·史密斯华盛顿报道", "约翰·史密斯"),
        ("记者约翰·史密斯报道", "约翰·史密斯"),
        ("某社记者陈洁台北电", "陈洁"),
        ("某台记者陈洁柏林专稿", "陈洁"),
        ("本报记者陈洁发自乌鲁木齐", "陈洁"),
        ("记者王小明、实习记者李四华盛顿报道", "王小明 李四"),
        ("某中心／綜合報導", ""),
        ("记者王报道", ""),
        ("记者王、李四报道", "李四"),
        ("王小明北京", ""),
    ],
)
def test_a_name_is_told_from_a_place(line: str, names: str) -> None:
    assert " ".join(find_reporters(line)) == names


@pytest.mark.parametrize(
    ("line", "name"),
    [("本台记者陈洁", "陈洁"), ("（记者 张三丰）", "张三丰"), ("记者招待会", ""), ("某某电台记者：陈洁", "陈洁")],
)
def test_a_line_may_be_only_a_reporter(line: str, name: str) -> None:
    assert "".join(credit.name for credit in parse_credits(line)) == name


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("【某报讯】（某报记者陈某综合报导）昨天下了雨。", ("陈某",)),
        ("（中央社記者趙小明台北1日電）昨天下了雨。", ("趙小明",)),
        ("（某报综合报道）昨天下了雨。", ()),
        ("（某报记者陈某美国纽约采访报道）昨天下了雨。", ("陈某",)),
        ("（某报记者陈某加拿大某城报导）昨天下了雨。", ("陈某",)),
        ("昨天下了雨。（某报记者陈某综合报导）", ()),
        ("昨天下了雨。", ()),
    ],
)
def test_a_dateline_names_its_reporters(text: str, author: tuple[str, ...]) -> None:
    assert find_dateline_reporters(text) == author


@pytest.mark.parametrize(
    ("line", "name"),
    [("特约记者：陈洁    台北报导", "陈洁"), ("某台记者陈洁柏林专稿", "陈洁"), ("本报记者陈洁发自乌鲁木齐", "陈洁")],
)
def test_a_credit_names_the_reporter_alone(line: str, name: str) -> None:
    assert [credit.name for credit in parse_credits(line)] == [name]

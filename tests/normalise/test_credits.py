"""Credit lines contain only roles and names."""

import pytest

from feeder.normalise.boilerplate.credits import is_empty_credit, parse_credits


@pytest.mark.parametrize(
    ("line", "credits_"),
    [
        ("翻译：甲｜校对：乙｜编剧&发布：丙", "translator 甲, proofreader 乙, editor 丙, publisher 丙"),
        ("编译： Jenny Ball", "translator Jenny Ball"),
        ("*编辑：东队/甲发布：东队/乙*", "editor 东队/甲, publisher 东队/乙"),
        ("编辑/校对/发稿：甲", "editor 甲, proofreader 甲, publisher 甲"),
        ("翻译整理： 甲  Yu", "translator 甲  Yu, editor 甲  Yu"),
        ("责任编辑：甲#", "editor 甲"),
        ("编译 甲乙；审校 丙丁", "translator 甲乙, proofreader 丙丁"),
        ("译者/何某", "translator 何某"),
        ("责编 文清 校对 图雅", "editor 文清, proofreader 图雅"),
        ("责编 校对 某某", "editor 某某, proofreader 某某"),
        ("责编 校对", "editor 校对"),
        ("译文字：甲", "translator 甲"),
        ("文编辑：甲", "editor 甲"),
        ("作者︰黎某", "author 黎某"),
        ("撰稿：甲（乙）", "author 甲（乙）"),
        ("译者：甲）", "translator 甲"),
        ("译者：甲（", "translator 甲"),
        ("某台记者甲乙综合报道   责编：丙   网编：丁", "author 甲乙, editor 丙, editor 丁"),
        ("政治中心／施某报导", "author 施某"),
        ("张某/李某(法新社、路透社)", "author 张某/李某(法新社、路透社)"),
        ("大纪元记者陈某综合报导", "author 陈某"),
        ("本报记者王小明北京报道", "author 王小明"),
        ("〔記者趙小明／台北報導〕", "author 趙小明"),
        ("（中央社記者趙小明台北1日電）", "author 趙小明"),
        ("某中心／綜合報導", "author 某中心／綜合報導"),
        ("特约撰稿：甲", "author 甲"),
        ("本期责编｜甲", "editor 甲"),
        ("作者丨甲 编辑丨乙", "author 甲, editor 乙"),
        ("一审：甲 二审：乙 三审：丙", "reviewer 甲, reviewer 乙, reviewer 丙"),
        ("来源：某某网 作者：甲", "source 某某网, author 甲"),
        ("＊責任編輯：甲", "editor 甲"),
        ("By Jane Doe and John Roe", "author Jane Doe and John Roe"),
        ("(Reporting by Jane Doe; Editing by John Roe)", "author Jane Doe, editor John Roe"),
        ("Translated by Jane van Doe", "translator Jane van Doe"),
        ("编辑：甲，编辑：甲", "editor 甲"),
        ("编辑与校对：甲", "editor 甲, proofreader 甲"),
        ("校对 / 封面合成：甲 / 发布：乙", "proofreader 甲, illustrator 甲, publisher 乙"),
    ],
)
def test_a_line_of_credits_is_read(line: str, credits_: str) -> None:
    assert ", ".join(f"{credit.role} {credit.name}" for credit in parse_credits(line)) == credits_
    assert not is_empty_credit(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "春天来了。",
        "他说：春天来了",
        "作者：他昨天来到这里。",
        "据某报说，作者：甲",
        "编辑：" + "长" * 60,
        "编辑：" + "长 " * 150,
        "图中：雨",
        "By Monday the river had fallen.",
        "By hand",
        "Written by hand, the letter said nothing.",
        "Edited by hand",
        "Reporting from the flooded streets is dangerous work.",
    ],
)
def test_a_sentence_is_no_credit(line: str) -> None:
    assert parse_credits(line) == ()
    assert not is_empty_credit(line)


def test_a_role_without_a_name_is_an_empty_credit() -> None:
    assert is_empty_credit("发布：")
    assert parse_credits("发布：") == ()


def test_a_person_who_was_a_reporter_is_no_credit() -> None:
    assert parse_credits("教师（某市中学，前某大学校报记者）") == ()

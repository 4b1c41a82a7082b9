"""Lines above an article: navigation and rules hide nothing; bylines and links to the original are read."""

import pytest

from feeder.model import Draft
from feeder.sources.files.article import read_article

TEXT = "It rained on Monday, and for four hours nobody went out.\n"


def read(text: str) -> Draft:
    return read_article(text.encode(), "a1b2c3d4e.md")


@pytest.mark.parametrize(
    "above",
    [
        "[Home](/) | [Blog](/blog/) | [About](/about/)\n\n",
        "[Home](/) | [Blog](/blog/)\n------\n",
        "[Home](/)\n------\n",
        "### [:house: back](README.md)\n---\n\n",
        "[← Back to the index](../index.md)\n\n",
        "[« zurück](a.md) · [weiter »](b.md)\n***\n",
        "English | [简体中文](README.zh.md)\n\n",
        "Home > News > World\n\n",
        "首页 > 新闻 > 国际\n\n",
        "You are here: [Home](/) » [News](/n) » Rain\n\n",
        "[[Home]] / [[Notes]]\n",
        '<p><a href="../index.html">Home</a> &gt; <a href="/news">News</a></p>\n<hr>\n',
        "[![Build](https://e.org/x.svg)](https://e.org/ci)\n",
        "---\n\n",
    ],
)
def test_navigation_above_the_heading_hides_nothing(above: str) -> None:
    draft = read(f"{above}# Rain\n\n`8/5/2023 3:24 AM UTC Li Ming` [reposted](https://e.org/a/1)\n\n{TEXT}")
    assert (draft.title, draft.link, [person.name for person in draft.authors]) == (
        "Rain",
        "https://e.org/a/1",
        ["Li Ming"],
    )
    assert [stamp.text for stamp in draft.stamps] == ["8/5/2023 3:24 AM UTC"]
    assert draft.content == TEXT
    assert read(f"{above}# Rain\n\n{TEXT}").title == "Rain"


@pytest.mark.parametrize(
    ("above", "cut"),
    [
        ("[Home](/) | [Blog](/blog/)\n\n---\n\n", ("Home | Blog",)),
        ("Home > News > World\n\n", ("Home > News > World",)),
        ("[[Home]] / [[Notes]]\n", ("Home / Notes",)),
        ('<p><a href="../index.html">Home</a> &gt; <a href="/news">News</a></p>\n<hr>\n', ("Home > News",)),
        ("[![Build](https://e.org/x.svg)](https://e.org/ci)\n[← Back](../index.md)\n", ("Build", "← Back")),
        ("---\n\n", ()),
    ],
)
@pytest.mark.parametrize("byline", ["", "`Li Ming` [reposted](https://e.org/a/1)\n\n"])
def test_navigation_is_among_what_was_cut(above: str, cut: tuple[str, ...], byline: str) -> None:
    assert read(f"{above}# Rain\n\n{byline}{TEXT}").cut == cut


@pytest.mark.parametrize("rule", ["", "------------\n"])
def test_a_menu_below_the_heading_is_cut(rule: str) -> None:
    menu = "#### [首页](https://e.org/) &nbsp;|&nbsp; [新闻](https://e.org/n)"
    page = f'<div class="body">\n 山里下了雨。\n <p>\n 树绿了。\n </p>\n</div>\n\n<hr/>\n{menu}\n'
    draft = read(f"### 春雨\n{rule}\n{menu}\n\n{page}")
    assert (draft.title, draft.content_type, draft.cut) == ("春雨", "markdown", ("首页 \xa0|\xa0 新闻",))
    assert draft.content.startswith('<div class="body">')
    assert draft.content.rstrip().endswith(menu)


def test_links_below_the_heading_may_be_the_article() -> None:
    assert read("# Rain\n\n[One](https://e.org/1) | [Two](https://e.org/2)\n").cut == ()


def test_a_heading_may_have_hashes_and_an_underline() -> None:
    assert read(f"#### Rain\n------\n\n{TEXT}").title == "Rain"


def test_a_heading_beside_another_title_is_among_what_was_cut() -> None:
    head = "# The second storm\n\n[Read the original](https://e.org/1)\n\n"
    assert read(f"---\ntitle: Rain\n---\n{head}{TEXT}").cut == ("The second storm",)
    assert read(f"---\ntitle: The second storm\n---\n{head}{TEXT}").cut == ()


@pytest.mark.parametrize(
    "line",
    [
        "[原文連接](https://e.org/1)",
        "[转发自某频道](https://e.org/1)",
        "[https://e.org/1](https://e.org/1)",
        "<https://e.org/1>",
        "https://e.org/1",
        "本文链接：https://e.org/1",
        "**[Read the original article](https://e.org/1)**",
        "> [Ссылка на оригинал](https://e.org/1)",
        "([Quelle](https://e.org/1))",
        "[Rain](https://e.org/1)",
        '<p><a class="x" href="https://e.org/1">Source</a></p>',
        "[Původní článek](https://e.org/1)",
        "[Oorspronkelijk artikel](https://e.org/1)",
        "[मूल लेख](https://e.org/1)",
        "[Read the full article](<https://e.org/1>)",
        "🔗 [e.org/1](https://e.org/1)",
        "Originally published at https://e.org/1",
        "*Originally published at [e.org](https://e.org/1)*",
        "via https://e.org/1",
        "网址：[https://e.org/1](https://e.org/1)",
        "`https://e.org/1`",
    ],
)
@pytest.mark.parametrize(
    "head", ["---\ntitle: Rain\n---\n{}\n\n", "{}\n\n# Rain\n\n", "# Rain\n\n{}\n\n", "Rain\n====\n{}\n\n"]
)
def test_a_line_that_is_only_a_link_to_the_original_is_the_link(line: str, head: str) -> None:
    draft = read(head.format(line) + TEXT)
    if line.startswith("[Rain]") and head.startswith("{"):
        assert draft.link is None  # not the title: another heading follows
    else:
        assert (draft.title, draft.link) == ("Rain", "https://e.org/1")
        assert "e.org" not in draft.content


@pytest.mark.parametrize(
    "line", ["[Rain](https://e.org/1)", "# [Rain](https://e.org/1)", "[Rain](https://e.org/1)\n\n---"]
)
def test_a_title_may_be_a_link(line: str) -> None:
    draft = read(f"{line}\n\n{TEXT}")
    assert (draft.title, draft.link, draft.content) == ("Rain", "https://e.org/1", TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "[A link](https://e.org/1) and more.\n",
        "[Another thing](https://e.org/1)\n",
        "https://www.youtube.com/watch?v=1\n",
        "![](https://e.org/1.png)\n",
        "[Source: The Paper](/1)\n",
        "`pip install rain`\n",
        "[Home](/)\n",
        "Rain > snow\n",
    ],
)
def test_the_first_lines_of_an_article_stay(text: str) -> None:
    draft = read(f"---\ntitle: Rain\n---\n{text}\n{TEXT}")
    assert (draft.link, draft.content) == (None, f"{text}\n{TEXT}")


@pytest.mark.parametrize(
    "head",
    [
        "`@user 9/6/2022 1:11 PM UTC`\n\n[轉發自CHANNEL](https://e.org/1)\n\n",
        "[Forwarded from the channel](https://e.org/1)\n\n`@user 9/6/2022 1:11 PM UTC`\n\n",
        "*@user 9/6/2022 1:11 PM UTC*\n[via](https://e.org/1)\n\n",
        "`@user`\n\n[Original](https://e.org/1)\n\n`9/6/2022 1:11 PM UTC`\n\n",
        "`@user 6 сентября 2022`\n\n[Переслано из канала](https://e.org/1)\n\n",
        "`@user 2022년 9월 6일`\n\n[출처](https://e.org/1)\n\n",
        "<small>@user 9/6/2022</small>\n\n[via](https://e.org/1)\n\n",
        "_by @user on 9/6/2022_\n\n[Source](<https://e.org/1>)\n\n",
    ],
)
def test_byline_and_link_may_be_paragraphs(head: str) -> None:
    draft = read(head + TEXT)
    assert (draft.link, [person.name for person in draft.authors]) == ("https://e.org/1", ["@user"])
    assert (draft.title, draft.content) == (None, TEXT)


def test_a_link_line_is_one_paragraph() -> None:
    draft = read("[First](https://e.org/1)\n\nText ![](https://e.org/2.png)\n\n---\n\n[More](https://e.org/3)\n")
    assert (draft.title, draft.link) == ("First", "https://e.org/1")
    assert draft.content.startswith("Text")


def test_the_only_heading_below_some_lines_is_the_title() -> None:
    assert read("A motto.\n\n# Rain\n\ntext\n").title == "Rain"
    assert read("A motto.\n\n# Rain\n\ntext\n# Snow\n").title is None


@pytest.mark.parametrize(
    "byline", ["**Ann Lee** 6 September 2022", "By Ann Lee, September 6, 2022", "*Ann Lee · 6.9.2022*"]
)
def test_a_name_and_a_date_beside_the_link_to_the_original_are_a_byline(byline: str) -> None:
    draft = read(f"{byline}\n\n[Original](https://e.org/1)\n\n{TEXT}")
    assert (draft.link, [person.name for person in draft.authors]) == ("https://e.org/1", ["Ann Lee"])
    assert [stamp.read_from for stamp in draft.stamps] == ["byline"]
    assert byline in read(f"{byline}\n\n{TEXT}").content


@pytest.mark.parametrize(
    "line", ["[English](README.md) | [中文](README.zh.md)", "[Go on](/)", "[![logo](logo.png)](/)", "[目次](index.md)"]
)
def test_links_over_dashes_and_a_heading_are_no_title(line: str) -> None:
    draft = read(f"{line}\n---\n\n## Rain\n\n{TEXT}")
    assert (draft.title, draft.link) == ("Rain", None)


@pytest.mark.parametrize("rule", ["---", "* * *", "<hr>"])
def test_an_underlined_heading_below_a_rule_is_the_title(rule: str) -> None:
    assert read(f"> * 原文地址：[Hot](https://e.org/1)\n\n{rule}\n\nRain\n====\n\n{TEXT}").title == "Rain"


@pytest.mark.parametrize(
    "head",
    [
        "> 公众号: Rain & Co\n> 发布时间: 2021-03-04 17:33\n> 原文链接: https://e.org/1\n\n---\n",
        "- **Author:** Rain & Co\n- **Published:** March 4, 2021\n- **Source:** <https://e.org/1>\n\n",
        "*Autor:* Rain & Co\n*Datum:* 4. März 2021\n*Quelle:* [hier](https://e.org/1)\n\n",
        "**Автор**: Rain & Co\n\n**Дата**: 4 марта 2021\n\n**Источник**: https://e.org/1\n\n",
        "作者：Rain & Co | 发布日期：2021年3月4日 | 链接：https://e.org/1\n\n",
        "著者：Rain & Co\n公開日：2021-03-04\n元記事：https://e.org/1\n\n",
    ],
)
def test_lines_with_labels_are_metadata(head: str) -> None:
    draft = read(f"# Monday\n\n{head.replace(' & ', ' ')}{TEXT}")
    assert (draft.title, draft.link) == ("Monday", "https://e.org/1")
    assert [person.name for person in draft.authors] == ["Rain Co"]
    assert len(draft.stamps) == 1
    assert draft.content.lstrip() == TEXT


def test_other_labels_stay_in_the_article() -> None:
    draft = read(f"# Monday\n\nAuthor: A, B\nReading time: 5 min\nDate: 2021-03-04\nNote: it may rain\n\n{TEXT}")
    assert [person.name for person in draft.authors] == ["A", "B"]
    assert draft.content == f"Reading time: 5 min\n\nNote: it may rain\n\n{TEXT}"


@pytest.mark.parametrize(
    "lines",
    [
        "日期：2021年3月4日\n时间：19:00\n地点：山上\n",
        "主讲：甲\n时间：2021年3月4日\n作者：乙\n",
        "Question: why\nAnswer: because\n",
        "Date: 2021-03-04\nTime: 7 pm\n",
        "By: a river\nDate: unknown\n",
    ],
)
def test_announcements_and_dialogues_are_no_metadata(lines: str) -> None:
    draft = read(f"# Monday\n\n{lines}\n{TEXT}")
    assert (draft.authors, draft.stamps) == ((), ())
    assert lines in draft.content


def test_what_a_translation_names_as_its_original_is_not_its_link() -> None:
    draft = read(f"# Monday\n\n作者：甲\n译者：乙\n原文：https://e.org/1\n\n{TEXT}")
    assert (draft.link, [link.href for link in draft.links]) == (None, ["https://e.org/1"])
    assert [credit.name for credit in draft.credits] == ["乙"]


@pytest.mark.parametrize("more", ["https://e.org/2\n\n", "It is [an event](https://e.org/1).\n\n"])
def test_a_card_above_an_article_is_not_its_link(more: str) -> None:
    head = "---\ntitle: Rain\n---\n\n"
    assert read(f"{head}https://e.org/1\n\n{TEXT}\n{more}").link is None
    assert read(f"{head}https://e.org/1\n\n{TEXT}").link == "https://e.org/1"


@pytest.mark.parametrize(
    ("line", "author", "name"),
    [
        ("`李明` 转自：[港口报](https://e.org/a/1)", "李明", "港口报"),
        ("`李明` 轉載自[港口报](https://e.org/a/1)", "李明", "港口报"),
        ("`李明` （转自：[港口报](https://e.org/a/1)）", "李明", "港口报"),
        ("作者：李明 转自：[港口报](https://e.org/a/1)", "李明", "港口报"),
        ("文/李明 | 来源：**[港口报](https://e.org/a/1)**", "李明", "港口报"),
        ("李明 2024-03-05 原载于：[港口报](https://e.org/a/1)", "李明", "港口报"),
        ("By Ann Lee, via [Harbour Times](https://e.org/a/1)", "Ann Lee", "Harbour Times"),
        ("`Ann Lee` source: https://e.org/a/1", "Ann Lee", None),
        ("`Ann Lee` via <https://e.org/a/1>", "Ann Lee", None),
    ],
)
def test_the_source_behind_a_byline_gives_link_and_credit(line: str, author: str, name: str | None) -> None:
    draft = read(f"# Rain\n\n{line}\n\n{TEXT}")
    assert (draft.link, [person.name for person in draft.authors]) == ("https://e.org/a/1", [author])
    assert [(credit.role, credit.name) for credit in draft.credits] == ([("source", name)] if name else [])
    assert draft.content.strip() == TEXT.strip()


def test_the_home_page_of_a_source_is_not_the_link_of_an_article() -> None:
    draft = read(f"# Rain\n\n`李明` 转自：[港口报](https://e.org/)\n\n{TEXT}")
    assert (draft.link, [(link.rel, link.href, link.title) for link in draft.links]) == (
        None,
        [("via", "https://e.org/", "港口报")],
    )


@pytest.mark.parametrize(
    "line",
    [
        "本文 转自：[港口报](https://e.org/a/1)",
        "The picture is from [the archive](https://e.org/a/1)",
        "Read more about rain, from [here](https://e.org/a/1)",
        "`x = 1` from [the docs](https://e.org/a/1)",
        "`李明` 转自：[港口报](a.md)",
    ],
)
def test_other_lines_with_a_source_stay_in_the_article(line: str) -> None:
    draft = read(f"# Rain\n\n{line}\n\n{TEXT}")
    assert (draft.link, draft.authors, draft.credits) == (None, (), ())
    assert line in draft.content

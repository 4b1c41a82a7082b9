"""One article file becomes one draft: all shapes and oddities that were seen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.errors import ArticleError
from feeder.model import Draft
from feeder.sources.files.article import read_article


def read(text: str, name: str = "1.md") -> Draft:
    return read_article(text.encode(), name)


def stamps(draft: Draft) -> list[tuple[str, str]]:
    return [(stamp.read_from, stamp.text) for stamp in draft.stamps]


def names(draft: Draft) -> tuple[str, ...]:
    return tuple(person.name for person in draft.authors)


# --- shape A --------------------------------------------------------------------------------------------------------


def test_a_comment_and_a_link_line_are_the_head() -> None:
    draft = read("<!--1676903943000-->\n[雨](https://e.org/a)\n------\n\n<p>昨天</p>", "a.txt")
    assert (draft.title, draft.link, draft.content, draft.content_type) == (
        "雨",
        "https://e.org/a",
        "<p>昨天</p>",
        "html",
    )
    assert stamps(draft) == [("epoch", "1676903943000")]


@pytest.mark.parametrize(
    ("line", "title", "link"),
    [
        ("[[Chinese] 雨](https://e.org/a)", "[Chinese] 雨", "https://e.org/a"),
        ("[雨](https://e.org/a-(virtually)-b)", "雨", "https://e.org/a-(virtually)-b"),
        ("[雨\n\n](https://e.org/a)", "雨", "https://e.org/a"),
        ("[雨](https://e.org/重新「雨」   山)", "雨", "https://e.org/重新「雨」   山"),
        ("[雨](https://e.org/a)  ", "雨", "https://e.org/a"),
    ],
)
def test_a_link_line_may_hold_anything(line: str, title: str, link: str) -> None:
    draft = read(f"<!--1-->\n{line}\n------\n<p>x</p>")
    assert (draft.title, draft.link) == (title, link)


@pytest.mark.parametrize("comment", ["", "<!--NaN-->\n", "<!--more-->\n", "<!--{broken-->\n"])
def test_the_epoch_may_be_missing(comment: str) -> None:
    draft = read(f"{comment}[雨](https://e.org/a)\n------\n<p>x</p>")
    assert (draft.title, stamps(draft)) == ("雨", [])


def test_a_comment_may_hold_json() -> None:
    draft = read('<!--{"url":"https://e.org/a","Title":"雨","n":1}-->\n<p>x</p>')
    assert (draft.title, draft.link, draft.content) == ("雨", "https://e.org/a", "<p>x</p>")


@pytest.mark.parametrize(
    "head",
    [
        '---json\n{"title": "Rain", "author": "Ann", "date": "2024-01-03"}\n---',
        '---\n{"title": "Rain", "author": "Ann", "date": "2024-01-03"}\n---',
        ';;;\n{"title": "Rain", "author": "Ann", "date": "2024-01-03"}\n;;;',
        ';;;\n"title": "Rain",\n"author": "Ann",\n"date": "2024-01-03"\n;;;',
        '"title": "Rain",\n"author": "Ann",\n"date": "2024-01-03",\n;;;',
        '---toml\ntitle = "Rain"\nauthor = "Ann"\ndate = "2024-01-03"\n---',
        "---yaml\ntitle: Rain\nauthor: Ann\ndate: 2024-01-03\n---",
        "<!--\ntitle: Rain\nauthor: Ann\ndate: 2024-01-03\n-->",
        "<!--\n.. title: Rain\n.. author: Ann\n.. date: 2024-01-03\n-->",
        ".. title: Rain\n.. author: Ann\n.. date: 2024-01-03\n",
        "% Rain\n% Ann\n% 2024-01-03\n",
        "---\n标题: Rain\n作者: Ann\n日期: 2024-01-03\n---",
    ],
)
def test_every_program_has_its_front_matter(head: str) -> None:
    draft = read(f"{head}\n\nIt rains.\n")
    assert (draft.title, [person.name for person in draft.authors]) == ("Rain", ["Ann"])
    assert (stamps(draft), draft.content.strip()) == ([("front matter", "2024-01-03")], "It rains.")


def test_other_comments_and_lines_of_semicolons_are_no_front_matter() -> None:
    assert read("<!-- Note: to be read aloud -->\nText.").title != "to be read aloud"
    assert read('"Rain," she said.\n;;;\nText.').content.startswith('"Rain,"')
    assert read("100\n% of it\n").content == "100\n% of it\n"


def test_a_title_that_is_missing_is_looked_for() -> None:
    assert read("---\ntitle:\n---\n[](https://e.org/a)\n------\n**题目：****雨与山**\n").title == "雨与山"
    assert read("---\ntitle: ''\n---\n正文。", "000a.md").title is None


# --- shape B --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "authors", "dates"),
    [
        ("某队", ("某队",), []),
        ("3/27/2024 1:19 AM UTC", (), [("byline", "3/27/2024 1:19 AM UTC")]),
        ("5/9/2023 5:31 AM UTC 某队", ("某队",), [("byline", "5/9/2023 5:31 AM UTC")]),
        ("某队 5/9/2023 5:31 AM UTC", ("某队",), [("byline", "5/9/2023 5:31 AM UTC")]),
        ("", (), []),
    ],
)
def test_backticks_hold_author_and_date(words: str, authors: tuple[str, ...], dates: list[tuple[str, str]]) -> None:
    draft = read(f"---\ntitle: #雨\n---\n`{words}` [轉載自某站](https://e.org/a)\n\n![](/p.png)\n昨天")
    assert (draft.title, draft.link, names(draft), stamps(draft)) == ("#雨", "https://e.org/a", authors, dates)
    assert (draft.content, draft.content_type) == ("![](/p.png)\n昨天", "markdown")


# --- shape C --------------------------------------------------------------------------------------------------------


def test_front_matter_and_link_line_complete_each_other() -> None:
    draft = read(
        '---\nlayout: post\ntitle: "雨."\ndate: 2022-02-04T21:32:23.000Z\nauthor: 某报\nfrom: https://e.org/a\n'
        "tags: [ 某报 ]\ncomments: True\ncategories: [ 某报 ]\n---\n<!--1644010343000-->\n[雨……](https://e.org/%41)\n------\n\n<div>\n<p>x</p>\n</div>",
        "2022-02-04-雨.md",
    )
    assert (draft.title, draft.link, names(draft), draft.categories) == (
        "雨……",
        "https://e.org/%41",
        ("某报",),
        ("某报",),
    )
    assert stamps(draft) == [
        ("front matter", "2022-02-04T21:32:23.000Z"),
        ("epoch", "1644010343000"),
        ("file name", "2022-02-04"),
    ]


# --- other conventions ----------------------------------------------------------------------------------------------


def test_front_matter_may_be_toml() -> None:
    draft = read('+++\ntitle = "雨"\n+++\n\n昨天')
    assert (draft.title, draft.content) == ("雨", "昨天")


@pytest.mark.parametrize("end", ["---\n", "\n"])
def test_front_matter_may_stand_without_fence(end: str) -> None:
    draft = read(f"title: 雨\ndate: 2014-09-26 08:00:09\ntags:\n{end}\n昨天: 雨")
    assert (draft.title, draft.content, stamps(draft)) == ("雨", "昨天: 雨", [("front matter", "2014-09-26 08:00:09")])


@pytest.mark.parametrize("text", ["title: 雨\n昨天下了雨\n---\n", "他说: 雨\n---\n", "title: 雨"])
def test_prose_is_no_front_matter(text: str) -> None:
    assert read(text).content == text


def test_dashes_around_prose_are_no_front_matter() -> None:
    assert read("---\n昨天\n---\n今天").content.startswith("---")


def test_logseq_properties_are_read() -> None:
    draft = read("title:: 雨\nauthor:: 甲\nurl:: https://e.org/a\n\n昨天")
    assert (draft.title, names(draft), draft.link, draft.content) == ("雨", ("甲",), "https://e.org/a", "昨天")


def test_reference_definitions_of_translators_are_read() -> None:
    draft = read(
        "[#]: translator: (甲)\n[#]: reviewer: (乙)\n[#]: publisher: ( )\n"
        "[#]: url: (https://e.org/a)\n[#]: subject: (Rain)\n"
        '[#]: via: "https://o.example/x"\n[#]: author: (Jo Doe https://o.example/jo)\n\n雨与山\n======\n\n昨天',
    )
    assert (draft.title, draft.link, names(draft)) == ("雨与山", "https://e.org/a", ("Jo Doe",))
    assert [(c.role, c.name) for c in draft.credits] == [("translator", "甲"), ("proofreader", "乙")]
    assert [(link.href, link.title) for link in draft.links] == [("https://o.example/x", "Rain")]
    assert read('[#]: via: "https://o.example/x"\n\n昨天').link == "https://o.example/x"


def test_a_quotation_of_notes_on_the_original_is_read() -> None:
    draft = read(
        "> * 原文地址：[Rain](https://o.example/x)\n> * 原文作者：[Jo](https://o.example/jo)\n"
        "> * 译文出自：[某](https://p.example/)\n"
        "> * 本文永久链接：[a](https://e.org/a)\n"
        "> * 译者：[甲](https://g.example/1)\n> * 校对者：乙\n> * 作者说明：无\n\n# 雨\n\n昨天",
    )
    assert (draft.title, draft.link, names(draft)) == ("雨", "https://e.org/a", ("Jo",))
    assert [(link.rel, link.href, link.title) for link in draft.links] == [("via", "https://o.example/x", "Rain")]
    assert [(c.role, c.name) for c in draft.credits] == [("translator", "甲"), ("proofreader", "乙")]
    assert read("> 本文永久链接：无\n\n昨天").link is None


def test_a_web_page_is_read_by_its_head() -> None:
    draft = read("<!doctype html><html><head><title>雨</title></head><body><p>昨天</p>", "a.html")
    assert (draft.title, draft.content_type) == ("雨", "html")


# --- what has no head -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "title", "content_type"),
    [
        ("# 雨 #\n\n昨天", "1.md", "雨", "markdown"),
        ("雨\n===\n\n昨天", "1.md", "雨", "markdown"),
        ("<h1>雨</h1><p>昨天</p>", "1.md", "雨", "html"),
        ("昨天", "某地/2020-01-02-雨.md", "雨", "markdown"),
        ("昨天", "123_雨 - 山.txt", "雨 - 山", "text"),
        ("昨天 **雨**", "rain-in-the-north.txt", "rain in the north", "markdown"),
        ("昨天", "1082278.md", None, "markdown"),
        ("昨天", "a0c41e-20.md", None, "markdown"),
        ("昨天", "README", "README", "markdown"),
        ("昨天", ".md", ".md", "markdown"),
        ("昨天", "雨.htm", "雨", "html"),
        ("<p>昨天</p>\n<p>[x](https://e.org/)</p>", "1.md", None, "html"),
        ("[x](https://e.org/)\n\n<b>昨天</b>", "1.md", None, "markdown"),
    ],
)
def test_an_unknown_file_has_the_best_title_there_is(
    text: str, name: str, title: str | None, content_type: str
) -> None:
    draft = read(text, name)
    assert (draft.title, draft.content_type, draft.origin) == (title, content_type, name)


# --- bytes ----------------------------------------------------------------------------------------------------------

_CHINESE = "昨天我们在山上看到的雨，是今年的第一场大雨。"


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (b"\xef\xbb\xbf" + _CHINESE.encode(), _CHINESE),
        (b"\xff\xfe" + _CHINESE.encode("utf-16-le"), _CHINESE),
        (b"\xfe\xff" + _CHINESE.encode("utf-16-be"), _CHINESE),
        (_CHINESE.encode("gb18030"), _CHINESE),
        ("昨天我們在山上看到的雨，是今年的第一場大雨。".encode("big5"), "昨天我們在山上看到的雨，是今年的第一場大雨。"),
        (b'<meta charset="gb2312"><p>' + _CHINESE.encode("gbk"), '<meta charset="gb2312"><p>' + _CHINESE),
        ("charset=big5 Это был дождь".encode("cp1251"), "charset=big5 Это был дождь"),
        ("昨天下了雨".encode("gb18030"), "昨天下了雨"),
        ("昨天下了雨".encode("big5"), "昨天下了雨"),
        ("title: 雨 in the north".encode("gb18030"), "title: 雨 in the north"),
        (_CHINESE.encode()[:-1], _CHINESE[:-1] + "\ufffd"),
        ("charset=windows-1252 café".encode("cp1252"), "charset=windows-1252 café"),
        ("charset=shift_jis 雨が降った".encode("cp932"), "charset=shift_jis 雨が降った"),
        ("charset=euc-kr 비가 왔다".encode("cp949"), "charset=euc-kr 비가 왔다"),
        (b"charset=nonsense caf\xc3\xa9 \xff", "charset=nonsense café \ufffd"),
        (b"a\r\nb\rc\x00", "a\nb\nc"),
    ],
)
def test_bytes_are_read_in_their_encoding(data: bytes, content: str) -> None:
    assert read_article(data, "1.md").content == content


@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ArticleError, match=r"^a/b\.md: empty file"):
        read_article(data, "a/b.md")


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"\x89PNG\r\n", b"PK\x03\x04", bytes(range(1, 32)) * 9])
def test_a_binary_file_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(ArticleError, match=r"^a\.md: binary file"):
        read_article(data, "a.md")


_HEADS = st.sampled_from(
    [
        "---\n",
        "+++\n",
        "title: a\n",
        "<!--1-->\n",
        "[a](b)\n------\n",
        "`a` [b](c)\n",
        "[#]: via: x\n",
        "> * 原文地址：x\n",
        "a:: b\n",
        "\n",
        "<html>",
    ],
)


@given(st.lists(st.one_of(_HEADS, st.text(max_size=9)), max_size=9).map("".join), st.text(max_size=20))
def test_any_text_of_any_name_is_read_or_refused(text: str, name: str) -> None:
    _read_or_refuse(text.encode("utf-8", "replace"), name)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _read_or_refuse(data, "1.md")


def _read_or_refuse(data: bytes, name: str) -> Any:
    try:
        assert read_article(data, name).origin == name
    except ArticleError as error:
        assert str(error).startswith(name)  # noqa: PT017  either outcome is right


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("*First in The Paper.*\n\n----\n\n## Rain ##\n\nIt rained.\n", "Rain"),
        ("| Source | A |\n|---|---|\n| By | B |\n\n___\n\nRain\n===\n\nIt rained.\n", "Rain"),
        ("It rained.\n\n* * *\n\n## One\n\nA lot.\n\n## Two\n\nMore.\n", "a name"),
    ],
)
def test_the_only_heading_below_a_preface_is_the_title(text: str, title: str) -> None:
    assert read_article(text.encode(), "a-name.md").title == title

"""What people's archives hold: one small file of each convention and of each trap, read to the end."""

from datetime import UTC, datetime

import pytest

from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.sources.files.collection import read_document

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def entry(text: str | bytes, name: str = "a.md") -> Entry:
    (draft,) = read_document(text if isinstance(text, bytes) else text.encode(), name)
    return normalise(draft, now=_NOW, source="folder")


_ZOLA = '+++\ntitle = "A"\npath = "inside/2020/03/19/a"\nauthors = ["Jane Doe"]\n+++\nBody.\n'
_JEKYLL = "---\ntitle: A\nauthor: Jane Doe\n---\nBody.\n"
_OBSIDIAN = (
    '---\ntitle: "A"\nsource: "https://e.org/a"\nauthor:\n  - "[[Jane Doe]]"\npublished: 2020-03-19\n'
    "created: 2021-01-01\ntags:\n  - clippings\n---\nBody.\n"
)
_OMNIVORE = (
    "---\nid: 1\nauthor: Jane Doe\ndate_published: 2020-03-19\n---\n\n# A\n#Omnivore\n\n"
    "[Read on Omnivore](https://omnivore.app/me/a)\n[Read Original](https://e.org/a)\n\nBody.\n"
)
_READWISE = (
    "# A\n\n![](https://e.org/i.png)\n\n## Metadata\n- Author: [[Jane Doe]]\n- Full Title: A\n- Category: #articles\n"
    "- Published: 2020-03-19\n- URL: https://e.org/a\n\nBody.\n"
)
_LOGSEQ = "title:: A\nauthor:: [[Jane Doe]]\nurl:: https://e.org/a\ndate:: 2020-03-19\n\nBody.\n"
_HEXO = "title: A\ndate: 2020-03-19 10:00:00\nauthor: Jane Doe\n---\nBody.\n"
_PELICAN = "Title: A\nDate: 2020-03-19\nAuthor: Jane Doe\nCategory: X\n\nBody.\n"
_PAGE = (
    '<html><head><meta property="og:title" content="A"><meta property="og:url" content="https://e.org/a">'
    '<meta name="author" content="Jane Doe"><meta property="article:published_time" content="2020-03-19T00:00:00Z">'
    "</head><body><nav>Menu</nav><p>Body.</p></body></html>"
)


@pytest.mark.parametrize(
    ("text", "name", "link"),
    [
        (_ZOLA, "a.md", None),
        (_JEKYLL, "2020-03-19-a.md", None),
        (_OBSIDIAN, "A.md", "https://e.org/a"),
        (_OMNIVORE, "A.md", "https://e.org/a"),
        (_READWISE, "A.md", "https://e.org/a"),
        (_LOGSEQ, "A.md", "https://e.org/a"),
        (_HEXO, "a.md", None),
        (f"---\n{_HEXO}", "a.md", None),
        (_PELICAN, "a.md", None),
        (_PAGE, "a.html", "https://e.org/a"),
    ],
    ids=["zola", "jekyll", "obsidian", "omnivore", "readwise", "logseq", "hexo", "fenced", "pelican", "page"],
)
def test_a_convention_is_understood(text: str, name: str, link: str | None) -> None:
    found = entry(text, name)
    assert (found.title, found.link) == ("A", link)
    assert [person.name for person in found.authors] == ["Jane Doe"]
    assert found.published.date().isoformat() == "2020-03-19"
    assert "Body." in found.content
    assert "Read O" not in found.content
    assert "Menu" not in found.content


def test_notes_on_the_original_may_lose_their_mark_after_the_first() -> None:
    notes = "> * 原文地址：[A](https://e.org/a)\n* 原文作者：[Jane](https://e.org/j)\n* 译者：[甲](https://e.org/x)\n"
    found = entry(f"{notes}\n# 乙\n\n正文。\n")
    assert (found.title, [person.name for person in found.authors]) == ("乙", ["Jane"])


def line(title: str, link: str = "https://e.org/a", comment: str = "<!--1600000000000-->", body: str = "x") -> str:
    return f"{comment}\n[{title}]({link})\n------\n<div>{body}</div>\n"


def translation(title_line: str, words: str = "甲", body: str = "正文在这里。") -> str:
    return f"---\n{title_line}\n---\n`{words}` [轉載自](https://e.org/a)\n\n{body}\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (translation("title: #徽章 一二三"), "#徽章 一二三"),
        (translation("title: 【 #时新闻 】某人"), "【 #时新闻 】某人"),
        (translation("title: 专访3: 中美"), "专访3: 中美"),
        (translation("title: '一'与二"), "'一'与二"),
        (translation("title: *一二三"), "*一二三"),
        (translation("title: &#8220;一&#8221;二"), "“一”二"),
        (translation("title: %一二"), "%一二"),
        (translation("title: @一二"), "@一二"),
        (translation('title: "水平\\智力\\一"'), "水平\\智力\\一"),
        (translation("title:", body="**题目：****一场雨**\n\n正文。"), "一场雨"),
        (line("[Chinese] 一二三"), "[Chinese] 一二三"),
        (line("一二三\n\n"), "一二三"),
        (line("一 &amp;amp; 二"), "一 & 二"),
    ],
)
def test_a_title_is_whole(text: str, title: str) -> None:
    assert entry(text).title == title


@pytest.mark.parametrize(
    ("words", "authors"),
    [("3/27/2024 1:19 AM UTC", []), ("3/27/2024 1:19 AM UTC 甲", ["甲"]), ("甲 3/27/2024 1:19 AM UTC", ["甲"])],
)
def test_backticks_hold_author_or_date(words: str, authors: list[str]) -> None:
    found = entry(translation("title: 一", words))
    assert [person.name for person in found.authors] == authors
    assert found.published == datetime(2024, 3, 27, 1, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("[[zh:二月]]的[[en:rain]]雨。", "<p>二月的rain雨。</p>"),
        ("雨。<br><br>雪。", "<p>雨。</p>\n<p>雪。</p>"),
        ('雨。<a href="/a/5094078.html"></a><hr>获取更多RSS：<br>https://feedx.net', "<p>雨。</p>"),
        ("一\x00二\u200b三\x0b四", "<p>一二三四</p>"),
        ("", ""),
    ],
)
def test_a_body_is_clean(body: str, content: str) -> None:
    assert entry(line("题目", body=body)).content == content


@pytest.mark.parametrize(
    "image",
    [
        "<img class='lazyload' data-src='https://e.org/i.png'>",
        '<img src="data:image/gif;base64,R0" data-image-dataset="{&quot;url&quot;:&quot;https://e.org/i.png&quot;}">',
        '<img src="https://e.org/s.png" srcset="https://e.org/i.png 2x">',
        '<img src="https://e.org/i.png"><noscript><img src="https://e.org/i.png"></noscript>',
        '<img src="https://images.weserv.nl?url=e.org/i.png">',
    ],
)
def test_a_picture_is_found_once(image: str) -> None:
    assert [media.url.partition("//")[2] for media in entry(line("一", body=image)).media] == ["e.org/i.png"]


@pytest.mark.parametrize("comment", ["<!--NaN-->", "<!--more-->", "", "<!--1600000000000-->"])
@pytest.mark.parametrize(
    "body",
    [
        "<i>Wed, 08 Jul 2020 12:02:18 GMT</i><br>雨下了一夜。",
        '<time datetime="2020-07-08T12:02:18Z">23 分钟前</time><p>雨下了一夜。</p>',
    ],
)
def test_a_body_s_own_date_is_the_date(comment: str, body: str) -> None:
    assert entry(line("一", comment=comment, body=body)).published == datetime(2020, 7, 8, 12, 2, 18, tzinfo=UTC)


def test_a_byline_of_a_newspaper_is_author_and_date() -> None:
    found = entry(line("一", comment="", body="<i>JANE DOE<br>2020-07-08 17:14:05</i><p>雨下了一夜。</p>"))
    assert [person.name for person in found.authors] == ["JANE DOE"]
    assert found.published == datetime(2020, 7, 8, 17, 14, 5, tzinfo=UTC)


def test_a_link_keeps_its_parentheses() -> None:
    link = "https://e.org/Trudeau-(virtually)-to-house"
    assert entry(line("一", link)).link == link


def test_a_date_later_than_the_reading_is_wrong() -> None:
    text = "---\ntitle: a\ndate: 2031-01-01\n---\n<!--1600000000000-->\n[a](https://e.org/a)\n------\nx\n"
    found = entry(text)
    assert (found.published.year, found.published_from) == (2020, "epoch")


def test_line_ends_of_every_kind_are_line_ends() -> None:
    found = entry(b"\xef\xbb\xbf# A\r\n\r\nOne.\r\rTwo.\n\nThree.")
    assert found.content == "<p>One.</p>\n<p>Two.</p>\n<p>Three.</p>"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-8-sig"])
def test_an_encoding_is_found(encoding: str) -> None:
    text = "# 雨\n\n昨天夜裡下了大雨，我們的國家在這裡，他們說：這是一個春天的夜晚。\n"
    assert "我們的國家" in entry(text.encode(encoding)).content


def test_tags_may_be_a_number_and_dates_unpadded() -> None:
    found = entry("---\ntitle: a\ntags: 996\ndate: 2010-1-11\n---\nx\n")
    assert (found.categories, found.published.date().isoformat()) == (("996",), "2010-01-11")


def test_a_reading_app_s_lines_in_an_article_of_its_own_stay() -> None:
    assert "Metadata" in entry("# A\n\n## Metadata\n\nProse about data.\n").content

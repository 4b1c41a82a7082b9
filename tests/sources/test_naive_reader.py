"""What a naive reader gets wrong, point by point: for each, small files of the same kind, one fact each."""

from datetime import UTC, datetime
from typing import Any

import pytest

from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.sources.files.collection import read_document
from feeder.store import Store
from tests.saving import save

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_PROSE = "昨天夜里，北京下了今年的第一场大雨，街上的人都带着伞。"


def entry(text: str | bytes, name: str = "1.md", **settings: Any) -> Entry:
    (draft,) = read_document(text if isinstance(text, bytes) else text.encode(), name)
    return normalise(draft, now=_NOW, source="folder", **settings)


def article(
    title: str = "雨", link: str = "https://e.org/a", comment: str = "<!--1600000000000-->", body: str = ""
) -> str:
    return f"{comment}\n[{title}]({link})\n------\n\n{body or f'<p>{_PROSE}</p>'}\n"


def translation(head: str = "title: 雨", words: str = "甲", link: str = "https://e.org/a", body: str = _PROSE) -> str:
    return f"---\n{head}\n---\n`{words}` [轉載自](<LINK>)\n\n{body}\n".replace("<LINK>", link)


def names(found: Entry) -> list[str]:
    return [person.name for person in found.authors]


# --- 1 and 2: titles that are no YAML, or are elsewhere --------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("title: #徽章 一二", "#徽章 一二"),
        ("title: 【 #新闻 】一", "【 #新闻 】一"),
        ("title: 专访3: 一", "专访3: 一"),
        ("title: '一'与二", "'一'与二"),
        ("title: 'it''s'", "it's"),
        ('title: "a \\"b\\" c: d"', 'a "b" c: d'),
        ("title: *一", "*一"),
        ("title: [一] 二", "[一] 二"),
        ("title: {一} 二", "{一} 二"),
        ("title: &#8220;一", "“一"),
        ("title: %一", "%一"),
        ("title: @一", "@一"),
        ("title: | 一", "| 一"),
        ("title: > 一", "> 一"),
        ("title: - 一", "- 一"),
        ("title: ? 一", "? 一"),
        ("title:\t一", "一"),
        ("title:一", "一"),
        ("title：一", "一"),
        ("TITLE : 一", "一"),
        ('title: "智力\\体力"', "智力\\体力"),
        ("title: >-\n  一二\n  三四", "一二 三四"),
        ("date: a: b\ntitle: >-\n  一: 二", "一: 二"),
        ("title: 2020", "2020"),
        ("title: true", "true"),
    ],
)
def test_1_a_title_is_read_from_its_line_where_yaml_would_lose_it(head: str, title: str) -> None:
    assert entry(translation(head)).title == title


@pytest.mark.parametrize("body", ["**题目：****雨**", "標題：雨", "# 雨", "雨\n==="])
def test_2_a_title_that_is_empty_is_looked_for_in_the_text(body: str) -> None:
    assert entry(translation("title:", body=f"{body}\n\n{_PROSE}")).title == "雨"


def test_2_without_any_title_the_first_words_are_one() -> None:
    assert entry(translation("title:")).title == _PROSE


# --- 3 and 4: backticks, glossary marks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "authors"),
    [
        ("甲", ["甲"]),
        ("3/27/2024 1:19 AM UTC", []),
        ("3/27/2024 1:19 AM UTC 甲", ["甲"]),
        ("甲/乙 3/27/2024 1:19 AM UTC", ["甲/乙"]),
        ("【🌹甲】", ["【🌹甲】"]),
        ("", []),
    ],
)
def test_3_backticks_hold_an_author_a_date_or_both(words: str, authors: list[str]) -> None:
    found = entry(translation(words=words))
    assert names(found) == authors
    assert (found.published == datetime(2024, 3, 27, 1, 19, tzinfo=UTC)) == ("UTC" in words)


def test_4_glossary_marks_are_their_words() -> None:
    found = entry(translation("title: [[zh:二月]]雨", body=f"[[zh:2月27日]]，{_PROSE}"))
    assert found.title == "二月雨"
    assert found.content == f"<p>2月27日，{_PROSE}</p>"


# --- 5 to 8: titles and links of the link line -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("大&#22338;直", "大坂直"),
        ("大&amp;#22338;直", "大坂直"),
        ("大&amp;amp;#x5742;直", "大坂直"),
        ("&quot;雨&quot; &amp;amp; 夜", '"雨" & 夜'),
        ("雨&nbsp;夜", "雨 夜"),
        ("R&D 与 AT&T", "R&D 与 AT&T"),
        ("&unknown; 雨", "&unknown; 雨"),
    ],
)
def test_5_entities_are_undone_however_often_they_were_made(written: str, title: str) -> None:
    assert entry(article(written)).title == title
    assert entry(translation(f"title: {written}")).title == title


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("[Chinese] 雨", "https://e.org/a"),
        ("雨 [图]", "https://e.org/a"),
        ("雨", "https://e.org/Trudeau-(virtually)-to-house"),
        ("雨", "https://e.org/wiki/Rain_(film)"),
    ],
)
def test_6_brackets_and_parentheses_are_part_of_title_and_link(title: str, link: str) -> None:
    found = entry(article(title, link))
    assert (found.title, found.link) == (title, link)


def test_6_parentheses_in_the_link_after_backticks() -> None:
    assert entry(translation(link="https://e.org/wiki/Rain_(film)")).link == "https://e.org/wiki/Rain_(film)"


@pytest.mark.parametrize("written", ["雨夜\n\n", "\n雨夜", "雨夜\r\n\r\n", "雨夜\t"])
def test_7_a_title_may_be_broken_over_lines(written: str) -> None:
    assert entry(article(written), "雨\n夜.md").title == "雨夜"


def test_8_an_empty_title_is_no_title() -> None:
    found = entry(f'---\ntitle: ""\n---\n[](https://e.org/a)\n------\n\n<p>{_PROSE}</p>', "000a.md")
    assert (found.title, found.link) == (_PROSE, "https://e.org/a")


# --- 9 and 10: comments and dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize("comment", ["<!--NaN-->", "<!-- NaN -->", "<!--more-->", "<!---->", ""])
def test_9_a_comment_without_a_number_is_no_date(comment: str) -> None:
    found = entry(article(comment=comment))
    assert (found.title, found.link, found.published_from) == ("雨", "https://e.org/a", "read time")


def test_9_a_comment_may_hold_json() -> None:
    found = entry(f'<!--{{"url": "https://e.org/a", "title": "雨"}}-->\n<p>{_PROSE}</p>')
    assert (found.title, found.link, found.content) == ("雨", "https://e.org/a", f"<p>{_PROSE}</p>")


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("<i>JANE DOE<br>2020-07-08 17:14:05</i>", "2020-07-08T17:14"),
        ('<time datetime="2020-11-03">23 分钟前</time>', "2020-11-03T00:00"),
        ("<i>Wed, 08 Jul 2020 12:02:18 +0800</i>", "2020-07-08T04:02"),
        ("<div>14/07/2020 - 20:02</div>", "2020-07-14T20:02"),
        ("<p>日期：2020年7月8日</p>", "2020-07-08T00:00"),
        ("<p>2020年7月8日 星期三 下午3:20</p>", "2020-07-08T15:20"),
        ("<p>July 8, 2020 at 3:20 PM</p>", "2020-07-08T15:20"),
    ],
)
def test_10_the_line_of_a_date_is_the_date_and_no_text(line: str, published: str) -> None:
    found = entry(article(comment="", body=f"{line}<p>{_PROSE}</p>"))
    assert found.published.isoformat()[:16] == published
    assert found.content == f"<p>{_PROSE}</p>"


# --- 11 to 13: links -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://e.org/a", "https://e.org/a"),
        ("https://www.e.org/a", "https://e.org/a"),
        ("https://e.org//cn/a", "https://e.org/cn/a"),
        ("https://e.org/雨", "https://e.org/%E9%9B%A8"),
        ("https://e.org/%e9%9b%a8", "https://e.org/%E9%9B%A8"),
        ("https://e.org/a?utm_source=x", "https://e.org/a"),
    ],
)
def test_11_one_address_in_two_spellings_is_one_article(sqlite_store: Store, one: str, other: str) -> None:
    saved = [(Origin("s", f"{number}.md"), entry(article(link=link))) for number, link in enumerate((one, other))]
    save(sqlite_store, saved)
    assert len(sqlite_store.entries.latest(9)) == 1


def test_11_a_raw_address_in_front_matter_ends_with_its_line() -> None:
    found = entry(f"---\ntitle: 雨\nfrom: https://e.org/重新「雨」   山\n---\n{_PROSE}")
    assert found.link is not None
    assert found.link.startswith("https://e.org/")
    assert entry(
        f"---\ntitle: 雨\nfrom: https://e.org/重新「雨」\n---\n{article(link='https://e.org/%E9%87%8D')}"
    ).link == ("https://e.org/%E9%87%8D")


@pytest.mark.parametrize(
    ("in_front", "in_line"),
    [("雨..", "雨……"), ("雨\\xa0夜", "雨\xa0夜"), ("雨 #夜", "雨 #夜二"), ("雨", "雨：夜")],
)
def test_12_the_link_line_has_the_fuller_title(in_front: str, in_line: str) -> None:
    found = entry(f'---\ntitle: "{in_front}"\n---\n{article(in_line)}')
    assert found.title == in_line.replace("\xa0", " ")


@pytest.mark.parametrize(
    "glued",
    [
        "https://e.org/aPaypal：https://p.example/b",
        "https://e.org/a，https://p.example/b",
        "https://e.org/a https://p.example/b",
    ],
)
def test_13_glued_addresses_are_no_error_and_no_text_is_lost(glued: str) -> None:
    found = entry(translation(body=f"{_PROSE}\n\n捐款：{glued}，谢谢大家的帮助。"))
    assert "谢谢大家的帮助" in found.content
    assert "p.example" in found.content


# --- 14 to 16: bodies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        "<img class='lazyload' data-src='https://e.org/i.png'>",
        "<img data-original='https://e.org/i.png' src='/blank.gif'>",
        '<img src="data:image/gif;base64,R0" data-image-dataset="{&quot;url&quot;:&quot;https://e.org/i.png&quot;}">',
        '<img srcset="https://e.org/s.png 300w, https://e.org/i.png 900w">',
        '<noscript><img src="https://e.org/i.png"></noscript>',
        '<img src="https://images.weserv.nl/?url=e.org/i.png">',
    ],
)
def test_14_a_picture_is_where_the_page_hides_it(image: str) -> None:
    found = entry(article(body=f"{image}<p>{_PROSE}</p>"))
    assert [media.url.partition("//")[2] for media in found.media] == ["e.org/i.png"]


@pytest.mark.parametrize(
    "tail",
    [
        '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a><br></div>',
        "<p>The post <a href='https://e.org/a'>雨</a> appeared first on <a href='https://e.org'>E</a>.</p>",
        "<p>阅读原文</p>",
        "<p><a href='https://e.org/a'>Continue reading →</a></p>",
        "<p>Feed generated with FetchRSS</p>",
        "<p>via RSS</p>",
    ],
)
def test_15_a_feed_service_s_tail_and_empty_links_go(tail: str) -> None:
    body = f'<a href="/a/5094078.html"></a><p>{_PROSE}</p>{tail}'
    assert entry(article(body=body)).content == f"<p>{_PROSE}</p>"


@pytest.mark.parametrize("body", ["<p>雨</p>", "<div></div>", " ", "<p>&nbsp;</p>"])
def test_16_an_entry_without_content_is_an_entry(body: str) -> None:
    found = entry(article(body=body))
    assert (found.title, found.content, found.summary) == ("雨", "", "")


# --- 17 and 18: values and bytes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "categories", "day"),
    [
        ("tags: 996", ("996",), None),
        ("tags: 1.5", ("1.5",), None),
        ("tags: [996, 007]", ("996", "007"), None),
        ("date: 2010-1-11", (), "2010-01-11"),
        ("date: 2010/1/11", (), "2010-01-11"),
        ("date: 2010-01-11 9:05", (), "2010-01-11"),
    ],
)
def test_17_values_are_text_and_dates_may_be_unpadded(field: str, categories: tuple[str, ...], day: str | None) -> None:
    found = entry(f"---\ntitle: 雨\n{field}\n---\n{_PROSE}")
    assert found.categories == categories
    assert day is None or found.published.date().isoformat() == day


_SHAPES = (article(), translation(), f"title: 雨\ndate: 2020-01-02\nauthor: 甲\n---\n{_PROSE}")


@pytest.mark.parametrize("shape", _SHAPES, ids=["article", "translation", "open"])
@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n", 2).encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: ("\ufeff\u200b" + text).encode(),
        lambda text: (" \n\n" + text).encode(),
        lambda text: text.replace("---\n", "---  \n").encode(),
        lambda text: text.replace("雨", "雨\x00\u200b").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("gb18030"),
        lambda text: text.encode() + b"\xe4\xb8",
    ],
    ids=["crlf", "cr", "mixed", "bom", "bom+zwsp", "empty lines", "spaces", "nul", "utf-16", "gb18030", "cut in two"],
)
def test_18_how_the_bytes_are_written_changes_nothing(shape: str, write: Any) -> None:
    plain, found = entry(shape), entry(write(shape))
    assert (found.title, found.link, found.authors) == (plain.title, plain.link, plain.authors)
    assert (found.published, found.content.rstrip("\ufffd")) == (
        plain.published,
        plain.content,
    ) or "\ufffd" in found.content


# --- 19: the same article again --------------------------------------------------------------------------------------

_LONG = "".join(f"第{number}天，{_PROSE}" for number in range(9))
_LONG_IN_TRADITIONAL = _LONG.translate(str.maketrans("里场带着伞", "裡場帶著傘"))


@pytest.mark.parametrize("longest", [0, 1, 2])
def test_19_of_many_versions_under_one_link_the_fullest_is_kept(sqlite_store: Store, longest: int) -> None:
    for number in range(3):
        body = f"<p>{_LONG if number == longest else _PROSE}</p>"
        save(sqlite_store, [(Origin("s", f"{number}.md"), entry(article(body=body), f"{number}.md"))])
    (found,) = sqlite_store.entries.latest(9)
    assert found.content == f"<p>{_LONG}</p>"
    assert len(sqlite_store.entries.origins(found.id)) == 3


def test_19_one_text_in_both_scripts_is_one_article(sqlite_store: Store) -> None:
    one = article("北京下雨带着伞", "https://e.org/hans", body=f"<p>{_LONG}</p>")
    other = article("北京下雨帶著傘", "https://e.org/hant", body=f"<p>{_LONG_IN_TRADITIONAL}</p>")
    save(sqlite_store, [(Origin("s", "1.md"), entry(one, "1.md")), (Origin("s", "2.md"), entry(other, "2.md"))])
    assert len(sqlite_store.entries.latest(9)) == 1


def test_19_one_title_over_two_texts_is_two_articles(sqlite_store: Store) -> None:
    one, other = article(link="https://e.org/1"), article(link="https://e.org/2", body="<p>今天没有下雨。</p>")
    save(sqlite_store, [(Origin("s", "1.md"), entry(one, "1.md")), (Origin("s", "2.md"), entry(other, "2.md"))])
    assert len(sqlite_store.entries.latest(9)) == 2


# --- 20 and 21: pages and lost line ends -----------------------------------------------------------------------------

_AROUND = {
    "menu": '<nav><a href="/">首页</a><a href="/b">新闻</a></nav>',
    "share": '<div class="sharedaddy"><h3>分享此文</h3><ul><li>Twitter</li><li>Facebook</li></ul></div>',
    "related": '<div class="related-posts"><h3>相关文章</h3><a href="/1">另一场雨</a></div>',
    "comments": '<div id="comments"><p>甲：好文章，写得真好。</p></div>',
    "footer": "<footer>© 2020 某网</footer>",
    "script": "<script>var a = 1;</script>",
}


@pytest.mark.parametrize("part", _AROUND, ids=str)
@pytest.mark.parametrize("place", ["before", "after"])
def test_20_what_stands_around_the_article_of_a_page_goes(part: str, place: str) -> None:
    article_ = f"<article><p>{_PROSE}</p><p>{_PROSE[::-1]}</p></article>"
    around = (_AROUND[part], article_) if place == "before" else (article_, _AROUND[part])
    found = entry(f"---\ntitle: 雨\n---\n<html><head><title>雨</title></head><body>{''.join(around)}</body></html>")
    assert found.content == f"<p>{_PROSE}</p>\n<p>{_PROSE[::-1]}</p>"


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("<p>雨。</p><p>雪。</p>", "<p>雨。</p>\n<p>雪。</p>"),
        ("<div>雨。<br /><br />雪。</div>", "<p>雨。</p>\n<p>雪。</p>"),
        ("<h2>题</h2>雨。<ul><li>一</li><li>二</li></ul>", "<h2>题</h2>\n<p>雨。</p>\n<ul><li>一</li><li>二</li></ul>"),
    ],
)
def test_21_a_body_without_line_ends_keeps_its_paragraphs(body: str, content: str) -> None:
    assert entry(article("题目", body=body)).content == content

"""Lines recognised at the edges of articles, and lines that only resemble them."""

import pytest

from feeder.normalise.body.html import read_html
from feeder.normalise.body.writing import write_html
from feeder.normalise.boilerplate.learned import fingerprint
from feeder.normalise.boilerplate.trim import TrimmedArticle, trim

_BODY = "<p>昨天夜里，北方下了雨。</p>\n<p>今天早上，山里的树都绿了。</p>"


def trim_html(html: str, *, title: str = "春雨", authors: tuple[str, ...] = ("甲乙",)) -> TrimmedArticle:
    return trim(read_html(html), title=title, link="https://e.org/a", authors=authors)


def metadata_of(found: TrimmedArticle) -> list[str]:
    return [f"{credit.role} {credit.name}" for credit in found.credits]


@pytest.mark.parametrize(
    "head",
    [
        "<p>文/ 甲乙（某刊特约）</p>",
        "<p>甲乙</p>",
        "<p>文/</p>",
        "<p>photo_1.jpeg</p>",
        '<p>Youtube视频链接：<a href="https://youtu.be/x">https://youtu.be/x</a></p>',
        "<p>某报网站：https://e.org/b</p>",
        "<p>采访、整理：甲、乙、丙</p>",
        "<p>参考原文：https://o.example/x</p>",
    ],
)
def test_boilerplate_above_an_article_is_removed(head: str) -> None:
    assert write_html(trim_html(head + _BODY).blocks) == _BODY


@pytest.mark.parametrize(
    "tail",
    [
        "<p>© 某人 for 某站, get_post_time('Y'). | Permalink | No comment | Add to x</p><p>Post tags: a, b</p>",
        "<p>来宾所说的都是个人观点，并不代表本刊。</p><p>==================</p>",
        "<p>（注：作者是研究员。本文仅代表作者个人观点。责编邮箱a@e.org）</p>",
        "<p>（文章仅代表作者观点，与本站无关）</p>",
        "<p>每周五晚上播出，敬请收看。</p>",
        "<p>欢迎关注微信公众号：某某</p><p>（某某号）</p>",
        "<p>又及：喜欢的话，请随手点个好看吧</p>",
        "<p>編者：點擊「拍手」就是支持我們！</p>",
        "<p>某栏目：https://bit.ly/x</p><p>编辑：甲</p>",
        "<p>消息来源：</p><p>1）https://o.example/x</p><p>2）某报的报道</p><p>编辑：甲</p>",
        "<p>https://o.example/x https://o.example/y</p><p>编辑：甲</p>",
        "<p>浏览公告原文点选：<a href='https://o.example/x'>here</a></p>",
        "<p>发布时间：2021年10月1日</p><p>审核：甲</p>",
        "<p>You’ve hit the wall.</p>",
        "<p>登录后继续阅读全文</p>",
        "<figure><img src='https://e.org/q.png'><figcaption>扫码关注公众号，欢迎订阅</figcaption></figure>",
        "<h4>Related</h4><hr><ul><li>另一篇文章</li><li>第三篇文章</li></ul><p>某刊</p>",
        "<p>您可能感兴趣的文章</p><p><a href='https://e.org/b'>观点：什么是雨。</a></p><p>评论</p><p>某人</p>",
        "<p>编辑整理：甲；</p><p>字幕文件制作：乙；</p><p>G-News发布：丙；</p><p>广而告之：写字的人，欢迎加入。</p>",
        "<p>甲木 / 乙沙 （某新社，某通社等）</p>",
        "<p>甲子/乙扬（据某某网站）</p>",
        "<p>（某新社，某教通讯社）</p>",
        "<p>某台记者 张一 某地报导 责编 李二 王三 网编 赵四</p>",
        "<p>编辑发布 水星</p>",
        "<p>编辑/整理：某某剪辑小队。</p>",
    ],
)
def test_boilerplate_below_an_article_is_removed(tail: str) -> None:
    found = trim_html(_BODY + tail)
    assert write_html(found.blocks) == _BODY
    assert found.cut


@pytest.mark.parametrize(
    "line",
    [
        "请大家看看这场雨，欢迎你来。",
        "相关",
        "他说：“欢迎加入。”",
        "https://o.example/x",
        "1）第一场雨",
        "2021年10月1日",
        "#一个",
        "比如这个例子：https://o.example/x",
        "某人—YouTube",
        "视频：他坚持“春天”的口号",
        "他说，这次调查加入了意见群组的电话访问，或以电邮邀请他们参与，请他们说明为何不看任何频道",
        "某台记者 报道了一场下了整整一夜的大雨",
    ],
)
def test_what_may_be_the_article_s_last_line_stays(line: str) -> None:
    assert write_html(trim_html(f"{_BODY}<p>{line}</p>").blocks).count("<p>") == (2 if line == "相关" else 3)


def test_credits_below_a_motto_are_cut_and_the_motto_stays() -> None:
    found = trim_html(f"<h4>【快讯】每天都有</h4><p>整理/编辑：甲</p>{_BODY}")
    assert found.blocks[0].text == "【快讯】每天都有"
    assert metadata_of(found) == ["editor 甲"]


def test_a_section_of_prose_under_a_common_heading_stays() -> None:
    prose = "It rained for a whole night, and in the morning all of the trees were green again."
    html = f"{_BODY}<h3>Comments</h3><p>{prose}</p>"
    assert trim_html(html).cut == ()


def test_a_section_that_is_most_of_the_article_stays() -> None:
    assert trim_html("<p>短文。</p><p>相关文章</p><p>另一篇很长很长的文章</p><p>第三篇很长的文章</p>").cut == ()


def test_hash_tags_become_categories() -> None:
    found = trim_html(f"{_BODY}<p>#春天 #雨 #山</p>")
    assert found.categories == ("春天", "雨", "山")


def test_a_player_between_an_article_and_its_notices_stays() -> None:
    found = trim_html(f'{_BODY}<iframe src="https://v.example/x"></iframe><p>免责声明：无。</p>')
    assert found.blocks[-1].text == "▶ v.example"
    assert found.cut == ("免责声明：无。",)


def test_sources_of_a_list_become_links() -> None:
    found = trim_html(f"{_BODY}<p>参考链接：</p><p>1）https://o.example/x</p><p>2）https://o.example/y</p>")
    assert [link.href for link in found.links] == ["https://o.example/x", "https://o.example/y"]


@pytest.mark.parametrize(
    ("line", "day"),
    [("October 2004", "1 October 2004"), ("octobre 2004", "1 octobre 2004"), ("2004年10月", "2004-10-1")],
)
def test_a_month_at_the_head_is_a_date(line: str, day: str) -> None:
    found = trim_html(f"<p>{line}</p>{_BODY}")
    assert ([stamp.text for stamp in found.stamps], found.cut) == ([day], (line,))


@pytest.mark.parametrize("line", ["Windows 2000", "2004年13月", "Summer 2004"])
def test_words_with_a_year_are_no_date(line: str) -> None:
    assert trim_html(f"<p>{line}</p>{_BODY}").cut == ()


def test_the_first_publication_has_a_date_and_a_link() -> None:
    line = 'Originally published at <a href="https://o.example/x">o.example</a> on August 6, 2018.'
    found = trim_html(f"{_BODY}<p><em>{line}</em></p>")
    assert [link.href for link in found.links] == ["https://o.example/x"]
    assert len(found.stamps) == len(found.cut) == 1
    assert trim_html(f"{_BODY}<p>Originally published in May, it was read by many.</p>").cut == ()
    undated = '<p>First published in <a href="https://o.example/x">o.example</a>.</p>'
    assert trim_html(f"{_BODY}{undated}").stamps == ()


@pytest.mark.parametrize(
    "line", ["微信扫一扫赞赏作者", "关注我们，获取更多消息", "感谢你读到这里，不如关注一下？", "往期文章精选"]
)
def test_invitations_of_accounts_are_removed(line: str) -> None:
    assert trim_html(f"{_BODY}<p>{line}</p>").cut == (line,)


def test_the_heading_of_the_first_section_stays_even_if_it_recurs() -> None:
    html = f"<h2>Introduction</h2>{_BODY}<p>Introduction</p>"
    found = trim(read_html(html), title="", link=None, learned={fingerprint("Introduction")})
    assert found.cut == ("Introduction",)
    assert found.blocks[0].text == "Introduction"


def test_a_table_of_pictures_does_not_hide_the_head() -> None:
    pictures = '<table><tr><td><img src="https://i.example/a.png"></td><td><img src="https://i.example/b.png"></td></tr></table>'
    assert trim_html(f"{pictures}<p>October 2004</p>{_BODY}").cut == ("October 2004",)


def trim_unlinked(html: str) -> TrimmedArticle:
    return trim(read_html(html), title="春雨", link=None)


@pytest.mark.parametrize(
    "foot",
    [
        "<p>原文地址（需登录）：https://e.org/新/雨（图）-1.html</p>",
        '<p>本文链接：<a href="https://e.org/新/雨（图）-1.html">https://e.org/新/雨（图）-1.html</a></p>',
        "<p>Original URL: https://e.org/新/雨（图）-1.html</p>",
        "<p>【原文链接】：https://e.org/新/雨（图）-1.html</p>",
    ],
)
def test_the_foot_may_give_the_article_s_own_address(foot: str) -> None:
    found = trim_unlinked(f"{_BODY}{foot}")
    assert found.addresses == ("https://e.org/新/雨（图）-1.html",)
    assert len(found.cut) == 1


@pytest.mark.parametrize(
    ("notice", "authors"),
    [
        ("本站的文章，作者皆保留版权。转载必须包含本声明，并注明作者李远山和本文原始网址：", ("李远山",)),
        ("转载请注明作者和本文地址：", ()),
        ("转载时要保留这里的链接，即原文链接：", ()),
    ],
)
def test_a_notice_about_reprints_has_author_and_address(notice: str, authors: tuple[str, ...]) -> None:
    address = '<a href="https://e.org/1">https://e.org/1</a>'
    found = trim_unlinked(f"{_BODY}<h4>版权声明</h4><p>{notice}<br>{address}</p>")
    assert (found.addresses, found.authors, len(found.cut)) == (("https://e.org/1",), authors, 3)


@pytest.mark.parametrize(
    "line", ["原文地址：某市某街", "他在信里写下了原文地址：", "他说本文链接：https://e.org/1 打不开。"]
)
def test_words_about_an_address_are_none(line: str) -> None:
    assert trim_unlinked(f"{_BODY}<p>{line}</p>").addresses == ()


@pytest.mark.parametrize(("about", "cut"), [("甲乙，写作人，住在山里。", 3), ("丙丁，写作人，住在山里。", 0)])
def test_what_is_below_a_learned_line_may_be_about_the_author(about: str, cut: int) -> None:
    html = f"{_BODY * 3}<p>请订阅本报的周刊</p><p>专栏 | {about[:2]}</p><p>{about}</p>"
    learned = {fingerprint("请订阅本报的周刊")}
    found = trim(read_html(html), title="", link=None, authors=("甲乙",), learned=learned)
    assert len(found.cut) == cut

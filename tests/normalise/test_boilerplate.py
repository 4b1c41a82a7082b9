"""What is removed at the head and tail of an article, its metadata, and what is never removed."""

import pytest

from feeder.normalise.body.html import read_html
from feeder.normalise.body.writing import write_html
from feeder.normalise.boilerplate.trim import TrimmedArticle, trim

_TITLE = "春天的第一场雨下在北方的山里"
_BODY = "<p>昨天夜里，北方下了雨。</p>\n<p>今天早上，山里的树都绿了。</p>"


def trim_html(html: str) -> TrimmedArticle:
    return trim(read_html(html), title=_TITLE, link="https://e.org/a")


@pytest.mark.parametrize(
    "head",
    [
        "<i>Mon, 20 Feb 2023 14:37:16 GMT</i>",
        "<p>2023年2月20日 星期一</p>",
        "<p>发布时间：2023-02-20 10:00</p>",
        "<p>2023-02-20 10:00 来源：某报 作者：甲</p>",
        "<p>2023-02-20 来源：某报</p>",
        "<p>23 分钟前</p>",
        f"<h1>{_TITLE}</h1>",
        f"<p>题目：{_TITLE}</p>",
        "<p>第一场雨下在北方的山里</p>",
        "<p>翻译：甲</p><p>校对：</p>",
        '<p>原文链接：<a href="https://o.example/x">x</a></p>',
        "<p>（欢迎点击此处订阅简报）</p>",
        "<p>JANE DOE, JOHN ROE<br>2023-02-20 10:00:00</p>",
        "<p>JANE DOE<br>某报<br>2023-02-20 10:00:00</p>",
        "<blockquote><p>作者：甲</p><p>来源：某报</p></blockquote>",
        "<hr>",
    ],
)
def test_boilerplate_above_an_article_is_removed(head: str) -> None:
    assert write_html(trim_html(head + _BODY).blocks) == _BODY


@pytest.mark.parametrize(
    "tail",
    [
        "<p>免责声明：本文内容仅代表作者个人观点，平台不承担任何法律风险。</p>",
        '<ul><li><a href="https://rolfoundation.org/">F</a></li><li><a href="https://gnews.org/terms-of-use-3/">T</a></li></ul>',
        '<hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a></div>',
        "<p>***</p><p>责任编辑：甲</p>",
        "<p>© 2020 AFP</p>",
        '<p>消息来源：</p><p><a href="https://o.example/x">某报</a></p>',
        "<p>via https://o.example/x</p>",
        "<p>来源：某报</p>",
        '<p>更多资讯，请关注：<a href="https://twitter.com/x">x</a></p><p><a href="https://gettr.com/y">某地某队</a>：y</p>',
        "<p>【完】</p>",
    ],
)
def test_boilerplate_below_an_article_is_removed(tail: str) -> None:
    found = trim_html(_BODY + tail)
    assert write_html(found.blocks) == _BODY
    assert found.cut


def test_removed_lines_are_returned_with_their_metadata() -> None:
    found = trim_html(
        "<p>JANE DOE,JANE DOE and JOHN ROE<br>2023-02-20 10:00:00</p>"
        + _BODY
        + '<p>原文：<a href="https://o.example/x?utm_source=y">Rain</a> https://e.org/a</p><p>译者：甲<br>校对：乙</p>',
    )
    assert found.authors == ("JANE DOE", "JOHN ROE")
    assert [(stamp.read_from, stamp.text) for stamp in found.stamps] == [("body", "2023-02-20 10:00:00")]
    assert [(link.href, link.title) for link in found.links] == [("https://o.example/x", "Rain")]
    assert [(credit.role, credit.name) for credit in found.credits] == [("translator", "甲"), ("proofreader", "乙")]
    assert found.cut[:2] == ("JANE DOE,JANE DOE and JOHN ROE", "2023-02-20 10:00:00")


@pytest.mark.parametrize("label", ["来源", "原文", "新闻出处", "Source"])
def test_an_original_without_link_is_a_credit(label: str) -> None:
    assert [(c.role, c.name) for c in trim_html(f"{_BODY}<p>{label}：某报</p>").credits] == [("source", "某报")]


def test_an_article_s_own_address_is_not_its_original() -> None:
    assert trim_html(_BODY + '<p>原文链接：<a href="http://www.e.org/a/">本文</a></p>').links == ()


def test_credits_at_the_end_of_the_last_paragraph_are_removed() -> None:
    found = trim_html(
        "<p>昨天。</p><p>今天。<b>好</b>。（译者：甲/核稿：乙）</p><figure><img src='https://i.example/p.jpg'></figure>"
    )
    assert [block.text for block in found.blocks] == ["昨天。", "今天。好。", ""]
    assert found.cut == ("（译者：甲/核稿：乙）",)
    assert [credit.name for credit in found.credits] == ["甲", "乙"]


@pytest.mark.parametrize(
    "html",
    [
        _BODY,
        "<p>昨天。（据某报）</p>",
        "<p>（译者：甲）</p>\n<p>昨天。</p>\n<p>今天，<b>（译者：甲</b>）</p>",
        "<p>昨天。</p>\n<p>免责声明：某事。</p>\n<p>今天。</p>",
        "<p>2023年2月20日，北方下了雨，山里的树都绿了。</p>\n<p>今天。</p>",
        "<p>春天</p>\n<p>今天。</p>",
        '<p>参考：<a href="https://o.example/x">一</a></p>'.replace("参考", "他说") + "\n<p>今天。</p>",
        '<p>昨天。</p>\n<p>他在 <a href="https://twitter.com/x">推特</a> 上写了很长很长的一段话</p>',
        '<p>昨天。</p>\n<p><a href="https://o.example/x">o</a></p>',
        "<p>昨天。</p>\n<p>来源：他说这雨从海上来，一直下到山里，下了整整一夜才停。山里人都高兴。</p>",
        "<p>昨天。</p>\n<p>免责声明：" + "长" * 400 + "</p>",
        "<p>甲：你好。<br>乙<br>2023-02-20</p>\n<p>今天。</p>",
        "",
    ],
)
def test_the_article_itself_stays(html: str) -> None:
    head, *_ = html.split("\n")
    kept = write_html(trim_html(html).blocks)
    assert kept == (html if not head.startswith("<p>（译者") else html.partition("\n")[2])


def test_a_picture_below_the_credits_does_not_keep_them() -> None:
    picture = '<figure><img src="https://i.example/p.jpg" alt=""></figure>'
    assert write_html(trim_html(f"{_BODY}<hr><p>发布：甲</p>{picture}").blocks) == f"{_BODY}\n<hr>\n{picture}"


def test_a_source_line_with_an_empty_link_is_removed_and_has_no_metadata() -> None:
    found = trim_html(_BODY + '<p>来源：<a href="https://e.org/a">本文</a></p><p>来源：</p>')
    assert found.links == ()
    assert write_html(found.blocks) == _BODY


def test_a_paragraph_loses_only_the_lines_that_are_not_the_article() -> None:
    assert write_html(trim_html("<p>翻译：甲<br>昨天夜里，北方下了雨。</p>").blocks) == "<p>昨天夜里，北方下了雨。</p>"


@pytest.mark.parametrize("line", ["敲出真相，爆料在路上！", "某地 望七星", "某某农场"])
def test_a_short_line_between_boilerplate_is_removed_too(line: str) -> None:
    tail = f"<p>原文链接：https://o.example/x</p><p>{line}</p><p>免责声明：本文仅代表作者。</p>"
    assert write_html(trim_html(_BODY + tail).blocks) == _BODY


@pytest.mark.parametrize(
    "tail",
    [
        "<p>某地 望七星</p><p>免责声明：本文仅代表作者。</p>",
        f"<p>原文链接：https://o.example/x</p><p>{'雨下了一夜，' * 9}</p><p>免责声明：本文仅代表作者。</p>",
        "<p>原文链接：https://o.example/x</p><p>某地 望七星</p>",
    ],
)
def test_a_line_with_boilerplate_on_one_side_only_or_a_long_one_stays(tail: str) -> None:
    assert len(trim_html(_BODY + tail).blocks) > len(trim_html(_BODY).blocks)


def test_an_article_of_one_short_line_stays() -> None:
    assert write_html(trim_html("<p>某地 望七星</p><p>免责声明：本文仅代表作者。</p>").blocks) == "<p>某地 望七星</p>"


@pytest.mark.parametrize(
    ("tail", "categories"),
    [
        ("标签：雨，北京、天气", ("雨", "北京", "天气")),
        ("Tags: rain, city", ("rain", "city")),
        ("Filed under weather", ("weather",)),
        ("關鍵詞: 雨 北京", ("雨", "北京")),
    ],
)
def test_tags_below_the_text_are_categories(tail: str, categories: tuple[str, ...]) -> None:
    found = trim_html(f"{_BODY}<p>{tail}</p>")
    assert (write_html(found.blocks), found.categories) == (_BODY, categories)


def test_a_sentence_that_begins_like_tags_stays() -> None:
    assert trim_html(f"{_BODY}<p>标签：这是他贴在衣服上的字。</p>").categories == ()


@pytest.mark.parametrize(
    "tail",
    [
        "<p>来源：某某周刊</p><p>https://o.example/x</p>",
        '<p><a href="https://o.example/x">【援引连结】</a></p>',
        '<p>来源：<a href="https://o.example/x">某某周刊</a></p>',
        "<p>参考资料</p><p>https://o.example/x</p>",
    ],
)
def test_the_address_of_a_source_is_kept(tail: str) -> None:
    found = trim_html(_BODY + tail)
    assert write_html(found.blocks) == _BODY
    assert [link.href for link in found.links] == ["https://o.example/x"]


@pytest.mark.parametrize(
    "tail",
    [
        '<p>延伸閱讀</p><p><a href="https://o.example/x">某事</a><a href="https://o.example/y">某人</a></p>',
        "<p>更多资讯，更多关注<br>某队官方Gettr<br>某队客服中心Discord</p>",
        "<p>某队欢迎您加入:（点击上方图片）</p>",
        '<p>新闻来源链接：</p><p><a href="https://o.example/x">某报</a></p>',
        '<p>获取更多RSS：<br><a href="https://feedx.top">https://feedx.top</a></p>',
    ],
)
def test_calls_and_links_to_other_articles_are_cut(tail: str) -> None:
    assert write_html(trim_html(_BODY + tail).blocks) == _BODY


def test_a_block_of_very_many_lines_is_recognised_line_by_line() -> None:
    title_again = f"<blockquote>{f'{_TITLE}<br>' * 9000}</blockquote>"
    assert write_html(trim_html(title_again + _BODY).blocks) == _BODY  # quadratic work would not be seen to end


def test_code_is_no_notice() -> None:
    code = "<pre><code>print(1)</code></pre>"
    assert write_html(trim_html(f"{_BODY}\n{code}").blocks) == f"{_BODY}\n{code}"

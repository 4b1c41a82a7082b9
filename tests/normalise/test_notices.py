"""Common notices, and prose that only resembles them."""

import pytest

from feeder.normalise.boilerplate.notices import is_invitation, is_notice


@pytest.mark.parametrize(
    "line",
    [
        "免责声明：本文内容仅代表作者个人观点。",
        "【免責聲明】本文僅代表作者觀點",
        "（文章只代表特约作者个人的立场和观点）",
        "※本文僅代表作者立場，不代表本報觀點。",
        "以上观点不代表本台立场。",
        "Disclaimer: these are the author's views.",
        "The views expressed are those of the author.",
        "投资有风险，入市须谨慎。",
        "© 2021 The Example Times",
        "Copyright 2020 Example",
        "版权归原作者所有，如有侵权请联系删除。",
        "未经授权，不得转载。",
        "（转载请注明来源）",
        "欢迎转载，请注明出处。",
        "本文首发于某某公众号",
        "本作品采用知识共享署名 4.0 国际许可协议进行许可。",
        "This article was originally published on Example.",
        "Reprinted with permission.",
        "The post 雨 appeared first on 某网.",
        "(Feed generated with FetchRSS)",
        "This entry passed through the Full-Text RSS service",
        "Let's block ads! (Why?)",
        "获取更多RSS：",
        "本文由 RSS 生成",
        "阅读原文",
        "閱讀全文",
        "点击查看原文",
        "Continue reading →",
        "Read the full article",
        "Read more: rain in the north",
        "View comments",
        "3 条评论",
        "评论 (12)",
        "Comments (3)",
        "（完）",
        "—END—",
        "【全文完】",
        "上一篇：昨天的雨",
        "← Previous post",
        "分享到：微博 微信 QQ空间",
        "Facebook Twitter LinkedIn 电子邮件",
        "Share on Facebook | Tweet | Email",
        "Click to share on Twitter (Opens in new window)",
        "Like this: Like Loading...",
        "点赞 收藏 分享",
        "打开微信扫一扫",
        "长按识别二维码关注我们",
        "Follow us on Twitter @example",
        "Subscribe to our newsletter",
        "下载我们的App",
        "Download our app",
        "微信公众号：某某周刊",
        "赞助我们：https://e.org/donate",
        "Leave a Reply",
    ],
)
def test_a_notice_is_recognised(line: str) -> None:
    assert is_notice(line)


@pytest.mark.parametrize(
    "line",
    [
        "版权所有者后来提出了诉讼，法院还没有判决。",
        "Copyright law does not know rain.",
        "Read more books, she said.",
        "Follow the money, he said.",
        "Share prices fell three percent on Monday.",
        "Subscribers will have to wait.",
        "Comments were not allowed.",
        "Click went the door.",
        "The post office was closed.",
        "The end of the road was under water.",
        "这就是全部的故事，完。",
        "延伸阅读的习惯，是他在狱中养成的。",
        "他分享到朋友圈的照片很快被删除了。",
        "打印出来的那张纸还在桌上。",
        "翻译这本书的人，后来也死了。",
        "欢迎来到北京，他对我们说。",
        "阅读使人充实。",
        "喜欢",
        "到上海去",
        "",
    ],
)
def test_prose_is_no_notice(line: str) -> None:
    assert not is_notice(line)


@pytest.mark.parametrize(
    ("line", "invites"),
    [
        ("欢迎关注我们的微信公众号", True),
        ("請訂閱我們的頻道", True),
        ("敬请关注", True),
        ("他最后说，请关注我们的孩子。", False),
        ("下雨了，请加入雨中的人。", False),
        ("请关注我们" + "。" * 200, False),
    ],
)
def test_an_invitation_asks_readers_to_follow_the_publisher(line: str, *, invites: bool) -> None:
    assert is_invitation(line) is invites


def test_a_very_long_row_of_buttons_is_not_examined() -> None:
    assert not is_notice("share " * 40)

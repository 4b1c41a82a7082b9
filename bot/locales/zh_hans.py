"""Chinese in Simplified script."""

from bot.locales.words import Words

SIMPLIFIED = Words(
    language="zh-Hans",
    start="你好！我收存文章，也能帮你找到它们。",
    help="/latest – 最新的 {default} 篇文章；/latest 10 显示十篇，最多 {cap} 篇\n"
    "/search 词语 – 查找文章；多个词须同时出现，“短语”须原样出现，-词 表示不得出现\n"
    "/help – 显示本说明",
    latest="最新文章",
    empty="还没有文章。",
    latest_usage="请写 1 到 {cap} 之间的数字，例如：/latest 10",
    no_feed="没有名叫“{name}”的专题。现有：{known}",
    none="无",
    search_usage="请写要查找的词语，例如：/search 下雨",
    found="“{query}”：共 {total} 篇",
    nothing="没有找到“{query}”。",
    misread="这个查询我读不懂：{reason}",
    previous="‹ 上一页",
    next="下一页 ›",
    too_fast="查询太频繁了，请在 {seconds} 秒后再试。",
    gone="这个查询太旧了，请重新发送。",
    unknown="这个我不懂。可以试试：",
    trouble="这里出了点问题，请稍后再试。",
    menu_latest="最新文章",
    menu_search="按词语查找文章",
    menu_help="我能做什么",
)

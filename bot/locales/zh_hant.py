"""Chinese in Traditional script."""

from bot.locales.words import Words

TRADITIONAL = Words(
    language="zh-Hant",
    start="你好！我收存文章，也能幫你找到它們。",
    help="/latest – 最新的 {default} 篇文章；/latest 10 顯示十篇，最多 {cap} 篇\n"
    "/search 詞語 – 查找文章；多個詞須同時出現，「短語」須原樣出現，-詞 表示不得出現\n"
    "/help – 顯示本說明",
    latest="最新文章",
    empty="還沒有文章。",
    latest_usage="請寫 1 到 {cap} 之間的數字，例如：/latest 10",
    no_feed="沒有名叫「{name}」的專題。現有：{known}",
    none="無",
    search_usage="請寫要查找的詞語，例如：/search 下雨",
    found="「{query}」：共 {total} 篇",
    nothing="沒有找到「{query}」。",
    misread="這個查詢我讀不懂：{reason}",
    previous="‹ 上一頁",
    next="下一頁 ›",
    too_fast="查詢太頻繁了，請在 {seconds} 秒後再試。",
    gone="這個查詢太舊了，請重新傳送。",
    unknown="這個我不懂。可以試試：",
    trouble="這裡出了點問題，請稍後再試。",
    menu_latest="最新文章",
    menu_search="按詞語查找文章",
    menu_help="我能做什麼",
)

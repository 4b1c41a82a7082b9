"""Patterns of notices that are common to all publishers: rights, disclaimers, share bars, feed services, invitations.

They are needed for the first articles of a publisher; its own notices are learned (`learned.py`). A notice is
recognised by the start of its line, or because it is the whole line, so that prose about sharing, following or
copyright is not one.
"""

import re

# Each line of a table is one pattern. Starts of lines:
_RIGHTS = r"""
[^，。]{0,10}版[权權]所有(?![者人权權])
(?:本文|文章|图片|圖片|内容|原文|作品)?(?:的)?(?:版[权權]|著作[权權])(?:均|皆)?[归歸属屬由]
[©Ⓒ]|\(c\)\s*\d{4}|Copyright\s*(?:©|\(c\)|\d{4}|[:：]|by\b|belongs\b|\Z)|All rights reserved
.{0,24}(?:未[经經].{0,10}(?:授[权權]|[许許]可|允[许許]|同意)|[谢謝][绝絕]|[禁严嚴]禁|[请請]勿).{0,12}(?:[转轉][载載]|使用|翻印)
本文.{0,4}(?:首[发發]|原[载載]|刊[于於载載]|[转轉]自|摘自|[选選]自)
.{0,24}(?:如需)?[转轉][载載]时?.{0,4}(?:[请請]|[须須]|必[须須])?(?:注明|[联聯][系繫]|附上|保留|[标標]明)
(?:本作品|本文|本站).{0,10}(?:采用|遵循|使用).{0,30}(?:[许許]可|[协協][议議]|授[权權])
This (?:article|story|post|work|piece|essay) .{0,60}\b(?:re)?(?:published|printed|licensed|produced)\b
This (?:article|story|post|work|piece|essay) (?:first |originally )appeared\b
(?:Republished|Reprinted|Reposted|Cross-?posted)\b.{0,20}(?:from|with|by|on)\b
"""
_DISCLAIMERS = r"""
.{0,6}(?:[声聲]明|提示|免[责責])\s*[:：】\]]|免[责責][声聲]明|版[权權][声聲]明
(?:本文|文章|以上|文中|上述|此文|[该該]文|[*※＊]?作者|嘉[宾賓]|[评評][论論]|注[:：]).{0,80}不(?:一定|必然)?代表.{0,24}@
(?:本文|文章|以上|文中|上述|此文|[该該]文|[*※＊]?作者|嘉[宾賓]|[评評][论論]|注[:：]).{0,80}[仅僅只](?:代表|反映|[为為]).{0,24}@
.{0,24}[个個]人(?:本人)?(?:[观觀][点點]|立[场場]|意[见見])，?(?:[并並])?不(?:能|一定)?代表
.{0,16}[仅僅]代表作者|.{0,30}平台不承[担擔]任何法律
.{0,40}不[构構]成.{0,8}(?:建[议議]|依[据據]|邀[约約])|投[资資]有[风風][险險]
(?:The |These |Any )?(?:views|opinions)(?: and (?:views|opinions))? expressed\b|Disclaimer\s*[:：]
""".replace("@", "(?:立[场場]|[观觀][点點]|意[见見]|看法|[陈陳]述|作者|[个個]人)")
_FEED_SERVICES = r"""
[获獲]取更多RSS|https?://feedx\.\w+|(?:本文|本[内內]容)由.{0,8}RSS|RSS\s*[订訂][阅閱]|[订訂][阅閱]RSS|via RSS\b
The post .{1,200} (?:first )?appeared (?:first )?on|[（(]?(?:Feed|Powered|Generated) (?:enhanced|generated|with|by)\b
This entry passed through|Let.s block ads|Adblock test|Want more\?|Post tags:
This article appeared in the .{1,80} section|\.\.more\Z
(?:Subscribe|Log in|Sign in) to (?:continue|read)|You.ve (?:hit|reached) (?:the|your) .{0,20}(?:wall|limit)
.{0,10}(?:登[录錄]|登入|付[费費]|[订訂][阅閱])[后後]?(?:才能|即可|可)?(?:[继繼][续續])?[阅閱][读讀](?:全文)?\W*+\Z
(?:更多|了解更多|想了解).{0,12}(?:[资資][讯訊]|信息|新[闻聞]|[内內]容|[关關]注).{0,30}(?:[关關]注|[点點][击擊]|[请請]|[访訪][问問]|：|:)
我们的标准[:：]|[汤湯]森路透|本文由.{0,60}(?:原[创創]|荣誉推出|榮譽推出)
如果发现译文存在错误|掘金翻译计划.{0,6}是一个
"""
_CALLS_TO_ACTION = r"""
(?:[欢歡]迎|敬[请請]|[请請])(?:大家)?(?:[关關]注|[订訂][阅閱]|加入|[扫掃][码碼描]|[转轉][发發]分享)(?!.{0,30}[，。].{8})
[^。，：“]{0,20}[欢歡]迎[您你]?加入|点击查看本文英文版|（?[欢歡]迎.{0,8}[点點][击擊].{0,8}(?:[订訂][阅閱]|查看)
[^。]{0,40}微信[扫掃]一[扫掃][赞讚][赏賞]|[关關]注我[们們]?，[^。]{0,50}\Z|(?:感[谢謝]|[谢謝]{2})[你您大家]{1,2}[^。]{0,8}(?:[阅閱]?[读讀]|看)到[这這][里裡]
(?:[长長]按|[扫掃]描|[扫掃]一[扫掃]|[识識][别別]).{0,10}(?:二[维維][码碼]|QR)|(?:打[开開])?微信[扫掃]一[扫掃]
(?:[点點][击擊])?上方[蓝藍]字|[关關]注[该該]公[众眾][号號]|[关關]注公[众眾][号號].{0,20}\Z
(?:加入|[订訂][阅閱]|[关關]注)我[们們]的?.{0,12}(?:[频頻]道|群|公[众眾][号號]|Telegram|Discord|微信|[邮郵]件)
(?:[点點][击擊]|立即|[请請])?(?:下[载載]|打[开開]|安[装裝])(?:我[们們]的|手机|手機)?\s*(?:App|客[户戶]端|[应應]用)[^。]{0,40}\Z
(?:Download|Get|Install) (?:our|the) app\b.{0,60}\Z
(?:[赞讚]助|支持|捐助|打[赏賞])(?:我[们們]|本站|作者)?\s*[:：]|Support us (?:on|at|via|by)\b|Buy me a coffee
Your email address will not be|Required fields are|Cancel reply|(?:[广廣]而告之|防失[联聯]|[备備]用[号號])[:：，,]
(?:Share|Tweet|Pin|Save) (?:this|on|to|via|with|it)\b.{0,60}\Z|Click to share\b|(?:Share|Subscribe)\s*[:：]?\Z
Follow (?:us|me|@|our|the author|[\w. ]{1,30} on (?:Twitter|Facebook|X|Instagram|Telegram|YouTube))\b.{0,60}\Z
Subscribe (?:to|now|here|today|for|via)\b.{0,80}\Z|Sign up (?:for|to|here|now|today)\b.{0,80}\Z|Click here\b.{0,60}\Z
"""
# Whole lines. Punctuation around them is matched where the tables are combined, and must not be matched here too, which
# would cause excessive backtracking.
_WHOLE_LINES = r"""
(?:[点點][击擊])?(?:[这這][里裡]|此[处處]|下方)?(?:[链鏈][接结]|按[钮鈕])?(?:[阅閱][读讀]|查看|[浏瀏][览覽])@
原文[链鏈]接|Continue reading(?:[\s:»…→-][^,;。]{0,80})?
Read (?:more|on|(?:the )?(?:full|rest|original|complete|whole)\b)(?:[\s:»…→-][^,;。]{0,80})?
(?:View|See) (?:the )?(?:original|source|comments|full|online)(?:[\s:»…→-][^,;。]{0,80})?
(?:[阅閱][读讀]|[评評][论論]|[点點][赞讚])\s*+[(（]?[\d.,]++\s*+[万萬wk]?\+?[)）]?|\d+\s*[条條]?[评評][论論]
(?:(?:View|Leave a|No|\d+) )?comments?(?: ?[(（]\d+[)）])?|Leave a reply|Donate(?: now| here)?
(?:延伸|相[关關]|推[荐薦])(?:[阅閱][读讀]|[报報]道|文章|[链鏈]接)|Related (?:posts|articles|stories)
版[权權][声聲]明
[点點][击擊][“\"「『][阅閱][读讀][原全]文[”\"」』].{0,12}|展[开開]全文|返回\w{2,6}，查看更多
文章已[于於].{4,16}修改|[预預][览覽][时時][标標][签籤]不可[点點]
本文[字共].{0,40}[阅閱][读讀].{0,16}|原[标標][题題]\s*[:：].{0,100}
[上下]一(?:篇|[页頁]|[则則])(?:文章)?(?:\s*[:：].{0,100})?
(?:Previous|Next|Older|Newer) (?:post|article|entry|story|page)s?(?:\s*[:→»].{0,100})?
(?:文中|本文)?(?:[题題][图圖]|封面[图圖]?|[头頭][图圖]|配[图圖])均?(?:[来來]源|[来來]自|源[自于])(?:\s*+[:：])?[^，。]{0,30}
(?:微信)?公[众眾][号號]\s*+[:：][^，。]{1,40}|(?:微信[号號]?|微博|推特|QQ群|投稿[邮郵]箱)\s*+[:：][^，。]{1,40}
(?:Telegram|[电電][报報]) ?(?:[频頻]道|群[组組]?)?\s*+[:：][^，。]{1,40}
(?:分享|[转轉][发發])(?:到|至|[给給])?.{0,10}(?:微信|微博|朋友圈|Facebook|Twitter|推特|LINE)
(?:全文|本文|文章)?(?:[完终終]|[结結]束)|全文[完终終]
[-—–]\s*+(?:THE\s++)?END\s*+[-—–]|THE END
""".replace("@", "(?:(?:本文|文章)?(?:[全原]文|更多|完整(?:文章|[报報]道|[内內]容)?|[评評][论論])|本文)(?:[链鏈]接)?")


def _alternatives(*tables: str) -> str:
    return "|".join(line for table in tables for line in table.split("\n") if line)


_NOTICE = re.compile(
    rf"\W*(?:{_alternatives(_RIGHTS, _DISCLAIMERS, _FEED_SERVICES, _CALLS_TO_ACTION)}|"
    rf"(?:{_alternatives(_WHOLE_LINES)})\W*+\Z)",
    re.IGNORECASE | re.DOTALL,
)
# A bar of buttons has only these words: at least one `_SURE_BUTTON`, or three of any.
_BUTTON = _alternatives(r"""
facebook|twitter|linkedin|whats\s?app|telegram|wechat|weibo|reddit|pinterest|tumblr|instagram|line|blogthis!?|x
tweet|print|share|e-?mail|pin it|like|loading|copy link|opens in new window|more|save|click to|on|to|this
微博|微信|朋友圈|qq空[间間]|人人[网網]|豆瓣|[脸臉][书書]|推特|[电電](?:子)?[邮郵]件?|[邮郵]件|打印|列印
分享|[转轉][发發]|收藏|[点點][赞讚]|[赞讚][赏賞]?|喜[欢歡]|在看|[评評][论論]|[举舉][报報]|[复複][制製][链鏈]接|[扫掃]一[扫掃]
此文|[这這]篇文章|把|出去|到|至|在|上
""")
_BAR = re.compile(rf"(?>(?:(?>{_BUTTON})[\W_\d]*+)+)", re.IGNORECASE)
_BUTTONS = re.compile(_BUTTON, re.IGNORECASE)
_SURE_BUTTON = re.compile(
    r"facebook|twitter|linkedin|whats\s?app|pinterest|weibo|微博|分享|\bshare\b|\btweet\b|[复複][制製][链鏈]接|print|打印",
    re.IGNORECASE,
)
_MAX_BAR, _MIN_BUTTONS = 160, 3

# An invitation asks readers to do something with something, in this order and close together.
_INVITATION = re.compile(
    r".{0,160}?(?:(?:欢迎|歡迎|敬请|敬請|请|請|快[来來]|随手|隨手|点击|點擊|扫码|按下)"
    r".{0,16}(?:关注|關注|订阅|訂閱|加入|点赞|點讚|点个|点选|拍手|来信|來信|坐客)"
    r".{0,16}(?:公众号|公號|频道|頻道|账号|帳號|微信|电子报|電子報|简报|農場|农场|Discord|Gettr|盖特|YouTube|油管|"
    r"好看|在看|拍手|(?:我们|我們)(?!的)|摘要)|敬[请請](?:收看|收聽|收听|关注|關注|期待))",
    re.IGNORECASE,
)
_MAX_INVITATION = 200


def is_notice(text: str) -> bool:
    """Whether a line is a notice: rights, a disclaimer, a feed service, a share bar, a link to read more."""
    return _NOTICE.match(text) is not None or _is_bar(text)


def is_invitation(text: str) -> bool:
    """Whether a line invites readers to follow, subscribe or applaud."""
    return len(text) <= _MAX_INVITATION and _INVITATION.match(text) is not None


def is_boilerplate(text: str) -> bool:
    """Whether a line is a notice or an invitation: no part of what an article says."""
    return is_notice(text) or is_invitation(text)


def _is_bar(text: str) -> bool:
    if len(text) > _MAX_BAR or _BAR.fullmatch(text.strip()) is None:
        return False
    return _SURE_BUTTON.search(text) is not None or len(_BUTTONS.findall(text)) >= _MIN_BUTTONS

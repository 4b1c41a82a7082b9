"""Finds the reporters in lines such as `某报记者王小明北京报道`, where nothing separates a name from a place.

The place is recognised by a list of common datelines, else by length: a name has two or three characters, four with a
surname of two, and a place the others.
"""

import re
from collections.abc import Iterator

_END = (
    r"(?:报道|报导|報導|報道|专稿|專稿|(?:发自|發自)[\u4e00-\u9fff·]{2,8}|"
    r"(?:(?:\d{1,2}月)?\d{1,2}日)?(?:专|專|外)?[电電])"
)
# What is between `记者` or a slash and the end of such a line.
_BETWEEN = re.compile(
    rf"(?:记者|記者|[/／])[\s:：/／]{{0,4}}(?P<names>[\u4e00-\u9fff·• \u3000、，,/／@＠]{{2,30}}?)的?\s*+{_END}\Z"
)
_DATELINE = re.compile(
    r"[^。\n]{0,60}?[（(](?P<who>[^（）()。\n]{2,24}(?:报道|报导|報導|報道|日(?:专|專|外)?[电電]))[)）]"
)
_LONE = re.compile(r"[（(【\[]?\w{0,8}?(?:记者|記者)[\s:：]{0,2}(?P<name>[\u4e00-\u9fff]{2,4})[)）】\]]?")
_FROM = re.compile(r"(?:发自|發自|从|從)")
_GENRE = re.compile(
    r"(?:综合|綜合|编译|編譯|外电|外電|专题|專題|独家|獨家|现场|現場|采访|採訪|连线|連線|整理|特稿|即时|即時){1,4}\Z"
)
_ROLE = re.compile(r"\A(?:实习|實習|见习|見習|特约|特約|本报|本報|本台|驻外|駐外)?(?:记者|記者|编译|編譯)")
_SEPARATOR = re.compile(r"[\s、，,/／@＠]+")
_DOUBLE = (
    "欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 夏侯 皇甫 尉迟 尉遲 公孙 公孫 慕容 令狐 端木 东方 東方 南宫 南宮 西门 西門"
)
_DOUBLE_SURNAMES = tuple(_DOUBLE.split())
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛范彭郎鲁韦马苗方俞任袁"
    "柳鲍史唐费廉岑薛雷贺倪汤滕罗毕郝邬安常乐于时傅皮齐康伍余顾孟黄穆萧尹姚邵汪祁毛狄米明戴宋庞熊纪舒屈项祝董梁杜"
    "阮蓝季贾江童颜郭梅林钟徐邱骆高夏蔡田樊胡凌霍万柯卢莫房解应宗丁邓洪包左石崔龚程邢裴陆翁荀甄封储靳段焦巴谷车侯"
    "全秋仲宁仇甘武刘景詹龙叶黎白蒲卓乔闻谭申冉桑桂牛边温庄晏柴阎易廖耿匡文欧聂曾关查荆游岳帅肖涂佟商佘牟池闫覃辛"
    "简饶殷趙錢孫吳鄭馮陳衛蔣韓楊許呂張嚴華陶謝鄒竇雲蘇魯韋馬費賀湯羅畢鄔樂時齊顧黃蕭龐紀項藍賈顏鍾駱萬盧應鄧龔陸"
    "儲車寧劉龍葉喬聞譚邊溫莊閻歐聶關荊遊帥塗閆簡饒"
)
_PLACES = tuple(
    sorted(
        str.split(
            "北京 上海 天津 重庆 重慶 广州 廣州 深圳 香港 澳门 澳門 台北 臺北 高雄 台中 臺中 台南 臺南 新北 "
            "桃园 桃園 新竹 嘉义 嘉義 基隆 屏东 屏東 花莲 花蓮 台东 臺東 成都 武汉 武漢 南京 杭州 西安 沈阳 "
            "瀋陽 济南 濟南 青岛 青島 大连 大連 厦门 廈門 福州 长沙 長沙 郑州 鄭州 昆明 贵阳 貴陽 兰州 蘭州 "
            "拉萨 拉薩 乌鲁木齐 烏魯木齊 呼和浩特 哈尔滨 哈爾濱 长春 長春 石家庄 石家莊 太原 合肥 南昌 南宁 "
            "南寧 海口 三亚 三亞 银川 銀川 西宁 西寧 连云港 秦皇岛 纽约 紐約 华盛顿 華盛頓 旧金山 舊金山 "
            "洛杉矶 洛杉磯 芝加哥 波士顿 波士頓 休斯敦 休斯頓 西雅图 西雅圖 费城 費城 达拉斯 亚特兰大 迈阿密 "
            "底特律 拉斯维加斯 檀香山 夏威夷 多伦多 多倫多 温哥华 溫哥華 渥太华 渥太華 蒙特利尔 伦敦 倫敦 巴黎 "
            "休士顿 休士頓 白俄罗斯 俄罗斯 瑞士 瑞典 荷兰 西班牙 意大利 爱尔兰 新西兰 马来西亚 印尼 "
            "柏林 法兰克福 慕尼黑 汉堡 科隆 波恩 布鲁塞尔 布魯塞爾 日内瓦 日內瓦 苏黎世 伯尔尼 维也纳 維也納 "
            "罗马 羅馬 米兰 米蘭 马德里 馬德里 巴塞罗那 里斯本 阿姆斯特丹 海牙 哥本哈根 斯德哥尔摩 奥斯陆 "
            "赫尔辛基 都柏林 雅典 华沙 華沙 布拉格 布达佩斯 布加勒斯特 索非亚 贝尔格莱德 基辅 基輔 莫斯科 "
            "圣彼得堡 明斯克 第比利斯 东京 東京 大阪 京都 名古屋 横滨 福冈 札幌 冲绳 首尔 首爾 汉城 釜山 平壤 "
            "曼谷 清迈 河内 河內 胡志明市 金边 金邊 万象 仰光 吉隆坡 槟城 新加坡 雅加达 雅加達 马尼拉 馬尼拉 "
            "新德里 孟买 加尔各答 达兰萨拉 达卡 加德满都 科伦坡 伊斯兰堡 卡拉奇 喀布尔 德黑兰 巴格达 大马士革 "
            "贝鲁特 耶路撒冷 特拉维夫 加沙 安曼 利雅得 迪拜 杜拜 阿布扎比 多哈 安卡拉 伊斯坦布尔 开罗 開羅 "
            "的黎波里 突尼斯 阿尔及尔 内罗毕 亚的斯亚贝巴 约翰内斯堡 开普敦 阿布贾 拉各斯 达喀尔 悉尼 雪梨 "
            "墨尔本 墨爾本 堪培拉 布里斯班 珀斯 惠灵顿 奥克兰 墨西哥城 哈瓦那 巴西利亚 圣保罗 里约热内卢 "
            "布宜诺斯艾利斯 圣地亚哥 利马 波哥大 加拉加斯 巴拿马 金门 金門 马祖 台湾 臺灣 美国 美國 日本 韩国 "
            "韓國 德国 德國 法国 法國 英国 英國 加拿大 澳大利亚 澳洲 印度 泰国 泰國 乌克兰 以色列"
        ),
        key=len,
        reverse=True,
    )
)


def find_reporters(line: str) -> tuple[str, ...]:
    """Return the people in a line such as `某报记者王小明北京报道`; () if there are none."""
    match = _BETWEEN.search(line)
    if match is None:
        return ()
    names = _FROM.split(match["names"], maxsplit=1)[0].strip()
    genre = _GENRE.search(names)
    if genre is not None:
        names = names[: genre.start()]
    words = [_ROLE.sub("", word) for word in _SEPARATOR.split(names)]
    return tuple(dict.fromkeys(_names(_joined(words))))


def find_dateline_reporters(text: str) -> tuple[str, ...]:
    """Return the reporters in brackets in a first paragraph: `【某报讯】（某报记者王小明报道）…`."""
    match = _DATELINE.match(text)
    return find_reporters(match["who"]) if match else ()


def find_lone_reporter(line: str) -> str | None:
    """Return the name in a line that is only `本报记者陈洁`; None for any other."""
    match = _LONE.fullmatch(line)
    return match["name"] if match is not None and is_chinese_name(match["name"]) else None


def _joined(words: list[str]) -> list[str]:
    """Return the words with names that were spaced out (`张　三`) joined."""
    joined: list[str] = []
    for word in filter(None, words):
        if joined and len(word) == 1 and len(joined[-1]) == 1:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _names(words: list[str]) -> Iterator[str]:
    for number, word in enumerate(words):
        is_last = number + 1 == len(words)
        place = _known_place(word)
        if number and (word in _PLACES or (is_last and not is_chinese_name(word.removesuffix(place)))):
            continue
        name = _without_place(word) if is_last else word
        if len(name) > 1:
            yield name


def is_chinese_name(word: str) -> bool:
    """Whether a word may be the name of a person: it begins with a common surname, or is a foreign name."""
    return "·" in word or (2 <= len(word) <= 4 and (word[0] in _SURNAMES or word.startswith(_DOUBLE_SURNAMES)))  # noqa: PLR2004  characters of a name


def _without_place(word: str) -> str:
    """Return the name at the start of a word that may end with a place."""
    if place := _known_place(word):
        word = word[: -len(place)]
    starts = [start for place in _PLACES if (start := word.find(place, 2)) > 0]  # of a country before its city
    if place or starts:
        return word[: min(starts, default=None)]
    if "·" in word:
        return word
    is_double = word.startswith(_DOUBLE_SURNAMES)
    length = len(word)
    if length <= 3 or (length == 4 and is_double):  # noqa: PLR2004  a name alone
        return word
    if length == 4:  # noqa: PLR2004  two characters each
        return word[:2]
    return word[: 4 if is_double and length > 5 else 3]  # noqa: PLR2004  a name of four, and a place


def _known_place(word: str) -> str:
    """Return the place at the end of a word; "" for none."""
    return next((place for place in _PLACES if word.endswith(place) and len(word) - len(place) > 1), "")

"""What single lines at an article's edges are: dates, credits, sources, notices, calls to follow.

Each recogniser looks at one line and says what it tells, or None where the line may be the article. They know the
line, the lines beside it, the title and the link, and nothing of blocks. A small table of known notices stands
here; what recurs in one place's articles only is learned (`learned.py`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from feeder.model import Credit, Link, Stamp
from feeder.normalise.body.blocks import Line
from feeder.normalise.boilerplate.credits import is_empty_credit, parse_credits
from feeder.normalise.boilerplate.notices import is_invitation, is_notice
from feeder.normalise.printed_dates import without_date
from feeder.normalise.text import one_line
from feeder.normalise.urls import clean_link, fold_link


class LineMetadata(NamedTuple):
    """What one line told before it was cut."""

    stamps: tuple[Stamp, ...] = ()
    credits: tuple[Credit, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineContext:
    """Where a recogniser looks.

    `above` are the lines before this one, nearest first. `is_tail`: it stands at the article's end, and `cut_below`
    says that something below it was cut already.
    """

    line: Line
    title: str = ""
    link: str | None = None
    authors: Sequence[str] = ()
    above: Sequence[str] = ()
    cut_below: bool = False
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.line.text.strip())


Recogniser = Callable[[LineContext], LineMetadata | None]

_DATE_WORDS = re.compile(
    r"(?>(?:日期|时间|時間|发布|发佈|發佈|發布|发表|發表|刊登|更新|最后|最後|于|於|在|提交|"
    r"Published|Posted|Updated|Date|Last|on|at|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun|to|yester)day|"
    r"Mon|Tue|Wed|Thu|Fri|Sat|Sun|(?:星期|周|週|礼拜)[一二三四五六日天]|GMT|UTC|[\W_])*)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\d+\s*(?:秒|分钟|分鐘|小时|小時|天|周|个月|minutes?|hours?|days?)\s*(?:之?前|ago)", re.IGNORECASE
)
_MAX_DATE_LINE = 90


def date_line(place: LineContext) -> LineMetadata | None:
    """A line that is a date, perhaps with its label, its source or its author."""
    if len(place.text) > _MAX_DATE_LINE:
        return None
    if _RELATIVE.fullmatch(place.text):
        return LineMetadata()
    rest = without_date(place.text)
    if rest is None:
        return None
    stamps = (Stamp(text=place.text, read_from="body"),)
    if _DATE_WORDS.fullmatch(rest):
        return LineMetadata(stamps=stamps)
    rest = _DATE_WORDS.sub("", rest, count=1) if _DATE_WORDS.match(rest) else rest
    if (source := _SOURCE_NAME.match(rest)) is not None:
        rest = rest[source.end() :]
    credits_ = parse_credits(rest)
    return LineMetadata(stamps=stamps, credits=credits_) if not rest or credits_ or is_empty_credit(rest) else None


_DATE_LABEL = re.compile(
    r"(?:发布|發布|發佈|发表|發表|更新|Published|Posted|Updated)(?:时间|時間|日期| on)?\s*[:：]?", re.IGNORECASE
)


def _labelled_date(place: LineContext) -> LineMetadata | None:
    """A date at an article's end: only with the word that says what it is (`发布时间：2021年10月1日`)."""
    return date_line(place) if _DATE_LABEL.match(place.text) else None


_TITLE_LABEL = re.compile(r"(?:题目|題目|标题|標題|原文标题|Title)\s*[:：]\s*", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[\W_]+")
_SHARE_OF_TITLE = 0.6


def _repeated_title(place: LineContext) -> LineMetadata | None:
    """The title again."""
    text = _NOT_WORDS.sub("", _TITLE_LABEL.sub("", place.text, count=1)).casefold()
    title = _NOT_WORDS.sub("", place.title).casefold()
    if not text or not title:
        return None
    same = text == title or (text in title and len(text) >= _SHARE_OF_TITLE * len(title))
    return LineMetadata() if same else None


def _credit_line(place: LineContext) -> LineMetadata | None:
    """Nothing but roles and names."""
    credits_ = parse_credits(place.text)
    if place.line.links and any(credit.role == "source" for credit in credits_):
        return None  # where they lead is worth more than what they are called
    return LineMetadata(credits=credits_) if credits_ or is_empty_credit(place.text) else None


_SOURCE_LABEL = re.compile(
    r"[◎*·>\s]*(?:原文[来來]自[^：:\n]{0,24}|"
    r"(?:(?:参考|參考|文字版)?原文|新闻|新聞|消息|信息|資訊|资讯|资料|資料|文章|图文|稿件|素材|内容|參考|参考|出处|"
    r"公告原文|浏览公告原文|援引|引用|引文|(?:\w{2,10} ?)?(?:視頻|视频)(?=链接|連結|鏈接|地址|来源|來源))\s*+"
    r"(?:链接|連結|连结|连接|鏈接|点选|點選|来源|來源|来自|來自|出处|出處|地址|网址|網址|参考|資料|资料|报道|標題|标题)?"
    r"(?:链接|鏈接|地址)?|"
    r"[^：:，。\n]{2,16}网站|来源|來源|出处|出處|链接|鏈接|連結|转自|轉自|转载自|轉載自|原载于?|原載於?|首[发發][于於]?|Sources?|Original|References?|Link|via)"
    r"\s*+(?:[「《“\"][^」》”\"]{1,40}[」》”\"]\s*+)?[:：|｜]++|via(?=\s+https?:)",
    re.IGNORECASE,
)
_FILM_LABEL = re.compile(r"(?:\w{2,10} ?)?(?:視頻|视频)\s*[:：]")
_SOURCE_NAME = re.compile(r"\s*(?:文章)?(?:来源|來源|出处)\s*[:：]\s*\S{1,20}(?:\s+|\Z)")
_BARE_ADDRESS = re.compile(r"https?://[^\s<>\u3000-\u9fff\uff00-\uffef]+")
_ADDRESSES = re.compile(rf"{_BARE_ADDRESS.pattern}+(?>(?:\s++{_BARE_ADDRESS.pattern}+)*)\s*+")
_NUMBERED = re.compile(r"(?:[(（]?\d{1,2}[)）.、]|[-*•·])\s*\S")
_MAX_SOURCE_NAME = 160
_MAX_SOURCES = 10
_MAX_LABEL = 40
_BRACKETS = " *_【】[]（）()《》「」"


def _source_line(place: LineContext) -> LineMetadata | None:
    """A line that says where the text was taken from: its links lead there (RFC 4287 §4.2.7.2, "via")."""
    if (_is_linked(place) or place.cut_below) and _SOURCE_LABEL.fullmatch(f"{place.text.strip(_BRACKETS)}："):
        return LineMetadata(
            links=_via(place.line, place.link)
        )  # a label with its link in it, or with its sources below it
    label = _SOURCE_LABEL.match(place.text) or (_FILM_LABEL.match(place.text) if place.line.links else None)
    if label is None:
        return _source_below_label(place)
    links = _via(place.line, place.link)
    rest = place.text[label.end() :].strip(" *_")
    if links:
        return LineMetadata(links=links)
    if place.line.links or not rest:
        return LineMetadata()
    if len(rest) <= _MAX_SOURCE_NAME and not re.search(r"[。！？]", rest):
        return LineMetadata(credits=(Credit(role="source", name=rest),))
    return None


def _is_linked(place: LineContext) -> bool:
    """Say whether a line is all link, but for ornaments."""
    return bool(place.line.links) and place.line.linked >= len(place.text) - 4


def _source_below_label(place: LineContext) -> LineMetadata | None:
    """A line that is all address, or a number in a list, under a line that is all label (`消息来源：`)."""
    is_link = _is_linked(place)
    if not (is_link or _ADDRESSES.fullmatch(place.text) or _NUMBERED.match(place.text)):
        return None
    for number, above in enumerate(place.above[:_MAX_SOURCES]):
        label = _SOURCE_LABEL.match(above) or _SOURCE_LABEL.fullmatch(f"{above}：")
        # The name of a source stands between its label and its address, at most once.
        if label is not None and (label.end() >= len(above.strip(" *_")) or (number == 0 and len(above) <= _MAX_LABEL)):
            return LineMetadata(links=_via(place.line, place.link))
        if not (_NUMBERED.match(above) or _ADDRESSES.fullmatch(above.strip()) or is_link):
            break
    return None


def _bare_sources(place: LineContext) -> LineMetadata | None:
    """A line of nothing but addresses between the article and its credits."""
    if not place.cut_below or _ADDRESSES.fullmatch(place.text) is None:
        return None
    return LineMetadata(links=_via(place.line, place.link))


def _via(line: Line, own: str | None) -> tuple[Link, ...]:
    found = [*line.links, *((address, "") for address in _BARE_ADDRESS.findall(line.text) if not line.links)]
    own_fold = fold_link(own) if own else ""
    links = []
    for href, words in found:
        if (address := clean_link(href)) is not None and fold_link(address) != own_fold:
            title = one_line(words)
            links.append(Link(rel="via", href=address, title=None if not title or "://" in title else title))
    return tuple(links)


_IS_SENTENCE = re.compile(r"[。！？.!?][”」』’\"）)]?\Z")
_MAX_ACCOUNT = 30
_FOOTER = re.compile(r"\|\s*(?:Permalink|No comments?|\d+ comments?|Add to)|Permalink\s*\|", re.IGNORECASE)


def _notice(place: LineContext) -> LineMetadata | None:
    """A notice that stands under every article of its kind: disclaimers, rights, calls to follow, feed services."""
    return LineMetadata() if is_notice(place.text) or _FOOTER.search(place.text) else None


def _invitation(place: LineContext) -> LineMetadata | None:
    """An invitation to follow, subscribe, applaud."""
    if is_invitation(place.text):
        return LineMetadata()
    # The name of the account, on a line of its own under the invitation.
    is_name = bool(place.above) and len(place.text) <= _MAX_ACCOUNT and _IS_SENTENCE.search(place.text) is None
    return LineMetadata() if is_name and len(place.above[0]) <= _MAX_ACCOUNT and is_invitation(place.above[0]) else None


_CALL_HOSTS = re.compile(
    r"//(?:[\w-]+\.)*(?:rolfoundation\.org|rolsociety\.org|gnews\.org/(?:terms|privacy|(?:zh-hans/)?author)|feedx\.\w+|gettr\.com|"
    r"gtv\.org|discord\.(?:gg|com)|twitter\.com|x\.com|facebook\.com|instagram\.com|t\.me|parler\.com|"
    r"youtube\.com/(?:@|c/|channel/|user/)|youtube\.com/?\Z|sso\.nytcn\.me)",
    re.IGNORECASE,
)
_SHARE_IN_LINKS = 0.4
_MAX_ACCOUNTS = 6
# The name of an account whose link was lost, a name with nothing but an address, the heading over related articles.
_ACCOUNT = re.compile(
    r"[^。，！？：]{0,30}(?:Gettr|Discord|Twitter|YouTube|Telegram|盖特|推特|G-?TV|G-?News)(?:官方)?(?:账号|频道|群)?"
    r"(?:\s*[:：][^。！？]{0,80})?[；;。]?",
    re.IGNORECASE,
)
_NAMED_ADDRESS = re.compile(r"[^。，！？:：]{1,30}[:：]\s*https?://\S+[；;]?")
_RELATED = re.compile(r"\W*(?:延伸|相关|相關|推荐)(?:阅读|閱讀|报道|文章|链接)\W*")
_MAX_ORNAMENT = 60


def _link_to_follow(place: LineContext) -> LineMetadata | None:
    """A line that is little more than links to accounts, or to the terms of a site."""
    line = place.line
    is_account = _ACCOUNT.fullmatch(place.text) or _NAMED_ADDRESS.fullmatch(place.text)
    if is_account and (place.cut_below or any(is_notice(text) for text in place.above[:_MAX_ACCOUNTS])):
        return LineMetadata()
    if place.above and _RELATED.fullmatch(place.above[0]) and line.linked >= len(place.text) - 2:
        return LineMetadata()
    if not line.links or line.linked < _SHARE_IN_LINKS * len(place.text):
        return None
    return LineMetadata() if all(_CALL_HOSTS.search(href) for href, _ in line.links) else None


_HASH_TAGS = re.compile(r"(?:[#＃][^\s#＃，。！？]{1,30}[#＃]?\s*){2,}")


def _hash_tags(place: LineContext) -> LineMetadata | None:
    """A line of nothing but hash tags: they are the article's categories."""
    if _HASH_TAGS.fullmatch(place.text) is None:
        return None
    return LineMetadata(categories=tuple(filter(None, re.split(r"[#＃\s]+", place.text))))


_TAG_LABEL = re.compile(
    r"\W*(?:[标標][签籤]|[关關][键鍵][词詞字]|分[类類])\s*[:：]\s*|"
    r"\W*(?:Tags?|Tagged|Keywords|Filed under|Posted in|Categor(?:y|ies))\s*[:：]\s*|"
    r"(?:Filed under|Posted in|Tagged)\s+",
    re.IGNORECASE,
)


def _tag_line(place: LineContext) -> LineMetadata | None:
    """A line of tags under their label: they are the article's categories."""
    label = _TAG_LABEL.match(place.text)
    if label is None or _IS_SENTENCE.search(place.text) or len(place.text) > _MAX_SOURCE_NAME:
        return None
    parts = (
        part.strip()
        for part in re.split(r"[,，、;；|｜#＃]|(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", place.text[label.end() :])
    )
    return LineMetadata(categories=tuple(filter(None, parts)))


def _ornament(place: LineContext) -> LineMetadata | None:
    """A line without a letter or a figure: what is left of emphasis that was never closed, a row of dots."""
    return (
        LineMetadata() if place.text and len(place.text) <= _MAX_ORNAMENT and not re.search(r"\w", place.text) else None
    )


_BYLINE_WORDS = re.compile(r"文|撰文|作者|[（(]?\w{0,8}特[约約][)）]?|by|[\W_]", re.IGNORECASE)


def _byline(place: LineContext) -> LineMetadata | None:
    """The author's name again, alone or with the words that bylines have."""
    rest = place.text
    for author in place.authors:
        rest = rest.replace(author, " ")
    is_byline = rest != place.text or rest.endswith(("/", "／"))
    return LineMetadata() if is_byline and not _BYLINE_WORDS.sub("", rest) else None


_FILE_NAME = re.compile(r"[\w.() -]{1,80}\.(?:jpe?g|png|gif|webp|bmp)", re.IGNORECASE)


def _file_name(place: LineContext) -> LineMetadata | None:
    """The name of a picture's file where its caption should be."""
    return LineMetadata() if _FILE_NAME.fullmatch(place.text) else None


HEAD: tuple[Recogniser, ...] = (
    date_line,
    _repeated_title,
    _credit_line,
    _byline,
    _source_line,
    _notice,
    _file_name,
)
# Below a line or two that may be anything (the name of a series, a motto), only what can be nothing else is cut.
BELOW_HEAD: tuple[Recogniser, ...] = (_credit_line,)
TAIL: tuple[Recogniser, ...] = (
    _ornament,
    _notice,
    _hash_tags,
    _tag_line,
    _credit_line,
    _source_line,
    _link_to_follow,
    _bare_sources,
    _labelled_date,
    _invitation,
)
# Pictures and films go only where they are called what is a notice: a code to scan, an account to follow.
MUTE: tuple[Recogniser, ...] = (_notice, _invitation)

# --- headings over what is not the article ---------------------------------------------------------------------------

_SECTION = re.compile(
    r"\W*(?:(?:延伸|相关|相關|推荐|推薦|扩展|精彩)(?:阅读|閱讀|报道|報導|文章|链接|新闻|新聞)|相关|往期(?:回顾|精选|文章|推荐)|"
    r"您?可能(?:感兴趣|喜欢|还喜欢)的?(?:文章|内容)?|猜你喜[欢歡]|热门文章|最新文章|共享此文章|分享(?:到|至|此文|这篇文章)?|评论|評論|"
    r"关注我们|關注我們|联系我们|标签|更多资讯.{0,8}关注.{0,4}|(?:请|請)?关注(?:和订阅)?我们的以下账号|"
    r"Related(?: (?:articles|posts|stories|reading))?|Read more|More from .{1,30}|You may also like|Recommended|"
    r"You.ve (?:hit|reached) (?:the|your) .{0,20}(?:wall|limit)|"
    r"Share(?: this)?(?: (?:article|post))?|Tagged|Tags|Comments?|Leave a (?:comment|reply)|Filed under|Follow us)\W*",
    re.IGNORECASE,
)
_MINOR = 80


def is_section(text: str) -> bool:
    """Say whether a line is the heading over related articles, tags, comments or accounts to follow."""
    return _SECTION.fullmatch(text.strip()) is not None


def is_minor(line: Line) -> bool:
    """Say whether a line may be an item under such a heading: a title, a name, a link, never a sentence of prose."""
    text = line.text.strip()
    return line.linked >= len(text) - 2 or (len(text) <= _MINOR and _IS_SENTENCE.search(text) is None)

"""Recognises lines at the edges of an article: dates, credits, sources, notices, invitations.

Each recogniser returns the metadata of a line that is not part of the article, or None for a line that may be. They
know the line, the lines above it, the title and the link, but not blocks. Lines that recur at one publisher are learned
(`learned.py`).
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
    """The metadata in a line that is removed. `addresses` are those that it gives as the article's own."""

    stamps: tuple[Stamp, ...] = ()
    credits: tuple[Credit, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineContext:
    """A line and its context.

    `above` has the lines above it, nearest first; `cut_below`: something below it was already removed.
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
_MONTH = re.compile(r"[^\W\d_]{3,12}\.?,?(?: de| del)? (?:1[89]|20)\d{2}")
_WIDE_MONTH = re.compile(r"((?:1[89]|20)\d{2})\s?([年년])\s?(\d{1,2})\s?([月월])")


def recognise_date(context: LineContext) -> LineMetadata | None:
    """A date, perhaps with a label, source or author."""
    if len(context.text) > _MAX_DATE_LINE:
        return None
    if _RELATIVE.fullmatch(context.text):
        return LineMetadata()
    rest = without_date(context.text)
    if rest is None:
        return _recognise_month(context.text)
    stamps = (Stamp(text=context.text, read_from="body"),)
    if _DATE_WORDS.fullmatch(rest):
        return LineMetadata(stamps=stamps)
    rest = _DATE_WORDS.sub("", rest, count=1) if _DATE_WORDS.match(rest) else rest
    if (source := _SOURCE_NAME.match(rest)) is not None:
        rest = rest[source.end() :]
    credits_ = parse_credits(rest)
    return LineMetadata(stamps=stamps, credits=credits_) if not rest or credits_ or is_empty_credit(rest) else None


def _recognise_month(text: str) -> LineMetadata | None:
    """A month and a year (`October 2004`): its first day."""
    if (wide := _WIDE_MONTH.fullmatch(text)) is not None:
        day = f"{wide[1]}-{wide[3]}-1"
    elif _MONTH.fullmatch(text) is not None:
        day = f"1 {text.replace(',', '')}"
    else:
        return None
    return LineMetadata(stamps=(Stamp(text=day, read_from="body"),)) if without_date(day) == "" else None


_DATE_LABEL = re.compile(
    r"(?:发布|發布|發佈|发表|發表|更新|Published|Posted|Updated)(?:时间|時間|日期| on)?\s*[:：]?", re.IGNORECASE
)


def _labelled_date(context: LineContext) -> LineMetadata | None:
    """A date at the end of an article, only with a label (`发布时间：2021年10月1日`)."""
    return recognise_date(context) if _DATE_LABEL.match(context.text) else None


_TITLE_LABEL = re.compile(r"(?:题目|題目|标题|標題|原文标题|Title)\s*[:：]\s*", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[\W_]+")
_SHARE_OF_TITLE = 0.6


def _repeated_title(context: LineContext) -> LineMetadata | None:
    """The repeated title."""
    text = _NOT_WORDS.sub("", _TITLE_LABEL.sub("", context.text, count=1)).casefold()
    title = _NOT_WORDS.sub("", context.title).casefold()
    if not text or not title:
        return None
    same = text == title or (text in title and len(text) >= _SHARE_OF_TITLE * len(title))
    return LineMetadata() if same else None


def _credit_line(context: LineContext) -> LineMetadata | None:
    """Only roles and names."""
    credits_ = parse_credits(context.text)
    if context.line.links and any(credit.role == "source" for credit in credits_):
        return None  # `_source_line` keeps the links, which are worth more than the names
    return LineMetadata(credits=credits_) if credits_ or is_empty_credit(context.text) else None


_ORIGINALLY = re.compile(
    r"(?:This (?:article|post|story|piece|essay|blog(?: post)?) (?:was |is |has been )?)?"
    r"(?:(?:also|first|originally) )+"
    r"(?:published|posted|appeared) (?:at|on|in|by) [^\n]{1,160}",
    re.IGNORECASE,
)


def _first_publication(context: LineContext) -> LineMetadata | None:
    """Where and when the article was first published, with a link (`Originally published at … on August 6, 2018.`)."""
    if not context.line.links or _ORIGINALLY.fullmatch(context.text) is None:
        return None
    stamps = (Stamp(text=context.text, read_from="body"),) if without_date(context.text) is not None else ()
    return LineMetadata(stamps=stamps, links=_via_links(context.line, context.link))


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
_VIDEO_LABEL = re.compile(r"(?:\w{2,10} ?)?(?:視頻|视频)\s*[:：]")
_SOURCE_NAME = re.compile(r"\s*(?:文章)?(?:来源|來源|出处)\s*[:：]\s*\S{1,20}(?:\s+|\Z)")
_BARE_ADDRESS = re.compile(r"https?://[^\s<>\u3000-\u9fff\uff00-\uffef]+")
_ADDRESSES = re.compile(rf"{_BARE_ADDRESS.pattern}+(?>(?:\s++{_BARE_ADDRESS.pattern}+)*)\s*+")
_NUMBERED = re.compile(r"(?:[(（]?\d{1,2}[)）.、]|[-*•·])\s*\S")
_MAX_SOURCE_NAME = 160
_MAX_SOURCES = 10
_MAX_LABEL = 40
_DECORATION = " *_【】[]（）()《》「」"


def _source_line(context: LineContext) -> LineMetadata | None:
    """The source of the text, with links to it (RFC 4287 §4.2.7.2, "via")."""
    if (_is_link(context) or context.cut_below) and _SOURCE_LABEL.fullmatch(f"{context.text.strip(_DECORATION)}："):
        # a label that is a link, or has its sources below it
        return LineMetadata(links=_via_links(context.line, context.link))
    label = _SOURCE_LABEL.match(context.text) or (_VIDEO_LABEL.match(context.text) if context.line.links else None)
    if label is None:
        return _source_below_label(context)
    links = _via_links(context.line, context.link)
    rest = context.text[label.end() :].strip(" *_")
    if links:
        return LineMetadata(links=links)
    if context.line.links or not rest:
        return LineMetadata()
    if len(rest) <= _MAX_SOURCE_NAME and not re.search(r"[。！？]", rest):
        return LineMetadata(credits=(Credit(role="source", name=rest),))
    return None


def _is_link(context: LineContext) -> bool:
    """Whether a whole line is a link, apart from decoration."""
    return bool(context.line.links) and context.line.linked >= len(context.text) - 4


def _source_below_label(context: LineContext) -> LineMetadata | None:
    """A line that is a link, an address or a numbered item, under a label (`消息来源：`)."""
    is_link = _is_link(context)
    if not (is_link or _ADDRESSES.fullmatch(context.text) or _NUMBERED.match(context.text)):
        return None
    for number, above in enumerate(context.above[:_MAX_SOURCES]):
        label = _SOURCE_LABEL.match(above) or _SOURCE_LABEL.fullmatch(f"{above}：")
        # Between the label and the address there may be one line with the source's name.
        if label is not None and (label.end() >= len(above.strip(" *_")) or (number == 0 and len(above) <= _MAX_LABEL)):
            return LineMetadata(links=_via_links(context.line, context.link))
        if not (_NUMBERED.match(above) or _ADDRESSES.fullmatch(above.strip()) or is_link):
            break
    return None


def _bare_sources(context: LineContext) -> LineMetadata | None:
    """A line of addresses between the article and its credits."""
    if not context.cut_below or _ADDRESSES.fullmatch(context.text) is None:
        return None
    return LineMetadata(links=_via_links(context.line, context.link))


def _via_links(line: Line, own_link: str | None) -> tuple[Link, ...]:
    found = [*line.links, *((address, "") for address in _BARE_ADDRESS.findall(line.text) if not line.links)]
    own_fold = fold_link(own_link) if own_link else ""
    links = []
    for href, words in found:
        if (address := clean_link(href)) is not None and fold_link(address) != own_fold:
            title = one_line(words)
            links.append(Link(rel="via", href=address, title=None if not title or "://" in title else title))
    return tuple(links)


# What says that an address is the article's own, not that of something it is about.
_OWN = re.compile(
    r"(?:(?:本文|原文|原帖|文章|本[帖页頁])(?:的)?(?:原始|永久|原文)?(?:[链鏈][接结結]|連結|地址|[网網]址)|永久(?:[链鏈][接结結]|連結|地址)|"
    r"permalink|original (?:url|link|address)|(?:url|link) (?:of|to) (?:this|the original) (?:article|post))"
    r"(?:\s?[（(][^（）()\n]{1,20}[)）])?[】\s]?[:：]\s?",
    re.IGNORECASE,
)
_OWN_ADDRESS = re.compile(r"https?://\S{4,2000}", re.IGNORECASE)
_REPRINT = re.compile(r"[转轉][载載贴貼帖][^\n]{0,200}?[:：]\Z")
_NAMED_AUTHOR = re.compile(
    r"(?:[注标標]明|署名)(?:原)?作者(?:姓名)?[:：「“\s]{0,3}(?P<name>[^\W\d_和及与與出来來信的并並](?>[^\s，。、：:“”「」和及与與并並]{1,19}))"
    r"[」”\s]{0,3}[和及与與、，并並]"
)


def _own_address(context: LineContext) -> LineMetadata | None:
    """The address of the article itself (`原文地址：…`), or a notice above it about reprints that names the author."""
    label = _OWN.match(context.text.lstrip(_DECORATION))
    rest = context.text.lstrip(_DECORATION)[label.end() :].strip() if label is not None else context.text
    if label is not None or (context.above and _ends_with_label(context.above[0])):
        address = context.line.links[0][0] if len(context.line.links) == 1 else rest
        if _OWN_ADDRESS.fullmatch(rest) or (_is_link(context) and label is None):
            return LineMetadata(addresses=(address,)) if _OWN_ADDRESS.fullmatch(address) else None
    if not context.cut_below or not _ends_with_label(context.text) or _REPRINT.search(context.text) is None:
        return None
    author = _NAMED_AUTHOR.search(context.text)
    return LineMetadata(authors=(author["name"],) if author else ())


def _ends_with_label(text: str) -> bool:
    return any(match.end() == len(text) for match in _OWN.finditer(text))


_IS_SENTENCE = re.compile(r"[。！？.!?][”」』’\"）)]?\Z")
_MAX_ACCOUNT = 30
_FOOTER = re.compile(r"\|\s*(?:Permalink|No comments?|\d+ comments?|Add to)|Permalink\s*\|", re.IGNORECASE)


def _notice(context: LineContext) -> LineMetadata | None:
    """A common notice: disclaimers, rights, feed services."""
    return LineMetadata() if is_notice(context.text) or _FOOTER.search(context.text) else None


def _invitation(context: LineContext) -> LineMetadata | None:
    """An invitation to follow, subscribe or applaud."""
    if is_invitation(context.text):
        return LineMetadata()
    # The name of the account, on its own line below the invitation.
    is_name = bool(context.above) and len(context.text) <= _MAX_ACCOUNT and _IS_SENTENCE.search(context.text) is None
    return (
        LineMetadata()
        if is_name and len(context.above[0]) <= _MAX_ACCOUNT and is_invitation(context.above[0])
        else None
    )


_ACCOUNT_HOSTS = re.compile(
    r"//(?:[\w-]+\.)*(?:rolfoundation\.org|rolsociety\.org|gnews\.org/(?:terms|privacy|(?:zh-hans/)?author)|feedx\.\w+|gettr\.com|"
    r"gtv\.org|discord\.(?:gg|com)|twitter\.com|x\.com|facebook\.com|instagram\.com|t\.me|parler\.com|"
    r"youtube\.com/(?:@|c/|channel/|user/)|youtube\.com/?\Z|sso\.nytcn\.me)",
    re.IGNORECASE,
)
_MIN_LINK_SHARE = 0.4
_MAX_ACCOUNTS = 6
# The name of an account without a link, a name with an address, the heading of related articles.
_ACCOUNT = re.compile(
    r"[^。，！？：]{0,30}(?:Gettr|Discord|Twitter|YouTube|Telegram|盖特|推特|G-?TV|G-?News)(?:官方)?(?:账号|频道|群)?"
    r"(?:\s*[:：][^。！？]{0,80})?[；;。]?",
    re.IGNORECASE,
)
_NAMED_ADDRESS = re.compile(r"[^。，！？:：]{1,30}[:：]\s*https?://\S+[；;]?")
_RELATED = re.compile(r"\W*(?:延伸|相关|相關|推荐)(?:阅读|閱讀|报道|文章|链接)\W*")
_MAX_ORNAMENT = 60


def _link_to_follow(context: LineContext) -> LineMetadata | None:
    """A line that is mostly links to accounts or to the terms of a site."""
    line = context.line
    is_account = _ACCOUNT.fullmatch(context.text) or _NAMED_ADDRESS.fullmatch(context.text)
    if is_account and (context.cut_below or any(is_notice(text) for text in context.above[:_MAX_ACCOUNTS])):
        return LineMetadata()
    if context.above and _RELATED.fullmatch(context.above[0]) and line.linked >= len(context.text) - 2:
        return LineMetadata()
    if not line.links or line.linked < _MIN_LINK_SHARE * len(context.text):
        return None
    return LineMetadata() if all(_ACCOUNT_HOSTS.search(href) for href, _ in line.links) else None


_HASH_TAGS = re.compile(r"(?:[#＃][^\s#＃，。！？]{1,30}[#＃]?\s*){2,}")


def _hash_tags(context: LineContext) -> LineMetadata | None:
    """A line of hash tags: the article's categories."""
    if _HASH_TAGS.fullmatch(context.text) is None:
        return None
    return LineMetadata(categories=tuple(filter(None, re.split(r"[#＃\s]+", context.text))))


_TAG_LABEL = re.compile(
    r"\W*(?:[标標][签籤]|[关關][键鍵][词詞字]|分[类類])\s*[:：]\s*|"
    r"\W*(?:Tags?|Tagged|Keywords|Filed under|Posted in|Categor(?:y|ies))\s*[:：]\s*|"
    r"(?:Filed under|Posted in|Tagged)\s+",
    re.IGNORECASE,
)


def _tag_line(context: LineContext) -> LineMetadata | None:
    """A line of tags with a label: the article's categories."""
    label = _TAG_LABEL.match(context.text)
    if label is None or _IS_SENTENCE.search(context.text) or len(context.text) > _MAX_SOURCE_NAME:
        return None
    parts = (
        part.strip()
        for part in re.split(r"[,，、;；|｜#＃]|(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", context.text[label.end() :])
    )
    return LineMetadata(categories=tuple(filter(None, parts)))


def _ornament(context: LineContext) -> LineMetadata | None:
    """A line without letters and digits: a remnant of unclosed emphasis, a row of dots."""
    return (
        LineMetadata()
        if context.text and len(context.text) <= _MAX_ORNAMENT and not re.search(r"\w", context.text)
        else None
    )


_BYLINE_WORDS = re.compile(r"文|撰文|作者|[（(]?\w{0,8}特[约約][)）]?|by|[\W_]", re.IGNORECASE)


def _byline(context: LineContext) -> LineMetadata | None:
    """The author's name, alone or with typical words of bylines."""
    rest = context.text
    for author in context.authors:
        rest = rest.replace(author, " ")
    is_byline = rest != context.text or rest.endswith(("/", "／"))
    return LineMetadata() if is_byline and not _BYLINE_WORDS.sub("", rest) else None


_FILE_NAME = re.compile(r"[\w.() -]{1,80}\.(?:jpe?g|png|gif|webp|bmp)", re.IGNORECASE)


def _file_name(context: LineContext) -> LineMetadata | None:
    """The name of an image file in context of a caption."""
    return LineMetadata() if _FILE_NAME.fullmatch(context.text) else None


HEAD: tuple[Recogniser, ...] = (
    recognise_date,
    _repeated_title,
    _credit_line,
    _byline,
    _source_line,
    _notice,
    _file_name,
)
# Below a line that may be anything (the name of a series, a motto), only what is certain is removed.
BELOW_HEAD: tuple[Recogniser, ...] = (_credit_line,)
TAIL: tuple[Recogniser, ...] = (
    _ornament,
    _first_publication,
    _notice,
    _hash_tags,
    _tag_line,
    _own_address,
    _credit_line,
    _source_line,
    _link_to_follow,
    _bare_sources,
    _labelled_date,
    _invitation,
)
# What no list of references has, so that it ends above them.
NO_REFERENCE: tuple[Recogniser, ...] = (
    _ornament,
    _notice,
    _hash_tags,
    _tag_line,
    _credit_line,
    _labelled_date,
    _invitation,
)
# Pictures and players are removed only if their caption is a notice: a code to scan, an account to follow.
PICTURES: tuple[Recogniser, ...] = (_notice, _invitation)

# --- sections that are not the article -------------------------------------------------------------------------------

_SECTION = re.compile(
    r"\W*(?:(?:延伸|相关|相關|推荐|推薦|扩展|精彩)(?:阅读|閱讀|报道|報導|文章|链接|新闻|新聞)|相关|往期(?:文章|内容)?(?:回顾|精选|文章|推荐)|"
    r"您?可能(?:感兴趣|喜欢|还喜欢)的?(?:文章|内容)?|猜你喜[欢歡]|热门文章|最新文章|共享此文章|分享(?:到|至|此文|这篇文章)?|评论|評論|"
    r"关注我们|關注我們|联系我们|标签|更多资讯.{0,8}关注.{0,4}|(?:请|請)?关注(?:和订阅)?我们的以下账号|"
    r"Related(?: (?:articles|posts|stories|reading))?|Read more|More from .{1,30}|You may also like|Recommended|"
    r"You.ve (?:hit|reached) (?:the|your) .{0,20}(?:wall|limit)|"
    r"Share(?: this)?(?: (?:article|post))?|Tagged|Tags|Comments?|Leave a (?:comment|reply)|Filed under|Follow us)\W*",
    re.IGNORECASE,
)
_MAX_ITEM = 80


def is_section_heading(text: str) -> bool:
    """Whether a line is the heading of related articles, tags, comments or accounts to follow."""
    return _SECTION.fullmatch(text.strip()) is not None


def is_section_item(line: Line) -> bool:
    """Whether a line may be an item of such a section: a title, a name, a link, but not a sentence."""
    text = line.text.strip()
    return line.linked >= len(text) - 2 or (len(text) <= _MAX_ITEM and _IS_SENTENCE.search(text) is None)

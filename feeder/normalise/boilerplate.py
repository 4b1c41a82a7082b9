"""What stands at an article's head and tail without being the article: dates, credits, sources, notices.

Nothing is cut from the middle and nothing in silence: what is cut is handed back as plain text, and what it tells
(dates, names, the original's address) as values. Each recogniser looks at one line and says what it found there,
or None; they are tried in order.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from feeder.model import Credit, Link, Stamp
from feeder.normalise.blocks import Block, Line, written
from feeder.normalise.credits import is_credit, parse_credits
from feeder.normalise.dates import without_date
from feeder.normalise.text import one_line
from feeder.normalise.urls import clean_link, fold_link

T = TypeVar("T")

_MAX_HEAD, _MAX_TAIL = 14, 40  # lines that are looked at
_MAX_NOTICE = 400  # characters: a notice is shorter, and whatever is longer belongs to the article
_MAX_BYLINE = 60


class Finding(NamedTuple):
    """What one line told before it was cut."""

    stamps: tuple[Stamp, ...] = ()
    credits: tuple[Credit, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trimmed:
    """An article without what was not it. `cut` holds the text of each piece that was taken out."""

    blocks: tuple[Block, ...]
    cut: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    credits: tuple[Credit, ...] = ()
    links: tuple[Link, ...] = ()
    authors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Piece:
    """A line of a paragraph, or a whole block of another kind: the smallest thing that is cut."""

    block: int
    line: int | None
    lines: tuple[Line, ...]
    finding: Finding | None = None

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a recogniser looks: one line, the line before it, and what is known of the article."""

    line: Line
    before: str
    title: str
    link: str | None
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.line.text.strip())


def trim(blocks: Sequence[Block], *, title: str, link: str | None) -> Trimmed:
    """Return the blocks without what is known not to be the article, and what that told."""
    pieces = list(_pieces(blocks))
    _mark_byline(blocks, pieces)
    _mark(pieces[:_MAX_HEAD], blocks, _HEAD, title, link)
    _mark(pieces[: -_MAX_TAIL - 1 : -1], blocks, _TAIL, title, link)
    gone = [piece for piece in pieces if piece.finding is not None]
    findings = [piece.finding for piece in gone if piece.finding is not None]
    kept = _without(blocks, gone)
    kept, closing = _without_closing_credits(kept)
    return Trimmed(
        blocks=_without_edges(kept),
        cut=tuple(filter(None, [*(piece.text for piece in gone), *closing])),
        stamps=_joined(f.stamps for f in findings),
        credits=_joined([*(f.credits for f in findings), *map(parse_credits, closing)]),
        links=_joined(f.links for f in findings),
        authors=_joined(f.authors for f in findings),
    )


def _pieces(blocks: Sequence[Block]) -> Iterable[_Piece]:
    for index, block in enumerate(blocks):
        if block.kind == "paragraph":
            yield from (_Piece(index, number, (line,)) for number, line in enumerate(block.lines))
        else:
            yield _Piece(index, None, block.lines)


def _mark(
    pieces: Sequence[_Piece],
    blocks: Sequence[Block],
    recognisers: Sequence[Callable[[_Place], Finding | None]],
    title: str,
    link: str | None,
) -> None:
    """Mark what goes, from the edge inwards, up to the first line that is the article."""
    from_end = len(pieces) > 1 and pieces[0].block > pieces[-1].block
    for number, piece in enumerate(pieces):
        if piece.finding is not None or blocks[piece.block].kind in {"figure", "rule"}:
            continue
        neighbour = pieces[number + 1].text if from_end and number + 1 < len(pieces) else ""
        found = [
            _first(recognisers, _Place(line, neighbour if len(piece.lines) == 1 else "", title, link))
            for line in piece.lines
        ]
        if not found or any(finding is None for finding in found):
            return
        findings = [finding for finding in found if finding is not None]
        piece.finding = Finding(*(_joined(parts) for parts in zip(*findings, strict=True)))


def _first(recognisers: Sequence[Callable[[_Place], Finding | None]], place: _Place) -> Finding | None:
    if len(place.text) > _MAX_NOTICE:
        return None
    return next((found for recognise in recognisers if (found := recognise(place)) is not None), None)


def _mark_byline(blocks: Sequence[Block], pieces: Sequence[_Piece]) -> None:
    """Mark a first paragraph whose last line is a date and whose other lines are names (`NAME<br>2020-07-08 …`)."""
    if not blocks or blocks[0].kind != "paragraph" or not 1 < len(blocks[0].lines) <= 3:  # noqa: PLR2004  a name or two
        return
    *names, last = blocks[0].lines
    date = _date_line(_Place(last, "", "", None))
    if date is None or any(len(line.text) > _MAX_BYLINE or re.search(r"[。！？：:]", line.text) for line in names):
        return
    authors = (part.strip() for line in names for part in re.split(r"[,，、]| and ", line.text))
    pieces[0].finding = Finding(authors=tuple(dict.fromkeys(filter(None, authors))))
    for piece in pieces[1 : len(names)]:
        piece.finding = Finding()
    pieces[len(names)].finding = date


# --- recognisers ---------------------------------------------------------------------------------------------------

_DATE_WORDS = re.compile(
    r"(?:日期|时间|時間|发布|發佈|發布|发表|發表|刊登|更新|最后|最後|于|於|Published|Posted|Updated|Date|Last|on|at|"
    r"Mon|Tue|Wed|Thu|Fri|Sat|Sun|\w+day|(?:星期|周|週|礼拜)[一二三四五六日天]|GMT|UTC|[\W_])*",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\d+\s*(?:秒|分钟|分鐘|小时|小時|天|周|个月|minutes?|hours?|days?)\s*(?:之?前|ago)", re.IGNORECASE
)
_MAX_DATE_LINE = 90


def _date_line(place: _Place) -> Finding | None:
    """A line that is a date, perhaps with its label, its source or its author."""
    if len(place.text) > _MAX_DATE_LINE:
        return None
    if _RELATIVE.fullmatch(place.text):
        return Finding()
    rest = without_date(place.text)
    if rest is None:
        return None
    stamps = (Stamp(text=place.text, read_from="body"),)
    if _DATE_WORDS.fullmatch(rest):
        return Finding(stamps=stamps)
    rest = _DATE_WORDS.sub("", rest, count=1) if _DATE_WORDS.match(rest) else rest
    if (source := _SOURCE_NAME.match(rest)) is not None:
        rest = rest[source.end() :]
    return Finding(stamps=stamps, credits=parse_credits(rest)) if not rest or is_credit(rest) else None


_TITLE_LABEL = re.compile(r"(?:题目|題目|标题|標題|原文标题|Title)\s*[:：]\s*", re.IGNORECASE)
_NOT_WORDS = re.compile(r"[\W_]+")
_SHARE_OF_TITLE = 0.6


def _repeated_title(place: _Place) -> Finding | None:
    """The title again."""
    text = _NOT_WORDS.sub("", _TITLE_LABEL.sub("", place.text, count=1)).casefold()
    title = _NOT_WORDS.sub("", place.title).casefold()
    if not text or not title:
        return None
    same = text == title or (text in title and len(text) >= _SHARE_OF_TITLE * len(title))
    return Finding() if same else None


def _credit_line(place: _Place) -> Finding | None:
    """Nothing but roles and names."""
    return Finding(credits=parse_credits(place.text)) if is_credit(place.text) else None


_SOURCE_LABEL = re.compile(
    r"[◎*·>\s]*(?:原文[来來]自[^：:\n]{0,24}|(?:(?:文字版)?原文|新闻|新聞|消息|信息|資訊|资讯|资料|資料|文章|图文|稿件|素材|内容|參考|参考|出处|視頻|视频)\s*"
    r"(?:链接|連結|鏈接|点选|點選|来源|來源|来自|來自|出处|出處|地址|网址|網址|参考|資料|资料|报道|连接|標題|标题)?(?:链接|鏈接|地址)?|"
    r"来源|來源|出处|出處|链接|鏈接|連結|转自|轉自|转载自|轉載自|Source|Sources|Original|Reference|References|Link|via)"
    r"\s*(?:[「《“\"][^」》”\"]{1,40}[」》”\"])?\s*[:：|｜]+|via(?=\s+https?:)",
    re.IGNORECASE,
)
_SOURCE_NAME = re.compile(r"\s*(?:文章)?(?:来源|來源|出处)\s*[:：]\s*\S{1,20}(?:\s+|\Z)")
_BARE_ADDRESS = re.compile(r"https?://[^\s<>\u3000-\u9fff\uff00-\uffef]+")
_MAX_SOURCE_NAME = 60


def _source_line(place: _Place) -> Finding | None:
    """A line that says where the text was taken from: its links lead there (RFC 4287 §4.2.7.2, "via")."""
    label = _SOURCE_LABEL.match(place.text)
    if label is None:
        return _source_below_label(place)
    links = _via(place.line, place.link)
    rest = place.text[label.end() :].strip()
    if links:
        return Finding(links=links)
    if place.line.links or not rest:
        return Finding()
    if len(rest) <= _MAX_SOURCE_NAME and not re.search(r"[。！？]", rest):
        return Finding(credits=(Credit(role="source", name=rest),))
    return None


def _source_below_label(place: _Place) -> Finding | None:
    """A line that is all link, under a line that is all label (`消息来源：`)."""
    label = _SOURCE_LABEL.match(place.before)
    is_link = place.line.links and place.line.linked >= len(place.text) - 2
    if label is None or label.end() < len(place.before.strip()) or not is_link:
        return None
    return Finding(links=_via(place.line, place.link))


def _via(line: Line, own: str | None) -> tuple[Link, ...]:
    found = [*line.links, *((address, "") for address in _BARE_ADDRESS.findall(line.text) if not line.links)]
    own_fold = fold_link(own) if own else ""
    links = []
    for href, words in found:
        if (address := clean_link(href)) is not None and fold_link(address) != own_fold:
            title = one_line(words)
            links.append(Link(rel="via", href=address, title=None if not title or "://" in title else title))
    return tuple(links)


_NOTICE = re.compile(
    r"\W*(?:免[责責][声聲]明|版[权權][声聲]明|.{0,20}版[权權]所有|本文(?:内容)?[仅僅]代表作者|"
    r"[©Ⓒ]|\(c\)\s*\d{4}|Copyright\b|All rights reserved|"
    r".{0,12}(?:仅|僅)代表作者(?:个人|個人|本人)?(?:观点|觀點|立场)|.{0,30}平台不承担任何法律|"
    r"获取更多RSS|https?://feedx\.\w+|我们的标准[:：]|汤森路透|湯森路透|"
    r"The post .{1,200} first appeared on|Feed enhanced by|点击查看本文英文版|（?欢迎.{0,8}点击.{0,8}(?:订阅|查看)|"
    r"This article appeared in the .{1,80} section of the print edition|\.{2,}more\Z|"
    r"(?:更多|了解更多|想了解).{0,12}(?:资讯|資訊|信息|新闻|内容|关注).{0,30}(?:关注|點擊|点击|请|：|:)|"
    r"(?:欢迎|歡迎|敬请|敬請|请|請)(?:大家)?(?:关注|關注|订阅|訂閱|加入|扫码|扫描|转发分享)|(?:长按|扫描|扫一扫).{0,10}二维码|"
    r"(?:分享|转发|轉發)(?:到|至|给).{0,10}(?:微信|微博|朋友圈|Facebook|Twitter)|"
    r"[^。，]{0,20}欢迎[您你]?加入|(?:延伸|相关|相關|推荐)(?:阅读|閱讀|报道|文章|链接)\s*[:：]?\Z|"
    r"本文由.{0,60}(?:原创|原創|荣誉推出|榮譽推出)|如果发现译文存在错误|掘金翻译计划.{0,6}是一个|"
    r"(?:Share|Follow|Subscribe|Sign up|Read more|Click here)\b.{0,60}\Z|[（(【]?\s*(?:全文)?[完终終]\s*[)）】]?\Z)",
    re.IGNORECASE | re.DOTALL,
)


def _notice(place: _Place) -> Finding | None:
    """A notice that stands under every article of its kind: disclaimers, rights, calls to follow, feed services."""
    return Finding() if _NOTICE.match(place.text) else None


_CALL_HOSTS = re.compile(
    r"//(?:[\w-]+\.)*(?:rolfoundation\.org|rolsociety\.org|gnews\.org/(?:terms|privacy|(?:zh-hans/)?author)|feedx\.\w+|gettr\.com|"
    r"gtv\.org|discord\.(?:gg|com)|twitter\.com|x\.com|facebook\.com|instagram\.com|t\.me|parler\.com|"
    r"youtube\.com/(?:@|c/|channel/|user/)|youtube\.com/?\Z|sso\.nytcn\.me)",
)
_SHARE_IN_LINKS = 0.4
# The name of an account whose link was lost, and the heading over links to other articles.
_ACCOUNT = re.compile(
    r"[^。，！？：]{0,30}(?:Gettr|Discord|Twitter|YouTube|Telegram|盖特)(?:官方)?(?:账号|频道|群)?", re.IGNORECASE
)
_RELATED = re.compile(r"\W*(?:延伸|相关|相關|推荐)(?:阅读|閱讀|报道|文章|链接)\W*")
_MAX_ORNAMENT = 12


def _link_to_follow(place: _Place) -> Finding | None:
    """A line that is little more than links to accounts, or to the terms of a site."""
    line = place.line
    if _ACCOUNT.fullmatch(place.text):
        return Finding()
    if _RELATED.fullmatch(place.before) and line.linked >= len(place.text) - 2:
        return Finding()
    if not line.links or line.linked < _SHARE_IN_LINKS * len(place.text):
        return None
    return Finding() if all(_CALL_HOSTS.search(href) for href, _ in line.links) else None


def _ornament(place: _Place) -> Finding | None:
    """A line without a letter or a figure: what is left of emphasis that was never closed, a row of dots."""
    return Finding() if place.text and len(place.text) <= _MAX_ORNAMENT and not re.search(r"\w", place.text) else None


_HEAD = (_date_line, _repeated_title, _credit_line, _source_line, _notice)
_TAIL = (_ornament, _notice, _link_to_follow, _credit_line, _source_line)


# --- putting it together again -------------------------------------------------------------------------------------

_CLOSING = re.compile(r"[（(]([^（）()<>]{3,80})[)）]\s*\d{0,8}\s*(?=(?:</\w+>)*\Z)")


def _without(blocks: Sequence[Block], gone: Sequence[_Piece]) -> list[Block]:
    """Return the blocks that are left, with paragraphs that lost lines written anew."""
    whole = {piece.block for piece in gone if piece.line is None}
    lines = {(piece.block, piece.line) for piece in gone if piece.line is not None}
    kept = []
    for index, block in enumerate(blocks):
        if index in whole:
            continue
        left = tuple(line for number, line in enumerate(block.lines) if (index, number) not in lines)
        if len(left) == len(block.lines):
            kept.append(block)
        elif left:
            kept.append(written(block.tag, left))
    return kept


def _without_closing_credits(blocks: list[Block]) -> tuple[list[Block], list[str]]:
    """Take `（译者：…／核稿：…）` off the end of the last paragraph."""
    last = next((n for n in range(len(blocks) - 1, -1, -1) if blocks[n].kind == "paragraph"), None)
    if last is None:
        return blocks, []
    *before, line = blocks[last].lines
    match = _CLOSING.search(line.text)
    in_html = _CLOSING.search(line.html)
    if match is None or in_html is None or match[1] != in_html[1] or match.start() == 0:
        return blocks, []
    if not parse_credits(match[1]):
        return blocks, []
    html = (line.html[: in_html.start()] + line.html[in_html.end() :]).rstrip()
    shorter = Line(html, line.text[: match.start()].rstrip(), line.links, line.linked)
    return [*blocks[:last], written(blocks[last].tag, (*before, shorter)), *blocks[last + 1 :]], [match[0].strip()]


def _without_edges(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Drop rules that part nothing any more: at the beginning, at the end, one after another."""
    kept: list[Block] = []
    for block in blocks:
        if block.kind != "rule" or (kept and kept[-1].kind != "rule"):
            kept.append(block)
    while kept and kept[-1].kind == "rule":
        kept.pop()
    return tuple(kept)


def _joined(parts: Iterable[Iterable[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(part for group in parts for part in group))

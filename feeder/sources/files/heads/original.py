"""A line that is, or ends with, a link to the original of an article. Pure."""

import re
import unicodedata
from html import unescape
from typing import NamedTuple

from feeder.sources.files.heads.lines import BARE_LINK, DECORATION, EMOJI, LINK, MAX_LINE, NOT_WORDS, link_parts

_ORIGINAL = re.compile(
    r"(?:点击|點擊|查看|阅读|閱讀|浏览|瀏覽|访问|訪問)?(?:本文|文章|新闻|新聞|英文|中文|完整)?"
    r"(?:原文|原帖|原[贴貼]|原稿|原[页頁]|[来來]源|出[处處]|(?<=文)(?=[链鏈連地网網]))(?:[链鏈連连][结接結]|地址|[网網]址|[来來]源|出[处處]|[网網]站|[页頁]面)*|"
    r"(?:原文|[转轉][载載发發贴貼帖]?)(?:[来來])?自.{0,60}|(?:原[载載]|首[发發]|[发發]表)[于於].{0,60}|[链鏈連][接結]|"
    r"(?:(?:read|view|see|visit|open|go to|link to) )?(?:the )?(?:full )?(?:original|source)"
    r"(?: (?:article|post|story|text|link|url|page|source|version|here|message|tweet))*(?: (?:at|on|from|in) .{1,60})?|"
    r"(?:re ?post(?:ed)?|forward(?:ed)?|cross ?post(?:ed)?|reprint(?:ed)?|republished|syndicated|reblogged|"
    r"(?:originally |first )?(?:published|posted|appeared))(?: (?:from|at|on|in|by|via)\b.{0,60})?|"
    r"(?:via|from) .{1,60}|via|(?:perma)?link|(?:article|post|page|web)? ?(?:url|link)|"
    r"quelle|(?:zum |link zum )?original(?:artikel|beitrag|text)?|lien(?: (?:original|source))?|"
    r"(?:lire |voir )?l (?:article )?original|article (?:original|d origine)|fuente(?: original)?|enlace(?: original)?|"
    r"(?:ver |leer )?(?:el )?(?:artículo )?original|"
    r"fonte(?: original)?|(?:ver |ler )?(?:o )?(?:artigo )?original|(?:articolo |link )?originale|leggi l originale|"
    r"источник|оригинал(?: статьи)?|(?:читать|ссылка на) (?:оригинал|источник)|джерело|оригінал|źródło|oryginał|"
    r"kaynak|orijinal.{0,12}|bron|origineel|origine(?:el|le) artikel|källa|kilde|lähde|zdroj|forrás|πηγή|sumber|nguồn|"
    r"(?:lien vers )?l article original|enlace al original|originalbeitrag|originalartikel.{0,6}|ursprungs?artikel|"
    r"oorspronkelijk(?:e)? (?:artikel|bericht)|oryginaln[ya] .{1,20}|artikel asli|bài (?:gốc|viết gốc)|původní .{1,20}|"
    r"pôvodný .{1,20}|eredeti .{1,20}|"
    r"(?:sursa|articol(?:ul)?)(?: original[ăa]?)?|sursă|"
    r"оригиналь?н(?:ая|ый|ое) .{1,20}|"
    r"оригінальн(?:а|ий) .{1,20}|"
    r"переслано.{0,60}|репост.{0,60}|weitergeleitet.{0,60}|reenviado.{0,60}|transféré.{0,60}|"
    r"(?:read|view|see) (?:the )?(?:full|whole|complete) (?:article|story|post|text)|"
    r"view (?:on|in) (?:the )?(?:web|browser)|"
    r"(?:رابط )?(?:المقال|المقالة|الخبر) الأصلي[ة]?|رابط المقال|لینک (?:اصلی|منبع|خبر)|مقاله اصلی|"
    r"(?:阅读|閱讀|查看)(?:全文|更多)|(?:本文|文章|原文)?(?:链接|鏈接|連結|地址|网址|網址)|मूल (?:लेख|स्रोत)|"
    r"元記事.{0,6}|原文を.{1,6}|出典|引用元|ソース|원문.{0,8}|출처|المصدر|المقال الأصلي|منبع|لینک|מקור|स्रोत|ที่มา",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?P<label>[^:：\[\]<>]{1,40}+)[:：](?!//)[ \t]*+")
HOME = re.compile(r"https?://[^/?#]+/?", re.IGNORECASE)
_LINK_START = re.compile(r"(?<=\S)\s+(?=\[|<?https?://)")
_ADDRESS_WORDS = re.compile(r"(?:https?:/?/?|www\.)\S*", re.IGNORECASE)
# A bare address of these is a picture or a player of the article.
_PLAYED = re.compile(
    r"//(?:[\w-]+\.)*(?:youtube\.com|youtu\.be|vimeo\.com|bilibili\.com|dailymotion\.com|soundcloud\.com|spotify\.com|"
    r"giphy\.com|imgur\.com|instagram\.com|tiktok\.com)/|\.(?:jpe?g|png|gif|webp|svg|mp[34]|m4a|webm|pdf)(?:\?|\Z)",
    re.IGNORECASE,
)


class _Original(NamedTuple):
    """A link that is all of its line; its words say that it leads to the original if `is_told`, else may be a title."""

    words: str
    address: str
    is_told: bool


def find_original(line: str) -> _Original | None:
    """Return the link in a line that has nothing else."""
    if len(line) > 2 * MAX_LINE or "http" not in line.lower():
        return None
    text = re.sub(
        r"</?(?:p|div|b|i|em|strong|small|span|center|h[1-3]|blockquote)\b[^<>]*>", "", line, flags=re.IGNORECASE
    )
    text = text.replace("\\<", "<").replace("\\>", ">").lstrip(DECORATION).rstrip(" \t*_~】）|")
    text = text.strip("`") if text.startswith("`http") else text
    label = _LABEL.match(text)
    if label is not None and says_original(label["label"]):
        text = text[label.end() :].lstrip(" *_")
    else:
        label = None
    if label is None and (start := _LINK_START.search(text)) is not None and says_original(text[: start.start()]):
        label, text = start, text[start.end() :]  # `Originally published at https://…`
    for candidate in (text, text.removesuffix(")")):  # which is the link's or around it
        match = LINK.fullmatch(candidate) or BARE_LINK.fullmatch(candidate)
        if match is None or candidate.startswith("!"):
            continue
        words, address = link_parts(match) if match.re is LINK else ("", match["link"])
        address = unescape(address.strip("<>"))
        if not address.lower().startswith(("http:", "https:")):
            continue
        is_address = not words.strip() or are_address(words.strip().replace("\\", ""), address)
        if is_address and _PLAYED.search(address):
            return None
        if label is not None and not is_address:  # normalising keeps the source's name with its link
            return None
        return _Original("" if is_address else words.strip(), address, is_address or says_original(words))
    return None


def are_address(words: str, address: str) -> bool:
    """Whether the words of a link are its address, perhaps without its start or end, or its host."""
    if _ADDRESS_WORDS.fullmatch(words):
        return True
    bare = re.sub(r"https?://(?:www\.)?", "", address, flags=re.IGNORECASE).lower()
    shown = words.rstrip("…./").lower()
    return "." in shown and " " not in shown and bare.startswith(shown)


def says_original(words: str) -> bool:
    """Whether the words of a link say that it leads to the original."""
    words = unicodedata.normalize("NFC", words)
    return _ORIGINAL.fullmatch(NOT_WORDS.sub(" ", EMOJI.sub("", words)).strip()) is not None

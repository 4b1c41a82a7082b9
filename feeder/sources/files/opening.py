"""Reads what is above an article and not part of it: navigation, rules, a byline, a link to the original.

These lines may be in any order, around the heading, with or without empty lines between them. A line that might be the
article's is left to it. Nothing here knows the other parts of a head (`article.py`).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from html import unescape
from typing import NamedTuple

from feeder.dates.written import find_written_date
from feeder.model import Credit, Link, Stamp
from feeder.sources.files.metadata import Metadata

_MAX_LINES = 24  # that are examined
_MAX_LINE = 1000
_MAX_NAME, _MAX_CRUMB, _MAX_CRUMBS = 60, 40, 200

_MARKDOWN_LINK = (
    r"\[(?P<words>(?>(?:[^\[\]\n]|!?\[[^\[\]\n]*+\](?:\([^()\s]*+\))?)*))\]"
    r"\((?P<link>(?>(?:[^\s()]|\([^\s()]*+\))*))(?:[ \t]++\"[^\"\n]*+\")?\)"
)
_HTML_LINK = r"<a\s(?>(?:(?!href)[^<>])*)href=[\"']?(?P<href>[^\"'<>\s]++)[^<>]*+>(?P<inner>[^<>\n]*+)</a>"
_LINK = re.compile(rf"!?{_MARKDOWN_LINK}|{_HTML_LINK}|\[\[(?P<wiki>[^\[\]\n]++)\]\]", re.IGNORECASE)
_BARE_LINK = re.compile(r"<?(?P<link>https?://[^\s<>\"|]++)>?", re.IGNORECASE)
_LONE_ADDRESS = re.compile(r"(?m)^[ \t]*+(?P<link>https?://[^\s<>\"|]++)[ \t]*+$")
_TAG = re.compile(r"<[^<>]*>")
_EMOJI = re.compile(r":[a-z0-9_+-]{1,40}:")
_RULE = re.compile(r"(?:[-*_=][ \t]*){3,}|<hr\b[^<>]*>|</?(?:div|p|nav|center|header|br)\b[^<>]*>", re.IGNORECASE)
_OPENING_TAG = re.compile(r"<(?:div|p|nav|center|header)\b", re.IGNORECASE)
_HEADING = re.compile(r"#{1,3}[ \t]*(?P<text>[^\s#].*)|<h[1-3]\b[^<>]*>(?P<html>.*)</h[1-3]>", re.IGNORECASE)
_UNDERLINE = re.compile(r"={3,}|-{3,}")
# Vowel signs and accents are part of words.
_NOT_WORDS = re.compile(r"(?:(?![\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e])[\W_])+")
# A link, code, heading, handle, rule or path in the first three lines, or a label; most articles begin with prose.
_MAY_OPEN = re.compile(
    r"(?:[^\n]{0,1000}\n){0,2}[^\n]{0,1000}?(?:[\[`#<@>＞»›／]|https?:| / |[-*_=][ \t]?[-*_=])|"
    r"[^\n:：。，,.]{1,40}[:：]"
)
_DECORATION = " \t>*_#~-+•◎·（）()【】|🔗📎👉➡️🌐📌"

# --- navigation ------------------------------------------------------------------------------------------------------

_SEPARATOR = re.compile(r"[|｜/／»›>→←«‹<·•—–,，、]+|(?<=\s)-+(?=\s)")
_NAVIGATION = re.compile(
    r"home(?: ?page)?|main(?: page)?|start|index|menu|blog|posts|news|up|top|toc|contents|table of contents|archives?|"
    r"(?:go |)back(?: .{1,40})?|return .{1,40}|all .{1,20}|skip to .{1,30}|older|newer|you are here|breadcrumbs?|"
    r"(?:next|prev|previous)(?: .{1,60})?|readme|"
    r"返回.{0,12}|回到?.{1,8}|首[页頁]|主[页頁]|目[录錄]|[导導]航|[上下]一[篇章页頁节節].{0,60}|[当當]前位置|你的位置|您的位置|"
    r"zurück.{0,30}|startseite|übersicht|"
    r"inhalt(?:sverzeichnis)?|weiter|retour.{0,30}|accueil|sommaire|suivant|"
    r"précédent|inicio|volver.{0,30}|portada|índice|siguiente|anterior|voltar.{0,30}|início|"
    r"página inicial|indietro|torna.{0,30}|"
    r"назад.{0,30}|(?:на )?главн(?:ая|ую)|"
    r"оглавление|содержание|далее|вперёд|вперед|головна|"
    r"戻る|ホーム|トップ.{0,4}|目次|次へ|前へ|.{1,12}に戻る|"
    r"목록.{0,4}|홈|이전.{0,20}|다음.{0,20}|처음으로|"
    r"ana ?sayfa|geri.{0,12}|terug.{0,20}|tillbaka.{0,20}|hem|hjem|tilba[gk]e.{0,20}|strona główna|powrót.{0,20}|"
    r"wstecz|العودة.{0,20}|الرئيسية|الصفحة الرئيسية|خانه|بازگشت.{0,20}|صفحه اصلی|דף הבית|trang chủ|beranda|หน้าแรก",
    re.IGNORECASE,
)


def _is_navigation(line: str) -> bool:
    """Whether a line has nothing but links to other pages, or the path to this one (`Home > News`)."""
    if len(line) > _MAX_LINE:
        return False
    text = _EMOJI.sub("", unescape(line))
    links = [_link_parts(match) for match in _LINK.finditer(text)]
    around = _TAG.sub("", _LINK.sub("\0", text)).lstrip("#*-+ \t")
    parts = [part.strip(" \t*_:：[](){}#") for part in _SEPARATOR.split(around)]
    plain = [part for part in parts if _NOT_WORDS.sub("", part.replace("\0", ""))]
    if not links:
        is_path = len(plain) > 1 and len(line) <= _MAX_CRUMBS and is_navigation_word(plain[0].partition("：")[0])
        return is_path and not line.startswith(">") and all(len(part) <= _MAX_CRUMB for part in plain)
    if any(len(part) > _MAX_CRUMB for part in plain) or (plain and len(parts) == 1):
        return False
    if len(links) > 1:
        return all(is_navigation_word(word) or len(word) <= _MAX_CRUMB for word, _ in links)
    words, address = links[0]
    is_elsewhere = address.lower().lstrip("<").startswith(("http:", "https:", "//"))
    if is_elsewhere and not words.strip():
        return False
    is_heading = _HEADING.fullmatch(line.strip()) is not None
    is_badge = words.startswith("![") and re.search(r"badge|\.svg", words) is not None
    return is_navigation_word(words) or is_badge or (not is_elsewhere and not is_heading)


def _is_menu(line: str) -> bool:
    """Whether a line below a heading is navigation: several links, one of which says so (`Home | News`)."""
    words = [_link_parts(match)[0] for match in _LINK.finditer(unescape(line))]
    return len(words) > 1 and _is_navigation(line) and any(word.strip() and is_navigation_word(word) for word in words)


def is_navigation_word(words: str) -> bool:
    """Whether the words of a link say that it leads to another page of the site, not to an article."""
    words = _NOT_WORDS.sub(" ", _TAG.sub("", words)).strip()
    return not words or _NAVIGATION.fullmatch(words) is not None


def _link_parts(match: re.Match[str]) -> tuple[str, str]:
    """Return the words and the address of a link."""
    words = match["words"] if match["words"] is not None else match["inner"] or match["wiki"] or ""
    return words, match["link"] or match["href"] or ""


def without_links(text: str) -> str:
    """Return a line with the words of its links in their place."""
    return _LINK.sub(lambda link: _link_parts(link)[0], text) if "](" in text else text


# --- a link to the original -------------------------------------------------------------------------------------------

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
_HOME = re.compile(r"https?://[^/?#]+/?", re.IGNORECASE)
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


def _find_original(line: str) -> _Original | None:
    """Return the link in a line that has nothing else."""
    if len(line) > 2 * _MAX_LINE or "http" not in line.lower():
        return None
    text = re.sub(
        r"</?(?:p|div|b|i|em|strong|small|span|center|h[1-3]|blockquote)\b[^<>]*>", "", line, flags=re.IGNORECASE
    )
    text = text.replace("\\<", "<").replace("\\>", ">").lstrip(_DECORATION).rstrip(" \t*_~】）|")
    text = text.strip("`") if text.startswith("`http") else text
    label = _LABEL.match(text)
    if label is not None and says_original(label["label"]):
        text = text[label.end() :].lstrip(" *_")
    else:
        label = None
    if label is None and (start := _LINK_START.search(text)) is not None and says_original(text[: start.start()]):
        label, text = start, text[start.end() :]  # `Originally published at https://…`
    for candidate in (text, text.removesuffix(")")):  # which is the link's or around it
        match = _LINK.fullmatch(candidate) or _BARE_LINK.fullmatch(candidate)
        if match is None or candidate.startswith("!"):
            continue
        words, address = _link_parts(match) if match.re is _LINK else ("", match["link"])
        address = unescape(address.strip("<>"))
        if not address.lower().startswith(("http:", "https:")):
            continue
        is_address = not words.strip() or _are_address(words.strip().replace("\\", ""), address)
        if is_address and _PLAYED.search(address):
            return None
        if label is not None and not is_address:  # normalising keeps the source's name with its link
            return None
        return _Original("" if is_address else words.strip(), address, is_address or says_original(words))
    return None


def _are_address(words: str, address: str) -> bool:
    """Whether the words of a link are its address, perhaps without its start or end, or its host."""
    if _ADDRESS_WORDS.fullmatch(words):
        return True
    bare = re.sub(r"https?://(?:www\.)?", "", address, flags=re.IGNORECASE).lower()
    shown = words.rstrip("…./").lower()
    return "." in shown and " " not in shown and bare.startswith(shown)


def says_original(words: str) -> bool:
    """Whether the words of a link say that it leads to the original."""
    words = unicodedata.normalize("NFC", words)
    return _ORIGINAL.fullmatch(_NOT_WORDS.sub(" ", _EMOJI.sub("", words)).strip()) is not None


# --- a byline -------------------------------------------------------------------------------------------------------

_TICKED = re.compile(
    r"[>*_ \t]*`(?P<words>[^`\n]{0,300})`[*_ \t]*+(?:\[[^\]\n]{0,100}\]\((?P<link>[^\n]{1,4000}?)\)[*_ \t]*)?"
)
_MONTH = r"[^\W\d_]{3,12}\.?"
_DATE = re.compile(
    rf"(?:\d{{4}}[-/.年]\d{{1,2}}[-/.月]\d{{1,2}}日?|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}|"
    rf"\d{{1,2}}\.? (?:de )?{_MONTH} (?:de )?\d{{4}}|{_MONTH} \d{{1,2}}, ?\d{{4}})"
    r"(?:[T,]?\s*\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AP]M)?(?:\s*[(（]?(?:UTC|GMT|Z|[A-Z]{3,4})?(?:[+-]\d{1,2}:?\d{0,2})?[)）]?)?)?",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"@[\w.-]{1,40}")
# Only beside a link is a line with a name and a date taken from the article.
_PERSON = re.compile(r"[^\W\d_a-z][^\W\d_]*\.?(?:[ .'’-]{1,2}[^\W\d_]+\.?){0,4}")
_AROUND_AUTHOR = re.compile(
    r"\A(?:written |posted )?(?:by|von|par|por|di|door|av|作者|文|автор)[\s:：/／]+|"
    r"(?<=\w)[\s,](?:on|at|am|le|el|em|il|den|vom)\Z",
    re.IGNORECASE,
)
# The source behind a byline: `转自：[name](link)`.
_SOURCE = re.compile(
    r"(?<![^\W\d_])(?:(?:原文)?(?:[转轉][载載发發贴貼帖]?|[来來])自|[来來]源|出[处處]|原[载載][于於]?|首[发發][于於]?|"
    r"via|source|quelle|fuente|fonte|источник|출처|出典)(?:"
    rf"[ \t]*+(?:[:：][ \t]*+)?[*_]{{0,3}}{_MARKDOWN_LINK}|"
    r"(?:[:：]?[ \t]++|：)<?(?P<bare>https?://[^\s<>\"|()（）：]++)>?)[)）】*_ \t。]*+\Z",
    re.IGNORECASE,
)
_MAX_BYLINE = 90
_BEFORE_SOURCE = " \t\u3000|｜·,，;；。(（【-—–/"
_CODE = re.compile(r"[{}=;<>$\\]|\(\)")


def _find_byline(line: str) -> tuple[Metadata, bool] | None:
    """Return the author, date and link in backticks or beside a handle, and whether the line proves to be a byline."""
    if len(line) > 2 * _MAX_LINE:
        return None
    if (source := _SOURCE.search(line)) is not None and (before := line[: source.start()].strip(_BEFORE_SOURCE)):
        return _read_sourced_byline(before, source)
    ticked = _TICKED.fullmatch(line)
    words = ticked["words"] if ticked is not None else _TAG.sub("", line).strip(_DECORATION).replace("**", "")
    date = _find_date(words)
    author = (words[: date[0]] + words[date[1] :] if date else words).strip(" \t|·,，-—")
    if ticked is None:
        author = _AROUND_AUTHOR.sub("", author).strip(_DECORATION)
        if date is None or not (_HANDLE.fullmatch(author) or (len(line) <= _MAX_BYLINE and _PERSON.fullmatch(author))):
            return None
    if len(author) > _MAX_NAME * 2 or _CODE.search(author):
        return None
    address = ticked["link"] if ticked is not None else None
    place = "backticks" if ticked is not None else "byline"
    fields = {"link": address, "authors": author}
    metadata = Metadata(
        link=address,
        authors=(author,) if author else (),
        stamps=(Stamp(text=words[slice(*date)], read_from="byline"),) if date else (),
        read_from={name: place for name, value in fields.items() if value},
    )
    is_proven = address is not None or (date is not None and (ticked is not None or author.startswith("@")))
    return metadata, is_proven


def _read_sourced_byline(byline: str, source: re.Match[str]) -> tuple[Metadata, bool] | None:
    """Return the metadata of a byline in backticks or with a label, or of a name and a date, and of the source."""
    found = _find_byline(byline)
    if found is None:
        author = _AROUND_AUTHOR.sub("", byline)
        if author == byline or len(byline) > _MAX_BYLINE or _CODE.search(author):
            return None
        found = Metadata(authors=(author.strip(_DECORATION),), read_from={"authors": "byline"}), False
    words, address = source["words"] or "", unescape(source["link"] or source["bare"]).strip("<>")
    name = "" if _are_address(words, address) else words.strip(_DECORATION)
    if not address.lower().startswith(("http:", "https:")):
        return None
    is_home = _HOME.fullmatch(address) is not None  # of the source, not of the article
    sourced = Metadata(
        link=None if is_home else address,
        links=(Link(rel="via", href=address, title=name or None),) if is_home else (),
        credits=(Credit(role="source", name=name),) if name and not is_home else (),
        read_from={} if is_home else {"link": "link to the original"},
    )
    return found[0].or_else(sourced), True


def _find_date(words: str) -> tuple[int, int] | None:
    """Return where a date begins and ends in a line."""
    if (span := find_written_date(words)) is not None:
        return span
    match = _DATE.search(words)
    return match.span() if match is not None else None


# --- lines with labels ------------------------------------------------------------------------------------------------

_ROLES = {
    "author": r"(?:文章|原文)?作者|撰文|编写|笔者|筆者|著者|執筆者?|投稿者|書いた人|글쓴이|작성자|저자|기자|"
    r"(?:post |article )?authors?|(?:written )?by|writer|byline|autore?s?|autora|auteure?s?|par|verfasser(?:in)?|von|"
    r"автор[ы]?|tác giả|penulis|yazar|συγγραφέας|المؤلف|الكاتب|بقلم|نویسنده|מחבר|מאת|लेखक|ผู้เขียน|autor[ka]*|"
    r"författare|forfatter|kirjoittaja|szerző|schrijver",
    # An account of a platform, which is the author where no other is named.
    "account": r"(?:微信)?公[众眾][号號](?:名[称稱])?|[专專][栏欄](?:名)?",
    "published": r"(?:原文|文章)?(?:[发發][布佈表]|刊登|刊载|出版)(?:时间|時間|日期)?|[发發][布表][于於]|"
    r"日期|时间|時間|公開日時?|投稿日時?|掲載日時?|日付|日時|작성일|게시일|등록일|입력|날짜|발행일|"
    r"(?:date |first |originally )?(?:published|posted)(?: (?:on|at|date|time))?|"
    r"(?:publication |publish |post |release )?date|"
    r"(?:publish(?:ing)?|post) time|pub ?date|datum|veröffentlicht(?: am)?|erschienen(?: am)?|"
    r"(?:date de publication|publié)(?: le)?|fecha(?: de publicación)?|publicado(?: el| em)?|"
    r"data(?: di pubblicazione| de publicação| publikacji)?|pubblicato(?: il)?|(?:дата|опубликовано|дата публикации)|"
    r"(?:дата публікації|опубліковано)|(?:yayın )?tarihi?|ngày(?: đăng)?|tanggal|opublikowano|dátum|dato|julkaistu|"
    r"التاريخ|تاريخ النشر|تاریخ|תאריך|दिनांक|วันที่",
    "updated": r"(?:最[后後近])?(?:更新|修[改订訂])(?:时间|時間|日期|[于於])?|更新日時?|最終更新日?|수정일?|"
    r"(?:last )?(?:updated|modified|edited)(?: (?:on|at))?|(?:zuletzt )?aktualisiert(?: am)?|mis à jour(?: le)?|"
    r"actualizado(?: el)?|atualizado(?: em)?|aggiornato(?: il)?|обновлено",
    "translator": r"[译譯]者|翻[译譯]|translators?|translated by|übersetz(?:er|erin|t von|ung)|"
    r"traduct(?:eur|or|ora|ion)|"
    r"traduttore|tradutora?|перевод(?:чик)?|訳者|翻訳者?|옮긴이|번역",
    "tags": r"[标標][签籤]|[关關][键鍵][词詞字]|分[类類]|タグ|カテゴリー?|태그|카테고리|tags?|keywords?|"
    r"categor(?:y|ies)|topics?",
}
_ROLE = re.compile("|".join(f"(?P<{role}>{words})" for role, words in _ROLES.items()), re.IGNORECASE)
_LABELLED = re.compile(
    r"[>\s]*+(?:[-*+•·][ \t]++)?[*_]{0,3}+(?P<label>[^\W\d_](?>[^\n:：*_|\[\]<>。，,!?]{0,30}))[*_]{0,3}+[ \t]*+"
    r"[:：][*_]{0,3}+[ \t]*+(?P<value>\S[^\n]*+)"
)
_FIELD_SEPARATOR = re.compile(
    r"(?:[|｜]|(?<=\s)[·•/](?=\s)|\u3000|[ \t]{2})[ \t\u3000]{0,20}(?=[^\n:：|｜]{1,40}[:：](?!//))"
)
_EVENT = re.compile(
    r"地[点點址]|嘉[宾賓]|主[讲講]人?|場所|장소|venue|location|where|place|lieu|ort|lugar|luogo|место", re.IGNORECASE
)
_NAME_SEPARATOR = re.compile(r"[,，、;；&]| and | und | et | y ")
_MAX_VALUE, _MAX_SENTENCE = 200, 120
_MIN_ROLES = 2


class _Labelled(NamedTuple):
    """A block of lines with labels (`作者：…`, `Published: …`): its metadata, the other lines in it, where it ends."""

    metadata: Metadata
    kept: tuple[str, ...]
    end: int


def _read_labelled(lines: list["_Line"]) -> _Labelled | None:
    """Read the lines with labels at the start of `lines`; None unless they have two kinds of metadata."""
    found: list[tuple[str, str]] = []
    kept: list[str] = []
    others: list[str] = []  # below the last line that is known
    end = 0
    for line in lines:
        if not line.text.strip("> \t"):
            continue
        parts = _FIELD_SEPARATOR.split(line.text) if len(line.text) <= _MAX_LINE else [line.text]
        fields = [field for part in parts if (field := _find_field(part)) is not None]
        if "event" in dict(fields):
            return None
        if len(fields) < len(parts):
            break
        others += [part for part, field in zip(parts, fields, strict=True) if not field[0]]
        if known := [field for field in fields if field[0]]:
            found, kept, others, end = [*found, *known], [*kept, *others], [], line.end
    roles = {role for role, _ in found}
    if len(roles) < _MIN_ROLES or not {"published", "updated", "link"} & roles:
        return None
    return _Labelled(_labelled_metadata(found), tuple(kept), end)


def _find_field(line: str) -> tuple[str, str] | None:
    """Return the role and the value of a line with a label, "" for a role that is not known; None for another line."""
    match = _LABELLED.fullmatch(line)
    if match is None or len(match["value"]) > _MAX_LINE:
        return None
    label, value = match["label"].strip(), match["value"].strip().strip("*_").strip()
    if says_original(label) and (address := _address_in(value)) is not None:
        return "link", address
    role = _ROLE.fullmatch(label)
    if _EVENT.fullmatch(label):
        return "event", value
    if role is None or not value:
        return ("", value) if value and len(value) <= _MAX_SENTENCE else None
    name = str(role.lastgroup)
    if len(value) > _MAX_VALUE or (name in {"published", "updated"} and not any(char.isdigit() for char in value)):
        return None
    return name, value


def _address_in(value: str) -> str | None:
    """Return the address that a value is, or links to."""
    match = _LINK.fullmatch(value) or _BARE_LINK.fullmatch(value)
    if match is None:
        return None
    address = unescape(_link_parts(match)[1] if match.re is _LINK else match["link"])
    return address if address.lower().startswith(("http:", "https:")) else None


def _labelled_metadata(found: list[tuple[str, str]]) -> Metadata:
    """Return the metadata of labelled values. What names a translator is a translation, whose original is elsewhere."""
    values: dict[str, list[str]] = {}
    for role, value in found:
        values.setdefault(role, []).append(value)
    names = [
        without_links(name).strip(" \t`*_@")
        for value in values.get("author") or values.get("account", [])
        for name in _NAME_SEPARATOR.split(value)
    ]
    links, translators = values.get("link", []), values.get("translator", [])
    link = links[0] if links and not translators else None
    categories = [tag.strip(" \t#`") for value in values.get("tags", ()) for tag in re.split(r"[,，、;；#]", value)]
    place = "labelled line"
    return Metadata(
        link=link,
        links=tuple(Link(rel="via", href=address) for address in links if translators),
        stamps=(
            *(Stamp(text=text, read_from="byline") for text in values.get("published", ())),
            *(Stamp(text=text, read_from="byline", means="updated") for text in values.get("updated", ())),
        ),
        authors=tuple(dict.fromkeys(filter(None, names))),
        credits=tuple(Credit(role="translator", name=without_links(name)) for name in translators),
        categories=tuple(filter(None, categories)),
        read_from={name: place for name, value in (("link", link), ("authors", names)) if value},
    )


# --- the lines together ---------------------------------------------------------------------------------------------


class _Line(NamedTuple):
    text: str
    end: int  # where the next line starts


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for _ in range(_MAX_LINES):
        stop = text.find("\n", start)
        end = len(text) if stop < 0 else stop + 1
        yield _Line(text[start:end].strip(), end)
        if end == len(text):
            return
        start = end


def read_opening(text: str, known: Metadata) -> tuple[Metadata, str] | None:
    """Return the metadata of the lines above an article, and the rest; None if there are none.

    `known` has the metadata above these lines.
    """
    if _MAY_OPEN.match(text) is None:
        return None
    lines = list(_lines(text))
    start = _skip_navigation(lines)
    skipped = Metadata(cut=_words_of(lines[:start]))
    rest = text[lines[start - 1].end :] if start else text
    if (labelled := _read_labelled_head(lines[start:])) is not None:
        above = "".join(f"{line}\n" for line in labelled.kept)
        return labelled.metadata, (f"{above}\n" if above else "") + text[labelled.end :]
    has_cards = any(_BARE_LINK.fullmatch(line.text) for line in lines[start:]) and _has_cards(text)
    found = _read_head(lines[start:], known, has_cards=has_cards)
    if found is not None:
        metadata, end = found
        return metadata.or_else(skipped), text[end:]
    below = next((lines[number:] for number in range(start, len(lines)) if lines[number].text), [])
    is_head = bool(below) and (below[0].text.startswith("<!--") or _heading(below[0].text) is not None)
    has_links = any(line.text and not _RULE.fullmatch(line.text) for line in lines[:start])
    has_title = _is_underlined(below) and (has_links or below[1].text.startswith("="))
    return (skipped, rest) if start and (is_head or has_title) else None


def _words_of(lines: Iterable[_Line]) -> tuple[str, ...]:
    """Return the lines that have words, as plain text."""
    words = (_words_of_links(_words_of_links(unescape(_TAG.sub("", line.text)))) for line in lines)  # a linked picture
    return tuple(text.strip(_DECORATION) for text in words if _NOT_WORDS.sub("", text))


def _words_of_links(text: str) -> str:
    return _LINK.sub(lambda link: _link_parts(link)[0], text)


def _skip_navigation(lines: list[_Line]) -> int:
    """Return how many lines at the start are navigation, rules or empty."""
    count = 0
    for number, line in enumerate(lines):
        if line.text and not _RULE.fullmatch(line.text) and not _is_navigation(line.text):
            break
        if line.text:
            count = number + 1
    return count


def _has_cards(text: str) -> bool:
    """Whether addresses that stand alone are cards of other pages, or the first of them is what the text is about."""
    addresses = [match["link"] for match in _LONE_ADDRESS.finditer(text)]
    return bool(addresses) and (len(addresses) > 1 or text.count(addresses[0]) > 1)


def _read_labelled_head(lines: list[_Line]) -> _Labelled | None:
    """Read lines with labels, perhaps below a heading and above a rule."""
    first = next((number for number, line in enumerate(lines) if line.text), len(lines))
    title = _heading(lines[first].text) if first < len(lines) else None
    found = _read_labelled(lines[first + (title is not None) :])
    if found is None:
        return None
    below = next((line for line in lines if line.end > found.end and line.text), None)
    end = below.end if below is not None and _RULE.fullmatch(below.text) else found.end
    heading = Metadata(title=title, read_from={"title": "first heading"}) if title else Metadata()
    return found._replace(metadata=found.metadata.or_else(heading), end=end)


def _read_head(lines: list[_Line], known: Metadata, *, has_cards: bool) -> tuple[Metadata, int] | None:
    """Return the metadata of heading, byline and link, and where they end; None unless there is a byline or link.

    `has_cards`: an address that is all of a line is no link to the original.
    """
    metadata, end, title = Metadata(), 0, known.title
    pending: tuple[Metadata, int] | None = None  # a byline that only a link beside it proves
    has_heading = False
    for number, line in enumerate(lines):
        is_apart = number + 1 == len(lines) or not lines[number + 1].text
        is_card = has_cards and _BARE_LINK.fullmatch(line.text) is not None
        known_link = "" if is_card else known.link or metadata.link
        if not line.text or (_RULE.fullmatch(line.text) and (end or has_heading)):
            # An element that opens here may have the article in it.
            end = line.end if end and line.text and _OPENING_TAG.match(line.text) is None else end
            continue
        if known_link is None and (original := _find_original(line.text)) is not None:
            is_heading = _heading(line.text) is not None
            is_title = (
                _is_same(original.words, title)
                if title
                else not _HOME.fullmatch(original.address)
                and (is_heading or _may_be_title(lines[number:], is_apart=is_apart))
            )
            if original.is_told or is_title:
                name = original.words if is_title and not original.is_told else None
                linked = Metadata(
                    title=None if known.title or has_heading else name,
                    link=original.address,
                    read_from={"link": "link to the original"} | ({"title": "link to the original"} if name else {}),
                )
                if pending is not None:
                    metadata, pending = metadata.or_else(pending[0]), None
                metadata, end, title = metadata.or_else(linked), line.end, title or name
                continue
        if not metadata.stamps and (byline := _find_byline(line.text)) is not None:
            if byline[1] or metadata.link:
                metadata, end = metadata.or_else(byline[0]), line.end
            else:
                pending = (byline[0], line.end)
            continue
        if has_heading and (_UNDERLINE.fullmatch(line.text) or _is_menu(line.text)):
            menu = _words_of([line])
            metadata, end = metadata.or_else(Metadata(cut=menu)), line.end if menu else end
            continue
        words = _heading(line.text) or (line.text if _is_underlined(lines[number:]) else None)
        if words is None or has_heading or end or pending:
            break
        is_lost = title is not None and not _is_same(words, title)
        has_heading, title = True, title or words
        metadata = Metadata(title=words, cut=(words,) if is_lost else (), read_from={"title": "first heading"})
    return (metadata, end) if end else None


def _heading(line: str) -> str | None:
    """Return the words of a heading; None if the line is none."""
    match = _HEADING.fullmatch(line)
    if match is None:
        return None
    words = unescape(_TAG.sub("", match["text"] or match["html"] or ""))
    return without_links(words).strip(" \t#*_") or None


def _is_underlined(lines: list[_Line]) -> bool:
    """Whether the first line is a heading underlined with dashes or equals signs."""
    first, below = (line.text for line in (*lines[:2], _Line("", 0), _Line("", 0))[:2])
    return bool(first) and _UNDERLINE.fullmatch(below) is not None


def _may_be_title(lines: list[_Line], *, is_apart: bool) -> bool:
    """Whether a link above all text is the article's title: no heading follows."""
    following = next((line.text for line in lines[1:] if line.text and not _RULE.fullmatch(line.text)), "")
    return is_apart and bool(following) and _heading(following) is None and not _is_underlined(lines[2:])


def _is_same(words: str, title: str | None) -> bool:
    """Whether two spellings of a title are the same, or one is the start of the other."""
    one, other = (_NOT_WORDS.sub("", text or "").casefold() for text in (words, title))
    short, long = sorted((one, other), key=len)
    return bool(short) and long.startswith(short) and 2 * len(short) >= len(long)

"""Lines of navigation: links and words that lead elsewhere. Pure."""

import re
from html import unescape

from feeder.sources.files.heads.lines import (
    EMOJI,
    HEADING,
    LINK,
    MAX_CRUMB,
    MAX_CRUMBS,
    MAX_LINE,
    NOT_WORDS,
    TAG,
    link_parts,
)

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


def is_navigation(line: str) -> bool:
    """Whether a line has nothing but links to other pages, or the path to this one (`Home > News`)."""
    if len(line) > MAX_LINE:
        return False
    text = EMOJI.sub("", unescape(line))
    links = [link_parts(match) for match in LINK.finditer(text)]
    around = TAG.sub("", LINK.sub("\0", text)).lstrip("#*-+ \t")
    parts = [part.strip(" \t*_:：[](){}#") for part in _SEPARATOR.split(around)]
    plain = [part for part in parts if NOT_WORDS.sub("", part.replace("\0", ""))]
    if not links:
        is_path = len(plain) > 1 and len(line) <= MAX_CRUMBS and is_navigation_word(plain[0].partition("：")[0])
        return is_path and not line.startswith(">") and all(len(part) <= MAX_CRUMB for part in plain)
    if any(len(part) > MAX_CRUMB for part in plain) or (plain and len(parts) == 1):
        return False
    if len(links) > 1:
        return all(is_navigation_word(word) or len(word) <= MAX_CRUMB for word, _ in links)
    words, address = links[0]
    is_elsewhere = address.lower().lstrip("<").startswith(("http:", "https:", "//"))
    if is_elsewhere and not words.strip():
        return False
    is_heading = HEADING.fullmatch(line.strip()) is not None
    is_badge = words.startswith("![") and re.search(r"badge|\.svg", words) is not None
    return is_navigation_word(words) or is_badge or (not is_elsewhere and not is_heading)


def is_menu(line: str) -> bool:
    """Whether a line below a heading is navigation: several links, one of which says so (`Home | News`)."""
    words = [link_parts(match)[0] for match in LINK.finditer(unescape(line))]
    return len(words) > 1 and is_navigation(line) and any(word.strip() and is_navigation_word(word) for word in words)


def is_navigation_word(words: str) -> bool:
    """Whether the words of a link say that it leads to another page of the site, not to an article."""
    words = NOT_WORDS.sub(" ", TAG.sub("", words)).strip()
    return not words or _NAVIGATION.fullmatch(words) is not None

"""Recognises lists of references: they are the author's, so they are removed as a whole or not at all."""

import re

_HEADING = re.compile(
    r"\W{0,8}(?:\d{1,2}[.、]?\s?)?(?:"
    r"(?:selected |list of )?(?:references?|bibliography|works cited|citations?|literature(?: cited)?|sources?)"
    r"(?: (?:and|&) (?:further reading|notes|links|sources|references))?|"
    r"(?:foot|end)?notes?(?: (?:and|&) (?:references|sources))?|further (?:reading|viewing|resources)|"
    r"(?:useful |external |related )?links|resources|see also|"
    r"(?:主要)?(?:参考|參考|引用|引证|引證)"
    r"(?:资料|資料|文献|文獻|链接|鏈接|連結|来源|來源|书目|書目|阅读|閱讀|网址|網址|文章)?|"
    r"(?:延伸|扩展|擴展|拓展|进一步|進一步|相关|相關)(?:阅读|閱讀|资料|資料|链接|鏈接|連結)|"
    r"资料来源|資料來源|文献|文獻|书目|書目|"
    r"(?:注|註)[释釋解]|[脚腳]注|[脚腳]註|尾[注註]|参考(?:文献|資料|リンク|サイト|記事)|出典|引用元|関連リンク|"
    r"참고\s?(?:문헌|자료|링크|사이트)?|출처|각주|주석|"
    r"literatur(?:verzeichnis|hinweise|angaben)?|quellen(?:verzeichnis|angaben)?|einzelnachweise|fußnoten|anmerkungen|"
    r"weiterführende (?:links|literatur)|références?|bibliographie|sources et références|notes et références|"
    r"pour aller plus loin|liens(?: utiles)?|referencias|bibliografía|fuentes|notas|enlaces(?: de interés)?|"
    r"para saber más|"
    r"referências|bibliografia|fontes|riferimenti|fonti|note|per approfondire|"
    r"источники|литература|список литературы|примечания|ссылки|сноски|джерела|література|посилання|"
    r"źródła|przypisy|literatura|kaynaklar|kaynakça|bronnen|referenties|källor|kilder|lähteet|المراجع|المصادر|منابع|"
    r"מקורות|tài liệu tham khảo|daftar pustaka|referensi|संदर्भ|อ้างอิง"
    r")\s?(?:[:：]|\W{0,8}\Z)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\s*(?:[\[［(（【]?\d{1,3}[\]］)）】.、:：]|\[\^?\w{1,8}\]|[①-⑳]|[¹²³⁴-⁹]+|[-*•·–▪◦](?=\s))\s*\S"
)
_ADDRESS = re.compile(r"https?://|www\.|\bdoi\b", re.IGNORECASE)
_MAX_HEADING, _MAX_ITEM = 200, 400


def is_reference_heading(text: str) -> bool:
    """Whether a line is the heading of a list of references, perhaps with the first of them behind a colon."""
    return len(text) <= _MAX_HEADING and _HEADING.match(text) is not None


def is_numbered(text: str) -> bool:
    """Whether a line is an item of a list with numbers or bullets."""
    return _NUMBERED.match(text) is not None


def may_be_reference(text: str) -> bool:
    """Whether a line may be an item of a list of references, and not a paragraph of prose."""
    return len(text) <= _MAX_ITEM or is_numbered(text) or _ADDRESS.search(text) is not None

"""Splits a text with the names of several people: `Ann Lee and Bob Ray`, `张三、李四`.

A comma also stands in one name (`Lee, Ann`; `Ann Lee, Jr.`; `Ann Lee, The Paper`), and `and` in an organisation's
(`Food and Drug Administration`): a text is only split where every part is a name by itself.
"""

import re
from collections.abc import Iterator

from feeder.normalise.boilerplate.reporters import is_chinese_name

_MAX_LENGTH = 1000
_ALWAYS = re.compile(r"[;；、]")
_COMMA = re.compile(r"[,，،]")
_HAN_OR_HANGUL = r"[\u3400-\u9fff\uac00-\ud7af]"
_SLASH = re.compile(rf"(?<=\s)[/|｜](?=\s)|／|(?<={_HAN_OR_HANGUL})/(?={_HAN_OR_HANGUL})")
# The words for "and" in languages that write names in capitals.
_AND = re.compile(
    r"[,，]\s{0,3}(?:and|&|＆)(?=\s)|(?<=\s)(?:and|with|&|＆|et|und|y|e|och|og|en|и|і|ve|oraz|va|dan|και|và|"
    r"i|a|és|ja|și|si|ir|un|in|dhe|و)(?=\s)|[&＆](?=\s{0,3}[\u3400-\u9fff])|(?<=\s)[和與与及](?=\s)|"
    r"(?<=[\u3400-\u9fff]{2})[和與与及](?=[\u3400-\u9fff]{2})",
    re.IGNORECASE,
)
_ENGLISH_AND = re.compile(r"\s(?:and|&|＆)\s|&", re.IGNORECASE)
_BY = re.compile(r"[Bb][Yy]:?\s+(?=[^\W\d_a-z])")
_SUFFIX = re.compile(
    r"(?:jr|sr|[jds]r|ii|iii|iv|ph\.?\s?d|m\.?\s?[dasp]|m\.?b\.?a|b\.?\s?[as]|esq|r\.?n|llc|ltd|inc|co|corp|gmbh|s\.?a|plc|cpa|"
    r"j\.?d|d\.?phil|mph|obe|cbe|mp|usa?|uk)\.?",
    re.IGNORECASE,
)
_ORGANISATION = re.compile(
    r"\b(?:the|of|for|at|from|in|inc|ltd|llc|co|company|corp|sons|partners|associates|department|ministry|office|agency|"
    r"administration|university|institute|council|committee|commission|society|cent(?:er|re)|news|press|team|staff|magazine|"
    r"services?|foundation|group|times|post|school|arts?|sciences?|research|health|human|culture|bureau|board|union|"
    r"association|editors?|reporters?|correspondents?|writers?)\b",
    re.IGNORECASE,
)
_HAN_NAME = re.compile(
    r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]{1,8}(?:[·•・][\u3400-\u9fff]{1,8}){1,3}|[\uac00-\ud7af]{2,4}"
)
_HANDLE = re.compile(r"@[\w.-]+|[\w.+-]+@[\w.-]+")
_PARTICLES = frozenset(
    str.split("de da do das dos di del della du des van von der den ten ter la le bin ibn al el zu af av")
)
_BRACKETS = re.compile(r"[（(\[【][^（）()\[\]【】]*[)）\]】]")
_NOT_A_NAME = re.compile(r"[\d:：。？！?!]|[报報][道导導]|[综綜]合|[\u3400-\u9fff]{5}")
_MAX_WORDS = 6
_ADDRESS = re.compile(r"\s?[<(][^<>()\s]{1,100}@[^<>()\s]{1,100}[>)]")  # `Ann Lee <ann@paper.example>`
_SPACED = re.compile(r"[\u3400-\u9fff]{2,4}(?:[ \u3000][\u3400-\u9fff]{2,4})+")


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a text, in order; the text itself if it may be one name. Never empty parts."""
    text = text.strip()
    if len(text) > _MAX_LENGTH:
        return (text,)
    text = _ADDRESS.sub("", text) or text
    text = text[by.end() :] if (by := _BY.match(text)) else text
    if text.isalpha() and _AND.search(text) is None:
        return (text,)
    parts = _split_outside_brackets(_ALWAYS, text)
    # `Lee, Ann; Ray, Bob`: semicolons, because commas are in the names (Pelican, citations)
    are_inverted = ";" in text and len(parts) > 1 and all(map(_is_inverted, parts))
    return tuple(dict.fromkeys(name for part in parts for name in ((part,) if are_inverted else _split(part))))


def _split(text: str) -> Iterator[str]:
    """Yield the names of a text without semicolons."""
    if _SPACED.fullmatch(text) and all(map(is_chinese_name, text.split())):
        yield from text.split()
        return
    groups = _split_outside_brackets(_AND, text)
    if len(groups) > 1 and all(
        text.count(",") == 1 and _is_inverted(text) for text in groups
    ):  # `Lee, Ann and Ray, Bob`
        yield from groups
        return
    parts = [name for group in groups for name in _split_outside_brackets(_COMMA, group)]
    parts = [name for part in parts for name in _split_outside_brackets(_SLASH, part)]
    yield from _with_suffixes(parts) if _are_names(parts, text) else [text]


def _split_outside_brackets(separator: re.Pattern[str], text: str) -> list[str]:
    """Return the parts of a text between separators that are not in brackets."""
    inside = [match.span() for match in _BRACKETS.finditer(text)]
    parts, start = [], 0
    for match in separator.finditer(text):
        if not any(first <= match.start() < last for first, last in inside):
            parts.append(text[start : match.start()])
            start = match.end()
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _is_inverted(text: str) -> bool:
    """Whether a text is a surname, a comma and first names."""
    surname, _, first = text.partition(",")
    return len(surname.split()) <= 2 and 0 < len(first.split()) <= 2  # noqa: PLR2004  `van Lee, Ann B.`


def _are_names(parts: list[str], text: str) -> bool:
    """Whether every part is a name by itself, and not the other half of its neighbour."""
    names = [_BRACKETS.sub("", part).strip() for part in parts if not _SUFFIX.fullmatch(part)]
    if len(names) < 2 or not all(_is_name(name) for name in names):  # noqa: PLR2004  people
        return False
    if all(_HAN_NAME.fullmatch(name) or _HANDLE.fullmatch(name) for name in names):
        return True
    lengths = [len(name.split()) for name in names]
    if min(lengths) > 1:
        return True
    has_and = _ENGLISH_AND.search(text) is not None
    if max(lengths) == 1:  # `Lee, Ann` is one
        return has_and or len(names) > 2 or re.search(r"\s[/／|｜]\s", text) is not None  # noqa: PLR2004  names
    # A list with one name of a single word; `Bob and Jane Lee` is a couple, `Ann Lee, Reuters` an agency.
    return len(names) > 2 and has_and  # noqa: PLR2004  names


def _is_name(text: str) -> bool:
    if _NOT_A_NAME.search(text):
        return False
    if _HAN_NAME.fullmatch(text) or _HANDLE.fullmatch(text):
        return True
    words = text.split()
    if not 0 < len(words) <= _MAX_WORDS or _ORGANISATION.search(text):
        return False
    return all(word.lower() in _PARTICLES or not word[0].islower() for word in words) and words[-1][0].isalpha()


def _with_suffixes(parts: list[str]) -> Iterator[str]:
    """Yield the parts, each with the suffixes after it (`Ann Lee, Jr.`)."""
    name = ""
    for part in parts:
        if name and _SUFFIX.fullmatch(part):
            name = f"{name}, {part}"
        else:
            if name:
                yield name
            name = part
    yield name

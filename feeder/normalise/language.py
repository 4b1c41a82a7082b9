"""The language of a text as BCP 47 names it, told by its script and its commonest words.

None is an answer: a wrong language is worse than none, for fonts and for screen readers.
"""

import re
from functools import cache

from opencc import OpenCC

_SAMPLE = 500
# Runs, not characters: a text of one script is a few of them.
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa]+")
_HANGUL = re.compile(r"[\uac00-\ud7af]+")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u309f\u30a1-\u30fa\uac00-\ud7af]")
_WORD = re.compile(r"[a-zà-öø-ÿœß]+")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")

_SCRIPTS = {
    "ru": re.compile(r"[\u0400-\u04ff]+"),
    "ar": re.compile(r"[\u0600-\u06ff]+"),
    "he": re.compile(r"[\u05d0-\u05ea]+"),
    "el": re.compile(r"[\u0370-\u03ff]+"),
    "th": re.compile(r"[\u0e01-\u0e5b]+"),
    "bo": re.compile(r"[\u0f00-\u0fff]+"),
    "hi": re.compile(r"[\u0900-\u097f]+"),
}
_LETTERS_OF_UKRAINIAN = frozenset("іїєґ")
_COMMON_WORDS = {
    "en": frozenset(str.split("the of and to in a is that for it was on with as are be this by at from")),
    "fr": frozenset(str.split("le la les de des du et en un une est que pour dans qui sur par au avec ce")),
    "de": frozenset(str.split("der die das und in den von zu mit ist des auf für im nicht ein eine dem sich")),
    "es": frozenset(str.split("el la los de que y en un una es por con para las del se al lo como más")),
    "pt": frozenset(str.split("o a os de que e em um uma é por com para as do da no na se mais não")),
    "it": frozenset(str.split("il la di che e in un una è per con le del della i non si da al gli")),
}
_ENOUGH_WORDS = 0.12
_FEWEST_WORDS = 5  # "no comment" is good English and good Portuguese
# Simplified and Traditional share most characters; a Chinese name or quotation of the other script proves nothing.
_HANS = {"zh-hans", "zh-cn", "zh-sg", "zh-my"}
_HANT = {"zh-hant", "zh-tw", "zh-hk", "zh-mo"}


def find_language(text: str, hint: str | None = None) -> str | None:
    """Return `zh-Hans`, `zh-Hant`, `ja`, `en`, …; None where the text does not tell.

    `hint` is what the source says of itself. It decides where the text is silent, never against its script.
    """
    sample = text[:_SAMPLE].lower()
    han, words = _count(_HAN, sample), _WORD.findall(sample)
    kana = hangul = 0
    if _KANA_OR_HANGUL.search(sample):
        kana, hangul = _count(_KANA, sample), _count(_HANGUL, sample)
    if hangul > han + kana and hangul * 2 > len(words):
        return "ko"
    if kana and kana * 4 > han + kana:
        return "ja"
    if han and han > len(words):
        return _chinese(sample, hint)
    for tag, script in _SCRIPTS.items():
        if _count(script, sample) > sum(map(len, words)):
            return "uk" if tag == "ru" and _LETTERS_OF_UKRAINIAN & set(sample) else tag
    return _latin(words) or _valid(hint)


def _count(script: re.Pattern[str], sample: str) -> int:
    return sum(map(len, script.findall(sample)))


def _chinese(sample: str, hint: str | None) -> str:
    """Tell Simplified from Traditional by the characters that only one of them has."""
    simplified, traditional = _own_characters()
    evidence = _count(traditional, sample)
    if evidence == 0 and simplified.search(sample):  # most of what is Simplified, told at once
        return "zh-Hans"
    evidence -= _count(simplified, sample)
    if evidence:
        return "zh-Hant" if evidence > 0 else "zh-Hans"
    return chinese_tag(hint or "") or "zh"


def chinese_tag(tag: str) -> str | None:
    """Return `zh-Hans` or `zh-Hant` for a tag that names one by its script or region; None for any other."""
    known = tag.lower()
    return "zh-Hans" if known in _HANS else "zh-Hant" if known in _HANT else None


@cache
def _own_characters() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds the characters that OpenCC would change into the other script: first Simplified's own.

    Asked once for every character: a call costs a tenth of a millisecond, however short the text.
    """
    every = list(map(chr, range(0x4E00, 0xA000)))
    changed = []
    for direction in ("s2t", "t2s"):
        converted: str = OpenCC(direction).convert("\n".join(every))
        own = "".join(a for a, b in zip(every, converted.split("\n"), strict=True) if a != b)
        changed.append(re.compile(f"[{own}]+"))
    return changed[0], changed[1]


def _latin(words: list[str]) -> str | None:
    if len(words) < _FEWEST_WORDS:
        return None
    hits = {tag: [word for word in words if word in common] for tag, common in _COMMON_WORDS.items()}
    best = max(hits, key=lambda tag: len(hits[tag]))
    return best if len(hits[best]) >= _ENOUGH_WORDS * len(words) and len(set(hits[best])) > 1 else None


def _valid(hint: str | None) -> str | None:
    return hint if hint and _TAG.fullmatch(hint) and not hint.lower().startswith("zh") else None

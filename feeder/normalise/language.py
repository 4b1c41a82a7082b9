"""Detects the language of a text (BCP 47) by its script, letters and most common words.

None is a valid result: for fonts and screen readers, a wrong language is worse than none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from opencc import OpenCC

_SAMPLE = 500
# Runs, not characters: a text in one script has few of them.
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_KANA = re.compile(r"[\u3041-\u309f\u30a1-\u30fa]+")
_HANGUL = re.compile(r"[\uac00-\ud7af]+")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u309f\u30a1-\u30fa\uac00-\ud7af]")
_WORD = re.compile(r"[a-zà-öø-ÿœß]+")
_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class _Signs:
    """What distinguishes a language from others of its script: patterns that only it has, and its alphabet."""

    pattern: re.Pattern[str]
    letters: frozenset[str] | None = None  # None if all languages of the script have the same

    def count_foreign(self, letters: str) -> int:
        return 0 if self.letters is None else sum(letter not in self.letters for letter in letters)


@dataclass(frozen=True, slots=True)
class _Script:
    """A script: its languages, the default one if none is recognised, and the tags that a source may declare."""

    letters: re.Pattern[str]
    default: str | None = None
    signs: Mapping[str, _Signs] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()


_CYRILLIC = "абвгджзклмнопрстуфхцчше"
_ARABIC = "ءآأؤئابتثجحخدذرزسشصضطظعغفقلمنهوـ"
_SCRIPTS = (
    _Script(
        letters=re.compile(r"[\u0400-\u04ff]+"),
        signs={
            "ru": _Signs(
                re.compile(r"[ыэё]|\b(?:что|чтобы|только|если|может|года|сегодня|также|еще)\b"),
                frozenset(f"{_CYRILLIC}иёйщъыьэюя"),
            ),
            "uk": _Signs(re.compile(r"[іїєґ]"), frozenset(f"{_CYRILLIC}иіїєґйщьюя")),
            "be": _Signs(re.compile(r"[іў]"), frozenset(f"{_CYRILLIC}іўёйыьэюя")),
            # In Russian ъ occurs only before these four letters.
            "bg": _Signs(
                re.compile(r"ъ(?![еёюя])|\b(?:това|като|които|което|този|тази)\b"), frozenset(f"{_CYRILLIC}ийщъьюя")
            ),
            "sr": _Signs(re.compile(r"[ђћ]|\b(?:је|није|су|нису|који|које|као)\b"), frozenset(f"{_CYRILLIC}иђјљњћџ")),
            "mk": _Signs(re.compile(r"[ѓќѕ]|\b(?:тоа|овој|оваа|сите|повеќе)\b"), frozenset(f"{_CYRILLIC}иѓѕјљњќџѐѝ")),
        },
        languages=frozenset(
            str.split("ab av az ba be bg ce cv kk krc kv ky mk mn os ru rue sah sr tg tt tyv udm uk uz")
        ),
    ),
    _Script(
        letters=re.compile(r"[\u0600-\u06ff]+"),
        signs={
            "ar": _Signs(re.compile(r"[ةىإ]|\bال(?=\w\w)"), frozenset(f"{_ARABIC}ةكىيإٱ")),
            # Arabic keyboards have ك and ي for its ک and ی.
            "fa": _Signs(re.compile(r"[پچژگکی]"), frozenset(f"{_ARABIC}كيپچژگکیۀ")),
            "ug": _Signs(re.compile(r"[ېۈۋڭ]"), frozenset("ئابپتجچخدرزژسشغفقكگڭلمنھوۇۆۈۋېىيەۀ")),
            "ur": _Signs(re.compile(r"[ٹڈڑںےۓہھ]"), frozenset(f"{_ARABIC}پچژگکیٹڈڑںےۓہۂۃھ")),
        },
        languages=frozenset(str.split("ar arz ary az bal ckb fa glk ks ku lrc mzn pa ps sd skr ug ur uz")),
    ),
    _Script(
        letters=re.compile(r"[\u0900-\u0963\u0966-\u097f]+"),
        signs={
            tag: _Signs(re.compile(rf"(?<![\u0900-\u097f])(?:{words})(?![\u0900-\u0963\u0966-\u097f])"))
            for tag, words in (
                ("hi", "है|हैं|में|और|नहीं|था|थी"),
                ("mr", "आहे|आहेत|आणि|नाही|होते|मध्ये|व"),
                ("ne", "छ|छन्|पनि|र|थियो|भएको|गर्न"),
            )
        },
        languages=frozenset(str.split("awa bho brx doi hi kok ks mag mai mr ne new sa sd")),
    ),
    _Script(
        letters=re.compile(r"[\u05d0-\u05f2]+"),
        default="he",
        signs={"yi": _Signs(re.compile(r"[\u05f0-\u05f2]|א[\u05b7\u05b8]|\b(?:און|איז|פון|נישט)\b"))},
        languages=frozenset(str.split("he lad yi")),
    ),
    _Script(letters=re.compile(r"[\u0370-\u03ff]+"), default="el"),
    _Script(letters=re.compile(r"[\u0e01-\u0e5b]+"), default="th"),
    _Script(letters=re.compile(r"[\u0f00-\u0fff]+"), default="bo"),
)
_SIGN_WEIGHT = 4  # a language needs this many of its pattern signs for each count_foreign letter (names, quotations)
_MAX_FOREIGN = 0.05  # share of letters that are not in the declared language's alphabet
_COMMON_WORDS = {
    "en": frozenset(str.split("the of and to in a is that for it was on with as are be this by at from")),
    "fr": frozenset(str.split("le la les de des du et en un une est que pour dans qui sur par au avec ce")),
    "de": frozenset(str.split("der die das und in den von zu mit ist des auf für im nicht ein eine dem sich")),
    "es": frozenset(str.split("el la los de que y en un una es por con para las del se al lo como más")),
    "pt": frozenset(str.split("o a os de que e em um uma é por com para as do da no na se mais não")),
    "it": frozenset(str.split("il la di che e in un una è per con le del della i non si da al gli")),
}
# Declarations that a Latin text may refute: languages of other scripts, and those recognised by their words.
_NOT_BELIEVED = frozenset({"", "zh", "ja", "ko", *_COMMON_WORDS}).union(*(script.languages for script in _SCRIPTS)) - {
    "az",
    "ku",
    "ms",
    "sr",
    "uz",
}
_ENOUGH_WORDS = 0.12
_FEWEST_WORDS = 5  # "no comment" is both English and Portuguese
# The Chinese tags that name a script or imply one by region.
_HANS = {"zh-hans", "zh-cn", "zh-sg", "zh-my"}
_HANT = {"zh-hant", "zh-tw", "zh-hk", "zh-mo"}


def find_language(text: str, hint: str | None = None) -> str | None:
    """Return `zh-Hans`, `zh-Hant`, `ja`, `en`, …; None if it cannot be detected.

    `hint` is the language that the source declares. It is believed unless the text's script, letters or
    words refute it.
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
        return _detect_chinese(sample, hint)
    for script in _SCRIPTS:
        if _count(script.letters, sample) > sum(map(len, words)):
            return _detect_in_script(script, sample, hint)
    if words and (hint or "").lower().partition("-")[0] not in _NOT_BELIEVED:
        return _valid_hint(hint) or _detect_latin(words)
    return _detect_latin(words) or _valid_hint(hint)


def _count(script: re.Pattern[str], sample: str) -> int:
    return sum(map(len, script.findall(sample)))


def _detect_in_script(script: _Script, sample: str, hint: str | None) -> str | None:
    """Return the hint if it is plausible, else the only language whose signs the text has, else the default."""
    letters = "".join(filter(str.isalpha, "".join(script.letters.findall(sample))))
    language = (hint or "").lower().partition("-")[0]
    known = script.signs.get(language)
    if (
        language in script.languages
        and (known is None or known.count_foreign(letters) <= _MAX_FOREIGN * len(letters))
        and (tag := _valid_hint(hint)) is not None
    ):
        return tag
    recognised = [
        tag
        for tag, signs in script.signs.items()
        if len(signs.pattern.findall(sample)) > _SIGN_WEIGHT * signs.count_foreign(letters)
    ]
    return recognised[0] if len(recognised) == 1 else script.default


def _detect_chinese(sample: str, hint: str | None) -> str:
    """Distinguish Simplified from Traditional by the characters that only one of them has."""
    simplified, traditional = _exclusive_characters()
    evidence = _count(traditional, sample)
    if evidence == 0 and simplified.search(sample):  # the common case, decided early
        return "zh-Hans"
    evidence -= _count(simplified, sample)
    if evidence:
        return "zh-Hant" if evidence > 0 else "zh-Hans"
    return chinese_tag(hint or "") or "zh"


def chinese_tag(tag: str) -> str | None:
    """Return `zh-Hans` or `zh-Hant` for a tag that states or implies one; None for any other."""
    known = tag.lower()
    return "zh-Hans" if known in _HANS else "zh-Hant" if known in _HANT else None


@cache
def _exclusive_characters() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of the characters that are only Simplified, and only Traditional, according to OpenCC.

    All characters are converted in one call, because each call takes 0.1 ms however short the text is.
    """
    characters = list(map(chr, range(0x4E00, 0xA000)))
    changed = []
    for direction in ("s2t", "t2s"):
        converted: str = OpenCC(direction).convert("\n".join(characters))
        pattern = "".join(a for a, b in zip(characters, converted.split("\n"), strict=True) if a != b)
        changed.append(re.compile(f"[{pattern}]+"))
    return changed[0], changed[1]


def _detect_latin(words: list[str]) -> str | None:
    if len(words) < _FEWEST_WORDS:
        return None
    hits = {tag: [word for word in words if word in common] for tag, common in _COMMON_WORDS.items()}
    best = max(hits, key=lambda tag: len(hits[tag]))
    return best if len(hits[best]) >= _ENOUGH_WORDS * len(words) and len(set(hits[best])) > 1 else None


def _valid_hint(hint: str | None) -> str | None:
    return hint if hint and _TAG.fullmatch(hint) and not hint.lower().startswith("zh") else None

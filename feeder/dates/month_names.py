"""Names of months and weekdays in the most used languages.

The names come from Babel's data, once (`python -m tests.dates.month_names` writes `babel_names.py`): loading sixty
locales takes 0.8 s, and Babel 2.18 mixes up the names of locales that are loaded one after the other. The table is
built with the first name that is looked up.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

# Abbreviations that are in use but not in Babel's data.
_MORE_MONTHS = {
    "en": {9: "sept"},
    "de": {1: "jän", 3: "mrz", 5: "mai"},
    "el": {3: "μάώ", 5: "μαϊ", 6: "ιον", 7: "ιολ"},
}
_SPLIT = re.compile(r"[\s.,;:()'’·،\-/]+")
_IGNORED = re.compile("[\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2066-\u2069\u0640]")
_FOLDED = str.maketrans({"ı": "i", "ي": "ی", "ك": "ک", "ł": "l", "ø": "o", "đ": "d"})
_MAX_WORDS = 12  # of a text that is searched for a name
_SHORTEST = 3  # letters of a word that may be the beginning of a name


class _Names(NamedTuple):
    """Folded names: numbers by language and name, most used language first."""

    months: Mapping[str, Mapping[str, int]]
    weekdays: Mapping[str, Mapping[str, int]]


def find_months(text: str, language: str | None = None) -> tuple[int, ...]:
    """Return the month (1 to 12) that a short text names: `mars`, `de març de`, `16 лист.`; () for none.

    Case, dots and accents do not matter, and the beginning of a name will do (`sept`). A few names mean different
    months in two languages (`lis`: November in Polish, October in Croatian): `language`, a BCP 47 tag, decides; without
    it all are returned, that of the most used language first.
    """
    return _find(_names().months, text, language)


def find_weekdays(text: str, language: str | None = None) -> tuple[int, ...]:
    """Return the weekday (0 is Monday) that a short text names; see `find_months`."""
    return _find(_names().weekdays, text, language)


def _find(names: Mapping[str, Mapping[str, int]], text: str, language: str | None) -> tuple[int, ...]:
    own = (language or "").replace("_", "-").partition("-")[0].lower()
    own = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "sh": "sr", "tl": "fil"}.get(own, own)
    words, folded = (split(text)[:_MAX_WORDS] for split in (_words, _fold))
    tables = [names[own]] if own in names else []
    for known in (tables, list(names.values())):
        for span in (*_spans(words), *_spans(folded)):
            if found := _unique(table[span] for table in known if span in table):
                return found
        for word in folded:
            if len(word) >= _SHORTEST and (found := _unique(_begun_by(word, known))):
                return found
    return ()


def _begun_by(word: str, tables: Sequence[Mapping[str, int]]) -> Iterator[int]:
    for table in tables:
        numbers = {number for name, number in table.items() if name.startswith(word)}
        if len(numbers) == 1:
            yield from numbers


def _spans(words: Sequence[str]) -> Iterator[str]:
    """Yield all neighbouring words as one, the longest first."""
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _unique(numbers: Iterator[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(numbers))


def _words(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return [word for word in _SPLIT.split(unicodedata.normalize("NFD", text.casefold())) if word]


def _fold(text: str) -> list[str]:
    """Return the words of a text, without case, accents and joining marks."""
    return [_IGNORED.sub("", word).translate(_FOLDED) for word in _words(text)]


@cache
def _names() -> _Names:
    from feeder.dates.babel_names import TEXT  # noqa: PLC0415  most dates are numbers, or English

    months, weekdays = {}, {}
    for line in TEXT.strip().split("\n\n"):
        language, _, names = line.partition(":")
        month_names, _, day_names = names.partition(";")
        months[language] = _by_name(month_names, 1)
        weekdays[language] = _by_name(day_names, 0)
    for language, more in _MORE_MONTHS.items():
        months[language].update({" ".join(_fold(name)): number for number, name in more.items()})
    return _Names(months, weekdays)


def _by_name(names: str, first: int) -> dict[str, int]:
    """Return the numbers of names: as they are, and folded unless that is another name (`št` and `st` in Slovak)."""
    numbered = [(number, name) for number, forms in enumerate(names.split("|"), first) for name in forms.split(",")]
    exact = {" ".join(_words(name)): number for number, name in numbered}
    return {" ".join(_fold(name)): number for number, name in numbered} | exact

"""Names of months and weekdays in the most used languages.

The names come from Babel's data, once (`python -m tests.dates.month_names` writes `babel_names.py`): loading sixty
locales takes 0.8 s, and Babel 2.18 mixes up the names of locales that are loaded one after the other. The table is
built with the first name that is looked up.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

# Abbreviations that are in use but not in Babel's data.
_MORE_MONTHS = {
    "bn": {1: "জানুয়ারি", 2: "ফেব্রুয়ারি"},
    "de": {1: "jän", 2: "feber", 3: "mrz", 5: "mai"},
    "my": {2: "ဖေဖေါ်ဝါရီ", 8: "သြဂုတ်"},
    "el": {3: "μάώ", 5: "μαϊ", 6: "ιον", 7: "ιολ"},
}
_ENGLISH = {
    name: number
    for number, names in enumerate(
        str.split(
            "jan,january feb,february mar,march apr,april may jun,june jul,july aug,august sep,sept,september "
            "oct,october nov,november dec,december"
        ),
        start=1,
    )
    for name in names.split(",")
}
_JOINED = {"he": "ב{}", "km": "ខែ{}", "my": "{}လ"}  # "in", and "month", written with the name
_SPLIT = re.compile(r"[\s.,;:()'’·،၊\-/]+")
_IGNORED = re.compile("[\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2066-\u2069\u0640]")
_FOLDED = str.maketrans({"ı": "i", "ي": "ی", "ك": "ک", "ł": "l", "ø": "o", "đ": "d"})
_ALIASES = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "sh": "sr", "tl": "fil"}
_MAX_WORDS = 12  # of a text that is searched for a name
_SHORTEST = 3  # letters of a word that may be the beginning of a name


class _Table(NamedTuple):
    """Folded names with the numbers that they mean, and the beginnings of names."""

    names: Mapping[str, tuple[int, ...]]
    beginnings: Mapping[str, tuple[int, ...]]


class _Tables(NamedTuple):
    """The tables of each language; "" is that of all, the most used language first."""

    months: Mapping[str, _Table]
    weekdays: Mapping[str, _Table]


def find_months(text: str, language: str | None = None) -> tuple[int, ...]:
    """Return the month (1 to 12) that a short text names: `mars`, `de març de`, `16 лист.`; () for none.

    Case, dots and accents do not matter, and the beginning of a name will do (`sept`). A few names mean different
    months in two languages (`lis`: November in Polish, October in Croatian): `language`, a BCP 47 tag, decides; without
    it all are returned, that of the most used language first.
    """
    for word in text.lower().replace(".", " ").replace(",", " ").split()[:_MAX_WORDS]:
        if word in _ENGLISH:  # in no language another month, so that most dates need no table
            return (_ENGLISH[word],)
    return _find(_tables().months, text, language)


def find_weekdays(text: str, language: str | None = None) -> tuple[int, ...]:
    """Return the weekday (0 is Monday) that a short text names; see `find_months`."""
    return _find(_tables().weekdays, text, language)


def _find(tables: Mapping[str, _Table], text: str, language: str | None) -> tuple[int, ...]:
    own = (language or "").replace("_", "-").partition("-")[0].lower()
    own = _ALIASES.get(own, own)
    words, folded = (split(text)[:_MAX_WORDS] for split in (_words, _fold))
    for table in (tables[own], tables[""]) if own in tables else (tables[""],):
        for span in (*_spans(words), *_spans(folded)):
            if span in table.names:
                return table.names[span]
        for word in folded:
            if word in table.beginnings:
                return table.beginnings[word]
    return ()


def _spans(words: Sequence[str]) -> Iterator[str]:
    """Yield all neighbouring words as one, the longest first."""
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _words(text: str) -> list[str]:
    """Return the words of a text, without case."""
    return [word for word in _SPLIT.split(unicodedata.normalize("NFD", text.casefold())) if word]


def _fold(text: str) -> list[str]:
    """Return the words of a text, without case, accents and joining marks."""
    return [_IGNORED.sub("", word).translate(_FOLDED) for word in _words(text)]


@cache
def _tables() -> _Tables:
    from feeder.dates.babel_names import TEXT  # noqa: PLC0415  most dates are numbers, or English

    months: dict[str, dict[str, int]] = {}
    weekdays: dict[str, dict[str, int]] = {}
    for block in TEXT.strip().split("\n\n"):
        language, _, names = block.partition(":")
        month_names, _, day_names = names.partition(";")
        months[language] = _by_name(month_names, 1)
        weekdays[language] = _by_name(day_names, 0)
    for language, more in _MORE_MONTHS.items():
        months[language].update({" ".join(_fold(name)): number for number, name in more.items()})
    for language, pattern in _JOINED.items():
        months[language] |= {pattern.format(name): number for name, number in months[language].items()}
    return _Tables(_with_all(months), _with_all(weekdays))


def _by_name(names: str, first: int) -> dict[str, int]:
    """Return the numbers of names: as they are, and folded unless that is another name (`št` and `st` in Slovak)."""
    numbered = [(number, name) for number, forms in enumerate(names.split("|"), first) for name in forms.split(",")]
    exact = {" ".join(_words(name)): number for number, name in numbered}
    return {" ".join(_fold(name)): number for number, name in numbered} | exact


def _with_all(numbers: Mapping[str, Mapping[str, int]]) -> dict[str, _Table]:
    tables = {
        language: _Table({name: (number,) for name, number in names.items()}, _beginnings(names))
        for language, names in numbers.items()
    }
    return tables | {"": _Table(*(_merge([table[place] for table in tables.values()]) for place in (0, 1)))}


def _beginnings(names: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Return the beginnings that only names of one number have."""
    found: dict[str, set[int]] = {}
    for name, number in names.items():
        for length in range(_SHORTEST, len(name)):
            found.setdefault(name[:length], set()).add(number)
    return {beginning: tuple(numbers) for beginning, numbers in found.items() if len(numbers) == 1}


def _merge(tables: Iterable[Mapping[str, tuple[int, ...]]]) -> dict[str, tuple[int, ...]]:
    merged: dict[str, tuple[int, ...]] = {}
    for table in tables:
        for name, numbers in table.items():
            merged[name] = tuple(dict.fromkeys((*merged.get(name, ()), *numbers)))
    return merged

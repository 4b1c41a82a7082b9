"""Writes the month and weekday names of `feeder/dates/babel_names.py`: `python -m tests.dates.month_names`.

The names are those of Babel (Unicode CLDR), in both widths, in running text and alone, with regional forms.
"""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from babel import Locale, localedata

from feeder import dates

# The languages of most web pages and of most speakers, the most used first, with regions that have names of their own.
LANGUAGES = {
    "en": ("en", "en_GB", "en_AU", "en_CA", "en_IN"),
    "es": ("es", "es_MX", "es_AR", "es_PE", "es_UY"),
    "de": ("de", "de_AT"),
    "ru": ("ru",),
    "ja": ("ja",),
    "fr": ("fr", "fr_CA"),
    "pt": ("pt", "pt_PT"),
    "zh": ("zh", "zh_Hant"),
    "it": ("it",),
    "tr": ("tr",),
    "fa": ("fa", "fa_AF"),
    "nl": ("nl",),
    "pl": ("pl",),
    "ar": ("ar", "ar_SY", "ar_IQ", "ar_DZ", "ar_MA", "ar_MR"),
    "vi": ("vi",),
    "id": ("id",),
    "cs": ("cs",),
    "ko": ("ko",),
    "uk": ("uk",),
    "el": ("el",),
    "hu": ("hu",),
    "sv": ("sv",),
    "ro": ("ro", "ro_MD"),
    "he": ("he",),
    "da": ("da",),
    "th": ("th",),
    "fi": ("fi",),
    "sk": ("sk",),
    "bg": ("bg",),
    "hr": ("hr",),
    "sr": ("sr", "sr_Latn", "sr_Cyrl_ME", "sr_Latn_ME"),
    "hi": ("hi", "hi_Latn"),
    "bn": ("bn",),
    "ur": ("ur", "ur_IN"),
    "nb": ("nb", "nn", "no"),
    "lt": ("lt",),
    "sl": ("sl",),
    "ca": ("ca",),
    "et": ("et",),
    "lv": ("lv",),
    "ms": ("ms",),
    "bs": ("bs", "bs_Cyrl"),
    "mk": ("mk",),
    "sq": ("sq",),
    "gl": ("gl",),
    "eu": ("eu",),
    "is": ("is",),
    "af": ("af",),
    "az": ("az",),
    "ka": ("ka",),
    "hy": ("hy",),
    "kk": ("kk",),
    "ta": ("ta",),
    "te": ("te",),
    "mr": ("mr",),
    "fil": ("fil",),
    "sw": ("sw",),
    "be": ("be", "be_TARASK"),
    "km": ("km",),
    "my": ("my",),
    "lo": ("lo",),
    "mn": ("mn",),
    "uz": ("uz",),
    "ky": ("ky",),
    "gu": ("gu",),
    "kn": ("kn",),
    "ml": ("ml",),
    "pa": ("pa",),
    "ne": ("ne",),
    "si": ("si",),
    "am": ("am",),
}


_HEAD = '''"""Names of months and weekdays as in Babel's data. Written by `python -m tests.dates.month_names`.

Each block is a language: its months, `;`, its weekdays from Monday on.
"""

'''


def names_of(language: str, kind: str) -> list[list[str]]:
    """Return the names of the `months`, or of the `days` from Monday on."""
    found: dict[int, list[str]] = {}
    for place in LANGUAGES[language]:
        for number, name in sorted(_names(place, kind)):
            found.setdefault(number, []).append(name)
    return [list(dict.fromkeys(names)) for _, names in sorted(found.items())]


def _names(place: str, kind: str) -> Iterator[tuple[int, str]]:
    localedata._cache.clear()  # Babel writes the names of one locale into those that it loads later
    table = getattr(Locale.parse(place), kind)
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            yield from table[context][width].items()


def _join(names: list[str]) -> str:
    """Join the names that differ in more than case and dots."""
    return ", ".join({name.rstrip(".").casefold(): name for name in reversed(names)}.values())


def main() -> None:
    """Write the file."""
    blocks = []
    for language in LANGUAGES:
        both = (" | ".join(map(_join, names_of(language, kind))) for kind in ("months", "days"))
        blocks.append(textwrap.fill(f"{language}: {'; '.join(both)}", 72, break_on_hyphens=False))
    text = "\n\n".join(blocks)
    (Path(dates.__file__).with_name("babel_names.py")).write_text(f'{_HEAD}TEXT = """\n{text}\n"""\n', encoding="utf-8")


if __name__ == "__main__":
    main()

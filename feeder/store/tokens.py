"""How text is compared: folded letters, the plain form in which phrases are looked for, and the index's terms.

Pure, and the only place that knows what a letter, a word or a script is. Index and query go through the same
functions, so that what the index finds and what a reader sees cannot part. Nothing here knows of SQL or entries.

* `fold` takes each character by itself, so that a part of a text folds to a part of the folded text: width and
  case (NFKC, casefold), accents off, Traditional Chinese to Simplified. Whole phrases are never converted, since
  they would then be found only in the surroundings that they were converted in.
* `plain` is folded text of letters only. A *close* character (Chinese, Japanese, Korean, Thai, … and emoji) is a
  word by itself; other letters and digits form words. White space beside a close character is dropped, any other
  run of separators becomes one space, and a line break stays, which no phrase crosses.
* `terms` are what the index holds of a plain text: every close character, every pair of neighbours, every word.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from html import unescape
from operator import add
from typing import NamedTuple, Protocol

MAX_WORD = 64  # letters of a word that the index holds; what is longer is found by its beginning and then compared

# Scripts that are written without spaces, or whose words are looked for by their parts, and emoji.
_CLOSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff"  # radicals, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "\u2600-\u27bf\U0001f000-\U0001faff"  # emoji
)
_CLOSE_RUN = re.compile(f"[{_CLOSE}]+")
_WORD = re.compile(f"(?:(?![{_CLOSE}])[^\\W_])+")
_NOT_CLOSE = re.compile(f"[^{_CLOSE}]+")
# In what `_PlainTable` makes of a text, white space is "\t" and any other separator " "; "\n" stays what it is.
_LOOSE_BLANK = re.compile(f"\t(?:(?<=[{_CLOSE}]\t)\t*(?=[^\t \n])|(?<=[^\t \n]\t)\t*(?=[{_CLOSE}]))")
_LETTER = re.compile(f"[{_CLOSE}]|[^\\W_]")

_HAN = re.compile("[\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_COMBINING = re.compile("[\u0300-\u036f]")

# A quoted attribute may hold ">": HTML standard §13.3, "escaping a string", leaves it as it is.
_TAG = re.compile(r"""</?([A-Za-z][A-Za-z0-9]*)(?:[^>"']|"[^"]*"|'[^']*')*>""")
_INLINE = re.compile(
    "abbr|[abiqsu]|bd[io]|cite|code|del|dfn|em|ins|kbd|mark|r[pt]|ruby|samp|small|span|strong|su[bp]|time|var|wbr",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r" ?\n[ \n]*")


class _Script(Protocol):
    def convert(self, text: str) -> str: ...


@cache
def _simplified() -> _Script:
    import opencc  # noqa: PLC0415  its tables are read when the first Chinese character is folded, not before

    script: _Script = opencc.OpenCC("t2s")
    return script


def _fold_character(character: str) -> str:
    if unicodedata.category(character) == "Cf":  # zero-width marks, soft hyphens, variation of emoji
        return ""
    folded = character
    while (again := _folded_once(folded)) != folded:  # three rounds at most, over all of Unicode
        folded = again
    return folded


def _folded_once(text: str) -> str:
    bare = _COMBINING.sub("", unicodedata.normalize("NFKD", text.casefold()))
    composed = unicodedata.normalize("NFKC", bare)
    return "".join(_simplified().convert(c) if _HAN.match(c) else c for c in composed)


class _Table(dict[int, str]):
    """The fold of each character met so far; `odd` holds those that do not fold to exactly one."""

    def __init__(self) -> None:
        super().__init__()
        self.odd: set[str] = set()

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _fold_character(character)
        if len(folded) != 1:
            self.odd.add(character)
        self[code] = folded
        return folded


class _PlainTable(dict[int, str]):
    """The same for `plain`: letters folded, white space a tab, what else parts words a space."""

    def __missing__(self, code: int) -> str:
        self[code] = found = "".join(map(self._letter, fold(chr(code))))
        return found

    @staticmethod
    def _letter(character: str) -> str:
        if character == "\n" or _LETTER.match(character):
            return character
        return "\t" if character.isspace() else " "


_TABLE = _Table()
_PLAIN_TABLE = _PlainTable()


def fold(text: str) -> str:
    """Return the text with width, case, accents and Chinese script folded away, character by character."""
    return text.translate(_TABLE)


def plain(text: str) -> str:
    """Return the text as phrases are looked for in it; the module's docstring says what that is."""
    joined = _LOOSE_BLANK.sub("", text.translate(_PLAIN_TABLE))
    return "\n".join(filter(None, (" ".join(line.split()) for line in joined.split("\n"))))


def terms(text: str) -> set[str]:
    """Return all the index holds of a plain text."""
    close = _NOT_CLOSE.sub(" ", text)
    found = {pair for pair in set(map(add, close, close[1:])) if " " not in pair}
    found.update(close)
    found.discard(" ")
    found.update(word[:MAX_WORD] for word in _CLOSE_RUN.sub(" ", text).split())
    return found


def needed_terms(phrase: str) -> list[str]:
    """Return, in order and each once, the terms that every text with this plain phrase in it has."""
    needed: dict[str, None] = {}
    for found in re.finditer(f"{_CLOSE_RUN.pattern}|{_WORD.pattern}", phrase):
        run = found[0]
        if not _CLOSE_RUN.match(run):
            needed[run[:MAX_WORD]] = None
        elif len(run) == 1:
            needed[run] = None
        else:
            needed.update(dict.fromkeys(map(add, run, run[1:])))
    return list(needed)


def contains(text: str, phrase: str) -> bool:
    """Say whether the plain phrase stands in the plain text, words as a whole."""
    starts_word, ends_word = _is_word(phrase[:1]), _is_word(phrase[-1:])
    at = text.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not (starts_word and at and _is_word(text[at - 1])) and not (ends_word and _is_word(text[end : end + 1])):
            return True
        at = text.find(phrase, at + 1)
    return False


def _is_word(character: str) -> bool:
    return _WORD.match(character) is not None


def visible_text(html: str) -> str:
    """Return what a reader sees of clean HTML as lines: a line a block, white space collapsed."""
    bare = _TAG.sub(lambda tag: "" if _INLINE.fullmatch(tag[1]) else "\n", html)
    return _BLANK_LINES.sub("\n", _BLANKS.sub(" ", unescape(bare))).strip()


class Fragment(NamedTuple):
    """A piece of a text in its own script; `match` says that it is what was looked for."""

    text: str
    match: bool


def highlight(text: str, phrases: tuple[str, ...], *, width: int | None = None) -> tuple[Fragment, ...]:
    """Cut the text into fragments, the plain phrases found in it marked.

    With a `width`, only about so many characters around the first match, or from the beginning, are kept, and
    "…" stands where the rest was.
    """
    folded, places = _folded_with_places(text)
    spans = list(_spans(folded, phrases))
    start, stop = 0, len(text)
    if width is not None and len(text) > width:
        first = places[spans[0][0]] if spans else 0
        start = max(0, min(first - width // 4, len(text) - width))
        stop = start + width
    fragments = [Fragment("…", match=False)] if start else []
    at = start
    for begin, end in spans:
        here, there = max(places[begin], at), min(places[end], stop)
        if here < there:
            fragments += [Fragment(text[at:here], match=False)] if at < here else []
            fragments.append(Fragment(text[here:there], match=True))
            at = there
    fragments += [Fragment(text[at:stop], match=False)] if at < stop else []
    return (*fragments, Fragment("…", match=False)) if stop < len(text) else tuple(fragments)


def _folded_with_places(text: str) -> tuple[str, "range | list[int]"]:
    """Return the folded text and, for each of its offsets, the offset in `text` that it came from."""
    folded = fold(text)
    if _TABLE.odd.isdisjoint(text):
        return folded, range(len(text) + 1)
    places = [at for at, character in enumerate(text) for _ in _TABLE[ord(character)]]
    return folded, [*places, len(text)]


_MAX_PATTERN = 64  # characters of a phrase that are looked for when highlighting


def _spans(folded: str, phrases: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    patterns = [_pattern(phrase[:_MAX_PATTERN].strip()) for phrase in sorted(phrases, key=len, reverse=True)]
    if patterns:
        for found in re.finditer("|".join(patterns), folded):
            yield found.span()


def _pattern(phrase: str) -> str:
    """Return a pattern that finds in folded text what `contains` finds in plain text."""
    before = f"(?<!(?![{_CLOSE}])[^\\W_])" if _is_word(phrase[:1]) else ""
    after = f"(?!(?![{_CLOSE}])[^\\W_])" if _is_word(phrase[-1:]) else ""
    parts = re.findall(f"[{_CLOSE}]|{_WORD.pattern}| ", phrase)
    pattern = ""
    for previous, part in zip(["", *parts], parts, strict=False):
        if part == " ":
            pattern += f"(?:[^\\w\\n{_CLOSE}]|_)+"
        else:
            pattern += ("[^\\S\\n]*" if previous not in {"", " "} else "") + re.escape(part)
    return f"{before}{pattern}{after}"

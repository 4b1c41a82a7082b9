"""How text is compared: folding, the plain form in which phrases are searched, and the tokens of the index.

Pure, and the only place that knows what a letter, a word or a script is. Index and query use the same functions, so
that results and highlighting agree. Nothing here knows SQL or entries.

* `fold` works character by character, so that a part of a text folds to a part of the folded text: width and case
  (NFKC, casefold), accents removed, Traditional Chinese to Simplified. Whole phrases are not converted, since
  the result would depend on their context.
* `plain` is folded text of letters only. A *close* character (Chinese, Japanese, Korean, Thai, … and emoji) is a word
  by itself; other letters and digits form words, of which the first 64 letters count. Separators between a close
  character and a word are dropped, as is white space between close characters; any other run of separators becomes
  one space. Line breaks stay, and no phrase crosses them.
* `index_tokens` are the tokens of a plain text in order: words, and each pair of adjacent close characters. So a word
  of two characters is one token and a longer one a few consecutive tokens; single characters would occur in half of all
  articles. `phrase_tokens` are consecutive in exactly the texts in which `contains` finds the phrase.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from html import unescape
from itertools import pairwise
from typing import NamedTuple, Protocol

MAX_WORD = 64  # letters of a word that count

# Scripts that are written without spaces, or whose words are searched by their parts, and emoji.
_CLOSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Hangul
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff"  # radicals, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "\u2600-\u27bf\U0001f000-\U0001faff"  # emoji
)
_CLOSE_ONE = re.compile(f"[{_CLOSE}]")
_WORD = re.compile(f"(?:(?![{_CLOSE}])[^\\W_])+")
# In what `_PlainTable` makes of a text, white space is "\t" and any other separator " "; "\n" stays what it is.
_LETTER_OF_WORD = f"[^\t \n{_CLOSE}]"
_LOOSE = re.compile(
    f"[\t ](?:(?<=[{_CLOSE}][\t ])[\t ]*(?={_LETTER_OF_WORD})|(?<={_LETTER_OF_WORD}[\t ])[\t ]*(?=[{_CLOSE}])"
    f"|(?<=[{_CLOSE}]\t)\t*(?=[{_CLOSE}]))",
)
_LONG_WORD = re.compile(f"([^\\s{_CLOSE}]{{{MAX_WORD}}})[^\\s{_CLOSE}]+")
_OTHER = f"(?:[^\\w\\n{_CLOSE}]|_)"  # not a letter
_EDGE = "_"  # of a run of close characters; not a letter, so it cannot occur in a word
_BREAK = "|"  # between lines
_ENDS = ("", "\n")
_BETWEEN = re.compile(f" (?<=[{_CLOSE}] )(?=[{_CLOSE}])")
_CLOSE_RUNS = re.compile(f"([{_CLOSE}{_EDGE}]+)")
_RUN_OR_WORD = re.compile(f"([{_CLOSE}]+)|[^\\W_{_CLOSE}]+")
_LETTER = re.compile(f"[{_CLOSE}]|[^\\W_]")

_HAN = re.compile("[\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_COMBINING = re.compile("[\u0300-\u036f]")

# A quoted attribute may hold ">": HTML standard §13.3, "escaping a string", leaves it as it is.
_TAG = re.compile(r"""</?([A-Za-z][A-Za-z0-9]*+)(?>(?:[^<>"']++|"[^"]*+"|'[^']*+')*)>""")
_INLINE = re.compile(
    "abbr|[abiqsu]|bd[io]|cite|code|del|dfn|em|ins|kbd|mark|r[pt]|ruby|samp|small|span|strong|su[bp]|time|var|wbr|"
    "m(?:ath|[inos]|text|row|frac|sqrt|root|style|padded|phantom|s(?:ub|up|ubsup|pace)|under|over|underover|t(?:able|[rd]))",
    re.IGNORECASE,
)


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
    while (again := _folded_once(folded)) != folded:  # at most three rounds in all of Unicode
        folded = again
    return folded


def _folded_once(text: str) -> str:
    bare = _COMBINING.sub("", unicodedata.normalize("NFKD", text.casefold()))
    composed = unicodedata.normalize("NFKC", bare)
    return "".join(_simplified().convert(c) if _HAN.match(c) else c for c in composed)


class _Table(dict[int, str]):
    """The fold of each character seen so far; `odd` are those that do not fold to exactly one."""

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
    """The same for `plain`: letters are folded, white space becomes a tab, other separators a space."""

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
    """Return the plain form of a text (see the module)."""
    joined = _LONG_WORD.sub(r"\1", _LOOSE.sub("", text.translate(_PLAIN_TABLE)))
    return "\n".join(filter(None, (" ".join(line.split()) for line in joined.split("\n"))))


def index_tokens(text: str) -> str:
    """Return the tokens of a plain text in order, separated by spaces.

    Close characters form pairs: 手机壳 becomes `手机 机壳`, with a separator 年，底 becomes `年_底`, and next to a
    word they become `_手` or `壳_`.
    """
    parts = _CLOSE_RUNS.split(_BETWEEN.sub(_EDGE, text))
    if runs := parts[1::2]:
        runs = [
            f"{_EDGE if before[-1:] not in _ENDS else ''}{run}{_EDGE if after[:1] not in _ENDS else ''}"
            for before, run, after in zip(parts[:-1:2], runs, parts[2::2], strict=True)
        ]
        pairs = _pairs(_EDGE.join(runs))
        at = 0
        for number, run in enumerate(runs):
            end = at + 3 * (len(run) - 1)
            parts[2 * number + 1] = pairs[at:end]
            at = end + 6
    return " ".join(parts).replace(f"{_EDGE} {_EDGE}", _EDGE).replace("\n", f" {_BREAK} ")


def _pairs(text: str) -> str:
    """Return all pairs of adjacent characters, with a space after each: "ab bc " for "abc".

    A loop over characters takes seven times as long, and this runs for every article; so the bytes of UTF-32, the
    fourth of which is always 0, are copied in strides.
    """
    code = text.encode("utf-32-le")
    pairs = bytearray(b" \0\0\0" * (3 * (len(text) - 1)))
    for byte in range(3):
        pairs[byte::12] = code[byte:-4:4]
        pairs[4 + byte :: 12] = code[4 + byte :: 4]
    return pairs.decode("utf-32-le")


def words_of_title(text: str) -> list[str]:
    """Return the words of a short text, and its pairs of adjacent close characters, folded, in order.

    Unlike `index_tokens`, without what tells phrases, in half the time.
    """
    found: list[str] = []
    for match in _RUN_OR_WORD.finditer(fold(text)):
        run = match[1]
        found += map("".join, pairwise(run)) if run else (match[0],)
    return found


def lone_characters(text: str) -> str:
    """Return each close character of a plain text once, separated by spaces: for queries of one character."""
    return " ".join(_CLOSE_ONE.findall("".join(set(text))))


def is_lone(phrase: str) -> bool:
    """Whether a plain phrase is one close character, to be found in `lone_characters`."""
    return _CLOSE_ONE.fullmatch(phrase) is not None


def phrase_tokens(phrase: str) -> list[str]:
    """Return the tokens that are consecutive in exactly the texts that contain this plain phrase.

    None for a phrase that `is_lone`: its neighbours are unknown.
    """
    return index_tokens(phrase).split()


def contains(text: str, phrase: str) -> bool:
    """Whether the plain text contains the plain phrase, matching whole words."""
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
    """Return the visible text of clean HTML: one line per block, white space collapsed."""
    return _visible(_TAG.sub(lambda tag: "" if _INLINE.fullmatch(tag[1]) else "\n", html))


def _visible(bare: str) -> str:
    return "\n".join(filter(None, (" ".join(line.split()) for line in unescape(bare).split("\n"))))


_PART = 300  # characters of HTML that are read at least, in search of a match


def _visible_parts(html: str) -> Iterator[str]:
    """Yield the lines of `visible_text`, some at a time."""
    pieces: list[str] = []
    begin = at = 0
    for tag in _TAG.finditer(html):
        pieces.append(html[at : tag.start()])
        at = tag.end()
        if not _INLINE.fullmatch(tag[1]):
            pieces.append("\n")
            if at - begin >= _PART:
                yield _visible("".join(pieces))
                pieces, begin = [], at
    yield _visible("".join((*pieces, html[at:])))


class Fragment(NamedTuple):
    """A part of a text in its original script; `match` if it matches the query."""

    text: str
    match: bool


def highlight(text: str, phrases: tuple[str, ...], *, width: int | None = None) -> tuple[Fragment, ...]:
    """Split the text into fragments, with matches of the plain phrases marked.

    With a `width`, only about this many characters around the first match, or from the beginning, are returned, with
    "…" for the rest.
    """
    return _fragments(text, list(_spans(text, phrases)), width)


def excerpt(html: str, phrases: tuple[str, ...], *, width: int) -> tuple[Fragment, ...]:
    """Return `highlight` of the visible text of clean HTML, which is read only as far as that shows it."""
    read: list[str] = []
    spans: list[tuple[int, int]] = []
    length = 0
    for part in filter(None, _visible_parts(html)):
        length += bool(read)  # the end of the line before it
        spans += ((length + begin, length + end) for begin, end in _spans(part, phrases))  # no match crosses lines
        read.append(part)
        length += len(part)
        if (spans or not phrases) and length > (spans[0][0] if spans else 0) + width:
            break
    return _fragments("\n".join(read), spans, width)


def _fragments(text: str, spans: list[tuple[int, int]], width: int | None) -> tuple[Fragment, ...]:
    start, stop = 0, len(text)
    if width is not None and len(text) > width:
        first = spans[0][0] if spans else 0
        start = max(0, min(first - width // 4, len(text) - width))
        stop = start + width
    fragments = [Fragment("…", match=False)] if start else []
    at = start
    for begin, end in spans:
        here, there = max(begin, at), min(end, stop)
        if here < there:
            fragments += [Fragment(text[at:here], match=False)] if at < here else []
            fragments.append(Fragment(text[here:there], match=True))
            at = there
    fragments += [Fragment(text[at:stop], match=False)] if at < stop else []
    return (*fragments, Fragment("…", match=False)) if stop < len(text) else tuple(fragments)


_MAX_PATTERN = 64  # characters of a phrase that are highlighted


def _spans(text: str, phrases: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Yield where the text matches, from start to end."""
    if not phrases:
        return
    folded = fold(text)
    found = [match.span() for match in _matcher(phrases).finditer(folded)]
    if not found or not _TABLE.odd or _TABLE.odd.isdisjoint(text):
        yield from found
        return
    # For each offset in the folded text, the offset that it came from.
    places = [at for at, character in enumerate(text) for _ in _TABLE[ord(character)]]
    places.append(len(text))
    yield from ((places[begin], places[end]) for begin, end in found)


@lru_cache(maxsize=200)
def _matcher(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile("|".join(_pattern(phrase[:_MAX_PATTERN].strip()) for phrase in longest_first))


def _pattern(phrase: str) -> str:
    """Return a pattern that finds in folded text what `contains` finds in plain text."""
    before = f"(?<!(?![{_CLOSE}])[^\\W_])" if _is_word(phrase[:1]) else ""
    after = f"(?!(?![{_CLOSE}])[^\\W_])" if _is_word(phrase[-1:]) else ""
    parts = re.findall(f"[{_CLOSE}]|{_WORD.pattern}| ", phrase)
    pattern = ""
    for previous, part in zip(["", *parts], parts, strict=False):
        if part == " ":
            pattern += f"{_OTHER}++"
        elif previous not in {"", " "}:
            pattern += ("[^\\S\\n]*+" if _is_word(previous) == _is_word(part) else f"{_OTHER}*+") + re.escape(part)
        else:
            pattern += re.escape(part)
    return f"{before}{pattern}{after}"

"""What a source corrected in an entry: whether the words are others, and which. Pure.

    two versions of an entry ──▶ do the words differ? ──▶ the former ones are kept (`store/records/revisions.py`)
    two texts ──▶ the paragraphs that differ ──▶ the words in them that differ ──▶ what its page shows

White space, the form of quotation marks and dashes, and pictures are no words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from feeder.model import Entry
from feeder.query.tokens import visible_text

MAX_TEXT = 100_000  # characters; longer texts are neither kept nor compared

_MAX_PAIRS = 1_000_000_000  # words that are compared, old times new: 20 ms; more count as replaced
_MIN_SAME = 4  # letters between two changes; fewer are part of one
_MIN_SHARE = 0.25  # of a passage that stays; if less does, it is replaced as a whole
_MIN_PASSAGE = 40  # letters that a short passage counts for
_CONTEXT = 60  # letters shown around a change
_WIDE = "\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff65\U00020000-\U0003ffff"  # each letter is compared by itself
_WORD = re.compile(rf"\n|(?:[{_WIDE}]|[^\s{_WIDE}]+)[^\S\n]*")
_TYPOGRAPHY = str.maketrans("“”„‘’‚‐‑–—", "\"\"\"'''----")


class Part(NamedTuple):
    """A part of a passage: what stayed, what the source took out, and what it put in."""

    kind: Literal["same", "del", "ins"]
    text: str


class Changes(NamedTuple):
    """The passages that differ, each with some of the words around; `is_whole`: these are all."""

    passages: tuple[tuple[Part, ...], ...]
    is_whole: bool = True


def former_text(former: Entry, entry: Entry) -> str:
    """Return the text of a version before `entry`, a line for each paragraph, without what is now cut from it."""
    text = visible_text(former.content)
    if not entry.cut:
        return text
    cut = {_fold(line) for line in entry.cut}
    return "\n".join(line for line in text.split("\n") if _fold(line) not in cut)


def have_same_words(one: str, other: str) -> bool:
    """Whether two texts have the same words."""
    return one == other or _fold(one) == _fold(other)


def compare(old: str, new: str, *, limit: int) -> Changes:
    """Return the passages of a text that differ from an older one, up to about `limit` letters of them."""
    if max(len(old), len(new)) > MAX_TEXT:
        return Changes((), is_whole=False)
    passages: list[tuple[Part, ...]] = []
    for is_same, before, after in _align(old.split("\n"), new.split("\n")):
        if is_same or have_same_words("".join(before), "".join(after)):
            continue
        if limit <= 0:
            return Changes(tuple(passages), is_whole=False)
        passage = tuple(_shorten(_compare_words("\n".join(before), "\n".join(after))))
        length = sum(len(part.text) for part in passage)
        if length > limit:
            return Changes((*passages, tuple(_cut_off(passage, limit))), is_whole=False)
        limit -= max(length, _MIN_PASSAGE)
        passages.append(passage)
    return Changes(tuple(passages))


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY).split())


def _align(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """Yield runs that are the same in two sequences, and what differs between them."""
    if len(old) * len(new) > _MAX_PAIRS:
        yield False, old, new
        return
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415  only for what was corrected

    done, reached = 0, 0
    for block in Levenshtein.opcodes([_fold(one) for one in old], [_fold(one) for one in new]):
        if block.tag == "equal":
            if (done, reached) != (block.src_start, block.dest_start):
                yield False, old[done : block.src_start], new[reached : block.dest_start]
            yield True, old[block.src_start : block.src_end], new[block.dest_start : block.dest_end]
            done, reached = block.src_end, block.dest_end
    if (done, reached) != (len(old), len(new)):
        yield False, old[done:], new[reached:]


def _compare_words(old: str, new: str) -> list[Part]:
    """Return the parts of a passage that differs."""
    parts: list[Part] = []
    kept, before, after = 0, "", ""
    runs = list(_align(_WORD.findall(old), _WORD.findall(new)))
    for place, (is_same, removed, added) in enumerate(runs):
        text = "".join(added)
        is_between = 0 < place < len(runs) - 1
        if is_same and not (is_between and len(text.strip()) < _MIN_SAME):
            parts += _change(before, after)
            parts.append(Part("same", text))
            before, after = "", ""
            kept += len(text)
        else:
            before += "".join(removed)
            after += text
    parts += _change(before, after)
    return parts if kept >= _MIN_SHARE * max(len(old), len(new)) else _change(old, new)


def _change(before: str, after: str) -> list[Part]:
    """Return the parts of a change; the spaces behind words stay between them."""
    changed = (Part("del", before.rstrip()), Part("ins", after.rstrip()))
    spaces = [Part("same", text[len(text.rstrip()) :]) for text in (before, after)]
    parts = [part for pair in zip(changed, spaces, strict=True) for part in pair]
    return [part for part in parts if part.text]


def _shorten(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield parts with only the nearest words of what stayed, and "…" for the others."""
    for place, part in enumerate(parts):
        words = _WORD.findall(part.text)
        head = "".join(_nearest(words)) if place else ""
        tail = "".join([*_nearest(words[::-1])][::-1]) if place < len(parts) - 1 else ""
        is_long = part.kind == "same" and len(head) + len(tail) < len(part.text.strip())
        yield Part("same", " ".join(filter(None, (head.rstrip(), "…", tail)))) if is_long else part


def _nearest(words: Iterable[str]) -> Iterator[str]:
    length = 0
    for word in words:
        length += len(word)
        if length > _CONTEXT:
            return
        yield word


def _cut_off(parts: Iterable[Part], limit: int) -> Iterator[Part]:
    """Yield parts up to so many letters."""
    for part in parts:
        if len(part.text) > limit:
            yield part._replace(text=f"{part.text[:limit].rstrip()}…")
            return
        limit -= len(part.text)
        yield part

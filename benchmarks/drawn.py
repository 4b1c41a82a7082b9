"""Queries for measuring search, drawn from the articles' text and grouped by how many of a sample contain them."""

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from benchmarks.recombined import PLANTED, Articles
from feeder.model import Entry
from feeder.query import searchable_text
from feeder.query.tokens import contains, plain

_SAMPLE = 600  # articles in which queries are counted
_CANDIDATES = 4  # candidates per query: the most frequent are common, the least frequent rare
_HAN = "[\u4e00-\u9fff]"


class Group(NamedTuple):
    """Queries of one kind, as they are typed."""

    name: str
    queries: tuple[str, ...]


def draw(articles: Articles, each: int) -> list[Group]:
    """Return `each` queries of every kind, or as many as there are."""
    chance = Random(0)
    entries = [articles.entry(chance.randint(1, articles.count)) for _ in range(_SAMPLE)]
    texts = [plain(searchable_text(entry)) for entry in entries]
    kinds: list[tuple[str, Callable[[str], Sequence[str]]]] = [
        *((f"{size} character{'s' * (size > 1)}", _characters(size)) for size in (1, 2, 3, 4)),
        ("phrase of 6 to 12", _phrases),
        ("Latin word", re.compile(r"(?<!\w)[a-z][a-z]{2,15}(?!\w)").findall),
        ("Latin phrase", re.compile(r"(?<!\w)[a-z]{2,15} [a-z]{2,15}(?: [a-z]{2,15})?(?!\w)").findall),
        (
            "Latin with Chinese",
            re.compile(f"(?<!\\w)[a-z0-9]{{2,12}}{_HAN}{{1,4}}|{_HAN}{{1,4}}[a-z0-9]{{2,12}}(?!\\w)").findall,
        ),
    ]
    groups = []
    for name, find in kinds:
        common, rare = _common_and_rare(find, texts, each, chance)
        groups += [Group(f"{name}, common", common), Group(f"{name}, rare", rare)]
    words = _common_and_rare(_characters(2), texts, each, chance)
    groups += [
        Group("two words", tuple(_in_one_article(2, texts, each, chance))),
        Group("three words", tuple(_in_one_article(3, texts, each, chance))),
        Group("either of two words", tuple(f"{a} OR {b}" for a, b in zip(*words, strict=False))),
        Group("a word without another", tuple(f"{b} -{a}" for a, b in zip(*words, strict=False))),
        Group("a word and a field", tuple(_with_fields(words[0], entries, chance))),
        Group(
            "field alone", tuple(dict.fromkeys(q.partition(" ")[2] for q in _with_fields(words[0], entries, chance)))
        ),
        Group("planted words", tuple(word for planted in PLANTED for word in (planted.word, planted.latin))),
    ]
    return groups


def _characters(size: int) -> Callable[[str], Sequence[str]]:
    return re.compile(f"(?=({_HAN}{{{size}}}))").findall


def _phrases(text: str) -> Sequence[str]:
    return [f'"{found}"' for found in re.findall(f"{_HAN}{{6,12}}", text)]


def _common_and_rare(
    find: Callable[[str], Sequence[str]], texts: Sequence[str], each: int, chance: Random
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the most and the least frequent of the candidates found at random places."""
    drawn: dict[str, int] = {}
    for _ in range(40 * each):
        if found := find(chance.choice(texts)):
            drawn.setdefault(typed(chance.choice(found)), 0)
        if len(drawn) == _CANDIDATES * each:
            break
    for query in drawn:
        phrase = query.strip('"')
        drawn[query] = sum(phrase in text and contains(text, phrase) for text in texts)
    ordered = sorted(drawn, key=lambda query: -drawn[query])
    kept = min(each, len(ordered) // 2)
    return tuple(ordered[:kept]), tuple(ordered[-kept:])


def typed(phrase: str) -> str:
    return f'"{phrase}"' if " " in phrase else phrase


def _in_one_article(number: int, texts: Sequence[str], each: int, chance: Random) -> Iterator[str]:
    """Yield queries of words that occur in the same article."""
    find = re.compile(f"{_HAN}{{2}}").findall
    for _ in range(each):
        yield " ".join(chance.sample(find(chance.choice(texts)), number))


def _with_fields(words: Sequence[str], entries: Sequence[Entry], chance: Random) -> Iterator[str]:
    for word in words:
        entry = chance.choice(entries)
        fields = [
            f'source:"{entry.source.title}"',
            f"on:{entry.published:%Y-%m}",
            f"after:{entry.published:%Y}",
            f"language:{entry.language or 'zh'}",
            "last:1y",
            "has:image",
            f"title:{word}",
            *(f'#"{category}"' for category in entry.categories[:1]),
        ]
        yield f"{word} {chance.choice(fields)}"

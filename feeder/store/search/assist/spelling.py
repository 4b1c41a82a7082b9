"""Which word was meant by one that stands (nearly) nowhere. Only `did_you_mean` asks the index; the rest is pure.

Words of four letters and more are looked at, and those that begin with the same letter: people seldom miss that one.
Two words are as far apart as the letters that have to be added, dropped, changed or swapped with their neighbour
(Damerau; "optimal string alignment", which never touches a letter twice).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from feeder.query import And, Node, Not, Or, Phrase, Query
from feeder.store.search.search import Search

_SHORTEST = 4
_TWO_FROM = 6  # letters from which on two mistakes are looked for: so does Elasticsearch's fuzziness AUTO
_RARE = 2  # entries up to which a word counts as unknown
_FREQUENT = 3  # entries from which on a word is proposed
_TIMES = 10  # as many as have the word that was typed must have the one that is proposed
_KNOWN = 5_000  # words with one first letter, the commonest, that are compared
_WORD = re.compile(r"[^\W\d_]+")


def did_you_mean(search: Search, query: Query) -> str | None:
    """Return the query with its unknown words changed to frequent ones that are spelled nearly so; None: no such."""
    if query.root is None:
        return None
    sought = {leaf for leaf, negated in query.leaves() if isinstance(leaf, Phrase) and not negated}
    root = _changed(query.root, lambda leaf: _corrected(search, leaf) if leaf in sought else leaf)
    return None if root == query.root else str(Query(root))


def _changed(node: Node, change: Callable[[Phrase], Phrase]) -> Node:
    if isinstance(node, And | Or):
        return replace(node, parts=tuple(_changed(part, change) for part in node.parts))
    if isinstance(node, Not):
        return node  # what must not be there needs no help
    return change(node) if isinstance(node, Phrase) else node


def _corrected(search: Search, leaf: Phrase) -> Phrase:
    words = leaf.phrase.split(" ")
    meant = [_meant(search, word) or word for word in words]
    return leaf if meant == words else replace(leaf, text=" ".join(meant), phrase=" ".join(meant))


def _meant(search: Search, word: str) -> str | None:
    if len(word) < _SHORTEST or not _WORD.fullmatch(word) or not word[0].isalpha():
        return None
    have = search.frequency("text", word)
    if have > _RARE:
        return None
    least = max(_FREQUENT, have * _TIMES)
    known = search.terms("text", word[0], _KNOWN)
    return nearest(word, {term: count for term, count in known if count >= least})


def nearest(word: str, known: Mapping[str, int]) -> str | None:
    """Return the word spelled most like this one, of those the commonest; None where none is near enough.

    `known` says of words how common they are. One mistake may be in a word of four or five letters, two in a longer.
    """
    from rapidfuzz import process  # noqa: PLC0415  a pass over sources needs no spelling
    from rapidfuzz.distance import OSA  # noqa: PLC0415  as above

    most = 1 if len(word) < _TWO_FROM else 2
    found = process.extract(word, known.keys() - {word}, scorer=OSA.distance, score_cutoff=most, limit=None)
    return min(((mistakes, -known[term], term) for term, mistakes, _ in found), default=(0, 0, None))[2]

"""Parses a query, or raises a `QueryError` with the mistake and its place. Pure.

One pass over the text yields tokens, one over the tokens builds nodes. The depth of groups and the number of leaves are
bounded, so the work is linear in the length of the text.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from feeder.errors import QueryError, QueryMistake
from feeder.model import MediaKind
from feeder.normalise.language import chinese_tag
from feeder.query.dates import parse_query_date, parse_query_span
from feeder.query.nodes import (
    And,
    AuthorFilter,
    Between,
    CategoryFilter,
    Has,
    LanguageFilter,
    Last,
    Leaf,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    SiteFilter,
    SourceFilter,
    fold_category,
    fold_name,
    host_of,
)
from feeder.query.tokens import fold

MAX_CHARACTERS = 10_000
MAX_DEPTH = 16
MAX_WORDS = 8  # to find, and as many to exclude
MAX_FIELDS = 16
_MAX_SHOWN = 30  # characters of a token in an error message
_TOO_MANY_WORDS = f"word too many: at most {MAX_WORDS} to "

_MINUS, _HASH, _COLON, _OR, _OPEN, _CLOSE = "-－−", "#＃", ":：", "|｜", "(（", ")）"
_BLANK = r"\s，。、；！？"
# An unclosed quote reaches to the end.
_QUOTED = '["＂](?P<a>[^"＂]*)["＂]?|“(?P<b>[^”"]*)[”"]?|「(?P<c>[^」]*)」?|『(?P<d>[^』]*)』?'
_WORD = f'(?P<word>[^{_BLANK}{_OR}{_OPEN}{_CLOSE}"＂“「『]+)'
_FIELD = f"(?P<field>(?ai:title|source|category|author|language|site|before|after|on|last|has))[{_COLON}]|[{_HASH}]"
_TOKEN = re.compile(
    f"[{_BLANK}]+|(?P<or>[{_OR}])|(?P<close>[{_CLOSE}])"
    f"|(?P<minus>[{_MINUS}]*)(?P<name>{_FIELD})?(?:(?P<open>[{_OPEN}])|{_QUOTED}|{_WORD})?",
)
_CHOICE = re.compile(f"[{_OR}](?![{_MINUS}]|{_FIELD})(?:{_QUOTED}|{_WORD})")

_SITE = re.compile(r"(?:https?://)?([^/?#]+)/?", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*")  # RFC 5646 §2.1, "2*3ALPHA"; longer ones are reserved


class _Token(NamedTuple):
    kind: Literal["word", "open", "close", "or", "not", "and"]
    place: int
    text: str = ""
    field: str | None = None
    negated: bool = False
    opens: int = 0  # place of the parenthesis


_OPERATOR: dict[str, Literal["or", "not", "and"]] = {"OR": "or", "NOT": "not", "AND": "and"}
_EXAMPLES = {
    "title": "rain",
    "source": "bbc",
    "category": "weather",
    "author": '"Jane Doe"',
    "language": "zh",
    "site": "bbc.com",
    "before": "2022-03",
    "after": "2022-03",
    "on": "2022-03",
    "last": "7d",
    "has": "image",
}


def parse_query(text: str) -> Query:
    """Parse a query.

    Text without a letter or digit gives a query that matches nothing and has a `problem`.

    Raises:
        QueryError: longer than 10,000 characters, too many words or fields, an unbalanced parenthesis, groups too
            deep, or a field with a missing or invalid value.
    """
    if len(text) <= MAX_CHARACTERS:
        query = Query(_Reader(text).read())
        if len(str(query)) <= MAX_CHARACTERS:  # so that it can be parsed again
            return query
    message = f"the query is longer than {MAX_CHARACTERS:,} characters"
    raise QueryError(message, place=MAX_CHARACTERS, code="too-long", values={"most": MAX_CHARACTERS})


def problem_of(text: str) -> str | None:
    """Return in one line, with the place, why a text cannot be a saved search; None if it can."""
    try:
        return parse_query(text).problem
    except QueryError as error:
        return f"{error} (at character {error.place + 1})"


# --- text -> tokens ------------------------------------------------------------------------------------------------


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text) and (found := _TOKEN.match(text, at)):
        place, at = found.span()
        if found["or"] or found["close"]:
            yield _Token("or" if found["or"] else "close", place)
        elif found["minus"] is not None:
            name = (found["field"] or "#").lower() if found["name"] else None
            first = _Token("word", place, _value(found), name, bool(found["minus"]))
            if found["open"]:
                first = first._replace(kind="open", opens=found.start("open"))
            if name is None and not first.negated and found["word"] in _OPERATOR:
                first = _Token(_OPERATOR[found["word"]], place)
            values = [first]
            while name and values[-1].text and (more := _CHOICE.match(text, at)):
                values.append(_Token("word", at, _value(more)))
                at = more.end()
            yield from values if len(values) == 1 else _as_group(values, end=at)


def _value(found: re.Match[str]) -> str:
    return (found["word"] or found["a"] or found["b"] or found["c"] or found["d"] or "").strip()


def _as_group(values: Sequence[_Token], *, end: int) -> Iterator[_Token]:
    """Yield `name:a|b` as `name:(a OR b)`."""
    first = values[0]
    yield first._replace(kind="open", text="")
    yield _Token("word", first.place, first.text)
    for value in values[1:]:
        yield _Token("or", value.place)
        yield value
    yield _Token("close", end)


# --- tokens -> nodes -----------------------------------------------------------------------------------------------


class _Reader:
    """Parses one query, counting words to find, words to exclude, and fields."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._counts: Counter[QueryMistake] = Counter()

    def read(self) -> Node | None:
        return self._group(None, field=None, depth=0, negated=False)

    def _group(self, opened: _Token | None, *, field: str | None, depth: int, negated: bool) -> Node | None:
        """Parse up to the parenthesis that closes the group, or to the end if `opened` is None.

        Return None if there is nothing to search for.
        """
        clauses: list[list[Node]] = []
        after_or = negate = False
        for token in self._tokens:
            if token.kind == "close":
                if opened is None:
                    raise _mistake("unopened", token, "')' closes nothing: take it out, or write '(' before it")
                break
            if token.kind in {"or", "and", "not"}:
                after_or, negate = after_or or token.kind == "or", negate != (token.kind == "not")
                continue
            negate = negate != token.negated
            node = self._item(token, field=field, depth=depth, negated=negated != negate)
            if node is not None:
                into = clauses.pop() if after_or and clauses else []
                clauses.append([*into, _not(node) if negate else node])
                after_or = False
            negate = False
        else:
            if opened is not None:
                here = opened._replace(place=opened.opens)
                raise _mistake("unclosed", here, "'(' is never closed: write ')' where its group ends")
        return _joined(And, [_joined(Or, clause) for clause in clauses]) if clauses else None

    def _item(self, token: _Token, *, field: str | None, depth: int, negated: bool) -> Node | None:
        if token.kind == "open":
            if depth == MAX_DEPTH:
                message = f"'(' opens one group too many inside another: at most {MAX_DEPTH}"
                raise _mistake("too-deep", token, message, most=MAX_DEPTH)
            node = self._group(token, field=token.field or field, depth=depth + 1, negated=negated)
        else:
            node = self._leaf(token, field=token.field or field, negated=negated)
        if node is None and token.field in _EXAMPLES:
            example = f"{token.field}:{_EXAMPLES[token.field]}"
            message = f"{token.field}: has no value: write it right behind the colon, such as {example}"
            raise _mistake("empty-value", token, message, field=token.field, example=example)
        return node

    def _leaf(self, token: _Token, *, field: str | None, negated: bool) -> Leaf | None:
        phrase = fold_name(token.text)
        if not phrase:
            return None
        leaf = _read_leaf(token, field, phrase)
        if not isinstance(leaf, Phrase):
            self._count("too-many-fields", token, str(leaf), MAX_FIELDS, f"field too many: at most {MAX_FIELDS}")
        elif negated:
            self._count("too-many-excluded", token, leaf.text, MAX_WORDS, _TOO_MANY_WORDS + "leave out")
        else:
            self._count("too-many-words", token, leaf.text, MAX_WORDS, _TOO_MANY_WORDS + "find")
        return leaf

    def _count(self, code: QueryMistake, token: _Token, text: str, most: int, why: str) -> None:
        self._counts[code] += 1
        if self._counts[code] > most:
            shown = text[:_MAX_SHOWN]
            raise _mistake(code, token, f"{shown!r} is one {why}", token=shown, most=most)


def _not(node: Node) -> Node:
    return node.part if isinstance(node, Not) else Not(node)


def _joined(kind: type[And | Or], parts: Sequence[Node]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else [part])
    return kind(tuple(flat)) if len(flat) > 1 else flat[0]


# --- values --------------------------------------------------------------------------------------------------------

_NAMES: dict[str, type[SourceFilter | CategoryFilter | AuthorFilter]] = {
    "source": SourceFilter,
    "category": CategoryFilter,
    "#": CategoryFilter,
    "author": AuthorFilter,
}


def _read_leaf(token: _Token, field: str | None, phrase: str) -> Leaf:
    if field is None or field == "title":
        return Phrase(token.text, phrase, "any" if field is None else "title")
    if (kind := _NAMES.get(field)) is None:
        return _READERS[field](token)
    return kind(token.text, fold_category(token.text) if kind is CategoryFilter else phrase)


def _period(token: _Token, field: str) -> tuple[datetime, datetime]:
    period = parse_query_date(token.text)
    if period is None:
        why = f"is not a date: write a year, a month or a day: {field}:2022, {field}:2022-03 or {field}:2022-03-05"
        raise _bad_value("bad-date", token, why, field=field)
    return period


def _last(token: _Token) -> Last:
    span = parse_query_span(token.text)
    if span is None:
        why = "is not a span of time: write last:12h, last:7d, last:2w, last:3m or last:1y"
        raise _bad_value("bad-span", token, why)
    return Last(*span)


def _has(token: _Token) -> Has:
    value = fold(token.text)
    for kind in get_args(MediaKind):
        if value == kind:
            return Has(kind)
    raise _bad_value("bad-has", token, "cannot be asked for: write has:image, has:audio or has:video")


def _language(token: _Token) -> LanguageFilter:
    tag = fold(token.text)
    if _LANGUAGE.fullmatch(tag) is None:
        why = "is not a language tag: write language:zh, language:zh-Hant or language:en"
        raise _bad_value("bad-language", token, why)
    return LanguageFilter((chinese_tag(tag) or tag).lower())


def _site(token: _Token) -> SiteFilter:
    found = _SITE.fullmatch(token.text)
    host = host_of(f"https://{found[1]}") if found else ""
    if not host or host != host_of(f"https://{host}"):  # "²" becomes "2", which is not a host
        raise _bad_value("bad-site", token, "is not a site: write its name alone, such as site:bbc.com")
    return SiteFilter(host)


_READERS: dict[str, Callable[[_Token], Leaf]] = {
    "language": _language,
    "site": _site,
    "before": lambda token: Between(None, _period(token, "before")[0]),
    "after": lambda token: Between(_period(token, "after")[0], None),
    "on": lambda token: Between(*_period(token, "on")),
    "last": _last,
    "has": _has,
}


def _bad_value(code: QueryMistake, at: _Token, why: str, **values: str | int) -> QueryError:
    shown = at.text[:_MAX_SHOWN]
    return _mistake(code, at, f"{shown!r} {why}", token=shown, **values)


def _mistake(code: QueryMistake, at: _Token, message: str, **values: str | int) -> QueryError:
    return QueryError(message, place=at.place, code=code, values=values)

"""Full-text search inside the database, in the entry's own transaction.

The index holds, by an entry's position, the terms of its plain text (`tokens.terms`): an FTS5 table without content
on SQLite, a GIN index over an array on PostgreSQL (a tsvector holds 1 MB and no more). Positions run by publication,
so that the newest come first without sorting and a search stops as soon as it has enough. A term says that a word or
a pair of characters is somewhere in the text; what is longer is a candidate, and `Query.matches_plain` decides. This
is the one module in which the two databases differ.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, delete, insert, select, text
from sqlalchemy.exc import DBAPIError

from feeder.store.engine import POSTGRES_CANCELLED
from feeder.store.entries import in_chunks
from feeder.store.query import Item, Query
from feeder.store.tables import plain_texts
from feeder.store.tokens import MAX_WORD, needed_terms, terms

_MAX_TERMS = 12  # of one item that the index is asked for; the comparison sees to the rest
_ALWAYS_LOOKED_AT = 64  # candidates that are compared even when the time is over, so that small stores answer in full
_STEPS = 1_000  # of SQLite's virtual machine between two looks at the clock; reading the index takes few
_FIRST_WINDOW = 500  # newest entries that PostgreSQL tries one by one before it collects all matches
_NEWEST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Found:
    """Positions of one page of matches, how many matches were counted, and whether there may be more."""

    positions: list[int]
    total: int
    more: bool


def reindex(connection: Connection, *, gone: Sequence[int], come: Sequence[tuple[int, str, str]]) -> None:
    """Take positions out of the index and put plain texts in, each with its terms, parted by spaces.

    Both in ascending order: FTS5 writes out all it holds whenever a rowid is smaller than the last.
    """
    sqlite = connection.dialect.name == "sqlite"
    for chunk in in_chunks(sorted(gone)):
        if sqlite:
            _forget_sqlite(connection, chunk)
        else:
            connection.execute(text("DELETE FROM entry_terms WHERE position = ANY(:gone)"), {"gone": chunk})
        connection.execute(delete(plain_texts).where(plain_texts.c.position.in_(chunk)))
    rows = sorted(come)
    if not rows:
        return
    connection.execute(insert(plain_texts), [{"position": position, "plain": plain} for position, plain, _ in rows])
    if sqlite:
        values = [(position, joined) for position, _, joined in rows]
        connection.exec_driver_sql("INSERT INTO entry_terms(rowid, terms) VALUES (?, ?)", values)
    else:
        statement = text("INSERT INTO entry_terms(position, terms) VALUES (:position, :terms)")
        connection.execute(statement, [{"position": position, "terms": joined.split()} for position, _, joined in rows])


def _forget_sqlite(connection: Connection, positions: Sequence[int]) -> None:
    # A table without content must be told what it held (sqlite.org/fts5.html §6.2, "the 'delete' command").
    rows = connection.execute(
        select(plain_texts).where(plain_texts.c.position.in_(positions)).order_by(plain_texts.c.position),
    )
    values = [(position, " ".join(terms(plain))) for position, plain in rows]
    connection.exec_driver_sql("INSERT INTO entry_terms(entry_terms, rowid, terms) VALUES ('delete', ?, ?)", values)


def empty_index(connection: Connection) -> None:
    """Take everything out of the index."""
    connection.execute(delete(plain_texts))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO entry_terms(entry_terms) VALUES ('delete-all')")
    else:
        connection.execute(text("DELETE FROM entry_terms"))


def find_positions(
    connection: Connection,
    query: Query,
    *,
    limit: int,
    offset: int = 0,
    total_cap: int = 0,
    before: int | None = None,
    time_s: float,
) -> Found:
    """Return the positions of the newest matches before a position, skipping `offset` of them.

    Matches are counted up to `total_cap`, or to the end of the page where that is further. After `time_s` seconds
    what was found by then is the answer.
    """
    positions: list[int] = []
    total = 0
    if query.problem is not None:
        return Found(positions, total, more=False)
    wanted = max(offset + limit, total_cap)
    deadline = time.monotonic() + time_s
    with _capped(connection, deadline) as state:
        for looked_at, (position, plain) in enumerate(_candidates(connection, query, before, time_s)):
            if looked_at >= _ALWAYS_LOOKED_AT and time.monotonic() > deadline:
                return Found(positions, total, more=True)
            if plain is not None and not query.matches_plain(plain):
                continue
            if total >= wanted:
                return Found(positions, total, more=True)
            if offset <= total < offset + limit:
                positions.append(position)
            total += 1
    return Found(positions, total, more=state.over)


@dataclass(slots=True)
class _State:
    over: bool = False


@contextmanager
def _capped(connection: Connection, deadline: float) -> Iterator[_State]:
    """Let the database itself stop at the deadline; `over` says afterwards that it did."""
    state = _State()
    driver: Any = connection.connection.dbapi_connection
    if isinstance(driver, sqlite3.Connection):
        driver.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    try:
        yield state
    except DBAPIError as error:
        interrupted = getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT
        if not interrupted and getattr(error.orig, "sqlstate", None) != POSTGRES_CANCELLED:
            raise
        state.over = True
    finally:
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(None, 0)


# --- what the index is asked ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plan:
    """A query as far as an index of terms can answer it; `exact` says that nothing is left to compare.

    `all_of` holds a choice a clause, each alternative the terms it needs; `none_of` terms that must not be there.
    """

    all_of: tuple[tuple[tuple[str, ...], ...], ...]
    none_of: tuple[str, ...]
    exact: bool


def _plan(query: Query) -> _Plan:
    all_of, none_of = [], []
    exact = True
    for clause in query.clauses:
        if not any(item.negated for item in clause):
            all_of.append(tuple(_spread(needed_terms(item.phrase)) for item in clause))
            exact = exact and all(_is_term(item) for item in clause)
        elif len(clause) == 1 and _is_term(clause[0]):
            none_of.append(clause[0].phrase)
        else:
            exact = False
    return _Plan(tuple(all_of), tuple(none_of), exact)


def _is_term(item: Item) -> bool:
    # A word of MAX_WORD letters is kept like the beginning of a longer one.
    return len(item.phrase) < MAX_WORD and needed_terms(item.phrase) == [item.phrase]


def _spread(needed: list[str]) -> tuple[str, ...]:
    step = max(1, -(-len(needed) // _MAX_TERMS))
    return tuple(needed[::step])


def _for_sqlite(plan: _Plan) -> str:
    """Return the plan as FTS5 reads it: every term quoted, though it holds letters and digits only."""

    def every(needed: tuple[str, ...]) -> str:
        return " AND ".join(f'"{term}"' for term in needed)

    found = " AND ".join(f"({' OR '.join(f'({every(item)})' for item in clause)})" for clause in plan.all_of)
    unwanted = " OR ".join(f'"{term}"' for term in plan.none_of)
    return f"({found}) NOT ({unwanted})" if unwanted else found


def _for_postgres(plan: _Plan) -> str:
    """Return the plan as a condition on the column `terms`."""

    def array(needed: tuple[str, ...]) -> str:
        quoted = ", ".join(f"'{term}'" for term in needed)
        return f"CAST(ARRAY[{quoted}] AS text[])"

    choices = [" OR ".join(f"terms @> {array(item)}" for item in clause) for clause in plan.all_of]
    unwanted = [f"NOT terms && {array(plan.none_of)}"] if plan.none_of else []
    return " AND ".join([*(f"({choice})" for choice in choices), *unwanted])


def _candidates(
    connection: Connection,
    query: Query,
    before: int | None,
    time_s: float,
) -> Iterator[tuple[int, str | None]]:
    """Yield positions, newest first, each with the plain text that is to be compared; None where it need not be."""
    plan = _plan(query)
    bounds = {"before": _NEWEST if before is None else before}
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(time_s * 1000))}"))
    if not plan.all_of:
        yield from _streamed(connection, text(_SCAN), bounds)
    elif connection.dialect.name == "sqlite":
        statement = text(_SQLITE_EXACT if plan.exact else _SQLITE)
        yield from _streamed(connection, statement, bounds | {"match": _for_sqlite(plan)})
    else:
        yield from _postgres_candidates(connection, plan, bounds)


_SCAN = "SELECT position, plain FROM plain_texts WHERE position < :before ORDER BY position DESC"
_SQLITE_EXACT = (
    "SELECT rowid, NULL FROM entry_terms WHERE entry_terms MATCH :match AND rowid < :before ORDER BY rowid DESC"
)
_SQLITE = (
    "SELECT t.rowid, p.plain FROM entry_terms t CROSS JOIN plain_texts p ON p.position = t.rowid"
    " WHERE t.entry_terms MATCH :match AND t.rowid < :before ORDER BY t.rowid DESC"
)
# PostgreSQL's planner walks all positions for a rare term, or reads every array for a common one. So the newest are
# compared one by one, as on a scan, and what is left is collected through the index and nothing else: MATERIALIZED
# and "+ 0" keep the order and the bound from being used in its place.
_POSTGRES_NEWEST = f"{_SCAN} LIMIT {_FIRST_WINDOW}"
_POSTGRES_REST = (
    "WITH t AS MATERIALIZED (SELECT position FROM entry_terms WHERE {match} AND position + 0 < :floor)"
    " SELECT t.position, {plain} FROM t {join} ORDER BY t.position DESC"
)


def _postgres_candidates(
    connection: Connection,
    plan: _Plan,
    bounds: dict[str, int],
) -> Iterator[tuple[int, str | None]]:
    floor, seen = 0, 0
    for position, plain in _streamed(connection, text(_POSTGRES_NEWEST), bounds):
        yield position, plain
        floor, seen = position, seen + 1
    if seen == _FIRST_WINDOW:
        parts = {"match": _for_postgres(plan), "plain": "NULL", "join": ""}
        if not plan.exact:
            parts |= {"plain": "p.plain", "join": "JOIN plain_texts p ON p.position = t.position"}
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        yield from _streamed(connection, text(_POSTGRES_REST.format(**parts)), {"floor": floor})


def _streamed(
    connection: Connection, statement: TextClause, values: dict[str, Any]
) -> Iterator[tuple[int, str | None]]:
    with connection.execute(statement.execution_options(stream_results=True), values) as rows:
        for row in rows:
            yield row[0], row[1]

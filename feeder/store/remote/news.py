"""Which entries are news: those that a source gains once it has been read; what it has at first is its baseline.

    begin ──> the source's entries from the next number on are its baseline      a note holds both ends
    end   ──> … up to the last number that was given; what comes later is news

A baseline begins when a source is read for the first time, resumed, added again or read again, and lasts until it has
been read whole: so a pass that is killed makes no old article news. A file without a date of its own is none either.
"""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, select

from feeder.model import Entry
from feeder.store.records.documents import note, write_note
from feeder.store.records.entries import ENTRY_COLUMNS, SHOWN, counter, is_dated, to_entry
from feeder.store.tables import entries

_NOTE = "baselines"
_Spans = dict[str, list[tuple[int, int | None]]]
"""By source the first and last numbers of its baselines, oldest first; the last is None while a baseline lasts."""


def begin_baselines(connection: Connection, names: Iterable[str], *, unless_known: bool = False) -> None:
    """Begin a baseline of each of these sources that is not at one; `unless_known`: only where none ever was."""
    spans = _read_spans(connection)
    first = counter(connection, "entries") + 1
    before = json.dumps(spans)
    for name in names:
        known = spans.setdefault(name, [])
        if not (known and known[-1][1] is None) and not (unless_known and known):
            known.append((first, None))
    if json.dumps(spans) != before:
        _write_spans(connection, spans)


def is_baseline(connection: Connection, name: str) -> bool:
    """Whether a source is at a baseline."""
    spans = _read_spans(connection).get(name, [])
    return bool(spans) and spans[-1][1] is None


def end_baselines(connection: Connection, names: Iterable[str]) -> None:
    """End the baselines of sources that have been read whole."""
    spans = _read_spans(connection)
    last = counter(connection, "entries")
    ended = [name for name in names if spans.get(name) and spans[name][-1][1] is None]
    for name in ended:
        first, _ = spans[name].pop()
        # One without entries is kept only if it is the first, which tells that the source was read.
        if first <= last or not spans[name]:
            spans[name].append((first, last))
    if ended:
        _write_spans(connection, spans)


def rename_baselines(connection: Connection, old: str, new: str) -> None:
    """Give the baselines of a source another name."""
    spans = _read_spans(connection)
    if old in spans:
        spans[new] = spans.pop(old)
        _write_spans(connection, spans)


def news_after(connection: Connection, after: int, limit: int) -> tuple[list[tuple[int, Entry]], int | None]:
    """Return the news among the next `limit` entries with a number above `after`, in order of arrival.

    And the number of the last of these entries; None if there are no more after them. Copies of others are no news.
    """
    spans, column = _read_spans(connection), entries.c
    statement = (
        select(column.number, column.held_source, column.held_address, column.published_from, *ENTRY_COLUMNS)
        .where(column.number > after, SHOWN)
        .order_by(column.number)
        .limit(limit)
    )
    rows = connection.execute(statement).mappings().all()
    found = [
        (row["number"], to_entry(row))
        for row in rows
        if is_dated(row["published_from"], row["held_address"])
        and not any(
            first <= row["number"] and (last is None or row["number"] <= last)
            for first, last in spans.get(row["held_source"], ())
        )
    ]
    return found, rows[-1]["number"] if len(rows) == limit else None


def _read_spans(connection: Connection) -> _Spans:
    return {
        name: [tuple(span) for span in spans] for name, spans in json.loads(note(connection, _NOTE) or "{}").items()
    }


def _write_spans(connection: Connection, spans: _Spans) -> None:
    write_note(connection, _NOTE, json.dumps(spans, ensure_ascii=False))

"""Rows as plain values, the same from SQLite and PostgreSQL, read and written as streams; and their digest.

A row has whole numbers, texts, booleans and None: moments are numbers in both databases, and JSON is the text that was
stored. PostgreSQL is read and written with COPY. Nothing here holds more than a batch of rows.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from json import JSONEncoder
from typing import Any, NamedTuple, Self

from sqlalchemy import JSON, Boolean, Connection, Table
from sqlalchemy.dialects import postgresql

from feeder.store.engine import driver

Value = str | int | bool | None
Row = tuple[Value, ...]

_BATCH_ROWS, _BATCH_CHARACTERS = 5_000, 4_000_000
_BITS = 128
_ENCODE = JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=repr).encode  # SQLite may have other types
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's


class RowsDigest(NamedTuple):
    """A number of rows, and a digest of them that does not depend on their order: the sum of those of each."""

    rows: int = 0
    sum: int = 0

    def plus(self, rows: Iterable[Row]) -> Self:
        """Return the digest of these rows too."""
        count, total = self
        for row in rows:
            text = _ENCODE(row).encode("utf-8")
            total += int.from_bytes(blake2b(text, digest_size=_BITS // 8).digest())
            count += 1
        return self._replace(rows=count, sum=total % 2**_BITS)

    def __str__(self) -> str:
        return f"{self.sum:0{_BITS // 4}x}"


@dataclass
class Repairs:
    """Counts texts that were not UTF-8, or have a NUL that the other database does not take: each becomes U+FFFD."""

    nul: bool
    count: int = 0

    def read(self, data: bytes) -> str:
        """Return a text that SQLite has stored."""
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text = data.decode(errors="replace")
            self.count += 1
        if self.nul and "\0" in text:
            text = text.replace("\0", "\ufffd")
            self.count += 1
        return text


@contextmanager
def repaired(connection: Connection, *, nul: bool) -> Iterator[Repairs]:
    """Repair what is read from SQLite; PostgreSQL stores only what is whole. `nul`: NUL characters too."""
    repairs = Repairs(nul)
    if connection.dialect.name != "sqlite":
        yield repairs
        return
    with driver(connection) as raw:
        raw.text_factory = repairs.read
        try:
            yield repairs
        finally:
            raw.text_factory = str


def key_columns(table: Table) -> list[int]:
    """Return the places of a table's primary key in its rows."""
    return [table.columns.keys().index(column.name) for column in table.primary_key]


@contextmanager
def reading(connection: Connection, table: Table, *, after: Row = (), upto: Row = ()) -> Iterator[Iterator[Row]]:
    """Read a table's rows in the order of its key, those `after` a key, or those up to one.

    While a COPY runs, its connection cannot even roll back: it ends with the block.

    Raises:
        StoreError: the database cannot be read.
    """
    sqlite = connection.dialect.name == "sqlite"
    quote = connection.dialect.identifier_preparer.quote
    names = [quote(column.name) for column in table.columns]
    keys = ", ".join(names[index] for index in key_columns(table))
    shown = [
        f"CAST({name} AS TEXT)" if isinstance(column.type, JSON) else name
        for name, column in zip(names, table.columns, strict=True)
    ]
    bound = after or upto
    marks = ", ".join("?" if sqlite else "%s" for _ in bound)
    where = f" WHERE ({keys}) {'>' if after else '<='} ({marks})" if bound else ""
    query = f"SELECT {', '.join(shown)} FROM {quote(table.name)}{where} ORDER BY {keys}"  # noqa: S608  our own names
    read = _read_sqlite if sqlite else _read_postgresql
    with driver(connection) as raw, closing(read(raw, query, bound, table)) as rows:
        yield rows


def _read_sqlite(raw: Any, query: str, bound: Row, table: Table) -> Generator[Row]:  # noqa: ANN401  the driver's
    truths = [isinstance(column.type, Boolean) for column in table.columns]
    with closing(raw.execute(query, bound)) as rows:
        if not any(truths):
            yield from rows
            return
        for row in rows:
            yield tuple(
                bool(value) if is_truth and value is not None else value
                for value, is_truth in zip(row, truths, strict=True)
            )


def _read_postgresql(raw: Any, query: str, bound: Row, table: Table) -> Generator[Row]:  # noqa: ANN401  the driver's
    with raw.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", bound) as copy:
        copy.set_types(_types(table))
        yield from copy.rows()


def write_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows to a table.

    Raises:
        StoreError: the database refuses them, or cannot be written.
    """
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in table.columns)
    with driver(connection) as raw:
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" for _ in table.columns)
            raw.executemany(f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})", rows)  # noqa: S608  our own names
            return
        # As text: the server then says which value of which column it refuses.
        with raw.cursor() as cursor, cursor.copy(f"COPY {quote(table.name)} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _types(table: Table) -> list[str]:
    """Return the types that PostgreSQL's driver reads; JSON as the text that it is."""
    return [
        "text" if isinstance(column.type, JSON) else column.type.compile(dialect=_POSTGRESQL).lower()
        for column in table.columns
    ]


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield the rows in lists that are small, however large the rows are."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, str))
        if len(batch) >= _BATCH_ROWS or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

"""What is published in one folder: the entries with their places in lists, and each file with its fingerprint.

    entries    the mark of every entry that readers see, and its month
    groups     sources, categories and languages with their numbers of entries; members: the entries of each
    related    the related entries of each, by the terms that they share (`output/related.py`)
    archived   the archive that an entry is in; one that went and came back is new
    files      the fingerprint of each file, and its size and time as they were left

An SQLite file beside the store, where readers cannot fetch it. It only saves work: without it all pages are rendered,
and those with the same bytes are not rewritten. It is committed after the files that it tells of have been written: a
killed pass does its work again.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from feeder.errors import PublishError
from feeder.publish.archives import Archive
from feeder.publish.html.pages import MonthEntry, Neighbour
from feeder.publish.output.related import SCHEMA as RELATED_SCHEMA
from feeder.publish.output.related import Related
from feeder.publish.topics import Group, groups_of
from feeder.store import MarkChanges, PageMark

_VERSION = 2
_SCHEMA = f"""
{RELATED_SCHEMA}
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    number INTEGER PRIMARY KEY, month TEXT NOT NULL, archive TEXT, position INTEGER NOT NULL, key TEXT NOT NULL,
    published TEXT NOT NULL, title TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, language TEXT,
    categories TEXT NOT NULL, dated INTEGER NOT NULL
);
CREATE INDEX entries_position ON entries (position);
CREATE INDEX entries_newest ON entries (dated, position);
CREATE INDEX entries_key ON entries (key);
CREATE INDEX entries_month ON entries (month, position);
CREATE INDEX entries_current ON entries (dated, position) WHERE archive IS NULL;
CREATE TABLE copies (number INTEGER PRIMARY KEY, copy_of INTEGER NOT NULL);
CREATE TABLE groups (
    folder TEXT, name TEXT, title TEXT NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (folder, name)
) WITHOUT ROWID;
CREATE TABLE members (
    folder TEXT, name TEXT, dated INTEGER, position INTEGER, number INTEGER,
    PRIMARY KEY (folder, name, dated, position, number)
) WITHOUT ROWID;
CREATE TABLE archives (sequence INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE archived (key TEXT PRIMARY KEY, archive TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX archived_in ON archived (archive);
CREATE TABLE files (path TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, looks TEXT NOT NULL) WITHOUT ROWID;
"""
_MARK = "position, key, published, title, version, source, language, categories, dated"
_END = "\U0010ffff"  # after every path


@dataclass
class Touched:
    """What changes of entries touch.

    `entries` are the numbers of those whose page may change, `gone` the keys of those that readers see no more, `fresh`
    the numbers of those that are new or have another title or categories, `renamed` those that lists of others show
    otherwise.
    `groups` are folders and names.
    """

    entries: set[int] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    fresh: set[int] = field(default_factory=set)
    renamed: set[int] = field(default_factory=set)
    months: set[str] = field(default_factory=set)
    groups: set[tuple[str, str]] = field(default_factory=set)


class MonthTotal(NamedTuple):
    """A month such as "2023-02" and the number of its entries."""

    name: str
    total: int


class Ledger:
    """An open ledger. Nothing is kept before `commit`. `month_of` tells the month of a moment, such as "2023-02"."""

    def __init__(self, connection: sqlite3.Connection, month_of: Callable[[datetime], str]) -> None:
        self._run, self._run_many = connection.execute, connection.executemany
        self._month_of = month_of
        self._connection = connection
        self._begins_anew = False
        self.related = Related(connection)

    @classmethod
    def open(cls, file: Path, month_of: Callable[[datetime], str]) -> Self:
        """Open the ledger in a file; a damaged one, or that of another version, is begun anew.

        Raises:
            PublishError: it cannot be written.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with suppress(sqlite3.DatabaseError):
                return cls(_connect(file), month_of)
            file.unlink(missing_ok=True)
            return cls(_connect(file), month_of)
        except (OSError, sqlite3.Error) as error:
            raise PublishError(f"{file}: cannot be written: {error}; the published files are unchanged") from None

    def close(self) -> None:
        """Close it; what was not committed is lost."""
        self._connection.close()

    def commit(self) -> None:
        """Keep what was written since the last commit."""
        self._connection.commit()

    # --- values -----------------------------------------------------------------------------------------------------

    def get(self, name: str) -> str:
        """Return a value; "" if there is none."""
        row = self._run("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def put(self, name: str, value: str) -> None:
        """Set a value."""
        self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # --- files ------------------------------------------------------------------------------------------------------

    def fingerprint(self, path: str) -> str | None:
        """Return the fingerprint of a file; None if we have written none there."""
        row = self._run("SELECT fingerprint FROM files WHERE path = ?", (path,)).fetchone()
        return str(row[0]) if row else None

    def set_file(self, path: str, fingerprint: str, looks: str) -> None:
        """Record a file that was written or found."""
        self._run("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", (path, fingerprint, looks))

    def remove_file(self, path: str) -> None:
        """Forget a file."""
        self._run("DELETE FROM files WHERE path = ?", (path,))

    def clear_files(self) -> None:
        """Forget all files."""
        self._run("DELETE FROM files")

    def files(self, prefix: str = "") -> dict[str, str]:
        """Return the files whose paths begin with a prefix, with their sizes and times."""
        return dict(self._run("SELECT path, looks FROM files WHERE path >= ? AND path < ?", (prefix, prefix + _END)))

    def count_files(self) -> int:
        """Return the number of files."""
        return int(self._run("SELECT COUNT(*) FROM files").fetchone()[0])

    # --- changes ----------------------------------------------------------------------------------------------------

    def clear_entries(self) -> None:
        """Forget all entries, but not which archives they are in, nor any file."""
        for table in ("entries", "copies", "groups", "members"):
            self._run(f"DELETE FROM {table}")  # noqa: S608  a constant
        self._begins_anew = True
        self.related.clear()

    def apply(self, changes: MarkChanges, touched: Touched) -> None:
        """Take over changes of the store; add what they touch."""
        known = self._known([*changes.gone, *changes.copies, *changes.marks])
        for number in known & {*changes.gone, *changes.copies}:
            if self._remove(number, touched) is not None:
                self.related.remove(number)
                touched.fresh.discard(number)
                touched.renamed.add(number)
        for number, mark in changes.marks.items():
            old = self._remove(number, touched) if number in known else None
            if old is None or (old.title, old.categories) != (mark.title, mark.categories):
                touched.fresh.add(number)
            if old is not None and old[2:4] != mark[2:4]:
                touched.renamed.add(number)
        self._add(changes.marks, touched)
        for number, copy_of in changes.copies.items():
            touched.entries.add(copy_of)
            self._run("INSERT OR REPLACE INTO copies VALUES (?, ?)", (number, copy_of))

    def _known(self, numbers: Sequence[int]) -> set[int]:
        """Return those of some numbers that are entries or copies of entries."""
        rows = self._run(
            "WITH asked AS (SELECT value FROM json_each(?)) SELECT number FROM entries WHERE number IN asked "
            "UNION SELECT number FROM copies WHERE number IN asked",
            (json.dumps(numbers),),
        )
        return {row[0] for row in rows}

    def _add(self, marks: Mapping[int, PageMark], touched: Touched) -> None:
        archived = dict(
            self._run(
                "SELECT key, archive FROM archived WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps([mark.key for mark in marks.values()]),),
            )
        )
        rows, members = [], []
        totals: dict[tuple[str, str], Group] = {}
        for number, mark in marks.items():
            categories = json.dumps(mark.categories, ensure_ascii=False)
            row = (*mark[:2], mark.published.isoformat(), *mark[3:-2], categories, mark.is_dated)
            month = self._month_of(mark.published)
            rows.append((number, month, archived.get(mark.key), *row))
            groups = list(groups_of(mark))
            for group in groups:
                place = group[:2]
                totals[place] = group._replace(total=totals[place].total + 1 if place in totals else 1)
                members.append((*place, mark.is_dated, mark.position, number))
            touched.months.add(month)
            touched.groups.update(group[:2] for group in groups)
            touched.gone.discard(mark.key)
            touched.entries.add(number)
        self._run_many(
            f"INSERT INTO entries (number, month, archive, {_MARK}) VALUES ({', '.join('?' * 12)})",  # noqa: S608  constants
            rows,
        )
        self._run_many("INSERT INTO members VALUES (?, ?, ?, ?, ?)", members)
        self._run_many(
            "INSERT INTO groups VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET total = total + excluded.total",
            totals.values(),
        )
        if not self._begins_anew:  # then every entry is touched itself
            for mark in marks.values():
                self._touch_neighbours(mark.position, touched)

    def _remove(self, number: int, touched: Touched) -> PageMark | None:
        copy = self._run("DELETE FROM copies WHERE number = ? RETURNING copy_of", (number,)).fetchone()
        if copy is not None:
            touched.entries.add(copy[0])
        row = self._run(f"DELETE FROM entries WHERE number = ? RETURNING {_MARK}", (number,)).fetchone()  # noqa: S608  constants
        if row is None:
            return None
        mark = _to_mark(row)
        for folder, name, _, _ in groups_of(mark):
            self._run("UPDATE groups SET total = total - 1 WHERE folder = ? AND name = ?", (folder, name))
            self._run(
                "DELETE FROM members WHERE folder = ? AND name = ? AND dated = ? AND position = ? AND number = ?",
                (folder, name, mark.is_dated, mark.position, number),
            )
            touched.groups.add((folder, name))
        touched.months.add(self._month_of(mark.published))
        self._touch_neighbours(mark.position, touched)
        touched.gone.add(mark.key)
        touched.entries.discard(number)
        return mark

    def _touch_neighbours(self, position: int, touched: Touched) -> None:
        """Note the neighbours of an entry, whose pages name it."""
        for sign, order in ((">", "ASC"), ("<", "DESC")):
            touched.entries.update(row[0] for row in self._beside("number", position, sign, order))

    def related_to(self, keys: Iterable[str]) -> dict[str, list[MonthEntry]]:
        """Return what is related to each of some entries, the closest first; without those to which nothing is."""
        found: dict[str, list[MonthEntry]] = {}
        rows = self._run(
            "SELECT entries.key, others.key, others.published, others.title, others.language FROM entries "
            "JOIN related ON related.number = entries.number JOIN json_each(related.others) AS place "
            "JOIN entries AS others ON others.number = place.value "
            "WHERE entries.key IN (SELECT value FROM json_each(?)) ORDER BY entries.number, place.key",
            (json.dumps(list(keys)),),
        )
        for key, other, published, title, language in rows:
            found.setdefault(key, []).append(MonthEntry(other, datetime.fromisoformat(published), title, language))
        return found

    # --- lists ------------------------------------------------------------------------------------------------------

    def numbers(self) -> list[int]:
        """Return the numbers of all entries, newest first."""
        return [row[0] for row in self._run("SELECT number FROM entries ORDER BY position DESC")]

    def count(self) -> int:
        """Return the number of entries."""
        return int(self._run("SELECT COUNT(*) FROM entries").fetchone()[0])

    def marks(self, numbers: Sequence[int]) -> list[PageMark]:
        """Return the marks of entries that are there, newest first."""
        wanted = json.dumps(list(numbers))
        where = "number IN (SELECT value FROM json_each(?)) ORDER BY position DESC"
        return [_to_mark(row) for row in self._run(f"SELECT {_MARK} FROM entries WHERE {where}", (wanted,))]  # noqa: S608  constants

    def neighbours(self, position: int) -> tuple[Neighbour | None, Neighbour | None]:
        """Return the next newer and the next older entry than one at a position; None if there is none."""
        newer, older = (
            next((Neighbour._make(row) for row in self._beside("key, title, language", position, sign, order)), None)
            for sign, order in ((">", "ASC"), ("<", "DESC"))
        )
        return newer, older

    def _beside(self, columns: str, position: int, sign: str, order: str) -> Iterable[Any]:
        statement = f"SELECT {columns} FROM entries WHERE position {sign} ? ORDER BY position {order} LIMIT 1"  # noqa: S608  constants
        return self._run(statement, (position,)).fetchall()

    def parts(self, size: int) -> dict[int, list[tuple[str, str]]]:
        """Return keys and versions of all entries in parts of `size` numbers in the store, the last part first."""
        rows = self._run("SELECT number / ?, key, version FROM entries ORDER BY number DESC", (size,))
        found: dict[int, list[tuple[str, str]]] = {}
        for part, key, version in rows:
            found.setdefault(part, []).append((key, version))
        return found

    def newest(self) -> Iterator[tuple[str, str]]:
        """Yield the key and source of all entries, newest first; those that are not dated come last."""
        yield from self._run("SELECT key, source FROM entries ORDER BY dated DESC, position DESC")

    def months(self) -> list[MonthTotal]:
        """Return all months, newest first."""
        rows = self._run("SELECT month, COUNT(*) FROM entries GROUP BY month ORDER BY month DESC")
        return [MonthTotal(*row) for row in rows]

    def month(self, name: str) -> list[MonthEntry]:
        """Return the entries of a month, newest first."""
        rows = self._run(
            "SELECT key, published, title, language, source FROM entries WHERE month = ? ORDER BY position DESC",
            (name,),
        )
        return [MonthEntry(key, datetime.fromisoformat(published), *more) for key, published, *more in rows]

    def groups(self) -> list[Group]:
        """Return all groups that have entries."""
        return [Group(*row) for row in self._run("SELECT folder, name, title, total FROM groups WHERE total > 0")]

    def members(self, group: Group, limit: int) -> list[PageMark]:
        """Return the marks of the newest entries of a group, newest first; those that are not dated come last."""
        rows = self._run(
            "SELECT number FROM members WHERE folder = ? AND name = ? ORDER BY dated DESC, position DESC LIMIT ?",
            (group.folder, group.name, limit),
        )
        marks = self.marks([row[0] for row in rows])
        return sorted(marks, key=lambda mark: (mark.is_dated, mark.position), reverse=True)

    # --- archives ---------------------------------------------------------------------------------------------------

    def current(self) -> Iterator[tuple[str, str]]:
        """Yield, in the order of `newest`, the entries that are in no archive."""
        yield from self._run("SELECT key, source FROM entries WHERE archive IS NULL ORDER BY dated DESC, position DESC")

    def archives(self) -> list[str]:
        """Return the names of all archives, oldest first."""
        return [row[0] for row in self._run("SELECT name FROM archives ORDER BY sequence")]

    def archive(self, name: str) -> Archive:
        """Return an archive with the entries in it that readers see."""
        rows = self._run(
            "SELECT entries.key FROM archived JOIN entries ON entries.key = archived.key "
            "WHERE archived.archive = ? ORDER BY entries.position DESC",
            (name,),
        )
        return Archive(name, tuple(row[0] for row in rows))

    def leave_archives(self, keys: Iterable[str]) -> set[str]:
        """Take entries that are gone out of their archives; return the names of these."""
        wanted = json.dumps(list(keys))
        statement = "DELETE FROM archived WHERE key IN (SELECT value FROM json_each(?)) RETURNING archive"
        return {row[0] for row in self._run(statement, (wanted,))}

    def frozen_archives(self) -> set[str]:
        """Return the names of the archives with entries that readers see nowhere else any more."""
        statement = "SELECT DISTINCT archive FROM archived WHERE key NOT IN (SELECT key FROM entries)"
        return {row[0] for row in self._run(statement)}

    def thaw_archives(self, names: Iterable[str]) -> None:
        """Take the entries that are gone out of these archives."""
        wanted = json.dumps(list(names))
        self._run(
            "DELETE FROM archived WHERE archive IN (SELECT value FROM json_each(?))"
            " AND key NOT IN (SELECT key FROM entries)",
            (wanted,),
        )

    def add_archive(self, archive: Archive) -> None:
        """Add an archive behind all others."""
        self._run("INSERT INTO archives (name) VALUES (?)", (archive.name,))
        self._run_many("INSERT OR REPLACE INTO archived VALUES (?, ?)", [(key, archive.name) for key in archive.keys])
        self._run_many("UPDATE entries SET archive = ? WHERE key = ?", [(archive.name, key) for key in archive.keys])

    def clear_archives(self) -> None:
        """Forget all archives."""
        self._run("DELETE FROM archives")
        self._run("DELETE FROM archived")
        self._run("UPDATE entries SET archive = NULL")


def _to_mark(row: Sequence[Any]) -> PageMark:
    position, key, published, title, version, source, language, categories, is_dated = row
    moment, names = datetime.fromisoformat(published), tuple(json.loads(categories))
    return PageMark(position, key, moment, title, version, source, language, names, bool(is_dated))


def _connect(file: Path) -> sqlite3.Connection:
    """Open a ledger and make its tables.

    Raises:
        sqlite3.DatabaseError: it is another file, or that of another version.
    """
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = NORMAL")
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:  # a new file; for that of another version, making the tables fails
            connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
    except BaseException:
        connection.close()
        raise
    return connection

"""What a bucket holds: a record of each object that was uploaded to it from one folder.

    objects   path, `looks` (size and time of its file when uploaded), digest of its content and headers, and the
              tag that the storage gave, "" if it may not be there
    present   the files that the folder has now, and `listed` the objects; of the current upload only

An SQLite file beside the ledger. An object is noted as unknown before it is written, its digest after that: a killed
upload does its work again, and forgets nothing that it may have left in the bucket. Without the record, the bucket is
listed and compared.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from feeder.errors import PublishError
from feeder.objects.bucket import Stored

UNKNOWN = "?"  # the digest of an object that may be of any content
_UNREAD = ""  # the digest of an object that only a listing has told of
_VERSION = 1
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE objects (
    path TEXT PRIMARY KEY, looks TEXT NOT NULL, digest TEXT NOT NULL, tag TEXT NOT NULL, named INTEGER NOT NULL
) WITHOUT ROWID;
"""
_TEMPORARY = """
CREATE TEMP TABLE present (path TEXT PRIMARY KEY, looks TEXT NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE listed (path TEXT PRIMARY KEY, tag TEXT NOT NULL) WITHOUT ROWID;
"""


class Candidate(NamedTuple):
    """A file that may differ from its object: the object's digest and tag, "" for none; whether others may name it."""

    path: str
    looks: str
    digest: str
    tag: str
    is_named: bool

    @property
    def is_unread(self) -> bool:
        """Whether all that is known of the object is its tag."""
        return bool(self.tag) and self.digest == _UNREAD


class Record:
    """An open record. Nothing is kept before `commit`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._run, self._run_many = connection.execute, connection.executemany

    @classmethod
    def open(cls, file: Path) -> Self:
        """Open the record in a file; a damaged one, or that of another version, is begun anew.

        Raises:
            PublishError: it cannot be written.
        """
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with suppress(sqlite3.DatabaseError):
                return cls(_connect(file))
            file.unlink(missing_ok=True)
            return cls(_connect(file))
        except (OSError, sqlite3.Error) as error:
            raise PublishError(f"{file}: cannot be written: {error}; nothing was uploaded") from None

    def close(self) -> None:
        """Close it; what was not committed is lost."""
        self._connection.close()

    def commit(self) -> None:
        """Keep what was written since the last commit."""
        self._connection.commit()

    def get(self, name: str) -> str:
        """Return a value; "" if there is none."""
        row = self._run("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def put(self, name: str, value: str) -> None:
        """Set a value."""
        self._run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def count(self) -> int:
        """Return the number of objects."""
        return int(self._run("SELECT COUNT(*) FROM objects").fetchone()[0])

    # --- comparing --------------------------------------------------------------------------------------------------

    def add_present(self, files: Iterable[tuple[str, str]]) -> None:
        """Note files of the folder with their looks."""
        self._run_many("INSERT OR REPLACE INTO present VALUES (?, ?)", files)

    def add_listed(self, objects: Iterable[Stored]) -> None:
        """Note objects that the bucket has."""
        self._run_many("INSERT OR REPLACE INTO listed VALUES (?, ?)", ((one.path, one.tag) for one in objects))

    def listed(self) -> Iterator[str]:
        """Yield the paths of all listed objects that no record tells of."""
        rows = self._run("SELECT path FROM listed WHERE path NOT IN (SELECT path FROM objects)").fetchall()
        yield from (row[0] for row in rows)

    def compare(self, ours: Iterable[str], *, trusted: bool) -> None:
        """Make the record say what was listed; of objects without a record, only `ours` and those with a file.

        `trusted`: these have the right headers, so that those with the same content need not be uploaded.
        """
        unread = _UNREAD if trusted else UNKNOWN
        self._run("DELETE FROM objects WHERE path NOT IN (SELECT path FROM listed)")
        self._run(
            "UPDATE objects SET looks = '', digest = ?, tag = listed.tag FROM listed "
            "WHERE listed.path = objects.path AND listed.tag != objects.tag",
            (UNKNOWN,),
        )
        self._run_many(
            "INSERT OR IGNORE INTO objects SELECT path, '', ?, tag, 1 FROM listed WHERE path = ?",
            ((unread, path) for path in ours),
        )
        self._run(
            "INSERT OR IGNORE INTO objects SELECT path, '', ?, tag, 1 FROM listed "
            "WHERE path IN (SELECT path FROM present)",
            (unread,),
        )

    def distrust(self) -> None:
        """Have every file read again: its headers may be others than those of its object."""
        self._run("UPDATE objects SET looks = ''")

    def candidates(self) -> list[Candidate]:
        """Return the files that do not look as they were uploaded."""
        rows = self._run(
            "SELECT present.path, present.looks, ifnull(digest, ''), ifnull(tag, ''), ifnull(named, 0) FROM present "
            "LEFT JOIN objects ON objects.path = present.path WHERE objects.looks IS NOT present.looks"
        )
        return [Candidate(*row) for row in rows]

    def gone(self) -> list[str]:
        """Return the objects whose files are gone."""
        rows = self._run("SELECT path FROM objects WHERE path NOT IN (SELECT path FROM present)")
        return [row[0] for row in rows]

    # --- uploading --------------------------------------------------------------------------------------------------

    def doubt(self, paths: Iterable[str]) -> None:
        """Note that objects will be written, so that their content is not known from now on."""
        self._run_many(
            "INSERT INTO objects VALUES (?, '', ?, '', 0) ON CONFLICT (path) DO UPDATE SET looks = '', digest = ?",
            ((path, UNKNOWN, UNKNOWN) for path in paths),
        )

    def set(self, path: str, looks: str, digest: str, tag: str) -> None:
        """Note what an object is that is known already."""
        self._run("UPDATE objects SET looks = ?, digest = ?, tag = ? WHERE path = ?", (looks, digest, tag, path))

    def name_all(self) -> None:
        """Note that from now on every object may be named by others."""
        self._run("UPDATE objects SET named = 1 WHERE NOT named")

    def remove(self, paths: Iterable[str]) -> None:
        """Forget objects."""
        self._run_many("DELETE FROM objects WHERE path = ?", ((path,) for path in paths))


def _connect(file: Path) -> sqlite3.Connection:
    """Open a record and make its tables.

    Raises:
        sqlite3.DatabaseError: it is another file, or that of another version.
    """
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = NORMAL")
        [version] = connection.execute("PRAGMA user_version").fetchone()
        if version != _VERSION:  # a new file; for that of another version, making the tables fails
            connection.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {_VERSION};COMMIT;")
        connection.executescript(_TEMPORARY)
    except BaseException:
        connection.close()
        raise
    return connection

"""Empty PostgreSQL databases for tests: copies of a template, emptied after each test and lent again.

To delete what a test wrote costs a hundredth of creating and dropping a database.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Connection

_MOST_ROWS = 2000  # whoever deletes more leaves so many dead rows that they would slow the next tests
_OTHERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# All that a test could change beside rows. A dropped column keeps its place under another name.
_SHAPE = """
    SELECT concat_ws(' ', relname, attname, atttypid, attnotnull, atthasdef)
    FROM pg_class c LEFT JOIN pg_attribute ON attrelid = c.oid WHERE relnamespace >= 16384 OR relnamespace = 2200
    UNION ALL SELECT conname FROM pg_constraint UNION ALL SELECT tgname FROM pg_trigger
    UNION ALL SELECT proname FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting ORDER BY 1
"""
_TABLES = "SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200 ORDER BY 1"
_SEQUENCES = """
    SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL
"""


class Databases:
    """The databases of a server that begin as `prepare` leaves an empty one, whose URL it gets."""

    def __init__(self, server: str, name: str, prepare: Callable[[str], None]) -> None:
        self._server, self._template = server, f"{name}_template"
        self._names = (f"{name}_{os.getpid()}_{number}" for number in count())
        self._free: list[str] = []
        self._do(f"CREATE DATABASE {self._template}")
        prepare(self._url(self._template))
        with self._connected(self._template) as connection:
            self._shape = connection.execute(_SHAPE).fetchall()
            self._rows = {table: _copy_out(connection, table) for [table] in connection.execute(_TABLES).fetchall()}

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Yield the URL of a database that is as prepared."""
        if self._free:
            name = self._free.pop()
        else:
            self._do(f"CREATE DATABASE {(name := next(self._names))} TEMPLATE {self._template}")
        yield self._url(name)
        if self._is_emptied(name):
            self._free.append(name)
        else:
            self._do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _is_emptied(self, name: str) -> bool:
        """Make a database what it was; False if that takes more than deleting rows."""
        from psycopg import Error  # noqa: PLC0415  may not be installed; then `postgresql_server` has skipped

        with suppress(Error), self._connected(name) as connection:
            connection.execute(_OTHERS)
            if connection.execute(_SHAPE).fetchall() != self._shape:
                return False
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")  # foreign keys are not looked at
                deleted = sum(connection.execute(f"DELETE FROM {table}").rowcount for table in self._rows)
                for table, rows in self._rows.items():
                    if rows:
                        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                            copy.write(rows)
                connection.execute(_SEQUENCES)
            return deleted <= _MOST_ROWS
        return False

    def _do(self, statement: str) -> None:
        with self._connected("postgres") as connection:
            connection.execute(statement)

    def _connected(self, name: str) -> "Connection[Any]":
        from psycopg import connect  # noqa: PLC0415  may not be installed; then `postgresql_server` has skipped

        return connect(self._url(name), autocommit=True)

    def _url(self, name: str) -> str:
        return self._server.replace("/postgres?", f"/{name}?")


def _copy_out(connection: "Connection[Any]", table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(map(bytes, copy))

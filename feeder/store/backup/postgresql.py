"""Backing up and restoring a PostgreSQL store with PostgreSQL's own programs.

    back_up   pg_dump --format=custom, of the schema that feeder's tables are in, without those of other programs
    restore   BEGIN; drop what is ours in it; what pg_restore makes of the file; a note; COMMIT  ── psql

COMMIT is sent only after `pg_restore` has ended well: whatever is killed before, the server rolls back. The password is
in a file that only this user can read, never in the arguments of a process.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL, Connection, Engine, inspect, text

from feeder.errors import StoreError, StoreMissingError
from feeder.store import engine as _engine
from feeder.store.backup.note import restored_sql
from feeder.store.locks import exclusive_pass, refuse_others
from feeder.store.migrate import VERSION_TABLE, migrate_store, refuse_newer, refuse_unfinished
from feeder.store.tables import metadata

_BUSY_TIMEOUT_S = 5.0
_CHUNK_BYTES = 1 << 20
_OURS = "feeder restore"
# All in the schema that has a name. What belongs to an extension goes with it, and a sequence with its column.
_THINGS = """
SELECT turn, kind, name, shown FROM (
  SELECT CASE relkind WHEN 'c' THEN 3 ELSE 1 END AS turn, oid, 'pg_class'::regclass AS catalog, relname::text AS name,
    CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE'
      WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind, format('%I.%I', current_schema(), relname) AS shown
  FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'c', 'f')
  UNION ALL
  SELECT 2, oid, 'pg_proc'::regclass, proname, 'ROUTINE', oid::regprocedure::text
  FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
  UNION ALL
  SELECT 3, oid, 'pg_type'::regclass, typname, 'TYPE', oid::regtype::text
  FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd', 'r')
) AS things WHERE NOT EXISTS (
  SELECT FROM pg_depend
  WHERE classid = catalog AND objid = things.oid AND (deptype = 'e' OR (kind = 'SEQUENCE' AND deptype IN ('a', 'i')))
)
"""
# Views elsewhere that read our tables would go with them.
_VIEWS = """
SELECT DISTINCT 'VIEW', view.oid::regclass::text FROM pg_depend
JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND objid = pg_rewrite.oid
JOIN pg_class AS view ON view.oid = ev_class
JOIN pg_class AS ours ON refclassid = 'pg_class'::regclass AND refobjid = ours.oid
WHERE ours.relnamespace = current_schema()::regnamespace AND view.relnamespace <> ours.relnamespace ORDER BY 2
"""
_DROP = """
DO $$
DECLARE thing record;
BEGIN
  FOR thing IN SELECT * FROM ({things}) AS things WHERE name ~ '{ours}' ORDER BY turn LOOP
    EXECUTE format('DROP %s IF EXISTS %s CASCADE', thing.kind, thing.shown);
  END LOOP;
END $$;
"""
_NO_TABLES = ("ROUTINE", "TYPE")
_NAMED = 3  # things of others, in a message


def _ours(services: Collection[str]) -> str:
    """Return a regular expression of what is feeder's, its engine's or its services' by its name."""
    return f"^(({'|'.join(metadata.tables)})$|({'|'.join(['feeder', 'procrastinate', *services])})_)"


def back_up(address: URL, target: Path, *, services: Collection[str], shown: Path, tools: Path | None) -> int:
    """Write a store into a file named `shown` in messages, and return the number of its entries."""
    with _opened(address, "feeder backup") as (engine, schema), _service(address) as environment:
        _check_version(engine, "pg_dump", tools)
        with _engine.read(engine) as connection:
            if not inspect(connection).has_table(VERSION_TABLE):
                raise StoreMissingError(f"{_engine.shown(address)}: there is no store to back up")
            revision = connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}"))  # noqa: S608  a constant
            refuse_unfinished(revision, _engine.shown(address))
            entries = int(connection.scalar(text("SELECT count(*) FROM entries")) or 0)
        command = ["--dbname=service=feeder", "--format=custom", "--no-password", "--no-owner", "--no-privileges"]
        command += [f"--exclude-table={name}" for kind, name in _of_others(engine, services) if kind not in _NO_TABLES]
        _run("pg_dump", [*command, f"--schema={_quoted(schema)}", f"--file={target}"], tools, environment, at=shown)
        _run("pg_restore", ["--list", str(target)], tools, environment, at=shown)
    return entries


def restore(
    address: URL,
    file: Path,
    *,
    services: Collection[str],
    now: datetime,
    force: bool,
    repost: bool,
    tools: Path | None,
) -> int:
    """Replace a store by a backup; return the number of its entries."""
    with (
        _opened(address, _OURS) as (engine, schema),
        _service(address) as environment,
        exclusive_pass(engine),
    ):
        _check_version(engine, "psql", tools)
        refuse_others(engine, _OURS)
        if not force:
            _refuse_content(engine)
        if others := [name for _, name in _of_others(engine, services)]:
            named = ", ".join([*others[:_NAMED], *(["…"] if len(others) > _NAMED else [])])
            raise StoreError(
                f"{_engine.shown(address)}: there is something of other programs ({named}); restore into a database "
                "of feeder's own"
            )
        refuse_newer(_revision_in(file, schema, VERSION_TABLE, tools, environment) or "", str(file))
        for service in services:
            revision = _revision_in(file, schema, f"{service}_version", tools, environment)
            if revision is not None:
                refuse_newer(revision, str(file), service)
        drop = _DROP.format(things=_THINGS, ours=_ours(services))
        _replace(file, schema, drop, "" if repost else f"{restored_sql(now)};\n", tools, environment)
        migrate_store(engine)
        with _engine.read(engine) as connection:
            return int(connection.scalar(text("SELECT count(*) FROM entries")) or 0)


@contextmanager
def _opened(address: URL, program: str) -> Iterator[tuple[Engine, str]]:
    """Yield an engine, under a name for the server's list of sessions, and the schema of our tables."""
    engine = _engine.make_engine(address, busy_timeout_s=_BUSY_TIMEOUT_S, program=program)
    try:
        with _engine.read(engine) as connection:
            schema = connection.scalar(text("SELECT current_schema()"))
        if not schema:
            raise StoreError(f"{_engine.shown(address)}: the user has no schema; check its search_path")
        yield engine, schema
    finally:
        engine.dispose()


@contextmanager
def _service(address: URL) -> Iterator[dict[str, str]]:
    """Yield an environment in which the service `feeder` is the database, for libpq.

    The file of the service can be read by no other user, unlike arguments.
    """
    values: dict[str, Any] = {**address.translate_connect_args(username="user", database="dbname"), **address.query}
    with tempfile.NamedTemporaryFile("w", prefix="feeder-", suffix=".conf", encoding="utf-8") as file:
        file.write("[feeder]\n" + "".join(f"{name}={value}\n" for name, value in values.items()))
        file.flush()
        yield {**os.environ, "PGSERVICEFILE": file.name, "LC_MESSAGES": "C"}


def _check_version(engine: Engine, program: str, tools: Path | None) -> None:
    """Refuse a program of PostgreSQL that is missing, or older than the server."""
    with _engine.read(engine) as connection:
        server = int(str(connection.scalar(text("SHOW server_version_num")))) // 10_000
    said = _run(program, ["--version"], tools, dict(os.environ), at=None)
    found = re.search(r"(\d+)", said)
    if found is None or int(found[1]) < server:
        version = found[1] if found else "unknown"
        raise StoreError(
            f"{program} is of version {version}, older than the server ({server}): install PostgreSQL's client "
            f"programs of version {server}, and set store.postgresql_tools to their folder if they are not on the PATH"
        )


def _refuse_content(engine: Engine) -> None:
    with _engine.read(engine) as connection:
        count = _count(connection, "entries")
        if count or _count(connection, "added"):
            raise StoreError(
                f"{_engine.shown(engine.url)}: there is a store with {count:,} entries; back it up, then use --force "
                "to replace it"
            )


def _count(connection: Connection, table: str) -> int:
    if not inspect(connection).has_table(table):
        return 0
    return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608  a constant


def _of_others(engine: Engine, services: Collection[str]) -> list[tuple[str, str]]:
    """Return what other programs have in the schema of our tables, and views elsewhere of them: kinds and names."""
    with _engine.read(engine) as connection:
        found = text(f"SELECT kind, shown FROM ({_THINGS}) AS things WHERE name !~ :ours ORDER BY turn, shown")  # noqa: S608  constants
        rows = [*connection.execute(found, {"ours": _ours(services)}), *connection.execute(text(_VIEWS))]
        return [(kind, name) for kind, name in rows]


def _revision_in(file: Path, schema: str, table: str, tools: Path | None, environment: dict[str, str]) -> str | None:
    """Return the revision in a version table of a backup; None if there is no such table.

    Raises:
        StoreError: it has no store, or in another schema: nothing of it would be restored.
    """
    command = ["--data-only", f"--table={table}", "--file=-", str(file)]
    lines = _run("pg_restore", command, tools, environment, at=file).splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith("COPY ")), None)
    if start is None:
        if table != VERSION_TABLE:
            return None
        raise StoreError(f"{file}: is no backup of feeder")
    if not lines[start].startswith((f"COPY {schema}.", f"COPY {_quoted(schema)}.")):
        found = lines[start].removeprefix("COPY ").rpartition(f".{table}")[0]
        raise StoreError(
            f"{file}: is of the schema {found}, but the user of store.url has {schema}; set it with "
            f"ALTER ROLE … SET search_path = {found}"
        )
    return lines[start + 1]


def _replace(file: Path, schema: str, drop: str, note: str, tools: Path | None, environment: dict[str, str]) -> None:
    """Replace what is ours in a schema by what is in a backup, in one transaction."""
    check = f"SELECT FROM {VERSION_TABLE}, entries LIMIT 0;\n"  # fails if they are not there
    reading = [_find("pg_restore", tools), f"--schema={schema}", "--no-owner", "--no-privileges", "--file=-", str(file)]
    writing = [_find("psql", tools), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]
    writing += ["--dbname=service=feeder", "--output=/dev/null"]
    with (
        tempfile.TemporaryFile() as reasons,
        tempfile.TemporaryFile() as answers,
        subprocess.Popen(writing, stdin=subprocess.PIPE, stderr=answers, env=environment) as psql,  # noqa: S603  ours
        subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=reasons, env=environment) as pg_restore,  # noqa: S603  ours
    ):
        assert psql.stdin is not None  # noqa: S101  for the types
        assert pg_restore.stdout is not None  # noqa: S101  as above
        is_whole = False
        try:
            psql.stdin.write(b"BEGIN;\nSET LOCAL lock_timeout = '10s';\n" + drop.encode())
            while chunk := pg_restore.stdout.read(_CHUNK_BYTES):
                psql.stdin.write(chunk)
            if is_whole := pg_restore.wait() == 0:
                psql.stdin.write(f"\nSET search_path = {_quoted(schema)};\n{check}{note}COMMIT;\n".encode())
            psql.stdin.close()
        except BrokenPipeError:  # it has refused something, and says why
            is_whole = True
            with suppress(BrokenPipeError):  # of what is still in the buffer
                psql.stdin.close()
        except BaseException:
            psql.kill()
            raise
        finally:
            pg_restore.kill()
            psql.wait()
        if not is_whole:
            raise StoreError(f"{file}: {_last_line(reasons)}; nothing was changed")
        if psql.returncode:
            raise StoreError(f"{file}: cannot be restored: {_last_line(answers)}; nothing was changed")


def _run(
    program: str, arguments: Sequence[str], tools: Path | None, environment: dict[str, str], *, at: Path | None
) -> str:
    """Run a program of PostgreSQL and return what it printed."""
    done = subprocess.run(  # noqa: S603  a program of the operator's
        [_find(program, tools), *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"{program} ended with exit code {done.returncode}"]
        raise StoreError(f"{at or program}: {reason[0]}")
    return done.stdout


def _find(program: str, tools: Path | None) -> str:
    """Return the path of a program of PostgreSQL."""
    path = os.pathsep.join(os.get_exec_path()) if tools is None else str(tools)
    if found := shutil.which(program, path=path):
        return found
    where = "on the PATH" if tools is None else f"in {tools} (store.postgresql_tools)"
    raise StoreError(
        f"{program} is not {where}: install PostgreSQL's client programs (Debian: postgresql-client), or set "
        "store.postgresql_tools to their folder"
    )


def _last_line(file: IO[bytes]) -> str:
    """Return the error in what a program printed."""
    file.seek(0)
    lines = file.read().decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in lines if "ERROR:" in line or "error:" in line]
    return (errors or lines or ["it ended without a reason"])[-1]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""`feeder store`: the database as a whole. Imports are local, as in `app.py`."""

import logging
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feeder.cli.context import JsonOption, load, raise_on_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Table

    from feeder.store import Store
    from feeder.store.copying import CopyReport

store_app = typer.Typer(help="Copy the store to another database.", no_args_is_help=True)

_URL = 'a URL as in store.url ("sqlite:///FILE", "postgresql://USER@HOST/DATABASE"), or an SQLite file'


@store_app.callback()
def options() -> None:
    """Copy the store to another database."""


@store_app.command()
def copy(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help=f"The store: {_URL}.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="A new or empty database, named in the same way.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a whole store to another database, and compare both. Resumes if interrupted. Stop feeder first."""
    from feeder.cli.output import progress_bar
    from feeder.config.load import store_at
    from feeder.store import Store
    from feeder.store.copying import copy_store
    from feeder.store.locks import stopped

    config = load(context, logging.WARNING)
    raise_on_interrupt()
    urls = _read_url(source, "FROM"), _read_url(target, "TO")
    pictures = (store_at(config, urls[0]).pictures, store_at(config, urls[1]).pictures)
    with ExitStack() as stack:
        for url in dict.fromkeys(urls):
            stack.enter_context(stopped(url))
        store = stack.enter_context(Store.open(urls[0], create=False))
        progress = stack.enter_context(progress_bar())
        report = copy_store(store, urls[1], _prepare, pictures=pictures, progress=progress)
    _print(report, as_json=as_json)
    if not report.is_whole:
        raise typer.Exit(1)


def _read_url(text: str, name: str) -> str:
    """Return the URL of a store, as in the configuration; an SQLite file in it is relative to the working folder."""
    from feeder.errors import StoreError
    from feeder.store.engine import read_url

    if not text.isprintable():  # bytes that are no text, too (PEP 383)
        raise StoreError(f"{name}: {text!r}: the name of this file is not UTF-8; rename it")
    url = text if "://" in text else f"sqlite:///{text}"
    read_url(url, name)
    scheme, slashes, file = url.partition("///")
    return f"{scheme}{slashes}{Path(file).absolute()}" if scheme == "sqlite:" else url


def _prepare(store: "Store") -> "Sequence[Table]":
    from feeder.service import iter_services

    return [table for service in iter_services() for table in service.prepare_tables(store)]


def _print(report: "CopyReport", *, as_json: bool) -> None:
    from feeder.cli.output import json_text

    for name in report.changed:
        print(f"{name}: changed in FROM since the copy was interrupted; copied again", file=sys.stderr)
    if report.left_out:
        print(f"not copied, of other programs: {', '.join(report.left_out)}", file=sys.stderr)
    if report.repaired:
        print(f"texts with bytes that are no text, which became U+FFFD: {report.repaired:,}", file=sys.stderr)
    for table in report.tables:
        if not table.is_same:
            sides = f"FROM has {table.source.rows:,} rows, TO {table.target.rows:,}"
            print(f"{table.name}: the copy differs ({sides}); run the command again", file=sys.stderr)
    if as_json:
        for table in report.tables:
            line = {"table": table.name, "rows": table.source.rows, "digest": str(table.source), "ok": table.is_same}
            print(json_text(line))
        print(json_text({"pictures": report.pictures, "ok": report.is_whole}))
        return
    if report.is_whole:
        rows = sum(table.source.rows for table in report.tables)
        entries = next(table.source.rows for table in report.tables if table.name == "entries")
        print(f"copied {entries:,} entries ({rows:,} rows in {len(report.tables)} tables, all the same in both)")
        pictures = f"{report.pictures:,} picture{'' if report.pictures == 1 else 's'}"
        print(f"{pictures} copied; now set store.url to TO")

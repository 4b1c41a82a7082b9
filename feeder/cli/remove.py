"""`feeder remove`: removes entries permanently, and undoes that. Imports are local, as in `app.py`."""

import logging
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from feeder.cli.context import JsonOption, confirm, exit_on_closed_pipe, open_store

References = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids, links or keys of entries.")]


def remove(
    context: typer.Context,
    refs: References = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let removed entries be ingested again.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List removed entries.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove entries permanently: they are not ingested again. Asks for confirmation on a terminal."""
    from feeder.cli.output import print_entries
    from feeder.cli.output_sources import print_withdrawn
    from feeder.ingest import removing

    if listed == bool(refs) or (undo and listed):
        raise typer.BadParameter("name entries to remove (or, with --undo, to allow again), or use --list alone")
    with open_store(context, logging.WARNING) as (_, store):
        if listed:
            exit_on_closed_pipe()
            print_withdrawn(store.entries.withdrawn(), as_json=as_json)
        elif undo:
            print(removing.restore(store, refs or []))
        else:
            entries = removing.get_entries(store, refs or [])
            if not yes and sys.stdin.isatty():
                print_entries(entries)
                if not confirm("Remove permanently?", default=False):
                    print("nothing was removed", file=sys.stderr)
                    raise typer.Exit(1)
            print(removing.withdraw(store, entries, now=datetime.now(UTC)))

"""`feeder remove …`: entries are taken down for good, and let in again.

It imports what it needs when it runs, as in `app.py`.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from feeder.cli.context import JsonOption, agreed, end_with_the_reader, opened

References = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids, links or keys of entries.")]


def remove(
    context: typer.Context,
    refs: References = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let removed entries in again.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List removed entries.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove entries for good: they are not taken in again. Asks for confirmation on a terminal."""
    from feeder.cli.output import print_entries
    from feeder.cli.output_sources import print_withdrawn
    from feeder.ingest import removing

    if listed == bool(refs) or (undo and listed):
        raise typer.BadParameter("name entries to remove, or with --undo to let in again; or --list alone")
    with opened(context, logging.WARNING) as (_, store):
        if listed:
            end_with_the_reader()
            print_withdrawn(store.entries.withdrawn(), as_json=as_json)
        elif undo:
            print(removing.restore(store, refs or []))
        else:
            entries = removing.get_entries(store, refs or [])
            if not yes and sys.stdin.isatty():
                print_entries(entries)
                if not agreed("Remove for good?", default=False):
                    print("nothing was removed", file=sys.stderr)
                    raise typer.Exit(1)
            print(removing.withdraw(store, entries, now=datetime.now(UTC)))

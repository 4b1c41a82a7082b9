"""`feeder backup` and `feeder restore`. Imports are local, as in `app.py`."""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from feeder.cli.context import load, raise_on_interrupt

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def backup(
    context: typer.Context,
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Back up the store into a file, while feeder runs. Configuration and pictures are not in it."""
    from feeder.cli.output import progress_bar
    from feeder.service import service_packages
    from feeder.store.backup import back_up

    config = load(context, logging.WARNING)
    raise_on_interrupt()
    with progress_bar() as show:
        progress = None if show is None else lambda done, total: show("pages", done, total)
        done = back_up(
            config.store.url,
            file,
            services=service_packages(),
            replace=force,
            tools=config.store.postgresql_tools,
            progress=progress,
        )
    print(f"{file}: {done.entries:,} entries, {done.size:,} bytes; checked")
    beside = [str(path) for path in (config.file, config.store.pictures) if path is not None and path.exists()]
    if beside:
        print(f"not in it, copy it too: {', '.join(beside)}")


def restore(
    context: typer.Context,
    file: BackupFile,
    force: Annotated[bool, typer.Option("--force", help="Replace a store that has content.")] = False,
    repost: Annotated[
        bool,
        typer.Option(
            "--repost", help="Post what is new or unsent since the backup, though it may have been posted already."
        ),
    ] = False,
) -> None:
    """Replace the store by a backup, while feeder is stopped. SQLite: the store of before is kept beside it."""
    from feeder.catalogue.restored import heed_restore
    from feeder.service import service_packages
    from feeder.store import Store
    from feeder.store.backup import restore as replace_store

    config = load(context, logging.WARNING)
    raise_on_interrupt()
    done = replace_store(
        config.store.url,
        file,
        services=service_packages(),
        now=datetime.now(UTC),
        force=force,
        repost=repost,
        tools=config.store.postgresql_tools,
    )
    with Store.open(config.store.url, search=config.store.search) as store:
        lines = heed_restore(config, store)
    print(f"restored {done.entries:,} entries from {file}; `feeder update` brings index and pages up to date")
    if done.kept is not None:
        print(f"the store of before is {done.kept}; delete it when all is well")
    for line in lines:
        print(line, file=sys.stderr)

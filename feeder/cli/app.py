"""The `feeder` command: each subcommand calls one function, prints its result and sets the exit code.

Commands import what they need when they run, so that `feeder --help` is fast. Results go to standard output, everything
else to standard error.
"""

import errno
import logging
import os
import sys
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from feeder.about import own_version
from feeder.cli.arguments import SNAPSHOT, Commands, SearchCommand
from feeder.cli.bot import bot_app
from feeder.cli.context import JsonOption, Limit, Workers, exit_on_closed_pipe, load, open_store, with_workers
from feeder.cli.feeds import feeds_app
from feeder.cli.keeping import backup, restore
from feeder.cli.remove import remove
from feeder.cli.sources import opml_app, sources_app
from feeder.cli.store import store_app
from feeder.errors import FeederError, QueryError

if TYPE_CHECKING:
    from feeder.config.load import Config
    from feeder.model import Entry
    from feeder.store import Store
    from feeder.update import Parts

app = typer.Typer(
    name="feeder",
    cls=Commands,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Turns folders of archived articles and remote feeds into one clean Atom feed, a website and a Telegram bot.",
)

app.add_typer(bot_app, name="bot")
app.add_typer(sources_app, name="sources")
app.add_typer(opml_app, name="opml")
app.add_typer(feeds_app, name="feeds")
app.add_typer(store_app, name="store")


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", help="Configuration file [default: ./config.toml if it exists]."),
]


def _print_version(requested: bool) -> None:
    if requested:
        print(f"feeder {own_version()}")
        raise typer.Exit


Sources = Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="Sources to read [default: all].")]
Words = Annotated[
    list[str], typer.Argument(metavar="QUERY", help='Words, "phrases", -not, OR; @NAME for a saved search.')
]
SavedName = Annotated[str | None, typer.Argument(metavar="@NAME", help="Only entries that this saved search finds.")]
Reference = Annotated[str, typer.Argument(metavar="ID", help="An entry's id, link or key.")]


@app.callback()
def options(
    context: typer.Context,
    config: ConfigOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
    version: Annotated[  # noqa: ARG001  its callback exits
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Store the options of all commands."""
    context.obj = (config, verbose)


@app.command()
def run(
    context: typer.Context,
    workers: Workers = None,
    only: Annotated[
        str | None, typer.Option("--only", metavar="PARTS", help="Only some of: poll,publish,bot,web [default: all].")
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option("--concurrency", min=1, max=64, help="Jobs at once, with PostgreSQL [default: 4]."),
    ] = None,
) -> None:
    """Ingest on schedule, publish, serve and post; with PostgreSQL, beside any number of others."""
    from feeder import web
    from feeder.run import CONCURRENCY, RUN_PARTS, read_parts
    from feeder.run import run as run_all
    from feeder.service import iter_services

    parts = RUN_PARTS if only is None else read_parts(only)
    installed = list(iter_services())
    with open_store(context) as (loaded, store):
        config = with_workers(loaded, workers)
        services = [service for service in installed if service.is_enabled(config)]
        running = run_all(
            config,
            store,
            services,
            parts=parts,
            concurrency=concurrency or CONCURRENCY,
            on_ready=_print_address,
        )
        web.run(running)


@app.command()
def update(context: typer.Context) -> None:
    """Ingest and publish once, for cron. Silent unless something fails."""
    from feeder.update import BOTH

    _run_pass(context, BOTH, silent=True)


@app.command()
def ingest(
    context: typer.Context,
    sources: Sources = None,
    as_json: JsonOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be read; change nothing.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Re-read unchanged files with the current rules.")] = False,
) -> None:
    """Read new and changed articles of the sources into the store."""
    if dry_run:
        _preview(context, sources or [], again=again, as_json=as_json)
        return
    from feeder.update import INGEST

    _run_pass(context, INGEST, sources=sources or [], again=again, as_json=as_json)


@app.command()
def publish(
    context: typer.Context,
    again: Annotated[
        bool, typer.Option("--again", help="Look at every published file; restore what was changed by hand.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Publish to this folder instead of site.output.")
    ] = None,
    list_files: Annotated[
        bool, typer.Option("--list", help="Print the files that changed (+) and went (-), for programs that copy them.")
    ] = False,
) -> None:
    """Write the feeds and the pages to the output folder."""
    from feeder.update import PUBLISH

    _run_pass(context, PUBLISH, again=again, folder=folder, list_files=list_files)


@app.command()
def serve(context: typer.Context, workers: Workers = None) -> None:
    """Serve the output folder, the search page and /healthz."""
    from feeder import web
    from feeder.run import until_stopped

    with open_store(context) as (config, store):
        web.run(until_stopped(web.serve(with_workers(config, workers), store, ready=_print_address)))


@app.command(cls=SearchCommand)
def search(context: typer.Context, query: Words, limit: Limit = 20, as_json: JsonOption = False) -> None:
    """Find entries, newest first.

    To exclude a word that looks like an option (-n), put it after --. To find the word snapshot, which alone is a
    command, quote it twice: feeder search '"snapshot"'.
    """
    from feeder.cli.output import print_hits
    from feeder.config.saved import get_search, read_search, unknown_name

    exit_on_closed_pipe()
    with open_store(context) as (config, store):
        words = " ".join(query)
        if (name := unknown_name(words, config.feeds)) is not None:
            get_search(name, config.feeds)  # its error lists the known names
        parsed = read_search(words, config.feeds)
        if parsed.problem is not None:
            _fail(parsed.problem, QueryError.exit_code)
        results = store.search.find(parsed, limit=limit)
        if as_json:
            _print_json(config, store, [hit.entry for hit in results.hits])
        else:
            print_hits(results)
        if not results.hits:
            raise typer.Exit(1)


@app.command(SNAPSHOT)
def search_snapshot(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="File to write, instead of objects.snapshots.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Save this machine's search index, so that others start from it instead of building theirs."""
    from feeder.snapshots import make_snapshot

    with open_store(context) as (config, store):
        print(make_snapshot(config, store, file=file, replace=force))


@app.command()
def latest(context: typer.Context, name: SavedName = None, limit: Limit = 20, as_json: JsonOption = False) -> None:
    """List the newest entries."""
    from feeder.cli.output import print_entries
    from feeder.config.saved import get_search

    exit_on_closed_pipe()
    with open_store(context) as (config, store):
        entries = store.entries.latest(limit, query=get_search(name, config.feeds) if name else None)
        if as_json:
            _print_json(config, store, entries)
        else:
            print_entries(entries)


@app.command()
def show(context: typer.Context, ref: Reference, as_json: JsonOption = False) -> None:
    """Show an entry, its text and the boilerplate cut from it."""
    from feeder.cli.output import print_entry
    from feeder.pictures.references import with_pictures_at

    exit_on_closed_pipe()
    with open_store(context) as (config, store):
        entry = store.entries.get(ref)
        if as_json:
            _print_json(config, store, [entry])
        else:
            print_entry(with_pictures_at(entry, config.site.url), store.entries.origins(entry.id))


app.command()(remove)
app.command()(backup)
app.command()(restore)


@app.command()
def export(
    context: typer.Context,
    as_json: JsonOption = False,  # noqa: ARG001  the only format; accepted so that scripts can pass it to every command
) -> None:
    """Print every entry, oldest first, one JSON object per line."""
    exit_on_closed_pipe()
    with open_store(context) as (config, store):
        _print_json(config, store, store.entries.iter_all(oldest_first=True))


@app.command()
def reindex(
    context: typer.Context,
    snapshot: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Start from this snapshot instead of from nothing.")
    ] = None,
) -> None:
    """Rebuild the search index without interrupting searches. Resumes if interrupted."""
    from feeder.cli.output import progress_bar
    from feeder.errors import PassRunningError
    from feeder.snapshots import start_from

    with open_store(context) as (config, store), progress_bar() as progress:
        report = None if progress is None else partial(progress, "search index")
        started = snapshot is None or start_from(store, snapshot)
        if not started or not store.search.follow(report, rebuild=snapshot is None):
            raise PassRunningError(f"{config.store.search}: another process is writing the index; nothing was done")


@app.command()
def check(
    context: typer.Context,
    as_json: JsonOption = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Compare database, pictures, search index and published files, too.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="With --deep: repair what can be made again; no article is lost.")
    ] = False,
) -> None:
    """Check configuration, sources, store and output. Exits with 1 if something is wrong."""
    from feeder.cli.check import check as run_checks
    from feeder.cli.check import check_deep
    from feeder.cli.output import print_check

    if repair and not deep:
        raise typer.BadParameter("--repair needs --deep")
    config = load(context, logging.ERROR)
    all_ok = True
    for result in (*run_checks(config), *(check_deep(config, repair=repair) if deep else ())):
        print_check(result, as_json=as_json)
        all_ok = all_ok and result.ok
    if not all_ok:
        raise typer.Exit(1)


@app.command()
def status(
    context: typer.Context,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it every 2 seconds, until q or Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how sources, passes, store and services are; reads only the store."""
    from feeder.cli.status.command import show_status

    exit_on_closed_pipe()
    with open_store(context, logging.ERROR, create=False) as (config, store):
        show_status(config, store, watch=watch, as_json_lines=as_json)


@app.command()
def init(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="File to write.")] = Path("config.toml"),
) -> None:
    """Write a configuration file that explains every setting."""
    from feeder.config.load import embedded
    from feeder.errors import ConfigError

    try:
        with path.open("xb") as file:
            file.write(embedded("config.example.toml").read_bytes())
    except FileExistsError:
        raise ConfigError(f"{path}: already exists; name another file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
    print(f"wrote {path}; edit it, then run: feeder --config {path} run")


def main() -> None:
    """Run the command line; a user's error becomes one line on standard error and an exit code."""
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except QueryError as error:
        _fail(f"{error} (at character {error.place + 1})", error.exit_code)
    except FeederError as error:
        _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as shells count
    except OSError as error:
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        # Python would try to flush the rest again on exit and fail (library/signal, "Note on SIGPIPE").
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"standard output: {error.strerror}", 1)


def _run_pass(
    context: typer.Context,
    parts: "Parts",
    *,
    sources: Collection[str] = (),
    again: bool = False,
    as_json: bool = False,
    silent: bool = False,
    folder: Path | None = None,
    list_files: bool = False,
) -> None:
    """Run a pass and print its report: problems to standard error, with exit code 1 if there are any."""
    from feeder.cli.output import print_report, progress_bar
    from feeder.update import update as update_store

    with open_store(context, logging.WARNING) as (config, store), progress_bar() as progress:
        chosen = config
        if folder is not None:
            # Not to the bucket, which is the copy of site.output.
            changes = {"site": {"output": folder}, "objects": {"url": ""}}
            chosen = config.model_copy(
                update={name: getattr(config, name).model_copy(update=values) for name, values in changes.items()}
            )
        report = update_store(chosen, store, parts=parts, sources=sources, again=again, progress=progress)
    problems = list(report.problems())
    for line in (*report.notices, *problems):
        print(line, file=sys.stderr)
    if list_files and report.site is not None:
        for sign, paths in (("+", report.site.changed), ("-", report.site.gone)):
            for path in sorted(paths):
                print(f"{sign} {path}")
    elif not silent:
        print_report(report, as_json=as_json)
    if problems:
        raise typer.Exit(1)


def _preview(context: typer.Context, sources: Collection[str], *, again: bool, as_json: bool) -> None:
    """Print what a pass would read. A missing store is not created for it."""
    from feeder.cli.output import print_previews
    from feeder.errors import StoreMissingError
    from feeder.ingest import preview
    from feeder.store import Store

    config, now = load(context, logging.WARNING), datetime.now(UTC)
    try:
        with Store.open(config.store.url, search=config.store.search, create=False) as store:
            previews = preview(config, store, now=now, names=sources, again=again)
    except StoreMissingError:
        previews = preview(config, None, now=now, names=sources, again=again)
    print_previews(previews, as_json=as_json)
    problems = [f"{name}: {reason}" for source in previews for name, reason in source.failed]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        raise typer.Exit(1)


def _print_json(config: "Config", store: "Store", entries: Iterable["Entry"]) -> None:
    from feeder.cli.output import json_lines
    from feeder.pictures.references import with_pictures_at

    sys.stdout.writelines(json_lines(store, (with_pictures_at(entry, config.site.url) for entry in entries)))


def _print_address(address: str) -> None:
    from feeder.log import tell

    tell(f"feeder: serving {address} (Ctrl-C to stop)")


def _fail(message: str, exit_code: int) -> None:
    from feeder.log import tell

    tell(f"feeder: {message}", logging.ERROR)
    sys.exit(exit_code)

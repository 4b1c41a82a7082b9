"""`feeder sources` and `feeder opml`: managing sources and lists of feeds. Imports are local, as in `app.py`."""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from feeder.cli.context import JsonOption, confirm, exit_on_closed_pipe, load, open_store

if TYPE_CHECKING:
    from feeder.config.load import Config
    from feeder.reading.feed import ProbedFeed

sources_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List, test, add, change, remove and pause sources."
)
opml_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Import and export lists of feeds as OPML.")

Url = Annotated[str, typer.Argument(metavar="URL", help="Address of a feed, or of a page that links to one.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the source, as in `feeder sources list`.")]
ShownEntries = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many entries to show.")]
AllowPrivate = Annotated[bool, typer.Option("--allow-private", help="Allow private addresses.")]


@sources_app.command("list")
def list_sources(context: typer.Context, as_json: JsonOption = False) -> None:
    """List sources and their status."""
    from feeder.catalogue.status import iter_states
    from feeder.cli.output_sources import print_states

    exit_on_closed_pipe()
    with open_store(context, logging.WARNING) as (config, store):
        now = datetime.now(UTC)
        print_states(tuple(iter_states(config, store, now=now)), now=now, as_json=as_json)


@sources_app.command("test")
def probe_source(
    context: typer.Context, url: Url, limit: ShownEntries = 5, allow_private: AllowPrivate = False
) -> None:
    """Show the feed at an address without storing anything."""
    from feeder.cli.output_sources import print_probe

    print_probe(_probe(load(context, logging.WARNING), url, limit, allow_private=allow_private))


@sources_app.command("add")
def add_source(
    context: typer.Context,
    url: Url,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Name of the source [default: the feed's title].")
    ] = None,
    categories: Annotated[
        list[str] | None,
        typer.Option("--category", metavar="TEXT", help="Category for its entries; repeatable."),
    ] = None,
    min_interval: Annotated[
        str | None, typer.Option("--min-interval", metavar="TIME", help="Poll no more often than this [default: 15m].")
    ] = None,
    max_interval: Annotated[
        str | None, typer.Option("--max-interval", metavar="TIME", help="Poll no less often than this [default: 1d].")
    ] = None,
    content: Annotated[
        Literal["full", "summary"] | None,
        typer.Option("--content", help="How much of each entry to store [default: full]."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Fetch the full article from each entry's page (needs trafilatura).")
    ] = False,
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="QUERY", help="Store only entries that this query finds.")
    ] = None,
    drop: Annotated[
        str | None, typer.Option("--drop", metavar="QUERY", help="Skip entries that this query finds.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Time zone for dates without one [default: UTC].")
    ] = None,
    allow_private: AllowPrivate = False,
    limit: ShownEntries = 5,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
) -> None:
    """Add the feed at an address. Shows its newest entries and asks for confirmation on a terminal."""
    from feeder.catalogue import manage
    from feeder.cli.output_sources import print_probe
    from feeder.config.saved import named_filter
    from feeder.errors import ConfigError
    from feeder.ingest.feeds import read_response

    options: dict[str, Any] = {
        "categories": categories,
        "content": content,
        "full": full,
        "keep": keep,
        "drop": drop,
        "min_interval": min_interval,
        "max_interval": max_interval,
        "timezone": timezone,
        "allow_private": allow_private,
    }
    settings = {key: value for key, value in options.items() if value}
    with open_store(context, logging.WARNING) as (config, store):
        source = manage.check_settings(settings, url, name)
        if (problem := named_filter(source, config.feeds)) is not None:
            raise ConfigError(problem)
        manage.refuse_duplicate(config, store, url, name)
        probed = _probe(config, url, limit, allow_private=allow_private)
        manage.refuse_duplicate(config, store, probed.feed_url)
        name = name or manage.suggest_name(config, store, probed.title, probed.feed_url)
        print_probe(probed)
        if not (yes or confirm(f"Add it as {name!r}?")):
            print("nothing added", file=sys.stderr)
            raise typer.Exit(1)
        settings |= {"name": name, "feed": probed.feed_url}
        now = datetime.now(UTC)
        manage.add(config, store, settings, title=probed.title, link=probed.link, now=now)
        report = read_response(config, store, name, probed.response, now=now)
    print(f"added {report}; the next pass publishes it")
    for path, reason in report.failed:
        print(f"{path}: {reason}", file=sys.stderr)


@sources_app.command("remove")
def remove_source(
    context: typer.Context,
    name: Name,
    with_entries: Annotated[
        bool, typer.Option("--with-entries", help="Remove its entries too, except those that another source has.")
    ] = False,
) -> None:
    """Remove an added source, or one already deleted from the file. Its entries stay."""
    from feeder.catalogue.manage import remove

    with open_store(context, logging.WARNING) as (config, store):
        print(remove(config, store, name, with_entries=with_entries))


@sources_app.command("show")
def show_source(context: typer.Context, name: Name, as_json: JsonOption = False) -> None:
    """Show the settings and status of a source."""
    from feeder.catalogue.change import describe
    from feeder.cli.output_sources import print_source

    exit_on_closed_pipe()
    with open_store(context, logging.WARNING) as (config, store):
        print_source(describe(config, store, name, now=datetime.now(UTC)), as_json=as_json)


@sources_app.command("set")
def set_source(
    context: typer.Context,
    name: Name,
    assignments: Annotated[list[str], typer.Argument(metavar="KEY=VALUE", help="Settings as in [[sources]].")],
) -> None:
    """Change settings of an added source. KEY= restores the default."""
    from feeder.catalogue.change import change

    with open_store(context, logging.WARNING) as (config, store):
        print(change(config, store, name, assignments))


@sources_app.command("pause")
def pause_source(context: typer.Context, name: Name) -> None:
    """Stop polling a source until it is resumed. `feeder ingest NAME` still reads it."""
    from feeder.catalogue.manage import pause

    with open_store(context, logging.WARNING) as (config, store):
        print(pause(config, store, name, now=datetime.now(UTC)))


@sources_app.command("resume")
def resume_source(context: typer.Context, name: Name) -> None:
    """Resume polling a paused source."""
    from feeder.catalogue.manage import resume

    with open_store(context, logging.WARNING) as (config, store):
        print(resume(config, store, name))


@opml_app.command("import")
def import_opml(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OPML file; - for standard input.")],
) -> None:
    """Add the feeds of an OPML file. Known feeds are skipped; folders become categories."""
    from feeder.catalogue.manage import import_feeds
    from feeder.cli.output_sources import print_imported
    from feeder.sources.feeds.opml import read_opml

    feeds = read_opml(_read_file(file), "standard input" if str(file) == "-" else str(file))
    with open_store(context, logging.WARNING) as (config, store):
        imported = import_feeds(config, store, feeds, now=datetime.now(UTC))
    print_imported(imported)
    if imported.refused:
        raise typer.Exit(1)


@opml_app.command("export")
def export_opml(context: typer.Context) -> None:
    """Print all feeds as OPML 2.0. Categories become folders."""
    from feeder.catalogue.manage import export_feeds
    from feeder.errors import SourceError
    from feeder.sources.feeds.opml import write_opml

    exit_on_closed_pipe()
    with open_store(context, logging.WARNING) as (config, store):
        feeds = export_feeds(config, store)
    if not feeds:
        raise SourceError("there are no feeds to export; `feeder sources add URL` adds one")
    sys.stdout.buffer.write(write_opml(feeds, title=f"Feeds of {config.site.title}"))


def _probe(config: "Config", url: str, limit: int, *, allow_private: bool) -> "ProbedFeed":
    from feeder.ingest.probe import probe_feed

    return probe_feed(config, url, now=datetime.now(UTC), limit=limit, allow_private=allow_private)


def _read_file(file: Path) -> bytes:
    """Return the content of an OPML file.

    Raises:
        FeedError: it cannot be read, or is larger than `MAX_BYTES`.
    """
    from feeder.errors import FeedError
    from feeder.sources.feeds.opml import MAX_BYTES

    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise FeedError(f"{file}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise FeedError(f"{file}: too large for an OPML file (limit: {MAX_BYTES:,} bytes)")
    return data

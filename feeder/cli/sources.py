"""`feeder sources …` and `feeder opml …`: sources are listed, tried, added, removed, paused, and taken along as lists.

Every command imports what it needs when it runs, as in `app.py`.
"""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from feeder.cli.context import JsonOption, agreed, end_with_the_reader, loaded, opened

if TYPE_CHECKING:
    from feeder.config.load import Config
    from feeder.ingest.probe import ProbedFeed

sources_app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="List, test, add, change, remove and pause sources."
)
opml_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Take lists of feeds in and out, as OPML.")

Url = Annotated[str, typer.Argument(metavar="URL", help="The address of a feed, or of a page that has one.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A source's name, as `feeder sources list` shows it.")]
Shown = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="How many of its entries to show.")]
AllowPrivate = Annotated[bool, typer.Option("--allow-private", help="It may be in a private network.")]


@sources_app.command("list")
def list_sources(context: typer.Context, as_json: JsonOption = False) -> None:
    """List sources and their status."""
    from feeder.catalogue.status import iter_states
    from feeder.cli.output_sources import print_states

    end_with_the_reader()
    with opened(context, logging.WARNING) as (config, store):
        now = datetime.now(UTC)
        print_states(tuple(iter_states(config, store, now=now)), now=now, as_json=as_json)


@sources_app.command("test")
def try_source(context: typer.Context, url: Url, limit: Shown = 5, allow_private: AllowPrivate = False) -> None:
    """Show the feed of an address; store nothing."""
    from feeder.cli.output_sources import print_tried

    print_tried(_tried(loaded(context, logging.WARNING), url, limit, allow_private=allow_private))


@sources_app.command("add")
def add_source(
    context: typer.Context,
    url: Url,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What to call it [default: after its title].")
    ] = None,
    categories: Annotated[
        list[str] | None,
        typer.Option("--category", metavar="TEXT", help="Given to its entries; may be said more than once."),
    ] = None,
    min_interval: Annotated[
        str | None, typer.Option("--min-interval", metavar="TIME", help="Poll no more often than this [default: 15m].")
    ] = None,
    max_interval: Annotated[
        str | None, typer.Option("--max-interval", metavar="TIME", help="Poll no less often than this [default: 1d].")
    ] = None,
    content: Annotated[
        Literal["full", "summary"] | None, typer.Option("--content", help="How much is kept [default: full].")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Fetch the page of each entry for its whole article (needs trafilatura).")
    ] = False,
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="QUERY", help="Let in only entries that this search finds.")
    ] = None,
    drop: Annotated[
        str | None, typer.Option("--drop", metavar="QUERY", help="Leave out entries that this search finds.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="Time zone for dates without one [default: UTC].")
    ] = None,
    allow_private: AllowPrivate = False,
    limit: Shown = 5,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Add it without asking.")] = False,
) -> None:
    """Add the feed at an address. Shows its newest entries, and asks for confirmation on a terminal."""
    from feeder.catalogue import manage as managing
    from feeder.cli.output_sources import print_tried
    from feeder.config.saved import named_filter
    from feeder.errors import ConfigError

    said: dict[str, Any] = {"categories": categories, "content": content, "full": full, "keep": keep, "drop": drop}
    said |= {
        "min_interval": min_interval,
        "max_interval": max_interval,
        "timezone": timezone,
        "allow_private": allow_private,
    }
    settings = {key: value for key, value in said.items() if value}
    with opened(context, logging.WARNING) as (config, store):
        wanted = managing.check_settings(settings, url, name)
        if (problem := named_filter(wanted, config.feeds)) is not None:
            raise ConfigError(problem)
        managing.refuse_known(config, store, url, name)
        tried = _tried(config, url, limit, allow_private=allow_private)
        managing.refuse_known(config, store, tried.feed_url)
        called = name or managing.suggested_name(config, store, tried.title, tried.feed_url)
        print_tried(tried)
        if not (yes or agreed(f"Add it as {called!r}?")):
            print("nothing was added", file=sys.stderr)
            raise typer.Exit(1)
        settings |= {"name": called, "feed": tried.feed_url}
        managing.add(config, store, settings, title=tried.title, link=tried.link, now=datetime.now(UTC))
    print(f"added {called}; the next pass reads it, `feeder ingest {called}` reads it now")


@sources_app.command("remove")
def remove_source(
    context: typer.Context,
    name: Name,
    with_entries: Annotated[
        bool, typer.Option("--with-entries", help="Remove its entries too, but those that another source has.")
    ] = False,
) -> None:
    """Remove a source that was added, or what is left of one that was deleted from the file. Its entries stay."""
    from feeder.catalogue.manage import remove

    with opened(context, logging.WARNING) as (config, store):
        print(remove(config, store, name, with_entries=with_entries))


@sources_app.command("show")
def show_source(context: typer.Context, name: Name, as_json: JsonOption = False) -> None:
    """Show the settings and the status of a source."""
    from feeder.catalogue.change import describe
    from feeder.cli.output_sources import print_source

    end_with_the_reader()
    with opened(context, logging.WARNING) as (config, store):
        print_source(describe(config, store, name, now=datetime.now(UTC)), as_json=as_json)


@sources_app.command("set")
def set_source(
    context: typer.Context,
    name: Name,
    assignments: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="Keys of [[sources]].")],
) -> None:
    """Change settings of a source that was added; KEY= sets the default again."""
    from feeder.catalogue.change import change

    with opened(context, logging.WARNING) as (config, store):
        print(change(config, store, name, assignments))


@sources_app.command("pause")
def pause_source(context: typer.Context, name: Name) -> None:
    """Stop polling a source until it is resumed. `feeder ingest NAME` reads it all the same."""
    from feeder.catalogue.manage import pause

    with opened(context, logging.WARNING) as (config, store):
        print(pause(config, store, name, now=datetime.now(UTC)))


@sources_app.command("resume")
def resume_source(context: typer.Context, name: Name) -> None:
    """Read a paused source again."""
    from feeder.catalogue.manage import resume

    with opened(context, logging.WARNING) as (config, store):
        print(resume(config, store, name))


@opml_app.command("import")
def import_opml(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A list of feeds as OPML; - for standard input.")],
) -> None:
    """Add the feeds of a list. Those that are there already are skipped; folders become categories."""
    from feeder.catalogue.manage import import_feeds
    from feeder.cli.output_sources import print_imported
    from feeder.sources.feeds.opml import read_opml

    feeds = read_opml(_list_bytes(file), "standard input" if str(file) == "-" else str(file))
    with opened(context, logging.WARNING) as (config, store):
        imported = import_feeds(config, store, feeds, now=datetime.now(UTC))
    print_imported(imported)
    if imported.refused:
        raise typer.Exit(1)


@opml_app.command("export")
def export_opml(context: typer.Context) -> None:
    """Print all feeds as a list, OPML 2.0. Categories become folders."""
    from feeder.catalogue.manage import exported
    from feeder.errors import SourceError
    from feeder.sources.feeds.opml import write_opml

    end_with_the_reader()
    with opened(context, logging.WARNING) as (config, store):
        feeds = exported(config, store)
    if not feeds:
        raise SourceError("there is no feed to list; `feeder sources add URL` adds one")
    sys.stdout.buffer.write(write_opml(feeds, title=f"Feeds of {config.site.title}"))


def _tried(config: "Config", url: str, limit: int, *, allow_private: bool) -> "ProbedFeed":
    from feeder.ingest.probe import try_feed

    return try_feed(config, url, now=datetime.now(UTC), limit=limit, allow_private=allow_private)


def _list_bytes(file: Path) -> bytes:
    """Return what a file holds, as far as a list of feeds may go.

    Raises:
        FeedError: it cannot be read, or is larger than any list.
    """
    from feeder.errors import FeedError
    from feeder.sources.feeds.opml import MAX_BYTES

    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with file.open("rb") as opened_file:
                data = opened_file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FeedError(f"{file}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise FeedError(f"{file}: larger than {MAX_BYTES:,} bytes, which no list of feeds is")
    return data

"""Managing sources from another program than the command line, such as the bot: one function for each thing to do.

Every function waits for the network or the database. An error is one line that says what to do (`FeederError`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from feeder.catalogue import manage
from feeder.catalogue.status import explain_error, iter_states
from feeder.config.load import Config
from feeder.ingest.feeds import read_response
from feeder.ingest.probe import probe_feed
from feeder.model import Entry
from feeder.reading.feed import ProbedFeed
from feeder.sources.feeds.opml import read_opml, write_opml
from feeder.store import Store

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOffer:
    """A feed that could be added under `name`; `newest` are some of its `count` entries, newest first."""

    name: str
    title: str
    address: str
    count: int
    newest: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source in a list; `problem` is "" if nothing is wrong with it, `entries` how many it has in the store.

    `configured`: it is in the configuration, so that only its entry there can be deleted.
    """

    name: str
    address: str
    entries: int
    paused: bool
    configured: bool
    problem: str


def offer_source(config: Config, store: Store, url: str, *, now: datetime) -> SourceOffer:
    """Return the feed at an address, or the one that the page there announces; nothing is stored.

    Raises:
        FeederError: there is none, it cannot be reached, or a source has it already.
    """
    probed = _probe(config, store, url, now)
    name = manage.suggest_name(config, store, probed.title, probed.feed_url)
    return SourceOffer(name=name, title=probed.title, address=probed.feed_url, count=probed.count, newest=probed.newest)


def add_source(config: Config, store: Store, url: str, *, now: datetime) -> str:
    """Add the feed at an address, read it, and return its name.

    Raises:
        FeederError: as for `offer_source`.
    """
    probed = _probe(config, store, url, now)
    name = manage.suggest_name(config, store, probed.title, probed.feed_url)
    settings = {"name": name, "feed": probed.feed_url}
    manage.add(config, store, settings, title=probed.title, link=probed.link, now=now)
    read_response(config, store, name, probed.response, now=now)
    return name


def remove_source(config: Config, store: Store, name: str) -> str:
    """Remove a source; its entries stay. Return a line to show.

    Raises:
        FeederError: no source has that name, or it is in the configuration.
    """
    return manage.remove(config, store, name)


def pause_source(config: Config, store: Store, name: str, *, now: datetime) -> str:
    """Pause a source and return a line to show.

    Raises:
        FeederError: no source has that name.
    """
    return manage.pause(config, store, name, now=now)


def resume_source(config: Config, store: Store, name: str) -> str:
    """Resume a paused source and return a line to show.

    Raises:
        FeederError: no source has that name.
    """
    return manage.resume(config, store, name)


def list_sources(config: Config, store: Store, *, now: datetime) -> Iterator[SourceLine]:
    """Yield the sources with their status, those of the configuration first."""
    entries = store.sources.names()
    for state in iter_states(config, store, now=now):
        yield SourceLine(
            name=state.name,
            address=state.address,
            entries=entries.get(state.name, 0),
            paused=state.paused_at is not None,
            configured=state.kept_in == "file",
            problem=explain_error(state),
        )


def import_opml(config: Config, store: Store, content: bytes, name: str, *, now: datetime) -> tuple[int, int, int]:
    """Add the feeds of an OPML file; return how many were added, were known already, and were refused.

    Raises:
        FeederError: it is no OPML.
    """
    report = manage.import_feeds(config, store, read_opml(content, name), now=now)
    return len(report.added), len(report.skipped), len(report.refused)


def export_opml(config: Config, store: Store) -> bytes:
    """Return all feeds as an OPML file."""
    return write_opml(manage.export_feeds(config, store), title=f"Feeds of {config.site.title}")


def _probe(config: Config, store: Store, url: str, now: datetime) -> ProbedFeed:
    manage.check_settings({}, url, None)
    manage.refuse_duplicate(config, store, url)
    probed = probe_feed(config, url, now=now, limit=_SHOWN)
    manage.refuse_duplicate(config, store, probed.feed_url)
    return probed

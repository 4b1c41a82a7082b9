"""Writes the feed of all entries and its archives."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from feeder.model import Entry, FeedLink
from feeder.publish.archives import Archive, divide, with_caps
from feeder.publish.feeds import EVERYTHING
from feeder.publish.formats import ATOM
from feeder.publish.formats.item import Item
from feeder.publish.rendering import ArchivePlan, render
from feeder.publish.steps.state import State, digest, write_feeds

_MANY = 10  # archives that are worth the start of worker processes


def write_everything(state: State, gone: Iterable[str], *, all_touched: bool) -> None:
    """Write the feed of all entries, new archives, and those with entries that are gone."""
    ledger = state.ledger
    names = ledger.archives()
    touched = _leave_archives(state, gone, all_touched=all_touched)
    unarchived = list(with_caps(ledger.current(), state.caps))
    made, current = divide(unarchived, names, keep=state.site.entries_per_feed, now=state.now)
    latest = state.renderer.entries(current)
    fitting = _count_fitting(state, latest)
    if fitting < len(latest):
        made, _ = divide(unarchived, names, keep=fitting, now=state.now, at_least=1)
    for archive in made:
        ledger.add_archive(archive)
        touched.add(archive.name)
    in_workers = len(touched) >= _MANY
    plans = _plan_archives(state, touched)
    for rendered in render(state.config, state.store, plans, in_workers=in_workers, at_once=1):
        state.take(rendered)
    write_feeds(state, EVERYTHING, latest[:fitting], links=_links_to(state, ledger.archives()[-1:]))


def _leave_archives(state: State, gone: Iterable[str], *, all_touched: bool) -> set[str]:
    """Take entries that are gone out of their archives; return the names of those to write.

    An archive stays as it is if the source of an entry keeps no such old ones: it is complete, for whoever reads the
    feed from its beginning. If it must be written again, it can only be without them.
    """
    ledger = state.ledger
    keys = set(gone)
    touched = ledger.leave_archives(keys - state.store.entries.retired_keys(keys))
    if not (keys or all_touched):
        return touched
    frozen = {name for name in ledger.frozen_archives() - touched if state.files.adopt(Archive(name, ()).path)}
    ledger.thaw_archives(set(ledger.archives()) - frozen)
    return {*ledger.archives()} - frozen if all_touched else touched


def _plan_archives(state: State, touched: Collection[str]) -> Iterator[ArchivePlan]:
    """Yield the plans of those touched archives that changed."""
    names = state.ledger.archives()
    for older, name in pairwise(("", *names)):
        if name not in touched:
            continue
        archive, links = state.ledger.archive(name), _links_to(state, [older] if older else [])
        # Without the order of its entries, which dates decide: a corrected date must not rewrite it.
        fingerprint = digest(state.site.url, name, sorted(archive.keys), links)
        if not state.files.is_unchanged(archive.path, fingerprint):
            yield ArchivePlan(archive, fingerprint, links, state.since)


def _links_to(state: State, archives: Iterable[str]) -> tuple[FeedLink, ...]:
    """Return the link to the archive before; none if there is none."""
    addresses = (state.site.url + Archive(name, ()).path for name in archives)
    return tuple(FeedLink("prev-archive", address, ATOM.media_type) for address in addresses)


def _count_fitting(state: State, entries: Sequence[Entry]) -> int:
    """Return how many of the newest entries fit into a feed, at least one."""
    fitting = length = 0
    for entry in entries:
        length += len(Item(entry, entry.updated, "").text(state.site.content)[0].encode(errors="replace"))
        if fitting and length > state.site.bytes_per_feed:
            break
        fitting += 1
    return fitting

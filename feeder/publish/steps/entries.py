"""Writes the pages of entries."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from feeder.log import Progress
from feeder.publish.html import pages
from feeder.publish.html.pages import Neighbour
from feeder.publish.rendering import PagePlan, render
from feeder.publish.steps.state import State, digest
from feeder.reading.workers import chunked
from feeder.store import PageMark

_BATCH = 100  # marks that are planned at once
_MANY = 1000  # pages that are worth the start of worker processes


class _Place(NamedTuple):
    """An entry that readers see, and those beside it."""

    mark: PageMark
    newer: Neighbour | None
    older: Neighbour | None


def write_entries(state: State, numbers: Collection[int], progress: Progress) -> None:
    """Write the pages of those entries that changed, by workers if there are very many."""
    total = state.ledger.count()
    done = max(total - len(numbers), 0)
    plans = (plan for places in _places(state, numbers) for plan in _plan(state, places))
    first = list(islice(plans, _MANY))
    rendered = render(state.config, state.store, chain(first, plans), in_workers=len(first) == _MANY)
    for number, page in enumerate(rendered, start=done):
        if number % _BATCH == 0 and number:
            progress("publish", number, total)
        if page.files:
            state.broken.discard(page.plan.name)
            state.failed.pop(page.plan.name, None)
        state.take(page)
        if page.failures and not state.folder.has(page.plan.path):
            state.broken.add(page.plan.name)
    progress("publish", total, total)


def _places(state: State, numbers: Collection[int]) -> Iterator[list[_Place]]:
    """Yield the places of entries, some at a time, newest first.

    Where all are asked for, each but the first and last stands between those that were read with it.
    """
    is_whole = len(numbers) == state.ledger.count()
    for batch in chunked(state.ledger.numbers() if is_whole else sorted(numbers, reverse=True), _BATCH):
        marks = state.ledger.marks(batch)
        if not is_whole:
            yield [_Place(mark, *state.ledger.neighbours(mark.position)) for mark in marks]
            continue
        newer, _ = state.ledger.neighbours(marks[0].position)
        _, older = state.ledger.neighbours(marks[-1].position)
        beside = [newer, *(Neighbour(mark.key, mark.title, mark.language) for mark in marks), older]
        yield [_Place(*place) for place in zip(marks, beside, beside[2:], strict=False)]


def _plan(state: State, places: Sequence[_Place]) -> Iterator[PagePlan]:
    """Yield the plans of the pages that changed."""
    keys = [place.mark.key for place in places]
    copies, related = state.store.entries.copies(keys), state.ledger.related_to(keys)
    for mark, newer, older in places:
        own_copies = copies.get(mark.key, ())
        lines = related.get(mark.key, ())
        fingerprint = digest(state.settings, mark.version, newer, older, own_copies, lines)
        if not state.files.is_unchanged(pages.entry_path(mark.key), fingerprint):
            yield PagePlan(mark.key, fingerprint, newer, older, own_copies, lines)

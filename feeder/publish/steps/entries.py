"""Writes the pages of entries."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from feeder.log import Progress
from feeder.publish.html import pages
from feeder.publish.html.pages import Neighbour
from feeder.publish.rendering import PagePlan, render
from feeder.publish.steps.state import State, batches, digest
from feeder.store import PageMark

_BATCH = 100  # marks that are planned at once
_MANY = 1000  # pages that are worth the start of worker processes


def write_entries(state: State, numbers: Iterable[int], progress: Progress) -> None:
    """Write the pages of those entries that changed, by workers if there are very many."""
    marks = state.ledger.marks(list(numbers))
    total = state.ledger.count()
    done = total - len(marks)
    plans = (plan for batch in batches(_beside(state, marks), _BATCH) for plan in _plan(state, batch))
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


def _beside(state: State, marks: Sequence[PageMark]) -> Iterator[tuple[PageMark, Neighbour | None, Neighbour | None]]:
    """Yield marks, newest first, with the entries beside them."""
    if len(marks) == state.ledger.count():
        neighbours = [None, *(Neighbour(mark.key, mark.title, mark.language) for mark in marks), None]
        yield from zip(marks, neighbours, neighbours[2:], strict=False)
    else:
        yield from ((mark, *state.ledger.neighbours(mark.position)) for mark in marks)


def _plan(state: State, marks: Sequence[tuple[PageMark, Neighbour | None, Neighbour | None]]) -> Iterator[PagePlan]:
    """Yield the plans of the pages that changed."""
    keys = [mark.key for mark, *_ in marks]
    copies, related = state.store.entries.copies(keys), state.ledger.related_to(keys)
    for mark, newer, older in marks:
        own_copies = copies.get(mark.key, ())
        lines = related.get(mark.key, ())
        fingerprint = digest(state.settings, mark.version, newer, older, own_copies, lines)
        if not state.files.is_unchanged(pages.entry_path(mark.key), fingerprint):
            yield PagePlan(mark.key, fingerprint, newer, older, own_copies, lines)

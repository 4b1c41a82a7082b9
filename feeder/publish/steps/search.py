"""Writes what browsers search in, if there is no server to do it."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version

from feeder.errors import PublishError
from feeder.log import Progress
from feeder.publish.html import find, pages
from feeder.publish.output.bundle import PER_PART, program_version
from feeder.publish.steps.state import State, code_digest, digest
from feeder.reading.workers import chunked

_BATCH = 100  # entries that are read at once


def write_search(state: State, progress: Progress) -> None:
    """Write what browsers search in: the parts of the index whose entries changed, and the page."""
    if state.site.search != "browser":
        state.bundle.keep_only(())
        return
    parts = {}
    for number, entries in state.ledger.parts(PER_PART).items():
        if shown := [(key, version) for key, version in entries if key not in state.broken]:
            parts[str(number)] = shown
    for part, shown in parts.items():
        fingerprint = digest(state.site.language, state.site.timezone, code_digest(), program_version(), shown)
        if not state.bundle.is_unchanged(part, fingerprint):
            progress("publish", state.ledger.count(), state.ledger.count())
            try:
                state.bundle.build(part, fingerprint, _documents(state, [key for key, _ in shown]), state.site.language)
            except PublishError as error:
                state.skip("site.search", str(error))
    state.bundle.keep_only(parts)
    names = [part for part in parts if part in state.bundle.known]
    state.files.write(pages.FIND_PATH, find.render_find(state.site, names).encode())
    _write_folding(state)


def _write_folding(state: State) -> None:
    """Write the table with which browsers fold queries; making it takes 0.1 s."""
    known = digest(code_digest(), version("opencc"))
    if state.ledger.get("folding") == known and state.ledger.fingerprint(find.FOLDING_PATH) is not None:
        state.files.keep(find.FOLDING_PATH)
        return
    state.files.write(find.FOLDING_PATH, find.render_folding().encode())
    state.ledger.put("folding", known)


def _documents(state: State, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the documents that the search index is made of."""
    for batch in chunked(keys, _BATCH):
        for entry in state.store.entries.get_many(batch):
            yield pages.entry_path(entry.key), find.render_document(state.site, entry)

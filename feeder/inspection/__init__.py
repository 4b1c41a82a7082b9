"""`feeder check --deep`: the store, its pictures, the search index and the published folder against each other.

    each section ── findings ── repair? ──► repaired, and looked at again until nothing is left that it could repair

No pass may run meanwhile: one that is under way has entries without sources, and files that the ledger does not know.
"""

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple

from feeder.catalogue.known import all_sources
from feeder.config.load import Config
from feeder.errors import FeederError
from feeder.inspection.site import inspect_site, repair_site
from feeder.log import Progress
from feeder.pictures.folder import PictureFolder
from feeder.store import Store
from feeder.store.inspection import Finding
from feeder.store.inspection.copied import check_pictures
from feeder.store.inspection.indexed import compare_index
from feeder.store.inspection.integrity import check_integrity, describe_checks
from feeder.store.inspection.strays import find_strays

_ROUNDS = 5  # a repair may bring to light what depended on it
_NAMED = 3  # files of a line

_Section = Callable[[], Iterator[Finding]]


class Inspected(NamedTuple):
    """A line about one subject: something wrong (`ok` is False), what was repaired, or that nothing was found."""

    about: str
    ok: bool
    text: str


def inspect(config: Config, store: Store, *, repair: bool, progress: Progress | None = None) -> Iterator[Inspected]:
    """Yield what is found; with `repair`, what was done about it, and what is left.

    Raises:
        PassRunningError: a pass is running; nothing was looked at.
    """
    follow = None if progress is None else partial(progress, "search index")
    names = {source.name for source in all_sources(config, store)}
    sections: dict[str, _Section] = {
        "database": partial(check_integrity, store.database),
        "rows": partial(find_strays, store.database, store.search, names),
        "pictures": partial(check_pictures, store.database, PictureFolder(config.store.pictures)),
        "search index": partial(compare_index, store.database, store.search, follow),
        "site": partial(_check_site, config, store),
    }
    with store.database.exclusive_pass():
        for about, section in sections.items():
            yield from _run(about, section, store, repair=repair)


def _run(about: str, section: _Section, store: Store, *, repair: bool) -> Iterator[Inspected]:
    said: set[Inspected] = set()  # one repair may be that of several findings
    for turn in range(_ROUNDS):
        left = False
        repaired = False
        for finding in _findings(about, section):
            left = True
            done = _repair(finding) if repair else None
            repaired = repaired or (done is not None and done.ok)
            left_over = Inspected(finding.about, ok=False, text=finding.text)
            for line in [left_over] if done is None else [done] if done.ok else [left_over, done]:
                if line not in said:
                    said.add(line)
                    yield line
        if not left and not turn:
            text = describe_checks(store.database) if about == "database" else "as it should be"
            yield Inspected(about, ok=True, text=text)
        if not repaired:
            return


def _findings(about: str, section: _Section) -> list[Finding]:
    try:
        return list(section())
    except FeederError as error:
        return [Finding(about, f"cannot be checked: {error}")]


def _repair(finding: Finding) -> Inspected | None:
    if finding.repair is None:
        return None
    try:
        return Inspected(finding.about, ok=True, text=f"repaired: {finding.repair()}")
    except FeederError as error:
        return Inspected(finding.about, ok=False, text=f"not repaired: {error}")


def _check_site(config: Config, store: Store) -> Iterator[Finding]:
    state = inspect_site(config, store)
    repair = cache(partial(repair_site, config, store))  # one pass repairs all
    if state.is_damaged:
        yield Finding("site", "the record of what is published is damaged; --repair begins it anew", repair)
    for paths, what, then in (
        (state.missing, "missing files", "writes them"),
        (state.changed, "files that are not as they were left", "writes them again"),
        (state.foreign, "files of pages that are gone", "removes them"),
    ):
        if paths:
            named = ", ".join([*list(paths)[:_NAMED], *(["…"] if len(paths) > _NAMED else [])])
            yield Finding("site", f"{what}: {len(paths)} ({named}); --repair {then}", repair)
    if state.entries:
        said = f"entries published otherwise than they are stored: {state.entries}; --repair renders the site again"
        yield Finding("site", said, repair)

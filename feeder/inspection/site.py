"""The published folder against the ledger, and the ledger against the store, for `feeder check --deep`.

Nothing is rendered: a file is as it was left if its size and time are. What the store has gained since the last pass is
no difference. Files that feeder has not written are not its business.
"""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from feeder.config.load import Config
from feeder.publish.output.folder import Folder
from feeder.publish.output.ledger import Ledger
from feeder.publish.output.writer import Writer
from feeder.publish.site import FOLDERS, PAGE_NAME, publish
from feeder.publish.steps.state import digest
from feeder.store import Store
from feeder.words import words_for

_PAGE = 2000


@dataclass
class SiteState:
    """What is wrong with the published folder, by paths; `entries` is how many pages are of other entries than stored.

    `is_damaged`: the ledger cannot be read. `is_published`: there is anything to compare.
    """

    is_published: bool = True
    is_damaged: bool = False
    missing: Collection[str] = field(default_factory=list)
    changed: Collection[str] = field(default_factory=list)
    foreign: Collection[str] = field(default_factory=list)
    entries: int = 0


def inspect_site(config: Config, store: Store) -> SiteState:
    """Compare the published folder with the ledger, and that with the store.

    Raises:
        PublishError: the folder cannot be read.
        StoreError: the store cannot be read.
    """
    file = _ledger_file(config)
    if not file.exists() or not config.site.output.exists():
        return SiteState(is_published=False)
    if not _is_whole(file):
        return SiteState(is_damaged=True)
    with closing(_open(config)) as ledger:
        folder = Folder(config.site.output, *FOLDERS)
        present, known = folder.files(), ledger.files()
        writer = Writer(folder, ledger, precompress=config.site.precompress)
        strange = [path for path in sorted(present.keys() - known.keys()) if PAGE_NAME.fullmatch(path)]
        return SiteState(
            missing=sorted(known.keys() - present.keys()),
            changed=sorted(path for path in known.keys() & present.keys() if known[path] != present[path]),
            foreign=[path for path in strange if writer.is_ours(path)],
            entries=_count_differing(store, ledger),
        )


def repair_site(config: Config, store: Store) -> str:
    """Render what differs again, remove what does not belong to the site; return what was done.

    Raises:
        PublishError: the folder cannot be written.
    """
    if _is_whole(_ledger_file(config)):
        with closing(_open(config)) as ledger:
            for name, value in {"change": "", "unfinished": "yes"}.items():  # all entries are read again
                ledger.put(name, value)
            ledger.commit()
    report = publish(config, store, verify=True)
    return f"published again: {report.written} files written, {report.removed} removed"


def _ledger_file(config: Config) -> Path:
    return config.store.folder / f"published-{digest(str(config.site.output))}.db"


def _open(config: Config) -> Ledger:
    return Ledger.open(_ledger_file(config), words_for(config.site.language, config.site.timezone).month_of)


def _is_whole(file: Path) -> bool:
    try:
        with closing(sqlite3.connect(file)) as connection:
            return bool(connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def _count_differing(store: Store, ledger: Ledger) -> int:
    """Return how many entries the ledger has otherwise than the store; 0 if it has not followed all changes yet."""
    change = store.entries.last_change()
    if ledger.get("change") != str(change) or ledger.get("mark") != store.entries.mark_change(change):
        return 0
    last = differing = shown = 0
    while True:
        changes = store.entries.changed_marks(last, _PAGE)
        marks = {mark.key: mark for mark in ledger.marks(list(changes.marks))}
        differing += sum(marks.get(mark.key) != mark for mark in changes.marks.values())
        shown += len(changes.marks)
        if changes.rows < _PAGE:
            return differing + max(ledger.count() - shown, 0)
        last = changes.upto

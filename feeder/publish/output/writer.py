"""Writes and removes the files of a pass, and records them in the ledger.

A file whose fingerprint is the ledger's is not even rendered; one that holds the same bytes is not written. Only files
that feeder has written are replaced or removed.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from feeder.pictures.references import FOLDER as PICTURES_FOLDER
from feeder.pictures.references import is_named_by_content
from feeder.publish.crawlers import MARKS as CRAWLERMARKS
from feeder.publish.formats.item import GENERATOR
from feeder.publish.formats.json_feed import MARK as JSON_MARK
from feeder.publish.html import pages
from feeder.publish.output.compressed import ENDINGS, compressed_copies
from feeder.publish.output.folder import Folder, WaitingFile
from feeder.publish.output.ledger import Ledger

GROUP = 500  # files that are written before they are synced
_HEAD_BYTES = 4096
MARKS = (pages.GENERATOR_MARK.encode(), f"<generator>{GENERATOR}</generator>".encode(), JSON_MARK, *CRAWLERMARKS)


def prepare(folder: Folder, path: str, data: bytes, *, precompress: bool) -> list[WaitingFile]:
    """Write a file and its compressed copies beside their places; the file is the first."""
    copies = compressed_copies(path, data) if precompress else {}
    return [folder.prepare(one, content) for one, content in {path: data, **copies}.items()]


class Writer:
    """The files of one pass.

    `seen` are the paths that it looked at and that belong to the site; `written` and `removed` those that changed.
    """

    def __init__(self, folder: Folder, ledger: Ledger, *, precompress: bool) -> None:
        self._folder, self._ledger, self._precompress = folder, ledger, precompress
        self._records: dict[str, tuple[str, str]] = {}  # of files that wait: fingerprint and looks
        self.seen: set[str] = set()
        self.written: list[str] = []
        self.removed: list[str] = []

    def is_unchanged(self, path: str, fingerprint: str) -> bool:
        """Whether a file of the site is there with this fingerprint."""
        return self.are_unchanged((path,), fingerprint)

    def are_unchanged(self, paths: Collection[str], fingerprint: str) -> bool:
        """Whether files that are made together are all there with this fingerprint."""
        self.seen.update(paths)
        return all(self._ledger.fingerprint(path) == fingerprint for path in paths)

    def write(self, path: str, data: bytes, fingerprint: str | None = None) -> None:
        """Write a file; None as its fingerprint means that of its content."""
        self.seen.add(path)
        if fingerprint is None:
            fingerprint = _digest(data)
            if self._ledger.fingerprint(path) == fingerprint:
                return
        self.take(prepare(self._folder, path, data, precompress=self._precompress), fingerprint)

    def take(self, files: Sequence[WaitingFile], fingerprint: str) -> None:
        """Write a prepared file and its compressed copies."""
        for number, file in enumerate(files):
            self.seen.add(file.path)
            if self._folder.put(file):
                self.written.append(file.path)
            if not number:
                self._records[file.path] = (fingerprint, file.looks)
        if len(self._records) >= GROUP:
            self.flush()

    def write_if_changed(self, path: str, fingerprint: str, render: Callable[[], str]) -> None:
        """Render and write a file if its fingerprint is another."""
        if not self.is_unchanged(path, fingerprint):
            self.write(path, render().encode(), fingerprint)

    def write_unless_theirs(self, path: str, data: bytes) -> None:
        """Write a file where people may have put their own, which stays."""
        if not self._folder.has(path) or self.is_ours(path):
            self.write(path, data)
        else:
            self._ledger.remove_file(path)

    def link(self, path: str, source: Path, fingerprint: str) -> bool:
        """Publish a picture from another folder; return False if it is neither there nor published already."""
        if self._folder.link(path, source):
            self.written.append(path)
        elif not is_named_by_content(path, self._folder.read(path) or b""):
            return False
        self.seen.add(path)
        self._records[path] = (fingerprint, self._folder.looks(path) or "")
        return True

    def adopt(self, path: str) -> bool:
        """Leave a file of the site as it is, and record how it looks; return False if it is not there."""
        looks = self._folder.looks(path)
        if looks is None:
            return False
        self.seen.add(path)
        if self._ledger.fingerprint(path) is None:
            self._ledger.set_file(path, _digest(self._folder.read(path) or b""), looks)
        return True

    def keep(self, path: str) -> None:
        """Leave a file of the site as it is."""
        self.seen.add(path)

    def remove(self, path: str) -> None:
        """Remove a file that no longer belongs to the site, if we wrote it."""
        if self.is_ours(path):
            for one in (path, *(f"{path}{ending}" for ending in ENDINGS if self._folder.has(f"{path}{ending}"))):
                self._folder.remove(one)
                self.removed.append(one)
        self._ledger.remove_file(path)

    def remove_copies(self) -> None:
        """Remove compressed copies of our files that this pass would not have written."""
        for path in sorted(self._folder.files().keys() - self.seen):
            whole, dot, ending = path.rpartition(".")
            if dot + ending in ENDINGS and whole in self.seen:
                self._folder.remove(path)
                self.removed.append(path)

    def flush(self) -> None:
        """Put the files that were written in their places, and record them."""
        self._folder.flush()
        for path, record in self._records.items():
            self._ledger.set_file(path, *record)
        self._records.clear()
        self._ledger.commit()

    def is_ours(self, path: str) -> bool:
        """Whether feeder has written a file: by a mark in it, or because it is as it was left."""
        if path.startswith(f"{PICTURES_FOLDER}/"):
            return is_named_by_content(path, self._folder.read(path) or b"")
        data = self._folder.read(path) or b""
        return any(mark in data[:_HEAD_BYTES] for mark in MARKS) or self._ledger.fingerprint(path) == _digest(data)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]

"""Uploads the published folder to a bucket: what changed since the last upload, in an order without broken links.

    folders as they were left ──▶ done
    files of the folder ──▶ differ from the record? ──▶ new ones, replaced ones (`order.py`), then those that are gone
    no record, or that of another machine ──▶ what the bucket lists is compared by entity tags

The record is written before and after each group of requests, so an upload that was killed, refused or too slow is made
good by the next. A feed is noted for hubs before the record says that the bucket has it: the next upload skips it. Dot
files and links are not uploaded. Callers hold `store.database.exclusive_pass()`.
"""

import asyncio
import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from feeder.config.load import Config
from feeder.config.values import parse_duration
from feeder.errors import PublishError
from feeder.log import Progress
from feeder.objects.bucket import Bucket
from feeder.publish.html.find import INDEX_FOLDER
from feeder.publish.hubs import note_changes
from feeder.publish.objects.order import rank_of
from feeder.publish.objects.record import Candidate, Record
from feeder.publish.output import headers
from feeder.publish.output.writer import MARKS
from feeder.publish.site import PAGE_NAME
from feeder.publish.steps.state import digest
from feeder.store import Store

_AT_ONCE = 16  # requests
_GROUP = 200  # files that are read and noted together …
_GROUP_BYTES = 8_000_000  # … unless they are larger
_LARGE_BYTES = 5_000_000  # of a file that is not read into memory
_MARK = ".feeder-site"  # an object that says with which headers ours were uploaded
_HEADERS = digest(Path(headers.__file__).read_bytes())


class UploadReport(NamedTuple):
    """The number of objects that were uploaded, left unchanged and removed; `changed` are the paths of the first."""

    uploaded: int
    unchanged: int
    removed: int
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        counts = {"uploaded": self.uploaded, "removed": self.removed}
        text = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        return f"objects: {text or 'nothing new'} ({self.unchanged} unchanged)"


class _File(NamedTuple):
    """A file to upload: its content, or its path if it is large."""

    candidate: Candidate
    content: bytes | Path
    headers: dict[str, str]
    digest: str


def upload(config: Config, store: Store, *, verify: bool = False, progress: Progress | None = None) -> UploadReport:
    """Bring the bucket up to date with the published folder.

    Args:
        config: The folder and the bucket, `objects.url`.
        store: Remembers whose record of the bucket is the right one, and which feeds hubs are to be told of.
        verify: Compare with what the bucket lists: what was changed there by others is restored.
        progress: Called with ("upload", files done, files in total).

    Raises:
        PublishError: the bucket refuses something or cannot be reached; or it contains another site, which is left
            unchanged; or the deadline has passed.
    """
    file = record_file(config)
    try:
        with closing(Record.open(file)) as record:
            run = _Upload(config, store, record, progress or (lambda _stage, _done, _total: None))
            try:
                asyncio.run(run.run(verify=verify))
            finally:
                record.commit()
            unchanged = record.count() - len(run.uploaded)
    except sqlite3.Error as error:
        raise PublishError(f"{file}: cannot be written: {error}; the next pass goes on") from None
    return UploadReport(len(run.uploaded), unchanged, run.removed, tuple(run.uploaded))


def record_file(config: Config) -> Path:
    """Return the file of the record of a bucket."""
    return config.store.folder / f"uploaded-{digest(config.objects.url)}.db"


class _Upload:
    """One upload; `uploaded` are the paths of what was written so far, and `removed` the number of removed objects."""

    def __init__(self, config: Config, store: Store, record: Record, progress: Progress) -> None:
        self._config, self._store, self._record, self._progress = config, store, record, progress
        self._root = config.site.output
        self._bucket = Bucket(config.objects, config.objects.url)
        self._note = f"uploaded:{digest(config.objects.url)}"
        self.uploaded: list[str] = []
        self.removed = 0
        self._done = self._total = 0

    async def run(self, *, verify: bool) -> None:
        """Upload until all is done or the deadline has passed."""
        deadline = self._config.objects.deadline
        try:
            async with asyncio.timeout(parse_duration(deadline).total_seconds()):
                await self._run(verify=verify)
        except TimeoutError:
            raise PublishError(
                f"{self._config.objects.url}: not done within {deadline} (objects.deadline): {self._done} of "
                f"{self._total} files looked at, {len(self.uploaded)} uploaded; the next pass goes on"
            ) from None

    async def _run(self, *, verify: bool) -> None:
        record = self._record
        is_ours = bool(record.get("token")) and self._store.database.get_note(self._note) == record.get("token")
        if is_ours and not verify and record.get("headers") == _HEADERS and self._is_as_left(record.get("folders")):
            return
        folders = self._scan()
        if verify or not is_ours:
            await self._compare()
        if record.get("headers") != _HEADERS:
            record.distrust()
        record.put("folders", "")
        if not is_ours:
            record.put("token", secrets.token_hex(8))
            record.commit()
            self._store.database.set_note(self._note, record.get("token"))
        candidates = sorted(record.candidates(), key=_turn)
        self._total = len(candidates)
        await self._upload_in_turns(one for one in candidates if not one.is_named)
        record.name_all()
        record.commit()
        await self._upload_in_turns(one for one in candidates if one.is_named)
        gone = record.gone()
        await self._bucket.remove(gone)
        record.remove(gone)
        self.removed = len(gone)
        if record.get("mark") != _HEADERS:
            await self._bucket.put(_MARK, _HEADERS.encode(), {"Content-Type": "text/plain"})
            record.put("mark", _HEADERS)
        record.put("headers", _HEADERS)
        record.put("folders", json.dumps(folders))

    def _is_as_left(self, folders: str) -> bool:
        """Whether no file came, went or was replaced: each changes the time of its folder."""
        try:
            known: dict[str, int] = json.loads(folders or "{}")
            return bool(known) and all((self._root / path).stat().st_mtime_ns == time for path, time in known.items())
        except OSError:
            return False

    def _scan(self) -> dict[str, int]:
        """Note the files that the folder has; return its folders with their times."""
        folders: dict[str, int] = {}
        waiting = [""]
        try:
            while waiting:
                folder = waiting.pop()
                folders[folder] = (self._root / folder).stat().st_mtime_ns
                inner, files = _list(self._root, folder)
                waiting += inner
                self._record.add_present(files)
        except OSError as error:
            raise PublishError(f"{self._root}: cannot be read: {error.strerror}; nothing was uploaded") from None
        return folders

    async def _compare(self) -> None:
        """Have the record say what the bucket has."""
        record = self._record
        async for objects in self._bucket.list():
            record.add_listed(objects)
        strange = set(record.listed())
        mark = await self._bucket.get(_MARK)
        if mark is None and "index.html" in strange:
            page = await self._bucket.get("index.html") or b""
            if not any(sign in page for sign in MARKS):
                place = self._config.objects.url
                raise PublishError(
                    f"{place}/index.html: not written by feeder; move it away, or set objects.url to another place"
                )
        record.compare(filter(_is_ours, strange), trusted=mark == _HEADERS.encode())
        record.put("mark", mark.decode("ascii", "replace") if mark else "")

    async def _upload_in_turns(self, candidates: Iterable[Candidate]) -> None:
        for _, turn in groupby(candidates, key=_turn):
            for group in self._read_in_groups(turn):
                await self._upload(group)

    def _read_in_groups(self, candidates: Iterable[Candidate]) -> Iterator[list[_File]]:
        """Yield the files of one turn that differ from their objects, as many at a time as may be in memory."""
        group: list[_File] = []
        size = 0
        for candidate in candidates:
            self._done += 1
            file = self._read(candidate)
            if file is not None:
                group.append(file)
                size += len(file.content) if isinstance(file.content, bytes) else 0
            if len(group) >= _GROUP or size >= _GROUP_BYTES:
                yield group
                group, size = [], 0
        yield group

    def _read(self, candidate: Candidate) -> _File | None:
        """Read a file; None if its object is the same, or if it is gone."""
        path = self._root / candidate.path
        whole, encoding = headers.encoding_of(candidate.path)
        try:
            with path.open("rb") as file:
                large = os.fstat(file.fileno()).st_size > _LARGE_BYTES
                content = b"" if large else file.read()
                tag = hashlib.file_digest(file, "md5").hexdigest() if large else _md5(content)
            with (self._root / whole).open("rb") as file:  # of a compressed copy, the text tells the type
                sent = headers.file_headers(whole, file.read(headers.HEAD_BYTES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(f"{path}: cannot be read: {error.strerror}; the next pass goes on") from None
        if encoding is not None:
            sent["Content-Encoding"] = encoding
        found = digest(tag, sorted(sent.items()))
        if candidate.digest == found or (candidate.is_unread and candidate.tag == tag):
            self._record.set(candidate.path, candidate.looks, found, candidate.tag)
            return None
        return _File(candidate, path if large else content, sent, found)

    async def _upload(self, group: list[_File]) -> None:
        """Upload files, some at once; the first that fails ends it."""
        self._progress("upload", self._done - len(group), self._total)
        before = len(self.uploaded)
        self._record.doubt(file.candidate.path for file in group)
        self._record.commit()
        waiting = iter(group)

        async def work() -> None:
            for file in waiting:
                path, looks = file.candidate.path, file.candidate.looks
                tag = await self._bucket.put(path, file.content, file.headers)
                self._record.set(path, looks, file.digest, tag)
                self.uploaded.append(path)

        workers = [asyncio.create_task(work()) for _ in range(min(_AT_ONCE, len(group)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            note_changes(self._config, self._store, self.uploaded[before:])
            self._record.commit()
        self._progress("upload", self._done, self._total)


def _turn(candidate: Candidate) -> int:
    return rank_of(candidate.path)


def _is_ours(path: str) -> bool:
    """Whether an object has a name that only feeder gives."""
    return bool(PAGE_NAME.fullmatch(headers.encoding_of(path)[0])) or path.startswith(f"{INDEX_FOLDER}/")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()  # what entity tags of S3 are


def _list(root: Path, folder: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the folders and the files in a folder, the latter with size and time; without dot files and links."""
    folders, files = [], []
    with os.scandir(root / folder) as items:
        for item in items:
            path = f"{folder}/{item.name}" if folder else item.name
            if item.name.startswith(".") or not _is_text(item.name):
                continue
            if item.is_dir(follow_symlinks=False):
                folders.append(path)
            elif item.is_file(follow_symlinks=False):
                status = item.stat()
                files.append((path, f"{status.st_size} {status.st_mtime_ns}"))
    return folders, files


def _is_text(name: str) -> bool:
    """Whether a name can be part of an address; the file system allows any bytes."""
    return name.isprintable()

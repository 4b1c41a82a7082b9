"""The search index beside the pages, which Pagefind makes: parts of 500 entries, each in a folder of its own.

Pagefind cannot change an index. Only the parts whose entries changed are made again, so what a pass costs does not grow
with the archive; a part takes Pagefind about two seconds and 200 MB. Files are named by their content, except the few
that name the others: those are replaced last, and what they no longer name is removed after that.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Collection, Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from feeder.errors import PublishError
from feeder.publish.output.compressed import ENDINGS, compressed_copies
from feeder.publish.output.folder import translating_errors

PER_PART = 500
_ENTRY = "pagefind-entry.json"
_SCRIPT = "pagefind.js"
_COPIES = tuple(_SCRIPT + ending for ending in ENDINGS)  # all else is compressed already, or short
_LAST = (_ENTRY, *_COPIES, _SCRIPT)
_KEPT = ("fragment/*.pf_fragment", "index/*.pf_index", "*.pf_meta", "wasm.*.pagefind", *_LAST)  # the rest are widgets
_START, _END = ".feeder-", ".tmp"  # a dot folder, which web servers do not serve
_LONGEST_S = 600


class Bundle:
    """The parts below a folder of the site.

    `known` are the digests of the parts that are there by name. `written` and `removed` are the paths below the site of
    the files that changed.
    """

    def __init__(self, site: Path, folder: str, known: str, *, precompress: bool = False) -> None:
        self._site, self._folder, self._precompress = site, folder, precompress
        self.known: dict[str, str] = json.loads(known or "{}")
        self.written: list[str] = []
        self.removed: list[str] = []

    def is_whole(self) -> bool:
        """Whether all parts are still there."""
        return all(self.is_unchanged(*known) for known in self.known.items())

    def is_unchanged(self, part: str, digest: str) -> bool:
        """Whether a part is there with this digest."""
        has_copies = self._path(part, _COPIES[0]).exists()
        return self.known.get(part) == digest and self._path(part, _ENTRY).exists() and has_copies == self._precompress

    def build(self, part: str, digest: str, documents: Iterable[tuple[str, str]], language: str) -> None:
        """Make a part of documents, as paths of pages and HTML.

        Raises:
            PublishError: Pagefind failed, or the folder cannot be written; the part is as before.
        """
        with translating_errors(self._site):
            (self._site / self._folder).mkdir(exist_ok=True)
            # On the disk of the site, so that files can be moved.
            with TemporaryDirectory(prefix=_START, suffix=_END, dir=self._site / self._folder) as place:
                source, made = Path(place, "site"), Path(place, "made")
                for path, html in documents:
                    (source / path).parent.mkdir(parents=True, exist_ok=True)
                    (source / path).write_text(html, "utf-8", "replace")
                _run_pagefind(source, made, language)
                if self._precompress:
                    for path, data in compressed_copies(_SCRIPT, (made / _SCRIPT).read_bytes()).items():
                        (made / path).write_bytes(data)
                self._take(part, made)
        self.known[part] = digest

    def keep_only(self, parts: Collection[str]) -> None:
        """Remove the other parts."""
        root = self._site / self._folder
        for left in root.glob(f"{_START}*{_END}"):  # by a pass that was killed
            shutil.rmtree(left, ignore_errors=True)
        present = {folder.name for folder in root.glob("*") if folder.name.isdecimal()}
        for part in sorted((present | self.known.keys()) - set(parts)):
            with translating_errors(self._site):
                for path in self._files(part):
                    self._remove(part, path)
            for folder in ("fragment", "index", ""):
                _remove_if_empty(self._path(part, folder))
            self.known.pop(part, None)
        _remove_if_empty(root)

    def _take(self, part: str, made: Path) -> None:
        paths = [file.relative_to(made).as_posix() for pattern in _KEPT for file in sorted(made.glob(pattern))]
        old = self._files(part)
        os.sync()
        for path in paths:
            if path not in old or path in _LAST:
                target = self._path(part, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                (made / path).replace(target)
                self.written.append(f"{self._folder}/{part}/{path}")
        for path in sorted(set(old) - set(paths)):
            self._remove(part, path)

    def _files(self, part: str) -> list[str]:
        root = self._path(part)
        return [file.relative_to(root).as_posix() for pattern in _KEPT for file in root.glob(pattern)]

    def _remove(self, part: str, path: str) -> None:
        self._path(part, path).unlink(missing_ok=True)
        self.removed.append(f"{self._folder}/{part}/{path}")

    def _path(self, part: str, path: str = "") -> Path:
        return self._site / self._folder / part / path


def program_version() -> str:
    """Return the version of Pagefind."""
    return version("pagefind-bin")


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _run_pagefind(source: Path, target: Path, language: str) -> None:
    from pagefind_bin import get_executable  # noqa: PLC0415  an optional part

    command = [get_executable(), "--silent", "--force-language", language, "--site", source, "--output-path", target]
    # Settings in variables or in the current folder are somebody else's.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PAGEFIND_")}
    try:
        done = subprocess.run(  # noqa: S603  its program, our folders
            command, cwd=source, env=variables, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise PublishError(f"Pagefind did not end within {_LONGEST_S} seconds") from None
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").split()
        raise PublishError(f"Pagefind failed: {' '.join(words)[:200] or done.returncode}")

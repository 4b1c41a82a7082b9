"""The pictures of entries, in a folder beside the database: each a file that is named by its content.

What is read beside an article is copied here at once. So what is published depends neither on the folder of the source,
which may change or be away, nor on when it is published. Files appear whole and never change; two processes that keep
the same picture write the same bytes.
"""

import os
import secrets
from collections.abc import Container
from pathlib import Path

from feeder.errors import StoreError
from feeder.model import Media
from feeder.pictures.references import NAME, picture_name

_TEMPORARY = ".feeder-"


class PictureFolder:
    """The folder at `root`, which is created with its first picture."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def keep(self, picture: Media, data: bytes) -> None:
        """Copy a picture into the folder.

        Raises:
            StoreError: it cannot be written.
        """
        if self.has(picture):
            return
        try:
            self._write(self._file(picture), data)
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be written: {error.strerror or error}") from None

    def take(self, file: Path) -> None:
        """Have a picture that another such folder has; both share its place on the disk, if it is one disk.

        Raises:
            StoreError: it cannot be read or written.
        """
        temporary = self.root / f"{_TEMPORARY}{secrets.token_hex(6)}"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            try:
                temporary.hardlink_to(file)
            except OSError:  # another disk, or a file system without links
                self._write(self.root / file.name, file.read_bytes())
            else:
                temporary.replace(self.root / file.name)
        except OSError as error:
            raise StoreError(f"{self.root}: {file} cannot be copied: {error.strerror or error}") from None
        finally:
            temporary.unlink(missing_ok=True)

    def has(self, picture: Media) -> bool:
        """Whether a picture is there, whole."""
        try:
            return self._file(picture).stat().st_size == picture.length
        except OSError:
            return False

    def _file(self, picture: Media) -> Path:
        name = picture_name(picture)
        assert name is not None  # noqa: S101  for the types; only pictures of ours come here
        return self.root / name

    def names(self) -> set[str]:
        """Return the names of the pictures that are there.

        Raises:
            StoreError: the folder cannot be read.
        """
        try:
            return {name for name in os.listdir(self.root) if NAME.fullmatch(name)}  # noqa: PTH208  as below
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be read: {error.strerror}") from None

    def remove_others(self, names: Container[str]) -> None:
        """Remove the pictures that are not among these, and what a killed process has left.

        Raises:
            StoreError: they cannot be removed.
        """
        try:
            for name in sorted(os.listdir(self.root)):  # noqa: PTH208  names are all that is needed
                if (NAME.fullmatch(name) and name not in names) or name.startswith(_TEMPORARY):
                    (self.root / name).unlink(missing_ok=True)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self.root}: cannot be cleaned up: {error.strerror}") from None

    def _write(self, file: Path, data: bytes) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        temporary = self.root / f"{_TEMPORARY}{secrets.token_hex(6)}"
        try:
            with temporary.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(temporary.stat().st_mode & 0o444)  # published files may share its place on the disk
            temporary.replace(file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

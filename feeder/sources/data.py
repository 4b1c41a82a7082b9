"""The bytes of a document: in memory if they are few, else read from the file as often as needed.

So memory does not grow with an export. A file that is replaced between two readings has another time, and the next
pass reads it again.
"""

import os
from io import BytesIO
from typing import BinaryIO

LARGE = 5_000_000  # bytes; documents above are read as streams


class Data:
    """The bytes of a document."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def is_large(self) -> bool:
        """Whether it is too large to be held in memory, with all that is made of it."""
        return False

    def start(self, length: int) -> bytes:
        """Return the first bytes."""
        return self._data[:length]

    def read(self) -> bytes:
        """Return all bytes."""
        return self._data

    def open(self) -> BinaryIO:
        """Return a stream of the bytes, from the first on."""
        return BytesIO(self._data)


class LargeFile(Data):
    """The bytes of a file at `path`, the first `size` of them.

    Raises:
        OSError: from every method; the file is gone or cannot be read.
    """

    def __init__(self, path: str, size: int) -> None:
        super().__init__(b"")
        self._path, self._size = path, size

    @property
    def is_large(self) -> bool:
        """Whether it is too large to be held in memory."""
        return True

    def start(self, length: int) -> bytes:
        """Return the first bytes."""
        with self.open() as stream:
            return stream.read(min(length, self._size))

    def read(self) -> bytes:
        """Return all bytes."""
        return self.start(self._size)

    def open(self) -> BinaryIO:
        """Return a stream of the bytes, from the first on."""
        return open_file(self._path)


def open_file(path: str) -> BinaryIO:
    """Open a regular file, without following a link or blocking on a pipe that has replaced it."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")

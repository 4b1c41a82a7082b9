"""A body of bounded size, decompressed as it arrives: a few bytes of gzip may expand to gigabytes.

Knows nothing about HTTP.
"""

import re
import zlib
from typing import Literal

from feeder.errors import FetchError

Coding = Literal["gzip", "deflate"]

_STEP = 64 * 1024  # bytes decompressed at a time: memory stays close to the limit
_GZIP = zlib.MAX_WBITS | 16
_MAGIC = b"\x1f\x8b"
_CHECKED = 2  # bytes that tell how a body is compressed
_TEXT = re.compile(rb"<[?!A-Za-z]|[{\[][\s{\"]|\xef\xbb|\s[\s<{\[]")  # how documents begin


class Body:
    """Collects the pieces of a body of at most `limit` bytes, decompressed. `coding` is None if it is not compressed.

    Its first bytes tell more than the label: servers label gzip as deflate, and plain text as compressed. A file that
    is gzip itself (`feed.xml.gz`) is decompressed too.
    """

    def __init__(self, *, limit: int, coding: Coding | None) -> None:
        self._limit, self._coding = limit, coding
        self._inflater: zlib._Decompress | None = None
        self._start = b""  # until it is known how the body is compressed
        self._content = bytearray()

    def feed(self, data: bytes) -> None:
        """Add the next piece.

        Raises:
            FetchError: the body is larger than the limit, or is not compressed as labelled.
        """
        if self._coding is not None and self._inflater is None:
            data = self._start = self._start + data
            if len(data) < _CHECKED:
                return
            self._coding = _coding_of(data, self._coding)
        if self._coding is None:
            self._append(data)
            return
        if self._inflater is None:
            self._inflater = _new_inflater(data, self._coding)
        try:
            self._inflate(self._inflater, data)
        except zlib.error as error:
            raise FetchError(f"invalid {self._coding} response", reason="protocol") from error

    def finish(self) -> bytes:
        """Return the body.

        Raises:
            FetchError: the compressed data is truncated, or the body is larger than the limit.
        """
        if self._start and self._coding is not None:  # many servers label an empty body gzip
            if self._inflater is not None:
                self._append(self._inflater.flush())
            if self._inflater is None or not self._inflater.eof:
                raise FetchError(f"truncated {self._coding} response", reason="protocol")
        content = bytes(self._content)
        if not content.startswith(_MAGIC):
            return content
        file = Body(limit=self._limit, coding="gzip")
        file.feed(content)
        return file.finish()

    def _inflate(self, inflater: "zlib._Decompress", data: bytes) -> None:
        while data:
            if inflater.eof:
                if self._coding != "gzip" or not data.startswith(_MAGIC[:1]):  # padding
                    return
                inflater = self._inflater = zlib.decompressobj(_GZIP)  # RFC 1952 §2.2: members follow one another
            self._append(inflater.decompress(data, _STEP))
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail

    def _append(self, data: bytes) -> None:
        if len(self._content) + len(data) > self._limit:
            raise FetchError(f"larger than {self._limit:,} bytes", reason="too-large")
        self._content += data


def _coding_of(data: bytes, label: Coding) -> Coding | None:
    """Return how a body that begins with this data is compressed; None if it is not."""
    if data.startswith(_MAGIC):
        return "gzip"
    return None if _TEXT.match(data) else label


def _new_inflater(data: bytes, coding: Coding) -> "zlib._Decompress":
    if coding == "gzip":
        return zlib.decompressobj(_GZIP)
    return zlib.decompressobj(zlib.MAX_WBITS if _is_zlib(data) else -zlib.MAX_WBITS)


def _is_zlib(data: bytes) -> bool:
    """Whether a deflate stream has the header of RFC 1950 §2.2, which many servers leave out (RFC 9110 §8.4.1.2)."""
    return data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0

"""A body of bounded size, decompressed as it arrives: a few bytes of gzip may expand to gigabytes.

Knows nothing about HTTP.
"""

import zlib

from feeder.errors import FetchError

_STEP = 64 * 1024  # bytes decompressed at a time: memory stays close to the limit
_GZIP = zlib.MAX_WBITS | 16
_MAGIC = b"\x1f"


class Body:
    """Collects the pieces of a body of at most `limit` bytes, decompressed."""

    def __init__(self, *, limit: int, gzipped: bool) -> None:
        self._limit = limit
        self._inflater = zlib.decompressobj(_GZIP) if gzipped else None
        self._has_data = False
        self._content = bytearray()

    def feed(self, data: bytes) -> None:
        """Add the next piece.

        Raises:
            FetchError: the body is larger than the limit, or is not gzip.
        """
        if self._inflater is None:
            self._append(data)
            return
        self._has_data = self._has_data or bool(data)
        try:
            self._inflate(self._inflater, data)
        except zlib.error as error:
            raise FetchError("invalid gzip response", reason="protocol") from error

    def finish(self) -> bytes:
        """Return the body.

        Raises:
            FetchError: the gzip is truncated, or the body is larger than the limit.
        """
        if self._inflater is not None and self._has_data:  # many servers label an empty body gzip
            self._append(self._inflater.flush())
            if not self._inflater.eof:
                raise FetchError("truncated gzip response", reason="protocol")
        return bytes(self._content)

    def _inflate(self, inflater: "zlib._Decompress", data: bytes) -> None:
        while data:
            if inflater.eof:
                if not data.startswith(_MAGIC):  # padding
                    return
                inflater = self._inflater = zlib.decompressobj(_GZIP)  # RFC 1952 §2.2: members follow one another
            self._append(inflater.decompress(data, _STEP))
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail

    def _append(self, data: bytes) -> None:
        if len(self._content) + len(data) > self._limit:
            raise FetchError(f"larger than {self._limit:,} bytes", reason="too-large")
        self._content += data

"""A body of bounded size, unpacked as it comes in: a few bytes of gzip may stand for gigabytes.

Knows nothing of HTTP but that bytes arrive in pieces.
"""

import zlib

from feeder.errors import FetchError

_STEP = 64 * 1024  # bytes unpacked at a time, so that not much more than the limit is ever held
_GZIP = zlib.MAX_WBITS | 16
_MAGIC = b"\x1f"


class Body:
    """Gathers the pieces of one body; `limit` is the most bytes it may have, unpacked."""

    def __init__(self, *, limit: int, gzipped: bool) -> None:
        self._limit = limit
        self._inflater = zlib.decompressobj(_GZIP) if gzipped else None
        self._fed = False
        self._content = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next piece.

        Raises:
            FetchError: the body is larger than the limit, or is not gzip.
        """
        if self._inflater is None:
            self._keep(data)
            return
        self._fed = self._fed or bool(data)
        try:
            self._inflate(self._inflater, data)
        except zlib.error as error:
            raise FetchError("its body is not the gzip that it is said to be", reason="protocol") from error

    def finish(self) -> bytes:
        """Return the whole body.

        Raises:
            FetchError: it was gzip and ends too early, or it is larger than the limit.
        """
        if self._inflater is not None and self._fed:  # an empty body is called gzip by many servers
            self._keep(self._inflater.flush())
            if not self._inflater.eof:
                raise FetchError("truncated gzip response", reason="protocol")
        return bytes(self._content)

    def _inflate(self, inflater: "zlib._Decompress", data: bytes) -> None:
        while data:
            if inflater.eof:
                if not data.startswith(_MAGIC):  # what pads the end is nobody's
                    return
                inflater = self._inflater = zlib.decompressobj(_GZIP)  # RFC 1952 §2.2: members follow one another
            self._keep(inflater.decompress(data, _STEP))
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail

    def _keep(self, data: bytes) -> None:
        if len(self._content) + len(data) > self._limit:
            raise FetchError(f"it is larger than {self._limit:,} bytes", reason="too-large")
        self._content += data

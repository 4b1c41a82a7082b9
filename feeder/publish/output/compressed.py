"""Compressed copies of texts, for web servers that send them as they are. Pure."""

import gzip
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from posixpath import splitext
from typing import Any

ENDINGS = (".gz", ".br")
_TEXTS = frozenset({".html", ".xml", ".rss", ".json", ".css", ".js", ".svg", ".opml", ".webmanifest"})
_MIN_BYTES = 1000  # what fits one packet gains nothing


def compressed_copies(path: str, data: bytes) -> dict[str, bytes]:
    """Return the compressed copies of a file by path; none if it is not a text, or too short."""
    if splitext(path)[1] not in _TEXTS or len(data) < _MIN_BYTES:
        return {}
    copies = {f"{path}.gz": gzip.compress(data, mtime=0)}
    if (brotli := _brotli()) is not None:
        copies[f"{path}.br"] = brotli.compress(data, quality=9)
    return copies


@cache
def _brotli() -> Any:  # noqa: ANN401  a module without types
    return import_module("brotli") if find_spec("brotli") is not None else None

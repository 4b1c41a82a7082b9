"""Answers made from the store, kept in memory until it changes.

    request ─▶ the number of the store's last change ─▶ made since? ─▶ 304 or 200: nothing is searched or rendered
                                                         └─ no ─▶ make it, once for all who ask meanwhile

The bytes of the answers asked for last are kept; of many more, the entity tags, which are enough for a 304. A tag is of
the exact bytes: a poll of what a change did not concern costs the work, but is still answered with 304.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from feeder.web.http.documents import Answer, Document, read_conditions, read_tags

_MAX_BYTES = 32 << 20
_MAX_TAGS = 10_000
_LOCKS = 64
_MOVES_EACH_S = 60  # what a search with a relative time finds is kept no longer

Made = Document | Response  # a response is not kept: the store is away, or the index unfinished


class _Kept(NamedTuple):
    version: tuple[int, int]
    document: Document


class _Known(NamedTuple):
    version: tuple[int, int]
    unmodified: Mapping[bytes, Answer]


class Answers:
    """For any number of threads. `last_change` returns the number of the store's last change."""

    def __init__(self, last_change: Callable[[], int]) -> None:
        self._last_change = last_change
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._known: OrderedDict[Hashable, _Known] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()  # of what is above
        self._making = [threading.Lock() for _ in range(_LOCKS)]

    def answer(
        self, request: Request, key: Hashable, make: Callable[[], Made], *, moves: bool = False
    ) -> Answer | Response:
        """Return the answer to a request; `key` is all that it depends on, `moves`: it changes with time too.

        Raises:
            StoreError: the store cannot be read; and whatever `make` raises.
        """
        asked = read_conditions(request.scope["headers"])
        version = (self._last_change(), int(time.time() // _MOVES_EACH_S) if moves else 0)
        known = self._known.get(key)
        if known is not None and known.version == version:
            for tag in read_tags(asked.get(b"if-none-match", b"")):
                if tag in known.unmodified:
                    return known.unmodified[tag]
        kept = self._find(key, version)
        if kept is not None:
            return kept.answer(asked)
        with self._making[hash(key) % _LOCKS]:
            made = self._find(key, version) or make()
            if isinstance(made, Response):
                return made
            self._keep(key, version, made)
            return made.answer(asked)

    def _find(self, key: Hashable, version: tuple[int, int]) -> Document | None:
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.version != version:
                return None
            self._kept.move_to_end(key)
            return kept.document

    def _keep(self, key: Hashable, version: tuple[int, int], document: Document) -> None:
        with self._lock:
            self._known.pop(key, None)
            self._known[key] = _Known(version, document.unmodified)
            if len(self._known) > _MAX_TAGS:
                self._known.popitem(last=False)
            if (old := self._kept.pop(key, None)) is not None:
                self._bytes -= old.document.size
            self._kept[key] = _Kept(version, document)
            self._bytes += document.size
            while self._bytes > _MAX_BYTES:
                self._bytes -= self._kept.popitem(last=False)[1].document.size

"""Pictures of other sites, fetched for readers who shall not ask for them themselves (`images = "proxy"`).

    /pictures/remote/SIGNATURE/ADDRESS ─ signed by us? ─ in memory? ─ guarded client ─ a picture by its bytes? ─ 200
                                            └─ 404                        └─ no response, too large, no picture ─ 502

Only addresses of the site's own pages and feeds are fetched, each once for all who ask at the same time. The last
pictures stay in memory for a while, failures for a minute.
"""

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from feeder.config.load import Config
from feeder.errors import StoreError
from feeder.ingest.mirroring import ACCEPT_PICTURE, allowed_private
from feeder.pictures.references import FOLDER, TYPES, picture_type
from feeder.pictures.signing import REMOTE, read_signed
from feeder.sources.http.crawl import FetchRequest, fetch, new_client, server_of
from feeder.store import Store
from feeder.web.static import LIVE_HEADERS, SECURITY_HEADERS

if TYPE_CHECKING:
    from feeder.sources.http.client import Client

log = logging.getLogger(__name__)

PATH = f"{FOLDER}/{REMOTE}/{{signature}}/{{address}}"
_FRESH_S, _FAILED_S = 24 * 3600, 60  # how long a picture, and a failure, is kept
_MAX_CACHE_BYTES = 32 << 20
_ROW_BYTES = 1000  # what a failure counts


class _Known(NamedTuple):
    """The answer for an address, until a time of the event loop; `kind` None is a failure."""

    until: float
    kind: str | None
    body: bytes = b""

    @property
    def size(self) -> int:
        return len(self.body) + _ROW_BYTES


class PictureProxy:
    """Answers requests for signed addresses. For one event loop."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store
        self._client: Client | None = None
        self._key = b""
        self._private: frozenset[str] = frozenset()
        self._cache: OrderedDict[str, _Known] = OrderedDict()
        self._cache_bytes = 0
        self._fetching: dict[str, asyncio.Task[_Known]] = {}

    async def respond(self, request: Request) -> Response:
        """Return a picture; 502 if it cannot be fetched.

        Raises:
            HTTPException: 404 for an address that this site has not signed, 503 without the store.
        """
        if not self._key:
            try:
                self._private = await asyncio.to_thread(allowed_private, self._config, self._store)
                self._key = await asyncio.to_thread(self._store.pictures.key)
            except StoreError as error:
                log.warning("pictures: %s", error)
                raise HTTPException(503, headers={"Retry-After": "60"}) from None
        address = read_signed(request.path_params["signature"], request.path_params["address"], self._key)
        if address is None:
            raise HTTPException(404)
        known = await self._find(address)
        if known.kind is None:
            return Response(status_code=502, headers={**LIVE_HEADERS, "Cache-Control": f"max-age={_FAILED_S}"})
        headers = {**SECURITY_HEADERS, "Cache-Control": f"public, max-age={_FRESH_S}"}
        return Response(known.body, media_type=TYPES[known.kind], headers=headers)

    async def _find(self, address: str) -> _Known:
        known = self._cache.get(address)
        if known is not None and known.until > asyncio.get_running_loop().time():
            self._cache.move_to_end(address)
            return known
        if address not in self._fetching:
            task = asyncio.create_task(self._fetch(address))
            self._fetching[address] = task
            task.add_done_callback(lambda _: self._fetching.pop(address))
        return await asyncio.shield(self._fetching[address])  # others may wait for it too

    async def _fetch(self, address: str) -> _Known:
        if self._client is None:
            self._client = new_client(self._config.fetch)
        allow_private = server_of(address) in self._private
        headers = {"accept": ACCEPT_PICTURE}
        result = await fetch(
            self._client, FetchRequest(key="", address=address, headers=headers, allow_private=allow_private)
        )
        now = asyncio.get_running_loop().time()
        kind = picture_type(result.body) if result.is_success and result.error is None else None
        known = _Known(now + _FAILED_S, None) if kind is None else _Known(now + _FRESH_S, kind, result.body)
        if kind is None:
            log.info("picture: %s: %s", address, result.error or f"no picture (status {result.status})")
        self._keep(address, known)
        return known

    def _keep(self, address: str, known: _Known) -> None:
        if (old := self._cache.pop(address, None)) is not None:
            self._cache_bytes -= old.size
        self._cache[address] = known
        self._cache_bytes += known.size
        while self._cache_bytes > _MAX_CACHE_BYTES:
            _, oldest = self._cache.popitem(last=False)
            self._cache_bytes -= oldest.size

"""Pictures of entries that a service uploads somewhere, because those who want them cannot fetch them.

    address ─┬─ of our own site ── read from the folder of pictures ─┐
             └─ of another site ── the guarded client ───────────────┴─ a picture? ── small enough? ── its bytes
                                                                                 └─ no: made smaller by a worker

What it is, its first bytes say. Must not know who uploads it.
"""

import asyncio
from importlib.util import find_spec

from feeder.config.load import Config
from feeder.errors import SourceError
from feeder.ingest.mirroring import ACCEPT_PICTURE
from feeder.pictures.references import FOLDER, NAME, picture_type
from feeder.reading.pictures import explain_refusal
from feeder.reading.resizing import UPLOAD_TASK, UploadJob
from feeder.reading.workers import run_jobs
from feeder.sources.feeds.polling import explain_status
from feeder.sources.http.client import Client

MAX_UPLOAD = 10_000_000  # bytes of a photo: https://core.telegram.org/bots/api#sending-files
_MAX_FETCHED = 20_000_000
_AS_IT_IS = frozenset({"jpg", "png"})
_CONNECTIONS = 4


class PictureSource:
    """Returns pictures by their addresses, ready to be uploaded: JPEG or PNG of at most 10 MB."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def fetch(self, address: str) -> bytes:
        """Return a picture.

        Raises:
            SourceError: it cannot be had, or is none. The message names the address.
        """
        name = address.removeprefix(f"{self._config.site.url}{FOLDER}/")
        own = name != address and NAME.fullmatch(name)
        body = await (asyncio.to_thread(self._read, name) if own else self._request(address))
        kind = picture_type(body)
        if kind is None:
            raise SourceError(f"{address}: {explain_refusal(body)}")
        if kind in _AS_IT_IS and len(body) <= MAX_UPLOAD:
            return body
        return await asyncio.to_thread(self._reduce, address, body)

    def _read(self, name: str) -> bytes:
        try:
            return (self._config.store.pictures / name).read_bytes()
        except OSError as error:
            raise SourceError(f"{self._config.store.pictures / name}: {error.strerror or error}") from None

    async def _request(self, address: str) -> bytes:
        fetch = self._config.fetch
        client = Client(
            user_agent=fetch.user_agent,
            timeout_s=fetch.timeout_s,
            max_bytes=_MAX_FETCHED,
            per_host=fetch.per_host,
            connections=_CONNECTIONS,
        )
        async with client:
            response = await client.get(address, headers={"accept": ACCEPT_PICTURE})
        if response.status != 200:  # noqa: PLR2004  OK
            raise SourceError(f"{address}: {explain_status(response.status)}")
        return response.body

    def _reduce(self, address: str, body: bytes) -> bytes:
        if find_spec("PIL") is None:
            raise SourceError(f"{address}: too large or no JPEG; run `pip install pillow` to have it converted")
        results = run_jobs(UPLOAD_TASK, [[UploadJob(body)]], seconds=self._config.limits.document_s, processes=1)
        [result] = list(results)
        if result.error is not None or not 0 < len(result.body) <= MAX_UPLOAD:
            raise SourceError(f"{address}: {result.error or 'too large'}")
        return result.body

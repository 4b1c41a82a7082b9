"""Pictures of entries that a service uploads somewhere, because those who want them cannot fetch them.

    address ─┬─ of our own site ── read from the folder of pictures ─┐
             └─ of another site ── the guarded client ───────────────┴─ a picture? ── a worker: JPEG or PNG, and small
                                                                                      enough? if not, it becomes so

What it is, its first bytes say. Must not know who uploads it.
"""

import asyncio
from http import HTTPStatus
from importlib.util import find_spec

from feeder.config.load import Config
from feeder.errors import SourceError
from feeder.ingest.mirroring import ACCEPT_PICTURE
from feeder.pictures.references import FOLDER, NAME, picture_type
from feeder.reading.pictures import explain_refusal
from feeder.reading.resizing import UPLOAD_TASK, UploadJob
from feeder.reading.workers import run_job
from feeder.sources.feeds.polling import explain_status
from feeder.sources.http.client import Client

# Of a photo: https://core.telegram.org/bots/api#sendphoto
MAX_UPLOAD = 10_000_000  # bytes
_MAX_SIDES = 10_000  # pixels of width and height together
_MAX_RATIO = 20
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
        if find_spec("PIL") is not None:
            return await asyncio.to_thread(self._fit, address, body)
        if kind in _AS_IT_IS and len(body) <= MAX_UPLOAD:
            return body
        raise SourceError(f"{address}: too large or no JPEG; run `pip install pillow` to have it converted")

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
        if response.status != HTTPStatus.OK:
            raise SourceError(f"{address}: {explain_status(response.status)}")
        return response.body

    def _fit(self, address: str, body: bytes) -> bytes:
        job = UploadJob(body, MAX_UPLOAD, _MAX_SIDES, _MAX_RATIO)
        result = run_job(UPLOAD_TASK, job, seconds=self._config.limits.document_s)
        if result.error is not None:
            raise SourceError(f"{address}: {result.error}")
        return result.body

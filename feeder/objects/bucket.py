"""A place in a bucket: its objects by their paths below that place.

The only module that knows obstore, which repeats requests that fail. What the storage refuses becomes a `PublishError`
that names the place and what to fix, without anything of the key.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from feeder.config.settings import ObjectsConfig
from feeder.errors import PublishError

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Config

_PAGE = 1000  # objects in an answer to a listing, or in a request to remove some
_PARTS_AT_ONCE = 2  # of a large object, 5 MB each
_PART_BYTES = 1 << 20
_LONGEST = timedelta(hours=2)  # of one request: a snapshot is read in one
_STALLED = timedelta(seconds=30)  # without a byte from the storage
_RETRIES: "RetryConfig" = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}
_PROBE = ".feeder-check"
_ERROR_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")

_WRONG_KEY = "the key is refused; fix objects.key_id and objects.secret"
_WRONG_REGION = "the bucket is in another region; set objects.region, or objects.endpoint to its server"
_REASONS = {
    "NoSuchBucket": "there is no such bucket; create it, or name another one in [objects]",
    "AccessDenied": "no permission; let the key list the bucket, and read, write and delete its objects",
    "AllAccessDisabled": "access to the bucket is disabled by its owner",
    "InvalidAccessKeyId": _WRONG_KEY,
    "SignatureDoesNotMatch": _WRONG_KEY,
    "ExpiredToken": "the key has expired; get another one",
    "RequestTimeTooSkewed": "the clock of this machine is wrong; set it",
    "AuthorizationHeaderMalformed": _WRONG_REGION,
    "PermanentRedirect": _WRONG_REGION,
    "TemporaryRedirect": _WRONG_REGION,
    "QuotaExceeded": "the storage is full",
}
# What obstore tells of a request without an answer, by words in its description.
_NO_ANSWER = {
    "Received redirect": f"says that {_WRONG_REGION}",
    "ConnectionRefused": "refuses connections",
    "dns error": "has no address",
    "TimedOut": "does not answer in time",
    "kind: Timeout": "does not answer in time",
    "certificate": "has no valid certificate",
    "kind: Connect": "cannot be reached",
    "169.254.169.254": "cannot be asked: no key is set, and this machine has no role; set objects.key_id and a secret",
}


class Stored(NamedTuple):
    """An object as a listing tells of it; `tag` is its entity tag."""

    path: str
    size: int
    tag: str


class Bucket:
    """A place in a bucket, `url`. Every method raises `PublishError` if the storage refuses or does not answer."""

    def __init__(self, config: ObjectsConfig, url: str) -> None:
        from obstore.store import S3Store  # noqa: PLC0415  an optional part

        self._server = config.endpoint or f"S3{config.region and f' in {config.region}'}"
        self._url = url
        name, _, prefix = url.removeprefix("s3://").partition("/")
        values: S3Config = {}
        if config.endpoint:
            values["endpoint"] = config.endpoint
        if config.region:
            values["region"] = config.region
        if config.secret is not None:
            values |= {"access_key_id": config.key_id, "secret_access_key": config.secret.get_secret_value()}
        with self._translating_errors():
            self._store = S3Store(
                name,
                prefix=prefix or None,
                config=values,
                client_options={
                    "allow_http": config.is_plain,
                    "timeout": _LONGEST,
                    "read_timeout": _STALLED,
                },
                retry_config=_RETRIES,
            )

    async def put(self, path: str, data: bytes | Path | Iterator[bytes], headers: Mapping[str, str]) -> str:
        """Write an object, all or nothing; return its entity tag."""
        with self._translating_errors():
            done = await self._store.put_async(path, data, attributes=dict(headers), max_concurrency=_PARTS_AT_ONCE)
        return _plain(done["e_tag"])

    async def remove(self, paths: Sequence[str]) -> None:
        """Remove objects; those that are not there are no error."""
        with self._translating_errors():
            for start in range(0, len(paths), _PAGE):
                await self._store.delete_async(paths[start : start + _PAGE])

    async def list(self) -> AsyncIterator[list[Stored]]:
        """Yield all objects, some at a time."""
        with self._translating_errors():
            async for page in self._store.list(chunk_size=_PAGE):
                yield [Stored(one["path"], one["size"], _plain(one["e_tag"])) for one in page]

    async def get(self, path: str) -> bytes | None:
        """Return the content of a small object; None if there is no such object."""
        with self._translating_errors():
            try:
                found = await self._store.get_async(path)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None
            return bytes(await found.bytes_async())

    def stream(self, path: str) -> Iterator[bytes]:
        """Yield the content of an object in parts; nothing if there is no such object."""
        with self._translating_errors():
            try:
                parts = self._store.get(path).stream(min_chunk_size=_PART_BYTES)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return
            for part in parts:
                yield bytes(part)

    async def check(self) -> None:
        """Check that objects can be listed, written and removed."""
        with self._translating_errors():
            async for _ in self._store.list(chunk_size=1):
                break
        await self.put(_PROBE, b"", {})
        await self.remove([_PROBE])

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415  an optional part

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise PublishError(f"{self._url}: {self._explain(error)}") from None

    def _explain(self, error: Exception) -> str:
        text = str(error)
        code, status = _ERROR_CODE.search(text), _STATUS.search(text)
        if code is not None:
            return _REASONS.get(code[1], f"{self._server} answers {code[1]}")
        if status is not None:
            return f"{self._server} answers {status[1]}"
        said = " ".join(text.partition("Debug source")[0].split())[:200]
        reason = next((reason for sign, reason in _NO_ANSWER.items() if sign in text), f"fails: {said}")
        return f"{self._server} {reason}"


def _plain(tag: str | None) -> str:
    """Return an entity tag without its quotes, which not every storage writes."""
    return (tag or "").removeprefix("W/").strip('"')

"""Fetches the pictures that Telegram could not fetch, so that the bot can upload them.

Those of our own site are read from the store's folder; all others come through feeder's guarded client, are recognised
by their content, and made smaller where they are too large. What cannot be had is left out, and logged.
"""

import asyncio
import logging
from collections.abc import Sequence

from feeder import Config, FeederError, PictureSource

_WAIT_S = 10.0  # for all pictures of a post: its claim runs meanwhile

_log = logging.getLogger(__name__)


class PictureFetcher:
    """Returns the pictures at addresses, in their order."""

    def __init__(self, config: Config, *, wait_s: float = _WAIT_S) -> None:
        self._source = PictureSource(config)
        self._wait_s = wait_s

    async def __call__(self, addresses: Sequence[str]) -> list[bytes]:
        """Return the pictures at these addresses, ready to be uploaded; those that cannot be had are left out."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._fetch(address)) for address in addresses]
        return [picture for task in tasks if (picture := task.result()) is not None]

    async def _fetch(self, address: str) -> bytes | None:
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._source.fetch(address)
        except TimeoutError:
            _log.info("%s: not uploaded: it takes too long", address)
        except FeederError as error:
            _log.info("not uploaded: %s", error)
        return None

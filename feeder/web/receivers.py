"""Requests for services, such as updates that Telegram sends to the bot: POST /services/NAME.

    each process that serves ── request ──▶ `Receiver.receive` ──▶ answer; `Receiver.run` handles what was taken in

Who may send something, and what it means, is the service's.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from feeder.config.load import Config
from feeder.errors import ServiceError, StoreError
from feeder.log import log_fields
from feeder.service import Receiver, Service
from feeder.store import Store
from feeder.web.http.bodies import BodyError, read_body
from feeder.web.static import LIVE_HEADERS

log = logging.getLogger(__name__)
_MAX_BYTES = 1 << 20  # an update of Telegram's has some kilobytes
_TIMEOUT_S = 10.0
_RESTART_S = 60.0


class Receivers:
    """The receivers of all services that are enabled and want something sent to them."""

    def __init__(self, config: Config, store: Store, services: Iterable[Service]) -> None:
        found = {one.name: one.receiver(config, store) for one in services if one.is_enabled(config)}
        self._receivers = {name: receiver for name, receiver in found.items() if receiver is not None}

    async def respond(self, request: Request) -> Response:
        """Answer a POST."""
        receiver = self._receivers.get(request.path_params["name"])
        if receiver is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        read = partial(read_body, request, max_bytes=_MAX_BYTES, timeout_s=_TIMEOUT_S)
        try:
            status = await receiver.receive(request.headers, read)
        except BodyError as error:
            status = error.status
        return Response(status_code=status, headers=LIVE_HEADERS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the receivers handle what they take in, meanwhile."""
        tasks = [asyncio.create_task(_run(name, receiver)) for name, receiver in self._receivers.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _run(name: str, receiver: Receiver, *, restart_s: float = _RESTART_S) -> None:
    """Run a receiver; if it cannot go on, log that: the web server does. After a fault it starts again."""
    with log_fields(service=name):
        while True:
            try:
                await receiver.run()
            except ServiceError as error:
                log.error("%s: %s; it takes in nothing from the web", name, error)  # noqa: TRY400  an expected error
                return
            except StoreError as error:
                log.warning("%s: %s; it starts again in %d s", name, error, restart_s)
            except Exception:
                log.exception("%s: a fault in feeder; it starts again in %d s", name, restart_s)
            await asyncio.sleep(restart_s)

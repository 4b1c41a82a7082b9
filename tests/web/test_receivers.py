"""Requests for services: who gets them, what is refused, and that a receiver's fault does not end the web server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from feeder.config.load import Config
from feeder.errors import ServiceError, StoreError
from feeder.store import Store
from feeder.web.app import create_app
from feeder.web.receivers import Receivers, _run

if TYPE_CHECKING:
    from feeder.service import Service


class Postbox:
    """A service that wants all that is sent to it."""

    name = "postbox"
    is_on, wants = True, True

    def __init__(self) -> None:
        self.got: list[tuple[str | None, bytes]] = []
        self.endings: list[Exception] = []
        self.runs = 0

    def is_enabled(self, _config: Config) -> bool:
        return self.is_on

    def receiver(self, _config: Config, _store: Store) -> "Postbox | None":
        return self if self.wants else None

    async def receive(self, headers: Mapping[str, str], read: Callable[[], Awaitable[bytes]]) -> HTTPStatus:
        self.got.append((headers.get("x-name"), await read()))
        return HTTPStatus.ACCEPTED

    async def run(self) -> None:
        self.runs += 1
        if self.endings:
            raise self.endings.pop(0)
        await asyncio.Event().wait()


def visit(store: Store, postbox: Postbox, method: str, path: str, **more: Any) -> httpx.Response:
    receivers = Receivers(Config(), store, [cast("Service", postbox)])
    app = create_app(Config(), store, receivers=receivers)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://site.example") as client:
            return await client.request(method, path, **more)

    return asyncio.run(ask())


def test_a_service_gets_what_is_sent_to_its_name(sqlite_store: Store) -> None:
    postbox = Postbox()
    answer = visit(sqlite_store, postbox, "POST", "/services/postbox", content=b"a letter", headers={"X-Name": "me"})
    assert (answer.status_code, answer.content) == (202, b"")
    assert "no-store" in answer.headers["cache-control"]
    assert postbox.got == [("me", b"a letter")]
    assert visit(sqlite_store, postbox, "POST", "/services/other").status_code == 404
    assert visit(sqlite_store, postbox, "GET", "/services/postbox").status_code == 404  # as any page that is not there
    assert len(postbox.got) == 1


def test_what_is_too_large_is_refused(sqlite_store: Store) -> None:
    postbox = Postbox()

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield bytes(1 << 19)

    for content in (bytes((1 << 20) + 1), parts()):
        assert visit(sqlite_store, postbox, "POST", "/services/postbox", content=content).status_code == 413
    assert postbox.got == []


@pytest.mark.parametrize("missing", ["is_on", "wants"])
def test_a_service_that_is_off_or_wants_nothing_gets_nothing(sqlite_store: Store, missing: str) -> None:
    postbox = Postbox()
    setattr(postbox, missing, False)
    assert visit(sqlite_store, postbox, "POST", "/services/postbox").status_code == 404


def test_a_receiver_runs_as_long_as_the_server_and_again_after_a_fault(
    sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    postbox = Postbox()

    async def serve() -> None:
        async with Receivers(Config(), sqlite_store, [cast("Service", postbox)]).running():
            await asyncio.sleep(0)
            assert postbox.runs == 1
        postbox.endings = [RuntimeError("broken"), StoreError("the store is away"), ServiceError("no token")]
        await _run("postbox", postbox, restart_s=0)  # which ends, as the last of these does not pass

    asyncio.run(asyncio.wait_for(serve(), 10))
    assert postbox.runs == 4
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"]
    assert caplog.records[-1].message == "postbox: no token; it takes in nothing from the web"

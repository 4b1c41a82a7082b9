"""A published site for each test, served over HTTP on a free loopback port."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from feeder.config.load import Config
from feeder.config.settings import SiteConfig, StoreConfig, WebConfig
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.publish.site import publish
from feeder.store import Store
from feeder.web import create_app
from tests.entries import make_entry
from tests.saving import save

START = datetime(2023, 1, 1, tzinfo=UTC)


class Stage:
    """Passes requests to the application that each test sets."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[str, Stage]]:
    """One real server for all tests: starting and stopping takes longer than most of them."""
    stage = Stage()
    settings = uvicorn.Config(
        stage, log_config=None, lifespan="off", ws="none", proxy_headers=False, server_header=False
    )
    server = uvicorn.Server(settings)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", stage
        server.should_exit = True
        thread.join()


@pytest.fixture
def entries() -> list[Entry]:
    moments = [START + timedelta(days=20 * number) for number in range(3)]
    return [
        make_entry(number, title=f"第 {number} 场雨", published=moment, updated=moment)
        for number, moment in enumerate(moments)
    ]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    site = SiteConfig(title="存文", subtitle="旧文章，重新读。", output=tmp_path / "public")
    store = StoreConfig(url=f"sqlite:///{tmp_path}/data/feeder.db")  # that of `sqlite_store`
    return Config(store=store, site=site, web=WebConfig(port=0))


@pytest.fixture
def published(config: Config, sqlite_store: Store, entries: list[Entry]) -> Path:
    """The folder of a published site."""
    save(sqlite_store, [(Origin("test", "a.md"), entry) for entry in entries])
    publish(config, sqlite_store)
    return config.site.output


@pytest.fixture
def address(config: Config, sqlite_store: Store, published: Path, stage: tuple[str, Stage]) -> Iterator[str]:
    """The address at which that site is served."""
    assert published.is_dir()
    url, server = stage
    server.app = create_app(config, sqlite_store)
    yield url
    server.app = None


@pytest.fixture(scope="session")
def connection(stage: tuple[str, Stage]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stage[0], headers={"Accept-Encoding": "identity"}) as opened:
        yield opened


@pytest.fixture
def client(address: str, connection: httpx.Client) -> httpx.Client:
    """A client of that site."""
    assert str(connection.base_url) == address
    return connection

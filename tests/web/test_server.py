import asyncio
import re
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from feeder.config.load import Config
from feeder.config.settings import MetricsConfig, WebConfig
from feeder.errors import ServeError
from feeder.store import Store
from feeder.web import serve, server
from feeder.web.http import serving


def with_address(config: Config, host: str, port: int = 0) -> Config:
    return config.model_copy(update={"web": WebConfig(host=host, port=port)})


@pytest.fixture
def port_in_use() -> Iterator[int]:
    """A port that another program listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_a_port_in_use_is_named_with_what_to_do(config: Config, sqlite_store: Store, port_in_use: int) -> None:
    with pytest.raises(ServeError, match=f"^127.0.0.1:{port_in_use}: cannot listen: another program uses this port; "):
        asyncio.run(serve(with_address(config, "127.0.0.1", port_in_use), sqlite_store))


def test_an_address_of_another_machine_is_named(config: Config, sqlite_store: Store) -> None:
    with pytest.raises(ServeError, match=r"^192\.0\.2\.1:0: cannot listen: not an address of this machine"):
        asyncio.run(serve(with_address(config, "192.0.2.1"), sqlite_store))


@pytest.mark.parametrize("host", ["a..b", "::1%no-such-interface"])
def test_a_host_that_is_none_is_named(config: Config, sqlite_store: Store, host: str) -> None:
    with pytest.raises(ServeError, match=r"no such host; set web\.host"):
        asyncio.run(serve(with_address(config, host), sqlite_store))


def test_serving_ends_when_cancelled_and_frees_its_port(config: Config, sqlite_store: Store, published: Path) -> None:
    assert published.is_dir()

    async def work() -> list[str]:
        seen: list[str] = []
        for _ in range(2):
            started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            # The second turn takes the port of the first.
            port = httpx.URL(seen[-1]).port if seen else 0
            task = asyncio.create_task(
                serve(with_address(config, "127.0.0.1", port or 0), sqlite_store, ready=started.set_result)
            )
            seen.append(await started)
            async with httpx.AsyncClient() as client:
                assert (await client.get(seen[-1])).status_code == 200
                task.cancel()  # while the client keeps its connection
                with pytest.raises(asyncio.CancelledError):
                    await task
            with pytest.raises(httpx.ConnectError):
                await httpx.AsyncClient().get(seen[-1])
        return seen

    first, second = asyncio.run(work())
    assert first == second


def signal_handlers() -> list[Any]:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    # asyncio.run sets a partial of a method of its own, another one each time.
    return [getattr(getattr(handler, "func", handler), "__func__", handler) for handler in handlers]


def test_serving_leaves_signals_to_its_caller(config: Config, sqlite_store: Store) -> None:
    async def while_serving() -> list[Any]:
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(config, sqlite_store, ready=started.set_result))
        await started
        during = signal_handlers()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return during

    async def without() -> list[Any]:
        return signal_handlers()

    assert asyncio.run(while_serving()) == asyncio.run(without())


def test_serving_needs_nobody_to_tell_that_it_is_ready(config: Config, sqlite_store: Store) -> None:
    async def work() -> None:
        task = asyncio.create_task(serve(config, sqlite_store))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())


def test_an_ipv6_address_is_told_in_brackets(config: Config, sqlite_store: Store) -> None:
    async def work() -> str:
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(with_address(config, "::1"), sqlite_store, ready=started.set_result))
        while not started.done():
            if task.done():
                pytest.skip(f"no IPv6 on this machine: {task.exception()}")
            await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return started.result()

    assert asyncio.run(work()).startswith("http://[::1]:")


def talk_to_server(config: Config, store: Store, talk: Callable[[int], Awaitable[None]]) -> None:
    """Serve while `talk`, given the port, runs."""

    async def work() -> None:
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(serve(config, store, ready=started.set_result))
        port = httpx.URL(await started).port
        assert port is not None
        async with asyncio.timeout(60):  # instead of waiting for ever
            await talk(port)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(work())


REQUEST = b"GET /404 HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (b"GET / HT", b""),
        (REQUEST + b"X: ", b"a"),
        (REQUEST + b"\r\n", b""),
        (REQUEST + b"\r\n" + REQUEST, b"A: b\r\n"),
        (b"POST /404 HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n", b"a"),
    ],
    ids=["nothing", "a piece", "a head without end", "no second request", "a second without end", "a body without end"],
)
def test_who_does_not_ask_in_time_is_hung_up(
    config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, first: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(serving, "_REQUEST_TIMEOUT_S", 0.3)

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        kept = 200
        with suppress(ConnectionError):
            while not reader.at_eof() and kept:
                kept -= 1
                writer.write(drop)
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await reader.read()
        writer.transport.abort()
        assert kept, "the connection is still open"

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)


def test_who_asks_again_and_again_is_kept(config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_REQUEST_TIMEOUT_S", 2)

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(5):
            writer.write(REQUEST + b"\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 ")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            await asyncio.sleep(0.6)
        assert not reader.at_eof(), "the connection is closed"
        writer.close()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)


def test_who_does_not_take_its_answer_is_hung_up(
    config: Config, sqlite_store: Store, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_SEND_TIMEOUT_S", 1)
    (published / "large.bin").write_bytes(bytes(30_000_000))

    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        while is_connected(port):  # noqa: ASYNC110  the kernel tells nobody
            await asyncio.sleep(0.1)
        writer.transport.abort()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)


def test_of_too_many_connections_the_one_that_has_not_asked_for_longest_makes_room(
    config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_MAX_CONNECTIONS", 3)
    monkeypatch.setattr(serving, "_REQUEST_TIMEOUT_S", 3600)

    async def talk(port: int) -> None:
        lines = []
        for _ in range(5):
            lines.append(await asyncio.open_connection("127.0.0.1", port))
            await asyncio.sleep(0.05)
        for reader, writer in lines[:2]:
            with suppress(ConnectionError):
                assert await reader.read() == b""
            writer.transport.abort()
        for reader, writer in lines[2:]:
            writer.write(REQUEST + b"\r\n")
            assert b" 404 " in await reader.readuntil(b"\r\n")
            writer.transport.abort()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)


def test_where_all_connections_are_at_work_the_next_is_hung_up(
    config: Config, sqlite_store: Store, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_MAX_CONNECTIONS", 2)
    monkeypatch.setattr(serving, "_REQUEST_TIMEOUT_S", 3600)
    (published / "large.bin").write_bytes(bytes(30_000_000))

    async def talk(port: int) -> None:
        lines = [await asyncio.open_connection("127.0.0.1", port, limit=1024) for _ in range(2)]
        for reader, writer in lines:
            writer.write(b"GET /large.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
        refused, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionError):
            assert await refused.read() == b""
        writer.transport.abort()
        for reader, writer in lines:
            assert sum([len(piece) async for piece in iter_chunks(reader)]) == 30_000_000
            writer.transport.abort()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)


async def iter_chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while piece := await reader.read(1 << 16):
        yield piece


def is_connected(port: int) -> bool:
    """Whether the server's end of a connection is there (proc(5), /proc/net/tcp: 01 is ESTABLISHED)."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "01" for line in lines)


def test_what_is_not_http_writes_no_line_into_the_log(
    config: Config, sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HELO a\r\n\r\n")
        assert b" 400 " in await reader.read()
        writer.close()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)
    assert caplog.messages == []


@pytest.mark.parametrize(
    "line",
    [
        b"GET /" + b"x" * 100_000,
        b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000,
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: abc\r\n" * 20_000 + b"\r\n",
    ],
)
def test_a_head_that_is_too_large_is_refused(config: Config, sqlite_store: Store, line: bytes) -> None:
    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line)
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 431 ")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        writer.close()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET http://a/404 HTTP/1.1", b"404"),
        (b"OPTIONS * HTTP/1.1", b"404"),
        (b"GET /\xff HTTP/1.1", b"400"),
        (b"GET 404 HTTP/1.1", b"400"),
        (b"BREW / HTTP/1.1", b"400"),
    ],
)
def test_an_odd_request_has_an_answer_and_no_line_in_the_log(
    config: Config, sqlite_store: Store, caplog: pytest.LogCaptureFixture, request_line: bytes, status: bytes
) -> None:
    async def talk(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).split()[1] == status
        writer.close()

    talk_to_server(with_address(config, "127.0.0.1"), sqlite_store, talk)
    assert caplog.messages == []


def test_metrics_have_a_listener_of_their_own_until_serving_ends(
    config: Config, sqlite_store: Store, published: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert published.is_dir()
    caplog.set_level("INFO")
    chosen = config.model_copy(update={"metrics": MetricsConfig(port=0)})

    async def run() -> str:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(serve(chosen, sqlite_store, ready=ready.set_result))
        address = await ready
        [metrics] = re.findall(r"metrics are at (\S+)", caplog.text)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(address + "metrics")).status_code == 404
            assert (await client.get(address + "livez")).status_code == 200
            assert "feeder_entries 3.0" in (await client.get(metrics)).text
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        return str(metrics)

    metrics = asyncio.run(run())
    with pytest.raises(httpx.ConnectError):
        httpx.get(metrics, trust_env=False)


def test_a_port_of_metrics_in_use_is_named_with_what_to_do(
    config: Config, sqlite_store: Store, port_in_use: int
) -> None:
    chosen = config.model_copy(update={"metrics": MetricsConfig(port=port_in_use)})
    with pytest.raises(ServeError, match=f"127.0.0.1:{port_in_use}: cannot listen: .*set metrics.port to another"):
        asyncio.run(serve(chosen, sqlite_store))

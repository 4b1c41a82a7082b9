"""Requests a second through the guarded client, and through bare httpx beside it, against a server on loopback.

    python -m benchmarks.client [REQUESTS]

The server is a process of its own that answers 304 to everything. Time is CPU time of the asking process.
"""

import asyncio
import multiprocessing
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import httpx

from feeder.sources.http.client import Client

_AT_ONCE = 10
_ROUNDS = 3
_ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\nCache-Control: max-age=600\r\n\r\n'


class _Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ANSWER)
            self._transport.close()


def serve(port: Connection) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0, backlog=1000)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


async def rate(get: Callable[[int], Awaitable[int]], requests: int) -> float:
    numbers = iter(range(requests))

    async def ask() -> None:
        for number in numbers:
            assert await get(number) == 304

    began = time.process_time()
    await asyncio.gather(*[ask() for _ in range(_AT_ONCE)])
    return requests / (time.process_time() - began)


async def compare(address: str, requests: int) -> None:
    headers = {"If-None-Match": '"abc"'}
    guarded = Client(user_agent="benchmark", timeout_s=30, max_bytes=2**20, per_host=_AT_ONCE, connections=_AT_ONCE)
    limits = httpx.Limits(max_connections=_AT_ONCE, max_keepalive_connections=0)
    bare = httpx.AsyncClient(verify=ssl.create_default_context(), trust_env=False, limits=limits)

    async def through_guarded(number: int) -> int:
        return (await guarded.get(f"{address}/{number}", headers=headers, allow_private=True)).status

    async def through_bare(number: int) -> int:
        return (await bare.get(f"{address}/{number}", headers=headers)).status_code

    async with guarded, bare:
        for _ in range(_ROUNDS):
            ours, theirs = await rate(through_guarded, requests), await rate(through_bare, requests)
            print(f"guarded {ours:,.0f}/s, bare httpx {theirs:,.0f}/s: {ours / theirs:.2f} of its rate")


def main() -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    asyncio.run(compare(f"http://127.0.0.1:{here.recv()}", int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
    server.terminate()


if __name__ == "__main__":
    main()

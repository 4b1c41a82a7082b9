"""Measures requests per second of the guarded client and of plain httpx against a server on loopback.

    python -m benchmarks.client [REQUESTS]

The server runs in its own process and answers everything with 304. Time is the CPU time of the client process.
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

_CONCURRENCY = 10
_ROUNDS = 3
_RESPONSE = b'HTTP/1.1 304 Not Modified\r\nETag: "abc"\r\nCache-Control: max-age=600\r\n\r\n'


class _Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_RESPONSE)
            self._transport.close()


def serve(port: Connection) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(_Server, "127.0.0.1", 0, backlog=1000)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


async def rate(get: Callable[[int], Awaitable[int]], requests: int) -> float:
    numbers = iter(range(requests))

    async def work() -> None:
        for number in numbers:
            assert await get(number) == 304

    start = time.process_time()
    await asyncio.gather(*[work() for _ in range(_CONCURRENCY)])
    return requests / (time.process_time() - start)


async def compare(address: str, requests: int) -> None:
    headers = {"If-None-Match": '"abc"'}
    guarded = Client(
        user_agent="benchmark", timeout_s=30, max_bytes=2**20, per_host=_CONCURRENCY, connections=_CONCURRENCY
    )
    limits = httpx.Limits(max_connections=_CONCURRENCY, max_keepalive_connections=0)
    plain = httpx.AsyncClient(verify=ssl.create_default_context(), trust_env=False, limits=limits)

    async def get_guarded(number: int) -> int:
        return (await guarded.get(f"{address}/{number}", headers=headers, allow_private=True)).status

    async def get_plain(number: int) -> int:
        return (await plain.get(f"{address}/{number}", headers=headers)).status_code

    async with guarded, plain:
        for _ in range(_ROUNDS):
            ours, theirs = await rate(get_guarded, requests), await rate(get_plain, requests)
            print(f"guarded {ours:,.0f}/s, plain httpx {theirs:,.0f}/s: {ours / theirs:.2f} of its rate")


def main() -> None:
    receiver, sender = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    asyncio.run(compare(f"http://127.0.0.1:{receiver.recv()}", int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
    server.terminate()


if __name__ == "__main__":
    main()

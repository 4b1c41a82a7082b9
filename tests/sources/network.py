"""A resolver and a dialler of the tests' own: names from a table, and every line that is opened leads to loopback."""

import asyncio
import errno
import ssl
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import pytest

from feeder.errors import FetchError
from feeder.sources.http.addresses import IPAddress
from feeder.sources.http.client import Client, Response
from feeder.sources.http.dialling import Network, Wire

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2606:4700::1111"


class MadeNetwork(Network):
    """`names` gives a name its answers; `ports` says at which port of loopback an IP address stands.

    What is not in `ports` is noted and not dialled. `peer` is who says to have answered, where it is not who was
    dialled.
    """

    def __init__(
        self,
        names: Mapping[str, list[str]] | Callable[[str], list[str]] | None = None,
        ports: Mapping[str, int] | None = None,
        peer: str | None = "",
    ) -> None:
        super().__init__()
        self._names = names or {}
        self._ports = ports or {}
        self._peer = peer
        self.resolved: list[tuple[str, int]] = []
        self.dialled: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append((host, port))
        if callable(self._names):
            return self._names(host)
        if host not in self._names:
            raise OSError(-2, "Name or service not known")
        return self._names[host]

    async def dial(self, address: IPAddress, port: int, tls: ssl.SSLContext | None, name: str) -> Wire:
        self.dialled.append((str(address), port))
        if str(address) not in self._ports:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "nobody is there")
        wire = await super().dial(ip_address("127.0.0.1"), self._ports[str(address)], tls, name)
        return wire._replace(peer=str(address) if self._peer == "" else self._peer)


def client(network: Network | None = None, **other: Any) -> Client:
    """A client with settings that suit a test."""
    settings: dict[str, Any] = {
        "user_agent": "feeder-tests",
        "timeout_s": 30,
        "max_bytes": 2**20,
        "per_host": 4,
        "connections": 8,
    }
    return Client(**{**settings, **other}, network=network)


def fetch(
    url: str, *, network: Network | None = None, settings: Mapping[str, Any] | None = None, **more: Any
) -> Response:
    """Get one address with a client of its own."""

    async def get() -> Response:
        async with client(network, **(settings or {})) as own:
            return await own.get(url, **more)

    return asyncio.run(get())


def refusal(url: str, **more: Any) -> FetchError:
    """Get one address, and return the error that this must raise."""
    with pytest.raises(FetchError) as caught:
        fetch(url, **more)
    assert "\n" not in str(caught.value)
    return caught.value

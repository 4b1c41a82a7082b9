"""A service runs beside the web server on the same store: the Telegram bot is one, another could stand beside it.

Services are found through the entry point group `feeder.services`, so that feeder never imports one by name.
"""

from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Protocol

from feeder.config import Config
from feeder.errors import ServiceError
from feeder.store import Store

GROUP = "feeder.services"


class Service(Protocol):
    """What `feeder run`, `feeder check` and `feeder bot` ask of a service."""

    name: str

    def wanted(self, config: Config) -> bool:
        """Say whether the configuration asks for this service (for the bot: a token is set)."""
        ...

    def check(self, config: Config, store: Store | None) -> Iterator[tuple[bool, str]]:
        """Yield (well, one line) for each thing that was looked at; may ask the network. None: no store yet."""
        ...

    def preview(self, config: Config, store: Store) -> Iterator[str]:
        """Yield, as text, what a run would send now; sends nothing and changes nothing."""
        ...

    async def run(self, config: Config, store: Store) -> None:
        """Work until cancelled.

        Raises:
            ServiceError: it cannot start or cannot go on, with what to do about it.
        """
        ...


def iter_services() -> Iterator[Service]:
    """Yield each installed service."""
    for point in entry_points(group=GROUP):
        yield point.load()


def get_service(name: str) -> Service:
    """Return the installed service of that name.

    Raises:
        ServiceError: none of that name is installed.
    """
    for service in iter_services():
        if service.name == name:
            return service
    raise ServiceError(f"no service named {name!r} is installed")

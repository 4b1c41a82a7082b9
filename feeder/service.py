"""A service runs beside the web server on the same store: the Telegram bot is one, another could stand beside it.

Services are found through the entry point group `feeder.services`, so that feeder never imports one by name. Another
package or file may have the name of ours (`bot` is not a rare one): what is not ours is never run.
"""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from feeder.about import DISTRIBUTION
from feeder.config.load import Config
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
    """Yield each installed service.

    Raises:
        ServiceError: one cannot be loaded, or something else stands in its place.
    """
    points = {point.value: point for point in entry_points(group=GROUP)}  # an install over an older one may leave two
    yield from map(_load, points.values())


def _load(point: EntryPoint) -> Service:
    package = point.module.partition(".")[0]
    if point.dist is not None and point.dist.name == DISTRIBUTION and (other := _in_its_place(package)) is not None:
        raise ServiceError(f"{point.name}: {other} stands in the place of feeder's package {package!r}; move it away")
    try:
        return cast("Service", point.load())
    except (ImportError, AttributeError) as error:
        raise ServiceError(f"{point.name}: {point.value} cannot be loaded: {error}; install feeder anew") from None


def _in_its_place(package: str) -> str | None:
    """Return where a package of ours is found, unless that is beside `feeder`."""
    spec = find_spec(package)
    if spec is None:
        return None
    found = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    ours = Path(__file__).resolve().parent.parent / package
    return None if Path(found).resolve().is_relative_to(ours) else found


def get_service(name: str) -> Service:
    """Return the installed service of that name.

    Raises:
        ServiceError: none of that name is installed.
    """
    for service in iter_services():
        if service.name == name:
            return service
    raise ServiceError(f"no service named {name!r} is installed")

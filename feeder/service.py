"""Services: programs that run beside the web server on the same store, such as the Telegram bot.

They are found through the entry point group `feeder.services`; feeder imports none by name. Another package or file may
shadow ours (`bot` is a common name): it is never run.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from feeder.about import DISTRIBUTION
from feeder.config.load import Config
from feeder.errors import ServiceError, StoreError
from feeder.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Table

log = logging.getLogger(__name__)
GROUP = "feeder.services"
RECEIVERS_PATH = "services"  # of the site: what is posted to NAME below it goes to the service of that name
_CHECK_S = 2.0  # between two looks at who runs a service
_STOPPED_NOTE = "stopped service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """What a service has to deliver, and what became of the latest. All is read from the store, by any process.

    `waiting` is still to be sent or told, the first of what may be sent now since `oldest_at`; None if nothing may.
    `in_doubt` and `failed` wait for a person. `last_hour` and `last_day` count what was last tried in that time by its
    outcome (`sent`, `failed`, `in_doubt`, `retried`), and `errors` those of the last hour by kind.
    """

    waiting: int = 0
    oldest_at: datetime | None = None
    in_doubt: int = 0
    failed: int = 0
    last_hour: Mapping[str, int]
    last_day: Mapping[str, int]
    errors: Mapping[str, int]


class Receiver(Protocol):
    """What a service takes in from the web, at its name below `RECEIVERS_PATH`, in each process that serves."""

    async def receive(self, headers: Mapping[str, str], read: Callable[[], Awaitable[bytes]]) -> HTTPStatus:
        """Take in what was sent by POST; return how that is answered.

        Header names are in lower case. `read` returns the body: who has no right to send anything need not be read.
        """
        ...

    async def run(self) -> None:
        """Handle what is taken in, until cancelled.

        Raises:
            ServiceError: it cannot start or continue; the text says what to do.
            StoreError: the store cannot be used at the start.
        """
        ...


class Service(Protocol):
    """What `feeder run`, `feeder check`, `feeder status` and `feeder bot` need from a service."""

    name: str

    def is_enabled(self, config: Config) -> bool:
        """Whether the configuration enables this service (for the bot: a token is set)."""
        ...

    def check(self, config: Config, store: Store | None) -> Iterator[tuple[bool, str]]:
        """Yield (ok, one line) for each check; may use the network. `store` is None if there is none yet."""
        ...

    def status(self, config: Config, store: Store) -> Iterator[str]:
        """Yield a line for each thing it serves: how that is; does not use the network."""
        ...

    def deliveries(self, config: Config, store: Store, now: datetime) -> Deliveries | None:
        """Return what it has to deliver and has delivered; None if it has never used this store.

        It is asked every few seconds: it must cost little however much was ever delivered.
        """
        ...

    def preview(self, config: Config, store: Store) -> Iterator[str]:
        """Yield, as text, what a run would send now; send nothing and change nothing."""
        ...

    def receiver(self, config: Config, store: Store) -> Receiver | None:
        """Return what takes in requests from the web; None if nothing is to be sent to this service."""
        ...

    def prepare_tables(self, store: Store) -> Sequence["Table"]:
        """Bring its tables in a store up to date; return them, for `feeder store copy`."""
        ...

    async def run(self, config: Config, store: Store) -> None:
        """Run until cancelled.

        Raises:
            ServiceError: it cannot start or continue; the text says what to do.
        """
        ...


async def run_alone(service: Service, config: Config, store: Store, *, check_s: float = _CHECK_S) -> None:
    """Run a service on one machine of all that use this store; the others stand by, and take over when that one ends.

    Raises:
        ServiceError: it cannot start or continue.
    """
    lock = store.database.lock(f"service-{service.name}")
    waits = False
    while True:
        try:
            is_free = await asyncio.to_thread(lock.acquire)
            reason = "another process runs it"
        except StoreError as error:
            is_free, reason = False, str(error)
        if not is_free:
            if not waits:
                log.info("%s: %s; this one stands by", service.name, reason)
            waits = True
            await asyncio.sleep(check_s)
            continue
        if waits:
            log.info("%s: this process runs it now", service.name)
        running = asyncio.ensure_future(service.run(config, store))
        try:
            while not running.done() and await asyncio.to_thread(lock.is_held):
                await asyncio.wait([running], timeout=check_s)
            if running.done():
                return running.result()
            log.warning("%s: stopped: the database no longer answers, so another process may run it", service.name)
            waits = True
        finally:
            running.cancel()
            await asyncio.wait([running])  # whatever it raises: the lock is given back
            await asyncio.to_thread(lock.release)


def note_stopped(store: Store, service: Service, error: ServiceError | None) -> None:
    """Note in the store that a service has stopped beside a program that goes on; None: it starts again."""
    store.database.set_note(f"{_STOPPED_NOTE} {service.name}", str(error or ""))


def find_stopped(store: Store, service: Service) -> str | None:
    """Return why a service has stopped beside a program that goes on; None if it has not."""
    return store.database.get_note(f"{_STOPPED_NOTE} {service.name}") or None


def iter_services() -> Iterator[Service]:
    """Yield each installed service.

    Raises:
        ServiceError: one cannot be loaded, or is shadowed by another package.
    """
    points = {point.value: point for point in entry_points(group=GROUP)}  # an install over an older one may leave two
    yield from map(_load, points.values())


def installed_services() -> tuple[Service, ...]:
    """Return the installed services; none, with a warning, if one cannot be loaded: for what goes on without them."""
    try:
        return tuple(iter_services())
    except ServiceError as error:
        log.warning("%s", error)
        return ()


def _load(point: EntryPoint) -> Service:
    package = point.module.partition(".")[0]
    if point.dist is not None and point.dist.name == DISTRIBUTION and (other := _find_shadow(package)) is not None:
        raise ServiceError(f"{point.name}: {other} shadows feeder's package {package!r}; move or rename it")
    try:
        return cast("Service", point.load())
    except (ImportError, AttributeError) as error:
        raise ServiceError(f"{point.name}: {point.value} cannot be loaded: {error}; reinstall feeder") from None


def _find_shadow(package: str) -> str | None:
    """Return where a package of ours would be imported from; None if from beside `feeder`, as it should."""
    spec = find_spec(package)
    if spec is None:
        return None
    found = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    ours = Path(__file__).resolve().parent.parent / package
    return None if Path(found).resolve().is_relative_to(ours) else found


def service_packages() -> list[str]:
    """Return the packages of the installed services.

    The tables of one begin with its name; `PACKAGE_version` has their revision, one of those in `PACKAGE:migrations`.
    """
    return sorted({point.module.partition(".")[0] for point in entry_points(group=GROUP)})


def get_service(name: str) -> Service:
    """Return the installed service with this name.

    Raises:
        ServiceError: no such service is installed.
    """
    for service in iter_services():
        if service.name == name:
            return service
    raise ServiceError(f"no service named {name!r} is installed")

"""Who may ask for what: health is for everyone, metrics are for who reaches their listener, or shows the token."""

import hmac
import logging
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from feeder.config.load import Config
from feeder.service import installed_services
from feeder.store import Store
from feeder.web.http.counts import Counts
from feeder.web.monitoring.health import tell_alive, tell_health, tell_ready
from feeder.web.static import LIVE_HEADERS

if TYPE_CHECKING:
    from feeder.web.monitoring.metrics import Metrics

log = logging.getLogger(__name__)


def monitoring_app(config: Config, store: Store, counts: Counts) -> ASGIApp:
    """Return the application of the listener of `[metrics]`."""
    return Starlette(routes=[*health_routes(config, store), metrics_route(config, store, counts)])


def health_routes(config: Config, store: Store) -> list[Route]:
    """Return the routes that anyone may ask."""

    async def livez(_request: Request) -> Response:
        return tell_alive()

    def readyz(_request: Request) -> Response:
        return tell_ready(store, config.site.output)

    def healthz(_request: Request) -> Response:
        return tell_health(config, store)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/healthz", healthz)]


def has_public_metrics(config: Config) -> bool:
    """Whether the web server itself has /metrics: there is a token and no listener, or the former key says so."""
    return config.web.metrics or (config.metrics.token is not None and config.metrics.port is None)


def metrics_route(config: Config, store: Store, counts: Counts) -> Route:
    """Return the route of /metrics; with a token, all who do not show it get the same answer."""
    found = _Loaded(config, store, counts)
    token = config.metrics.token
    expected = None if token is None else token.get_secret_value().encode()

    def metrics(request: Request) -> Response:
        if expected is not None and not hmac.compare_digest(_shown_token(request), expected):
            return Response(status_code=401, headers={**LIVE_HEADERS, "WWW-Authenticate": "Bearer"})
        return found.metrics.respond()

    return Route("/metrics", metrics)


def _shown_token(request: Request) -> bytes:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""


class _Loaded:
    """What the first request loads: the library takes 60 ms, and the services theirs."""

    def __init__(self, config: Config, store: Store, counts: Counts) -> None:
        self._config, self._store, self._counts = config, store, counts

    @cached_property
    def metrics(self) -> "Metrics":
        from feeder.status.reading import StatusReader  # noqa: PLC0415  as the class says
        from feeder.web.monitoring.metrics import Metrics  # noqa: PLC0415  as above

        reader = StatusReader(self._config, self._store, installed_services())
        return Metrics(self._config, self._store, reader, self._counts)

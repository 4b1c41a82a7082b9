"""Health, for whoever restarts the program, sends it requests, or is woken: each asks something else.

/livez   does the process answer? ── the store is not looked at: a restart would not mend it
/readyz  can it serve? ─────────── the store can be read, and the site is published
/healthz is all well? ───────────── the store can be written, and passes succeed
"""

import logging
import os
from datetime import UTC, datetime
from pathlib import Path

from starlette.responses import JSONResponse, Response

from feeder.config.load import Config
from feeder.errors import StoreError
from feeder.health import find_problem
from feeder.store import LAST_PASS_NOTE, Store
from feeder.web.static import LIVE_HEADERS

log = logging.getLogger(__name__)
_NO_STORE = "the store cannot be used"
_FRONT_PAGE = "index.html"  # of every published site


def tell_alive() -> Response:
    """Answer that the process does."""
    return JSONResponse({"status": "ok"}, headers=LIVE_HEADERS)


def tell_ready(store: Store, output: Path) -> Response:
    """Return whether requests can be answered: 200, or 503 with the reason."""
    try:
        store.entries.last_change()
    except StoreError as error:
        log.warning("readyz: %s", error)
        return JSONResponse({"status": _NO_STORE}, 503, LIVE_HEADERS)
    if not os.access(output / _FRONT_PAGE, os.R_OK):
        return JSONResponse({"status": "nothing is published yet"}, 503, LIVE_HEADERS)
    return JSONResponse({"status": "ok"}, headers=LIVE_HEADERS)


def tell_health(config: Config, store: Store) -> Response:
    """Return whether all is well: 200, or 503 with a short reason."""
    try:
        facts = {
            "status": "ok",
            "entries": store.entries.count(),
            LAST_PASS_NOTE: store.database.get_note(LAST_PASS_NOTE),
        }
        problem = find_problem(config, store, now=datetime.now(UTC))
    except StoreError as error:
        log.warning("healthz: %s", error)
        return JSONResponse({"status": _NO_STORE}, 503, LIVE_HEADERS)
    if problem is not None:  # the reason may name local files: only `feeder check` shows it
        return JSONResponse(facts | {"status": problem.status}, 503, LIVE_HEADERS)
    return JSONResponse(facts, headers=LIVE_HEADERS)

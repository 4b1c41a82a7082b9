"""Who gets metrics, and what health says to whom."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from feeder.config.load import Config
from feeder.config.settings import MetricsConfig, WebConfig
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, Store
from feeder.web import create_app
from feeder.web.http.counts import Counts
from feeder.web.monitoring.routes import monitoring_app
from tests.web.conftest import Stage
from tests.web.test_app import break_store

TOKEN = "0123456789abcdef0123456789abcdef"
Setting = tuple[str, Stage]


def with_metrics(config: Config, **settings: object) -> Config:
    return config.model_copy(update={"metrics": MetricsConfig.model_validate(settings)})


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Token {TOKEN}",
        TOKEN,
    ],
)
def test_all_who_do_not_show_the_token_get_the_same_answer(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: Setting, header: str | None
) -> None:
    stage[1].app = create_app(with_metrics(config, token=TOKEN), sqlite_store)
    response = client.get("metrics", headers={} if header is None else {"Authorization": header})
    assert (response.status_code, response.content, response.headers["www-authenticate"]) == (401, b"", "Bearer")


def test_who_shows_the_token_gets_metrics(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: Setting
) -> None:
    stage[1].app = create_app(with_metrics(config, token=SecretStr(TOKEN)), sqlite_store)
    for scheme in ("Bearer", "bearer"):
        response = client.get("metrics", headers={"Authorization": f"{scheme} {TOKEN}"})
        assert response.status_code == 200
        assert "feeder_entries 3.0" in response.text
        assert TOKEN not in response.text


def test_with_a_listener_of_their_own_the_web_server_has_none(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: Setting
) -> None:
    chosen = with_metrics(config, port=0, token=TOKEN)
    stage[1].app = create_app(chosen, sqlite_store)
    assert client.get("metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 404
    stage[1].app = monitoring_app(chosen, sqlite_store, Counts())
    assert client.get("metrics").status_code == 401
    assert client.get("metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    stage[1].app = monitoring_app(with_metrics(config, port=0), sqlite_store, Counts())
    assert "feeder_entries 3.0" in client.get("metrics").text
    assert client.head("livez").status_code == 200
    assert client.get("atom.xml").status_code == 404


def test_a_site_that_is_served_is_alive_ready_and_healthy(client: httpx.Client) -> None:
    for path in ("livez", "readyz", "healthz"):
        response = client.get(path)
        assert (response.status_code, response.json()["status"]) == (200, "ok")
        assert response.headers["cache-control"] == "no-store"


def test_a_store_that_is_away_is_no_reason_to_restart(client: httpx.Client, sqlite_store: Store) -> None:
    break_store(sqlite_store)
    assert client.get("livez").status_code == 200
    for path in ("readyz", "healthz"):
        response = client.get(path)
        assert (response.status_code, response.json()) == (503, {"status": "the store cannot be used"})


def test_a_failed_pass_is_no_reason_to_send_requests_elsewhere(client: httpx.Client, sqlite_store: Store) -> None:
    sqlite_store.database.set_note(LAST_PASS_NOTE, datetime.now(UTC).isoformat())
    sqlite_store.database.set_note(LAST_FAILURE_NOTE, "/srv/secret: no")
    assert client.get("readyz").status_code == 200
    assert (client.get("healthz").status_code, "secret" in client.get("healthz").text) == (503, False)


def test_a_site_without_pages_is_not_ready(client: httpx.Client, published: Path) -> None:
    (published / "index.html").unlink()
    assert client.get("livez").status_code == 200
    response = client.get("readyz")
    assert (response.status_code, response.json()) == (503, {"status": "nothing is published yet"})


def test_a_reverse_proxy_may_pass_on_the_path_of_the_site(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: Setting
) -> None:
    site = config.site.model_copy(update={"url": "https://example.org/news/"})
    stage[1].app = create_app(config.model_copy(update={"site": site, "web": WebConfig(port=0)}), sqlite_store)
    assert client.get("news/livez").json() == {"status": "ok"}

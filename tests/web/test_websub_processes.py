"""Subscriptions in both ways of running feeder: in one process, or with cron and a web server on one store."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from feeder.store import Store
from tests.http_server import Answer, Server
from tests.hub import Hub
from tests.test_run import PATIENCE_S, feeder, until
from tests.web.test_websub import PUBLIC, feed

pytestmark = pytest.mark.measured

TOKEN = "made-up-token-of-a-test"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        server.answers["/rain"] = Answer(body=feed(server, 1))
        yield server


def configure(folder: Path, server: Server, store_url: str) -> None:
    (folder / "config.toml").write_text(
        f'[site]\nurl = "{PUBLIC}"\n[store]\nurl = "{store_url}"\n[web]\nwebsub = true\n'
        f'[metrics]\ntoken = "{TOKEN}"\nper_source = true\n'
        f'[[sources]]\nname = "rain"\nfeed = "{server.url("/rain")}"\nallow_private = true\n',
        "utf-8",
    )


def text_at(address: str) -> str:
    return httpx.get(address, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False).text


def test_one_process_subscribes_is_delivered_to_and_publishes_soon(server: Server, tmp_path: Path) -> None:
    configure(tmp_path, server, "sqlite:///feeder.db")
    hub = Hub(server, PUBLIC)
    with feeder(tmp_path, "run", FEEDER_SCHEDULE__INGEST="1d") as (_, address):
        hub.site = address
        until(lambda: hub.asked != [], what="a subscription")
        assert hub.verify().status_code == 200
        until(lambda: "Rain 1" in text_at(address + "atom.xml"), what="the feed")
        assert hub.deliver(feed(server, 2)).status_code == 204
        assert 'feeder_subscriptions{source="rain",state="delivering"} 1.0' in text_at(address + "metrics")
        until(lambda: "Rain 2" in text_at(address + "atom.xml"), what="what was delivered")


def test_cron_and_a_web_server_share_subscriptions(server: Server, store_url: str, tmp_path: Path) -> None:
    configure(tmp_path, server, store_url)
    hub = Hub(server, PUBLIC)

    def update() -> None:
        command = [sys.executable, "-m", "feeder", "update"]
        ended = subprocess.run(
            command, cwd=tmp_path, env=os.environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")

    with feeder(tmp_path, "serve") as (_, address):
        hub.site, hub.at_once = address, True
        update()
        assert [answer.status_code for answer in hub.called] == [200]
        assert hub.deliver(feed(server, 2)).status_code == 204
        update()
        assert "Rain 2" in text_at(address + "atom.xml")
    assert len(hub.asked) == 1
    with Store.open(store_url, search=tmp_path / "search") as store:
        [one] = store.sources.subscriptions()
    assert (one.deliveries, one.failures) == (1, 0)

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from feeder.config.load import Config
from feeder.config.settings import SiteConfig
from feeder.publish.hubs import note_changes, tell_hubs
from feeder.store import Store
from tests.http_server import Answer, Server

SITE = "https://e.org/"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def told(server: Server) -> list[tuple[str, str]]:
    forms = (parse_qs(request.body.decode()) for request in server.requests if request.method == "POST")
    return [(form["hub.mode"][0], form["hub.url"][0]) for form in forms]


def config_of(server: Server) -> Config:
    return Config(site=SiteConfig(url=SITE, hubs=(server.url("/hub"),)))


def tell(config: Config, store: Store, changed: Sequence[str]) -> None:
    note_changes(config, store, changed)
    tell_hubs(config, store)


def test_a_hub_is_told_of_each_feed_that_changed(server: Server, sqlite_store: Store) -> None:
    server.answers["/hub"] = Answer(status=204)
    tell(config_of(server), sqlite_store, ["atom.xml", "index.html", "feeds/雨.rss", "entries/1.html"])
    assert sorted(told(server)) == [
        ("publish", f"{SITE}atom.xml"),
        ("publish", f"{SITE}feeds/%E9%9B%A8.rss"),
    ]
    tell(config_of(server), sqlite_store, [])
    assert len(told(server)) == 2


def test_what_a_hub_did_not_take_it_is_told_again(
    server: Server, sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    server.answers["/hub"] = Answer(status=500)
    tell(config_of(server), sqlite_store, ["atom.xml"])
    assert f"{server.url('/hub')}: " in caplog.text
    assert "told again" in caplog.text
    server.answers["/hub"] = Answer(status=202)
    tell(config_of(server), sqlite_store, ["feed.xml"])
    assert sorted(told(server)[1:]) == [("publish", f"{SITE}atom.xml"), ("publish", f"{SITE}feed.xml")]
    tell(config_of(server), sqlite_store, [])
    assert len(told(server)) == 3


def test_without_hubs_nothing_is_sent(tmp_path: Path, sqlite_store: Store) -> None:
    tell(Config(site=SiteConfig(output=tmp_path)), sqlite_store, ["atom.xml"])
    assert sqlite_store.database.get_note("hubs_to_tell") is None

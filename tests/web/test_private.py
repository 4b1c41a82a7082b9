from datetime import UTC, datetime

import feedparser
import httpx
import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedConfig
from feeder.incoming.origin import Origin
from feeder.publish.site import publish
from feeder.publish.tokens import make_token, private_path, read_tokens, revoke_token
from feeder.store import Store
from feeder.web import create_app
from tests.entries import make_entry
from tests.publish.rfc4287 import violations
from tests.saving import save
from tests.web.conftest import Stage
from tests.web.test_app import break_store, links, titles

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def private(client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]) -> Config:
    feeds = (
        FeedConfig(name="mine", title="只给我", query="场雨 -骆驼", private=True),
        FeedConfig(name="open", query="雨"),
    )
    changed = config.model_copy(update={"feeds": feeds})
    assert not client.is_closed
    publish(changed, sqlite_store)
    stage[1].app = create_app(changed, sqlite_store)
    return changed


def test_a_private_feed_is_a_valid_one_at_its_secret_address(
    client: httpx.Client, private: Config, sqlite_store: Store
) -> None:
    path = private_path(make_token(sqlite_store, "mine", now=NOW), "mine", "xml")
    response = client.get(path)
    assert response.status_code == 200
    assert violations(response.content, served_from=private.site.url + path) == []
    assert feedparser.parse(response.content).feed.title == "只给我 – 存文"
    assert (response.headers["cache-control"], response.headers["x-robots-tag"]) == ("private, no-cache", "noindex")
    known = {"If-None-Match": response.headers["etag"]}
    assert client.get(path, headers=known).status_code == 304
    save(sqlite_store, [(Origin("test", "d.md"), make_entry(70, title="又一场雨"))])
    assert "又一场雨" in client.get(path, headers=known).text
    other = private_path(make_token(sqlite_store, "mine", now=NOW), "mine", "xml")
    assert feedparser.parse(client.get(other).content).feed.id == feedparser.parse(response.content).feed.id


def test_whatever_is_wrong_is_the_same_404(client: httpx.Client, private: Config, sqlite_store: Store) -> None:
    assert private.feeds
    token = make_token(sqlite_store, "mine", now=NOW)
    wrong = [
        private_path("a" * 32, "mine", "xml"),
        private_path(token[:-1], "mine", "xml"),
        private_path(token, "open", "xml"),
        private_path(token, "none", "xml"),
        private_path(token, "mine", "html"),
        private_path("x", "mine", "xml"),
    ]
    answers = [client.get(path) for path in [*wrong, "entries/a/b"]]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert len({str({**answer.headers, "date": ""}) for answer in answers}) == 1
    for path in ("private", "private/", f"private/{token}", f"private/{token}/"):
        assert client.get(path).status_code == 404
    assert client.get(private_path(token, "mine", "xml")).status_code == 200


def test_a_revoked_address_is_gone_at_once(client: httpx.Client, private: Config, sqlite_store: Store) -> None:
    assert private.feeds
    path = private_path(make_token(sqlite_store, "mine", now=NOW), "mine", "xml")
    assert client.get(path).status_code == 200
    revoke_token(sqlite_store, read_tokens(sqlite_store)[0].id)
    assert client.get(path).status_code == 404


def test_a_private_feed_is_published_linked_and_searched_nowhere(client: httpx.Client, private: Config) -> None:
    assert [path.name for path in (private.site.output / "feeds").iterdir() if "mine" in path.name] == []
    for path in ("", "search", "feeds/open.html"):
        text = client.get(path).text
        assert "open" in text
        assert "mine" not in text
        assert "只给我" not in text
    assert links(client.get("search"), ".chips a") == {"open": "feeds/open.html"}
    assert titles(client.get("search?q=@mine")) == []
    assert feedparser.parse(client.get("search.xml?q=@mine").content).entries == []
    assert len(titles(client.get("search?q=@open"))) == 3


def test_a_feed_that_becomes_private_is_no_longer_published(private: Config, sqlite_store: Store) -> None:
    closed = private.model_copy(update={"feeds": (FeedConfig(name="open", query="雨", private=True),)})
    assert (private.site.output / "feeds/open.xml").exists()
    publish(closed, sqlite_store)
    assert list((private.site.output / "feeds").iterdir()) == []


def test_a_store_that_is_away_is_said_to_be(client: httpx.Client, private: Config, sqlite_store: Store) -> None:
    assert private.feeds
    path = private_path(make_token(sqlite_store, "mine", now=NOW), "mine", "xml")
    break_store(sqlite_store)
    response = client.get(path)
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")

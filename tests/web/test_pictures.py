"""The proxy for pictures, over real connections: it fetches what the site signed, and nothing else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig
from feeder.incoming.origin import Origin
from feeder.model import Media
from feeder.pictures.references import with_pictures_at
from feeder.pictures.signing import sign
from feeder.publish.html.pages import render_article
from feeder.publish.shown import ShownPictures
from feeder.store import Store
from feeder.web import create_app
from tests.entries import make_entry
from tests.http_server import Answer, Server
from tests.picture_data import png
from tests.saving import save
from tests.web.conftest import Stage
from tests.web.test_app import break_store


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def with_proxy(config: Config, server: Server, **more: Any) -> Config:
    return config.model_copy(
        update={
            "site": config.site.model_copy(update={"images": "proxy"}),
            "sources": (FeedSource(name="paper", feed=server.url("/feed"), **{"allow_private": True, **more}),),
            "fetch": FetchConfig(user_agent="feeder-tests", timeout_s=5, max_bytes=1000),
        }
    )


@pytest.fixture
def proxy(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage], server: Server
) -> httpx.Client:
    """A client of a site that shows pictures by proxy."""
    stage[1].app = create_app(with_proxy(config, server), sqlite_store)
    return client


def path_of(store: Store, address: str) -> str:
    return f"pictures/{sign(address, store.pictures.key())}"


def test_a_signed_picture_is_fetched_once_and_may_be_kept(
    proxy: httpx.Client, sqlite_store: Store, server: Server
) -> None:
    server.answers["/a.png"] = Answer(body=png("a"), headers={"Content-Type": "text/html", "Set-Cookie": "a=b"})
    path = path_of(sqlite_store, server.url("/a.png?x=1"))
    for _ in range(2):
        response = proxy.get(path, headers={"Referer": "https://reader.example/", "Cookie": "c=d"})
        assert (response.status_code, response.content) == (200, png("a"))
        assert response.headers["content-type"] == "image/png"
        assert response.headers["cache-control"] == "public, max-age=86400"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert "set-cookie" not in response.headers
    [request] = server.requests
    assert request.target == "/a.png?x=1"
    assert not {"referer", "cookie", "x-forwarded-for"} & request.headers.keys()


def test_readers_who_ask_at_once_share_one_request(proxy: httpx.Client, sqlite_store: Store, server: Server) -> None:
    server.answers["/a.png"] = Answer(body=[png("a"), b"more"], pause_s=0.2)
    path = path_of(sqlite_store, server.url("/a.png"))
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda _: httpx.get(f"{proxy.base_url}{path}"), range(4)))
    assert {response.status_code for response in responses} == {200}
    assert len(server.requests) == 1


def test_what_the_site_did_not_sign_is_not_found(proxy: httpx.Client, sqlite_store: Store, server: Server) -> None:
    server.answers["/a.png"] = Answer(body=png("a"))
    path = path_of(sqlite_store, server.url("/a.png"))
    other = sign(server.url("/b.png"), sqlite_store.pictures.key()).rpartition("/")[2]
    changed = [
        path[:-1] + "_",
        f"pictures/remote/{'A' * 22}/{other}",
        path.rpartition("/")[0] + "/" + other,
        path + "/x",
    ]
    foreign = f"pictures/{sign(server.url('/a.png'), b'another key')}"
    for wrong in [*changed, foreign, "pictures/remote/é/é", "pictures/remote/a"]:
        assert proxy.get(wrong).status_code == 404
    assert server.requests == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(body=b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", headers={"Content-Type": "image/png"}),
        Answer(body=b"<html>"),
        Answer(body=png("x" * 2000)),
        Answer(302, headers={"Location": "http://169.254.169.254/a.png"}),
        Answer(raw=b"nonsense"),
    ],
    ids=["gone", "svg", "page", "too large", "private", "broken"],
)
def test_what_is_no_picture_is_a_bad_gateway_for_a_minute(
    proxy: httpx.Client, sqlite_store: Store, server: Server, answer: Answer
) -> None:
    server.answers["/a.png"] = answer
    for _ in range(2):
        response = proxy.get(path_of(sqlite_store, server.url("/a.png")))
        assert (response.status_code, response.content) == (502, b"")
        assert response.headers["cache-control"] == "max-age=60"
    assert len(server.requests) == 1


def test_no_private_network_is_reached_that_the_owner_did_not_name(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage], server: Server
) -> None:
    stage[1].app = create_app(with_proxy(config, server, allow_private=False), sqlite_store)
    assert client.get(path_of(sqlite_store, server.url("/a.png"))).status_code == 502
    assert server.requests == []


def test_without_the_store_it_answers_later(proxy: httpx.Client, sqlite_store: Store, server: Server) -> None:
    path = path_of(sqlite_store, server.url("/a.png"))
    break_store(sqlite_store)
    response = proxy.get(path)
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")


def test_a_site_that_links_pictures_is_no_proxy(client: httpx.Client, sqlite_store: Store, server: Server) -> None:
    assert client.get(path_of(sqlite_store, server.url("/a.png"))).status_code == 404


def test_old_pictures_leave_memory_first(
    proxy: httpx.Client, sqlite_store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feeder.web.pictures._MAX_CACHE_BYTES", 3000)
    for name in "abca":
        server.answers[f"/{name}.png"] = Answer(body=png(name * 500))
        assert proxy.get(path_of(sqlite_store, server.url(f"/{name}.png"))).status_code == 200
    assert [request.target for request in server.requests] == ["/a.png", "/b.png", "/c.png", "/a.png"]


def test_pages_show_pictures_by_proxy_and_name_no_other_site(
    proxy: httpx.Client, config: Config, sqlite_store: Store, server: Server
) -> None:
    server.answers["/a.png"] = Answer(body=png("a"))
    site = with_proxy(config, server).site
    [entry] = ShownPictures(site, sqlite_store).of(
        [make_entry(1, content=f'<p><img src="{server.url("/a.png")}" alt="rain"></p>', media=())]
    )
    page = render_article(site, entry)
    assert "127.0.0.1:" + str(server.port) not in page
    shown = with_pictures_at(entry, "").content
    path = shown.partition('src="')[2].partition('"')[0]
    assert f'src="../{path}" alt="rain"' in page
    assert proxy.get(path).content == png("a")


def test_search_feeds_and_related_pages_name_no_other_site(
    proxy: httpx.Client, sqlite_store: Store, server: Server
) -> None:
    same = "The river rose until it stood at the doors of the lower town, and then it rained for a whole day more."
    entries = [
        make_entry(
            number,
            title=f"Flood {number}",
            content=f'<p><img src="{server.url("/a.png")}" alt=""></p><p>{same}</p>',
            media=(Media(url=server.url("/a.png"), kind="image"),),
            language="en",
        )
        for number in (10, 11)
    ]
    save(sqlite_store, [(Origin("paper", entry.id), entry) for entry in entries])
    sqlite_store.search.follow()
    for path in ("search.xml?q=flood", f"related?id={entries[0].key}"):
        text = proxy.get(path).text
        assert "pictures/remote/" in text
        assert server.url("/") not in text

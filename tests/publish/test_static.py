"""The published folder alone, below a path of a plain web server."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, SiteConfig
from feeder.incoming.origin import Origin
from feeder.publish.html.assets import asset_path
from feeder.publish.site import publish
from feeder.store import Store
from tests.entries import make_entry
from tests.saving import save


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[str]:
    """The address of a plain web server below whose path `public` is served."""
    handler = partial(_Quiet, directory=str(tmp_path / "root"))
    (tmp_path / "root").mkdir()
    (tmp_path / "root/news").symlink_to(tmp_path / "public")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=partial(server.serve_forever, 0.02))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/news/"
        server.shutdown()
        thread.join()


def static_config(tmp_path: Path, url: str, search: str) -> Config:
    values: dict[str, Any] = {"title": "存文", "output": tmp_path / "public", "url": url, "search": search}
    return Config(site=SiteConfig(**values, precompress=True), feeds=(FeedConfig(name="rain", title="雨", query="雨"),))


def publish_static(tmp_path: Path, store: Store, url: str, search: str) -> None:
    entries = [make_entry(number, title=f"第 {number} 场雨", categories=("天气",)) for number in range(4)]
    entries += [make_entry(number, title="Snow", language="en", categories=("weather",)) for number in range(4, 8)]
    save(store, [(Origin(("a", "b")[number % 2], "a.md"), entry) for number, entry in enumerate(entries)])
    publish(static_config(tmp_path, url, search), store)


def addresses(page: str, text: str) -> set[str]:
    """Return the addresses that a document links to, without fragments."""
    found = set(re.findall(r"https?://127\.0\.0\.1:\d+[^\s\"'<>]*", text))
    styles = re.findall(r"<\?xml-stylesheet[^>]*? href=\"([^\"]+)\"|url\([\"']?([^)\"']+)|\"src\": \"([^\"]+)\"", text)
    found |= {urljoin(page, address) for match in styles for address in match if address}
    if page.endswith((".html", "/")):
        for tag in BeautifulSoup(text, "lxml").find_all(["a", "link", "script", "img", "form", "audio", "video"]):
            assert isinstance(tag, Tag)
            found |= {urljoin(page, str(tag[name])) for name in ("href", "src", "action") if name in tag.attrs}
    return {address.partition("#")[0] for address in found if urlsplit(address).hostname == "127.0.0.1"}


def crawl(url: str) -> tuple[set[str], set[str]]:
    """Follow all links from the front page and the error page; return what is there and what is not, as paths."""
    waiting, there, dead = {url, f"{url}404.html", f"{url}feeds/rain.html"}, set(), set()
    with httpx.Client() as client:
        while waiting:
            address = waiting.pop()
            assert address.startswith(url), f"{address} leaves the site"
            response = client.get(address)
            path = unquote(address.removeprefix(url))
            if response.status_code != HTTPStatus.OK:
                dead.add(path)
                continue
            there.add(path)
            if response.headers.get("Content-Type", "").startswith(("text/", "application/")):
                linked = {one for one in addresses(address, response.text) if one.startswith(url.removesuffix("news/"))}
                waiting |= {one for one in linked if unquote(one.removeprefix(url)) not in there | dead}
    return there, dead


@pytest.mark.parametrize("search", ["none", "browser"])
def test_without_a_server_no_link_is_dead_and_none_leaves_the_site(
    tmp_path: Path, sqlite_store: Store, plain: str, search: str
) -> None:
    if search == "browser":
        pytest.importorskip("pagefind_bin", reason="Pagefind is not installed")
    publish_static(tmp_path, sqlite_store, plain, search)
    there, dead = crawl(plain)
    assert dead == set()
    assert {"atom.xml", "feeds/rain.html", "sources/a.html", asset_path("style.css"), "archive/index.html"} <= there
    assert ("search.html" in there) is (search == "browser")
    assert sum(path.startswith("entries/") for path in there) == 8


def test_with_a_server_only_what_it_answers_itself_is_missing(tmp_path: Path, sqlite_store: Store, plain: str) -> None:
    publish_static(tmp_path, sqlite_store, plain, "server")
    _, dead = crawl(plain)
    assert {path.partition("?")[0] for path in dead} == {"search", "related"}


@pytest.mark.parametrize("search", ["none", "browser"])
def test_a_form_is_only_where_there_is_a_search(tmp_path: Path, sqlite_store: Store, search: str) -> None:
    if search == "browser":
        pytest.importorskip("pagefind_bin", reason="Pagefind is not installed")
    publish_static(tmp_path, sqlite_store, "http://127.0.0.1/news/", search)
    error = (tmp_path / "public/404.html").read_text("utf-8")
    assert ('action="/news/search.html"' in error) is (search == "browser")
    assert ("<form" in error) is (search == "browser")

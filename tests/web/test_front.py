"""What is done with every request: near misses, limits, the request log, and the site's own path."""

import gzip
import logging
import os
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from feeder.config.load import Config
from feeder.config.settings import SiteConfig, WebConfig
from feeder.store import Store
from feeder.web import create_app
from feeder.web.http import documents
from feeder.web.http.counts import Counts
from tests.web.conftest import Stage


def set_up(stage: tuple[str, Stage], config: Config, store: Store, **web: object) -> None:
    settings = WebConfig.model_validate({"port": 0, **web})
    stage[1].app = create_app(config.model_copy(update={"web": settings}), store)


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("feed", "feed.xml"),
        ("rss/", "feed.xml"),
        ("atom.xml/", "atom.xml"),
        ("//atom.xml", "atom.xml"),
        ("feeds/", "subscribe.html"),
        ("index.html/", ""),
        ("entries/", "archive/"),
        ("archive", "archive/"),
        ("search/?q=雨", "search?q=%E9%9B%A8"),
        ("search.rss/?q=雨", "search.rss?q=%E9%9B%A8"),
        ("feed?token=x", "feed.xml"),
        ("json", "feed.json"),
    ],
)
def test_a_near_miss_leads_to_what_was_meant(client: httpx.Client, address: str, path: str, leads_to: str) -> None:
    response = client.get(f"{address}{path}")
    assert response.status_code == 308
    assert "://" not in response.headers["location"]
    assert urljoin(str(response.url), response.headers["location"]) == address + leads_to
    assert client.get(address + leads_to).status_code == 200


def test_every_page_has_one_address_with_its_ending_left_out(client: httpx.Client, published: Path) -> None:
    [page, *_] = sorted((published / "entries").iterdir())
    response = client.get(f"entries/{page.stem}/")
    assert (response.status_code, response.headers["location"]) == (308, f"../../entries/{page.name}")


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("feeds/a.rss", b"<rss/>", "application/rss+xml; charset=utf-8"),
        ("feed.xml", b'<?xml version="1.0"?>\n<!-- ours --><rss version="2.0"/>', "application/rss+xml; charset=utf-8"),
        ("a.xml", b"<a:feed/>", "application/xml"),
        ("feeds/b.xml", b"<?xml-stylesheet href='<'?><feed/>", "application/atom+xml; charset=utf-8"),
        ("sitemap.xml", b"<urlset/>", "application/xml"),
        ("feed.json", b'{"version": "https://jsonfeed.org/version/1.1"}', "application/feed+json; charset=utf-8"),
        ("site.webmanifest", b"{}", "application/manifest+json"),
        ("feeds.opml", b"<opml/>", "text/x-opml"),
    ],
)
def test_a_feed_is_told_by_what_it_begins_with(
    client: httpx.Client, published: Path, name: str, body: bytes, kind: str
) -> None:
    (published / name).parent.mkdir(exist_ok=True)
    (published / name).write_bytes(body)
    assert client.get(name).headers["content-type"] == kind


def test_what_is_named_by_its_content_is_cached_for_good(client: httpx.Client, published: Path) -> None:
    for name, seconds in (("style.0123456789ab.css", 31536000), ("style.css", 3600), ("feed.json", 60)):
        (published / name).write_bytes(b"x")
        assert f"max-age={seconds}" in client.get(name).headers["cache-control"]


def test_compressed_files_beside_a_file_are_sent_unless_they_are_older(client: httpx.Client, published: Path) -> None:
    (published / "a.txt").write_bytes(b"rain " * 100)
    beside = {"gzip": published / "a.txt.gz", "br": published / "a.txt.br"}
    beside["gzip"].write_bytes(gzip.compress(b"rain " * 100, 1) + gzip.compress(b""))  # as only this one is
    beside["br"].write_bytes(b"as it is")
    packed = client.get("a.txt", headers={"Accept-Encoding": "gzip"})
    assert int(packed.headers["content-length"]) == beside["gzip"].stat().st_size
    with client.stream("GET", "a.txt", headers={"Accept-Encoding": "br"}) as response:
        assert b"".join(response.iter_raw()) == b"as it is"
    (published / "a.txt").write_bytes(b"snow " * 100)
    os.utime(published / "a.txt", (4e9, 4e9))
    assert client.get("a.txt", headers={"Accept-Encoding": "gzip"}).text == "snow " * 100
    with client.stream("GET", "a.txt", headers={"Accept-Encoding": "br"}) as response:
        assert b"".join(response.iter_raw()) != b"as it is"


def test_brotli_is_sent_where_it_is_installed(client: httpx.Client) -> None:
    if "br" not in documents.ENCODERS:
        pytest.skip("the extra brotli is not installed")
    plain = client.get("atom.xml")
    packed = client.get("atom.xml", headers={"Accept-Encoding": "gzip, deflate, br"})
    assert packed.headers["content-encoding"] == "br"
    assert packed.content == plain.content


@pytest.mark.parametrize("size", [1000, 2_000_000])
def test_a_range_is_answered_from_memory_and_from_the_disk(client: httpx.Client, published: Path, size: int) -> None:
    body = os.urandom(size)
    (published / "a.bin").write_bytes(body)
    whole = client.get("a.bin")
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, part in (("0-9", body[:10]), ("990-", body[990:]), ("-5", body[-5:])):
        response = client.get("a.bin", headers={"Range": f"bytes={asked}"})
        assert (response.status_code, response.content) == (206, part)
    for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=x"):
        assert client.get("a.bin", headers={"Range": asked}).content == body
    assert client.get("a.bin", headers={"Range": f"bytes={size}-"}).status_code == 416
    stale = {"Range": "bytes=0-9", "If-Range": '"old"'}
    assert client.get("a.bin", headers=stale).content == body
    assert client.get("a.bin", headers=stale | {"If-Range": whole.headers["etag"]}).content == body[:10]
    assert client.head("a.bin", headers={"Range": "bytes=0-9"}).headers["content-length"] == "10"


def test_who_searches_too_often_has_to_wait(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> None:
    set_up(stage, config, sqlite_store, searches_per_minute=2, trusted_proxies=["127.0.0.1"])
    asker, other = ({"X-Forwarded-For": name} for name in ("9.9.9.9", "8.8.8.8"))
    assert [client.get("search?q=雨", headers=asker).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("search.xml?q=雨", headers=asker)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert "搜索得太频繁了，请过一分钟再试。" in refused.text
    assert {client.get(path, headers=asker).status_code for path in ("suggest?q=a", "related?id=a")} == {429}
    assert client.get("atom.xml", headers=asker).status_code == 200
    assert client.get("search?q=雨", headers=other).status_code == 200
    assert {client.get("search?q=雨").status_code for _ in range(5)} == {200}


def test_a_claim_of_whom_one_asks_for_is_not_believed_unless_the_proxy_is_known(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> None:
    set_up(stage, config, sqlite_store, searches_per_minute=1)
    asker = {"X-Forwarded-For": "9.9.9.9"}
    assert {client.get("search?q=雨", headers=asker).status_code for _ in range(3)} == {200}


def test_the_request_log_has_nothing_of_a_person_unless_it_is_wanted(
    client: httpx.Client,
    config: Config,
    sqlite_store: Store,
    stage: tuple[str, Stage],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "feeder")
    paths = ["atom.xml", "search?q=secret", "%70rivate/secret/x.xml", "websub/secret", "no%1B?secret", "x" * 999]

    def lines() -> list[str]:
        caplog.clear()
        for path in paths:
            client.get(path, headers={"User-Agent": "secret", "Referer": "http://secret/"})
        return [one.getMessage() for one in caplog.records if one.name.endswith("requests")]

    assert lines() == []
    set_up(stage, config, sqlite_store, request_log="plain")
    plain = lines()
    assert not any("secret" in line or "127.0.0.1" in line or "\x1b" in line for line in plain)
    assert [line.split(" bytes ")[0].rpartition(" ")[0] for line in plain[:5]] == [
        "GET /atom.xml 200",
        "GET /search 200",
        "GET /private/***/x.xml 404",
        "GET /websub/*** 404",
        "GET /no%1B 404",
    ]
    assert all(len(line) < 250 for line in plain)
    set_up(stage, config, sqlite_store, request_log="full")
    full = lines()
    assert full[1].startswith("GET /search?q=secret 200 ")
    assert full[1].endswith(" ms 127.0.0.1")
    assert not any("secret" in line for line in full[2:4])


@pytest.mark.parametrize("prefix", ["news", "a/b", "feeds", "%E7%BD%91"])
def test_a_site_below_a_path_is_served_whether_the_proxy_passes_the_path_on_or_not(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage], published: Path, prefix: str
) -> None:
    site = SiteConfig(url=f"https://example.org/{prefix}/", output=config.site.output)
    set_up(stage, config.model_copy(update={"site": site}), sqlite_store)
    (published / "feeds").mkdir(exist_ok=True)
    (published / "feeds/rain.xml").write_bytes(b"<feed/>")
    for start in ("", f"{prefix}/"):
        for path in ("", "atom.xml", "atom.xml", "search?q=雨", "feeds/rain.xml", "healthz", "archive/"):
            assert client.get(f"{start}{path}").status_code == 200, (start, path)
        assert client.get(f"{start}rss/").headers["location"] == "../feed.xml"
        assert client.get(f"{start}archive").headers["location"] == "archive/"
        lost = client.get(f"{start}no/such/page")
        assert lost.status_code == 404
        assert 'href="../../index.html"' in lost.text
    assert client.get(f"{prefix}x/atom.xml").status_code == 404
    if prefix != "feeds":
        bare = client.get(prefix)
        assert bare.status_code == 308
        assert urljoin(str(bare.url), bare.headers["location"]) == str(bare.url) + "/"


def test_each_response_is_counted_once_and_processes_are_summed_up(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> None:
    memory = [0] * Counts.size(2)
    stage[1].app = create_app(config, sqlite_store, counts=Counts(memory, 1))
    for path in ("atom.xml", "atom.xml", "search", "no-such-page", "feed"):
        client.get(path)
    other = Counts(memory, 0)
    other.add(200, "file", 0.01)
    assert other.totals() == Counts(memory, 1).totals() == {200: 4, 308: 1, 404: 1}

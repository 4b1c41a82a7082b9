import os
import socket
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import httpx
import pytest

from feeder.model import Entry
from feeder.web import static

GZIP = {"Accept-Encoding": "gzip"}


def status_line(address: str, target: str) -> str:
    """Return the status line for a request target that no client library would send as it is."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        response = b""
        while part := connection.recv(65536):
            response += part
    return response.partition(b"\r\n")[0].decode()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("", "text/html; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("archive/", "text/html; charset=utf-8"),
        ("atom.xml", "application/atom+xml; charset=utf-8"),
        ("feed.xml", "application/rss+xml; charset=utf-8"),
        ("feed.json", "application/feed+json; charset=utf-8"),
        ("feed.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("robots.txt", "text/plain; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.unheard-of", "application/octet-stream"),
    ],
)
def test_each_file_is_given_out_as_what_it_is(client: httpx.Client, published: Path, path: str, kind: str) -> None:
    for name in ("robots.txt", "a.png", "a.unheard-of"):
        (published / name).write_bytes(b"x")
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == kind
    file = published / path
    assert response.content == (file / "index.html" if file.is_dir() else file).read_bytes()


@pytest.mark.parametrize("path", ["atom.xml", "feed.xml"])
def test_a_browser_that_opens_a_feed_gets_xml_which_it_shows_with_its_style(client: httpx.Client, path: str) -> None:
    read, opened = client.get(path), client.get(path, headers={"Sec-Fetch-Dest": "document"})
    assert opened.headers["content-type"] == "application/xml; charset=utf-8"
    assert opened.content == read.content
    assert opened.headers["etag"] == read.headers["etag"]
    assert "Sec-Fetch-Dest" in read.headers["vary"]
    known = {"If-None-Match": read.headers["etag"], "Sec-Fetch-Dest": "document"}
    assert client.get(path, headers=known).status_code == 304


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("jpg", "jpeg"), ("png", "png"), ("gif", "gif"), ("webp", "webp"), ("avif", "avif"), ("bmp", "bmp")],
)
def test_a_picture_is_cached_for_good_as_what_it_is(
    client: httpx.Client, published: Path, ending: str, kind: str
) -> None:
    path = f"pictures/{'0' * 32}.{ending}"
    (published / "pictures").mkdir(exist_ok=True)
    (published / path).write_bytes(b"x")
    response = client.get(path, headers=GZIP)
    assert response.headers["content-type"] == f"image/{kind}"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in response.headers


def test_another_file_beside_the_pictures_is_cached_like_all_others(client: httpx.Client, published: Path) -> None:
    (published / "pictures").mkdir(exist_ok=True)
    (published / "pictures/mine.png").write_bytes(b"x")
    assert client.get("pictures/mine.png").headers["cache-control"] == "public, max-age=3600"


def test_a_page_is_asked_for_again_soon_and_a_style_sheet_later(client: httpx.Client) -> None:
    assert client.get("atom.xml").headers["cache-control"] == "public, max-age=60"
    assert client.get("feed.css").headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", ["", "atom.xml", "archive", "no/such/page", "search", "healthz"])
def test_every_answer_says_what_a_browser_may_do_with_it(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_head_says_what_get_would_without_the_body(client: httpx.Client) -> None:
    get, head = client.get("atom.xml"), client.head("atom.xml")
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


def test_a_poll_with_what_was_answered_costs_a_304(client: httpx.Client) -> None:
    first = client.get("atom.xml")
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"other", W/{first.headers["etag"]}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
        {"If-None-Match": first.headers["etag"], "If-Modified-Since": formatdate(0, usegmt=True)},
    ):
        again = client.get("atom.xml", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        for name in ("etag", "last-modified", "cache-control", "vary"):
            assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize(
    "headers",
    [
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": formatdate(4e9, usegmt=True)},
        {"If-Modified-Since": formatdate(0, usegmt=True)},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": ""},
    ],
)
def test_a_poll_with_something_else_gets_the_feed(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.get("atom.xml", headers=headers).status_code == 200


def test_a_date_without_a_zone_counts_as_utc(client: httpx.Client) -> None:
    modified = client.get("atom.xml").headers["last-modified"].replace("GMT", "-0000")
    assert client.get("atom.xml", headers={"If-Modified-Since": modified}).status_code == 304


def test_the_compressed_form_is_a_representation_of_its_own(client: httpx.Client, published: Path) -> None:
    plain, packed = client.get("atom.xml"), client.get("atom.xml", headers=GZIP)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content == (published / "atom.xml").read_bytes()
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"


def test_either_form_is_current_to_a_client_that_accepts_it(client: httpx.Client) -> None:
    tags = {name: client.get("atom.xml", headers=GZIP if name else {}).headers["etag"] for name in ("", "gzip")}
    for tag in tags.values():
        again = client.get("atom.xml", headers=GZIP | {"If-None-Match": tag})
        assert (again.status_code, again.headers["etag"]) == (304, tag)
    assert client.get("atom.xml", headers={"If-None-Match": tags["gzip"]}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, x-gzip;q=0.5", True),
        ("*", True),
        ("GZIP;q=1.0", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("br", False),
        ("", False),
    ],
)
def test_only_who_accepts_gzip_gets_it(client: httpx.Client, accepted: str, packed: bool) -> None:  # noqa: FBT001  a table's column
    response = client.get("atom.xml", headers={"Accept-Encoding": accepted})
    assert (response.headers.get("content-encoding") == "gzip") is packed


def test_what_compressing_does_not_make_smaller_is_sent_as_it_is(client: httpx.Client, published: Path) -> None:
    (published / "a.txt").write_bytes(b"x")
    (published / "a.png").write_bytes(b"x" * 1000)
    for name in ("a.txt", "a.png"):
        response = client.get(name, headers=GZIP)
        assert "content-encoding" not in response.headers
        assert "vary" not in response.headers


def test_a_file_that_was_replaced_is_given_out_anew(client: httpx.Client, published: Path) -> None:
    first = client.get("atom.xml")
    new = published / "new"
    new.write_bytes(b"<feed/>")
    os.utime(new, (1, 1))
    new.replace(published / "atom.xml")
    again = client.get("atom.xml", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (200, b"<feed/>")
    assert again.headers["last-modified"] == "Thu, 01 Jan 1970 00:00:01 GMT"


def test_a_large_file_is_sent_from_the_disk_and_also_has_a_304(client: httpx.Client, published: Path) -> None:
    body = os.urandom(1 << 16) * 20
    (published / "film.mp4").write_bytes(body)
    first = client.get("film.mp4")
    assert (first.content, first.headers["content-type"]) == (body, "video/mp4")
    for name, condition in (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")):
        assert client.get("film.mp4", headers={condition: first.headers[name]}).status_code == 304
    part = client.get("film.mp4", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, body[:10])


def test_memory_holds_the_files_asked_for_last_and_no_more_than_allowed(
    client: httpx.Client, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static, "_MAX_CACHE_BYTES", 2500)
    bodies = {f"{number}.bin": os.urandom(1000) for number in range(4)}
    for _ in range(2):
        for name, body in bodies.items():
            (published / name).write_bytes(body)
            assert client.get(name).content == body
            assert client.get(name).content == body


def test_a_folder_without_its_slash_leads_there_under_any_prefix(client: httpx.Client) -> None:
    response = client.get("archive")
    assert (response.status_code, response.headers["location"]) == (308, "archive/")


@pytest.mark.parametrize(
    "target",
    [
        "/.feeder.json",
        "/.git/config",
        "/%2egit/config",
        "/entries/.hidden.html",
        "/entries/../.feeder.json",
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        "/entries/..%2f..%2foutside.txt",
        "/%2e%2e%2foutside.txt",
        "//outside.txt",
        "/%2foutside.txt",
        "/index.html%00",
        "/index.html/x",
        "/link.txt",
        "/linked/outside.txt",
        "/fifo",
        "/%ff%fe",
        "/" + "x" * 300,
        "/no-such-page",
    ],
)
def test_nothing_hidden_or_outside_is_ever_given_out(address: str, published: Path, target: str) -> None:
    (published.parent / "outside.txt").write_text("secret")
    (published / ".git").mkdir()
    for hidden in (".feeder.json", ".git/config", "entries/.hidden.html"):
        (published / hidden).write_text("secret")
    (published / "link.txt").symlink_to(published.parent / "outside.txt")
    (published / "linked").symlink_to(published.parent)
    os.mkfifo(published / "fifo")
    assert status_line(address, target) == "HTTP/1.1 404 Not Found"


def test_a_file_that_cannot_be_read_is_not_found(client: httpx.Client, published: Path) -> None:
    (published / "loop.txt").symlink_to(published / "loop.txt")
    assert client.get("loop.txt").status_code == 404


def test_a_file_that_goes_away_while_it_is_asked_for_is_not_found(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(file: Path, _security: object) -> None:
        raise FileNotFoundError(file)

    monkeypatch.setattr(static, "_read_document", gone)
    assert client.get("atom.xml").status_code == 404


def test_a_link_within_the_folder_is_followed(client: httpx.Client, published: Path) -> None:
    (published / "link.xml").symlink_to(published / "atom.xml")
    assert client.get("link.xml").status_code == 200


def test_an_unknown_address_gets_a_page_that_leads_home(client: httpx.Client) -> None:
    response = client.get("no/such/page")
    assert response.status_code == 404
    assert "找不到这个页面" in response.text
    assert 'href="../../index.html"' in response.text
    assert response.headers["cache-control"] == "no-store"
    assert client.head("no-such-page").status_code == 404


@pytest.mark.parametrize("path", ["", "search", "healthz", "no/such/page"])
def test_writing_is_refused(client: httpx.Client, path: str) -> None:
    response = client.post(path, content=b"x")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert "不支持这种访问方式" in response.text


def test_a_feed_reader_subscribes_and_polls_cheaply(address: str, entries: list[Entry]) -> None:
    first = feedparser.parse(f"{address}atom.xml")
    assert [entry.title for entry in first.entries] == [entry.title for entry in reversed(entries)]
    assert feedparser.parse(f"{address}atom.xml", etag=first.etag).status == 304
    assert feedparser.parse(f"{address}atom.xml", modified=first.modified).status == 304


def test_compressing_gives_the_same_bytes_each_time(published: Path) -> None:
    one, other = (static._read_document(published / "atom.xml", {}) for _ in range(2))
    answers = [document.answer({b"accept-encoding": b"gzip"}) for document in (one, other)]
    assert (b"content-encoding", b"gzip") in answers[0].headers
    assert answers[0].headers == answers[1].headers

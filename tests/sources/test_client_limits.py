"""Servers that send too much, too slowly, or not what HTTP is: each ends as one error, and soon."""

import asyncio
import gzip
import itertools
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from feeder.sources.http.addresses import Reach
from feeder.sources.http.dialling import GuardedStream, Network
from tests.http_server import CERTIFICATE, Answer, Server, gzip_bomb, gzipped
from tests.sources.network import fetch, refusal

LIMIT = 100_000
SETTINGS = {"max_bytes": LIMIT, "timeout_s": 20}


def _refused(answer: Answer, **settings: Any) -> str:
    with Server() as server:
        server.answers["/feed"] = answer
        error = refusal(server.url("/feed"), allow_private=True, settings={**SETTINGS, **settings})
    assert str(error).startswith(server.url("/feed") + ": ")
    assert len(str(error)) < 500
    return error.reason


def _body(answer: Answer) -> bytes:
    with Server() as server:
        server.answers["/feed"] = answer
        return fetch(server.url("/feed"), allow_private=True, settings=SETTINGS).body


# Sizes.


def test_a_body_may_be_as_large_as_the_limit() -> None:
    assert len(_body(Answer(body=b"x" * LIMIT))) == LIMIT
    assert len(_body(Answer(body=[b"x" * LIMIT]))) == LIMIT
    assert len(_body(gzipped(b"x" * LIMIT))) == LIMIT


def test_a_body_beyond_the_limit_is_too_large_however_it_is_sent() -> None:
    assert _refused(Answer(body=b"x" * (LIMIT + 1))) == "too-large"
    assert _refused(Answer(body=[b"x" * LIMIT, b"x"])) == "too-large"
    assert _refused(gzipped(b"x" * (LIMIT + 1))) == "too-large"


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    assert _refused(Answer(length=LIMIT + 1, body=[])) == "too-large"


def test_an_endless_body_ends_at_the_limit() -> None:
    assert _refused(Answer(body=itertools.repeat(b"x" * 65536))) == "too-large"


def test_an_endless_body_of_a_redirect_or_an_error_is_not_read() -> None:
    with Server() as server:
        server.answers["/old"] = Answer(301, headers={"Location": "/gone"}, body=itertools.repeat(b"x" * 65536))
        server.answers["/gone"] = Answer(410, body=itertools.repeat(b"x" * 65536))
        response = fetch(server.url("/old"), allow_private=True, settings=SETTINGS)
    assert (response.status, response.body) == (410, b"")


_MEASURED = """
import asyncio, resource, sys
from feeder.errors import FetchError
from tests.sources.network import client

async def main(plain, bomb):
    async with client(max_bytes=8 * 2**20) as own:
        for _ in range(3):
            await own.get(plain, allow_private=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            await own.get(bomb, allow_private=True)
        except FetchError as error:
            print(error.reason, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("nested", [False, True])
def test_a_gzip_bomb_of_512_mib_costs_less_than_32_mib(nested: bool) -> None:  # noqa: FBT001  a parameter of the table
    bomb = gzip_bomb(512)
    headers = {"Content-Encoding": "gzip"}
    with Server() as server:
        server.answers["/plain"] = gzipped(b"x" * 1000)
        server.answers["/bomb"] = Answer(body=gzip.compress(bomb) + bomb if nested else bomb, headers=headers)
        command = [sys.executable, "-c", _MEASURED, server.url("/plain"), server.url("/bomb")]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert told[0] == "too-large"
    assert int(told[1]) < 32


@pytest.mark.parametrize("coding", ["gzip, gzip", "gzip,gzip,gzip", "br", "zstd", "compress", "gzip, br"])
def test_a_body_that_is_packed_otherwise_or_twice_is_refused(coding: str) -> None:
    body = gzip.compress(gzip_bomb(1))
    assert _refused(Answer(body=body, headers={"Content-Encoding": coding})) == "protocol"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", "gzip, identity", " gzip ,"])
def test_gzip_has_more_than_one_spelling(coding: str) -> None:
    assert _body(Answer(body=gzip.compress(b"fed"), headers={"Content-Encoding": coding})) == b"fed"


@pytest.mark.parametrize("window", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_deflate_is_read_with_and_without_the_header_of_zlib(window: int) -> None:
    packer = zlib.compressobj(wbits=window)
    packed = packer.compress(b"<rss/>" * 1000) + packer.flush()
    headers = {"Content-Encoding": "deflate"}
    assert _body(Answer(body=packed, headers=headers)) == b"<rss/>" * 1000
    assert _body(Answer(body=[packed[:1], packed[1:], b"\0"], headers=headers)) == b"<rss/>" * 1000
    assert _body(Answer(headers=headers)) == b""
    for cut in (1, len(packed) // 2, len(packed) - 1):
        assert _refused(Answer(body=packed[:cut], headers=headers)) == "protocol"
    assert _refused(Answer(body=zlib.compress(b"x" * (LIMIT + 1)), headers=headers)) == "too-large"


def test_a_file_that_is_gzip_is_unpacked_whatever_its_label() -> None:
    for headers in ({"Content-Type": "application/x-gzip"}, {"Content-Encoding": "gzip"}):
        inner = gzip.compress(b"fed")
        body = gzip.compress(inner) if "Content-Encoding" in headers else inner
        assert _body(Answer(body=body, headers=headers)) == b"fed"
    assert _refused(Answer(body=gzip.compress(b"fed")[:-4])) == "protocol"
    assert _refused(Answer(body=gzip.compress(b"x" * (LIMIT + 1)))) == "too-large"


def test_gzip_unpacks_wherever_it_is_cut_and_however_many_members_it_has() -> None:
    text = b"".join(f"{number * 7919} ".encode() for number in range(5000))
    packed = gzip.compress(text[:9000]) + gzip.compress(b"") + gzip.compress(text[9000:])
    headers = {"Content-Encoding": "gzip"}
    for size in (1, 7, 1000, len(packed)):
        pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
        if size == 1:
            pieces = [*pieces[:50], b"".join(pieces[50:])]
        assert _body(Answer(body=pieces, headers=headers)) == text


@pytest.mark.parametrize("coding", ["gzip", "deflate", "utf-8", "none", "x" * 5000])
def test_a_body_that_is_not_compressed_is_read_whatever_its_label(coding: str) -> None:
    for body in (b"<rss/>", b'{"a": 1}', b"\n <rss/>", b"\xef\xbb\xbf<rss/>"):
        assert _body(Answer(body=[body[:1], body[1:]], headers={"Content-Encoding": coding})) == body


def test_gzip_may_be_called_deflate() -> None:
    assert _body(Answer(body=gzip.compress(b"fed"), headers={"Content-Encoding": "deflate"})) == b"fed"


def test_what_pads_the_end_of_gzip_is_nobodys() -> None:
    headers = {"Content-Encoding": "gzip"}
    assert _body(Answer(body=gzip.compress(b"fed") + b"\0\0\0", headers=headers)) == b"fed"
    assert _body(Answer(body=[gzip.compress(b"fed"), b"and more"], headers=headers)) == b"fed"


def test_an_empty_body_may_be_called_gzip() -> None:
    assert _body(Answer(headers={"Content-Encoding": "gzip"})) == b""


def test_gzip_that_is_none_or_breaks_off_is_no_answer() -> None:
    headers = {"Content-Encoding": "gzip"}
    assert _refused(Answer(body=b"\x03rss", headers=headers)) == "protocol"
    assert _refused(Answer(body=zlib.compress(b"<rss/>"), headers=headers)) == "protocol"
    assert _refused(Answer(body=gzip.compress(b"<rss/>" * 100)[:-9], headers=headers)) == "protocol"
    broken = bytearray(gzip.compress(b"<rss/>" * 100))
    broken[-6] ^= 1  # the check sum
    assert _refused(Answer(body=bytes(broken), headers=headers)) == "protocol"


def test_a_body_that_breaks_off_is_no_answer() -> None:
    assert _refused(Answer(body=b"<rss>", length=1000)) == "protocol"
    assert _refused(Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc")) == "protocol"


def test_more_than_the_length_that_was_told_is_not_read() -> None:
    assert _body(Answer(body=b"fed and more", length=3)) == b"fed"


@pytest.mark.parametrize("length", ["-1", "x", "3, 4", "9" * 30])
def test_a_length_that_is_no_length_is_no_answer(length: str) -> None:
    assert _refused(Answer(body=[b"fed"], headers={"Content-Length": length})) == "protocol"


# Headers, and what comes before them.


def test_a_flood_of_headers_ends() -> None:
    many = [(f"X-{number}", "x") for number in range(200)]
    assert _refused(Answer(headers=many)) == "protocol"
    assert _refused(Answer(headers={"X": "x" * 300_000})) == "protocol"
    flood = itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X: x\r\n" * 1000))
    assert _refused(Answer(raw=flood)) == "protocol"
    folded = itertools.chain([b"HTTP/1.1 200 OK\r\nX: x\r\n"], itertools.repeat(b" x\r\n" * 1000))
    assert _refused(Answer(raw=folded)) == "protocol"


def test_a_flood_of_provisional_answers_ends() -> None:
    assert _refused(Answer(raw=itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000))) == "too-large"


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\r\n", b"\0" * 100,
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", b"<rss/>", b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: x", b"x" * 300_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 100 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 300_000,
    ],
    ids=lambda raw: repr(raw[:40]),
)  # fmt: skip
def test_what_is_not_http_is_no_answer(raw: bytes) -> None:
    assert _refused(Answer(raw=raw), max_bytes=2**20) == "protocol"


def test_a_line_that_is_reset_is_no_answer() -> None:
    assert _refused(Answer(raw=b"", reset=True)) == "protocol"
    assert _refused(Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfed", reset=True)) == "protocol"


def test_a_line_that_is_gone_takes_nothing_and_httpcore_is_told_in_its_own_words() -> None:
    async def main() -> None:
        with Server() as server:
            network, address = Network(), ip_address("127.0.0.1")
            line = GuardedStream(
                await network.dial(address, server.port, None, ""), reach=Reach.PRIVATE, limit=1, granted=1
            )
            await line.aclose()
            with pytest.raises(httpcore.WriteError):
                await line.write(b"GET")

    asyncio.run(main())


def test_a_port_where_nobody_listens_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = refusal(f"http://127.0.0.1:{port}/", allow_private=True)
    assert error.reason == "connect"
    assert str(error).endswith(f"cannot connect on port {port} (127.0.0.1: Connection refused)")


# Framing.

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        itertools.repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100),
        itertools.chain([_CHUNKED], itertools.repeat(b"1\r\na\r\n" * 1000)),
        itertools.chain([_CHUNKED], itertools.repeat(b"10;" + b"e" * 200 + b"\r\n" + b"a" * 16 + b"\r\n")),
    ],
    ids=["100 Continue", "103 Early Hints", "chunks of one byte", "chunk extensions"],
)
def test_framing_without_end_is_too_large_however_much_body_may_come(pieces: Iterable[bytes]) -> None:
    assert _refused(Answer(raw=pieces), max_bytes=10**8) == "too-large"


def test_some_interim_answers_and_small_chunks_are_no_fault() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\n" * 20
    assert _body(Answer(raw=[interim, _CHUNKED, b"1\r\na\r\n" * 5000, b"0\r\n\r\n"])) == b"a" * 5000
    assert _body(Answer(raw=[_CHUNKED, (b"14\r\n" + b"a" * 20 + b"\r\n") * 5000, b"0\r\n\r\n"])) == b"a" * LIMIT


@pytest.mark.parametrize("tls", [False, True])
def test_a_body_that_comes_in_sips_is_taken_in_whole(*, tls: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Server(tls=tls) as server:
        server.answers["/"] = Answer(body=[b"%06d" % number for number in range(3000)], pause_s=0.0001)
        body = fetch(server.url(), allow_private=True, settings=SETTINGS).body
    assert body == b"".join(b"%06d" % number for number in range(3000))


# Time.


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=[b"x"] * 10_000, pause_s=0.05),
        Answer(raw=[b"x"] * 10_000, pause_s=0.05),
        Answer(raw=itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X")), pause_s=0.05),
        Answer(raw=[b""] * 10_000, pause_s=0.05),
    ],
    ids=["a byte of the body now and then", "of no answer", "of a header", "nothing"],
)
def test_a_slow_server_does_not_outlast_the_limit(answer: Answer) -> None:
    assert _refused(answer, timeout_s=0.3) == "too-slow"


def test_redirects_share_one_limit_of_time() -> None:
    with Server() as server:
        slow = Answer(raw=[b"", b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"], pause_s=0.2)
        server.answers["/"] = slow
        error = refusal(server.url(), allow_private=True, settings={"timeout_s": 0.7})
    assert error.reason == "too-slow"
    assert len(server.requests) < 3


def test_a_server_that_says_nothing_when_tls_is_set_up_does_not_outlast_the_limit() -> None:
    with Server() as server:  # it waits for a request, which TLS does not begin with
        error = refusal(f"https://127.0.0.1:{server.port}/", allow_private=True, settings={"timeout_s": 0.2})
    assert error.reason in {"connect", "too-slow"}  # whichever of two limits is noticed first

import gzip
import os

import pytest

from feeder.web.http import documents
from feeder.web.http.documents import FOR_FILES, FOR_ONCE, Answer, Document, is_one_range, read_conditions

TEXT = b"rain and snow, " * 100
HEADERS = {"Content-Type": "text/plain"}
MODIFIED = 1_700_000_000.5
DATE = b"Tue, 14 Nov 2023 22:13:20 GMT"


def document(body: bytes = TEXT) -> Document:
    return Document(body, HEADERS, modified=MODIFIED, quality=FOR_FILES)


def header(answer: Answer, name: str) -> str | None:
    found = [value.decode() for one, value in answer.headers if one == name.encode()]
    assert len(found) < 2
    return found[0] if found else None


def ask(one: Document, **conditions: str) -> Answer:
    return one.answer({name.replace("_", "-").encode(): value.encode() for name, value in conditions.items()})


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", None),
        ("br", "br"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "gzip"),
        ("*;q=0", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1.0", "gzip"),
        ("identity;q=0", None),
        ("gzip;q=nonsense", "gzip"),
        ("gzip;q=0.0001", "gzip"),
        (",,;,", None),
    ],
)
def test_the_encoding_is_what_the_client_prefers(accepted: str, encoding: str | None) -> None:
    if "br" not in documents.ENCODERS:
        pytest.skip("the extra brotli is not installed")
    answer = ask(document(), accept_encoding=accepted)
    assert (answer.status, header(answer, "content-encoding")) == (200, encoding)
    assert header(answer, "vary") == "Accept-Encoding"
    assert answer.size == int(header(answer, "content-length") or "")


def test_what_lies_beside_is_sent_and_nothing_is_compressed_again() -> None:
    packed = gzip.compress(TEXT, 1)
    one = Document(TEXT, HEADERS, compressed={"gzip": packed, "br": b"x"}, quality=FOR_ONCE)
    assert [ask(one, accept_encoding=name).size for name in ("gzip", "br")] == [len(packed), 1]


def test_a_kind_that_is_not_compressed_has_one_form() -> None:
    answer = ask(Document(TEXT, HEADERS), accept_encoding="gzip")
    assert header(answer, "content-encoding") is header(answer, "vary") is None


def test_each_form_has_its_tag_and_is_current_to_who_has_it() -> None:
    one = document()
    tags = {name: str(header(ask(one, accept_encoding=name), "etag")) for name in ("gzip", "identity")}
    assert len(set(tags.values())) == 2
    assert ask(one, accept_encoding="gzip", if_none_match=tags["identity"]).status == 304
    assert ask(one, accept_encoding="identity", if_none_match=tags["gzip"]).status == 200
    assert ask(one, if_none_match=f'"a", W/{tags["identity"]}').status == 304
    assert ask(one, if_none_match="*").status == 304
    assert ask(one, if_none_match="a").status == 200
    assert header(ask(document(TEXT + b"!"), accept_encoding="gzip"), "etag") not in tags.values()


def test_a_date_counts_only_without_a_tag() -> None:
    one = document()
    assert ask(one, if_modified_since=DATE.decode()).status == 304
    assert ask(one, if_modified_since=DATE.decode(), if_none_match='"a"').status == 200
    for other in ("Tue, 14 Nov 2023 22:13:19 GMT", "yesterday", "", "Tue, 99 Nov 2023", "Tue, 14 Nov 99999 1:1:1 GMT"):
        assert ask(one, if_modified_since=other).status == 200
    assert ask(Document(TEXT, HEADERS), if_modified_since=DATE.decode()).status == 200


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [("0-9", 0, 10), ("10-", 10, 1500), ("-10", 1490, 1500), ("0-99999", 0, 1500), ("1499-1499", 1499, 1500)],
)
def test_a_range_is_a_part(asked: str, first: int, end: int) -> None:
    answer = ask(document(), range=f"bytes={asked}", accept_encoding="gzip")
    assert (answer.status, header(answer, "content-range")) == (206, f"bytes {first}-{end - 1}/1500")
    assert header(answer, "content-length") == str(end - first) == str(answer.size)
    assert header(answer, "content-encoding") is None


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "lines=0-1", "bytes=-", "bytes=a-b", "bytes=5-1", "bytes", ""])
def test_what_is_not_one_range_is_answered_with_all(asked: str) -> None:
    assert ask(document(), range=asked).status == 200
    assert asked == "bytes=5-1" or not is_one_range(asked.encode())


@pytest.mark.parametrize("asked", ["bytes=1500-", "bytes=9999-10000", "bytes=-0"])
def test_a_range_beyond_the_end_is_said_to_be(asked: str) -> None:
    answer = ask(document(), range=asked)
    assert (answer.status, header(answer, "content-range")) == (416, "bytes */1500")
    assert header(answer, "etag") is None


def test_a_range_continues_only_the_version_that_the_client_has_begun() -> None:
    one = document()
    packed = str(header(ask(one, accept_encoding="gzip"), "etag"))
    plain = str(header(ask(one), "etag"))
    for condition, status in ((plain, 206), (DATE.decode(), 206), ('"old"', 200), (f"W/{plain}", 200), (packed, 200)):
        assert ask(one, range="bytes=0-9", if_range=condition).status == status
    part = ask(one, range="bytes=0-9", if_range=packed, accept_encoding="gzip")
    assert (part.status, header(part, "content-encoding"), header(part, "etag")) == (206, "gzip", packed)


def test_random_bytes_are_sent_as_they_are() -> None:
    assert header(ask(document(os.urandom(1000)), accept_encoding="gzip, br"), "content-encoding") is None


def test_only_the_headers_that_matter_are_read_and_repeated_ones_joined() -> None:
    headers = [(b"if-none-match", b'"a"'), (b"cookie", b"x"), (b"if-none-match", b'"b"'), (b"range", b"bytes=0-1")]
    assert read_conditions(headers) == {b"if-none-match": b'"a", "b"', b"range": b"bytes=0-1"}


def test_what_is_made_for_one_client_is_encoded_when_one_accepts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def encode(name: str, body: bytes) -> bytes:
        made.append(name)
        return body[:9]

    encoders = {name: (lambda body, _, name=name: encode(name, body)) for name in ("br", "gzip")}
    monkeypatch.setattr(documents, "ENCODERS", encoders)
    one = Document(TEXT, HEADERS, quality=FOR_ONCE, lazy=True)
    tag = header(ask(one, accept_encoding="gzip"), "etag") or ""
    assert (made, ask(one, accept_encoding="gzip").size) == (["gzip"], 9)
    assert ask(one, accept_encoding="gzip", if_none_match=tag).status == 304
    assert ask(one, accept_encoding="br", if_none_match=tag.replace("gzip", "br")).status == 304
    assert (ask(one).size, header(ask(one), "vary"), made) == (len(TEXT), "Accept-Encoding", ["gzip"])
    Document(TEXT, HEADERS, quality=FOR_ONCE)
    assert made == ["gzip", "br", "gzip"]

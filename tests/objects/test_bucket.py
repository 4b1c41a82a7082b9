import asyncio
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.wrappers import Response

from feeder.config.settings import ObjectsConfig
from feeder.errors import PublishError
from feeder.objects import bucket as bucket_module
from feeder.objects.bucket import Bucket, Stored
from tests.object_storage import KEY, SECRET, Storage, refusal, slow


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "_RETRIES", {"max_retries": 1, "retry_timeout": timedelta(seconds=30)})


def make_bucket(storage: Storage, url: str, **values: Any) -> Bucket:
    settings = {"endpoint": storage.endpoint, "key_id": KEY, "secret": SECRET} | values
    return Bucket(ObjectsConfig(url=url, **settings), url)


@pytest.fixture
def url(storage: Storage) -> str:
    return f"s3://{storage.new_bucket()}/a/place"


async def collect(bucket: Bucket) -> list[Stored]:
    return [one async for page in bucket.list() for one in page]


def test_objects_are_written_listed_read_and_removed_below_the_place(storage: Storage, url: str) -> None:
    name = url.removeprefix("s3://").partition("/")[0]
    storage.put(name, "a/placement", b"not below it")
    bucket = make_bucket(storage, url)
    tag = asyncio.run(bucket.put("数/ü %25+&.html", b"hello", {"Content-Type": "text/html; charset=utf-8"}))
    assert storage.get(name, "a/place/数/ü %25+&.html") == (b"hello", {"ContentType": "text/html; charset=utf-8"})
    assert asyncio.run(collect(bucket)) == [Stored("数/ü %25+&.html", 5, tag)]
    assert asyncio.run(bucket.get("数/ü %25+&.html")) == b"hello"
    assert asyncio.run(bucket.get("none")) is None
    asyncio.run(bucket.remove(["数/ü %25+&.html", "none"]))
    assert storage.paths(name) == {"a/placement"}


def test_a_large_object_is_written_and_read_in_parts(storage: Storage, url: str) -> None:
    bucket = make_bucket(storage, url)
    content = bytes(range(256)) * 48_000
    parts = (content[start : start + 100_000] for start in range(0, len(content), 100_000))
    asyncio.run(bucket.put("large", parts, {}))
    found = list(bucket.stream("large"))
    assert len(found) > 1
    assert b"".join(found) == content
    assert list(bucket.stream("none")) == []


def test_what_breaks_off_while_it_is_written_is_not_there(storage: Storage, url: str) -> None:
    def breaks_off() -> Any:
        yield bytes(6_000_000)
        raise KeyError

    bucket = make_bucket(storage, url)
    with pytest.raises(KeyError):
        asyncio.run(bucket.put("large", breaks_off(), {}))
    assert asyncio.run(bucket.get("large")) is None


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusal("NoSuchBucket", 404), "there is no such bucket; create it"),
        (refusal("AccessDenied", 403), "no permission; let the key list the bucket, and read, write and delete"),
        (refusal("InvalidAccessKeyId", 403), "the key is refused; fix objects.key_id and objects.secret"),
        (refusal("SignatureDoesNotMatch", 403), "the key is refused; fix objects.key_id and objects.secret"),
        (refusal("AuthorizationHeaderMalformed", 400), "the bucket is in another region; set objects.region"),
        (refusal("PermanentRedirect", 301), "says that the bucket is in another region; set objects.region"),
        (refusal("SlowDown", 503), "answers SlowDown"),
        (Response("<html>not an object storage</html>", 500), "answers 500"),
    ],
)
def test_what_the_storage_refuses_is_told_in_one_line_without_the_key(
    storage: Storage, url: str, answer: Response, told: str
) -> None:
    storage.answer = lambda _: answer
    bucket = make_bucket(storage, url)
    for work in (collect(bucket), bucket.put("x", b"", {}), bucket.remove(["x"]), bucket.get("x"), bucket.check()):
        with pytest.raises(PublishError, match=told) as caught:
            asyncio.run(work)
        assert str(caught.value).startswith(f"{url}: ")
        assert "\n" not in str(caught.value)
        assert KEY not in str(caught.value)
        assert SECRET not in str(caught.value)
    with pytest.raises(PublishError, match=told):
        list(bucket.stream("x"))


def test_a_server_that_is_no_object_storage_is_told(storage: Storage, url: str) -> None:
    storage.answer = lambda _: Response("<html>sign in first</html>")
    with pytest.raises(PublishError, match=f"{storage.endpoint} fails: "):
        asyncio.run(make_bucket(storage, url).check())


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("http://127.0.0.1:1", "http://127.0.0.1:1 refuses connections"),
        ("https://nowhere.invalid", "https://nowhere.invalid has no address"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named(storage: Storage, url: str, endpoint: str, told: str) -> None:
    with pytest.raises(PublishError, match=told):
        asyncio.run(make_bucket(storage, url, endpoint=endpoint).check())


def test_a_server_that_does_not_answer_is_given_up(storage: Storage, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "_STALLED", timedelta(seconds=0.2))
    storage.answer = slow(1)
    with pytest.raises(PublishError, match="does not answer in time"):
        asyncio.run(make_bucket(storage, url).check())


def test_a_check_leaves_nothing_behind(storage: Storage, url: str) -> None:
    asyncio.run(make_bucket(storage, url).check())
    assert storage.paths(url.removeprefix("s3://").partition("/")[0]) == set()

"""Methods and functions of the model."""

import pytest

from feeder.model import is_iri


@pytest.mark.parametrize(
    "text",
    [
        "https://e.org/a?b[]=1#c",
        "HTTP://e.org",
        "http://[::1]/",
        "https://例子.测试/文章",
        "tag:e.org,2004:1",
        "tag:ann@e.org,2004-05-28:",
        "urn:isbn:123",
        "urn:uuid:8D5261BA-bf62-5c81-946c-9276ea617917",
        "doi:10.1/x",
    ],
)
def test_an_absolute_iri_can_be_an_id(text: str) -> None:
    assert is_iri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "/a",
        "http:///a",
        "http://e.o[rg/",
        "https://e.org/a b",
        "tag:e.org:1",
        "tag:e.org,2004",
        "urn:x:1",
        "urn:uuid:8d5261ba-bf62-5c81-946c-9276ea617917c",
        "mailto:ann@e.org",
        "javascript:alert(1)",
    ],
)
def test_an_iri_that_is_invalid_or_empty_cannot_be_an_id(text: str) -> None:
    assert not is_iri(text)

"""Forms that are sent to strangers: by the same rules as what is fetched, and never further than they ask for."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from feeder.errors import FetchError
from feeder.sources.http.client import Response
from tests.http_server import CERTIFICATE, Answer, Server
from tests.sources.network import OTHER_PUBLIC, PUBLIC, MadeNetwork, client

FORM = {"hub.topic": "https://e.org/feed?a=1&b=ä", "hub.secret": "a secret"}
SENT = b"hub.topic=https%3A%2F%2Fe.org%2Ffeed%3Fa%3D1%26b%3D%C3%A4&hub.secret=a+secret"


def post(url: str, *, network: MadeNetwork | None = None, form: Mapping[str, str] = FORM, **more: Any) -> Response:
    async def send() -> Response:
        async with client(network) as own:
            return await own.post(url, form, **more)

    return asyncio.run(send())


def refusal(url: str, **more: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        post(url, **more)
    assert "a secret" not in str(caught.value)
    return caught.value


def test_a_form_is_sent_as_browsers_send_one() -> None:
    with Server() as server:
        server.answers["/hub"] = Answer(202, body=b"taken")
        response = post(server.url("/hub"), allow_private=True)
    [request] = server.requests
    assert (response.status, response.body) == (202, b"taken")
    assert (request.method, request.target, request.body) == ("POST", "/hub", SENT)
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "*/*",
        "accept-encoding": "gzip",
        "connection": "close",
        "content-length": str(len(SENT)),
        "content-type": "application/x-www-form-urlencoded",
        "user-agent": "feeder-tests",
    }


@pytest.mark.parametrize("status", [307, 308])
def test_a_form_is_sent_on_where_the_same_request_is_asked_for(status: int) -> None:
    network = MadeNetwork({"one.example": [PUBLIC], "two.example": [OTHER_PUBLIC]})
    with Server() as one, Server() as two:
        network._ports = {PUBLIC: one.port, OTHER_PUBLIC: two.port}
        one.answers["/"] = Answer(status, headers={"Location": "http://two.example/hub"})
        two.answers["/hub"] = Answer(202)
        assert post("http://one.example/", network=network).url == "http://two.example/hub"
        assert [(request.method, request.body) for request in two.requests] == [("POST", SENT)]
        assert two.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_may_make_another_request_of_it_is_an_answer(status: int) -> None:
    with Server() as server:
        server.answers["/hub"] = Answer(status, headers={"Location": "/elsewhere"})
        assert post(server.url("/hub"), allow_private=True).status == status
        assert len(server.requests) == 1


def test_a_form_is_not_sent_on_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with Server(tls=True) as server, Server() as plain:
        server.answers["/"] = Answer(307, headers={"Location": plain.url()})
        assert "redirects a form from https to http" in str(refusal(server.url(), allow_private=True))
        assert plain.requests == []


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://inside.example/"],
)
def test_a_form_goes_to_public_addresses_only(address: str) -> None:
    network = MadeNetwork({"inside.example": [PUBLIC, "192.168.0.1"]})
    assert refusal(address, network=network).reason == "refused-address"
    assert network.dialled == []


@pytest.mark.parametrize("address", ["ftp://e.org/", "http://e.org:25/", "https://user@e.org/", "hub", ""])
def test_a_form_goes_to_web_addresses_only(address: str) -> None:
    network = MadeNetwork()
    assert refusal(address, network=network).reason in {"bad-url", "refused-address"}
    assert network.resolved == []


def test_a_redirect_into_a_private_network_is_not_followed() -> None:
    network = MadeNetwork({"one.example": [PUBLIC]})
    with Server() as one, Server() as inside:
        network._ports = {PUBLIC: one.port}
        one.answers["/"] = Answer(307, headers={"Location": inside.url()})
        assert refusal("http://one.example/", network=network).reason == "refused-address"
        assert inside.requests == []

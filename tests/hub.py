"""A WebSub hub on loopback, based on `Server`: accepts subscriptions, verifies them when told to, delivers."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import httpx

from tests.http_server import Answer, Request, Server

CHALLENGE = "a-challenge"


class Hub:
    """The hub at a path of a server; callbacks below `public` are sent to `site` instead.

    `asked` has the forms it received, `answer` is its response to them; with `at_once` it verifies before responding.
    """

    def __init__(self, server: Server, public: str, *, path: str = "/hub") -> None:
        self.url = server.url(path)
        self.asked: list[dict[str, str]] = []
        self.answer = Answer(202)
        self.at_once = False
        self.called: list[httpx.Response] = []
        self.site = ""
        self._public = public
        server.answers[path] = self._ask

    def _ask(self, request: Request) -> Answer:
        assert request.method == "POST"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        self.asked.append(dict(parse_qsl(request.body.decode("ascii"), strict_parsing=True)))
        if self.at_once:
            self.verify()
        return self.answer

    def callback(self, number: int = -1) -> str:
        """Return the actual callback URL of a subscription."""
        callback = self.asked[number]["hub.callback"]
        assert callback.startswith(self._public)
        return self.site + callback.removeprefix(self._public)

    def verify(self, number: int = -1, *, lease_s: int | str | None = 864_000, **changes: str) -> httpx.Response:
        """Verify the intent of a subscription request; `changes` override its parameters."""
        form = self.asked[number]
        params = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": CHALLENGE}
        if form["hub.mode"] == "subscribe" and lease_s is not None:
            params["hub.lease_seconds"] = str(lease_s)
        answer = self.call({**params, **{f"hub.{name}": text for name, text in changes.items()}}, number)
        self.called.append(answer)
        return answer

    def deny(self, number: int = -1, reason: str = "") -> httpx.Response:
        """Deny or end a subscription."""
        params = {"hub.mode": "denied", "hub.topic": self.asked[number]["hub.topic"], "hub.reason": reason}
        return self.call(params, number)

    def call(self, params: Mapping[str, str], number: int = -1) -> httpx.Response:
        return httpx.get(self.callback(number), params=dict(params), trust_env=False)

    def deliver(
        self,
        body: bytes,
        number: int = -1,
        *,
        method: str = "sha256",
        headers: Mapping[str, str] | None = None,
        sign: Callable[[str], str | None] = lambda signature: signature,
    ) -> httpx.Response:
        """Deliver a signed feed; `sign` may change the signature or omit it."""
        secret = self.asked[number]["hub.secret"].encode()
        signature = sign(f"{method}={hmac.new(secret, body, getattr(hashlib, method)).hexdigest()}")
        sent = {"Content-Type": "application/rss+xml", "Link": f'<{self.url}>; rel="hub"', **(headers or {})}
        if signature is not None:
            sent["X-Hub-Signature"] = signature
        return httpx.post(self.callback(number), content=body, headers=sent, trust_env=False)

"""A small hub on loopback: it takes subscriptions, calls back as it is told to, and delivers. Built upon `Server`."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import httpx

from tests.http_server import Answer, Request, Server

CHALLENGE = "a-challenge"


class Hub:
    """The hub at a path of a server; what it is to call at `public` it calls at `site`.

    `asked` are the forms that were sent to it. `answer` is what it says to them; `at_once`: it calls back before.
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
        """Where the call of a subscription really goes."""
        callback = self.asked[number]["hub.callback"]
        assert callback.startswith(self._public)
        return self.site + callback.removeprefix(self._public)

    def verify(self, number: int = -1, *, lease_s: int | str | None = 864_000, **changes: str) -> httpx.Response:
        """Ask whether a request was meant; `changes` are said instead of what was asked."""
        form = self.asked[number]
        said = {"hub.mode": form["hub.mode"], "hub.topic": form["hub.topic"], "hub.challenge": CHALLENGE}
        if form["hub.mode"] == "subscribe" and lease_s is not None:
            said["hub.lease_seconds"] = str(lease_s)
        answer = self.call({**said, **{f"hub.{name}": text for name, text in changes.items()}}, number)
        self.called.append(answer)
        return answer

    def deny(self, number: int = -1, reason: str = "") -> httpx.Response:
        """Refuse, or end, a subscription."""
        said = {"hub.mode": "denied", "hub.topic": self.asked[number]["hub.topic"], "hub.reason": reason}
        return self.call(said, number)

    def call(self, said: Mapping[str, str], number: int = -1) -> httpx.Response:
        return httpx.get(self.callback(number), params=dict(said), trust_env=False)

    def deliver(
        self,
        body: bytes,
        number: int = -1,
        *,
        method: str = "sha256",
        headers: Mapping[str, str] | None = None,
        sign: Callable[[str], str | None] = lambda signature: signature,
    ) -> httpx.Response:
        """Send a feed, signed; `sign` may change the signature, or leave it out."""
        secret = self.asked[number]["hub.secret"].encode()
        signature = sign(f"{method}={hmac.new(secret, body, getattr(hashlib, method)).hexdigest()}")
        said = {"Content-Type": "application/rss+xml", "Link": f'<{self.url}>; rel="hub"', **(headers or {})}
        if signature is not None:
            said["X-Hub-Signature"] = signature
        return httpx.post(self.callback(number), content=body, headers=said, trust_env=False)

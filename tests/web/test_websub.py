"""Subscriptions at a hub on loopback: requested by passes, verified and delivered over HTTP, saved in the store."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from feeder.catalogue.status import SourceState, iter_states
from feeder.cli.check import check
from feeder.cli.output_sources import print_states
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, SiteConfig, StoreConfig, WebConfig
from feeder.errors import StoreBusyError
from feeder.ingest import hubs as module
from feeder.ingest import ingest
from feeder.ingest.hubs import update_subscriptions
from feeder.sources.feeds.websub import HubSubscription, explain
from feeder.store import Store
from feeder.web import create_app
from feeder.web import websub as web_module
from tests.http_server import Answer, Server
from tests.hub import CHALLENGE, Hub
from tests.ingest.test_polling import rss
from tests.sources.network import MadeNetwork
from tests.web.conftest import Stage

PUBLIC = "https://feed.example/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Setup:
    """A feed, its hub, and our site, all on loopback. `now` is the start of the test; `calls` of `on_delivery`."""

    server: Server
    hub: Hub
    store: Store
    config: Config
    stage: Stage
    now: datetime
    calls: list[str]

    def configure(self, **sections: Any) -> None:
        """Continue with another configuration, as after a restart."""
        self.config = self.config.model_copy(update=sections)
        self.stage.app = create_app(self.config, self.store, on_delivery=lambda: self.calls.append("called"))

    def poll(self, after: timedelta = timedelta(), *, named: bool = True) -> Any:
        names = [source.name for source in self.config.sources] if named else []
        return ingest(self.config, self.store, names=names, now=self.now + after)[0]

    def update(self, after: timedelta = timedelta(), **more: Any) -> None:
        update_subscriptions(self.config, self.store, now=self.now + after, jitter=lambda: 0.0, **more)

    def subscribe(self, **lease: Any) -> None:
        """Poll the feed, request a subscription, and let the hub verify it."""
        self.poll()
        self.update()
        assert self.hub.verify(**lease).status_code == 200

    @property
    def subscription(self) -> HubSubscription:
        [subscription] = self.store.sources.subscriptions()
        return subscription

    def explain(self, after: timedelta = timedelta()) -> str:
        return explain(self.subscription, self.now + after)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def feed(server: Server, *numbers: int, text: str = "It rained.", hub: str = "/hub", more: str = "") -> bytes:
    links = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{server.url(hub)}"/>'
    return rss(*numbers, text=text, more=links + more)


@pytest.fixture
def setup(server: Server, sqlite_store: Store, stage: tuple[str, Stage], tmp_path: Path) -> Iterator[Setup]:
    with set_up(server, sqlite_store, stage, tmp_path) as setup:
        yield setup


@pytest.fixture
def each_setup(server: Server, store_url: str, stage: tuple[str, Stage], tmp_path: Path) -> Iterator[Setup]:
    """The same on each database in turn, with the normal timeout for locks."""
    with Store.open(store_url) as store, set_up(server, store, stage, tmp_path) as setup:
        yield setup


@contextmanager
def set_up(server: Server, store: Store, stage: tuple[str, Stage], tmp_path: Path) -> Iterator[Setup]:
    hub = Hub(server, PUBLIC)
    hub.site = stage[0]
    server.answers["/rain"] = Answer(body=feed(server, 1))
    config = Config(
        site=SiteConfig(url=PUBLIC, output=tmp_path / "public"),
        store=StoreConfig(url=store.database.url, search=tmp_path / "search"),
        sources=(FeedSource(name="rain", feed=server.url("/rain"), allow_private=True),),
        fetch=FetchConfig(user_agent="feeder-tests", timeout_s=5),
        web=WebConfig(port=0, websub=True),
    )
    setup = Setup(server, hub, store, config, stage[1], datetime.now(UTC), [])
    setup.configure()
    yield setup
    stage[1].app = None


# Subscribing.


def test_a_feed_that_names_a_hub_is_subscribed_to_there(each_setup: Setup) -> None:
    setup = each_setup
    setup.subscribe()
    [asked] = setup.hub.asked
    assert asked.keys() == {"hub.callback", "hub.mode", "hub.topic", "hub.secret", "hub.lease_seconds"}
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", setup.server.url("/rain"))
    assert setup.hub.called[0].text == CHALLENGE
    assert setup.hub.called[0].headers["content-type"] == "text/plain; charset=utf-8"
    assert setup.hub.called[0].headers["x-content-type-options"] == "nosniff"
    until = setup.now + timedelta(days=10)
    assert abs(setup.subscription.expires_at - until) < HOUR if setup.subscription.expires_at else False
    assert setup.explain() == (
        f"subscribed at {setup.hub.url} until {setup.subscription.expires_at:%Y-%m-%d %H:%M} UTC; "
        "polled as usual: nothing delivered yet"
    )
    setup.update(HOUR)
    assert len(setup.hub.asked) == 1


def test_each_subscription_has_an_address_and_a_secret_of_its_own(setup: Setup) -> None:
    setup.server.answers["/wind"] = Answer(body=feed(setup.server, 2))
    wind = FeedSource(name="wind", feed=setup.server.url("/wind"), allow_private=True)
    setup.configure(sources=(*setup.config.sources, wind))
    setup.poll()
    setup.update()
    for name in ("hub.callback", "hub.secret"):
        assert len({asked[name] for asked in setup.hub.asked}) == 2
    assert all(len(asked["hub.secret"]) < 200 for asked in setup.hub.asked)
    assert all(
        subscription.token not in repr(subscription) and subscription.secret not in repr(subscription)
        for subscription in setup.store.sources.subscriptions()
    )


def test_headers_and_the_feeds_own_address_say_what_is_asked_for_and_where(setup: Setup) -> None:
    self_link = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://e.org/by-itself"/>'
    setup.server.answers["/rain"] = Answer(body=feed(setup.server, 1, more=self_link))
    setup.poll()
    setup.update()
    assert setup.hub.asked[-1]["hub.topic"] == "https://e.org/by-itself"
    other = Hub(setup.server, PUBLIC, path="/other")
    links = [("Link", f'<{other.url}>; rel="hub"'), ("Link", "<https://e.org/by-header>; rel=self")]
    setup.server.answers["/rain"] = Answer(body=feed(setup.server, 1, 2, more=self_link), headers=links)
    setup.poll()
    setup.update(HOUR)
    assert other.asked[-1]["hub.topic"] == "https://e.org/by-header"


def test_a_hub_may_call_back_before_it_answers(setup: Setup) -> None:
    setup.hub.at_once = True
    setup.hub.answer = Answer(500)
    setup.poll()
    setup.update()
    assert setup.hub.called[0].status_code == 200
    assert setup.explain().startswith("subscribed at ")


@pytest.mark.parametrize(
    ("query", "accepted"),
    [
        ({}, True),
        ({"topic": "https://e.org/another"}, False),
        ({"topic": ""}, False),
        ({"mode": "unsubscribe"}, False),
        ({"mode": "SUBSCRIBE"}, False),
        ({"mode": ""}, False),
        ({"challenge": ""}, False),
        ({"challenge": "<script>alert(1)</script>"}, True),
    ],
)
def test_only_what_was_asked_for_is_confirmed(setup: Setup, query: dict[str, str], accepted: bool) -> None:  # noqa: FBT001  a parameter of the table
    setup.poll()
    setup.update()
    response = setup.hub.verify(**query)  # type: ignore[arg-type]  # none of the table is a lease
    assert response.status_code == (200 if accepted else 404)
    assert response.text == query.get("challenge", CHALLENGE) if accepted else CHALLENGE not in response.text
    assert (setup.subscription.expires_at is not None) == accepted


def test_nobody_else_is_answered(setup: Setup) -> None:
    setup.subscribe()
    query = {"hub.mode": "subscribe", "hub.topic": setup.server.url("/rain"), "hub.challenge": CHALLENGE}
    for token in (
        "x",
        "A" * 32,
        setup.subscription.token[:-1],
        setup.subscription.token[:-1] + "!",
        setup.subscription.token + "A",
    ):
        address = f"{setup.hub.site}websub/{token}"
        assert httpx.get(address, params=query, trust_env=False).status_code == 404
        assert httpx.post(address, content=b"<rss/>", trust_env=False).status_code == 410
    assert httpx.put(setup.hub.callback(), trust_env=False).status_code == 405
    assert httpx.get(setup.hub.callback(), trust_env=False).status_code == 404


def test_a_hub_that_asks_again_is_answered_again_and_one_that_asks_late_is_not(setup: Setup) -> None:
    setup.subscribe()
    assert setup.hub.verify().status_code == 200
    setup.store.sources.change_subscription(
        setup.subscription.token,
        lambda subscription: HubSubscription(**{**vars_of(subscription), "asked_at": setup.now - timedelta(days=2)}),
        now=setup.now,
    )
    assert setup.hub.verify().status_code == 404


def vars_of(subscription: HubSubscription) -> dict[str, Any]:
    return {name: getattr(subscription, name) for name in subscription.__slots__}


# Failures.


def test_a_hub_that_fails_is_asked_less_and_less_often(each_setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    setup = each_setup
    setup.hub.answer = Answer(503, headers={"Retry-After": "7200"})
    setup.poll()
    setup.update()
    failed = setup.subscription
    assert (failed.failures, failed.error) == (1, "its server answers 503 Service Unavailable")
    assert failed.next_try_at == setup.now + 2 * HOUR
    assert failed.secret not in caplog.text
    assert failed.token not in caplog.text
    setup.update(HOUR)
    assert len(setup.hub.asked) == 1
    setup.hub.answer = Answer(404)
    setup.update(2 * HOUR)
    assert (setup.subscription.failures, setup.subscription.next_try_at) == (2, setup.now + 4 * HOUR)
    assert setup.explain() == (
        f"not subscribed at {setup.hub.url}: its server answers 404 Not Found (2 times in a row); "
        f"next try at {setup.subscription.next_try_at:%Y-%m-%d %H:%M} UTC"
    )
    setup.hub.answer = Answer(202)
    setup.update(4 * HOUR)
    assert setup.hub.verify().status_code == 200
    assert (setup.subscription.failures, setup.subscription.error) == (0, None)
    assert len({asked["hub.callback"] for asked in setup.hub.asked}) == 1


def test_a_hub_that_never_calls_back_is_asked_again_in_time(setup: Setup) -> None:
    setup.poll()
    setup.update()
    setup.update(HOUR / 2)
    assert setup.explain() == f"requested at {setup.hub.url}, not verified yet"
    setup.update(HOUR)
    assert setup.subscription.failures == 1
    assert "has not called back; can it reach `feeder serve`?" in setup.explain()
    assert setup.hub.verify().status_code == 200  # late, but the request was ours
    assert setup.subscription.failures == 0


def test_a_refusal_is_told_in_the_hubs_words_and_not_forgotten(setup: Setup) -> None:
    setup.poll()
    setup.update()
    assert setup.hub.deny(reason="no\nmore\x00").status_code == 200
    assert "it refuses the subscription (no" in setup.explain()
    assert "\n" not in setup.explain()
    assert setup.hub.call({"hub.mode": "denied", "hub.topic": "https://e.org/another"}).status_code == 404
    setup.update(HOUR / 2)
    assert len(setup.hub.asked) == 1
    setup.update(HOUR)
    assert setup.hub.verify().status_code == 200


def test_a_hub_that_hangs_or_is_not_there_delays_no_other(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DEADLINE_S", 1)
    sources = []
    hubs = {"a": "/hub", "b": "/hangs", "c": "/hangs", "d": "/hangs", "e": "/hangs"}
    setup.server.answers["/hangs"] = Answer(body=(b" " for _ in range(1000)), pause_s=0.1)
    for name, hub in hubs.items():
        setup.server.answers[f"/{name}"] = Answer(body=feed(setup.server, ord(name), hub=hub))
        sources.append(FeedSource(name=name, feed=setup.server.url(f"/{name}"), allow_private=True))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    setup.server.answers["/f"] = Answer(body=feed(setup.server, 6), headers={"Link": f"<{nobody}hub>; rel=hub"})
    sources.append(FeedSource(name="f", feed=setup.server.url("/f"), allow_private=True))
    setup.configure(sources=tuple(sources))
    setup.poll()
    setup.update()
    known = {subscription.source: subscription for subscription in setup.store.sources.subscriptions()}
    assert len(setup.hub.asked) == 1
    assert known["a"].awaiting
    assert not any(known[name].awaiting for name in "bcdef")
    assert "private address" in (known["f"].error or "")  # not the server that its owner has named
    assert {known[name].next_try_at for name in "bcde"} == {setup.now}


def test_a_hub_in_a_private_network_is_never_asked_for_a_strangers_feed(setup: Setup) -> None:
    network = MadeNetwork({"feed.example": ["93.184.215.14"]})
    setup.poll()
    [source] = setup.config.sources
    setup.configure(sources=(source.model_copy(update={"allow_private": False}),))
    setup.update(network=network)
    assert network.dialled == []
    assert setup.hub.asked == []
    assert "is a private address" in str(setup.subscription.error)


def test_a_process_that_is_killed_between_asking_and_the_hubs_call_loses_nothing(
    each_setup: Setup, tmp_path: Path
) -> None:
    setup = each_setup
    setup.poll()
    killer = tmp_path / "killed.py"
    killer.write_text(
        "import os, signal, sys\n"
        "from datetime import UTC, datetime\n"
        "from feeder.config.load import Config\n"
        "from feeder.ingest import hubs\n"
        "from feeder.store import Store\n"
        "config = Config.model_validate_json(sys.argv[1])\n"
        "hubs._record_failure = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "url = sys.argv[2]\n"
        "hubs.update_subscriptions(config, Store.open(url), now=datetime.now(UTC))\n"
    )
    url = setup.store.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, str(killer), setup.config.model_dump_json(), url]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FEEDER_")}
    ended = subprocess.run(command, env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (len(setup.hub.asked), setup.subscription.awaiting) == (1, True)
    setup.update(HOUR / 2)
    assert len(setup.hub.asked) == 1
    assert setup.hub.verify().status_code == 200


def test_two_processes_that_plan_at_once_subscribe_once(each_setup: Setup) -> None:
    setup = each_setup
    setup.poll()
    together = threading.Barrier(4)

    def work() -> None:
        with Store.open(
            setup.store.database.engine.url.render_as_string(hide_password=False), busy_timeout_s=10
        ) as store:
            together.wait()
            update_subscriptions(setup.config, store, now=setup.now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(setup.hub.asked) == len(setup.store.sources.subscriptions()) == 1


# Leases, and the end of a subscription.


def test_a_lease_is_renewed_before_it_ends_under_the_same_address(setup: Setup) -> None:
    setup.subscribe(lease_s=100 * 3600)
    setup.update(59 * HOUR)
    assert len(setup.hub.asked) == 1
    setup.update(76 * HOUR)
    first, second = setup.hub.asked
    assert (first["hub.callback"], first["hub.secret"]) == (second["hub.callback"], second["hub.secret"])
    assert setup.explain(76 * HOUR).startswith("subscribed at ")
    before = setup.subscription.expires_at
    assert setup.hub.verify().status_code == 200
    assert before is not None
    assert setup.subscription.expires_at is not None
    assert setup.subscription.expires_at > before


@pytest.mark.parametrize(("granted", "lease"), [(None, 10 * DAY), ("0", 10 * DAY), ("-5", 10 * DAY), ("soon", 10 * DAY),
                                                ("9" * 300, 365 * DAY), (60, timedelta(minutes=1))])  # fmt: skip
def test_a_lease_that_makes_no_sense_is_bounded(setup: Setup, granted: str | None, lease: timedelta) -> None:
    setup.subscribe(lease_s=granted)
    assert setup.subscription.expires_at is not None
    assert abs(setup.subscription.expires_at - setup.now - lease) < HOUR / 60


def test_a_renewal_that_fails_is_told_while_the_lease_runs(setup: Setup) -> None:
    setup.subscribe(lease_s=100 * 3600)
    setup.hub.answer = Answer(500)
    setup.update(80 * HOUR)
    assert "; renewing it: its server answers 500 Internal Server Error; next try at" in setup.explain(80 * HOUR)
    assert setup.explain(101 * HOUR).startswith("not subscribed at ")


@pytest.mark.parametrize("why", ["switched off", "no public address", "paused", "removed", "ended", "no hub any more"])
def test_a_subscription_that_is_not_wanted_any_more_is_ended(setup: Setup, why: str) -> None:
    setup.subscribe()
    if why == "switched off":
        setup.configure(web=WebConfig(port=0))
    elif why == "no public address":
        setup.configure(site=SiteConfig(output=setup.config.site.output))
    elif why == "paused":
        setup.store.sources.pause("rain", now=setup.now)
    elif why == "removed":
        setup.configure(sources=())
    else:
        setup.server.answers["/rain"] = Answer(410) if why == "ended" else Answer(body=rss(1))
        for _ in range(3):  # a server must say that a feed has ended
            setup.poll()
    if why == "removed":
        # The source went with the right to ask in its private network, so that the hub cannot be reached here.
        setup.update(HOUR)
        assert "unsubscribing at" in setup.explain()
        setup.update(DAY)
        setup.update(2 * DAY)
        setup.update(3 * DAY)
        assert setup.store.sources.subscriptions() == ()
        return
    setup.update(HOUR)
    assert setup.hub.asked[-1] == {
        "hub.callback": setup.hub.asked[0]["hub.callback"],
        "hub.mode": "unsubscribe",
        "hub.topic": setup.server.url("/rain"),
    }
    assert setup.explain() == f"unsubscribing at {setup.hub.url}"
    assert setup.hub.deliver(feed(setup.server, 2), 0).status_code == 410
    assert setup.hub.verify(mode="subscribe").status_code == 404
    assert setup.hub.verify().text == CHALLENGE
    assert setup.store.sources.subscriptions() == ()
    assert setup.hub.verify(0).status_code == 404


def test_an_unsubscription_that_nobody_asked_for_is_not_confirmed(setup: Setup) -> None:
    setup.subscribe()
    assert setup.hub.verify(mode="unsubscribe").status_code == 404
    assert setup.explain().startswith("subscribed")


def test_a_subscription_that_was_never_confirmed_is_forgotten_without_a_word(setup: Setup) -> None:
    setup.poll()
    setup.update()
    setup.configure(web=WebConfig(port=0))
    setup.update(HOUR / 2)
    assert (len(setup.hub.asked), setup.store.sources.subscriptions()) == (1, ())
    assert setup.hub.verify().status_code == 404


def test_another_hub_or_another_address_of_ours_means_another_subscription(setup: Setup) -> None:
    setup.subscribe()
    setup.configure(site=setup.config.site.model_copy(update={"url": "https://feed.example/new/"}))
    setup.update(HOUR)
    forms = setup.hub.asked[1:]
    assert {form["hub.mode"] for form in forms} == {"subscribe", "unsubscribe"}
    callbacks = {form["hub.mode"]: form["hub.callback"] for form in forms}
    assert callbacks["unsubscribe"] == setup.hub.asked[0]["hub.callback"]
    assert callbacks["subscribe"].startswith("https://feed.example/new/websub/")


def test_nothing_is_asked_where_it_is_not_switched_on(setup: Setup) -> None:
    setup.configure(web=WebConfig(port=0))
    setup.poll()
    setup.update()
    setup.configure(web=WebConfig(port=0, websub=True), site=SiteConfig(output=setup.config.site.output))
    setup.update()
    assert setup.hub.asked == []
    assert setup.store.sources.subscriptions() == ()


# Deliveries.


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_what_is_delivered_is_saved_as_if_it_had_been_polled(each_setup: Setup, method: str) -> None:
    setup = each_setup
    setup.subscribe()
    response = setup.hub.deliver(feed(setup.server, 3), method=method)
    assert (response.status_code, response.text) == (204, "")
    assert [entry.title for entry in setup.store.entries.latest(10)] == ["Rain 3", "Rain 1"]
    assert setup.calls == ["called"]
    assert (setup.subscription.deliveries, setup.subscription.ignored) == (1, 0)
    setup.server.answers["/rain"] = Answer(body=feed(setup.server, 3, 1))
    report = setup.poll()
    assert (report.read, report.new, report.changed, report.same) == (1, 0, 0, 0)


def test_the_parts_of_a_feed_that_are_not_delivered_are_still_known(setup: Setup) -> None:
    setup.server.answers["/rain"] = Answer(body=feed(setup.server, 2, 1))
    setup.subscribe()
    setup.hub.deliver(feed(setup.server, 3))
    assert len(setup.store.documents.of_source("rain")) == 3


@pytest.mark.parametrize(
    ("sign", "word"),
    [
        (lambda _: None, "missing"),
        (lambda _: "", "missing"),
        (lambda _: "sha256=", "missing"),
        (lambda _: "sha256=" + "0" * 64, "wrong"),
        (lambda signature: signature[:-1], "wrong"),
        (lambda signature: signature + "é", "wrong"),
        (lambda signature: signature.replace("sha256", "sha1"), "wrong"),
        (lambda signature: signature.replace("sha256", "md5"), "of an unknown method"),
        (lambda signature: signature.replace("sha256", "shake_128"), "of an unknown method"),
    ],
)
def test_a_delivery_that_the_hub_has_not_signed_is_ignored_and_counted(
    setup: Setup, sign: Any, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    setup.subscribe()
    response = setup.hub.deliver(feed(setup.server, 2), sign=lambda signature: _latin(sign(signature)))
    assert response.status_code == 204
    assert (setup.store.entries.count(), setup.subscription.deliveries, setup.subscription.ignored, setup.calls) == (
        1,
        0,
        1,
        [],
    )
    assert f"rain: a delivery was ignored: its signature is {word}" in caplog.text
    assert "; ignored 1 deliveries without its signature" in setup.explain()
    assert setup.subscription.token not in caplog.text


def _latin(text: str | None) -> Any:
    return text if text is None else text.encode("latin-1")


def test_a_signature_of_upper_case_is_as_good(setup: Setup) -> None:
    setup.subscribe()
    setup.hub.deliver(feed(setup.server, 2), sign=lambda signature: "SHA256=" + signature.partition("=")[2].upper())
    assert setup.store.entries.count() == 2


def test_a_delivery_signed_with_the_secret_of_another_is_ignored(setup: Setup) -> None:
    setup.server.answers["/wind"] = Answer(body=feed(setup.server, 2))
    wind = FeedSource(name="wind", feed=setup.server.url("/wind"), allow_private=True)
    setup.configure(sources=(*setup.config.sources, wind))
    setup.poll()
    setup.update()
    setup.hub.verify(0)
    setup.hub.verify(1)
    setup.hub.asked[0]["hub.secret"] = setup.hub.asked[1]["hub.secret"]
    setup.hub.deliver(feed(setup.server, 3), 0)
    assert sum(subscription.ignored for subscription in setup.store.sources.subscriptions()) == 1
    assert setup.store.entries.count() == 2


def test_a_delivery_that_is_played_again_changes_nothing(setup: Setup) -> None:
    setup.subscribe()
    old, new = feed(setup.server, 1, text="As it was."), feed(setup.server, 1, text="As it is now, corrected.")
    setup.hub.deliver(old)
    setup.hub.deliver(new)
    setup.calls.clear()
    assert setup.hub.deliver(old).status_code == 204
    assert setup.hub.deliver(new).status_code == 204
    [entry] = setup.store.entries.latest(10)
    assert "corrected" in entry.content
    assert (setup.subscription.deliveries, setup.calls) == (2, [])


@pytest.mark.parametrize("body", [b"", b"<html><body>Sign in</body></html>", b"\x00\xff", b"{}", b"<rss><channel>"])
def test_what_cannot_be_read_is_polled_for_at_once(setup: Setup, body: bytes) -> None:
    setup.subscribe()
    readable = body == b"<rss><channel>"
    assert setup.hub.deliver(body).status_code == 204
    assert setup.subscription.deliveries == readable
    due = setup.store.sources.polls()["rain"].next_check_at
    assert due is not None
    assert (due <= datetime.now(UTC)) != readable
    assert setup.store.entries.count() == 1


def test_the_body_of_a_delivery_is_bounded(setup: Setup) -> None:
    setup.configure(fetch=setup.config.fetch.model_copy(update={"max_bytes": 10_000}))
    setup.subscribe()
    assert setup.hub.deliver(feed(setup.server, 2) + b" " * 10_000).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 1000

    assert httpx.post(setup.hub.callback(), content=pieces(), trust_env=False).status_code == 413
    assert setup.store.entries.count() == 1


def test_a_delivery_that_never_ends_is_given_up(setup: Setup) -> None:
    setup.subscribe()
    setup.configure(fetch=setup.config.fetch.model_copy(update={"timeout_s": 0.2}))
    url = httpx.URL(setup.hub.callback())
    head = f"POST {url.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<rss".encode()
    with socket.create_connection((url.host, url.port or 80), timeout=10) as line:
        line.sendall(head)
        assert b" 408 " in line.recv(100)
    with socket.create_connection((url.host, url.port or 80), timeout=10) as line:
        line.sendall(head)  # and hangs up
    assert setup.hub.deliver(feed(setup.server, 2)).status_code == 204


def test_more_deliveries_than_can_be_read_are_put_off(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.subscribe()
    monkeypatch.setattr(web_module, "_MAX_PENDING", 0)
    response = setup.hub.deliver(feed(setup.server, 2))
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")
    monkeypatch.undo()
    assert setup.hub.deliver(feed(setup.server, 2)).status_code == 204


def test_a_store_that_is_away_asks_the_hub_to_come_again(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.subscribe()

    def fail(*_: object, **__: object) -> None:
        raise StoreBusyError("the store is locked")

    monkeypatch.setattr(setup.store, "take", fail)
    assert setup.hub.deliver(feed(setup.server, 2)).status_code == 503
    monkeypatch.undo()
    assert setup.hub.deliver(feed(setup.server, 2)).status_code == 204
    assert setup.store.entries.count() == 2
    monkeypatch.setattr(setup.store.sources, "change_subscription", fail)
    assert setup.hub.verify().status_code == 503


def test_deliveries_side_by_side_neither_fail_nor_come_twice(each_setup: Setup) -> None:
    setup = each_setup
    setup.subscribe()

    def deliver(number: int) -> int:
        return setup.hub.deliver(feed(setup.server, number % 5 + 2)).status_code

    async def deliver_all() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(deliver, number) for number in range(15)))

    assert set(asyncio.run(deliver_all())) == {204}
    assert setup.store.entries.count() == 6


def test_a_source_that_is_filtered_or_waits_for_pages_takes_deliveries_likewise(setup: Setup) -> None:
    [source] = setup.config.sources
    setup.configure(sources=(source.model_copy(update={"drop": '"Rain 3"'}),))
    setup.subscribe()
    setup.hub.deliver(feed(setup.server, 3, 2))
    assert {entry.title for entry in setup.store.entries.latest(10)} == {"Rain 1", "Rain 2"}
    setup.configure(sources=(source.model_copy(update={"full": True, "article": "main"}),))
    setup.hub.deliver(feed(setup.server, 4))
    assert setup.store.sources.count_pending_pages() == {"rain": 1}


# Polling meanwhile.


def next_check(setup: Setup) -> timedelta:
    due = setup.store.sources.polls()["rain"].next_check_at
    assert due is not None
    return due - setup.now


def test_a_hub_that_delivers_makes_polling_rarer_until_its_lease_ends(setup: Setup) -> None:
    setup.subscribe(lease_s=100 * 3600)
    setup.poll(HOUR)
    assert next_check(setup) < 2 * HOUR  # it has delivered nothing yet
    setup.hub.deliver(feed(setup.server, 1))
    setup.poll(HOUR)
    assert HOUR + 0.9 * DAY <= next_check(setup) <= HOUR + DAY
    setup.poll(99 * HOUR)
    assert next_check(setup) < 101 * HOUR
    setup.poll(102 * HOUR)
    assert next_check(setup) < 104 * HOUR


def test_news_that_a_hub_has_missed_bring_polling_back_until_it_delivers_again(each_setup: Setup) -> None:
    setup = each_setup
    setup.subscribe()
    setup.hub.deliver(feed(setup.server, 1))
    setup.poll(HOUR)
    setup.server.answers["/rain"] = Answer(body=feed(setup.server, 2, 1))
    setup.poll(DAY)
    assert next_check(setup) < DAY + HOUR
    assert setup.explain().endswith("polled as usual: it has missed an entry")
    setup.store.sources.change_subscription(
        setup.subscription.token,
        lambda subscription: HubSubscription(**{**vars_of(subscription), "missed_at": setup.now - HOUR}),
        now=setup.now,
    )
    setup.hub.deliver(feed(setup.server, 3))
    setup.poll(DAY)
    assert next_check(setup) > 1.8 * DAY


@pytest.mark.parametrize("how", ["denied", "switched off"])
def test_a_hub_that_ends_it_leaves_a_feed_that_is_due_at_once(each_setup: Setup, how: str) -> None:
    setup = each_setup
    setup.subscribe()
    setup.hub.deliver(feed(setup.server, 1))
    setup.poll()
    assert next_check(setup) > DAY / 2
    if how == "denied":
        setup.hub.deny()
    else:
        setup.configure(web=WebConfig(port=0))
        setup.update()
    assert next_check(setup) < HOUR / 60


# Status.


def test_check_says_what_to_set_and_how_subscriptions_are(setup: Setup) -> None:
    setup.subscribe()

    def websub_checks() -> dict[tuple[str, bool], str]:
        return {(result.about, result.ok): result.text for result in check(setup.config) if "websub" in result.about}

    assert websub_checks() == {("websub", True): "1 subscribed"}
    setup.hub.deny(reason="go away")
    assert "it refuses the subscription (go away)" in websub_checks()["websub rain", False]
    setup.configure(site=SiteConfig(output=setup.config.site.output))
    [text] = [text for (about, ok), text in websub_checks().items() if about == "websub" and not ok]
    assert text == (
        "hubs cannot reach http://127.0.0.1:8000/; "
        "set site.url to the public address of `feeder serve`, or web.websub to false"
    )


def test_the_list_of_sources_says_how_a_subscription_is(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    setup.subscribe()

    def listed() -> SourceState:
        [state] = iter_states(setup.config, setup.store, now=setup.now)
        return state

    assert (listed().subscription, listed().hub_error) == ("subscribed", None)
    setup.hub.deny(reason="go away")
    assert (listed().subscription, listed().hub_error) == ("refused", setup.explain())
    print_states([listed()], now=setup.now, as_json=False)
    assert setup.explain() in capsys.readouterr().out


def test_a_callback_is_not_logged(setup: Setup, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="feeder"):
        setup.subscribe()
        setup.hub.deliver(feed(setup.server, 2))
        setup.hub.deny(reason="no")
    assert setup.subscription.token not in caplog.text
    assert setup.subscription.secret not in caplog.text

"""Subscriptions at a hub on loopback: asked for by passes, confirmed and delivered over HTTP, kept in the store."""

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
class Place:
    """A feed, its hub, and our site over a store, all on loopback. `now` is when the test began."""

    server: Server
    hub: Hub
    store: Store
    config: Config
    stage: Stage
    now: datetime
    news: list[str]

    def set(self, **sections: Any) -> None:
        """Go on with another configuration, as after a new start."""
        self.config = self.config.model_copy(update=sections)
        self.stage.app = create_app(self.config, self.store, on_news=lambda: self.news.append("news"))

    def poll(self, after: timedelta = timedelta(), *, named: bool = True) -> Any:
        names = [source.name for source in self.config.sources] if named else []
        return ingest(self.config, self.store, names=names, now=self.now + after)[0]

    def keep(self, after: timedelta = timedelta(), **more: Any) -> None:
        update_subscriptions(self.config, self.store, now=self.now + after, jitter=lambda: 0.0, **more)

    def subscribe(self, **lease: Any) -> None:
        """Be subscribed: polled, asked for, confirmed."""
        self.poll()
        self.keep()
        assert self.hub.verify(**lease).status_code == 200

    @property
    def one(self) -> HubSubscription:
        [one] = self.store.sources.subscriptions()
        return one

    def told(self, after: timedelta = timedelta()) -> str:
        return explain(self.one, self.now + after)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def feed(server: Server, *numbers: int, text: str = "It rained.", hub: str = "/hub", more: str = "") -> bytes:
    links = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{server.url(hub)}"/>'
    return rss(*numbers, text=text, more=links + more)


@pytest.fixture
def place(server: Server, sqlite_store: Store, stage: tuple[str, Stage], tmp_path: Path) -> Iterator[Place]:
    with placed(server, sqlite_store, stage, tmp_path) as place:
        yield place


@pytest.fixture
def each_place(server: Server, store_url: str, stage: tuple[str, Stage], tmp_path: Path) -> Iterator[Place]:
    """The same over each database in turn, which waits for other writers as long as it does for users."""
    with Store.open(store_url) as store, placed(server, store, stage, tmp_path) as place:
        yield place


@contextmanager
def placed(server: Server, store: Store, stage: tuple[str, Stage], tmp_path: Path) -> Iterator[Place]:
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
    place = Place(server, hub, store, config, stage[1], datetime.now(UTC), [])
    place.set()
    yield place
    stage[1].app = None


# Subscribing.


def test_a_feed_that_names_a_hub_is_subscribed_to_there(each_place: Place) -> None:
    place = each_place
    place.subscribe()
    [asked] = place.hub.asked
    assert asked.keys() == {"hub.callback", "hub.mode", "hub.topic", "hub.secret", "hub.lease_seconds"}
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", place.server.url("/rain"))
    assert place.hub.called[0].text == CHALLENGE
    assert place.hub.called[0].headers["content-type"] == "text/plain; charset=utf-8"
    assert place.hub.called[0].headers["x-content-type-options"] == "nosniff"
    until = place.now + timedelta(days=10)
    assert abs(place.one.expires_at - until) < HOUR if place.one.expires_at else False
    assert place.told() == (
        f"subscribed at {place.hub.url} until {place.one.expires_at:%Y-%m-%d %H:%M} UTC; "
        "polled as usual: nothing delivered yet"
    )
    place.keep(HOUR)
    assert len(place.hub.asked) == 1


def test_each_subscription_has_an_address_and_a_secret_of_its_own(place: Place) -> None:
    place.server.answers["/wind"] = Answer(body=feed(place.server, 2))
    wind = FeedSource(name="wind", feed=place.server.url("/wind"), allow_private=True)
    place.set(sources=(*place.config.sources, wind))
    place.poll()
    place.keep()
    for name in ("hub.callback", "hub.secret"):
        assert len({asked[name] for asked in place.hub.asked}) == 2
    assert all(len(asked["hub.secret"]) < 200 for asked in place.hub.asked)
    assert all(
        one.token not in repr(one) and one.secret not in repr(one) for one in place.store.sources.subscriptions()
    )


def test_headers_and_the_feeds_own_address_say_what_is_asked_for_and_where(place: Place) -> None:
    self_link = '<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="https://e.org/by-itself"/>'
    place.server.answers["/rain"] = Answer(body=feed(place.server, 1, more=self_link))
    place.poll()
    place.keep()
    assert place.hub.asked[-1]["hub.topic"] == "https://e.org/by-itself"
    other = Hub(place.server, PUBLIC, path="/other")
    links = [("Link", f'<{other.url}>; rel="hub"'), ("Link", "<https://e.org/by-header>; rel=self")]
    place.server.answers["/rain"] = Answer(body=feed(place.server, 1, 2, more=self_link), headers=links)
    place.poll()
    place.keep(HOUR)
    assert other.asked[-1]["hub.topic"] == "https://e.org/by-header"


def test_a_hub_may_call_back_before_it_answers(place: Place) -> None:
    place.hub.at_once = True
    place.hub.answer = Answer(500)
    place.poll()
    place.keep()
    assert place.hub.called[0].status_code == 200
    assert place.told().startswith("subscribed at ")


@pytest.mark.parametrize(
    ("said", "agreed"),
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
def test_only_what_was_asked_for_is_confirmed(place: Place, said: dict[str, str], agreed: bool) -> None:  # noqa: FBT001  a parameter of the table
    place.poll()
    place.keep()
    answer = place.hub.verify(**said)  # type: ignore[arg-type]  # none of the table is a lease
    assert answer.status_code == (200 if agreed else 404)
    assert answer.text == said.get("challenge", CHALLENGE) if agreed else CHALLENGE not in answer.text
    assert (place.one.expires_at is not None) == agreed


def test_nobody_else_is_answered(place: Place) -> None:
    place.subscribe()
    said = {"hub.mode": "subscribe", "hub.topic": place.server.url("/rain"), "hub.challenge": CHALLENGE}
    for token in ("x", "A" * 32, place.one.token[:-1], place.one.token[:-1] + "!", place.one.token + "A"):
        address = f"{place.hub.site}websub/{token}"
        assert httpx.get(address, params=said, trust_env=False).status_code == 404
        assert httpx.post(address, content=b"<rss/>", trust_env=False).status_code == 410
    assert httpx.put(place.hub.callback(), trust_env=False).status_code == 405
    assert httpx.get(place.hub.callback(), trust_env=False).status_code == 404


def test_a_hub_that_asks_again_is_answered_again_and_one_that_asks_late_is_not(place: Place) -> None:
    place.subscribe()
    assert place.hub.verify().status_code == 200
    place.store.sources.change_subscription(
        place.one.token,
        lambda one: HubSubscription(**{**vars_of(one), "asked_at": place.now - timedelta(days=2)}),
        now=place.now,
    )
    assert place.hub.verify().status_code == 404


def vars_of(one: HubSubscription) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


# What goes wrong.


def test_a_hub_that_fails_is_asked_less_and_less_often(each_place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place = each_place
    place.hub.answer = Answer(503, headers={"Retry-After": "7200"})
    place.poll()
    place.keep()
    failed = place.one
    assert (failed.failures, failed.error) == (1, "its server answers 503 Service Unavailable")
    assert failed.next_try_at == place.now + 2 * HOUR
    assert failed.secret not in caplog.text
    assert failed.token not in caplog.text
    place.keep(HOUR)
    assert len(place.hub.asked) == 1
    place.hub.answer = Answer(404)
    place.keep(2 * HOUR)
    assert (place.one.failures, place.one.next_try_at) == (2, place.now + 4 * HOUR)
    assert place.told() == (
        f"not subscribed at {place.hub.url}: its server answers 404 Not Found (2 times in a row); "
        f"next try at {place.one.next_try_at:%Y-%m-%d %H:%M} UTC"
    )
    place.hub.answer = Answer(202)
    place.keep(4 * HOUR)
    assert place.hub.verify().status_code == 200
    assert (place.one.failures, place.one.error) == (0, None)
    assert len({asked["hub.callback"] for asked in place.hub.asked}) == 1


def test_a_hub_that_never_calls_back_is_asked_again_in_time(place: Place) -> None:
    place.poll()
    place.keep()
    place.keep(HOUR / 2)
    assert place.told() == f"requested at {place.hub.url}, not verified yet"
    place.keep(HOUR)
    assert place.one.failures == 1
    assert "has not called back; can it reach `feeder serve`?" in place.told()
    assert place.hub.verify().status_code == 200  # late, but it was us who asked
    assert place.one.failures == 0


def test_a_refusal_is_told_in_the_hubs_words_and_not_forgotten(place: Place) -> None:
    place.poll()
    place.keep()
    assert place.hub.deny(reason="no\nmore\x00").status_code == 200
    assert "it refuses the subscription (no" in place.told()
    assert "\n" not in place.told()
    assert place.hub.call({"hub.mode": "denied", "hub.topic": "https://e.org/another"}).status_code == 404
    place.keep(HOUR / 2)
    assert len(place.hub.asked) == 1
    place.keep(HOUR)
    assert place.hub.verify().status_code == 200


def test_a_hub_that_hangs_or_is_not_there_delays_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DEADLINE_S", 1)
    sources = []
    hubs = {"a": "/hub", "b": "/hangs", "c": "/hangs", "d": "/hangs", "e": "/hangs"}
    place.server.answers["/hangs"] = Answer(body=(b" " for _ in range(1000)), pause_s=0.1)
    for name, hub in hubs.items():
        place.server.answers[f"/{name}"] = Answer(body=feed(place.server, ord(name), hub=hub))
        sources.append(FeedSource(name=name, feed=place.server.url(f"/{name}"), allow_private=True))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    place.server.answers["/f"] = Answer(body=feed(place.server, 6), headers={"Link": f"<{nobody}hub>; rel=hub"})
    sources.append(FeedSource(name="f", feed=place.server.url("/f"), allow_private=True))
    place.set(sources=tuple(sources))
    place.poll()
    place.keep()
    known = {one.source: one for one in place.store.sources.subscriptions()}
    assert len(place.hub.asked) == 1
    assert known["a"].awaiting
    assert not any(known[name].awaiting for name in "bcdef")
    assert "private address" in (known["f"].error or "")  # not the server that its owner has named
    assert {known[name].next_try_at for name in "bcde"} == {place.now}


def test_a_hub_in_a_private_network_is_never_asked_for_a_strangers_feed(place: Place) -> None:
    network = MadeNetwork({"feed.example": ["93.184.215.14"]})
    place.poll()
    [source] = place.config.sources
    place.set(sources=(source.model_copy(update={"allow_private": False}),))
    place.keep(network=network)
    assert network.dialled == []
    assert place.hub.asked == []
    assert "is a private address" in str(place.one.error)


def test_a_process_that_is_killed_between_asking_and_the_hubs_call_loses_nothing(
    each_place: Place, tmp_path: Path
) -> None:
    place = each_place
    place.poll()
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
    url = place.store.database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, str(killer), place.config.model_dump_json(), url]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FEEDER_")}
    ended = subprocess.run(command, env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (len(place.hub.asked), place.one.awaiting) == (1, True)
    place.keep(HOUR / 2)
    assert len(place.hub.asked) == 1
    assert place.hub.verify().status_code == 200


def test_two_processes_that_plan_at_once_subscribe_once(each_place: Place) -> None:
    place = each_place
    place.poll()
    together = threading.Barrier(4)

    def work() -> None:
        with Store.open(
            place.store.database.engine.url.render_as_string(hide_password=False), busy_timeout_s=10
        ) as store:
            together.wait()
            update_subscriptions(place.config, store, now=place.now)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(place.hub.asked) == len(place.store.sources.subscriptions()) == 1


# Leases, and the end of a subscription.


def test_a_lease_is_renewed_before_it_ends_under_the_same_address(place: Place) -> None:
    place.subscribe(lease_s=100 * 3600)
    place.keep(59 * HOUR)
    assert len(place.hub.asked) == 1
    place.keep(76 * HOUR)
    first, second = place.hub.asked
    assert (first["hub.callback"], first["hub.secret"]) == (second["hub.callback"], second["hub.secret"])
    assert place.told(76 * HOUR).startswith("subscribed at ")
    before = place.one.expires_at
    assert place.hub.verify().status_code == 200
    assert before is not None
    assert place.one.expires_at is not None
    assert place.one.expires_at > before


@pytest.mark.parametrize(("granted", "lease"), [(None, 10 * DAY), ("0", 10 * DAY), ("-5", 10 * DAY), ("soon", 10 * DAY),
                                                ("9" * 300, 365 * DAY), (60, timedelta(minutes=1))])  # fmt: skip
def test_a_lease_that_makes_no_sense_is_bounded(place: Place, granted: str | None, lease: timedelta) -> None:
    place.subscribe(lease_s=granted)
    assert place.one.expires_at is not None
    assert abs(place.one.expires_at - place.now - lease) < HOUR / 60


def test_a_renewal_that_fails_is_told_while_the_lease_runs(place: Place) -> None:
    place.subscribe(lease_s=100 * 3600)
    place.hub.answer = Answer(500)
    place.keep(80 * HOUR)
    assert "; renewing it: its server answers 500 Internal Server Error; next try at" in place.told(80 * HOUR)
    assert place.told(101 * HOUR).startswith("not subscribed at ")


@pytest.mark.parametrize("why", ["switched off", "no public address", "paused", "removed", "ended", "no hub any more"])
def test_a_subscription_that_is_not_wanted_any_more_is_ended(place: Place, why: str) -> None:
    place.subscribe()
    if why == "switched off":
        place.set(web=WebConfig(port=0))
    elif why == "no public address":
        place.set(site=SiteConfig(output=place.config.site.output))
    elif why == "paused":
        place.store.sources.pause("rain", now=place.now)
    elif why == "removed":
        place.set(sources=())
    else:
        place.server.answers["/rain"] = Answer(410) if why == "ended" else Answer(body=rss(1))
        place.poll()
    if why == "removed":
        # The source went with the right to ask in its private network, so that the hub cannot be reached here.
        place.keep(HOUR)
        assert "unsubscribing at" in place.told()
        place.keep(DAY)
        place.keep(2 * DAY)
        place.keep(3 * DAY)
        assert place.store.sources.subscriptions() == ()
        return
    place.keep(HOUR)
    assert place.hub.asked[-1] == {
        "hub.callback": place.hub.asked[0]["hub.callback"],
        "hub.mode": "unsubscribe",
        "hub.topic": place.server.url("/rain"),
    }
    assert place.told() == f"unsubscribing at {place.hub.url}"
    assert place.hub.deliver(feed(place.server, 2), 0).status_code == 410
    assert place.hub.verify(mode="subscribe").status_code == 404
    assert place.hub.verify().text == CHALLENGE
    assert place.store.sources.subscriptions() == ()
    assert place.hub.verify(0).status_code == 404


def test_an_unsubscription_that_nobody_asked_for_is_not_confirmed(place: Place) -> None:
    place.subscribe()
    assert place.hub.verify(mode="unsubscribe").status_code == 404
    assert place.told().startswith("subscribed")


def test_a_subscription_that_was_never_confirmed_is_forgotten_without_a_word(place: Place) -> None:
    place.poll()
    place.keep()
    place.set(web=WebConfig(port=0))
    place.keep(HOUR / 2)
    assert (len(place.hub.asked), place.store.sources.subscriptions()) == (1, ())
    assert place.hub.verify().status_code == 404


def test_another_hub_or_another_address_of_ours_means_another_subscription(place: Place) -> None:
    place.subscribe()
    place.set(site=place.config.site.model_copy(update={"url": "https://feed.example/new/"}))
    place.keep(HOUR)
    forms = place.hub.asked[1:]
    assert {form["hub.mode"] for form in forms} == {"subscribe", "unsubscribe"}
    callbacks = {form["hub.mode"]: form["hub.callback"] for form in forms}
    assert callbacks["unsubscribe"] == place.hub.asked[0]["hub.callback"]
    assert callbacks["subscribe"].startswith("https://feed.example/new/websub/")


def test_nothing_is_asked_where_it_is_not_switched_on(place: Place) -> None:
    place.set(web=WebConfig(port=0))
    place.poll()
    place.keep()
    place.set(web=WebConfig(port=0, websub=True), site=SiteConfig(output=place.config.site.output))
    place.keep()
    assert place.hub.asked == []
    assert place.store.sources.subscriptions() == ()


# Deliveries.


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_what_is_delivered_is_saved_as_if_it_had_been_polled(each_place: Place, method: str) -> None:
    place = each_place
    place.subscribe()
    answer = place.hub.deliver(feed(place.server, 3), method=method)
    assert (answer.status_code, answer.text) == (204, "")
    assert [entry.title for entry in place.store.entries.latest(10)] == ["Rain 3", "Rain 1"]
    assert place.news == ["news"]
    assert (place.one.deliveries, place.one.ignored) == (1, 0)
    place.server.answers["/rain"] = Answer(body=feed(place.server, 3, 1))
    report = place.poll()
    assert (report.read, report.new, report.changed, report.same) == (1, 0, 0, 0)


def test_the_parts_of_a_feed_that_are_not_delivered_are_still_known(place: Place) -> None:
    place.server.answers["/rain"] = Answer(body=feed(place.server, 2, 1))
    place.subscribe()
    place.hub.deliver(feed(place.server, 3))
    assert len(place.store.documents.of_source("rain")) == 3


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
    place: Place, sign: Any, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    place.subscribe()
    answer = place.hub.deliver(feed(place.server, 2), sign=lambda signature: _latin(sign(signature)))
    assert answer.status_code == 204
    assert (place.store.entries.count(), place.one.deliveries, place.one.ignored, place.news) == (1, 0, 1, [])
    assert f"rain: a delivery was ignored: its signature is {word}" in caplog.text
    assert "; ignored 1 deliveries without its signature" in place.told()
    assert place.one.token not in caplog.text


def _latin(text: str | None) -> Any:
    return text if text is None else text.encode("latin-1")


def test_a_signature_of_upper_case_is_as_good(place: Place) -> None:
    place.subscribe()
    place.hub.deliver(feed(place.server, 2), sign=lambda signature: "SHA256=" + signature.partition("=")[2].upper())
    assert place.store.entries.count() == 2


def test_a_delivery_signed_with_the_secret_of_another_is_ignored(place: Place) -> None:
    place.server.answers["/wind"] = Answer(body=feed(place.server, 2))
    wind = FeedSource(name="wind", feed=place.server.url("/wind"), allow_private=True)
    place.set(sources=(*place.config.sources, wind))
    place.poll()
    place.keep()
    place.hub.verify(0)
    place.hub.verify(1)
    place.hub.asked[0]["hub.secret"] = place.hub.asked[1]["hub.secret"]
    place.hub.deliver(feed(place.server, 3), 0)
    assert sum(one.ignored for one in place.store.sources.subscriptions()) == 1
    assert place.store.entries.count() == 2


def test_a_delivery_that_is_played_again_changes_nothing(place: Place) -> None:
    place.subscribe()
    old, new = feed(place.server, 1, text="As it was."), feed(place.server, 1, text="As it is now, corrected.")
    place.hub.deliver(old)
    place.hub.deliver(new)
    place.news.clear()
    assert place.hub.deliver(old).status_code == 204
    assert place.hub.deliver(new).status_code == 204
    [entry] = place.store.entries.latest(10)
    assert "corrected" in entry.content
    assert (place.one.deliveries, place.news) == (2, [])


@pytest.mark.parametrize("body", [b"", b"<html><body>Sign in</body></html>", b"\x00\xff", b"{}", b"<rss><channel>"])
def test_what_cannot_be_read_is_polled_for_at_once(place: Place, body: bytes) -> None:
    place.subscribe()
    readable = body == b"<rss><channel>"
    assert place.hub.deliver(body).status_code == 204
    assert place.one.deliveries == readable
    due = place.store.sources.polls()["rain"].next_check_at
    assert due is not None
    assert (due <= datetime.now(UTC)) != readable
    assert place.store.entries.count() == 1


def test_the_body_of_a_delivery_is_bounded(place: Place) -> None:
    place.set(fetch=place.config.fetch.model_copy(update={"max_bytes": 10_000}))
    place.subscribe()
    assert place.hub.deliver(feed(place.server, 2) + b" " * 10_000).status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(20):
            yield b" " * 1000

    assert httpx.post(place.hub.callback(), content=pieces(), trust_env=False).status_code == 413
    assert place.store.entries.count() == 1


def test_a_delivery_that_never_ends_is_given_up(place: Place) -> None:
    place.subscribe()
    place.set(fetch=place.config.fetch.model_copy(update={"timeout_s": 0.2}))
    url = httpx.URL(place.hub.callback())
    head = f"POST {url.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<rss".encode()
    with socket.create_connection((url.host, url.port or 80), timeout=10) as line:
        line.sendall(head)
        assert b" 408 " in line.recv(100)
    with socket.create_connection((url.host, url.port or 80), timeout=10) as line:
        line.sendall(head)  # and hangs up
    assert place.hub.deliver(feed(place.server, 2)).status_code == 204


def test_more_deliveries_than_can_be_read_are_put_off(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.subscribe()
    monkeypatch.setattr(web_module, "_WAITING", 0)
    answer = place.hub.deliver(feed(place.server, 2))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    monkeypatch.undo()
    assert place.hub.deliver(feed(place.server, 2)).status_code == 204


def test_a_store_that_is_away_asks_the_hub_to_come_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.subscribe()

    def fail(*_: object, **__: object) -> None:
        raise StoreBusyError("the store is locked")

    monkeypatch.setattr(place.store, "take", fail)
    assert place.hub.deliver(feed(place.server, 2)).status_code == 503
    monkeypatch.undo()
    assert place.hub.deliver(feed(place.server, 2)).status_code == 204
    assert place.store.entries.count() == 2
    monkeypatch.setattr(place.store.sources, "change_subscription", fail)
    assert place.hub.verify().status_code == 503


def test_deliveries_side_by_side_neither_fail_nor_come_twice(each_place: Place) -> None:
    place = each_place
    place.subscribe()

    def deliver(number: int) -> int:
        return place.hub.deliver(feed(place.server, number % 5 + 2)).status_code

    async def deliver_all() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(deliver, number) for number in range(15)))

    assert set(asyncio.run(deliver_all())) == {204}
    assert place.store.entries.count() == 6


def test_a_source_that_is_filtered_or_waits_for_pages_takes_deliveries_likewise(place: Place) -> None:
    [source] = place.config.sources
    place.set(sources=(source.model_copy(update={"drop": '"Rain 3"'}),))
    place.subscribe()
    place.hub.deliver(feed(place.server, 3, 2))
    assert {entry.title for entry in place.store.entries.latest(10)} == {"Rain 1", "Rain 2"}
    place.set(sources=(source.model_copy(update={"full": True, "article": "main"}),))
    place.hub.deliver(feed(place.server, 4))
    assert place.store.sources.count_pending_pages() == {"rain": 1}


# Polling beside it.


def next_check(place: Place) -> timedelta:
    due = place.store.sources.polls()["rain"].next_check_at
    assert due is not None
    return due - place.now


def test_a_hub_that_delivers_makes_polling_rarer_until_its_lease_ends(place: Place) -> None:
    place.subscribe(lease_s=100 * 3600)
    place.poll(HOUR)
    assert next_check(place) < 2 * HOUR  # it has delivered nothing yet
    place.hub.deliver(feed(place.server, 1))
    place.poll(HOUR)
    assert HOUR + 0.9 * DAY <= next_check(place) <= HOUR + DAY
    place.poll(99 * HOUR)
    assert next_check(place) < 101 * HOUR
    place.poll(102 * HOUR)
    assert next_check(place) < 104 * HOUR


def test_news_that_a_hub_has_missed_bring_polling_back_until_it_delivers_again(each_place: Place) -> None:
    place = each_place
    place.subscribe()
    place.hub.deliver(feed(place.server, 1))
    place.poll(HOUR)
    place.server.answers["/rain"] = Answer(body=feed(place.server, 2, 1))
    place.poll(DAY)
    assert next_check(place) < DAY + HOUR
    assert place.told().endswith("polled as usual: it has missed an entry")
    place.store.sources.change_subscription(
        place.one.token,
        lambda one: HubSubscription(**{**vars_of(one), "missed_at": place.now - HOUR}),
        now=place.now,
    )
    place.hub.deliver(feed(place.server, 3))
    place.poll(DAY)
    assert next_check(place) > 1.8 * DAY


@pytest.mark.parametrize("how", ["denied", "switched off"])
def test_a_hub_that_ends_it_leaves_a_feed_that_is_due_at_once(each_place: Place, how: str) -> None:
    place = each_place
    place.subscribe()
    place.hub.deliver(feed(place.server, 1))
    place.poll()
    assert next_check(place) > DAY / 2
    if how == "denied":
        place.hub.deny()
    else:
        place.set(web=WebConfig(port=0))
        place.keep()
    assert next_check(place) < HOUR / 60


# What people are told.


def test_check_says_what_to_set_and_how_subscriptions_are(place: Place) -> None:
    place.subscribe()

    def told() -> dict[tuple[str, bool], str]:
        return {(one.about, one.ok): one.text for one in check(place.config) if "websub" in one.about}

    assert told() == {("websub", True): "1 subscribed"}
    place.hub.deny(reason="go away")
    assert "it refuses the subscription (go away)" in told()["websub rain", False]
    place.set(site=SiteConfig(output=place.config.site.output))
    [text] = [text for (about, well), text in told().items() if about == "websub" and not well]
    assert text == (
        "hubs cannot reach http://127.0.0.1:8000/; "
        "set site.url to the public address of `feeder serve`, or web.websub to false"
    )


def test_the_list_of_sources_says_how_a_subscription_is(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.subscribe()

    def listed() -> SourceState:
        [state] = iter_states(place.config, place.store, now=place.now)
        return state

    assert (listed().subscription, listed().hub_error) == ("subscribed", None)
    place.hub.deny(reason="go away")
    assert (listed().subscription, listed().hub_error) == ("refused", place.told())
    print_states([listed()], now=place.now, as_json=False)
    assert place.told() in capsys.readouterr().out


def test_a_callback_is_not_logged(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="feeder"):
        place.subscribe()
        place.hub.deliver(feed(place.server, 2))
        place.hub.deny(reason="no")
    assert place.one.token not in caplog.text
    assert place.one.secret not in caplog.text

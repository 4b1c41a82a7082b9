"""Feeds from a server on loopback into the store: real requests, real passes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeder.cli.check import check
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, SourceConfig, StoreConfig
from feeder.ingest import IngestReport, ingest, preview
from feeder.ingest import feeds as module
from feeder.reading.feed import FEED_TASK, FeedJob, FeedResult
from feeder.reading.workers import Task, run_jobs
from feeder.sources.feeds.polling import MOVED_AFTER
from feeder.sources.http import crawl as remote
from feeder.sources.http.crawl import FetchRequest, fetch_all
from feeder.store import Poll, Store
from tests.http_server import Answer, Request, Server
from tests.ingest.readers import die_at_s7, fail_at_entry_rain_2, fail_to_parse_rain_1
from tests.sources.network import PUBLIC, MadeNetwork

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def rss(*numbers: int, text: str = "It rained.", more: str = "") -> bytes:
    items = "".join(
        f"<item><title>Rain {n}</title><link>https://e.org/{n}</link><guid>https://e.org/{n}</guid>"
        f"<pubDate>Fri, 01 May 2026 0{n % 10}:00:00 GMT</pubDate><description>{text}</description></item>"
        for n in numbers
    )
    channel = f"<title>Rain</title><link>https://e.org/</link>{more}"
    return f"<rss version='2.0'><channel>{channel}{items}</channel></rss>".encode()


def settings(*sources: SourceConfig, **fetch: Any) -> Config:
    return Config(sources=sources, fetch=FetchConfig(**{"user_agent": "feeder-tests", "timeout_s": 5, **fetch}))


def source(server: Server, name: str = "rain", **more: Any) -> FeedSource:
    return FeedSource(name=name, feed=server.url(f"/{name}"), allow_private=True, **more)


def only_report(reports: tuple[IngestReport, ...]) -> IngestReport:
    [report] = reports
    return report


def poll(config: Config, store: Store, after: timedelta = timedelta(), *, named: bool = True) -> IngestReport:
    return only_report(ingest(config, store, names=["rain"] if named else [], now=NOW + after))


def test_entries_of_a_feed_are_saved_with_their_source_and_the_feeds_address(
    server: Server, sqlite_store: Store
) -> None:
    server.answers["/rain"] = Answer(body=rss(3, 2, 1, more="<lastBuildDate>2026-05-01T11:00:00Z</lastBuildDate>"))
    config = settings(source(server, categories=("kept",)))
    report = poll(config, sqlite_store, named=False)
    assert (report.read, report.new, report.failed) == (1, 3, ())
    assert str(report) == "rain: 1 read, 3 new"
    entries = [entry for _, entry in sqlite_store.entries.added_after(0, 10)]
    assert [entry.title for entry in entries] == ["Rain 1", "Rain 2", "Rain 3"]
    entry = entries[0]
    assert (entry.id, entry.link, entry.categories) == ("https://e.org/1", "https://e.org/1", ("kept",))
    assert (entry.published, entry.published_from) == (datetime(2026, 5, 1, 1, tzinfo=UTC), "feed")
    assert (entry.source.title, entry.source.link, entry.source.name) == ("Rain", "https://e.org/", "rain")
    assert entry.source.updated == datetime(2026, 5, 1, 11, tzinfo=UTC)
    assert [origin.address for origin in sqlite_store.entries.origins(entry.id)] == [server.url("/rain")]
    assert server.requests[0].headers["user-agent"] == "feeder-tests"


def test_validators_go_back_byte_for_byte_and_a_304_is_no_news(server: Server, sqlite_store: Store) -> None:
    etag, modified = 'W/"caf\xe9 \xff"', "Fri,  01 May 2026 not quite a date"
    server.answers["/rain"] = Answer(body=rss(1), etag=etag, headers={"Last-Modified": modified})
    config = settings(source(server))
    poll(config, sqlite_store)
    report = poll(config, sqlite_store)
    assert (report.read, report.unchanged, report.new, str(report)) == (0, 1, 0, "rain: nothing new (1 unchanged)")
    sent = server.requests[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == (etag, modified)
    [report] = ingest(config, sqlite_store, now=NOW, again=True)
    assert (report.read, report.same) == (1, 1)
    assert "if-none-match" not in server.requests[2].headers


def test_the_same_bytes_and_the_same_entries_are_not_read_twice(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["/rain"] = [Answer(body=rss(1)), Answer(body=rss(1)), Answer(body=rss(2, 1)), Answer(body=rss(2))]
    config = settings(source(server))
    poll(config, sqlite_store)
    read: list[FeedResult] = []

    def reading(task: Task[FeedJob, FeedResult], jobs: Iterable[list[FeedJob]], **more: Any) -> Iterator[FeedResult]:
        for result in run_jobs(task, jobs, **more):
            read.append(result)
            yield result

    monkeypatch.setattr(module, "run_jobs", reading)
    assert (poll(config, sqlite_store).unchanged, read) == (1, [])
    report = poll(config, sqlite_store)
    assert (report.new, report.same, len(read[0].batch.incoming)) == (1, 0, 1)
    poll(config, sqlite_store)
    assert len(sqlite_store.documents.of_source("rain")) == 1
    assert sqlite_store.entries.count() == 2


def test_a_changed_entry_is_changed_and_keeps_its_id(server: Server, sqlite_store: Store) -> None:
    server.answers["/rain"] = [Answer(body=rss(1)), Answer(body=rss(1, text="It rained again."))]
    config = settings(source(server))
    poll(config, sqlite_store)
    report = poll(config, sqlite_store, timedelta(hours=1))
    assert (report.new, report.changed) == (0, 1)
    [entry] = sqlite_store.entries.latest(10)
    assert (entry.id, entry.updated) == ("https://e.org/1", NOW + timedelta(hours=1))


def test_a_feed_is_asked_for_when_it_is_due_or_by_its_name(server: Server, sqlite_store: Store) -> None:
    server.answers["/rain"] = Answer(body=rss(1, more="<ttl>60</ttl>"))
    config = settings(source(server))
    poll(config, sqlite_store, named=False)
    assert str(poll(config, sqlite_store, timedelta(minutes=59), named=False)) == "rain: not due"
    assert len(server.requests) == 1
    assert poll(config, sqlite_store, timedelta(minutes=60), named=False).unchanged == 1
    assert poll(config, sqlite_store, timedelta(minutes=61)).unchanged == 1
    shown = [
        str(preview(config, sqlite_store, now=NOW + wait)[0]) for wait in (timedelta(minutes=100), timedelta(days=1))
    ]
    assert shown == ["rain: 1 not due", "rain: 1 due"]


def test_what_fails_is_named_and_asked_less_and_less_often(server: Server, sqlite_store: Store) -> None:
    server.answers["/rain"] = Answer(503, headers={"Retry-After": "7200"})
    config = settings(source(server))
    report = poll(config, sqlite_store)
    assert report.failed == ((server.url("/rain"), "its server answers 503 Service Unavailable"),)
    known = sqlite_store.sources.polls()["rain"]
    assert (known.failures, known.next_check_at) == (1, NOW + timedelta(hours=2))
    later = timedelta(hours=2)
    poll(config, sqlite_store, later)
    later *= 2
    server.answers["/rain"] = Answer(body=b"<html><body>Sign in</body></html>")
    assert poll(config, sqlite_store, later).failed[0][1] == "this is a web page, not a feed"
    config = config.model_copy(update={"store": StoreConfig(url=sqlite_store.database.url)})
    [bad] = [finding for finding in check(config) if finding.about == "source rain"]
    assert bad.text == f"{server.url('/rain')}: this is a web page, not a feed (3 times in a row)"
    assert not bad.ok
    server.answers["/rain"] = Answer(body=rss(1))
    assert poll(config, sqlite_store, later).new == 1
    assert sqlite_store.sources.polls()["rain"].error is None


def test_a_server_that_asks_for_a_pause_is_left_alone_by_all_of_its_feeds(server: Server, sqlite_store: Store) -> None:
    names = [f"s{number}" for number in range(6)]
    server.answers |= {f"/{name}": Answer(body=rss(number)) for number, name in enumerate(names)}
    server.answers["/s2"] = [Answer(429, headers={"Retry-After": "7200"}), Answer(body=rss(2))]
    config = settings(*(source(server, name) for name in names), per_host=1)
    reports = ingest(config, sqlite_store, now=NOW)
    assert [report.new for report in reports] == [1, 1, 0, 0, 0, 0]
    assert [report.not_due for report in reports] == [0, 0, 0, 1, 1, 1]
    assert [bool(report.failed) for report in reports] == [False, False, True, False, False, False]
    assert len(server.requests) == 3
    host = server.url("").partition("//")[2]
    told = f"not polled: requests to {host} are paused until 2026-05-01 14:00 UTC (429 Too Many Requests)"
    assert str(reports[3]) == f"s3: {told}"
    polls = sqlite_store.sources.polls()
    assert {polls[name].error for name in names if name != "s2"} == {told}
    for minutes in (30, 119):
        assert all(report.not_due for report in ingest(config, sqlite_store, now=NOW + timedelta(minutes=minutes)))
    sqlite_store.sources.poll_now("s0", now=NOW)  # as after a delivery of a hub
    for asked in ((), ("s0", "s2")):
        now = NOW + timedelta(minutes=40)
        assert {report.held for report in ingest(config, sqlite_store, names=asked, now=now)} <= {told, None}
        [s0] = [each for each in ingest(config, sqlite_store, names=["s0"], now=now) if each.source == "s0"]
        assert str(s0) == f"s0: {told}"
    assert len(server.requests) == 3
    ingest(config, sqlite_store, now=NOW + timedelta(hours=2))
    assert (len(server.requests), sqlite_store.entries.count()) == (9, 6)
    assert {poll.error for poll in sqlite_store.sources.polls().values()} == {None}


def test_too_many_requests_are_a_pause_of_an_hour_if_the_server_names_no_time(
    server: Server, sqlite_store: Store
) -> None:
    server.answers |= {"/rain": Answer(429), "/wind": Answer(body=rss(1))}
    config = settings(source(server, "rain"), source(server, "wind"), per_host=1)
    for minutes in (0, 59):
        ingest(config, sqlite_store, now=NOW + timedelta(minutes=minutes))
        assert len(server.requests) == 1
    ingest(config, sqlite_store, names=["wind"], now=NOW + timedelta(minutes=60))
    assert sqlite_store.entries.count() == 1


def test_a_pause_holds_for_the_server_that_a_feed_is_redirected_to(server: Server, sqlite_store: Store) -> None:
    with Server() as other:
        server.answers["/rain"] = Answer(302, headers={"Location": other.url("/rain")})
        other.answers |= {"/rain": Answer(503, headers={"Retry-After": "7200"}), "/wind": Answer(body=rss(1))}
        wind = FeedSource(name="wind", feed=other.url("/wind"), allow_private=True)
        config = settings(source(server), wind)
        ingest(config, sqlite_store, names=["wind"], now=NOW - timedelta(days=2))
        ingest(config, sqlite_store, names=["rain"], now=NOW)
        assert [report.not_due for report in ingest(config, sqlite_store, now=NOW + timedelta(hours=1))] == [1, 1]


def test_a_feed_that_is_gone_ends_and_its_entries_stay(server: Server, sqlite_store: Store) -> None:
    server.answers["/rain"] = [Answer(body=rss(1)), Answer(410)]
    config = settings(source(server))
    poll(config, sqlite_store)
    for hours in range(1, 4):
        [(_, reason)] = poll(config, sqlite_store, timedelta(hours=hours), named=False).failed
        assert reason == "410 Gone: its server says that it has ended"
    assert poll(config, sqlite_store, timedelta(days=1000), named=False).not_due == 1
    assert sqlite_store.entries.count() == 1
    other = settings(FeedSource(name="rain", feed=server.url("/elsewhere"), allow_private=True))
    server.answers["/elsewhere"] = Answer(body=rss(2))
    assert poll(other, sqlite_store, named=False).new == 1


def test_permanent_redirects_move_a_feed_in_the_end_and_its_entries_stay_where_they_were_met(
    server: Server, sqlite_store: Store
) -> None:
    server.answers["/rain"] = Answer(301, headers={"Location": "/new"})
    server.answers["/new"] = Answer(body=rss(1), etag='"1"')
    config = settings(source(server))
    for _ in range(MOVED_AFTER + 1):
        poll(config, sqlite_store)
    assert [request.target for request in server.requests] == ["/rain", "/new"] * MOVED_AFTER + ["/new"]
    known = sqlite_store.sources.polls()["rain"]
    assert (known.feed_url, known.address) == (server.url("/rain"), server.url("/new"))
    assert [origin.address for origin in sqlite_store.entries.origins("https://e.org/1")] == [server.url("/rain")]


def test_one_source_that_fails_or_hangs_neither_stops_nor_changes_the_others(
    server: Server, sqlite_store: Store
) -> None:
    names = [f"s{number}" for number in range(30)]
    for number, name in enumerate(names):
        server.answers[f"/{name}"] = Answer(body=rss(number).replace(b"e.org", f"{name}.example".encode()))
    server.answers["/s3"] = Answer(body=(b" " for _ in range(10_000)), pause_s=0.1)
    server.answers["/s4"] = Answer(raw=b"nonsense")
    server.answers["/s5"] = Answer(body=b"<rss><channel><item>")
    server.answers["/s6"] = Answer(body=b"x" * 200_000)
    config = settings(*(source(server, name) for name in names), timeout_s=1, max_bytes=100_000)
    reports = {report.source: report for report in ingest(config, sqlite_store, now=NOW)}
    assert {name for name, report in reports.items() if report.failed} == {"s3", "s4", "s5", "s6"}
    assert "1 s" in reports["s3"].failed[0][1]
    assert sqlite_store.entries.count() == 26


def read_by(monkeypatch: pytest.MonkeyPatch, run: Callable[[FeedJob], Iterator[FeedResult]]) -> None:
    """Let workers read feeds by another function, which they find by its name."""
    monkeypatch.setattr(module, "FEED_TASK", FEED_TASK._replace(run=run))


def test_an_entry_that_cannot_be_understood_leaves_the_others_alone(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, fail_at_entry_rain_2)
    server.answers["/rain"] = Answer(body=rss(1, 2, 3))
    report = poll(settings(source(server)), sqlite_store)
    assert report.new == 2
    assert report.failed == (("https://e.org/2", "cannot be understood (ZeroDivisionError); please report it"),)


def test_a_source_set_to_summary_keeps_no_more(server: Server, sqlite_store: Store) -> None:
    text = "&lt;p&gt;The first words. " + "More of it. " * 100 + "&lt;/p&gt;"
    server.answers["/rain"] = Answer(body=rss(1, text=text))
    poll(settings(source(server, content="summary")), sqlite_store)
    [entry] = sqlite_store.entries.latest(10)
    assert entry.content == ""
    assert entry.summary.startswith("The first words.")
    assert len(entry.summary) < 400


def test_a_pass_that_is_killed_is_made_up_for_by_the_next(server: Server, sqlite_url: str, tmp_path: Path) -> None:
    server.answers["/rain"] = Answer(body=rss(1, 2), etag='"1"')
    killer = tmp_path / "killed.py"
    killer.write_text(
        "if __name__ == '__main__':\n"  # workers import this program as well, and need none of it
        "    import os, signal, sys\n"
        "    from datetime import UTC, datetime\n"
        "    from feeder.config.load import Config\n"
        "    from feeder.config.settings import FeedSource\n"
        "    from feeder.ingest import ingest\n"
        "    from feeder.store import Store\n"
        "    store = Store.open(sys.argv[1])\n"
        "    store.sources.record_polls = lambda polls: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    source = FeedSource(name='rain', feed=sys.argv[2], allow_private=True)\n"
        "    ingest(Config(sources=(source,)), store, now=datetime(2026, 5, 1, 12, tzinfo=UTC))\n"
    )
    ended = subprocess.run([sys.executable, killer, sqlite_url, server.url("/rain")], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Store.open(sqlite_url) as store:
        assert (store.entries.count(), store.sources.polls()) == (2, {})
        report = poll(settings(source(server)), store, named=False)
        assert (report.read, report.new) == (1, 0)
        assert store.sources.polls()["rain"].etag == '"1"'


def test_an_interrupted_pass_ends_the_requests_under_way(server: Server, sqlite_store: Store) -> None:
    def interrupt(doing: str, done: int, total: int | None) -> None:  # noqa: ARG001  as progress is told
        raise KeyboardInterrupt

    server.answers["/rain"] = Answer(404)
    server.answers["/slow"] = Answer(body=(b" " for _ in range(10_000)), pause_s=0.1)
    config = settings(source(server), source(server, "slow"), timeout_s=60)
    with pytest.raises(KeyboardInterrupt):
        ingest(config, sqlite_store, now=NOW, progress=interrupt)


def test_a_feed_that_kills_the_process_that_reads_it_is_given_up_alone(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, die_at_s7)
    names = [f"s{number}" for number in range(25)]

    def answer(request: Request) -> Answer:
        return Answer(body=rss(1).replace(b"e.org", f"{request.target[1:]}.example".encode()))

    server.answers |= {f"/{name}": answer for name in names}
    config = settings(*(source(server, name) for name in names))
    reports = ingest(config, sqlite_store, now=NOW)
    [lost] = [report for report in reports if report.failed]
    assert (lost.source, sqlite_store.entries.count()) == ("s7", 24)
    assert "crashed its worker process" in lost.failed[0][1]


def test_a_feed_full_of_characters_that_no_database_holds_leaves_the_others_alone(server: Server, store: Store) -> None:
    nasty = "\\u0000 \\ud800 \\udfff \\uffff"
    item = {name: f"{name} {nasty}" for name in ("title", "summary", "content_html", "language")}
    ids = [f"https://n.example/{nasty}", nasty, f"urn:x:{nasty}", ""]
    attached = {"url": f"https://n.example/{nasty}", "mime_type": "image/png"}
    more = {"tags": [nasty], "authors": [{"name": nasty}], "attachments": [attached]}
    items = [
        {**item, **more, "id": name, "url": f"https://n.example/{number}{nasty}"} for number, name in enumerate(ids)
    ]
    said = {"version": "https://jsonfeed.org/version/1.1", "title": nasty, "home_page_url": f"https://n.example/{nasty}",
            "feed_url": nasty, "hubs": [{"url": f"https://hub.example/{nasty}"}], "items": items}  # fmt: skip
    body = json.dumps(said).replace("\\\\u", "\\u").encode()
    server.answers["/rain"] = Answer(body=body, headers={"Content-Type": "application/json", "ETag": '"\x80\xff"'})
    server.answers["/wind"] = Answer(body=rss(1))
    config = settings(source(server), source(server, "wind"))
    rain, wind = ingest(config, store, now=NOW)
    assert (wind.new, wind.failed) == (1, ())
    assert (rain.read, rain.new + len(rain.failed)) == (1, 4)
    assert store.sources.polls()["rain"].hub == "https://hub.example/"
    again, _ = ingest(config, store, now=NOW, again=True)
    assert (again.new, again.changed) == (0, 0)
    assert all(entry.title for entry in store.entries.latest(10))


def test_a_reader_that_takes_its_time_holds_up_the_requests_and_loses_none(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_QUEUE_SIZE", 1)
    names = [f"s{number}" for number in range(8)]
    server.answers |= {f"/{name}": Answer(304) for name in names}
    requests = [
        FetchRequest(key=name, address=server.url(f"/{name}"), headers={}, allow_private=True) for name in names
    ]
    results = fetch_all(requests, FetchConfig(user_agent="feeder-tests", connections=2))
    first = next(results)
    time.sleep(0.3)
    assert len(server.requests) <= 4  # one taken, one waiting, two that find no room
    assert {first.key, *(result.key for result in results)} == set(names)


def test_requests_that_nobody_waits_for_any_more_are_ended(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_QUEUE_SIZE", 1)
    server.answers |= {f"/s{number}": Answer(304) for number in range(8)}
    requests = [
        FetchRequest(key=str(number), address=server.url(f"/s{number}"), headers={}, allow_private=True)
        for number in range(8)
    ]
    results = fetch_all(requests, FetchConfig(user_agent="feeder-tests", connections=2))
    next(results)
    results.close()
    assert len(server.requests) < 8


def test_a_fault_of_ours_over_one_feed_is_told_and_the_others_go_on(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(host: str) -> list[str]:
        raise ZeroDivisionError(host)

    requests = [FetchRequest(key="rain", address="http://feed.example/", headers={})]
    [result] = fetch_all(requests, FetchConfig(user_agent="feeder-tests"), MadeNetwork(resolve))
    assert result.error == "cannot be fetched (ZeroDivisionError); please report it"

    read_by(monkeypatch, fail_to_parse_rain_1)
    monkeypatch.setattr(module, "_BATCH_FEEDS", 1)
    monkeypatch.setattr(module, "_BATCH_POLLS", 1)
    server.answers |= {"/rain": Answer(body=rss(1)), "/wind": Answer(body=rss(2))}
    rain, wind = ingest(settings(source(server), source(server, "wind")), sqlite_store, now=NOW)
    assert rain.failed == ((server.url("/rain"), "cannot be understood (ZeroDivisionError); please report it"),)
    assert wind.new == 1


def test_a_private_source_is_not_followed_to_where_its_server_says_it_has_moved(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"nas.example": ["192.168.1.1"], "blog.example": [PUBLIC]}
    with Server() as private, Server() as public:
        private.answers["/rain"] = Answer(301, headers={"Location": "http://blog.example/rain"})
        public.answers["/rain"] = Answer(body=rss(1))
        network = MadeNetwork(names, {"192.168.1.1": private.port, PUBLIC: public.port})
        monkeypatch.setattr(
            module, "fetch_all", lambda requests, limits, **more: fetch_all(requests, limits, network, **more)
        )
        own = FeedSource(name="rain", feed="http://nas.example/rain", allow_private=True)
        for day in range(MOVED_AFTER):
            assert poll(settings(own), sqlite_store, timedelta(days=day)).failed == ()
        assert sqlite_store.sources.polls()["rain"].address == own.feed


def test_an_address_that_a_source_has_moved_to_is_never_a_private_one(server: Server, sqlite_store: Store) -> None:
    server.answers |= {"/rain": Answer(body=rss(1)), "/moved": Answer(body=rss(2))}
    own, moved = source(server), f"http://localhost:{server.port}/moved"
    sqlite_store.sources.record_polls([Poll(source="rain", feed_url=own.feed, address=moved)])
    [(path, told)] = poll(settings(own), sqlite_store).failed
    assert path == moved
    assert "is a private address" in told
    assert server.requests == []


def test_an_entry_that_its_feed_calls_a_draft_waits_until_it_is_none(server: Server, sqlite_store: Store) -> None:
    def feed(draft: str) -> bytes:
        control = f"<app:control xmlns:app='http://www.w3.org/2007/app'><app:draft>{draft}</app:draft></app:control>"
        entry = f"<entry><id>https://e.org/1</id><title>Rain</title><updated>2026-05-01T09:00:00Z</updated>{control}"
        return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>E</title>{entry}</entry></feed>".encode()

    server.answers["/rain"] = [Answer(body=feed("yes")), Answer(body=feed("no"))]
    config = settings(source(server))
    report = poll(config, sqlite_store)
    assert (report.new, report.not_published) == (0, (("https://e.org/1", "feed: app:draft"),))
    assert poll(config, sqlite_store).new == 1

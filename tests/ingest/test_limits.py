"""What takes too long is ended, named, and not tried again until it changes; all else of its pass comes in."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from feeder.config.load import Config, load_config
from feeder.config.settings import FeedSource, FetchConfig, FolderSource, LimitsConfig
from feeder.errors import ConfigError, FeedError
from feeder.ingest import IngestReport, ingest
from feeder.ingest import feeds as polling
from feeder.ingest import folders as files
from feeder.ingest import pages as fuller
from feeder.ingest import probe as probing
from feeder.reading import file as reading
from feeder.reading.feed import FEED_TASK, PROBE_TASK, ProbedFeed
from feeder.reading.file import file_task
from feeder.reading.page import PAGE_TASK
from feeder.store import Store
from tests.http_server import Answer, Server
from tests.ingest.readers import read_feed_or_hang, read_file_or_hang, read_page_or_hang, read_probe_or_hang
from tests.ingest.test_fuller import page
from tests.ingest.test_polling import rss

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LIMITS = LimitsConfig(document_s=0.5)
REASON = "took too long (limits.document_s = 0.5); not tried again until it changes"


@pytest.fixture(autouse=True)
def readers_that_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers read by functions that hang at what is called endless."""
    monkeypatch.setattr(
        files, "file_task", lambda settings: file_task(settings)._replace(run=partial(read_file_or_hang, settings))
    )
    monkeypatch.setattr(polling, "FEED_TASK", FEED_TASK._replace(run=read_feed_or_hang))
    monkeypatch.setattr(fuller, "PAGE_TASK", PAGE_TASK._replace(run=read_page_or_hang))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture
def config(folder: Path) -> Config:
    return Config(sources=(FolderSource(name="mirror", folder=folder),), limits=LIMITS)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def remote(server: Server, *names: str, full: bool = False) -> Config:
    sources = (
        FeedSource(name=name, feed=server.url(f"/{name}"), allow_private=True, full=full, article="p" if full else "")
        for name in names
    )
    return Config(sources=tuple(sources), fetch=FetchConfig(user_agent="feeder-tests"), limits=LIMITS)


def write(folder: Path, name: str, title: str) -> Path:
    path = folder / name
    path.write_text(f"# {title}\n\nIt rained on {title}, for the whole of the day.\n")
    return path


def export(*titles: str) -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://blog.example/{number}</link><content:encoded>"
        f"&lt;p&gt;It rained on day {number}.&lt;/p&gt;</content:encoded><wp:post_type>post</wp:post_type>"
        "<wp:status>publish</wp:status></item>"
        for number, title in enumerate(titles, start=1)
    )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        f'xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Rain</title>{items}</channel></rss>'
    )


def only_report(reports: tuple[IngestReport, ...]) -> IngestReport:
    [report] = reports
    return report


def test_a_file_that_takes_too_long_is_named_and_the_others_of_a_small_pass_come_in(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    for name, title in (("1.md", "a day"), ("2.md", "an endless day"), ("3.md", "another day")):
        write(folder, name, title)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (2, (("2.md", REASON),))


def test_a_file_that_took_too_long_is_only_tried_again_when_it_has_changed_or_that_is_asked_for(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder, "1.md", "an endless day")
    ingest(config, sqlite_store, now=NOW)
    monkeypatch.undo()  # what hung would be read now, if it were
    for touched in range(2):
        report = only_report(ingest(config, sqlite_store, now=NOW))
        assert (report.read, report.failed) == (0, (("1.md", REASON),))
        os.utime(path, ns=(touched, touched))
    assert only_report(ingest(config, sqlite_store, now=NOW, again=True)).new == 1


def test_a_file_that_took_too_long_comes_in_when_it_has_changed(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    write(folder, "1.md", "an endless day")
    ingest(config, sqlite_store, now=NOW)
    write(folder, "1.md", "a day")
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (1, ())


def test_a_known_entry_stays_when_its_file_becomes_one_that_takes_too_long(folder: Path, sqlite_store: Store) -> None:
    config = Config(sources=(FolderSource(name="mirror", folder=folder, when_gone="remove"),), limits=LIMITS)
    write(folder, "1.md", "a day")
    ingest(config, sqlite_store, now=NOW)
    write(folder, "1.md", "an endless day")
    assert only_report(ingest(config, sqlite_store, now=NOW)).failed == (("1.md", REASON),)
    assert [entry.title for entry in sqlite_store.entries.latest(9)] == ["a day"]


def test_one_article_of_a_large_export_takes_too_long_and_all_others_come_in(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    titles = [f"Day {number}" for number in range(1, 1_301)]
    titles[711] = "An endless day"
    (folder / "blog.xml").write_text(export(*titles))
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (1_299, (("blog.xml#712", REASON),))
    assert sqlite_store.entries.find("https://blog.example/712") is None
    assert sqlite_store.entries.find("https://blog.example/1300") is not None
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.read, report.unchanged, report.failed) == (0, 1, (("blog.xml#712", REASON),))


def test_several_articles_of_an_export_that_take_too_long_are_each_named(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    (folder / "blog.xml").write_text(export("endless", "a", "endless", "b"))
    named = (("blog.xml#1", REASON), ("blog.xml#3", REASON))
    for new in (2, 0):
        report = only_report(ingest(config, sqlite_store, now=NOW))
        assert (report.new, report.failed) == (new, named)


def test_an_export_in_which_very_many_articles_take_too_long_is_given_up(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_MAX_SLOW", 2)
    (folder / "blog.xml").write_text(export("a", "endless", "b", "endless", "c"))
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (2, (("blog.xml", f"2 of its articles {REASON}"),))


def test_a_feed_that_takes_too_long_is_named_the_others_come_in_and_it_is_not_parsed_again(
    server: Server, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = rss(1).replace(b"<title>Rain 1", b"<title>An endless rain")
    server.answers |= {"/rain": Answer(body=endless), "/snow": Answer(body=rss(2).replace(b"e.org", b"snow.example"))}
    config = remote(server, "rain", "snow")
    rain, snow = ingest(config, sqlite_store, now=NOW)
    assert rain.failed == ((server.url("/rain"), REASON),)
    assert snow.new == 1
    due = sqlite_store.sources.polls()["rain"].next_check_at
    monkeypatch.undo()  # it would be read now, if it were
    server.answers["/rain"] = [Answer(500), Answer(body=endless)]
    for hours in (1, 2):
        rain = only_report(ingest(config, sqlite_store, names=["rain"], now=NOW + timedelta(hours=hours)))
    assert "took too long when it was last read" in rain.failed[0][1]
    poll = sqlite_store.sources.polls()["rain"]
    assert due is not None
    assert poll.next_check_at is not None
    assert poll.last_check_at is not None
    assert poll.next_check_at - poll.last_check_at > due - NOW
    server.answers["/rain"] = Answer(body=rss(3))
    rain = only_report(ingest(config, sqlite_store, names=["rain"], now=NOW + timedelta(hours=3)))
    assert (rain.new, rain.failed) == (1, ())


def test_a_page_that_takes_too_long_leaves_what_the_feed_gave_and_is_not_asked_for_again(
    server: Server, sqlite_store: Store
) -> None:
    links = rss(1, 2).replace(b"https://e.org", server.url("/p").encode())
    server.answers |= {"/rain": Answer(body=links)}
    server.answers |= {"/p/1": Answer(body=page(1, "<p>endless</p>")), "/p/2": Answer(body=page(2))}
    config = remote(server, "rain", full=True)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.awaited) == (2, 0)
    assert report.failed == ((server.url("/p/1"), f"its page: {REASON}; not fetched again"),)
    assert "It rained." in sqlite_store.entries.get(server.url("/p/1")).content
    assert "What the page holds" in sqlite_store.entries.get(server.url("/p/2")).content


def test_an_entry_that_takes_too_long_with_and_without_its_page_is_named(server: Server, sqlite_store: Store) -> None:
    feed = rss(1, 2).replace(b"https://e.org", server.url("/p").encode()).replace(b"Rain 1", b"An endless rain")
    server.answers |= {"/rain": Answer(body=feed)}
    server.answers |= {"/p/1": Answer(body=page(1)), "/p/2": Answer(body=page(2))}
    report = only_report(ingest(remote(server, "rain", full=True), sqlite_store, now=NOW))
    assert (report.new, report.awaited) == (1, 0)
    assert "took too long" in report.failed[0][1]


@pytest.fixture
def probe(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ProbedFeed]:
    monkeypatch.setattr(probing, "PROBE_TASK", PROBE_TASK._replace(run=read_probe_or_hang))
    config = remote(server, "rain")
    return lambda path: probing.probe_feed(config, server.url(path), now=NOW, limit=5, allow_private=True)


def test_an_address_whose_answer_takes_too_long_to_read_is_refused_in_one_line(
    server: Server, probe: Callable[[str], ProbedFeed]
) -> None:
    server.answers["/rain"] = Answer(body=b"<html>endless")
    with pytest.raises(FeedError, match=r"/rain: took too long \(limits.document_s = 0.5\)\Z"):
        probe("/rain")


def test_a_feed_that_a_page_announces_and_that_takes_too_long_is_said_so(
    server: Server, probe: Callable[[str], ProbedFeed]
) -> None:
    link = "<link rel=alternate type=application/rss+xml href="
    server.answers |= {"/": Answer(body=f"<html><head>{link}/a>".encode()), "/a": Answer(body=b"endless")}
    with pytest.raises(FeedError, match=r"no feed found there or at .*/a, 28 common addresses; .*/a: took too long"):
        probe("/")
    server.answers["/"] = Answer(body=f"<html><head>{link}/a>{link}/b>".encode())
    server.answers["/b"] = Answer(body=rss(1))
    assert probe("/").feed_url == server.url("/b")


@pytest.mark.parametrize("value", ["0", "-1", "nan", '"ten"'])
def test_a_budget_that_is_no_time_is_refused(value: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[limits]\ndocument_s = {value}\n")
    with pytest.raises(ConfigError, match=r"limits\.document_s"):
        load_config(file)

"""Filters and selectors of sources."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest

from feeder.config.load import Config, load_config
from feeder.config.saved import read_saved
from feeder.config.settings import FeedConfig, FeedSource, FetchConfig, FolderSource, SourceConfig
from feeder.errors import ConfigError
from feeder.ingest import IngestReport, ingest
from feeder.store import Store
from tests.http_server import Answer, Server

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
TITLES = ("Rain in May", "Snow in May", "Rain in June")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def rss(text: str = "It fell.", titles: tuple[str, ...] = TITLES) -> Answer:
    items = "".join(
        f"<item><title>{title}</title><link>https://e.org/{n}</link><guid>https://e.org/{n}</guid>"
        f"<pubDate>Fri, 01 May 2026 0{n}:00:00 GMT</pubDate><description>{text}</description></item>"
        for n, title in enumerate(titles)
    )
    return Answer(body=f"<rss version='2.0'><channel><title>Weather</title>{items}</channel></rss>".encode())


def poll(server: Server, store: Store, *, hours: int = 0, again: bool = False, **rules: Any) -> IngestReport:
    source = FeedSource(name="rain", feed=server.url("/feed"), allow_private=True, **rules)
    return run(store, source, hours=hours, again=again)


def run(store: Store, source: SourceConfig, *, hours: int = 0, again: bool = False) -> IngestReport:
    config = Config(sources=(source,), fetch=FetchConfig(user_agent="feeder-tests", timeout_s=5))
    [report] = ingest(config, store, names=["rain"], now=NOW + timedelta(hours=hours), again=again)
    return report


def titles(store: Store) -> set[str]:
    return {entry.title for entry in store.entries.latest(10)}


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        ({"keep": "rain"}, {"Rain in May", "Rain in June"}),
        ({"drop": "june"}, {"Rain in May", "Snow in May"}),
        ({"keep": "title:rain", "drop": "june"}, {"Rain in May"}),
        ({"keep": "snow OR june"}, {"Snow in May", "Rain in June"}),
        ({"keep": "last:1d", "drop": "category:x"}, set(TITLES)),
    ],
)
def test_entries_that_are_not_kept_or_are_dropped_are_not_stored(
    server: Server, store: Store, rules: dict[str, Any], kept: set[str]
) -> None:
    server.answers["/feed"] = rss()
    report = poll(server, store, **rules)
    assert (report.new, report.dropped) == (len(kept), 3 - len(kept))
    assert titles(store) == kept
    assert len(store.documents.of_source("rain")) == 3


def test_the_report_counts_what_was_dropped(server: Server, sqlite_store: Store) -> None:
    server.answers["/feed"] = rss()
    report = poll(server, sqlite_store, drop="snow")
    assert str(report) == "rain: 1 read, 2 new, 1 dropped"
    assert report.as_dict()["dropped"] == 1


def test_a_dropped_entry_is_not_read_again_until_it_changes(server: Server, sqlite_store: Store) -> None:
    server.answers["/feed"] = rss()
    poll(server, sqlite_store, drop="snow")
    server.answers["/feed"] = rss(titles=(*TITLES, "Hail in May"))
    assert poll(server, sqlite_store, hours=1, drop="snow").dropped == 0
    server.answers["/feed"] = rss(titles=("Rain in May", "Sun in May", "Rain in June"))
    assert poll(server, sqlite_store, hours=2, drop="snow").new == 1


def test_a_changed_filter_applies_to_new_entries_and_to_those_read_again(server: Server, sqlite_store: Store) -> None:
    server.answers["/feed"] = rss()
    poll(server, sqlite_store, keep="snow")
    assert poll(server, sqlite_store, hours=1, keep="rain").unchanged == 1
    assert titles(sqlite_store) == {"Snow in May"}
    report = poll(server, sqlite_store, hours=2, keep="rain", again=True)
    assert (report.new, report.dropped) == (2, 1)
    assert titles(sqlite_store) == set(TITLES)  # stored entries stay


def test_filters_and_selectors_apply_to_folders_too(sqlite_store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for n, title in enumerate(TITLES):
        body = (
            f"<p>{title}. It fell for hours and hours.</p><p class='note'>Tell us how you liked it here.</p><p>End.</p>"
        )
        (folder / f"{n}.html").write_text(f"<html><head><title>{title}</title></head><body>{body}</body></html>")
    source = FolderSource(name="rain", folder=folder, drop="snow", cut=(".note",))
    report = run(sqlite_store, source)
    assert (report.read, report.new, report.dropped) == (3, 2, 1)
    assert not any("Tell us" in entry.content for entry in sqlite_store.entries.latest(10))
    assert run(sqlite_store, source, hours=1).unchanged == 3
    report = run(sqlite_store, source.model_copy(update={"drop": ""}), hours=2, again=True)
    assert (report.new, report.dropped, titles(sqlite_store)) == (1, 0, set(TITLES))


def test_a_folder_that_removes_missing_files_removes_newly_dropped_entries_too(
    sqlite_store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    for n, title in enumerate(TITLES):
        (folder / f"{n}.md").write_text(f"# {title}\n\nIt fell for hours and hours on that day.\n")
    source = FolderSource(name="rain", folder=folder, when_gone="remove")
    run(sqlite_store, source)
    report = run(sqlite_store, source.model_copy(update={"drop": "snow"}), hours=1, again=True)
    assert (report.removed, report.dropped) == (1, 1)
    assert titles(sqlite_store) == {"Rain in May", "Rain in June"}


OWN = escape("<div class=share>Share this</div><div class=body><p>It <b>rained</b>.</p></div>")


def test_selectors_without_full_apply_to_the_content_of_the_feed(server: Server, sqlite_store: Store) -> None:
    server.answers["/feed"] = rss(OWN, titles=("A day",))
    poll(server, sqlite_store, article=".body", cut=("b",))
    [entry] = sqlite_store.entries.latest(10)
    assert entry.content == "<p>It .</p>"
    assert [request.target for request in server.requests] == ["/feed"]


def test_if_the_selector_matches_nothing_the_whole_content_stays_except_what_is_cut(
    server: Server, sqlite_store: Store
) -> None:
    server.answers["/feed"] = rss(OWN, titles=("A day",))
    poll(server, sqlite_store, article=".story", cut=(".share",))
    [entry] = sqlite_store.entries.latest(10)
    assert entry.content == "<p>It <b>rained</b>.</p>"


def test_selectors_are_ignored_for_content_that_cannot_be_parsed(server: Server, sqlite_store: Store) -> None:
    server.answers["/feed"] = rss("&lt;i&gt;" * 50_000 + "It rained.", titles=("A day",))
    report = poll(server, sqlite_store, article=".body")
    assert (report.new, report.failed) == (1, ())
    [entry] = sqlite_store.entries.latest(10)
    assert "It rained." in entry.content


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"keep": "after:1"}, r"sources\[0\].keep: 'after:1': "),
        ({"drop": "("}, r"sources\[0\].drop: '\(': .*at character 1"),
        ({"keep": "..."}, r"sources\[0\].keep: '...': there is nothing to search for"),
        ({"drop": "@Rain x"}, r"sources\[0\].drop: '@Rain x': write the saved query out"),
    ],
)
def test_a_mistake_in_a_filter_names_the_key(rules: dict[str, str], told: str, tmp_path: Path) -> None:
    source = FolderSource(name="rain", folder=tmp_path, **rules)  # type: ignore[arg-type]  # keys of the table
    config = Config(sources=(source,), feeds=(FeedConfig(name="rain", query="rain"),))
    with pytest.raises(ConfigError, match=told):
        read_saved(config)


def test_a_valid_filter_is_not_a_saved_search(tmp_path: Path) -> None:
    assert read_saved(Config(sources=(FolderSource(name="rain", folder=tmp_path, keep="rain", drop="snow"),))) == ()


def test_the_examples_of_the_manual_load(tmp_path: Path) -> None:
    manual = (Path(__file__).parent.parent / "docs" / "sources.md").read_text("utf-8")
    section = manual.partition("## Fuller entries, filters, and pages as sources")[2]
    examples = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    assert len(examples) == 4
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.toml"
        file.write_text(example)
        assert read_saved(load_config(file)) == ()

import gzip
import os
import re
import sqlite3
import uuid
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import feedparser
import pytest
from bs4 import BeautifulSoup

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, FolderSource, SiteConfig, StoreConfig
from feeder.errors import ConfigError, PublishError, StoreError
from feeder.incoming.batch import Batch
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.publish import months as months_module
from feeder.publish import site as site_module
from feeder.publish.html import assets, pages
from feeder.publish.output import writer as writer_module
from feeder.publish.site import PublishReport, publish
from feeder.publish.steps import entries, everything, months
from feeder.publish.steps import state as state_module
from feeder.store import Store
from feeder.store.parts.entries import Entries
from tests import saving
from tests.entries import make_entry
from tests.publish.output.test_folder import no_file_larger_than
from tests.publish.rfc4287 import violations

FIXED = {
    "404.html",
    "apple-touch-icon.png",
    "archive/index.html",
    "atom.xml",
    "feed.css",
    "feed.json",
    "feed.xml",
    "feeds.opml",
    "icon-512.png",
    "icon.svg",
    "index.html",
    "manifest.webmanifest",
    "robots.txt",
    "sitemap.xml",
    "sitemaps/pages.xml",
    "subscribe.html",
    *map(assets.asset_path, assets.NAMED_BY_CONTENT),
}
FEEDS = {"atom.xml", "feed.json", "feed.xml"}
START = datetime(2023, 1, 1, tzinfo=UTC)


def make_config(output: Path, **values: Any) -> Config:
    return Config(
        site=SiteConfig(title="存文", output=output, **values),
        store=StoreConfig(url=f"sqlite:///{output.parent}/state/feeder.db"),
    )


def ledger_of(config: Config) -> Path:
    [file] = config.store.folder.glob("published-*.db")
    return file


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_config(tmp_path / "public")


def dated_entry(number: int, **changes: Any) -> Entry:
    """Return an entry published that many days after the start of 2023."""
    moment = START + timedelta(days=number)
    return make_entry(
        number, **{"title": f"题 {number}", "published": moment, "updated": moment, "categories": ()} | changes
    )


def save(store: Store, *entries: Entry) -> None:
    saving.save(store, [(Origin("test", f"{entry.id.rpartition('/')[2]}.md"), entry) for entry in entries])


def page(entry: Entry) -> str:
    return f"entries/{entry.key}.html"


def lists(month: str) -> set[str]:
    return {f"archive/{month}.html", f"sitemaps/{month}.xml"}


def files(config: Config) -> dict[str, tuple[bytes, int]]:
    """Return every file of the published folder with its content and modification time."""
    root = config.site.output
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


def published(config: Config) -> set[str]:
    return set(files(config))


def changed(config: Config, work: Callable[[], object]) -> set[str]:
    """Return the files whose content or modification time the work changes."""
    before = files(config)
    work()
    after = files(config)
    return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


def pages_of(entries: Iterable[Entry]) -> list[str]:
    return [page(entry) for entry in entries]


def test_every_entry_gets_a_page_every_month_a_list_and_the_site_its_front(config: Config, sqlite_store: Store) -> None:
    entries = [dated_entry(0), dated_entry(31), dated_entry(32)]
    save(sqlite_store, *entries)
    report = publish(config, sqlite_store)
    expected = FIXED | lists("2023-01") | lists("2023-02") | set(pages_of(entries))
    assert published(config) == expected
    assert report[:4] == (len(expected), 0, 0, ())
    assert set(report.changed) == expected
    february = (config.site.output / "archive/2023-02.html").read_text()
    assert "题 31" in february
    assert "题 0" not in february


def test_the_feed_is_valid_at_the_address_it_names(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, *[dated_entry(number, updated=START) for number in range(3)])
    publish(config, sqlite_store)
    feed = (config.site.output / "atom.xml").read_bytes()
    assert violations(feed, served_from="http://127.0.0.1:8000/atom.xml") == []
    assert [entry.title for entry in feedparser.parse(feed).entries] == ["题 2", "题 1", "题 0"]


def test_the_feed_holds_as_many_entries_and_as_much_text_as_configured(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", entries_per_feed=2, content="summary")
    save(sqlite_store, *[dated_entry(number) for number in range(3)])
    publish(config, sqlite_store)
    entries = feedparser.parse((config.site.output / "atom.xml").read_bytes()).entries
    assert [entry.title for entry in entries] == ["题 2", "题 1"]
    assert not any("content" in entry for entry in entries)
    assert "全部 3 篇" in (config.site.output / "index.html").read_text()


def test_the_id_of_the_feed_depends_on_the_address_of_the_site_alone(tmp_path: Path, sqlite_store: Store) -> None:
    sites = [{"subtitle": "x"}, {"language": "en"}, {"url": "https://else.example/"}]
    ids = []
    for number, values in enumerate(sites):
        config = make_config(tmp_path / str(number), **values)
        publish(config, sqlite_store)
        feed = feedparser.parse((config.site.output / "atom.xml").read_bytes()).feed
        assert [link.href for link in feed.links if link.rel == "self"] == [f"{config.site.url}atom.xml"]
        ids.append(feed.id)
    assert ids[0] == ids[1] == uuid.uuid5(uuid.NAMESPACE_URL, "http://127.0.0.1:8000/").urn
    assert ids[2] != ids[0]


def test_a_title_that_xml_cannot_hold_does_not_cost_the_feed(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", subtitle="a\x0bb\nc")
    assert publish(config, sqlite_store).failed == ()
    assert feedparser.parse((config.site.output / "atom.xml").read_bytes()).feed.subtitle == "ab c"


def test_a_second_pass_over_the_same_store_touches_nothing(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2))
    first = publish(config, sqlite_store)
    reports: list[PublishReport] = []
    assert changed(config, lambda: reports.append(publish(config, sqlite_store))) == set()
    assert reports == [PublishReport(written=0, unchanged=first.written, removed=0)]  # and so nothing is listed
    assert ledger_of(config).read_bytes()


def test_the_same_store_gives_the_same_bytes_in_another_folder(tmp_path: Path, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2))
    sites = [make_config(tmp_path / name) for name in "ab"]
    for config in sites:
        publish(config, sqlite_store)
    one, other = ({path: files(config)[path][0] for path in published(config)} for config in sites)
    assert one == other


def test_a_new_entry_changes_its_month_its_neighbour_and_the_front_alone(config: Config, sqlite_store: Store) -> None:
    entries = [dated_entry(number) for number in (1, 2, 40, 41)]
    save(sqlite_store, *entries)
    publish(config, sqlite_store)
    new = dated_entry(42)

    def work() -> None:
        save(sqlite_store, new)
        publish(config, sqlite_store)

    front = {"index.html", *FEEDS, "archive/index.html"}
    assert changed(config, work) == front | lists("2023-02") | {page(new), page(entries[-1])}


def test_an_entry_whose_text_changed_is_written_again_and_nothing_else_but_the_front(
    config: Config, sqlite_store: Store
) -> None:
    entries = [dated_entry(number) for number in (1, 2, 3)]
    save(sqlite_store, *entries)
    publish(config, sqlite_store)

    def work() -> None:
        save(sqlite_store, dated_entry(2, content="<p>另一段文字</p>"))
        publish(config, sqlite_store)

    assert changed(config, work) == {page(entries[1]), *FEEDS}
    assert "另一段文字" in (config.site.output / page(entries[1])).read_text()


def test_a_file_that_was_deleted_by_hand_comes_back(config: Config, sqlite_store: Store) -> None:
    entry = dated_entry(1)
    save(sqlite_store, entry)
    publish(config, sqlite_store)
    before = files(config)
    for path in published(config):
        (config.site.output / path).unlink()
        assert publish(config, sqlite_store).written == 1
        assert files(config)[path][0] == before[path][0]


def test_a_file_that_was_damaged_by_hand_is_made_whole(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    before = files(config)
    for path in published(config) - {"robots.txt", "manifest.webmanifest"}:
        (config.site.output / path).write_text("junk")
        assert publish(config, sqlite_store).written == 0  # in place: only who looks at every file sees it
        assert publish(config, sqlite_store, verify=True).written == 1
        assert files(config)[path][0] == before[path][0]
    assert str(publish(config, sqlite_store)) == f"site: nothing new ({len(before)} unchanged)"


@pytest.mark.parametrize("ledger", [None, b"", b"junk", b"SQLite format 3\0" + bytes(4096)])
def test_without_a_ledger_to_go_by_nothing_that_is_right_is_touched(
    config: Config, sqlite_store: Store, ledger: bytes | None
) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2))
    publish(config, sqlite_store)
    file = ledger_of(config)
    file.unlink()
    if ledger is not None:
        file.write_bytes(ledger)
    assert changed(config, lambda: publish(config, sqlite_store)) == set()
    assert publish(config, sqlite_store).unchanged == len(published(config))


def test_the_ledger_of_another_version_is_begun_anew(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    with closing(sqlite3.connect(ledger_of(config))) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert changed(config, lambda: publish(config, sqlite_store)) == set()


def test_a_ledger_that_cannot_be_written_is_one_line(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public")
    config.store.folder.write_text("a file")
    with pytest.raises(PublishError, match=r"state/published-\w+\.db: cannot be written: .*unchanged"):
        publish(config, sqlite_store)


def test_pages_of_entries_that_are_gone_are_removed_and_other_files_are_not(
    config: Config, tmp_path: Path, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(40))
    publish(config, sqlite_store)
    mine = {"robots.txt", "entries/mine.html", f"entries/{'0' * 16}.html", "archive/notes.txt", ".well-known/x"}
    (config.site.output / ".well-known").mkdir()
    for path in mine:
        (config.site.output / path).write_text("mine")
    with Store.open(f"sqlite:///{tmp_path}/other.db") as smaller:
        save(smaller, dated_entry(40))
        report = publish(config, smaller)
    assert report.removed == 3
    assert published(config) == FIXED | lists("2023-02") | {page(dated_entry(40))} | mine
    assert (config.site.output / "robots.txt").read_text() == "mine"


def test_the_page_of_an_entry_that_was_removed_with_its_file_is_removed(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2))
    publish(config, sqlite_store)
    sqlite_store.take([Batch(source="test", left=["1.md"])])
    assert sqlite_store.remove_orphans() == 1
    assert publish(config, sqlite_store).gone == (page(dated_entry(1)),)
    assert page(dated_entry(1)) not in published(config)
    assert page(dated_entry(2)) in published(config)


def test_pages_that_are_gone_are_removed_even_when_the_ledger_is_lost(
    config: Config, tmp_path: Path, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(40))
    publish(config, sqlite_store)
    ledger_of(config).unlink()
    with Store.open(f"sqlite:///{tmp_path}/empty.db") as empty:
        assert publish(config, empty).removed == 6
    assert published(config) == FIXED


def test_another_store_with_as_many_changes_is_not_taken_for_this_one(
    config: Config, tmp_path: Path, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    with Store.open(f"sqlite:///{tmp_path}/other.db") as other:
        save(other, dated_entry(1, content="<p>别处的文字</p>"))
        publish(config, other)
        assert "别处的文字" in (config.site.output / page(dated_entry(1))).read_text()
    publish(config, sqlite_store)
    assert "别处的文字" not in (config.site.output / page(dated_entry(1))).read_text()


def test_other_settings_render_every_page_again(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    english = make_config(config.site.output, language="en")
    assert page(dated_entry(1)) in changed(config, lambda: publish(english, sqlite_store))


def test_other_words_are_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = state_module.code_digest.__wrapped__
    before = digest()
    (tmp_path / "en.py").write_text("other words")
    monkeypatch.setattr(state_module, "_WORDS", tmp_path)
    assert digest() != before


def test_other_code_or_templates_render_every_page_again(
    config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    monkeypatch.setattr(state_module, "code_digest", lambda: "another version of feeder")
    os.utime(config.site.output / "index.html", (1, 1))
    report = publish(config, sqlite_store)
    assert report.written == 0
    assert (config.site.output / "index.html").stat().st_mtime == 1


def test_an_entry_that_cannot_be_shown_is_named_by_its_file_and_the_others_go_on(
    config: Config, sqlite_store: Store
) -> None:
    bad = dated_entry(2, link="http://[x")
    save(sqlite_store, dated_entry(1), bad, dated_entry(3))
    report = publish(config, sqlite_store)
    assert report.failed == (("2.md", "Invalid IPv6 URL"),)
    assert page(bad) not in published(config)
    assert {page(dated_entry(1)), page(dated_entry(3))} <= published(config)
    assert page(bad) not in (config.site.output / "index.html").read_text()
    again = publish(config, sqlite_store)
    assert (again.failed, again.written) == (report.failed, 0)
    save(sqlite_store, dated_entry(9))
    assert publish(config, sqlite_store).failed == report.failed
    save(sqlite_store, dated_entry(2))
    assert publish(config, sqlite_store).failed == ()
    assert page(bad) in published(config)


def test_an_entry_that_the_feed_cannot_hold_is_named_by_its_file_and_the_others_go_on(
    config: Config, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2, content="<p>a\x0bb</p>"))
    report = publish(config, sqlite_store)
    assert [name for name, _ in report.failed] == ["2.md"]
    feed = feedparser.parse((config.site.output / "atom.xml").read_bytes())
    assert [entry.title for entry in feed.entries] == ["题 1"]


def test_the_last_good_page_of_an_entry_that_cannot_be_shown_any_more_stays(
    config: Config, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2))
    publish(config, sqlite_store)

    def work() -> None:
        save(sqlite_store, dated_entry(1, links=(), link="http://[x"))
        assert publish(config, sqlite_store).failed == (("1.md", "Invalid IPv6 URL"),)

    assert page(dated_entry(1)) not in changed(config, work)
    save(sqlite_store, dated_entry(1, content="<p>又好了</p>"))
    assert publish(config, sqlite_store).failed == ()
    assert "又好了" in (config.site.output / page(dated_entry(1))).read_text()


def test_on_a_full_disk_what_was_published_is_still_there_and_the_next_pass_goes_on(
    config: Config, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    save(sqlite_store, dated_entry(2, content=f"<p>{'长' * 100_000}</p>"))

    def work() -> None:
        with no_file_larger_than(100_000), pytest.raises(PublishError, match="cannot be written: File too large"):
            publish(config, sqlite_store)

    assert changed(config, work) == set()
    assert publish(config, sqlite_store).failed == ()
    assert page(dated_entry(2)) in published(config)


def test_somebody_elses_site_is_not_overwritten(config: Config, sqlite_store: Store) -> None:
    config.site.output.mkdir()
    (config.site.output / "index.html").write_text("<h1>mine</h1>")
    with pytest.raises(PublishError, match=r"index\.html: not written by feeder"):
        publish(config, sqlite_store)
    assert published(config) == {"index.html"}


def test_progress_counts_every_entry_and_what_it_raises_ends_the_pass(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, *[dated_entry(number) for number in (1, 2, 40)])
    seen: list[tuple[str, int, int | None]] = []
    publish(config, sqlite_store, progress=lambda *arguments: seen.append(arguments))
    assert seen == [("publish", 3, 3)]
    (config.site.output / "index.html").unlink()

    def stop(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(config, sqlite_store, progress=stop)
    assert publish(config, sqlite_store).written == 1


def test_an_empty_store_makes_a_site_that_says_so(config: Config, sqlite_store: Store) -> None:
    publish(config, sqlite_store)
    assert published(config) == FIXED
    assert "还没有文章" in (config.site.output / "index.html").read_text()


def test_more_entries_than_are_read_at_a_time_are_all_written(config: Config, sqlite_store: Store) -> None:
    entries = [make_entry(number, published=START + timedelta(minutes=number)) for number in range(250)]
    save(sqlite_store, *entries)
    publish(config, sqlite_store)
    assert set(pages_of(entries)) <= published(config)


# --- saved searches --------------------------------------------------------------------------------------------------

RAIN = FeedConfig(name="rain", title="下雨", query="雨", limit=2)
WEEK = FeedConfig(name="week", query="last:7d")


def with_feeds(output: Path, *feeds: FeedConfig) -> Config:
    return Config(site=SiteConfig(title="存文", output=output), feeds=feeds)


def titles(config: Config, name: str) -> list[str]:
    return [entry.title for entry in feedparser.parse((config.site.output / f"feeds/{name}.xml").read_bytes()).entries]


def test_a_saved_search_is_a_feed_and_a_page_that_the_front_page_leads_to(tmp_path: Path, sqlite_store: Store) -> None:
    config = with_feeds(tmp_path / "public", RAIN)
    save(
        sqlite_store, *[dated_entry(number) for number in range(3)], dated_entry(9, title="雪", summary="", content="")
    )
    report = publish(config, sqlite_store)
    assert published(config) >= {"feeds/rain.xml", "feeds/rain.html"}
    assert report.failed == ()
    assert titles(config, "rain") == ["题 2", "题 1"]
    feed = (config.site.output / "feeds/rain.xml").read_bytes()
    assert violations(feed, served_from="http://127.0.0.1:8000/feeds/rain.xml") == []
    assert feedparser.parse(feed).feed.title == "下雨 – 存文"
    assert feedparser.parse(feed).feed.link == "http://127.0.0.1:8000/feeds/rain.html"
    page_of_it = (config.site.output / "feeds/rain.html").read_text()
    assert page(dated_entry(2)) in page_of_it
    assert page(dated_entry(0)) not in page_of_it
    assert "feeds/rain.html" in (config.site.output / "index.html").read_text()


def test_the_name_of_a_saved_search_may_be_chinese(tmp_path: Path, sqlite_store: Store) -> None:
    config = with_feeds(tmp_path / "public", FeedConfig(name="下雨", query="雨"))
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    feed = (config.site.output / "feeds/下雨.xml").read_bytes()
    assert violations(feed, served_from="http://127.0.0.1:8000/feeds/%E4%B8%8B%E9%9B%A8.xml") == []


def test_a_saved_search_that_counts_back_from_now_changes_as_time_passes_and_only_then(
    tmp_path: Path, sqlite_store: Store
) -> None:
    config = with_feeds(tmp_path / "public", RAIN, WEEK)
    save(sqlite_store, *[dated_entry(number) for number in range(10)])

    def pass_at(day: int) -> set[str]:
        return changed(config, lambda: publish(config, sqlite_store, now=START + timedelta(days=day)))

    pass_at(9)
    assert titles(config, "week") == [f"题 {number}" for number in range(9, 1, -1)]
    assert pass_at(9) == set()
    week = {f"feeds/week.{ending}" for ending in ("html", "xml", "rss", "json")}
    assert pass_at(10) == week
    assert titles(config, "week")[-1] == "题 3"
    assert pass_at(30) == week
    assert pass_at(40) == set()
    total = len(published(config))
    assert publish(config, sqlite_store, now=START + timedelta(days=50)) == PublishReport(0, total, 0)
    assert publish(config, sqlite_store, now=START + timedelta(days=9))[:3] == (4, total - 4, 0)


def test_only_what_leads_to_them_is_written_when_saved_searches_come_and_go(
    tmp_path: Path, sqlite_store: Store
) -> None:
    config, without = with_feeds(tmp_path / "public", RAIN), with_feeds(tmp_path / "public")
    save(sqlite_store, dated_entry(1))
    publish(without, sqlite_store)
    ours = {f"feeds/rain.{ending}" for ending in ("html", "xml", "rss", "json")}
    ours |= {"feeds.opml", "index.html", "subscribe.html"}
    assert changed(config, lambda: publish(config, sqlite_store)) == ours
    (config.site.output / "feeds/mine.xml").write_text("mine")
    (config.site.output / "feeds/mine.html").write_text("mine")
    assert changed(config, lambda: publish(without, sqlite_store)) == ours
    assert published(config) == FIXED | lists("2023-01") | {
        page(dated_entry(1)),
        "feeds/mine.xml",
        "feeds/mine.html",
    }


def test_a_saved_search_that_cannot_be_understood_ends_the_pass_before_it_begins(
    tmp_path: Path, sqlite_store: Store
) -> None:
    config = with_feeds(tmp_path / "public", FeedConfig(name="x", query="on:x"))
    with pytest.raises(ConfigError, match=r"feeds\[0\].query"):
        publish(config, sqlite_store)
    assert not config.site.output.exists()


def test_what_the_search_index_cannot_say_stays_as_it_was_and_the_rest_is_published(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_feeds(tmp_path / "public", RAIN)
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    kept = {"feeds/rain.xml", "feeds/rain.html"}
    before = {path: files(config)[path] for path in kept}
    latest = Entries.latest

    def broken(self: Entries, limit: int, **options: Any) -> list[Entry]:
        if options.get("query") is not None:
            raise StoreError("no index")
        return latest(self, limit, **options)

    save(sqlite_store, dated_entry(2))
    with monkeypatch.context() as patch:
        patch.setattr(Entries, "latest", broken)
        report = publish(config, sqlite_store)
        assert report.failed == (("feeds.rain", "no index"),)
        assert publish(config, sqlite_store).failed == report.failed
    assert {path: files(config)[path] for path in kept} == before
    assert page(dated_entry(2)) in published(config)
    assert publish(config, sqlite_store).failed == ()
    assert titles(config, "rain") == ["题 2", "题 1"]


def test_what_earlier_versions_wrote_is_removed(config: Config, sqlite_store: Store) -> None:
    config.site.output.mkdir()
    mine, theirs = config.site.output / "trends.htm", config.site.output / "trends.html"
    mine.write_text("my own trends")
    theirs.write_text(pages.render_error(config.site, 404))
    publish(config, sqlite_store)
    assert (mine.exists(), theirs.exists()) == (True, False)
    ledger = ledger_of(config)
    for manifest in (config.site.output / ".feeder.json", ledger.with_suffix(".json")):
        manifest.write_text("{}")
        publish(config, sqlite_store)
        assert not manifest.exists()


def test_a_pass_that_was_killed_is_made_up_for(
    config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(sqlite_store, *[dated_entry(number) for number in range(4)])
    publish(config, sqlite_store)
    save(sqlite_store, dated_entry(9))
    sqlite_store.entries.withdraw([dated_entry(0).key], now=START)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for module, name in (
        (entries, "write_entries"),
        (months, "write_months"),
        (everything, "write_everything"),
        (site_module, "_remove_others"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(writer_module, "GROUP", 1)
            patch.setattr(module, name, die)
            with pytest.raises(KeyboardInterrupt):
                publish(config, sqlite_store)
        assert not list(config.site.output.rglob("*.tmp"))
    publish(config, sqlite_store)
    expected = make_config(config.site.output.parent / "other/public")
    publish(expected, sqlite_store)
    assert published(config) == published(expected)
    assert {path: data for path, (data, _) in files(config).items() if path.startswith("entries/")} == {
        path: data for path, (data, _) in files(expected).items() if path.startswith("entries/")
    }


@pytest.mark.parametrize("seed", range(6))
def test_passes_over_changes_write_what_one_pass_over_all_would(tmp_path: Path, sqlite_store: Store, seed: int) -> None:
    random = Random(seed)
    config = make_config(tmp_path / "public", entries_per_feed=4, search="none")
    entries: dict[int, Entry] = {}
    for _ in range(8):
        for _ in range(random.randrange(6)):
            number = random.randrange(40)
            day = random.randrange(120)
            categories = tuple(random.sample(["雨", "雪", "C++"], random.randrange(3)))
            language = random.choice(["en", "zh-Hans"])
            entries[number] = dated_entry(
                number, published=START + timedelta(days=day), categories=categories, language=language
            )
            saving.save(sqlite_store, [(Origin(f"s{number % 3}", f"{number}.md"), entries[number])])
        if entries and random.random() < 0.5:
            gone = random.choice(sorted(entries))
            sqlite_store.take([Batch(source=f"s{gone % 3}", left=[f"{gone}.md"])])
            sqlite_store.remove_orphans()
            del entries[gone]
        publish(config, sqlite_store, now=START)
        walked = walk(config)
        assert sorted(walked) == sorted(entry.id for entry in sqlite_store.entries.latest(1000))
    whole = make_config(tmp_path / "whole/public", entries_per_feed=4, search="none")
    publish(whole, sqlite_store, now=START)

    def comparable(one: Config) -> dict[str, bytes]:
        """Return all files but those that depend on what was archived when, without what was related when."""
        of_everything = {"atom.xml", "feed.xml", "feed.json"}
        return {
            path: re.sub(rb"(?s)<aside.*?</aside>\n", b"", data)
            for path, (data, _) in files(one).items()
            if path not in of_everything and not path.startswith("archives/")
        }

    assert comparable(config) == comparable(whole)


def walk(config: Config) -> list[str]:
    """Return the ids of the feed and its archives, as a reader that follows `prev-archive` finds them."""
    ids, address = [], "atom.xml"
    while address:
        feed = feedparser.parse((config.site.output / address).read_bytes())
        ids += [entry.id for entry in feed.entries]
        links = {link.rel: link.href for link in feed.feed.links}
        assert links["self"] == config.site.url + address
        assert ("current" in links) == (address != "atom.xml")
        address = links.get("prev-archive", "").removeprefix(config.site.url)
    return ids


def test_a_reader_that_follows_the_archives_gets_every_entry_once_and_they_never_change(
    config: Config, sqlite_store: Store
) -> None:
    entries = [dated_entry(number) for number in range(230)]
    save(sqlite_store, *entries[100:])
    publish(config, sqlite_store, now=START)
    assert sorted(walk(config)) == sorted(entry.id for entry in entries[100:])
    sealed = {path for path in published(config) if path.startswith("archives/")}
    assert len(sealed) == 1

    def work() -> None:
        save(sqlite_store, *entries[:100])
        publish(config, sqlite_store, now=START)

    assert sealed.isdisjoint(changed(config, work))
    assert sorted(walk(config)) == sorted(entry.id for entry in entries)
    for path in published(config):
        if path.startswith("archives/"):
            document = (config.site.output / path).read_bytes()
            assert violations(document, served_from=config.site.url + path) == []
            assert b":archive" in document


def test_what_is_withdrawn_leaves_the_archives_too(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, *[dated_entry(number) for number in range(130)])
    publish(config, sqlite_store, now=START)
    sqlite_store.entries.withdraw([dated_entry(0).key], now=START)
    publish(config, sqlite_store, now=START)
    assert dated_entry(0).id not in walk(config)
    assert len(walk(config)) == 129


def test_a_feed_of_long_articles_moves_them_to_the_archives_sooner(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", bytes_per_feed=10_000)
    save(sqlite_store, *[dated_entry(number, content=f"<p>{'长' * 1500}</p>") for number in range(9)])
    publish(config, sqlite_store, now=START)
    assert len(feedparser.parse((config.site.output / "atom.xml").read_bytes()).entries) == 2
    assert len(walk(config)) == 9


def test_sources_categories_and_languages_have_pages_and_feeds(config: Config, sqlite_store: Store) -> None:
    tagged = [dated_entry(number, categories=("C++", "雨")) for number in range(3)]
    saving.save(sqlite_store, [(Origin("北方", f"{entry.key}.md"), entry) for entry in tagged])
    english = dated_entry(5, language="en", categories=("rare",))
    saving.save(sqlite_store, [(Origin("south", "5.md"), english)])
    publish(config, sqlite_store)
    stems = {path.rpartition(".")[0] for path in published(config) if path.split("/")[0] not in {"entries", "archive"}}
    plus = "categories/cplusplus"
    assert stems >= {"sources/北方", "sources/south", "categories/雨", plus, "languages/en", "languages/zh-Hans"}
    assert not any("rare" in stem for stem in stems)
    for path in ("sources/北方.xml", f"{plus}.xml"):
        document = (config.site.output / path).read_bytes()
        assert violations(document, served_from=config.site.url + quote(path)) == []
        assert len(feedparser.parse(document).entries) == 3
    listed = (config.site.output / "subscribe.html").read_text()
    assert all(
        f'href="{quote(stem)}.{ending}"' in listed for stem in (plus, "sources/south") for ending in ("xml", "rss")
    )
    assert (config.site.output / "feeds.opml").read_text().count("xmlUrl") == 7

    def work() -> None:
        saving.save(sqlite_store, [(Origin("south", "6.md"), dated_entry(6, language="en"))])
        publish(config, sqlite_store)

    touched = changed(config, work)
    assert "sources/south.json" in touched
    assert not any("北方" in path or path.startswith("categories/") for path in touched)


def test_one_source_alone_is_no_topic(config: Config, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1))
    publish(config, sqlite_store)
    assert not any(path.startswith(("sources/", "languages/")) for path in published(config))


def test_compressed_copies_lie_beside_texts_and_go_with_them(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", precompress=True)
    save(sqlite_store, dated_entry(1), dated_entry(2))
    publish(config, sqlite_store)
    output = config.site.output
    for path in ("atom.xml", "feed.json", "index.html", assets.asset_path("style.css"), page(dated_entry(1))):
        assert gzip.decompress((output / f"{path}.gz").read_bytes()) == (output / path).read_bytes()
    assert not (output / "icon-512.png.gz").exists()
    assert changed(config, lambda: publish(config, sqlite_store)) == set()
    sqlite_store.entries.withdraw([dated_entry(1).key], now=START)
    assert f"{page(dated_entry(1))}.gz" in publish(config, sqlite_store).gone
    without = make_config(output)
    (output / "mine.html.gz").write_bytes(b"mine")
    publish(without, sqlite_store)
    assert [path.name for path in output.rglob("*.gz")] == ["mine.html.gz"]


def test_a_month_with_very_many_entries_has_several_pages_of_which_old_ones_stay(
    config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months_module, "PER_PAGE", 10)
    entries = [dated_entry(number, published=START + timedelta(minutes=number)) for number in range(35)]
    december = dated_entry(50, published=START - timedelta(days=9))
    save(sqlite_store, *entries, december, dated_entry(99))
    publish(config, sqlite_store)

    def newer_than_december() -> str:
        soup = BeautifulSoup((config.site.output / "archive/2022-12.html").read_bytes(), "lxml")
        [link] = soup.select("nav.turn a[rel=next]")
        return str(link["href"])

    assert newer_than_december() == "../archive/2023-01-1.html"

    def titles_of(path: str) -> list[str]:
        soup = BeautifulSoup((config.site.output / path).read_bytes(), "lxml")
        return [link.text for link in soup.select(".titles a")]

    assert titles_of("archive/2023-01.html") == [f"题 {number}" for number in range(34, 29, -1)]
    assert titles_of("archive/2023-01-1.html") == [f"题 {number}" for number in range(9, -1, -1)]
    address, seen = "archive/2023-04.html", []
    while address:
        seen += titles_of(address)
        link = BeautifulSoup((config.site.output / address).read_bytes(), "lxml").select_one("nav.turn a[rel=prev]")
        address = "" if link is None else str(link["href"]).removeprefix("../")
    assert seen == ["题 99", *(f"题 {number}" for number in range(34, -1, -1)), "题 50"]

    def work() -> None:
        save(sqlite_store, dated_entry(35, published=START + timedelta(minutes=35)))
        publish(config, sqlite_store)

    assert {path for path in changed(config, work) if path.startswith("archive/2023")} == {"archive/2023-01.html"}
    sqlite_store.entries.withdraw([entry.key for entry in entries[:30]], now=START)
    publish(config, sqlite_store)
    assert [path for path in published(config) if path.startswith("archive/2023-01")] == ["archive/2023-01.html"]
    assert newer_than_december() == "../archive/2023-01.html"


def test_files_without_a_date_of_their_own_lead_neither_index_nor_feeds(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path / "public", entries_per_feed=3)
    cloned = [
        dated_entry(number, published=START + timedelta(days=900), published_from="file time") for number in (7, 8)
    ]
    save(sqlite_store, *cloned, *[dated_entry(number) for number in range(2)])
    seen_first = dated_entry(9, id="https://e.org/9", published=START + timedelta(days=800), published_from="read time")
    saving.save(sqlite_store, [(Origin("remote", "https://e.org/feed"), seen_first)])
    publish(config, sqlite_store)
    expected = ["题 9", "题 1", "题 0"]
    for path in ("atom.xml", "feed.xml"):
        titles_there = [entry.title for entry in feedparser.parse((config.site.output / path).read_bytes()).entries]
        assert titles_there == expected
    soup = BeautifulSoup((config.site.output / "index.html").read_bytes(), "lxml")
    assert [link.text for link in soup.select(".item h3 a")] == expected
    assert sorted(walk(config)) == sorted(entry.id for entry in sqlite_store.entries.latest(9))


def test_a_loud_source_does_not_drown_the_others(tmp_path: Path, sqlite_store: Store) -> None:
    loud = FolderSource(name="loud", folder=tmp_path, max_in_feed=2)
    config = make_config(tmp_path / "public", entries_per_feed=4).model_copy(update={"sources": (loud,)})
    for number in range(20):
        source = "quiet" if number in {1, 3} else "loud"
        saving.save(sqlite_store, [(Origin(source, f"{number}.md"), dated_entry(number))])
    publish(config, sqlite_store)
    feed = feedparser.parse((config.site.output / "atom.xml").read_bytes())
    assert [entry.title for entry in feed.entries] == ["题 19", "题 18", "题 3", "题 1"]
    assert len(walk(config)) == 20
    index = BeautifulSoup((config.site.output / "index.html").read_bytes(), "lxml")
    assert [link.text for link in index.select(".item h3 a")] == ["题 19", "题 18", "题 3", "题 1"]


def test_dates_and_months_are_told_in_the_zone_of_the_site(tmp_path: Path, sqlite_store: Store) -> None:
    late = dated_entry(1, published=datetime(2023, 2, 28, 20, 30, tzinfo=UTC))
    whole_day = dated_entry(2, published=datetime(2023, 2, 28, tzinfo=UTC))
    save(sqlite_store, late, whole_day)
    config = make_config(tmp_path / "public")
    publish(config, sqlite_store)
    assert {path for path in published(config) if path.startswith("archive/2")} == {"archive/2023-02.html"}
    assert "20:30 UTC" in (config.site.output / page(late)).read_text()
    config = make_config(tmp_path / "public", timezone="Asia/Shanghai")
    publish(config, sqlite_store)
    months = {path for path in published(config) if path.startswith("archive/2")}
    assert months == {"archive/2023-02.html", "archive/2023-03.html"}
    assert "题 1" in (config.site.output / "archive/2023-03.html").read_text()
    text = (config.site.output / page(late)).read_text()
    assert "04:30 UTC+8" in text
    assert "2023年3月1日" in text
    assert 'href="../archive/2023-03.html"' in text
    assert "2023年2月28日" in (config.site.output / page(whole_day)).read_text()


def test_lists_name_sources_once_there_are_several_and_no_longer_when_one_is_left(
    config: Config, sqlite_store: Store
) -> None:
    save(sqlite_store, *[dated_entry(number) for number in (1, 40, 70)])
    publish(config, sqlite_store)

    def names_source() -> bool:
        return 'class="from"' in (config.site.output / "archive/2023-01.html").read_text()

    assert not names_source()
    saving.save(sqlite_store, [(Origin("other", "200.md"), dated_entry(200))])
    publish(config, sqlite_store)
    assert names_source()
    sqlite_store.take([Batch(source="other", left=["200.md"])])
    sqlite_store.remove_orphans()
    publish(config, sqlite_store)
    assert not names_source()

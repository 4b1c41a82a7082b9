import json
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.errors import ConfigError
from feeder.ingest import IngestReport, ingest, preview
from feeder.ingest import folders as module
from feeder.reading import workers
from feeder.reading.file import FileJob, FileResult, ReadingRules, file_task
from feeder.store import Store
from tests.ingest.readers import break_at_1, die_at_7

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture
def config(folder: Path) -> Config:
    source = FolderSource(name="mirror", folder=folder, timezone="Asia/Shanghai", categories=("kept",))
    return Config(sources=(source,))


def write(folder: Path, number: int, text: str = "下雨了。") -> Path:
    path = folder / f"{number}.md"
    path.write_text(
        f"<!--{1_676_903_943_000 + number}-->\n[题目{number}](https://example.org/{number})\n------\n\n{text}\n"
    )
    return path


def only_report(reports: tuple[IngestReport, ...]) -> IngestReport:
    [report] = reports
    return report


def test_a_document_becomes_an_entry_with_its_source_categories_and_origin(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    path = write(folder, 1)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.read, report.new) == (1, 1)
    [entry] = sqlite_store.entries.latest(10)
    assert (entry.link, entry.title, entry.categories) == ("https://example.org/1", "题目1", ("kept",))
    assert entry.first_seen_at == NOW
    assert [origin.address for origin in sqlite_store.entries.origins(entry.id)] == [str(path)]


def test_what_has_no_link_is_known_by_its_source_and_path(folder: Path, config: Config, sqlite_store: Store) -> None:
    (folder / "note.md").write_text("# 题目\n\n没有链接。\n")
    other = folder.parent / "other"
    other.mkdir()
    (other / "note.md").write_text("# 另一个\n\n也没有链接。\n")
    both = Config(sources=(*config.sources, FolderSource(name="other", folder=other)))
    ingest(both, sqlite_store, now=NOW)
    titles = {entry.title: entry.source.title for entry in sqlite_store.entries.latest(10)}
    assert titles == {"题目": "mirror", "另一个": "other"}


def test_articles_with_a_home_page_as_their_link_are_not_one(folder: Path, config: Config, sqlite_store: Store) -> None:
    for name in ("rain", "snow"):
        (folder / f"{name}.md").write_text(f"---\ntitle: {name}\nfrom: https://example.org/\n---\n{name} fell.\n")
    ingest(config, sqlite_store, now=NOW)
    (folder / "snow.md").write_text("---\ntitle: snow\nfrom: https://example.org/\n---\nMuch more snow fell.\n")
    assert only_report(ingest(config, sqlite_store, now=NOW)).changed == 1
    assert {entry.title for entry in sqlite_store.entries.latest(10)} == {"rain", "snow"}


def test_a_file_that_was_only_touched_is_confirmed_once_and_then_skipped(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    path = write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    os.utime(path, ns=(1, 1))
    assert str(only_report(ingest(config, sqlite_store, now=NOW))) == "mirror: nothing new (1 unchanged)"
    assert sqlite_store.documents.of_source("mirror")["1.md"].mtime_ns == 1


def test_a_changed_document_changes_its_entry_and_moves_updated(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    write(folder, 1, "雨停了，太阳出来了。")
    later = NOW + timedelta(hours=1)
    assert only_report(ingest(config, sqlite_store, now=later)).changed == 1
    [entry] = sqlite_store.entries.latest(10)
    assert "太阳" in entry.content
    assert (entry.updated, entry.first_seen_at) == (later, NOW)


def test_what_is_gone_from_the_folder_stays_in_the_store(folder: Path, config: Config, sqlite_store: Store) -> None:
    path = write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    path.unlink()
    assert only_report(ingest(config, sqlite_store, now=NOW)).gone == 1
    assert sqlite_store.entries.count() == 1
    assert only_report(ingest(config, sqlite_store, now=NOW)).gone == 0


def test_a_document_that_fails_is_named_each_time_until_it_is_mended(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    write(folder, 1)
    (folder / "2.md").write_bytes(b"")
    for _ in range(2):
        report = only_report(ingest(config, sqlite_store, now=NOW))
        assert report.failed == (("2.md", "empty file"),)
    write(folder, 2)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (1, ())


Reading = Callable[[ReadingRules, FileJob], Iterator[FileResult | None]]


def read_by(monkeypatch: pytest.MonkeyPatch, run: Reading) -> None:
    """Let workers read files by another function, which they find by its name."""
    monkeypatch.setattr(module, "file_task", lambda rules: file_task(rules)._replace(run=partial(run, rules)))


def test_a_fault_of_ours_in_one_document_does_not_stop_the_others(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_by(monkeypatch, break_at_1)
    for number in range(3):
        write(folder, number)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (2, (("1.md", "cannot be understood (RecursionError); please report it"),))


def test_a_pass_that_is_stopped_keeps_what_it_saved_and_the_next_goes_on(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    for number in range(5):
        write(folder, number)

    def stop(_source: str, done: int, _total: int | None) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(config, sqlite_store, now=NOW, progress=stop)
    assert sqlite_store.entries.count() == 4
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.read, report.new, report.unchanged) == (1, 1, 4)


def test_only_the_named_sources_are_read(folder: Path, config: Config, sqlite_store: Store, tmp_path: Path) -> None:
    write(folder, 1)
    both = Config(sources=(*config.sources, FolderSource(name="gone", folder=tmp_path / "nowhere")))
    assert [report.source for report in ingest(both, sqlite_store, names=["mirror"], now=NOW)] == ["mirror"]
    with pytest.raises(ConfigError, match=r"no source is named 'x'; known sources: mirror, gone"):
        ingest(both, sqlite_store, names=["x"], now=NOW)


def test_the_whole_of_a_reports_counts_is_told() -> None:
    assert IngestReport(source="a", not_due=1).is_idle
    assert not IngestReport(source="a", not_due=1, pages=2).is_idle
    assert not IngestReport(source="a", unchanged=1).is_idle
    report = IngestReport(source="a", read=3, new=1, changed=1, same=1, unchanged=4, failed=(("p", "r"),))
    assert str(report) == "a: 3 read, 1 new, 1 changed, 1 same, 1 failed (4 unchanged)"
    assert report.as_dict()["failed"] == [{"path": "p", "reason": "r"}]


def many(folder: Path, count: int = 60) -> None:
    for number in range(count):
        write(folder, number, f"第{number}篇。" * 10)


def test_many_documents_are_read_by_workers_with_the_same_result(
    folder: Path, config: Config, sqlite_url: str, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(folder)
    (folder / "bad.md").write_bytes(b"")
    other_url = f"sqlite:///{folder.parent / 'other.db'}"
    shutil.copy(sqlite_template, folder.parent / "other.db")
    with Store.open(sqlite_url) as here, Store.open(other_url) as there:
        report = only_report(ingest(config, here, now=NOW))
        monkeypatch.setattr(module, "_GROW_AFTER", 10)
        monkeypatch.setattr(module, "_CHUNK", 7)
        assert only_report(ingest(config, there, now=NOW)) == report
        assert (report.new, report.failed) == (60, (("bad.md", "empty file"),))
        assert list(here.entries.iter_all()) == list(there.entries.iter_all())
        assert here.documents.of_source("mirror") == there.documents.of_source("mirror")


def test_a_file_that_ends_its_process_is_named_and_the_others_go_in(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(folder, 12)
    monkeypatch.setattr(module, "_GROW_AFTER", 3)
    monkeypatch.setattr(module, "_CHUNK", 4)
    read_by(monkeypatch, die_at_7)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    [(path, reason)] = report.failed
    assert (report.new, path) == (11, "7.md")
    assert reason.startswith("crashed its worker process")


def test_a_pass_that_is_stopped_ends_its_workers(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(folder)
    for name, value in {"_GROW_AFTER": 4, "_CHUNK": 4, "_BATCH": 8}.items():
        monkeypatch.setattr(module, name, value)

    def stop(_source: str, _done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(config, sqlite_store, now=NOW, progress=stop)
    while workers._idle:  # which would end half a minute later
        workers._idle.pop().end()
    while multiprocessing.active_children():
        time.sleep(0.05)
    assert sqlite_store.entries.count() == 8
    assert only_report(ingest(config, sqlite_store, now=NOW)).new == 52


def test_an_ingest_that_is_killed_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    many(folder, 1500)
    settings = tmp_path / "config.toml"
    settings.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/feeder.db"\n[[sources]]\nname = "m"\nfolder = "{folder}"\n'
    )
    command = [sys.executable, "-m", "feeder", "--config", str(settings), "ingest", "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        while not _count(tmp_path / "feeder.db"):
            assert first.poll() is None
            time.sleep(0.01)
        first.kill()
    kept = _count(tmp_path / "feeder.db")
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    report = json.loads(told)
    assert 0 < kept < 1500
    assert (report["unchanged"], report["new"]) == (kept, 1500 - kept)


def _count(database: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    except sqlite3.OperationalError:  # not there yet, or locked
        return 0


def test_progress_knows_how_many_there_are_from_the_first(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    monkeypatch.setattr(module, "_PROGRESS_STEP", 2)
    many(folder, 5)
    (folder / "picture.jpg").write_bytes(b"")
    told: list[tuple[int, int | None]] = []

    def tell(_source: str, done: int, total: int | None) -> None:
        told.append((done, total))

    ingest(config, sqlite_store, now=NOW, progress=tell)
    assert told[-1] == (5, 5)
    assert {total for _, total in told} == {5}
    told.clear()
    ingest(config, sqlite_store, now=NOW, progress=tell)
    assert told[-1] == (5, 5)


def test_what_is_missing_of_an_article_is_told(folder: Path, config: Config, sqlite_store: Store) -> None:
    item = "<item><title>T{0}</title><link>https://h.example/{0}</link><description>Wet</description>"
    (folder / "feed.xml").write_text(f"<rss><channel>{item.format(1)}</item>{item.format(2)}")
    missing = ("feed.xml#1", "the file breaks off: its last entry is left out")
    [shown] = preview(config, sqlite_store, now=NOW)
    assert shown.paths["incomplete"] == (": ".join(missing),)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.incomplete) == (1, (missing,))
    assert str(report) == "mirror: 1 read, 1 new, 1 incomplete"
    assert report.as_dict()["incomplete"] == [{"path": missing[0], "reason": missing[1]}]


def test_a_preview_shows_what_would_be_read_and_changes_nothing(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    many(folder, 3)
    ingest(config, sqlite_store, now=NOW)
    before = sqlite_store.entries.last_change(), sqlite_store.documents.of_source("mirror")
    write(folder, 0, "改过了。")
    write(folder, 7)
    (folder / "1.md").unlink()
    (folder / "away").symlink_to("/")
    (folder / "picture.jpg").write_bytes(b"")
    [shown] = preview(config, sqlite_store, now=NOW)
    counts = {"new": 1, "changed": 1, "gone": 1, "again": 0, "failed": 1, "unchanged": 1}
    others = ("not published", "not articles", "with lost pictures", "incomplete")
    assert shown.counts == counts | dict.fromkeys(others, 0)
    paths = {"new": ("7.md",), "changed": ("0.md",), "gone": ("1.md",)}
    assert shown.paths == paths | dict.fromkeys(others, ())
    assert str(shown) == "mirror: 1 new, 1 changed, 1 gone, 1 failed (1 unchanged)"
    assert shown.as_dict()["failed"] == [{"path": "away", "reason": "symbolic link leads out of the folder"}]
    assert (sqlite_store.entries.last_change(), sqlite_store.documents.of_source("mirror")) == before


def test_a_preview_names_the_first_paths_only_and_says_what_cannot_be_read(
    folder: Path, config: Config, tmp_path: Path
) -> None:
    many(folder, 3)
    both = Config(sources=(*config.sources, FolderSource(name="gone", folder=tmp_path / "nowhere")))
    shown, gone = preview(both, None, now=NOW, max_paths=2)
    assert (shown.counts["new"], shown.paths["new"]) == (3, ("0.md", "1.md"))
    assert gone.failed == ((str(tmp_path / "nowhere"), "folder cannot be read: No such file or directory"),)
    assert str(preview(config, None, now=NOW, names=["mirror"])[0]) == "mirror: 3 new"


def test_a_report_counts_failures_by_reason() -> None:
    report = IngestReport(source="a", failed=(("p", "r"), ("q", "s"), ("t", "s")))
    assert report.reasons == {"s": 2, "r": 1}
    assert report.as_dict()["reasons"] == {"s": 2, "r": 1}


def test_an_export_becomes_many_entries_and_other_files_of_its_kind_none(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    rows = "title,url,time_added,tags,status\n" + "".join(
        f"题目{n},https://example.org/{n},16769039{n}0,,unread\n" for n in range(10, 13)
    )
    (folder / "pocket.csv").write_text(rows)
    (folder / "prices.csv").write_text("a,b\n1,2\n")
    (folder / "sitemap.xml").write_text("<urlset><url><loc>https://example.org/</loc></url></urlset>")
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (3, ())
    entry = sqlite_store.entries.get("https://example.org/11")
    assert [origin.address for origin in sqlite_store.entries.origins(entry.id)] == [f"{folder}/pocket.csv#2"]
    assert only_report(ingest(config, sqlite_store, now=NOW)).unchanged == 3

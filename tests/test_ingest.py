import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder import ingest as module
from feeder.config import Config, SourceConfig
from feeder.errors import ConfigError
from feeder.ingest import IngestReport, ingest
from feeder.sources import article
from feeder.store import Store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture
def config(folder: Path) -> Config:
    source = SourceConfig(name="mirror", folder=folder, timezone="Asia/Shanghai", categories=("kept",))
    return Config(sources=(source,))


def write(folder: Path, number: int, text: str = "下雨了。") -> Path:
    path = folder / f"{number}.md"
    path.write_text(
        f"<!--{1_676_903_943_000 + number}-->\n[题目{number}](https://example.org/{number})\n------\n\n{text}\n"
    )
    return path


def one(reports: tuple[IngestReport, ...]) -> IngestReport:
    [report] = reports
    return report


def test_a_document_becomes_an_entry_with_its_source_categories_and_origin(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    path = write(folder, 1)
    report = one(ingest(config, sqlite_store, now=NOW))
    assert (report.read, report.new) == (1, 1)
    [entry] = sqlite_store.latest(10)
    assert (entry.link, entry.title, entry.categories) == ("https://example.org/1", "题目1", ("kept",))
    assert entry.first_seen_at == NOW
    assert [origin.address for origin in sqlite_store.origins(entry.id)] == [str(path)]


def test_what_has_no_link_is_known_by_its_source_and_path(folder: Path, config: Config, sqlite_store: Store) -> None:
    (folder / "note.md").write_text("# 题目\n\n没有链接。\n")
    other = folder.parent / "other"
    other.mkdir()
    (other / "note.md").write_text("# 另一个\n\n也没有链接。\n")
    both = Config(sources=(*config.sources, SourceConfig(name="other", folder=other)))
    ingest(both, sqlite_store, now=NOW)
    titles = {entry.title: entry.source.title for entry in sqlite_store.latest(10)}
    assert titles == {"题目": "mirror", "另一个": "other"}


def test_a_file_that_was_only_touched_is_confirmed_once_and_then_skipped(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    path = write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    os.utime(path, ns=(1, 1))
    assert str(one(ingest(config, sqlite_store, now=NOW))) == "mirror: nothing new (1 unchanged)"
    assert sqlite_store.documents("mirror")["1.md"].mtime_ns == 1


def test_a_changed_document_changes_its_entry_and_moves_updated(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    write(folder, 1, "雨停了，太阳出来了。")
    later = NOW + timedelta(hours=1)
    assert one(ingest(config, sqlite_store, now=later)).changed == 1
    [entry] = sqlite_store.latest(10)
    assert "太阳" in entry.content
    assert (entry.updated, entry.first_seen_at) == (later, NOW)


def test_what_is_gone_from_the_folder_stays_in_the_store(folder: Path, config: Config, sqlite_store: Store) -> None:
    path = write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    path.unlink()
    assert one(ingest(config, sqlite_store, now=NOW)).gone == 1
    assert sqlite_store.count() == 1
    assert one(ingest(config, sqlite_store, now=NOW)).gone == 0


def test_a_document_that_fails_is_named_each_time_until_it_is_mended(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    write(folder, 1)
    (folder / "2.md").write_bytes(b"")
    for _ in range(2):
        report = one(ingest(config, sqlite_store, now=NOW))
        assert report.failed == (("2.md", "the file is empty"),)
    write(folder, 2)
    report = one(ingest(config, sqlite_store, now=NOW))
    assert (report.new, report.failed) == (1, ())


def test_a_fault_of_ours_in_one_document_does_not_stop_the_others(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = article.read_article

    def breaks(data: bytes, name: str) -> object:
        if name == "1.md":
            raise RecursionError
        return real(data, name)

    monkeypatch.setattr(article, "read_article", breaks)
    for number in range(3):
        write(folder, number)
    report = one(ingest(config, sqlite_store, now=NOW))
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
    assert sqlite_store.count() == 4
    report = one(ingest(config, sqlite_store, now=NOW))
    assert (report.read, report.new, report.unchanged) == (1, 1, 4)


def test_only_the_named_sources_are_read(folder: Path, config: Config, sqlite_store: Store, tmp_path: Path) -> None:
    write(folder, 1)
    both = Config(sources=(*config.sources, SourceConfig(name="gone", folder=tmp_path / "nowhere")))
    assert [report.source for report in ingest(both, sqlite_store, names=["mirror"], now=NOW)] == ["mirror"]
    with pytest.raises(ConfigError, match=r"no source is named 'x'; there is: mirror, gone"):
        ingest(both, sqlite_store, names=["x"], now=NOW)


def test_the_whole_of_a_reports_counts_is_told() -> None:
    report = IngestReport(source="a", read=3, new=1, changed=1, same=1, unchanged=4, failed=(("p", "r"),))
    assert str(report) == "a: 3 read, 1 new, 1 changed, 1 same, 1 failed (4 unchanged)"
    assert report.as_dict()["failed"] == [{"path": "p", "reason": "r"}]

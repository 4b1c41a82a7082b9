"""Reading again what has not changed: what was learned since is applied, and nothing else moves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.errors import StoreError
from feeder.ingest import IngestReport, ingest, preview
from feeder.ingest import folders as module
from feeder.model import Entry
from feeder.store import Store
from feeder.store.tables import metadata
from tests.ingest.readers import die_at_7, read_another_link
from tests.ingest.test_ingest import read_by

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
NOTICE = "扫描下方图案，加入本报读者俱乐部，领取每月礼物。"
WORDS = "春夏秋冬风雨雪霜山河湖海花草树木鸟兽虫鱼日月星辰云雾雷电"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture
def config(folder: Path) -> Config:
    return Config(sources=(FolderSource(name="mirror", folder=folder),))


def write(folder: Path, number: int, notice: str = NOTICE) -> None:
    text = f"{WORDS[number % 28] * 30}，这是第{number}篇。"
    (folder / f"{number:03}.md").write_text(
        f"<!--{1_676_903_943_000 + number}-->\n[题目{WORDS[number % 28]}](https://example.org/{number})\n------\n\n"
        f"{text}\n\n{notice}\n"
    )


def only_report(reports: tuple[IngestReport, ...]) -> IngestReport:
    [report] = reports
    return report


def rows(store: Store) -> dict[str, list[Any]]:
    with store.database.read() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "notes"]
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}


def by_link(store: Store) -> dict[str | None, Entry]:
    return {entry.link: entry for entry in store.entries.iter_all()}


def test_one_pass_cuts_what_recurs_also_from_those_that_were_read_before_it_was_known(
    folder: Path, config: Config, store: Store
) -> None:
    for number in range(28):
        write(folder, number)
    report = only_report(ingest(config, store, now=NOW))
    assert (report.read, report.new, report.again, report.changed) == (28, 28, 28, 0)
    assert str(report) == "mirror: 28 read, 28 new, 28 read again"
    for entry in store.entries.iter_all():
        assert NOTICE not in entry.content
        assert NOTICE in entry.cut
    before = rows(store)
    assert str(only_report(ingest(config, store, now=LATER))) == "mirror: nothing new (28 unchanged)"
    assert rows(store) == before


def test_what_comes_later_is_read_with_what_was_learned_and_no_file_is_read_a_third_time(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    for number in range(28):
        write(folder, number)
    ingest(config, sqlite_store, now=NOW)
    write(folder, 28)
    report = only_report(ingest(config, sqlite_store, now=LATER))
    assert (report.new, report.again) == (1, 0)
    assert NOTICE in sqlite_store.entries.get("https://example.org/28").cut


def test_what_recurs_over_many_passes_is_cut_from_the_earliest_as_well(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    for number in range(25):
        write(folder, number)
        ingest(config, sqlite_store, now=NOW)
    assert not any(NOTICE in entry.content for entry in sqlite_store.entries.iter_all())


def test_only_files_that_hold_what_was_learned_are_read_again(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    for number in range(28):
        write(folder, number, NOTICE if number < 24 else f"{WORDS[number]}的故事到这里就讲完了。")
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert report.again == 24


def test_what_is_learned_on_the_way_is_used_for_what_follows(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_BATCH": 5, "_CHUNK": 5}.items():
        monkeypatch.setattr(module, name, value)
    for number in range(40):
        write(folder, number)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert report.again == 20
    assert not any(NOTICE in entry.content for entry in sqlite_store.entries.iter_all())


def test_what_recurred_at_first_only_is_put_back(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"_BATCH": 5, "_CHUNK": 5}.items():
        monkeypatch.setattr(module, name, value)
    for number in range(90):
        write(folder, number, NOTICE if number < 25 else f"{WORDS[number % 28] * 3}的故事到这里就讲完了。")
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert report.again == 5  # from the 21st to the 25th it was known, of all 90 it is in too few
    assert sum(NOTICE in entry.content for entry in sqlite_store.entries.iter_all()) == 25


def test_many_that_are_read_again_are_read_by_workers(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_GROW_AFTER", 10)
    for number in range(28):
        write(folder, number)
    told: list[tuple[str, int, int | None]] = []
    report = only_report(ingest(config, sqlite_store, now=NOW, progress=lambda *done: told.append(done)))
    assert report.again == 28
    assert not any(NOTICE in entry.content for entry in sqlite_store.entries.iter_all())
    assert ("mirror", 28, 28) in told
    assert told[-1] == ("mirror, second round", 28, 28)


def test_a_source_that_keeps_its_notices_is_not_read_twice(folder: Path, sqlite_store: Store) -> None:
    kept = Config(sources=(FolderSource(name="mirror", folder=folder, boilerplate="keep"),))
    for number in range(28):
        write(folder, number)
    assert only_report(ingest(kept, sqlite_store, now=NOW)).again == 0
    assert all(NOTICE in entry.content for entry in sqlite_store.entries.iter_all())


def test_a_pass_that_is_killed_while_it_reads_once_more_is_ended_by_the_next(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 10)
    monkeypatch.setattr(module, "_CHUNK", 10)
    for number in range(28):
        write(folder, number)

    def stop(doing: str, done: int, _total: int | None) -> None:
        if doing != "mirror" and done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(config, sqlite_store, now=NOW, progress=stop)
    assert sum(NOTICE in entry.content for entry in sqlite_store.entries.iter_all()) == 10
    [shown] = preview(config, sqlite_store, now=NOW)
    assert (shown.counts["again"], shown.counts["unchanged"]) == (10, 18)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.again, report.unchanged) == (10, 18)
    assert not any(NOTICE in entry.content for entry in sqlite_store.entries.iter_all())


def test_what_was_counted_is_not_lost_with_a_pass_that_is_killed(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 5)
    monkeypatch.setattr(module, "_CHUNK", 5)
    for number in range(28):
        write(folder, number)

    def stop(_doing: str, done: int, _total: int | None) -> None:
        if done == 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(config, sqlite_store, now=NOW, progress=stop)
    ingest(config, sqlite_store, now=NOW)
    assert not any(NOTICE in entry.content for entry in sqlite_store.entries.iter_all())


def test_our_better_reading_moves_neither_updated_nor_what_never_moves(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    for number in range(27):
        write(folder, number)
    kept = Config(sources=(config.sources[0].model_copy(update={"boilerplate": "keep"}),))
    ingest(kept, sqlite_store, now=NOW)
    before = by_link(sqlite_store)
    report = only_report(ingest(config, sqlite_store, now=LATER, again=True))
    assert (report.read, report.again, report.changed) == (0, 27, 27)
    for link, entry in by_link(sqlite_store).items():
        held = before[link]
        assert NOTICE not in entry.content
        assert (entry.id, entry.published, entry.updated) == (held.id, held.published, held.updated)
        assert entry.first_seen_at == held.first_seen_at


def test_a_file_that_did_change_moves_updated_also_when_all_are_read_again(
    folder: Path, config: Config, sqlite_store: Store
) -> None:
    write(folder, 1)
    write(folder, 2)
    ingest(config, sqlite_store, now=NOW)
    write(folder, 1, "雨停了，太阳出来了。")
    report = only_report(ingest(config, sqlite_store, now=LATER, again=True))
    assert (report.read, report.again, report.changed, report.same) == (1, 1, 1, 1)
    assert sqlite_store.entries.get("https://example.org/1").updated == LATER
    assert sqlite_store.entries.get("https://example.org/2").updated < LATER


def test_reading_again_with_nothing_learned_changes_no_column(folder: Path, config: Config, store: Store) -> None:
    for number in range(3):
        write(folder, number)
    (folder / "note.md").write_text("# 题目\n\n没有日期，也没有链接。\n")
    (folder / "saved.csv").write_text("title,url,time_added,tags,status\n甲,https://example.org/x,1676903911,,unread\n")
    (folder / "bad.md").write_bytes(b"")
    ingest(config, store, now=NOW)
    before = rows(store)
    report = only_report(ingest(config, store, now=LATER, again=True))
    assert (report.again, report.same, report.changed, report.new) == (6, 5, 0, 0)
    assert report.failed == (("bad.md", "empty file"),)
    assert rows(store) == before


def test_reading_again_goes_on_after_a_kill(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 4)
    monkeypatch.setattr(module, "_CHUNK", 4)
    for number in range(10):
        write(folder, number)
    ingest(config, sqlite_store, now=NOW)

    def stop(_doing: str, done: int, _total: int | None) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest(config, sqlite_store, now=NOW, again=True, progress=stop)
    report = only_report(ingest(config, sqlite_store, now=NOW))
    assert (report.again, report.unchanged) == (6, 4)


def test_a_preview_says_how_many_would_be_read_again(folder: Path, config: Config, sqlite_store: Store) -> None:
    for number in range(3):
        write(folder, number)
    ingest(config, sqlite_store, now=NOW)
    write(folder, 0, "改过了。")
    write(folder, 3)
    [shown] = preview(config, sqlite_store, now=NOW, again=True)
    assert str(shown) == "mirror: 1 new, 1 changed, 2 again"
    assert shown.counts["unchanged"] == 0


def test_a_file_that_ends_its_process_when_it_is_read_again_keeps_its_entry(
    folder: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(sources=(FolderSource(name="mirror", folder=folder, when_gone="remove"),))
    for number in range(9):
        write(folder, number)
    ingest(config, sqlite_store, now=NOW)
    monkeypatch.setattr(module, "_GROW_AFTER", 3)
    read_by(monkeypatch, die_at_7)
    report = only_report(ingest(config, sqlite_store, now=NOW, again=True))
    assert ([path for path, _ in report.failed], report.again) == (["007.md"], 8)
    assert sqlite_store.entries.count() == 9


def test_an_article_whose_link_is_read_otherwise_now_is_the_same_entry(
    folder: Path, config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 1)
    ingest(config, sqlite_store, now=NOW)
    [before] = sqlite_store.entries.latest(9)

    read_by(monkeypatch, read_another_link)
    report = only_report(ingest(config, sqlite_store, now=LATER, again=True))
    [after] = sqlite_store.entries.latest(9)
    assert (report.changed, report.new) == (1, 0)
    assert (after.id, after.link, after.content) == (before.id, "https://example.org/better", "<p>短。</p>")
    assert after.updated == before.updated
    assert sqlite_store.entries.find("https://example.org/better") == after
    assert sqlite_store.entries.revisions([after.key]) == {}  # its source corrected nothing


def test_passes_that_fail_count_no_article_twice_and_cut_no_sentence(
    folder: Path, config: Config, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        write(folder, number)
    whole = store.take

    def fail(_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(store, "take", fail)
    for _ in range(25):
        with pytest.raises(StoreError):
            ingest(config, store, now=NOW)
    monkeypatch.setattr(store, "take", whole)
    ingest(config, store, now=NOW)
    assert store.tally().articles == {"example.org": 3}
    assert all(NOTICE in entry.content for entry in store.entries.iter_all())


def test_an_article_that_is_moved_or_read_again_is_counted_once(folder: Path, config: Config, store: Store) -> None:
    write(folder, 1)
    ingest(config, store, now=NOW)
    (folder / "001.md").rename(folder / "002.md")
    ingest(config, store, now=LATER)
    ingest(config, store, now=LATER, again=True)
    assert store.tally().articles == {"example.org": 1}

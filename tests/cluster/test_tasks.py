"""The tasks as values: what follows from what, and how reading is divided."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder import tasks
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, ScheduleConfig, SiteConfig, StoreConfig
from feeder.sources.feeds.polling import new_poll
from feeder.store import Store
from feeder.tasks import Done, Job, Work, divide, first_jobs, run

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FEEDS = [
    FeedSource(name=f"{host}-{number}", feed=f"http://{host}.example/{number}") for host in "abcdef" for number in "12"
]


def test_all_sources_of_a_host_are_in_one_share() -> None:
    jobs = list(divide(FEEDS, {source.name for source in FEEDS}, 4))
    assert 1 < len(jobs) <= 4
    assert sorted(name for job in jobs for name in job.sources) == sorted(source.name for source in FEEDS)
    for host in "abcdef":
        assert sum(f"{host}-1" in job.sources or f"{host}-2" in job.sources for job in jobs) == 1
    assert len({job.key for job in jobs}) == len(jobs)
    assert [job.key for job in divide(FEEDS, {"a-1"}, 4)] == [next(j.key for j in jobs if "a-1" in j.sources)]


def test_one_process_reads_everything_in_one_job() -> None:
    folder = FolderSource(name="mirror", folder=Path("x"))
    assert list(divide([folder, *FEEDS], {"mirror", "b-2"}, 1)) == [Job("read", "", ("mirror", "b-2"))]
    assert list(divide([folder], set(), 1)) == []
    assert list(divide([folder], {"mirror"}, 4)) == [Job("read", "folder mirror", ("mirror",))]


def test_only_what_is_due_is_handed_out(store: Store, tmp_path: Path) -> None:
    later = NOW.replace(hour=23)
    polls = [new_poll(source.name, source.feed) for source in FEEDS]
    store.sources.record_polls(poll if poll.source == "c-1" else replace(poll, next_check_at=later) for poll in polls)
    config = Config(sources=tuple(FEEDS), site=SiteConfig(output=tmp_path / "public"))
    done = run(Work(config=config, store=store, now=NOW, shares=16), Job("ingest"))
    [read, publish] = done.jobs
    assert (read.sources, publish.key) == (("c-1",), "publish")
    assert sum(report.not_due for report in done.report.sources) == len(FEEDS) - 1


def folder_config(tmp_path: Path, files: int) -> Config:
    folder = tmp_path / "articles"
    folder.mkdir()
    for number in range(files):
        head = f"---\ntitle: Day {number}\nlink: https://e.org/{number}\ndate: 2024-01-01\n---\n\n"
        (folder / f"{number}.md").write_text(f"{head}Rain, {number} mm.\n", "utf-8")
    return Config(
        sources=(FolderSource(name="mirror", folder=folder),),
        site=SiteConfig(output=tmp_path / "public"),
        store=StoreConfig(url="sqlite:///unused.db"),
    )


WHOLE = Job("read", "folder mirror", ("mirror",))


def do_all(work: Work, *jobs: Job) -> list[Job]:
    """Do these jobs and all readings that follow; return them in order."""
    waiting, did = list(jobs), []
    while waiting:
        job = waiting.pop(0)
        waiting += [one for one in run(work, job).jobs if one.task == "read" and one not in waiting]
        did.append(job)
        assert len(did) < 50, "it does not end"
    return did


def test_a_large_folder_is_read_in_parts_that_have_each_file_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SLICE", 10)
    work = Work(config=folder_config(tmp_path, 35), store=store, now=NOW, shares=4)
    first = run(work, WHOLE)
    *parts, publish = first.jobs
    assert publish == Job("publish")
    assert [part.part for part in parts] == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert parts[3].key == "read folder mirror, part 4 of 4"
    assert [part.is_slice for part in parts] == [True] * 4
    assert run(work, WHOLE).jobs == parts, "of a folder that is known all is left to the parts"
    counts, done = [first.report.sources[0].new], Done()
    assert 0 < counts[0] < 10, "what recurs in some files is known to those who read the others"
    for part in parts:
        done = run(work, part)
        counts.append(done.report.sources[0].new)
        assert [job.key for job in done.jobs] == ["read folder mirror", "publish"]
        assert store.sources.is_baseline("mirror"), "what the other parts bring is no news either"
        if part != parts[-1]:
            assert run(work, done.jobs[0]) == Done(), "others still read"
    assert sum(counts) == store.entries.count() == 35
    assert all(counts)
    do_all(work, *done.jobs[:1])
    assert store.entries.count() == 35
    assert not store.sources.is_baseline("mirror")


def test_parts_are_read_once_also_if_all_their_files_are_to_be_read_again_each_time(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SLICE", 10)
    config = folder_config(tmp_path, 0)
    for number in range(30):
        text = f"---\ntitle: Day {number}\ndate: 2024-01-01\nexpiryDate: 2099-01-01\n---\n\nRain, {number} mm.\n"
        (tmp_path / "articles" / f"{number}.md").write_text(text, "utf-8")
    work = Work(config=config, store=store, now=NOW, shares=4)
    assert len(do_all(work, WHOLE)) <= 7
    assert not store.sources.is_baseline("mirror")
    assert do_all(work, WHOLE) == [WHOLE]


def test_files_that_moved_from_part_to_part_are_the_same_entries(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder_config(tmp_path, 12)
    [source] = config.sources
    config = config.model_copy(update={"sources": (source.model_copy(update={"when_gone": "remove"}),)})
    work = Work(config=config, store=store, now=NOW, shares=4)
    do_all(work, WHOLE)
    before = {entry.id for entry in store.entries.latest(100)}
    monkeypatch.setattr(tasks, "SLICE", 4)
    folder = tmp_path / "articles"
    for number in range(12):
        (folder / f"{number}.md").rename(folder / f"moved-{number}.md")
    do_all(work, WHOLE)
    assert len(before) == 12
    assert {entry.id for entry in store.entries.latest(100)} == before
    assert sorted(store.documents.of_source("mirror")) == sorted(f"moved-{number}.md" for number in range(12))
    for file in list(folder.iterdir())[:4]:
        file.unlink()
    do_all(work, WHOLE)
    assert store.entries.count() == 8


def test_publishing_has_its_own_schedule_or_follows_reading(store: Store, tmp_path: Path) -> None:
    config = folder_config(tmp_path, 1)
    assert list(first_jobs(config)) == ["ingest"]
    own = config.model_copy(update={"schedule": ScheduleConfig(publish="1h")})
    assert list(first_jobs(own)) == ["ingest", "publish"]
    work = Work(config=own, store=store, now=NOW, shares=16)
    [read] = run(work, Job("ingest")).jobs
    assert run(work, read).jobs == []


def test_a_source_that_was_removed_meanwhile_is_left_out(store: Store, tmp_path: Path) -> None:
    work = Work(config=folder_config(tmp_path, 1), store=store, now=NOW, shares=16)
    assert run(work, Job("read", "share 1 of 16", ("gone", "too"))).report.sources == ()

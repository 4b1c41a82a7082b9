"""What is news: what a source gains once it has been read whole, on both databases; real passes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.catalogue.manage import add, pause, resume
from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, FolderSource
from feeder.ingest import folders, ingest
from feeder.store import Store
from tests.http_server import Answer, Server
from tests.ingest.test_polling import rss, source

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Reader:
    """Makes passes, and returns the titles of the news of each."""

    def __init__(self, store: Store, *sources: FolderSource | FeedSource) -> None:
        self.store, self.passes = store, 0
        self.config = Config(sources=sources, fetch=FetchConfig(user_agent="feeder-tests", timeout_s=5))
        self.last = 0

    def read(self, *names: str, again: bool = False) -> list[str]:
        self.passes += 1
        ingest(self.config, self.store, names=names, now=NOW + timedelta(days=self.passes), again=again)
        return self.news()

    def news(self) -> list[str]:
        found: list[str] = []
        while True:
            page, upto = self.store.entries.news_after(self.last, 2)
            found += [entry.title for _, entry in page]
            if upto is None:
                self.last = self.store.entries.last_number()
                return found
            self.last = upto


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture
def reader(store: Store, folder: Path) -> Reader:
    return Reader(store, FolderSource(name="mirror", folder=folder))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def write(folder: Path, *numbers: int, date: str = "date: 2026-05-01T08:00:00Z\n") -> None:
    for number in numbers:
        (folder / f"{number}.md").write_text(f"---\ntitle: Rain {number}\n{date}---\n\nIt rained {number} times.\n")


def test_what_a_folder_has_at_first_is_no_news_and_what_it_gains_is(reader: Reader, folder: Path) -> None:
    write(folder, 1, 2, 3)
    assert reader.read() == []
    write(folder, 4)
    assert reader.read() == ["Rain 4"]


def test_the_first_article_of_a_folder_that_was_empty_is_news(reader: Reader, folder: Path) -> None:
    assert reader.read() == []
    write(folder, 1)
    assert reader.read() == ["Rain 1"]


def test_what_a_pass_finds_again_or_after_a_pause_is_no_news(reader: Reader, folder: Path) -> None:
    write(folder, 1)
    reader.read()
    write(folder, 2)
    assert reader.read(again=True) == []
    pause(reader.config, reader.store, "mirror", now=NOW)
    write(folder, 3)
    reader.read()
    resume(reader.config, reader.store, "mirror")
    resume(reader.config, reader.store, "mirror")  # says that it was not paused
    assert reader.read() == []
    write(folder, 4)
    assert reader.read() == ["Rain 4"]


def test_news_that_nobody_has_asked_for_stay_news_when_a_new_baseline_begins(reader: Reader, folder: Path) -> None:
    reader.read()
    write(folder, 1)
    reader.read()
    reader.last = 0
    assert reader.read(again=True) == ["Rain 1"]


def test_a_first_pass_that_is_killed_makes_no_old_article_news(
    reader: Reader, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, *range(1, 7))
    monkeypatch.setattr(folders, "_BATCH", 2)
    real, calls = reader.store.take, []

    def take_twice(batches: object) -> object:
        calls.append(batches)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(batches)  # type: ignore[arg-type]  # passed on

    with monkeypatch.context() as broken:
        broken.setattr(reader.store, "take", take_twice)
        with pytest.raises(KeyboardInterrupt):
            reader.read()
    assert 0 < reader.store.entries.count() < 6
    assert reader.news() == []
    assert reader.read() == []
    write(folder, 7)
    assert reader.read() == ["Rain 7"]


def test_a_file_without_a_date_is_no_news_and_an_entry_of_a_feed_is(
    reader: Reader, folder: Path, server: Server
) -> None:
    reader.read()
    write(folder, 1, date="")
    assert reader.read() == []
    server.answers["/rain"] = [Answer(body=rss(1)), Answer(body=rss(2, 1).replace(b"pubDate", b"other"))]
    fed = Reader(reader.store, source(server))
    assert fed.read("rain") == []
    assert fed.read("rain") == ["Rain 2"]


def test_a_feed_that_fails_at_first_begins_when_it_is_read(store: Store, server: Server) -> None:
    reader = Reader(store, source(server))
    server.answers["/rain"] = [
        Answer(status=500),
        Answer(body=rss(1)),
        Answer(body=rss(1, 2)),
        Answer(body=rss(1, 2, 3)),
    ]
    assert [reader.read("rain"), reader.read("rain"), reader.read("rain")] == [[], [], ["Rain 2"]]
    assert reader.read("rain", again=True) == []


def test_a_feed_that_was_added_again_begins_anew(store: Store, server: Server) -> None:
    reader = Reader(store)
    config = {"name": "rain", "feed": server.url("/rain"), "allow_private": True}
    server.answers["/rain"] = [Answer(body=rss(1)), Answer(body=rss(1, 2)), Answer(body=rss(1, 2, 3))]
    add(reader.config, store, config, title="", link=None, now=NOW)
    assert reader.read("rain") == []
    store.sources.remove("rain")
    add(reader.config, store, config, title="", link=None, now=NOW)
    assert reader.read("rain") == []
    assert reader.read("rain") == ["Rain 3"]


def test_a_renamed_source_has_been_read(store: Store, folder: Path) -> None:
    write(folder, 1)
    Reader(store, FolderSource(name="old", folder=folder)).read()
    reader = Reader(store, FolderSource(name="new", folder=folder, renamed_from="old"))
    store.sources.rename("old", "new")
    store.sources.rename("nobody", "nothing")
    assert reader.news() == []
    write(folder, 2)
    assert reader.read() == ["Rain 2"]


def test_a_source_that_was_read_before_baselines_were_kept_goes_on(reader: Reader, folder: Path) -> None:
    write(folder, 1)
    reader.read()
    reader.store.database.set_note("baselines", "{}")
    reader.news()
    write(folder, 2)
    assert reader.read() == ["Rain 2"]

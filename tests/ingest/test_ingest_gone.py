"""What becomes of an article's entry when its file is gone, or holds it no longer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.ingest import IngestReport, ingest
from feeder.ingest import folders as module
from feeder.store import Store

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


@pytest.fixture(params=[500, 1], ids=["whole", "in parts"])
def parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Save exports at once, and article by article."""
    monkeypatch.setattr(module, "_BATCH", request.param)


def removing(folder: Path) -> Config:
    return Config(sources=(FolderSource(name="mirror", folder=folder, when_gone="remove"),))


def keeping(folder: Path) -> Config:
    return Config(sources=(FolderSource(name="mirror", folder=folder),))


def article(number: int, text: str = "下雨了。") -> str:
    return f"<!--{1_676_903_943_000 + number}-->\n[题目{number}](https://example.org/{number})\n------\n\n{text}\n"


def export(*numbers: int) -> str:
    rows = (f"题目{n},https://example.org/{n},16769039{n}0,,unread\n" for n in numbers)
    return "title,url,time_added,tags,status\n" + "".join(rows)


def read(config: Config, store: Store) -> IngestReport:
    [report] = ingest(config, store, now=NOW)
    return report


def titles(store: Store) -> list[str]:
    return sorted(entry.title for entry in store.entries.iter_all())


def origins(store: Store, folder: Path, number: int) -> list[str]:
    entry = store.entries.get(f"https://example.org/{number}")
    return [origin.address.removeprefix(f"{folder}/") for origin in store.entries.origins(entry.id)]


def test_a_file_that_cannot_be_read_for_now_takes_nothing_with_it(folder: Path, sqlite_store: Store) -> None:
    (folder / "1.md").write_text(article(1))
    read(removing(folder), sqlite_store)
    for broken in (b"", bytes(range(32)) * 50):  # such as one that is being written
        (folder / "1.md").write_bytes(broken)
        report = read(removing(folder), sqlite_store)
        assert (len(report.failed), report.removed, titles(sqlite_store)) == (1, 0, ["题目1"])
    (folder / "1.md").write_text(article(1))
    assert read(removing(folder), sqlite_store).new == 0


def test_an_entry_goes_with_its_file(folder: Path, sqlite_store: Store) -> None:
    for number in (1, 2):
        (folder / f"{number}.md").write_text(article(number))
    read(removing(folder), sqlite_store)
    (folder / "1.md").unlink()
    report = read(removing(folder), sqlite_store)
    assert (report.gone, report.removed) == (1, 1)
    assert str(report) == "mirror: 1 gone, 1 removed (1 unchanged)"
    assert titles(sqlite_store) == ["题目2"]


def test_a_moved_file_is_no_removal_of_its_entry(folder: Path, sqlite_store: Store) -> None:
    path = folder / "1.md"
    path.write_text(article(1))
    read(removing(folder), sqlite_store)
    number = sqlite_store.entries.last_number()
    path.rename(folder / "moved.md")
    report = read(removing(folder), sqlite_store)
    assert (report.same, report.gone, report.removed) == (1, 1, 0)
    assert (sqlite_store.entries.count(), sqlite_store.entries.last_number()) == (1, number)
    assert origins(sqlite_store, folder, 1) == ["moved.md"]


@pytest.mark.usefixtures("parts")
def test_all_articles_of_an_export_go_with_it(store: Store, folder: Path) -> None:
    (folder / "saved.csv").write_text(export(11, 12, 13))
    (folder / "1.md").write_text(article(1))
    read(removing(folder), store)
    assert store.entries.count() == 4
    (folder / "saved.csv").unlink()
    assert read(removing(folder), store).removed == 3
    assert store.entries.count() == 1


@pytest.mark.usefixtures("parts")
def test_names_that_are_like_that_of_an_export_are_not_taken_for_it(folder: Path, sqlite_store: Store) -> None:
    (folder / "a.csv").write_text(export(11, 12, 13))
    others = ("A.csv#1", "a.csv.x#1", "a.csv#10", "a_csv#1", "a%#1", "b.csv#1")
    for number, name in enumerate(others):
        (folder / name).write_text(article(number))
    (folder / "sub").mkdir()
    (folder / "sub" / "a.csv").write_text(export(21))
    read(removing(folder), sqlite_store)
    (folder / "a.csv").unlink()
    assert read(removing(folder), sqlite_store).removed == 3
    assert titles(sqlite_store) == sorted(["题目21", *(f"题目{n}" for n in range(len(others)))])


@pytest.mark.usefixtures("parts")
def test_a_file_that_is_called_like_an_article_of_an_export_is_not_taken_for_it(
    folder: Path, sqlite_store: Store
) -> None:
    (folder / "a.csv").write_text(export(11, 12))
    (folder / "a.csv#1").write_text(article(1))
    read(removing(folder), sqlite_store)
    (folder / "a.csv").unlink()
    assert read(removing(folder), sqlite_store).removed == 1  # which of the two is at a.csv#1 cannot be told
    assert titles(sqlite_store) == ["题目1", "题目11"]


@pytest.mark.usefixtures("parts")
def test_what_an_export_holds_no_longer_goes_and_the_rest_stays(folder: Path, store: Store) -> None:
    path = folder / "saved.csv"
    path.write_text(export(11, 12, 13))
    read(removing(folder), store)
    path.write_text(export(12, 14))
    report = read(removing(folder), store)
    assert (report.new, report.same, report.removed) == (1, 1, 1 + 1)
    assert titles(store) == ["题目12", "题目14"]
    assert origins(store, folder, 12) == ["saved.csv#1"]


@pytest.mark.usefixtures("parts")
def test_with_keep_everything_stays_that_was_ever_met(folder: Path, sqlite_store: Store) -> None:
    path = folder / "saved.csv"
    path.write_text(export(11, 12, 13))
    read(keeping(folder), sqlite_store)
    path.write_text(export(12))
    assert read(keeping(folder), sqlite_store).removed == 0
    assert titles(sqlite_store) == ["题目11", "题目12", "题目13"]
    path.unlink()
    (folder / "1.md").write_text(article(1))
    assert read(removing(folder), sqlite_store).removed == 3  # all that it ever held


def test_an_article_that_its_file_holds_no_longer_goes(folder: Path, sqlite_store: Store) -> None:
    path = folder / "a.md"
    path.write_text(article(1))
    read(removing(folder), sqlite_store)
    path.write_text(article(2))
    assert read(removing(folder), sqlite_store).removed == 1
    assert titles(sqlite_store) == ["题目2"]


@pytest.mark.usefixtures("parts")
def test_a_file_that_cannot_be_read_takes_nothing_with_it(folder: Path, sqlite_store: Store) -> None:
    (folder / "a.md").write_text(article(1))
    (folder / "saved.csv").write_text(export(11, 12))
    read(removing(folder), sqlite_store)
    (folder / "a.md").unlink()
    (folder / "a.md").symlink_to("/")
    (folder / "saved.csv").write_text(export(11) + "x" * 9_000_000)
    report = read(removing(folder), sqlite_store)
    assert (len(report.failed), report.removed, sqlite_store.entries.count()) == (2, 0, 3)
    (folder / "saved.csv").unlink()
    assert read(removing(folder), sqlite_store).removed == 2


@pytest.mark.usefixtures("parts")
def test_an_article_that_moves_from_one_file_to_a_later_one_is_the_same_entry(
    folder: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 1)
    (folder / "a.csv").write_text(export(11, 12))
    read(removing(folder), sqlite_store)
    number = sqlite_store.entries.last_number()
    (folder / "a.csv").write_text(export(11))
    (folder / "b.csv").write_text(export(12))
    report = read(removing(folder), sqlite_store)
    assert (report.new, report.same, report.removed) == (0, 2, 0)
    assert (sqlite_store.entries.last_number(), origins(sqlite_store, folder, 12)) == (number, ["b.csv#1"])
    (folder / "b.csv").write_text("title,url,time_added,tags,status\n短,https://example.org/12,1676903912,,unread\n")
    assert read(removing(folder), sqlite_store).changed == 1  # the file that it moved to holds its text now


@pytest.mark.usefixtures("parts")
def test_an_entry_stays_while_one_file_holds_it(folder: Path, sqlite_store: Store) -> None:
    (folder / "a.csv").write_text(export(11, 12))
    (folder / "b.csv").write_text(export(12, 13))
    read(removing(folder), sqlite_store)
    (folder / "a.csv").unlink()
    assert read(removing(folder), sqlite_store).removed == 1
    assert (titles(sqlite_store), origins(sqlite_store, folder, 12)) == (["题目12", "题目13"], ["b.csv#1"])


def test_a_pass_that_is_killed_leaves_what_is_to_go_to_the_next(
    folder: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        (folder / f"{number}.md").write_text(article(number))
    read(removing(folder), sqlite_store)
    (folder / "1.md").unlink()

    def killed() -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sqlite_store, "remove_orphans", killed)
        with pytest.raises(KeyboardInterrupt):
            read(removing(folder), sqlite_store)
    assert read(removing(folder), sqlite_store).removed == 1
    assert titles(sqlite_store) == ["题目2"]


def test_a_folder_that_is_suddenly_empty_takes_nothing_with_it(folder: Path, store: Store) -> None:
    for number in (1, 2):
        (folder / f"{number}.md").write_text(article(number))
    read(removing(folder), store)
    mounted = folder.rename(folder.parent / "mounted")
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"no article")
    report = read(removing(folder), store)
    [(path, told)] = report.failed
    assert (path, report.gone, report.removed, store.entries.count()) == (str(folder), 0, 0, 2)
    assert told == (
        "is empty, but had 2 documents; nothing was removed: mount its disk if it is not mounted; to remove them, "
        "put an article in the folder or delete the source"
    )
    (folder / "photo.jpg").unlink()
    folder.rmdir()
    mounted.rename(folder)
    assert str(read(removing(folder), store)) == "mirror: nothing new (2 unchanged)"

from pathlib import Path
from unittest.mock import Mock

import pytest

from feeder.errors import StoreError
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Media
from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import picture_media, picture_name
from feeder.store import Store
from tests.entries import make_entry
from tests.picture_data import png


def picture(words: str) -> Media:
    media = picture_media(png(words))
    assert media is not None
    return media


@pytest.fixture
def folder(tmp_path: Path) -> PictureFolder:
    return PictureFolder(tmp_path / "data/feeder.db.pictures")


def test_a_kept_picture_is_whole_and_cannot_be_written_to(folder: PictureFolder) -> None:
    assert not folder.has(picture("a"))
    folder.keep(picture("a"), png("a"))
    [file] = folder.root.iterdir()
    assert (file.name, file.read_bytes()) == (picture_name(picture("a")), png("a"))
    assert file.stat().st_mode & 0o222 == 0
    assert folder.has(picture("a"))


def test_a_picture_is_written_once_unless_it_was_cut_short(folder: PictureFolder) -> None:
    folder.keep(picture("a"), png("a"))
    [file] = folder.root.iterdir()
    before = file.stat().st_ino
    folder.keep(picture("a"), png("a"))
    assert file.stat().st_ino == before
    file.unlink()
    file.write_bytes(b"")
    folder.keep(picture("a"), png("a"))
    assert file.read_bytes() == png("a")


@pytest.mark.parametrize("one_disk", [True, False])
def test_a_picture_is_taken_from_another_folder(
    folder: PictureFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, one_disk: bool
) -> None:
    folder.keep(picture("a"), png("a"))
    [file] = folder.root.iterdir()
    if not one_disk:
        monkeypatch.setattr(Path, "hardlink_to", Mock(side_effect=OSError("another disk")))
    other = PictureFolder(tmp_path / "other" / "pictures")
    other.take(file)
    [taken] = other.root.iterdir()
    assert (taken.name, taken.read_bytes(), taken.samefile(file)) == (file.name, png("a"), one_disk)
    file.unlink()
    with pytest.raises(StoreError, match="cannot be copied: No such file or directory"):
        other.take(file)
    assert [*other.root.iterdir()] == [taken]


def test_pictures_that_are_not_used_and_remains_are_removed_and_other_files_stay(folder: PictureFolder) -> None:
    folder.remove_others(())
    for words in ("a", "b"):
        folder.keep(picture(words), png(words))
    for name in (".feeder-0123456789ab", "notes.txt", "mine.png"):
        (folder.root / name).write_bytes(b"x")
    used = picture_name(picture("a")) or ""
    folder.remove_others({used})
    assert {file.name for file in folder.root.iterdir()} == {used, "notes.txt", "mine.png"}


def test_a_folder_that_cannot_be_used_is_one_line(folder: PictureFolder) -> None:
    folder.root.parent.mkdir()
    folder.root.write_bytes(b"")
    with pytest.raises(StoreError, match=r"feeder\.db\.pictures: cannot be written: File exists"):
        folder.keep(picture("a"), png("a"))
    with pytest.raises(StoreError, match=r"feeder\.db\.pictures: cannot be cleaned up: Not a directory"):
        folder.remove_others(())


def test_what_cannot_be_removed_is_one_line(folder: PictureFolder) -> None:
    (folder.root / ".feeder-0123").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"feeder\.db\.pictures: cannot be cleaned up: "):
        folder.remove_others(())


def test_the_store_knows_which_pictures_its_entries_have(store: Store) -> None:
    web = Media(url="https://h.example/a.png", kind="image")
    address = Origin("notes", "/notes/a.md")
    for media, names in (((web,), set()), ((picture("a"), web), {"a"}), ((picture("b"),), {"b"}), ((web,), set())):
        entry = make_entry(1, media=media)
        places = {one.url: "/notes/a.png" for one in media}
        store.take([Batch(source="notes", incoming=[prepare(address, entry, pictures=places)])])
        assert store.entries.pictures() == {picture_name(picture(words)) for words in names}
    two = [make_entry(number, title=f"Day {number}", media=(picture("a"),)) for number in (2, 3)]
    store.take(
        [Batch(source="notes", incoming=[prepare(Origin("notes", f"/{one.id}"), one) for one in two])],
    )
    assert store.entries.pictures() == {picture_name(picture("a"))}
    store.entries.withdraw([one.key for one in two], now=two[0].published)
    assert store.entries.pictures() == set()

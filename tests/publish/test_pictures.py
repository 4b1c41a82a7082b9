"""Pictures of entries are published with the pages and feeds that show them."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import feedparser
import pytest

from feeder.cli.output import json_lines
from feeder.config.load import Config
from feeder.config.settings import FolderSource, SiteConfig, StoreConfig
from feeder.errors import PublishError
from feeder.ingest import ingest
from feeder.pictures.references import picture_media, picture_name, with_pictures_at
from feeder.publish.output.folder import Folder
from feeder.publish.site import PublishReport, publish
from feeder.store import Store
from tests.picture_data import png

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SITE = "https://site.example/archive/"


def path_of(data: bytes) -> str:
    media = picture_media(data)
    assert media is not None
    return f"pictures/{picture_name(media)}"


class Site:
    """A folder of articles and the site made of it."""

    def __init__(self, place: Path, store: Store) -> None:
        self.place, self.store, self.url = place, store, SITE
        (place / "notes").mkdir()

    @property
    def config(self) -> Config:
        return Config(
            sources=(FolderSource(name="notes", folder=self.place / "notes", when_gone="remove"),),
            site=SiteConfig(output=self.place / "public", url=self.url),
            store=StoreConfig(url=f"sqlite:///{self.place}/data/feeder.db"),
        )

    @property
    def output(self) -> Path:
        return self.config.site.output

    def write(self, path: str, data: bytes) -> Path:
        file = self.place / "notes" / path
        file.write_bytes(data)
        return file

    def article(self, name: str, picture: str) -> Path:
        text = f"---\ntitle: {name}\ndate: 2024-05-06\n---\n\nBoats {name}.\n\n![a boat]({picture})\n\nMore of them.\n"
        return self.write(f"{name}.md", text.encode())

    def update(self, *, again: bool = False) -> PublishReport:
        ingest(self.config, self.store, now=NOW, again=again)
        return publish(self.config, self.store, now=NOW)

    def pictures(self) -> dict[str, bytes]:
        found = self.output.glob("pictures/*")
        return {file.relative_to(self.output).as_posix(): file.read_bytes() for file in found}


@pytest.fixture
def site(tmp_path: Path, sqlite_store: Store) -> Site:
    return Site(tmp_path, sqlite_store)


def times(site: Site) -> dict[str, tuple[int, int]]:
    found = (file for file in site.output.rglob("*") if file.is_file())
    return {str(file): (file.stat().st_mtime_ns, file.stat().st_ino) for file in found}


def test_pages_feeds_and_exports_lead_to_a_published_picture(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    site.update()
    path = path_of(png("a"))
    assert site.pictures() == {path: png("a")}
    [page] = site.output.glob("entries/*.html")
    html = page.read_text()
    assert f'<img src="../{path}" alt="a boat"' in html
    assert f'<meta property="og:image" content="{SITE}{path}">' in html
    assert f'"image": "{SITE}{path}"' in html
    assert f'<img class="thumb" src="{path}"' in (site.output / "index.html").read_text()
    [entry] = feedparser.parse((site.output / "atom.xml").read_bytes()).entries
    assert f'src="{SITE}{path}"' in entry.content[0].value
    assert not [link for link in entry.links if link.rel == "enclosure"]  # it stands in the text
    stored = site.store.entries.latest(1)
    [exported] = json_lines(site.store, [with_pictures_at(entry, SITE) for entry in stored])
    assert json.loads(exported)["media"][0]["url"] == SITE + path
    everything = [file.read_bytes() for file in site.output.rglob("*") if file.is_file()]
    assert not [data for data in everything if b"feeder-picture" in data]


def test_a_published_picture_is_not_touched_again(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    site.update()
    before = times(site)
    assert site.update().written == 0
    site.article("two", "a.png")
    assert site.update().written > 0
    after = times(site)
    [picture] = (str(file) for file in site.output.glob("pictures/*"))
    assert before[picture] == after[picture]


def test_a_picture_that_no_entry_has_any_more_is_removed_everywhere(site: Site) -> None:
    for name in ("a", "b"):
        site.write(f"{name}.png", png(name))
    site.article("one", "a.png")
    two = site.article("two", "b.png")
    site.update()
    assert len(site.pictures()) == 2
    two.unlink()
    assert site.update().removed >= 1
    assert site.pictures() == {path_of(png("a")): png("a")}
    assert [file.name for file in site.config.store.pictures.iterdir()] == [path_of(png("a")).rpartition("/")[2]]


def test_a_removed_entry_takes_its_pictures_along(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    site.update()
    [entry] = site.store.entries.latest(1)
    site.store.entries.withdraw([entry.key], now=NOW)
    site.update()
    assert site.pictures() == {}
    site.store.entries.restore(entry.key)
    site.update()
    assert len(site.pictures()) == 1


def test_published_pictures_outlive_the_folder_they_are_from(site: Site) -> None:
    picture = site.write("a.png", png("a"))
    site.article("one", "a.png")
    ingest(site.config, site.store, now=NOW)
    picture.unlink()
    publish(site.config, site.store, now=NOW)
    assert site.pictures() == {path_of(png("a")): png("a")}


def test_another_address_of_the_site_moves_the_pictures_in_its_feed(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    site.update()
    change, site.url = site.store.entries.last_change(), "https://new.example/"
    site.update()
    assert site.store.entries.last_change() == change
    feed = (site.output / "atom.xml").read_text()
    assert f"https://new.example/{path_of(png('a'))}" in feed
    assert SITE not in feed


def test_a_deleted_or_changed_picture_is_published_again(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    site.update()
    [published] = site.output.glob("pictures/*")
    published.unlink()
    site.update()
    assert published.read_bytes() == png("a")
    published.unlink()
    published.write_bytes(b"something else")
    site.update()
    assert published.read_bytes() == png("a")


def test_a_picture_that_only_the_site_has_stays_and_one_that_nobody_has_is_told(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    site.update()
    [kept] = site.config.store.pictures.iterdir()
    kept.unlink()
    os.utime(next(site.output.glob("pictures/*")), ns=(1, 1))
    assert publish(site.config, site.store, now=NOW).failed == ()
    assert site.pictures() == {path_of(png("a")): png("a")}
    next(site.output.glob("pictures/*")).unlink()
    [(name, reason)] = publish(site.config, site.store, now=NOW).failed
    assert name == path_of(png("a"))
    assert reason == f"missing in {kept.parent}; `feeder ingest --again` copies it from its source"
    assert site.update(again=True).failed == ()
    assert site.pictures() == {path_of(png("a")): png("a")}


def test_other_files_beside_the_pictures_stay(site: Site) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    mine = [site.output / "pictures/mine.png", site.output / f"pictures/{'0' * 32}.png"]
    mine[0].parent.mkdir(parents=True)
    for file in mine:
        file.write_bytes(png("mine"))
    site.update()
    assert [file.read_bytes() for file in mine] == [png("mine")] * 2


@pytest.mark.parametrize("fault", [OSError(18, "Invalid cross-device link"), PermissionError(1, "not permitted")])
def test_a_picture_is_copied_where_it_cannot_be_linked(site: Site, fault: OSError) -> None:
    site.write("a.png", png("a"))
    site.article("one", "a.png")
    with patch.object(Path, "hardlink_to", side_effect=fault):
        site.update()
    [published] = site.output.glob("pictures/*")
    assert (published.read_bytes(), published.stat().st_nlink) == (png("a"), 1)


def test_a_link_takes_no_more_room_and_replaces_whole_files(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    source = tmp_path / "store/a"
    source.write_bytes(b"a")
    folder = Folder(tmp_path / "public")
    assert folder.link("pictures/a", source)
    assert folder.link("pictures/a", source)
    folder.flush()
    assert [file.name for file in (tmp_path / "public/pictures").iterdir()] == ["a"]
    assert (tmp_path / "public/pictures/a").samefile(source)
    assert not folder.link("pictures/b", tmp_path / "store/b")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    folder = Folder(tmp_path / "public")
    (tmp_path / "public/pictures").write_bytes(b"")
    with pytest.raises(PublishError, match="public: cannot be written: "):
        folder.link("pictures/a", tmp_path / "a")

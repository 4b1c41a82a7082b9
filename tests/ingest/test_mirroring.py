"""Copies of other sites' pictures: fetched once, over real connections, and never asked for by readers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, SiteConfig, StoreConfig
from feeder.errors import ConfigError
from feeder.incoming.origin import Origin
from feeder.ingest import mirroring
from feeder.ingest.mirroring import ATTEMPTS, PicturesReport, update_pictures
from feeder.model import Media
from feeder.pictures.references import with_pictures_at
from feeder.publish.feeds import EVERYTHING, make_feed
from feeder.publish.formats import FORMATS, Rendering, render_feed
from feeder.publish.html import pages
from feeder.publish.shown import ShownPictures
from feeder.publish.site import publish
from feeder.store import Store
from feeder.store.tables import entries
from feeder.update import PUBLISH, update
from tests.entries import make_entry
from tests.http_server import Answer, Server
from tests.saving import save

Image = pytest.importorskip("PIL.Image", reason="Pillow, an optional part, is not installed")
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def picture(number: int = 0, width: int = 700) -> bytes:
    written = BytesIO()
    Image.new("RGB", (width, 40), (number, 100, 100)).save(written, "PNG")
    return written.getvalue()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


class Mirror:
    """A store of entries with pictures, and the site made of it."""

    def __init__(self, place: Path, store: Store, server: Server) -> None:
        self.place, self.store, self.server = place, store, server
        self.images, self.allow_private, self.room = "mirror", True, 10_000_000

    @property
    def config(self) -> Config:
        source = FeedSource(name="paper", feed=self.server.url("/feed"), allow_private=self.allow_private)
        site: Any = {"images": self.images, "mirror_bytes": self.room}
        return Config(
            sources=(source,),
            site=SiteConfig(output=self.place / "public", url="https://site.example/", **site),
            store=StoreConfig(url=f"sqlite:///{self.place}/data/feeder.db"),
            fetch=FetchConfig(user_agent="feeder-tests", timeout_s=5, per_host=1),  # in order
        )

    def article(self, number: int, *paths: str, media: tuple[Media, ...] = ()) -> None:
        """Save an entry with pictures; a greater number is a newer one."""
        content = "".join(f'<p><img src="{self.server.url(path)}" alt="picture {path}"></p>' for path in paths)
        entry = make_entry(
            number, content=f"{content}<p>Text {number}</p>", media=media, published=NOW - (100 - number) * HOUR
        )
        save(self.store, [(Origin("paper", str(number)), entry)])

    def run(self, after: timedelta = timedelta(), **more: Any) -> PicturesReport | None:
        return update_pictures(self.config, self.store, now=NOW + after, **more)

    def requests(self) -> list[str]:
        targets = [request.target for request in self.server.requests]
        self.server.requests.clear()
        return targets

    def files(self) -> set[str]:
        folder = self.config.store.pictures
        return {file.name for file in folder.iterdir()} if folder.exists() else set()


@pytest.fixture
def mirror(tmp_path: Path, sqlite_store: Store, server: Server) -> Mirror:
    return Mirror(tmp_path, sqlite_store, server)


def test_a_picture_is_fetched_once_and_pages_and_feeds_show_only_copies(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = Answer(body=picture(width=1000))
    url = mirror.server.url("/a.png")
    mirror.article(1, "/a.png", "/gone.png", media=(Media(url=url, kind="image"),))
    assert mirror.run() == PicturesReport(fetched=1, failed=1)
    assert sorted(mirror.requests()) == ["/a.png", "/gone.png"]
    assert mirror.run(after=100 * HOUR) == PicturesReport()
    assert mirror.requests() == []
    assert len(mirror.files()) == 2
    assert mirror.files() == mirror.store.entries.pictures()
    index = mirror.store.search.status()
    assert index.followed == index.changes == mirror.store.entries.last_change()
    site = mirror.config.site
    [entry] = ShownPictures(site, mirror.store).of(mirror.store.entries.latest(1))
    page = pages.render_article(site, entry)
    feeds = [
        render_feed(
            kind,
            make_feed(site, EVERYTHING, kind, empty_since=NOW),
            [with_pictures_at(entry, site.url)],
            Rendering(page_url=lambda _: site.url),
        ).decode()
        for kind in FORMATS
    ]
    for document in (page, *feeds):
        assert mirror.server.url("/") not in document
        assert "picture /gone.png" in document
        assert document.count("pictures/") >= 3
        assert "feeder-picture" not in document
    assert "img-src &#39;self&#39;;" in page
    [stored] = mirror.store.entries.latest(1)
    assert url in stored.content


def test_a_site_that_links_pictures_fetches_none_and_forgets_copies(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = Answer(body=picture())
    mirror.article(1, "/a.png")
    mirror.run()
    publish(mirror.config, mirror.store)
    assert len(mirror.files()) == 2
    mirror.images = "link"
    assert mirror.run() is None
    update(mirror.config, mirror.store, parts=PUBLISH)
    assert mirror.files() == mirror.store.entries.pictures() == set()
    mirror.images = "mirror"
    assert mirror.run() == PicturesReport(fetched=1)


def test_a_failure_is_tried_again_later_and_later_and_then_no_more(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = Answer(500)
    mirror.article(1, "/a.png")
    waits = [timedelta(), HOUR / 4, HOUR, 4 * HOUR, 16 * HOUR, 64 * HOUR]
    after = timedelta()
    for wait in waits:
        if wait:
            mirror.run(after=after + wait - timedelta(seconds=1))
            assert mirror.requests() == []
        after += wait
        mirror.run(after=after)
        assert mirror.requests() == ["/a.png"]
    assert len(waits) == ATTEMPTS
    mirror.run(after=after + 1000 * HOUR)
    assert mirror.requests() == []
    assert mirror.store.pictures.counts().gone == 1


def test_a_picture_that_comes_later_is_a_change_of_its_entries(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = [Answer(500), Answer(body=picture())]
    for number in (1, 2):
        mirror.article(number, "/a.png")
    mirror.article(3)
    change = mirror.store.entries.last_change()
    before = mirror.store.entries.changed_marks(0, 9).marks
    mirror.run()
    assert mirror.store.entries.last_change() == change
    mirror.run(after=HOUR)
    changed = mirror.store.entries.changed_marks(change, 9).marks
    assert {mark.key for mark in changed.values()} == {make_entry(number).key for number in (1, 2)}
    assert all(mark.version != before[number].version for number, mark in changed.items())


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_gone_picture_is_not_asked_for_again(mirror: Mirror, status: int) -> None:
    mirror.server.answers["/a.png"] = Answer(status)
    mirror.article(1, "/a.png")
    assert mirror.run() == PicturesReport(failed=1)
    mirror.article(2, "/a.png")
    assert mirror.run(after=1000 * HOUR) == PicturesReport()
    assert mirror.requests() == ["/a.png"]


@pytest.mark.parametrize("body", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", picture()[:60]])
def test_what_is_no_picture_is_not_kept(mirror: Mirror, body: bytes) -> None:
    mirror.server.answers["/a.png"] = Answer(body=body, headers={"Content-Type": "image/png"})
    mirror.article(1, "/a.png")
    assert mirror.run() == PicturesReport(failed=1)
    assert mirror.run(after=1000 * HOUR) == PicturesReport()
    assert mirror.files() == set()


def test_no_picture_is_fetched_from_a_private_network_that_the_owner_did_not_name(mirror: Mirror) -> None:
    mirror.allow_private = False
    mirror.article(1, "/a.png")
    assert mirror.run() == PicturesReport(failed=1)
    assert mirror.requests() == []


def test_a_server_that_asks_for_a_pause_gets_it(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = Answer(429, headers={"Retry-After": "7200"})
    mirror.article(1, "/a.png")
    mirror.run()
    mirror.article(2, "/b.png")
    assert mirror.run(after=HOUR) == PicturesReport(pending=1)
    assert mirror.requests() == ["/a.png"]
    mirror.run(after=3 * HOUR)
    assert sorted(mirror.requests()) == ["/a.png", "/b.png"]


def test_pictures_that_no_entry_shows_any_more_are_removed(mirror: Mirror) -> None:
    for name in ("a", "b", "c"):
        mirror.server.answers[f"/{name}.png"] = Answer(body=picture(ord(name), width=100))
    mirror.article(1, "/a.png", "/b.png")
    mirror.article(2, "/c.png")
    mirror.run()
    assert len(mirror.files()) == 3
    mirror.article(1, "/a.png")
    mirror.store.entries.withdraw([make_entry(2).key], now=NOW)
    mirror.run()
    publish(mirror.config, mirror.store)
    assert len(mirror.files()) == 1
    published = {file.name for file in (mirror.place / "public/pictures").iterdir()}
    assert published == mirror.files() == mirror.store.entries.pictures()


def test_the_newest_entries_come_first_and_keep_their_pictures_when_room_is_short(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirroring, "_BATCH", 1)
    for number in range(6):
        mirror.server.answers[f"/{number}.png"] = Answer(body=picture(number, width=100))
        mirror.article(number, f"/{number}.png")
    mirror.room = 1_000_000
    one = mirror.run()
    assert one == PicturesReport(fetched=6)
    assert mirror.requests()[0] == "/5.png"
    length = mirror.store.pictures.counts().bytes // 6
    mirror.store.pictures.make_room(3 * length + length // 2)
    copies = mirror.store.pictures.renditions([make_entry(number).key for number in range(6)])
    kept = {address.removeprefix(mirror.server.url("")) for address in copies}
    assert kept == {"/3.png", "/4.png", "/5.png"}
    due = mirror.store.pictures.due(NOW, 9, room=3 * length)
    assert due == []
    mirror.server.answers["/6.png"] = Answer(body=picture(6, width=100))
    mirror.article(6, "/6.png")
    mirroring._follow(mirror.store)
    assert [one.address for one in mirror.store.pictures.due(NOW, 9, room=3 * length)] == [mirror.server.url("/6.png")]
    assert mirror.run() == PicturesReport(fetched=4)


def test_a_killed_pass_goes_on_where_it_was(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "_BATCH", 1)
    paths = [f"/{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        mirror.server.answers[path] = Answer(body=picture(number, width=50))
    mirror.article(1, *paths)

    def kill(_stage: str, done: int, _total: int | None) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mirror.run(progress=kill)
    assert mirror.store.pictures.counts().fetched == 2
    assert mirror.run() == PicturesReport(fetched=3)
    publish(mirror.config, mirror.store)
    assert len(mirror.files()) == 5


def test_a_pass_ends_in_time_and_the_next_fetches_the_rest(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirroring, "_DEADLINE_S", 0.3)
    mirror.server.answers["/slow.png"] = Answer(body=[b"x"] * 100, pause_s=0.1)
    mirror.article(1, "/slow.png")
    assert mirror.run() == PicturesReport(pending=1)
    mirror.server.answers["/slow.png"] = Answer(body=picture())
    monkeypatch.undo()
    assert mirror.run() == PicturesReport(fetched=1)


def test_reading_again_fetches_what_was_given_up_or_lost(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = Answer(body=picture())
    mirror.server.answers["/b.png"] = [Answer(404), Answer(body=picture(1))]
    mirror.article(1, "/a.png", "/b.png")
    assert mirror.run(again=True) == PicturesReport(fetched=1, failed=1)
    mirror.config.store.pictures.rename(mirror.place / "lost")
    assert mirror.run() == PicturesReport()
    assert mirror.run(again=True) == PicturesReport(fetched=2)
    assert mirror.files() == mirror.store.entries.pictures()


def test_pictures_of_copies_of_an_entry_are_not_fetched(mirror: Mirror) -> None:
    mirror.article(1, "/a.png")
    mirror.article(2, "/b.png")
    original, copy = sorted(mirror.store.entries.newest_numbers(2))
    with mirror.store.database.write() as connection:
        connection.execute(sqlalchemy.update(entries).where(entries.c.number == copy).values(copy_of=original))
    mirror.run()
    assert mirror.requests() == ["/a.png"]


def test_an_update_fetches_pictures_before_it_publishes(mirror: Mirror) -> None:
    mirror.server.answers["/a.png"] = Answer(body=picture())
    text = f"&lt;img src='{mirror.server.url('/a.png')}'&gt; It rained."
    item = f"<item><guid>1</guid><title>Rain</title><description>{text}</description></item>"
    mirror.server.answers["/feed"] = Answer(body=f"<rss version='2.0'><channel>{item}</channel></rss>".encode())
    report = update(mirror.config, mirror.store)
    assert report.pictures == PicturesReport(fetched=1)
    assert str(report.pictures) == "pictures: 1 fetched"
    assert len(list((mirror.place / "public/pictures").iterdir())) == len(mirror.files()) == 2
    assert str(PicturesReport()) == "pictures: nothing new"


def test_without_pillow_copies_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from feeder.config.load import load_config  # noqa: PLC0415  only here

    monkeypatch.setattr("feeder.config.settings.find_spec", lambda _: None)
    file = tmp_path / "config.toml"
    file.write_text('[site]\nimages = "mirror"\n')
    with pytest.raises(ConfigError, match=r"site\.images: 'mirror': needs Pillow; run `pip install pillow`"):
        load_config(file)

"""Which source owns an entry: feeds that repeat, move, number and copy items, and the user's own folder."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FetchConfig, FolderSource, SiteConfig, StoreConfig
from feeder.ingest import ingest
from feeder.model import Entry
from feeder.publish.site import publish
from feeder.store import Store, parse_query
from tests.http_server import Answer, Server

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WORDS = "The harbour froze over in the night, and in the morning people walked across to the islands. " * 4


class World:
    """Named feeds, a folder, and the store they are read into."""

    def __init__(self, server: Server, store: Store, folder: Path) -> None:
        self.server, self.store, self.folder, self.passes = server, store, folder, 0
        self.duplicates: Literal["group", "show"] = "group"
        self.names: list[str] = []
        (folder / "own").mkdir()

    @property
    def config(self) -> Config:
        feeds = [FeedSource(name=n, feed=self.server.url(f"/{n}"), allow_private=True) for n in self.names]
        own = FolderSource(name="own", folder=self.folder / "own")
        site = SiteConfig(
            url="https://mine.example/", output=self.folder / "public", language="en", duplicates=self.duplicates
        )
        store = StoreConfig(url=self.store.database.url)
        return Config(store=store, sources=(own, *feeds), fetch=FetchConfig(user_agent="feeder-tests"), site=site)

    def poll(self, name: str, *items: str, link: str = "https://site.example/") -> None:
        if name not in self.names:
            self.names.append(name)
        channel = f"<channel><title>{name}</title><link>{link}</link>{''.join(items)}</channel>"
        self.server.answers[f"/{name}"] = Answer(body=f"<rss version='2.0'>{channel}</rss>".encode())
        self.read(name)

    def read(self, name: str) -> None:
        self.passes += 1
        [report] = ingest(self.config, self.store, names=[name], now=NOW + timedelta(hours=self.passes))
        assert not report.failed

    def titles(self) -> list[str]:
        return sorted(entry.title for entry in self.store.entries.iter_all())

    def shown(self) -> list[Entry]:
        return self.store.entries.latest(99)


@pytest.fixture
def world(sqlite_store: Store, tmp_path: Path) -> Iterator[World]:
    with Server() as server:
        yield World(server, sqlite_store, tmp_path)


def made(title: str, *, guid: str = "", link: str = "", day: int = 0, text: str = "") -> str:
    parts = [f"<title>{title}</title>", f"<description>{text}</description>"]
    parts += [f"<guid isPermaLink='false'>{guid}</guid>"] if guid else []
    parts += [f"<link>{link}</link>"] if link else []
    parts += [f"<pubDate>0{day} Apr 2026 10:00:00 GMT</pubDate>"] if day else []
    return f"<item>{''.join(parts)}</item>"


PAGE = "https://site.example/a"


def test_a_feed_does_not_change_the_entries_of_another(world: World) -> None:
    world.poll("good", made("The harbour froze", guid=PAGE, link=PAGE, day=1, text="True words."))
    world.poll("evil", made("Buy now", guid=PAGE, link=PAGE, day=2, text=WORDS))
    good, evil = sorted(world.shown(), key=lambda entry: entry.published)
    assert (good.id, good.title, good.source.name) == (PAGE, "The harbour froze", "good")
    assert "True words." in good.content
    assert (evil.title, evil.source.name, evil.id.startswith("urn:uuid:")) == ("Buy now", "evil", True)
    world.poll("evil", made("Buy more", guid=PAGE, link=PAGE, day=2, text=WORDS))
    assert world.store.entries.get(PAGE).title == "The harbour froze"
    assert world.store.entries.get(evil.id).title == "Buy more"


def test_a_feed_and_the_users_own_file_never_change_each_other(world: World) -> None:
    file = world.folder / "own" / "a.md"
    file.write_text(f"---\ntitle: The harbour froze\nlink: {PAGE}\ndate: 2026-04-01\n---\n\nMy words.\n", "utf-8")
    world.read("own")
    world.poll("feed", made("The harbour froze", link=PAGE, day=1, text=WORDS))
    [entry] = world.shown()
    assert "My words." in entry.content
    file.write_text(f"---\ntitle: The harbour froze\nlink: {PAGE}\ndate: 2026-04-01\n---\n\nMine again.\n", "utf-8")
    world.read("own")
    assert [WORDS[:20] in one.content for one in world.store.entries.iter_all()].count(True) == 1
    assert "Mine again." in world.store.entries.get(PAGE).content


def test_the_users_own_file_is_stored_even_if_a_feed_has_had_its_link_and_text_first(world: World) -> None:
    world.poll("feed", made("The harbour froze", link=PAGE, day=1, text=WORDS))
    file = world.folder / "own" / "a.md"
    file.write_text(f"---\ntitle: The harbour froze\nlink: {PAGE}\n---\n\n{WORDS}\n", "utf-8")
    world.read("own")
    assert sorted(entry.source.name or "" for entry in world.store.entries.iter_all()) == ["feed", "own"]


def test_two_feeds_that_number_their_items_stay_apart(world: World) -> None:
    world.poll("x", made("Only in x", guid="1", link="https://site.example/x/1"))
    world.poll("y", made("Only in y", guid="1", link="https://site.example/y/1"))
    assert world.titles() == ["Only in x", "Only in y"]
    assert len({entry.id for entry in world.store.entries.iter_all()}) == 2


@pytest.mark.parametrize("guid", ["101", "7d0f8c1e-1111-4a2b-9c3d-000000000001", "tag:site.example,2024:a"])
def test_a_site_that_moves_adds_no_new_entries(world: World, guid: str) -> None:
    world.poll("s", made("A", guid=guid, link="https://site.example/a", day=1))
    before = world.shown()[0].id
    world.poll("s", made("A", guid=guid, link="https://moved.example/a", day=1), link="https://moved.example/")
    [entry] = world.shown()
    assert (entry.id, entry.link) == (before, "https://moved.example/a")
    world.poll("s", made("A", guid=guid, link="https://moved.example/b", day=1), link="")
    assert len(world.shown()) == 1


def test_entries_that_share_an_address_are_all_stored(world: World) -> None:
    for hour in (7, 8, 9):
        world.poll("s", made(f"News at {hour}", guid=f"g-{hour}", link="https://site.example/now", day=hour))
    assert world.titles() == ["News at 7", "News at 8", "News at 9"]


def test_a_feed_without_guids_duplicates_and_loses_nothing_as_it_grows_and_shrinks(world: World) -> None:
    status = "https://site.example/status"
    seven, eight, nine = (made("Service", link=status, day=day, text="down") for day in (7, 8, 9))
    for number, items in enumerate([(seven,), (eight, seven), (nine, eight), (nine,), (nine, eight, seven)]):
        world.poll("s", *items)
        assert len(world.titles()) == min(number + 1, 3)


def test_a_guid_that_all_items_share_identifies_none(world: World) -> None:
    for items in [("A", "B"), ("B",), ("A", "B")]:
        world.poll("s", *(made(title, guid="0", day=1) for title in items))
        assert world.titles() == ["A", "B"]


def test_a_correction_of_an_item_without_guid_and_link_updates_it(world: World) -> None:
    world.poll("s", made("Notice", day=1, text="The road is closd."))
    world.poll("s", made("Notice", day=1, text="The road is closed."))
    [entry] = world.shown()
    assert "closed" in entry.content


def test_an_entry_of_several_sources_is_shown_once_and_its_page_names_the_others(world: World) -> None:
    world.poll("first", made("The harbour froze over", guid="f-1", link="https://first.example/a", day=1, text=WORDS))
    world.poll("second", made("The harbour froze over", guid="s-1", link="https://second.example/b", day=2, text=WORDS))
    assert world.store.entries.count() == 2
    [entry] = world.shown()
    assert entry.source.name == "first"
    assert len(world.store.entries.added_after(0, 9)) == 1
    assert world.store.search.find(parse_query("harbour"), limit=9, wait=True).total == 1
    publish(world.config, world.store, now=NOW)
    pages = list((world.folder / "public" / "entries").iterdir())
    assert [page.stem for page in pages] == [entry.key]
    assert "https://second.example/b" in pages[0].read_text("utf-8")
    assert world.store.sources.remove("first") is None


def test_duplicates_can_be_shown_separately_and_grouped_again(world: World) -> None:
    world.poll("first", made("The harbour froze over", guid="f-1", link=PAGE, day=1, text=WORDS))
    world.poll("second", made("The harbour froze over", guid="s-1", link=PAGE, day=2, text=WORDS))
    world.duplicates = "show"
    world.read("first")
    assert len(world.shown()) == 2
    assert world.store.search.find(parse_query("harbour"), limit=9, wait=True).total == 2
    world.poll("third", made("The harbour froze over", guid="t-1", link=PAGE, day=3, text=WORDS))
    assert len(world.shown()) == 3
    world.duplicates = "group"
    world.read("first")
    assert [entry.source.name for entry in world.shown()] == ["first"]
    assert world.store.search.find(parse_query("harbour"), limit=9, wait=True).total == 1


def test_the_same_link_with_an_unrelated_title_is_not_a_duplicate(world: World) -> None:
    world.poll("first", made("Words of its own, stolen place", link=PAGE, day=1, text="Spam."))
    world.poll("second", made("The harbour froze over", link=PAGE, day=2, text=WORDS))
    assert len(world.shown()) == 2


def test_sharing_an_address_with_an_unchanged_item_does_not_make_an_item_new(world: World) -> None:
    old = made("Rain", guid="r-1", link=PAGE, day=1, text="It rained.")
    world.poll("s", old)
    world.poll("s", made("Rain", guid="r-2", link=PAGE, day=2, text="It rained."), old)
    assert world.titles() == ["Rain", "Rain"]


def test_the_number_of_identifiers_of_an_entry_is_limited(world: World) -> None:
    for number in range(40):
        world.poll("s", made("Rain", guid=f"random-{number}", link=PAGE, day=1, text="It rained."))
    assert world.titles() == ["Rain"]
    with world.store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM names").scalar_one() == 24

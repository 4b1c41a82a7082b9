"""Anything can be taken out: an entry for good, a source with its entries; and a renamed source keeps what it has."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from bot.delivery.chats import find_subscriptions, read_channels, sync_channels
from bot.planning import planner
from bot.tables import migrate_tables
from feeder.config.settings import ChannelConfig
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.store import Outcome, Store, parse_query
from tests.catalogue.test_managing import NOW, add, blog, server  # noqa: F401  fixtures
from tests.cli.test_cli import Feeder, feeder, lines  # noqa: F401  a fixture
from tests.conftest import on_sqlite_alone
from tests.entries import make_entry
from tests.http_server import Answer, Server
from tests.ingest.test_polling import rss
from tests.saving import save

pytestmark = pytest.mark.usefixtures("on_each_database")

LONG = "The river rose in the night and took the lower bridge away. " * 8


def write(folder: Path, **sources: str) -> None:
    blocks = [f"[[sources]]\nname = '{name}'\n{keys}\n" for name, keys in sources.items()]
    (folder / "config.toml").write_text("[web]\nport = 0\n" + "".join(blocks), "utf-8")


@pytest.fixture
def river(feeder: Feeder, tmp_path: Path) -> Path:
    """A folder of two articles that was read and published."""
    folder = tmp_path / "river"
    folder.mkdir()
    (folder / "flood.md").write_text(f"---\ntitle: Flood\nlink: https://e.org/flood\n---\n\n{LONG}\n", "utf-8")
    (folder / "calm.md").write_text("---\ntitle: Calm\n---\n\nNothing moved.\n", "utf-8")
    write(tmp_path, river="folder = 'river'")
    assert feeder("update").code == 0
    return folder


def titles(feeder: Feeder) -> list[str]:
    return sorted(entry["title"] for entry in lines(feeder("export", "--json").out))


# --- one entry ----------------------------------------------------------------------------------------------------


def test_a_removed_entry_is_gone_from_pages_feed_and_index_and_stays_away(
    feeder: Feeder,
    river: Path,
    tmp_path: Path,
) -> None:
    ended = feeder("remove", "https://e.org/flood")
    assert (ended.code, ended.out.startswith("removed 1 entry; ")) == (0, True)
    assert feeder("search", "river").code == 1
    os.utime(river / "flood.md", (1, 1))
    (river / "copy.md").write_text("---\ntitle: Flood\nlink: https://other.example/f\n---\n\n" + LONG, "utf-8")
    assert feeder("update", "").code == 2
    assert feeder("update").code == 0
    assert feeder("ingest", "--again").code == 0
    assert titles(feeder) == ["Calm"]
    assert "Flood" not in (tmp_path / "public/atom.xml").read_text("utf-8")
    assert len([*(tmp_path / "public/entries").glob("*.html")]) == 1


def test_a_removed_entry_without_a_link_stays_away_too(feeder: Feeder, river: Path) -> None:
    key = next(entry["key"] for entry in lines(feeder("export").out) if entry["title"] == "Calm")
    assert feeder("remove", key[:8], "--yes").code == 0
    (river / "calm.md").write_text("---\ntitle: Calm\n---\n\nNothing moved at all.\n", "utf-8")
    feeder("ingest")
    assert titles(feeder) == ["Flood"]


def test_removed_entries_are_listed_and_come_back_when_asked_to(feeder: Feeder, river: Path) -> None:
    assert river.is_dir()
    [calm, flood] = sorted(lines(feeder("export").out), key=lambda entry: entry["title"])
    assert feeder("remove", calm["id"], flood["link"], flood["key"]).out.startswith("removed 2 entries; ")
    listed = lines(feeder("remove", "--list", "--json").out)
    assert {(one["key"], one["title"]) for one in listed} == {(calm["key"], "Calm"), (flood["key"], "Flood")}
    assert f"{flood['key']}  " in feeder("remove", "--list").out
    back = feeder("remove", "--undo", flood["link"])
    assert back.out == "restored 1 entry; the next pass reads what its source still has\n"
    feeder("ingest")
    assert titles(feeder) == ["Flood"]
    assert lines(feeder("export").out)[0]["id"] == flood["id"]
    assert feeder("remove", "--undo", flood["link"]).err == (
        "feeder: 'https://e.org/flood' is not a removed entry; `feeder remove --list` lists them\n"
    )


def test_an_entry_of_a_feed_is_removed_and_comes_back(feeder: Feeder, server: Server, blog: str) -> None:
    add(feeder, blog)
    feeder("ingest")
    assert feeder("remove", "https://e.org/2").code == 0
    server.answers["/feed.xml"] = Answer(body=rss(1, 2, 3, 4))
    assert feeder("ingest", "rain").out == "rain: 1 read, 1 new\n"
    assert feeder("ingest", "rain", "--again").out == "rain: 1 read, 4 same\n"
    assert titles(feeder) == ["Rain 1", "Rain 3", "Rain 4"]
    assert feeder("remove", "--undo", "https://e.org/2").code == 0
    assert feeder("ingest").out == "rain: 1 read, 1 new, 3 same\n"


def test_a_feed_with_the_text_of_a_removed_entry_under_another_title_has_an_entry_of_its_own(
    store: Store,
) -> None:
    here, there = Origin("here", "/a.md"), Origin("there", "https://e.org/f")
    text = f"<p>{LONG}</p>"
    save(store, [(here, make_entry(1, content=text))])
    assert store.entries.withdraw([make_entry(1).key], now=NOW) == 1
    assert save(store, [(here, make_entry(2, content=text))]) == [Outcome.SAME]
    shared = prepare(there, make_entry(3, title="Quite another matter", content=text))
    assert store.take([Batch(source="there", incoming=[shared])]) == [[Outcome.NEW]]


def test_what_is_withdrawn_leaves_the_index_on_every_database(store: Store) -> None:
    here = Origin("here", "/a.md")
    save(store, [(here, make_entry(1)), (here, make_entry(2))])
    assert store.entries.withdraw([make_entry(1).key, make_entry(2).key], now=NOW) == 2
    assert store.search.find(parse_query("雨"), limit=9).total == 0
    store.entries.restore(make_entry(1).key)
    assert [one.id for one in store.entries.withdrawn()] == [make_entry(2).id]
    assert save(store, [(here, make_entry(1)), (here, make_entry(2))]) == [Outcome.NEW, Outcome.SAME]
    assert store.entries.withdraw([make_entry(1).key], now=NOW) == 1


def test_what_is_not_there_is_not_removed_and_nothing_else_is(feeder: Feeder, river: Path) -> None:
    assert river.is_dir()
    ended = feeder("remove", "https://e.org/flood", "nothing")
    assert (ended.code, ended.err) == (1, "feeder: no such entry: 'nothing'\n")
    assert titles(feeder) == ["Calm", "Flood"]


@on_sqlite_alone
@pytest.mark.parametrize("words", [(), ("--undo",), ("--list", "x"), ("--list", "--undo")])
def test_a_removal_of_nothing_is_a_mistake(feeder: Feeder, words: tuple[str, ...]) -> None:
    assert feeder("remove", *words).code == 2


@on_sqlite_alone
@pytest.mark.parametrize(("answer", "left"), [(b"y\n", ["Calm"]), (b"\n", ["Calm", "Flood"])])
def test_a_removal_is_confirmed_on_a_terminal(
    feeder: Feeder,
    river: Path,
    answer: bytes,
    left: list[str],
) -> None:
    command = [sys.executable, "-m", "feeder", "remove", "https://e.org/flood"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=river.parent, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        os.write(ours, answer)
        out, _ = run.communicate()
    os.close(ours)
    os.close(theirs)
    assert (b"Flood" in out, run.returncode) == (True, 0 if left == ["Calm"] else 1)
    assert titles(feeder) == left


# --- a source -----------------------------------------------------------------------------------------------------


def test_entries_of_a_source_in_the_file_go_only_while_it_is_paused(feeder: Feeder, river: Path) -> None:
    assert river.is_dir()
    told = "feeder: sources: 'river' is defined in config.toml; delete its [[sources]] block there"
    assert feeder("sources", "remove", "river").err == f"{told}\n"
    ended = feeder("sources", "remove", "river", "--with-entries")
    assert (ended.code, ended.err) == (2, f"{told} first, or the next pass reads its entries again\n")
    assert titles(feeder) == ["Calm", "Flood"]
    feeder("sources", "pause", "river")
    told = "removed 2 entries of river; it stays paused until its block is deleted\n"
    assert feeder("sources", "remove", "river", "--with-entries").out == told
    assert feeder("update") == (0, "", "")
    assert titles(feeder) == []
    assert "source river   " in feeder("check").out


def test_a_source_that_left_the_file_is_reported_and_removed(feeder: Feeder, river: Path, tmp_path: Path) -> None:
    assert river.is_dir()
    write(tmp_path)
    checked = feeder("check")
    assert checked.code == 0
    assert (
        "ok   source river   no longer configured, 2 entries still stored; "
        "`feeder sources remove river --with-entries` removes them, "
        'renamed_from = "river" assigns them to another source\n'
    ) in checked.out
    assert (
        feeder("sources", "remove", "river", "--with-entries").out
        == "removed river, and 2 entries not seen elsewhere\n"
    )
    assert "river" not in feeder("check").out
    assert feeder("sources", "remove", "river").code == 2


def test_what_is_known_of_a_departed_source_may_go_and_its_entries_stay(
    feeder: Feeder,
    river: Path,
    tmp_path: Path,
) -> None:
    assert river.is_dir()
    write(tmp_path)
    assert feeder("sources", "remove", "river").out == "removed river; its entries stay\n"
    assert titles(feeder) == ["Calm", "Flood"]


# --- a new name ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", ["folder = 'river'", "folder = 'moved'\nrenamed_from = 'river'"])
def test_a_renamed_folder_keeps_its_entries_and_nothing_is_posted_again(
    feeder: Feeder,
    river: Path,
    tmp_path: Path,
    store_url: str,
    keys: str,
) -> None:
    channels = read_channels([ChannelConfig(chat="@news", recent=0)])
    with Store.open(store_url) as store:
        migrate_tables(store)
        planner.plan(store, sync_channels(store, channels), NOW)
    before = lines(feeder("export").out)
    if "moved" in keys:
        river.rename(tmp_path / "moved")
    write(tmp_path, stream=keys)
    assert feeder("update") == (0, "", "source river is now stream, with its entries\n")
    assert feeder("update") == (0, "", "")
    assert [entry["id"] for entry in lines(feeder("export").out)] == [entry["id"] for entry in before]
    with Store.open(store_url) as store:
        assert store.sources.names() == {"stream": 2}
        assert len(store.documents.of_source("stream")) == 2
        planner.plan(store, find_subscriptions(store, channels), NOW)
        assert planner.preview(store, channels[0], find_subscriptions(store, channels)[0]) == []


def test_a_renamed_feed_is_known_by_its_address(feeder: Feeder, server: Server, blog: str, tmp_path: Path) -> None:
    assert blog
    feed = f"feed = '{server.url('/feed.xml')}'\nallow_private = true"
    write(tmp_path, rain=feed)
    assert feeder("ingest").out == "rain: 1 read, 3 new\n"
    feeder("sources", "pause", "rain")
    write(tmp_path, wet=feed)
    ended = feeder("ingest")
    assert (ended.out, ended.err) == ("wet: paused\n", "source rain is now wet, with its entries\n")


def test_a_source_of_another_folder_takes_nothing_over(
    feeder: Feeder, river: Path, tmp_path: Path, store_url: str
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.md").write_text("# Other\n\nAnother text.\n", "utf-8")
    assert river.is_dir()
    write(tmp_path, other="folder = 'other'")
    assert feeder("update") == (0, "", "")
    with Store.open(store_url) as store:
        assert store.sources.names() == {"river": 2, "other": 1}


def test_an_entry_of_a_feed_is_not_taken_in_again_and_takes_its_copies_along(store: Store) -> None:
    one, other, third = (Origin(name, f"https://{name}.example/f") for name in ("one", "other", "third"))
    long = make_entry(1, content=f"<p>{LONG}</p>")
    assert save(store, [(one, long), (other, long)]) == [Outcome.NEW, Outcome.NEW]
    assert store.entries.withdraw([long.key], now=NOW) == 2
    assert (store.entries.count(), store.entries.latest(9)) == (0, [])
    assert save(store, [(one, long), (other, long), (third, long)]) == [Outcome.SAME] * 3
    store.sources.rename("one", "another")
    moved = Origin("another", "https://one.example/f")
    assert save(store, [(moved, make_entry(1, title="Quite another title"))]) == [Outcome.SAME]
    store.entries.restore(long.key)
    assert save(store, [(moved, make_entry(1, title="Quite another title"))]) == [Outcome.NEW]


def test_a_take_down_of_one_feeds_entry_leaves_anothers_at_the_same_address(store: Store) -> None:
    good, evil = (Origin(name, f"https://{name}.example/f") for name in ("good", "evil"))
    stolen = make_entry(1, title="Buy now")
    assert save(store, [(evil, stolen)]) == [Outcome.NEW]
    assert store.entries.withdraw([stolen.key], now=NOW) == 1
    assert save(store, [(good, make_entry(1)), (evil, stolen)]) == [Outcome.NEW, Outcome.SAME]

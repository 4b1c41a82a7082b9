"""The demonstration ends when the user begins: seeds never mix with a source of one's own, and are never posted."""

import shutil
from pathlib import Path

from bot.delivery.chats import read_channels, sync_channels
from bot.planning import planner
from bot.tables import migrate_tables
from feeder.catalogue.departed import remove_demo
from feeder.config.load import embedded, load_config
from feeder.config.settings import ChannelConfig, FeedSource
from feeder.store import LAST_INGEST_NOTE, Store, new_added
from tests.bot.conftest import START as NOW
from tests.cli.test_cli import Feeder, feeder, lines  # noqa: F401  a fixture
from tests.entries import make_entry

STORE = "sqlite:///data/feeder.db"
GONE = "removed the 5 demo articles\n"


def write_source(folder: Path, name: str = "mine", place: str = "mine") -> None:
    (folder / place).mkdir(exist_ok=True)
    (folder / place / "rain.md").write_text("# Rain\n\nIt rained all day, and nobody minded.\n", "utf-8")
    (folder / "config.toml").write_text(f"[[sources]]\nname = '{name}'\nfolder = '{place}'\n", "utf-8")


def titles(feeder: Feeder) -> list[str]:
    return [entry["title"] for entry in lines(feeder("latest", "--json").out)]


def test_the_seeds_go_when_a_configuration_names_a_source(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    write_source(tmp_path)
    assert feeder("update") == (0, "", GONE)
    assert titles(feeder) == ["Rain"]
    assert feeder("update") == (0, "", "")
    assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == 1
    assert len([*(tmp_path / "public/entries").glob("*.html")]) == 1
    assert feeder("search", "普京").code == 1


def test_the_seeds_go_when_the_first_source_is_added_by_command(feeder: Feeder) -> None:
    feeder("update")
    with Store.open(STORE) as store:
        source = new_added(FeedSource(name="far", feed="http://127.0.0.1:9/feed.xml"))
        store.sources.add(lambda _: [source], now=make_entry().updated)
    assert feeder("update").err.startswith(GONE)
    assert titles(feeder) == []


def test_no_seeds_come_when_the_last_block_is_deleted(feeder: Feeder, tmp_path: Path) -> None:
    write_source(tmp_path)
    feeder("update")
    (tmp_path / "config.toml").write_text("[web]\nport = 0\n", "utf-8")
    assert feeder("update") == (0, "", "")
    assert titles(feeder) == ["Rain"]
    (tmp_path / "config.toml").unlink()
    assert feeder("update") == (0, "", "")
    assert titles(feeder) == ["Rain"]


def test_no_seeds_come_into_an_empty_store_with_a_configuration(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[web]\nport = 0\n", "utf-8")
    assert feeder("update") == (0, "", "")
    with Store.open(STORE) as store:
        assert (store.entries.count(), store.database.get_note(LAST_INGEST_NOTE)) == (0, None)


def test_the_seeds_stay_where_a_configuration_names_their_folder(feeder: Feeder, tmp_path: Path) -> None:
    shutil.copytree(embedded("seeds"), tmp_path / "seeds")
    feeder("update")
    for name in ("seeds", "mirror"):
        (tmp_path / "config.toml").write_text(f"[[sources]]\nname = '{name}'\nfolder = 'seeds'\n", "utf-8")
        assert GONE not in feeder("update").err
        assert len(titles(feeder)) == 5


def test_a_seeds_folder_with_articles_of_ones_own_is_no_demonstration(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/own.md").write_text("# My own\n\nWritten by me.\n", "utf-8")
    feeder("update")
    write_source(tmp_path)
    assert feeder("update") == (0, "", "")
    assert titles(feeder) == ["My own", "Rain"] or titles(feeder) == ["Rain", "My own"]


def test_no_seed_is_posted_to_a_channel_that_comes_with_the_first_source(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    write_source(tmp_path)
    channels = read_channels([ChannelConfig(chat="@news", recent=3)])
    with Store.open(STORE) as store:
        migrate_tables(store)
        assert remove_demo(load_config(), store) == (GONE.strip(),)  # as `feeder run` and `feeder bot` begin
        planner.plan(store, sync_channels(store, channels), NOW)
        assert planner.preview(store, channels[0], None) == []
    feeder("update")
    with Store.open(STORE) as store:
        planner.plan(store, sync_channels(store, channels), NOW)
        [waiting] = planner.preview(store, channels[0], sync_channels(store, channels)[0])
    assert waiting.title == "Rain"

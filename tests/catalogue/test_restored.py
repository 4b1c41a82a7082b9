"""What has arrived since a backup is no news after the restore: it may have been posted already."""

from datetime import UTC, datetime
from pathlib import Path

from feeder.catalogue.restored import heed_restore
from feeder.config.load import Config
from feeder.config.settings import FolderSource, StoreConfig
from feeder.store import Store
from feeder.store.backup import back_up, restore
from feeder.update import BOTH, update
from tests.store.backup.conftest import tools  # noqa: F401  a fixture

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def write(folder: Path, *numbers: int) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.md").write_text(
            f"---\ntitle: Day {number}\ndate: 2024-01-{number:02}\n---\n\nIt rained on day {number}.\n"
        )


def news(store: Store, after: int) -> list[str]:
    return [entry.title for _, entry in store.entries.news_after(after, 50)[0]]


def test_only_what_comes_after_the_first_pass_of_a_restored_store_is_news(
    tmp_path: Path, store_url: str, tools: Path | None
) -> None:
    folder, backup = tmp_path / "mirror", tmp_path / "b.db"
    config = Config(
        store=StoreConfig(url=store_url, search=tmp_path / "search"),
        sources=(FolderSource(name="mirror", folder=folder),),
    )
    config = config.model_copy(update={"site": config.site.model_copy(update={"output": tmp_path / "public"})})
    write(folder, 1)
    with Store.open(store_url) as store:
        update(config, store, parts=BOTH)
        planned = store.entries.last_number()
        back_up(store_url, backup, tools=tools)
        write(folder, 2)
        update(config, store, parts=BOTH)
        assert news(store, planned) == ["Day 2"]
    restore(store_url, backup, now=NOW, force=True, tools=tools)
    with Store.open(store_url) as store:
        assert heed_restore(config, store) == (
            "the store was restored from a backup: what arrived since is not posted",
        )
        assert heed_restore(config, store) == ()
        pages = {path.name for path in (tmp_path / "public" / "entries").iterdir()}
        report = update(config, store, parts=BOTH)
        assert report.sources[0].new == 1
        assert {path.name for path in (tmp_path / "public" / "entries").iterdir()} == pages
        assert news(store, planned) == []
        write(folder, 3)
        update(config, store, parts=BOTH)
        assert news(store, planned) == ["Day 3"]
    restore(store_url, backup, now=NOW, force=True, repost=True, tools=tools)
    with Store.open(store_url) as store:
        update(config, store, parts=BOTH)
        assert news(store, planned) == ["Day 2", "Day 3"]

"""A source that keeps its entries only for a time: store, pages and feeds follow, archives and files stay."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeder.config.load import Config
from feeder.config.settings import FolderSource, SiteConfig, StoreConfig
from feeder.errors import NoSuchEntryError
from feeder.ingest import ingest
from feeder.ingest.removing import get_entries
from feeder.publish.site import publish
from feeder.store import Store

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def make_config(folder: Path, url: str, **source: object) -> Config:
    values = {"name": "mirror", "folder": folder / "mirror", **source}
    site = SiteConfig(output=folder / "public", entries_per_feed=4)
    store = StoreConfig(url=url, search=folder / "search")
    return Config(store=store, site=site, sources=(FolderSource.model_validate(values),))


def write(folder: Path, *days: int) -> None:
    (folder / "mirror").mkdir(exist_ok=True)
    for day in days:
        date = (NOW - timedelta(days=day)).strftime("%Y-%m-%d")
        text = f"---\ntitle: Day {day}\ndate: {date}\n---\n\nIt rained {day} days ago.\n"
        (folder / "mirror" / f"{day}.md").write_text(text)


def titles(store: Store) -> list[str]:
    return [entry.title for entry in store.entries.iter_all()]


def site_text(folder: Path) -> str:
    return "\n".join(
        path.read_text("utf-8")
        for path in sorted((folder / "public").rglob("*"))
        if path.suffix in {".html", ".xml", ".json", ".rss"} and path.parent.name != "archives"
    )


def archives(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "public" / "archives").glob("*.xml"))}


def test_old_entries_leave_all_but_the_archives_and_nothing_brings_them_back(tmp_path: Path, store_url: str) -> None:
    write(tmp_path, 1, 2, 3, 40, 50, 60, 70, 80)
    everything = make_config(tmp_path, store_url)
    limited = make_config(tmp_path, store_url, retain="30d")
    with Store.open(store_url) as store:
        ingest(everything, store, now=NOW)
        publish(everything, store, now=NOW)
        before = archives(tmp_path)
        assert b"Day 80" in b"".join(before.values())
        assert "Day 80" in site_text(tmp_path)
        [report] = ingest(limited, store, now=NOW)
        assert (report.retired, report.removed, report.new) == (5, 0, 0)
        assert str(report) == "mirror: 5 retired (8 unchanged)"
        assert titles(store) == ["Day 1", "Day 2", "Day 3"]
        publish(limited, store, now=NOW)
        text = site_text(tmp_path)
        assert ("Day 3" in text, "Day 40" in text, "Day 80" in text) == (True, False, False)
        assert archives(tmp_path) == before
        [report] = ingest(limited, store, now=NOW, again=True)
        assert (report.new, report.retired) == (0, 0)
        assert titles(store) == ["Day 1", "Day 2", "Day 3"]
        publish(limited, store, now=NOW, verify=True)
        other = limited.model_copy(update={"site": limited.site.model_copy(update={"title": "Another"})})
        publish(other, store, now=NOW)  # everything is written again, but what cannot be
        assert archives(tmp_path) == before
        assert publish(other, store, now=NOW).written == 0
        assert len(list((tmp_path / "mirror").iterdir())) == 8
        # Two months later the others have left too, and the chain of archives is still whole.
        later = NOW + timedelta(days=60)
        write(tmp_path, -40)
        ingest(other, store, now=later)
        publish(other, store, now=later)
        assert titles(store) == ["Day -40"]
        assert before.items() <= archives(tmp_path).items()
        # Without the setting, files that are read again are back.
        ingest(everything, store, now=later, again=True)
        assert len(titles(store)) == 9


def test_a_longer_time_brings_back_what_is_read_again(tmp_path: Path, store_url: str) -> None:
    write(tmp_path, 1, 40, 100)
    with Store.open(store_url) as store:
        ingest(make_config(tmp_path, store_url), store, now=NOW)
        ingest(make_config(tmp_path, store_url, retain="30d"), store, now=NOW)
        assert titles(store) == ["Day 1"]
        longer = make_config(tmp_path, store_url, retain="90d")
        ingest(longer, store, now=NOW + timedelta(hours=1), again=True)
        assert sorted(titles(store)) == ["Day 1", "Day 40"]


def test_what_is_too_old_is_not_saved_in_the_first_place(tmp_path: Path, store_url: str) -> None:
    write(tmp_path, 1, 2, 40)
    config = make_config(tmp_path, store_url, retain="30d")
    with Store.open(store_url) as store:
        [report] = ingest(config, store, now=NOW)
        assert (report.read, report.new, report.retired) == (3, 2, 0)
        assert store.entries.last_number() == 2


def test_a_removed_entry_is_taken_out_of_an_archive_that_cannot_be_made_whole_again(
    tmp_path: Path, store_url: str
) -> None:
    write(tmp_path, 1, 2, 3, 4, 5, 6, 40, 50)
    everything, limited = make_config(tmp_path, store_url), make_config(tmp_path, store_url, retain="30d")
    with Store.open(store_url) as store:
        ingest(everything, store, now=NOW)
        publish(everything, store, now=NOW)
        [text] = archives(tmp_path).values()
        assert (b"Day 6<" in text, b"Day 50<" in text) == (True, True)
        ingest(limited, store, now=NOW)
        publish(limited, store, now=NOW)
        assert [*archives(tmp_path).values()] == [text]
        removed = next(entry for entry in store.entries.iter_all() if entry.title == "Day 6")
        store.entries.withdraw([removed.key], now=NOW)
        publish(limited, store, now=NOW)
        [text] = archives(tmp_path).values()
        assert (b"Day 6<" in text, b"Day 50<" in text, b"Day 5<" in text) == (False, False, True)
        assert publish(limited, store, now=NOW, verify=True).written == 0


def test_removing_what_is_in_archives_alone_says_how(tmp_path: Path, store_url: str) -> None:
    write(tmp_path, *range(1, 9))
    with Store.open(store_url) as store:
        ingest(make_config(tmp_path, store_url), store, now=NOW)
        publish(make_config(tmp_path, store_url), store, now=NOW)
        old = next(entry for entry in store.entries.iter_all() if entry.title == "Day 8")
        limited = make_config(tmp_path, store_url, retain_entries=5)
        ingest(limited, store, now=NOW)
        publish(limited, store, now=NOW)
        for ref in (old.id, old.key):
            with pytest.raises(NoSuchEntryError, match="only archives of the feed may have it: delete that file"):
                get_entries(store, [ref])
        with pytest.raises(NoSuchEntryError, match="no such entry: 'other'"):
            get_entries(store, ["other"])
        for path in (tmp_path / "public/archives").glob("*.xml"):
            path.unlink()
        publish(limited, store, now=NOW)
        assert b"Day 5<" in (left := b"".join(archives(tmp_path).values()))
        assert b"Day 8<" not in left


def test_an_entry_that_came_back_and_is_removed_leaves_the_archives(tmp_path: Path, store_url: str) -> None:
    write(tmp_path, *range(1, 9))
    everything, limited = make_config(tmp_path, store_url), make_config(tmp_path, store_url, retain_entries=5)
    with Store.open(store_url) as store:
        for config in (everything, limited, everything):
            ingest(config, store, now=NOW, again=True)
            publish(config, store, now=NOW)
        assert "Day 8" in titles(store)
        assert b"Day 8<" in b"".join(archives(tmp_path).values())
        removed = next(entry for entry in store.entries.iter_all() if entry.title == "Day 8")
        store.entries.withdraw([removed.key], now=NOW)
        publish(everything, store, now=NOW)
        assert b"Day 8<" not in b"".join(archives(tmp_path).values())


@pytest.mark.parametrize(("key", "value"), [("retain", "30 days"), ("retain", 0), ("retain_entries", 0)])
def test_a_wrong_limit_is_named(tmp_path: Path, key: str, value: object) -> None:
    with pytest.raises(ValueError, match=key):
        make_config(tmp_path, "sqlite:///unused.db", **{key: value})

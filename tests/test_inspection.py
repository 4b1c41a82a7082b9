"""`feeder check --deep`: what is broken on purpose is found, and after a repair nothing is left of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from feeder.config.load import Config
from feeder.config.settings import FolderSource, StoreConfig
from feeder.errors import PassRunningError
from feeder.incoming.origin import Origin
from feeder.inspection import Inspected, inspect
from feeder.store import Store
from feeder.store.inspection import integrity
from feeder.update import BOTH, update
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture
from tests.entries import make_entry
from tests.picture_data import png
from tests.saving import save


def config_of(url: str, folder: Path) -> Config:
    config = Config(
        store=StoreConfig(url=url, search=folder / "search"),
        sources=(FolderSource(name="mirror", folder=folder / "mirror"),),
    )
    return config.model_copy(update={"site": config.site.model_copy(update={"output": folder / "public"})})


def look(config: Config, store: Store, *, repair: bool = False) -> list[Inspected]:
    return list(inspect(config, store, repair=repair))


def wrong(config: Config, store: Store) -> list[tuple[str, str]]:
    return [(line.about, line.text) for line in look(config, store) if not line.ok]


def break_rows(store: Store, *statements: str) -> None:
    """Change the database as no feeder would."""
    if store.database.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(str(store.database.engine.url.database))) as other, other:
            for statement in statements:
                other.execute(statement)
        return
    with store.database.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


BROKEN = {
    "entries that no source has any more: 1": "DELETE FROM origins WHERE number = 1",
    "entries whose text is from a place where they were not seen: 1": (
        "UPDATE entries SET held_address = 'nowhere' WHERE number = 2"
    ),
    "entries hidden as copies of what readers do not see: 1": "UPDATE entries SET copy_of = 99 WHERE number = 3",
    "counters behind the entries: changes": "UPDATE counters SET value = 1 WHERE name = 'changes'",
    "rows of revisions whose number is not in entries: 1": (
        "INSERT INTO revisions (number, changed, corrected_at, title) VALUES (99, 1, 0, '')"
    ),
    "rows of polls without a source: 1": (
        "INSERT INTO polls (source, feed_url, address, interval_s, skip_hours, skip_days, failures, moved_seen)"
        " VALUES ('gone', 'https://e.org/', 'https://e.org/', 1, '[]', '[]', 0, 0)"
    ),
    "rows of withdrawn_names without a removed entry: 1": "INSERT INTO withdrawn_names VALUES ('n', 'k')",
    "rows of shown_pictures without a picture: 1": "INSERT INTO shown_pictures VALUES (4, 'k')",
    "rows of removals of entries that are there after all: 1": "INSERT INTO removals VALUES (4, 1)",
}


def test_rows_that_belong_to_nothing_are_found_and_repaired_and_nothing_else_is(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    config = config_of(store.database.url, tmp_path)
    save(
        store, [(Origin("mirror", f"{n}.md"), make_entry(n, title=f"title {n}", content=f"<p>{n}</p>")) for n in (1, 2)]
    )
    save(store, [(Origin("mirror", f"{n}.md"), make_entry(n, title=f"t {n}", content=f"<p>{n}</p>")) for n in (3, 4)])
    assert wrong(config, store) == []
    before = list(store.entries.iter_all())
    break_rows(store, *BROKEN.values())
    found = {said.partition(";")[0] for _, said in wrong(config, store)}
    assert found == {*BROKEN}
    repaired = look(config, store, repair=True)
    assert all(line.ok for line in repaired)
    assert sum(line.text.startswith("repaired: ") for line in repaired) == len(BROKEN)
    assert wrong(config, store) == []
    assert list(store.entries.iter_all()) == [entry for entry in before if not entry.id.endswith("/1")]
    assert store.entries.count(copies=False) == 3
    assert store.entries.origins(make_entry(2).id) == (Origin("mirror", "2.md"),)


def test_a_check_waits_for_no_pass(sqlite_store: Store, tmp_path: Path) -> None:
    with sqlite_store.database.exclusive_pass(), pytest.raises(PassRunningError):
        look(config_of(sqlite_store.database.url, tmp_path), sqlite_store)


def test_a_damaged_index_of_the_database_is_built_again(sqlite_store: Store, tmp_path: Path) -> None:
    config = config_of(sqlite_store.database.url, tmp_path)
    save(sqlite_store, [(Origin("mirror", f"{n}.md"), make_entry(n, title=f"{n}")) for n in range(9)])
    definition = "CREATE INDEX ix_entries_updated ON entries (updated, updated_tie)"
    break_rows(
        sqlite_store,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = '{definition} WHERE number < 4' WHERE name = 'ix_entries_updated'",
    )
    break_rows(sqlite_store, "REINDEX ix_entries_updated")
    break_rows(
        sqlite_store,
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = '{definition}' WHERE name = 'ix_entries_updated'",
    )
    sqlite_store.close()
    [(about, said)] = wrong(config, sqlite_store)
    assert (about, said.partition(" (")[0]) == ("database", "an index is damaged")
    assert all(line.ok for line in look(config, sqlite_store, repair=True))
    assert wrong(config, sqlite_store) == []


def test_a_damaged_table_can_only_be_restored(sqlite_store: Store, tmp_path: Path) -> None:
    config = config_of(sqlite_store.database.url, tmp_path)
    save(sqlite_store, [(Origin("mirror", f"{n}.md"), make_entry(n, title=f"{n}")) for n in range(50)])
    sqlite_store.close()
    with Path(str(sqlite_store.database.engine.url.database)).open("r+b") as file:
        file.seek(60 * 4096)
        file.write(b"\xff" * 4096 * 9)
    lines = [line for line in look(config, sqlite_store, repair=True) if not line.ok]
    assert lines
    assert "`feeder restore` puts a backup in its place" in lines[0].text
    assert not any(line.text.startswith("repaired: built the indexes") for line in lines)


@pytest.mark.postgresql
def test_what_amcheck_finds_is_told_and_the_index_built_again(postgresql_url: str, tmp_path: Path) -> None:
    with Store.open(postgresql_url) as store:
        assert "CREATE EXTENSION amcheck" in integrity.describe_checks(store.database)
        with store.database.begin() as connection:  # the server of the tests has no amcheck
            connection.execute(
                text(
                    "CREATE FUNCTION bt_index_check(name regclass, fully boolean) RETURNS void LANGUAGE plpgsql AS $$"
                    " BEGIN IF name = 'entries_pkey'::regclass AND pg_relation_filenode(name) = %s"
                    " THEN RAISE 'item order invariant violated'; END IF; END $$".replace(
                        "%s", str(connection.scalar(text("SELECT pg_relation_filenode('entries_pkey')")))
                    )
                )
            )
            connection.execute(
                text(
                    "CREATE FUNCTION verify_heapam(name regclass) RETURNS SETOF text LANGUAGE sql AS $$"
                    " SELECT 'a page is corrupt' WHERE name = 'paused'::regclass $$"
                )
            )
        config = config_of(postgresql_url, tmp_path)
        assert [said.partition(";")[0] for _, said in wrong(config, store)] == [
            "the index entries_pkey is damaged (item order invariant violated)",
            "the table paused is damaged (a page is corrupt)",
        ]
        look(config, store, repair=True)
        assert [said.partition(" (")[0] for _, said in wrong(config, store)] == ["the table paused is damaged"]


@pytest.fixture
def published(tmp_path: Path) -> Iterator[tuple[Config, Store]]:
    """A store and a site with articles, one of them with a picture."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / "rain.png").write_bytes(png("rain"))
    for number in range(1, 5):
        picture = "![rain](rain.png)\n\n" if number == 1 else ""
        (folder / f"{number}.md").write_text(
            f"---\ntitle: Day {number}\ndate: 2024-01-{number:02}\n---\n\n{picture}It rained on day {number}.\n"
        )
    config = config_of(f"sqlite:///{tmp_path / 'feeder.db'}", tmp_path)
    with Store.open(config.store.url, search=config.store.search) as store:
        update(config, store, parts=BOTH)
        yield config, store


def kinds(lines: list[tuple[str, str]]) -> list[str]:
    return [said.partition(";")[0].partition(" (")[0] for _, said in lines]


def test_files_of_the_site_are_compared_and_rewritten(published: tuple[Config, Store]) -> None:
    config, store = published
    public = config.site.output
    assert wrong(config, store) == []
    pages = sorted((public / "entries").iterdir())
    whole = pages[0].read_bytes()
    pages[0].unlink()
    (public / "index.html").write_text("mine now")
    (public / "entries" / f"{0:016x}.html").write_bytes(whole)
    (public / "notes.txt").write_text("my own file")
    with closing(sqlite3.connect(next(config.store.folder.glob("published-*.db")))) as ledger, ledger:
        ledger.execute("UPDATE entries SET title = 'other' WHERE number = 3")
    assert kinds(wrong(config, store)) == [
        "missing files: 1",
        "files that are not as they were left: 1",
        "files of pages that are gone: 1",
        "entries published otherwise than they are stored: 1",
    ]
    [repaired] = [line for line in look(config, store, repair=True) if line.text.startswith("repaired")]
    assert repaired.text.startswith("repaired: published again: ")
    assert wrong(config, store) == []
    assert pages[0].read_bytes() == whole
    assert (public / "notes.txt").read_text() == "my own file"
    next(config.store.folder.glob("published-*.db")).write_bytes(b"no database")
    assert kinds(wrong(config, store)) == ["the record of what is published is damaged"]
    look(config, store, repair=True)
    assert wrong(config, store) == []


def test_a_picture_that_cannot_be_read_is_named(published: tuple[Config, Store]) -> None:
    config, store = published
    [picture] = config.store.pictures.iterdir()
    picture.unlink()
    picture.mkdir()  # root may read any file
    [(about, text)] = wrong(config, store)
    assert (about, text) == ("pictures", f"files that cannot be read: 1 ({picture.name}: Is a directory)")


def test_pictures_are_compared_with_the_entries_and_read_again(published: tuple[Config, Store], tmp_path: Path) -> None:
    config, store = published
    [picture] = config.store.pictures.iterdir()
    stray = config.store.pictures / f"{0:032x}.png"
    stray.write_bytes(png("snow"))
    picture.chmod(0o644)
    picture.write_bytes(png("other"))
    assert kinds(wrong(config, store))[:2] == ["files that no entry shows: 1", "damaged files: 1"]
    assert all(line.ok for line in look(config, store, repair=True))
    assert not stray.exists()
    update(config, store, parts=BOTH)
    assert picture.read_bytes() == png("rain")
    picture.unlink()
    assert kinds(wrong(config, store)) == ["missing files: 1"]
    look(config, store, repair=True)
    assert wrong(config, store) == []  # the next pass reads it
    (tmp_path / "mirror" / "rain.png").unlink()
    update(config, store, parts=BOTH)
    assert not picture.exists()
    assert wrong(config, store) == []  # the article as it is now has no picture


def test_the_search_index_is_compared_with_the_text(published: tuple[Config, Store]) -> None:
    config, store = published
    store.search.follow()
    break_rows(store, "UPDATE entries SET content = '<p>Something else altogether was said.</p>' WHERE number = 2")
    break_rows(store, "UPDATE entries SET position = position + 1 WHERE number = 3")
    assert kinds(wrong(config, store))[:1] == ["entries not found by their text: 2"]
    look(config, store, repair=True)
    assert wrong(config, store) == []
    [segment, *_] = (config.store.search or Path()).glob("index-*/*.store")
    segment.write_bytes(segment.read_bytes()[:-9] + b"\0" * 9)
    assert any("damaged" in said or "checksum" in said for _, said in wrong(config, store))
    assert all(line.ok for line in look(config, store, repair=True))
    assert wrong(config, store) == []


def test_the_command_says_what_it_found_and_did(feeder: Feeder, tmp_path: Path) -> None:
    feeder("update")
    (tmp_path / "public" / "index.html").unlink()
    ended = feeder("check", "--deep")
    assert ended.code == 1
    assert "BAD  site           missing files: 1 (index.html); --repair writes them" in ended.out
    ended = feeder("check", "--deep", "--repair")
    assert (ended.code, "repaired: published again" in ended.out) == (0, True)
    assert feeder("check", "--repair").code == 2

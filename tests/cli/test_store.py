"""`feeder store copy`, as it is typed."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from feeder.store import Store
from feeder.store.copying import rows
from tests.cli.test_cli import Feeder, feeder, lines  # noqa: F401  a fixture
from tests.picture_data import png
from tests.schemas import write_articles

CONFIG = """
[[sources]]
name = "mirror"
folder = "articles"
"""


@pytest.fixture
def filled(feeder: Feeder, tmp_path: Path) -> Feeder:
    """A folder with a store and a picture in it."""
    write_articles(tmp_path)
    (tmp_path / "articles" / "broken.html").unlink()
    (tmp_path / "articles" / "road.png").write_bytes(png("a road"))
    (tmp_path / "articles" / "road.md").write_text("---\ntitle: A road\n---\n\nIt was wet.\n\n![road](road.png)\n")
    (tmp_path / "config.toml").write_text(CONFIG)
    assert feeder("ingest").code == 0
    return feeder


def test_the_report_is_json_for_scripts(filled: Feeder) -> None:
    ended = filled("store", "copy", "data/feeder.db", "copy.db", "--json")
    *tables, last = map(json.loads, ended.out.splitlines())
    assert (last, ended.code) == ({"pictures": 1, "ok": True}, 0)
    assert next(one for one in tables if one["table"] == "entries")["rows"] == 5
    assert all(one["ok"] and len(one["digest"]) == 32 for one in tables)


def test_folders_may_have_any_name(filled: Feeder, tmp_path: Path) -> None:
    (tmp_path / "新 #1").mkdir()
    assert filled("store", "copy", "data/feeder.db", "新 #1/copy.db").code == 0
    assert filled("store", "copy", f"sqlite:///{tmp_path}/新 #1/copy.db", "again.db").code == 0
    assert len([*(tmp_path / "again.db.pictures").iterdir()]) == 1


def test_a_copy_is_its_owners_only(filled: Feeder, tmp_path: Path) -> None:
    assert filled("store", "copy", "data/feeder.db", "new/copy.db").code == 0
    assert (tmp_path / "new/copy.db").stat().st_mode & 0o777 == 0o600


def test_nothing_is_copied_or_repaired_beside_feeder_run(filled: Feeder, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db") as store:
        lock = store.database.lock("run")
        assert lock.acquire()
        for words in (("store", "copy", "data/feeder.db", "copy.db"), ("check", "--deep", "--repair")):
            ended = filled(*words)
            assert (ended.code, "data/feeder.db: another feeder uses it; stop it first" in ended.err) == (5, True)
        lock.release()
    assert not (tmp_path / "copy.db").exists()
    assert filled("check", "--deep", "--repair").code == 0


@pytest.mark.postgresql
def test_nothing_is_copied_or_repaired_beside_workers(filled: Feeder, tmp_path: Path, postgresql_url: str) -> None:
    (tmp_path / "config.toml").write_text(f"{CONFIG}[store]\nurl = '{postgresql_url}'\n")
    with Store.open(postgresql_url) as store:
        store.entries.count()
        for words in (
            ("store", "copy", postgresql_url, "copy.db"),
            ("store", "copy", "data/feeder.db", postgresql_url),
            ("check", "--deep", "--repair"),
        ):
            ended = filled(*words)
            assert (ended.code, "another feeder uses it (1 connections); stop it first" in ended.err) == (5, True)
    assert filled("check", "--deep", "--repair").code == 0


def test_a_name_that_is_too_long_is_one_line(filled: Feeder) -> None:
    long = "x" * 256
    for words in ((long, "copy.db"), ("data/feeder.db", long)):
        ended = filled("store", "copy", *words)
        assert (ended.code, ended.err.endswith(f"{long}: cannot be opened: File name too long\n")) == (3, True)


def test_a_copy_that_differs_ends_with_1_and_what_to_do(filled: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    plus, calls = rows.RowsDigest.plus, []

    def forget_one(self: rows.RowsDigest, found: object) -> rows.RowsDigest:
        calls.append(found)
        return plus(self, [] if len(calls) == 1 else found)  # type: ignore[arg-type]  # rows, as the original has them

    monkeypatch.setattr(rows.RowsDigest, "plus", forget_one)
    ended = filled("store", "copy", "data/feeder.db", "copy.db")
    assert ended == (
        1,
        "",
        "counters: the copy differs (FROM has 0 rows, TO 2); run the command again\n",
    )
    monkeypatch.setattr(rows.RowsDigest, "plus", plus)
    with closing(sqlite3.connect("data/feeder.db")) as connection, connection:
        connection.execute("UPDATE counters SET value = value + 1")
        connection.execute("INSERT INTO notes VALUES ('odd', CAST(x'61ff62' AS TEXT))")
        connection.execute("CREATE TABLE songs (name TEXT)")
    ended = filled("store", "copy", "data/feeder.db", "copy.db")
    assert (ended.code, ended.err.splitlines()) == (
        0,
        [
            "counters: changed in FROM since the copy was interrupted; copied again",
            "notes: changed in FROM since the copy was interrupted; copied again",
            "not copied, of other programs: songs",
            "texts with bytes that are no text, which became U+FFFD: 1",
        ],
    )


MISTAKES = (
    ("none.db", "copy.db", "none.db: there is no store yet"),
    ("data/feeder.db", "./data/feeder.db", "is the store that is to be copied; name another database"),
    ("data/feeder.db", "config.toml", "config.toml: it is not a database"),
    ("data/feeder.db", "mysql://me:secret@h/d", "TO: 'mysql://me:***@h/d': write"),
    ("postgresql://me:secret@h:x/d", "copy.db", "FROM: 'postgresql://me:***@h:x/d' is not a database URL"),
    ("data/\udcff.db", "copy.db", "FROM: 'data/\\udcff.db': the name of this file is not UTF-8; rename it"),
    ("data/feeder.db", "postgresql://me:secret@127.0.0.1:1/d", "postgresql+psycopg://me:***@127.0.0.1:1/d: connec"),
)


def test_a_mistake_is_one_line_that_hides_passwords(filled: Feeder) -> None:
    for source, target, message in MISTAKES:
        ended = filled("store", "copy", source, target)
        assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
        assert message in ended.err
        assert "secret" not in ended.err


def test_a_missing_driver_is_one_line(filled: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ended = filled("store", "copy", "data/feeder.db", "postgresql://me@h/d")
    assert ended == (3, "", 'feeder: PostgreSQL needs its driver: pip install "psycopg[binary]"\n')


def test_pictures_that_cannot_be_copied_are_one_line_and_the_copy_is_finished_later(
    filled: Feeder, tmp_path: Path
) -> None:
    (tmp_path / "copy.db.pictures").write_text("a file")
    ended = filled("store", "copy", "data/feeder.db", "copy.db")
    assert (ended.code, "cannot be" in ended.err, ended.err.count("\n")) == (3, True, 1)
    (tmp_path / "copy.db.pictures").unlink()
    assert filled("store", "copy", "data/feeder.db", "copy.db").code == 0

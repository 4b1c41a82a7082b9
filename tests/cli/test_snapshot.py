"""`feeder search snapshot` and `feeder reindex --from`."""

import shutil
from pathlib import Path

import pytest

from tests.cli.test_cli import SEEDS, Feeder, feeder  # noqa: F401  a fixture
from tests.object_storage import KEY, SECRET, Storage


@pytest.fixture(autouse=True)
def article(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/one.md").write_text("# A snapshot\n\nOf something else, --to wit.\n")
    (tmp_path / "config.toml").write_text(f"{SEEDS}[[sources]]\nname = 'mine'\nfolder = 'articles'\n")


def test_a_snapshot_in_a_file_is_what_another_index_starts_from(feeder: Feeder, tmp_path: Path) -> None:
    feeder("ingest")
    made = feeder("search", "snapshot", "--to", "s.tar.gz")
    assert made == (0, "s.tar.gz: 0.1 MB\n", "")
    assert "s.tar.gz: already exists" in feeder("search", "snapshot", "--to", "s.tar.gz").err
    for words in (("--to", "s.tar.gz", "--force"), ("--force", "--to", "s.tar.gz")):
        assert feeder("search", "snapshot", *words).code == 0
    shutil.rmtree(tmp_path / "data/feeder.db.search")
    assert feeder("reindex", "--from", "s.tar.gz") == (0, "", "")
    assert "A snapshot" in feeder("search", "something").out
    ended = feeder("reindex", "--from", "none.tar.gz")
    assert (ended.code, ended.err) == (3, "feeder: none.tar.gz: cannot be read: No such file or directory\n")


def test_a_snapshot_in_the_bucket_is_found_by_every_command(
    feeder: Feeder, storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDER_OBJECTS__SECRET", SECRET)
    with (tmp_path / "config.toml").open("a") as file:
        file.write(f"[objects]\nsnapshots = 's3://{storage.new_bucket()}'\nendpoint = '{storage.endpoint}'\n")
        file.write(f"key_id = '{KEY}'\n")
    feeder("ingest")
    assert feeder("search", "snapshot").out.startswith("s3://bucket-")
    shutil.rmtree(tmp_path / "data/feeder.db.search")
    ended = feeder("search", "something")
    assert "A snapshot" in ended.out
    assert "started from a snapshot" in ended.err


@pytest.mark.parametrize(
    "words",
    [
        ('"snapshot"',),
        ("--", "snapshot"),
        ("snapshot", "--json"),
        ("snapshot", "-n", "3"),
        ("-n3", "snapshot"),
        ("snapshot", "something"),
        ("something", "snapshot"),
    ],
)
def test_with_anything_else_the_word_is_searched(feeder: Feeder, words: tuple[str, ...]) -> None:
    feeder("ingest")
    assert "A snapshot" in feeder("search", *words).out


def test_alone_it_needs_a_place_and_has_a_help_of_its_own(feeder: Feeder) -> None:
    feeder("ingest")
    ended = feeder("search", "snapshot")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "feeder: objects.snapshots: not set; name a place for snapshots there, or a file with --to\n"
    assert "--to FILE" in feeder("search", "snapshot", "--help").out
    assert "search snapshot  Save" in feeder("--help").out
    assert "the word snapshot" in feeder("search", "--help").out

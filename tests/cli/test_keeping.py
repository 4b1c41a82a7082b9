"""`feeder backup` and `feeder restore` as an operator sees them."""

from pathlib import Path

from feeder.store import Store
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture


def test_a_backup_says_what_is_in_it_and_is_restored_beside_the_store_of_before(feeder: Feeder, tmp_path: Path) -> None:
    feeder("ingest")
    (tmp_path / "config.toml").write_text("")
    ended = feeder("backup", "b.db")
    size = (tmp_path / "b.db").stat().st_size
    assert ended.out.splitlines()[0] == f"b.db: 5 entries, {size:,} bytes; checked"
    assert ended.out.splitlines()[1].startswith("not in it, copy it too: config.toml")
    ended = feeder("backup", "b.db")
    assert (ended.code, ended.err) == (
        3,
        "feeder: b.db: already exists; name another file, or use --force to replace it\n",
    )
    assert feeder("backup", "--force", "b.db").code == 0
    assert feeder("restore", "b.db").code == 3
    with Store.open(f"sqlite:///{tmp_path}/data/feeder.db"):
        ended = feeder("restore", "--force", "b.db")
        assert (ended.code, "another feeder uses it; stop it first" in ended.err) == (5, True)
    ended = feeder("restore", "--force", "b.db")
    first, second = ended.out.splitlines()
    assert first == "restored 5 entries from b.db; `feeder update` brings index and pages up to date"
    assert second.startswith(f"the store of before is {tmp_path}/data/feeder.db.before-")
    assert ended.err == "the store was restored from a backup: what arrived since is not posted\n"
    assert feeder("update").code == 0

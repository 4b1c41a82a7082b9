import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from feeder.config.load import Config
from feeder.config.settings import ObjectsConfig, SiteConfig, StoreConfig
from feeder.errors import ConfigError, PublishError, StoreError
from feeder.snapshots import latest_snapshot, make_snapshot, start_from
from feeder.store import Store
from feeder.update import PUBLISH, update
from tests.entries import make_entry
from tests.object_storage import KEY, SECRET, Storage, refusal
from tests.store.test_snapshot import add, found


@pytest.fixture
def config(storage: Storage, sqlite_url: str, tmp_path: Path) -> Config:
    place = f"s3://{storage.new_bucket()}/private"
    return Config(
        store=StoreConfig(url=sqlite_url, search=tmp_path / "first"),
        objects=ObjectsConfig(snapshots=place, endpoint=storage.endpoint, key_id=KEY, secret=SecretStr(SECRET)),
    )


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    with Store.open(config.store.url, search=config.store.search) as opened:
        add(opened, range(5))
        yield opened


def bucket_of(config: Config) -> str:
    return config.objects.snapshots.removeprefix("s3://").partition("/")[0]


def test_another_machine_starts_from_the_snapshot_in_the_bucket(
    config: Config, storage: Storage, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    report = make_snapshot(config, store)
    [(path, content)] = storage.contents(bucket_of(config)).items()
    assert (path, len(content)) == ("private/search.tar.gz", report.length)
    assert str(report) == f"{config.objects.snapshots}/search.tar.gz: 0.0 MB"
    assert storage.get(bucket_of(config), path).headers == {
        "ContentType": "application/gzip",
        "CacheControl": "no-store",
    }
    add(store, [5])
    with Store.open(config.store.url, search=tmp_path / "second", snapshot=latest_snapshot(config)) as other:
        assert [found(other, number) for number in (0, 5)] == [1, 1]
    assert "started from a snapshot" in caplog.text


def test_a_snapshot_is_made_of_all_that_the_store_has(config: Config, store: Store, tmp_path: Path) -> None:
    store.entries.withdraw([make_entry(1).key], now=make_entry().updated)
    assert make_snapshot(config, store, file=tmp_path / "s.tar.gz").behind == 0
    with Store.open(config.store.url, search=tmp_path / "second") as other:
        assert start_from(other, tmp_path / "s.tar.gz")
        status = other.search.status()
        assert status.followed == status.changes


def test_a_bucket_without_a_snapshot_and_one_that_refuses_cost_nothing_but_time(
    config: Config, storage: Storage, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert found(store, 4) == 1
    with Store.open(config.store.url, search=tmp_path / "second", snapshot=latest_snapshot(config)) as other:
        assert found(other, 4) == 1
    assert caplog.text == ""
    storage.answer = lambda _: refusal("AccessDenied", 403)
    with Store.open(config.store.url, search=tmp_path / "third", snapshot=latest_snapshot(config)) as other:
        assert found(other, 4) == 1
    assert "no permission; let the key list" in caplog.text
    assert "the search index is built from the store instead" in caplog.text


def test_a_bucket_that_refuses_a_snapshot_keeps_the_one_before(config: Config, storage: Storage, store: Store) -> None:
    make_snapshot(config, store)
    before = storage.contents(bucket_of(config))
    storage.answer = lambda request: refusal("AccessDenied", 403) if request.method == "PUT" else None
    add(store, [5])
    with pytest.raises(PublishError, match="no permission"):
        make_snapshot(config, store)
    assert storage.contents(bucket_of(config)) == before


def test_without_a_place_a_snapshot_needs_a_file(config: Config, store: Store) -> None:
    nowhere = config.model_copy(update={"objects": ObjectsConfig()})
    assert latest_snapshot(nowhere) is None
    with pytest.raises(ConfigError, match=r"objects.snapshots: not set; name a place for snapshots there, or a file"):
        make_snapshot(nowhere, store)


def test_files_that_cannot_be_written_or_read_are_named(config: Config, store: Store, tmp_path: Path) -> None:
    missing = tmp_path / "no/such.tar.gz"
    with pytest.raises(StoreError, match=r"such.tar.gz: cannot be written: No such file or directory"):
        make_snapshot(config, store, file=missing)
    with pytest.raises(StoreError, match=r"such.tar.gz: cannot be read: No such file or directory"):
        start_from(store, missing)
    (tmp_path / "text").write_text("text")
    with pytest.raises(StoreError, match=r"text: the snapshot is damaged: .*; the search index is as before"):
        start_from(store, tmp_path / "text")


def test_a_file_that_breaks_off_leaves_the_one_before(
    config: Config, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "s.tar.gz"
    make_snapshot(config, store, file=file)
    before = file.read_bytes()

    def is_full(_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", is_full)
        with pytest.raises(StoreError, match="cannot be written: No space left on device"):
            make_snapshot(config, store, file=file, replace=True)
    assert file.read_bytes() == before
    assert list(tmp_path.glob(".feeder*")) == []


def test_a_snapshot_replaces_no_file_unless_told_to_and_never_the_store(
    config: Config, store: Store, tmp_path: Path
) -> None:
    file, database = tmp_path / "s.tar.gz", Path(config.store.url.removeprefix("sqlite:///"))
    file.write_bytes(b"mine")
    with pytest.raises(StoreError, match=r"s\.tar\.gz: already exists; .* --force"):
        make_snapshot(config, store, file=file)
    assert file.read_bytes() == b"mine"
    make_snapshot(config, store, file=file, replace=True)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="belongs to the store itself"):
        make_snapshot(config, store, file=database, replace=True)


def test_publishing_makes_one_a_day(config: Config, store: Store, tmp_path: Path) -> None:
    config = config.model_copy(update={"site": SiteConfig(output=tmp_path / "public")})
    made = [bool(update(config, store, parts=PUBLISH).notices) for _ in range(2)]
    assert made == [True, False]
    yesterday = datetime.now(UTC) - timedelta(days=1, minutes=1)
    store.database.set_note("search_snapshot_at", yesterday.isoformat())
    [notice] = update(config, store, parts=PUBLISH).notices
    assert notice.startswith("search snapshot: s3://")

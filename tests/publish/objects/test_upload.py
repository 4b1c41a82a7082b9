import asyncio
import os
import re
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any

import pytest
from pydantic import SecretStr

from feeder.config.load import Config
from feeder.config.settings import ObjectsConfig, SiteConfig, StoreConfig
from feeder.errors import PublishError
from feeder.objects import bucket as bucket_module
from feeder.publish.objects import upload as upload_module
from feeder.publish.objects.record import Record
from feeder.publish.objects.upload import UploadReport, record_file, upload
from feeder.publish.site import publish
from feeder.store import Store
from feeder.update import PUBLISH, update
from tests.object_storage import KEY, SECRET, Request, Storage, refusal, slow
from tests.publish.test_site import START, dated_entry, page, save

SITE = "http://127.0.0.1:8000/"
MARK = ".feeder-site"
LINK = re.compile(rb'(?:href|src)="([^"#?]+)')


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "_RETRIES", {"max_retries": 1, "retry_timeout": timedelta(seconds=30)})


@pytest.fixture
def config(tmp_path: Path, storage: Storage) -> Config:
    return make_config(tmp_path, storage)


def make_config(home: Path, storage: Storage, **values: Any) -> Config:
    return Config(
        site=SiteConfig(title="存文", output=home / "public", **values),
        store=StoreConfig(url=f"sqlite:///{home}/state/feeder.db"),
        objects=ObjectsConfig(
            url=f"s3://{storage.new_bucket()}/news",
            endpoint=storage.endpoint,
            key_id=KEY,
            secret=SecretStr(SECRET),
        ),
    )


def bucket_of(config: Config) -> str:
    return config.objects.url.removeprefix("s3://").partition("/")[0]


def files(config: Config) -> dict[str, bytes]:
    root = config.site.output
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def objects(config: Config, storage: Storage) -> dict[str, bytes]:
    """Return the objects of the site by their paths below it."""
    found = storage.objects(bucket_of(config))
    return {path.removeprefix("news/"): one.body for path, one in found.items() if path != f"news/{MARK}"}


def publish_and_upload(config: Config, store: Store, **values: Any) -> UploadReport:
    publish(config, store)
    return upload(config, store, **values)


def writes(requests: list[Request]) -> list[str]:
    return sorted(one.path.removeprefix("news/") for one in requests if one.method == "PUT")


def test_the_bucket_holds_what_the_folder_holds(config: Config, storage: Storage, sqlite_store: Store) -> None:
    save(sqlite_store, *[dated_entry(number * 9) for number in range(8)])
    report = publish_and_upload(config, sqlite_store)
    assert objects(config, storage) == files(config)
    assert report[:3] == (len(files(config)), 0, 0)
    assert set(report.changed) == set(files(config))
    assert str(report) == f"objects: {report.uploaded} uploaded (0 unchanged)"


def test_objects_have_the_types_and_the_lifetimes_that_the_web_server_sends(
    tmp_path: Path, storage: Storage, sqlite_store: Store
) -> None:
    config = make_config(tmp_path, storage, precompress=True)
    save(sqlite_store, *[dated_entry(number) for number in range(3)])
    publish(config, sqlite_store)
    (config.site.output / "pictures").mkdir()
    (config.site.output / "pictures/0123456789abcdef0123456789abcdef.webp").write_bytes(b"RIFF")
    (config.site.output / "CNAME").write_bytes(b"example.org")
    upload(config, sqlite_store)
    found = {path: one.headers for path, one in storage.objects(bucket_of(config)).items()}
    [style] = [path for path in found if re.fullmatch(r"news/style\.[0-9a-f]{16}\.css", path)]
    soon, good = "public, max-age=60", "public, max-age=31536000, immutable"
    for path, kind, lasting, encoding in (
        ("index.html", "text/html; charset=utf-8", soon, None),
        ("index.html.gz", "text/html; charset=utf-8", soon, "gzip"),
        ("index.html.br", "text/html; charset=utf-8", soon, "br"),
        ("atom.xml", "application/atom+xml; charset=utf-8", soon, None),
        ("atom.xml.gz", "application/atom+xml; charset=utf-8", soon, "gzip"),
        ("feed.xml", "application/rss+xml; charset=utf-8", soon, None),
        ("feed.json", "application/feed+json; charset=utf-8", soon, None),
        ("sitemap.xml", "application/xml", soon, None),
        ("feeds.opml", "text/x-opml", soon, None),
        ("robots.txt", "text/plain; charset=utf-8", "public, max-age=3600", None),
        ("CNAME", "application/octet-stream", "public, max-age=3600", None),
        ("pictures/0123456789abcdef0123456789abcdef.webp", "image/webp", good, None),
        (style.removeprefix("news/"), "text/css; charset=utf-8", good, None),
    ):
        expected = {"ContentType": kind, "CacheControl": lasting}
        assert found[f"news/{path}"] == expected | ({"ContentEncoding": encoding} if encoding else {}), path


def test_a_second_upload_asks_for_nothing(config: Config, storage: Storage, sqlite_store: Store) -> None:
    save(sqlite_store, dated_entry(1))
    count = publish_and_upload(config, sqlite_store).uploaded
    with storage.logged() as requests:
        report = publish_and_upload(config, sqlite_store)
    assert requests == []
    assert str(report) == f"objects: nothing new ({count} unchanged)"


def test_only_what_changed_is_uploaded_and_what_is_gone_is_removed(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    entries = [dated_entry(number * 40) for number in range(10)]
    save(sqlite_store, *entries)
    publish_and_upload(config, sqlite_store)
    sqlite_store.entries.withdraw([entries[0].key], now=START)
    save(sqlite_store, dated_entry(360, title="另题"))
    changed = publish(config, sqlite_store)
    with storage.logged() as requests:
        report = upload(config, sqlite_store)
    assert writes(requests) == sorted(changed.changed)
    assert [one.method for one in requests if one.method != "PUT"] == ["POST"]
    assert report.removed == len(changed.gone) > 0
    assert objects(config, storage) == files(config)


def test_a_file_that_was_only_written_anew_is_not_uploaded(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1))
    publish_and_upload(config, sqlite_store)
    shutil.rmtree(config.site.output)
    with storage.logged() as requests:
        publish_and_upload(config, sqlite_store)
    assert writes(requests) == ["sitemap.xml", "sitemaps/pages.xml"] or writes(requests) == []
    assert objects(config, storage) == files(config)


def test_dot_files_links_and_names_that_are_no_text_stay_here(
    config: Config, storage: Storage, sqlite_store: Store, tmp_path: Path
) -> None:
    publish(config, sqlite_store)
    expected = files(config)
    root = config.site.output
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_text("private")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "linked").symlink_to(tmp_path / "secret/key")
    (root / ".htaccess").write_text("private")
    (root / ".git").mkdir()
    (root / ".git/config").write_text("private")
    Path(os.fsdecode(os.fsencode(root) + b"/\xff.html")).write_text("no text")
    upload(config, sqlite_store)
    assert objects(config, storage) == expected


def test_files_of_the_owner_are_uploaded_and_their_objects_removed_with_them(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    own = config.site.output / "own/deep/er/film.bin"
    own.parent.mkdir(parents=True)
    own.write_bytes(bytes(6_000_000))  # in parts
    publish_and_upload(config, sqlite_store)
    assert objects(config, storage) == files(config)
    with storage.logged() as requests:
        upload(config, sqlite_store, verify=True)
    assert writes(requests) == []
    shutil.rmtree(config.site.output / "own")
    assert upload(config, sqlite_store).removed == 1
    assert objects(config, storage) == files(config)


# --- the bucket and others ----------------------------------------------------------------------------------------


def test_again_restores_what_others_changed_and_leaves_what_is_theirs(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1))
    publish_and_upload(config, sqlite_store)
    name = bucket_of(config)
    storage.put(name, "news/index.html", b"defaced")
    storage.put(name, "news/theirs.txt", b"theirs")
    storage.put(name, "news/entries/0000000000000000.html", b"left over")
    storage.put(name, "elsewhere/index.html", b"another site")
    storage.remove(name, "news/atom.xml")
    assert upload(config, sqlite_store).uploaded == 0
    report = upload(config, sqlite_store, verify=True)
    assert (set(report.changed), report.removed) == ({"index.html", "atom.xml"}, 1)
    others = {"theirs.txt": b"theirs", "elsewhere/index.html": b"another site"}
    assert objects(config, storage) == files(config) | others


def test_without_its_record_the_bucket_is_compared_and_nothing_uploaded_twice(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1), dated_entry(2))
    publish_and_upload(config, sqlite_store)
    record_file(config).unlink()
    with storage.logged() as requests:
        report = upload(config, sqlite_store)
    assert [one.method for one in requests] == ["GET", "GET"]
    assert report[:3] == (0, len(files(config)), 0)
    record_file(config).write_bytes(b"damaged")
    sqlite_store.entries.withdraw([dated_entry(2).key], now=START)
    assert publish_and_upload(config, sqlite_store).removed == 1
    assert objects(config, storage) == files(config)


def test_without_a_record_what_feeder_names_is_removed_when_its_file_is_gone(
    tmp_path: Path, storage: Storage, sqlite_store: Store
) -> None:
    config = make_config(tmp_path, storage, precompress=True)
    save(sqlite_store, dated_entry(1, content=f"<p>{'long ' * 300}</p>"))
    publish(config, sqlite_store)
    (config.site.output / "pagefind/1").mkdir(parents=True)
    (config.site.output / "pagefind/1/en_1.pf_meta").write_bytes(b"meta")
    upload(config, sqlite_store)
    assert f"{page(dated_entry(1))}.gz" in objects(config, storage)
    record_file(config).unlink()
    sqlite_store.entries.withdraw([dated_entry(1).key], now=START)
    publish_and_upload(config, sqlite_store)
    assert objects(config, storage) == files(config)


def test_a_record_that_is_older_than_that_of_another_machine_is_not_believed(
    config: Config, storage: Storage, sqlite_store: Store, tmp_path: Path
) -> None:
    save(sqlite_store, dated_entry(1))
    publish_and_upload(config, sqlite_store)
    shutil.copy(record_file(config), tmp_path / "old")
    record_file(config).unlink()  # the other machine has none
    save(sqlite_store, dated_entry(2), dated_entry(40))
    publish_and_upload(config, sqlite_store)
    sqlite_store.entries.withdraw([dated_entry(40).key], now=START)
    shutil.copy(tmp_path / "old", record_file(config))
    publish_and_upload(config, sqlite_store)
    assert objects(config, storage) == files(config)


def test_objects_with_unknown_headers_are_uploaded_again(
    config: Config, storage: Storage, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(config, sqlite_store)
    for path, content in files(config).items():  # as another program does
        storage.put(bucket_of(config), f"news/{path}", content)
    assert upload(config, sqlite_store).uploaded == len(files(config))
    monkeypatch.setattr(upload_module, "_HEADERS", "of another version")
    assert upload(config, sqlite_store).uploaded == 0  # the same, as it turns out
    monkeypatch.setattr("feeder.publish.output.headers.CACHE_PAGES", "no-cache")
    monkeypatch.setattr(upload_module, "_HEADERS", "of one more version")
    changed = set(upload(config, sqlite_store).changed)
    assert {"index.html", "atom.xml"} < changed
    assert "robots.txt" not in changed
    assert storage.get(bucket_of(config), "news/index.html").headers["CacheControl"] == "no-cache"


def test_another_site_is_not_overwritten(config: Config, storage: Storage, sqlite_store: Store) -> None:
    storage.put(bucket_of(config), "news/index.html", b"<html>somebody's</html>")
    with pytest.raises(PublishError, match=r"s3://bucket-\d+/news/index.html: not written by feeder"):
        publish_and_upload(config, sqlite_store)
    assert objects(config, storage) == {"index.html": b"<html>somebody's</html>"}


# --- faults -------------------------------------------------------------------------------------------------------


class Reader:
    """Walks the site in the bucket after each request: every link must lead to an object."""

    def __init__(self, storage: Storage, config: Config) -> None:
        self._storage, self._bucket = storage, bucket_of(config)
        self._seen = threading.Lock()
        self.walks, self.broken = 0, set[tuple[str, str]]()

    def walk(self, request: Request) -> None:
        if request.method == "GET":
            return
        found = self._storage.contents(self._bucket)
        waiting, seen = ["news/index.html"], set[str]()
        self.walks += 1
        while waiting:
            path = waiting.pop()
            if path in seen or path not in found:
                continue
            seen.add(path)
            for link in LINK.findall(found[path]):
                target = target_of(path, link.decode())
                if target is not None and target not in found:
                    self.broken.add((path, target))
                elif target is not None:
                    waiting.append(target)


def target_of(path: str, link: str) -> str | None:
    folder = "news" if link.startswith(SITE) else dirname(path)
    link = link.removeprefix(SITE)
    if re.match(r"[a-z]+:", link) or link.endswith(("search", "related")):  # other sites, and what only a server has
        return None
    target = normpath(f"{folder}/{link}")
    return f"{target}/index.html" if link.endswith("/") or target == "news" else target


def change_much(store: Store, step: int) -> None:
    """Add, change and remove entries, in several months."""
    save(store, *[dated_entry(step * 7 + number * 11, title=f"第 {step} 次 {number}") for number in range(6)])
    if step:
        store.entries.withdraw([dated_entry((step - 1) * 7).key], now=START)


def test_a_reader_finds_no_link_to_what_is_not_there_at_any_moment(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    reader = Reader(storage, config)
    for step in range(3):
        change_much(sqlite_store, step)
        publish(config, sqlite_store)
        storage.look = reader.walk
        upload(config, sqlite_store)
        storage.look = None
    assert reader.walks > 50
    assert reader.broken == set()
    assert objects(config, storage) == files(config)


@pytest.mark.parametrize("count", [0, 9, 21])
def test_uploads_that_break_off_again_and_again_end_with_the_folder_and_break_no_link(
    config: Config, storage: Storage, sqlite_store: Store, count: int
) -> None:
    reader = Reader(storage, config)
    for step in range(3):
        change_much(sqlite_store, step)
        publish(config, sqlite_store)
        storage.look, storage.answer = reader.walk, refuse_after(count)
        with pytest.raises(PublishError, match="no permission"):
            upload(config, sqlite_store)
    storage.answer = lambda _: None
    upload(config, sqlite_store)
    assert reader.broken == set()
    storage.look = None
    assert objects(config, storage) == files(config)


def test_what_an_upload_left_unfinished_stays_unnamed_until_all_it_names_is_there(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    save(sqlite_store, *[dated_entry(number * 10) for number in range(5)])
    publish_and_upload(config, sqlite_store)
    names = [dated_entry(number * 10 + 4) for number in range(4)]
    named = [dated_entry(number * 10 + 5) for number in range(4)]
    save(sqlite_store, *names, *named)
    publish(config, sqlite_store)
    missing = {f"news/{page(entry)}" for entry in named}

    def refuse_at_last(request: Request) -> Any:
        if request.path not in missing:
            return None
        time.sleep(0.3)  # the others get there meanwhile
        return refusal("AccessDenied", 403)

    storage.answer = refuse_at_last
    with pytest.raises(PublishError, match="no permission"):
        upload(config, sqlite_store)
    assert {f"news/{page(entry)}" for entry in names} < storage.paths(bucket_of(config))
    storage.answer = lambda _: None
    sqlite_store.entries.withdraw([entry.key for entry in named], now=START)
    publish(config, sqlite_store)
    reader = Reader(storage, config)
    storage.look = reader.walk
    upload(config, sqlite_store)
    assert reader.broken == set()


def refuse_after(count: int) -> Callable[[Request], Any]:
    left = iter(range(count))
    return lambda _: None if next(left, None) is not None else refusal("AccessDenied", 403)


def test_a_request_that_fails_once_is_repeated(config: Config, storage: Storage, sqlite_store: Store) -> None:
    save(sqlite_store, *[dated_entry(number) for number in range(5)])
    failed = set[Request]()

    def fail_once(request: Request) -> Any:
        if request in failed or len(failed) > 8:
            return None
        failed.add(request)
        return refusal("InternalError", 500)

    storage.answer = fail_once
    publish_and_upload(config, sqlite_store)
    assert failed
    assert objects(config, storage) == files(config)


def test_a_server_that_is_down_fails_the_upload_and_the_next_makes_it_good(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    save(sqlite_store, dated_entry(1))
    down = config.model_copy(update={"objects": config.objects.model_copy(update={"endpoint": "http://127.0.0.1:1"})})
    with pytest.raises(PublishError, match="refuses connections"):
        publish_and_upload(down, sqlite_store)
    save(sqlite_store, dated_entry(2))
    publish_and_upload(config, sqlite_store)
    assert objects(config, storage) == files(config)


def test_an_own_file_that_was_changed_in_place_is_uploaded_with_the_next_change_and_by_again(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    publish(config, sqlite_store)
    own = config.site.output / "about.txt"
    own.write_bytes(b"one")
    upload(config, sqlite_store)
    own.write_bytes(b"number two")
    upload(config, sqlite_store)
    assert objects(config, storage)["about.txt"] == b"one"
    upload(config, sqlite_store, verify=True)
    assert objects(config, storage)["about.txt"] == b"number two"
    own.write_bytes(b"three")
    save(sqlite_store, dated_entry(1))
    publish_and_upload(config, sqlite_store)
    assert objects(config, storage)["about.txt"] == b"three"


def test_hubs_are_told_of_feeds_once_these_are_in_the_bucket(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    site = config.site.model_copy(update={"hubs": ("http://127.0.0.1:1/",)})  # it keeps waiting for what it is told
    config = config.model_copy(update={"site": site})
    save(sqlite_store, dated_entry(1))
    storage.answer = lambda _: refusal("AccessDenied", 403)
    with pytest.raises(PublishError, match="no permission"):
        update(config, sqlite_store, parts=PUBLISH)
    assert sqlite_store.database.get_note("hubs_to_tell") is None
    storage.answer = lambda _: None
    assert update(config, sqlite_store, parts=PUBLISH).objects is not None
    assert f"{SITE}atom.xml" in (sqlite_store.database.get_note("hubs_to_tell") or "")


def test_hubs_are_told_of_feeds_that_an_upload_that_broke_off_had_uploaded(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    site = config.site.model_copy(update={"hubs": ("http://127.0.0.1:1/",)})
    config = config.model_copy(update={"site": site})
    save(sqlite_store, dated_entry(1))
    storage.answer = lambda request: refusal("AccessDenied", 403) if request.path == "news/index.html" else None
    with pytest.raises(PublishError, match="no permission"):
        update(config, sqlite_store, parts=PUBLISH)
    assert "atom.xml" in objects(config, storage)
    assert f"{SITE}atom.xml" in (sqlite_store.database.get_note("hubs_to_tell") or "")


def test_an_upload_ends_at_its_deadline_and_the_next_goes_on(
    config: Config, storage: Storage, sqlite_store: Store
) -> None:
    save(sqlite_store, *[dated_entry(number) for number in range(25)])
    hurried = config.model_copy(update={"objects": config.objects.model_copy(update={"deadline": "1s"})})
    storage.answer = slow(0.4)
    with pytest.raises(PublishError, match=r"not done within 1s \(objects.deadline\): \d+ of \d+ files looked at"):
        publish_and_upload(hurried, sqlite_store)
    storage.answer = lambda _: None
    with storage.logged() as requests:
        upload(config, sqlite_store)
    assert objects(config, storage) == files(config)
    assert len(writes(requests)) <= len(files(config)) + 1


def test_an_upload_that_is_stopped_leaves_no_object_behind_that_nobody_knows(
    config: Config, storage: Storage, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = dated_entry(1)
    save(sqlite_store, entry, *[dated_entry(number) for number in range(2, 6)])
    publish(config, sqlite_store)
    with monkeypatch.context() as patched:
        patched.setattr(Record, "set", stop)  # written, but not recorded
        with pytest.raises(KeyboardInterrupt):
            upload(config, sqlite_store)
    assert storage.paths(bucket_of(config))
    sqlite_store.entries.withdraw([entry.key], now=START)
    publish_and_upload(config, sqlite_store)
    assert page(entry) not in objects(config, storage)
    assert objects(config, storage) == files(config)


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_full_disk_under_the_record_is_told(
    config: Config, storage: Storage, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(config, sqlite_store)
    with monkeypatch.context() as patched:
        patched.setattr(Record, "commit", is_full)
        with pytest.raises(PublishError, match=r"uploaded-.*\.db: cannot be written: database or disk is full"):
            upload(config, sqlite_store)
    upload(config, sqlite_store)
    assert objects(config, storage) == files(config)


def is_full(_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_the_progress_counts_files_and_what_it_raises_ends_the_upload(
    config: Config, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_module, "_GROUP", 3)
    save(sqlite_store, *[dated_entry(number) for number in range(5)])
    publish(config, sqlite_store)
    seen: list[tuple[str, int, int | None]] = []
    upload(config, sqlite_store, progress=lambda *told: seen.append(told))
    assert [told[1] for told in seen] == sorted(told[1] for told in seen)
    assert seen[-1] == ("upload", len(files(config)), len(files(config)))

    def refuse(*_: object) -> None:
        raise asyncio.CancelledError

    (config.site.output / "more.txt").write_text("more")
    with pytest.raises(asyncio.CancelledError):
        upload(config, sqlite_store, progress=refuse)

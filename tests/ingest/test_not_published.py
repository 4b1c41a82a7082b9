"""What its author did not publish is not stored, is reported, and leaves the store when it is withdrawn."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedSource, FolderSource, IngestConfig
from feeder.ingest import IngestReport, ingest, preview
from feeder.store import Store, parse_query
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture
from tests.http_server import Answer, Server
from tests.ingest.test_ingest_gone import parts  # noqa: F401  a fixture
from tests.sources.test_collection import post, wordpress

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LONG = "The council met on Monday about the bridge. " * 10


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    return tmp_path / "mirror"


def configured(folder: Path, **values: Any) -> Config:
    return Config(sources=(FolderSource(name="mirror", folder=folder, **values),))


def read(config: Config, store: Store, now: datetime = NOW, *, again: bool = False) -> IngestReport:
    [report] = ingest(config, store, now=now, again=again)
    return report


def write(folder: Path, name: str, title: str = "A letter", *lines: str, text: str = "Words.") -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(["---", f"title: {title}", *lines, "---", "", text, ""]))


def titles(store: Store) -> list[str]:
    return sorted(entry.title for entry in store.entries.iter_all())


def test_a_draft_is_not_stored_and_the_report_counts_it(
    folder: Path, sqlite_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    write(folder, "a.md", "Open")
    write(folder, "b.md", "Held", "draft: true")
    report = read(configured(folder), sqlite_store)
    assert titles(sqlite_store) == ["Open"]
    assert str(report) == "mirror: 2 read, 1 new, 1 not published"
    assert report.not_published == (("b.md", "front matter: draft: true"),)
    assert f"{folder}/b.md: not published: front matter: draft: true" in caplog.text
    assert report.as_dict()["not_published"] == [{"path": "b.md", "reason": "front matter: draft: true"}]
    assert str(read(configured(folder), sqlite_store)) == "mirror: nothing new (2 unchanged)"


def test_a_preview_counts_it_and_says_why(folder: Path, sqlite_store: Store) -> None:
    write(folder, "a.md", "Open")
    write(folder, "b.md", "Held", "draft: true")
    (folder / "empty.md").write_text("")
    [shown] = preview(configured(folder), sqlite_store, now=NOW)
    assert str(shown) == "mirror: 3 new, 1 not published"
    assert shown.paths["not published"] == ("b.md (front matter: draft: true)",)
    [kept] = preview(configured(folder, drafts="keep"), sqlite_store, now=NOW, max_paths=0)
    assert str(kept) == "mirror: 3 new"


def test_dates_that_are_not_understood_are_reported_once(folder: Path, sqlite_store: Store) -> None:
    write(folder, "a.md", "A", "date: 2024-13-45")
    write(folder, "b.md", "B", "date: 2024-12-05")
    write(folder, "c.md", "C", "date: 2024-13-45", "draft: true")
    told = (("a.md", "front matter: date: 2024-13-45"),)
    [shown] = preview(configured(folder), None, now=NOW)
    assert shown.unread_dates == told
    assert shown.as_dict()["unread_dates"] == [{"path": "a.md", "reason": told[0][1]}]
    report = read(configured(folder), sqlite_store)
    assert report.unread_dates == told
    assert str(report) == "mirror: 3 read, 2 new, 1 not published, 1 dates not understood"
    assert read(configured(folder), sqlite_store).unread_dates == ()


def test_dates_of_a_feed_that_are_not_understood_are_reported(sqlite_store: Store) -> None:
    item = "<item><title>Rain</title><link>https://e.org/1</link><pubDate>Smarch 33, 2024</pubDate></item>"
    with Server() as server:
        server.answers["/feed"] = Answer(body=f"<rss version='2.0'><channel>{item}</channel></rss>".encode())
        config = Config(sources=(FeedSource(name="rain", feed=server.url("/feed"), allow_private=True),))
        report = read(config, sqlite_store)
    assert report.unread_dates == (("https://e.org/1", "feed: pubdate: Smarch 33, 2024"),)


def test_drafts_are_kept_where_that_is_configured(folder: Path, sqlite_store: Store) -> None:
    write(folder, "b.md", "Held", "draft: true", "expiryDate: 2020-01-01")
    general = Config(sources=configured(folder).sources, ingest=IngestConfig(drafts="keep"))
    assert not read(configured(folder), sqlite_store).new
    assert read(general, sqlite_store, again=True).new == 1
    assert read(configured(folder, drafts="skip"), sqlite_store, again=True).removed == 1
    assert read(configured(folder, drafts="keep"), sqlite_store, again=True).new == 1


def test_an_entry_that_becomes_a_draft_is_removed_whatever_when_gone_says(folder: Path, sqlite_store: Store) -> None:
    write(folder, "a.md", "A letter")
    write(folder, "b.md", "Another")
    read(configured(folder), sqlite_store)
    write(folder, "a.md", "A letter", "draft: true")
    report = read(configured(folder), sqlite_store)
    assert (report.removed, titles(sqlite_store)) == (1, ["Another"])
    write(folder, "a.md", "A letter")
    assert read(configured(folder), sqlite_store).new == 1


def test_it_stays_where_another_file_still_publishes_it(folder: Path, sqlite_store: Store) -> None:
    for name in ("a.md", "b.md"):
        write(folder, name, "A letter", "link: https://example.org/a")
    read(configured(folder), sqlite_store)
    write(folder, "a.md", "A letter", "link: https://example.org/a", "draft: true")
    report = read(configured(folder), sqlite_store)
    [entry] = sqlite_store.entries.iter_all()
    assert report.removed == 0
    assert [origin.address for origin in sqlite_store.entries.origins(entry.id)] == [f"{folder}/b.md"]


def test_an_article_that_is_moved_to_the_drafts_is_withdrawn(folder: Path, sqlite_store: Store) -> None:
    write(folder, "_posts/2024-01-01-a.md", "A letter", text=LONG)
    write(folder, "_posts/2024-01-02-b.md", "Deleted", text="Others.")
    read(configured(folder), sqlite_store)
    (folder / "_drafts").mkdir()
    (folder / "_posts/2024-01-01-a.md").rename(folder / "_drafts/a.md")
    (folder / "_posts/2024-01-02-b.md").unlink()
    assert read(configured(folder), sqlite_store).removed == 1
    assert titles(sqlite_store) == ["Deleted"]  # its file is gone, and `when_gone` keeps it


@pytest.mark.usefixtures("parts")
def test_a_post_of_an_export_that_becomes_a_draft_is_withdrawn_and_no_other(folder: Path, sqlite_store: Store) -> None:
    file = folder / "blog.xml"
    file.write_bytes(wordpress(post("one"), post("two"), post("three")))
    read(configured(folder), sqlite_store)
    # WordPress gives a draft another link than it had; `three` is missing and stays, as files do that are gone.
    draft = post("two", status="draft").replace("https://b.example/two", "https://b.example/?p=2")
    file.write_bytes(wordpress(post("one"), draft))
    report = read(configured(folder), sqlite_store)
    assert (report.removed, titles(sqlite_store)) == (1, ["one", "three"])
    assert report.not_published == (("blog.xml#2", "export: wp:status: draft"),)


@pytest.mark.usefixtures("parts")
def test_a_draft_of_the_same_title_takes_nothing_that_is_still_published(folder: Path, sqlite_store: Store) -> None:
    draft = post("one", status="draft").replace("https://b.example/one", "https://b.example/?p=2")
    for items in ((post("one"),), (post("one"), draft)):
        (folder / "blog.xml").write_bytes(wordpress(*items))
        read(configured(folder), sqlite_store)
    assert titles(sqlite_store) == ["one"]


def test_a_scheduled_post_comes_in_on_its_day_though_its_file_has_not_changed(
    folder: Path, sqlite_store: Store
) -> None:
    write(folder, "a.md", "A letter", "date: 2026-05-03")
    config = configured(folder)
    report = read(config, sqlite_store)
    assert report.not_published == (("a.md", "scheduled: front matter: date: 2026-05-03"),)
    assert not read(config, sqlite_store, NOW + DAY).new
    assert read(config, sqlite_store, NOW + 2 * DAY).new == 1
    assert str(read(config, sqlite_store, NOW + 3 * DAY)) == "mirror: nothing new (1 unchanged)"


@pytest.mark.parametrize(
    ("date", "new"),
    [("2026-05-01T20:00:00", 1), ("2026-05-01T20:00:00Z", 0), ("2026-05-01T12:00:00Z", 1), ("no day 7", 1)],
)
def test_an_hour_counts_only_where_its_zone_is_known(folder: Path, sqlite_store: Store, date: str, new: int) -> None:
    write(folder, "a.md", "A letter", f"publishDate: {date}")
    assert read(configured(folder), sqlite_store).new == new


def test_a_post_that_expires_is_removed_on_its_day(folder: Path, sqlite_store: Store) -> None:
    write(folder, "a.md", "A letter", "expiryDate: 2026-05-03")
    config = configured(folder)
    assert read(config, sqlite_store).new == 1
    assert not read(config, sqlite_store, NOW + DAY).removed
    assert read(config, sqlite_store, NOW + 2 * DAY).removed == 1
    assert titles(sqlite_store) == []
    assert str(read(config, sqlite_store, NOW + 3 * DAY)) == "mirror: nothing new (1 unchanged)"


def substack(folder: Path, *rows: str) -> None:
    (folder / "posts.csv").write_text("\n".join(("post_id,is_published,audience", *rows)) + "\n")


@pytest.mark.parametrize("place", ["", "posts/"])
def test_the_posts_of_a_substack_export_are_as_public_as_its_list_says(
    folder: Path, sqlite_store: Store, place: str
) -> None:
    (folder / "posts").mkdir()
    for post_id in ("1.open", "2.later", "3.paid"):
        (folder / f"{place}{post_id}.html").write_text(f"<h1>{post_id}</h1><p>Words of {post_id}.</p>")
    config = configured(folder)
    substack(folder, "1.open,true,everyone", "2,false,everyone", "3.paid,true,only_paid")
    assert len(read(config, sqlite_store).not_published) == 2
    assert titles(sqlite_store) == ["1.open"]
    substack(folder, "1.open,false,everyone", "2,true,everyone", "3.paid,true,only_paid")
    os.utime(folder / "posts.csv", (1, 1))
    read(config, sqlite_store)
    assert titles(sqlite_store) == ["2.later"]


def test_a_list_that_cannot_be_read_says_nothing(folder: Path, sqlite_store: Store) -> None:
    (folder / "posts.csv").mkdir()
    (folder / "1.open.html").write_text("<h1>Open</h1><p>Words.</p>")
    assert read(configured(folder), sqlite_store).new == 1


def test_a_pass_that_is_killed_before_the_removal_is_made_up_for(
    folder: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.md", "A letter")
    read(configured(folder), sqlite_store)
    write(folder, "a.md", "A letter", "draft: true")
    with monkeypatch.context() as patch:
        patch.setattr(type(sqlite_store), "remove_orphans", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            read(configured(folder), sqlite_store)
    assert read(configured(folder), sqlite_store).removed == 1


def test_an_article_that_becomes_a_draft_leaves_feed_page_and_index(
    feeder: Feeder,
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text("[[sources]]\nname = 'mirror'\nfolder = 'in'\n")
    write(tmp_path / "in", "a.md", "Puddles")
    write(tmp_path / "in", "b.md", "Another")
    feeder("update")
    [page] = [file for file in (tmp_path / "public/entries").iterdir() if "<title>Puddles" in file.read_text("utf-8")]
    assert "Puddles" in (tmp_path / "public/atom.xml").read_text("utf-8")
    assert feeder("search", "puddles").code == 0
    write(tmp_path / "in", "a.md", "Puddles", "draft: true")
    assert feeder("update").code == 0
    assert not page.exists()
    published = [file for file in (tmp_path / "public").rglob("*") if file.suffix in {".xml", ".html"}]
    assert [file for file in published if "Puddles" in file.read_text("utf-8")] == []
    assert feeder("search", "puddles").code == 1


_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:app="http://www.w3.org/2007/app"><id>urn:f</id><title>Rain</title>
<updated>2026-01-01T00:00:00Z</updated><entry><id>urn:a</id><title>Puddles</title><updated>2026-01-01T00:00:00Z</updated>
<content>Water.</content>{draft}</entry><entry><id>urn:b</id><title>Another</title><updated>2026-01-01T00:00:00Z</updated>
</entry></feed>"""


def test_an_entry_that_its_feed_calls_a_draft_is_removed_and_may_come_back(sqlite_store: Store) -> None:
    with Server() as server:
        source = FeedSource(name="rain", feed=server.url("/rain"), allow_private=True, min_interval="1h")
        config = Config(sources=(source,))
        bodies = [_ATOM.format(draft=draft) for draft in ("", "<app:control><app:draft>yes</app:draft></app:control>")]
        server.answers["/rain"] = [Answer(body=body.encode()) for body in (*bodies, bodies[0])]
        read(config, sqlite_store)
        assert titles(sqlite_store) == ["Another", "Puddles"]
        assert sqlite_store.search.find(parse_query("puddles"), limit=5).total == 1
        report = read(config, sqlite_store, NOW + 2 * DAY)
        assert [reason for _, reason in report.not_published] == ["feed: app:draft"]
        assert titles(sqlite_store) == ["Another"]
        assert sqlite_store.search.find(parse_query("puddles"), limit=5).total == 0
        read(config, sqlite_store, NOW + 4 * DAY)
        assert titles(sqlite_store) == ["Another", "Puddles"]


def test_a_draft_of_one_feed_takes_nothing_from_another(sqlite_store: Store) -> None:
    with Server() as server:
        sources = tuple(
            FeedSource(name=name, feed=server.url(f"/{name}"), allow_private=True, min_interval="1h")
            for name in ("a", "b")
        )
        whole, held = (
            _ATOM.format(draft=draft) for draft in ("", "<app:control><app:draft>yes</app:draft></app:control>")
        )
        server.answers["/a"] = Answer(body=whole.encode())
        server.answers["/b"] = [Answer(body=body.encode()) for body in (whole, held)]
        for now in (NOW, NOW + 2 * DAY):
            ingest(Config(sources=sources), sqlite_store, now=now)
    assert titles(sqlite_store) == ["Another", "Another", "Puddles"]

"""Replayed feeds, from the settings to what a reader of feeds gets."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from sqlalchemy import select

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, SiteConfig, StoreConfig
from feeder.errors import StoreError
from feeder.incoming.batch import Batch
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.publish.replay import Pace, as_shown, plan_turns
from feeder.publish.site import PublishReport, publish
from feeder.store import Store
from feeder.store.parts.search import SearchIndex
from feeder.store.tables import replayed
from tests import saving
from tests.entries import make_entry
from tests.publish.rfc4287 import violations

FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)
OLD = datetime(2009, 1, 1, 12, tzinfo=UTC)


def old_entry(number: int, **changes: Any) -> Entry:
    """Return an entry published that many days after the start of 2009."""
    moment = OLD + timedelta(days=number)
    return make_entry(number, **{"title": f"t{number}", "published": moment, "updated": moment} | changes)


def save(store: Store, *entries: Entry) -> None:
    saving.save(store, [(Origin("test", f"{entry.id.rpartition('/')[2]}.md"), entry) for entry in entries])


def make_config(folder: Path, *, site: dict[str, Any] | None = None, **feed: Any) -> Config:
    values = {"name": "again", "query": "雨", "replay": "2/day", "replay_from": "2026-03-01"} | feed
    return Config(
        site=SiteConfig(output=folder / "public", **{"language": "en"} | (site or {})),
        store=StoreConfig(url=f"sqlite:///{folder}/state/feeder.db"),
        feeds=(FeedConfig(**values),),
    )


def shown(config: Config, kind: str = "xml") -> list[Any]:
    return list(feedparser.parse((config.site.output / f"feeds/again.{kind}").read_bytes()).entries)


def titles(config: Config) -> list[str]:
    return [entry.title for entry in shown(config)]


def pass_on(config: Config, store: Store, day: float) -> PublishReport:
    return publish(config, store, now=FIRST + timedelta(days=day))


def test_so_many_entries_more_have_their_turn_each_day_the_oldest_first(tmp_path: Path, store: Store) -> None:
    config = make_config(tmp_path)
    save(store, *[old_entry(number) for number in range(5)])
    pass_on(config, store, -1)
    assert titles(config) == []
    pass_on(config, store, 0)
    assert titles(config) == ["t1", "t0"]
    assert pass_on(config, store, 0.5)[:3:2] == (0, 0)
    files = {f"feeds/again.{ending}" for ending in ("html", "xml", "rss", "json")}
    assert set(pass_on(config, store, 1).changed) == files
    assert titles(config) == ["t3", "t2", "t1", "t0"]
    pass_on(config, store, 2)
    assert titles(config) == ["t4", "t3", "t2", "t1", "t0"]
    assert pass_on(config, store, 9).written == 0


def test_a_week_is_a_turn_too_and_the_feed_has_as_many_of_the_latest_as_configured(
    tmp_path: Path, sqlite_store: Store
) -> None:
    config = make_config(tmp_path, replay="1/week", limit=2)
    save(sqlite_store, *[old_entry(number) for number in range(5)])
    pass_on(config, sqlite_store, 6)
    assert titles(config) == ["t0"]
    pass_on(config, sqlite_store, 7)
    assert titles(config) == ["t1", "t0"]
    pass_on(config, sqlite_store, 27)
    assert titles(config) == ["t3", "t2"]


def test_a_reader_takes_them_for_new_and_for_the_same_entries(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, old_entry(0), old_entry(1))
    pass_on(config, sqlite_store, 0)
    feed = (config.site.output / "feeds/again.xml").read_bytes()
    assert violations(feed, served_from="http://127.0.0.1:8000/feeds/again.xml") == []
    everything = feedparser.parse((config.site.output / "atom.xml").read_bytes()).entries
    assert [entry.id for entry in shown(config)] == [entry.id for entry in everything]
    newer, older = shown(config)
    assert (older.published, older.updated) == ("2026-03-01T00:00:00+00:00",) * 2
    assert newer.published == "2026-03-01T00:00:01+00:00"
    assert [entry.published for entry in everything] == ["2009-01-02T12:00:00+00:00", "2009-01-01T12:00:00+00:00"]
    assert older.content[0].value.startswith('<p lang="en">First published on 1 January 2009.</p><p>')
    assert older.summary.startswith("First published on 1 January 2009. ")
    assert shown(config, "rss")[0].published == "Sun, 01 Mar 2026 00:00:01 +0000"
    items = json.loads((config.site.output / "feeds/again.json").read_bytes())["items"]
    assert [(item["date_published"], item["date_modified"]) for item in items] == [
        ("2026-03-01T00:00:01Z",) * 2,
        ("2026-03-01T00:00:00Z",) * 2,
    ]
    page = (config.site.output / "feeds/again.html").read_text()
    assert "From the beginning of the archive" in page
    assert "2 January 2009" in page
    for listed in ("subscribe.html", "feeds.opml"):
        assert "feeds/again.xml" in (config.site.output / listed).read_text()


def test_a_guessed_date_is_not_told_as_that_of_the_article() -> None:
    entry = old_entry(0, published_from="file time")
    turned = as_shown(entry, FIRST, SiteConfig())
    assert (turned.content, turned.summary, turned.published) == (entry.content, entry.summary, FIRST)


def test_an_entry_corrected_after_its_turn_was_updated_then(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, old_entry(0), old_entry(1))
    pass_on(config, sqlite_store, 0)
    later = FIRST + timedelta(days=3)
    save(sqlite_store, old_entry(0, title="better", updated=later))
    pass_on(config, sqlite_store, 0)
    newer, older = shown(config)
    assert (newer.title, older.title) == ("t1", "better")
    assert (older.published, older.updated) == ("2026-03-01T00:00:00+00:00", "2026-03-04T09:00:00+00:00")


def test_what_arrives_late_is_next_and_moves_nothing(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, *[old_entry(number) for number in range(1, 6)])
    pass_on(config, sqlite_store, 0)
    before = [(entry.title, entry.published) for entry in shown(config)]
    save(sqlite_store, old_entry(0))
    pass_on(config, sqlite_store, 0)
    assert [(entry.title, entry.published) for entry in shown(config)] == before
    pass_on(config, sqlite_store, 1)
    assert titles(config) == ["t3", "t0", "t2", "t1"]


def test_what_leaves_the_site_keeps_its_turn(tmp_path: Path, store: Store) -> None:
    config = make_config(tmp_path)
    save(store, *[old_entry(number) for number in range(4)])
    pass_on(config, store, 0)
    store.take([Batch(source="test", left=["1.md"])])
    store.remove_orphans()
    save(store, old_entry(0, content="<p>another subject</p>", summary="", title="t0", media=(), categories=()))
    pass_on(config, store, 0)
    assert titles(config) == []
    save(store, old_entry(1), old_entry(0))
    pass_on(config, store, 0)
    assert titles(config) == ["t1", "t0"]


def test_when_all_had_their_turn_new_ones_still_come_one_turn_at_a_time(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, old_entry(0))
    for day in range(4):
        pass_on(config, sqlite_store, day)
    save(sqlite_store, *[old_entry(number) for number in range(1, 6)])
    pass_on(config, sqlite_store, 4)
    assert [entry.published[:10] for entry in shown(config)] == ["2026-03-05", "2026-03-05", "2026-03-01"]
    pass_on(config, sqlite_store, 4)
    assert titles(config) == ["t2", "t1", "t0"]


def test_turns_without_a_pass_are_made_up_for(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, *[old_entry(number) for number in range(9)])
    pass_on(config, sqlite_store, 0)
    pass_on(config, sqlite_store, 3)
    assert [entry.published[8:10] for entry in shown(config)] == ["04", "04", "03", "03", "02", "02", "01", "01"]


def test_a_store_that_was_made_anew_gives_the_same_feed(tmp_path: Path) -> None:
    feeds = []
    for name, days in (("one", range(4)), ("other", range(3, 4))):
        config = make_config(tmp_path / name)
        with Store.open(f"sqlite:///{tmp_path}/{name}.db") as store:
            save(store, *[old_entry(number) for number in range(9)])
            for day in days:
                pass_on(config, store, day)
        feeds.append((config.site.output / "feeds/again.xml").read_bytes())
    assert feeds[0] == feeds[1]


def test_a_lost_ledger_moves_nothing(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, *[old_entry(number) for number in range(1, 9)])
    pass_on(config, sqlite_store, 1)
    save(sqlite_store, old_entry(0))
    [ledger] = config.store.folder.glob("published-*.db")
    ledger.unlink()
    assert "feeds/again.xml" not in pass_on(config, sqlite_store, 1).changed


def test_another_pace_changes_no_turn_that_was_and_another_first_day_begins_anew(
    tmp_path: Path, sqlite_store: Store
) -> None:
    save(sqlite_store, *[old_entry(number) for number in range(9)])
    pass_on(make_config(tmp_path), sqlite_store, 1)
    config = make_config(tmp_path, replay="1/day")
    pass_on(config, sqlite_store, 1)
    assert titles(config) == ["t3", "t2", "t1", "t0"]
    pass_on(config, sqlite_store, 2)
    assert titles(config) == ["t4", "t3", "t2", "t1", "t0"]
    config = make_config(tmp_path, replay_from="2026-03-03")
    pass_on(config, sqlite_store, 2)
    assert titles(config) == ["t1", "t0"]


def test_a_day_begins_at_midnight_of_the_site(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path, site={"timezone": "Asia/Shanghai"})
    save(sqlite_store, *[old_entry(number) for number in range(9)])
    publish(config, sqlite_store, now=datetime(2026, 2, 28, 15, 59, tzinfo=UTC))
    assert titles(config) == []
    publish(config, sqlite_store, now=datetime(2026, 2, 28, 16, tzinfo=UTC))
    assert [entry.published for entry in shown(config)] == ["2026-02-28T16:00:01+00:00", "2026-02-28T16:00:00+00:00"]
    utc = make_config(tmp_path)  # another zone: the first two have had the turn of this day
    publish(utc, sqlite_store, now=datetime(2026, 2, 28, 23, tzinfo=UTC))
    assert titles(utc) == ["t1", "t0"]


def test_a_feed_that_cannot_be_searched_stays_and_is_written_as_soon_as_it_can(
    tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> list[int]:
        raise StoreError("no index")

    config = make_config(tmp_path)
    save(sqlite_store, *[old_entry(number) for number in range(9)])
    pass_on(config, sqlite_store, 0)
    with monkeypatch.context() as patch:
        patch.setattr(SearchIndex, "numbers", broken)
        assert pass_on(config, sqlite_store, 1).failed == (("feeds.again", "no index"),)
    assert titles(config) == ["t1", "t0"]
    assert pass_on(config, sqlite_store, 1).failed == ()
    assert titles(config) == ["t3", "t2", "t1", "t0"]


def test_a_pass_killed_before_it_wrote_a_turn_is_made_up_for(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, *[old_entry(number) for number in range(9)])
    pass_on(config, sqlite_store, 0)
    [ledger] = config.store.folder.glob("published-*.db")
    before = ledger.read_bytes()
    feed = config.site.output / "feeds/again.xml"
    old = feed.read_bytes()
    pass_on(config, sqlite_store, 1)
    after = feed.read_bytes()
    ledger.write_bytes(before)
    feed.write_bytes(old)
    pass_on(config, sqlite_store, 1)
    assert feed.read_bytes() == after


def test_turns_belong_to_the_feed(tmp_path: Path, sqlite_store: Store) -> None:
    config = make_config(tmp_path)
    save(sqlite_store, old_entry(0))
    pass_on(config, sqlite_store, 0)
    with sqlite_store.database.read() as connection:
        assert [tuple(row) for row in connection.execute(select(replayed))] == [
            ("again 2026-03-01", old_entry(0).key, datetime(2026, 3, 1, tzinfo=UTC))
        ]
    with closing(sqlite3.connect(next(iter(config.store.folder.glob("published-*.db"))))) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM meta")]
    assert "turn again" in names


NEW_YORK = Pace(3, timedelta(days=1), date(2026, 3, 7), ZoneInfo("America/New_York"))


def test_days_may_have_23_hours() -> None:
    begun = list(NEW_YORK.turns(None, datetime(2026, 3, 9, 12, tzinfo=UTC)))
    assert [moment.isoformat()[:16] for moment in begun] == ["2026-03-07T05:00", "2026-03-08T05:00", "2026-03-09T04:00"]
    assert NEW_YORK.current(datetime(2026, 3, 7, 4, 59, tzinfo=UTC)) is None
    assert list(NEW_YORK.turns(begun[0], begun[2])) == begun[1:]
    assert list(NEW_YORK.turns(begun[2], begun[2])) == begun[2:]


def test_no_two_entries_share_a_second() -> None:
    [begin] = NEW_YORK.turns(None, datetime(2026, 3, 7, 12, tzinfo=UTC))
    taken = {begin + timedelta(seconds=1)}
    planned = plan_turns(NEW_YORK, [begin], taken, iter("abc"))
    assert planned == {"a": begin, "b": begin + timedelta(seconds=2)}
    crowded = {begin + timedelta(seconds=place) for place in range(5)}
    assert plan_turns(NEW_YORK, [begin], crowded, iter("abc")) == {}

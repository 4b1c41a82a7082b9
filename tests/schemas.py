"""Small stores of every schema version, as SQL dumps: `python -m tests.schemas` writes that of the current one.

Their content is made up here and read again by the tests. An existing dump is never overwritten: it represents the
stores that people have. Run this once for each finished migration and commit the result.
"""

import os
import sqlite3
import sys
from contextlib import chdir, closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from bot.delivery import outbox
from bot.delivery.chats import find_subscriptions, read_channels, sync_channels
from bot.delivery.outbox import CallOutcome
from bot.delivery.pace import Pace
from bot.planning import planner
from bot.tables import migrate_tables
from feeder.config.load import Config
from feeder.config.settings import ChannelConfig, FeedSource, FolderSource, SiteConfig, StoreConfig
from feeder.errors import ConfigError
from feeder.ingest import ingest
from feeder.reading.feed import new_feed_job
from feeder.store import Store

FOLDER = Path(__file__).parent / "data" / "schemas"
DIGESTS = FOLDER / "digests.txt"
ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WRITTEN_NS = 1_700_000_000 * 10**9
CHAT = "@made_up_channel"
_PACE = Pace(per_chat_s=0, per_group_minute=10**6, overall_per_second=10**6)
ARTICLES = {
    "harbour.md": "---\ntitle: The harbour froze over\nlink: https://example.org/harbour\ndate: 2025-11-03T08:00:00Z\n"
    "---\n\nThe ferries stayed in, and people walked across to the islands.\n",
    "copy-of-harbour.md": "---\ntitle: The harbour froze over\nlink: https://example.org/harbour?utm_source=x\n"
    "date: 2025-11-03T08:00:00Z\n---\n\nThe ferries stayed in, and people walked across to the islands.\n",
    "rain.md": "---\ntitle: 山里下了三天的雨\nlink: https://example.org/rain\ndate: 2025-11-04T08:00:00Z\n---\n\n"
    "河水漲了，橋也不能走了。\n",
    "lantern.md": "---\ntitle: A lantern festival\ndate: 2025-11-05T08:00:00Z\n---\n\nA thousand lanterns, no link.\n",
    "gone.md": "---\ntitle: Taken away\nlink: https://example.org/gone\ndate: 2025-11-01T08:00:00Z\n---\n\n"
    "Not for long.\n",
    "broken.html": "<html><head><title>nothing</title></head><body></body></html>",
}
FEED_URL = "https://feeds.example.net/rss.xml"
FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Tides</title><link>https://example.net/</link>
<item><title>High tide</title><link>https://example.net/high</link><guid isPermaLink="false">tide-2</guid>
<description>The water came over the wall.</description><pubDate>Thu, 06 Nov 2025 08:00:00 GMT</pubDate></item>
<item><title>Low tide</title><link>https://example.net/low</link><guid>https://example.net/low</guid>
<description>One could walk to the wreck.</description><pubDate>Fri, 07 Nov 2025 08:00:00 GMT</pubDate></item>
</channel></rss>"""


def write_articles(folder: Path) -> None:
    """Write the articles of the source, all with the same old modification time."""
    for name, article in ARTICLES.items():
        file = folder / "articles" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(article, "utf-8")
        os.utime(file, ns=(WRITTEN_NS, WRITTEN_NS))


def config_of(database: Path) -> Config:
    """Return the configuration that the stores were made with; paths are relative to the working folder."""
    source = FolderSource(name="mirror", folder=Path("articles"), when_gone="remove")
    return Config(
        sources=(source,),
        site=SiteConfig(output=Path("public")),
        store=StoreConfig(url=f"sqlite:///{database}", search=Path("search")),
    )


def take_feed(store: Store, *, again: bool = False) -> list[str]:
    """Store the feed without a network; return the outcome of each entry."""
    from feeder.reading.feed import read_feed  # noqa: PLC0415  the first schema has no feeds
    from feeder.sources.http.crawl import FetchResult  # noqa: PLC0415  as above

    source = FeedSource(name="tides", feed=FEED_URL)
    fetched = FetchResult(key="tides", status=200, url=FEED_URL, body=FEED)
    [read] = read_feed(new_feed_job(source, fetched, store.documents.of_source("tides"), {}, now=NOW, reread=again))
    [saved] = store.take([read.batch])
    return [one.value for one in saved]


def _fill_remote(store: Store) -> None:
    from feeder.sources.feeds.polling import new_poll  # noqa: PLC0415  as above
    from feeder.store import new_added  # noqa: PLC0415  as above

    store.sources.add(lambda _kept: [new_added(FeedSource(name="tides", feed=FEED_URL), title="Tides")], now=NOW)
    take_feed(store)
    store.sources.record_polls([new_poll("tides", FEED_URL)])
    store.sources.pause("tides", now=NOW)


def fill(store: Store, config: Config) -> None:
    """Put into a new store what every dump holds: entries, documents, a removal, polls, deliveries of each state."""
    ingest(config, store, now=NOW)
    Path("articles/gone.md").unlink()
    ingest(config, store, now=NOW)
    migrate_tables(store)
    channels = read_channels([ChannelConfig(chat=CHAT, recent=3, max_age="999d")])
    planner.plan(store, sync_channels(store, channels), NOW)
    for outcome in (CallOutcome(result="sent", message=7), CallOutcome(result="failed", reason="made up")):
        [claim] = outbox.claim(store, NOW, 1, _PACE)
        outbox.settle(store, claim, outcome, NOW, _PACE)
    if hasattr(store, "sources"):
        _fill_remote(store)
        planner.plan(store, find_subscriptions(store, channels), NOW)
        [claim] = outbox.claim(store, NOW + timedelta(hours=1), 1, _PACE)
        outbox.settle(store, claim, CallOutcome(result="unknown", reason="made up"), NOW + timedelta(hours=1), _PACE)
    with store.database.begin() as connection:
        connection.execute(text("UPDATE notes SET text = 'schemas' WHERE name = 'store'"))


def migration_files() -> list[Path]:
    """Return the files of all migrations, feeder's and the bot's."""
    return sorted(ROOT.glob("*/migrations/versions/[0-9]*.py")) + sorted(
        ROOT.glob("feeder/*/migrations/versions/[0-9]*.py")
    )


def digest_line(file: Path) -> str:
    """Return the line that DIGESTS holds for a migration."""
    return f"{sha256(file.read_bytes()).hexdigest()}  {file.relative_to(ROOT)}"


def main() -> None:
    """Write the dump of the current schema, and digests of new migrations."""
    newest = max(ROOT.glob("feeder/store/migrations/versions/[0-9]*.py")).name[:4]
    target = FOLDER / f"{newest}.sql"
    if target.exists():
        raise ConfigError(f"{target}: already exists; a dump is never overwritten")
    with TemporaryDirectory() as folder, chdir(folder):
        write_articles(Path())
        config = config_of(Path("feeder.db"))
        with Store.open(config.store.url, search=config.store.search) as store:
            fill(store, config)
        with closing(sqlite3.connect("feeder.db")) as connection:
            target.write_text("\n".join(connection.iterdump()) + "\n", "utf-8")
    recorded = DIGESTS.read_text("utf-8").splitlines() if DIGESTS.exists() else []
    known = {line.partition("  ")[2] for line in recorded}
    recorded += [digest_line(file) for file in migration_files() if str(file.relative_to(ROOT)) not in known]
    DIGESTS.write_text("\n".join(recorded) + "\n", "utf-8")
    sys.stdout.write(f"wrote {target}\n")


if __name__ == "__main__":
    main()

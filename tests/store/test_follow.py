"""The contract of the index that follows a store, on either database: nothing is lost, doubled or held up."""

import json
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from feeder.errors import StoreError
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Results, Store, parse_query
from feeder.store.search.checksums import is_whole
from feeder.store.search.follow import Follower
from feeder.store.search.index import DamagedError, read_position, write_lock
from tests import saving
from tests.entries import make_entry

HERE = Origin("seeds", "a.txt")
RAIN = parse_query("雨季")
NOW = datetime(2024, 1, 1, tzinfo=UTC)
FAR = 2_100  # changes that a search does not wait for


def article(number: int, words: str = "雨季") -> Entry:
    bare = {"summary": "", "authors": (), "categories": ()}
    return make_entry(number, title=f"第{number}天", content=f"<p>{words}</p>", **bare)


def save(store: Store, *numbers: int, words: str = "雨季") -> None:
    saving.save(store, [(Origin("seeds", f"{number}.txt"), article(number, words)) for number in numbers])


def remove(store: Store, number: int) -> None:
    store.take([Batch(source="seeds", left=[f"{number}.txt"])])
    assert store.remove_orphans() == 1


def look(store: Store, *, wait: bool = False) -> Results:
    return store.search.find(RAIN, limit=5000, total_cap=5000, wait=wait)


def found(store: Store, *, wait: bool = False) -> list[int]:
    """Return the numbers of all articles about the rainy season, which are found once each."""
    results = look(store, wait=wait)
    assert results.complete
    numbers = [int(hit.entry.id.rpartition("/")[2]) for hit in results.hits]
    assert results.total == len(numbers) == len(set(numbers))
    return sorted(numbers)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the search index."""
    return tmp_path / "index"


@pytest.fixture
def again(store_url: str, home: Path) -> Callable[[], Store]:
    """A way to open one store as often as it is wanted, as other processes would."""
    return lambda: Store.open(store_url, search=home)


@pytest.fixture
def held(again: Callable[[], Store]) -> Iterator[Store]:
    """An empty store that is open, with an index in `home`."""
    with again() as store:
        yield store


# No process outlives a test run that was stopped.
PREAMBLE = "import os, signal, sys\nsignal.alarm(120)\nfrom tests.store.test_follow import *\n"


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            PREAMBLE + program,
            *map(str, arguments),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


# --- several processes -----------------------------------------------------------------------------------------------

SEARCHING = """
with Store.open(sys.argv[1], search=Path(sys.argv[2])) as store:
    before = 0
    while before < 60:
        results = look(store)
        numbers = sorted(int(hit.entry.id.rpartition("/")[2]) for hit in results.hits)
        assert numbers == list(range(1, len(numbers) + 1)), numbers  # a state that there was
        assert results.total == len(numbers) >= before, (results.total, before)
        before = len(numbers)
"""


def test_others_search_while_one_writes_and_see_nothing_but_what_there_was(
    held: Store, store_url: str, home: Path
) -> None:
    searching = [start(SEARCHING, store_url, home) for _ in range(3)]
    for number in range(1, 61):
        save(held, number)
        assert number in found(held, wait=True)  # at once, whoever writes the index
    for process in searching:
        _, errors = process.communicate()
        assert (process.returncode, errors) == (0, "")


CATCHING_UP = """
with Store.open(sys.argv[1], search=Path(sys.argv[2])) as store:
    print(len(found(store)))
"""


def test_many_who_catch_up_at_once_do_it_once(held: Store, store_url: str, home: Path) -> None:
    save(held, *range(300))
    processes = [start(CATCHING_UP, store_url, home) for _ in range(3)]
    assert [(process.communicate(), process.returncode) for process in processes] == [(("300\n", ""), 0)] * 3


def test_threads_of_one_process_search_and_save_at_once(held: Store) -> None:
    def work(thread: int) -> None:
        for number in range(thread * 100, thread * 100 + 8):
            save(held, number)
            assert number in [int(hit.entry.id.rpartition("/")[2]) for hit in look(held, wait=True).hits]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(found(held)) == 32


KILLED = """
import random, threading
def die():
    os.kill(os.getpid(), signal.SIGKILL)
chance = random.Random(int(sys.argv[3]))
store = Store.open(sys.argv[1], search=Path(sys.argv[2]))
first = store.entries.last_number()
threading.Timer(chance.random() * 0.6, die).start()
with store.search.following():
    for number in range(first, 1000):
        store.take([Batch(source="seeds", incoming=[prepare(Origin("seeds", str(number)), article(number))])])
        if chance.random() < 0.1:
            look(store)
die()
"""


def test_who_is_killed_at_any_moment_loses_nothing_and_doubles_nothing(held: Store, store_url: str, home: Path) -> None:
    for seed in range(8):
        process = start(KILLED, store_url, home, seed)
        _, errors = process.communicate()
        assert (process.returncode, errors) == (-signal.SIGKILL, "")
        held.database.set_note("in turn", "")  # PostgreSQL may still commit what it was told last: this waits for that
        assert found(held) == list(range(held.entries.count()))
    assert held.entries.count() > 0


@pytest.mark.parametrize("moment", ["committed", "half"])
def test_what_a_crash_cut_off_between_index_and_its_mark_is_done_once_more(
    again: Callable[[], Store], home: Path, moment: str
) -> None:
    with again() as store:
        save(store, 1, 2)
        assert found(store) == [1, 2]
        before = (home / "index-1" / "followed").read_bytes()
        save(store, 3, 2, words="雨季 雪天")
        assert found(store) == [1, 2, 3]
    (home / "index-1" / "followed").write_bytes(before)  # tantivy has committed, and then the power was cut
    if moment == "half":
        (home / "index-1" / "followed.new").write_bytes(before[:5])
    with again() as store:
        assert found(store) == [1, 2, 3]


# --- passes ----------------------------------------------------------------------------------------------------------


def test_a_pass_feeds_the_index_and_all_is_found_when_it_has_ended(
    held: Store, again: Callable[[], Store], home: Path
) -> None:
    with again() as other:
        with held.search.following():
            held.take([Batch(source="seeds", incoming=[prepare(HERE, article(1))])])
            save(other, 2)  # somebody else, in between
            held.take([Batch(source="seeds", incoming=[prepare(HERE, article(n)) for n in (3, 4)])])
            held.take([Batch(source="seeds", incoming=[prepare(HERE, article(3, "雪天"))])])
        said = read_position(home / "index-1")
        assert said is not None
        assert said.change == held.entries.last_change() == 5
        assert found(other) == [1, 2, 4]


def test_a_pass_within_a_pass_and_searches_meanwhile_wait_for_nothing(held: Store) -> None:
    with held.search.following():
        held.take([Batch(source="seeds", incoming=[prepare(HERE, article(1))])])
        with held.search.following():
            held.take([Batch(source="seeds", incoming=[prepare(HERE, article(2))])])
            assert not look(held, wait=True).complete
        assert held.search.follow() is False
    assert found(held) == [1, 2]


def test_a_pass_that_fails_has_fed_the_index_with_what_it_saved(held: Store, home: Path) -> None:
    def broken() -> None:
        with held.search.following():
            held.take([Batch(source="seeds", incoming=[prepare(HERE, article(1))])])
            raise RuntimeError("failed")

    with pytest.raises(RuntimeError, match="failed"):
        broken()
    assert found(held) == [1]
    assert (home / "current").read_text() == "index-1"


def test_a_pass_beside_another_that_writes_the_index_is_followed_by_the_next_search(
    held: Store, again: Callable[[], Store], home: Path
) -> None:
    with again() as other, write_lock(home), held.search.following():
        held.take([Batch(source="seeds", incoming=[prepare(HERE, article(1))])])
        results = look(other)
        assert (results.total, results.complete) == (0, False)
        # It has waited once; that the pass goes on makes nobody wait again.
        assert (look(other).total, look(other).complete) == (0, False)
        held.close()  # so that the end of this pass has nothing to wait for
        (home / "lock").unlink()
    assert found(held) == [1]


def test_the_index_folder_may_vanish_in_the_middle_of_a_pass(held: Store, home: Path) -> None:
    with held.search.following():
        held.take([Batch(source="seeds", incoming=[prepare(HERE, article(1))])])
        home.rename(home.with_name("gone"))
        held.take([Batch(source="seeds", incoming=[prepare(HERE, article(2))])])
    assert found(held) == [1, 2]


def test_what_was_removed_is_dropped_from_the_index(held: Store) -> None:
    save(held, 1, 2)
    assert found(held) == [1, 2]
    remove(held, 1)
    assert found(held) == [2]
    with held.search.following():
        remove(held, 2)
    assert found(held) == []


def test_a_changed_entry_is_not_found_by_its_old_words(held: Store) -> None:
    save(held, 1, 2)
    assert found(held) == [1, 2]
    save(held, 1, words="雪天")
    assert found(held) == [2]
    assert held.search.find(parse_query("雪天"), limit=5).total == 1


# --- what is wrong with an index -------------------------------------------------------------------------------------


def garble(file: Path, how: str) -> None:
    whole = file.read_bytes()
    chance = random.Random(f"{file.suffix}{how}")
    middle = len(whole) // 3
    file.unlink()
    if how != "missing":
        file.write_bytes(
            {
                "half": whole[: len(whole) // 2],
                "zeros": bytes(len(whole)),
                "random": chance.randbytes(len(whole)),
                "middle": whole[:middle]
                + bytes(255 - byte for byte in whole[middle : middle + 9])
                + whole[middle + 9 :],
            }[how]
        )


@pytest.mark.parametrize("how", ["missing", "half", "zeros", "random", "middle"])
def test_whatever_file_is_damaged_the_answer_is_right(sqlite_url: str, home: Path, how: str) -> None:
    with Store.open(sqlite_url, search=home) as store:
        save(store, *range(20))
        assert len(found(store)) == 20
    whole = home.with_name("whole")
    shutil.copytree(home, whole)
    names = [path.relative_to(whole) for path in whole.rglob("*") if path.is_file() and path.stat().st_size]
    assert len(names) >= 9
    for name in names:
        shutil.rmtree(home)
        shutil.copytree(whole, home)
        garble(home / name, how)
        with Store.open(sqlite_url, search=home) as store:
            assert found(store) == list(range(20)), name
            save(store, 0, words="雨季来了")
            assert found(store) == list(range(20)), name
            assert store.search.follow(rebuild=True)
            assert found(store) == list(range(20)), name


def test_a_damaged_index_does_not_stop_a_pass(held: Store, home: Path, caplog: pytest.LogCaptureFixture) -> None:
    save(held, *range(20))
    assert len(found(held)) == 20
    held.close()
    garble(next((home / "index-1").glob("*.idx")), "random")
    with held.search.following():
        held.take([Batch(source="seeds", incoming=[prepare(HERE, article(99))])])
    assert found(held) == [*range(20), 99]
    assert "rebuilding it" in caplog.text


CUT = """
with Store.open(sys.argv[1], search=Path(sys.argv[2])) as store:
    assert len(found(store)) == 20
    for file in [file for ending in ("idx", "term", "pos", "fast") for file in Path(sys.argv[2]).rglob(f"*.{ending}")]:
        os.truncate(file, 0)
    assert len(found(store)) == 20
"""


def test_an_index_that_is_cut_while_it_is_open_does_not_end_the_process(
    held: Store, home: Path, store_url: str
) -> None:
    save(held, *range(20))
    process = start(CUT, store_url, home)
    _, said = process.communicate()
    assert process.returncode == 0, said


def test_an_index_that_is_open_may_be_deleted(held: Store, home: Path) -> None:
    save(held, 1)
    assert found(held) == [1]
    shutil.rmtree(home)
    assert found(held) == [1]


@pytest.mark.parametrize("name", ["current", "followed"])
@pytest.mark.parametrize("said", [None, b"", b"7", b"\xff\xfe\0", b'{"form": 1}'])
def test_a_folder_that_does_not_say_which_index_it_holds_is_put_right(
    sqlite_url: str, home: Path, name: str, said: bytes | None
) -> None:
    with Store.open(sqlite_url, search=home) as store:
        save(store, 1, 2)
        assert found(store) == [1, 2]
        file = home / "current" if name == "current" else home / "index-1" / "followed"
        file.unlink() if said is None else file.write_bytes(said)
        assert found(store) == [1, 2]
        assert len([path for path in home.iterdir() if path.is_dir()]) == 1


def test_an_index_of_another_form_is_made_anew(held: Store, home: Path) -> None:
    save(held, 1, 2)
    assert found(held) == [1, 2]
    said = json.loads((home / "index-1" / "followed").read_text())
    (home / "index-1" / "followed").write_text(json.dumps(said | {"form": 0}))
    assert held.search.status().followed is None
    assert found(held) == [1, 2]
    assert (home / "current").read_text() == "index-2"


def test_an_index_of_another_store_is_made_anew(store_url: str, home: Path, tmp_path: Path) -> None:
    with Store.open(store_url, search=home) as store, store.database.begin() as connection:
        connection.execute(text("UPDATE notes SET text = 'another' WHERE name = 'store'"))
    with Store.open(f"sqlite:///{tmp_path}/other.db", search=home) as other:
        save(other, *range(10))
        assert len(found(other)) == 10
    with Store.open(store_url, search=home) as store:
        save(store, *range(50, 60))
        assert found(store) == list(range(50, 60))


def copy_database(url: str) -> Callable[[], None]:
    """Copy a database that nobody has open; return what puts the copy in its place."""
    address = make_url(url)
    name, copy = address.database, f"{address.database}_copy"
    if address.drivername == "sqlite":
        file = Path(name or "")
        shutil.copy(file, copy)

        def put_back() -> None:
            for leftover in file.parent.glob(f"{file.name}-*"):
                leftover.unlink()
            shutil.move(copy, file)

        return put_back
    server = create_engine(address.set(drivername="postgresql+psycopg", database="postgres"), poolclass=NullPool)

    def do(*statements: str) -> None:
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    do(f"CREATE DATABASE {copy} TEMPLATE {name}")
    return lambda: do(f"DROP DATABASE {name} WITH (FORCE)", f"ALTER DATABASE {copy} RENAME TO {name}")


@pytest.mark.parametrize("growth", [0, 1, 5, 9])
def test_a_database_put_back_from_an_older_copy_gets_an_index_of_its_own(
    store_url: str, home: Path, growth: int
) -> None:
    with Store.open(store_url, search=home) as store:
        save(store, 1, 2)
    put_back = copy_database(store_url)
    with Store.open(store_url, search=home) as store:
        save(store, 3, 4, 5, 6, 7)
        assert found(store) == [1, 2, 3, 4, 5, 6, 7]
    put_back()
    with Store.open(store_url, search=home) as store:
        save(store, *range(20, 20 + growth))  # up to the change that the index knows, and past it
        assert found(store) == [1, 2, *range(20, 20 + growth)]


def test_another_history_is_noticed_though_the_last_change_was_a_removal(store_url: str, home: Path) -> None:
    with Store.open(store_url, search=home) as store:
        save(store, 1, 2)
    put_back = copy_database(store_url)
    with Store.open(store_url, search=home) as store:
        remove(store, 1)
        assert found(store) == [2]
    put_back()
    with Store.open(store_url, search=home) as store:
        save(store, 3)
        assert found(store) == [1, 2, 3]


def test_an_index_that_cannot_be_made_fails_a_search_and_nothing_else(
    store_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with Store.open(store_url, search=tmp_path / "file" / "index") as store:
        with store.search.following():
            store.take([Batch(source="seeds", incoming=[prepare(HERE, article(1))])])
        save(store, 2)
        assert (store.entries.count(), len(store.entries.latest(5))) == (2, 2)
        for _ in range(2):
            with pytest.raises(StoreError, match="the search index cannot be created"):
                look(store)
    assert len(caplog.messages) == 1


def test_a_question_that_the_index_cannot_answer_is_not_taken_for_damage(held: Store, home: Path) -> None:
    """Making an index anew takes long: it must be damaged, and not a fault of ours."""
    save(held, 1)
    assert found(held) == [1]
    with pytest.raises(StoreError, match="boom"):
        held.search.follower.run(lambda _: fail(home / "index-1"))  # the one door to what no search of ours does
    assert (home / "current").read_text() == "index-1"
    assert is_whole(home / "index-1")


def fail(folder: Path) -> None:
    raise DamagedError(folder, "boom")


# --- made anew, and far behind ---------------------------------------------------------------------------------------


def test_searches_read_the_present_index_while_another_is_made(held: Store, again: Callable[[], Store]) -> None:
    save(held, *range(700))
    assert len(found(held)) == 700
    seen: list[int] = []
    with again() as other:
        held.search.follow(lambda _done, _total: seen.append(len(found(other))), rebuild=True)
        assert seen == [700, 700]
        assert not held.search.status().is_rebuilding
        assert len(found(other)) == 700


STOPPED = """
def stop(done, total):
    if done >= 500:
        print(done, total, flush=True)
        sys.stdin.read() if sys.argv[3] == "wait" else sys.exit(3)
with Store.open(sys.argv[1], search=Path(sys.argv[2])) as store:
    store.search.follow(stop, rebuild=True)
"""


def test_a_half_made_index_is_gone_on_with_and_two_are_not_made_at_once(
    held: Store, store_url: str, home: Path
) -> None:
    save(held, *range(700))
    assert len(found(held)) == 700
    process = start(STOPPED, store_url, home, "stop")
    assert (process.communicate()[0], process.returncode) == ("500 700\n", 3)
    assert len(found(held)) == 700
    assert held.search.status().is_rebuilding
    save(held, 3, words="雪天")
    save(held, 700)
    steps: list[tuple[int, int]] = []
    assert held.search.follow(lambda done, total: steps.append((done, total)), rebuild=True)
    assert steps[-1] == (202, 202)  # what was left, and what has changed since
    assert found(held) == [0, 1, 2, *range(4, 701)]


def test_who_makes_an_index_keeps_others_from_it_and_may_be_killed(held: Store, store_url: str, home: Path) -> None:
    save(held, *range(600))
    assert len(found(held)) == 600
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PREAMBLE + STOPPED,
            store_url,
            str(home),
            "wait",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "500 600\n"
    assert not held.search.follow(rebuild=True)
    assert len(found(held)) == 600
    process.kill()
    process.communicate()
    assert held.search.follow(rebuild=True)
    assert len(found(held)) == 600


def test_a_search_far_behind_answers_with_what_there_is_and_a_later_one_is_whole(store_url: str, home: Path) -> None:
    with Store.open(store_url, search=home) as store:
        save(store, 1, 2)
        assert found(store) == [1, 2]
        save(store, *range(10, 10 + FAR))
        first = look(store)
        assert (first.complete, first.more) == (False, True)
        assert {hit.entry.id[-2:] for hit in first.hits} >= {"/1", "/2"}
        for thread in threading.enumerate():
            if thread.name == "search-index":
                thread.join()
        assert len(found(store)) == FAR + 2


def test_who_must_have_it_whole_waits(store_url: str, home: Path) -> None:
    with Store.open(store_url, search=home) as store:
        save(store, *range(FAR))
        assert len(store.entries.latest(3000, query=RAIN)) == FAR
        assert look(store, wait=True).complete


ONE_LOOK = """
with Store.open(sys.argv[1], search=Path(sys.argv[2])) as store:
    print(look(store).complete)
"""


def test_a_short_command_far_behind_ends_well_and_what_it_did_beside_is_kept(store_url: str, home: Path) -> None:
    with Store.open(store_url, search=home) as store:
        save(store, *range(FAR))
    process = start(ONE_LOOK, store_url, home)
    assert (process.communicate(), process.returncode) == (("False\n", ""), 0)
    said = read_position(home / "index-1")
    assert said is not None
    assert 0 < said.change <= FAR


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not say what is in memory")
def test_an_index_of_which_much_is_in_memory_is_opened_afresh(held: Store, home: Path) -> None:
    save(held, *range(50))
    assert len(found(held)) == 50
    eager = Follower(home, lambda: held.database.get_note("store") or "", held.database.read, max_mapped=-1)
    searches = [eager.run(lambda search: search).result for _ in range(3)]
    assert len(set(map(id, searches))) == 3
    assert [search.find(RAIN, now=NOW, limit=99).total for search in searches if search is not None] == [50] * 3
    eager.close()


def test_an_empty_store_needs_no_index(held: Store, home: Path) -> None:
    assert (look(held).total, look(held).complete) == (0, True)
    assert not home.exists()
    assert (held.search.status().followed, held.search.status().changes) == (None, 0)


def test_the_state_of_the_index_is_told(held: Store, home: Path) -> None:
    save(held, 1)
    assert found(held) == [1]
    save(held, 2, 3)
    state = held.search.status()
    assert (state.followed, state.changes, state.is_rebuilding) == (1, 3, False)
    garble(next((home / "index-1").glob("*.idx")), "random")
    with pytest.raises(StoreError, match="the search index is damaged; `feeder reindex` rebuilds it"):
        held.search.status()


def test_a_copy_takes_the_place_of_an_entry_that_is_removed_during_a_pass(held: Store) -> None:
    feed = Origin("feed", "https://example.org/feed.xml")
    with held.search.following():
        save(held, 1)
        saving.save(held, [(feed, article(1))])
        assert held.entries.count(copies=False) == 1
        remove(held, 1)
    results = look(held, wait=True)
    assert (results.total, results.complete) == (1, True)

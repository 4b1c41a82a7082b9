"""Locks by name: one process of all has one, and loses it with its life or its database."""

import subprocess
import sys

from sqlalchemy import text

from feeder.store import Store

HOLDER = """
import sys, time
from feeder.store import Store

with Store.open(sys.argv[1]) as store:
    lock = store.database.lock("bot")
    print(lock.acquire(), flush=True)
    time.sleep(600)
"""


def test_one_of_two_has_it_and_the_other_gets_it_afterwards(store: Store) -> None:
    first, second = store.database.lock("bot"), store.database.lock("bot")
    assert first.acquire()
    assert first.acquire(), "it has it already"
    assert not second.acquire()
    assert (first.is_held(), second.is_held()) == (True, False)
    other = store.database.lock("web")
    assert other.acquire()
    first.release()
    assert not first.is_held()
    assert second.acquire()
    for lock in (second, other):
        lock.release()


def test_a_process_that_is_killed_has_it_no_longer(store: Store, store_url: str) -> None:
    lock = store.database.lock("bot")
    with subprocess.Popen([sys.executable, "-c", HOLDER, store_url], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not lock.acquire()
        holder.kill()
        holder.wait()
    for _ in range(100):  # the server notices the end of a connection a moment later
        if lock.acquire():
            break
    assert lock.is_held()
    lock.release()


def test_it_is_lost_with_the_connection_that_has_it(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        lock = store.database.lock("bot")
        assert lock.acquire()
        with store.database.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = :class"),
                {"class": 0x66656564},
            )
        assert not lock.is_held()
        again = store.database.lock("bot")
        assert again.acquire()
        again.release()


def test_the_keepalive_of_its_connection_is_not_left_to_others(postgresql_url: str) -> None:
    with Store.open(postgresql_url) as store:
        lock = store.database.lock("bot")
        assert lock.acquire()
        lock.release()
        with store.database.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0

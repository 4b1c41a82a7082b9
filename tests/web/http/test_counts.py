"""Counts of several processes, in memory that they share."""

from threading import Thread

from feeder.processes import SPAWN
from feeder.web.http.counts import BUCKETS_S, Counts


def test_counts_of_all_processes_are_added_up() -> None:
    memory = SPAWN.RawArray("Q", Counts.size(2))
    first, second = Counts(memory, 0), Counts(memory, 1)
    first.add(200, "file", 0.002)
    second.add(200, "file", 0.0005)
    second.add(404, "other", 20)
    for counts in (first, second):
        assert counts.totals() == {200: 2, 404: 1}
        assert counts.times("file").cumulative[:3] == (1, 2, 2)
        assert abs(counts.times("file").sum_s - 0.0025) < 1e-6
        assert counts.times("other").cumulative == (0,) * len(BUCKETS_S) + (1,)
        assert counts.times("index").cumulative[-1] == 0


def test_a_time_on_a_bound_is_within_it() -> None:
    counts = Counts()
    counts.add_search(BUCKETS_S[0])
    assert counts.times("index").cumulative[0] == 1


def test_searches_of_many_threads_are_all_counted() -> None:
    counts = Counts()

    def search_often() -> None:
        for _ in range(2000):
            counts.add_search(0.001)

    threads = [Thread(target=search_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.times("index").cumulative[-1] == 8000

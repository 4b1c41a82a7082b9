"""Work given to processes of our own, its results in order, a bounded number of jobs under way.

A process that dies (killed, out of memory, a fault in a library) takes nothing with it: the jobs under way are done
again by a new one, piece by piece, and the piece that kills that one too is given up alone. What the work is, and what
a piece is, is not known here.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from typing import TypeVar

from feeder.log import quiet_libraries

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")

_JOBS_EACH = 3  # under way for each process: one at work, two waiting, so that none is idle and memory stays flat


def work(
    task: Callable[[list[_Piece]], list[_Result]],
    jobs: Iterable[list[_Piece]],
    *,
    lost: Callable[[_Piece], _Result],
    processes: int | None = None,
) -> Generator[list[_Result]]:
    """Yield what `task` makes of each job, in their order; `task` must be one that can be pickled.

    `lost` says what is told of a piece that ended the process it was given to. `processes` is as many as there are
    processors where it is None. The processes end with the iteration, however that ends.
    """
    count = processes or len(os.sched_getaffinity(0))
    given = iter(jobs)
    waiting: deque[tuple[list[_Piece], Future[list[_Result]]]] = deque()
    pool = _new_pool(count)
    try:
        while True:
            for job in islice(given, count * _JOBS_EACH - len(waiting)):
                waiting.append((job, _submitted(pool, task, job)))
            if not waiting:
                return
            if (done := _result(waiting[0][1])) is not None:
                waiting.popleft()
                yield done
                continue
            pool.shutdown()
            yield from _done_again(task, waiting, lost)
            waiting.clear()
            pool = _new_pool(count)
    finally:
        pool.shutdown(cancel_futures=True)


def work_here_or_there(
    task: Callable[[list[_Piece]], list[_Result]],
    pieces: Iterable[_Piece],
    *,
    few: int,
    size: int,
    lost: Callable[[_Piece], _Result],
) -> Generator[list[_Result]]:
    """Yield what `task` makes of `size` pieces at a time: fewer than `few` are done here, more by `work`."""
    left = iter(pieces)
    first = list(islice(left, few))
    if len(first) < few:
        yield from map(task, _jobs(first, size))
    else:
        yield from work(task, _jobs(chain(first, left), size), lost=lost)


def _jobs(pieces: Iterable[_Piece], size: int) -> Iterator[list[_Piece]]:
    left = iter(pieces)
    while job := list(islice(left, size)):
        yield job


def _new_pool(processes: int) -> ProcessPoolExecutor:
    # Spawned, not forked: a fork beside threads (the web server's, the bot's) can inherit a lock that nobody opens.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)


def _begin() -> None:
    """Set up a new process: Ctrl-C is for its parent to handle, and it must not outlive that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    quiet_libraries()
    gc.set_threshold(10_000, 20, 100)  # what reading leaves is hardly ever a cycle: looking less often saves 3 %
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(wait_for_parent: Callable[[], None]) -> None:
    wait_for_parent()
    os._exit(1)  # nobody is left to be told


def _submitted(
    pool: ProcessPoolExecutor, task: Callable[[list[_Piece]], list[_Result]], job: list[_Piece]
) -> "Future[list[_Result]]":
    try:
        return pool.submit(task, job)
    except BrokenProcessPool as error:
        failed: Future[list[_Result]] = Future()
        failed.set_exception(error)
        return failed


def _result(future: "Future[list[_Result]]") -> list[_Result] | None:
    """Return what came of a job; None where its process died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _done_again(
    task: Callable[[list[_Piece]], list[_Result]],
    jobs: Iterable[tuple[list[_Piece], "Future[list[_Result]]"]],
    lost: Callable[[_Piece], _Result],
) -> Iterator[list[_Result]]:
    """Yield what came of the jobs; what a process died over is done piece by piece, and what kills that is given up."""
    pool = _new_pool(1)
    try:
        for job, future in jobs:
            if (done := _result(future)) is not None:
                yield done
                continue
            results: list[_Result] = []
            for piece in job:
                if (found := _result(_submitted(pool, task, [piece]))) is None:
                    pool.shutdown()
                    pool = _new_pool(1)
                results += [lost(piece)] if found is None else found
            yield results
    finally:
        pool.shutdown()

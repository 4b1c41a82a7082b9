"""A process pool with a budget of processor time for each job. Results come in the order of the jobs.

    chunks of jobs ── one thread per process ── pipe ── _serve: set the timers, make a result, send it ──┐
      results, in the order of the jobs <── queue of each chunk, which holds few results <───────────────┘
      └── a process ended: its current job is the cause; `Task.on_failure` decides what happens to it

The kernel enforces the budget: an unhandled timer signal ends the process even inside a C library that no exception
could interrupt. A job whose process ends for any other reason (out of memory, a crash in a library) is tried once more
in a new process. Its earlier results are kept. An idle process ends after some seconds; until then the next source or
pass reuses it. Nothing here knows what the jobs are.
"""

import gc
import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from typing import Any, Generic, NamedTuple, TypeVar

from feeder.log import LogSetup, current_setup, quiet_libraries, set_up_logging
from feeder.processes import FORK_SERVER, SPAWN, start

_JobT = TypeVar("_JobT")
_ResultT = TypeVar("_ResultT")

_CHUNKS_PER_PROCESS = 3  # one running, two waiting: no process is idle and memory stays flat
_MAX_WAITING = 200  # results of a chunk that wait to be taken; more only for a job of many results
_IDLE_S = 30.0  # until an idle process ends: saving takes turns with others, which can take seconds
_WALL_FACTOR = 30  # seconds of wall time per second of processor time: catches what sleeps, not a busy machine …
_MIN_WALL_S = 60.0  # … and at least this
_PROCESSORS = len(os.sched_getaffinity(0))
_TIMEOUT_CODES = (-signal.SIGPROF, -signal.SIGALRM)
_RESULT, _DONE, _RAISED = "result", "done", "raised"


class WorkerFailure(NamedTuple):
    """A job ended its process: the `reason` for people, and how many `results` it had before.

    `timed_out`: it exceeded its budget; otherwise its process crashed twice.
    """

    reason: str
    results: int
    timed_out: bool


class Task(NamedTuple, Generic[_JobT, _ResultT]):
    """What is done with each job.

    `run` yields the results of a job. Each result has the whole budget; None is a step with a budget of its own and
    without a result. `load` is called once in each process, outside any budget, and imports what `run` needs. Both must
    be picklable. `on_failure` returns the result for a job that ended its process, and the job to continue with, None
    for the next.
    """

    run: Callable[[_JobT], Iterable[_ResultT | None]]
    on_failure: Callable[[_JobT, WorkerFailure], tuple[_ResultT, _JobT | None]]
    load: Callable[[], object]


def run_jobs(
    task: Task[_JobT, _ResultT],
    chunks: Iterable[list[_JobT]],
    *,
    seconds: float,
    grow_after: int = 0,
    processes: int | None = None,
) -> Generator[_ResultT]:
    """Yield the results of chunks of jobs, in order; `seconds` of processor time are the budget of each result.

    One process does the first `grow_after` jobs; then there are `processes` of them. None: one per processor, and no
    more for all callers together. What `task.run` raises is raised here.
    """
    max_processes, jobs_started = processes or _PROCESSORS, 0
    start_worker = _start_alone if processes == 1 else _start_forked
    pool = _Pool(task, seconds, start_worker, nullcontext() if processes else _processors)
    remaining = iter(chunks)
    running: deque[tuple[Future[None], _Results[_ResultT]]] = deque()
    threads = ThreadPoolExecutor(max_processes, "worker")
    try:
        while True:
            # A single process gets one chunk at a time: what its results teach is known when the next is made.
            max_chunks = 1 if pool.size == 1 else pool.size * _CHUNKS_PER_PROCESS
            for chunk in islice(remaining, max_chunks - len(running)):
                jobs_started += len(chunk)
                if jobs_started > grow_after:
                    pool.grow(max_processes)
                results: _Results[_ResultT] = _Results()
                running.append((threads.submit(pool.run, chunk, results), results))
            if not running:
                return
            future, results = running[0]
            yield from results
            future.result()
            running.popleft()
    finally:
        pool.stop()
        for _, results in running:
            results.drop()
        threads.shutdown(cancel_futures=True)


def run_job(task: Task[_JobT, _ResultT], job: _JobT, *, seconds: float) -> _ResultT:
    """Return the only result of a job, within a budget of `seconds`."""
    [result] = run_jobs(task, [[job]], seconds=seconds, processes=1)
    return result


def chunked(jobs: Iterable[_JobT], size: int) -> Iterator[list[_JobT]]:
    """Yield `size` jobs at a time, each made only when its chunk is asked for."""
    remaining = iter(jobs)
    while chunk := list(islice(remaining, size)):
        yield chunk


class _Worker:
    """A worker process and the pipe to it."""

    def __init__(self, context: SpawnContext | ForkServerContext) -> None:
        self.pipe, child_pipe = context.Pipe()
        self.process = context.Process(target=_serve, args=(child_pipe, current_setup()), daemon=True)
        with _children_lock:
            start(self.process)
        child_pipe.close()

    def end(self) -> int | None:
        """Wait for the process, which has closed its pipe; return its exit code."""
        self.pipe.close()
        self.process.join(_IDLE_S)
        with _children_lock:
            self.process.kill()
            self.process.join()
        return self.process.exitcode


FORK_SERVER.set_forkserver_preload(["feeder.reading.workers.loaded"])
_children_lock = threading.Lock()  # multiprocessing's list of children is not thread-safe
_idle: list[_Worker] = []  # its methods are atomic
_processors = threading.Semaphore(_PROCESSORS)  # several threads of a worker of the cluster read at the same time


def _start_forked() -> _Worker:
    """Start a process of many, in milliseconds; the server that forks them keeps 55 MB as long as we run."""
    return _Worker(FORK_SERVER)


def _start_alone() -> _Worker:
    """Start a process that imports all itself: the web server and the bot read one document now and then."""
    return _Worker(SPAWN)


def _acquire_worker(start_worker: Callable[[], _Worker]) -> _Worker:
    """Return an idle process, or else a new one."""
    while _idle:
        try:
            worker = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if not worker.pipe.poll():  # readable means closed: it was idle for too long
            return worker
        worker.end()
    return start_worker()


class _Results(Generic[_ResultT]):
    """The results of a chunk, handed over one by one; who makes them waits while too many are not taken."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[_ResultT] | None] = queue.Queue(_MAX_WAITING)
        self._is_dropped = False

    def put(self, result: _ResultT) -> None:
        if not self._is_dropped:
            self._queue.put((result,))

    def end(self) -> None:
        if not self._is_dropped:
            self._queue.put(None)

    def __iter__(self) -> Iterator[_ResultT]:
        while (item := self._queue.get()) is not None:
            yield item[0]

    def drop(self) -> None:
        """Take no more; who waits goes on."""
        self._is_dropped = True
        with suppress(queue.Empty):
            while True:
                self._queue.get_nowait()


class _JobQueue(Generic[_JobT, _ResultT]):
    """The remaining jobs of a chunk, and how many results the current job has so far."""

    def __init__(self, jobs: Iterable[_JobT], results: _Results[_ResultT]) -> None:
        self.remaining = deque(jobs)
        self.current_results = 0
        self.crashed = False  # whether the current job has crashed a process
        self._results = results
        self._delivered = 0  # results of the current job

    def receive(self, worker: _Worker) -> None:
        """Receive the results of all remaining jobs.

        Raises:
            EOFError, OSError: the process ended.
        """
        while self.remaining:
            kind, value = worker.pipe.recv()
            if kind == _RESULT:
                self.current_results += 1
                if self.current_results > self._delivered:
                    self._deliver(value)
            elif kind == _DONE:
                self._next()
            else:
                raise value

    def give_up(self, result: _ResultT, rest: _JobT | None) -> None:
        """Replace the current job by its rest, if there is one."""
        self._deliver(result)
        self._next()
        if rest is not None:
            self.remaining.appendleft(rest)

    def retry(self) -> None:
        """Restart the current job after a crash; the results that it had then are not delivered again."""
        self.current_results = 0
        self.crashed = True

    def _deliver(self, result: _ResultT) -> None:
        self._results.put(result)
        self._delivered += 1

    def _next(self) -> None:
        self.remaining.popleft()
        self.current_results, self._delivered, self.crashed = 0, 0, False


class _Pool(Generic[_JobT, _ResultT]):
    """The processes that work on one task, at most `size`: one, until it grows."""

    def __init__(
        self,
        task: Task[_JobT, _ResultT],
        seconds: float,
        start_worker: Callable[[], _Worker],
        processor: AbstractContextManager[object],
    ) -> None:
        self._task, self._seconds, self._start_worker, self._processor = task, seconds, start_worker, processor
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(1)
        self.size = 1
        self._busy: set[_Worker] = set()
        self._stopped = threading.Event()

    def grow(self, size: int) -> None:
        """Allow up to `size` processes."""
        if size > self.size:
            self._slots.release(size - self.size)
            self.size = size

    def stop(self) -> None:
        """Kill the busy processes."""
        with self._lock:
            self._stopped.set()
            for worker in self._busy:
                worker.process.kill()

    def run(self, chunk: list[_JobT], results: _Results[_ResultT]) -> None:
        """Make the results of all jobs of a chunk, replacing processes that end."""
        jobs = _JobQueue(chunk, results)
        try:
            with self._slots, self._processor:
                while jobs.remaining and (worker := self._acquire()) is not None:
                    self._work(worker, jobs)
        finally:
            results.end()

    def _work(self, worker: _Worker, jobs: _JobQueue[_JobT, _ResultT]) -> None:
        try:
            worker.pipe.send((self._task.run, self._task.load, list(jobs.remaining), self._seconds))
            jobs.receive(worker)
        except (EOFError, ConnectionError):
            self._handle_exit(jobs, self._end(worker))
        except BaseException:
            self._end(worker, kill=True)
            raise
        else:
            self._release(worker)
            _idle.append(worker)

    def _handle_exit(self, jobs: _JobQueue[_JobT, _ResultT], code: int | None) -> None:
        """Retry or give up the job whose process ended."""
        if self._stopped.is_set() or code == 0:  # 0: it had been idle for too long just as the jobs were sent
            return
        timed_out = code in _TIMEOUT_CODES
        if not timed_out and not jobs.crashed:
            jobs.retry()
            return
        reason = "crashed its worker process (out of memory?); please report it"
        if timed_out:
            reason = f"took too long (limits.document_s = {self._seconds:g}); not tried again until it changes"
        failure = WorkerFailure(reason, jobs.current_results, timed_out)
        jobs.give_up(*self._task.on_failure(jobs.remaining[0], failure))

    def _acquire(self) -> _Worker | None:
        """Return a process; None once the pool is stopped."""
        if self._stopped.is_set():
            return None
        worker = _acquire_worker(self._start_worker)
        with self._lock:
            if not self._stopped.is_set():
                self._busy.add(worker)
                return worker
        _idle.append(worker)
        return None

    def _release(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)

    def _end(self, worker: _Worker, *, kill: bool = False) -> int | None:
        self._release(worker)
        if kill:
            worker.process.kill()
        return worker.end()


# --- in the worker process --------------------------------------------------------------------------------------------


def _serve(pipe: Connection, logs: LogSetup | None) -> None:
    """Run the jobs that come through the pipe until it is closed or idle for too long; log as the parent does."""
    _set_up_process()
    if logs is not None:
        set_up_logging(logs.level, style=logs.style, secrets=logs.secrets)
    loaded: set[Callable[[], object]] = set()
    with suppress(EOFError, ConnectionError):  # whoever takes the results has ended
        while pipe.poll(_IDLE_S):
            run, load, jobs, seconds = pipe.recv()
            try:
                if load not in loaded:
                    load()
                    loaded.add(load)
                for job in jobs:
                    _run(pipe, run, job, seconds)
            except Exception as error:  # noqa: BLE001  raised again in the parent
                pipe.send((_RAISED, error))


def _run(pipe: Connection, run: Callable[[Any], Iterable[Any]], job: object, seconds: float) -> None:
    """Send the results of a job, each within the budget."""
    results: Iterator[Any] | None = None
    while True:
        _set_timers(seconds)
        try:
            if results is None:
                results = iter(run(job))
            result = next(results)
        except StopIteration:
            break
        finally:
            _set_timers(0)
        if result is not None:
            pipe.send((_RESULT, result))
    pipe.send((_DONE, None))


def _set_timers(seconds: float) -> None:
    """Have the kernel end this process after so much processor time, or after a long time asleep; 0 clears that."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds and max(_MIN_WALL_S, _WALL_FACTOR * seconds))


def _set_up_process() -> None:
    """Let the timers end this process, and end it with its parent."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    quiet_libraries()
    gc.set_threshold(10_000, 20, 100)  # reading leaves hardly any cycles: collecting less often saves 3 %
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent.join,), daemon=True).start()


def _exit_after(wait_for_parent: Callable[[], None]) -> None:
    wait_for_parent()
    os._exit(1)

"""Work given to processes of our own: each piece of it within a budget of processor time, the results in order.

    jobs ── threads here, one for each process ── pipe ── _serve: arm the timers, make one part, send it ──┐
      results, in the order of the jobs <── parts as they are made <───────────────────────────────────────┘
      └── a process ended: the piece that it had not finished is the cause; `lost` says what becomes of that

A budget is kept by the kernel: a timer whose signal nobody handles ends the process, also inside a C library that no
exception could leave. Whatever else ends a process (want of memory, a fault in a library) costs its piece a second try
in a new process before it is given up. What was made before stays. A process with nothing to do for some seconds ends;
until then the next source or pass takes it over. What the work is, and what a piece is, is not known here.
"""

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any, Generic, NamedTuple, TypeVar

from feeder.log import quiet_libraries
from feeder.processes import SPAWN, start

_JobT = TypeVar("_JobT")
_ResultT = TypeVar("_ResultT")

_JOBS_EACH = 3  # under way for each process: one at work, two waiting, so that none is idle and memory stays flat
_IDLE_S = 5.0  # until a process without work ends
_WALL = 30  # seconds of wall time for each of processor time: for what sleeps, not for a busy machine …
_LEAST_WALL_S = 60.0  # … and never less than this
_OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGALRM)
_PART, _DONE, _RAISED = "part", "done", "raised"


class WorkerFailure(NamedTuple):
    """A piece ended its process: `reason` for people, and how many parts it had made before.

    `too_long` says that it was over its budget; else the process crashed, twice.
    """

    reason: str
    parts: int
    too_long: bool


class Task(NamedTuple, Generic[_JobT, _ResultT]):
    """What is to be done with each piece.

    `run` yields the parts that a piece becomes. Each has the whole budget; None is a step that has it too, and is no
    part. `load` is called once in each process, outside of any budget: it imports what `run` needs. Both can be
    pickled. `lost` returns the part that stands for a piece that ended its process, and the piece to go on with, if
    any.
    """

    run: Callable[[_JobT], Iterable[_ResultT | None]]
    lost: Callable[[_JobT, WorkerFailure], tuple[_ResultT, _JobT | None]]
    load: Callable[[], object]


def work(
    task: Task[_JobT, _ResultT],
    jobs: Iterable[list[_JobT]],
    *,
    seconds: float,
    few: int = 0,
    processes: int | None = None,
) -> Generator[list[_ResultT]]:
    """Yield the parts of each job, in their order; `seconds` of processor time are the budget of each part.

    The first `few` pieces are done by one process; with more there are as many as processors where `processes` is None.
    What `task.run` raises is raised here.
    """
    count, given = processes or len(os.sched_getaffinity(0)), 0
    crew = _Pool(task, seconds)
    left = iter(jobs)
    waiting: deque[Future[list[_ResultT]]] = deque()
    threads = ThreadPoolExecutor(count, "worker")
    try:
        while True:
            # One process has one job at a time: what comes of it may be learned before the next is given out.
            most = 1 if crew.size == 1 else crew.size * _JOBS_EACH
            for job in islice(left, most - len(waiting)):
                given += len(job)
                if given > few:
                    crew.grow(count)
                waiting.append(threads.submit(crew.do, job))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        crew.stop()
        threads.shutdown(cancel_futures=True)


def work_one(task: Task[_JobT, _ResultT], piece: _JobT, *, seconds: float) -> _ResultT:
    """Return the one part that a piece becomes, within a budget of `seconds`."""
    [[part]] = work(task, [[piece]], seconds=seconds, few=1)
    return part


def in_jobs(pieces: Iterable[_JobT], size: int) -> Iterator[list[_JobT]]:
    """Yield `size` pieces at a time; those of a job are only taken when it is wanted."""
    left = iter(pieces)
    while job := list(islice(left, size)):
        yield job


class _Worker:
    """A process of ours and the pipe to it."""

    def __init__(self) -> None:
        self.pipe, theirs = SPAWN.Pipe()
        self.process = SPAWN.Process(target=_serve, args=(theirs,), daemon=True)
        with _children:
            start(self.process)
        theirs.close()

    def end(self) -> int | None:
        """Wait for the process, which has hung up; return its exit code."""
        self.pipe.close()
        self.process.join(_IDLE_S)
        with _children:
            self.process.kill()
            self.process.join()
        return self.process.exitcode


_children = threading.Lock()  # multiprocessing's list of children is not made for several threads
_idle: list[_Worker] = []  # its methods are atomic


def _hired() -> _Worker:
    """Return an idle process, else a new one."""
    while _idle:
        try:
            worker = _idle.pop()
        except IndexError:  # another thread was faster
            break
        if not worker.pipe.poll():  # one that has ended for want of work has hung up
            return worker
        worker.end()
    return _Worker()


class _JobQueue(Generic[_JobT, _ResultT]):
    """What is left of a job, what was made so far, and where the parts of its present piece begin."""

    def __init__(self, pieces: Iterable[_JobT]) -> None:
        self.left = deque(pieces)
        self.made: list[_ResultT] = []
        self.begun = 0
        self.crashed = False  # whether the present piece has ended a process before

    def hear(self, worker: _Worker) -> None:
        """Take in all that a process makes of what is left.

        Raises:
            EOFError, OSError: the process ended.
        """
        while self.left:
            kind, value = worker.pipe.recv()
            if kind == _PART:
                self.made.append(value)
            elif kind == _DONE:
                self._next()
            else:
                raise value

    def give_up(self, part: _ResultT, rest: _JobT | None) -> None:
        """Go on without the present piece: with the rest of it, or with the next."""
        self.made.append(part)
        self._next()
        if rest is not None:
            self.left.appendleft(rest)

    def again(self) -> None:
        """Go on with the present piece from its beginning."""
        del self.made[self.begun :]
        self.crashed = True

    def _next(self) -> None:
        self.left.popleft()
        self.begun, self.crashed = len(self.made), False


class _Pool(Generic[_JobT, _ResultT]):
    """The processes that are at work on one task, at most `size`: one, until it grows."""

    def __init__(self, task: Task[_JobT, _ResultT], seconds: float) -> None:
        self._task, self._seconds = task, seconds
        self._lock = threading.Lock()
        self._room = threading.Semaphore(1)
        self.size = 1
        self._busy: set[_Worker] = set()
        self._stopped = threading.Event()

    def grow(self, size: int) -> None:
        """Let so many processes be at work."""
        if size > self.size:
            self._room.release(size - self.size)
            self.size = size

    def stop(self) -> None:
        """End what is still at work: nobody waits for it any more."""
        with self._lock:
            self._stopped.set()
            for worker in self._busy:
                worker.process.kill()

    def do(self, pieces: list[_JobT]) -> list[_ResultT]:
        """Return the parts of all pieces of a job, made by as many processes as it takes."""
        job: _JobQueue[_JobT, _ResultT] = _JobQueue(pieces)
        with self._room:
            while job.left and (worker := self._begin()) is not None:
                try:
                    worker.pipe.send((self._task.run, self._task.load, list(job.left), self._seconds))
                    job.hear(worker)
                except (EOFError, ConnectionError):
                    self._after(job, self._end(worker))
                except BaseException:
                    self._end(worker, kill=True)
                    raise
                else:
                    self._leave(worker)
                    _idle.append(worker)
        return job.made

    def _after(self, job: _JobQueue[_JobT, _ResultT], code: int | None) -> None:
        """Decide what becomes of a job whose process ended."""
        if self._stopped.is_set() or code == 0:  # it had nothing to do for so long that it ended as the job came
            return
        too_long = code in _OUT_OF_TIME
        if not too_long and not job.crashed:
            job.again()
            return
        reason = "crashed its worker process (out of memory?); please report it"
        if too_long:
            reason = f"took too long (limits.document_s = {self._seconds:g}); not tried again until it changes"
        job.give_up(*self._task.lost(job.left[0], WorkerFailure(reason, len(job.made) - job.begun, too_long)))

    def _begin(self) -> _Worker | None:
        """Return a process; None where no more work is wanted."""
        if self._stopped.is_set():
            return None
        worker = _hired()
        with self._lock:
            if not self._stopped.is_set():
                self._busy.add(worker)
                return worker
        _idle.append(worker)
        return None

    def _leave(self, worker: _Worker) -> None:
        with self._lock:
            self._busy.discard(worker)

    def _end(self, worker: _Worker, *, kill: bool = False) -> int | None:
        self._leave(worker)
        if kill:
            worker.process.kill()
        return worker.end()


# --- in the process ---------------------------------------------------------------------------------------------------


def _serve(pipe: Connection) -> None:
    """Do what comes through the pipe, till nothing does."""
    _begin()
    loaded: set[Callable[[], object]] = set()
    while pipe.poll(_IDLE_S):
        try:
            run, load, pieces, seconds = pipe.recv()
        except EOFError:
            return
        try:
            if load not in loaded:
                load()
                loaded.add(load)
            for piece in pieces:
                _do(pipe, run, piece, seconds)
        except Exception as error:  # noqa: BLE001  it is raised again where the work was given out
            pipe.send((_RAISED, error))


def _do(pipe: Connection, run: Callable[[Any], Iterable[Any]], piece: object, seconds: float) -> None:
    """Send the parts that a piece becomes, each made within the budget."""
    parts: Iterator[Any] | None = None
    while True:
        _arm(seconds)
        try:
            if parts is None:
                parts = iter(run(piece))
            part = next(parts)
        except StopIteration:
            break
        finally:
            _arm(0)
        if part is not None:
            pipe.send((_PART, part))
    pipe.send((_DONE, None))


def _arm(seconds: float) -> None:
    """Have the kernel end this process after so much processor time, or a long time asleep; 0: not any more."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds and max(_LEAST_WALL_S, _WALL * seconds))


def _begin() -> None:
    """Set up a new process: its timers end it, and it must not outlive its parent."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    quiet_libraries()
    gc.set_threshold(10_000, 20, 100)  # what reading leaves is hardly ever a cycle: looking less often saves 3 %
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(wait_for_parent: Callable[[], None]) -> None:
    wait_for_parent()
    os._exit(1)  # nobody is left to be told

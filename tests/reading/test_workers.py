"""Jobs in worker processes: results in order, few jobs in memory, and none lost with a process."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from feeder.processes import SPAWN
from feeder.reading import workers
from feeder.reading.workers import Task, WorkerFailure, chunked, run_job, run_jobs
from tests.reading.hanging import hang


def double(number: int) -> list[int]:
    return [2 * number]


def die_at_13(number: int) -> list[int]:
    if number == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(number)


def die_once(file: str) -> list[str]:
    path = Path(file)
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return [path.name]


def die_once_in_between(file: str) -> Iterator[int]:
    for number in range(5):
        if number == 3 and not Path(file).exists():
            Path(file).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield number


def make_2000(log: str) -> Iterator[int]:
    with Path(log).open("ab", buffering=0) as file:
        for _ in range(2000):
            file.write(b".")
            yield 1 << 80_000  # 10 kB


def hang_at_13(number: int) -> list[int]:
    if number == 13:
        hang()
    return double(number)


def hang_at_the_third(job: tuple[int, int]) -> Iterator[int | None]:
    """Yield the results of a job, from `skip` on; those before are steps without a result."""
    start, skip = job
    for number in range(5):
        if number < skip:
            yield None
            continue
        if number == 2:
            hang()
        yield start + number


def sleep_for_ever(_number: int) -> list[int]:
    time.sleep(3600)
    return []


def fail(number: int) -> list[int]:
    raise ValueError(number)


def process_of(number: int) -> list[int]:
    return [os.getpid() for _ in range(number)]


def wait_less(_number: int) -> list[int]:
    """Let this process end after a short idle time, and return its number."""
    workers._IDLE_S = 0.1
    return [os.getpid()]


def process_after_a_while(_number: int) -> list[int]:
    time.sleep(0.02)
    return [os.getpid()]


def has_parsers(_number: int) -> list[int]:
    return [int("feeder.sources.feeds.parsing" in sys.modules)]


def nothing() -> None:
    """Stand for what loads nothing."""


def load_slowly() -> None:
    """Spend more than the budget of a job before the first one."""
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass


def numbered_chunks(count: int, size: int = 5) -> Iterator[list[int]]:
    return chunked(range(count * size), size)


def minus_one(_number: int, failure: WorkerFailure) -> tuple[int, None]:
    return (-2 if failure.timed_out else -1), None


def minus_one_path(_file: str, _failure: WorkerFailure) -> tuple[int, None]:
    return -1, None


DOUBLE = Task(run=double, on_failure=minus_one, load=nothing)


def done(task: Task[int, int], chunks: Iterable[list[int]], *, processes: int = 2, seconds: float = 10) -> list[int]:
    return list(run_jobs(task, chunks, seconds=seconds, processes=processes))


def test_results_come_in_the_order_of_the_jobs() -> None:
    assert done(DOUBLE, numbered_chunks(30)) == [2 * number for number in range(150)]


def test_chunks_are_not_taken_long_before_they_are_run() -> None:
    taken = []

    def given() -> Iterator[list[int]]:
        for chunk in numbered_chunks(100):
            taken.append(chunk)
            yield chunk

    working = run_jobs(DOUBLE, given(), seconds=10, processes=1)
    next(working)
    assert len(taken) < 10
    working.close()


def test_a_job_of_many_results_waits_until_they_are_taken(tmp_path: Path) -> None:
    log = tmp_path / "made"
    working = run_jobs(Task(run=make_2000, on_failure=minus_one_path, load=nothing), [[str(log)]], seconds=10)
    next(working)
    time.sleep(1)
    assert log.stat().st_size < 1000  # the queue and the pipe hold some
    assert sum(1 for _ in working) == 1999


def test_results_that_nobody_takes_do_not_keep_a_task_from_ending(tmp_path: Path) -> None:
    task = Task(run=make_2000, on_failure=minus_one_path, load=nothing)
    working = run_jobs(task, [[str(tmp_path / "a")], [str(tmp_path / "b")]], seconds=10, processes=2)
    next(working)
    working.close()
    assert done(DOUBLE, numbered_chunks(1)) == [0, 2, 4, 6, 8]


def test_results_before_a_crash_are_delivered_once(tmp_path: Path) -> None:
    task = Task(run=die_once_in_between, on_failure=minus_one_path, load=nothing)
    assert list(run_jobs(task, [[str(tmp_path / "a")]], seconds=10)) == [0, 1, 2, 3, 4]


def test_a_few_jobs_are_run_by_one_process_which_the_next_task_reuses() -> None:
    task = Task(run=process_of, on_failure=minus_one, load=nothing)
    first, then = (set(run_jobs(task, chunked([1] * 8, 2), seconds=10, grow_after=8, processes=2)) for _ in range(2))
    assert len(first) == 1
    assert first == then


def test_all_callers_together_have_one_process_per_processor() -> None:
    task = Task(run=process_after_a_while, on_failure=minus_one, load=nothing)
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(lambda: set(run_jobs(task, numbered_chunks(8), seconds=10))) for _ in range(4)]
        processes = set[int]().union(*(one.result() for one in running))
    assert len(processes) <= len(os.sched_getaffinity(0))


def test_a_process_of_many_starts_with_the_parsers_loaded() -> None:
    task = Task(run=has_parsers, on_failure=minus_one, load=nothing)
    assert list(run_jobs(task, numbered_chunks(8), seconds=10)) == [1] * 40


def test_a_single_job_leaves_no_server_behind_that_keeps_memory() -> None:
    code = (
        "from pathlib import Path\n"
        "from tests.reading.test_workers import DOUBLE, run_job, run_jobs\n"
        "def count():\n"
        "    children = ' '.join(file.read_text() for file in Path('/proc/self/task').glob('*/children')).split()\n"
        "    return sum(b'forkserver' in Path(f'/proc/{child}/cmdline').read_bytes() for child in children)\n"
        "assert run_job(DOUBLE, 2, seconds=10) == 4 and count() == 0\n"
        "assert len(list(run_jobs(DOUBLE, [[n] for n in range(99)], seconds=10, processes=2))) == 99 and count() == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_only_the_job_that_kills_its_process_is_given_up() -> None:
    expected = [2 * number for number in range(60)]
    expected[13] = -1
    assert done(DOUBLE._replace(run=die_at_13), numbered_chunks(12)) == expected


def test_a_death_among_the_last_jobs_is_survived_as_well() -> None:
    assert done(DOUBLE._replace(run=die_at_13), numbered_chunks(3)) == [*(2 * n for n in range(13)), -1, 28]


def test_a_job_whose_process_was_killed_by_chance_is_retried(tmp_path: Path) -> None:
    def gone(_file: str, _failure: WorkerFailure) -> tuple[str, None]:
        return "gone", None

    assert run_job(Task(run=die_once, on_failure=gone, load=nothing), str(tmp_path / "a"), seconds=10) == "a"


def test_a_job_that_never_ends_inside_a_library_is_ended_and_the_others_are_done() -> None:
    expected = [2 * number for number in range(60)]
    expected[13] = -2
    assert done(DOUBLE._replace(run=hang_at_13), numbered_chunks(12), seconds=0.3) == expected


def test_a_job_of_many_results_continues_after_the_one_that_took_too_long() -> None:
    def behind(job: tuple[int, int], failure: WorkerFailure) -> tuple[int, tuple[int, int]]:
        assert (failure.timed_out, failure.results) == (True, 2)
        assert "took too long (limits.document_s = 0.3)" in failure.reason
        return -1, (job[0], 3)

    task = Task(run=hang_at_the_third, on_failure=behind, load=nothing)
    assert list(run_jobs(task, [[(10, 0), (20, 3)]], seconds=0.3)) == [10, 11, -1, 13, 14, 23, 24]


def test_what_sleeps_for_ever_is_ended_as_well() -> None:
    assert done(DOUBLE._replace(run=sleep_soon), numbered_chunks(1, 1), seconds=0.1) == [-2]


def sleep_soon(number: int) -> list[int]:
    signal.setitimer(signal.ITIMER_REAL, 0.1)  # instead of the minute that is granted
    return sleep_for_ever(number)


def test_a_job_has_its_budget_and_thirty_times_that_of_wall_time_but_at_least_a_minute() -> None:
    for budget, wall in ((0.9, 60), (10, 300)):
        processor_time, wall_time = (
            run_job(DOUBLE._replace(run=left), 0, seconds=budget) for left in (processor_time_left, wall_time_left)
        )
        assert 0 < processor_time <= math.ceil(budget) + 1  # the kernel counts in ticks and rounds up
        assert wall / 2 < wall_time <= wall + 1


def processor_time_left(_number: int) -> list[int]:
    return [math.ceil(signal.getitimer(signal.ITIMER_PROF)[0])]


def wall_time_left(_number: int) -> list[int]:
    return [math.ceil(signal.getitimer(signal.ITIMER_REAL)[0])]


def test_loading_does_not_count_against_the_budget() -> None:
    assert done(DOUBLE._replace(load=load_slowly), numbered_chunks(1), seconds=0.2) == [0, 2, 4, 6, 8]


def test_what_a_task_raises_is_raised_and_its_process_is_reused() -> None:
    failing = DOUBLE._replace(run=fail)
    with pytest.raises(ValueError, match="0"):
        next(run_jobs(failing, numbered_chunks(1), seconds=10, processes=1))
    assert run_job(DOUBLE, 4, seconds=10) == 8


def test_what_cannot_be_sent_is_raised_and_its_process_ended() -> None:
    with pytest.raises(AttributeError):
        run_job(DOUBLE._replace(run=lambda number: [number]), 4, seconds=10)


def test_an_idle_process_ends_and_the_next_job_gets_a_new_one() -> None:
    impatient = run_job(Task(run=wait_less, on_failure=minus_one, load=nothing), 0, seconds=10)
    while not _is_ended(impatient):
        time.sleep(0.01)
    assert run_job(Task(run=process_of, on_failure=minus_one, load=nothing), 1, seconds=10) != impatient


def test_work_that_nobody_waits_for_is_ended() -> None:
    working = run_jobs(DOUBLE._replace(run=sleep_at_6), numbered_chunks(4), seconds=10, processes=2)
    assert [next(working) for _ in range(5)] == [0, 2, 4, 6, 8]
    working.close()
    assert done(DOUBLE, numbered_chunks(1)) == [0, 2, 4, 6, 8]


def sleep_at_6(number: int) -> list[int]:
    return sleep_for_ever(number) if number == 6 else double(number)


_ENDLESS = """
import multiprocessing, threading, time
from itertools import count
from feeder.reading.workers import run_jobs
from tests.reading.test_workers import DOUBLE, sleep_at_6

def report():
    while not (children := multiprocessing.active_children()):
        time.sleep(0.1)
    time.sleep(2)
    print(*(child.pid for child in children), flush=True)

if __name__ == "__main__":
    threading.Thread(target=report, daemon=True).start()
    for _ in run_jobs(DOUBLE._replace(run=sleep_at_6), ([number] for number in {chunks}), seconds=10, processes=2):
        time.sleep(600)
"""


@pytest.mark.parametrize("chunks", ["count(7)", "[6, 6]"], ids=["idle", "at work"])
def test_the_processes_end_with_the_one_that_started_them_even_where_that_was_killed(
    tmp_path: Path, chunks: str
) -> None:
    program = tmp_path / "endless.py"
    program.write_text(_ENDLESS.format(chunks=chunks))
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        children = [int(number) for number in parent.stdout.readline().split()]
        parent.kill()
    assert children
    for _ in range(1200):  # in place of for ever
        if all(map(_is_ended, children)):
            return
        time.sleep(0.05)
    pytest.fail("they outlived it")


@pytest.mark.parametrize("jobs", [[0], []], ids=["at work", "idle"])
def test_a_process_ends_without_an_error_when_nobody_takes_its_results(jobs: list[int]) -> None:
    ours, theirs = SPAWN.Pipe()
    ours.send((count_for_ever, nothing, jobs, 10.0))
    child = os.fork()
    if not child:
        ours.close()
        with suppress(BaseException):
            workers._serve(theirs, None)
            os._exit(0)
        os._exit(1)
    theirs.close()
    if jobs:
        ours.recv()
    ours.close()
    assert os.waitpid(child, 0)[1] == 0


def count_for_ever(_job: int) -> Iterator[int]:
    return count()


def _is_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_only_what_is_read_loads_its_parsers() -> None:
    code = (
        "import sys, feeder.ingest, feeder.store\n"
        "parsers = {'lxml', 'rapidfuzz', 'feeder.sources.feeds.parsing', 'feeder.normalise.entry'}\n"
        "assert not parsers & sys.modules.keys(), parsers & sys.modules.keys()\n"
        "from feeder.reading.feed import load_feed_parsers\n"
        "load_feed_parsers()\n"
        "assert not {'trafilatura', 'feeder.sources.files.collection'} & sys.modules.keys()\n"
        "assert {'lxml', 'feeder.sources.feeds.parsing', 'feeder.normalise.entry'} <= sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

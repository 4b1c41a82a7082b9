"""Work given to processes: in order, a bounded number under way, and none of it lost with a process."""

import math
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from feeder.ingest.workers import Task, WorkerFailure, in_jobs, work, work_one


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


def hang_at_13(number: int) -> list[int]:
    if number == 13:
        hang()
    return double(number)


def hang() -> None:
    """Match what takes for ever inside of C code, where no exception is looked for often."""
    re.fullmatch("(?:a|a)*b", "a" * 200)


def hang_at_the_third(piece: tuple[int, int]) -> Iterator[int | None]:
    """Yield a piece's parts, from `skip` on; those before are steps without a part."""
    start, skip = piece
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


def nothing() -> None:
    """Stand for what loads nothing."""


def load_slowly() -> None:
    """Spend more than the budget of a piece before the first one."""
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass


def pieces(count: int, size: int = 5) -> Iterator[list[int]]:
    return in_jobs(range(count * size), size)


def minus_one(_number: int, ended: WorkerFailure) -> tuple[int, None]:
    return (-2 if ended.too_long else -1), None


DOUBLE = Task(run=double, lost=minus_one, load=nothing)


def done(task: Task[int, int], jobs: Iterable[list[int]], *, processes: int = 2, seconds: float = 10) -> list[int]:
    return [number for job in work(task, jobs, seconds=seconds, processes=processes) for number in job]


def test_results_come_in_the_order_of_the_jobs() -> None:
    assert done(DOUBLE, pieces(30)) == [2 * number for number in range(150)]


def test_no_more_jobs_are_taken_than_are_worked_on_soon() -> None:
    taken = []

    def given() -> Iterator[list[int]]:
        for job in pieces(100):
            taken.append(job)
            yield job

    working = work(DOUBLE, given(), seconds=10, processes=1)
    next(working)
    assert len(taken) < 10
    working.close()


def test_few_pieces_are_done_by_one_process_and_by_the_same_as_those_before() -> None:
    task = Task(run=process_of, lost=minus_one, load=nothing)
    first, then = (
        {number for job in work(task, in_jobs([1] * 8, 2), seconds=10, few=8, processes=2) for number in job}
        for _ in range(2)
    )
    assert len(first) == 1
    assert first == then


def test_only_the_piece_that_kills_its_process_is_given_up() -> None:
    expected = [2 * number for number in range(60)]
    expected[13] = -1
    assert done(DOUBLE._replace(run=die_at_13), pieces(12)) == expected


def test_a_death_among_the_last_jobs_is_survived_as_well() -> None:
    assert done(DOUBLE._replace(run=die_at_13), pieces(3)) == [*(2 * n for n in range(13)), -1, 28]


def test_a_piece_whose_process_was_killed_by_chance_has_a_second_try(tmp_path: Path) -> None:
    def gone(_file: str, _ended: WorkerFailure) -> tuple[str, None]:
        return "gone", None

    assert work_one(Task(run=die_once, lost=gone, load=nothing), str(tmp_path / "a"), seconds=10) == "a"


def test_a_piece_that_never_ends_inside_a_library_is_ended_and_the_others_are_done() -> None:
    expected = [2 * number for number in range(60)]
    expected[13] = -2
    assert done(DOUBLE._replace(run=hang_at_13), pieces(12), seconds=0.3) == expected


def test_a_piece_of_many_parts_goes_on_behind_the_one_that_took_too_long() -> None:
    def behind(piece: tuple[int, int], ended: WorkerFailure) -> tuple[int, tuple[int, int]]:
        assert (ended.too_long, ended.parts) == (True, 2)
        assert "took too long (limits.document_s = 0.3)" in ended.reason
        return -1, (piece[0], 3)

    task = Task(run=hang_at_the_third, lost=behind, load=nothing)
    assert list(work(task, [[(10, 0), (20, 3)]], seconds=0.3)) == [[10, 11, -1, 13, 14, 23, 24]]


def test_what_sleeps_for_ever_is_ended_as_well() -> None:
    assert done(DOUBLE._replace(run=sleep_soon), pieces(1, 1), seconds=0.1) == [-2]


def sleep_soon(number: int) -> list[int]:
    signal.setitimer(signal.ITIMER_REAL, 0.1)  # in place of the minute that is granted
    return sleep_for_ever(number)


def test_a_piece_has_its_budget_and_thirty_times_that_of_wall_time_but_at_least_a_minute() -> None:
    for budget, wall in ((0.9, 60), (10, 300)):
        processor_time, wall_time = (
            work_one(DOUBLE._replace(run=left), 0, seconds=budget) for left in (processor_time_left, wall_time_left)
        )
        assert 0 < processor_time <= math.ceil(budget) + 1  # the kernel counts in ticks and rounds up
        assert wall / 2 < wall_time <= wall + 1


def processor_time_left(_number: int) -> list[int]:
    return [math.ceil(signal.getitimer(signal.ITIMER_PROF)[0])]


def wall_time_left(_number: int) -> list[int]:
    return [math.ceil(signal.getitimer(signal.ITIMER_REAL)[0])]


def test_what_is_loaded_first_is_no_part_of_the_budget() -> None:
    assert done(DOUBLE._replace(load=load_slowly), pieces(1), seconds=0.2) == [0, 2, 4, 6, 8]


def test_what_a_task_raises_is_raised_and_its_process_can_go_on() -> None:
    failing = DOUBLE._replace(run=fail)
    with pytest.raises(ValueError, match="0"):
        next(work(failing, pieces(1), seconds=10, processes=1))
    assert work_one(DOUBLE, 4, seconds=10) == 8


def test_what_cannot_be_sent_is_raised_and_its_process_ended() -> None:
    with pytest.raises(AttributeError):
        work_one(DOUBLE._replace(run=lambda number: [number]), 4, seconds=10)


def test_a_process_without_work_ends_and_the_next_work_has_a_new_one() -> None:
    assert work_one(DOUBLE, 4, seconds=10) == 8
    while multiprocessing.active_children():
        time.sleep(0.05)
    assert work_one(DOUBLE, 5, seconds=10) == 10


def test_work_that_nobody_waits_for_is_ended() -> None:
    working = work(DOUBLE._replace(run=sleep_at_6), pieces(4), seconds=10, processes=2)
    assert next(working) == [0, 2, 4, 6, 8]
    working.close()
    assert done(DOUBLE, pieces(1)) == [0, 2, 4, 6, 8]


def sleep_at_6(number: int) -> list[int]:
    return sleep_for_ever(number) if number == 6 else double(number)


_ENDLESS = """
import multiprocessing, threading, time
from itertools import count
from feeder.ingest.workers import work
from tests.ingest.test_workers import DOUBLE, sleep_at_6

def tell():
    while not (children := multiprocessing.active_children()):
        time.sleep(0.1)
    time.sleep(2)
    print(*(child.pid for child in children), flush=True)

if __name__ == "__main__":
    threading.Thread(target=tell, daemon=True).start()
    for _ in work(DOUBLE._replace(run=sleep_at_6), ([number] for number in {jobs}), seconds=10, processes=2):
        time.sleep(600)
"""


@pytest.mark.parametrize("jobs", ["count(7)", "[6, 6]"], ids=["idle", "at work"])
def test_the_processes_end_with_the_one_that_started_them_even_where_that_was_killed(tmp_path: Path, jobs: str) -> None:
    program = tmp_path / "endless.py"
    program.write_text(_ENDLESS.format(jobs=jobs))
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


def _is_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True

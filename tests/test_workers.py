"""Work given to processes: in order, a bounded number under way, and none of it lost with a process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeder.ingest.workers import work


def double(job: list[int]) -> list[int]:
    return [2 * number for number in job]


def die_at_13(job: list[int]) -> list[int]:
    if 13 in job:
        os.kill(os.getpid(), signal.SIGKILL)
    return double(job)


def fail(job: list[int]) -> list[int]:
    raise ValueError(job)


def jobs(count: int, size: int = 5) -> list[list[int]]:
    return [list(range(start, start + size)) for start in range(0, count * size, size)]


def minus_one(_number: int) -> int:
    return -1


def test_results_come_in_the_order_of_the_jobs() -> None:
    done = list(work(double, jobs(30), lost=minus_one, processes=2))
    assert [number for job in done for number in job] == [2 * number for number in range(150)]


def test_no_more_jobs_are_taken_than_are_worked_on_soon() -> None:
    taken = []

    def given() -> Iterator[list[int]]:
        for job in jobs(100):
            taken.append(job)
            yield job

    working = work(double, given(), lost=minus_one, processes=1)
    next(working)
    assert len(taken) < 10
    working.close()


def test_only_the_piece_that_kills_its_process_is_given_up() -> None:
    done = list(work(die_at_13, jobs(12), lost=minus_one, processes=2))
    expected = [2 * number for number in range(60)]
    expected[13] = -1
    assert [number for job in done for number in job] == expected


def test_a_death_among_the_last_jobs_is_mended_as_well() -> None:
    done = list(work(die_at_13, jobs(3), lost=minus_one, processes=2))
    assert [number for job in done for number in job] == [*(2 * n for n in range(13)), -1, 28]


def test_what_a_task_raises_is_raised() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1, 2, 3, 4\]"):
        next(work(fail, jobs(1), lost=minus_one, processes=1))


_ENDLESS = """
import os, sys, time
from itertools import count
from feeder.ingest.workers import work
from tests.test_workers import double, minus_one
if __name__ == "__main__":
    import multiprocessing
    for _ in work(double, ([number] for number in count()), lost=minus_one, processes=2):
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        time.sleep(600)
"""


def test_the_processes_end_with_the_one_that_started_them_even_where_that_was_killed(tmp_path: Path) -> None:
    program = tmp_path / "endless.py"
    program.write_text(_ENDLESS)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        children = [int(number) for number in parent.stdout.readline().split()]
        parent.kill()
    assert children
    while any(Path(f"/proc/{child}/stat").exists() and not _is_ended(child) for child in children):
        time.sleep(0.05)


def _is_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True

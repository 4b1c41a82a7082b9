"""A small day of the simulation of `benchmarks/day.py`, which is run with 500 chats by hand."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent
WRONG = {"missing", "told twice", "unwanted", "doubled", "lost", "out of order", "incomplete", "early"}


def test_after_a_day_of_troubles_every_chat_has_had_each_of_its_entries_once() -> None:
    program = [sys.executable, "-m", "benchmarks.day", "--chats", "14", "--entries", "50"]
    program += ["--lives", "6", "--step", "10"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=400, check=False, cwd=_ROOT)
    first, *rest = done.stdout.splitlines()
    assert "6 kills" in first, first
    assert set(rest) == {f"{name}: 0" for name in WRONG} | {"left: nothing"}, done.stdout + done.stderr[-4000:]
    assert done.returncode == 0

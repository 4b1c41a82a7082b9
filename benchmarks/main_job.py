"""Measures the main job on the five seeds and prints each figure beside its target.

    .venv/bin/python benchmarks/main_job.py

Times are the median of several runs of a new process, taken in turns so that both sides of a ratio meet the same
machine. Memory is the resident set of `feeder run` after it has published, served one request and come to rest.
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

FEEDER = [str(Path(sys.executable).with_name("feeder"))]
ROUNDS = 15
REST_S = 5.0


def timed(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment())
    return time.perf_counter() - start


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("FEEDER_")}


def side_by_side(folder: Path, *commands: list[str]) -> list[float]:
    rounds = [[timed(command, folder) for command in commands] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def resident_mb(process: int) -> float:
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text("utf-8"))
    assert kilobytes is not None
    return int(kilobytes[1]) / 1024


def idle_mb(folder: Path) -> float:
    with subprocess.Popen(
        [*FEEDER, "run"], cwd=folder, stderr=subprocess.PIPE, text=True, env=environment() | {"FEEDER_WEB__PORT": "0"}
    ) as running:
        assert running.stderr is not None
        address = next(found[1] for line in running.stderr if (found := re.search(r"serving (\S+)", line)))
        while httpx.get(address + "atom.xml", trust_env=False).status_code != httpx.codes.OK:
            time.sleep(0.1)
        httpx.get(address + "search", params={"q": "普京"}, trust_env=False).raise_for_status()
        time.sleep(REST_S)
        resident = resident_mb(running.pid)
        running.send_signal(signal.SIGTERM)
    return resident


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        typer_s, help_s = side_by_side(folder, [sys.executable, "-c", "import typer"], [*FEEDER, "--help"])
        print(f"import typer              {typer_s * 1000:7.0f} ms")
        print(f"feeder --help             {help_s * 1000:7.0f} ms   {help_s / typer_s:.2f}x of it (target < 3x)")
        first_s = timed([*FEEDER, "update"], folder)
        (again_s,) = side_by_side(folder, [*FEEDER, "update"])
        print(f"feeder update, first      {first_s * 1000:7.0f} ms")
        print(f"feeder update, unchanged  {again_s * 1000:7.0f} ms   (target < 1000 ms)")
    with tempfile.TemporaryDirectory() as name:  # a new folder: it reads the articles itself
        print(f"feeder run, idle          {idle_mb(Path(name)):7.1f} MB   (target < 120 MB)")


if __name__ == "__main__":
    main()

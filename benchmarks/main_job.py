"""Measures the main job on the five seeds and prints each figure with its target.

    .venv/bin/python benchmarks/main_job.py

Times are medians of several runs in new processes; commands that are compared run alternately, so that both meet the
same load. Memory is the resident set of `feeder run` once it has published, served a request and become idle.
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


def median_times(folder: Path, *commands: list[str]) -> list[float]:
    rounds = [[timed(command, folder) for command in commands] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def resident_mb(pid: int) -> float:
    kilobytes = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert kilobytes is not None
    return int(kilobytes[1]) / 1024


def idle_mb(folder: Path) -> float:
    with subprocess.Popen(
        [*FEEDER, "run"], cwd=folder, stderr=subprocess.PIPE, text=True, env=environment() | {"FEEDER_WEB__PORT": "0"}
    ) as process:
        assert process.stderr is not None
        address = next(found[1] for line in process.stderr if (found := re.search(r"serving (\S+)", line)))
        while httpx.get(address + "atom.xml", trust_env=False).status_code != httpx.codes.OK:
            time.sleep(0.1)
        httpx.get(address + "search", params={"q": "普京"}, trust_env=False).raise_for_status()
        time.sleep(REST_S)
        resident = resident_mb(process.pid)
        process.send_signal(signal.SIGTERM)
    return resident


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        typer_s, help_s = median_times(folder, [sys.executable, "-c", "import typer"], [*FEEDER, "--help"])
        print(f"import typer              {typer_s * 1000:7.0f} ms")
        print(f"feeder --help             {help_s * 1000:7.0f} ms   {help_s / typer_s:.2f}x of it (target < 3x)")
        first_s = timed([*FEEDER, "update"], folder)
        (again_s,) = median_times(folder, [*FEEDER, "update"])
        print(f"feeder update, first      {first_s * 1000:7.0f} ms")
        print(f"feeder update, unchanged  {again_s * 1000:7.0f} ms   (target < 1000 ms)")
    with tempfile.TemporaryDirectory() as name:  # a new folder: this run ingests the articles
        print(f"feeder run, idle          {idle_mb(Path(name)):7.1f} MB   (target < 120 MB)")


if __name__ == "__main__":
    main()

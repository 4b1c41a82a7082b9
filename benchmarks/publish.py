"""Measures publishing: of all entries, after one new one, and with nothing new.

    .venv/bin/python -m benchmarks.publish [COUNT…]

By default 10,000 and 100,000 articles, recombined from the sentences of the seeds, of five sources and twenty
categories. Each pass runs in a process of its own; its processor time includes loading, the last line does not. The
exponents tell how a figure grows from one number of articles to the next: 0 is flat, 1 linear.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.recombined import LAST, Articles
from feeder.config.load import Config
from feeder.config.settings import SiteConfig, StoreConfig
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Store

_SEEDS = Path(__file__).parent.parent / "seeds"
_BATCH = 500
_PROGRAM = """
import json, sys, time
from pathlib import Path
from feeder.config.load import Config
from feeder.config.settings import SiteConfig, StoreConfig
from feeder.publish.site import publish
from feeder.store import Store
folder = Path(sys.argv[1])
config = Config(
    site=SiteConfig(output=folder / "public", url="https://feeds.example.org/"),
    store=StoreConfig(url=f"sqlite:///{folder}/feeder.db"),
)
with Store.open(config.store.url) as store:
    loaded, start = time.process_time(), time.perf_counter()
    report = publish(config, store)
    print(json.dumps({
        "wall": time.perf_counter() - start,
        "cpu": time.process_time(),
        "own": time.process_time() - loaded,
        "memory": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024,
        "written": report.written,
        "files": report.written + report.unchanged,
    }))
"""
FIGURES = {"all": ("wall", "cpu", "memory"), "one new": ("wall", "own", "memory", "written"), "none": ("own", "memory")}


def entries(count: int) -> Iterator[Entry]:
    """Yield made-up entries, the oldest first."""
    for number, entry in enumerate(islice(Articles(_SEEDS, count), count)):
        yield replace(
            entry, categories=(f"topic {number % 20}",), published=LAST - timedelta(minutes=30 * (count - number))
        )


def fill(store: Store, count: int) -> None:
    """Save entries."""
    batch: list[Any] = []
    for number, entry in enumerate(entries(count)):
        batch.append(prepare(Origin(f"source-{number % 5}", f"{number}.md"), entry))
        if len(batch) == _BATCH:
            store.take([Batch(source="all", incoming=batch)])
            batch.clear()
    store.take([Batch(source="all", incoming=batch)])


def run_pass(folder: Path) -> dict[str, float]:
    """Publish in a process of its own; return its figures."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, str(folder)], capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measure(count: int) -> dict[str, dict[str, float]]:
    """Return the figures of the three passes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = Config(
            site=SiteConfig(output=folder / "public"), store=StoreConfig(url=f"sqlite:///{folder}/feeder.db")
        )
        with Store.open(config.store.url) as store:
            fill(store, count)
        found = {"all": run_pass(folder)}
        with Store.open(config.store.url) as store:
            new = replace(
                next(entries(2)), id="urn:x:new", link=None, title="new", content="<p>new</p>", published=LAST
            )
            store.take([Batch(source="all", incoming=[prepare(Origin("source-0", "new.md"), new)])])
        found["one new"] = run_pass(folder)
        found["none"] = run_pass(folder)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", type=int, nargs="*", default=[10_000, 100_000])
    measured: list[tuple[int, dict[str, dict[str, float]]]] = []
    for count in parser.parse_args().counts:
        found = measure(count)
        measured.append((count, found))
        print(
            f"{count} entries, {found['all']['files']:.0f} files: {count / found['all']['wall']:.0f} entries/s",
            flush=True,
        )
        for stage, names in FIGURES.items():
            print(f"  {stage:8}", ", ".join(f"{name} {found[stage][name]:.2f}" for name in names), flush=True)
    for (few, first), (many, last) in pairwise(measured):
        for stage, names in FIGURES.items():
            grown = (
                f"{name} {math.log(last[stage][name] / first[stage][name]) / math.log(many / few):.2f}"
                for name in names
                if first[stage][name]
            )
            print(f"  {few} → {many}, exponents, {stage}:", ", ".join(grown))


if __name__ == "__main__":
    main()

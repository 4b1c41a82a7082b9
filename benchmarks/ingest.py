"""Measures ingest on a synthetic archive with realistic formats and sizes; prints each figure with its target.

    .venv/bin/python benchmarks/ingest.py [COUNT]          default 100,000: takes minutes and 3 GB of temporary files

Rates are printed twice: by the wall clock, and as two otherwise idle cores would reach judging by processor time. Each
stage is also measured alone, in one process, on a sample: its maximum rate and its share of the total.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from feeder.config.settings import FolderSource

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.made_up import write_archive
from benchmarks.memory import Peak
from feeder.config.load import Config
from feeder.incoming.batch import Batch
from feeder.incoming.entry import IncomingEntry, prepare
from feeder.incoming.origin import Origin
from feeder.ingest import ingest
from feeder.normalise.entry import normalise
from feeder.sources.files.article import read_article
from feeder.sources.files.folder import iter_files, read_file
from feeder.store import Store

CORES = 2
SAMPLE = 3000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAX_BYTES = 8_000_000
T = TypeVar("T")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--pass", dest="folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder is not None:
        run_pass(Path(arguments.folder))
        return
    with tempfile.TemporaryDirectory() as name:
        for count in sorted({min(10_000, arguments.count), arguments.count}):
            measure(Path(name), count)
        stages(Path(name) / "archive")


def measure(folder: Path, count: int) -> None:
    """Write an archive and ingest it twice, each time in a new process, so that memory is that of one pass."""
    shutil.rmtree(folder / "archive", ignore_errors=True)
    (folder / "feeder.db").unlink(missing_ok=True)
    start = time.perf_counter()
    size = write_archive(folder / "archive", count)
    print(
        f"{count:,} files of {size / count / 1024:.1f} KB, written in {time.perf_counter() - start:.0f} s", flush=True
    )
    for _ in range(2):
        subprocess.run([sys.executable, __file__, "--pass", str(folder)], check=True)
    print(f"  database       {(folder / 'feeder.db').stat().st_size / size:8.2f} times the text")


def run_pass(folder: Path) -> None:
    config = Config(sources=(FolderSource(name="archive", folder=folder / "archive"),))
    peak = Peak()
    start = time.perf_counter()
    with Store.open(f"sqlite:///{folder / 'feeder.db'}") as store:
        (report,) = ingest(config, store, now=NOW)
    elapsed = time.perf_counter() - start
    memory = peak.stop()
    own, workers = (processor_time(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert not report.failed, report.failed[:3]
    if report.read:
        possible = CORES * report.read / (own + workers)
        print(f"  first pass     {report.read / elapsed:8,.0f}/s, {report.new:,} new, {report.again:,} read again")
        print(f"                 {possible:8,.0f}/s by processor time on {CORES} cores   (target ≥ 1,000/s)")
        per_file = [seconds / report.read * 1000 for seconds in (own, workers)]
        print(f"                 {per_file[0]:8.2f} ms of the writer and {per_file[1]:.2f} ms of workers per file")
        print(f"  memory         {memory.all_mb:8.0f} MB, the writer {memory.own_mb:.0f}   (target < 400 MB, flat)")
    else:
        print(f"  second pass    {elapsed:8.2f} s, {report.unchanged:,} unchanged   (target < 5 s for 100,000)")


def processor_time(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def stages(archive: Path) -> None:
    """Measure each stage alone in this process."""
    found = []
    for file in iter_files(archive, {}, max_bytes=MAX_BYTES):
        found.append(file)
        if len(found) == SAMPLE:
            break
    read, reading = timed(lambda: [read_file(file, max_bytes=MAX_BYTES) for file in found])
    drafts, parsing = timed(lambda: [read_article(file.data.read(), file.path) for file in read if file.data])
    stamped = [replace(draft, stamps=(*draft.stamps, file.file_time)) for draft, file in zip(drafts, read, strict=True)]
    entries, cleaning = timed(lambda: [normalise(draft, now=NOW, source="archive") for draft in stamped])
    prepared, preparing = timed(lambda: [prepare(Origin("archive", entry.id), entry) for entry in entries])
    batches = [prepared[first : first + 500] for first in range(0, len(prepared), 500)]
    with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/feeder.db") as store:
        _, saving = timed(lambda: [store.take([Batch(source="archive", incoming=batch)]) for batch in batches])
    with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/feeder.db") as store:
        _, both = timed(lambda: save_and_index(store, batches))
    seconds_by_stage = {
        "read": reading,
        "parse": parsing,
        "clean": cleaning,
        "terms": preparing,
        "save": saving,
        "index": max(0.0, both - saving),
    }
    total = sum(seconds_by_stage.values())
    print(f"each stage alone, {len(found):,} files, one core")
    for stage, seconds in seconds_by_stage.items():
        print(f"  {stage:<6} {len(found) / seconds:10,.0f}/s   {seconds / total:4.0%}")


def save_and_index(store: Store, batches: list[list[IncomingEntry]]) -> None:
    with store.search.following():
        for batch in batches:
            store.take([Batch(source="archive", incoming=batch)])


def timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


if __name__ == "__main__":
    main()

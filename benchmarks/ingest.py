"""Measures ingest on a made-up archive of the real shapes and sizes, and prints each figure beside its target.

    .venv/bin/python benchmarks/ingest.py [COUNT]          100,000 by default; takes minutes and 3 GB of temporary files

Rates are told twice: as they were, and as the processor time spent says that two cores would do with nothing else to
do. Each stage is also measured alone, in one process, on a sample: that is its limit, and its share of the whole.
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
from feeder.ingest import ingest
from feeder.normalise.entry import normalise
from feeder.sources.files.article import read_article
from feeder.sources.files.folder import iter_files, read_file
from feeder.store import Batch, IncomingEntry, Origin, Store, prepare

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
        one_pass(Path(arguments.folder))
        return
    with tempfile.TemporaryDirectory() as name:
        for count in sorted({min(10_000, arguments.count), arguments.count}):
            measure(Path(name), count)
        stages(Path(name) / "archive")


def measure(folder: Path, count: int) -> None:
    """Make an archive and read it twice, each time in a process of its own, so that memory is that of one pass."""
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


def one_pass(folder: Path) -> None:
    config = Config(sources=(FolderSource(name="archive", folder=folder / "archive"),))
    peak = Peak()
    start = time.perf_counter()
    with Store.open(f"sqlite:///{folder / 'feeder.db'}") as store:
        (report,) = ingest(config, store, now=NOW)
    elapsed = time.perf_counter() - start
    held = peak.stop()
    own, others = (spent(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    assert not report.failed, report.failed[:3]
    if report.read:
        able = CORES * report.read / (own + others)
        print(f"  first pass     {report.read / elapsed:8,.0f}/s, {report.new:,} new, {report.again:,} read once more")
        print(f"                 {able:8,.0f}/s by processor time on {CORES} cores   (target ≥ 1,000/s)")
        each = [seconds / report.read * 1000 for seconds in (own, others)]
        print(f"                 {each[0]:8.2f} ms of the writer and {each[1]:.2f} ms of workers for each")
        print(
            f"  resident       {held.all_mb:8.0f} MB in all, {held.own_mb:.0f} the writer's   (target < 400 MB, flat)"
        )
    else:
        print(f"  second pass    {elapsed:8.2f} s, {report.unchanged:,} unchanged   (target < 5 s for 100,000)")


def spent(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def stages(archive: Path) -> None:
    """Measure each stage alone, one after the other, in this process."""
    found = []
    for file in iter_files(archive, {}, max_bytes=MAX_BYTES):
        found.append(file)
        if len(found) == SAMPLE:
            break
    read, reading = timed(lambda: [read_file(file, max_bytes=MAX_BYTES) for file in found])
    drafts, parsing = timed(lambda: [read_article(file.data or b"", file.path) for file in read])
    stamped = [replace(draft, stamps=(*draft.stamps, file.file_time)) for draft, file in zip(drafts, read, strict=True)]
    entries, cleaning = timed(lambda: [normalise(draft, now=NOW, source="archive") for draft in stamped])
    prepared, preparing = timed(lambda: [prepare(Origin("archive", entry.id), entry) for entry in entries])
    batches = [prepared[first : first + 500] for first in range(0, len(prepared), 500)]
    with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/feeder.db") as store:
        _, saving = timed(lambda: [store.take([Batch(source="archive", incoming=batch)]) for batch in batches])
    with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/feeder.db") as store:
        _, both = timed(lambda: saved_and_indexed(store, batches))
    spent_on = {
        "read": reading,
        "parse": parsing,
        "clean": cleaning,
        "terms": preparing,
        "save": saving,
        "index": max(0.0, both - saving),
    }
    whole = sum(spent_on.values())
    print(f"each stage alone, {len(found):,} files, one core")
    for stage, seconds in spent_on.items():
        print(f"  {stage:<6} {len(found) / seconds:10,.0f}/s   {seconds / whole:4.0%}")


def saved_and_indexed(store: Store, batches: list[list[IncomingEntry]]) -> None:
    with store.search.following():
        for batch in batches:
            store.take([Batch(source="archive", incoming=batch)])


def timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


if __name__ == "__main__":
    main()

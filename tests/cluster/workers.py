"""Workers in processes of their own, which tests may kill."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess

from feeder import tasks
from feeder.cluster import engine, worker
from feeder.cluster.engine import Timing
from feeder.cluster.worker import work
from feeder.config.load import Config
from feeder.run import until_stopped
from feeder.tasks import BOTH, Parts

FAST = Timing(heartbeat_s=0.5, stalled_s=2.0, rescue_s=0.5)
SLICE = 20  # unread files, from which on a folder is divided


def start_worker(config: Config, parts: Parts = BOTH) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(config, parts))
    process.start()
    return process


def _work(config: Config, parts: Parts) -> None:
    tasks.SLICE = SLICE
    vars(engine)["TASKS"] = {name: task._replace(delay_s=0) for name, task in tasks.TASKS.items()}
    worker._AGAIN_S = 1
    asyncio.run(until_stopped(work(config, parts, concurrency=2, timing=FAST)))


@contextmanager
def workers(config: Config, number: int, parts: Parts = BOTH) -> Iterator[list[SpawnProcess]]:
    """So many workers; those that still run at the end are killed."""
    running = [start_worker(config, parts) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.join()

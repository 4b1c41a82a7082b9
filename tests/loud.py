"""A task of worker processes that says something; apart, so that a process that runs it loads nothing else."""

import logging
from collections.abc import Iterator

from feeder.reading.workers import Task, WorkerFailure


def warn(job: int) -> Iterator[int]:
    logging.getLogger("x").warning("in the worker: s3cret")
    yield job


def ignore_failure(job: int, _failure: WorkerFailure) -> tuple[int, None]:
    return job, None


TASK = Task(run=warn, on_failure=ignore_failure, load=dict)

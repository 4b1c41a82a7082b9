"""Procrastinate as it is used here: a task of `tasks.py` is a task of the engine, and a `Job` a job of it.

    Job.key ──▶ lock: of those that have it, one runs      queueing lock: of those that have it, one waits
    Task.part ──▶ queue                                    Task.delay_s ──▶ scheduled that much later

Only the engine knows which job waits and who does it. What is lost with a machine is handed out again: the jobs of
workers without a heartbeat by `rescue`, all else by the next `ingest`, as the store says what is due.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.jobs import Job as EngineJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from feeder.config.values import parse_duration
from feeder.store import Store
from feeder.store.engine import driver_address
from feeder.tasks import TASKS, Job

KEPT_HOURS = 7 * 24  # jobs that failed, to be looked at
ConnectionLostError = exceptions.ConnectorException
_EVERY_MINUTE = "* * * * *"
_MINUTE_S = 60


class Timing(NamedTuple):
    """How often a worker says that it lives, when one that does not counts as dead, and how often that is looked at."""

    heartbeat_s: float = 5.0
    stalled_s: float = 20.0
    rescue_s: float = 10.0


class _Manager(JobManager):
    """Tells if the end of a job could not be saved: it would seem to run for ever, and keep others from running."""

    on_lost: Callable[[], None] | None = None

    async def finish_job(self, job: EngineJob, status: Status, delete_job: bool) -> None:  # noqa: FBT001  its signature
        try:
            await super().finish_job(job, status, delete_job)
        except exceptions.ConnectorException:
            if self.on_lost is not None:
                self.on_lost()
            raise


def make_app(store: Store, *, on_lost: Callable[[], None] | None = None, connections: int = 4) -> App:
    """Return an engine without tasks, not open yet; `on_lost` is called if the end of a job could not be saved."""
    for library, level in {"procrastinate": logging.ERROR, "psycopg.pool": logging.CRITICAL}.items():
        logging.getLogger(library).setLevel(level)
    connector = PsycopgConnector(
        conninfo=driver_address(store.database.engine.url),
        kwargs={"application_name": "feeder engine"},
        min_size=1,
        max_size=connections,
        timeout=15,
    )
    app = App(connector=connector)
    manager = _Manager(connector)
    manager.on_lost = on_lost
    app.job_manager = manager
    return app


def register_tasks(app: App, do: Callable[[Job], Awaitable[None]]) -> None:
    """Let the engine call `do` for each job."""
    for name, task in TASKS.items():

        async def do_job(
            *,
            task: str,
            about: str = "",
            sources: Iterable[str] = (),
            part: Iterable[int] | None = None,
            every_s: int = 0,
            timestamp: int = 0,
        ) -> None:
            if is_slot(timestamp, every_s):
                number, parts = part or (0, 1)
                await do(Job(task, about, tuple(sources), (number, parts) if part else None))

        app.task(name=name, queue=task.part)(do_job)


def register_schedule(app: App, schedule: str, job: Job) -> None:
    """Let the engine hand out a job on schedule: an interval such as "15m", or a cron expression in UTC."""
    is_cron = " " in schedule.strip()
    every_s = 0 if is_cron else max(int(parse_duration(schedule).total_seconds()), _MINUTE_S)
    app.periodic_registry.register_task(
        task=app.tasks[job.task],
        cron=schedule if is_cron else _EVERY_MINUTE,
        periodic_id=schedule,
        configure_kwargs={
            "lock": job.key,
            "queueing_lock": job.key,
            "task_kwargs": {"task": job.task, "every_s": every_s},
        },
    )


def is_slot(timestamp: int, every_s: int) -> bool:
    """Whether an interval ended in the minute before a tick of the clock; always for a job that is not of a clock."""
    return not (timestamp and every_s) or timestamp // every_s != (timestamp - _MINUTE_S) // every_s


async def hand_out(app: App, job: Job, *, delay_s: int | None = None) -> None:
    """Have a job done, in `delay_s` seconds (None: those of its task), unless one with its key waits already."""
    delay_s = TASKS[job.task].delay_s if delay_s is None else delay_s
    deferrer = app.configure_task(
        job.task,
        queue=TASKS[job.task].part,
        lock=job.key,
        queueing_lock=job.key,
        schedule_in={"seconds": delay_s} if delay_s else None,
    )
    with suppress(exceptions.AlreadyEnqueued):
        await deferrer.defer_async(
            task=job.task, about=job.about, sources=list(job.sources), part=job.part and list(job.part)
        )


async def rescue(app: App, *, stalled_s: float) -> list[str]:
    """Hand out again the jobs of workers that have had no heartbeat for so long; return their keys."""
    rescued = []
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_s):
        try:
            await app.job_manager.retry_job(job)
        except exceptions.UniqueViolation:  # the same waits already
            with suppress(exceptions.ConnectorException):
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        except exceptions.ConnectorException:  # another worker was faster
            continue
        rescued.append(job.lock or job.task_name)
    return rescued


async def forget_failed(app: App) -> None:
    """Delete the jobs that failed long ago."""
    await app.job_manager.delete_old_jobs(KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)

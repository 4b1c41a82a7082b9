"""Procrastinate as it is used here: a task of `tasks.py` is a task of the engine, and a `Job` a job of it.

    Job.key ──▶ lock: of those that have it, one runs      queueing lock: of those that have it, one waits
    Task.part ──▶ queue                                    Task.delay_s ──▶ scheduled that much later

Only the engine knows which job waits and who does it. What is lost with a machine is handed out again: the jobs of
workers without a heartbeat by `rescue`, all else by the next `ingest`, as the store says what is due.
"""

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.jobs import Job as EngineJob
from procrastinate.jobs import Status
from procrastinate.manager import JobManager
from psycopg.errors import RaiseException
from psycopg_pool import PoolTimeout

from feeder.config.values import parse_duration
from feeder.schedule import parse_trigger
from feeder.store import Store
from feeder.store.engine import CONNECTING, driver_address
from feeder.tasks import TASKS, Job

log = logging.getLogger(__name__)
KEPT_HOURS = 7 * 24  # jobs that failed, to be looked at
CONNECTION_LOST = (exceptions.ConnectorException, PoolTimeout)
_DOING = "SELECT 1 FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'doing'"
_LOOKS_BACK_S = (3600.0, 86_400.0, 32 * 86_400.0, 4 * 366 * 86_400.0)
_NEVER = 4e9  # in the year 2096


class Timing(NamedTuple):
    """How often a worker says that it lives, when one that does not counts as dead, and how often that is looked at."""

    heartbeat_s: float = 5.0
    stalled_s: float = 20.0
    rescue_s: float = 10.0


class _Manager(JobManager):
    """Tells if the end of a job could not be saved: it would seem to run for ever, and keep others from running.

    Not so if the job is gone: this worker counted as dead for a while, and another one has done it.
    """

    on_lost: Callable[[], None] | None = None

    async def finish_job(self, job: EngineJob, status: Status, delete_job: bool) -> None:  # noqa: FBT001  its signature
        try:
            await super().finish_job(job, status, delete_job)
        except exceptions.ConnectorException as error:
            if isinstance(error.__cause__, RaiseException):  # of the engine's own function, which finds no such job
                log.info("%s: another worker has done it, too", job.lock)
                return
            if self.on_lost is None:
                raise
            self.on_lost()


def make_app(store: Store, *, on_lost: Callable[[], None] | None = None, connections: int = 4) -> App:
    """Return an engine without tasks, not open yet; `on_lost` is called if the end of a job could not be saved."""
    for library, level in {"procrastinate": logging.ERROR, "psycopg.pool": logging.CRITICAL}.items():
        logging.getLogger(library).setLevel(level)
    connector = PsycopgConnector(
        conninfo=driver_address(store.database.engine.url),
        kwargs={"application_name": "feeder engine", **CONNECTING},
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
            timestamp: int = 0,  # noqa: ARG001  of a job that is on schedule
        ) -> None:
            number, parts = part or (0, 1)
            await do(Job(task, about, tuple(sources), (number, parts) if part else None))

        app.task(name=name, queue=task.part)(do_job)


def register_schedule(app: App, schedule: str, job: Job) -> None:
    """Let the engine hand out a job on schedule: at each multiple of an interval, or when a cron expression says."""
    periodic: Any = app.periodic_registry.register_task(
        task=app.tasks[job.task],
        cron=schedule,
        periodic_id=schedule,
        configure_kwargs={"lock": job.key, "queueing_lock": job.key, "task_kwargs": {"task": job.task}},
    )
    vars(periodic)["croniter"] = Slots(schedule)  # which it would else make of `cron`, and keep there


class Slots:
    """The moments of a schedule as the engine asks for them; it knows the methods of `croniter` only.

    So a schedule means the same as with SQLite. Moments are seconds since 1970.
    """

    def __init__(self, schedule: str) -> None:
        is_interval = len(schedule.split()) == 1
        self._every = parse_duration(schedule).total_seconds() if is_interval else 0.0
        self._trigger = None if is_interval else parse_trigger(schedule)
        self._at = 0.0

    def set_current(self, start_time: float) -> float:
        """Begin at a moment."""
        self._at = start_time
        return start_time

    def get_next(self, ret_type: type[float] = float, start_time: float | None = None) -> float:  # noqa: ARG002  see the class
        """Return the next moment after the current one, which it becomes."""
        self._at = self._next(self._at if start_time is None else start_time)
        return self._at

    def get_prev(self, ret_type: type[float] = float) -> float:  # noqa: ARG002  see the class
        """Return the last moment up to the current one; long ago if there was none in the last four years."""
        if self._trigger is None:
            return self._at // self._every * self._every
        for back in _LOOKS_BACK_S:
            moment, following = 0.0, self._next(self._at - back)
            while following <= self._at:
                moment, following = following, self._next(following)
            if moment:
                return moment
        return 0.0

    def _next(self, moment: float) -> float:
        if self._trigger is None:
            return (moment // self._every + 1) * self._every
        after = datetime.fromtimestamp(moment, UTC) + timedelta(microseconds=1)
        found = self._trigger.get_next_fire_time(None, after)
        return _NEVER if found is None else found.timestamp()


async def hand_out(app: App, job: Job, *, delay_s: int | None = None, unless_running: bool = False) -> None:
    """Have a job done, in `delay_s` seconds (None: those of its task), unless one with its key waits already.

    With `unless_running`, nor if one is being done now.
    """
    if unless_running and await app.connector.execute_query_all_async(_DOING, lock=job.key):
        return
    delay_s = TASKS[job.task].delay_s if delay_s is None else delay_s
    moment = None
    if delay_s:  # by the clock of the server: ours may be ahead, and the job would keep all others of its key waiting
        row = await app.connector.execute_query_one_async("SELECT now() AS now")
        moment = row["now"] + timedelta(seconds=delay_s)
    deferrer = app.configure_task(
        job.task, queue=TASKS[job.task].part, lock=job.key, queueing_lock=job.key, schedule_at=moment
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

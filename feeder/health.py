"""Health: what `/healthz` and `feeder check` report about the store and the last pass.

is the store writable? ── did a pass fail? ── was one killed? ── is the last good one recent? ──> None: healthy
"""

from datetime import UTC, datetime
from typing import NamedTuple

from feeder.config.load import Config
from feeder.schedule import parse_trigger
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, Store

KILLED = "was killed before it finished (out of memory? see `dmesg`)"
_MISSED_INTERVALS = 3  # without a successful pass: the pass is overdue


class HealthProblem(NamedTuple):
    """A problem: `status` is for anyone, `reason` for the operator: it may name files of this machine."""

    status: str
    reason: str


def find_problem(config: Config, store: Store, *, now: datetime) -> HealthProblem | None:
    """Return what is wrong at `now`, an aware datetime; None if nothing is.

    Raises:
        StoreError: the store cannot be read or written.
    """
    store.database.check_writable()
    return find_pass_problem(config, store, now=now)


def find_pass_problem(config: Config, store: Store, *, now: datetime) -> HealthProblem | None:
    """Return what is wrong with the passes at `now`, an aware datetime; None if nothing is."""
    if failure := store.database.get_note(LAST_FAILURE_NOTE):
        return HealthProblem("the last pass failed", f"failed: {failure}")
    started = store.database.get_note(PASS_STARTED_NOTE)
    if started and not store.database.is_pass_running():
        return HealthProblem("the last pass was killed", f"the pass of {started} {KILLED}")
    last = store.database.get_note(LAST_PASS_NOTE)
    if last is None:
        return None
    deadline = _next_deadline(config.schedule.ingest, datetime.fromisoformat(last))
    if deadline is not None and deadline < now:
        text = f"no pass has succeeded since {last}, for more than {_MISSED_INTERVALS} intervals of schedule.ingest"
        return HealthProblem("no pass has succeeded for too long", f"{text} ({config.schedule.ingest})")
    return None


def _next_deadline(schedule: str, last: datetime) -> datetime | None:
    """Return when the pass after the last becomes overdue; None if the schedule never fires that often again."""
    trigger = parse_trigger(schedule, key="schedule.ingest")
    moment: datetime | None = last.astimezone(UTC)
    for _ in range(_MISSED_INTERVALS):
        moment = None if moment is None else trigger.get_next_fire_time(moment, moment)
    return moment

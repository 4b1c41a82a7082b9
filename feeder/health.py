"""Whether the work goes on: what `/healthz` and `feeder check` say of the store and of the last pass.

the store can be written? ── did a pass fail? ── did one die? ── is the last good one recent? ──> None: all is well
"""

from datetime import UTC, datetime
from typing import NamedTuple

from feeder.config.load import Config
from feeder.schedule import parse_trigger
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, PASS_STARTED_NOTE, Store

KILLED = "was killed before its end, perhaps for want of memory (see `dmesg`)"
_INTERVALS = 3  # that may go by without a pass


class HealthProblem(NamedTuple):
    """What is wrong: a status for anyone to see, and why for the operator, which may name files of this machine."""

    status: str
    reason: str


def find_trouble(config: Config, store: Store, *, now: datetime) -> HealthProblem | None:
    """Return what is wrong with the work at `now`, an aware datetime; None where nothing is.

    Raises:
        StoreError: the store cannot be read or written.
    """
    store.database.check_writable()
    if failure := store.database.get_note(LAST_FAILURE_NOTE):
        return HealthProblem("the last pass failed", f"ended early: {failure}")
    started = store.database.get_note(PASS_STARTED_NOTE)
    if started and not store.database.is_pass_running():
        return HealthProblem("the last pass was killed", f"the pass of {started} {KILLED}")
    last = store.database.get_note(LAST_PASS_NOTE)
    if last is None:
        return None
    due = _overdue_at(config.schedule.ingest, datetime.fromisoformat(last))
    if due is not None and due < now:
        text = f"none has ended well since {last}, in {_INTERVALS} intervals of schedule.ingest"
        return HealthProblem("no pass has been made for too long", f"{text} ({config.schedule.ingest})")
    return None


def _overdue_at(schedule: str, last: datetime) -> datetime | None:
    """Return by when another pass should have ended after the last; None where the schedule has no such moment."""
    trigger = parse_trigger(schedule, key="schedule.ingest")
    moment: datetime | None = last.astimezone(UTC)
    for _ in range(_INTERVALS):
        moment = None if moment is None else trigger.get_next_fire_time(moment, moment)
    return moment

"""For any arrivals, steps of the clock and changes of settings: each entry is posted, or told in one digest, once."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.delivery import outbox
from bot.delivery.chats import find_subscriptions, read_channels, sync_channels
from bot.delivery.outbox import CallOutcome
from bot.delivery.switches import try_again
from bot.planning.planner import plan
from bot.planning.timing import quiet_until, read_times
from bot.tables import deliveries
from feeder import ChannelConfig, Store
from tests.bot.conftest import NO_LIMITS, START, add_entries, create_tables
from tests.bot.unsynced import open_store
from tests.postgresql import Databases

ZONE = "Europe/Berlin"
SETTINGS: tuple[dict[str, object], ...] = (
    {},
    {"max_waiting": 2},
    {"per_hour": 1},
    {"quiet": "22:00-07:00"},
    {"quiet": "00:30-02:30", "per_hour": 2, "max_waiting": 3},
    {"digest": "daily 08:00"},
    {"digest": "weekly sun 02:30", "quiet": "01:00-12:00"},
)
OUTCOMES = (
    CallOutcome(result="sent", message=1),
    CallOutcome(result="retry", reason="made up"),
    CallOutcome(result="retry", wait=timedelta(hours=3)),
    CallOutcome(result="blocked", reason="Forbidden"),
)
STEPS = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 4)),
    st.tuples(st.just("forward"), st.sampled_from([1, 20, 59, 600, 1500, 10_000])),
    st.tuples(st.just("back"), st.sampled_from([1, 61, 600, 3000])),
    st.tuples(st.just("settings"), st.integers(0, len(SETTINGS) - 1)),
    st.tuples(st.just("sign"), st.none()),
    st.tuples(st.just("plan"), st.none()),
    st.tuples(st.just("send"), st.sampled_from(OUTCOMES)),
)


class Life:
    """A subscription through its days: what was posted, in two parts, and what was told."""

    def __init__(self, store: Store, first: int) -> None:
        self.store, self.now, self.added = store, START, 0
        self.seen: Counter[str] = Counter()
        self.choose(first)
        self.plan()

    def choose(self, number: int) -> None:
        config = ChannelConfig.model_validate({"chat": "-1", "recent": 0, "max_age": "999d", **SETTINGS[number]})
        self.channels = read_channels([config])
        sync_channels(self.store, self.channels)

    def plan(self) -> None:
        forms: tuple[outbox.Form, ...] = ("photo", "text")
        plan(self.store, find_subscriptions(self.store, self.channels), self.now, ZONE, lambda *_: forms)

    def send(self, outcome: CallOutcome) -> bool:
        claims = outbox.claim(self.store, self.now, 9, NO_LIMITS, zone=ZONE)
        for claim in claims:
            assert quiet_until(read_times(self.channels[0].config, ZONE), self.now) is None
            if outcome.result == "sent":
                self.seen.update(self.tells(claim))
            outbox.settle(self.store, claim, outcome, self.now, NO_LIMITS)
        return bool(claims)

    def tells(self, claim: outbox.Claim) -> list[str]:
        if claim.kind == "post":
            return [claim.entry] if claim.part == 0 else []
        with self.store.database.read() as connection:
            return list(connection.scalars(select(deliveries.c.entry).where(deliveries.c.digest == claim.delivery)))

    def do(self, step: str, value: object) -> None:
        match step, value:
            case "add", int(count):
                add_entries(self.store, *range(self.added, self.added + count))
                self.added += count
            case "forward", int(minutes):
                self.now += timedelta(minutes=minutes)
            case "back", int(minutes):
                self.now -= timedelta(minutes=minutes)
            case "settings", int(number):
                self.choose(number)
            case "sign", None:
                try_again(self.store, -1, None)
            case "plan", None:
                self.plan()
            case "send", CallOutcome() as outcome:
                self.send(outcome)

    def end(self) -> None:
        """Let time go on until all is served: a week, and what the clock was ever set back."""
        self.do("sign", None)
        self.now = max(self.now, START)
        for _ in range(40):
            self.plan()
            while self.send(OUTCOMES[0]):
                pass
            self.now += timedelta(hours=11)


LIVES = given(first=st.integers(0, len(SETTINGS) - 1), steps=st.lists(STEPS, max_size=30))


def live(store: Store, first: int, steps: list[tuple[str, object]]) -> None:
    life = Life(store, first)
    for step, value in steps:
        life.do(step, value)
    life.end()
    assert life.seen == Counter({f"https://example.org/a/{number}": 1 for number in range(life.added)})
    with store.database.read() as connection:
        assert set(connection.scalars(select(deliveries.c.state))) <= {"sent", "told"}


@settings(max_examples=40, deadline=None)
@LIVES
def test_every_entry_is_posted_or_told_in_a_digest_exactly_once(
    sqlite_template: Path, first: int, steps: list[tuple[str, object]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "feeder.db")
        shutil.copy(sqlite_template, file)
        with open_store(f"sqlite:///{file}") as store:
            live(create_tables(store), first, steps)


@pytest.mark.postgresql
@settings(max_examples=10, deadline=None)
@LIVES
def test_so_it_is_on_the_other_database(bot_databases: Databases, first: int, steps: list[tuple[str, object]]) -> None:
    with bot_databases.lend() as url, open_store(url) as store:
        live(store, first, steps)

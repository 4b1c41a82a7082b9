"""The page of `feeder status`, drawn from made-up facts."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len
from rich.console import Console

from feeder.cli.status.page import as_json, draw_page, find_problems
from feeder.service import Deliveries
from feeder.status.queue import QueueState
from feeder.status.reading import PassFacts, ServiceFacts, Status, StoreFacts
from feeder.status.sources import STATES, SourceTotals, Trouble
from feeder.store import IndexStatus

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
WELL = Status(
    at=NOW,
    store=StoreFacts(
        url="sqlite:////srv/feeder.db", entries=1, bytes=1_500_000, index=IndexStatus(7, 7, False), index_bytes=999
    ),
    passes=PassFacts(
        last_at=NOW - timedelta(minutes=3),
        next_at=NOW + timedelta(hours=2),
        running_since=None,
        duration_s=12.3,
        has_failed=False,
        problem=None,
    ),
    sources=SourceTotals(states={"ok": 2, "failing": 0}, due=0, late=0, lag_s=0, worst=()),
    services=(ServiceFacts(name="telegram", is_enabled=False, stopped=None, deliveries=None),),
    queue=None,
)
ILL = replace(
    WELL,
    store=replace(WELL.store, entries=1_234_567, bytes=25 * 10**9, index=IndexStatus(None, 9, True)),
    passes=PassFacts(
        last_at=None,
        next_at=NOW - timedelta(days=2),
        running_since=None,
        duration_s=None,
        has_failed=True,
        problem="failed: /srv/public: cannot be written",
    ),
    sources=SourceTotals(
        states=dict.fromkeys(STATES, 1000),
        due=20,
        late=3,
        lag_s=7500,
        worst=(
            Trouble("rain-of-the-longest-name-there-is", 7500.0, 0, None),
            Trouble("雨", 0, 12, "its server answers\x1b[2J 500, with words that go on and on and on and on and on"),
        ),
    ),
    services=(
        ServiceFacts(
            name="telegram",
            is_enabled=True,
            stopped="telegram.token: rejected",
            deliveries=Deliveries(
                waiting=1500,
                oldest_at=NOW - timedelta(seconds=95),
                in_doubt=1,
                failed=2,
                last_hour={"sent": 3, "failed": 2},
                last_day={"sent": 4000},
                errors={"Forbidden": 2},
            ),
        ),
    ),
    queue=QueueState({("poll", "todo"): 12, ("send", "doing"): 1, ("send", "todo"): 0}, NOW - timedelta(minutes=9)),
)


def draw(status: Status, width: int = 100, encoding: str = "utf-8") -> list[str]:
    shown = io.BytesIO()
    console = Console(file=io.TextIOWrapper(shown, encoding), width=width, highlight=False, markup=False)
    console.print(draw_page(status, "http://127.0.0.1:8000/ answers", console))
    console.file.flush()
    return [line.rstrip() for line in shown.getvalue().decode(encoding).splitlines()]


def test_where_nothing_is_wrong_the_page_says_so() -> None:
    assert draw(WELL, 80) == [
        "feeder 0.1.0  no problems                                2026-05-01 12:00:00 UTC",
        "",
        "Store     1 entry, 1.5 MB  sqlite:////srv/feeder.db",
        "          search index is up to date, 999 bytes",
        "Passes    last 3 min ago, took 12 s, next in 2 h",
        "Sources   2: 2 ok; 0 due",
        "          ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━",
        "Telegram  off",
        "Web       http://127.0.0.1:8000/ answers",
    ]


def test_what_is_wrong_stands_first() -> None:
    shown = draw(ILL)
    assert shown[0].startswith("feeder 0.1.0  4 problems")
    assert shown[1:5] == [f"! {line}" for line in find_problems(ILL)]
    assert "! passes: failed: /srv/public: cannot be written" in shown
    assert "! 3 sources late, by up to 2 h" in shown
    assert "! telegram has stopped: telegram.token: rejected" in shown
    text = " ".join(" ".join(shown).split())  # lines wrap
    for told in (
        "1,234,567 entries, 25 GB",
        "search index is not built yet, a new one is being built",
        "none has succeeded yet, next was expected 2 d ago",
        "6,000: 1,000 ok, 1,000 failing",
        "20 due, 3 late by up to 2 h",
        "late 2 h",
        "failed 12 x",
        "12 poll todo, 1 send doing; the first waits for 9 min",
        "stopped, 1,500 waiting, the first for 1 min",
        "last hour: 3 sent, 2 failed; last day: 4,000 sent, 0 failed",
        "1 in doubt, 2 failed: they wait for a person",
        "errors of the last hour: 2 Forbidden",
    ):
        assert told in text, told


@pytest.mark.parametrize("width", [30, 40, 80, 120])
def test_the_page_fits_any_terminal(width: int) -> None:
    lines = draw(ILL, width)
    assert max(map(cell_len, lines)) <= width
    assert len([line for line in lines if "雨" in line]) == 1


def test_words_of_others_do_nothing_to_the_terminal() -> None:
    assert "\x1b" not in "".join(draw(ILL))


def test_a_terminal_without_unicode_gets_plain_signs() -> None:
    sources = replace(ILL.sources, worst=())
    assert any("####" in line for line in draw(replace(ILL, sources=sources), encoding="ascii"))


def test_other_states_have_words_too() -> None:
    passes = replace(WELL.passes, running_since=NOW - timedelta(seconds=5))
    store = replace(WELL.store, index=IndexStatus(5, 7, False), bytes=400)
    on = replace(WELL.services[0], is_enabled=True)
    none = SourceTotals(states={}, due=0, late=0, lag_s=0, worst=())
    status = replace(
        WELL, passes=passes, store=store, services=(on,), sources=none, queue=QueueState({("poll", "todo"): 0})
    )
    text = "\n".join(draw(status))
    for told in (
        "one is running for 5 s",
        "search index is 2 changes behind",
        "400 bytes",
        "on, never used",
        "Sources   0: none",
        "Queue     empty",
    ):
        assert told in text, told


def test_json_has_the_same_with_times_and_seconds() -> None:
    values = json.loads(json.dumps(as_json(ILL, "answers")))
    assert values["at"] == "2026-05-01T12:00:00Z"
    assert values["sources"]["states"]["failing"] == 1000
    assert values["sources"]["worst"][0]["late_s"] == 7500
    assert values["queue"]["jobs"][0] == {"task": "poll", "state": "todo", "count": 12}
    assert values["services"][0]["deliveries"]["last_hour"] == {"sent": 3, "failed": 2}
    assert (values["store"]["index_behind"], values["web"], len(values["problems"])) == (9, "answers", 4)

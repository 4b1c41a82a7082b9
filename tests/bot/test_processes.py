"""Concurrent and killed processes, on both databases."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from feeder import Store
from tests.bot.api import BotApi
from tests.bot.conftest import CHAT, add_entries, channels, count_states, plan_posts
from tests.bot.workers import STEPS, TIMES

CHATS = range(-1100, -1000)
ENTRIES = 10
# Only a kill between Telegram's accepting a post and the commit of its outcome can duplicate it.
WINDOW = ("answered", "called", "commit")


def run_workers(*arguments: str) -> list[str]:
    program = [sys.executable, "-m", "tests.bot.workers", *arguments]
    # Not measured for coverage: most are killed before they could report it, and the rest would take far longer.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(program, check=False, capture_output=True, text=True, timeout=120, env=plain)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.splitlines()


def test_four_processes_claim_a_thousand_deliveries_and_none_twice(each_store: Store) -> None:
    plan_posts(each_store, range(ENTRIES), channels(*CHATS))
    claims = [line.split() for line in run_workers("claim", address(each_store), "4")]
    assert len(claims) == len({delivery for _, delivery in claims}) == len(CHATS) * ENTRIES
    assert count_states(each_store) == {"sent": len(CHATS) * ENTRIES}
    assert len({process for process, _ in claims}) > 1


@pytest.mark.parametrize("policy", ["repost", "hold"])
def test_killed_at_any_step_it_loses_nothing_and_doubles_at_most_one_post_a_kill(
    each_store: Store, api: BotApi, policy: str
) -> None:
    plan_posts(each_store, range(2), channels(CHAT, on_unknown=policy))
    add_entries(each_store, *range(2, 40))
    (line,) = run_workers("killed", address(each_store), api.url, api.token, "100")
    assert line == f"kills {len(STEPS) * TIMES}"
    posted = Counter(text.split("\n")[0] for text in api.texts(CHAT))
    doubled = sum(posted.values()) - len(posted)
    if policy == "repost":
        assert len(posted) == 40
        assert doubled <= len(WINDOW) * TIMES
        assert count_states(each_store) == {"sent": 40}
    else:
        assert doubled == 0
        found = count_states(each_store)
        assert found["sent"] + found["unknown"] == 40  # what was not posted is known to be uncertain
        assert len(posted) >= found["sent"]


def test_killed_at_any_step_each_entry_is_posted_or_told_in_one_digest(each_store: Store, api: BotApi) -> None:
    plan_posts(each_store, range(2), channels(CHAT, max_waiting=20))
    add_entries(each_store, *range(2, 40))
    (line,) = run_workers("killed", address(each_store), api.url, api.token, "20")
    assert line == f"kills {len(STEPS) * TIMES}"
    told = Counter(
        title for text in api.texts(CHAT) for title in re.findall(r"^(?:• )?(title \d+)", text, re.MULTILINE)
    )
    assert len(told) == 40
    assert count_states(each_store)["told"] == 20
    doubled = sum(posts - 1 for posts in Counter(api.texts(CHAT)).values())
    assert doubled <= len(WINDOW) * TIMES
    assert sum(told.values()) - 40 == sum(
        (len(text.split("\n• ")) - 1 or 1) * (posts - 1) for text, posts in Counter(api.texts(CHAT)).items()
    )


def address(store: Store) -> str:
    return store.database.engine.url.render_as_string(hide_password=False)

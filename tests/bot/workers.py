"""Processes for tests that need several, or that kill one. Run as `python -m tests.bot.workers …`.

    claim STORE N                 N processes claim and settle concurrently; prints `process delivery` for each claim
    killed STORE API TOKEN MOST   sends everything, in a process that is killed at each step in turn, many times; of
                                  more than MOST that wait, the others in a digest; prints `kills N`

It forks (a process without threads and without an open database), since starting Python takes a second.
"""

import asyncio
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import httpx
from sqlalchemy import Connection, event

from bot.connecting import make_bot
from bot.delivery import outbox, sender
from bot.delivery.chats import find_subscriptions, read_channels
from bot.delivery.pace import Pace
from bot.delivery.sender import Sender
from bot.planning import planner
from feeder import ChannelConfig, Store, StoreError, TelegramConfig
from feeder.words import ENGLISH
from tests.bot.unsynced import open_store

T = TypeVar("T")
NO_LIMITS = Pace(per_chat_s=0, per_group_minute=10**6, overall_per_second=10**6)
CHAT = -1001
# Each delivery passes each of these once; `answered`: Telegram has accepted it, but the bot does not know yet.
STEPS = ("commit", "planned", "claimed", "calling", "answered", "called", "settled")
TIMES = 2


def fork(work: Callable[[], None]) -> int:
    """Run `work` in a child and return its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except Exception:  # noqa: BLE001  nobody else would print it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def claim_all(url: str, name: int) -> None:
    """Claim and settle until nothing is left."""
    sent = outbox.CallOutcome(result="sent")
    with open_store(url) as store:
        while (due := retry_while_locked(lambda: outbox.next_due(store, datetime.now(UTC)))) is not None:
            if due > (now := datetime.now(UTC)):  # the rest is in flight in other processes
                time.sleep(0.02)
                continue
            for claimed in retry_while_locked(lambda: outbox.claim(store, now, 8, NO_LIMITS)):
                sys.stdout.write(f"{name} {claimed.delivery}\n")
                retry_while_locked(partial(outbox.settle, store, claimed, sent, now, NO_LIMITS))


def retry_while_locked(act: Callable[[], T]) -> T:
    """Retry while other processes keep the database locked, as the sender does."""
    while True:
        try:
            return act()
        except StoreError:
            continue


def kill_at(step: str, nth: int, store: Store) -> None:
    """Kill this process when it reaches a step for the `nth` time."""
    seen: Counter[str] = Counter()

    def reach(here: str) -> None:
        seen[here] += 1
        if here == step and seen[here] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(module: Any, name: str, before: str | None, after: str) -> None:
        real = getattr(module, name)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            if before:
                reach(before)
            result = real(*arguments, **named)
            reach(after)
            return result

        async def wrapped_async(*arguments: Any, **named: Any) -> Any:
            if before:
                reach(before)
            result = await real(*arguments, **named)
            reach(after)
            return result

        setattr(module, name, wrapped_async if asyncio.iscoroutinefunction(real) else wrapped)

    around(planner, "plan", None, "planned")
    around(outbox, "claim", None, "claimed")
    around(sender, "send", "calling", "called")
    around(httpx.AsyncHTTPTransport, "handle_async_request", None, "answered")
    around(outbox, "settle", None, "settled")

    def on_commit(connection: Connection) -> None:
        if connection.get_execution_options().get("feeder_writes"):
            reach("commit")

    event.listen(store.database.engine, "commit", on_commit)


def send_all(url: str, api_url: str, token: str, most: int, start: datetime, step: str | None, nth: int) -> None:
    """Plan and send until nothing is due at `start`."""
    store = open_store(url)
    if step is not None:
        kill_at(step, nth, store)
    channel = read_channels([ChannelConfig.model_validate({"chat": str(CHAT), "recent": 0, "max_waiting": most})])

    async def inner() -> None:
        bot = make_bot(TelegramConfig.model_validate({"token": token, "api_url": api_url}))
        await bot.initialize()
        sender = Sender(
            bot,
            store,
            find_subscriptions=lambda: find_subscriptions(store, channel),
            words=ENGLISH,
            site_url="https://site.example/",
            pace=NO_LIMITS,
            now=lambda: start,
        )
        while True:
            sender.tick()
            try:
                due = await sender.start_calls()
            except StoreError:  # locks of the killed process are not released yet
                continue
            if sender.in_flight:
                await asyncio.wait(sender.in_flight)
            elif due is None or due > start:
                break
        await bot.shutdown()

    asyncio.run(inner())
    store.close()


def send_despite_kills(url: str, api_url: str, token: str, most: int) -> None:
    """Send everything while being killed at each step, `TIMES` times each; then without kills.

    Each several times, if need be: PostgreSQL takes a while to notice that a client is gone and to release its locks.
    """
    start, kills = datetime(2027, 1, 1, tzinfo=UTC), 0
    for step in STEPS:
        for nth in range(1, TIMES + 1):
            for _ in range(5):
                start += 2 * outbox.LEASE
                at, once = start, nth
                child = fork(lambda step=step, at=at, once=once: send_all(url, api_url, token, most, at, step, once))  # type: ignore[misc]  # defaults bind the loop's values
                if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL:
                    kills += 1
                    break
                time.sleep(0.3)
    for _ in range(5):
        time.sleep(0.3)
        start += timedelta(days=1)
        at = start
        child = fork(lambda at=at: send_all(url, api_url, token, most, at, None, 0))  # type: ignore[misc]  # as above
        os.waitpid(child, 0)
    sys.stdout.write(f"kills {kills}\n")


def main() -> None:
    """Run the command of the command line."""
    match sys.argv[1:]:
        case ["claim", url, count]:
            children = [fork(lambda name=name: claim_all(url, name)) for name in range(int(count))]  # type: ignore[misc]  # as above
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            sys.exit(max(codes))
        case ["killed", url, api_url, token, most]:
            send_despite_kills(url, api_url, token, int(most))


if __name__ == "__main__":
    main()

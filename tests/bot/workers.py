"""Processes for the tests that need more than one, or that kill one. Run as `python -m tests.bot.workers …`.

    claim STORE N                 N processes claim and settle at once; prints `process delivery` for each claim
    killed STORE API TOKEN        sends everything, in a process that is killed at each step in turn, many times;
                                  prints `kills N`

It forks (from a process that has no threads and no open database), as starting Python afresh takes a second.
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

from bot.app import make_bot
from bot.delivery import outbox, sender
from bot.delivery.chats import find_subscriptions, read_channels
from bot.delivery.pace import Pace
from bot.delivery.sender import Sender
from feeder import ChannelConfig, Store, StoreError, TelegramConfig
from feeder.words import ENGLISH
from tests.bot.unsynced import open_store

T = TypeVar("T")
UNHURRIED = Pace(per_chat_s=0, per_group_minute=10**6, over_all_second=10**6)
CHAT = -1001
# A delivery passes each of these once; `answered` comes after Telegram took it and before the bot knows.
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
    except Exception:  # noqa: BLE001  the child's last word, which nobody else would write
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def claim_all(url: str, name: int) -> None:
    """Claim and settle until nothing is left."""
    sent = outbox.CallOutcome(fate="sent")
    with open_store(url) as store:
        while (due := insist(lambda: outbox.next_due(store, datetime.now(UTC)))) is not None:
            if due > (now := datetime.now(UTC)):  # all that is left is under way in another process
                time.sleep(0.02)
                continue
            for claimed in insist(lambda: outbox.claim(store, now, 8, UNHURRIED)):
                sys.stdout.write(f"{name} {claimed.delivery}\n")
                insist(partial(outbox.settle, store, claimed, sent, now, UNHURRIED))


def insist(act: Callable[[], T]) -> T:
    """Do it again while other processes keep the database locked, as the sender does."""
    while True:
        try:
            return act()
        except StoreError:
            continue


def kill_at(step: str, nth: int, store: Store) -> None:
    """Have this process killed when it comes to that step for the `nth`-th time."""
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

    around(outbox, "plan", None, "planned")
    around(outbox, "claim", None, "claimed")
    around(sender, "send", "calling", "called")
    around(httpx.AsyncHTTPTransport, "handle_async_request", None, "answered")
    around(outbox, "settle", None, "settled")

    def on_commit(connection: Connection) -> None:
        if connection.get_execution_options().get("feeder_writes"):
            reach("commit")

    event.listen(store.database.engine, "commit", on_commit)


def send_all(url: str, api_url: str, token: str, start: datetime, step: str | None, nth: int) -> None:
    """Plan and send until nothing is left to do at `start`."""
    store = open_store(url)
    if step is not None:
        kill_at(step, nth, store)
    channel = read_channels([ChannelConfig.model_validate({"chat": str(CHAT), "recent": 0})])

    async def inner() -> None:
        bot = make_bot(TelegramConfig.model_validate({"token": token, "api_url": api_url}))
        await bot.initialize()
        one = Sender(
            bot,
            store,
            find=lambda: find_subscriptions(store, channel),
            tell=lambda _text: asyncio.sleep(0),
            words=ENGLISH,
            pace=UNHURRIED,
            now=lambda: start,
        )
        while True:
            one.tick()
            try:
                due = await one.launch()
            except StoreError:  # what the killed one held is not given back yet
                continue
            if one.under_way:
                await asyncio.wait(one.under_way)
            elif due is None or due > start:
                break
        await bot.shutdown()

    asyncio.run(inner())
    store.close()


def be_killed(url: str, api_url: str, token: str) -> None:
    """Send everything in spite of being killed at each step, `TIMES` times each; then in peace.

    PostgreSQL takes a while to see that a client is gone, and keeps what it held for so long: hence several times.
    """
    start, kills = datetime(2027, 1, 1, tzinfo=UTC), 0
    for step in STEPS:
        for nth in range(1, TIMES + 1):
            start += 2 * outbox.LEASE
            at, once = start, nth
            child = fork(lambda step=step, at=at, once=once: send_all(url, api_url, token, at, step, once))  # type: ignore[misc]  # defaults bind the loop's values
            kills += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    for _ in range(5):
        time.sleep(0.3)
        start += timedelta(days=1)
        at = start
        child = fork(lambda at=at: send_all(url, api_url, token, at, None, 0))  # type: ignore[misc]  # as above
        os.waitpid(child, 0)
    sys.stdout.write(f"kills {kills}\n")


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["claim", url, count]:
            children = [fork(lambda name=name: claim_all(url, name)) for name in range(int(count))]  # type: ignore[misc]  # as above
            codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            sys.exit(max(codes))
        case ["killed", url, api_url, token]:
            be_killed(url, api_url, token)


if __name__ == "__main__":
    main()

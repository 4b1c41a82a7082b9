"""Processes of our own: spawned, and out of reach of Ctrl-C, which a terminal sends to all and the parent answers.

Spawned, not forked: a fork beside threads (the web server's, the bot's) can inherit a lock that nobody opens.
"""

import multiprocessing
import signal
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess

SPAWN = multiprocessing.get_context("spawn")


def start(process: SpawnProcess) -> None:
    """Start a process that Ctrl-C does not end, not even while it still loads what it needs."""
    resource_tracker.ensure_running()  # multiprocessing's own helper: starting it with the first process would unblock
    # A signal that is blocked where a process is made stays blocked in it; here it waits until we are ready.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

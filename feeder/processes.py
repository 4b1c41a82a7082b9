"""Child processes: deaf to Ctrl-C, which a terminal sends to the whole group and only the parent handles.

Spawned, not forked: a fork beside threads (the web server's, the bot's) can inherit a lock that nobody releases. Those
of which many are needed are forked from a process without threads, which has imported what they need.
"""

import multiprocessing
import signal
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess

SPAWN = multiprocessing.get_context("spawn")
FORK_SERVER = multiprocessing.get_context("forkserver")


def start(process: BaseProcess) -> None:
    """Start a process that Ctrl-C does not end, not even while it is still importing."""
    resource_tracker.ensure_running()  # otherwise the first start launches this helper, which would unblock the signal
    # A child inherits the blocked signals of its parent; a Ctrl-C meanwhile reaches the parent once it unblocks them.
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)

"""Memory use of a process and its children."""

import os
import threading
from pathlib import Path
from typing import NamedTuple


class MemoryUse(NamedTuple):
    """Memory in MB: `own_mb` and `all_mb` count shared pages proportionally (PSS), `resident_mb` fully (RSS)."""

    own_mb: float = 0
    all_mb: float = 0
    resident_mb: float = 0


class Peak:
    """Samples the memory use of this process and its children in a thread."""

    def __init__(self, every_s: float = 0.5) -> None:
        self.peak = MemoryUse()
        self._every_s = every_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> MemoryUse:
        """Stop sampling; return the peak of each value."""
        self._stopped.set()
        self._thread.join()
        return self.peak

    def _watch(self) -> None:
        while not self._stopped.wait(self._every_s):
            own, *children = map(pss_and_rss, (os.getpid(), *_children()))
            now = MemoryUse(own[0], own[0] + sum(pss for pss, _ in children), own[1] + sum(rss for _, rss in children))
            self.peak = MemoryUse(*map(max, self.peak, now))


def _children() -> list[int]:
    return [int(child) for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()]


def pss_and_rss(pid: int) -> tuple[float, float]:
    """Return the memory of a process in MB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0, 0
    pss, rss = (sum(int(line.split()[1]) for line in lines if line.startswith(name)) for name in ("Pss:", "Rss:"))
    return pss / 1024, rss / 1024

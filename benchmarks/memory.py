"""How much memory a process and those that it starts hold together."""

import os
import threading
from pathlib import Path
from typing import NamedTuple


class Held(NamedTuple):
    """Memory in MB: `own_mb` and `all_mb` count pages that processes share once (PSS), `resident_mb` each time."""

    own_mb: float = 0
    all_mb: float = 0
    resident_mb: float = 0


class Peak:
    """Watches how much memory this process and those that it starts hold."""

    def __init__(self, every_s: float = 0.5) -> None:
        self.most = Held()
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> Held:
        """End the watch; return the most of each that was held."""
        self._over.set()
        self._thread.join()
        return self.most

    def _watch(self) -> None:
        while not self._over.wait(self._every_s):
            own, *others = map(_shares, (os.getpid(), *_children()))
            now = Held(own[0], own[0] + sum(pss for pss, _ in others), own[1] + sum(rss for _, rss in others))
            self.most = Held(*map(max, self.most, now))


def _children() -> list[int]:
    return [int(child) for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()]


def _shares(process: int) -> tuple[float, float]:
    """Return the proportional and the resident memory of a process in MB; none where it has ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0, 0
    pss, rss = (sum(int(line.split()[1]) for line in lines if line.startswith(name)) for name in ("Pss:", "Rss:"))
    return pss / 1024, rss / 1024

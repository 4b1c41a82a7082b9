"""What `feeder check --deep` looks for in the store: damage, rows that belong to nothing, an index that differs.

Every check yields findings. A repair changes nothing that a pass could not make again, and no entry that a source has.
"""

from collections.abc import Callable
from typing import NamedTuple

Repair = Callable[[], str]


class Finding(NamedTuple):
    """Something wrong: `text` says what, and what `repair` does, which returns what it did; None if nothing can."""

    about: str
    text: str
    repair: Repair | None = None

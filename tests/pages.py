"""The pages of the documentation and the blocks of code in them."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>.+?) -->\n\s*)?^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^\s*```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A block of code, and why it is not run, if it is not."""

    kind: str
    text: str
    reason: str | None


def iter_blocks(page: Path, *kinds: str) -> Iterator[Block]:
    """Yield the blocks of a page, of all kinds if none is named."""
    for found in _BLOCK.finditer(page.read_text("utf-8")):
        if not kinds or found["kind"] in kinds:
            yield Block(found["kind"], textwrap.dedent(found["text"]).rstrip("\n"), found["reason"])

"""Pages whose commands run as typed, one after the other, and print what the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, iter_blocks
from tests.test_documents import free_port

MARK = "-- end of block --"
PATIENCE_S = 300


def missing(shown: str, printed: str) -> str | None:
    """Return the first line that a page shows and a command did not print, in this order; … stands for anything."""
    lines = iter(printed.splitlines())
    for line in shown.splitlines():
        pattern = re.compile(".*".join(re.escape(part) for part in line.split("…")).replace(r"\ ", " +"))
        if line.strip() != "…" and not any(pattern.fullmatch(one) for one in lines):
            return line
    return None


@pytest.mark.parametrize("page", ["tutorial.md", "moving.md"])
def test_the_commands_of_a_page_run_as_typed_and_print_what_it_shows(page: str, tmp_path: Path) -> None:
    ports = {"8000": str(free_port()), "8001": str(free_port())}
    blocks = [
        block._replace(text=re.sub(r"(?<=127\.0\.0\.1:)800[01]|(?<=PORT=)8001", lambda one: ports[one[0]], block.text))
        for block in iter_blocks(ROOT / "docs" / page, "sh", "text")
    ]
    script = "\n".join(f"{block.text}\necho '{MARK}'" for block in blocks if block.kind == "sh")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {
        "PATH": path,
        "FEEDER_WEB__PORT": ports["8000"],
        "FEEDER_SITE__URL": f"http://127.0.0.1:{ports['8000']}/",
    }
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{script}"],
        cwd=tmp_path,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    printed = iter(ended.stdout.split(f"{MARK}\n"))
    last = ""
    for block in blocks:
        if block.kind == "sh":
            last = next(printed)
        else:
            assert missing(block.text, last) is None, last

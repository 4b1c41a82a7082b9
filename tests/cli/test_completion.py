"""Shell completion, in a real bash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COMPLETE = """
source <(feeder --show-completion)
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_feeder_completion feeder
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["so"], ["sources"]),
        (["sources", "re"], ["remove", "resume"]),
        (["ingest", "--a"], ["--again"]),
        (["init", ""], [""]),  # bash then offers files
    ],
)
def test_bash_completes_commands_and_options(typed: list[str], offered: list[str], tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", COMPLETE, "bash", "feeder", *typed],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(ended.stdout.splitlines()) == offered

"""What installs and runs feeder: container, services, cron, a workflow."""

import subprocess
from functools import cache

import pytest


@cache
def _can_mount() -> bool:
    command = ["unshare", "--mount", "--propagation=private", "mount", "-t", "tmpfs", "none", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


needs_root = pytest.mark.skipif(not _can_mount(), reason="needs root and the right to mount")

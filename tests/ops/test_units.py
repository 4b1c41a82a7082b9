"""The systemd units and the line for cron: checked by systemd, and their commands run in a folder for /srv/feeder.

They run without capabilities, with the units' system calls only, and with everything read-only that the units make so.
"""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.ops import needs_root
from tests.pages import iter_blocks

OPS = Path(__file__).parent.parent.parent / "ops"
SERVICES = sorted((OPS / "systemd").glob("*.service"))
CONFINED = [sys.executable, str(Path(__file__).parent / "confined.py")]
NOT_CONFINED = {"Type", "User", "WorkingDirectory", "ExecStart", "EnvironmentFile", "SuccessExitStatus"} | {
    "Restart",
    "RestartSec",
    "RestartPreventExitStatus",
}
PATIENCE_S = 60

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")

Unit = Mapping[str, Sequence[str]]


def read(file: Path) -> Unit:
    values = defaultdict(list)
    for line in file.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            values[key].append(value)
    return values


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder that stands for /srv/feeder."""
    home = tmp_path / "srv"
    for name in ("articles", "data", "public"):
        (home / name).mkdir(parents=True)
    (home / ".venv").symlink_to(Path(sys.executable).parent.parent)
    (home / "articles/rain.md").write_text("# Rain\n\nIt rained all day.\n")
    (home / "config.toml").write_text("[[sources]]\nname = 'mine'\nfolder = 'articles'\n[web]\nport = 0\n")
    return home


def confined(unit: Unit, home: Path, command: Sequence[str]) -> list[str]:
    """Return a command that runs another with the rights that a unit leaves it."""
    assert "strict" in unit["ProtectSystem"]
    lines = [f"mount --rbind {home} {home}", f"mount -o remount,bind,ro {home}"]
    for folder in unit["ReadWritePaths"][0].replace("/srv/feeder", str(home)).split():
        lines += [f"mount --bind {folder} {folder}", f"mount -o remount,bind,rw {folder}"]
    lines += ["mount -t proc -o hidepid=invisible,subset=pid proc /proc", f"cd {home}", 'exec "$@"']
    rights = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    own = ["unshare", "--mount", "--propagation=private", "sh", "-euc", "\n".join(lines), "sh", *rights]
    return [*own, *CONFINED, *unit["SystemCallFilter"], "--", *command]


def started(file: Path, home: Path) -> list[str]:
    """Return the command of a unit as it runs there."""
    [line] = read(file)["ExecStart"]
    return confined(read(file), home, shlex.split(line.replace("/srv/feeder", str(home))))


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(home: Path, tmp_path: Path) -> None:
    for file in (OPS / "systemd").iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8").replace("/srv/feeder", str(home)))
    units = [str(path) for path in tmp_path.iterdir() if path.suffix in {".service", ".timer"}]
    ended = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@needs_systemd
def test_systemd_takes_the_additions_that_install_md_shows(home: Path, tmp_path: Path) -> None:
    [addition] = [block.text for block in iter_blocks(OPS.parent / "docs/install.md", "ini")]
    unit = tmp_path / "feeder.service"
    unit.write_text((OPS / "systemd/feeder.service").read_text("utf-8").replace("/srv/feeder", str(home)))
    (tmp_path / "feeder.service.d").mkdir()
    (tmp_path / "feeder.service.d/override.conf").write_text(addition)
    ended = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_systemd_counts_little_exposure(file: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=16", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-200:]


def test_all_services_are_hardened_alike() -> None:
    first, *others = [
        {key: value for key, value in read(file).items() if key not in NOT_CONFINED | {"Description", "WantedBy"}}
        for file in SERVICES
    ]
    assert len(others) == 2
    assert [other for other in others if other != first] == []


@needs_systemd
@needs_root
def test_the_hardening_forbids_what_it_says(home: Path) -> None:
    unit = read(OPS / "systemd/feeder.service")
    for command in (
        ["touch", str(home / "config.toml")],
        [sys.executable, "-c", "import mmap; mmap.mmap(-1, 4096, prot=7)"],
        [sys.executable, "-c", "import os; os.nice(1)"],
        [sys.executable, "-c", "import os; os.chown('data', 1, 1)"],
    ):
        ended = subprocess.run(confined(unit, home, command), capture_output=True, text=True, check=False)
        assert ended.returncode != 0, command
        assert re.search("Read-only file system|Permission denied|not permitted", ended.stderr), ended.stderr


@needs_systemd
@needs_root
def test_the_update_unit_publishes_with_the_rights_it_has(home: Path) -> None:
    command = started(OPS / "systemd/feeder-update.service", home)
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert len([*(home / "public/entries").glob("*.html")]) == 1


@needs_systemd
@needs_root
def test_the_service_serves_with_the_rights_it_has_and_stops_when_told(home: Path) -> None:
    with subprocess.Popen(started(OPS / "systemd/feeder.service", home), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if " written" in line:
                break
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, "serving http://127.0.0.1:" in seen[0], rest) == (0, True, ""), seen


def test_the_line_for_cron_runs_as_cron_runs_it(home: Path) -> None:
    [line] = [line for line in (OPS / "feeder.cron").read_text("utf-8").splitlines() if not line.startswith("#")]
    *times, user, command = line.split(maxsplit=6)
    assert (times, user) == (["*/15", "*", "*", "*", "*"], "feeder")
    assert "%" not in command  # which cron takes for the end of the command
    ended = subprocess.run(
        ["/bin/sh", "-c", command.replace("/srv/feeder", str(home))],
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "SHELL": "/bin/sh"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (home / "public/atom.xml").exists()

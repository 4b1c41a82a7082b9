"""Runs the commands of the documentation as written, except for the port."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.picture_data import png

DOCS = Path(__file__).parent.parent / "docs"
OPTION = re.compile(r"`(--[a-z-]+)")


def commands_in(text: str) -> str:
    return "\n".join(re.findall(r"```sh\n(.+?)\n```", text, flags=re.DOTALL))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def test_the_commands_of_sources_md_run_as_typed(tmp_path: Path) -> None:
    text, port = (DOCS / "sources.md").read_text("utf-8"), str(free_port())
    settings = {"FEEDER_WEB__PORT": port, "FEEDER_SITE__URL": f"http://127.0.0.1:{port}/"}
    commands = commands_in(text).replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n{commands}"],
        cwd=tmp_path,
        env={**os.environ, **settings, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    for line in (
        "added giver: 1 read, 5 new; the next pass publishes it",
        "removed giver, and 5 entries not seen elsewhere",
        f"added    rain  http://127.0.0.1:{port}/atom.xml",
        "0 added, 1 skipped",
    ):
        assert line in ended.stdout.splitlines()


def test_sources_md_documents_every_option_of_sources_add() -> None:
    command = [sys.executable, "-m", "feeder", "sources", "add", "--help"]
    env = {**os.environ, "COLUMNS": "200"}
    offered = set(
        re.findall(r"--[a-z-]+", subprocess.run(command, capture_output=True, text=True, env=env, check=True).stdout)
    )
    told = set(OPTION.findall((DOCS / "sources.md").read_text("utf-8")))
    assert offered - told <= {"--help", "--limit"}


def test_the_commands_of_backup_md_back_up_and_restore_as_typed(tmp_path: Path) -> None:
    text = (DOCS / "backup.md").read_text("utf-8")
    backup, restore = re.findall(r"```sh\n(.+?)\n```", text, flags=re.DOTALL)
    home = tmp_path / "srv"
    (home / "mine").mkdir(parents=True)
    (home / ".venv").symlink_to(Path(sys.executable).parent.parent)
    (home / "config.toml").write_text("[[sources]]\nname = 'mine'\nfolder = 'mine'\n")

    def run(commands: str) -> str:
        line = ["bash", "-euo", "pipefail", "-c", commands.replace("/srv/feeder", str(home))]
        return subprocess.run(line, cwd=home, capture_output=True, text=True, check=True).stdout

    (home / "mine/one.md").write_text("# One\n\nThe first article.\n\n![rain](rain.png)\n")
    (home / "mine/rain.png").write_bytes(png("rain"))
    run(".venv/bin/feeder update")
    run(backup)
    shutil.rmtree(home / "data/feeder.db.pictures")
    (home / "mine/two.md").write_text("# Two\n\nThe second article.\n")
    run(".venv/bin/feeder update")
    (home / "mine/two.md").unlink()
    (home / "data/feeder.db").write_bytes(b"damaged")
    told = run(restore)
    assert len([*(home / "data/feeder.db.pictures").rglob("*.png")]) == 1
    assert "1 entries" in told
    assert "BAD" not in told
    assert '"title": "One"' in run(".venv/bin/feeder search --json article")
    assert len([*(home / "public/entries").glob("*.html")]) == 1

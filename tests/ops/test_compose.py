"""compose.yaml: its services run side by side as their commands say, on a real PostgreSQL."""

import http.client
import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import make_url

from feeder.store import RESTORED_NOTE, Store
from tests.pages import iter_blocks
from tests.test_documents import free_port

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 60


def entries(port: int) -> int:
    """Return how many entries the feed has that is served there, 0 if none is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/atom.xml")
        return connection.getresponse().read().count(b"<entry>")
    except ConnectionRefusedError:
        return 0
    finally:
        connection.close()


@pytest.mark.postgresql
def test_the_commands_of_install_md_restore_a_database_and_say_so(
    postgresql_url: str, postgresql_tools: Path, tmp_path: Path
) -> None:
    address = make_url(postgresql_url)
    parts = {**address.query, **address.translate_connect_args()}
    database = str(address.database)
    docker = tmp_path / "docker"  # whose service db is this machine
    docker.write_text('#!/bin/sh\n[ "$2" != exec ] || { shift 4; exec "$@"; }\n')
    docker.chmod(0o755)
    blocks = [block.text for block in iter_blocks(ROOT / "docs/install.md", "sh") if "exec -T db" in block.text]
    text = "\n".join(blocks).replace("--username=feeder", f"--username={address.username}")
    text = re.sub(r"\b(restored|feeder_before)\b(?=[ \"\n])", rf"{database}_\1", text)
    text = re.sub(r"((?:custom|DATABASE|TO) )feeder\b", rf"\1{database}", text)
    environment = {
        **os.environ,
        "PGHOST": str(parts["host"]),
        "PGPORT": str(parts.get("port", 5432)),
        "PATH": f"{tmp_path}:{postgresql_tools}:{os.environ['PATH']}",
    }

    def run(commands: str) -> None:
        subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, env=environment, check=True)

    with Store.open(postgresql_url) as store:
        store.database.set_note("test", "kept")
    try:
        run(text)
        assert (tmp_path / "backup/feeder.dump").stat().st_mode & 0o777 == 0o600
        with Store.open(postgresql_url) as store:
            assert datetime.fromisoformat(store.database.get_note(RESTORED_NOTE) or "").utcoffset() == timedelta()
            assert store.database.get_note("test") == "kept"
    finally:
        run(f"dropdb --username={address.username} --if-exists {database}_feeder_before")


@pytest.mark.postgresql
def test_workers_publish_and_the_web_server_serves(postgresql_url: str, tmp_path: Path) -> None:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/rain.md").write_text("# Rain\n\nIt rained all day.\n")
    (tmp_path / "config.toml").write_text("[[sources]]\nname = 'mine'\nfolder = 'articles'\n")
    (tmp_path / "password").write_text("secret\n")
    port = free_port()
    named = {
        "FEEDER_STORE__URL": postgresql_url.replace("postgres:@", "postgres@"),
        "FEEDER_STORE__PASSWORD_FILE": str(tmp_path / "password"),
    }
    with ExitStack() as running:
        processes = []
        for name in ("worker", "worker", "web"):
            environment = services[name]["environment"]
            assert {*environment} == {*named}
            process = subprocess.Popen(
                [sys.executable, "-m", "feeder", *services[name]["command"]],
                cwd=tmp_path,
                env={**os.environ, "FEEDER_WEB__PORT": str(port), **named},
                stderr=subprocess.PIPE,
                text=True,
            )
            running.enter_context(process)
            running.callback(process.kill)
            processes.append(process)
        ends = time.monotonic() + PATIENCE_S
        while (found := entries(port)) != 1 and time.monotonic() < ends:
            time.sleep(0.1)
        for process in processes:
            process.terminate()
        told = [process.communicate(timeout=PATIENCE_S)[1] for process in processes]
    assert found == 1, told
    assert [process.returncode for process in processes] == [0, 0, 0], told
    assert "Traceback" not in "".join(told)

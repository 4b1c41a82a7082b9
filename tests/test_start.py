"""The program as a process: unusual terminals, streams and file names, Ctrl-C, shadowed packages."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

from feeder.processes import SPAWN, start

PATIENCE_S = 60
FEEDER = [sys.executable, "-m", "feeder"]
ARTICLE = "# Café 春天 \N{CLOUD WITH RAIN}\n\n下雨了，街上的人都带着伞，谁也不着急。\n"


def feeder(folder: Path, *words: str | bytes, **variables: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*FEEDER, *words],
        cwd=folder,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.fixture(scope="module")
def read_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an article, and the store that it was read into."""
    folder = tmp_path_factory.mktemp("read")
    (folder / "in").mkdir()
    (folder / "in/rain.md").write_text(ARTICLE, "utf-8")
    (folder / "config.toml").write_text("[[sources]]\nname = 'mirror'\nfolder = 'in'\n[web]\nport = 0\n", "utf-8")
    assert feeder(folder, "ingest").returncode == 0
    return folder


@pytest.fixture
def folder(read_folder: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(read_folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert feeder(tmp_path, "--version").stdout.decode() == f"feeder {version('feeder-republisher')}\n"


SMALL_TERMINALS: list[Mapping[str, str]] = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("terminal", SMALL_TERMINALS)
def test_characters_that_a_terminal_cannot_encode_are_escaped(folder: Path, terminal: Mapping[str, str]) -> None:
    for words in (["latest"], ["check"]):
        ended = feeder(folder, *words, **terminal)
        assert (ended.returncode, b"Traceback" in ended.stderr) == (0, False), words
    assert rb"\u6625\u5929" in feeder(folder, "latest", **terminal).stdout


@pytest.mark.parametrize("terminal", SMALL_TERMINALS)
def test_json_is_valid_on_any_terminal(folder: Path, terminal: Mapping[str, str]) -> None:
    ended = feeder(folder, "latest", "--json", **terminal)
    assert json.loads(ended.stdout)["title"] == "Café 春天 \N{CLOUD WITH RAIN}"


def test_file_names_that_are_not_text_are_printed_escaped(folder: Path) -> None:
    odd = os.fsencode(folder / "in") + b"/\xc4\xe3\xba\xc3"
    os.mkdir(odd)  # noqa: PTH102  Path does not take bytes
    with open(odd + b"/\xff.md", "wb") as file:  # noqa: PTH123  as above
        file.write(b"%PDF-1.4 \0\0\0\0\0\0\0\0")
    ended = feeder(folder, "ingest")
    assert ended.returncode == 1
    assert ended.stderr == b"\\xc4\\xe3\\xba\\xc3/\\xff.md: binary file, not text\n"
    assert json.loads(feeder(folder, "check", "--json").stdout.splitlines()[0])["ok"]


def test_a_folder_whose_name_is_not_text_is_refused_in_one_line(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(odd)  # noqa: PTH102  Path does not take bytes
    ended = subprocess.run([*FEEDER, "update"], cwd=odd, capture_output=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 2
    assert ended.stderr.endswith(
        b"/\\udcff': the name of this folder is not UTF-8; rename it, or work in another folder\n"
    )
    assert os.listdir(odd) == []  # noqa: PTH208  Path does not take bytes


def test_arguments_and_variables_that_are_not_text_are_refused_in_one_line(folder: Path) -> None:
    odd: list[list[str | bytes]] = [["show", b"\xff"], ["remove", "--undo", b"\xff"], ["latest", b"\xff"]]
    for words in odd:
        ended = feeder(folder, *words)
        assert ended.returncode in {1, 2}, words
        assert b"Traceback" not in ended.stderr, words
    ended = feeder(folder, "update", FEEDER_SITE__TITLE="\udcff")
    assert (ended.returncode, ended.stderr) == (
        2,
        b"feeder: $FEEDER_SITE__TITLE: '\\udcff' is not UTF-8 text; write it in UTF-8\n",
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_harmless_and_no_file_replaces_them(folder: Path, closed: str) -> None:
    for words in ("ingest --again", "--version"):
        ended = subprocess.run(
            ["bash", "-c", f"exec {sys.executable} -m feeder {words} {closed}"],
            cwd=folder,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert (ended.returncode, b"Traceback" in ended.stderr) == (0, False), words
    assert json.loads(feeder(folder, "latest", "--json").stdout)["title"].startswith("Café")


def sigint_disposition(pid: int) -> str:
    """Return how a process handles SIGINT: "caught", "blocked", "default", or "gone" if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    sets = {name: int(value, 16) for name, value in re.findall(r"Sig(Blk|Ign|Cgt):\s+([0-9a-f]+)", status)}
    bit = 1 << (signal.SIGINT - 1)
    return next(
        (state for name, state in (("Blk", "blocked"), ("Cgt", "caught")) if sets.get(name, 0) & bit), "default"
    )


@pytest.mark.parametrize("after_s", [0, 0.3, 1])
@pytest.mark.parametrize("command", ["run", "ingest --again"])
def test_ctrl_c_ends_the_program_without_a_traceback_however_early(folder: Path, command: str, after_s: float) -> None:
    def reset_sigint() -> None:  # in background jobs of a shell SIGINT is ignored, and children inherit that
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(
        [*FEEDER, *command.split()],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=reset_sigint,  # noqa: PLW1509  just a system call
    )
    with process:
        for state in ("caught", "default"):  # Python catches it until our first line runs
            while sigint_disposition(process.pid) not in {state, "gone"}:
                time.sleep(0.0005)
        time.sleep(after_s)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err
    assert "KeyboardInterrupt" not in err
    assert process.returncode in {0, 130, -signal.SIGINT}


def test_ctrl_c_never_reaches_child_processes() -> None:
    process = SPAWN.Process(target=time.sleep, args=(PATIENCE_S,))
    start(process)
    try:
        assert process.pid is not None
        assert sigint_disposition(process.pid) == "blocked"
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
    finally:
        process.kill()
        process.join()


def test_a_file_that_shadows_the_bot_is_named_and_not_run(folder: Path) -> None:
    (folder / "bot.py").write_text("print('RAN')\n", "utf-8")
    ended = feeder(folder, "bot", "--dry-run")  # `python -m` searches the working folder first
    told = f"telegram: {folder}/bot.py shadows feeder's package 'bot'; move or rename it\n"
    assert (ended.returncode, ended.stdout.decode(), ended.stderr.decode()) == (7, "", f"feeder: {told}")
    checked = feeder(folder, "check")
    assert checked.returncode == 1
    assert f"BAD  service        {told}" in checked.stdout.decode()

"""The program as a process: what it says and how it ends where the terminal, the streams or Ctrl-C are not as usual."""

import json
import os
import re
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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/rain.md").write_text(ARTICLE, "utf-8")
    (tmp_path / "config.toml").write_text("[[sources]]\nname = 'mirror'\nfolder = 'in'\n[web]\nport = 0\n", "utf-8")
    assert feeder(tmp_path, "ingest").returncode == 0
    return tmp_path


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert feeder(tmp_path, "--version").stdout.decode() == f"feeder {version('feeder-republisher')}\n"


SMALL_TERMINALS: list[Mapping[str, str]] = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("terminal", SMALL_TERMINALS)
def test_letters_that_a_terminal_has_not_are_escaped(folder: Path, terminal: Mapping[str, str]) -> None:
    for words in (["latest"], ["check"]):
        ended = feeder(folder, *words, **terminal)
        assert (ended.returncode, b"Traceback" in ended.stderr) == (0, False), words
    assert rb"\u6625\u5929" in feeder(folder, "latest", **terminal).stdout


@pytest.mark.parametrize("terminal", SMALL_TERMINALS)
def test_json_is_json_on_any_terminal(folder: Path, terminal: Mapping[str, str]) -> None:
    ended = feeder(folder, "latest", "--json", **terminal)
    assert json.loads(ended.stdout)["title"] == "Café 春天 \N{CLOUD WITH RAIN}"


def test_file_names_that_are_no_text_are_told_as_escapes(folder: Path) -> None:
    odd = os.fsencode(folder / "in") + b"/\xc4\xe3\xba\xc3"
    os.mkdir(odd)  # noqa: PTH102  bytes are no Path
    with open(odd + b"/\xff.md", "wb") as file:  # noqa: PTH123  as above
        file.write(b"%PDF-1.4 \0\0\0\0\0\0\0\0")
    ended = feeder(folder, "ingest")
    assert ended.returncode == 1
    assert ended.stderr == b"\\xc4\\xe3\\xba\\xc3/\\xff.md: binary file, not text\n"
    assert json.loads(feeder(folder, "check", "--json").stdout.splitlines()[0])["ok"]


def test_a_folder_whose_name_is_no_text_is_refused_in_one_line(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(odd)  # noqa: PTH102  bytes are no Path
    ended = subprocess.run([*FEEDER, "update"], cwd=odd, capture_output=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode == 2
    assert ended.stderr.endswith(
        b"/\\udcff': the name of this folder is not UTF-8; rename it, or work in another folder\n"
    )
    assert os.listdir(odd) == []  # noqa: PTH208  bytes are no Path


def test_words_and_variables_that_are_no_text_end_in_one_line(folder: Path) -> None:
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
def test_closed_streams_are_no_fault_and_no_file_takes_their_place(folder: Path, closed: str) -> None:
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


def answers_ctrl_c(pid: int) -> str:
    """How the kernel would deliver SIGINT to a process: "caught", "blocked", or as by default."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    sets = {name: int(value, 16) for name, value in re.findall(r"Sig(Blk|Ign|Cgt):\s+([0-9a-f]+)", status)}
    bit = 1 << (signal.SIGINT - 1)
    return next((said for name, said in (("Blk", "blocked"), ("Cgt", "caught")) if sets.get(name, 0) & bit), "default")


@pytest.mark.parametrize("after_s", [0, 0.3, 1])
@pytest.mark.parametrize("command", ["run", "ingest --again"])
def test_ctrl_c_ends_it_without_a_traceback_however_early(folder: Path, command: str, after_s: float) -> None:
    def to_the_program() -> None:  # a test that is run behind a shell must not hand down that SIGINT is ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(
        [*FEEDER, *command.split()],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=to_the_program,  # noqa: PLW1509  nothing but a system call
    )
    with process:
        for state in ("caught", "default"):  # by Python itself, until our first line runs
            while answers_ctrl_c(process.pid) not in {state, "gone"}:
                time.sleep(0.0005)
        time.sleep(after_s)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in said
    assert "KeyboardInterrupt" not in said
    assert process.returncode in {0, 130, -signal.SIGINT}


def test_ctrl_c_does_not_reach_our_processes_from_their_first_instruction_on() -> None:
    process = SPAWN.Process(target=time.sleep, args=(PATIENCE_S,))
    start(process)
    try:
        assert process.pid is not None
        assert answers_ctrl_c(process.pid) == "blocked"
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
    finally:
        process.kill()
        process.join()


def test_a_file_in_the_place_of_the_bot_is_named_and_not_run(folder: Path) -> None:
    (folder / "bot.py").write_text("print('RAN')\n", "utf-8")
    ended = feeder(folder, "bot", "--dry-run")  # `python -m` looks beside the caller first
    told = f"telegram: {folder}/bot.py shadows feeder's package 'bot'; move or rename it\n"
    assert (ended.returncode, ended.stdout.decode(), ended.stderr.decode()) == (7, "", f"feeder: {told}")
    checked = feeder(folder, "check")
    assert checked.returncode == 1
    assert f"BAD  service        {told}" in checked.stdout.decode()

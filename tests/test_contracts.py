"""The import contracts of pyproject.toml cover every module that claims to be pure, and detect violations."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
LINTER = Path(sys.executable).with_name("lint-imports")


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_module_that_claims_to_be_pure_is_in_the_contract() -> None:
    [pure] = [contract["source_modules"] for contract in CONTRACTS if contract["name"].startswith("Pure modules")]
    files = [file for top in ("feeder", "bot") for file in (ROOT / top).rglob("*.py")]
    says_so = {
        module_name(file)
        for file in files
        if (docstring := re.match(r'"""(.*?)"""', file.read_text("utf-8"), re.DOTALL)) and "Pure" in docstring[1]
    }
    assert len(says_so) > 20
    assert [name for name in sorted(says_so) if not any(f"{name}.".startswith(f"{one}.") for one in pure)] == []


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("feeder/store/engine.py", "from feeder.reading import workers", "Data moves to the right"),
        ("feeder/sources/http/crawl.py", "from feeder.config.load import Config", "Data moves to the right"),
        ("feeder/normalise/urls.py", "import os", "Pure modules"),
        ("bot/messages/post.py", "from feeder.store import engine", "The bot imports feeder's public names"),
        ("feeder/update.py", "import bot.app", "feeder knows nothing of the bot"),
    ],
)
def test_a_violation_is_reported(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for name in ("feeder", "bot"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    file = tmp_path / module
    file.write_text(f"{file.read_text('utf-8')}\n{line}\n", "utf-8")
    ended = subprocess.run([LINTER, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)
    broken = re.findall(r"^(.*) BROKEN", ended.stdout, re.MULTILINE)
    assert ended.returncode == 1
    assert [name for name in broken if name.startswith(contract)]

"""The lock files are closed: pip can install them without resolving dependencies."""

import re
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


Closed = Callable[[Path], tuple[int, str]]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Closed:
    """Runs .ci/closed.py for a folder, in this process; returns its exit code and what it prints."""

    def run(folder: Path) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["closed.py", str(folder)])
        code = 0
        try:
            runpy.run_path(str(ROOT / ".ci/closed.py"), run_name="__main__")
        except SystemExit as end:
            code = int(end.code or 0)
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def change(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, file.read_text("utf-8"), flags=re.MULTILINE)
    assert count == 1
    file.write_text(text, "utf-8")


def test_the_lock_files_are_closed(closed: Closed) -> None:
    assert closed(ROOT) == (0, "the lock files are closed: requirements.lock, requirements-test.lock\n")


@pytest.mark.parametrize(
    ("lock", "gone", "problem"),
    [
        ("requirements.lock", "httpx", "the project requires 'httpx>=0.28,<0.29', which is not locked"),
        ("requirements.lock", "h11", "uvicorn requires 'h11>=0.8', which is not locked"),
        ("requirements.lock", "psycopg-binary", "psycopg[binary] requires 'psycopg-binary=="),
        ("requirements.lock", "editables", "the build requires 'editables>=0.5', which is not locked"),
        ("requirements-test.lock", "ruff", "the extra 'test' requires 'ruff>=0.14', which is not locked"),
        ("requirements-test.lock", "lxml-html-clean", "lxml[html_clean] requires 'lxml_html_clean; extra =="),
        ("requirements-test.lock", "trafilatura", "the extra 'test'[pages] requires 'trafilatura>=2', which is"),
    ],
)
def test_a_missing_lock_entry_is_reported_by_name(
    closed: Closed, copies: Path, lock: str, gone: str, problem: str
) -> None:
    change(copies / lock, rf"^{gone}==(?:.*\\\n)+.*\n", "")
    code, said = closed(copies)
    assert code == 1
    assert f"{lock}: {problem}" in said


def test_a_locked_version_that_another_package_refuses_is_reported(closed: Closed, copies: Path) -> None:
    change(copies / "requirements-test.lock", r"^coverage==[\d.]+", "coverage==7.1.0")
    code, said = closed(copies)
    assert code == 1
    assert "pytest-cov requires 'coverage[toml]>=7.10.6', but coverage==7.1.0 is locked" in said


def test_a_locked_package_that_is_not_installed_is_reported(closed: Closed, copies: Path) -> None:
    with (copies / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("nobody-has-this==1.0 \\\n    --hash=sha256:00\n")
    assert closed(copies) == (1, "requirements.lock: nobody-has-this is locked but not installed here\n")


def test_a_locked_package_that_excludes_a_supported_python_is_reported(closed: Closed, copies: Path) -> None:
    change(copies / "pyproject.toml", r'^requires-python = ">=3.11"', 'requires-python = ">=3.5"')
    code, said = closed(copies)
    assert code == 1
    assert re.search(r"requirements\.lock: httpx==\S+ requires Python >=3\.\d+, the project 3\.5\.0\n", said)

"""The wheel installs into a clean environment and works there without the source tree."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*words: str | Path, folder: Path | None = None, **variables: str) -> str:
    ended = subprocess.run(
        words,
        cwd=folder,
        env=None if folder is None else {"PATH": os.defpath, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with the wheel built from the sdist; its dependencies come from this environment."""
    built = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", built, ROOT)
    assert len([*built.glob("*.tar.gz")]) == 1
    environment = tmp_path_factory.mktemp("clean") / "venv"
    run(sys.executable, "-m", "venv", environment)
    packages = next(environment.glob("lib/python*/site-packages"))
    # After the wheel's own packages. A .pth file in there that points to the source tree is not processed.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    run(environment / "bin/pip", "install", "--compile", "--no-index", "--no-deps", *built.glob("*.whl"))
    return environment


def state(folder: Path) -> Sequence[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())


def test_it_runs_in_an_empty_folder_without_a_locale_and_leaves_its_installation_unchanged(
    installed: Path, tmp_path: Path
) -> None:
    before = state(installed)
    feeder = installed / "bin/feeder"
    assert run(feeder, "update", folder=tmp_path, LANG="C") == ""
    assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == 5
    assert "普京" in run(feeder, "search", "普京", folder=tmp_path, LANG="C")
    assert "no token is set" in run(feeder, "check", folder=tmp_path, LANG="C")
    run(feeder, "init", folder=tmp_path, LANG="C")
    assert (tmp_path / "config.toml").read_bytes() == (ROOT / "config.example.toml").read_bytes()
    assert state(installed) == before


def test_only_the_wheel_is_installed(installed: Path, tmp_path: Path) -> None:
    told = run(
        installed / "bin/python",
        "-c",
        "import bot, feeder, importlib.metadata as m; files = m.distribution('feeder-republisher').files\n"
        "print(feeder.__file__, bot.__file__, *{f.parts[0] for f in files if f.parts[0][0] != '.'}, sep='\\n')",
        folder=tmp_path,
    ).split()
    assert all(place.startswith(str(installed)) for place in told[:2])
    assert {name for name in told[2:] if not name.endswith(".dist-info")} == {"feeder", "bot"}

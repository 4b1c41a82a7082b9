"""ops/pages.yml: its commands run in fresh clones, one run after the other, as a code host runs them."""

import os
import re
import shutil
import subprocess
import sysconfig
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
ATOM = "{http://www.w3.org/2005/Atom}"
PROGRAM = ("bot", "feeder", "seeds", "README.md", "config.example.toml", "pyproject.toml")


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Any]]:
    workflow = yaml.safe_load((ROOT / "ops/pages.yml").read_text("utf-8"))
    found: list[dict[str, Any]] = workflow["jobs"]["publish"]["steps"]
    return found


def run(*words: str, folder: Path, **variables: str) -> str:
    env = {**os.environ, **variables}
    ended = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def git(*words: str, folder: Path) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main")
    return run("git", *identity, *words, folder=folder)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository with one article, whose file has no date."""
    work = tmp_path / "work"
    (work / "articles").mkdir(parents=True)
    (work / "articles/one.md").write_text("# One\n\nAn article without a date.\n")
    (work / "config.toml").write_text("[[sources]]\nname = 'mine'\nfolder = 'articles'\n")
    git("init", "--quiet", folder=work)
    git("add", ".", folder=work)
    git("commit", "--quiet", "--message=one", folder=work)
    git("clone", "--quiet", "--bare", str(work), str(tmp_path / "origin.git"), folder=tmp_path)
    git("remote", "add", "origin", str(tmp_path / "origin.git"), folder=work)
    return tmp_path / "origin.git"


@pytest.fixture
def pass_of_the_host(
    steps: list[dict[str, Any]], origin: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """A function that does what a run does, and returns the clone; installing is only done in the first."""
    installed = tmp_path / "program"

    def one_run() -> Path:
        clone = tmp_path_factory.mktemp("clone")
        git("clone", "--quiet", str(origin), str(clone), folder=tmp_path)
        is_first = not installed.exists()
        if is_first:
            installed.mkdir()
            for name in PROGRAM:
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                copy(ROOT / name, installed / name)
            (installed / "requirements.lock").write_text("")  # what it locks comes from this environment
        (clone / ".feeder").symlink_to(installed)
        for step in steps:
            if "run" not in step or (step["name"] == "Install" and not is_first):
                continue
            settings = {
                name: re.sub(r"\$\{\{ runner\.temp \}\}", str(clone.parent), value).replace(
                    "${{ steps.pages.outputs.base_url }}", "https://e.github.io/news"
                )
                for name, value in step.get("env", {}).items()
            }
            run(
                *("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]),
                folder=clone / step.get("working-directory", "."),
                PYTHONPATH=sysconfig.get_path("purelib"),
                **settings,
            )
        return clone

    return one_run


def published(clone: Path) -> dict[str, str]:
    """Return the id and date of each entry of the feed by its title."""
    return {
        entry.findtext(f"{ATOM}title", ""): entry.findtext(f"{ATOM}id", "") + entry.findtext(f"{ATOM}published", "")
        for entry in ET.parse(clone / "public/atom.xml").iter(f"{ATOM}entry")  # noqa: S314  our own feed
    }


def test_ids_and_dates_persist_from_run_to_run(
    pass_of_the_host: Callable[[], Path], origin: Path, tmp_path: Path
) -> None:
    first = pass_of_the_host()
    assert 'href="https://e.github.io/news/atom.xml"' in (first / "public/atom.xml").read_text("utf-8")
    assert (first / "public/search.html").exists()
    (tmp_path / "work/articles/two.md").write_text("# Two\n\nAnother article.\n")
    git("add", ".", folder=tmp_path / "work")
    git("commit", "--quiet", "--message=two", folder=tmp_path / "work")
    git("push", "--quiet", "origin", "main", folder=tmp_path / "work")
    os.utime(first / "articles/one.md", (0, 0))
    second = pass_of_the_host()
    assert {*published(second)} == {"One", "Two"}
    assert published(second)["One"] == published(first)["One"]
    assert git("rev-list", "--count", "feeder-store", folder=origin) == "1\n"  # so that it does not grow
    kept = git("ls-tree", "-r", "--name-only", "feeder-store", folder=origin).split()
    assert "data/feeder.db" in kept
    assert [name for name in kept if not name.startswith("data/") or ".search/" in name] == []
    assert git("status", "--short", "--", "articles", "config.toml", folder=second) == ""


def test_every_action_is_pinned_to_a_commit(steps: list[dict[str, Any]]) -> None:
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 6
    assert [one for one in used if not re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one)] == []

"""Checks that the lock files are closed: whatever anything locked requires is locked too, at a version that will do.

It has to do for every Python that the project supports, down to the first patch release: an entry for later ones only
is missing on the rest, without a word from pip.

Only then can pip install them with --no-deps. What the locked packages require is read from their installed metadata,
so run this with the Python of an environment that holds requirements-test.lock: .venv/bin/python .ci/closed.py
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": ["postgresql"], "requirements-test.lock": ["pages", "postgresql", "test"]}


@dataclass
class Closure:
    """The walk from the project's own requirements through everything they lead to."""

    locked: dict[str, str]  # the version of each package that this environment takes from the lock
    project: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def follow(self, asking: str, requirements: Sequence[str], extra: str = "") -> None:
        """Look at each requirement that applies here, and at what it leads to in turn."""
        for text in requirements:
            wanted = Requirement(text)
            if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
                continue
            name = canonicalize_name(wanted.name)
            if name == canonicalize_name(self.project["name"]):
                for own in sorted(wanted.extras):
                    self.follow(f"{asking}[{own}]", self.project["optional-dependencies"][own])
            elif name not in self.locked:
                self.problems.append(f"{asking} requires {text!r}, which is not locked")
            elif not wanted.specifier.contains(self.locked[name], prereleases=True):
                self.problems.append(f"{asking} requires {text!r}, but {name}=={self.locked[name]} is locked")
            else:
                for one in ("", *sorted(wanted.extras)):
                    self.enter(name, one)

    def enter(self, name: str, extra: str) -> None:
        """Follow what a locked package requires, of itself or for an extra, once."""
        if (name, extra) in self.seen:
            return
        self.seen.add((name, extra))
        first = self.project["requires-python"].removeprefix(">=") + ".0"
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            self.problems.append(f"{name} is locked but not installed here")
            return
        if installed.version != self.locked[name]:
            self.problems.append(f"{name}=={self.locked[name]} is locked, but {installed.version} is installed here")
        if not SpecifierSet(pythons := installed.metadata["Requires-Python"] or "").contains(first):
            self.problems.append(f"{name}=={self.locked[name]} requires Python {pythons}, the project {first}")
        self.follow(f"{name}[{extra}]" if extra else name, installed.requires or [], extra)


def iter_locked(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and version of each entry of a lock file that applies to this environment."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line or line.startswith("#"):
            continue
        entry = Requirement(line.split(" --hash=")[0].strip())
        if entry.marker is None or entry.marker.evaluate():
            yield canonicalize_name(entry.name), str(entry.specifier).removeprefix("==")


def find_problems(lock: Path, extras: Sequence[str]) -> list[str]:
    """Return what is missing from a lock file, or does not fit, one line each."""
    described = tomllib.loads((lock.parent / "pyproject.toml").read_text("utf-8"))
    project = described["project"]
    closure = Closure(dict(iter_locked(lock.read_text("utf-8"))), project)
    closure.follow("the project", project["dependencies"])
    for extra in extras:
        closure.follow(f"the extra {extra!r}", project["optional-dependencies"][extra])
    closure.follow("the build", [*described["dependency-groups"]["build"], *described["build-system"]["requires"]])
    for name in closure.locked:
        closure.enter(name, "")
    return closure.problems


def main() -> None:
    """Check both lock files, or those in the folder that is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    problems = [
        f"{name}: {problem}" for name, extras in LOCKS.items() for problem in find_problems(folder / name, extras)
    ]
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(1)
    print("the lock files are closed:", ", ".join(LOCKS))


if __name__ == "__main__":
    main()

"""Checks that the lock files are closed: every requirement of a locked package is locked too, at a suitable version.

Only then can pip install them with --no-deps. Each version must support every Python that the project supports, down to
the first patch release: pip silently skips an entry that does not apply.

Requirements are read from the metadata of installed packages, so run this in an environment with
requirements-test.lock: .venv/bin/python .ci/closed.py
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
LOCKS = {
    "requirements.lock": ["brotli", "cluster", "objects", "pictures", "postgresql", "search"],
    "requirements-test.lock": ["brotli", "cluster", "objects", "pages", "pictures", "postgresql", "search", "test"],
}


@dataclass
class Closure:
    """Walks the requirements of the project and of its dependencies."""

    locked: dict[str, str]  # version by package, for this environment
    project: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def check(self, parent: str, requirements: Sequence[str], extra: str = "") -> None:
        """Check each requirement that applies here, and the requirements of what it names."""
        for text in requirements:
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
                continue
            name = canonicalize_name(requirement.name)
            if name == canonicalize_name(self.project["name"]):
                for own in sorted(requirement.extras):
                    self.check(f"{parent}[{own}]", self.project["optional-dependencies"][own])
            elif name not in self.locked:
                self.problems.append(f"{parent} requires {text!r}, which is not locked")
            elif not requirement.specifier.contains(self.locked[name], prereleases=True):
                self.problems.append(f"{parent} requires {text!r}, but {name}=={self.locked[name]} is locked")
            else:
                for required_extra in ("", *sorted(requirement.extras)):
                    self.check_package(name, required_extra)

    def check_package(self, name: str, extra: str) -> None:
        """Check the requirements of a locked package, or of one of its extras, once."""
        if (name, extra) in self.seen:
            return
        self.seen.add((name, extra))
        oldest = self.project["requires-python"].removeprefix(">=") + ".0"
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            self.problems.append(f"{name} is locked but not installed here")
            return
        if installed.version != self.locked[name]:
            self.problems.append(f"{name}=={self.locked[name]} is locked, but {installed.version} is installed here")
        if not SpecifierSet(pythons := installed.metadata["Requires-Python"] or "").contains(oldest):
            self.problems.append(f"{name}=={self.locked[name]} requires Python {pythons}, the project {oldest}")
        self.check(f"{name}[{extra}]" if extra else name, installed.requires or [], extra)


def iter_locked(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and version of each lock file entry that applies to this environment."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if not line or line.startswith("#"):
            continue
        entry = Requirement(line.split(" --hash=")[0].strip())
        if entry.marker is None or entry.marker.evaluate():
            yield canonicalize_name(entry.name), str(entry.specifier).removeprefix("==")


def find_problems(lock: Path, extras: Sequence[str]) -> list[str]:
    """Return what is missing from a lock file or unsuitable, one line each."""
    pyproject = tomllib.loads((lock.parent / "pyproject.toml").read_text("utf-8"))
    project = pyproject["project"]
    closure = Closure(dict(iter_locked(lock.read_text("utf-8"))), project)
    closure.check("the project", project["dependencies"])
    for extra in extras:
        closure.check(f"the extra {extra!r}", project["optional-dependencies"][extra])
    closure.check("the build", [*pyproject["dependency-groups"]["build"], *pyproject["build-system"]["requires"]])
    for name in closure.locked:
        closure.check_package(name, "")
    return closure.problems


def main() -> None:
    """Check both lock files, here or in the folder given as argument."""
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

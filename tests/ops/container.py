"""Runs a Dockerfile without a container engine: each stage is a folder with the system's programs bound into it.

All of this happens in a mount namespace of its own, so that nothing is left behind. `$BASE_ROOT` names another root to
take the programs from, such as one made by debootstrap; by default they are those of this machine.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

BASE = Path(os.environ.get("BASE_ROOT", "/"))
SYSTEM = ("bin", "lib", "lib64", "sbin", "usr")
FROM_HERE = ("PIP_", "SSL_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "REQUESTS_CA")


@dataclass(frozen=True)
class Instruction:
    """A line of a Dockerfile: `RUN`, and what follows it."""

    name: str
    words: str


def iter_instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a Dockerfile, without comments."""
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    for line in re.sub(r"\\\n\s*", " ", lines).splitlines():
        if line.strip():
            name, words = line.strip().split(maxsplit=1)
            yield Instruction(name.upper(), words)


@dataclass
class Stage:
    """The root of a stage, and what its instructions said of it."""

    root: Path
    enter: Sequence[str]
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/base:/usr/sbin:/usr/bin:/sbin:/bin"})
    folder: str = "/"
    user: str = "0"
    said: dict[str, str] = field(default_factory=dict)

    def mount(self, *words: str | Path) -> None:
        """Mount something below the root."""
        subprocess.run([*self.enter, "mount", *words], check=True)

    def prepare(self) -> None:
        """Bind the system into the root. Its configuration is a copy, since users are added to it."""
        for name in (*SYSTEM, "dev", "proc"):
            source = (BASE if name in SYSTEM else Path("/")) / name
            if source.is_symlink():
                (self.root / name).symlink_to(source.readlink())
            elif source.exists():
                (self.root / name).mkdir()
                self.mount("--rbind", source, self.root / name)
                if name in SYSTEM:
                    self.mount("-o", "remount,bind,ro", self.root / name)
        shutil.copytree(BASE / "etc", self.root / "etc", symlinks=True, ignore_dangling_symlinks=True)
        for name in ("hosts", "resolv.conf", "ssl/certs/ca-certificates.crt"):
            shutil.copy(Path("/etc") / name, self.root / "etc" / name)
        for name in ("base", "root", "tmp", "var/tmp"):
            (self.root / name).mkdir(parents=True)
        self._add_python()

    def _add_python(self) -> None:
        """Put `python` and `pip` where an image of Python has them: on the path."""
        python = Path("/usr/bin/python3")
        if str(BASE) == "/":
            prefix = Path(sys.base_prefix)
            python = prefix / f"bin/python{sys.version_info.major}.{sys.version_info.minor}"
            if not prefix.is_relative_to("/usr"):
                (self.root / prefix.relative_to("/")).mkdir(parents=True)
                self.mount("--bind", "-o", "ro", prefix, self.root / prefix.relative_to("/"))
        for name, words in (("python", ""), ("pip", "-m pip")):
            file = self.root / "base" / name
            file.write_text(f'#!/bin/sh\nexec {python} {words} "$@"\n')
            file.chmod(0o755)

    def command(self, words: Sequence[str], **variables: str) -> list[str]:
        """Return a command that runs words in the stage, as its user and in its folder."""
        settings = [f"{name}={value}" for name, value in {**self.environment, **variables}.items()]
        rights = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"] if self.user != "0" else []
        identity = [f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", *rights]
        inside = ["sh", "-c", f'cd {self.folder} && exec "$@"', "sh", *words]
        return [*self.enter, "chroot", str(self.root), "setpriv", *identity, "env", "-i", *settings, *inside]

    def run(self, line: str) -> None:
        """Run a RUN line. A cache is that of the user who runs the tests."""
        while found := re.match(r"--mount=type=cache,target=(\S+)\s+", line):
            target = self.root / found[1].lstrip("/")
            target.mkdir(parents=True, exist_ok=True)
            (cache := Path.home() / PurePosixPath(found[1]).relative_to("/root")).mkdir(parents=True, exist_ok=True)
            self.mount("--bind", cache, target)
            line = line[found.end() :]
        own = {
            name: value for name, value in os.environ.items() if name.startswith(FROM_HERE) and name != "PIP_COMPILE"
        }
        ended = subprocess.run(self.command(["sh", "-c", line], **own), capture_output=True, text=True, check=False)
        assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"

    def copy(self, words: str, context: Path, stages: Mapping[str, "Stage"]) -> None:
        """Copy files from the context, or from another stage."""
        options, paths = [], words.split()
        while paths[0].startswith("--"):
            options.append(paths.pop(0))
        source = context
        for option in options:
            name, _, value = option.partition("=")
            assert name == "--from", f"not supported here: {option}"
            source = stages[value].root
        *names, last = paths
        target = self.root / str(PurePosixPath(self.folder) / last).lstrip("/")
        for name in names:
            if (one := source / name.lstrip("/")).is_dir():
                shutil.copytree(one, target, symlinks=True, dirs_exist_ok=True)
            else:
                is_folder = last.endswith(("/", "."))
                shutil.copy(one, target / one.name if is_folder else target)

    def protect(self, *writable: str) -> None:
        """Make the root read-only but for these folders, as `read_only` and volumes do."""
        self.mount("--rbind", self.root, self.root)
        self.mount("-o", "remount,bind,ro", self.root)
        for name in writable:
            place = self.root / name.lstrip("/")
            self.mount("--bind", place, place)
            self.mount("-o", "remount,bind,rw", place)


@contextmanager
def built(dockerfile: Path, context: Path, folder: Path) -> Iterator[Stage]:
    """Run the instructions of a Dockerfile; its last stage is what an image would be."""
    holder = ["unshare", "--mount", "--propagation=private", "sh", "-c", "echo; exec sleep infinity"]
    with subprocess.Popen(holder, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            enter = ["nsenter", f"--mount=/proc/{process.pid}/ns/mnt", "--"]
            yield _build(dockerfile, context, folder, enter)
        finally:
            process.kill()
            process.wait()  # the mounts go with it, and what they show is not removed
            shutil.rmtree(folder, ignore_errors=True)


def _build(dockerfile: Path, context: Path, folder: Path, enter: Sequence[str]) -> Stage:
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for one in iter_instructions(dockerfile.read_text("utf-8")):
        if one.name == "FROM":
            name = one.words.rpartition(" AS ")[2] if " AS " in one.words else str(len(stages))
            (folder / name).mkdir(parents=True)
            stages[name] = stage = Stage(folder / name, enter)
            stage.prepare()
        elif stage is None:
            assert one.name == "ARG", "only ARG may come before FROM"
        elif one.name == "RUN":
            stage.run(one.words)
        elif one.name == "COPY":
            stage.copy(one.words, context, stages)
        elif one.name == "WORKDIR":
            stage.folder = one.words
            (stage.root / one.words.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif one.name == "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", one.words):
                stage.environment[name] = value.replace("$PATH", stage.environment["PATH"])
        elif one.name == "USER":
            stage.user = one.words
        else:
            stage.said[one.name] = one.words
    assert stage is not None
    return stage


def exec_form(words: str) -> list[str]:
    """Return the list of words of ENTRYPOINT, CMD or HEALTHCHECK."""
    command: list[str] = json.loads(words[words.index("[") :])
    return command

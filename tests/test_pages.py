"""README and docs: every example is run or read by feeder, and every command, option and link in them exists."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from feeder.cli.app import app
from feeder.config.load import Config
from feeder.config.values import Schedule
from tests.pages import PAGES, ROOT, iter_blocks

RUN_BY = {
    "README.md": ".ci/run",
    "CONTRIBUTING.md": ".ci/run",
    "docs/backup.md": "tests/test_documents.py",
    "docs/install.md": ".ci/run",
    "docs/moving.md": "tests/test_typed.py",
    "docs/objects.md": "tests/objects/test_documentation.py",
    "docs/operating.md": "tests/test_documents.py",
    "docs/postgresql.md": "tests/test_postgresql.py",
    "docs/sources.md": "tests/test_documents.py",
    "docs/tutorial.md": "tests/test_typed.py",
}
"""The program that runs the commands of a page. Blocks that are not run say why in a comment above."""


COMMAND = re.compile(r"(?:^|\(|bin/|&& |exec |\$ |\| )feeder ([^`\n]+?)(?:`|$|\n| \||;|\)| &| <| >| #)", re.MULTILINE)
_ANCHOR = re.compile(r"[^\w\- ]")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


by_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@by_page
def test_commands_are_run_or_say_why_not(page: Path) -> None:
    blocks = list(iter_blocks(page, "sh"))
    if any(block.reason is None for block in blocks):
        assert name_of(page) in RUN_BY, (
            "name the program that runs its commands, or say above them why they are not run"
        )
        program = ROOT / RUN_BY[name_of(page)]
        assert page.name in program.read_text("utf-8") or program.name == "run"


@by_page
def test_configurations_are_valid(page: Path) -> None:
    for block in iter_blocks(page, "toml"):
        Config.model_validate(tomllib.loads(block.text))


@by_page
def test_lines_for_cron_are_valid(page: Path) -> None:
    for block in iter_blocks(page, "cron"):
        *times, command = block.text.split(maxsplit=5)
        assert len(times) == 5
        Schedule.__metadata__[0].func(" ".join(times))  # type: ignore[attr-defined]  # an alias that is Annotated
        assert "%" not in command


def iter_commands(text: str) -> Iterator[list[str]]:
    """Yield the words after `feeder` wherever a page names a command."""
    for found in COMMAND.finditer(text):
        try:
            yield shlex.split(found[1], comments=True)
        except ValueError:
            yield found[1].split()


def unknown_in(words: list[str]) -> str | None:
    """Return the word that is neither a command nor an option of feeder; None if all is well."""
    command: Any = typer.main.get_command(app)
    options = _options(command)
    if words[:2] == ["search", "snapshot"]:  # one command of two words
        words = [" ".join(words[:2]), *words[2:]]
    for word in words:
        if word.startswith("-") and word.strip("-"):
            if word.split("=")[0] not in options:
                return word
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
            options = _options(command)
    return None


def _options(command: Any) -> set[str]:
    return {"--help"}.union(*(one.opts for one in command.params))


@by_page
def test_commands_and_options_exist(page: Path) -> None:
    known = {*getattr(typer.main.get_command(app), "commands", ())}
    text = page.read_text("utf-8")
    code = [
        *re.findall(r"`(feeder [^`]+)`", text),
        *(one.text for one in iter_blocks(page, "sh", "console", "cron", "ini")),
    ]
    wrong = [
        (words, unknown)
        for words in iter_commands("\n".join(code))
        if words and (words[0] in known or words[0].startswith("-")) and (unknown := unknown_in(words)) is not None
    ]
    assert wrong == []
    if page.name == "decisions.md":  # it also tells of commands that are gone
        return
    first = {words[0] for words in iter_commands("\n".join(re.findall(r"`(feeder [^`]+)`", text))) if words}
    assert {word for word in first if word.islower() and word.isalpha()} <= known


@by_page
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text("utf-8")):
        name, _, place = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (place and place not in anchors(target)):
            missing.append(link)
    assert missing == []


def anchors(page: Path) -> set[str]:
    """Return the anchors that a code host gives the headings of a page."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {_ANCHOR.sub("", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_no_heading_repeats_the_title_of_its_page(page: Path) -> None:
    title, *others = re.findall(
        r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL), re.MULTILINE
    )
    assert [heading for heading in others if heading.startswith(title)] == []


def test_installing_in_a_checkout_is_the_beginning_of_the_first_command_of_the_readme() -> None:
    [own] = [block.text for block in iter_blocks(ROOT / "docs/install.md", "sh") if block.reason is None]
    first = next(iter_blocks(ROOT / "README.md", "sh"))
    assert first.text.startswith(f"{own} && ")


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150

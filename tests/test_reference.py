"""docs/reference is what the code says."""

import re

import pytest

from bot.conversation.registry import COMMANDS
from feeder.errors import FeederError
from tests.reference import EXIT_CODES, FOLDER, PAGES, bot_commands


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "run: python -m tests.reference"


def test_there_is_no_other_page() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*PAGES}


def test_every_exit_code_of_an_error_is_explained() -> None:
    def codes(error: type[FeederError]) -> set[int]:
        return {error.exit_code}.union(*(codes(one) for one in error.__subclasses__()))

    assert codes(FeederError) == {*EXIT_CODES} - {0, 130}


def test_every_command_of_the_bot_is_explained() -> None:
    assert {*re.findall(r"/([a-z]+)", bot_commands())} >= {*COMMANDS} - {"start"}

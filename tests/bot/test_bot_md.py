"""docs/bot.md describes every command and every option, and its examples are valid."""

import re
import tomllib
from pathlib import Path

from bot.conversation.registry import COMMANDS
from feeder import ChannelConfig, Config, TelegramConfig
from feeder.config.load import DEFAULT_NAME

TEXT = (Path(__file__).parents[2] / "docs" / "bot.md").read_text("utf-8")
TABLES = [line for line in TEXT.split("\n") if line.startswith("| ")]


def test_every_command_is_described_and_every_described_command_exists() -> None:
    described = {name for line in TABLES for name in re.findall(r"`/([a-z]+)", line)}
    assert described == set(COMMANDS) - {"start"}


def test_every_option_is_described_and_every_described_option_exists() -> None:
    rows = [line.split("|")[1] for line in TABLES]
    described = {name for row in rows for name in re.findall(r"`([a-z_]+)`", row)}
    assert described == {*ChannelConfig.model_fields, *TelegramConfig.model_fields} - {"channels"}


def test_the_configuration_that_it_shows_first_is_in_the_file_that_is_read_and_has_a_source() -> None:
    assert {*re.findall(r"`([a-z.]+\.toml)`", TEXT)} == {DEFAULT_NAME}
    example = re.search(r"```toml\n(.+?)\n```", TEXT, flags=re.DOTALL)
    assert example is not None
    assert Config.model_validate(tomllib.loads(example[1])).sources


def test_the_examples_are_valid() -> None:
    examples = re.findall(r"```toml\n(.+?)\n```", TEXT, flags=re.DOTALL)
    first, *_ = [TelegramConfig.model_validate(tomllib.loads(example)["telegram"]) for example in examples]
    assert [channel.chat for channel in first.channels] == ["@my_channel"]

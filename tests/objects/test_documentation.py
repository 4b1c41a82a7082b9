"""The examples of docs/objects.md are what feeder reads and runs."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from feeder.config.load import load_config
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture

TEXT = (Path(__file__).parent.parent.parent / "docs/objects.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.+?)```", TEXT, flags=re.DOTALL)


def test_every_configuration_can_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDER_OBJECTS__SECRET", "secret")
    monkeypatch.setenv("FEEDER_OBJECTS__KEY_ID", "key")
    found = examples("toml")
    assert len(found) == 2
    for text in found:
        (tmp_path / "config.toml").write_text(re.sub("secret_file.*", "", text))
        config = load_config(tmp_path / "config.toml")
        told = tomllib.loads(text)["objects"]
        assert (config.objects.url, config.objects.snapshots) == (told.get("url", ""), told.get("snapshots", ""))


def test_the_policy_is_json() -> None:
    [policy] = examples("json")
    assert len(json.loads(policy)["Statement"]) == 2


def test_the_commands_run_as_typed(feeder: Feeder) -> None:
    feeder("ingest")
    [commands] = examples("sh")
    for line in commands.strip().splitlines():
        program, *words = line.split()
        assert program == "feeder"
        assert feeder(*words).code == 0

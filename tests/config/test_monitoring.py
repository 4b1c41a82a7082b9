"""[metrics] and [log]: their secrets, and what an older file still says."""

import logging
from pathlib import Path

import pytest

from feeder.cli.check import check
from feeder.config.load import load_config
from feeder.errors import ConfigError

TOKEN = "0123456789abcdef-._~+/=="


def write(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text, "utf-8")
    return file


def test_metrics_are_off_and_logs_are_text_unless_something_else_is_written(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, ""))
    assert (config.metrics.port, config.metrics.token, config.metrics.host) == (None, None, "127.0.0.1")
    assert (config.log.format, config.log.number(logging.WARNING)) == ("text", logging.WARNING)
    config = load_config(write(tmp_path, "[log]\nlevel = 'debug'"))
    assert config.log.number(logging.WARNING) == logging.DEBUG


def test_a_token_is_read_from_a_file_and_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", "utf-8")
    config = load_config(write(tmp_path, "[metrics]\ntoken_file = 'token'"))
    assert config.secrets == (TOKEN,)
    assert TOKEN not in repr(config)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("token = 's3cret'", "metrics.token: not a token for HTTP; write 16 or more letters"),
        ("token = 'two words of a secret'", "metrics.token: not a token for HTTP"),
        (f"token = '{TOKEN}'\ntoken_file = 'token'", "metrics: both token and token_file are set; keep one"),
        ("token_file = 'nowhere'", "metrics.token_file: '{folder}/nowhere': cannot be read: No such file"),
        ("port = 70000", "metrics.port: 70000: input should be less than or equal to 65535"),
        ("prot = 9464", "metrics.prot: unknown key; did you mean 'port'?"),
    ],
)
def test_a_mistake_is_one_line_without_the_secret(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_config(write(tmp_path, f"[metrics]\n{text}"))
    message = str(raised.value)
    assert told.format(folder=tmp_path) in message
    assert "\n" not in message
    assert "s3cret" not in message
    assert TOKEN not in message


def test_the_former_key_still_works_and_says_what_to_write_now(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load_config(write(tmp_path, "[web]\nmetrics = true")).web.metrics
    assert "write [metrics] port = 9464 instead" in caplog.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", None),
        ("port = 9464", "for everyone who reaches it at 127.0.0.1, port 9464"),
        (f"port = 9464\nhost = '0.0.0.0'\ntoken = '{TOKEN}'", "for who shows the token at 0.0.0.0, port 9464"),
        (f"token = '{TOKEN}'", "for who shows the token at the web server"),
    ],
)
def test_feeder_check_says_who_gets_metrics(tmp_path: Path, text: str, told: str | None) -> None:
    results = [one for one in check(load_config(write(tmp_path, f"[metrics]\n{text}"))) if one.about == "metrics"]
    assert [one.text for one in results] == ([told] if told else [])

"""`feeder feeds`: secret addresses of private feeds."""

from pathlib import Path

import pytest

from feeder.publish.tokens import TOKEN
from tests.cli.test_cli import Feeder, feeder, lines

__all__ = ["feeder"]  # a fixture


@pytest.fixture
def settings(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        "[site]\nurl = 'https://e.org/news'\n"
        "[[feeds]]\nname = 'mine'\nquery = 'rain'\nprivate = true\n[[feeds]]\nname = 'open'\nquery = 'rain'\n",
        "utf-8",
    )


@pytest.mark.usefixtures("settings")
def test_an_address_is_made_listed_and_revoked(feeder: Feeder) -> None:
    assert feeder("feeds", "tokens") == (0, "", "")
    made = feeder("feeds", "token", "mine")
    assert (made.code, made.err) == (0, "")
    start, token, name = made.out.rsplit("/", 2)
    assert (start, name) == ("https://e.org/news/private", "mine.xml\n")
    assert TOKEN.fullmatch(token)
    [listed] = lines(feeder("feeds", "tokens", "--json").out)
    assert listed["feed"] == "mine"
    shown = feeder("feeds", "tokens").out
    assert shown == f"{listed['id']}  {listed['made_at']}  mine\n"
    assert token not in shown
    assert feeder("feeds", "revoke", listed["id"]) == (0, "revoked: a token of mine\n", "")
    assert feeder("feeds", "tokens").out == ""


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("token", "open"), "'open': not private, at feeds/open.xml for everyone; set private = true in its block"),
        (("token", "mein"), "'mein': no such saved search in [[feeds]]; did you mean @mine?"),
        (("revoke", "x"), "'x': no token has this id; `feeder feeds tokens` lists them"),
    ],
)
def test_a_mistake_is_one_line(feeder: Feeder, words: tuple[str, ...], message: str) -> None:
    assert feeder("feeds", *words) == (2, "", f"feeder: {message}\n")

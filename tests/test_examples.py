"""Examples of the docs that are no commands to type one after the other: sessions, queries, templates, benchmarks."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from feeder import parse_template
from feeder.query.parse import _FIELD, parse_query
from tests.pages import PAGES, ROOT, iter_blocks
from tests.test_pages import name_of


def test_the_session_about_private_feeds_is_as_shown(tmp_path: Path) -> None:
    page = ROOT / "docs/hosting.md"
    [session] = [block.text for block in iter_blocks(page, "console")]
    [config] = [block.text for block in iter_blocks(page, "toml") if "private = true" in block.text]
    (tmp_path / "config.toml").write_text(f'[site]\nurl = "https://feeds.example.org/"\n{config}\n')
    shown_id = re.search(r"^([0-9a-f]{8}) ", session, flags=re.MULTILINE)
    assert shown_id is not None
    own_id = shown_id[1]
    for command, shown in re.findall(r"^\$ (.+)\n(.+)$", session, flags=re.MULTILINE):
        words = [sys.executable, "-m", *command.replace(shown_id[1], own_id).split()]
        ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        printed = ended.stdout.strip()
        if found := re.match(r"([0-9a-f]{8}) ", printed):
            own_id = found[1]
        form = re.escape(shown).replace("…", ".+").replace(shown_id[1], own_id)
        form = re.sub(r"\d{4}\\-\S+Z", lambda _: r"[\dT:.-]+Z", form)  # a time
        assert re.fullmatch(form, printed), (command, printed)


def test_the_queries_of_search_md_are_understood_and_have_every_field_there_is() -> None:
    text = (ROOT / "docs/search.md").read_text("utf-8")
    queries = re.findall(r"^    ([a-z]+:\S+)  +\S", text, flags=re.MULTILINE)
    for query in queries:
        parse_query(query)
    known = re.search(r"\(\?ai:([a-z|]+)\)", _FIELD)
    assert known is not None
    assert {query.split(":")[0] for query in queries} == {*known[1].split("|")}


def test_the_template_of_bot_md_is_valid() -> None:
    [template] = [block.text for block in iter_blocks(ROOT / "docs/bot.md", "") if block.text.startswith("{")]
    assert len(parse_template(template)) == len(template.strip("\n").split("\n"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_programs_that_pages_name_exist(page: Path) -> None:
    for module in re.findall(r"python -m ((?:benchmarks|tests)[\w.]*)", page.read_text("utf-8")):
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists(), module

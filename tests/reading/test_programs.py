"""Whether a folder's Markdown is written for a program that shows line ends within a paragraph."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.ingest import ingest
from feeder.reading.programs import shows_line_breaks
from feeder.store import Store

HEXO = "# Hexo Configuration\ntitle: Rain\nnew_post_name: :title.md\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()  # what is above does not count
    return tmp_path


def test_most_programs_do_not(root: Path) -> None:
    assert not shows_line_breaks(root)
    assert not shows_line_breaks(root / "missing")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (None, True),
        ("{}", True),
        ('{"strictLineBreaks": false}', True),
        ('{"strictLineBreaks": true}', False),
        ("{broken", True),
        ("[]", True),
    ],
)
def test_obsidian_does_unless_it_is_told_not_to(root: Path, settings: str | None, *, expected: bool) -> None:
    (root / ".obsidian").mkdir()
    if settings is not None:
        (root / ".obsidian" / "app.json").write_text(settings)
    (root / "notes" / "deep").mkdir(parents=True)
    assert shows_line_breaks(root) is shows_line_breaks(root / "notes" / "deep") is expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (HEXO, True),
        (HEXO + "marked:\n  breaks: false\n", False),
        (HEXO + "marked:\n  breaks: true\n", True),
        ("title: Rain\nmarkdown: kramdown\n", False),
    ],
)
def test_hexo_does_and_jekyll_does_not(root: Path, settings: str, *, expected: bool) -> None:
    (root / "_config.yml").write_text(settings)
    (root / "source" / "_posts").mkdir(parents=True)
    assert shows_line_breaks(root / "source" / "_posts") is expected


def test_a_pipe_is_no_settings(root: Path) -> None:
    os.mkfifo(root / "_config.yml")
    assert not shows_line_breaks(root)


def test_notes_of_a_vault_keep_their_lines(root: Path, sqlite_store: Store) -> None:
    (root / ".obsidian").mkdir()
    (root / "note.md").write_text("# Rain\n\nit rained\nall day\n")
    config = Config(sources=(FolderSource(name="vault", folder=root),))
    ingest(config, sqlite_store, now=datetime(2026, 5, 1, tzinfo=UTC))
    assert [entry.content for entry in sqlite_store.entries.iter_all()] == ["<p>it rained<br>all day</p>"]

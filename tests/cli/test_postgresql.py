"""The commands of a day on PostgreSQL."""

from pathlib import Path

import pytest

from tests.cli.test_cli import Feeder, feeder, lines  # noqa: F401  a fixture


@pytest.mark.postgresql
def test_a_day_on_postgresql(feeder: Feeder, tmp_path: Path, postgresql_url: str) -> None:
    (tmp_path / "mirror").mkdir()
    settings = f'[store]\nurl = "{postgresql_url}"\n[[sources]]\nname = "rain"\nfolder = "mirror"\n'
    (tmp_path / "config.toml").write_text(settings)
    for day in (1, 2):
        (tmp_path / f"mirror/{day}.md").write_text(f"---\ntitle: Day {day}\ndate: 2024-01-0{day}\n---\n\nIt rained.\n")
        assert feeder("update") == (0, "", "")
        assert (tmp_path / "public/atom.xml").read_text("utf-8").count("<entry") == day
    assert [found["title"] for found in lines(feeder("search", "--json", "rained").out)] == ["Day 2", "Day 1"]
    checked = feeder("check")
    assert checked.code == 0
    assert "PostgreSQL" in checked.out
    assert not (tmp_path / "data/feeder.db").exists()

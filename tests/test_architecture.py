"""docs/architecture.md describes every folder of the program, and every file that it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/architecture.md").read_text("utf-8")
APART = {
    "migrations",
    "versions",
    "templates",
    "static",
}  # described with their parent


def test_every_folder_is_described_and_every_described_folder_exists() -> None:
    described = set(re.findall(r"^\| `((?:feeder|bot)[a-z/]*)` \|", TEXT, flags=re.MULTILINE))
    packages = {file.parent for top in ("feeder", "bot") for file in (ROOT / top).rglob("__init__.py")}
    folders = {str(folder.relative_to(ROOT)) for folder in packages if not APART & {*folder.relative_to(ROOT).parts}}
    assert described == folders - {"feeder", "feeder/sources"}


def test_every_named_file_exists() -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", TEXT))
    assert [name for name in sorted(named) if not any((ROOT / top / name).exists() for top in ("", "feeder"))] == []


def test_no_folder_has_more_than_twelve_modules() -> None:
    counts = {
        folder: len([file for file in folder.glob("*.py") if file.name != "__init__.py"])
        for top in ("feeder", "bot")
        for folder in [ROOT / top, *(ROOT / top).rglob("*/")]
    }
    assert {str(folder): number for folder, number in counts.items() if number > 12 and folder != ROOT / "feeder"} == {}

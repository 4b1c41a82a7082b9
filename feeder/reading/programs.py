"""The program that a folder's Markdown is written for, by the files that it keeps there.

Most programs show a line end within a paragraph as a space (CommonMark §6.8). Obsidian and Hexo show it as a line
break, unless they are told not to.
"""

import json
import re
from contextlib import suppress
from pathlib import Path

_MAX_BYTES = 100_000
_HEXO = re.compile(r"(?mi)^(?:new_post_name|skip_render|post_asset_folder|render_drafts):|hexo")
_NO_BREAKS = re.compile(r"(?m)^[ \t]+breaks:[ \t]*false\b")


def shows_line_breaks(folder: Path) -> bool:
    """Whether a folder, or the nearest one above it with such files, belongs to a program that shows line ends."""
    with suppress(OSError):  # an unreadable folder is reported when it is read
        for place in (folder, *folder.absolute().parents):
            if (place / ".obsidian").is_dir():
                return not _is_strict(_read(place / ".obsidian" / "app.json"))
            if (settings := _read(place / "_config.yml")) or (place / ".git").exists():
                return _HEXO.search(settings) is not None and _NO_BREAKS.search(settings) is None
    return False


def _is_strict(settings: str) -> bool:
    try:
        found = json.loads(settings)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("strictLineBreaks") is True


def _read(file: Path) -> str:
    """Return the text of a small file; "" if there is none. A pipe of that name would block."""
    try:
        if not file.is_file():
            return ""
        with file.open(encoding="utf-8", errors="replace") as opened:
            return opened.read(_MAX_BYTES)
    except OSError:
        return ""

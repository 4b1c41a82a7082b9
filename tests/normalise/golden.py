"""Golden files: an entry as readable text, for comparison."""

import json
from typing import Any

from feeder.model import Entry, entry_to_dict

_LAST = ("links", "credits", "media", "cut")


def entry_as_text(entry: Entry) -> str:
    """Write the entry as a TOML header, then its content with one block a line."""
    fields = {name: value for name, value in entry_to_dict(entry).items() if name not in {"content", "first_seen_at"}}
    lines = [_line(name, value) for name, value in fields.items() if name not in _LAST and value is not None]
    for name in _LAST:
        values = fields[name]
        lines += [f"{name} = [", *(f"    {_toml(value)}," for value in values), "]"] if values else [f"{name} = []"]
    return "\n".join(["+++", *lines, "+++", entry.content]) + "\n"


def _line(name: str, value: Any) -> str:
    return f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(_line(name, part) for name, part in value.items() if part is not None)
        return f"{{ {inside} }}"
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, list) else f"[{', '.join(map(_toml, value))}]"

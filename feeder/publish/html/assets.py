"""Style sheet, scripts and icons, as they lie beside this module.

Styles and scripts are published under names with a digest of their content, such as `style.0123456789abcdef.css`: they
can be kept in caches for good, and a page never meets those of another version. What others ask for by name keeps it:
icons, and `feed.css`, which feeds refer to that are never written again.
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from posixpath import splitext

NAMED_BY_CONTENT = ("style.css", "find.js", "suggest.js", "pictures.js")
_DIGITS = 16


@cache
def static_files() -> dict[str, bytes]:
    """Return the content of all files by name, in alphabetical order."""
    folder = files("feeder.publish.html") / "static"
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}


@cache
def asset_path(name: str) -> str:
    """Return where a file is published, below the site."""
    if name not in NAMED_BY_CONTENT:
        return name
    stem, ending = splitext(name)
    return f"{stem}.{sha256(static_files()[name]).hexdigest()[:_DIGITS]}{ending}"

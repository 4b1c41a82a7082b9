"""Where in a folder an address of an article may lead: as files are named, and as site generators place them. Pure."""

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath, splitext
from urllib.parse import unquote

# Folders whose contents site generators publish at the root of a site, in a clone of its repository.
_SITE_FOLDERS = ("", "static", "public", "source", "assets", "src", "content", "docs")
# Folders in which note apps keep what is attached to the notes beside them, or to all.
_ATTACHED = ("attachments", "assets", "images", "img", "media", "files", "resources", "_resources")
_MAX_LENGTH = 4096
_FILE_SCHEME = re.compile(r"file:(?://)?(?=/)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def picture_paths(address: str, article: str, root: str) -> list[str]:
    """Return the paths in a folder that an address of an article in it may mean, likeliest first, each once.

    `article` is the path of the article, `root` that of the folder on this machine. Above the folder there is nothing,
    as above the root of a site: no path leads out of it.
    """
    return list(dict.fromkeys(_iter_paths(address, article, root)))


def _iter_paths(address: str, article: str, root: str) -> Iterator[str]:
    folder, stem = dirname(article), splitext(article)[0]
    for name in _spellings(address):
        if name.startswith(f"{root}/") and _FILE_SCHEME.match(address):
            yield _inside(name.removeprefix(root))
        elif name.startswith("/"):
            yield from _rooted(name, folder)
        else:
            yield _inside(folder, name)
            yield _inside(stem, name)  # Hexo's folder of a post
            if "/" in name:
                yield from _rooted(name, folder)
            else:
                yield from (_inside(top, attached, name) for top in (folder, "") for attached in _ATTACHED)


def _spellings(address: str) -> Iterator[str]:
    """Yield the names that a file may have: percent-encoded or not, with or without the query and fragment."""
    address = address.strip().replace("\\", "/")
    if len(address) > _MAX_LENGTH or "\0" in address or address.startswith("//"):
        return
    if _FILE_SCHEME.match(address):
        address = _FILE_SCHEME.sub("", address)
    elif _SCHEME.match(address):
        return
    for text in (re.split(r"[?#]", address, maxsplit=1)[0], address):
        # As the system's own names: bytes that are no UTF-8 are escaped.
        yield unquote(text, errors="surrogateescape")
        yield text


def _rooted(name: str, folder: str) -> Iterator[str]:
    """Yield the paths of an address from the root of a site: the whole folder, or one of those around the article."""
    parts = folder.split("/") if folder else []
    for depth in range(len(parts) + 1):
        yield from (_inside(*parts[:depth], site, name.lstrip("/")) for site in _SITE_FOLDERS)


def _inside(*parts: str) -> str:
    """Return the path made of parts, without `..`; it never starts with `/`."""
    return normpath(join("/", *(part.lstrip("/") for part in parts))).lstrip("/")

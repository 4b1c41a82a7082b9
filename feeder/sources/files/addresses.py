"""Addresses in an article of a folder: pictures beside it, and links that name a whole site. Pure."""

import re

_PICTURE = re.compile(
    r"!\[[^\[\]]{0,500}\]\(\s{0,9}<?(?P<markdown>[^\s()<>]{1,500})|"
    r"<img\s[^<>]{0,2000}?(?<![\w-])src\s{0,9}=\s{0,9}[\"']?(?P<html>[^\s\"'<>]{1,500})",
    re.IGNORECASE,
)
_HOME_PAGE = re.compile(
    r"\s*(?:https?:)?//[^/?#\s]+/*(?:[a-z]{2}(?:[-_][a-z]{2,4})?/?)?(?:(?:index|default|home)(?:\.\w{2,5})?/?)?"
    r"(?:\?utm_[^#\s]*)?(?:#[\w-]*)?\s*",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)


def relative_pictures(content: str) -> tuple[str, ...]:
    """Return the relative addresses of the pictures in Markdown or HTML, each once."""
    if "![" not in content and "<img" not in content.lower():
        return ()
    found = (match["markdown"] or match["html"] for match in _PICTURE.finditer(content))
    return tuple(dict.fromkeys(address for address in found if not _ABSOLUTE.match(address)))


def is_home_page(link: str | None) -> bool:
    """Whether a link is the front page of a site, or of one of its languages; such a link identifies no article."""
    return link is not None and _HOME_PAGE.fullmatch(link) is not None

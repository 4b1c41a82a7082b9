"""Links of articles that name a whole site. Pure."""

import re

_HOME_PAGE = re.compile(
    r"\s*(?:https?:)?//[^/?#\s]+/*(?:[a-z]{2}(?:[-_][a-z]{2,4})?/?)?(?:(?:index|default|home)(?:\.\w{2,5})?/?)?"
    r"(?:\?utm_[^#\s]*)?(?:#[\w-]*)?\s*",
    re.IGNORECASE,
)


def is_home_page(link: str | None) -> bool:
    """Whether a link is the front page of a site, or of one of its languages; such a link identifies no article."""
    return link is not None and _HOME_PAGE.fullmatch(link) is not None

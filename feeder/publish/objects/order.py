"""The order in which files are uploaded, so that no object that readers reach names one that is not there. Pure.

    new objects       nothing in the bucket names them yet, and so not what they name either
    replaced objects  all that they name is there; what they named stays until the end
    removed objects   nothing names them any more

Within new and replaced ones, what others show or name comes first, and the index last. An upload that breaks off leaves
old and new side by side, but every link works; what is new in the bucket stays so until all of it is there.
"""

import re
from posixpath import splitext

from feeder.publish.html import pages
from feeder.publish.output.compressed import ENDINGS

_SHOWN, _PAGES, _LISTS, _FRONT, _INDEX = range(5)
_LISTED = frozenset((".html", ".xml", ".rss", ".json", ".opml"))
_AT_FRONT = re.compile(r"(atom\.xml|feed\.(xml|json)|sitemap\.xml|.*/pagefind-entry\.json)")


def rank_of(path: str) -> int:
    """Return the turn of a file: the lower, the earlier. Files with the same rank may be uploaded in any order."""
    path = splitext(path)[0] if splitext(path)[1] in ENDINGS else path
    if path == "index.html":
        return _INDEX
    if _AT_FRONT.fullmatch(path):
        return _FRONT
    if splitext(path)[1] not in _LISTED:
        return _SHOWN
    return _PAGES if path.startswith(f"{pages.ENTRIES_FOLDER}/") else _LISTS

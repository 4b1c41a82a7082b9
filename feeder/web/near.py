"""Where an address that is not there probably meant to lead: `/feed`, `/rss/`, `/feeds/`, `/Atom.xml`. Pure.

Readers and people guess addresses; the guesses of a hundred feed readers are few, and each costs its user the feed.
"""

from collections.abc import Callable, Iterator

_ATOM = ("atom.xml",)
_RSS = ("feed.xml", "rss.xml", "atom.xml")
_JSON = ("feed.json",)
_LISTS = ("subscribe.html", "feeds.html", "index.html")
# The usual names of the main feed and of lists, and the files that they mean, the best first.
_MEANT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("atom", "feed.atom", "feed/atom", "atom.atom", "index.atom", "feeds/all.atom.xml"), _ATOM),
    **dict.fromkeys(("feed", "rss", "index.xml", "feed.xml", "rss.xml", "feed.rss", "index.rss", "rss2"), _RSS),
    **dict.fromkeys(
        ("feed/rss", "feed/rss2", "rss/feed", "index.rdf", "feed.rdf", "rss2.xml", "feeds/all.rss.xml"), _RSS
    ),
    **dict.fromkeys(("json", "feed.json", "index.json", "feed/json", "json.feed"), _JSON),
    **dict.fromkeys(("feeds", "subscribe", "opml"), _LISTS),
    **dict.fromkeys(("entries", "articles", "posts", "blog"), ("archive/index.html", "index.html")),
    **dict.fromkeys(("home", "index", "index.htm", "index.php", "default.html"), ("index.html",)),
}
# Other endings to try, by the one that was asked for.
_ENDINGS = {"": (".html", ".xml"), ".rss": (".xml",), ".atom": (".xml",), ".htm": (".html",), ".rdf": (".rss", ".xml")}
_LONGEST = 200


def find_near(path: str, exists: Callable[[str], bool]) -> str | None:
    """Return the path of the file or page that a path nearly names, "" for the front page; None if there is none.

    Args:
        path: A path below the site without its leading "/", which does not exist.
        exists: Whether a path does, a page's name or "folder/index.html" included.
    """
    if len(path) > _LONGEST:
        return None
    for candidate in _candidates(path):
        if candidate != path and exists(candidate):
            folder, _, name = candidate.rpartition("/")
            return candidate if name != "index.html" else f"{folder}/" if folder else ""
    return None


def _candidates(path: str) -> Iterator[str]:
    bare = "/".join(part for part in path.split("/") if part)
    for name in dict.fromkeys((bare, bare.lower())):
        yield name
        yield from _MEANT.get(name, ())
        stem, dot, ending = name.rpartition(".")
        known = _ENDINGS.get(f".{ending}") if dot and "/" not in ending else None
        for other in known or _ENDINGS[""]:
            yield (stem if known else name) + other

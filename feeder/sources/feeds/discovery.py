"""What somebody typed -> an address; a web page -> those of its feeds: what it announces, what is worth trying else.

Pure: nothing is fetched; whether an address may be is the client's question.
"""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

# The first of RSS or Atom is the one that its page means (HTML §4.6.7.1); the last three may be anything.
_TYPES = {
    "application/atom+xml": 0,
    "application/rss+xml": 0,
    "application/feed+json": 1,
    "application/rdf+xml": 2,
    "application/json": 3,
    "application/xml": 4,
    "text/xml": 4,
}
# Each of these was seen to be the feed of a widespread content system; the commonest stand first.
_PATHS = (
    "feed/", "feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default",
    "index.rdf", "?feed=rss2",
)  # fmt: skip
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(link|a|base)\s([^<>]*)>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![a-z-])([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_LOOKS_LIKE_FEED = re.compile(r"(?:^|[/._?=-])(?:rss2?|atom|rdf|feeds?)(?:$|[/._?&=-])|\.xml$", re.IGNORECASE)
_COMMENTS = re.compile(r"/comments/(?:feed|atom|default)|comments?[-_ ]?(?:rss|feed)", re.IGNORECASE)
# `feed:` was to open what follows in a reader: "feed://host/rss" and "feed:https://host/rss" (IANA, provisional).
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?:)|feed:(?=//)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_MAX_LENGTH = 2_000_000
_MAX_FOUND = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """A feed that a page names, by its absolute http(s) address; `title` is "" where the page gives none."""

    feed_url: str
    title: str = ""


def typed_address(text: str) -> str:
    """Return what somebody typed, or a list holds, as a browser would take it: https where no scheme is named.

    Whether it is an address at all is for those who use it to say.
    """
    text = _FEED_SCHEME.sub("", text.strip(), count=1)
    if text.startswith("//"):
        return f"http:{text}"
    return text if _SCHEME.match(text) else f"https://{text}"


def find_feeds(page: str, url: str) -> tuple[FeedLink, ...]:
    """Return the feeds that a page at `url` announces, the likeliest first.

    Those are its `<link rel="alternate">` of a feed's type (HTML §4.6.7.1), feeds of comments last. Where there is
    none, its links within the same site that look like feeds.
    """
    base, announced, linked = url, [], []
    for tag in _TAG.finditer(page, 0, _MAX_LENGTH):
        name = (tag[1] or "").lower()
        said = {key.lower(): unescape(a or b or c).strip() for key, a, b, c in _ATTRIBUTE.findall(tag[2] or "")}
        if name == "base" and base == url:
            base = _join(url, said.get("href", "")) or url
        address = _join(base, said.get("href", "")) if name in {"link", "a"} else None
        if address is None:
            continue
        found = FeedLink(feed_url=address, title=said.get("title", ""))
        rels, kind = said.get("rel", "").lower().split(), said.get("type", "").partition(";")[0].strip().lower()
        if name == "link" and (("alternate" in rels and kind in _TYPES) or "feed" in rels):
            announced.append((_is_of_comments(found), _TYPES.get(kind, 0), found))
        elif name == "a" and _is_near(address, url) and _LOOKS_LIKE_FEED.search(_path(address)):
            linked.append((_is_of_comments(found), 0, found))
    ordered = sorted(announced or linked, key=lambda one: one[:2])
    return tuple({found.feed_url: found for *_, found in reversed(ordered)}.values())[::-1][:_MAX_FOUND]


def common_addresses(url: str) -> tuple[str, ...]:
    """Return the addresses at which feeds usually stand, to be tried in this order: below the page, then the root."""
    here = urljoin(url, urlsplit(url).path.rstrip("/") + "/")
    root = urljoin(url, "/")
    return tuple(dict.fromkeys(urljoin(place, path) for place in (here, root) for path in _PATHS))


def _join(base: str, address: str) -> str | None:
    """Return an http(s) address without its fragment; None for any other, and for none."""
    try:
        parts = urlsplit(urljoin(base, address) if address else "")
        return parts._replace(fragment="").geturl() if parts.scheme in {"http", "https"} and parts.hostname else None
    except ValueError:
        return None


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_near(address: str, url: str) -> bool:
    hosts = [(urlsplit(one).hostname or "").removeprefix("www.") for one in (address, url)]
    return hosts[0] == hosts[1] or hosts[0].endswith(f".{hosts[1]}")


def _is_of_comments(found: FeedLink) -> bool:
    return _COMMENTS.search(found.feed_url) is not None

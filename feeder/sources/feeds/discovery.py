"""Feed discovery: an address as typed -> a URL; a web page -> the addresses of its feeds. Pure."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

# Rank by type: the first RSS or Atom link is the page's own feed (HTML §4.6.7.1); the last three may be anything.
_TYPES = {
    "application/atom+xml": 0,
    "application/rss+xml": 0,
    "application/feed+json": 1,
    "application/rdf+xml": 2,
    "application/json": 3,
    "application/xml": 4,
    "text/xml": 4,
}
# Feeds of widespread content systems, the most common first.
_PATHS = (
    "feed/", "feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "feeds/posts/default",
    "index.rdf", "?feed=rss2",
)  # fmt: skip
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<(link|a|base)\s([^<>]*)>", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![a-z-])([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_FEED_LIKE = re.compile(r"(?:^|[/._?=-])(?:rss2?|atom|rdf|feeds?)(?:$|[/._?&=-])|\.xml$", re.IGNORECASE)
_COMMENTS = re.compile(r"/comments/(?:feed|atom|default)|comments?[-_ ]?(?:rss|feed)", re.IGNORECASE)
# "feed://host/rss" and "feed:https://host/rss" (IANA, provisional).
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?:)|feed:(?=//)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_MAX_LENGTH = 2_000_000  # characters of a page
_MAX_FEEDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """A feed that a page links to, by its absolute http(s) address; `title` is "" if the page gives none."""

    feed_url: str
    title: str = ""


def complete_url(text: str) -> str:
    """Return an address as a browser completes what was typed: https if it has no scheme. It may still be invalid."""
    text = _FEED_SCHEME.sub("", text.strip(), count=1)
    if text.startswith("//"):
        return f"http:{text}"
    return text if _SCHEME.match(text) else f"https://{text}"


def find_feeds(page: str, url: str) -> tuple[FeedLink, ...]:
    """Return the feeds that a page at `url` announces, the most likely first.

    These are its `<link rel="alternate">` with the type of a feed (HTML §4.6.7.1), comment feeds last. If there are
    none, its links within the same site that look like feeds.
    """
    base, announced, linked = url, [], []
    for tag in _TAG.finditer(page, 0, _MAX_LENGTH):
        name = (tag[1] or "").lower()
        attributes = {key.lower(): unescape(a or b or c).strip() for key, a, b, c in _ATTRIBUTE.findall(tag[2] or "")}
        if name == "base" and base == url:
            base = _join(url, attributes.get("href", "")) or url
        address = _join(base, attributes.get("href", "")) if name in {"link", "a"} else None
        if address is None:
            continue
        link = FeedLink(feed_url=address, title=attributes.get("title", ""))
        rels = attributes.get("rel", "").lower().split()
        media_type = attributes.get("type", "").partition(";")[0].strip().lower()
        if name == "link" and (("alternate" in rels and media_type in _TYPES) or "feed" in rels):
            announced.append((_is_comment_feed(link), _TYPES.get(media_type, 0), link))
        elif name == "a" and _is_same_site(address, url) and _FEED_LIKE.search(_path(address)):
            linked.append((_is_comment_feed(link), 0, link))
    ranked = sorted(announced or linked, key=lambda item: item[:2])
    return tuple({link.feed_url: link for *_, link in reversed(ranked)}.values())[::-1][:_MAX_FEEDS]


def common_addresses(url: str) -> tuple[str, ...]:
    """Return common addresses of feeds, to be tried in this order: below the page, then below the root."""
    here = urljoin(url, urlsplit(url).path.rstrip("/") + "/")
    root = urljoin(url, "/")
    return tuple(dict.fromkeys(urljoin(base, path) for base in (here, root) for path in _PATHS))


def _join(base: str, address: str) -> str | None:
    """Return an absolute http(s) address without its fragment; None if it is not one."""
    try:
        parts = urlsplit(urljoin(base, address) if address else "")
        return parts._replace(fragment="").geturl() if parts.scheme in {"http", "https"} and parts.hostname else None
    except ValueError:
        return None


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _is_same_site(address: str, url: str) -> bool:
    host, site = ((urlsplit(each).hostname or "").removeprefix("www.") for each in (address, url))
    return host == site or host.endswith(f".{site}")


def _is_comment_feed(link: FeedLink) -> bool:
    return _COMMENTS.search(link.feed_url) is not None

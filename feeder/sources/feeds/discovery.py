"""Feed discovery: an address as typed -> a URL; a web page -> the addresses of its feeds. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree

from feeder.markup import Element, limit_attributes
from feeder.sources.http.links import iter_links

# Rank of a type: the first RSS or Atom link is the page's own feed (HTML §4.6.7.1).
_TYPE = re.compile(r"(?:application|text)/(?:x[.-])?(?:(rss|atom)|(feed|rdf))(?:[ +-]?(?:xml|json))?")
_RSS_RANK, _OTHER_RANK, _ANY_RANK = range(3)
# These may be anything, such as WordPress's own interface.
_ANY_TYPES = frozenset({"application/json", "application/xml", "text/xml"})
_INTERFACE = "/wp-json/"
# Feeds of widespread content systems, the most common first: below any folder, then only at the root.
_PATHS = (
    "feed/", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed", "rss/", "rss", "?feed=rss2", "feed.json",
)  # fmt: skip
_ROOT_PATHS = (
    "feeds/posts/default", "index.rdf", "feed.atom", "feed.rss", "index.rss", "rss/feed.xml", "feed/atom/",
    "index.atom", "feeds/all.atom.xml", "blog/feed/", "index.php?feed=rss2", "?feed=atom", "?feed=rss",
    "feed.php", "rss.php", "spip.php?page=backend", "?format=feed&type=rss",
)  # fmt: skip
# Squarespace and Joomla add these to the address of a page.
_QUERIES = ("?format=rss", "?format=feed&type=rss")
_FEED_LIKE = re.compile(
    r"(?:^|[\s/._?&=-])(?:rss2?|atom|rdf|feeds?)(?:$|[\s/._?&=-])|(?<!sitemap)\.xml$", re.IGNORECASE
)
_RSS = re.compile(r"(?<![^\W_])rss(?![^\W_])", re.IGNORECASE)  # in a link for readers, in any language
_MAX_INSIDE, _MAX_WORDS = 5, 40  # elements and characters of such a link
_FEED_HOST = re.compile(r"(?:feeds?|rss)\d?\.|(?:.*\.)?feedburner\.com", re.IGNORECASE)
# Comments in an address or a title, in the languages of widespread content systems; `p` is WordPress's post.
_COMMENTS = re.compile(
    r"(?<![^\W_])(?:comments|comment[-_ ]?(?:rss|feed|atom)|commentaires|com+ent[aá]rios|commenti|kom+ent[a-zá-ž]{2,9}"
    r"|reacties|yorum(?:lar)?|hozzászólások|bình luận|комм?ентар[а-яії]{1,3}|σχόλια|σχολίων)(?![^\W_])"
    r"|comments?(?:rss|feed)|コメント|评论|評論|留言|迴響|댓글|تعليقات|دیدگاه|תגובות|ความเห็น|[?&]feed=[a-z0-9]{3,4}&p=\d",
    re.IGNORECASE,
)
# "feed://host/rss" and "feed:https://host/rss" (IANA, provisional), and what podcast players write like them.
_FEED_SCHEME = re.compile(r"\s*+(?:(feeds)|feed|itpc|pcast|podcast|rss):(?!\d)(//)?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_WEB_SCHEME = re.compile(r"https?:", re.IGNORECASE)
_FILE = re.compile(r"[^/]*\.[a-z]{2,5}", re.IGNORECASE)
_MAX_LENGTH = 2_000_000  # characters of a page
_MAX_FEEDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """A feed that a page links to, by its absolute http(s) address; `title` is "" if the page gives none."""

    feed_url: str
    title: str = ""


class _Found(NamedTuple):
    """A feed and its place among those of a page: feeds of comments last, then by rank."""

    is_of_comments: bool
    rank: int
    link: FeedLink


def complete_url(text: str) -> str:
    """Return an address as a browser completes what was typed: https if it has no scheme. It may still be invalid."""
    text = _without_feed_scheme(text.strip())
    if text.startswith("//"):
        return f"http:{text}"
    return text if _SCHEME.match(text) else f"https://{text}"


def find_feeds(page: str, url: str, *, link_headers: str = "") -> tuple[FeedLink, ...]:
    """Return the feeds that a page at `url` announces, the most likely first.

    These are the links of its `Link` headers (RFC 8288) and its `<link>` elements with the type of a feed (HTML
    §4.6.7.1), comment feeds last. If there are none, its links within the same site whose addresses or words look like
    feeds.
    """
    announced = [
        found
        for link in iter_links(link_headers)
        if (found := _read_link(link.relations, {**link.parameters, "href": link.target}, url)) is not None
    ]
    base, linked = None, []
    for name, attributes, words in _iter_elements(page):
        if name == "base":
            base = base or _join(url, attributes.get("href", ""))
        elif name == "link":
            relations = tuple(attributes.get("rel", "").lower().split())
            if (found := _read_link(relations, attributes, base or url)) is not None:
                announced.append(found)
        elif (found := _read_anchor(attributes, words, base or url, url)) is not None:
            linked.append(found)
    ranked = sorted(announced or linked, key=lambda found: found[:2])
    return tuple({found.link.feed_url: found.link for found in reversed(ranked)}.values())[::-1][:_MAX_FEEDS]


def common_addresses(url: str) -> tuple[str, ...]:
    """Return common addresses of feeds, to be tried in this order: below the page, its section, and the root."""
    *folders, last = urlsplit(url).path.split("/")
    path = "/".join(folders if _FILE.fullmatch(last) else [*folders, last]).rstrip("/") + "/"
    section = "/".join(path.split("/")[:2]).rstrip("/") + "/"
    page = urljoin(url, urlsplit(url).path or "/")
    root = urljoin(url, "/")
    return tuple(
        dict.fromkeys(
            (
                *(urljoin(url, folder) + name for folder in dict.fromkeys((path, section, "/")) for name in _PATHS),
                *(root + name for name in _ROOT_PATHS),
                *(page + query for query in _QUERIES),
            )
        )
    )


def _iter_elements(page: str) -> Iterator[tuple[str, Mapping[str, str], str]]:
    """Yield the name, attributes and words of each element that may link to a feed, in order."""
    html = limit_attributes(page[:_MAX_LENGTH])
    root = (
        etree.fromstring(html.encode("utf-8", "replace"), etree.HTMLParser(encoding="utf-8")) if html.strip() else None
    )
    if root is not None:
        for element in root.iter("base", "link", "a", "area"):
            yield element.tag, element.attrib, _words_of(element)


def _words_of(element: Element) -> str:
    """Return the words of a short link, and those of its pictures; "" for others."""
    if element.tag != "a" or len(inside := list(islice(element.iter(), _MAX_INSIDE + 1))) > _MAX_INSIDE:
        return ""
    texts = (
        text for each in inside for text in (each.text, each.get("alt"), each.tail if each is not element else None)
    )
    words = " ".join(filter(None, texts))
    return words if len(words) <= _MAX_WORDS else ""


def _read_link(relations: tuple[str, ...], attributes: Mapping[str, str], base: str) -> _Found | None:
    """Return what a link announces if that is a feed."""
    address, rank = _join(base, attributes.get("href", "")), None
    if address is None:
        return None
    media_type = attributes.get("type", "").partition(";")[0].strip().lower()
    if (kind := _TYPE.fullmatch(media_type)) is not None:
        rank = _RSS_RANK if kind[1] else _OTHER_RANK
    elif "feed" in relations and "html" not in media_type:
        rank = _RSS_RANK
    elif "alternate" in relations and "stylesheet" not in relations and _INTERFACE not in address:
        words = f"{_path(address)} {attributes.get('title', '')}"
        looks_like_feed = not media_type and _FEED_LIKE.search(words) is not None
        rank = _ANY_RANK if media_type in _ANY_TYPES or looks_like_feed else None
    return None if rank is None else _new_found(address, attributes, rank, is_of_comments="replies" in relations)


def _read_anchor(attributes: Mapping[str, str], words: str, base: str, url: str) -> _Found | None:
    """Return what a link for readers leads to if that looks like a feed of this site."""
    href = attributes.get("href", "")
    address = _join(base, href)
    if address is None:
        return None
    is_certain = _FEED_SCHEME.match(href) or _TYPE.fullmatch(attributes.get("type", "").strip().lower())
    is_likely = _is_same_site(address, url) and _FEED_LIKE.search(_path(address))
    if is_certain or is_likely or _FEED_HOST.match(urlsplit(address).hostname or ""):
        return _new_found(address, attributes, 0)
    is_named = _is_same_site(address, url) and _RSS.search(f"{words} {attributes.get('title', '')}")
    return _new_found(address, attributes, 1) if is_named else None


def _new_found(address: str, attributes: Mapping[str, str], rank: int, *, is_of_comments: bool = False) -> _Found:
    title = attributes.get("title", "").strip()
    is_of_comments = is_of_comments or any(map(_COMMENTS.search, (_path(address), title)))
    return _Found(is_of_comments, rank, FeedLink(feed_url=address, title=title))


def _without_feed_scheme(text: str) -> str:
    """Return an address without a scheme that only says that it is a feed."""
    scheme = _FEED_SCHEME.match(text)
    if scheme is None:
        return text
    rest = text[scheme.end() :]
    if scheme[2] is None or _WEB_SCHEME.match(rest):
        return rest
    return f"{'https' if scheme[1] else 'http'}://{rest}"


def _join(base: str, address: str) -> str | None:
    """Return an absolute http(s) address without its fragment; None if it is not one."""
    address = address.strip()
    if _FEED_SCHEME.match(address):
        address = _without_feed_scheme(address)
        address = address if address.startswith("/") else complete_url(address)
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

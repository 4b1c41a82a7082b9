"""Which feeds the site has, where they are, and what they say of themselves. Pure.

everything      atom.xml, feed.xml, feed.json, with index.html
a saved search  feeds/NAME.xml, .rss, .json, with feeds/NAME.html
a source        sources/NAME.…        a category  categories/NAME.…        a language  languages/TAG.…
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from feeder.config.saved import SavedSearch
from feeder.config.settings import SiteConfig
from feeder.model import Feed, FeedLink
from feeder.normalise.text import one_line
from feeder.publish.formats import ATOM, FORMATS, JSON_FEED, RSS, Format

_OF_EVERYTHING = {ATOM: "atom.xml", RSS: "feed.xml", JSON_FEED: "feed.json"}
ICON_PATH, STYLE_PATH = "icon.svg", "feed.css"


class Topic(NamedTuple):
    """What a feed is about.

    `stem` is the path of its files below the site without their endings, `query` the search for all its entries; they
    and `title` are "" for everything. `is_replayed`: its feed is a serial.
    """

    stem: str = ""
    title: str = ""
    query: str = ""
    is_replayed: bool = False

    def path(self, kind: Format) -> str:
        """Return the path of the feed in a format below the site, not percent-encoded."""
        return f"{self.stem}.{kind.ending}" if self.stem else _OF_EVERYTHING[kind]

    @property
    def page(self) -> str:
        """The path of its page below the site, not percent-encoded."""
        return f"{self.stem}.html" if self.stem else "index.html"

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of its page and its feeds."""
        return (self.page, *map(self.path, FORMATS))


EVERYTHING = Topic()
FEEDS_FOLDER, SOURCES_FOLDER, CATEGORIES_FOLDER, LANGUAGES_FOLDER = "feeds", "sources", "categories", "languages"
FOLDERS = (FEEDS_FOLDER, SOURCES_FOLDER, CATEGORIES_FOLDER, LANGUAGES_FOLDER)


def feed_addresses(site: SiteConfig, name: str = "") -> list[tuple[str, str]]:
    """Return titles of formats and addresses of the feed of a saved search, by its name; "" for that of everything."""
    topic = Topic(f"{FEEDS_FOLDER}/{name}") if name else EVERYTHING
    return [(kind.title, site.url + quote(topic.path(kind))) for kind in FORMATS]


def saved_topic(saved: SavedSearch) -> Topic:
    """Return the topic of a saved search."""
    return Topic(f"{FEEDS_FOLDER}/{saved.config.name}", saved.title, saved.config.query, bool(saved.config.replay))


def media_type_of(folder: str, name: str) -> str | None:
    """Return the media type of a feed by the names of its folder and file; None if it is not one."""
    for kind in FORMATS:
        if name == _OF_EVERYTHING[kind] or (folder in FOLDERS and name.endswith(f".{kind.ending}")):
            return kind.media_type
    return None


def make_feed(
    site: SiteConfig, topic: Topic, kind: Format, *, empty_since: datetime, links: Sequence[FeedLink] = ()
) -> Feed:
    """Return the metadata of the feed of a topic in a format.

    `empty_since`, aware, is when the feed was made: its `updated` while it has no entries. `links` are further links.
    The id is derived from the site's address and the topic's, and changes only with them; the formats share it.
    """
    path, page = quote(topic.path(kind)), quote(topic.page if topic.stem else "")
    others = [
        FeedLink("alternate", site.url + quote(topic.path(other)), other.media_type)
        for other in FORMATS
        if other is not kind
    ]
    return describe_feed(
        site, path, title=topic.title, page=page, empty_since=empty_since, links=(*others, *links),
        id_path=quote(topic.path(ATOM)) if topic.stem else "",
    )  # fmt: skip


def make_archive(site: SiteConfig, path: str, *, empty_since: datetime, links: Sequence[FeedLink]) -> Feed:
    """Return the metadata of an archive of the feed of everything, at a path; both have one id (RFC 5005 §4)."""
    current = FeedLink("current", site.url + EVERYTHING.path(ATOM), ATOM.media_type)
    return describe_feed(site, path, empty_since=empty_since, id_path="", links=(current, *links), is_archive=True)


def describe_feed(
    site: SiteConfig,
    path: str,
    *,
    empty_since: datetime,
    title: str = "",
    page: str = "",
    id_path: str | None = None,
    links: Sequence[FeedLink] = (),
    is_archive: bool = False,
) -> Feed:
    """Return the metadata of the feed at a path below the site.

    Args:
        site: The site that the feed belongs to.
        path: Where it is served, in ASCII: its self link.
        empty_since: Aware; what it states as `updated` while it has no entries.
        title: Its topic, put before the site's title; "" for the feed of the whole site.
        page: The path of the corresponding HTML page.
        id_path: Its id is derived from `site.url` and this, and changes only with them; None for `path`.
        links: Links to other formats, and to archives.
        is_archive: Whether it never changes (RFC 5005 §4).
    """
    name = one_line(site.title)
    return Feed(
        id=uuid.uuid5(uuid.NAMESPACE_URL, site.url + (path if id_path is None else id_path)).urn,
        title=f"{one_line(title)} – {name}" if title else name,
        subtitle=None if title else one_line(site.subtitle) or None,
        link=site.url + page,
        self_link=site.url + path,
        updated=empty_since,
        language=site.language,
        icon=site.url + ICON_PATH,
        links=tuple(links),
        hubs=site.hubs,
        is_archive=is_archive,
        stylesheet="../" * path.partition("?")[0].count("/") + STYLE_PATH,
    )

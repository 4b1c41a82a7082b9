"""The list of all feeds of the site, for people and, as OPML, for feed readers. Pure."""

from collections.abc import Sequence
from urllib.parse import quote

from feeder.config.saved import SavedSearch
from feeder.config.settings import SiteConfig
from feeder.publish.feeds import (
    CATEGORIES_FOLDER,
    EVERYTHING,
    LANGUAGES_FOLDER,
    SOURCES_FOLDER,
    Topic,
    saved_topic,
)
from feeder.publish.formats import ATOM
from feeder.words import words_for

Kinds = Sequence[tuple[str, Sequence[Topic]]]
"""Topics below the title of their kind."""


def list_topics(site: SiteConfig, saved: Sequence[SavedSearch], topics: Sequence[Topic]) -> Kinds:
    """Return all topics of the site by kind; `topics` are those of sources, categories and languages."""
    words = words_for(site.language)
    folders = {SOURCES_FOLDER: words.sources, CATEGORIES_FOLDER: words.categories, LANGUAGES_FOLDER: words.languages}
    kinds = [(words.everything, [EVERYTHING]), (words.saved, [saved_topic(search) for search in saved])]
    for folder, title in folders.items():
        kinds.append((title, [topic for topic in topics if topic.stem.startswith(f"{folder}/")]))
    return [(title, listed) for title, listed in kinds if listed]


def render_opml(site: SiteConfig, kinds: Kinds) -> bytes:
    """Return the Atom feeds of all topics as an OPML document, with a folder for each kind."""
    from feeder.sources.feeds.opml import OpmlOutline, write_opml  # noqa: PLC0415  loads the parser of feeds

    outlines = [
        OpmlOutline(
            feed_url=site.url + quote(topic.path(ATOM)),
            title=topic.title or site.title,
            link=site.url + quote(topic.page if topic.stem else ""),
            categories=(title,) if topic.stem else (),
        )
        for title, listed in kinds
        for topic in listed
    ]
    return write_opml(outlines, title=site.title)

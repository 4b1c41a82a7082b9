"""Renders the site's pages as HTML: index, article, months, saved searches, errors; `search` renders search pages.

Pure; uses the templates beside this module. Links within the site are relative, so that pages work under any prefix and
from a disk; where a standard requires absolute addresses (canonical, OpenGraph, JSON-LD), they start with `site.url`.
No page needs JavaScript or loads anything from another host, except the images, audio and video of entries.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import html as lxml_html
from markupsafe import Markup

from feeder.config.saved import SavedSearch
from feeder.config.settings import FeedConfig, SiteConfig
from feeder.markup import Element
from feeder.model import Entry, Media, rfc3339
from feeder.normalise.date_places import ESTIMATING_PLACES
from feeder.normalise.urls import file_name
from feeder.pictures.references import with_pictures_at
from feeder.publish.feeds import EVERYTHING, FEEDS_FOLDER, Topic, saved_topic
from feeder.publish.formats import FORMATS
from feeder.publish.html.assets import asset_path
from feeder.publish.html.corrections import show_corrections
from feeder.publish.html.policy import fit_policy
from feeder.store import Copy, Revision
from feeder.words import Words, words_for
from feeder.words.languages import direction_of, opengraph_locale

SEARCH_PATH = "search"  # of the server
FIND_PATH = "search.html"  # where browsers search by themselves
SUBSCRIBE_PATH = "subscribe.html"
OPML_PATH = "feeds.opml"
SEARCH_FEED_PATH = "search.xml"
RELATED_PATH = "related"
ARCHIVE_FOLDER = "archive"
ENTRIES_FOLDER = "entries"
# In the head of every page: it tells our pages from other files.
GENERATOR_MARK = '<meta name="generator" content="feeder">'
# `frame-ancestors` works only in the HTTP header, and is added there.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; media-src https: http:; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'"
)

_SEARCH_PATHS = {"server": SEARCH_PATH, "browser": FIND_PATH, "none": ""}
_DESCRIPTION_LENGTH = 160
_LARGE_DIGITS = 3
_CHANGED = re.compile(r"<(?:a|img|pre|table|video)\b")  # what a page changes in clean HTML
_IMAGE_MARKS = {"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"}


class Neighbour(NamedTuple):
    """The previous or next entry, to link to; `language` is that of its title, None if unknown."""

    key: str
    title: str
    language: str | None = None


class MonthEntry(NamedTuple):
    """One line of a month's page, or of a list of related entries.

    `published` is an aware datetime, `language` as in `Neighbour`. `source` is the name of its source, "" where it is
    not told.
    """

    key: str
    published: datetime
    title: str
    language: str | None = None
    source: str = ""


class MonthPage(NamedTuple):
    """A page of a month such as "2023-02".

    A month with many entries has several: their parts are numbered from the oldest, 0 is the newest.
    """

    name: str
    part: int = 0


class Month(NamedTuple):
    """A month, such as "2023-02", and the number of entries published in it."""

    name: str
    total: int


def entry_path(key: str) -> str:
    """Return the path of an entry's page below the site."""
    return f"{ENTRIES_FOLDER}/{key}.html"


def month_path(month: MonthPage) -> str:
    """Return the path of a page of a month below the site."""
    return f"{ARCHIVE_FOLDER}/{month.name}{f'-{month.part}' if month.part else ''}.html"


def search_address(query: str, path: str = SEARCH_PATH, **more: str | int) -> str:
    """Return the address of a search below the site; `path` is its page or feed."""
    values = {"q": query, **{name: str(value) for name, value in more.items()}}
    return f"{path}?{urlencode(values, quote_via=quote, safe='')}"


def results_address(site: SiteConfig, query: str, feeds: Sequence[FeedConfig] = ()) -> str:
    """Return the address of the page with all that a query finds.

    That is the page of one of `feeds` with this query, if it has one; the archive for "", and where nobody searches.
    """
    saved = [feed.name for feed in feeds if feed.query == query and not feed.private and not feed.replay]
    if saved:
        return f"{site.url}{FEEDS_FOLDER}/{quote(saved[0])}.html"
    path = _SEARCH_PATHS[site.search]
    return site.url + (search_address(query, path) if query and path else f"{ARCHIVE_FOLDER}/")


def render_index(site: SiteConfig, entries: Sequence[Entry], *, total: int, saved: Sequence[SavedSearch] = ()) -> str:
    """Return the front page: the newest of `total` entries, where to read on, and links to the saved searches."""
    cards = [make_card(entry, root="") for entry in entries]
    dated = [entry for entry in entries if not _is_estimated(entry)] or entries  # the others come last, of any time
    oldest = words_for(site.language, site.timezone).month_of(dated[-1].published) if dated else ""
    return render("index.html", site, path="", entries=cards, total=total, oldest=oldest, saved=saved)


def render_article(
    site: SiteConfig,
    entry: Entry,
    *,
    newer: Neighbour | None = None,
    older: Neighbour | None = None,
    copies: Sequence[Copy] = (),
    related: Sequence[MonthEntry] = (),
    revisions: Sequence[Revision] = (),
) -> str:
    """Return an entry's page; `newer` is None for the newest entry, `older` for the oldest.

    `copies` are copies of the article from other sources, `related` the lines of related entries, `revisions` what it
    said before corrections, latest first.

    Raises:
        ValueError: the entry contains an invalid address.
    """
    words = words_for(site.language)
    entry, absolute = with_pictures_at(entry, "../"), with_pictures_at(entry, site.url)
    return render(
        "article.html",
        site,
        path=entry_path(entry.key),
        entry=entry,
        content=page_content(entry.content, label=words.scrolls, picture=words.picture),
        attachments=[media for media in entry.media if escape(media.url, quote=False) not in entry.content],
        picture=_picture(absolute),
        locale=opengraph_locale(entry.language) or words.locale,
        description=_shorten(entry.summary),
        about=_json_ld(site, absolute),
        newer=newer,
        older=older,
        copies=copies,
        corrections=show_corrections(entry, revisions),
        related=related,
    )


def render_month(
    site: SiteConfig,
    month: MonthPage,
    listed: Sequence[MonthEntry],
    *,
    total: int | None = None,
    newer: MonthPage | None = None,
    older: MonthPage | None = None,
) -> str:
    """Return a page of a month with its titles.

    `total` is the number of entries of the month, None for that of `listed`; `newer` and `older` are the neighbouring
    pages.
    """
    total = len(listed) if total is None else total
    path = month_path(month)
    return render("month.html", site, path=path, month=month, listed=listed, total=total, newer=newer, older=older)


def render_archive(site: SiteConfig, months: Sequence[Month]) -> str:
    """Return the page that lists the months, newest first."""
    years: dict[str, list[Month]] = {}
    for month in months:
        years.setdefault(month.name.partition("-")[0], []).append(month)
    return render(
        "archive.html", site, path=f"{ARCHIVE_FOLDER}/", years=years, total=sum(month.total for month in months)
    )


def render_topic(site: SiteConfig, topic: Topic, entries: Sequence[Entry], *, total: int | None = None) -> str:
    """Return the page of a topic with its newest entries, of `total`; None if they are not counted."""
    cards = [make_card(entry, root="../") for entry in entries]
    return render("topic.html", site, path=topic.page, topic=topic, entries=cards, total=total)


def render_feed_note(site: SiteConfig) -> str:
    """Return the rule of the style sheet of feeds that says above them, in the language of the site, what they are."""
    return f'feed::before,\nchannel::before {{\n  content: "{words_for(site.language).feed_note}";\n}}\n'


def render_subscribe(site: SiteConfig, kinds: Sequence[tuple[str, Sequence[Topic]]]) -> str:
    """Return the page that lists all feeds, as titles of kinds and their topics."""
    return render("subscribe.html", site, path=SUBSCRIBE_PATH, kinds=kinds)


def render_error(site: SiteConfig, status: int, *, root: str | None = None) -> str:
    """Return the page for an HTTP error status.

    `root` leads from the requested page to the site; None: the path of `site.url`, for a file that a web server shows
    at any address.
    """
    words = words_for(site.language)
    title, more = {404: (words.not_found, words.not_found_more), 405: (words.refused, words.refused_more)}.get(
        status,
        (words.failed, words.failed_more),
    )
    root = urlsplit(site.url).path if root is None else root
    return render("error.html", site, path="", root=root, title=title, more=more)


def render(template: str, site: SiteConfig, *, path: str, **values: Any) -> str:  # noqa: ANN401  a template's values
    """Render a template as the page at a path below the site."""
    context: dict[str, Any] = {
        "site": site,
        "w": words_for(site.language, site.timezone),
        "root": "../" * path.count("/"),
        "canonical": site.url + quote(path),
        "csp": CONTENT_SECURITY_POLICY,
        "generator_mark": GENERATOR_MARK,
        "search_path": _SEARCH_PATHS[site.search],
        **values,
    }
    context["csp"] = fit_policy(context["csp"], site.images)
    return _ENVIRONMENT.get_template(template).render(context)


@lru_cache(maxsize=200)
def _common(template: str, site: SiteConfig, root: str, at: str = "") -> Markup:
    """Return a part that pages from which `root` leads to the site have in common; `at` is their place in it."""
    values = {"site": site, "w": words_for(site.language), "root": root, "at": at}
    return Markup(_ENVIRONMENT.get_template(template).render(values, search_path=_SEARCH_PATHS[site.search]))  # noqa: S704  it escapes


def make_card(entry: Entry, *, root: str) -> dict[str, Any]:
    """Return the values of an entry in a list; `root` leads from its page to the site."""
    return {"entry": entry, "picture": _picture(with_pictures_at(entry, root))}


def _picture(entry: Entry) -> Media | None:
    return next((media for media in entry.media if media.kind == "image"), None)


def page_content(content: str, *, label: str, picture: str) -> str:
    """Return clean HTML as a page shows it.

    Images are lazy, and neither they nor links tell where readers come from. Tables scroll in a box of their own, named
    `label`, which keyboards reach as they reach code. The picture above a film becomes its poster. A large one without
    a description or caption is called `picture`: if it is gone, browsers show a word, and no empty place of its size.
    """
    if not _CHANGED.search(content):
        return content
    body = lxml_html.fragment_fromstring(content, create_parent="div")
    for element in list(body.iter("a", "img", "pre", "table", "video")):
        match element.tag:
            case "a" if not element.get("href", "").startswith("#"):
                element.set("rel", "noopener noreferrer")
            case "img":
                element.attrib.update(_IMAGE_MARKS)
                _describe(element, picture)
            case "pre":
                element.set("tabindex", "0")
            case "table":
                _put_in_box(element, label)
            case "video":
                _set_poster(element)
    text: str = lxml_html.tostring(body, encoding="unicode", with_tail=False)
    return text.removeprefix("<div>").removesuffix("</div>")


def _describe(image: Element, name: str) -> None:
    """Describe a large picture as `name` if nothing else does; what its caption says is not said twice."""
    caption = None if image.getparent().tag != "figure" else image.getparent().find("figcaption")
    said = " ".join(caption.text_content().split()) if caption is not None else ""
    if said and image.get("alt", said) == said:
        image.set("alt", "")
    elif not image.get("alt") and _is_large(image):
        image.set("alt", name)


def _is_large(image: Element) -> bool:
    """Whether a picture stands by itself: what has less than three digits of pixels stands in a sentence."""
    sizes = (image.get("width", ""), image.get("height", ""))
    return image.getparent().tag == "figure" or any(len(size) >= _LARGE_DIGITS for size in sizes)


def _put_in_box(table: Element, label: str) -> None:
    if any(True for _ in table.iterancestors("table")):
        return
    caption = table.find("caption")
    name = label if caption is None else " ".join(caption.text_content().split())
    box = lxml_html.Element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": name})
    table.addprevious(box)
    box.tail, table.tail = table.tail, None
    box.append(table)


def _set_poster(video: Element) -> None:
    """Make the picture above a film its poster, unless it has a caption of its own."""
    paragraph = video.getparent()
    figure = paragraph.getprevious()
    if figure is not None and figure.tag == "figure" and [part.tag for part in figure] == ["img"]:
        video.set("poster", figure[0].get("src", ""))
        paragraph.getparent().remove(figure)


def _json_ld(site: SiteConfig, entry: Entry) -> dict[str, Any]:
    picture = _picture(entry)
    values = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": entry.title,
        "datePublished": rfc3339(entry.published),
        "dateModified": rfc3339(entry.updated),
        "inLanguage": entry.language,
        "author": [{"@type": "Person", "name": person.name} for person in entry.authors],
        "publisher": {"@type": "Organization", "name": entry.source.title},
        "image": picture.url if picture else None,
        "url": site.url + entry_path(entry.key),
        "isBasedOn": entry.link,
    }
    return {name: value for name, value in values.items() if value}


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _DESCRIPTION_LENGTH else line[: _DESCRIPTION_LENGTH - 1].rstrip() + "…"


def _host(address: str) -> str:
    """Return the host of an address, for people to read."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


def _document_or_host(address: str) -> str:
    """Return the name of the document at an address, else its host."""
    return file_name(address) or _host(address)


@lru_cache(maxsize=1000)
def _language_marks(language: str | None) -> Markup:
    """Return the attributes of a text in a language; its first letter tells the direction if that is unknown."""
    direction = direction_of(language)
    lang = f' lang="{escape(language)}"' if language else ""
    return Markup(lang + ("" if direction == "ltr" else f' dir="{direction}"'))  # noqa: S704  escaped here


def _is_estimated(entry: Entry) -> bool:
    return entry.published_from in ESTIMATING_PLACES


def _names(words: Words, entry: Entry) -> str:
    return words.by.join(person.name for person in entry.authors)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("feeder.publish.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    environment.filters.update(host=_host, named=_document_or_host, rfc3339=rfc3339, shortened=_shorten)
    environment.globals.update(
        names=_names,
        common=_common,
        marks=_language_marks,
        is_estimated=_is_estimated,
        asset_path=asset_path,
        entry_path=entry_path,
        month_path=month_path,
        month_page=MonthPage,
        everything=EVERYTHING,
        formats=FORMATS,
        subscribe_path=SUBSCRIBE_PATH,
        opml_path=OPML_PATH,
        search_feed_path=SEARCH_FEED_PATH,
        search_address=search_address,
        saved_topic=saved_topic,
        related_path=RELATED_PATH,
        archive_path=f"{ARCHIVE_FOLDER}/index.html",
    )
    environment.globals["parts"] = environment.get_template("parts.html").module
    return environment


_ENVIRONMENT = _environment()

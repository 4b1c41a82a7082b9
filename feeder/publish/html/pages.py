"""The site's pages as HTML: index, article, months, saved searches, errors; `searching` makes those of a search.

Pure: values in, text out, by way of the templates beside this module, which are part of the program as its code is.
Every address inside a page is relative, so that the pages work under any prefix and from a disk; where a standard
wants an absolute one (canonical, OpenGraph, JSON-LD), it counts from `site.url`. No page needs JavaScript, and none
asks another host for anything but the pictures, sound and film of the entries.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from lxml import html as lxml_html

from feeder.config.saved import SavedSearch
from feeder.config.settings import SiteConfig
from feeder.model import Entry, Media, rfc3339
from feeder.store import Copy
from feeder.words import Words, words_for

FEED_PATH = "atom.xml"
SEARCH_PATH = "search"
SEARCH_FEED_PATH = "search.xml"
RELATED_PATH = "related"
ARCHIVE_FOLDER = "archive"
ENTRIES_FOLDER = "entries"
FEEDS_FOLDER = "feeds"
SAVED_ENDINGS: tuple[Literal["html"], Literal["xml"]] = ("html", "xml")
# Written at the head of every page, so that a page can be told from somebody else's file.
GENERATOR_MARK = '<meta name="generator" content="feeder">'
# What a page may do; `frame-ancestors` has a meaning in the HTTP header alone, and is added there.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: http:; media-src https: http:; "
    "form-action 'self'; base-uri 'none'"
)

_DESCRIPTION_LENGTH = 160


class Neighbour(NamedTuple):
    """The entry before or after another, as the page of that one names it."""

    key: str
    title: str


class MonthEntry(NamedTuple):
    """One line of a month's page; `published` is an aware datetime."""

    key: str
    published: datetime
    title: str


class Month(NamedTuple):
    """A month that entries were published in, such as "2023-02", and how many."""

    name: str
    total: int


def entry_path(key: str) -> str:
    """Return where an entry's page lies below the site."""
    return f"{ENTRIES_FOLDER}/{key}.html"


def month_path(name: str) -> str:
    """Return where the page of a month such as "2023-02" lies below the site."""
    return f"{ARCHIVE_FOLDER}/{name}.html"


def saved_path(saved: SavedSearch, ending: Literal["html", "xml"]) -> str:
    """Return where the page or the feed of a saved search lies below the site."""
    return f"{FEEDS_FOLDER}/{saved.config.name}.{ending}"


def search_address(query: str, path: str = SEARCH_PATH, **more: str | int) -> str:
    """Return the address below the site of a search, or of whatever else at `path` takes one."""
    values = {"q": query, **{name: str(value) for name, value in more.items()}}
    return f"{path}?{urlencode(values, quote_via=quote, safe='')}"


def month_of(published: datetime) -> str:
    """Return the month, in UTC, that an aware datetime falls in: "2023-02"."""
    utc = published.astimezone(UTC)
    return f"{utc.year:04d}-{utc.month:02d}"


def render_index(site: SiteConfig, entries: Sequence[Entry], *, total: int, saved: Sequence[SavedSearch] = ()) -> str:
    """Return the front page: the newest entries, of `total` in the store, and what leads to the saved searches."""
    cards = [card_of(entry) for entry in entries]
    return render("index.html", site, path="", entries=cards, total=total, saved=saved)


def render_article(
    site: SiteConfig,
    entry: Entry,
    *,
    newer: Neighbour | None = None,
    older: Neighbour | None = None,
    copies: Sequence[Copy] = (),
) -> str:
    """Return an entry's own page; None stands for the newest's newer and the oldest's older neighbour.

    `copies` are the same article as other sources have brought it.

    Raises:
        ValueError: an address in the entry is none.
    """
    return render(
        "article.html",
        site,
        path=entry_path(entry.key),
        entry=entry,
        content=_for_the_page(entry.content),
        beside=[media for media in entry.media if escape(media.url, quote=False) not in entry.content],
        picture=_picture(entry),
        description=_shortened(entry.summary),
        about=_json_ld(site, entry),
        newer=newer,
        older=older,
        copies=copies,
    )


def render_month(
    site: SiteConfig,
    name: str,
    listed: Sequence[MonthEntry],
    *,
    newer: str | None = None,
    older: str | None = None,
) -> str:
    """Return the page of a month with every title in it; `newer` and `older` name the months beside it."""
    return render("month.html", site, path=month_path(name), name=name, listed=listed, newer=newer, older=older)


def render_archive(site: SiteConfig, months: Sequence[Month]) -> str:
    """Return the page that leads to the months, newest first."""
    years: dict[str, list[Month]] = {}
    for month in months:
        years.setdefault(month.name.partition("-")[0], []).append(month)
    return render(
        "archive.html", site, path=f"{ARCHIVE_FOLDER}/", years=years, total=sum(month.total for month in months)
    )


def render_saved(site: SiteConfig, saved: SavedSearch, entries: Sequence[Entry]) -> str:
    """Return the page of a saved search: the newest entries that it finds."""
    return render(
        "saved.html",
        site,
        path=saved_path(saved, "html"),
        saved=saved,
        entries=[card_of(entry) for entry in entries],
        feed=saved_path(saved, "xml"),
    )


def render_error(site: SiteConfig, status: int, *, root: str | None = None) -> str:
    """Return the page for an HTTP status that is an error.

    `root` leads from the page that was asked for to the site; None takes the path of `site.url`, for a file that
    a web server shows at any address.
    """
    words = words_for(site.language)
    title, more = {404: (words.not_found, words.not_found_more), 405: (words.refused, words.refused_more)}.get(
        status,
        (words.failed, words.failed_more),
    )
    root = urlsplit(site.url).path if root is None else root
    return render("error.html", site, path="", root=root, title=title, more=more)


def render(template: str, site: SiteConfig, *, path: str, **values: Any) -> str:  # noqa: ANN401  a template's values
    """Return a template of this folder as the page at a path below the site."""
    context: dict[str, Any] = {
        "site": site,
        "w": words_for(site.language),
        "root": "../" * path.count("/"),
        "canonical": site.url + quote(path),
        "csp": CONTENT_SECURITY_POLICY,
        "generator_mark": GENERATOR_MARK,
        **values,
    }
    return _ENVIRONMENT.get_template(template).render(context)


def card_of(entry: Entry) -> dict[str, Any]:
    """Return what the list of a page shows of an entry."""
    return {"entry": entry, "picture": _picture(entry)}


def _picture(entry: Entry) -> Media | None:
    return next((media for media in entry.media if media.kind == "image"), None)


def _for_the_page(content: str) -> str:
    """Return clean HTML with what a page asks of it: pictures that wait, links and pictures that tell nobody."""
    if not content:
        return ""
    body = lxml_html.fragment_fromstring(content, create_parent="div")
    for image in body.iter("img"):
        image.attrib.update({"loading": "lazy", "decoding": "async", "referrerpolicy": "no-referrer"})
    for link in body.iter("a"):
        link.set("rel", "noopener noreferrer")
    parts = [lxml_html.tostring(child, encoding="unicode") for child in body]
    return escape(body.text or "", quote=False) + "".join(parts)


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


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _DESCRIPTION_LENGTH else line[: _DESCRIPTION_LENGTH - 1].rstrip() + "…"


def _host(address: str) -> str:
    """Return the host of an address, to be read by people."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


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
    environment.filters.update(host=_host, rfc3339=rfc3339, shortened=_shortened)
    environment.globals.update(
        names=_names,
        entry_path=entry_path,
        month_path=month_path,
        month_of=month_of,
        feed_path=FEED_PATH,
        search_path=SEARCH_PATH,
        search_feed_path=SEARCH_FEED_PATH,
        search_address=search_address,
        saved_path=saved_path,
        related_path=RELATED_PATH,
        archive_path=f"{ARCHIVE_FOLDER}/index.html",
    )
    return environment


_ENVIRONMENT = _environment()

"""Parses a web page that lists articles into a `ParsedFeed`, with an entry for each element that is selected.

    entries ──> each ── link: the entry's address and id ─┐
                     ├─ title, date ──────────────────────┼──> Draft
                     └─ everything else: its content ─────┘

Pure. A configured selector that matches nothing is an error: the site was probably redesigned, and an empty result
would look like no new articles.
"""

from dataclasses import dataclass

from bs4 import Tag
from soupsieve import match as matches

from feeder.errors import FeedError
from feeder.markup import tag_attribute
from feeder.model import Draft, Source, Stamp
from feeder.sources.feeds.parsed import ParsedFeed
from feeder.sources.feeds.parsing.elements import join, resolve_links
from feeder.sources.feeds.parsing.feed_dates import to_iso, with_exact_dates
from feeder.sources.feeds.parsing.identity import assign_ids
from feeder.sources.pages.select import decode_page, inner_html, page_base, parse_page, tag_text

_HEADINGS = "h1, h2, h3, h4, h5, h6"
_LINKS = "a[href]"
_DATES = "time[datetime]"
_MAX_ENTRIES = 1000
_REMEDY = "fix the selector if the site was redesigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The selectors of a page; all but `entries` are relative to an entry.

    The default "" means: for `link` the first one in a heading, else the first; for `title` the first heading, else
    the text of the link; for `date` the first `<time datetime>`.
    """

    entries: str
    title: str = ""
    link: str = ""
    date: str = ""


def read_listing(data: bytes, *, url: str, content_type: str | None, listing: Listing) -> ParsedFeed:
    """Return the entries of a page in order.

    `url` is the page's address; `content_type` is the HTTP header's value, None for none.

    Raises:
        FeedError: it is not a page, or a selector matches nothing.
    """
    soup = parse_page(decode_page(data, content_type))
    base = page_base(soup, url)
    title = tag_text(soup.title) if soup.title else ""
    source = Source(title=title or url, id=url, link=url)
    language = tag_attribute(soup.html, "lang") if soup.html else ""
    found: dict[str, Draft] = {}
    selected = soup.select(listing.entries, limit=_MAX_ENTRIES)
    for entry in selected:
        link = _find_link(entry, listing.link, base, url)
        if link is not None and link not in found:
            found[link] = _entry_draft(entry, listing, link, base, origin=url, source=source, language=language or None)
    if not found:
        raise FeedError(_no_match_error(listing, len(selected)))
    if listing.title and not any(draft.title for draft in found.values()):
        raise FeedError(f"title = {listing.title!r} matches nothing in {len(found)} entries; {_REMEDY}")
    if listing.date and not any(draft.stamps for draft in found.values()):
        raise FeedError(f"date = {listing.date!r} matches nothing in {len(found)} entries; {_REMEDY}")
    drafts = assign_ids(with_exact_dates(tuple(found.values()), language or None), url)
    return ParsedFeed(id=url, title=title, link=url, language=language or None, drafts=drafts)


def _no_match_error(listing: Listing, selected: int) -> str:
    if not selected:
        return f"entries = {listing.entries!r} matches nothing on this page; {_REMEDY}"
    place = f"link = {listing.link!r}" if listing.link else f"entries = {listing.entries!r}"
    return f"{place} matches no link to an article ({selected} entries on this page); {_REMEDY}"


def _entry_draft(
    entry: Tag, listing: Listing, link: str, base: str, *, origin: str, source: Source, language: str | None
) -> Draft:
    headline = _select_first(entry, listing.title or _HEADINGS)
    title = tag_text(headline) if headline else ""
    if not (title or listing.title):
        title = _link_text(entry, listing.link)
    date_element = _select_first(entry, listing.date or _DATES)
    stamps = _read_dates(date_element, listing.date or _DATES) if date_element else ()
    for element in (headline, date_element if listing.date else None):  # title and date are not part of the content
        if element is not None and element is not entry and not element.decomposed:
            element.decompose()
    return Draft(
        origin=origin,
        id=link,
        link=link,
        title=title or None,
        content=resolve_links(inner_html(entry), base),
        content_type="html",
        stamps=stamps,
        language=language,
        source=source,
        dated_by_text=False,
    )


def _find_link(entry: Tag, selector: str, base: str, page: str) -> str | None:
    """Return the address of an entry; None if it links to no other page."""
    return next((address for tag in _candidate_links(entry, selector) if (address := _resolve(tag, base, page))), None)


def _candidate_links(entry: Tag, selector: str) -> list[Tag]:
    """Return the candidates for an entry's link, likeliest first."""
    if selector:
        chosen = [entry] if matches(selector, entry) else entry.select(selector)
        return [link for tag in chosen for link in _links_in(tag)]
    in_headings = [link for heading in entry.select(_HEADINGS) for link in heading.select(_LINKS)]
    parent_link = entry.find_parent("a", href=True)
    return [*in_headings, *_links_in(entry), *([parent_link] if isinstance(parent_link, Tag) else [])]


def _links_in(tag: Tag) -> list[Tag]:
    return [tag] if matches(_LINKS, tag) else tag.select(_LINKS)


def _resolve(tag: Tag, base: str, page: str) -> str | None:
    address = join(base, tag_attribute(tag, "href")).replace(" ", "%20")
    is_other_page = address.partition("#")[0] not in {page.partition("#")[0], base.partition("#")[0]}
    return address if is_other_page and address.lower().startswith(("http://", "https://")) else None


def _link_text(entry: Tag, selector: str) -> str:
    """Return the first text of an entry's links: their words, `title`, or the `alt` of a picture."""
    links = _candidate_links(entry, selector)
    pictures = [picture for link in links for picture in link.select("img[alt]")]
    texts = (
        *map(tag_text, links),
        *(tag_attribute(link, "title") for link in links),
        *(tag_attribute(p, "alt") for p in pictures),
    )
    return next(filter(None, texts), "")


def _select_first(entry: Tag, selector: str) -> Tag | None:
    """Return the first match of a selector: the entry itself or a descendant."""
    return entry if matches(selector, entry) else entry.select_one(selector)


def _read_dates(date_element: Tag, where: str) -> tuple[Stamp, ...]:
    """Return the dates in an element, most exact first: machine-readable, visible, `title`."""
    inner = date_element.select_one(_DATES)
    texts = (
        tag_attribute(date_element, "datetime"),
        tag_attribute(inner, "datetime") if inner else "",
        tag_attribute(date_element, "content"),
        tag_text(date_element),
        tag_attribute(date_element, "title"),
    )
    return tuple(Stamp(text=to_iso(text) or text, read_from="feed", where=f"page: {where}") for text in texts if text)

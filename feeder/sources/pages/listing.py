"""A web page that lists articles -> a `ParsedFeed`, as if the site had one: an entry for each thing that is selected.

    entries ──> each of them ── link: its address, by which it is known ──┐
                             ├─ title ── date ────────────────────────────┼──> Draft
                             └─ what else it says is its content ─────────┘

Pure. Where a selector of the configuration finds nothing at all the page is refused in words: most of the time the
site has been redesigned, and silence would look like no news.
"""

from dataclasses import dataclass

from bs4 import Tag
from soupsieve import match as matches

from feeder.errors import FeedError
from feeder.markup import tag_attribute
from feeder.model import Draft, Source, Stamp
from feeder.sources.feeds.parsing.elements import join, with_base
from feeder.sources.feeds.parsing.feed_dates import feed_date_to_iso
from feeder.sources.feeds.parsing.identity import with_ids
from feeder.sources.feeds.parsing.parsed import ParsedFeed
from feeder.sources.pages.select import base_of_page, inner_html, page_text, parse_page, words

_HEADINGS = "h1, h2, h3, h4, h5, h6"
_LINKS = "a[href]"
_DATES = "time[datetime]"
_MAX_ENTRIES = 1000
_REMEDY = "where the site was redesigned, mend the selector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The selectors of a page; each but `entries` counts from an entry.

    "" stands for the usual place: for `link` the first in a heading, else the first there is; for `title` the first
    heading, else the words of the link; for `date` the first `<time datetime>`.
    """

    entries: str
    title: str = ""
    link: str = ""
    date: str = ""


def read_listing(data: bytes, *, url: str, content_type: str | None, listing: Listing) -> ParsedFeed:
    """Return what a page lists, in its order.

    `url` is the address it came from, which relative addresses count from; `content_type` is the HTTP header's value,
    None where there was none.

    Raises:
        FeedError: it is no page, or a selector finds nothing on it.
    """
    soup = parse_page(page_text(data, content_type))
    base = base_of_page(soup, url)
    title = words(soup.title) if soup.title else ""
    source = Source(title=title or url, id=url, link=url)
    language = tag_attribute(soup.html, "lang") if soup.html else ""
    found: dict[str, Draft] = {}
    selected = soup.select(listing.entries, limit=_MAX_ENTRIES)
    for entry in selected:
        link = _link(entry, listing.link, base, url)
        if link is not None and link not in found:
            found[link] = _draft(entry, listing, link, base, origin=url, source=source, language=language or None)
    if not found:
        raise FeedError(_nothing(listing, len(selected)))
    if listing.title and not any(draft.title for draft in found.values()):
        raise FeedError(f"title = {listing.title!r} finds nothing in its {len(found)} entries; {_REMEDY}")
    if listing.date and not any(draft.stamps for draft in found.values()):
        raise FeedError(f"date = {listing.date!r} finds nothing in its {len(found)} entries; {_REMEDY}")
    return ParsedFeed(
        id=url, title=title, link=url, language=language or None, drafts=with_ids(tuple(found.values()), url)
    )


def _nothing(listing: Listing, selected: int) -> str:
    if not selected:
        return f"entries = {listing.entries!r} finds nothing on this page; {_REMEDY}"
    place = f"link = {listing.link!r}" if listing.link else f"entries = {listing.entries!r}"
    return f"{place} finds no address of an article ({selected} entries on this page); {_REMEDY}"


def _draft(
    entry: Tag, listing: Listing, link: str, base: str, *, origin: str, source: Source, language: str | None
) -> Draft:
    headline = _within(entry, listing.title or _HEADINGS)
    title = words(headline) if headline else ""
    if not (title or listing.title):
        title = _link_words(entry, listing.link)
    dated = _within(entry, listing.date or _DATES)
    stamps = _stamps(dated, listing.date or _DATES) if dated else ()
    for said in (headline, dated if listing.date else None):  # what is said of the entry is no part of its text
        if said is not None and said is not entry and not said.decomposed:
            said.decompose()
    return Draft(
        origin=origin,
        id=link,
        link=link,
        title=title or None,
        content=with_base(inner_html(entry), base),
        content_type="html",
        stamps=stamps,
        language=language,
        source=source,
    )


def _link(entry: Tag, selector: str, base: str, page: str) -> str | None:
    """Return the address of an entry; None where there is none that leads to another page."""
    return next((address for tag in _links(entry, selector) if (address := _address(tag, base, page))), None)


def _links(entry: Tag, selector: str) -> list[Tag]:
    """Return the links that may be an entry's own, the likeliest first."""
    if selector:
        chosen = [entry] if matches(selector, entry) else entry.select(selector)
        return [link for tag in chosen for link in _own_links(tag)]
    in_headings = [link for heading in entry.select(_HEADINGS) for link in heading.select(_LINKS)]
    around = entry.find_parent("a", href=True)
    return [*in_headings, *_own_links(entry), *([around] if isinstance(around, Tag) else [])]


def _own_links(tag: Tag) -> list[Tag]:
    return [tag] if matches(_LINKS, tag) else tag.select(_LINKS)


def _address(tag: Tag, base: str, page: str) -> str | None:
    address = join(base, tag_attribute(tag, "href")).replace(" ", "%20")
    leads_on = address.partition("#")[0] not in {page.partition("#")[0], base.partition("#")[0]}
    return address if leads_on and address.lower().startswith(("http://", "https://")) else None


def _link_words(entry: Tag, selector: str) -> str:
    """Return what the links of an entry say first: words, a title, or the words in place of a picture."""
    links = _links(entry, selector)
    pictures = [picture for link in links for picture in link.select("img[alt]")]
    said = (
        *map(words, links),
        *(tag_attribute(link, "title") for link in links),
        *(tag_attribute(p, "alt") for p in pictures),
    )
    return next(filter(None, said), "")


def _within(entry: Tag, selector: str) -> Tag | None:
    """Return what a selector finds first: the entry itself, or something in it."""
    return entry if matches(selector, entry) else entry.select_one(selector)


def _stamps(dated: Tag, where: str) -> tuple[Stamp, ...]:
    """Return what an element says of a date, the most exact first: for machines, for people, on asking."""
    inner = dated.select_one(_DATES)
    said = (
        tag_attribute(dated, "datetime"),
        tag_attribute(inner, "datetime") if inner else "",
        tag_attribute(dated, "content"),
        words(dated),
        tag_attribute(dated, "title"),
    )
    return tuple(Stamp(text=feed_date_to_iso(text), read_from="feed", where=f"page: {where}") for text in said if text)

"""Makes an `Entry` of a `Draft`, ready for feeds, pages and messages.

    read    content -> blocks               body/markdown.py, body/html.py, body/blocks.py, body/images.py
    trim    blocks -> article + metadata    boilerplate/trim.py, boilerplate/credits.py
    choose  stamps -> dates                 dates.py
    write   blocks -> safe HTML             body/writing.py

Pure: `now` and settings are arguments, and the same draft gives the same entry.
"""

import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from feeder.model import Credit, Draft, Entry, Link, Media, Person, Source, Stamp, is_iri
from feeder.normalise.body.blocks import Block
from feeder.normalise.body.html import read_html, read_text
from feeder.normalise.body.images import LocalPictures, find_media
from feeder.normalise.body.markdown import is_markup_only, render_markdown
from feeder.normalise.body.saved_page import extract_saved_article
from feeder.normalise.body.writing import write_html
from feeder.normalise.boilerplate.reporters import find_dateline_reporters
from feeder.normalise.boilerplate.trim import TrimmedArticle, trim
from feeder.normalise.date_order import Orders
from feeder.normalise.dates import choose_dates, stamps_from_link, stamps_from_text
from feeder.normalise.language import find_language
from feeder.normalise.names import split_names
from feeder.normalise.text import clean_label, lead, one_line, without_glossary
from feeder.normalise.urls import clean_link, fold_link, to_uri
from feeder.pictures.sizes import picture_size

_Value = TypeVar("_Value")

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
# No space is needed after full-width punctuation.
_FULL_WIDTH_END = re.compile(r"[。！？；：，、」』）》】][”’]*\Z")
# Places whose dates are reliable, so that the text is not searched for more.
_RELIABLE_PLACES = frozenset({"feed", "epoch", "front matter", "byline", "page", "body"})
# Fields that a draft may have, as named in `Draft.read_from`.
_DRAFT_FIELDS = ("title", "link", "categories", "language", "summary", "rights", "source")
_MAX_ITEMS = 100  # authors, categories, links, attached media and dates of one entry
_OPENING = 3  # paragraphs, of which the first may be a caption
_MAX_NAME = 300  # characters of an author or category
_CONTENT_TYPES = {"html": "HTML", "markdown": "Markdown", "text": "plain text"}


def normalise(
    draft: Draft,
    *,
    now: datetime,
    source: str = "",
    timezone: str = "UTC",
    categories: tuple[str, ...] = (),
    boilerplate: Collection[str] = (),
    keep: bool = False,
    orders: Orders = MappingProxyType({}),
    line_breaks: bool = False,
    pictures: LocalPictures | None = None,
) -> Entry:
    """Return the entry of a draft.

    * `now`, aware, becomes `first_seen_at` and bounds all dates.
    * `source` is the name of the configured source; an article without a link is identified by it.
    * `timezone` is for dates without one.
    * `categories` are added to the entry's own.
    * `boilerplate` has the fingerprints of lines that recur at the edges of this publisher's articles (`learned.py`).
    * `line_breaks`: the program that the source's Markdown is written for shows line ends within a paragraph.
    * `orders` of day and month are those that other articles of the source show.
    * `keep` leaves boilerplate in the content; its metadata is read all the same.
    * `pictures` are those beside the article; it notes which are lost.
    """
    link = clean_link(draft.link, draft.base) if draft.link else None
    base = draft.base or link
    title = clean_label(draft.title or "", escaped=draft.escaped)
    blocks, comments = _read_blocks(draft, base, pictures, line_breaks=line_breaks)
    authors = [person.name for person in draft.authors]
    article = trim(blocks, title=title, link=link, authors=authors, learned=boilerplate)
    if link is None and (link := _own_link(draft, article)) is not None:
        base = base or link
    if keep:
        article = replace(article, blocks=tuple(blocks), cut=())
    text = "\n".join(filter(None, (block.text for block in article.blocks)))
    language = find_language(f"{text}\n{title}", draft.language)
    dates = choose_dates(
        _all_stamps(draft, article, link, text, pictures),
        now=now,
        zone=timezone,
        language=draft.language or language,
        orders=orders,
    )
    people, credits_, authors_from = _authors_and_credits(draft, article)
    entry = Entry(
        id=_entry_id(draft, link, source),
        link=link,
        title=title or lead(text, 80) or (None if draft.escaped else link) or one_line(draft.origin),
        published=dates.published,
        updated=dates.updated,
        published_from=dates.published_from,
        authors=people,
        credits=credits_,
        categories=_categories(draft, article, categories),
        language=language,
        summary=_summary(draft, article.blocks),
        content=write_html(article.blocks),
        media=_all_media(draft, article.blocks, base, pictures),
        links=_other_links(draft, article, link),
        source=_entry_source(draft, link, source),
        rights=one_line(draft.rights) if draft.rights else None,
        first_seen_at=now,
        cut=tuple(one_line(line) for text in (*draft.cut, *article.cut, *comments) for line in text.split("\n")),
    )
    read_from = _read_from(draft, article, entry, categories) | dict(dates.read_from)
    return replace(entry, read_from=read_from | {"authors": authors_from} if people else read_from)


def _read_blocks(
    draft: Draft, base: str | None, pictures: LocalPictures | None, *, line_breaks: bool
) -> tuple[list[Block], list[str]]:
    """Return the blocks of the content, and the text of readers' comments that were below it."""
    content = without_glossary(draft.content)
    if draft.content_type == "html":
        article = extract_saved_article(content)
        return read_html(article.html, base, pictures=pictures), article.cut
    if draft.content_type == "markdown" and not is_markup_only(content):
        html = render_markdown(content, line_breaks=line_breaks)
        return read_html(html, base, pictures=pictures, glued_captions=True), []
    return read_text(content), []


def _all_stamps(
    draft: Draft, article: TrimmedArticle, link: str | None, text: str, local: LocalPictures | None
) -> list[Stamp]:
    """Return all dates; the text is searched only if no reliable date is known, and never in an entry of a feed."""
    stamps = [*draft.stamps[:_MAX_ITEMS], *(article.stamps[:_MAX_ITEMS] if draft.dated_by_text else ())]
    if draft.dated_by_text and not any(
        stamp.read_from in _RELIABLE_PLACES and stamp.means == "published" for stamp in stamps
    ):
        places = {} if local is None else local.origins
        pictures = [places.get(media.url, media.url) for block in article.blocks for media in block.media]
        stamps += stamps_from_text(text, pictures)
    return [*stamps, *(stamps_from_link(link) if link else ())]


def _own_link(draft: Draft, article: TrimmedArticle) -> str | None:
    """Return the address that an article gives as its own; that of a translation's original is not."""
    if any(credit.role == "translator" for credit in (*draft.credits, *article.credits)):
        return None
    return next(filter(None, map(clean_link, article.addresses)), None)


def _authors_and_credits(draft: Draft, article: TrimmedArticle) -> tuple[tuple[Person, ...], tuple[Credit, ...], str]:
    """Return the authors, the other credits, and where the authors were read from."""
    draft_credits = (Credit(role=credit.role, name=_clean_name(credit.name)) for credit in draft.credits[:_MAX_ITEMS])
    credits_ = (part for credit in (*draft_credits, *article.credits) for part in _one_author_each(credit))
    all_credits = _unique(credit for credit in credits_ if credit.name)[:_MAX_ITEMS]
    authors, place = next(
        ((people, place) for people, place in _author_candidates(draft, article, all_credits) if people), ((), "")
    )
    names = {person.name for person in authors}
    return authors, tuple(c for c in all_credits if c.role != "author" or c.name not in names), place


def _author_candidates(
    draft: Draft, article: TrimmedArticle, credits_: Iterable[Credit]
) -> Iterator[tuple[tuple[Person, ...], str]]:
    """Yield candidates for the authors with their place, best first. Only the first that has any counts."""
    given = (person for author in draft.authors[:_MAX_ITEMS] for person in _split_person(_clean_person(author)))
    yield _unique_people(given), draft.read_from.get("authors", "the source")
    yield _people_named(name for text in article.authors for name in split_names(clean_label(text))), "byline"
    yield _people_named(credit.name for credit in credits_ if credit.role == "author"), "credits"
    for block in islice((block for block in article.blocks if block.kind == "paragraph"), _OPENING):
        yield _people_named(find_dateline_reporters(block.text)), "dateline"


def _one_author_each(credit: Credit) -> tuple[Credit, ...]:
    """Return a credit of several authors as one of each; of another role, the credit itself."""
    if credit.role != "author":
        return (credit,)
    return tuple(Credit(role="author", name=name) for name in split_names(credit.name))


def _split_person(person: Person) -> tuple[Person, ...]:
    """Return the people in a name; one with an address is one person."""
    if person.uri or person.email:
        return (person,)
    return tuple(Person(name=name) for name in split_names(person.name))


def _clean_person(given: Person) -> Person:
    """Return a cleaned person, without invalid addresses (RFC 4287 §3.2)."""
    email = given.email if given.email and _EMAIL.fullmatch(given.email) else None
    return Person(name=_clean_name(given.name), uri=clean_link(given.uri) if given.uri else None, email=email)


def _clean_name(text: str) -> str:
    return clean_label(text)[:_MAX_NAME].rstrip()


def _categories(draft: Draft, article: TrimmedArticle, configured: Iterable[str]) -> tuple[str, ...]:
    """Return the entry's own categories and the configured ones."""
    own = _unique(map(_clean_name, (*draft.categories[:_MAX_ITEMS], *article.categories)))
    return _unique((*own[:_MAX_ITEMS], *map(clean_label, configured)))


def _people_named(names: Iterable[str | None]) -> tuple[Person, ...]:
    return _unique_people(Person(name=name or "") for name in names)


def _unique_people(people: Iterable[Person]) -> tuple[Person, ...]:
    """Return the people who have a name, each name once."""
    found: dict[str, Person] = {}
    for person in people:
        found.setdefault(person.name, person)
    return tuple(person for name, person in found.items() if name)


def _read_from(draft: Draft, article: TrimmedArticle, entry: Entry, configured: Collection[str]) -> dict[str, str]:
    """Return the place of each field: the draft's own where it had the field, else ours."""
    from_draft = {name: draft.read_from.get(name, "the source") for name in _DRAFT_FIELDS if getattr(draft, name)}
    tags = (
        from_draft.get("categories"),
        "tag line" if article.categories else None,
        "configuration" if configured else None,
    )
    if entry.language != draft.language:
        from_draft["language"] = "script and words"
    content = draft.read_from.get("content", f"body, as {_CONTENT_TYPES[draft.content_type]}")
    places = {
        "title": "first words" if entry.content else "link" if entry.title == entry.link else "path",
        "summary": "first paragraphs",
        "content": content,
        "source": "host of the link" if entry.link else "configuration",
        **from_draft,
        "categories": ", ".join(filter(None, tags)),
    }
    return {name: place for name, place in places.items() if getattr(entry, name)}


def _entry_id(draft: Draft, link: str | None, source: str) -> str:
    """Return the atom:id: the source's own if it is an IRI, else the link, else one derived from source and origin.

    A link that others share is not one.
    """
    if draft.id and is_iri(draft.id):
        return to_uri(draft.id)
    return to_uri(link) if link is not None and draft.known_by_link else _make_urn(f"{source}/{draft.origin}")


def _make_urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name.encode("utf-8", "replace").decode()).urn


def _entry_source(draft: Draft, link: str | None, source: str) -> Source:
    name = source or None
    if (given := draft.source) is not None:
        link = clean_link(given.link or "")
        own = given.id if is_iri(given.id) else link or _make_urn(f"{source}/{given.id}")
        return replace(
            given, title=clean_label(given.title, escaped=draft.escaped), id=to_uri(own), link=link, name=name
        )
    if link is None:
        return Source(title=source or "feeder", id=_make_urn(f"{source}/"), name=name)
    parts = urlsplit(link)
    home = f"{parts.scheme}://{parts.netloc}/"
    return Source(title=parts.netloc, id=to_uri(home), link=home, name=name)


def _summary(draft: Draft, blocks: Sequence[Block]) -> str:
    """Return the source's own summary, else the first paragraphs, without captions and headings, else tables."""
    if draft.summary and (own := clean_label(draft.summary, escaped=draft.escaped)):
        return lead(own, 300)
    text = ""
    for block in blocks:
        if block.kind in {"paragraph", "quote", "list"}:
            text += block.text if _FULL_WIDTH_END.search(text) else f" {block.text}"
            if len(text) > 240:  # noqa: PLR2004  enough for `lead` to find the end of a sentence
                break
    return lead(text or " ".join(block.text for block in blocks if block.kind == "table"))


def _all_media(
    draft: Draft, blocks: Iterable[Block], base: str | None, pictures: LocalPictures | None
) -> tuple[Media, ...]:
    """Return each image, audio and video once, those in the text first; other sizes of a picture there are left out."""
    found: dict[str, Media] = {}
    for media in (media for block in blocks for media in block.media):
        found.setdefault(media.url, media)
    shown = {picture_size(media.url)[0] for media in found.values() if media.kind == "image"} if draft.media else set()
    for media in draft.media[:_MAX_ITEMS]:
        one = find_media(media, base, pictures)
        if one is not None and not (one.kind == "image" and picture_size(one.url)[0] in shown):
            found.setdefault(one.url, replace(one, title=clean_label(one.title) if one.title else None))
    return tuple(found.values())


def _other_links(draft: Draft, article: TrimmedArticle, own: str | None) -> tuple[Link, ...]:
    """Return the links other than the alternate one, each address once and never the entry's own."""
    found = {fold_link(own): None} if own else {}
    links: list[Link] = []
    originals = (Link(rel="via", href=address) for address in article.addresses)
    for link in (*draft.links[:_MAX_ITEMS], *originals, *article.links):
        if len(links) == _MAX_ITEMS:
            break
        if (href := clean_link(link.href, own)) is not None and (fold := fold_link(href)) not in found:
            found[fold] = None
            links.append(replace(link, href=href, title=clean_label(link.title) if link.title else None))
    return tuple(links)


def _unique(values: Iterable[_Value | None]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(filter(None, values)))

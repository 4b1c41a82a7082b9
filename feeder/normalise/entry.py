"""Draft -> Entry: everything an article needs so that feed, page and message can take it as it is.

    read    content -> blocks            markdown.py, html.py, blocks.py, images.py
    trim    blocks -> article + facts    boilerplate/trim.py, boilerplate/credits.py
    choose  stamps -> dates              dates.py
    write   blocks -> safe HTML          html.py

Pure: `now` and settings are arguments, the same draft gives the same entry.
"""

import re
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from feeder.model import Credit, Draft, Entry, Link, Media, Person, Source, Stamp, is_iri
from feeder.normalise.body.blocks import Block
from feeder.normalise.body.html import read_html, read_text, write_html
from feeder.normalise.body.markdown import is_markup_only, render_markdown
from feeder.normalise.body.saved_page import reduce_page
from feeder.normalise.boilerplate.credits import dateline_author
from feeder.normalise.boilerplate.trim import TrimmedArticle, trim
from feeder.normalise.dates import choose_dates, stamps_from_link, stamps_from_text
from feeder.normalise.language import find_language
from feeder.normalise.text import lead, one_line, plain, without_glossary
from feeder.normalise.urls import clean_link, fold_link, to_uri

_Value = TypeVar("_Value")

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
# A full-width mark brings its own space with it.
_FULL_WIDTH_END = re.compile(r"[。！？；：，、」』）》】][”’]*\Z")
# Dates of these places are as good as any: the text need not be searched for another.
_DATED = frozenset({"feed", "epoch", "front matter", "byline", "page", "body"})
# Fields that a draft may bring with it, in the words of `Draft.read_from`.
_SAID = ("title", "link", "categories", "language", "summary", "rights", "source")
_MOST = 100  # authors, categories, links, attached media and dates of one entry that are kept
_LONGEST = 300  # characters of the name of an author or a category
_KINDS = {"html": "HTML", "markdown": "Markdown", "text": "plain text"}


def normalise(
    draft: Draft,
    *,
    now: datetime,
    source: str = "",
    timezone: str = "UTC",
    categories: tuple[str, ...] = (),
    boilerplate: Collection[str] = (),
    keep: bool = False,
) -> Entry:
    """Return the entry that a draft becomes.

    `now` is when it was met: `first_seen_at`, and what no date may be later than. `source` is the name of the
    configured source, which an article without a link is known by. `timezone` is the zone of dates that name
    none. `categories` are given to the entry beside its own. `boilerplate` are the fingerprints of lines that recur
    at the edges of this publisher's articles (`learned.py`). `keep` leaves what is not the article where it stands;
    what it tells is read all the same.
    """
    link = clean_link(draft.link) if draft.link else None
    title = plain(draft.title or "")
    blocks = _read(draft, link)
    authors = [person.name for person in draft.authors]
    article = trim(blocks, title=title, link=link, authors=authors, learned=boilerplate)
    if keep:
        article = replace(article, blocks=tuple(blocks), cut=())
    text = "\n".join(filter(None, (block.text for block in article.blocks)))
    dates = choose_dates(_stamps(draft, article, link, text), now=now, zone=timezone)
    people, credits_, authors_from = _people(draft, article)
    entry = Entry(
        id=_identity(draft, link, source),
        link=link,
        title=title or lead(text, 80) or one_line(draft.origin),
        published=dates.published,
        updated=dates.updated,
        published_from=dates.published_from,
        authors=people,
        credits=credits_,
        categories=_categories(draft, article, categories),
        language=find_language(f"{text}\n{title}", draft.language),
        summary=_summary(draft, article.blocks),
        content=write_html(article.blocks),
        media=_media(draft, article.blocks, link),
        links=_links(draft, article, link),
        source=_source(draft, link, source),
        rights=one_line(draft.rights) if draft.rights else None,
        first_seen_at=now,
        cut=tuple(one_line(line) for text in article.cut for line in text.split("\n")),
    )
    read_from = _read_from(draft, article, entry, categories) | dict(dates.read_from)
    return replace(entry, read_from=read_from | {"authors": authors_from} if people else read_from)


def _read(draft: Draft, link: str | None) -> list[Block]:
    content = without_glossary(draft.content)
    if draft.content_type == "html":
        return read_html(reduce_page(content), link)
    if draft.content_type == "markdown" and not is_markup_only(content):
        return read_html(render_markdown(content), link, glued_captions=True)
    return read_text(content)


def _stamps(draft: Draft, article: TrimmedArticle, link: str | None, text: str) -> list[Stamp]:
    """Return every date there is; the running text is only searched where nothing better is known."""
    stamps = [*draft.stamps[:_MOST], *article.stamps[:_MOST]]
    if not any(stamp.read_from in _DATED and stamp.means == "published" for stamp in stamps):
        pictures = [media.url for block in article.blocks for media in block.media]
        stamps += stamps_from_text(text, pictures)
    return [*stamps, *(stamps_from_link(link) if link else ())]


def _people(draft: Draft, article: TrimmedArticle) -> tuple[tuple[Person, ...], tuple[Credit, ...], str]:
    """Return authors, credits, and where the authors were read from."""
    drafted = (Credit(role=credit.role, name=_name(credit.name)) for credit in draft.credits[:_MOST])
    everyone = _once(credit for credit in (*drafted, *article.credits) if credit.name)[:_MOST]
    authors, place = next(((people, place) for people, place in _authors(draft, article, everyone) if people), ((), ""))
    names = {person.name for person in authors}
    return authors, tuple(c for c in everyone if c.role != "author" or c.name not in names), place


def _authors(
    draft: Draft, article: TrimmedArticle, credits_: Iterable[Credit]
) -> Iterator[tuple[tuple[Person, ...], str]]:
    """Yield who may be the author and where that stood, the best first: a name the source gives excludes all others."""
    yield _distinct(map(_person, draft.authors[:_MOST])), draft.read_from.get("authors", "the source")
    yield _named(map(plain, article.authors)), "byline"
    yield _named(credit.name for credit in credits_ if credit.role == "author"), "credits"
    opening = next((block.text for block in article.blocks if block.kind == "paragraph"), "")
    yield _named([dateline_author(opening)]), "dateline"


def _person(given: Person) -> Person:
    """Return who a source names, with the addresses that can be one (RFC 4287 §3.2)."""
    email = given.email if given.email and _EMAIL.fullmatch(given.email) else None
    return Person(name=_name(given.name), uri=clean_link(given.uri) if given.uri else None, email=email)


def _name(text: str) -> str:
    return plain(text)[:_LONGEST].rstrip()


def _categories(draft: Draft, article: TrimmedArticle, configured: Iterable[str]) -> tuple[str, ...]:
    """Return the entry's own categories, as many as are kept, and those of the configuration."""
    own = _once(map(_name, (*draft.categories[:_MOST], *article.categories)))
    return _once((*own[:_MOST], *map(plain, configured)))


def _named(names: Iterable[str | None]) -> tuple[Person, ...]:
    return _distinct(Person(name=name or "") for name in names)


def _distinct(people: Iterable[Person]) -> tuple[Person, ...]:
    """Return everybody who has a name, each name once."""
    found: dict[str, Person] = {}
    for person in people:
        found.setdefault(person.name, person)
    return tuple(person for name, person in found.items() if name)


def _read_from(draft: Draft, article: TrimmedArticle, entry: Entry, configured: Collection[str]) -> dict[str, str]:
    """Return where the entry's fields were read from, in the draft's words where it brought them, else in ours."""
    said = {name: draft.read_from.get(name, "the source") for name in _SAID if getattr(draft, name)}
    tags = (said.get("categories"), "tag line" if article.categories else None, "configuration" if configured else None)
    if entry.language != draft.language:
        said["language"] = "script and words"
    content = draft.read_from.get("content", f"body, as {_KINDS[draft.content_type]}")
    places = {
        "title": "first words" if entry.content else "path",
        "summary": "first paragraphs",
        "content": content,
        "source": "host of the link" if entry.link else "configuration",
        **said,
        "categories": ", ".join(filter(None, tags)),
    }
    return {name: place for name, place in places.items() if getattr(entry, name)}


def _identity(draft: Draft, link: str | None, source: str) -> str:
    """Return the atom:id: the source's own where it is an IRI, else the link, else one made of where it lies."""
    if draft.id and is_iri(draft.id):
        return to_uri(draft.id)
    return to_uri(link) if link is not None else _urn(f"{source}/{draft.origin}")


def _urn(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name.encode("utf-8", "replace").decode()).urn


def _source(draft: Draft, link: str | None, source: str) -> Source:
    name = source or None
    if (given := draft.source) is not None:
        link = clean_link(given.link or "")
        own = given.id if is_iri(given.id) else link or _urn(f"{source}/{given.id}")
        return replace(given, title=plain(given.title), id=to_uri(own), link=link, name=name)
    if link is None:
        return Source(title=source or "feeder", id=_urn(f"{source}/"), name=name)
    parts = urlsplit(link)
    home = f"{parts.scheme}://{parts.netloc}/"
    return Source(title=parts.netloc, id=to_uri(home), link=home, name=name)


def _summary(draft: Draft, blocks: Iterable[Block]) -> str:
    """Return the lead: the source's own, else the first paragraphs; captions and headings are none."""
    if draft.summary and (own := plain(draft.summary)):
        return lead(own, 300)
    text = ""
    for block in blocks:
        if block.kind in {"paragraph", "quote", "list"}:
            text += block.text if _FULL_WIDTH_END.search(text) else f" {block.text}"
            if len(text) > 240:  # noqa: PLR2004  enough for a lead to end at a sentence
                break
    return lead(text)


def _media(draft: Draft, blocks: Iterable[Block], link: str | None) -> tuple[Media, ...]:
    """Return every picture, sound and film once, those of the text first."""
    found: dict[str, Media] = {}
    for media in (media for block in blocks for media in block.media):
        found.setdefault(media.url, media)
    for media in draft.media[:_MOST]:
        if (url := clean_link(media.url, link)) is not None:
            title = plain(media.title) if media.title else None
            found.setdefault(url, replace(media, url=url, title=title))
    return tuple(found.values())


def _links(draft: Draft, article: TrimmedArticle, own: str | None) -> tuple[Link, ...]:
    """Return the links beside the alternate one, each address once and never the entry's own."""
    found = {fold_link(own): None} if own else {}
    links: list[Link] = []
    for link in (*draft.links[:_MOST], *article.links):
        if len(links) == _MOST:
            break
        if (href := clean_link(link.href, own)) is not None and (fold := fold_link(href)) not in found:
            found[fold] = None
            links.append(replace(link, href=href, title=plain(link.title) if link.title else None))
    return tuple(links)


def _once(values: Iterable[_Value | None]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(filter(None, values)))

"""The page of an entry -> its article, and the entry's draft made fuller by it. Pure.

    page ── what is to be cut goes ── the selector of the article, else trafilatura ──> content
      └── its head says title, authors, dates, language: where the feed was silent, they are the entry's

Of 181 pages of news sites whose article is known (scrapinghub's article-extraction-benchmark), trafilatura takes it out
with an F1 of 0.96, our reader of saved pages with 0.89. So `full` without a selector needs trafilatura.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from feeder.errors import FeedError
from feeder.markup import extract_with_trafilatura
from feeder.model import Draft, Person, Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArticle:
    """What a page holds of an article: its text as HTML with absolute addresses, and what the page says of it.

    `read_from` says where on the page each field stood, as `Draft.read_from` does.
    """

    content: str
    title: str | None = None
    authors: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    language: str | None = None
    read_from: Mapping[str, str] = field(default_factory=dict, compare=False)


def extract_article(html: str, *, url: str, article: str = "", cut: Collection[str] = ()) -> PageArticle:
    """Return the article of a page that came from `url`; `article` and `cut` are the source's selectors.

    Raises:
        FeedError: there is none, the selector finds nothing, or this is larger than any page for people.
    """
    # Loaded for the first page only: what is known of articles is asked for where no page is read.
    from feeder.sources.feeds.parsing.elements import with_base  # noqa: PLC0415  as said
    from feeder.sources.files.page_head import read_page  # noqa: PLC0415  as said
    from feeder.sources.pages.select import base_of_page, cut_out, parse_page, select_html  # noqa: PLC0415  as said

    soup = parse_page(html)
    base, head = base_of_page(soup, url), read_page(html)
    if article:
        content = select_html(html, article, cut)
        if content is None:
            raise FeedError(f"article = {article!r} finds nothing on it; mend it where the site was redesigned")
    else:
        cut_out(soup, cut)
        content = extract_with_trafilatura(str(soup) if cut else html)
        if content is None:
            raise FeedError('no article is found on it; article = "CSS" names the place')
    return PageArticle(
        content=with_base(content, base),
        title=head.title,
        authors=head.authors,
        stamps=head.stamps,
        language=head.language,
        read_from={**head.read_from, "content": f"its page: {article}" if article else "its page"},
    )


def with_article(draft: Draft, article: PageArticle) -> Draft:
    """Return a draft with the article in the place of its content; what it lacks is what the page says."""
    given = {"title": draft.title, "authors": draft.authors, "language": draft.language}
    said = {name: place for name, place in article.read_from.items() if not given.get(name)}
    return replace(
        draft,
        content=article.content,
        content_type="html",
        title=draft.title or article.title,
        authors=draft.authors or tuple(Person(name=name) for name in article.authors),
        stamps=(*draft.stamps, *article.stamps),
        language=draft.language or article.language,
        read_from={**draft.read_from, **said},
    )

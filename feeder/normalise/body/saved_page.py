"""Extracts the article of a saved web page: without menus, share buttons, related links, comments and footers.

Elements whose tag or class says that they are not the article are removed, unless most of the words are in them. Of a
whole page, the article is the smallest element with nearly all of the prose. With the optional `trafilatura`
(`pip install feeder[pages]`), that library's result is used if it loses no prose and has less around it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import lxml.html
from lxml import etree

from feeder.markup import (
    Element,
    extract_with_trafilatura,
    is_html_page,
    limit_attributes,
    strip_forbidden,
    strip_xml_declaration,
)

_PARTIAL_PAGE = re.compile(
    r"<(?:article|main|nav|aside|footer)\b|"
    r"<\w+\s[^<>]{0,400}\b(?:class|id)\s*=\s*[\"'][^\"'<>]{0,300}\b"
    r"(?:entry-content|post-content|article-(?:body|content)|comments?|sharedaddy|related(?:posts)?|region-content)\b",
    re.IGNORECASE,
)
_MAX_LENGTH, _MAX_ELEMENTS, _MAX_LEVELS = 4_000_000, 20_000, 60

_UNWANTED_TAGS = frozenset({"nav", "aside", "form", "dialog", "button", "script", "style", "template"})
# Words in a class or id. Readers' comments are removed however long they are.
_COMMENTS_NAME = re.compile(
    r"(?:^|[\s_-])(?:comments?(?:-?(?:wrapper|list|area|section|form))?|respond|disqus\w*)(?:$|[\s_])", re.IGNORECASE
)
_UNWANTED_NAME = re.compile(
    r"(?:^|[\s_-])(?:shar(?:e|ing|edaddy)\w*|social\w*|addtoany\w*|related\w*|jp-relatedposts|recommend\w*|sidebar|"
    r"breadcrumbs?|pagination|pager|nav-?links?|(?:post-)?navigation|(?:post-)?tags?(?:-links|-list|cloud)?|"
    r"cat-links|categories|(?:entry|post|article)-(?:meta|footer|author\w*|utility)|(?:entry-)?author-(?:box|bio|wrapper)|"
    r"entry-author-wrapper|submitted|posted-on|newsletter|subscri\w+|sign-?up|advert\w*|ads?|sponsor\w*|promo\w*|"
    r"cookie\w*|skip-link|site-(?:header|footer|info)|menu|masthead|paywall|likes?-widget\w*|robots-nocontent|links)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
# docutils, EPUB (`epub:type`) and DPUB-ARIA (`doc-footnote`) set notes in an <aside>.
_NOTE_NAME = re.compile(r"\b(?:footnotes?|endnotes?|rearnotes?)\b", re.IGNORECASE)
_TITLE_NAME = re.compile(r"(?:^|[\s_-])(?:entry|post|page|article)-title(?:$|\s)", re.IGNORECASE)
_ARTICLE_PATHS = (
    "//*[@itemprop='articleBody']",
    "//article",
    "//main",
    "//*[@role='main']",
    "//*[contains(concat(' ', @class, ' '), ' entry-content ')]",
    "//*[contains(concat(' ', @class, ' '), ' post-content ')]",
    "//*[contains(@class, 'article-body') or contains(@class, 'article-content') or contains(@class, 'post-body')]",
    "//*[@id='content' or @id='main' or @id='article']",
)
_IMG = r"<img\b(?>(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*)>"
_IN_FIGURE = r"(?!</?figure\b|<(?:table|pre|blockquote|iframe|video|audio)\b)(?s:.)"
_PICTURE = re.compile(
    rf"<figure\b[^<>]{{0,2000}}>(?:(?!<img\b){_IN_FIGURE}){{0,4000}}{_IMG}(?:{_IN_FIGURE}){{0,8000}}</figure>|{_IMG}",
    re.IGNORECASE,
)
_NUMBERED_PICTURE = re.compile(r"<img\b[^<>]{0,200}?\bsrc=\"(\d{1,6})\.png\"[^<>]{0,200}>(?:</img>)?")
_CONTAINERS = ("body", "div", "section", "article", "main", "center")
_SMALL = 400  # characters: a larger element known only by its class is removed only if it is mostly links
_MAX_SHARE = 0.5
_MAX_COMMENTS = 0.7  # of a page; with more, they are the article
_MIN_LINK_SHARE = 0.4
_MIN_PROSE = 40  # minimum characters of a paragraph of prose
_NEARLY_ALL = 0.9
_MAX_BARE = 0.05  # of the prose: the library breaks sentences that are not in paragraphs at their links
_MOST = 0.995  # of all words but links, each of which counts once
_MIN_WORDS = 20
_WHOLE = 0.998  # of the prose: the library drops the words around elements that it does not know


class SavedArticle(NamedTuple):
    """The HTML of an article, and the text of the comments below it."""

    html: str
    cut: list[str]


def extract_saved_article(html: str) -> SavedArticle:
    """Return the article of a saved page, or of the part that an archiver kept; other HTML is unchanged."""
    is_whole = is_html_page(html)
    if len(html) > _MAX_LENGTH or not (is_whole or _PARTIAL_PAGE.search(html)) or html.count("<") > _MAX_ELEMENTS:
        return SavedArticle(html, [])
    html = limit_attributes(html)
    page = strip_forbidden(strip_xml_declaration(html) if is_whole else f"<div>{html}</div>")
    try:
        root = lxml.html.fromstring(page)
        cut = _prune(root)
        part = _find_article(root) if is_whole else root
        extracted = lxml.html.tostring(part, encoding="unicode")
    except (etree.LxmlError, ValueError):  # ValueError: characters that XML forbids, in text that is moved
        return SavedArticle(html, [])
    return SavedArticle((_extract_by_library(html, part) if is_whole else None) or extracted, cut)


def _prune(root: Element) -> list[str]:
    """Remove what is not the article; return the text of readers' comments."""
    total = _length(root)
    comments = _find_comments(root, total)
    cut = [" ".join(element.text_content().split()) for element in comments]
    for element in comments:
        element.drop_tree()
    for element in list(root.iterdescendants()):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        name = _name(element)
        if _is_unwanted(element, name, total) or _is_title(element, name):
            element.drop_tree()
    return list(filter(None, cut))


def _name(element: Element) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".strip()


def _find_comments(root: Element, total: int) -> list[Element]:
    """Return the elements with readers' comments; none if they are most of the page, and so a conversation."""
    found: list[Element] = []
    seen: set[Element] = set()
    for element in root.iterdescendants():
        if isinstance(element.tag, str) and element.getparent() in seen:
            seen.add(element)
        elif isinstance(element.tag, str) and _COMMENTS_NAME.search(_name(element)):
            seen.add(element)
            found.append(element)
    length = sum(map(_length, found))
    return found if length <= _MAX_COMMENTS * total and total - length >= min(_SMALL, total // 10) else []


def _is_unwanted(element: Element, name: str, total: int) -> bool:
    is_unwanted_tag = element.tag in _UNWANTED_TAGS or (
        element.tag == "footer" and element.getparent().tag not in {"blockquote", "figure"}
    )
    if element.tag == "aside" and _NOTE_NAME.search(" ".join(element.values())):
        return False
    if not is_unwanted_tag and not (name and _UNWANTED_NAME.search(name)):
        return False
    length = _length(element)
    if length > _MAX_SHARE * total:
        return False
    return is_unwanted_tag or length <= _SMALL or _link_length(element) >= _MIN_LINK_SHARE * length


def _is_title(element: Element, name: str) -> bool:
    """Whether a heading repeats the page's title."""
    if element.tag == "h1":
        return _TITLE_NAME.search(name) is not None or any(parent.tag == "header" for parent in element.iterancestors())
    return False


def _find_article(root: Element) -> Element:
    """Return the smallest element with nearly all of the prose, preferably one that is marked as the article."""
    needed = _NEARLY_ALL * len(_prose(root))
    if not needed:
        return root
    marked = [element for path in _ARTICLE_PATHS for element in root.xpath(path)]
    fitting = [element for element in marked if len(_prose(element)) >= needed]
    if fitting:
        return min(fitting, key=_length)
    part = root
    for _ in range(_MAX_LEVELS):
        child = next((c for c in part if isinstance(c.tag, str) and len(_prose(c)) >= needed), None)
        if child is None or child.tag in {"p", "table", "ul", "ol", "blockquote"}:
            break
        part = child
    return part


def _prose(element: Element) -> str:
    return "".join(_paragraphs(element))


def _paragraphs(element: Element) -> Iterator[str]:
    found = element.iter("p", "pre", "blockquote", "td", "li") if element.tag != "p" else [element]
    for paragraph in found:
        text = " ".join(paragraph.text_content().split())
        if len(text) >= _MIN_PROSE and _link_length(paragraph) < _MIN_LINK_SHARE * len(text):
            yield text


def _bare_length(element: Element) -> int:
    """Return the length of the sentences that stand between other elements, as where `<br>` ends each paragraph."""
    texts = (text for part in element.iter(*_CONTAINERS) for text in (part.text, *(child.tail for child in part)))
    return sum(length for text in texts if (length := len((text or "").strip())) >= _MIN_PROSE)


def _length_of_words(element: Element) -> int:
    texts = element.xpath(".//text()[not(ancestor::a)]")
    return sum(length for text in texts if (length := len(text.strip())) >= _MIN_WORDS)


def _length(element: Element) -> int:
    return len("".join(element.text_content().split()))


def _link_length(element: Element) -> int:
    return sum(_length(link) for link in element.iter("a"))


def _extract_by_library(html: str, extracted: Element) -> str | None:
    """Return the article that trafilatura extracts; None if it drops prose of `extracted` or keeps more around it.

    It drops captions, pictures whose address has no ending of a picture, and attributes that hold another address (lazy
    loading). So it sees numbered pictures in place of pictures and figures.
    """
    pictures: list[str] = []

    def number(tag: re.Match[str]) -> str:
        pictures.append(tag[0])
        return f'<img src="{len(pictures) - 1}.png">'

    found = extract_with_trafilatura(_PICTURE.sub(number, html), favor_recall=True)
    prose = len(_prose(extracted))
    if not found or _bare_length(extracted) > _MAX_BARE * prose or not prose:
        return None
    part = lxml.html.fromstring(found)
    is_whole = len(_prose(part)) >= _WHOLE * prose and _length_of_words(part) >= _MOST * _length_of_words(extracted)
    is_better = is_whole and _length(part) <= _length(extracted)
    return _NUMBERED_PICTURE.sub(lambda tag: pictures[int(tag[1])], found) if is_better else None

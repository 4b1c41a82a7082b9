"""A saved web page -> its article: menus, share buttons, related links, comments and footers are taken out.

What is known by its element or its name to be no article goes, unless most of the words stand in it: names lie.
Of a whole page, the smallest part that still holds nearly all of its prose is the article. With the optional
`trafilatura` (`pip install feeder[pages]`) that library is asked as well, and believed where it loses no prose and
leaves less around it.
"""

import re
from collections.abc import Iterator

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

_PART = re.compile(
    r"<(?:article|main|nav|aside|footer)\b|"
    r"<\w+\s[^<>]{0,400}\b(?:class|id)\s*=\s*[\"'][^\"'<>]{0,300}\b"
    r"(?:entry-content|post-content|article-(?:body|content)|comments?|sharedaddy|related(?:posts)?|region-content)\b",
    re.IGNORECASE,
)
_MAX_LENGTH, _MAX_ELEMENTS, _MAX_LEVELS = 4_000_000, 20_000, 60

_NEVER = frozenset({"nav", "aside", "form", "dialog", "button", "script", "style", "template"})
# Names of parts, as whole words of a class or an id. What readers wrote goes however long it is.
_READERS = re.compile(
    r"(?:^|[\s_-])(?:comments?(?:-?(?:wrapper|list|area|section|form))?|respond|disqus\w*)(?:$|[\s_])", re.IGNORECASE
)
_UNWANTED = re.compile(
    r"(?:^|[\s_-])(?:shar(?:e|ing|edaddy)\w*|social\w*|addtoany\w*|related\w*|jp-relatedposts|recommend\w*|sidebar|"
    r"breadcrumbs?|pagination|pager|nav-?links?|(?:post-)?navigation|(?:post-)?tags?(?:-links|-list|cloud)?|"
    r"cat-links|categories|(?:entry|post|article)-(?:meta|footer|author\w*|utility)|(?:entry-)?author-(?:box|bio|wrapper)|"
    r"entry-author-wrapper|submitted|posted-on|newsletter|subscri\w+|sign-?up|advert\w*|ads?|sponsor\w*|promo\w*|"
    r"cookie\w*|skip-link|site-(?:header|footer|info)|menu|masthead|paywall|likes?-widget\w*|robots-nocontent|links)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_TITLES = re.compile(r"(?:^|[\s_-])(?:entry|post|page|article)-title(?:$|\s)", re.IGNORECASE)
_ARTICLE = (
    "//*[@itemprop='articleBody']",
    "//article",
    "//main",
    "//*[@role='main']",
    "//*[contains(concat(' ', @class, ' '), ' entry-content ')]",
    "//*[contains(concat(' ', @class, ' '), ' post-content ')]",
    "//*[contains(@class, 'article-body') or contains(@class, 'article-content') or contains(@class, 'post-body')]",
    "//*[@id='content' or @id='main' or @id='article']",
)
_SMALL = 400  # characters that a part known by its name alone may hold; more must mostly be links
_MOST = 0.5
_LINKS = 0.4
_PROSE = 40  # characters from which a paragraph is prose
_NEARLY_ALL = 0.9


def reduce_page(html: str) -> str:
    """Return the article of a saved page, or of the part of one that an archiver kept; other HTML as it is."""
    is_whole = is_html_page(html)
    if len(html) > _MAX_LENGTH or not (is_whole or _PART.search(html)) or html.count("<") > _MAX_ELEMENTS:
        return html
    html = limit_attributes(html)
    page = strip_forbidden(strip_xml_declaration(html) if is_whole else f"<div>{html}</div>")
    try:
        root = lxml.html.fromstring(page)
        _prune(root)
        part = _densest(root) if is_whole else root
        own = lxml.html.tostring(part, encoding="unicode")
    except (etree.LxmlError, ValueError):  # also where words move that hold a character which XML cannot
        return html
    return (_extract_by_library(html, part) if is_whole else None) or own


def _prune(root: Element) -> None:
    total = _length(root)
    for element in list(root.iterdescendants()):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        name = f"{element.get('class') or ''} {element.get('id') or ''}".strip()
        if _is_readers(element, name, total) or _is_unwanted(element, name, total) or _is_title(element, name):
            element.drop_tree()


def _is_readers(element: Element, name: str, total: int) -> bool:
    """Say whether an element holds readers' comments: all but a few words of the page may stand there."""
    return bool(name) and _READERS.search(name) is not None and total - _length(element) >= min(_SMALL, total // 10)


def _is_unwanted(element: Element, name: str, total: int) -> bool:
    known = element.tag in _NEVER or (
        element.tag == "footer" and element.getparent().tag not in {"blockquote", "figure"}
    )
    if not known and not (name and _UNWANTED.search(name)):
        return False
    length = _length(element)
    if length > _MOST * total:
        return False
    return known or length <= _SMALL or _linked(element) >= _LINKS * length


def _is_title(element: Element, name: str) -> bool:
    """Say whether a heading is the page's title, which the head of the page has named already."""
    if element.tag == "h1":
        return _TITLES.search(name) is not None or any(parent.tag == "header" for parent in element.iterancestors())
    return False


def _densest(root: Element) -> Element:
    """Return the smallest part, of those that pages mark and of all others, that holds nearly all of the prose."""
    needed = _NEARLY_ALL * len(_prose(root))
    if not needed:
        return root
    marked = [element for path in _ARTICLE for element in root.xpath(path)]
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
        if len(text) >= _PROSE and _linked(paragraph) < _LINKS * len(text):
            yield text


def _length(element: Element) -> int:
    return len("".join(element.text_content().split()))


def _linked(element: Element) -> int:
    return sum(_length(link) for link in element.iter("a"))


def _extract_by_library(html: str, own: Element) -> str | None:
    """Return the article that trafilatura extracts; None if it drops prose of `own` or keeps more around it."""
    found = extract_with_trafilatura(html, favor_recall=True)
    prose = len(_prose(own))
    if not found or not prose:
        return None
    part = lxml.html.fromstring(found)
    is_better = len(_prose(part)) >= _NEARLY_ALL * prose and _length(part) <= _length(own)
    return found if is_better else None

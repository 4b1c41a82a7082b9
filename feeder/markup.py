"""HTML and XML from strangers: recognise a page, bound its cost, find its article. Pure."""

import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from bs4 import Tag

Element: TypeAlias = Any  # an lxml element: lxml publishes no types

_MAX_ATTRIBUTES = 200  # of a tag
_SHORT = 20_000  # characters: a shorter text cannot have enough attributes to matter
# Attributes as in HTML §13.2.5. Possessive and atomic groups never backtrack, so time is linear.
_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?>(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?)"""
_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+(?>(?:[\s/]++|{_ATTRIBUTE})*)>?")
_NAME_OR_ATTRIBUTE = re.compile(rf"<[a-zA-Z][^\s/>]*+|{_ATTRIBUTE}")
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?>(?:(?><!--.{0,2000}?-->)\s*+)*)<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 §2.2


def limit_attributes(html: str) -> str:
    """Return the HTML with at most 200 attributes in each tag.

    libxml2 compares each attribute of a tag with all before it: 300,000 in one tag take it minutes.
    """
    return html if len(html) <= _SHORT else _TAG.sub(_limit_tag, html)


def _limit_tag(tag: re.Match[str]) -> str:
    if len(tag[0]) <= 2 * _MAX_ATTRIBUTES:
        return tag[0]
    parts = _NAME_OR_ATTRIBUTE.findall(tag[0])
    return tag[0] if len(parts) <= _MAX_ATTRIBUTES else " ".join(parts[:_MAX_ATTRIBUTES]) + ">"


def is_html_page(text: str) -> bool:
    """Whether a text is a whole HTML page, not a fragment."""
    return _PAGE.match(text) is not None


def strip_xml_declaration(html: str) -> str:
    """Return a page without the XML declaration of XHTML."""
    return _XML_DECLARATION.sub("", html)


def strip_forbidden(text: str) -> str:
    """Return a text without the characters that XML forbids."""
    return _FORBIDDEN.sub("", text)


def tag_attribute(tag: "Tag | None", name: str) -> str:
    """Return an attribute of a BeautifulSoup tag, trimmed; "" for none."""
    value = tag.get(name) if tag is not None else None
    return value.strip() if isinstance(value, str) else ""


def extract_with_trafilatura(html: str, *, favor_recall: bool = False) -> str | None:
    """Return the article of a page as HTML; None if trafilatura finds none or is not installed."""
    try:
        import trafilatura  # noqa: PLC0415  optional, and slow to load
    except ImportError:
        return None
    found: str | None = trafilatura.extract(
        html,
        output_format="html",
        favor_recall=favor_recall,
        include_comments=False,
        include_images=True,
        include_links=True,
        include_tables=True,
    )
    return found or None

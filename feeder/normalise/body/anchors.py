"""Ids and the links to them: the notes of an article lead to their texts and back.

Only ids that a link of the same text leads to are kept, under a name that no page around it uses. What is cut from an
article later may have an id or a link, so both are checked again when the HTML is written. Pure.
"""

import re
from urllib.parse import unquote

from feeder.markup import Element
from feeder.normalise.text import one_line
from feeder.normalise.urls import fold_link

_PREFIX = "text-"
_MAX_NAME = 100
_UNSAFE = re.compile(r"[^\w.:-]+")
_TAG = re.compile(r'<[a-z][a-z0-9]*(?: [a-z]+="[^"]*")+>')  # as nh3 writes them; quotes in values are escaped
_ID = re.compile(r' id="([^"]*)"')
_LINK = re.compile(r' href="#([^"]*)"')


def safe_id(name: str) -> str:
    """Return the id that stands for one of the source, the same for one that is safe already; "" for none."""
    name = _UNSAFE.sub("-", one_line(name))[:_MAX_NAME]
    return name if name.startswith(_PREFIX) or not name else f"{_PREFIX}{name}"


def target_of(address: str, base: str | None) -> str:
    """Return the safe id that a link of the page at `base` leads to within that page; "" for none."""
    page, mark, name = address.partition("#")
    if not (mark and name):
        return ""
    if page and (base is None or fold_link(page) != fold_link(base.partition("#")[0])):
        return ""
    return safe_id(unquote(name))


def find_anchors(root: Element, base: str | None) -> frozenset[str]:
    """Return the safe ids that elements have and links lead to."""
    wanted = {target_of(link.get("href", "").strip(), base) for link in root.iter("a")} - {""}
    if not wanted:
        return frozenset()
    return frozenset(name for element in root.iter() for name in _names(element) if name in wanted)


def anchor_of(element: Element, anchors: frozenset[str]) -> str:
    """Return the safe id of an element if it is among `anchors`, else ""."""
    return next((name for name in _names(element) if name in anchors), "") if anchors else ""


def _names(element: Element) -> list[str]:
    given = (element.get("id"), element.get("name") if element.tag == "a" else None)
    return [safe_id(name) for name in given if name]


def check_anchors(html: str) -> str:
    """Return clean HTML without links to ids that are not there, ids that no link leads to, and repeated ids."""
    if ' id="' not in html and ' href="#' not in html:
        return html
    tags = _TAG.findall(html)  # the text may have the same words
    present = {name for tag in tags for name in _ID.findall(tag)}
    wanted = {name for tag in tags for name in _LINK.findall(tag)} & present

    def check_id(found: re.Match[str]) -> str:
        if found[1] not in unused:
            return ""
        unused.discard(found[1])
        return found[0]

    def check(tag: re.Match[str]) -> str:
        return _ID.sub(check_id, _LINK.sub(lambda link: link[0] if link[1] in wanted else "", tag[0]))

    unused = set(wanted)
    return _TAG.sub(check, html)

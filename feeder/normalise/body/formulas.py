"""Formulas in MathML: the elements and attributes of MathML Core that only draw. Pure.

Left out are those that hold other languages (`annotation-xml`), act (`maction`, `href`) or style.
"""

import re
from collections.abc import Iterator
from html import escape

from feeder.markup import Element
from feeder.normalise.body.tree import text_of
from feeder.normalise.text import one_line

# What holds words, and what holds other elements of a formula.
_TOKENS = frozenset({"mi", "mn", "mo", "ms", "mtext"})
_LAYOUT = frozenset(
    str.split(
        "math mrow mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover munderover mmultiscripts "
        "mprescripts mspace mtable mtr mtd",
    ),
)
_FIRST_ONLY = frozenset({"semantics", "maction"})
_UNREAD = frozenset({"annotation", "annotation-xml", "script", "style"})
_ATTRIBUTES = {
    "math": ("display",),
    "mi": ("mathvariant",),
    "mo": ("form", "fence", "separator", "stretchy", "symmetric", "largeop", "movablelimits", "lspace", "rspace"),
    "mfrac": ("linethickness",),
    "mspace": ("width", "height", "depth"),
    "mstyle": ("displaystyle", "scriptlevel"),
    "munder": ("accentunder",),
    "mover": ("accent",),
    "munderover": ("accent", "accentunder"),
    "mtd": ("columnspan", "rowspan"),
}
# How many parts these have; with another number they only group them.
_PARTS = {
    **dict.fromkeys(("mfrac", "mroot", "msub", "msup", "munder", "mover"), 2),
    **dict.fromkeys(("msubsup", "munderover"), 3),
}
_ONLY_IN = {"mtr": "mtable", "mtd": "mtr", "mprescripts": "mmultiscripts"}
_VALUE = re.compile(r"[A-Za-z0-9.+-]{1,20}%?")
_TRUTH = re.compile(r"true|false")
_LENGTH = re.compile(r"-?(?:\d{1,4}(?:\.\d{0,4})?|\.\d{1,4})(?:em|ex|px|in|cm|mm|pt|pc|%)?")
_VALUES = {
    "display": re.compile(r"block|inline"),
    "form": re.compile(r"prefix|infix|postfix"),
    **dict.fromkeys(str.split("fence separator stretchy symmetric largeop movablelimits accent accentunder"), _TRUTH),
    **dict.fromkeys(str.split("lspace rspace linethickness width height depth"), _LENGTH),
    "displaystyle": _TRUTH,
    "scriptlevel": re.compile(r"[+-]?\d{1,2}"),
    **dict.fromkeys(("columnspan", "rowspan"), re.compile(r"[1-9]\d?")),
}

TAGS = _TOKENS | _LAYOUT
ATTRIBUTES = {tag: set(names) for tag, names in _ATTRIBUTES.items()}


def formula_html(element: Element, around: str = "") -> str:
    """Return a `<math>` element as clean MathML; `around` is the element around it within the formula."""
    name = element.tag
    if name in _UNREAD:
        return ""
    if name in _TOKENS:
        return f"<{name}{_marks(element)}>{escape(formula_words(element), quote=False)}</{name}>"
    is_in_place = name in _LAYOUT and _is_in_place(element, around)
    parts = [html for part in _parts(element) if (html := formula_html(part, name if is_in_place else "mrow"))]
    inner = "".join(parts)
    if is_in_place and len(parts) == _PARTS.get(name, len(parts)):
        return f"<{name}{_marks(element)}>{inner}</{name}>"
    return inner if len(parts) == 1 else f"<mrow>{inner}</mrow>"


def _is_in_place(element: Element, around: str) -> bool:
    """Whether an element may stand where it does: rows in tables, cells in rows, and no formula in another."""
    if element.tag == "math":
        return not around
    if element.tag == "mtable":
        return all(row.tag == "mtr" and all(cell.tag == "mtd" for cell in row) for row in element)
    return around == _ONLY_IN.get(element.tag, around)


def formula_words(element: Element) -> str:
    """Return the words and signs of a formula, in a line."""
    return one_line("".join(_words(element)))


def _words(element: Element) -> Iterator[str]:
    if element.tag in _TOKENS:
        yield text_of(element)
    elif element.tag not in _UNREAD:
        for part in _parts(element):
            yield from _words(part)


def _parts(element: Element) -> list[Element]:
    return list(element)[: 1 if element.tag in _FIRST_ONLY else None]


def _marks(element: Element) -> str:
    names = _ATTRIBUTES.get(element.tag, ())
    values = ((name, element.get(name, "").strip()) for name in names)
    return "".join(f' {name}="{value}"' for name, value in values if _VALUES.get(name, _VALUE).fullmatch(value))

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
_VALUE = re.compile(r"[A-Za-z0-9.+-]{1,20}%?")

TAGS = _TOKENS | _LAYOUT
ATTRIBUTES = {tag: set(names) for tag, names in _ATTRIBUTES.items()}


def formula_html(element: Element) -> str:
    """Return a `<math>` element as clean MathML."""
    name = element.tag
    if name in _UNREAD:
        return ""
    if name in _TOKENS:
        return f"<{name}{_marks(element)}>{escape(formula_words(element), quote=False)}</{name}>"
    inner = "".join(map(formula_html, _parts(element)))
    return f"<{name}{_marks(element)}>{inner}</{name}>" if name in _LAYOUT else inner


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
    return "".join(f' {name}="{value}"' for name, value in values if _VALUE.fullmatch(value))

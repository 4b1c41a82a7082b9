"""HTML text -> a tree of elements, by libxml2. What lxml is and how it keeps words is known here and nowhere else.

lxml keeps the words before an element's first child in `text`, and those after the element itself in `tail`.
Comments, declarations and instructions are no part of the tree.
"""

from lxml import etree

from feeder.markup import Element, limit_attributes

_PARSER_SETTINGS = {"encoding": "utf-8", "remove_comments": True, "remove_pis": True, "no_network": True}


def parse_html(html: str) -> Element:
    """Return the root of the tree that a browser would make of a piece of HTML, or nearly.

    The text must be clean (`text.clean_text`): libxml2 ends at a NUL, and UTF-8 has no surrogates.
    """
    parser = etree.HTMLParser(**_PARSER_SETTINGS)  # its own: a parser that is shared makes threads wait for each other
    root: Element = etree.fromstring(f"<body>{limit_attributes(html)}".encode(), parser)
    return root


def attributes_of(element: Element) -> dict[str, str]:
    """Return the attributes by name.

    libxml2 takes any name (`<img {x} {{y|z}} src=…>`, template code), but lxml cannot look up one that begins with a
    brace: to it that is a namespace. So `dict(element.attrib)` would raise.
    """
    return dict(element.items())


def words_of(element: Element) -> str:
    """Return all words in an element; a line break is a line end."""
    parts = [element.text or ""]
    for child in element:
        parts += ["\n" if child.tag == "br" else "", words_of(child), child.tail or ""]
    return "".join(parts)


def rows_of(element: Element) -> list[Element]:
    """Return the rows of a table, not those of tables within it."""
    rows: list[Element] = []
    for child in element:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in {"thead", "tbody", "tfoot"}:
            rows.extend(rows_of(child))
    return rows


def cells_of(row: Element) -> list[Element]:
    """Return the cells of a row."""
    return [child for child in row if child.tag in {"td", "th"}]

"""Parses HTML into a tree with lxml (libxml2).

lxml stores the text before an element's first child in `text`, and the text after the element in `tail`. Comments,
declarations and processing instructions are not in the tree.
"""

from lxml import etree

from feeder.markup import Element, limit_attributes

_PARSER_SETTINGS = {"encoding": "utf-8", "remove_comments": True, "remove_pis": True, "no_network": True}


def parse_html(html: str) -> Element:
    """Return the root of nearly the same tree as a browser's.

    The text must be clean (`text.clean_text`): libxml2 stops at a NUL, and UTF-8 has no surrogates.
    """
    parser = etree.HTMLParser(**_PARSER_SETTINGS)  # not shared: threads would wait for each other
    root: Element = etree.fromstring(f"<body>{limit_attributes(html)}".encode(), parser)
    return root


def attributes_of(element: Element) -> dict[str, str]:
    """Return the attributes by name.

    `dict(element.attrib)` would raise: libxml2 accepts names that start with a brace (`<img {x} {{y|z}} src=…>`,
    template code), which lxml takes for a namespace when it looks them up.
    """
    return dict(element.items())


def text_of(element: Element) -> str:
    """Return all text in an element, with `<br>` as a line end."""
    parts = [element.text or ""]
    for child in element:
        parts += ["\n" if child.tag == "br" else "", text_of(child), child.tail or ""]
    return "".join(parts)


def table_rows(element: Element) -> list[Element]:
    """Return the rows of a table, without those of nested tables."""
    rows: list[Element] = []
    for child in element:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in {"thead", "tbody", "tfoot"}:
            rows.extend(table_rows(child))
    return rows


def row_cells(row: Element) -> list[Element]:
    """Return the cells of a row."""
    return [child for child in row if child.tag in {"td", "th"}]

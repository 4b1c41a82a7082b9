"""What a stranger's HTML must not cost: tags are cut to what any page has before a parser sees them. Pure.

libxml2 compares the name of each attribute of a tag with all before it: a tag of 300,000 takes it minutes.
"""

import re

_MOST_ATTRIBUTES = 200  # of a tag that are kept
_SHORT = 20_000  # a text of so many characters holds too few attributes to matter
# As HTML §13.2.5 parts them. Nothing here is tried twice (`++`, `*+`), so that it takes as long as the text is.
_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?>(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?)"""
_TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+(?>(?:[\s/]++|{_ATTRIBUTE})*)>?")
_NAME_OR_ATTRIBUTE = re.compile(rf"<[a-zA-Z][^\s/>]*+|{_ATTRIBUTE}")


def thin_tags(html: str) -> str:
    """Return the HTML, no tag of which has more attributes than any of a page for people; all else stays as it is."""
    return html if len(html) <= _SHORT else _TAG.sub(_thinned, html)


def _thinned(tag: re.Match[str]) -> str:
    if len(tag[0]) <= 2 * _MOST_ATTRIBUTES:
        return tag[0]
    parts = _NAME_OR_ATTRIBUTE.findall(tag[0])
    return tag[0] if len(parts) <= _MOST_ATTRIBUTES else " ".join(parts[:_MOST_ATTRIBUTES]) + ">"

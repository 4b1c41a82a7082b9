"""Elements of XML documents of any size: small ones are parsed whole, with all repairs, large ones as a stream."""

import re
from collections.abc import Collection, Iterator
from typing import TextIO

from lxml import etree

from feeder.errors import ArticleError
from feeder.markup import Element
from feeder.sources.data import Data
from feeder.sources.feeds.parsing.document import fix_references, read_xml, remove_invalid
from feeder.sources.files.encoding import open_text

# How a part may end that continues in the next: a reference, the beginning or end of CDATA or of a comment.
_UNFINISHED = re.compile(r"(?:&[#\w]{0,33}|<[!\[A-Z-]{0,8}|\]{1,2}|-{1,2})\Z")
_LONGEST = 34
_UNREAD = re.compile(r"<!\[CDATA\[|<!--")  # in which nothing is a reference
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->"}


class Utf8Stream:
    """The bytes of an XML document in UTF-8, without what XML forbids: some characters, entities of HTML, stray `&`."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._rest = ""
        self._end = ""  # of the CDATA or comment that the text is in

    def read(self, size: int) -> bytes:
        """Return the next bytes, about `size` of them; b"" at the end."""
        while text := self._rest + (part := self._text.read(size)):
            self._rest = ""
            if part and (unfinished := _UNFINISHED.search(text, max(0, len(text) - _LONGEST))) is not None:
                text, self._rest = text[: unfinished.start()], unfinished[0]
            if data := remove_invalid("".join(self._fix(text)).encode("utf-8", "replace")):
                return data
        return b""

    def _fix(self, text: str) -> Iterator[str]:
        while text:
            if self._end:
                before, end, text = text.partition(self._end)
                yield before + end
                self._end = "" if end else self._end
            else:
                unread = _UNREAD.search(text)
                start = len(text) if unread is None else unread.end()
                yield fix_references(text[:start] if unread is None else text[: unread.start()])
                if unread is not None:
                    yield unread[0]
                    self._end = _ENDS[unread[0]]
                text = text[start:]


def iter_elements(data: Data, name: str, tags: Collection[str]) -> Iterator[Element]:
    """Yield the elements with one of these local names that are not inside another such one, in order.

    Each may be used until the next is asked for.

    Raises:
        ArticleError: there is no XML in the document.
    """
    with open_text(data, name) as text:
        if not data.is_large:
            if (root := read_xml(text.read().encode("utf-8", "replace"))) is None:
                raise ArticleError(f"{name}: there is no XML in it")
            yield from (found for found in root.iter(*_any_namespace(tags)) if _is_outermost(found, tags))
            return
        try:
            for _, element in parse_events(text, ("end",), tags):
                if _is_outermost(element, tags):
                    yield element
                    _drop(element)
        except etree.XMLSyntaxError as error:
            raise ArticleError(f"{name}: not valid XML ({str(error)[:80]})") from None


def parse_events(
    text: TextIO, events: Collection[str], tags: Collection[str] | None = None
) -> Iterator[tuple[str, Element]]:
    """Return the events of a lenient parser."""
    events_of: Iterator[tuple[str, Element]] = etree.iterparse(
        Utf8Stream(text),
        events=events,
        tag=None if tags is None else _any_namespace(tags),
        encoding="utf-8",
        recover=True,
        huge_tree=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    return events_of


def _any_namespace(tags: Collection[str]) -> tuple[str, ...]:
    return tuple(f"{{*}}{tag}" for tag in tags)


def _is_outermost(element: Element, tags: Collection[str]) -> bool:
    return next(element.iterancestors(*_any_namespace(tags)), None) is None


def _drop(element: Element) -> None:
    """Empty an element that has been read, and remove those before it."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]

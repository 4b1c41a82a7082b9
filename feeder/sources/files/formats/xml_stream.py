"""XML documents of any size, cut into their entries as text: each is then parsed, and repaired, as one by itself.

So a mistake in one entry costs no other, memory does not grow with the document, and of one that breaks off the last
entry is left out, in whatever size.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from feeder.errors import ArticleError
from feeder.markup import Element
from feeder.model import Draft
from feeder.sources.data import Data
from feeder.sources.feeds.parsing.document import read_xml
from feeder.sources.files.encoding import open_text

_PART, _MOST_AT_ONCE = 500_000, 8_000_000  # characters
_MAX_ELEMENT = 40_000_000  # characters: with its tree it takes ten times as many bytes
_UNREAD = r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|<[?].*?(?:[?]>|\Z)"  # in which no tag is one
_TAG = re.compile(rf"{_UNREAD}|<(?P<close>/?)(?P<name>[A-Za-z_][\w.:-]{{0,100}})[^<>]*>", re.DOTALL)
# What is cut off within a tag, at the end of a part, has the end "".
_TAG_OF = (
    _UNREAD.replace(r"-->|\Z", r"-->|(?P<unended>\Z)")
    + r"|<(?P<close>/?)(?P<name>(?:[\w.-]{{1,40}}:)?(?:{names}))(?=[\s/>])[^<>]*(?P<end>>|\Z)?"
)
_BROKEN_OFF = "the file breaks off: its last entry is left out"


class XmlParts:
    """The elements of a document with some local names that are not inside another such one, in order, as text.

    Raises, when the parts are read:
        ArticleError: the document has none and is no XML, or one is too large.
    """

    def __init__(self, data: Data, name: str, tags: Collection[str]) -> None:
        self._data, self._name, self._tags = data, name, tags
        self._pattern = _pattern_of(tags)
        self.broken_off = False
        self._comment: int | None = None  # where one begins that has no end so far
        self.head = ""
        """What precedes the first element; known with it."""
        self.openings = self.closings = ""
        """The tags of the elements around them."""

    def __iter__(self) -> Iterator[str]:
        """Yield each element; an end tag that is missing is added."""
        text, is_first = "", True
        with open_text(self._data, self._name) as stream:
            # An element longer than all before is searched again with each part, so that the parts grow with it.
            while part := stream.read(min(max(_PART, len(text)), _MOST_AT_ONCE)):
                if len(text) > _MAX_ELEMENT:
                    raise ArticleError(f"{self._name}: an entry of more than {_MAX_ELEMENT:,} characters")
                text += part
                done = 0
                for start, end, closing in self._find_elements(text):
                    if is_first:
                        self._set_head(text[:start])
                        is_first = False
                    yield text[start:end] + closing
                    done = end
                text = text[done:]
                self._comment = None if self._comment is None else self._comment - done
        if self._comment is not None:  # that never ends, so that it is none
            text = text[: self._comment] + text[self._comment :].replace("<!--", "")
            for start, end, closing in self._find_elements(text):
                if is_first:
                    self._set_head(text[:start])
                    is_first = False
                yield text[start:end] + closing
        if is_first and _TAG.search(text) is None:
            raise ArticleError(f"{self._name}: there is no XML in it")

    def elements(self) -> Iterator[Element]:
        """Yield each element, parsed; one in which there is nothing to parse is left out."""
        for part in self:
            root = read_xml(f"{self.openings}{part}{self.closings}".encode("utf-8", "replace"))
            names = [f"{{*}}{tag}" for tag in self._tags]
            if root is not None and (found := next(root.iter(*names), None)) is not None:
                yield found

    def tell_break(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        """Yield the drafts of the elements; if the document breaks off, the last one says so."""
        last = None
        for draft in drafts:
            if last is not None:
                yield last
            last = draft
        if last is not None:
            yield told_as_broken_off(last) if self.broken_off else last

    def _set_head(self, head: str) -> None:
        opened: list[re.Match[str]] = []
        for tag in _TAG.finditer(head):
            if tag["name"] is None or tag[0].endswith("/>"):
                continue
            if not tag["close"]:
                opened.append(tag)
            else:  # with it ends what is not closed within it
                place = next((n for n, one in reversed([*enumerate(opened)]) if one["name"] == tag["name"]), None)
                del opened[len(opened) if place is None else place :]
        self.head = head
        self.openings = "".join(tag[0] for tag in opened)
        self.closings = "".join(f"</{tag['name']}>" for tag in reversed(opened))

    def _find_elements(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield the start and end of each element that is whole, and the end tag that it lacks.

        None is inside another of its name: where the next begins, the one before has no end tag.
        """
        start, name, is_cut = None, "", False
        self._comment = None
        for tag in self._pattern.finditer(text):
            self._comment = None if tag["unended"] is None else tag.start()
            if tag["name"] is None or (start is not None and tag["name"] != name):
                continue
            if is_cut := tag["end"] == "":
                break
            if tag["close"]:
                if start is not None:
                    yield start, tag.end(), ""
                start = None
                continue
            if start is not None:
                yield start, tag.start(), f"</{name}>"
            start, name = tag.start(), tag["name"]
            if tag[0].endswith("/>"):
                yield start, tag.end(), ""
                start = None
        self.broken_off = is_cut or start is not None


def _pattern_of(tags: Collection[str]) -> re.Pattern[str]:
    return re.compile(_TAG_OF.format(names="|".join(tags)), re.DOTALL)


def told_as_broken_off(draft: Draft) -> Draft:
    """Return the last draft of a document that breaks off behind it."""
    return replace(draft, lost=(*draft.lost, _BROKEN_OFF))

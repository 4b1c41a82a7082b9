"""The pictures of entries that are on other sites, and how ours shows them. Pure.

    images = "link"     as they are: who reads a page asks their sites for them
             "mirror"   copies, in several widths; words or a link for those that are not there (yet)
             "proxy"    signed addresses below our site, which the server fetches
             "ask"      a link, until someone clicks on it

An entry stays in the store as its source wrote it. These functions return it as a page or feed shows it, with
references to our pictures (`references.py`), and never with an address that is requested from another site.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lxml import html as lxml_html

from feeder.markup import Element
from feeder.model import Entry, Media
from feeder.pictures.references import SCHEME, TYPES, Rendition
from feeder.pictures.signing import sign

PLACEHOLDER = "picture"  # class of the link that stands for a picture
_SHOWN_WIDTH = 960  # for readers that know no `srcset`
_SIZES = "(max-width: 42em) 100vw, 38em"  # as wide as the text in style.css
_WEB = ("http://", "https://")
_ADDRESSES = {"img": "src", "video": "poster", "a": "href"}  # attributes with addresses of pictures


class _Shown(NamedTuple):
    """What is written in place of a picture's address: `src`, and what is known of it."""

    src: str
    srcset: str = ""
    size: tuple[int, int] | None = None
    type: str | None = None
    length: int | None = None


_Show = Callable[[str], _Shown | None]


def remote_pictures(content: str, media: Collection[Media]) -> tuple[str, ...]:
    """Return the addresses of pictures on other sites that an entry shows, each once, in their order."""
    beside = [one.url for one in media if _is_remote_picture(one)]
    return tuple(dict.fromkeys(beside + (_addresses_in(_parse(content)) if _may_show(content) else [])))


def show_mirrored(entry: Entry, copies: Mapping[str, Sequence[Rendition]]) -> Entry:
    """Return an entry with our copies of its pictures; `copies` are their renditions by address."""

    def show(address: str) -> _Shown | None:
        return _shown_copy(renditions) if (renditions := copies.get(address)) else None

    return _rewrite(entry, show, _words_or_link)


def show_by_proxy(entry: Entry, key: bytes) -> Entry:
    """Return an entry whose pictures have addresses of our server, signed with a key."""
    return _rewrite(entry, lambda address: _Shown(f"{SCHEME}:{sign(address, key)}"), _words_or_link)


def show_on_request(entry: Entry, label: str) -> Entry:
    """Return an entry with a link for each of its pictures; `label` is that of one without a description."""

    def placeholder(address: str, words: str, *, in_link: bool) -> Element:  # noqa: ARG001  see `_place`
        link = lxml_html.Element("a", {"class": PLACEHOLDER, "href": address, "rel": "noopener noreferrer"})
        link.text = f"{words or label} "
        host = lxml_html.Element("span")
        host.text = _host(address)
        link.append(host)
        return link

    return _rewrite(entry, lambda _: None, placeholder)


def _shown_copy(renditions: Sequence[Rendition]) -> _Shown:
    ordered = sorted(renditions, key=lambda one: one.width)
    shown = next((one for one in ordered if one.width >= _SHOWN_WIDTH), ordered[-1])
    srcset = ", ".join(f"{SCHEME}:{one.name} {one.width}w" for one in ordered) if len(ordered) > 1 else ""
    kind = TYPES[shown.name.rpartition(".")[2]]
    return _Shown(f"{SCHEME}:{shown.name}", srcset, (shown.width, shown.height), kind, shown.length)


def _words_or_link(address: str, words: str, *, in_link: bool) -> Element | None:
    """Return what stands for a picture that is not shown: its description, or a link to it; None inside another."""
    if in_link and not words:
        return None
    if words:
        element = lxml_html.Element("span")
    else:
        element = lxml_html.Element("a", {"href": address, "rel": "noopener noreferrer"})
    element.text = words or _host(address)
    return element


def _rewrite(entry: Entry, show: _Show, stand_in: Callable[..., Element]) -> Entry:
    body = _parse(entry.content) if _may_show(entry.content) else None
    in_content = [] if body is None else _addresses_in(body)
    beside = [one.url for one in entry.media if _is_remote_picture(one)]
    if not in_content and not beside:
        return entry
    addresses = dict.fromkeys(in_content + beside)
    shown = {address: found for address in addresses if (found := show(address)) is not None}
    content = _rewrite_content(body, shown, stand_in) if in_content else entry.content
    media, left_out = [], []
    for one in entry.media:
        if not _is_remote_picture(one):
            media.append(one)
        elif (found := shown.get(one.url)) is not None:
            media.append(replace(one, url=found.src, type=found.type or one.type, length=found.length))
        elif one.url not in in_content:
            left_out.append(stand_in(one.url, one.title or "", in_link=False))
    if left_out:
        # Without a text of its own, an entry shows its summary: also below what stands for its pictures.
        content = content or (f"<p>{escape(entry.summary, quote=False)}</p>" if entry.summary else "")
        content = "".join(f"<p>{_to_text(element)}</p>" for element in left_out) + content
    return replace(entry, content=content, media=tuple(media))


def _addresses_in(body: Element) -> list[str]:
    found = (element.get(_ADDRESSES[element.tag], "") for element in body.iter("img", "video"))
    return [address for address in found if address.startswith(_WEB)]


def _rewrite_content(body: Element, shown: Mapping[str, _Shown], stand_in: Callable[..., Element]) -> str:
    """Return the content with other pictures."""
    for source in body.findall(".//picture/source"):  # other sizes of a picture, at other addresses
        source.drop_tree()
    for element in list(body.iter(*_ADDRESSES)):
        address = element.get(_ADDRESSES[element.tag], "")
        found = shown.get(address)
        if element.tag == "a":  # to the whole picture, around a smaller one
            if found is not None:
                element.set("href", found.src)
        elif address.startswith(_WEB):
            if element.tag == "video":
                _set_poster(element, found)
            elif found is not None:
                _write_picture(element, found)
            else:
                _place(element, address, stand_in)
    return escape(body.text or "", quote=False) + "".join(map(_to_text, body))


def _set_poster(video: Element, found: _Shown | None) -> None:
    if found is None:
        del video.attrib["poster"]
    else:
        video.set("poster", found.src)


def _write_picture(image: Element, found: _Shown) -> None:
    """Write `src` and `srcset` first, where `references.with_pictures_at` looks for them."""
    others = {name: value for name, value in image.attrib.items() if name not in {"src", "srcset", "sizes"}}
    attributes: dict[str, Any] = {"src": found.src}
    if found.srcset:
        attributes |= {"srcset": found.srcset, "sizes": _SIZES}
    if found.size is not None:
        others |= {"width": str(found.size[0]), "height": str(found.size[1])}
    image.attrib.clear()
    image.attrib.update(attributes | others)


def _place(image: Element, address: str, stand_in: Callable[..., Element]) -> None:
    """Put what stands for a picture in its place; a link, which cannot be inside another, behind that one."""
    around = next(image.iterancestors("a"), None)
    element = stand_in(address, " ".join(image.get("alt", "").split()), in_link=around is not None)
    if around is None or (element is not None and element.tag != "a"):
        element.tail = image.tail
        image.getparent().replace(image, element)
        return
    image.drop_tree()
    if element is not None:
        element.tail, around.tail = around.tail, " "
        around.addnext(element)
    if not around.text_content().strip() and around.find(".//img") is None:
        around.text = _host(around.get("href", ""))


def _parse(content: str) -> Element:
    return lxml_html.fragment_fromstring(content, create_parent="div")


def _to_text(element: Element) -> str:
    text: str = lxml_html.tostring(element, encoding="unicode")
    return text


def _may_show(content: str) -> bool:
    return "<img" in content or "<video" in content


def _is_remote_picture(media: Media) -> bool:
    return media.kind == "image" and media.url.startswith(_WEB)


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or address).removeprefix("www.")
    except ValueError:
        return address

"""The names and contents of a feed's XML elements.

The formats copy from each other, so names are the same in all: those of RSS, RDF and Atom are bare (`title`), whatever
their namespace; those of modules have the usual prefix (`dc:creator`). All are in lower case. Namespaces are compared
without scheme, `www.`, white space and surplus slashes. An element of an unknown one never has a bare name.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from urllib.parse import urljoin, urlsplit

from lxml import etree

from feeder.markup import Element
from feeder.model import Person
from feeder.sources.feeds.parsing.texts import Markup, has_markup, without_cdata

Fields = dict[str, list[Element]]

_UNKNOWN = "?"  # the prefix of elements in an unknown default namespace
_BARE = ("", "atom", "rss", "a10")
_PREFIXES = {
    "backend.userland.com/rss": "",
    "backend.userland.com/rss2": "",
    "blogs.law.harvard.edu/tech/rss": "",
    "cyber.law.harvard.edu/rss/rss.html": "",
    "cyber.harvard.edu/rss/rss.html": "",
    "my.netscape.com/rdf/simple/0.9": "",
    "channel.netscape.com/rdf/simple/0.9": "",
    "rssboard.org/rss-specification": "",
    "purl.org/atom/ns#": "",
    "purl.org/rss/1.0": "",
    "purl.org/rss/1.0/modules/rss091#": "",
    "purl.org/net/rss1.1#": "",
    "w3.org/2005/atom": "",
    "purl.org/dc/elements/1.0": "dc",
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/rss/1.0/modules/syndication": "sy",
    "purl.org/syndication/thread/1.0": "thr",
    "podcastindex.org/namespace/1.0": "podcast",
    "github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md": "podcast",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "search.yahoo.com/mrss": "media",
    "search.yahoo.com/rss": "media",
    "video.search.yahoo.com/mrss": "media",
    "rssboard.org/media-rss": "media",
    "itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "w3.org/1999/xhtml": "xhtml",
}
_SCHEME = re.compile(r"\A(?:https?:/*)?(?:www\.)?")
_SLASHES = re.compile(r"/{2,}")
_FOREIGN = ("{http://www.w3.org/2000/svg}", "{http://www.w3.org/1998/Math/MathML}")
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"

_ANY_BASE = etree.XPath("boolean(//@xml:base)")
_OWN_BASE = etree.XPath("//*[@xml:base][@href or @src or @url]")

_OPENING = re.compile(r"<[A-Za-z][^<>]*>")
_ADDRESS = re.compile(r"(?<=\s)((?:href|src|poster|cite)\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_ALTERNATE = frozenset({"alternate"})
_REGISTRY = re.compile(r"\Ahttps?://www\.iana\.org/assignments/(?:link-relations/#?|relation/)")
_ADDRESS_START = re.compile(r"https?:/*[^\s/]|/|\.{1,2}/|\?\S|#[a-z]|www\.\S", re.IGNORECASE)
_PAGE_FILE = re.compile(r"\.(?:html?|php|aspx?|cgi|jsp)(?=[?#]|\Z)", re.IGNORECASE)
_SHORT_WORDS = re.compile(r"\w{0,4}/\w{0,4}")  # `n/a`, `5/10`
_WELL_FORMED = re.compile(r"https?://(?!https?:?//)[^/\\]")
_LINE_BREAK = re.compile(r"\s{2,}|[\r\n]")  # in an attribute it is spaces
# `http:/host/p`, `http//host/p`, `http:\\host\p`, `http://http://host/p`, `"http://host/p"`
_MISSPELT = re.compile(
    r"[\"'<]*(?:https?:/{0,3}(?=https?[:/]))?(https?)(?::[/\\]{1,3}|[/\\]{2}|:(?=[^/\\]*/))(?=[\w-]+(?:\.[\w-]+)+(?:[/\\?#:\"'>]|\Z))",
    re.IGNORECASE,
)
_HOST_ALONE = re.compile(r"www\.[\w-]+\.[\w.-]+(?=[/?#:]|\Z)", re.IGNORECASE)
_XMLNS = re.compile(r"\sxmlns(?::\w+)?=\"[^\"]*\"")
_NAME = re.compile(r"[A-Za-z_][\w.-]*+", re.ASCII)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")
_EMAIL = re.compile(r"(?:mailto:)?([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?:\?subject=\S*)?")
_BRACKETS = re.compile(r"\(\s*\)|<\s*>|&lt;\s*&gt;")
_HTML_TYPES = frozenset({"html", "xhtml", "text/html", "application/xhtml+xml"})
_TEXT_TYPES = frozenset({"text", "plain", "text/plain"})
_PERSON_FIELDS = frozenset({"name", "email", "uri", "url", "homepage", "itunes:name", "itunes:email"})
MAX_PEOPLE = 100  # of one entry: those of the feed are repeated in each entry without any
MAX_SHARED = 2000  # characters of a feed's text that each of its entries repeats


def name_of(element: Element) -> str:
    """Return the name of an element, with its prefix even if that is undeclared."""
    known = _name(element.tag)
    if known is not None:
        return known
    # Not by QName: in broken XML libxml2 recovers names that lxml considers invalid.
    prefix, local = element.prefix, element.tag.rpartition("}")[2].lower()
    return f"{(prefix or _UNKNOWN).lower()}:{local}"


def adopt_namespace(root: Element) -> None:
    """Take an unknown namespace of a feed's root for that of RSS or Atom."""
    space, brace, local = root.tag.rpartition("}")
    if brace and _name(root.tag) is None and local.lower() in {"rss", "feed", "channel"}:
        for element in root.iter(f"{space}{brace}*"):
            element.tag = element.tag.rpartition("}")[2]


def about_of(element: Element) -> str:
    """Return `rdf:about`; "" for none."""
    return next((value.strip() for key, value in element.items() if key[:1] == "{" and _name(key) == "rdf:about"), "")


@lru_cache(maxsize=2048)
def _name(tag: str) -> str | None:
    space, brace, local = tag.rpartition("}")
    if not brace:
        prefix, _, bare = tag.lower().rpartition(":")
        return bare if prefix in _BARE else tag.lower()
    address = _SCHEME.sub("", "".join(space[1:].split()).lower(), count=1)
    known = _PREFIXES.get(_SLASHES.sub("/", address).rstrip("/"))
    if known is None:
        return None
    return f"{known}:{local.lower()}" if known else local.lower()


def fields_of(element: Element) -> Fields:
    """Return an element's children by name, in document order."""
    found: Fields = {}
    for child in element.iterchildren(etree.Element):
        found.setdefault(name_of(child), []).append(child)
    return found


def attribute_of(element: Element, *names: str) -> str:
    """Return the first of these attributes that is not empty, trimmed; "" for none. Names are in lower case."""
    found = _first_value(element, names)
    if not found and element.keys() != [key.lower() for key in element.keys()]:  # noqa: SIM118  an element iterates its children
        return _first_value({key.lower(): value for key, value in element.items()}, names)
    return found


def _first_value(attributes: Element | Mapping[str, str], names: Iterable[str]) -> str:
    for name in names:
        if value := (attributes.get(name) or "").strip():
            return value
    return ""


def rels_of(element: Element) -> frozenset[str]:
    """Return the relations of a link, by default `alternate`; a registered one may be an IRI (RFC 4287 §4.2.7.2)."""
    keys = element.keys()  # of a link in RSS there are none
    return _rels(attribute_of(element, "rel")) if keys else _ALTERNATE


@lru_cache(maxsize=256)
def _rels(text: str) -> frozenset[str]:
    return frozenset(_REGISTRY.sub("", rel) for rel in text.lower().split()) or _ALTERNATE


def text_of(element: Element) -> str:
    """Return all text of an element, trimmed."""
    text = element.text if len(element) == 0 else "".join(element.itertext())
    return (text or "").strip()


def first_text(fields: Fields, *names: str) -> str:
    """Return the first text of these elements that is not empty; "" for none."""
    for name in names:
        for element in fields.get(name, ()):
            if text := text_of(element):
                return text
    return ""


def markup_of(element: Element, *, atom: bool, is_content: bool = False) -> Markup:
    """Return the content of a text construct; without a type it is HTML in RSS and plain text in Atom.

    `is_content`: it is an `atom:content`, which alone may be of any media type (RFC 4287 §4.1.3.1). Others with one are
    read as base64 if they are.
    """
    media_type, mode = media_type_of(element), (element.get("mode") or "").lower()
    if media_type in {"html", "text/html"} and len(element) == 1 and len(element[0]) == 0:
        return Markup(text_of(element), html=True)  # escaped, but wrapped in an element like XHTML
    if len(element):
        return Markup(_inner_html(element), html=True)
    text = without_cdata((element.text or "").strip())
    if mode == "base64" or (not mode and _is_base64(media_type)):
        try:
            decoded = base64.b64decode("".join(text.split()), validate=not is_content).decode().strip()
            return Markup(decoded, html=bool(media_type) and media_type not in _TEXT_TYPES)
        except (binascii.Error, ValueError):
            if is_content and _NOT_BASE64.search(text) is None:
                return Markup("", html=False)
    if media_type in {"xhtml", "application/xhtml+xml"} and mode != "escaped":
        text = html.escape(text, quote=False)
    if media_type in _HTML_TYPES or media_type in _TEXT_TYPES:
        return Markup(text, html=media_type in _HTML_TYPES)
    return Markup(text, html=has_markup(text) if atom and media_type else not atom)


def media_type_of(element: Element) -> str:
    """Return the type of an element in lower case, without parameters; "" for none."""
    found = element.get("type")
    return found.partition(";")[0].strip().lower() if found else ""


def _is_base64(media_type: str) -> bool:
    """Whether a content of this type is base64 (RFC 4287 §4.1.3.3)."""
    return "/" in media_type and not media_type.startswith("text/") and not media_type.endswith(("+xml", "/xml"))


def _inner_html(element: Element) -> str:
    """Return the markup inside an element as HTML, without the `div` that Atom wraps it in (RFC 4287 §3.1.1.3)."""
    for child in element.iterdescendants(etree.Element):
        if not child.tag.startswith(_FOREIGN):
            child.tag = _html_name(child.tag.rpartition("}")[2])
    children = list(element)
    if len(children) == 1 and children[0].tag == "div" and not f"{element.text or ''}{children[0].tail or ''}".strip():
        element = children[0]
    parts = [html.escape(element.text or "", quote=False)]
    parts += [etree.tostring(child, encoding="unicode", method="html") for child in element]
    text = "".join(parts).strip()
    return _OPENING.sub(lambda tag: _XMLNS.sub("", tag[0]), text) if " xmlns" in text else text


def _html_name(name: str) -> str:
    """Return an element's name without an undeclared prefix; `span` if that leaves no valid name."""
    bare = name.rpartition(":")[2]
    return bare if _NAME.fullmatch(bare) else "span"


def person_of(element: Element, base: str) -> Person | None:
    """Return the person of an element: an Atom person (RFC 4287 §3.2), or a name and e-mail address in any order."""
    if len(element):
        fields = fields_of(element)
        name, email = first_text(fields, "name", "itunes:name"), first_text(fields, "email", "itunes:email")
        page = first_text(fields, "uri", "url", "homepage")
        uri = join(base, page) if page else None
        if name or email:
            return Person(name=name or email, uri=uri, email=email or None)
        if any(name_of(child) in _PERSON_FIELDS for child in element):
            return None
    text = text_of(element)
    found = _EMAIL.search(text)
    if found is None:
        return Person(name=text) if text else None
    rest = _BRACKETS.sub("", text[: found.start()] + text[found.end() :]).strip().strip("()<>\"'").strip()
    return Person(name=rest or found[1], email=found[1])


def people_of(fields: Fields, *names: str, base: str) -> tuple[Person, ...]:
    """Return the persons of these elements, each name once; relative addresses are joined to `base`."""
    found: dict[str, Person] = {}
    for element in chain.from_iterable(fields.get(name, ()) for name in names):
        if len(found) == MAX_PEOPLE:
            break
        if (person := person_of(element, base)) is not None:
            found.setdefault(person.name, person)
    return tuple(found.values())


def has_base(root: Element) -> bool:
    """Whether any element of a document has an `xml:base`: in most documents none does, which saves looking."""
    return bool(_ANY_BASE(root))


def resolve_own_bases(root: Element, url: str) -> None:
    """Make the addresses absolute that stand in one element with their `xml:base`, in a document at `url`."""
    for element in _OWN_BASE(root):
        base = base_of(element, url)
        for name in ("href", "src", "url"):
            if base and (address := attribute_of(element, name)):
                element.set(name, join(base, address))


def language_of(element: Element) -> str | None:
    """Return the `xml:lang` in effect for an element; None for none."""
    return next((lang for each in _self_and_ancestors(element) if (lang := each.get(_LANG)) is not None), None) or None


def base_of(element: Element, url: str) -> str | None:
    """Return the `xml:base` in effect for an element of a document at `url`; None for none."""
    bases = [base for each in _self_and_ancestors(element) if (base := each.get(_BASE))]
    if not bases:
        return None
    found = url
    for base in reversed(bases):
        joined = join(found, base)
        found = joined if joined.lower().startswith(("http://", "https://")) else found
    return found


def _self_and_ancestors(element: Element) -> Iterable[Element]:
    yield element
    yield from element.iterancestors()


def join(base: str, address: str) -> str:
    """Join an address to `base`; an invalid one is returned unchanged.

    `www.example.org/a` and, on that site, `example.org/a` are a host and a path; misspelt schemes are corrected.
    """
    address = address.strip()
    if "\n" in address or "  " in address:
        address = _LINE_BREAK.sub("", address)
    if _WELL_FORMED.match(address):
        return address
    if (scheme := _MISSPELT.match(address)) is not None:
        rest = address[scheme.end() :].rstrip("\"'>").replace("\\", "/")
        return f"{scheme[1].lower()}://{rest}"
    host = address.partition("/")[0]
    if _HOST_ALONE.match(address) or ("." in host and host.lower() == host_of(base)):
        return f"http://{address}"
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def base_of_site(site: str | None, url: str) -> str:
    """Return what relative addresses of RSS and JSON Feed count from, which do not say so: site or document.

    It is the site if another host serves its feed, as FeedBurner and mirrors do.
    """
    host = host_of(site or "")
    return site if site and host and host != host_of(url) else url


def host_of(address: str) -> str:
    """Return the host of an absolute http(s) address, without `www.`; "" for none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "").removeprefix("www.") if parts.scheme in {"http", "https"} else ""


def is_address(text: str) -> bool:
    """Whether a text is an address, not words in its place (`No comments`)."""
    if _ADDRESS_START.match(text):
        return True
    if len(text.split()) != 1:
        return False
    return _PAGE_FILE.search(text) is not None or ("/" in text.rstrip("/") and _SHORT_WORDS.fullmatch(text) is None)


def resolve_links(text: str, base: str) -> str:
    """Return HTML with its addresses joined to `base`."""

    def join_match(match: re.Match[str]) -> str:
        address = join(base, html.unescape(match[2] if match[2] is not None else match[3]))
        return f'{match[1]}"{html.escape(address)}"'

    return _OPENING.sub(lambda tag: _ADDRESS.sub(join_match, tag[0]), text)

"""What tools that save web pages write into them: address and time, pictures, the article that microformats mark.

SingleFile, browsers, HTTrack, monolith, Save Page WE, WebScrapBook, Medium's export; and addresses in web archives,
which contain the address of the page.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag

from feeder.markup import limit_attributes, tag_attribute
from feeder.model import Draft, Person, Stamp
from feeder.sources.files.addresses import is_home_page

_HEAD = 16_000
_EMBEDDED = "embedded:"  # and a number: the address of a picture that a document holds as `data:`
_DATA_ADDRESS = re.compile(
    r"data:image/(?P<kind>jpe?g|png|gif|webp|avif|bmp);base64,(?P<data>[A-Za-z0-9+/%\s]{1500,}+=*)", re.IGNORECASE
)
_URL = r"(https?://[^\s<>\"']{1,4000})"
_PLACES = (
    re.compile(
        rf"<!--\s*(?:Page|Archive)[\w ]{{0,20}} (?:with|by) SingleFile\s+url:\s*{_URL}"
        rf"(?:\s+saved date:\s*([^\n>]{{1,100}}))?"
    ),
    re.compile(rf"<!--\s*saved from url=\(\d{{1,5}}\){_URL}()", re.IGNORECASE),
    re.compile(rf"<!--\s*saved from {_URL} at (\S{{1,40}}) using monolith", re.IGNORECASE),
    re.compile(rf"<meta\s+name=\"?savepage-url\"?\s+content=\"?{_URL}()", re.IGNORECASE),
    re.compile(rf"\sdata-scrapbook-source=\"{_URL}()"),
)
_MIRRORED = re.compile(
    r"<!--\s*Mirrored from ([\w.-]{1,200}/?[^\s<>]{0,2000}) by HTTrack[^,>]{0,80}(?:,([^>]{1,60}?))?\s*-->"
)
_SIGNS = ("with singlefile", "by singlefile", "saved from", "savepage-", "data-scrapbook-", "mirrored from")
_TIMES = (
    re.compile(r"<meta\s+name=\"?savepage-date\"?\s+content=\"([^\"]{1,100})\"", re.IGNORECASE),
    re.compile(r"\sdata-scrapbook-create=\"(\d{14})"),
)
_JAVASCRIPT_DATE = re.compile(r"\w{3} (\w{3}) (\d{1,2}) (\d{4}) (\d\d:\d\d:\d\d) (?:GMT|UTC)([+-]\d{4})")
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
_ARCHIVED = re.compile(
    r"https?://(?:web\.archive\.org/web/(?P<wayback>\d{4,14})(?:[a-z]{2}_)?|wayback\.archive-it\.org/\d+/(?P<it>\d{14})|"
    r"archive\.(?:today|ph|is|md|li|vn|fo)/(?P<today>\d{14}|\d{4}\.\d\d\.\d\d-\d{6}|o/\w+))/"
    r"(?P<page>https?:/{1,2}.+)",
    re.IGNORECASE,
)


def take_embedded(text: str) -> tuple[str, Callable[[str], bytes | None] | None]:
    """Return a document without the pictures that are written into it, and what it holds at the addresses in place.

    Small ones stay: they are icons and placeholders. The second value is None if there is none.
    """
    if ";base64," not in text:
        return text, None
    found: dict[str, str] = {}

    def take(match: re.Match[str]) -> str:
        address = f"{_EMBEDDED}{len(found)}.{match['kind'].lower()}"
        found[address] = match["data"]
        return address

    text = _DATA_ADDRESS.sub(take, text)
    return text, partial(_decode_embedded, found) if found else None


def _decode_embedded(found: Mapping[str, str], address: str) -> bytes | None:
    try:
        return b64decode(unquote(found[address])) if address in found else None
    except ValueError:  # cut off, or no Base64
        return b""


def with_saved_origin(draft: Draft, text: str) -> Draft:
    """Return the draft of a page with the address and time at which it was saved, and what its microformats say.

    `text` is that of the file.
    """
    if draft.content_type != "html":
        return draft
    link, saved = _origin(text[:_HEAD])
    if link and (not draft.link or (is_home_page(draft.link) and not is_home_page(link))):
        draft = replace(draft, link=link, read_from={**draft.read_from, "link": "comment of the saved page"})
    if saved:
        stamp = Stamp(text=_readable(saved), read_from="time saved", where="comment of the saved page")
        draft = replace(draft, stamps=(*draft.stamps, stamp))
    if "h-entry" in text:
        return _with_microformats(draft)
    return _with_bookmark(draft) if not draft.link and "bookmark" in text else draft


def without_archive(draft: Draft) -> Draft:
    """Return a draft whose link is that of the page itself, not of its copy in a web archive."""
    match = _ARCHIVED.fullmatch((draft.link or "").strip())
    if match is None:
        return draft
    page = re.sub(r"\A(https?):/(?=[^/])", r"\1://", match["page"], flags=re.IGNORECASE)
    time = match["wayback"] or match["it"] or match["today"] or ""
    full = _DIGITS.fullmatch(re.sub(r"\D", "", time).ljust(14, "0")) if len(time) >= len("20200101") else None
    stamps = (Stamp(text=_readable(full[0]), read_from="time saved", where="address in a web archive"),) if full else ()
    return replace(draft, link=page, stamps=(*draft.stamps, *stamps))


def _origin(start: str) -> tuple[str, str]:
    """Return the address and the time of a saved page; "" for none."""
    low = start.lower()
    if not any(sign in low for sign in _SIGNS):
        return "", ""
    time = next((match[1] for pattern in _TIMES if (match := pattern.search(start)) is not None), "")
    for pattern in _PLACES:
        if (match := pattern.search(start)) is not None:
            return match[1].replace("&amp;", "&"), (match[2] or time).strip()
    if (match := _MIRRORED.search(start)) is not None:
        return f"https://{match[1]}", (match[2] or "").strip()
    return "", time


def _readable(time: str) -> str:
    """Return a time in a form that every reader of dates knows."""
    if (match := _JAVASCRIPT_DATE.match(time)) is not None:
        month, day, year, clock, offset = match.groups()
        return f"{day} {month} {year} {clock} {offset}"
    if (digits := _DIGITS.match(time)) is not None:
        year, month, day, *clock = digits.groups()
        return f"{year}-{month if month != '00' else '01'}-{day if day != '00' else '01'}T{':'.join(clock)}Z"
    return time


def _with_microformats(draft: Draft) -> Draft:
    """Return the draft with what an `h-entry` marks (microformats2), where the page is one entry."""
    soup = BeautifulSoup(limit_attributes(draft.content), "lxml")
    entries = soup.select(".h-entry")
    if len(entries) != 1:
        return draft
    [entry] = entries
    canonical, body = entry.select_one("a.p-canonical[href]"), entry.select_one(".e-content")
    link = tag_attribute(canonical or entry.select_one("a.u-url[href]"), "href")
    authors = _names(entry.select(".p-author"))
    published = tag_attribute(entry.select_one(".dt-published"), "datetime")
    updated = tag_attribute(entry.select_one(".dt-updated"), "datetime")
    stamps = [Stamp(text=published, read_from="page", where="h-entry: dt-published")] if published else []
    if updated:
        stamps.append(Stamp(text=updated, read_from="page", means="updated", where="h-entry: dt-updated"))
    title, places = entry.select_one(".p-name"), dict(draft.read_from)
    if canonical is not None and isinstance(body, Tag):  # Medium's export, in which all else is the export's own
        for heading in body.select(".graf--title, .section-divider"):
            heading.decompose()
        draft = replace(draft, content=str(body), title=title.get_text(" ", strip=True) if title else draft.title)
        places |= {"title": "h-entry: p-name", "content": "h-entry: e-content"}
    if link and (canonical is not None or not draft.link):
        places["link"] = "h-entry: p-canonical" if canonical is not None else "h-entry: u-url"
    else:
        link = draft.link or ""
    if authors and not draft.authors:
        places["authors"] = "h-entry: p-author"
    summary = entry.select_one(".p-summary")
    return replace(
        draft,
        link=link or None,
        authors=draft.authors or tuple(Person(name=name) for name in authors),
        stamps=(*stamps, *draft.stamps),
        categories=draft.categories or tuple(_names(entry.select(".p-category"))),
        summary=draft.summary or (summary.get_text(" ", strip=True) if summary and canonical is not None else None),
        read_from=places,
    )


def _with_bookmark(draft: Draft) -> Draft:
    """Return the draft with the address of its `rel="bookmark"` (hAtom), where the page has only one."""
    soup = BeautifulSoup(limit_attributes(draft.content), "lxml")
    links = {tag_attribute(tag, "href") for tag in soup.select(".hentry a[rel~=bookmark][href]")}
    address = links.pop() if len(links) == 1 else ""
    if not address.startswith(("http:", "https:")):
        return draft
    return replace(draft, link=address, read_from={**draft.read_from, "link": "hAtom: bookmark"})


def _names(tags: Iterable[Tag]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (tag.get_text(" ", strip=True) for tag in tags))))

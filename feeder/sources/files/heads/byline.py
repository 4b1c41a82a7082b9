"""A line with who wrote an article, and when. Pure."""

import re
from html import unescape

from feeder.dates.written import find_written_date
from feeder.model import Credit, Link, Stamp
from feeder.sources.files.heads.lines import DECORATION, MARKDOWN_LINK, MAX_LINE, MAX_NAME, TAG
from feeder.sources.files.heads.metadata import Metadata
from feeder.sources.files.heads.original import HOME, are_address

_TICKED = re.compile(
    r"[>*_ \t]*`(?P<words>[^`\n]{0,300})`[*_ \t]*+(?:\[[^\]\n]{0,100}\]\((?P<link>[^\n]{1,4000}?)\)[*_ \t]*)?"
)
_MONTH = r"[^\W\d_]{3,12}\.?"
_DATE = re.compile(
    rf"(?:\d{{4}}[-/.年]\d{{1,2}}[-/.月]\d{{1,2}}日?|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}|"
    rf"\d{{1,2}}\.? (?:de )?{_MONTH} (?:de )?\d{{4}}|{_MONTH} \d{{1,2}}, ?\d{{4}})"
    r"(?:[T,]?\s*\d{1,2}:\d{2}(?::\d{2})?(?:\s*[AP]M)?(?:\s*[(（]?(?:UTC|GMT|Z|[A-Z]{3,4})?(?:[+-]\d{1,2}:?\d{0,2})?[)）]?)?)?",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"@[\w.-]{1,40}")
# Only beside a link is a line with a name and a date taken from the article.
_PERSON = re.compile(r"[^\W\d_a-z][^\W\d_]*\.?(?:[ .'’-]{1,2}[^\W\d_]+\.?){0,4}")
_AROUND_AUTHOR = re.compile(
    r"\A(?:written |posted )?(?:by|von|par|por|di|door|av|作者|文|автор)[\s:：/／]+|"
    r"(?<=\w)[\s,](?:on|at|am|le|el|em|il|den|vom)\Z",
    re.IGNORECASE,
)
# The source behind a byline: `转自：[name](link)`.
_SOURCE = re.compile(
    r"(?<![^\W\d_])(?:(?:原文)?(?:[转轉][载載发發贴貼帖]?|[来來])自|[来來]源|出[处處]|原[载載][于於]?|首[发發][于於]?|"
    r"via|source|quelle|fuente|fonte|источник|출처|出典)(?:"
    rf"[ \t]*+(?:[:：][ \t]*+)?[*_]{{0,3}}{MARKDOWN_LINK}|"
    r"(?:[:：]?[ \t]++|：)<?(?P<bare>https?://[^\s<>\"|()（）：]++)>?)[)）】*_ \t。]*+\Z",
    re.IGNORECASE,
)
_MAX_BYLINE = 90
_BEFORE_SOURCE = " \t\u3000|｜·,，;；。(（【-—–/"
_CODE = re.compile(r"[{}=;<>$\\]|\(\)")


def find_byline(line: str) -> tuple[Metadata, bool] | None:
    """Return the author, date and link in backticks or beside a handle, and whether the line proves to be a byline."""
    if len(line) > 2 * MAX_LINE:
        return None
    if (source := _SOURCE.search(line)) is not None and (before := line[: source.start()].strip(_BEFORE_SOURCE)):
        return _read_sourced_byline(before, source)
    ticked = _TICKED.fullmatch(line)
    words = ticked["words"] if ticked is not None else TAG.sub("", line).strip(DECORATION).replace("**", "")
    date = _find_date(words)
    author = (words[: date[0]] + words[date[1] :] if date else words).strip(" \t|·,，-—")
    if ticked is None:
        author = _AROUND_AUTHOR.sub("", author).strip(DECORATION)
        if date is None or not (_HANDLE.fullmatch(author) or (len(line) <= _MAX_BYLINE and _PERSON.fullmatch(author))):
            return None
    if len(author) > MAX_NAME * 2 or _CODE.search(author):
        return None
    address = ticked["link"] if ticked is not None else None
    place = "backticks" if ticked is not None else "byline"
    fields = {"link": address, "authors": author}
    metadata = Metadata(
        link=address,
        authors=(author,) if author else (),
        stamps=(Stamp(text=words[slice(*date)], read_from="byline"),) if date else (),
        read_from={name: place for name, value in fields.items() if value},
    )
    is_proven = address is not None or (date is not None and (ticked is not None or author.startswith("@")))
    return metadata, is_proven


def _read_sourced_byline(byline: str, source: re.Match[str]) -> tuple[Metadata, bool] | None:
    """Return the metadata of a byline in backticks or with a label, or of a name and a date, and of the source."""
    found = find_byline(byline)
    if found is None:
        author = _AROUND_AUTHOR.sub("", byline)
        if author == byline or len(byline) > _MAX_BYLINE or _CODE.search(author):
            return None
        found = Metadata(authors=(author.strip(DECORATION),), read_from={"authors": "byline"}), False
    words, address = source["words"] or "", unescape(source["link"] or source["bare"]).strip("<>")
    name = "" if are_address(words, address) else words.strip(DECORATION)
    if not address.lower().startswith(("http:", "https:")):
        return None
    is_home = HOME.fullmatch(address) is not None  # of the source, not of the article
    sourced = Metadata(
        link=None if is_home else address,
        links=(Link(rel="via", href=address, title=name or None),) if is_home else (),
        credits=(Credit(role="source", name=name),) if name and not is_home else (),
        read_from={} if is_home else {"link": "link to the original"},
    )
    return found[0].or_else(sourced), True


def _find_date(words: str) -> tuple[int, int] | None:
    """Return where a date begins and ends in a line."""
    if (span := find_written_date(words)) is not None:
        return span
    match = _DATE.search(words)
    return match.span() if match is not None else None

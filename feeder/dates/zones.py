"""Names of time zones: those of the IANA list, the usual abbreviations, and those that mean several zones.

An abbreviation means one offset, whatever the season: people write EST for the hour of the east coast in winter. The
names of RFC 822 §5 are among them. What an ambiguous one (IST is Indian, Irish or Israeli) means is decided by the
other dates of its document, then by its language.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Minutes east of Greenwich -> names.
_OFFSETS = {
    -600: "hst", -540: "akst", -480: "akdt pst hnp", -420: "pdt mst hap hnr", -360: "mdt har hnc",
    -300: "cdt est hac hne pet cot", -240: "edt hae hna clt vet bot", -210: "nst hnt", -180: "adt haa brt art uyt clst",
    -150: "ndt hat", -120: "brst", 0: "ut utc gmt z zulu wet uct",
    60: "cet met mez wat west", 120: "cest cedt mest mesz eet sast cat", 180: "eest eedt idt msk мск eat trt",
    210: "irst", 240: "msd gst azt samt", 270: "irdt aft", 300: "pkt uzt yekt", 345: "npt", 360: "bdt omst",
    390: "mmt", 420: "ict wib krat", 480: "hkt sgt awst myt pht wita irkt", 540: "jst kst wit yakt", 570: "acst",
    600: "aest vlat chst", 630: "acdt", 660: "aedt", 720: "nzst", 780: "nzdt",
}  # fmt: skip
_ABBREVIATIONS = {name: minutes for minutes, names in _OFFSETS.items() for name in names.split()}
_BY_PLACE = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
    "at": "America/Halifax",
    "nt": "America/St_Johns",
}
_IN_WORDS = {
    "coordinated universal time": "Etc/UTC",
    "universal time": "Etc/UTC",
    "india standard time": "Asia/Kolkata",
    "indian standard time": "Asia/Kolkata",
    "israel standard time": "Asia/Jerusalem",
    "irish standard time": "Europe/Dublin",
    "british summer time": "Europe/London",
    "china standard time": "Asia/Shanghai",
    "arabia standard time": "Asia/Riyadh",
    "arab standard time": "Asia/Riyadh",
    "gmt standard time": "Europe/London",
    "w europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris",
}


class _Meaning(NamedTuple):
    """One meaning of an ambiguous name. `is_summer`: the name is only that of the zone's summer time."""

    minutes: int
    place: str
    languages: frozenset[str]
    regions: frozenset[str]
    is_summer: bool = False


def _meaning(minutes: int, place: str, languages: str, regions: str, *, is_summer: bool = False) -> _Meaning:
    return _Meaning(minutes, place, frozenset(languages.split()), frozenset(regions.split()), is_summer)


_AMBIGUOUS = {
    "ist": (
        _meaning(330, "Asia/Kolkata", "as bn gu hi kn ml mr ne or pa sa ta te ur", "IN LK"),
        _meaning(120, "Asia/Jerusalem", "he iw yi", "IL PS"),
        _meaning(60, "Europe/Dublin", "ga", "IE", is_summer=True),
    ),
    "cst": (
        _meaning(-360, "America/Chicago", "en es fr", "CA CR GT HN MX NI SV US"),
        _meaning(480, "Asia/Shanghai", "zh yue ug bo", "CN HK MO SG TW"),
        _meaning(-300, "America/Havana", "", "CU"),
    ),
    "bst": (
        _meaning(60, "Europe/London", "en cy gd", "GB", is_summer=True),
        _meaning(360, "Asia/Dhaka", "bn", "BD"),
    ),
    "ast": (
        _meaning(-240, "America/Halifax", "en es fr", "CA DO PR TT"),
        _meaning(180, "Asia/Riyadh", "ar", "AE BH IQ KW QA SA YE"),
    ),
}
_RFC822 = {"cst": -360}  # §5.1: what it means where nothing speaks for another zone
_OFFSET = re.compile(r"(?>(?:gmt|utc)?)\s*([+-])\s*(\d{1,2}):?(\d\d)?", re.IGNORECASE)
_PLACE = re.compile(r"[A-Za-z_]{2,20}(?:/[A-Za-z][A-Za-z0-9_+-]{1,30}){1,2}|[A-Z]{3}\d[A-Z]{3}")
_LARGEST = 15 * 60  # minutes: no zone is farther from Greenwich
_LETTERS = re.compile(r"[a-ik-z]", re.IGNORECASE)


Times = Sequence[tuple[datetime, int]]  # local times, with the minutes that they are ahead of UTC


def find_offset(name: str, at: datetime, language: str | None = None, others: Times = ()) -> int | None:
    """Return the offset of a zone in minutes east of Greenwich; None for an unknown and an ambiguous one.

    `name` is a number (`+0200`, `GMT+2`), an abbreviation, a place of the IANA list, or a name in words; `at` is the
    local time without a zone. `language` (BCP 47) and the other times of the document decide what is ambiguous.
    """
    name = " ".join(name.replace("−", "-").split())
    if (number := _OFFSET.fullmatch(name)) is not None:
        minutes = int(number[2]) * 60 + int(number[3] or 0)
        return None if minutes > _LARGEST else -minutes if number[1] == "-" else minutes
    folded = name.lower().replace(".", "")
    if folded in _IN_WORDS:
        return _offset_at(_IN_WORDS[folded], at)
    if folded.endswith(" time") and len(words := folded.split()) > len(("eastern", "time")):
        folded = "".join(word[0] for word in words)  # `Eastern Standard Time`
    if folded in _ABBREVIATIONS:
        return _ABBREVIATIONS[folded]
    if folded in _AMBIGUOUS:
        return _decide(folded, at, language, others)
    if _LETTERS.fullmatch(folded):
        return 0  # RFC 5322 §4.3: the military letters of RFC 822 mean nothing, except Z
    return _offset_at(_BY_PLACE.get(folded, name), at)


def _decide(name: str, at: datetime, tag: str | None, others: Times) -> int | None:
    """Return the meaning that the other dates of a document, or else its language, speak for."""
    meanings = [one for one in _AMBIGUOUS[name] if not one.is_summer or _offset_at(one.place, at) == one.minutes]
    language, *subtags = (tag or "").replace("_", "-").split("-")
    regions = {subtag.upper() for subtag in subtags}
    for supported in (
        [one for one in meanings if _is_among(one.place, others)],
        [one for one in meanings if not one.regions.isdisjoint(regions)],
        [one for one in meanings if language.lower() in one.languages],
    ):
        if len(supported) == 1:
            return supported[0].minutes
    return None if language else _RFC822.get(name)


def _is_among(place: str, times: Times) -> bool:
    """Whether one of these times has the offset of a place. Greenwich says nothing: it is what software writes."""
    return any(minutes and _offset_at(place, at) == minutes for at, minutes in times)


def _offset_at(place: str, at: datetime) -> int | None:
    zone = _load(place) if _PLACE.fullmatch(place) else None
    offset = zone.utcoffset(at) if zone is not None else None
    return None if offset is None else offset // timedelta(minutes=1)


@lru_cache(maxsize=512)
def _load(place: str) -> ZoneInfo | None:
    for name in (place, "/".join(part.title().replace("_Of_", "_of_") for part in place.split("/"))):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: `America` is a folder
            continue
    return None

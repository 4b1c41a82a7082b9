"""Which addresses show one picture in several sizes: `p-300x200.jpg` and `p.jpg`, `p.jpg?w=640`, `/s1600/p.jpg`.

A bare number in a path is a size only if the feed says so too: elsewhere it tells pictures apart (`/2024/05/p.jpg`).
"""

import math
import re
from collections.abc import Collection
from itertools import chain

# Parameters that only say in which size and quality a picture is sent; those with its width first.
_WIDTHS = (
    "w",
    "width",
    "wid",
    "imwidth",
    "maxwidth",
    "size",
    "sz",
    "s",
    "resize",
    "fit",
    "h",
    "height",
    "hei",
    "imheight",
)
_PARAMETERS = frozenset(
    (*_WIDTHS, *str.split("maxheight crop q quality qlt dpr auto format fm fmt strip sig signature ssl"))
)
_WORDS = {
    "thumb": 100,
    "thumbnail": 150,
    "small": 300,
    "medium": 600,
    "large": 1200,
    "scaled": 2560,
    "original": math.inf,
}
_SIZE_WORD = re.compile(r"(thumb|thumbnail|small|medium|large|original)", re.IGNORECASE)
_OPTION = r"[a-z]{1,9}_[\w.:-]{1,20}"
_PATH = re.compile(
    r"[-_](\d{2,4})x\d{2,4}(?=\.\w{2,5}\Z)|"  # WordPress
    r"@(\d)x(?=\.\w{2,5}\Z)|"
    r"=[swh](\d{2,4})[\w-]{0,40}\Z|"  # Google
    r"(?<=/)(?:"
    r"[swh](?:([1-9]\d{2,3})(?:-[a-z0-9-]{1,20})?|(\d{2})-[a-z0-9-]{1,20})(?=/)|"  # Blogger
    rf"(?:{_OPTION},){{0,8}}w_(\d{{2,4}})(?:,{_OPTION}){{0,8}}(?=/)|"  # Cloudinary
    r"(?:resize|rs|fit|fill|max)(?::[a-z]{1,9}){0,2}:(\d{2,4})(?::\d{1,4})?(?=/)|"  # imgproxy
    r"(?:max|standard|width|resize|size|crop|scale|thumbs?)/(\d{2,4})(?=/)|"
    r"(\d{2,4})x\d{2,4}!?(?=/)|"
    r"(\d{2,4})(?:px-|(?:px|w)(?=/)))|"  # MediaWiki
    r"(?:[-_](scaled|thumb|thumbnail|small|medium|large|original)(?=\.\w{2,5}\Z)|"
    r"(?<=/)(thumb|thumbnail|small|medium|large|original)(?=/))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+")
_DIGITS = 6  # of a width


def picture_size(url: str, sides: Collection[int] = ()) -> tuple[str, float]:
    """Return what is the same in all sizes of a picture, and the width in its address in pixels.

    The width is infinite if the address says none: the picture is whole. `sides` are its width and height if known.
    """
    address, _, query = url.partition("://")[2].partition("?")
    host = address.partition("/")[0]
    path = address[len(host) :]
    fields = [field.partition("=")[::2] for field in query.split("&") if field]
    sizes = {name.lower(): value for name, value in fields if _is_size(name, value)}
    found = [part for match in _PATH.findall(path) for part in match if part]
    path = _PATH.sub("", path)
    said = {str(side) for side in sides}
    path = _NUMBER.sub(lambda number: "" if number[0] in said else number[0], path)
    others = "&".join(f"{name}={value}" for name, value in fields if name.lower() not in sizes)
    found += [sizes[name] for name in (*_WIDTHS, "name") if name in sizes]
    numbers = (float(number[0][:_DIGITS]) for part in found if (number := _NUMBER.match(part)))
    words = (_WORDS[part.lower()] for part in found if part.lower() in _WORDS)
    return f"{host}{path}?{others}", next(chain(numbers, words), math.inf)


def _is_size(name: str, value: str) -> bool:
    return name.lower() in _PARAMETERS or (name.lower() == "name" and _SIZE_WORD.fullmatch(value) is not None)

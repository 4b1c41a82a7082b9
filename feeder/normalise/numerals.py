"""Converts Chinese numerals in dates and years of the Republic of China to Arabic digits."""

import re

_DIGITS = {
    **{char: str(n) for n, char in enumerate("〇一二三四五六七八九")},
    **{char: str(n) for n, char in enumerate("０１２３４５６７８９")},
    "零": "0",
    "○": "0",
    "Ｏ": "0",
}
_TO_DIGITS = str.maketrans(_DIGITS)
_HAS_NUMERALS = re.compile(
    r"[〇零○Ｏ一二三四五六七八九０-９]\s*[年月日号號]|民[國国]|[上下]午|凌晨|早上|晚上|中午|晚間|晚间|\d\s*[时時点點]"
)
_FULL_WIDTH = re.compile(r"[０-９]+")
_YEAR = re.compile(r"(?<![〇零○Ｏ一二三四五六七八九十])([〇零○Ｏ一二三四五六七八九]{4})(?=\s*年)")
_DAY = re.compile(r"(?<=[年月\s])([一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=\s*[月日号號])")
_TWENTY = re.compile(r"廿([一二三四五六七八九]?)(?=\s*[日号號])")
_ONE_TO_NINE = "[一二三四五六七八九]"
_SPELLED = rf"(?:({_ONE_TO_NINE})?(百))?[零〇]?(?:({_ONE_TO_NINE})?(十))?({_ONE_TO_NINE})?"
_REPUBLIC_YEAR = re.compile(
    rf"(?:中[華华])?民[國国]\s*(?P<year>元|\d{{1,3}}|[〇零一二三四五六七八九]{{2,3}}|(?=[十百]|{_ONE_TO_NINE}){_SPELLED})\s*年"
)
_HOUR = re.compile(
    r"(?:(?P<part>上午|早上|凌晨|中午|下午|晚上|晚間|晚间)\s*+|(?<!\s)\s++)?"
    r"(?P<h>(?<!\d)\d{1,2})\s*+(?:[:：]|[时時点點](?=\s*\d))\s*+(?P<m>\d{1,2})(?!\d)\s*+分?"
    r"(?:\s*+[:：]?\s*+(?P<s>\d{1,2})\s*+秒)?"
)
_AFTER_NOON = frozenset({"下午", "晚上", "晚間", "晚间"})
_REPUBLIC_BEGAN = 1911
_NOON = 12


def to_arabic_digits(text: str) -> str:
    """Return the text with Chinese dates and times of day as `2022年3月5日 15:04`; the rest is unchanged."""
    if _HAS_NUMERALS.search(text) is None:
        return text
    text = _FULL_WIDTH.sub(lambda match: match[0].translate(_TO_DIGITS), text)
    text = _REPUBLIC_YEAR.sub(lambda match: f"{_REPUBLIC_BEGAN + _parse_number(match['year'])}年", text)
    text = _YEAR.sub(lambda match: match[1].translate(_TO_DIGITS), text)
    text = _TWENTY.sub(lambda match: str(20 + _parse_number(match[1] or "零")), text)
    text = _DAY.sub(lambda match: str(_parse_number(match[1])), text)
    return _HOUR.sub(_format_time, text)


def _parse_number(text: str) -> int:
    """Return a number up to 999: `元`, `111`, `一百一十一`, `一一一`, `二十三`."""
    if text == "元":
        return 1
    spelled = re.fullmatch(_SPELLED, text)
    if spelled is None:
        return int(text.translate(_TO_DIGITS))
    hundreds, hundred, tens, ten, ones = ((part or "").translate(_TO_DIGITS) for part in spelled.groups())
    return (100 * int(hundreds or 1) if hundred else 0) + (10 * int(tens or 1) if ten else 0) + int(ones or 0)


def _format_time(match: re.Match[str]) -> str:
    hour = int(match["h"])
    if (match["part"] in _AFTER_NOON and hour < _NOON) or (match["part"] == "中午" and 0 < hour < 3):  # noqa: PLR2004  中午 lasts until three
        hour += _NOON
    elif match["part"] in {"凌晨", "上午"} and hour == _NOON:
        hour = 0
    seconds = f":{int(match['s']):02}" if match["s"] else ""
    return f" {hour}:{int(match['m']):02}{seconds}"

"""Reads a date written in numbers and words of any language: which is the year, the month, the day, the time?

    Mi, 16 Mär 2022 10:00 +0100      16 février 2022 10h00      2022年11月16日 下午3:05      10/30/23 21:55:58

The text must be a date and nothing else. Where each of two numbers may be the month, both days are returned: only the
other dates of a document can tell.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import NamedTuple
from unicodedata import decimal

from feeder.dates.month_names import find_months, find_weekdays
from feeder.dates.zones import find_offset

_MAX_LENGTH = 200  # characters: longer text would make the patterns slow
_FOLDED = {0x200E: None, 0x200F: None} | dict.fromkeys(map(ord, "−‐‑–"), "-")
_COMPACT = re.compile(r"((?:19|20)\d\d)([01]\d)([0-3]\d)(?:[T ]?(\d\d)(\d\d)(\d\d))?(?!\d)")
_NUMBERED_WEEKDAY = re.compile(r"(?:th(?:ứ|u)?\.?\s?[2-7]|[2-6]\s?[ªa]\.?(?:[\s-]feira)?)[,\s]", re.IGNORECASE)
_VIETNAMESE_MONTH = re.compile(r"\d\s?(?:,\s?)?(?:tháng|thg|th)\.?\s?\d", re.IGNORECASE)
_TIMES = (
    re.compile(
        r"(?<![\d+-])(?P<h>\d{1,2})\s?(?:[:：∶h時时點点시]|giờ)\s?(?P<m>\d{1,2})(?!\d)"
        r"(?:\s?[:：∶m分분]\s?(?P<s>\d{1,2})(?!\d)(?:[.,]\d{1,9})?)?(?:\s?[s分秒분초](?![^\W\d]))?",
        re.IGNORECASE,
    ),
    re.compile(r"(?<=\d[\s,])(?P<h>\d{1,2})\.(?P<m>\d\d)(?:\.(?P<s>\d\d))?(?![\d.])"),
    re.compile(
        r"(?:(?<=\s(?:kl|um|at)\s)|(?<=\s(?:klo|kl\.)\s))(?P<h>\d{1,2})\.(?P<m>\d\d)(?P<s>)(?![\d.])", re.IGNORECASE
    ),
    re.compile(r"(?<=[\s,])(?P<h>\d{1,2})(?P<m>)(?P<s>)\s?(?=[ap]\.?\s?m\b|uhr\b)", re.IGNORECASE),
)
_HALVES = (  # of the day: before the time, after it
    (
        re.compile("오전|上午|午前|早上|凌晨"),
        re.compile(r"\s?(?:a\.?\s?m|π\.?\s?μ|(?-i:SA)|ص)(?![^\W\d])\.?", re.IGNORECASE),
    ),
    (
        re.compile("오후|下午|午後|晚上|傍晚"),
        re.compile(r"\s?(?:p\.?\s?m|μ\.?\s?μ|(?-i:CH)|م)(?![^\W\d])\.?", re.IGNORECASE),
    ),
)
_KOREAN = re.compile("[년월일]|오전|오후")
_NUMBER = re.compile(r"\d+")
_COMMENT = re.compile(r"\(([^()]*)\)")
_YEAR_AT_END = re.compile(r"(?<![\d:+-])(?<![+-]\s)\d{4}(?=(?:\s[A-Z]{1,5})?\Z)")
_OFFSET_AT_END = re.compile(r"(?<=\d)\s(?:[A-Z]{1,5}\s?)?[+-]{1,2}\d\d:?\d\d\Z")
_YEAR_BELOW_ZERO = re.compile(r"(?<!\S)-\d{4}(?![\d:])")
_NO_ZONE = re.compile(r"\b(?:uhr|hrs?|hours|г|น)\b\.?|\betc/?(?!\S)|(?<![,;|·/.])[,;|·/.]++(?!\S)", re.IGNORECASE)
_ZONE = re.compile(
    r"(?:GMT|UTC)?\s?[+-]\s?\d{1,2}:?(?:\d\d)?|[A-Za-z]{1,5}|мск|[A-Za-z_]+/\S+|[A-Z]{3}\d[A-Z]{3}|"
    r"[A-Za-z.]+(?: [A-Za-z.]+){0,3} time",
    re.IGNORECASE,
)
_OFFSET_AND_NAME = re.compile(r"(?:[A-Za-z]{1,5}\s?)?-?([+-]\d\d:?\d\d)(?: [A-Za-z]+)?")
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_NOON, _MIDNIGHT, _MINUTE, _HOUR = 12, 24, 60, 3600
_CENTURY = 100
_FIRST_OF_1900S = 70  # two-digit years are 1970 to 2069
_BUDDHIST = 543  # years that the Thai calendar is ahead
_BUDDHIST_YEARS = range(2400, 2700)
# Years of the Persian calendar since 1991. Those of the Islamic calendar since then are later; its months begin when
# the moon is seen, so its dates are not converted.
_PERSIAN_YEARS = range(1370, 1411)
_PERSIAN_EPOCH = 226_142  # days from our year 1 to that calendar's, but for leap days
_PERSIAN_MONTHS = str.split("فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند")
_PERSIAN_LETTERS = str.maketrans("يك", "یک")
_LAST_DAY = 31
_WORD = re.compile(r"\S+")
_SENTENCE = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]{3}")
_LONGEST_WORD = len("2024-03-12T10:00:00.000000+08:00")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_AROUND = "()（）[]【】·|,，;；"
_BEFORE_DAY = frozenset({"ngày"})
_BEHIND_DATE = frozenset({"г.", "г", "р.", "р", "d.", "น.", "ж.", "ရက်", "uhr", "a.m.", "p.m.", "am", "pm"})
_MAX_WORDS, _MAX_TIME_WORDS = 8, 6  # of a date, and of the time behind it
_YEAR_DIGITS = 4
_YEAR_FIRST = frozenset({"ja", "ko", "zh"})  # languages in which `23/10/30` begins with the year


class WrittenDate(NamedTuple):
    """A date as written.

    `days` are the days that it can mean: two where the order of day and month is open, month first; none if it is a
    way to say that there is no date (`-0001`, `0000-00-00`). `numbers` are the two of a date that is only numbers, its
    year last, and `separator` is between them. `seconds` of the day are None without a time; `zone` is as written.
    """

    days: tuple[date, ...]
    numbers: tuple[int, int] | None = None
    separator: str = ""
    seconds: int | None = None
    zone: str = ""


class _Clock(NamedTuple):
    """A time of day: its numbers as written, and whether it is before (0) or after (1) noon; None for neither."""

    hour: str
    minute: str
    second: str
    half: int | None

    def seconds(self) -> int | None:
        """Return the seconds of the day: 24:00 is the end of it (ISO 8601), :60 a leap second; None for no time."""
        hour, minute, second = int(self.hour), int(self.minute or 0), int(self.second or 0)
        if self.half is not None and hour <= _NOON:
            hour = hour % _NOON + _NOON * self.half
        is_time = hour < _MIDNIGHT or (hour, minute, second) == (_MIDNIGHT, 0, 0)
        return hour * _HOUR + minute * _MINUTE + second if is_time and minute < _MINUTE and second <= _MINUTE else None


def read_written_date(text: str, language: str | None = None) -> WrittenDate | None:
    """Return what a date means; None if it is not recognised. `language` is a BCP 47 tag."""
    if len(text) > _MAX_LENGTH:
        return None
    text = _fold(text)
    comment = " ".join(_COMMENT.findall(text))
    words, clock, rest = _split(_COMMENT.sub(" ", text).strip())
    if clock is None:
        words = _OFFSET_AT_END.sub("", words)
    elif _NUMBER.search(words) is None:  # `10:00, 16 November 2022`
        offset = _OFFSET_AT_END.search(rest)
        words, rest = (rest, "") if offset is None else (rest[: offset.start()], offset[0])
    elif (year := _YEAR_AT_END.search(rest)) is not None:  # `Nov 16 10:00:00 GMT 2022` (asctime)
        words, rest = f"{words} {year[0]}", rest[: year.start()] + rest[year.end() :]
    zone = " ".join(_NO_ZONE.sub(" ", rest).split()).strip("[]")
    if (offset := _OFFSET_AND_NAME.fullmatch(zone)) is not None:
        zone = offset[1]
    if zone and _ZONE.fullmatch(zone) is None:
        if _NUMBER.search(zone):
            return None
        zone = ""
    found = _read_day(words, language)
    seconds = clock.seconds() if clock is not None else None
    if found is None or (clock is not None and seconds is None):
        return None
    if seconds is None:
        return found
    zone = zone or (comment if _ZONE.fullmatch(comment) else "") or ("KST" if _KOREAN.search(text) else "")
    return found._replace(seconds=seconds, zone=zone)


def find_written_date(text: str, language: str | None = None) -> tuple[int, int] | None:
    """Return where a date with a year begins and ends in a line of other words; None if there is none.

    It ends before words that are no part of it (`Ann Lee, 5 mars 2024 à 10h30, Paris`).
    """
    if len(text) > _MAX_LENGTH or not (_YEAR.search(text) or any(era in text for era in _ERAS)):
        return None
    words = [match.span() for match in _WORD.finditer(text)]
    numbered = [number for number, span in enumerate(words) if _is_numbered(text[slice(*span)])]
    for first in numbered:
        for last in (number for number in numbered if first <= number < first + _MAX_WORDS):
            if len(_NUMBER.findall(text, words[first][0], words[last][1])) < len(("day", "year")):
                continue
            # The month may be before the numbers or behind them.
            for start, end in ((first, last), (max(0, first - 1), last), (first, min(last + 1, len(words) - 1))):
                if (found := _read_words(text, words, start, end, language)) is not None:
                    return _extend(text, words, start, end, found, language)
    return None


def _is_numbered(word: str) -> bool:
    """Whether a word may be part of a date; where words are not parted by spaces, sentences are none."""
    return any(map(str.isdecimal, word)) and len(word) <= _LONGEST_WORD and _SENTENCE.search(word) is None


def _read_words(
    text: str, words: Sequence[tuple[int, int]], start: int, end: int, language: str | None
) -> WrittenDate | None:
    window = text[words[start][0] : words[end][1]].strip(_AROUND)
    if window.count("(") > window.count(")"):  # `10:00 (UTC)`
        window += ")"
    if _has_no_words(window) and len(_NUMBER.findall(window)) < len(("day", "month", "year")):
        return None
    found = read_written_date(window, language)
    return found if found is not None and found.days else None


def _extend(
    text: str, words: Sequence[tuple[int, int]], start: int, end: int, found: WrittenDate, language: str | None
) -> tuple[int, int]:
    """Return where a date begins and ends with its weekday, its time and its zone."""
    while start and (word := text[slice(*words[start - 1])].strip(_AROUND)):
        if word.lower() not in _BEFORE_DAY and not find_weekdays(word, language):
            break
        start -= 1
    for last in range(end + 1, min(end + _MAX_TIME_WORDS, len(words))):
        longer = _read_words(text, words, start, last, language)
        if longer is None or longer.days != found.days or longer == found:
            continue
        if longer.zone != found.zone and find_offset(longer.zone, datetime.combine(found.days[0], time.min)) is None:
            break
        found, end = longer, last
    while end + 1 < len(words) and text[slice(*words[end + 1])].strip(",").lower() in _BEHIND_DATE:
        end += 1
    return words[start][0], words[end][1]


def _fold(text: str) -> str:
    """Return the text with European digits, one kind of hyphen and the usual marks."""
    text = text.translate(_FOLDED).strip()
    if not text.isascii():
        text = "".join(str(decimal(char)) if char.isdecimal() else char for char in text)
    text = _COMPACT.sub(_spread, text, count=1)
    return _NUMBERED_WEEKDAY.sub("", text, count=1) if _NUMBERED_WEEKDAY.match(text) else text


def _spread(match: re.Match[str]) -> str:
    clock = f" {match[4]}:{match[5]}:{match[6]}" if match[4] else ""
    return f"{match[1]}-{match[2]}-{match[3]}{clock}"


def _split(text: str) -> tuple[str, _Clock | None, str]:
    """Return what is before the time of day, that time, and what is after it."""
    found = next((match for pattern in _TIMES if (match := pattern.search(text)) is not None), None)
    if found is None:
        return text, None, ""
    before, after, half = text[: found.start()], text[found.end() :], None
    for number, (in_front, behind) in enumerate(_HALVES):
        if (mark := behind.match(after)) is not None:
            after, half = after[mark.end() :], number
        elif in_front.search(before):
            before, half = in_front.sub(" ", before), number
    return before, _Clock(found["h"], found["m"], found["s"], half), after


def _read_day(words: str, language: str | None) -> WrittenDate | None:
    numbers = _NUMBER.findall(words)
    if _YEAR_BELOW_ZERO.search(words):
        return WrittenDate(())
    if len(numbers) == len(("day", "month", "year")):
        return _read_numbers(words, numbers, language)
    if len(numbers) == len(("day", "year")):
        return _read_month_in_words(words, numbers, language)
    return _read_month(words, numbers, language) if numbers else None


def _read_month_in_words(words: str, numbers: Sequence[str], language: str | None) -> WrittenDate | None:
    """Return what a day and a year with the name of a month mean."""
    one, other = numbers
    if len(other) < _YEAR_DIGITS and (len(one) == _YEAR_DIGITS or int(one) > _LAST_DAY):
        one, other = other, one
    is_persian = int(other) in _PERSIAN_YEARS
    if (month := _find_persian_month(words)) is not None:
        return _written(int(other), [(month, int(one))], words, language) if is_persian else None
    months = _find_month_between(_NUMBER.split(words), language)
    if not months:
        return _read_month(words, numbers, language)
    if is_persian:
        return WrittenDate(())
    return _written(_year(other, words), [(month, int(one)) for month in months], words, language)


def _read_month(words: str, numbers: Sequence[str], language: str | None) -> WrittenDate | None:
    """Return what a year, perhaps with a month, means: its first day."""
    if len(numbers) > len(("year", "month")) or len(numbers[0]) != _YEAR_DIGITS:
        return None
    months = _find_month_between(_NUMBER.split(words), language)
    if not (months or _has_no_words(words)):
        return None
    month = months[0] if months else int(numbers[1]) if len(numbers) > 1 else 1
    return _written(int(numbers[0]), [(month, 1)], words, language)


def _find_month_between(parts: Sequence[str], language: str | None) -> tuple[int, ...]:
    """Return the month that the parts around the numbers of a date name.

    It is between them (`mar. 16 nov. 2022`: a Tuesday), or before them, perhaps after a weekday.
    """
    before = parts[0].split()
    candidates = (*parts[1:-1], " ".join(before[1:]), parts[0], parts[-1])
    return next((months for part in candidates if part and (months := find_months(part, language))), ())


def _find_persian_month(words: str) -> int | None:
    found = words.translate(_PERSIAN_LETTERS).split()
    return next((number for number, name in enumerate(_PERSIAN_MONTHS, start=1) if name in found), None)


def _has_no_words(text: str) -> bool:
    return not any(map(str.isalpha, text))


def _read_numbers(words: str, numbers: Sequence[str], language: str | None) -> WrittenDate | None:
    """Return what a date with a numeric month means."""
    one, two, three = numbers
    is_long = [len(number) == _YEAR_DIGITS for number in numbers]
    is_eastern = (language or "").partition("-")[0] in _YEAR_FIRST and not any(is_long)
    if is_long[0] or is_eastern or any(era in words for era in _ERAS) or int(one) > _LAST_DAY:
        return _written(_year(one, words), [(int(two), int(three))], words, language)
    if _VIETNAMESE_MONTH.search(words):
        return _written(_year(three, words), [(int(two), int(one))], words, language)
    if int(three) in _PERSIAN_YEARS:
        return _written(int(three), [(int(two), int(one))], words, language)
    days = dict.fromkeys([(int(one), int(two)), (int(two), int(one))])
    written = _written(_year(three, words), days, words, language)
    separator = words[words.index(one) + len(one) :].lstrip()[:1]
    return written and written._replace(numbers=(int(one), int(two)), separator=separator)


def _year(number: str, words: str) -> int:
    """Return a year of our calendar; 0 for none."""
    year = int(number) + next((years for era, years in _ERAS.items() if era in words), 0)
    if len(number) <= len("22") and year < _CENTURY:
        return year + (1900 if year >= _FIRST_OF_1900S else 2000)
    return year - _BUDDHIST if year in _BUDDHIST_YEARS else year


def _written(year: int, days: Iterable[tuple[int, int]], words: str, language: str | None) -> WrittenDate | None:
    """Return the days of a year that exist, those on the weekday if one is written; None if there are none."""
    if year == 0:
        return WrittenDate(())
    found = [day for month, number in days if (day := _date(year, month, number)) is not None]
    if len(found) > 1 and not _has_no_words(words):
        weekdays = find_weekdays(_NUMBER.sub(" ", words), language)
        found = [day for day in found if day.weekday() in weekdays] or found
    return WrittenDate(tuple(found)) if found else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return _from_persian(year, month, day) if year in _PERSIAN_YEARS else date(year, month, day)
    except ValueError:
        return None


def _from_persian(year: int, month: int, day: int) -> date:
    """Return a day of the Persian calendar: six months of 31 days, five of 30, and in 8 of 33 years a day more."""
    if not (1 <= month <= 12 and 1 <= day <= (31 if month <= 6 else 30)):  # noqa: PLR2004  as above
        raise ValueError
    cycles, years = divmod(year + 1595, 33)
    leap_days = cycles * 8 + (years + 3) // 4
    return date.fromordinal(365 * year + leap_days + 31 * (month - 1) - max(0, month - 7) + day + _PERSIAN_EPOCH)

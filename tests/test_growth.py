"""Code that reads text of others takes linear time, even on hostile text."""

import time
from collections.abc import Callable
from math import log2

import pytest

from feeder.config.load import _TOKEN
from feeder.normalise.body.saved_page import extract_saved_article
from feeder.normalise.urls import clean_link
from feeder.query.tokens import visible_text
from feeder.sources.feeds.parsing.encoding import to_utf8
from feeder.sources.feeds.parsing.feed_dates import feed_date_to_iso
from feeder.sources.files.article import read_article
from feeder.sources.files.encoding import decode

_NOTICED_S = 0.01
_STEEPEST = 1.6  # allowed exponent of the growth of time with length: 1 is linear, 2 quadratic
_LONGEST = 2_000_000

READERS: dict[str, Callable[[int], object]] = {
    "blanks in a leading comment": lambda n: read_article(b"<!--" + b" " * n + b"words", "a.md"),
    "words in a leading comment": lambda n: read_article(b"<!--" + b"a " * n, "a.md"),
    "comments before a page": lambda n: extract_saved_article("<!-- a -->\n\n" * n + "<p>words"),
    "marks behind an address": lambda n: clean_link("https://e.org/a" + "。" * n + "b"),
    "figures that are no token": lambda n: _TOKEN.sub("", "1" * n),
    "blanks behind a declaration": lambda n: decode(b"charset=" + b" " * n + b"\xff", "a"),
    "letters to guess an encoding from": lambda n: decode(b"caf\xe9 " * n, "a"),
    "lines before what there is to guess from": lambda n: decode(b"words\n" * n + b"caf\xe9", "a"),
    "blanks in a header": lambda n: to_utf8(b"\xff<rss/>", "text/xml; charset=" + " " * n),
    "a date of words": lambda n: feed_date_to_iso("a" * n),
    "a date of parentheses": lambda n: feed_date_to_iso("1 May 2024 " + "()" * n + "x"),
    "tags that are never closed": lambda n: visible_text("<a b" * n),
    "quotes that are never closed": lambda n: visible_text("<a \"'" * n),
}


def seconds(read: Callable[[int], object], length: int, tries: int = 1) -> float:
    least = float("inf")
    for _ in range(tries):
        start = time.process_time()
        read(length)
        least = min(least, time.process_time() - start)
    return least


def steepness(read: Callable[[int], object]) -> float:
    length = 25
    while length < _LONGEST and seconds(read, length) < _NOTICED_S:
        length *= 2
    first = seconds(read, length, 3)
    return 0.0 if first < _NOTICED_S else log2(seconds(read, length * 2, 3) / first)


@pytest.mark.parametrize("name", READERS)
def test_time_is_linear_in_the_length_of_the_text(name: str) -> None:
    # The lower of two: another program may have disturbed one measurement.
    assert min(steepness(READERS[name]) for _ in range(2)) < _STEEPEST


def test_quadratic_time_is_detected() -> None:
    assert steepness(lambda n: [1 for _ in range(n) for _ in range(n)]) > _STEEPEST

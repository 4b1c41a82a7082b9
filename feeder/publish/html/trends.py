"""The page of the words that rise, each with a small chart of its days.

Pure, as `pages` is. A chart is drawn as SVG within the page: a bar a day, its height the number of entries.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from feeder.config.settings import SiteConfig
from feeder.publish.html.pages import TRENDS_PATH, render
from feeder.store import Trend, parse_query

_WIDTH, _HEIGHT, _GAP = 112, 32, 4
_LOWEST = 2  # of a day without any entry, so that it is seen to be one


class Bar(NamedTuple):
    """One bar of a chart, in the units of its view box, which count from the top left."""

    x: float
    y: float
    width: float
    height: float


def render_trends(site: SiteConfig, trends: Sequence[Trend], *, end: datetime) -> str:
    """Return the page of the words that rise; `end` is the first moment after the days they rise in."""
    days = max((len(trend.daily) for trend in trends), default=7)
    start = end - timedelta(days=days)
    return render(
        "trends.html",
        site,
        path=TRENDS_PATH,
        start=start,
        last=end - timedelta(days=1),
        rising=[(trend, _search(trend.word, start, end), bars(trend.daily)) for trend in trends],
        width=_WIDTH,
        height=_HEIGHT,
    )


def bars(daily: Sequence[int]) -> list[Bar]:
    """Return a bar for each number, the largest as high as the chart."""
    width = (_WIDTH + _GAP) / max(len(daily), 1) - _GAP
    largest = max(daily, default=0) or 1
    heights = [max(_LOWEST, round(_HEIGHT * number / largest, 1)) for number in daily]
    return [
        Bar(round(number * (width + _GAP), 1), round(_HEIGHT - height, 1), round(width, 1), height)
        for number, height in enumerate(heights)
    ]


def _search(word: str, start: datetime, end: datetime) -> str:
    """Return the search for the entries of those days that have the word."""
    return str(parse_query(f'"{word}" after:{start:%Y-%m-%d} before:{end:%Y-%m-%d}'))

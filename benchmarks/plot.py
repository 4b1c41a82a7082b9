"""Plot of search latency by number of articles, as an SVG for light and dark pages. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from feeder.store.search.search import Order

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 132, 48, 52  # margins; the right one holds the labels of the lines
MIN, MAX = 0.01, 100.0  # milliseconds
COLOURS: dict[Order, str] = {"newest": "a", "best": "b"}
TITLES: dict[Order, str] = {"newest": "newest first", "best": "best first"}
LABEL = "Milliseconds for a page of 20, against the number of articles"
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .quiet { fill: #59636e; font-size: 12px }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .a { stroke: #0969da } .b { stroke: #bc4c00 }
  .of-a { fill: #0969da } .of-b { fill: #bc4c00 }
  .line { fill: none; stroke-width: 2.5 }
  .median { stroke-dasharray: 2 5; stroke-linecap: round }
  .target { stroke-width: 1; stroke-dasharray: 8 4; opacity: .7 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d }
    .a { stroke: #4493f8 } .b { stroke: #f0883e } .of-a { fill: #4493f8 } .of-b { fill: #f0883e }
  }
"""


@dataclass(frozen=True)
class Point:
    """The results at one size: for each order cold p50 and p99, warm p50 and p99, in milliseconds."""

    count: int
    spreads: Mapping[Order, Sequence[float]]


def draw_plot(points: Sequence[Point], targets: Mapping[Order, float]) -> str:
    """Return the plot: warm median, warm 99th percentile and target of each order."""
    counts = [point.count for point in points]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{LABEL}">',
        f"<style>{STYLE}</style>",
        f'<text x="{LEFT}" y="24">{LABEL}</text>',
        *_grid(counts),
    ]
    for order, colour in COLOURS.items():
        target = _y(targets[order])
        parts.append(f'<line class="target {colour}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{target}" y2="{target}"/>')
        parts.append(_name(target, colour, f"target {targets[order]:g} ms"))
        for column, kind in ((2, "median"), (3, "p99")):
            spots = [(_x(point.count, counts), _y(point.spreads[order][column])) for point in points]
            path = " ".join(f"{x},{y}" for x, y in spots)
            parts.append(f'<polyline class="line {colour} {kind}" points="{path}"/>')
            parts += [f'<circle class="of-{colour}" cx="{x}" cy="{y}" r="3.5"/>' for x, y in spots]
    parts += _legend()
    return "\n".join([*parts, "</svg>", ""])


def _grid(counts: Sequence[int]) -> Iterator[str]:
    for power in range(round(math.log10(MIN)), round(math.log10(MAX)) + 1):
        y = _y(10.0**power)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="quiet" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>'
    for count in counts:
        x = _x(count, counts)
        yield f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text class="quiet" x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{count:,}</text>'


def _legend() -> Iterator[str]:
    x, y = LEFT, HEIGHT - 12
    for order, colour in COLOURS.items():
        for kind in ("p99", "median"):
            yield f'<line class="line {colour} {kind}" x1="{x}" x2="{x + 28}" y1="{y - 4}" y2="{y - 4}"/>'
            yield f'<text class="quiet" x="{x + 34}" y="{y}">{TITLES[order]}, {kind}</text>'
            x += 165


def _name(y: float, colour: str, text: str) -> str:
    return f'<text class="of-{colour}" x="{WIDTH - RIGHT + 8}" y="{y + 4}">{text}</text>'


def _x(count: int, counts: Sequence[int]) -> float:
    first, last = math.log10(min(counts)), math.log10(max(counts))
    inner = WIDTH - LEFT - RIGHT - 60
    return round(LEFT + 30 + inner * ((math.log10(count) - first) / (last - first or 1)), 1)


def _y(ms: float) -> float:
    share = (math.log10(max(ms, MIN)) - math.log10(MIN)) / (math.log10(MAX) - math.log10(MIN))
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

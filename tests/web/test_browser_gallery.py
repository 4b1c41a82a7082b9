"""Pages of entries that are hard to lay out, measured in a real Chromium: at three widths, light and dark."""

import re
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from tests.web.gallery import write_gallery
from tests.web.test_browser import chromium, find_barriers  # noqa: F401  `chromium` is a fixture

pytestmark = pytest.mark.browser

SCREENS = tuple(product((360, 768, 1280), ("light", "dark")))


def drawing(width: int, height: int, ground: str = "none") -> str:
    """Return black lines on a ground, as SVG."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="{ground}"/>'
        f'<path d="M0 0L{width} {height}M0 {height}L{width} 0" stroke="black" stroke-width="6"/></svg>'
    )


PICTURES = {"sign": drawing(40, 40), "wide": drawing(1600, 900, "teal"), "line": drawing(600, 200)}
MEASURES = """() => {
  const text = document.querySelector(".text") ?? document.body;
  const words = [...text.querySelectorAll("td, th")].flatMap(cell => {
    const found = [], walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const match of walker.currentNode.data.matchAll(/[\\w-]+/g)) {
        const range = document.createRange();
        range.setStart(walker.currentNode, match.index);
        range.setEnd(walker.currentNode, match.index + match[0].length);
        if (range.getClientRects().length > 1) found.push(match[0]);
      }
    }
    return found;
  });
  const style = element => getComputedStyle(element);
  const narrow = [...text.querySelectorAll("td, th")]
    .filter(cell => /[\\u3040-\\u9fff]{6}/.test(cell.textContent))
    .filter(cell => cell.clientWidth < 5 * parseFloat(style(cell).fontSize)).length;
  return {
    overflow: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    broken_words: words,
    narrow_cells: narrow,
    shift: window.shift,
    levels: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(heading => +heading.tagName[1]),
  };
}"""
BOXES = """() => [...document.querySelectorAll(".text img")].map(image => {
  const {width, height} = image.getBoundingClientRect();
  return [width, height, image.parentElement.tagName];
})"""
SHIFTS = """window.shift = 0; new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});"""

# Each picture loads when it comes near.
SCROLL = """async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 600) {
    window.scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
  await Promise.all([...document.images].map(image => image.decode().catch(() => null)));
  await new Promise(requestAnimationFrame);
}"""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gallery")
    return dict(write_gallery(folder))


@pytest.fixture(scope="module")
def tab(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    context.add_init_script(SHIFTS)
    tab = context.new_page()
    tab.errors = []
    tab.on("console", lambda message: tab.errors.append(message.text))
    context.route(re.compile(r"^https?://"), respond)
    yield tab
    context.close()


def respond(route: Any) -> None:
    if "gone" in route.request.url:
        route.fulfill(status=404)
    else:
        name = route.request.url.rpartition("/")[2].partition(".")[0]
        route.fulfill(body=PICTURES[name], content_type="image/svg+xml")


def show(tab: Any, page: Path, width: int = 768, scheme: str = "light") -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme, media="screen")
    tab.errors.clear()
    tab.goto(page.as_uri())
    tab.evaluate(SCROLL)


def test_every_page_keeps_its_shape(tab: Any, gallery: dict[str, Path]) -> None:
    wrong = {}
    for name, page in gallery.items():
        for width, scheme in SCREENS:
            show(tab, page, width, scheme)
            found = tab.evaluate(MEASURES)
            levels = found.pop("levels")
            found["skipped"] = [pair for pair in pairwise(levels) if pair[1] - pair[0] > 1]
            found["shift"] = name != "gone" and found["shift"] >= 0.05  # a place that was kept is given up
            found["errors"] = [error for error in tab.errors if "404" not in error]
            found["barriers"] = find_barriers(tab)
            if any(found.values()):
                wrong[name, width, scheme] = found
    assert wrong == {}


def test_text_from_right_to_left_is_mirrored(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["hebrew"])
    directions = tab.evaluate("""() => Object.fromEntries(
      ["h1", ".text", ".text ul", ".text pre", ".text [dir=ltr]", ".turn b"]
        .map(name => [name, getComputedStyle(document.querySelector(name)).direction]))""")
    leftward = {"h1", ".text", ".text ul", ".turn b"}
    assert {name for name, direction in directions.items() if direction == "rtl"} == leftward
    quote = tab.evaluate(
        "(({borderRightWidth, borderLeftWidth}) => [borderRightWidth, borderLeftWidth])"
        "(getComputedStyle(document.querySelector('.text blockquote')))"
    )
    assert quote == ["3px", "0px"]
    show(tab, gallery["index"])
    assert (
        tab.evaluate("[...document.querySelectorAll('.list > li')].map(li => getComputedStyle(li).direction)")[0]
        == "rtl"
    )


def test_a_picture_stays_in_its_sentence_and_keeps_its_proportions(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["pictures"], 360)
    sign, wide, line = tab.evaluate(BOXES)
    assert sign == [40, 40, "P"]
    assert wide[0] <= 360
    assert wide[0] / wide[1] == pytest.approx(16 / 9, rel=0.02)
    assert line[0] / line[1] == pytest.approx(3, rel=0.02)


def test_a_picture_that_is_gone_leaves_its_description_but_no_box(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["gone"], 360)
    gone, nothing = tab.evaluate(BOXES)
    assert 0 < gone[1] < 60
    assert 0 < nothing[1] < 60
    assert tab.evaluate("[...document.querySelectorAll('.text img')].map(image => image.alt)") == [
        "What was here",
        "Picture",
    ]
    for element in (".text img", ".text figure"):
        assert tab.evaluate(f"getComputedStyle(document.querySelector('{element}')).borderWidth") == "0px"


def test_black_lines_are_seen_in_the_dark(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["pictures"], scheme="dark")
    ground = tab.evaluate("getComputedStyle(document.querySelector('.text img')).backgroundColor")
    assert min(map(int, re.findall(r"\d+", ground))) > 200


def test_sound_and_film_play_in_the_page_when_asked(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["sound"])
    players = tab.evaluate("""() => [...document.querySelectorAll("audio, video")].map(
      player => [player.tagName, player.controls, player.autoplay, player.preload, player.poster ?? ""])""")
    assert players == [
        ["AUDIO", True, False, "none", ""],
        ["VIDEO", True, False, "none", "https://pictures.example/wide.svg"],
    ]
    assert tab.evaluate("[...document.querySelectorAll('.text p > a')].map(a => a.textContent)") == [
        "▶ Rain",
        "▶ Annual report.pdf",
    ]
    assert not tab.evaluate("document.querySelectorAll('iframe').length")


def test_a_note_is_reached_and_left_again(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["notes"], 360)
    tab.click(".text sup a")
    assert tab.evaluate("document.querySelector(':target').textContent").startswith("A note.")
    tab.click(".text :target a")
    assert tab.evaluate("document.querySelector(':target').tagName") == "SUP"


def test_code_is_printed_whole(tab: Any, gallery: dict[str, Path]) -> None:
    show(tab, gallery["words"])
    tab.emulate_media(media="print")
    clipped = "(pre => [pre.scrollWidth > pre.clientWidth, getComputedStyle(pre).whiteSpace])"
    assert tab.evaluate(f"{clipped}(document.querySelector('.text pre'))") == [False, "pre-wrap"]

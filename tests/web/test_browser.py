"""The pages in a real Chromium, as a reader on a phone or at a desk meets them."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from feeder.config import Config
from feeder.model import Entry, Media
from feeder.publish.site import publish
from feeder.store import Origin, Store
from tests.entries import make_entry

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="900"><rect width="1600" height="900"/></svg>'
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PAGES = [
    "index.html",
    "entry",
    "archive/index.html",
    "archive/2023-02.html",
    "search",
    "search?q=雨",
    "search?q=骆驼",
    "x/y",
]

# WCAG 2.2 §1.4.3: the contrast of each text against what lies behind it; opaque colours are all that the site uses.
CONTRASTS = """() => {
  const channel = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(value => channel(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/^rgba\\(.*, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const pair = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
    found.push([(pair[0] + 0.05) / (pair[1] + 0.05), element.className || element.tagName, walker.currentNode.data]);
  }
  return found;
}"""


@pytest.fixture(scope="module")  # not longer: while playwright runs, no other test could run an event loop
def chromium() -> Iterator[Any]:
    """One browser for all tests here."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium on this machine; set CHROMIUM to one")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


Opener = Callable[..., Any]


@pytest.fixture
def opened(chromium: Any) -> Iterator[Opener]:
    """Opens a tab; what it asks of other hosts is answered here, and noted with all that it complains of."""
    contexts = []

    def open_tab(**options: Any) -> Any:
        context = chromium.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.asked, tab.complaints = [], []
        tab.on("console", lambda message: tab.complaints.append(message.text))
        tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
        context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: answer(tab, route))
        return tab

    def answer(tab: Any, route: Any) -> None:
        tab.asked.append((route.request.resource_type, route.request.url, route.request.headers.get("referer")))
        route.fulfill(body=PICTURE, content_type="image/svg+xml")

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture
def entries() -> list[Entry]:
    """Articles with what is hard to lay out: long words, wide tables, wide pictures, long titles, both scripts."""
    wide = "<table><tbody><tr>" + "<td>一个很宽的表格</td>" * 20 + "</tr></tbody></table>"
    content = (
        f"<p>{'春天的第一场雨，街上的人都带着伞。' * 12}</p><h2>小标题</h2>{wide}<pre><code>{'x' * 300}</code></pre>"
        f"<p>https://example.org/{'a' * 200}</p><blockquote><p>引文</p></blockquote><ul><li>一</li></ul>"
        '<figure><img src="https://pictures.example/wide.svg" alt="很宽的图"><figcaption>说明</figcaption></figure>'
    )
    media = (Media(url="https://pictures.example/thumb.svg", kind="image", type="image/svg+xml"),)
    return [
        make_entry(1, title="很长的标题" * 12, content=content, media=media),
        make_entry(2, title="繁體字的標題", language="zh-Hant"),
        make_entry(3, title="An English title", language="en", content="<p>Rain.</p>", media=()),
    ]


def path_of(name: str, entries: list[Entry]) -> str:
    return f"entries/{entries[0].key}.html" if name == "entry" else name


@pytest.mark.parametrize(
    "device", [PHONE, DESK, {"viewport": {"width": 320, "height": 640}}], ids=["phone", "desk", "320"]
)
def test_nothing_is_wider_than_the_window(
    opened: Opener, address: str, entries: list[Entry], device: dict[str, Any]
) -> None:
    tab = opened(**device)
    too_wide = {}
    for name in PAGES:
        tab.goto(address + path_of(name, entries))
        too_wide[name] = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert {name: width for name, width in too_wide.items() if width > 0} == {}


def test_no_page_complains_and_none_asks_others_for_anything_but_pictures(
    opened: Opener, address: str, entries: list[Entry]
) -> None:
    for name in PAGES:
        tab = opened(**PHONE)
        tab.goto(address + path_of(name, entries), wait_until="networkidle")
        tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        tab.wait_for_load_state("networkidle")
        missing = ["Failed to load resource: the server responded with a status of 404 (Not Found)"]
        assert (name, tab.complaints) == (name, missing if name == "x/y" else [])
        assert {(kind, referer) for kind, _, referer in tab.asked} <= {("image", None)}
        if name == "entry":
            assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(
    opened: Opener, address: str, entries: list[Entry], scheme: str
) -> None:
    tab = opened(**PHONE, color_scheme=scheme)
    for name in PAGES:
        tab.goto(address + path_of(name, entries))
        contrasts = tab.evaluate(CONTRASTS)
        assert contrasts
        assert [(name, *found) for found in contrasts if found[0] < 4.5] == []


def test_light_and_dark_follow_the_reader(opened: Opener, address: str) -> None:
    papers = []
    for scheme in ("light", "dark"):
        tab = opened(color_scheme=scheme)
        tab.goto(address)
        colour = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        papers.append(sum(int(number) for number in re.findall(r"\d+", colour)))
    light, dark = papers
    assert light > 600
    assert dark < 150


def test_the_text_is_set_to_be_read(opened: Opener, address: str, entries: list[Entry]) -> None:
    tab = opened(**DESK)
    tab.goto(address + path_of("entry", entries))
    measure = tab.evaluate("""() => {
      const text = document.querySelector(".text p"), style = getComputedStyle(text);
      return [text.getBoundingClientRect().width / parseFloat(style.fontSize),
              parseFloat(style.lineHeight) / parseFloat(style.fontSize), parseFloat(style.fontSize)];
    }""")
    assert 30 <= measure[0] <= 38
    assert 1.7 <= measure[1] <= 1.9
    assert measure[2] >= 17


def test_what_a_finger_must_hit_is_large_enough(opened: Opener, address: str) -> None:
    tab = opened(**PHONE)
    tab.goto(address)
    heights = tab.evaluate(
        "[...document.querySelectorAll('nav a, .more a, footer a')].map(a => a.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 24  # WCAG 2.2 §2.5.8


def test_the_first_tab_key_leads_past_the_navigation(opened: Opener, address: str) -> None:
    tab = opened(**DESK)
    tab.goto(address)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    assert tab.evaluate("document.activeElement.textContent") == "跳到正文"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")
    outline = tab.evaluate("getComputedStyle(document.activeElement.closest('.item')).outlineStyle")
    assert outline == "solid"


def test_a_reader_without_javascript_reads_searches_and_turns_pages(
    opened: Opener, address: str, entries: list[Entry]
) -> None:
    tab = opened(**PHONE, java_script_enabled=False)
    tab.goto(address)
    tab.click("text=搜索")
    tab.fill("input[name=q]", "繁体字")
    tab.press("input[name=q]", "Enter")
    assert tab.locator("mark").all_text_contents() == ["繁體字"]
    tab.click(".item")
    assert tab.locator("h1").text_content() == "繁體字的標題"
    tab.click(".turn a")
    assert tab.url.startswith(f"{address}entries/")
    tab.click(".brand a")
    assert tab.locator(".item").count() == len(entries)


def test_the_site_reads_from_a_disk(opened: Opener, published: Path, entries: list[Entry]) -> None:
    tab = opened(**PHONE)
    tab.goto((published / "index.html").as_uri())
    tab.click(f"text={entries[1].title}")
    assert tab.locator("h1").text_content() == entries[1].title
    assert tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") != "rgba(0, 0, 0, 0)"
    tab.click("text=存档")
    tab.click("text=2023年2月")
    assert tab.locator(".titles li").count() == len(entries)
    assert tab.complaints == []


def test_a_page_that_is_not_there_looks_like_the_site_at_any_depth(opened: Opener, address: str) -> None:
    for path in ("x", "x/y/z", "x%2Fy/z"):
        tab = opened(**PHONE)
        tab.goto(address + path)
        assert tab.evaluate("getComputedStyle(document.querySelector('.top')).display") == "flex"
        tab.click("main >> text=首页")
        assert tab.url == f"{address}index.html"


def test_each_text_is_set_in_the_face_of_its_own_script(opened: Opener, address: str) -> None:
    tab = opened(**PHONE)
    tab.goto(address)
    faces = tab.evaluate(
        "[...document.querySelectorAll('.list > li')].map(li => getComputedStyle(li.querySelector('.meta')).fontFamily)"
    )
    by_language = dict(
        zip(tab.evaluate("[...document.querySelectorAll('.list > li')].map(li => li.lang)"), faces, strict=True)
    )
    assert "PingFang SC" in by_language["zh-Hans"]
    assert "PingFang TC" in by_language["zh-Hant"]
    assert "PingFang" not in by_language["en"]


def test_on_paper_there_is_the_article_and_nothing_to_click(opened: Opener, address: str, entries: list[Entry]) -> None:
    tab = opened(**DESK)
    tab.goto(address + path_of("entry", entries))
    tab.emulate_media(media="print")
    shown = {name: tab.locator(name).first.is_visible() for name in ("h1", ".text", ".top nav", ".turn", ".bottom")}
    assert shown == {"h1": True, ".text": True, ".top nav": False, ".turn": False, ".bottom": False}


def test_text_that_means_harm_does_none(
    opened: Opener, address: str, client: httpx.Client, config: Config, sqlite_store: Store
) -> None:
    evil = "\"'><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    entry = make_entry(66, title=evil, summary=evil, content=f"<p>{evil}</p>", categories=(evil,))
    sqlite_store.save([(Origin("test", "evil.md"), entry)])
    publish(config, sqlite_store)
    assert client.get(f"entries/{entry.key}.html").status_code == 200
    for path in ("index.html", f"entries/{entry.key}.html", "archive/2023-02.html", "search?q=pwned"):
        tab = opened(**DESK)
        tab.goto(address + path, wait_until="networkidle")
        assert tab.title() != "pwned"

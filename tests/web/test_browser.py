"""The pages in a real Chromium, as on a phone and on a desktop."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedConfig
from feeder.incoming.origin import Origin
from feeder.model import Entry, Media
from feeder.publish.html.pages import render_article
from feeder.publish.shown import ShownPictures
from feeder.publish.site import publish
from feeder.store import Store
from feeder.web import create_app
from tests.entries import make_entry
from tests.saving import save
from tests.web.conftest import Stage

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
expect = sync_api.expect  # waits for what follows a click, up to five seconds

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
SMALL: dict[str, Any] = {**PHONE, "viewport": {"width": 360, "height": 640}}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PAGES = [
    "index.html",
    "entry",
    "archive/index.html",
    "archive/2023-02.html",
    "search",
    "search?q=雨",
    "search?q=雨&order=best",
    "search?q=雨 source:example.org on:2023",
    "search?q=骆驼",
    "search?q=rian",
    "search?q=雨 on:上周",
    "related",
    "feeds/rain.html",
    "subscribe.html",
    "x/y",
]


def find_barriers(tab: Any) -> list[tuple[str, str]]:
    """Return what axe finds on a page that keeps people out: its rules, WCAG's among them, and the elements."""
    found = axe.Axe().run(tab).response["violations"]
    return [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]


@pytest.fixture(scope="module")  # not longer: while playwright runs, no other test could run an event loop
def chromium() -> Iterator[Any]:
    """One browser for all tests of this module."""
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
def open_tab(chromium: Any) -> Iterator[Opener]:
    """Return a function that opens a tab, which records its errors, and its requests to other hosts (answered here)."""
    contexts = []

    def open_tab(**options: Any) -> Any:
        context = chromium.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.requests, tab.errors = [], []
        tab.on("console", lambda message: tab.errors.append(message.text))
        tab.on("pageerror", lambda error: tab.errors.append(str(error)))
        context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: respond(tab, route))
        return tab

    def respond(tab: Any, route: Any) -> None:
        tab.requests.append((route.request.resource_type, route.request.url, route.request.headers.get("referer")))
        route.fulfill(body=PICTURE, content_type="image/svg+xml")

    yield open_tab
    for context in contexts:
        context.close()


@pytest.fixture
def entries() -> list[Entry]:
    """Articles that are hard to lay out: long words, wide tables, wide images, long titles, both scripts."""
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


@pytest.fixture
def config(config: Config) -> Config:
    feeds = (
        FeedConfig(name="rain", title="下雨的日子", query="雨"),
        FeedConfig(name="long", title="很长" * 40, query="雨"),
    )
    return config.model_copy(update={"feeds": feeds})


def path_of(name: str, entries: list[Entry]) -> str:
    own = {"entry": f"entries/{entries[0].key}.html", "related": f"related?id={entries[0].key}"}
    return own.get(name, name)


@pytest.mark.parametrize(
    "device",
    [PHONE, DESK, SMALL, {"viewport": {"width": 320, "height": 640}}],
    ids=["phone", "desk", "360", "320"],
)
def test_nothing_is_wider_than_the_window(
    open_tab: Opener, address: str, entries: list[Entry], device: dict[str, Any]
) -> None:
    tab = open_tab(**device)
    too_wide = {}
    for name in PAGES:
        tab.goto(address + path_of(name, entries))
        too_wide[name] = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert {name: width for name, width in too_wide.items() if width > 0} == {}


def test_no_page_complains_and_none_asks_others_for_anything_but_pictures(
    open_tab: Opener, address: str, entries: list[Entry]
) -> None:
    for name in PAGES:
        tab = open_tab(**PHONE)
        tab.goto(address + path_of(name, entries), wait_until="networkidle")
        tab.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        tab.wait_for_load_state("networkidle")
        status = {"x/y": "404 (Not Found)", "search?q=雨 on:上周": "400 (Bad Request)"}.get(name)
        expected = [f"Failed to load resource: the server responded with a status of {status}"] if status else []
        assert (name, tab.errors) == (name, expected)
        assert {(kind, referer) for kind, _, referer in tab.requests} <= {("image", None)}
        if name == "entry":
            assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth)")


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_barrier(
    open_tab: Opener, address: str, entries: list[Entry], device: dict[str, Any], scheme: str
) -> None:
    tab = open_tab(**device, color_scheme=scheme)
    barriers = {}
    for name in PAGES:
        tab.goto(address + path_of(name, entries))
        barriers[name] = find_barriers(tab)
    assert {name: found for name, found in barriers.items() if found} == {}


def test_light_and_dark_follow_the_reader(open_tab: Opener, address: str) -> None:
    papers = []
    for scheme in ("light", "dark"):
        tab = open_tab(color_scheme=scheme)
        tab.goto(address)
        colour = tab.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        papers.append(sum(int(number) for number in re.findall(r"\d+", colour)))
    light, dark = papers
    assert light > 600
    assert dark < 150


def test_the_text_is_set_to_be_read(open_tab: Opener, address: str, entries: list[Entry]) -> None:
    tab = open_tab(**DESK)
    tab.goto(address + path_of("entry", entries))
    measure = tab.evaluate("""() => {
      const text = document.querySelector(".text p"), style = getComputedStyle(text);
      return [text.getBoundingClientRect().width / parseFloat(style.fontSize),
              parseFloat(style.lineHeight) / parseFloat(style.fontSize), parseFloat(style.fontSize)];
    }""")
    assert 30 <= measure[0] <= 38
    assert 1.7 <= measure[1] <= 1.9
    assert measure[2] >= 17


def test_what_a_finger_must_hit_is_large_enough(open_tab: Opener, address: str) -> None:
    tab = open_tab(**PHONE)
    tab.goto(address)
    heights = tab.evaluate(
        "[...document.querySelectorAll('nav a, .more a, footer a')].map(a => a.getBoundingClientRect().height)"
    )
    tab.goto(f"{address}search?q=雨 source:example.org")
    heights += tab.evaluate(
        "[...document.querySelectorAll('.tally a, .chips a, .help summary')].map(a => a.getBoundingClientRect().height)"
    )
    assert heights
    assert min(heights) >= 24  # WCAG 2.2 §2.5.8


def test_the_first_tab_key_leads_past_the_navigation(open_tab: Opener, address: str) -> None:
    tab = open_tab(**DESK)
    tab.goto(address)
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    assert tab.evaluate("document.activeElement.textContent") == "跳到正文"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('main') !== null")
    tab.locator(".item a").first.focus()
    tab.keyboard.press("Tab")
    outline = tab.evaluate("getComputedStyle(document.activeElement.closest('.item')).outlineStyle")
    assert outline == "solid"


def test_a_reader_without_javascript_reads_searches_and_turns_pages(
    open_tab: Opener, address: str, entries: list[Entry]
) -> None:
    tab = open_tab(**PHONE, java_script_enabled=False)
    tab.goto(address)
    tab.click("text=搜索")
    tab.fill("input[name=q]", "繁体字")
    tab.press("input[name=q]", "Enter")
    expect(tab.locator("mark")).to_have_text(["繁體字"])
    tab.click(".item")
    expect(tab.locator("h1")).to_have_text("繁體字的標題")
    tab.click(".turn a")
    expect(tab.locator("h1")).not_to_have_text("繁體字的標題")
    assert tab.url.startswith(f"{address}entries/")
    tab.click(".brand a")
    expect(tab.locator(".item")).to_have_count(len(entries))


def test_the_site_reads_from_a_disk(open_tab: Opener, published: Path, entries: list[Entry]) -> None:
    tab = open_tab(**PHONE)
    tab.goto((published / "index.html").as_uri())
    tab.click(f"text={entries[1].title}")
    assert tab.locator("h1").text_content() == entries[1].title
    assert tab.evaluate("getComputedStyle(document.documentElement).backgroundColor") != "rgba(0, 0, 0, 0)"
    tab.click("text=存档")
    tab.click("text=2023年2月")
    expect(tab.locator(".titles li")).to_have_count(len(entries))
    assert tab.errors == []


def test_a_page_that_is_not_there_looks_like_the_site_at_any_depth(open_tab: Opener, address: str) -> None:
    for path in ("x", "x/y/z", "x%2Fy/z"):
        tab = open_tab(**PHONE)
        tab.goto(address + path)
        assert tab.evaluate("getComputedStyle(document.querySelector('.top')).display") == "flex"
        tab.click("main >> text=首页")
        assert tab.url == f"{address}index.html"


def test_each_text_is_set_in_the_face_of_its_own_script(open_tab: Opener, address: str) -> None:
    tab = open_tab(**PHONE)
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


def test_on_paper_there_is_the_article_and_nothing_to_click(
    open_tab: Opener, address: str, entries: list[Entry]
) -> None:
    tab = open_tab(**DESK)
    tab.goto(address + path_of("entry", entries))
    tab.emulate_media(media="print")
    shown = {name: tab.locator(name).first.is_visible() for name in ("h1", ".text", ".top nav", ".turn", ".bottom")}
    assert shown == {"h1": True, ".text": True, ".top nav": False, ".turn": False, ".bottom": False}


def test_text_that_means_harm_does_none(
    open_tab: Opener, address: str, client: httpx.Client, config: Config, sqlite_store: Store
) -> None:
    evil = "\"'><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    entry = make_entry(66, title=evil, summary=evil, content=f"<p>{evil}</p>", categories=(evil,))
    save(sqlite_store, [(Origin("test", "evil.md"), entry)])
    publish(config, sqlite_store)
    assert client.get(f"entries/{entry.key}.html").status_code == 200
    for path in (
        "index.html",
        f"entries/{entry.key}.html",
        "archive/2023-02.html",
        "search?q=pwned",
        f"related?id={entry.key}",
    ):
        tab = open_tab(**DESK)
        tab.goto(address + path, wait_until="networkidle")
        assert tab.title() != "pwned"
    tab = open_tab(**DESK)
    tab.goto(f"{address}search")
    tab.locator("#q").type("pwn")
    tab.wait_for_selector(".suggestions li")
    assert tab.locator(".suggestions img, .suggestions script").count() == 0
    assert tab.title() != "pwned"


# --- suggestions while typing ----------------------------------------------------------------------------------------


@pytest.fixture
def words(address: str, sqlite_store: Store) -> str:
    """The address of the search page of a site with words to complete."""
    titles = ("umbrella", "umbrella stand", "umber")
    more = [make_entry(20 + number, title=title, categories=("parasols",)) for number, title in enumerate(titles)]
    save(sqlite_store, [(Origin("test", f"{entry.id}.md"), entry) for entry in more])
    return f"{address}search"


def test_suggestions_are_walked_through_and_taken_with_the_keyboard(open_tab: Opener, words: str) -> None:
    tab = open_tab(**DESK)
    tab.goto(words)
    field = tab.locator("#q")
    field.focus()
    assert [field.get_attribute(name) for name in ("role", "aria-expanded")] == ["combobox", "false"]
    tab.keyboard.type("umbr")
    tab.wait_for_selector("[role=option]")
    assert field.get_attribute("aria-expanded") == "true"
    options = tab.locator(".suggestions b").all_text_contents()
    assert options[0] == "umbrella"
    chosen = tab.locator("[aria-selected=true]")
    assert chosen.count() == 0
    for key, name in (("ArrowDown", options[0]), ("ArrowDown", options[1]), ("ArrowUp", options[0])):
        tab.keyboard.press(key)
        assert chosen.locator("b").all_text_contents() == [name]
        assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    tab.keyboard.press("ArrowUp")
    assert (chosen.count(), field.get_attribute("aria-activedescendant")) == (0, None)
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search?q=umbrella")
    expect(tab.locator(".item")).to_have_count(2)
    assert tab.errors == []


def test_suggestions_are_dismissed_and_what_was_typed_is_looked_for_as_it_is(open_tab: Opener, words: str) -> None:
    tab = open_tab(**DESK)
    tab.goto(words)
    tab.focus("#q")
    tab.keyboard.type("umb")
    tab.wait_for_selector("[role=option]")
    tab.keyboard.press("Escape")
    assert not tab.locator(".suggestions").is_visible()
    assert tab.locator("#q").input_value() == "umb"
    tab.keyboard.type("r")
    tab.wait_for_selector("[role=option]")
    tab.keyboard.press("Tab")
    assert not tab.locator(".suggestions").is_visible()
    tab.locator("#q").press("Enter")
    tab.wait_for_url("**/search?q=umbr")


def test_a_suggestion_is_taken_with_a_finger(open_tab: Opener, words: str) -> None:
    tab = open_tab(**SMALL)
    tab.goto(words)
    tab.tap("#q")
    tab.keyboard.type("雨 paraso")
    tab.wait_for_selector("[role=option]")
    assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    tab.tap("[role=option] >> text=parasols")
    tab.wait_for_url(re.compile("parasols"))
    expect(tab.locator(".item")).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_suggestions_have_no_barrier(open_tab: Opener, words: str, scheme: str) -> None:
    tab = open_tab(**PHONE, color_scheme=scheme)
    tab.goto(words)
    tab.locator("#q").type("umbrell")
    tab.wait_for_selector("[role=option]")
    tab.keyboard.press("ArrowDown")
    assert find_barriers(tab) == []


def test_suggestions_that_cannot_be_had_leave_the_field_as_it_is(open_tab: Opener, words: str) -> None:
    tab = open_tab(**DESK)
    tab.route("**/suggest?*", lambda route: route.abort())
    tab.goto(words)
    tab.focus("#q")
    tab.keyboard.type("umb")
    tab.wait_for_timeout(300)
    assert not tab.locator(".suggestions").is_visible()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search?q=umb")


def test_letters_on_their_way_to_a_character_are_not_asked_about(open_tab: Opener, words: str) -> None:
    tab = open_tab(**DESK)
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url) if "suggest?" in request.url else None)
    tab.goto(words)
    tab.focus("#q")
    session = tab.context.new_cdp_session(tab)
    session.send("Input.imeSetComposition", {"text": "yu", "selectionStart": 2, "selectionEnd": 2})
    tab.wait_for_timeout(300)
    assert requests == []
    with tab.expect_request("**/suggest?q=%E9%9B%A8"):
        session.send("Input.insertText", {"text": "雨"})
    assert len(requests) == 1


def test_a_search_is_narrowed_ordered_and_widened_without_javascript(open_tab: Opener, words: str) -> None:
    tab = open_tab(**SMALL, java_script_enabled=False)
    tab.goto(words)
    tab.fill("#q", "雨")
    tab.press("#q", "Enter")
    tab.wait_for_selector(".tally")
    everything = tab.locator(".item").count()
    tab.click(".narrow a >> text=parasols")
    tab.wait_for_selector(".filters")
    assert 0 < tab.locator(".item").count() < everything
    tab.click(".tally a >> text=最相关")
    expect(tab.locator(".tally [aria-current]")).to_have_text("最相关")
    tab.click(".filters a >> text=parasols")
    expect(tab.locator(".item")).to_have_count(everything)
    expect(tab.locator(".tally [aria-current]")).to_have_text("最相关")
    tab.click("summary")
    tab.click(".help a >> text=title:雨")
    expect(tab.locator("#q")).to_have_value("title:雨")


def test_a_mistake_is_pointed_at_from_below(open_tab: Opener, words: str) -> None:
    tab = open_tab(**SMALL)
    tab.goto(f"{words}?q={'很长的词 ' * 6}on:上周 雨")
    assert tab.locator(".typed mark").text_content() == "on:上周"
    arrow = tab.evaluate("getComputedStyle(document.querySelector('.typed mark'), '::after').borderBottomWidth")
    assert float(arrow.removesuffix("px")) > 0


def test_a_picture_is_loaded_only_when_someone_clicks_on_it(
    open_tab: Opener,
    address: str,
    entries: list[Entry],
    config: Config,
    sqlite_store: Store,
    stage: tuple[str, Stage],
) -> None:
    site = config.site.model_copy(update={"images": "ask"})
    [shown] = ShownPictures(site, sqlite_store).of([entries[0]])
    path = path_of("entry", entries)
    (config.site.output / path).write_text(render_article(site, shown), "utf-8")
    stage[1].app = create_app(config.model_copy(update={"site": site}), sqlite_store)
    for has_script in (True, False):
        tab = open_tab(**PHONE, java_script_enabled=has_script)
        tab.goto(address + path, wait_until="networkidle")
        assert (tab.requests, tab.errors) == ([], [])
        links = tab.locator("a.picture")
        expect(links).to_have_text(["图片 pictures.example", "很宽的图 pictures.example"])
        links.nth(1).click()
        if has_script:
            expect(tab.locator("figure img")).to_have_attribute("alt", "很宽的图")
            expect(links).to_have_count(1)
            assert tab.requests == [("image", "https://pictures.example/wide.svg", None)]
            assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        else:
            tab.wait_for_url("https://pictures.example/wide.svg")

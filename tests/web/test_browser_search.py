"""Searching without feeder's server: an index beside the pages, on a plain web server, in a real Chromium."""

from pathlib import Path
from typing import Any

import pytest

from feeder.incoming.origin import Origin
from feeder.publish.site import publish
from feeder.publish.steps import search as search_module
from feeder.store import Store
from feeder.web import create_app
from tests.entries import make_entry
from tests.publish.test_static import plain, static_config  # noqa: F401  `plain` is a fixture
from tests.saving import save
from tests.web.conftest import Stage
from tests.web.test_browser import DESK, Opener, chromium, expect, open_tab  # noqa: F401  fixtures
from tests.web.test_hosting import nginx, run_server

pytest.importorskip("pagefind_bin", reason="Pagefind is not installed")
pytestmark = pytest.mark.browser

TEXTS = (
    ("第一场雨", "zh-Hans", "<p>昨夜下了春雨，街上的人带着伞。</p>"),
    ("<b>Bold</b>", "en", "<p>Running in the snow &amp; &lt;i&gt;ice&lt;/i&gt;.</p>"),
    ("雨春", "zh-Hans", "<p>天气预报说，雨在春天。</p>"),
    ("國際颱風", "zh-Hant", "<p>颱風登陸花蓮，風勢&lt;很大。</p>"),
    ("", "ja", "<p>ひらがなとカタカナ</p>"),
    *((f"many {number}", "en", "<p>drizzle</p>") for number in range(25)),
)


@pytest.fixture
def searchable(tmp_path: Path, sqlite_store: Store, plain: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of the search page, below a path."""
    return publish_texts(tmp_path, sqlite_store, plain, monkeypatch)


def publish_texts(folder: Path, store: Store, address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Publish the texts; return the address of the search page."""
    entries = [
        make_entry(
            number, title=title, language=language, content=content, summary="", categories=(), authors=(), media=()
        )
        for number, (title, language, content) in enumerate(TEXTS)
    ]
    save(store, [(Origin("test", f"{entry.id}.md"), entry) for entry in entries])
    monkeypatch.setattr(search_module, "PER_PART", 12)  # so that there are several parts
    publish(static_config(folder, address, "browser"), store)
    return f"{address}search.html"


def titles(tab: Any) -> list[str]:
    return [heading.inner_text() for heading in tab.locator("#found h2").all()]


def find(tab: Any, query: str) -> str:
    """Search; return what is said of the number of results."""
    tab.locator("#q").fill(query)
    tab.locator("form.find button").click()
    status = tab.locator("#found [role=status]")
    expect(status).not_to_be_empty()
    return str(status.inner_text())


def test_a_browser_finds_articles_without_a_server(open_tab: Opener, searchable: str) -> None:
    tab = open_tab(**DESK)
    tab.goto(searchable)
    assert find(tab, "春雨") == "找到 1 篇"  # as a phrase
    expect(tab.locator("#found h2")).to_have_count(1)
    assert titles(tab) == ["第一场雨"]
    assert tab.locator("#found .lead").inner_text() == "第一场雨 · 昨夜下了春雨，街上的人带着伞。"
    assert tab.locator("#found .lead mark").first.inner_text() == "春雨"
    assert find(tab, "snow running") == "找到 1 篇"
    expect(tab.locator("#found h2")).to_have_text(["<b>Bold</b>"])  # a text, and no markup
    assert "<i>ice</i>" in tab.locator("#found .lead").inner_text()
    assert find(tab, "春天 预报") == "找到 1 篇"
    assert find(tab, "カタ") == "找到 1 篇"
    for query in ("颱風登陸", "台风登陆", "國際"):
        assert find(tab, query) == "找到 1 篇"
        expect(tab.locator("#found h2")).to_have_text(["國際颱風"])
        assert tab.locator("#found .lead").inner_text() == "國際颱風 · 颱風登陸花蓮，風勢 < 很大。"
        assert tab.locator("#found .lead mark").first.inner_text() in {"颱風登陸", "國際"}
    assert find(tab, "骆驼 snow") == "没有找到“骆驼 snow”"
    tab.goto(f"{searchable}?q=春雨")
    tab.locator("#found h2 a").click()
    expect(tab.locator("h1")).to_have_text("第一场雨")
    assert (tab.requests, tab.errors) == ([], [])


def test_many_results_come_twenty_at_a_time_also_from_nginx(
    open_tab: Opener, tmp_path: Path, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = open_tab(**DESK)
    with run_server(nginx, tmp_path) as address:
        tab.goto(f"{publish_texts(tmp_path, sqlite_store, address, monkeypatch)}?q=drizzle")
        expect(tab.locator("#found h2")).to_have_count(20)
        tab.locator("#found .more button").click()
        expect(tab.locator("#found h2")).to_have_count(25)
        expect(tab.locator("#found .more button")).to_be_hidden()
        assert tab.errors == []


def test_the_server_allows_the_index_on_that_page_only(
    open_tab: Opener,
    tmp_path: Path,
    sqlite_store: Store,
    searchable: str,
    stage: tuple[str, Stage],
) -> None:
    url, server = stage
    server.app = create_app(static_config(tmp_path, url, "browser"), sqlite_store)
    tab = open_tab(**DESK)
    policies = {}
    tab.on("response", lambda answer: policies.update({answer.url: answer.headers.get("content-security-policy", "")}))
    assert searchable
    tab.goto(f"{url}search.html?q=春雨")
    expect(tab.locator("#found h2")).to_have_text(["第一场雨"])
    assert tab.errors == []
    assert [page for page, policy in policies.items() if "wasm-unsafe-eval" in policy] == [tab.url]
    server.app = None

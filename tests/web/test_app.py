from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
from bs4 import BeautifulSoup

from feeder.config.load import Config
from feeder.config.settings import FeedConfig
from feeder.incoming.origin import Origin
from feeder.model import Entry, Source, rfc3339
from feeder.publish.html.assets import asset_path
from feeder.publish.site import publish
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, Results, Store
from feeder.web import create_app
from tests.entries import make_entry
from tests.publish.rfc4287 import violations
from tests.saving import save
from tests.web.conftest import Stage


def titles(response: httpx.Response) -> list[str]:
    return [title.get_text() for title in BeautifulSoup(response.text, "lxml").select(".item h2")]


def turns(response: httpx.Response) -> list[str]:
    return [str(link["href"]) for link in BeautifulSoup(response.text, "lxml").select(".turn a")]


def break_store(store: Store) -> None:
    """Replace the store's file with one that is no database."""
    assert store.database.engine.url.database is not None
    store.close()
    Path(store.database.engine.url.database).write_bytes(b"no database" * 1000)


def test_search_finds_in_either_script_and_marks_what_it_found(client: httpx.Client) -> None:
    for words in ("场雨", "場雨", "第 2"):
        response = client.get("search", params={"q": words})
        assert response.status_code == 200
        assert "第 2 场雨" in titles(response)
    soup = BeautifulSoup(client.get("search", params={"q": "場雨"}).text, "lxml")
    assert {mark.get_text() for mark in soup.select("mark")} >= {"场雨"}
    assert "找到 3 篇" in soup.get_text()


def test_search_leads_to_pages_that_are_there(client: httpx.Client) -> None:
    soup = BeautifulSoup(client.get("search", params={"q": "雨"}).text, "lxml")
    assert all(client.get(str(link["href"])).status_code == 200 for link in soup.select(".item a"))


def test_a_search_is_kept_by_its_asker_alone_who_is_told_when_nothing_changed(
    client: httpx.Client, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("search?q=场雨")
    assert first.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": first.headers["etag"]}
    with monkeypatch.context() as patched:
        patched.setattr(sqlite_store.search, "find", None)  # nothing is searched
        assert client.get("search?q=场雨", headers=known).status_code == 304
        assert client.get("search?q=场雨").content == first.content
    save(sqlite_store, [(Origin("test", "d.md"), make_entry(70, title="又一场雨"))])
    assert "又一场雨" in titles(client.get("search?q=场雨", headers=known))
    assert client.get("search").headers["cache-control"] == "no-store"


def test_a_search_without_words_explains_itself(client: httpx.Client) -> None:
    for address in ("search", "search?q=", "search?q=%20%20"):
        response = client.get(address)
        assert response.status_code == 200
        assert "不分简体和繁体、大写和小写、全角和半角" in response.text


def test_a_search_that_finds_nothing_says_so(client: httpx.Client) -> None:
    response = client.get("search", params={"q": "骆驼"})
    assert response.status_code == 200
    assert "没有找到“骆驼”" in response.text


@pytest.mark.parametrize("words", ["!!", "“”", " ".join("一二三四五六七八九")])
def test_a_search_that_cannot_be_understood_says_how_to_write_one(client: httpx.Client, words: str) -> None:
    response = client.get("search", params={"q": words})
    assert response.status_code == 400
    assert "看不懂这个搜索" in response.text


@pytest.mark.parametrize("words", ["雨" * 5000, '"', "c++ don't (", "\x00", "%", "<script>", "-雨", "OR", "*", "雨*"])
def test_no_text_breaks_the_search_page(client: httpx.Client, words: str) -> None:
    response = client.get("search", params={"q": words})
    assert response.status_code in {200, 400}
    assert "<script>" not in response.text


def test_results_are_turned_page_by_page(client: httpx.Client, sqlite_store: Store, entries: list[Entry]) -> None:
    more = [make_entry(number, title=f"第 {number} 场雪", published=entries[0].published) for number in range(100, 145)]
    save(sqlite_store, [(Origin("test", "b.md"), entry) for entry in more])
    seen: list[str] = []
    address = "search?q=场雪"
    for expected in (20, 20, 5):
        response = client.get(address)
        assert len(titles(response)) == expected
        seen += titles(response)
        address = turns(response)[-1]
    assert len(set(seen)) == 45
    assert turns(client.get("search?q=场雪&page=3")) == ["search?q=%E5%9C%BA%E9%9B%AA&page=2"]
    for far in ("4", "9999", "99999", "9" * 5000):
        assert turns(client.get(f"search?q=场雪&page={far}")) == ["search?q=%E5%9C%BA%E9%9B%AA&page=2"]
    assert turns(client.get("search?q=场雪&page=2"))[0] == "search?q=%E5%9C%BA%E9%9B%AA"


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "٣", "2", "9999", "9" * 50])
def test_a_page_that_is_not_there_is_the_nearest_that_is(client: httpx.Client, page: str) -> None:
    response = client.get("search", params={"q": "场雨", "page": page})
    assert response.status_code == 200
    assert len(titles(response)) == 3
    assert turns(response) == []


def links(response: httpx.Response, selector: str) -> dict[str, str]:
    return {link.get_text(): str(link["href"]) for link in BeautifulSoup(response.text, "lxml").select(selector)}


def test_a_search_is_narrowed_down_step_by_step_and_widened_again(client: httpx.Client, sqlite_store: Store) -> None:
    other = Source(title='The "Rain" Post', id="https://post.example/")
    more = [make_entry(number, title="场雨", source=other, categories=(f"c{number}",)) for number in (11, 12)]
    save(sqlite_store, [(Origin("test", f"{entry.id}.md"), entry) for entry in more])
    wide = client.get("search?q=场雨")
    offered = links(wide, ".narrow a")
    assert offered["example.org 3"] == "search?q=%E5%9C%BA%E9%9B%A8%20source%3A%22example.org%22".replace("%22", "")
    narrow = client.get(offered['The "Rain" Post 2'])
    assert set(titles(narrow)) == {"场雨"}
    narrower = client.get(links(narrow, ".narrow a")["c11 1"])
    assert len(titles(narrower)) == 1
    taken = links(narrower, ".filters a")
    assert list(taken) == ['The "Rain" Post', "c11"]
    assert len(titles(client.get(taken["c11"]))) == 2
    assert len(titles(client.get(links(wide, ".narrow a")["2023年1月 2"]))) == 2


def test_the_best_come_first_where_that_is_asked_for(client: httpx.Client, sqlite_store: Store) -> None:
    late = make_entry(50, title="雪", content="<p>第一场雨和很多别的话。</p>", published=make_entry().published)
    save(sqlite_store, [(Origin("test", "c.md"), late)])
    orders = links(client.get("search?q=场雨"), ".tally a")
    assert titles(client.get(orders["最新"]))[0] == "雪"
    assert titles(client.get(orders["最相关"]))[-1] == "雪"
    assert client.get("search?q=场雨&order=worst").status_code == 200


def test_a_mistake_is_shown_where_it_is(client: httpx.Client) -> None:
    response = client.get("search", params={"q": "雨 on:上周 雪"})
    assert response.status_code == 400
    soup = BeautifulSoup(response.text, "lxml")
    assert [mark.get_text() for mark in soup.select(".typed mark")] == ["on:上周"]
    assert "“上周”不是日期" in soup.select(".fault b")[0].get_text()


def test_a_word_that_nothing_holds_is_answered_with_one_that_is_spelled_nearly_so(
    client: httpx.Client, sqlite_store: Store
) -> None:
    words = [make_entry(number, title=f"umbrella {number}") for number in range(60, 80)]
    save(sqlite_store, [(Origin("test", f"{entry.id}.md"), entry) for entry in words])
    response = client.get("search?q=umbrela")
    assert links(response, ".meant a") == {"umbrella": "search?q=umbrella"}
    assert links(client.get("search?q=umbrella"), ".meant a") == {}


def test_an_index_that_has_not_followed_yet_is_said_to_be_unfinished(
    client: httpx.Client, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = sqlite_store.search.find

    def unfinished(*arguments: Any, **options: Any) -> Results:
        return replace(search(*arguments, **options), complete=False, more=True)

    monkeypatch.setattr(sqlite_store.search, "find", unfinished)
    text = client.get("search?q=场雨").text
    assert "索引还在建立" in text
    assert "至少找到 3 篇" in text


def test_only_the_search_page_may_run_a_script_and_only_ours(client: httpx.Client, entries: list[Entry]) -> None:
    script = "script-src 'self'; connect-src 'self'"
    for path, allowed in {
        "search": True,
        "search?q=雨": True,
        "search?q=(": True,
        "": False,
        f"entries/{entries[0].key}.html": False,
        f"related?id={entries[0].key}": False,
        "x": False,
    }.items():
        policy = client.get(path).headers["content-security-policy"]
        assert (script in policy) is allowed, path
        assert ("script-src" in policy) is allowed, path
        assert policy.endswith("frame-ancestors 'none'")
    assert client.get(asset_path("suggest.js")).headers["content-type"] == "text/javascript; charset=utf-8"


def test_what_live_pages_ask_for_is_there_before_it_is_published(client: httpx.Client, published: Path) -> None:
    path = asset_path("style.css")
    before = client.get(path)
    (published / path).unlink()
    after = client.get(path)
    assert (after.status_code, after.content) == (200, before.content)
    assert "immutable" in after.headers["cache-control"]
    assert after.headers["content-type"] == "text/css; charset=utf-8"


def test_the_feed_of_a_search_is_valid_at_the_address_that_was_asked_for(client: httpx.Client) -> None:
    (address,) = links(client.get("search?q=第 场雨&order=best"), ".more a").values()
    response = client.get(address)
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert violations(response.content, served_from=f"http://127.0.0.1:8000/{address}") == []
    feed = feedparser.parse(response.content)
    assert [entry.title for entry in feed.entries] == ["第 2 场雨", "第 1 场雨", "第 0 场雨"]
    assert feed.feed.updated == feed.entries[0].updated
    assert feed.feed.title == "第 场雨 – 存文"
    other = client.get("search.xml?q=第++场雨&x=1")
    assert (
        violations(other.content, served_from="http://127.0.0.1:8000/search.xml?q=%E7%AC%AC++%E5%9C%BA%E9%9B%A8&x=1")
        == []
    )
    assert feedparser.parse(other.content).feed.id == feed.feed.id


def test_the_feed_of_a_search_is_sent_again_only_when_it_changed(client: httpx.Client, sqlite_store: Store) -> None:
    first = client.get("search.xml?q=场雨")
    assert first.headers["cache-control"] == "public, max-age=60"
    assert "last-modified" not in first.headers
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get("search.xml?q=场雨", headers=known).status_code == 304
    assert (
        client.get("search.xml?q=场雨", headers={"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}).status_code
        == 200
    )
    assert client.get("search.xml?q=场雨", headers={"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"
    save(sqlite_store, [(Origin("test", "d.md"), make_entry(70, title="又一场雨"))])
    assert client.get("search.xml?q=场雨", headers=known).status_code == 200


def test_the_feed_of_a_search_is_there_in_every_format_and_names_no_hub(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> None:
    site = config.site.model_copy(update={"hubs": ("https://hub.example.org/",)})
    stage[1].app = create_app(config.model_copy(update={"site": site}), sqlite_store)
    address = "search.{}?q=%E5%9C%BA%E9%9B%A8"
    for ending, kind in (("xml", "atom+xml"), ("rss", "rss+xml"), ("json", "feed+json")):
        response = client.get(address.format(ending))
        assert response.headers["content-type"] == f"application/{kind}; charset=utf-8"
        assert "hub.example.org" not in response.text
        assert f"http://127.0.0.1:8000/{address.format(ending)}" in response.text
        assert (
            client.get(address.format(ending), headers={"If-None-Match": response.headers["etag"]}).status_code == 304
        )
    assert len(client.get(address.format("json")).json()["items"]) == 3
    assert len(feedparser.parse(client.get(address.format("rss")).content).entries) == 3


def test_the_feed_of_a_search_that_finds_nothing_is_a_feed_and_of_a_mistake_is_none(client: httpx.Client) -> None:
    nothing = client.get("search.xml?q=骆驼")
    assert nothing.status_code == 200
    assert violations(nothing.content, served_from="http://127.0.0.1:8000/search.xml?q=%E9%AA%86%E9%A9%BC") == []
    for text in ("", "(", "!!"):
        assert client.get("search.xml", params={"q": text}).status_code == 400


def test_of_a_text_without_end_only_the_beginning_is_looked_for(client: httpx.Client) -> None:
    page = client.get("search", params={"q": "雨 " + "x" * 5000})
    (field,) = BeautifulSoup(page.text, "lxml").select("input[name=q]")
    assert field["value"] == "雨 " + "x" * 998
    assert "x" * 999 not in page.text
    assert client.get("search.xml", params={"q": "雨 " + " ".join("x" * 5000)}).status_code == 400
    assert client.get("suggest", params={"q": "x" * 5000}).json() == []


def test_suggestions_complete_what_was_typed(client: httpx.Client, sqlite_store: Store) -> None:
    entry = make_entry(90, title="Umbrella weather", categories=("umbrellas",))
    save(sqlite_store, [(Origin("test", "e.md"), entry)])
    response = client.get("suggest", params={"q": "雨 umb"})
    assert response.headers["content-type"] == "application/json"
    found = response.json()
    assert {"text": "雨 umbrella", "name": "umbrella", "note": ""} in found
    assert {(one["name"], one["note"]) for one in found} >= {("umbrellas", "标签")}
    assert client.get("suggest").json() == client.get("suggest?q=").json() == []


def test_related_articles_are_found_by_the_key_of_one(client: httpx.Client, entries: list[Entry]) -> None:
    page = client.get(f"entries/{entries[0].key}.html")
    (address,) = [
        str(link["href"]) for link in BeautifulSoup(page.text, "lxml").select(".about .more a, .related h2 a")
    ]
    response = client.get(address.removeprefix("../"))
    assert response.status_code == 200
    assert "相关文章" in response.text
    assert links(response, ".item a").keys() >= {entries[1].title}
    for unknown in ("", "x", "0" * 16, entries[0].id, entries[0].key[:8]):
        assert client.get("related", params={"id": unknown}).status_code == 404


def test_a_saved_search_is_asked_for_by_its_name(
    client: httpx.Client, config: Config, sqlite_store: Store, stage: tuple[str, Stage]
) -> None:
    feed = FeedConfig(name="rain", title="下雨", query="场雨 OR 骆驼")
    named = config.model_copy(update={"feeds": (feed,)})
    publish(named, sqlite_store)
    stage[1].app = create_app(named, sqlite_store)
    assert client.get("feeds/rain.xml").headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert titles(client.get(links(client.get("feeds/rain.html"), ".more a")["在全部文章里搜索"].removeprefix("../")))
    assert len(titles(client.get("search?q=@rain"))) == 3
    assert titles(client.get("search?q=@rain 第 2")) == ["第 2 场雨"]
    assert len(feedparser.parse(client.get("search.xml?q=@rain").content).entries) == 3
    assert links(client.get("search"), ".chips a") == {"下雨": "feeds/rain.html"}
    marked = BeautifulSoup(client.get("search?q=@rain on:x").text, "lxml").select(".typed mark")
    assert [mark.get_text() for mark in marked] == ["on:x"]


def test_health_says_how_many_entries_there_are_and_when_the_last_pass_was(
    client: httpx.Client, sqlite_store: Store
) -> None:
    assert client.get("healthz").json() == {"status": "ok", "entries": 3, LAST_PASS_NOTE: None}
    last = rfc3339(datetime.now(UTC))
    sqlite_store.database.set_note(LAST_PASS_NOTE, last)
    response = client.get("healthz")
    assert (response.status_code, response.json()[LAST_PASS_NOTE]) == (200, last)
    assert response.headers["cache-control"] == "no-store"


def test_a_pass_that_failed_makes_health_bad_until_one_goes_well(client: httpx.Client, sqlite_store: Store) -> None:
    sqlite_store.database.set_note(LAST_FAILURE_NOTE, "/srv/public: cannot be written")
    health = client.get("healthz")
    assert (health.status_code, health.json()["status"]) == (503, "the last pass failed")
    assert "/srv" not in health.text
    sqlite_store.database.set_note(LAST_FAILURE_NOTE, "")
    assert client.get("healthz").status_code == 200


def test_a_store_that_is_away_is_said_to_be_and_the_pages_are_still_served(
    client: httpx.Client, sqlite_store: Store, entries: list[Entry]
) -> None:
    break_store(sqlite_store)
    health = client.get("healthz")
    assert (health.status_code, health.json()) == (503, {"status": "the store cannot be used"})
    search = client.get("search", params={"q": "雨"})
    assert search.status_code == 503
    assert search.headers["retry-after"] == "60"
    assert "搜索暂时不能用" in search.text
    assert client.get("search.xml", params={"q": "雨"}).status_code == 503
    assert client.get("related", params={"id": entries[0].key}).status_code == 503
    suggested = client.get("suggest", params={"q": "雨"})
    assert (suggested.status_code, suggested.json()) == (200, [])
    assert client.get("atom.xml").status_code == 200


def test_a_fault_of_the_program_is_a_page_too_and_tells_nothing(
    client: httpx.Client, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the inside of the program")

    monkeypatch.setattr(sqlite_store.search, "find", fail)
    response = client.get("search", params={"q": "雨"})
    assert response.status_code == 500
    assert "出错了" in response.text
    assert "inside" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"

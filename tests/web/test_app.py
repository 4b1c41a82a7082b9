from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup

from feeder.model import Entry
from feeder.store import LAST_FAILURE_NOTE, LAST_PASS_NOTE, Origin, Store
from tests.entries import make_entry


def titles(answer: httpx.Response) -> list[str]:
    return [title.get_text() for title in BeautifulSoup(answer.text, "lxml").select(".item h2")]


def turns(answer: httpx.Response) -> list[str]:
    return [str(link["href"]) for link in BeautifulSoup(answer.text, "lxml").select(".turn a")]


def break_store(store: Store) -> None:
    """Put something that is no database in place of the store's file."""
    assert store.engine.url.database is not None
    store.close()
    Path(store.engine.url.database).write_bytes(b"no database" * 1000)


def test_search_finds_in_either_script_and_marks_what_it_found(client: httpx.Client) -> None:
    for words in ("场雨", "場雨", "第 2"):
        answer = client.get("search", params={"q": words})
        assert answer.status_code == 200
        assert "第 2 场雨" in titles(answer)
    soup = BeautifulSoup(client.get("search", params={"q": "場雨"}).text, "lxml")
    assert {mark.get_text() for mark in soup.select("mark")} >= {"场雨"}
    assert "找到 3 篇" in soup.get_text()


def test_search_leads_to_pages_that_are_there(client: httpx.Client) -> None:
    soup = BeautifulSoup(client.get("search", params={"q": "雨"}).text, "lxml")
    assert all(client.get(str(link["href"])).status_code == 200 for link in soup.select(".item a"))


def test_search_is_never_kept(client: httpx.Client) -> None:
    assert client.get("search", params={"q": "雨"}).headers["cache-control"] == "no-store"


def test_a_search_without_words_explains_itself(client: httpx.Client) -> None:
    for address in ("search", "search?q=", "search?q=%20%20"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "简体和繁体都可以" in answer.text


def test_a_search_that_finds_nothing_says_so(client: httpx.Client) -> None:
    answer = client.get("search", params={"q": "骆驼"})
    assert answer.status_code == 200
    assert "没有找到“骆驼”" in answer.text


@pytest.mark.parametrize("words", ["!!", "“”", " ".join("一二三四五六七八九")])
def test_a_search_that_cannot_be_understood_says_how_to_write_one(client: httpx.Client, words: str) -> None:
    answer = client.get("search", params={"q": words})
    assert answer.status_code == 400
    assert "这样的搜索看不懂" in answer.text


@pytest.mark.parametrize("words", ["雨" * 5000, '"', "c++ don't (", "\x00", "%", "<script>", "-雨", "OR", "*", "雨*"])
def test_no_text_breaks_the_search_page(client: httpx.Client, words: str) -> None:
    answer = client.get("search", params={"q": words})
    assert answer.status_code in {200, 400}
    assert "<script>" not in answer.text


def test_results_are_turned_page_by_page(client: httpx.Client, sqlite_store: Store, entries: list[Entry]) -> None:
    more = [make_entry(number, title=f"第 {number} 场雪", published=entries[0].published) for number in range(100, 145)]
    sqlite_store.save([(Origin("test", "b.md"), entry) for entry in more])
    seen: list[str] = []
    address = "search?q=场雪"
    for expected in (20, 20, 5):
        answer = client.get(address)
        assert len(titles(answer)) == expected
        seen += titles(answer)
        address = turns(answer)[-1]
    assert len(set(seen)) == 45
    assert turns(client.get("search?q=场雪&page=3")) == ["search?q=%E5%9C%BA%E9%9B%AA&page=2"]


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "٣", "2", "9999", "9" * 50])
def test_a_page_that_is_not_there_is_the_nearest_that_is(client: httpx.Client, page: str) -> None:
    answer = client.get("search", params={"q": "场雨", "page": page})
    assert answer.status_code == 200
    assert len(titles(answer)) == 3
    assert turns(answer) == []


def test_health_says_how_many_entries_there_are_and_when_the_last_pass_was(
    client: httpx.Client, sqlite_store: Store
) -> None:
    assert client.get("healthz").json() == {"status": "ok", "entries": 3, LAST_PASS_NOTE: None}
    sqlite_store.set_note(LAST_PASS_NOTE, "2026-01-02T03:04:05Z")
    answer = client.get("healthz")
    assert (answer.status_code, answer.json()[LAST_PASS_NOTE]) == (200, "2026-01-02T03:04:05Z")
    assert answer.headers["cache-control"] == "no-store"


def test_a_pass_that_failed_makes_health_bad_until_one_goes_well(client: httpx.Client, sqlite_store: Store) -> None:
    sqlite_store.set_note(LAST_FAILURE_NOTE, "/srv/public: cannot be written")
    health = client.get("healthz")
    assert (health.status_code, health.json()["status"]) == (503, "the last pass failed")
    assert "/srv" not in health.text
    sqlite_store.set_note(LAST_FAILURE_NOTE, "")
    assert client.get("healthz").status_code == 200


def test_a_store_that_is_away_is_said_to_be_and_the_pages_are_still_served(
    client: httpx.Client, sqlite_store: Store
) -> None:
    break_store(sqlite_store)
    health = client.get("healthz")
    assert (health.status_code, health.json()) == (503, {"status": "the store cannot be read"})
    search = client.get("search", params={"q": "雨"})
    assert search.status_code == 503
    assert search.headers["retry-after"] == "60"
    assert "搜索暂时不能用" in search.text
    assert client.get("atom.xml").status_code == 200


def test_a_fault_of_the_program_is_a_page_too_and_tells_nothing(
    client: httpx.Client, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the inside of the program")

    monkeypatch.setattr(sqlite_store, "search", fail)
    answer = client.get("search", params={"q": "雨"})
    assert answer.status_code == 500
    assert "出错了" in answer.text
    assert "inside" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"

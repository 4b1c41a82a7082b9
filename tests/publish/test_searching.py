from dataclasses import replace
from datetime import date

import pytest
from bs4 import BeautifulSoup, Tag

from feeder.config.saved import SavedSearch
from feeder.config.settings import FeedConfig, SiteConfig
from feeder.publish.html.assets import asset_path
from feeder.publish.html.narrow import narrow
from feeder.publish.html.search import Problem, SearchPage, render_related, render_search
from feeder.store import Facets, Fragment, Hit, Order, RelatedEntry, Results, parse_query
from feeder.words import words_for
from tests.entries import make_entry

SITE = SiteConfig(title="存文", url="https://feeds.example.org/r/")
HIT = Hit(make_entry(), (Fragment("春天", match=True), Fragment("的", match=False)), (Fragment("雨", match=True),))
FACETS = Facets((("BBC", 30), ("VOA", 11)), (("天气", 9),), (("2022-03", 30), ("2023-02", 11)))
LANGUAGES = ["zh-Hans", "zh-Hant", "en"]

FEEDS = ["atom.xml", "feed.xml", "feed.json"]


def read(page: str) -> BeautifulSoup:
    return BeautifulSoup(page, "lxml")


def hrefs(soup: BeautifulSoup, selector: str) -> list[str]:
    return [str(link["href"]) for link in soup.select(selector)]


def text_of(soup: BeautifulSoup | Tag, selector: str) -> str:
    return " ".join(soup.select_one(selector).get_text(" ", strip=True).split())  # type: ignore[union-attr]  # a test that finds nothing fails


def make_page(
    total: int = 41,
    *,
    more: bool = False,
    complete: bool = True,
    order: Order = "newest",
    page: int = 1,
    query: str = "春天",
    did_you_mean: str | None = None,
) -> SearchPage:
    return SearchPage(
        results=Results((HIT,) if total else (), total, more=more, complete=complete),
        order=order,
        page=page,
        narrowing=narrow(parse_query(query), FACETS),
        did_you_mean=did_you_mean,
    )


def test_search_marks_what_was_found_and_turns_pages() -> None:
    soup = read(render_search(SITE, "春天", make_page(page=2)))
    assert [mark.get_text() for mark in soup.select("mark")] == ["春天", "雨"]
    assert hrefs(soup, ".turn a") == ["search?q=%E6%98%A5%E5%A4%A9", "search?q=%E6%98%A5%E5%A4%A9&page=3"]
    assert [field["value"] for field in soup.select("input")] == ["春天"]


def test_pages_and_choices_keep_the_order_that_was_chosen() -> None:
    soup = read(render_search(SITE, "春天", make_page(order="best", page=2)))
    assert hrefs(soup, ".turn a")[1] == "search?q=%E6%98%A5%E5%A4%A9&order=best&page=3"
    assert [(field["name"], field["value"]) for field in soup.select("input")][1:] == [("order", "best")]
    assert all("order=best" in href for href in hrefs(soup, ".narrow a, .filters a"))
    assert hrefs(soup, ".tally a") == ["search?q=%E6%98%A5%E5%A4%A9", "search?q=%E6%98%A5%E5%A4%A9&order=best"]
    assert [link.get_text() for link in soup.select(".tally a[aria-current]")] == ["最相关"]


@pytest.mark.parametrize(
    ("total", "more", "shown"),
    [
        (1234, False, "找到 1,234 篇"),
        (1000, True, "至少找到 1,000 篇"),
        (1873, True, "至少找到 1,000 篇"),
        (3, True, "至少找到 3 篇"),
    ],
)
def test_the_count_is_exact_or_says_that_it_is_not(total: int, *, more: bool, shown: str) -> None:
    assert text_of(read(render_search(SITE, "雨", make_page(total, more=more))), ".tally p") == shown


def test_no_page_is_offered_beyond_those_that_can_be_turned_to() -> None:
    soup = read(render_search(SITE, "雨", make_page(31_234, page=50)))
    assert [link.get_text() for link in soup.select(".turn a")] == ["较新49 / 50"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_choice_counted_in_part_says_so(language: str) -> None:
    facets = replace(FACETS, since=date(2022, 3, 1), uncounted=("2021-12",))
    page = replace(make_page(), narrowing=narrow(parse_query("春天"), facets))
    soup = read(render_search(SiteConfig(language=language), "春天", page))
    shown = [link.get_text("|") for link in soup.select(".narrow a")]
    assert [text.rpartition("|")[2] for text in shown[:3]] == ["30+", "11+", "9+"]
    assert [text.rpartition("|")[2] for text in shown[3:5]] == ["11", "30"]
    assert "|" not in shown[5]


def test_choices_narrow_the_search_and_those_taken_can_be_taken_off() -> None:
    soup = read(render_search(SITE, "春天 source:BBC", make_page(query="春天 source:BBC")))
    assert [text_of(part, "a") for part in soup.select(".filters li")] == ["BBC"]
    assert [(link["aria-label"], link["href"]) for link in soup.select(".filters a")] == [
        ("移除筛选“BBC”", "search?q=%E6%98%A5%E5%A4%A9")
    ]
    kinds = [part.get_text() for part in soup.select(".narrow > p")]
    offered = [[link.get_text() for link in row.select("a")] for row in soup.select(".narrow ul")]
    assert dict(zip(kinds, offered, strict=True)) == {
        "来源": ["VOA 11"],
        "标签": ["天气 9"],
        "时间": ["2023年2月 11", "2022年3月 30"],
    }
    assert hrefs(soup, ".narrow a")[1].endswith("category%3A%E5%A4%A9%E6%B0%94")


def test_taking_off_all_there_is_leads_to_the_empty_search_page() -> None:
    assert hrefs(read(render_search(SITE, "#天气", make_page(query="#天气"))), ".filters a") == ["search"]


def test_an_index_that_is_still_being_made_is_said_to_be() -> None:
    assert "还在建立" in text_of(read(render_search(SITE, "雨", make_page(complete=False))), ".hint")
    assert not read(render_search(SITE, "雨", make_page())).select(".hint")


def test_another_spelling_is_a_link() -> None:
    soup = read(render_search(SITE, "rian", make_page(0, did_you_mean="rain")))
    assert (text_of(soup, ".meant a"), hrefs(soup, ".meant a")) == ("rain", ["search?q=rain"])
    assert "没有找到“rian”" in text_of(soup, ".empty")


@pytest.mark.parametrize(
    ("text", "place", "marked"),
    [("雨 (雪", 2, "(雪"), ("雨 on:x 雪", 2, "on:x"), ("雨", 1, "\u00a0"), ("雨  x", 1, "  x")],
)
def test_the_place_of_a_mistake_is_marked_in_what_was_typed(text: str, place: int, marked: str) -> None:
    soup = read(render_search(SITE, text, problem=Problem("看不懂", place)))
    typed = soup.select_one(".typed")
    assert typed is not None
    assert typed.get_text().replace("\u00a0", "") == text
    assert [mark.get_text() for mark in typed.select("mark")] == [marked]
    assert text_of(soup, ".fault b") == "看不懂"
    assert soup.select("details.help[open]")


def test_a_mistake_without_a_place_marks_none() -> None:
    soup = read(render_search(SITE, "-", problem=Problem("看不懂")))
    assert text_of(soup, ".fault b") == "看不懂"
    assert not soup.select(".typed")


def test_search_says_how_before_anything_was_looked_for_and_names_the_saved_searches() -> None:
    rain = SavedSearch(FeedConfig(name="rain", title="下雨", query="雨"), parse_query("雨"))
    soup = read(render_search(SITE, saved=[rain]))
    assert soup.select("details.help[open]")
    assert hrefs(soup, ".chips a") == ["feeds/rain.html"]
    assert not read(render_search(SITE, "雨", make_page())).select("details.help[open]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_of_the_help_is_a_search_that_can_be_understood(language: str) -> None:
    site = SiteConfig(language=language)
    examples = [example for example, _ in words_for(language).search_help]
    assert [link.get_text() for link in read(render_search(site)).select(".help a")] == examples
    for example in examples:
        assert parse_query(example).problem is None


def test_a_search_leads_to_its_own_feed() -> None:
    soup = read(render_search(SITE, "a&b <c>", make_page()))
    assert hrefs(soup, "link[rel=alternate]") == [*FEEDS, "search.xml?q=a%26b%20%3Cc%3E"]
    assert hrefs(soup, ".more a") == ["search.xml?q=a%26b%20%3Cc%3E"]


def test_what_was_looked_for_is_never_markup() -> None:
    evil = '"><script>{n}'
    pages = [
        render_search(SITE, evil, make_page(0, did_you_mean=evil)),
        render_search(SITE, evil, problem=Problem(evil, 1)),
        render_related(SITE, make_entry(title=evil), [RelatedEntry(make_entry(title=evil), same=True)]),
    ]
    for page in pages:
        assert "<script>" not in page
        assert {str(script["src"]) for script in read(page).select("script")} <= {asset_path("suggest.js")}


def test_related_articles_are_told_from_other_versions_of_the_same() -> None:
    same, other = make_entry(2, title="同"), make_entry(3, title="近")
    soup = read(render_related(SITE, make_entry(), [RelatedEntry(same, same=True), RelatedEntry(other, same=False)]))
    assert [heading.get_text() for heading in soup.select("h2")] == ["几乎相同的文章", "相关文章"]
    assert [heading.get_text() for heading in soup.select("h3")] == ["同", "近"]
    assert hrefs(soup, ".hint a") == [f"entries/{make_entry().key}.html"]
    assert text_of(read(render_related(SITE, make_entry(), [])), ".empty") == "没有相关的文章。"

"""Lists of related entries: who is in them, and which pages a change touches."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from feeder.config.load import Config
from feeder.incoming.batch import Batch
from feeder.model import Entry
from feeder.publish.output.related import terms_of
from feeder.publish.site import publish
from feeder.store import Store
from tests.publish.test_site import changed, dated_entry, make_config, page, save


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return make_config(tmp_path / "public", search="none")


def entry(number: int, title: str, *categories: str, **changes: Any) -> Entry:
    return dated_entry(number, title=title, categories=categories, **changes)


def related(config: Config, one: Entry) -> list[str]:
    soup = BeautifulSoup((config.site.output / page(one)).read_text(), "lxml")
    assert all((config.site.output / "entries" / str(link["href"])).exists() for link in soup.select(".related a"))
    return [link.get_text() for link in soup.select(".related a")]


def lists(config: Config, store: Store, *entries: Entry) -> list[list[str]]:
    save(store, *entries)
    publish(config, store)
    return [related(config, one) for one in entries]


@pytest.mark.parametrize(
    "titles",
    [
        ("Glaciers of Patagonia", "Patagonia in winter"),
        ("蓬佩奥访问新加坡", "新加坡回应蓬佩奥"),
        ("颱風登陸花蓮", "台风离开花莲"),  # in either script
    ],
)
def test_entries_of_one_pass_that_share_rare_words_name_each_other(
    config: Config, sqlite_store: Store, titles: Sequence[str]
) -> None:
    first, second, other = lists(
        config, sqlite_store, *map(entry, range(3), (*titles, "Bread and butter, plain and simple"))
    )
    assert (first, second, other) == ([titles[1]], [titles[0]], [])


def test_the_closest_come_first_and_no_more_than_five(config: Config, sqlite_store: Store) -> None:
    titles = [f"Harvest report {word}" for word in ("rye", "wheat", "oats", "maize", "rice", "barley", "rye again")]
    found = lists(config, sqlite_store, *map(entry, range(7), titles))[0]
    assert found[0] == "Harvest report rye again"
    assert len(found) == 5


def test_a_pair_of_characters_or_a_common_category_alone_is_no_relation(config: Config, sqlite_store: Store) -> None:
    entries = [
        entry(0, "港版法律如何", "新闻"), entry(1, "比亚迪港版降价", "新闻"),
        *(entry(number, "", "新闻") for number in range(2, 30)),
    ]  # fmt: skip
    assert not any(lists(config, sqlite_store, *entries))


def test_a_rare_category_is_a_relation(config: Config, sqlite_store: Store) -> None:
    others = [entry(number, f"第 {number}", "新闻") for number in range(40)]
    [*_, first, second] = lists(
        config, sqlite_store, *others, entry(50, "绿", "Glaciology"), entry(51, "红", "glaciology")
    )
    assert (first, second) == (["红"], ["绿"])


def test_a_new_entry_names_older_ones_whose_pages_stay(config: Config, sqlite_store: Store) -> None:
    old = entry(0, "Glaciers of Patagonia")
    lists(config, sqlite_store, old, entry(1, "Bread"), entry(2, "Butter"))
    new = entry(3, "Patagonia in winter")
    save(sqlite_store, new)
    written = changed(config, lambda: publish(config, sqlite_store))
    assert related(config, new) == ["Glaciers of Patagonia"]
    assert page(new) in written
    assert page(old) not in written


def test_an_entry_that_is_gone_or_renamed_is_so_in_lists(config: Config, sqlite_store: Store) -> None:
    entries = [entry(0, "Glaciers of Patagonia"), entry(2, "Bread"), entry(4, "Patagonia in winter"), entry(6, "Tea")]
    lists(config, sqlite_store, *entries)
    save(sqlite_store, entry(4, "Patagonia in spring"))
    publish(config, sqlite_store)
    assert related(config, entries[0]) == ["Patagonia in spring"]
    sqlite_store.take([Batch(source="test", left=["4.md"])])
    sqlite_store.remove_orphans()
    publish(config, sqlite_store)
    assert related(config, entries[0]) == []


def test_an_entry_with_another_title_has_another_list(config: Config, sqlite_store: Store) -> None:
    lists(config, sqlite_store, entry(0, "Glaciers of Patagonia"), entry(1, "Rye bread"), entry(2, "Harvest"))
    lists(config, sqlite_store, entry(2, "Rye harvest"))
    assert related(config, entry(2, "")) == ["Rye bread"]


def test_a_list_is_the_same_after_a_pass_over_all(config: Config, sqlite_store: Store) -> None:
    entries = [entry(0, "Glaciers of Patagonia"), entry(1, "Patagonia in winter")]
    before = lists(config, sqlite_store, *entries)
    publish(config.model_copy(update={"site": config.site.model_copy(update={"title": "Other"})}), sqlite_store)
    assert [related(config, one) for one in entries] == before


def test_terms_are_distinctive_words_in_order_then_categories() -> None:
    words = terms_of("The glaciers of Patagonia", ["Ice"])
    assert list(words.values()) == [1.0, 1.0, 0.6]
    assert list(words) == list(terms_of("GLACIERS, Patagónia!", ["ice"]))
    assert terms_of("12 of 2023", []) == {}

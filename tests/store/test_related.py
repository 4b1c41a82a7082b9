import pytest

from feeder.errors import NoSuchEntryError
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.store import Store
from tests.entries import make_entry
from tests.saving import save

HERE = Origin("seeds", "a.txt")
FLOOD = "连日大雨使青石江水位上涨，沿岸三个村庄的居民被疏散到高处的学校，消防员划着小艇运送饮水和药品，江堤仍在加固。"
FILLER = [
    "苹果丰收",
    "火车晚点",
    "新书上架",
    "球队夺冠",
    "画展开幕",
    "老街改造",
    "猫咪走失",
    "雪山日出",
    "面包涨价",
    "夜市归来",
]


def bare(number: int, title: str, text: str) -> tuple[Origin, Entry]:
    return HERE, make_entry(number, title=title, content=f"<p>{text}</p>", summary="", authors=(), categories=())


def related(store: Store, number: int, *, limit: int = 5) -> list[tuple[str, bool]]:
    entry = store.entries.get(f"https://example.org/a/{number}")
    return [(one.entry.id.rpartition("/")[2], one.same) for one in store.search.related(entry.key, limit=limit)]


@pytest.fixture
def full_store(store: Store) -> Store:
    save(
        store,
        [
            bare(1, "青石江大雨成灾", FLOOD),
            bare(2, "大雨：青石江水位上涨", f"本网消息：{FLOOD}"),
            bare(3, "青石江江堤加固完成", "雨停之后，消防员与居民一起，用三天时间加固了青石江的江堤，学校也重新开课。"),
            bare(4, "The bridge of Oslo", "A new bridge was opened in Oslo harbour today, and ferries rest."),
            bare(
                5, "Oslo bridge, one year on", "The Oslo harbour has its bridge for a year now, and ferries are gone."
            ),
            *(bare(10 + n, title, f"{title}，大家都说很好，我们也去看了。") for n, title in enumerate(FILLER)),
        ],
    )
    return store


def test_the_same_text_comes_first_then_what_is_on_the_topic(full_store: Store) -> None:
    assert related(full_store, 1) == [("2", True), ("3", False)]
    assert related(full_store, 4) == [("5", False)]


def test_no_more_are_given_than_asked_for_and_of_two_that_say_the_same_one(full_store: Store) -> None:
    assert related(full_store, 1, limit=1) == [("2", True)]
    assert len(related(full_store, 3)) == 1


def test_long_texts_are_compared_too(full_store: Store) -> None:
    long = "".join(chr(0x4E00 + 7 * number) for number in range(900))
    save(full_store, [bare(90, "长文", long), bare(91, "长文又一", f"{long[:800]}完")])
    assert related(full_store, 90) == [("91", True)]


def test_words_that_join_others_relate_nothing(full_store: Store) -> None:
    assert related(full_store, 12) == []


def test_texts_out_of_one_template_are_not_the_same(store: Store) -> None:
    template = "欢迎收看本频道的节目，每周三晚上八点更新，请订阅并打开小铃铛，合作请写信到信箱，谢谢你的支持与陪伴。"
    titles = ["火山之夜", "沙漠行记", "深海鱼群", "古城钟声"]
    save(store, [bare(number, title, template) for number, title in enumerate(titles)])
    assert all(not same for _, same in related(store, 0))


@pytest.mark.parametrize("text", ["", "雨", "rain", "12345", "！！"])
def test_a_very_short_entry_is_answered(full_store: Store, text: str) -> None:
    save(full_store, [bare(99, text, text)])
    assert ("99", True) not in related(full_store, 99)


def test_short_entries_with_the_same_rare_words_are_related(full_store: Store) -> None:
    save(full_store, [bare(98, "白鹭归巢", "白鹭归巢"), bare(99, "白鹭归巢了", "又见白鹭")])
    assert [number for number, _ in related(full_store, 98)] == ["99"]


def test_an_entry_alone_has_none_and_an_unknown_key_is_an_error(store: Store) -> None:
    save(store, [bare(1, "青石江大雨成灾", FLOOD)])
    assert related(store, 1) == []
    with pytest.raises(NoSuchEntryError, match="no such entry: '0123456789abcdef'"):
        store.search.related("0123456789abcdef")

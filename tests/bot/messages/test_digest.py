"""The text of a digest: within Telegram's limits, whatever it tells of."""

from hypothesis import given
from hypothesis import strategies as st

from bot.messages import utf16_length
from bot.messages.digest import MAX_SHOWN, make_digest
from bot.messages.text import MAX_TEXT
from feeder.model import Source
from feeder.words import ENGLISH, SIMPLIFIED, TRADITIONAL
from tests.entries import make_entry

PAGE = "https://site.example/search?q=rain"
RIVER, HARBOUR = (Source(title=title, id="https://example.org/") for title in ("River", "Harbour"))


def test_it_tells_how_many_there_are_the_newest_and_where_all_are() -> None:
    text = make_digest([make_entry(2, title="Wind"), make_entry(1, title="Rain")], 14, ENGLISH, PAGE, by_source=False)
    assert text.text == "14 new articles\n\n• Wind\n• Rain\n\nand 12 more · Show all"
    assert [span.url for span in text.spans] == [None, "https://example.org/a/2", "https://example.org/a/1", PAGE]


def test_a_scheduled_one_is_grouped_by_source_the_newest_first() -> None:
    entries = [
        make_entry(3, title="Wind", source=RIVER),
        make_entry(2, title="Ice", source=HARBOUR),
        make_entry(1, title="Rain", source=RIVER),
    ]
    text = make_digest(entries, 3, SIMPLIFIED, PAGE, by_source=True)
    assert text.text == "3 篇新文章\n\nRiver\n• Wind\n• Rain\n\nHarbour\n• Ice\n\n查看全部"
    assert [span.kind for span in text.spans].count("bold") == 3


def test_one_article_without_a_page_or_a_link() -> None:
    entry = make_entry(1, title="", link=None)
    assert make_digest([entry], 1, ENGLISH, None, by_source=False).text == f"1 new article\n\n• {entry.key}"
    assert make_digest([entry], 2, TRADITIONAL, "javascript:x", by_source=False).text.endswith("\n\n還有 1 篇")


TITLES = st.text(max_size=300) | st.sampled_from(["🌧" * 200, "雨" * 400, "\u202eRain"])


@given(
    titles=st.lists(st.tuples(TITLES, TITLES), min_size=1, max_size=MAX_SHOWN),
    more=st.integers(0, 10**6),
    words=st.sampled_from([ENGLISH, SIMPLIFIED, TRADITIONAL]),
    by_source=st.booleans(),
)
def test_it_fits_into_a_message(titles: list[tuple[str, str]], more: int, words: object, by_source: bool) -> None:  # noqa: FBT001  drawn
    entries = [
        make_entry(number, title=title, source=Source(title=source, id="https://example.org/"))
        for number, (title, source) in enumerate(titles)
    ]
    text = make_digest(entries, len(entries) + more, words, PAGE, by_source=by_source)  # type: ignore[arg-type]  # drawn
    assert utf16_length(text.text) <= MAX_TEXT
    assert len(text.spans) <= 100
    assert all(0 <= span.offset < span.offset + span.length <= utf16_length(text.text) for span in text.spans)
    assert text.text.count("\n• ") <= len(entries)

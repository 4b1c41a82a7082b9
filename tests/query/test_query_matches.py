from datetime import UTC, datetime, timedelta, timezone

import pytest

from feeder.model import Media, Person, Source
from feeder.query import Last, Query, host_of, parse_query
from tests.entries import make_entry

NOW = datetime(2023, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "春天",  # title
        "街上的人",  # content
        "王小明",  # author
        "weather",  # category
        "清晨",
        "first RAIN",
        "雨 -雪",
        "雪 OR 伞",
        "-雪",
        "雨 First",
        "雪 OR (雨 伞)",
        "-(雨 雪)",
        "-(雪 OR 冰)",
        "NOT 雪",
        "title:第一場雨",
        "title:“first rain”",
        "title:(雨 -伞)",
        "#天氣 category:WEATHER",
        "-#weath",
        "author:小明",
        "source:example source:example.org",
        "site:example.org site:org site:www.example.org",
        "language:zh language:zh-hans language:zh-CN",
        "has:image -has:audio -has:video",
        "has:audio|image",
        "on:2023 on:2023-02 on:2023-02-20",
        "after:2023-02-20 before:2023-02-21",
        "-before:2023-02-20 -after:2023-02-21",
        "last:9d last:1m last:1w|9d",
    ],
)
def test_finds_an_entry(text: str) -> None:
    assert parse_query(text).matches(make_entry(), now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        "轉載",
        '"rain first"',
        "雨 -人",
        "雪 OR -伞",
        "版权声明",  # what was cut is not searched
        "雨 (雪 OR 冰)",
        "-(雨 OR 雪)",
        "雪 OR (雨 冰)",
        "title:伞",
        "title:清晨",
        "title:rai",
        "#天",
        "author:李四",  # a translator
        "author:“明 李”",
        "source:exam source:王小明",
        "site:a.example.org",
        "site:ample.org",
        "site:example.net",
        "language:zh-hant",
        "language:zha",
        "has:video",
        "on:2022",
        "on:2023-03",
        "on:2023-02-19",
        "before:2023-02-20",
        "after:2023-02-21",
        "last:8d",
        "last:200h",
    ],
)
def test_does_not_find_an_entry(text: str) -> None:
    assert not parse_query(text).matches(make_entry(), now=NOW)


def test_an_entry_without_something_is_not_found_by_it() -> None:
    entry = make_entry(
        link=None, language=None, authors=(), categories=("…",), media=(), source=Source(title="", id="urn:x:y")
    )
    for text in ("site:org", "language:en", "author:x", "#x", "source:x", "has:image"):
        assert not parse_query(text).matches(entry, now=NOW)
        assert parse_query(f"-{text}").matches(entry, now=NOW)


def test_one_of_several_authors_categories_and_media_is_enough() -> None:
    entry = make_entry(
        authors=(Person(name="Jane Doe"), Person(name="Émile\nZola")),
        media=(
            Media(url="https://example.org/a.mp3", kind="audio"),
            Media(url="https://example.org/b.mp4", kind="video"),
        ),
    )
    for text in ("author:jane", "author:“emile zola”", "has:audio", "has:video"):
        assert parse_query(text).matches(entry, now=NOW)
    assert not parse_query("author:“doe emile”").matches(entry, now=NOW)


@pytest.mark.parametrize(
    ("published", "texts"),
    [
        (datetime(2022, 3, 1, tzinfo=UTC), "on:2022-03 after:2022-03 -before:2022-03 on:2022-03-01"),
        (datetime(2022, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC), "on:2022-03 before:2022-04 -after:2022-04"),
        (datetime(2022, 4, 1, tzinfo=UTC), "-on:2022-03 -before:2022-04 after:2022-04 -on:2022-03-31"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "on:2024-02-29 on:2024-02 on:2024 before:2024-03"),
        (datetime(2024, 12, 31, 23, tzinfo=UTC), "on:2024 on:2024-12 on:2024-12-31 before:2025 -on:2025"),
        (datetime(2022, 4, 1, 7, tzinfo=timezone(timedelta(hours=8))), "on:2022-03 on:2022-03-31 before:2022-04"),
    ],
)
def test_days_begin_and_end_at_midnight_in_utc(published: datetime, texts: str) -> None:
    for text in texts.split():
        assert parse_query(text).matches(make_entry(published=published), now=NOW), text


@pytest.mark.parametrize(
    ("text", "now", "since"),
    [
        ("last:36h", datetime(2023, 3, 1, 12, 0, 0, 5, tzinfo=UTC), datetime(2023, 2, 28, tzinfo=UTC)),
        ("last:1d", datetime(2023, 3, 1, tzinfo=timezone(timedelta(hours=8))), datetime(2023, 2, 27, 16, tzinfo=UTC)),
        ("last:2w", datetime(2023, 3, 1, tzinfo=UTC), datetime(2023, 2, 15, tzinfo=UTC)),
        ("last:1m", datetime(2023, 3, 31, 8, tzinfo=UTC), datetime(2023, 2, 28, 8, tzinfo=UTC)),
        ("last:3m", datetime(2023, 2, 1, tzinfo=UTC), datetime(2022, 11, 1, tzinfo=UTC)),
        ("last:12m", datetime(2023, 12, 1, tzinfo=UTC), datetime(2022, 12, 1, tzinfo=UTC)),
        ("last:1y", datetime(2024, 2, 29, tzinfo=UTC), datetime(2023, 2, 28, tzinfo=UTC)),
        ("last:9999y", datetime(2024, 2, 29, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_last_days_are_counted_back_from_now(text: str, now: datetime, since: datetime) -> None:
    query = parse_query(text)
    assert isinstance(query.root, Last)
    assert query.root.since(now) == since
    assert query.matches(make_entry(published=since), now=now)
    assert query.matches(make_entry(published=now + timedelta(days=1)), now=now)
    if since.year > 1:
        assert not query.matches(make_entry(published=since - timedelta(microseconds=1)), now=now)


@pytest.mark.parametrize(
    ("link", "host"),
    [
        ("https://www.Example.org:8080/a?b#c", "example.org"),
        ("http://example.org", "example.org"),
        ("https://例子.中国/a", "xn--fsqu00a.xn--fiqs8s"),
        ("https://[::1]:80/", "[::1]"),
        ("https://news.example.org./", "news.example.org"),
        ("urn:uuid:1", ""),
        ("https://", ""),
        (None, ""),
    ],
)
def test_hosts_are_compared_without_what_does_not_matter(link: str | None, host: str) -> None:
    assert host_of(link) == host
    if host:
        assert parse_query(f"site:{host}").matches(make_entry(link=link), now=NOW)


def test_a_query_holds_as_its_leaves_do() -> None:
    query = parse_query("(a OR #b) -c")
    assert query.is_true_for(lambda leaf: str(leaf) == "category:b")
    assert not query.is_true_for(lambda leaf: str(leaf) in {"category:b", "c"})
    assert not Query(None).is_true_for(lambda _: True)

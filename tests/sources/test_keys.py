"""Every key that conventions have for a field, and every way of writing its value: tables, one fact each."""

import json
from datetime import UTC, datetime

import pytest

from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.normalise.printed_dates import parse_printed_date
from feeder.sources.files.collection import read_document
from feeder.sources.files.heads.page_head import read_page_head

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LINKS = [
    "link", "url", "from", "source", "source_url", "canonical_url", "canonical", "original", "original_url",
    "permalink", "via",
]  # fmt: skip
_DATES = [
    "date", "published", "published_at", "pubDate", "publishDate", "created", "created_at", "captured", "time_added",
]  # fmt: skip
_UPDATES = ["updated", "lastmod", "modified", "last_modified_at"]
_AUTHORS = ["author", "authors", "by", "byline", "creator"]
_TAGS = ["tags", "categories", "category", "keywords"]


def entry(text: str, name: str = "1.md") -> Entry:
    (draft,) = read_document(text.encode(), name)
    return normalise(draft, now=_NOW, source="folder")


def fields(block: str) -> Entry:
    return entry(f"---\ntitle: 雨\n{block}\n---\n昨天下了雨。\n")


@pytest.mark.parametrize("key", [*_LINKS, "URL", "Source"])
def test_a_key_means_the_link(key: str) -> None:
    found = fields(f"{key}: https://e.org/a")
    assert (found.link, found.read_from["link"]) == ("https://e.org/a", f"front matter: {key.lower()}")


def test_via_is_where_the_text_was_taken_from() -> None:
    found = fields("url: https://e.org/a\nvia: https://o.example/b")
    assert (found.link, [link.href for link in found.links]) == ("https://e.org/a", ["https://o.example/b"])


@pytest.mark.parametrize(
    "value",
    [
        "https://e.org/a",
        '"https://e.org/a"',
        "'https://e.org/a'",
        "<https://e.org/a>",
        "[雨](https://e.org/a)",
        "\n  - https://e.org/a",
        "[https://e.org/a]",
    ],
)
def test_a_link_may_be_written_as(value: str) -> None:
    assert fields(f"source: {value}").link == "https://e.org/a"


@pytest.mark.parametrize("other", ["source: 某某周刊", "from: 某报", "permalink: /2020/a", "via: 某报"])
def test_words_under_a_link_s_key_are_no_link(other: str) -> None:
    assert fields(f"{other}\nurl: https://e.org/a").link == "https://e.org/a"


@pytest.mark.parametrize("key", [*_DATES, "Date", "PUBDATE"])
def test_a_key_means_when_it_was_published(key: str) -> None:
    found = fields(f"{key}: 2020-03-19T10:00:00Z")
    assert found.published == datetime(2020, 3, 19, 10, tzinfo=UTC)
    assert (found.published_from, found.read_from["published"]) == ("front matter", f"front matter: {key.lower()}")


@pytest.mark.parametrize("key", _UPDATES)
def test_a_key_means_when_it_was_updated(key: str) -> None:
    found = fields(f"date: 2020-03-19\n{key}: 2021-04-20")
    assert (found.published.year, found.updated.year) == (2020, 2021)
    assert found.read_from["updated"] == f"front matter: {key}"


@pytest.mark.parametrize(
    "value",
    [
        "2020-03-19 10:00",
        "2020-03-19T10:00:00Z",
        "2020-03-19 18:00:00 +0800",
        "2020-03-19 18:00:00 +0800 CST",
        "'2020-03-19T18:00:00+08:00'",
        "2020/3/19 10:00",
        "2020.03.19 10:00",
        "2020年3月19日 10:00",
        "2020年3月19日 星期四 10:00",
        "2020年3月19日（星期四）上午10:00",
        "March 19, 2020 at 10:00 AM",
        "Thu, 19 Mar 2020 10:00:00 GMT",
        "Thu Mar 19 10:00:00 2020",
        "3/19/2020 10:00 AM",
        "1584612000000",
        "1584612000",
    ],
)
def test_a_moment_may_be_written_as(value: str) -> None:
    assert fields(f"date: {value}").published == datetime(2020, 3, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2020-3-19",
        "2020-03-19 Thu",
        "20200319",
        "19 March 2020",
        "[[2020-03-19]]",
        "[[Mar 19th, 2020]]",
        '"[[2020-03-19]]"',
    ],
)
def test_a_day_may_be_written_as(value: str) -> None:
    assert fields(f"date: {value}").published == datetime(2020, 3, 19, tzinfo=UTC)


@pytest.mark.parametrize("key", _AUTHORS)
@pytest.mark.parametrize(
    "value",
    [
        "甲乙",
        '"甲乙"',
        "[甲乙]",
        "\n  - 甲乙",
        '"[[甲乙]]"',
        "[[甲乙]]",
        "[[人物/甲乙|甲乙]]",
        '\n  - "[[甲乙]]"',
        "\n  name: 甲乙\n  url: https://e.org/jia",
        "\n  - name: 甲乙\n    email: a@e.org",
        '{name: "甲乙"}',
    ],
)
@pytest.mark.parametrize("rest", ["", "\nbroken: a: b"], ids=["yaml", "no yaml"])
def test_an_author_may_be_written_as(key: str, value: str, rest: str) -> None:
    found = fields(f"{key}: {value}{rest}")
    assert [person.name for person in found.authors] == ["甲乙"]


@pytest.mark.parametrize("key", _TAGS)
@pytest.mark.parametrize(
    "value", ["[ 甲, 乙 ]", "甲, 乙", "甲、乙", "\n  - 甲\n  - 乙", "\n- 甲\n- 乙", '["甲", "乙"]', "'#甲, #乙'"]
)
def test_tags_may_be_written_as(key: str, value: str) -> None:
    assert fields(f"{key}: {value}").categories == ("甲", "乙")


@pytest.mark.parametrize(
    "head", ["title: 雨\nauthor：甲乙\n", "title:雨\nauthor:甲乙\n", "Title : 雨\nAuthor : 甲乙\n"]
)
@pytest.mark.parametrize("fence", ["---\n{}---\n", "{}---\n", "{}\n"], ids=["fenced", "half fenced", "open"])
def test_a_colon_may_stand_as_people_set_it(head: str, fence: str) -> None:
    found = entry(f"{fence.format(head)}昨天下了雨。\n")
    assert (found.title, [person.name for person in found.authors]) == ("雨", ["甲乙"])
    assert found.content == "<p>昨天下了雨。</p>"


_LINKED_DATA = {
    "@type": "NewsArticle",
    "headline": "雨",
    "datePublished": "2020-03-19T10:00:00Z",
    "author": [{"@type": "Person", "name": "甲乙"}],
    "mainEntityOfPage": {"@id": "https://e.org/a"},
}


_OPEN_GRAPH = """
<meta property="og:title" content="雨"><meta property="og:url" content="https://e.org/a">
<meta property="article:published_time" content="2020-03-19T10:00:00Z"><meta name="author" content="甲乙">
"""
_DUBLIN_CORE = """
<meta name="DC.title" content="雨"><link rel=canonical href="https://e.org/a">
<meta name="DC.date.issued" content="2020-03-19T10:00Z"><meta name="DC.creator" content="甲乙">
"""
_TWITTER = """
<meta name="twitter:title" content="雨"><meta itemprop="datePublished" content="2020-03-19T10:00Z">
<link rel="canonical" href="https://e.org/a"><meta name="author" content="甲乙">
"""
_PLAIN = """
<title>雨 - 某网</title><link rel="canonical" href="https://e.org/a"><meta name="Author" content="甲乙">
<meta name="date" content="2020-03-19T10:00Z">
"""
_IN_JSON = "JSON-LD headline, JSON-LD mainEntityOfPage, JSON-LD datePublished, JSON-LD author"


def linked_data(*things: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@graph": things})}</script>'


@pytest.mark.parametrize(
    ("head", "read_from"),
    [
        (_OPEN_GRAPH, "og:title, og:url, article:published_time, author"),
        (f'<script type="application/ld+json">{json.dumps(_LINKED_DATA)}</script>', _IN_JSON),
        (linked_data({"@type": "WebSite"}, _LINKED_DATA), _IN_JSON),
        (_DUBLIN_CORE, "dc.title, canonical link, dc.date.issued, dc.creator"),
        (_TWITTER, "twitter:title, canonical link, datepublished, author"),
        (_PLAIN, "<h1>, canonical link, date, author"),
    ],
    ids=["OpenGraph", "JSON-LD", "JSON-LD graph", "Dublin Core", "Twitter", "plain"],
)
@pytest.mark.parametrize("before", ["<!DOCTYPE html>", "<?xml version='1.0'?>\n<!DOCTYPE html>", ""])
def test_a_page_says_what_it_is_in_its_head(before: str, head: str, read_from: str) -> None:
    found = entry(f"{before}<html><head>{head}</head><body><h1>雨</h1><p>昨天下了雨。</p></body></html>", "1.html")
    assert (found.title, found.link, [person.name for person in found.authors]) == ("雨", "https://e.org/a", ["甲乙"])
    assert found.published == datetime(2020, 3, 19, 10, tzinfo=UTC)
    asked = ("title", "link", "published", "authors")
    assert ", ".join(found.read_from[name] for name in asked) == read_from


@pytest.mark.parametrize(
    ("shown", "day", "names"),
    [
        ("<p><time>12 mars 2020</time></p>", 12, []),
        (
            '<p><time class="updated" datetime="2020-04-01">x</time><time datetime="2020-03-12">3 days ago</time></p>',
            12,
            [],
        ),
        (
            '<span class="entry-date">Publié le 12 mars 2020</span> <a rel="author" href="/a">Ann Lee</a>',
            12,
            ["Ann Lee"],
        ),
        (
            '<div class="post-author">by <a href="/a">Ann Lee</a></div><div class="date">12.03.2020</div>',
            12,
            ["Ann Lee"],
        ),
        ('<span itemprop="author"><span itemprop="name">Ann Lee</span></span>', None, ["Ann Lee"]),
        ('<div><span class="date-header">2024-05-03</span></div>', 3, []),
        ('<a rel="author" href="/a">12.03.2020</a><p class="date">soon</p>', None, []),
    ],
)
def test_a_page_shows_date_and_author_near_its_heading(shown: str, day: int | None, names: list[str]) -> None:
    metadata = read_page_head(
        f"<html><head><title>Rain</title></head><body><h1>Rain</h1>{shown}<p>It rains.</p></body>"
    )
    stamps = [stamp for stamp in metadata.stamps if stamp.means == "published"]
    found = parse_printed_date(stamps[0].text, day_first=True) if stamps else None
    assert (found.at.day if found is not None else None, list(metadata.authors)) == (day, names)


def test_a_page_may_name_several_authors() -> None:
    several = '<meta name="author" content="Ann Lee"><meta name="author" content="Bob Ray">'
    data = {**_LINKED_DATA, "author": [{"name": "Ann Lee"}, {"name": "Bob Ray"}]}
    for head in (several, linked_data(data)):
        metadata = read_page_head(f"<html><head><title>Rain</title>{head}</head><body><p>It rains.</p></body></html>")
        assert metadata.authors == ("Ann Lee", "Bob Ray")


def test_a_heading_that_says_something_else_is_not_the_page_s_title() -> None:
    page = "<html><head><title>雨 - 某网</title></head><body><h1>某网首页</h1><p>昨天。</p></body></html>"
    assert entry(page, "1.html").title == "雨 - 某网"


def test_an_author_s_address_is_no_name() -> None:
    page = '<html><head><title>雨</title><meta name="author" content="https://e.org/jia"></head><body><p>昨天。</p></body></html>'
    assert entry(page, "1.html").authors == ()


_QUOTED = (
    "> * 原文地址：[Rain](https://o.example/x)\n> * 原文作者：[Jo](https://o.example/j)\n"
    "> * 本文永久链接：[a]({link})\n"
)
_REFERENCES = "[#]: url: ({link})\n[#]: author: (Jo https://o.example/j)\n"


@pytest.mark.parametrize("link", ["https://e.org/a", "https://e.org/Rain_(film)"])
@pytest.mark.parametrize(
    ("head", "place"),
    [(_QUOTED, "notes on the original"), (_REFERENCES, "reference definition: url")],
    ids=["notes", "definitions"],
)
def test_translation_projects_name_link_and_author(head: str, place: str, link: str) -> None:
    found = entry(f"{head.format(link=link)}\n# 雨\n\n昨天下了雨。\n")
    assert (found.title, found.link, found.read_from["link"]) == ("雨", link, place)
    assert [person.name for person in found.authors] == ["Jo"]


@pytest.mark.parametrize("link", ["https://e.org/a", "https://e.org/Rain_(film)"])
def test_reading_apps_name_the_original(link: str) -> None:
    found = entry(
        f"# 雨\n#Omnivore\n\n[Read on Omnivore](https://omnivore.app/me/a)\n[Read Original]({link})\n\n昨天下了雨。\n"
    )
    assert (found.title, found.link, found.read_from["link"]) == ("雨", link, "Read Original")


@pytest.mark.parametrize(
    ("name", "title", "day"),
    [
        ("2020-03-19-first-rain.md", "first rain", "2020-03-19"),
        ("2020-3-9-雨.md", "雨", "2020-03-09"),
        ("20200319 雨.md", "雨", "2020-03-19"),
        ("123_雨.md", "雨", None),
        ("雨.txt", "雨", None),
    ],
)
def test_a_file_name_says_title_and_day(name: str, title: str, day: str | None) -> None:
    found = entry("昨天下了雨，日期写着2019年1月1日。\n" if day else "昨天下了雨。\n", name)
    assert (found.title, found.read_from["title"]) == (title, "file name")
    assert day is None or (found.published.date().isoformat(), found.read_from["published"]) == (day, "file name")

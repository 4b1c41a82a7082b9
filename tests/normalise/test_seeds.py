"""The entries of the five seed articles, against golden files and the table of requirements."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeder.model import Credit, Entry
from feeder.normalise.entry import normalise
from feeder.sources.files.article import read_article
from tests.normalise.golden import entry_as_text

_ROOT = Path(__file__).parent.parent.parent
_GOLDEN = _ROOT / "tests" / "data" / "seeds"
_NAMES = (
    "000_193ae2ce00046657.txt",
    "001_f1e8e755b522f519.txt",
    "002_5e0f3d6c7bad0a97.txt",
    "003_81935187e319d21c.txt",
    "004_26e0afbce9d4892c.txt",
)
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read_seed(number: int) -> Entry:
    name = _NAMES[number]
    return normalise(read_article((_ROOT / "seeds" / name).read_bytes(), name), now=_NOW)


@pytest.mark.parametrize("number", range(5))
def test_each_seed_becomes_its_golden_entry(number: int) -> None:
    assert entry_as_text(read_seed(number)) == (_GOLDEN / _NAMES[number]).read_text("utf-8")


@pytest.mark.parametrize(
    ("number", "link", "published", "published_from", "updated", "author"),
    [
        (
            0,
            "https://www.voachinese.com/a/china-s-top-diplomat-due-in-moscow-as-beijing-scolds-united-states-20230220/6970449.html",
            "2023-02-20T14:37:16+00:00",
            "body",
            "2023-02-20T14:39:03+00:00",
            None,
        ),
        (
            1,
            "https://gnews.org/zh-hans/2198154/",
            "2022-03-18T00:00:00+00:00",
            "text",
            "2022-03-18T00:00:00+00:00",
            "西班牙巴塞罗那喜悦农场",
        ),
        (
            2,
            "https://www.voachinese.com/a/putin-says-xi-to-visit-russia-ties-with-china-reaching-new-frontiers--20230222/6974233.html",
            "2023-02-22T17:22:43+00:00",
            "body",
            "2023-02-22T17:39:03+00:00",
            None,
        ),
        (
            3,
            "https://www.epochtimes.com/gb/22/2/4/n13555352.htm",
            "2022-02-04T21:32:23+00:00",
            "epoch",
            "2022-02-04T21:32:23+00:00",
            "大纪元",
        ),
        (
            4,
            "https://gnews.org/zh-hans/2191742/",
            "2022-03-18T00:00:00+00:00",
            "text",
            "2022-03-18T00:00:00+00:00",
            "喜马拉雅-华盛顿DC农场",
        ),
    ],
)
def test_each_seed_has_its_link_dates_and_author(
    number: int,
    link: str,
    published: str,
    published_from: str,
    updated: str,
    author: str | None,
) -> None:
    entry = read_seed(number)
    assert (entry.link, entry.id, entry.language) == (link, link, "zh-Hans")
    assert (entry.published.isoformat(), entry.published_from) == (published, published_from)
    assert entry.updated.isoformat() == updated
    assert [person.name for person in entry.authors] == ([author] if author else [])


def test_an_article_without_author_has_the_broadcaster_as_source() -> None:
    assert {read_seed(number).source.title for number in (0, 2)} == {"www.voachinese.com"}


def test_the_credits_and_the_original_of_a_translation_are_kept() -> None:
    entry = read_seed(4)
    assert entry.credits == (
        Credit(role="translator", name="JS709"),
        Credit(role="proofreader", name="Nick"),
        Credit(role="editor", name="文鸣"),
        Credit(role="publisher", name="文鸣"),
    )
    assert [(link.rel, link.href) for link in entry.links] == [
        (
            "via",
            "https://www.pbs.org/newshour/world/biden-talks-with-chinas-xi-aims-to-press-him-on-involvement-with-putin",
        ),
    ]
    assert read_seed(3).categories == ("大纪元",)


@pytest.mark.parametrize("number", range(5))
def test_no_seed_keeps_anything_that_is_not_its_article(number: int) -> None:
    content = read_seed(number).content
    for remnant in (
        "weserv",
        "免责声明",
        "rolfoundation",
        "Terms of use",
        "utm_",
        'href=""',
        "></a>",
        "责任编辑",
        "GMT",
    ):
        assert remnant not in content


@pytest.mark.parametrize("number", range(5))
def test_every_sentence_of_a_seed_is_in_its_entry(number: int) -> None:
    entry = read_seed(number)
    kept = "".join((entry.content + entry.title + "".join(entry.cut)).split())
    text = (
        (_ROOT / "seeds" / _NAMES[number]).read_text("utf-8").partition("------" if number in {0, 2, 3} else "`\n")[2]
    )
    for sentence in _sentences(text):
        assert "".join(sentence.split()) in kept, sentence


def _sentences(text: str) -> list[str]:
    """Return runs of Chinese characters and marks: what stands between markup, Latin words and line ends."""
    return [run for run in _RUNS.findall(text) if len(run) > 4]


_RUNS = __import__("re").compile(r"[\u4e00-\u9fff，、；：“”]+")

"""The site's own words in its languages, and how each writes a date.

Pure. One table for each language; a language without one reads English.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Literal

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905  a list of names reads better as a line of names
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words that pages put around the entries; `{n}` and its like are filled in by the template."""

    language: str
    locale: str
    script: Literal["han", "latin"]
    skip: str
    home: str
    archive: str
    feed: str
    search: str
    search_for: str
    navigation: str
    latest: str
    all_entries: str
    nothing_yet: str
    by: str
    read_original: str
    taken_from: str
    see_also: str
    no_text: str
    no_title: str
    tags: str
    turn_pages: str
    newer: str
    older: str
    newer_month: str
    older_month: str
    count: str
    found: str
    found_at_least: str
    found_nothing: str
    try_other_words: str
    how_to_search: str
    cannot_search: str
    store_away: str
    not_found: str
    not_found_more: str
    failed: str
    failed_more: str
    refused: str
    refused_more: str
    roles: dict[str, str]

    def day(self, moment: datetime) -> str:
        """Return the day of an aware datetime, in UTC."""
        utc = moment.astimezone(UTC)
        if self.script == "han":
            return f"{utc.year}年{utc.month}月{utc.day}日"
        return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}"

    def minute(self, moment: datetime) -> str:
        """Return day and time in UTC; the day alone for midnight, which stands for a date without a time."""
        utc = moment.astimezone(UTC)
        return self.day(utc) if utc.time() == time() else f"{self.day(utc)} {utc:%H:%M} UTC"

    def month(self, name: str) -> str:
        """Return the month that `name` ("2023-02") stands for."""
        year, number = (int(part) for part in name.split("-"))
        return f"{year}年{number}月" if self.script == "han" else f"{_MONTHS[number - 1]} {year}"


def words_for(language: str) -> Words:
    """Return the words for a BCP 47 tag: `zh-Hant`, `zh-TW` and the like, any other `zh`, or English."""
    subtags = {part.lower() for part in language.split("-")}
    if "zh" not in subtags:
        return _ENGLISH
    return _TRADITIONAL if subtags & {"hant", "tw", "hk", "mo"} and "hans" not in subtags else _SIMPLIFIED


_SIMPLIFIED = Words(
    language="zh-Hans",
    locale="zh_CN",
    script="han",
    skip="跳到正文",
    home="首页",
    archive="存档",
    feed="订阅",
    search="搜索",
    search_for="搜索文章",
    navigation="本站",
    latest="最新文章",
    all_entries="全部 {n} 篇文章",
    nothing_yet="还没有文章。",
    by="、",
    read_original="阅读原文",
    taken_from="来源",
    see_also="相关",
    no_text="这篇文章没有正文。",
    no_title="无题",
    tags="标签",
    turn_pages="前后文章",
    newer="较新",
    older="较早",
    newer_month="后一个月",
    older_month="前一个月",
    count="{n} 篇",
    found="找到 {n} 篇",
    found_at_least="至少 {n} 篇",
    found_nothing="没有找到“{query}”",
    try_other_words="换一个说法，或者少用几个词。简体和繁体都可以。",
    how_to_search="多个词之间用空格隔开；“引号”里的词语要连在一起；词前加减号表示不要。简体和繁体都可以。",
    cannot_search="这样的搜索看不懂",
    store_away="搜索暂时不能用，请稍后再试。",
    not_found="没有这一页",
    not_found_more="地址可能写错了，或者文章已经移走。",
    failed="出错了",
    failed_more="这一页暂时打不开，请稍后再试。",
    refused="不能这样访问",
    refused_more="这个地址只能打开来看。",
    roles={
        "translator": "翻译",
        "proofreader": "校对",
        "reviewer": "审核",
        "editor": "编辑",
        "publisher": "发布",
        "reporter": "记者",
        "uploader": "上传",
    },
)

_TRADITIONAL = Words(
    language="zh-Hant",
    locale="zh_TW",
    script="han",
    skip="跳到正文",
    home="首頁",
    archive="存檔",
    feed="訂閱",
    search="搜尋",
    search_for="搜尋文章",
    navigation="本站",
    latest="最新文章",
    all_entries="全部 {n} 篇文章",
    nothing_yet="還沒有文章。",
    by="、",
    read_original="閱讀原文",
    taken_from="來源",
    see_also="相關",
    no_text="這篇文章沒有正文。",
    no_title="無題",
    tags="標籤",
    turn_pages="前後文章",
    newer="較新",
    older="較早",
    newer_month="後一個月",
    older_month="前一個月",
    count="{n} 篇",
    found="找到 {n} 篇",
    found_at_least="至少 {n} 篇",
    found_nothing="沒有找到「{query}」",
    try_other_words="換一個說法，或者少用幾個詞。簡體和繁體都可以。",
    how_to_search="多個詞之間用空格隔開；「引號」裡的詞語要連在一起；詞前加減號表示不要。簡體和繁體都可以。",
    cannot_search="這樣的搜尋看不懂",
    store_away="搜尋暫時不能用，請稍後再試。",
    not_found="沒有這一頁",
    not_found_more="地址可能寫錯了，或者文章已經移走。",
    failed="出錯了",
    failed_more="這一頁暫時打不開，請稍後再試。",
    refused="不能這樣訪問",
    refused_more="這個地址只能打開來看。",
    roles={
        "translator": "翻譯",
        "proofreader": "校對",
        "reviewer": "審核",
        "editor": "編輯",
        "publisher": "發佈",
        "reporter": "記者",
        "uploader": "上傳",
    },
)

_ENGLISH = Words(
    language="en",
    locale="en_GB",
    script="latin",
    skip="Skip to the text",
    home="Home",
    archive="Archive",
    feed="Feed",
    search="Search",
    search_for="Search the articles",
    navigation="This site",
    latest="Latest articles",
    all_entries="All {n} articles",
    nothing_yet="No articles yet.",
    by=", ",
    read_original="Read the original",
    taken_from="Source",
    see_also="See also",
    no_text="This article has no text.",
    no_title="Untitled",
    tags="Tags",
    turn_pages="Articles before and after",
    newer="Newer",
    older="Older",
    newer_month="Next month",
    older_month="Month before",
    count="{n}",
    found="{n} found",
    found_at_least="at least {n} found",
    found_nothing="Nothing found for “{query}”",
    try_other_words="Try another wording, or fewer words. Simplified and Traditional script both work.",
    how_to_search="Every word must occur; “words in quotes” stand together; a minus before a word leaves it out. "
    "Simplified and Traditional script both work.",
    cannot_search="This search cannot be understood",
    store_away="Search is not available just now; please try again later.",
    not_found="No such page",
    not_found_more="The address may be mistyped, or the article has moved.",
    failed="Something went wrong",
    failed_more="This page cannot be shown just now; please try again later.",
    refused="Not allowed",
    refused_more="This address can only be looked at.",
    roles={
        "translator": "Translation",
        "proofreader": "Proofreading",
        "reviewer": "Review",
        "editor": "Editing",
        "publisher": "Publishing",
        "reporter": "Reporting",
        "uploader": "Upload",
    },
)

"""Readers that fail, for workers to run in place of ours.

A worker imports the module of what it runs. So nothing is imported here but what reading needs: a module of tests would
take it over a second.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from feeder.incoming.entry import IncomingEntry, prepare
from feeder.incoming.origin import Origin
from feeder.model import Draft, Entry
from feeder.reading import feed as feeds
from feeder.reading import file as files
from feeder.reading import page as pages
from feeder.reading.feed import FeedJob, FeedResult, ProbeJob, ProbeResult, read_feed, read_probe
from feeder.reading.file import Boilerplate, FileJob, FileResult, ReadingRules, read_articles, to_entry
from feeder.reading.page import PageJob, PageResult, read_page
from feeder.sources.feeds import parsing as syndication
from feeder.sources.files import collection
from feeder.sources.files.article import read_text
from feeder.sources.pages.extract import PageArticle
from tests.reading.hanging import hang


def hang_at_endless(rules: ReadingRules, draft: Draft, boilerplate: Boilerplate, *more: Any) -> Entry:
    """Stand for a reader that never ends over some articles."""
    if "endless" in (draft.title or ""):
        hang()
    return to_entry(rules, draft, boilerplate, *more)


def read_file_or_hang(settings: ReadingRules, job: FileJob) -> Iterator[FileResult | None]:
    with patch.object(files, "to_entry", hang_at_endless):
        yield from read_articles(settings, job)


def read_feed_or_hang(job: FeedJob) -> Iterator[FeedResult]:
    with patch.object(feeds, "to_entry", hang_at_endless):
        yield from read_feed(job)


def read_page_or_hang(job: PageJob) -> Iterator[PageResult]:
    def read(html: str, **_: object) -> PageArticle:
        if "endless" in html:
            hang()
        return PageArticle(content="<p>What the page holds is more than the feed has, by some words.</p>")

    with patch.object(pages, "extract_article", read), patch.object(pages, "to_entry", hang_at_endless):
        yield from read_page(job)


def break_at_1(rules: ReadingRules, job: FileJob) -> Iterator[FileResult | None]:
    def breaks(text: str, name: str) -> Draft:
        if name == "1.md":
            raise RecursionError
        return read_text(text, name)

    with patch.object(collection, "read_text", breaks):
        yield from read_articles(rules, job)


def die_at_7(rules: ReadingRules, job: FileJob) -> Iterator[FileResult | None]:
    if job.file.path.lstrip("0") == "7.md":
        os.kill(os.getpid(), signal.SIGKILL)
    yield from read_articles(rules, job)


def with_another_link(
    origin: Origin, entry: Entry, *, reread: bool, known_by_link: bool, pictures: Mapping[str, str]
) -> IncomingEntry:
    better = replace(entry, id="https://example.org/better", link="https://example.org/better", content="<p>短。</p>")
    return prepare(origin, better, reread=reread, known_by_link=known_by_link, pictures=pictures)


def read_another_link(rules: ReadingRules, job: FileJob) -> Iterator[FileResult | None]:
    with patch.object(files, "prepare", with_another_link):
        yield from read_articles(rules, job)


def fail_at_entry_rain_2(job: FeedJob) -> Iterator[FeedResult]:
    def fragile(rules: ReadingRules, draft: Draft, boilerplate: Boilerplate) -> Entry:
        if draft.title == "Rain 2":
            raise ZeroDivisionError
        return to_entry(rules, draft, boilerplate)

    with patch.object(feeds, "to_entry", fragile):
        yield from read_feed(job)


def die_at_s7(job: FeedJob) -> Iterator[FeedResult]:
    if job.rules.source == "s7":
        os.kill(os.getpid(), signal.SIGKILL)
    yield from read_feed(job)


def fail_to_parse_rain_1(job: FeedJob) -> Iterator[FeedResult]:
    def parse(data: bytes, *, url: str, content_type: str | None) -> syndication.ParsedFeed:
        if b"Rain 1" in data:
            raise ZeroDivisionError
        return original(data, url=url, content_type=content_type)

    original = syndication.parse_feed
    with patch.object(syndication, "parse_feed", parse):
        yield from read_feed(job)


def die_at_page_7(job: PageJob) -> Iterator[PageResult]:
    if job.response is not None and job.pending.link.endswith("/7"):
        os.kill(os.getpid(), signal.SIGKILL)
    yield from read_page(job)


def fail_at_page_of_rain_2(job: PageJob) -> Iterator[PageResult]:
    def fragile(rules: Any, draft: Draft, boilerplate: Any) -> Entry:
        if draft.title == "Rain 2":
            raise ZeroDivisionError
        return to_entry(rules, draft, boilerplate)

    with patch.object(pages, "to_entry", fragile):
        yield from read_page(job)


def fail_at_every_page(job: PageJob) -> Iterator[PageResult]:
    with patch.object(pages, "extract_article", side_effect=ZeroDivisionError):
        yield from read_page(job)


def read_probe_or_hang(job: ProbeJob) -> Iterator[ProbeResult]:
    if b"endless" in job.body:
        hang()
    yield from read_probe(job)

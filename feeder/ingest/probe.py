"""An address that somebody typed -> the feed that is meant, and its newest entries. Nothing is stored.

the address itself ── a page? ──> the feeds that it announces ── none? ──> where feeds usually stand
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from httpx import codes

from feeder.config.load import Config
from feeder.errors import FeedError, FetchError
from feeder.ingest.reading.feed import load_feeds
from feeder.ingest.workers import Task, WorkerFailure, work_one
from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.normalise.text import clean_label, lead
from feeder.normalise.urls import clean_link, to_uri
from feeder.sources.feeds.discovery import FeedLink, common_addresses, find_feeds, typed_address
from feeder.sources.feeds.parsing import parse_feed
from feeder.sources.feeds.polling import ACCEPT, explain_status
from feeder.sources.http.addresses import printable_url
from feeder.sources.http.client import Client, Response
from feeder.sources.http.crawl import new_client

_ANNOUNCED = 5  # feeds of a page that are tried
_USUAL = 8  # addresses that are tried where a page announces none: each is a request that nobody asked for
_READ = 100  # drafts that are read to find the newest
_TITLE = 200  # characters of a feed's title


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedFeed:
    """A feed that was found: its address, its title, how many entries it holds, and the newest of them in order.

    `link` is its site's page; None where it names none. `others` are more feeds that the page announces.
    """

    feed_url: str
    title: str
    link: str | None
    count: int
    newest: tuple[Entry, ...]
    others: tuple[FeedLink, ...] = ()


class _ProbeJob(NamedTuple):
    """What came from an address, to be read within a budget; `limit` is how many entries are wanted at `now`."""

    body: bytes
    url: str
    content_type: str | None
    now: datetime
    limit: int


class _ProbeResult(NamedTuple):
    """What an answer is: a feed, else a page with the feeds that it announces. `error` says why it was not read."""

    feed: ProbedFeed | None = None
    announced: tuple[FeedLink, ...] = ()
    error: str | None = None


def try_feed(config: Config, url: str, *, now: datetime, limit: int, allow_private: bool = False) -> ProbedFeed:
    """Return the feed at an address as somebody typed it, or the first that the page there leads to.

    `allow_private` lets the address be in a private network, and with it what is found on the same server.

    Raises:
        FetchError: there is no answer at the address itself.
        FeedError: no feed was found, the answer is no success, or reading it took too long.
    """
    address = to_uri(typed_address(url))
    trying = _Probe(config, now=now, limit=limit)
    return asyncio.run(trying.run(address, allow_private=allow_private))


class _Probe:
    """The requests for one feed, and what is read of their answers."""

    def __init__(self, config: Config, *, now: datetime, limit: int) -> None:
        self._config, self._now, self._limit = config, now, limit

    async def run(self, url: str, *, allow_private: bool) -> ProbedFeed:
        async with new_client(self._config.fetch) as client:
            response = await client.get(url, headers={"accept": ACCEPT}, allow_private=allow_private)
            if not codes.is_success(response.status):
                raise FeedError(f"{url}: {explain_status(response.status)}")
            seen, found = self._seen(response), url
            if seen.error is not None:
                raise FeedError(f"{url}: {seen.error}")
            feed, others = seen.feed, seen.announced
            if feed is None:
                found, response, feed = await self._find(client, response, others, url if allow_private else "")
            # A redirect that may be another one tomorrow is gone through each time (RFC 9110 §15.4.3).
            return replace(
                feed,
                feed_url=to_uri(response.permanent or found),
                others=tuple(one for one in others if one.feed_url != found),
            )

    async def _find(
        self, client: Client, page: Response, announced: Sequence[FeedLink], private: str
    ) -> tuple[str, Response, ProbedFeed]:
        """Return the first feed that a page leads to, with the address that led there.

        `private` is the address whose server may be a private one.
        """
        candidates = [one.feed_url for one in announced[:_ANNOUNCED]] or common_addresses(page.url)[:_USUAL]
        too_long = ""
        for address in candidates:
            try:
                answer = await client.get(
                    address, headers={"accept": ACCEPT}, allow_private=_server(address) == _server(private)
                )
            except FetchError:
                continue
            seen = self._seen(answer)
            if seen.feed is not None:
                return address, answer, seen.feed
            if seen.error is not None:
                too_long += f"; {printable_url(address)}: {seen.error}"
        raise FeedError(f"{page.url}: no feed was found there, nor at {_listed(candidates)}{too_long}")

    def _seen(self, response: Response) -> _ProbeResult:
        content_type = response.headers.get("content-type")
        answer = _ProbeJob(response.body, response.url, content_type, self._now, self._limit)
        return work_one(_ANSWERS, answer, seconds=self._config.limits.document_s)


def _look(answer: _ProbeJob) -> Iterator[_ProbeResult]:
    """Yield what an answer is."""
    try:
        feed = parse_feed(answer.body, url=answer.url, content_type=answer.content_type)
    except FeedError:
        found = find_feeds(answer.body.decode("utf-8", "replace"), answer.url)
        yield _ProbeResult(
            announced=tuple(
                FeedLink(feed_url=to_uri(one.feed_url), title=lead(clean_label(one.title), _TITLE)) for one in found
            )
        )
        return
    entries = [normalise(draft, now=answer.now) for draft in feed.drafts[:_READ]]
    newest = sorted(entries, key=lambda entry: entry.published, reverse=True)[: answer.limit]
    tried = ProbedFeed(
        feed_url=answer.url,
        title=lead(clean_label(feed.title), _TITLE),
        link=clean_link(feed.link, answer.url) if feed.link else None,
        count=len(feed.drafts),
        newest=tuple(newest),
    )
    yield _ProbeResult(tried)


def _lost(_answer: _ProbeJob, ended: WorkerFailure) -> tuple[_ProbeResult, None]:
    return _ProbeResult(error=ended.reason.partition(";")[0]), None


_ANSWERS: Task[_ProbeJob, _ProbeResult] = Task(run=_look, lost=_lost, load=load_feeds)


def _server(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(map(printable_url, addresses))

"""An address as typed -> the feed there, and its newest entries. Nothing is stored; its response can be (feeds.py).

the address itself ── a page? ──> the feeds that it announces ── none there? ──> common addresses of feeds
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from httpx import codes

from feeder.config.load import Config
from feeder.errors import FeedError, FetchError
from feeder.normalise.urls import to_uri
from feeder.reading.feed import PROBE_TASK, ProbedFeed, ProbeJob, ProbeResult
from feeder.reading.workers import run_job
from feeder.sources.feeds.discovery import FeedLink, common_addresses, complete_url
from feeder.sources.feeds.polling import ACCEPT, explain_status
from feeder.sources.http.addresses import printable_url
from feeder.sources.http.client import Client, Response
from feeder.sources.http.crawl import new_client, to_result
from feeder.sources.http.holds import BUSY

_MAX_ANNOUNCED = 5  # feeds of a page to try
_MAX_UNREACHED = 3  # failed connections in a row, after which no further address is tried


def probe_feed(config: Config, url: str, *, now: datetime, limit: int, allow_private: bool = False) -> ProbedFeed:
    """Return the feed at an address as typed, or the first one found from the page there.

    `allow_private` allows a private address, and feeds found on the same server.

    Raises:
        FetchError: there is no response from the address itself.
        FeedError: no feed was found, the response is no success, or parsing it took too long.
    """
    probe = _Probe(config, now=now, limit=limit)
    return asyncio.run(probe.run(to_uri(complete_url(url)), allow_private=allow_private))


class _Probe:
    def __init__(self, config: Config, *, now: datetime, limit: int) -> None:
        self._config, self._now, self._limit = config, now, limit

    async def run(self, url: str, *, allow_private: bool) -> ProbedFeed:
        async with new_client(self._config.fetch) as client:
            response = await client.get(url, headers={"accept": ACCEPT}, allow_private=allow_private)
            if not codes.is_success(response.status):
                raise FeedError(f"{url}: {explain_status(response.status)}")
            result, address = self._parse(response), url
            if result.error is not None:
                raise FeedError(f"{url}: {result.error}")
            feed, announced = result.feed, result.announced
            if feed is None:
                private_url = url if allow_private else ""
                address, response, feed = await self._find(client, response, announced, private_url)
            # A temporary redirect may lead elsewhere tomorrow: it is followed each time (RFC 9110 §15.4.3).
            return replace(
                feed,
                feed_url=to_uri(response.permanent or address),
                others=tuple(link for link in announced if link.feed_url != address),
                response=to_result("", response),
            )

    async def _find(
        self, client: Client, page: Response, announced: Sequence[FeedLink], private_url: str
    ) -> tuple[str, Response, ProbedFeed]:
        """Return the first feed found from a page, with its address and response.

        Only the server of `private_url` may have a private address.
        """
        links = [link.feed_url for link in announced[:_MAX_ANNOUNCED]]
        common = [address for address in common_addresses(page.url) if address not in {*links, page.url}]
        errors, unreached = "", 0
        for address in (*links, *common):
            try:
                allow_private = _server(address) == _server(private_url)
                response = await client.get(address, headers={"accept": ACCEPT}, allow_private=allow_private)
            except FetchError:
                unreached += 1
                if unreached == _MAX_UNREACHED:
                    break
                continue
            unreached = 0
            if response.status in BUSY:  # guesses are no reason to go on
                errors += f"; {printable_url(address)}: {explain_status(response.status)}"
                break
            if not codes.is_success(response.status) or response.body == page.body:
                continue
            result = self._parse(response)
            if result.feed is not None:
                return address, response, result.feed
            if result.error is not None:
                errors += f"; {printable_url(address)}: {result.error}"
        places = [*map(printable_url, links), f"{len(common)} common addresses"]
        raise FeedError(f"{page.url}: no feed found there or at {', '.join(places)}{errors}")

    def _parse(self, response: Response) -> ProbeResult:
        content_type = response.headers.get("content-type")
        links = response.headers.get("link", "")
        job = ProbeJob(response.body, response.url, content_type, links, self._now, self._limit)
        return run_job(PROBE_TASK, job, seconds=self._config.limits.document_s)


def _server(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc

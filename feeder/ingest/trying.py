"""An address that somebody typed -> the feed that is meant, and its newest entries. Nothing is stored.

the address itself ── a page? ──> the feeds that it announces ── none? ──> where feeds usually stand
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from httpx import codes

from feeder.errors import FeedError, FetchError
from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.normalise.text import lead, plain
from feeder.normalise.urls import clean_link, to_uri
from feeder.settings import FetchConfig
from feeder.sources.addresses import shown
from feeder.sources.client import Client, Response
from feeder.sources.discovery import Announced, common_addresses, find_feeds, typed_address
from feeder.sources.polling import ACCEPT, explain_status
from feeder.sources.remote import new_client
from feeder.sources.syndication import ParsedFeed, parse_feed

_ANNOUNCED = 5  # feeds of a page that are tried
_USUAL = 8  # addresses that are tried where a page announces none: each is a request that nobody asked for
_READ = 100  # drafts that are read to find the newest
_TITLE = 200  # characters of a feed's title


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedFeed:
    """A feed that was found: its address, its title, how many entries it holds, and the newest of them in order.

    `link` is its site's page; None where it names none. `others` are more feeds that the page announces.
    """

    feed_url: str
    title: str
    link: str | None
    count: int
    newest: tuple[Entry, ...]
    others: tuple[Announced, ...] = ()


def try_feed(fetch: FetchConfig, url: str, *, now: datetime, limit: int, allow_private: bool = False) -> TriedFeed:
    """Return the feed at an address as somebody typed it, or the first that the page there leads to.

    `allow_private` lets the address be in a private network, and with it what is found on the same server.

    Raises:
        FetchError: there is no answer at the address itself.
        FeedError: no feed was found, or the answer is no success.
    """
    address = to_uri(typed_address(url))
    return asyncio.run(_try_feed(fetch, address, now=now, limit=limit, allow_private=allow_private))


async def _try_feed(fetch: FetchConfig, url: str, *, now: datetime, limit: int, allow_private: bool) -> TriedFeed:
    async with new_client(fetch) as client:
        response = await client.get(url, headers={"accept": ACCEPT}, allow_private=allow_private)
        if not codes.is_success(response.status):
            raise FeedError(f"{url}: {explain_status(response.status)}")
        feed, found = _parsed(response), url
        others: tuple[Announced, ...] = ()
        if feed is None:
            announced = _announced(response)
            found, response, feed = await _find(client, response, announced, url if allow_private else "")
            others = tuple(one for one in announced if one.feed_url != found)
        entries = [normalise(draft, now=now) for draft in feed.drafts[:_READ]]
        newest = sorted(entries, key=lambda entry: entry.published, reverse=True)[:limit]
        return TriedFeed(
            # A redirect that may be another one tomorrow is gone through each time (RFC 9110 §15.4.3).
            feed_url=to_uri(response.permanent or found),
            title=lead(plain(feed.title), _TITLE),
            link=clean_link(feed.link, response.url) if feed.link else None,
            count=len(feed.drafts),
            newest=tuple(newest),
            others=others,
        )


async def _find(
    client: Client, page: Response, announced: Sequence[Announced], private: str
) -> tuple[str, Response, ParsedFeed]:
    """Return the first feed that a page leads to, with the address that led there.

    `private` is the address whose server may be a private one.
    """
    candidates = [one.feed_url for one in announced[:_ANNOUNCED]] or common_addresses(page.url)[:_USUAL]
    for address in candidates:
        try:
            answer = await client.get(
                address, headers={"accept": ACCEPT}, allow_private=_server(address) == _server(private)
            )
        except FetchError:
            continue
        if (feed := _parsed(answer)) is not None:
            return address, answer, feed
    raise FeedError(f"{page.url}: no feed was found there, nor at {_listed(candidates)}")


def _announced(page: Response) -> tuple[Announced, ...]:
    """Return the feeds that a page announces, as they can be asked for and shown."""
    found = find_feeds(page.body.decode("utf-8", "replace"), page.url)
    return tuple(Announced(feed_url=to_uri(one.feed_url), title=lead(plain(one.title), _TITLE)) for one in found)


def _parsed(response: Response) -> ParsedFeed | None:
    try:
        return parse_feed(response.body, url=response.url, content_type=response.headers.get("content-type"))
    except FeedError:
        return None


def _server(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(map(shown, addresses))

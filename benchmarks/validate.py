"""Checks all our feeds, of a store filled from other feeds, with the W3C feed validator.

    python -m benchmarks.validate VALIDATOR FOLDER…
    python -m benchmarks.validate VALIDATOR --public PUBLIC

VALIDATOR is the `src` folder of a copy of github.com/w3c/feedvalidator, which needs html5lib. Every document below the
folders is served on loopback, polled as a source and published: in the site's feed, in feeds of saved searches, in
feeds of searches requested from the web server and, so that no entry is missed, in feeds of a thousand entries; all
of them with full texts and with summaries. The validator's errors are printed, its warnings counted. PUBLIC is the
folder of a site that is published already, at the address of `_SITE`.
"""

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

import httpx

from benchmarks.parity import SUFFIXES, Document, serve
from feeder.config.load import Config
from feeder.config.settings import FeedConfig, FeedSource, FetchConfig, SiteConfig
from feeder.ingest import ingest
from feeder.publish.crawlers import SITEMAP_PATH, SITEMAPS_FOLDER
from feeder.publish.feeds import describe_feed
from feeder.publish.formats import ATOM, RSS, Rendering, render_feed
from feeder.publish.html.pages import SEARCH_FEED_PATH, entry_path
from feeder.publish.site import publish
from feeder.store import Store
from feeder.store.records.entries import in_chunks
from feeder.web.app import create_app

_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_SITE = "https://feeds.example.org/"
_SEARCHES = {"examples": "example", "html": "<b> OR test", "old": "before:2010", "plays": "audio OR video"}
_MAX_ENTRIES = 1000  # per feed


def documents_of(folders: Sequence[Path]) -> Iterator[Document]:
    """Yield every feed document below the folders."""
    for number, folder in enumerate(folders):
        for path in sorted(folder.rglob("*")):
            if path.suffix in SUFFIXES | {".json"} and path.is_file():
                yield Document(f"{number}/{path.relative_to(folder).as_posix()}", path.read_bytes(), {})


def fill(store: Store, documents: Sequence[Document]) -> Config:
    """Poll all documents into a store; return the configuration with them as sources."""
    with serve(documents) as address:
        sources = tuple(
            FeedSource(name=str(number), feed=f"{address}/{document.name}", allow_private=True)
            for number, document in enumerate(documents)
        )
        config = Config(sources=sources, fetch=FetchConfig(user_agent="benchmark", per_host=8))
        reports = ingest(config, store, now=_NOW)
    read = sum(report.read for report in reports)
    print(f"{len(documents)} documents: {read} read, {store.entries.count()} entries", flush=True)
    return config


def feeds_of(
    config: Config, store: Store, content: Literal["full", "summary"], folder: Path
) -> Iterator[tuple[str, bytes]]:
    """Yield the address and content of every feed of the site, and of feeds that contain all entries."""
    site = SiteConfig(url=_SITE, title="特 & <feeds>", output=folder, entries_per_feed=_MAX_ENTRIES, content=content)
    saved = tuple(FeedConfig(name=name, query=query) for name, query in _SEARCHES.items())
    config = config.model_copy(update={"site": site, "feeds": saved})
    publish(config, store, now=_NOW)
    yield from published_feeds(folder)
    yield from asyncio.run(_search_feeds(config, store))
    for number, entries in enumerate(in_chunks(store.entries.iter_all(), _MAX_ENTRIES)):
        how = Rendering(lambda entry: _SITE + entry_path(entry.key), store.entries.ties(entries), content)
        for kind in (ATOM, RSS):
            name = f"all-{number}.{kind.ending}"
            yield _SITE + name, render_feed(kind, describe_feed(site, name, empty_since=_NOW), entries, how)


def published_feeds(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the address and content of every feed in the folder of a site."""
    for path in sorted((*folder.rglob("*.xml"), *folder.rglob("*.rss"))):
        if path.parent.name != SITEMAPS_FOLDER and path.name != SITEMAP_PATH:
            yield f"{_SITE}{quote(path.relative_to(folder).as_posix())}", path.read_bytes()


async def _search_feeds(config: Config, store: Store) -> list[tuple[str, bytes]]:
    transport = httpx.ASGITransport(create_app(config, store))
    async with httpx.AsyncClient(transport=transport, base_url=_SITE) as client:
        responses = [
            await client.get(path, params={"q": query})
            for path in (SEARCH_FEED_PATH, SEARCH_FEED_PATH.replace(".xml", ".rss"))
            for query in _SEARCHES.values()
        ]
    return [(str(response.raise_for_status().url), response.content) for response in responses]


def _media_type(address: str) -> str:
    is_rss = urlsplit(address).path.endswith((".rss", "/feed.xml"))
    return RSS.media_type if is_rss else ATOM.media_type


class Validator:
    """The W3C validator, which is not a package and has no type hints."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self._module = import_module("feedvalidator")
        self._logging = import_module("feedvalidator.logging")

    def events(self, address: str, document: bytes) -> tuple[list[Any], Counter[str]]:
        """Return the errors of a document published at an address, and the number of warnings of each type."""
        events = self._module.validateStream(
            BytesIO(document), firstOccurrenceOnly=0, contentType=_media_type(address), base=address
        )["loggedEvents"]
        errors = [event for event in events if isinstance(event, self._logging.Error)]
        return errors, Counter(type(event).__name__ for event in events if isinstance(event, self._logging.Warning))


def report(validator: Validator, feeds: Iterator[tuple[str, bytes]], label: str) -> int:
    """Print what the validator says of feeds; return the number of its errors."""
    error_count, all_warnings = 0, Counter[str]()
    for address, document in feeds:
        errors, warnings = validator.events(address, document)
        warned = ", ".join(f"{count} × {kind}" for kind, count in warnings.most_common())
        entries = document.count(b"<entry") + document.count(b"<item>")
        if errors or warnings:
            print(f"{label:7} {address.removeprefix(_SITE):24} {entries:5} entries, {len(errors)} errors; {warned}")
        error_count += len(errors)
        all_warnings += warnings
        for error in errors:
            print(f"    {type(error).__name__} {error.params}")
    print(f"{label}: {error_count} errors; warnings: {dict(all_warnings)}", flush=True)
    return error_count


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("validator", type=Path)
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--public", type=Path)
    arguments = parser.parse_args()
    validator = Validator(arguments.validator)
    if arguments.public is not None:
        sys.exit(1 if report(validator, published_feeds(arguments.public), "public") else 0)
    error_count = 0
    with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/feeder.db") as store:
        config = fill(store, list(documents_of(arguments.folders)))
        for content in ("full", "summary"):
            error_count += report(validator, feeds_of(config, store, content, Path(name) / content), content)
    sys.exit(1 if error_count else 0)


if __name__ == "__main__":
    main()

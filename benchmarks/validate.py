"""Every feed that we put out, of a store filled from feeds, through the W3C's feed validator.

    python -m benchmarks.validate VALIDATOR FOLDER…

VALIDATOR is the `src` of a copy of github.com/w3c/feedvalidator, which wants html5lib beside it. Every document below
the folders is served on loopback, polled as a source and published: as the site's feed, as feeds of saved searches, as
feeds of searches that are asked for over the server's own addresses and, so that no entry is left out, as feeds of a
thousand entries; all of them with whole texts and with summaries. What the validator calls an error is printed, and
what it warns of is counted.
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

import httpx

from benchmarks.parity import ENDINGS, Document, served
from feeder.config.load import Config
from feeder.config.settings import FeedConfig, FeedSource, FetchConfig, SiteConfig
from feeder.ingest import ingest
from feeder.publish.atom import feed_of, render_atom
from feeder.publish.html.pages import SEARCH_FEED_PATH, entry_path
from feeder.publish.site import publish
from feeder.store import Store
from feeder.store.records.entries import in_chunks
from feeder.web.app import create_app

_NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
_SITE = "https://feeds.example.org/"
_SEARCHES = {"examples": "example", "html": "<b> OR test", "old": "before:2010", "plays": "audio OR video"}
_MOST = 1000  # entries of one feed


def documents_of(folders: Sequence[Path]) -> Iterator[Document]:
    """Yield every feed below the folders, as it is served."""
    for number, folder in enumerate(folders):
        for path in sorted(folder.rglob("*")):
            if path.suffix in ENDINGS | {".json"} and path.is_file():
                yield Document(f"{number}/{path.relative_to(folder).as_posix()}", path.read_bytes(), {})


def fill(store: Store, documents: Sequence[Document]) -> Config:
    """Poll all documents into a store; return the configuration that they are sources of."""
    with served(documents) as address:
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
    """Yield the address and the bytes of every feed that the site has, and of feeds with all the entries there are."""
    site = SiteConfig(url=_SITE, title="特 & <feeds>", output=folder, entries_per_feed=_MOST, content=content)
    saved = tuple(FeedConfig(name=name, query=query) for name, query in _SEARCHES.items())
    config = config.model_copy(update={"site": site, "feeds": saved})
    publish(config, store, now=_NOW)
    for path in sorted(folder.rglob("*.xml")):
        yield f"{_SITE}{path.relative_to(folder).as_posix()}", path.read_bytes()
    yield from asyncio.run(_searched(config, store))
    for number, entries in enumerate(in_chunks(store.entries.iter_all(), _MOST)):
        name = f"all-{number}.xml"
        document = render_atom(
            feed_of(site, name),
            entries,
            page_url=lambda entry: _SITE + entry_path(entry.key),
            ties=store.entries.ties(entries),
            content=content,
        )
        yield _SITE + name, document


async def _searched(config: Config, store: Store) -> list[tuple[str, bytes]]:
    transport = httpx.ASGITransport(create_app(config, store))
    async with httpx.AsyncClient(transport=transport, base_url=_SITE) as client:
        answers = [await client.get(SEARCH_FEED_PATH, params={"q": query}) for query in _SEARCHES.values()]
    return [(str(answer.raise_for_status().url), answer.content) for answer in answers]


class Validator:
    """The W3C's validator, which has no types of its own and is no package."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        self._module = import_module("feedvalidator")
        self._kinds = import_module("feedvalidator.logging")

    def events(self, address: str, document: bytes) -> tuple[list[Any], Counter[str]]:
        """Return the errors of a document that is served from an address, and how often it warns of what."""
        found = self._module.validateStream(
            BytesIO(document), firstOccurrenceOnly=0, contentType="application/atom+xml", base=address
        )["loggedEvents"]
        errors = [event for event in found if isinstance(event, self._kinds.Error)]
        return errors, Counter(type(event).__name__ for event in found if isinstance(event, self._kinds.Warning))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("validator", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    arguments = parser.parse_args()
    validator = Validator(arguments.validator)
    amiss = 0
    with tempfile.TemporaryDirectory() as name, Store.open(f"sqlite:///{name}/feeder.db") as store:
        config = fill(store, list(documents_of(arguments.folders)))
        for content in ("full", "summary"):
            for address, document in feeds_of(config, store, content, Path(name) / content):
                errors, warnings = validator.events(address, document)
                told = ", ".join(f"{count} × {kind}" for kind, count in warnings.most_common())
                entries = document.count(b"<entry")
                print(f"{content:7} {address.removeprefix(_SITE):24} {entries:5} entries, {len(errors)} errors; {told}")
                amiss += len(errors)
                for error in errors:
                    print(f"    {type(error).__name__} {error.params}")
    sys.exit(1 if amiss else 0)


if __name__ == "__main__":
    main()

"""The hard queries of docs/search.md, asked of the seeds and of the made-up articles in tests/data/queries.json."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feeder import query
from feeder.errors import QueryError
from feeder.incoming.origin import Origin
from feeder.model import Entry, Media, Person, Source
from feeder.normalise.entry import normalise
from feeder.sources.files.article import read_article
from feeder.store import Store, parse_query
from feeder.store.search.search import Order
from tests.saving import save

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "search.md").read_text("utf-8")
NOW = datetime(2024, 1, 1, tzinfo=UTC)
ROW = re.compile(r"^\| `(?P<query>.+?)` \| (?P<finds>.*?) \| (?P<why>.*?) \|$", re.MULTILINE)


def table() -> dict[str, str]:
    """What each query finds, as the document says: names of articles parted by commas, "nothing", or a mistake."""
    return {row["query"].replace(r"\|", "|"): row["finds"] for row in ROW.finditer(DOCUMENT)}


def articles() -> dict[str, Entry]:
    facts = json.loads((ROOT / "tests" / "data" / "queries.json").read_text("utf-8"))
    made_up = {name: made(name, **values) for name, values in facts.items()}
    seeds = {
        f"seed {int(path.name[:3])}": normalise(read_article(path.read_bytes(), path.name), now=NOW, source="seeds")
        for path in sorted((ROOT / "seeds").iterdir())
    }
    return made_up | seeds


def made(name: str, **values: Any) -> Entry:
    published = datetime.fromisoformat(values.pop("published"))
    kind = values.pop("media", None)
    return Entry(
        id=f"urn:example:{name}",
        published=published,
        updated=published,
        published_from="body",
        first_seen_at=NOW,
        source=Source(title=values.pop("source"), id="urn:example:source"),
        authors=tuple(Person(name=author) for author in values.pop("authors")),
        categories=tuple(values.pop("categories")),
        media=(Media(url="https://example.org/media", kind=kind),) if kind else (),
        **values,
    )


def found(store: Store, names: dict[str, str], text: str, order: Order) -> str:
    try:
        asked = parse_query(text)
    except QueryError as error:
        return f"a mistake at {error.place}"
    ids = {hit.entry.id for hit in store.search.find(asked, limit=100, order=order, now=NOW).hits}
    return ", ".join(name for name in names if names[name] in ids) or "nothing"


@pytest.mark.parametrize("order", ["newest", "best"])
def test_every_query_finds_what_the_document_says(store: Store, order: Order) -> None:
    entries = articles()
    save(store, [(Origin("test", name), entry) for name, entry in entries.items()])
    names = {name: entry.id for name, entry in entries.items()}
    assert store.entries.count() == len(entries)
    assert {text: found(store, names, text, order) for text in table()} == table()


def test_a_query_asked_of_one_entry_says_the_same() -> None:
    entries = articles()
    for text, finds in table().items():
        if not finds.startswith("a mistake"):
            asked = parse_query(text)
            matching = [name for name, entry in entries.items() if asked.matches(entry, now=NOW)]
            assert ", ".join(matching) == finds.replace("nothing", ""), text


def test_the_document_has_its_sixty_queries_and_a_use_for_every_article() -> None:
    assert len(table()) >= 60
    assert len(ROW.findall(DOCUMENT)) == len(table())
    assert {name for finds in table().values() for name in finds.split(", ")} >= articles().keys()


def test_the_document_shows_the_grammar_that_is_read() -> None:
    _, _, grammar = (query.__doc__ or "").partition("The language:\n\n")
    assert grammar.strip("\n") in DOCUMENT

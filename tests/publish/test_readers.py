"""Feeds of every kind, read by programs that are not ours: feedparser, atoma, and a schema of JSON Feed 1.1."""

import json
from calendar import timegm
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import atoma
import fastjsonschema
import feedparser
import pytest

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, SiteConfig, StoreConfig
from feeder.incoming.origin import Origin
from feeder.model import Media
from feeder.publish.crawlers import SITEMAP_PATH, SITEMAPS_FOLDER
from feeder.publish.site import publish
from feeder.store import Store
from tests.entries import make_entry
from tests.publish.test_feeds import NASTY
from tests.saving import save

SITE = "https://feeds.example.org/"
START = datetime(2023, 1, 1, tzinfo=UTC)
STEMS = {
    "everything": ("atom.xml", "feed.xml", "feed.json"),
    "archive": ("archives/2023-01-1.xml",),
    **{
        stem: tuple(f"{stem}.{ending}" for ending in ("xml", "rss", "json"))
        for stem in ("feeds/rain", "feeds/none", "sources/a", "categories/weather", "languages/en")
    },
}


def json_feed_schema() -> dict[str, Any]:
    """Return a JSON schema of what version 1.1 allows; other keys must begin with "_" and have an object."""

    def thing(required: str, optional: str, **others: Any) -> dict[str, Any]:
        named = {name: kinds.get(name, {"type": "string", "minLength": 1}) for name in f"{required} {optional}".split()}
        return {
            "type": "object",
            "required": required.split(),
            "properties": named | others,
            "patternProperties": {"^_": {"type": "object"}},
            "additionalProperties": False,
        }

    def many(kind: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": kind}

    address = {"type": "string", "format": "uri", "pattern": "^https?://"}
    moment = {"type": "string", "format": "date-time"}
    language = {"type": "string", "pattern": "^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$"}
    amount = {"type": "integer", "minimum": 0}
    places = "home_page_url feed_url next_url url external_url image banner_image icon favicon avatar"
    kinds: dict[str, dict[str, Any]] = {
        **dict.fromkeys(places.split(), address),
        **dict.fromkeys(("date_published", "date_modified"), moment),
        **dict.fromkeys(("size_in_bytes", "duration_in_seconds"), amount),
        "language": language,
        "tags": many({"type": "string"}),
        "title": {"type": "string"},
        "content_html": {"type": "string"},
        "mime_type": {"type": "string", "pattern": "^[a-z]+/[a-z0-9.+-]+$"},
    }
    authors = many(thing("", "name url avatar") | {"minProperties": 1})
    item = thing(
        "id",
        "url external_url title content_html content_text summary image banner_image date_published date_modified tags "
        "language",
        authors=authors,
        attachments=many(thing("url mime_type", "title size_in_bytes duration_in_seconds")),
    ) | {"anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}]}
    feed = thing(
        "version title",
        "home_page_url feed_url description user_comment next_url icon favicon language",
        authors=authors,
        hubs=many(thing("type url", "")),
        items=many(item),
        expired={"type": "boolean"},
    )
    feed["properties"]["version"] = {"const": "https://jsonfeed.org/version/1.1"}
    feed["required"].append("items")
    return feed


class Read(NamedTuple):
    """What a program reads of an entry."""

    id: str
    link: str | None
    published: datetime


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published site: entries that are hard to write, a podcast, archives, an empty feed."""
    folder = tmp_path_factory.mktemp("readers")
    sound = Media(url="https://e.org/雨.mp3", kind="audio", type="audio/mpeg", length=123, duration_s=61, title="<1>")
    entries = [
        *(replace(entry, published=START + timedelta(days=number)) for number, entry in enumerate(NASTY)),
        make_entry(40, title="Rain, the podcast", language="en", media=(sound,), published=START.replace(month=12)),
        *(make_entry(50 + n, title=f"Rain {n}", language="en", content=f"<p>{n}</p>", media=()) for n in range(30)),
    ]
    site = SiteConfig(
        title="雨 & <snow>", subtitle="a & b", url=SITE, output=folder / "public", entries_per_feed=20,
        hubs=("https://hub.example.org/",),
    )  # fmt: skip
    feeds = (FeedConfig(name="rain", title="Rain & <snow>", query="rain"), FeedConfig(name="none", query="zxq"))
    store_config = StoreConfig(url=f"sqlite:///{folder}/feeder.db")
    with Store.open(store_config.url) as store:
        save(store, [(Origin("ab"[number % 2], f"{number}.md"), entry) for number, entry in enumerate(entries)])
        publish(Config(store=store_config, site=site, feeds=feeds), store, now=START)
    return folder / "public"


def by_feedparser(document: bytes) -> Iterator[Read]:
    feed = feedparser.parse(document)
    assert not feed.bozo, feed.bozo_exception
    for entry in feed.entries:
        yield Read(entry.id, entry.link, datetime.fromtimestamp(timegm(entry.published_parsed), UTC))


def by_atoma(document: bytes, path: str) -> Iterator[Read]:
    if path.endswith(".json"):
        for item in atoma.parse_json_feed_bytes(document).items:
            yield Read(item.id_, item.url, item.date_published)
    elif path.endswith(".rss") or path == "feed.xml":
        for item in atoma.parse_rss_bytes(document).items:
            yield Read(item.guid, item.link, item.pub_date)
    else:
        for entry in atoma.parse_atom_bytes(document).entries:
            link = next(link.href for link in entry.links if link.rel in {None, "alternate"})
            yield Read(entry.id_, link, entry.published)


@pytest.mark.parametrize("paths", STEMS.values(), ids=STEMS)
def test_every_program_reads_the_same_of_a_feed(public: Path, paths: tuple[str, ...]) -> None:
    read: dict[tuple[str, str], list[Read]] = {}
    for path in paths:
        document = (public / path).read_bytes()
        read["atoma", path] = [entry._replace(published=seconds(entry)) for entry in by_atoma(document, path)]
        if not path.endswith(".json"):
            read["feedparser", path] = list(by_feedparser(document))
    [first, *others] = read.values()
    assert others == [first] * len(others)
    assert (len(first) == 0) == ("feeds/none.xml" in paths)


def seconds(entry: Read) -> datetime:
    """Return the time of publication as feedparser reads it."""
    return entry.published.astimezone(UTC).replace(microsecond=0)


def test_every_other_feed_is_read_too(public: Path) -> None:
    found = {path for ending in ("xml", "rss") for path in public.rglob(f"*.{ending}")}
    for path in found - {public / SITEMAP_PATH, *(public / SITEMAPS_FOLDER).iterdir()}:
        assert not feedparser.parse(path.read_bytes()).bozo, path


def test_json_feeds_follow_version_1_1(public: Path) -> None:
    validate = fastjsonschema.compile(json_feed_schema())
    found = [path for path in public.rglob("*.json") if not path.name.startswith(".")]
    assert {"feed.json", "none.json", "rain.json", "en.json"} <= {path.name for path in found}
    for path in found:
        validate(json.loads(path.read_bytes()))


def test_a_podcast_is_one_for_every_program(public: Path) -> None:
    atom, rss, data = ((public / path).read_bytes() for path in ("atom.xml", "feed.xml", "feed.json"))
    sounds = [
        *(one for entry in feedparser.parse(atom).entries for one in entry.enclosures if one.type == "audio/mpeg"),
        *(one for entry in feedparser.parse(rss).entries for one in entry.enclosures if one.type == "audio/mpeg"),
    ]
    assert [(one.href, one.length) for one in sounds] == [("https://e.org/%E9%9B%A8.mp3", "123")] * 2
    [sound] = [one for item in atoma.parse_json_feed_bytes(data).items for one in item.attachments if one.duration]
    assert (sound.url, sound.size_in_bytes, sound.duration) == (sounds[0].href, 123, timedelta(seconds=61))


def test_the_list_of_feeds_is_read(public: Path) -> None:
    outlines = atoma.parse_opml_bytes((public / "feeds.opml").read_bytes()).outlines
    addresses = [outline.xml_url for group in outlines for outline in (group, *group.outlines) if outline.xml_url]
    assert f"{SITE}atom.xml" in addresses
    assert f"{SITE}feeds/rain.xml" in addresses

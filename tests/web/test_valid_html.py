"""The Nu HTML checker (https://validator.github.io/validator/) finds no error in any kind of page."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings

from feeder.config.load import Config
from feeder.config.settings import FeedConfig, SiteConfig
from feeder.incoming.origin import Origin
from feeder.publish.html.find import render_find
from feeder.publish.html.pages import FIND_PATH, render_article
from feeder.publish.site import publish
from feeder.store import Store
from tests.entries import make_entry
from tests.normalise.cleaning import clean_html
from tests.normalise.strange_html import strange_html
from tests.saving import save
from tests.web.gallery import gallery_entries

LIVE = (
    "search", "search?q=rain", "search?q=rain&order=best", "search?q=rain source:a on:2023", "search?q=camel",
    "search?q=rian", "search?q=rain on:", "x/y", "related?id={key}",
)  # fmt: skip
OF_EVERY_KIND = {
    "index.html", "entries", "sources/a.html", "categories/weather.html", "languages/en.html", "feeds/rain.html",
    "feeds/none.html", "archive/index.html", "archive/2023-02.html", "subscribe.html", "404.html", FIND_PATH,
}  # fmt: skip


def errors_in(folder: Path) -> list[str]:
    """Return the errors in the pages below a folder."""
    jar = os.environ.get("VNU_JAR")
    if jar is None:
        pytest.skip("set VNU_JAR to the vnu.jar of the npm package vnu-jar")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]  # for a few seconds of work: half the time
    options = ["--errors-only", "--skip-non-html", "--format", "gnu", "--stdout"]
    command = ["java", *quick, "-Xss8m", "-jar", jar, *options, str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0 or done.stdout, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def config(config: Config) -> Config:
    site = SiteConfig(title="Rain & <snow>", language="en", output=config.site.output)
    feeds = (FeedConfig(name="rain", query="rain"), FeedConfig(name="none", query="zxq"))
    return config.model_copy(update={"site": site, "feeds": feeds})


@pytest.fixture
def published(config: Config, sqlite_store: Store) -> Path:
    entries = [replace(entry, categories=("weather", "news")) for entry in gallery_entries().values()]
    save(sqlite_store, [(Origin("ab"[n % 2], f"{n}.md"), entry) for n, entry in enumerate([*entries, make_entry(99)])])
    publish(config, sqlite_store)
    return config.site.output


def test_every_kind_of_page_is_valid(config: Config, client: httpx.Client, published: Path) -> None:
    key = next(iter(gallery_entries().values())).key
    for number, address in enumerate(LIVE):
        (published / f"live-{number}.html").write_bytes(client.get(address.format(key=key)).content)
    (published / FIND_PATH).write_text(render_find(config.site, ["a", "b"]), encoding="utf-8")
    assert {name for name in OF_EVERY_KIND if not (published / name).exists()} == set()
    assert errors_in(published) == []


def test_whatever_a_source_writes_is_valid_once_it_is_clean(tmp_path: Path) -> None:
    site = SiteConfig(url="https://feeds.example.org/", language="en")

    @settings(max_examples=100)
    @given(strange_html())
    def write(html: str) -> None:
        content = clean_html(html, "https://example.org/")
        number = len(list(tmp_path.iterdir()))
        page = render_article(site, make_entry(number, content=content))
        (tmp_path / f"{number}.html").write_text(page, encoding="utf-8")

    write()
    assert errors_in(tmp_path) == []

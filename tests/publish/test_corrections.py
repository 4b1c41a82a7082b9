"""Corrections on the page of an entry, from its source to its page."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from feeder.config.load import Config
from feeder.config.settings import FolderSource, SiteConfig, StoreConfig
from feeder.ingest import ingest
from feeder.publish.html.corrections import show_corrections
from feeder.publish.html.pages import render_article
from feeder.publish.site import publish
from feeder.store import Revision, Store
from tests.entries import make_entry

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
TEXT = "清晨下了一场雨，街上的人都带着伞。\nIt rained all day."
TITLE = make_entry().title


def write(folder: Path, text: str, title: str = "Rain") -> None:
    (folder / "a.md").write_text(
        f"---\ntitle: {title}\nlink: https://example.org/rain\ndate: 2026-03-01T08:00:00Z\n---\n\n"
        f"The first paragraph stays as it was.\n\n{text}\n"
    )


def read(config: Config) -> BeautifulSoup:
    [page] = (config.site.output / "entries").glob("*.html")
    return BeautifulSoup(page.read_text(), "lxml")


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Corrected on 3 March 2026"), ("zh-Hans", "2026年3月3日更正"), ("zh-Hant", "2026年3月3日更正")],
)
def test_the_page_tells_when_and_what_its_source_corrected(
    tmp_path: Path, sqlite_store: Store, language: str, said: str
) -> None:
    folder = tmp_path / "mirror"
    folder.mkdir()

    def config(**site: Any) -> Config:
        return Config(
            site=SiteConfig(output=tmp_path / "public", language=language, **site),
            store=StoreConfig(url=f"sqlite:///{tmp_path}/state/feeder.db"),
            sources=(FolderSource(name="mirror", folder=folder),),
        )

    write(folder, "Three people were hurt by the storm.")
    ingest(config(), sqlite_store, now=NOW - timedelta(days=1))
    publish(config(), sqlite_store)
    assert read(config()).select(".correction") == []
    write(folder, "Five people were hurt by the storm & the rain.", title="Heavy rain")
    ingest(config(), sqlite_store, now=NOW)
    publish(config(), sqlite_store)
    [correction] = read(config()).select(".correction")
    assert [part.get_text() for part in correction.select("summary")] == [said]
    assert [str(part) for part in correction.select("del, ins")] == [
        "<del>Rain</del>",
        "<ins>Heavy rain</ins>",
        "<del>Three</del>",
        "<ins>Five</ins>",
        "<del>storm.</del>",
        "<ins>storm &amp; the rain.</ins>",
    ]
    assert "stays as it was" not in correction.get_text()
    publish(config(corrections=False), sqlite_store)
    assert read(config()).select(".correction") == []


def test_each_correction_is_shown_against_what_came_after_it_the_latest_first() -> None:
    old = Revision(NOW, "A", TEXT.replace("雨", "雪"))
    shown = show_corrections(make_entry(), [Revision(NOW, TITLE, TEXT.replace("day", "night")), old])
    assert [
        [part.text for passage in one.text.passages for part in passage if part.kind == "del"] for one in shown
    ] == [
        ["night."],
        ["雪", "day."],
    ]
    assert [bool(one.title.passages) for one in shown] == [False, True]


def test_a_text_that_its_source_gives_no_more_is_not_shown() -> None:
    page = render_article(
        SiteConfig(language="en"), make_entry(content=""), revisions=[Revision(NOW, "Old title", "a secret")]
    )
    assert "secret" not in page
    assert "<del>Old title</del>" in page
    assert "There were further changes." in page


def test_a_text_that_was_not_kept_is_said_to_have_changed() -> None:
    [shown] = show_corrections(make_entry(), [Revision(NOW, TITLE, None)])
    assert (shown.text.passages, shown.text.is_whole) == ((), False)


def test_a_revision_that_differs_in_no_word_is_not_shown() -> None:
    assert show_corrections(make_entry(), [Revision(NOW, TITLE, TEXT)]) == []
    assert show_corrections(make_entry(content=""), [Revision(NOW, TITLE, "")]) == []

"""`feeder opml import` and `export`: what is imported, what is refused, and the round trip."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from feeder.sources.feeds.opml import OpmlOutline, read_opml, write_opml
from feeder.store import Store
from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture

LIST = """<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Sky"><outline text="North"><outline text="Rain &amp; wind" xmlUrl="https://e.org/rain"
  htmlUrl="https://e.org/"/></outline><outline text="Snow" xmlUrl="https://e.org/snow?a=1&amp;utm_source=x"/></outline>
<outline text="Rain again" xmlUrl="http://www.e.org/rain/"/><outline text="雪" xmlUrl="https://e.org/雪"/>
<outline text="Odd" xmlUrl="javascript:alert(1)"/><outline text="Ours" xmlUrl="https://me:secret@e.org/f"/>
<outline text="Seen" type="link" url="https://e.org/page"/></body></opml>"""


def listed(feeder: Feeder) -> Mapping[str, dict[str, Any]]:
    return {one["name"]: one for one in map(json.loads, feeder("sources", "list", "--json").out.splitlines())}


def test_every_feed_of_an_imported_list_is_reported(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "mine.opml").write_text(LIST)
    ended = feeder("opml", "import", "mine.opml")
    assert ended.code == 1
    assert ended.err.splitlines() == [
        "refused  Odd: 'javascript:alert(1)' is not an http(s) address",
        "refused  Seen: it has no xmlUrl",
        "refused  Ours: addresses with a user name or password are not supported",
    ]
    assert ended.out.splitlines() == [
        "added    rain-wind  https://e.org/rain",
        "added    snow  https://e.org/snow?a=1&utm_source=x",
        "added    雪  https://e.org/%E9%9B%AA",
        "skipped  http://www.e.org/rain/  already added as rain-wind",
        "3 added, 1 skipped, 3 refused",
    ]
    with Store.open("sqlite:///data/feeder.db") as store:
        kept = {one.name: one for one in store.sources.added()}
    rain = kept["rain-wind"]
    assert rain.source is not None
    assert (rain.title, rain.link, rain.source.categories) == ("Rain & wind", "https://e.org/", ("Sky/North",))
    assert feeder("opml", "import", "mine.opml").out.splitlines()[-1] == "0 added, 4 skipped, 3 refused"
    assert [*listed(feeder)] == ["rain-wind", "snow", "雪"]


def test_an_exported_list_imports_as_the_same_feeds(
    feeder: Feeder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "config.toml").write_text(
        "[[sources]]\nname = 'seeds'\nfolder = 'seeds'\n"
        "[[sources]]\nname = 'In-File.1'\nfeed = 'https://e.org/file'\ncategories = ['天气', 'a/b', 'c']\n"
        "[[sources]]\nname = 'page'\npage = 'https://e.org/news'\nentries = 'article'\n"
    )
    (tmp_path / "mine.opml").write_text(LIST)
    feeder("opml", "import", "mine.opml")
    feeder("sources", "pause", "snow")
    ended = feeder("opml", "export")
    exported = ended.out.encode()
    assert [one.name for one in read_opml(exported, "x").feeds] == ["In-File.1", "rain-wind", "snow", "雪"]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "all.opml").write_bytes(exported)
    assert feeder("opml", "import", "all.opml").out.splitlines()[-1] == "4 added"
    again = read_opml(feeder("opml", "export").out.encode(), "x").feeds
    as_told = {"In-File.1": "In-File.1"}
    assert set(again) == set(read_opml(exported, "x").feeds)
    assert {one.name: one.title for one in again} == {
        "rain-wind": "Rain & wind", "snow": "Snow", "雪": "雪", **as_told
    }  # fmt: skip


def test_a_list_is_read_from_standard_input(feeder: Feeder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LIST.encode())))
    assert feeder("opml", "import", "-").out.splitlines()[-1] == "3 added, 1 skipped, 3 refused"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"hello")))
    ended = feeder("opml", "import", "-")
    assert (ended.code, ended.err[:45]) == (1, "feeder: standard input: not a list of feeds: ")


def test_names_in_a_list_are_used_if_they_are_valid_and_free(feeder: Feeder, tmp_path: Path) -> None:
    feeds = [
        OpmlOutline(feed_url="https://e.org/1", title="Rain", name="seeds"),
        OpmlOutline(feed_url="https://e.org/2", title="Wind", name="-x y\n"),
        OpmlOutline(feed_url="https://e.org/3", title="Wind", name="My.wind"),
        OpmlOutline(feed_url="https://e.org/4", title="Wind"),
    ]
    (tmp_path / "mine.opml").write_bytes(write_opml(feeds, title="Mine"))
    feeder("opml", "import", "mine.opml")
    assert [*listed(feeder)] == ["My.wind", "rain", "wind", "wind-2"]


def test_a_list_sets_nothing_but_names_titles_and_categories(feeder: Feeder, tmp_path: Path) -> None:
    """A list from elsewhere must not give a source access to a private network."""
    attributes = 'text="xylo" xmlUrl="http://127.0.0.1/f" allow_private="true" min_interval="1s"'
    data = f"<opml><body><outline {attributes}/></body></opml>"
    (tmp_path / "mine.opml").write_text(data)
    feeder("opml", "import", "mine.opml")
    with Store.open("sqlite:///data/feeder.db") as store:
        [one] = store.sources.added()
    assert one.source is not None
    assert (one.source.allow_private, one.source.min_interval) == (False, "15m")
    ended = feeder("ingest", "xylo")
    assert (ended.code, "is a private address" in ended.err) == (1, True)


def test_text_of_a_list_is_printed_without_control_characters(feeder: Feeder, tmp_path: Path) -> None:
    data = '<opml><body><outline text="a&#27;[31m\u202eb&#10;c" xmlUrl="x&#27;]0;y"/><outline xmlUrl="https://e.org/&#27;"/></body></opml>'
    (tmp_path / "mine.opml").write_text(data)
    ended = feeder("opml", "import", "mine.opml")
    shown = ended.err + ended.out
    assert all(line.isprintable() for line in shown.splitlines())
    assert len(shown.splitlines()) == 3


def test_a_list_that_cannot_be_read_is_a_one_line_error(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "large.opml").write_bytes(b" " * 10_000_001)
    (tmp_path / "bomb.opml").write_text(
        "<!DOCTYPE opml [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><opml><body><outline xmlUrl='&a;'/></body></opml>"
    )
    for name, told in (
        ("nowhere.opml", "nowhere.opml: cannot be read: No such file or directory"),
        (".", ".: cannot be read: Is a directory"),
        ("large.opml", "large.opml: too large for an OPML file (limit: 10,000,000 bytes)"),
        ("bomb.opml", "bomb.opml: no feeds: no outline has an xmlUrl with an http(s) address"),
    ):
        assert feeder("opml", "import", name) == (1, "", f"feeder: {told}\n")
    assert not (tmp_path / "data").exists()


def test_exporting_no_feeds_is_an_error(feeder: Feeder) -> None:
    told = "feeder: there are no feeds to export; `feeder sources add URL` adds one\n"
    assert feeder("opml", "export") == (1, "", told)

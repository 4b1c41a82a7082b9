"""Commands for scripts and operators: checks, settings of sources, OPML."""

import json
from pathlib import Path

import pytest

from feeder.sources.feeds.opml import read_opml
from tests.catalogue.test_managing import add, blog, server  # noqa: F401  fixtures
from tests.cli.test_cli import Feeder, feeder, lines  # noqa: F401  a fixture


def test_check_prints_json_for_scripts(feeder: Feeder, tmp_path: Path) -> None:
    found = lines(feeder("check", "--json").out)
    assert found[0] == {"about": "configuration", "ok": True, "text": "defaults; `feeder init` writes a file"}
    (tmp_path / "config.toml").write_text("[[sources]]\nname = 'a'\nfolder = 'nowhere'\n")
    ended = feeder("check", "--json")
    assert (ended.code, [one["about"] for one in lines(ended.out) if not one["ok"]]) == (1, ["source a"])


def test_export_accepts_the_json_option_of_other_commands(feeder: Feeder) -> None:
    feeder("ingest")
    assert feeder("export", "--json") == feeder("export")


def test_a_source_is_shown_with_its_settings_and_defaults_are_marked(feeder: Feeder, blog: str) -> None:
    add(feeder, blog, "--min-interval", "1h", "--category", "Weather")
    shown = json.loads(feeder("sources", "show", "rain", "--json").out)
    assert (shown["name"], shown["kind"], shown["kept_in"], shown["health"]) == (
        "rain",
        "feed",
        "store",
        "ok",
    )
    assert (shown["settings"]["min_interval"], shown["settings"]["max_interval"]) == ("1h", "1d")
    assert {"feed", "min_interval", "categories", "allow_private"} & {*shown["defaults"]} == set()
    assert {"max_interval", "full", "timezone"} <= {*shown["defaults"]}
    out = feeder("sources", "show", "rain").out.splitlines()
    assert 'min_interval     "1h"' in out
    assert 'max_interval     "1d"  (default)' in out
    assert feeder("sources", "show", "snow").code == 2


def test_a_source_that_cannot_be_used_is_shown_without_settings(feeder: Feeder) -> None:
    from sqlalchemy import insert  # noqa: PLC0415  for this test alone

    from feeder.store import Store  # noqa: PLC0415  as above
    from feeder.store.tables import added  # noqa: PLC0415  as above
    from tests.catalogue.test_managing import NOW  # noqa: PLC0415  as above

    with Store.open("sqlite:///data/feeder.db") as store, store.database.begin() as connection:
        row = {"name": "odd", "settings": {"feed": "https://e.org/f", "sings": True}, "title": "", "added_at": NOW}
        connection.execute(insert(added).values(row))
    out = feeder("sources", "show", "odd").out
    assert "incompatible" in out
    assert "sings: unknown key" in out


def test_settings_of_a_stored_source_are_changed_and_reset(feeder: Feeder, blog: str) -> None:
    add(feeder, blog)
    changes = (
        "min_interval=1h",
        "categories=Weather, 天气",
        'cut=[".ad"]',
        "drop=storm",
        "max_bytes=1000",
        "content = summary",
    )
    ended = feeder("sources", "set", "rain", *changes)
    assert (
        ended.out == "changed min_interval, categories, cut, drop, max_bytes, content of rain; the next pass uses it\n"
    )
    settings = json.loads(feeder("sources", "show", "rain", "--json").out)["settings"]
    assert (settings["min_interval"], settings["categories"], settings["cut"]) == ("1h", ["Weather", "天气"], [".ad"])
    assert (settings["drop"], settings["max_bytes"], settings["content"]) == ("storm", 1000, "summary")
    assert feeder("sources", "set", "rain", "min_interval=", "allow_private=true").code == 0
    shown = json.loads(feeder("sources", "show", "rain", "--json").out)
    assert (shown["settings"]["min_interval"], "min_interval" in shown["defaults"]) == ("15m", True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("min_interval", "'min_interval': write KEY=VALUE, such as min_interval=1h; KEY= restores the default"),
        ("min_interval=often", "min_interval: 'often': "),
        ("min_intervl=1h", "min_intervl: unknown key; did you mean 'min_interval'?"),
        ("min_intervl=", "min_intervl: unknown key; did you mean 'min_interval'?"),
        ("full=perhaps", "full: 'perhaps': "),
        ("max_bytes=0", "max_bytes: 0: "),
        ("keep=rain after:1", "keep: 'rain after:1': '1' is not a date"),
        ("name=x", "name: cannot be changed by command: add the source again"),
        ("feed=https://e.org/", "feed: cannot be changed by command: add a source with the new address"),
        ("when_gone=remove", "when_gone is for a folder; delete it"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_refused(feeder: Feeder, blog: str, change: str, told: str) -> None:
    add(feeder, blog)
    ended = feeder("sources", "set", "rain", change)
    assert (ended.code, ended.err.startswith(f"feeder: {told}"), ended.err.count("\n")) == (2, True, 1), ended.err


def test_settings_in_the_file_are_changed_there(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[[sources]]\nname = 'a'\nfeed = 'https://e.org/f'\n")
    ended = feeder("sources", "set", "a", "min_interval=1h")
    assert ended == (2, "", "feeder: sources: 'a' is defined in config.toml; change it there\n")


def test_an_unknown_saved_search_is_named_with_the_known_ones(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[[feeds]]\nname = "rain"\nquery = "rain"\n[[feeds]]\nname = "sun"\nquery = "x"'
    )
    ended = feeder("search", "@nope", "wind")
    assert ended == (2, "", "feeder: '@nope': no such saved search in [[feeds]]; known: rain, sun\n")
    assert "did you mean @rain?" in feeder("search", "@rains").err
    assert feeder("search", "mail@nope").code == 1
    assert feeder("search", '"@nope"').code == 1


@pytest.mark.parametrize("kind", ["HTML+XPath", "XML+XPath", "JSON+DotNotation", "HTML+XPath+JSON+DotNotation"])
def test_an_outline_that_needs_xpath_or_css_is_refused_with_the_reason(kind: str) -> None:
    written = f"""<opml version="2.0" xmlns:frss="https://freshrss.org/opml"><body>
    <outline text="Fine" xmlUrl="https://e.org/f"/>
    <outline text="Shop" type="{kind}" xmlUrl="https://e.org/shop" frss:xPathItem="//li"/></body></opml>"""
    feeds = read_opml(written.encode(), "mine.opml")
    assert [one.title for one in feeds.feeds] == ["Fine"]
    why = "which is not a feed; an HTML page needs a [[sources]] block with `page` and CSS selectors"
    assert feeds.refused == (f"Shop: its type is {kind}, {why}",)


def test_a_refused_outline_makes_the_exit_code_1(feeder: Feeder, tmp_path: Path) -> None:
    (tmp_path / "l.opml").write_text('<opml><body><outline text="A" xmlUrl="https://e.org/f"/></body></opml>')
    assert feeder("opml", "import", "l.opml").code == 0
    (tmp_path / "l.opml").write_text(
        '<opml><body><outline text="A" xmlUrl="https://e.org/f"/><outline text="B" xmlUrl="x:y"/></body></opml>'
    )
    ended = feeder("opml", "import", "l.opml")
    assert (ended.code, ended.err) == (1, "refused  B: 'x:y' is not an http(s) address\n")

"""`feeder sources add`, `remove`, `pause`, `resume`, beside a server on loopback and while passes are under way."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from feeder.catalogue.manage import remove
from feeder.config.load import load_config
from feeder.ingest import ingest
from feeder.store import Poll, Store
from feeder.store.tables import added
from tests.catalogue.test_sources import configured  # noqa: F401  a fixture
from tests.cli.test_cli import Ended, Feeder, feeder  # noqa: F401  a fixture
from tests.http_server import Answer, Request, Server
from tests.ingest.test_polling import rss

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def blog(server: Server) -> str:
    """The address of a page that announces two feeds, the second of them of comments."""
    page = b"""<link rel=alternate type=application/rss+xml href=/feed.xml title="&#27;[31mRain&#x202e;">
    <link rel=alternate type=application/rss+xml href=/comments/feed title=Comments>"""
    server.answers |= {
        "/blog": Answer(body=page),
        "/feed.xml": Answer(body=rss(1, 2, 3)),
        "/comments/feed": Answer(body=rss(7)),
        "/wind": Answer(body=rss(4).replace(b"Rain", b"Wind")),
    }
    return server.url("/blog")


def states(feeder: Feeder) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in map(json.loads, feeder("sources", "list", "--json").out.splitlines())}


def add(feeder: Feeder, url: str, *more: str) -> Ended:
    return feeder("sources", "add", "--allow-private", url, *more)


def test_a_page_is_added_by_its_feed_and_read_from_then_on(feeder: Feeder, server: Server, blog: str) -> None:
    ended = add(
        feeder, blog, "--category", "Weather", "--category", "天气", "--min-interval", "1h", "--content", "summary"
    )
    assert ended == (
        0,
        (
            "Rain  3 entries\n"
            f'feed = "{server.url("/feed.xml")}"\n'
            "2026-05-01 03:00  Rain 3\n2026-05-01 02:00  Rain 2\n2026-05-01 01:00  Rain 1\n"
            "other feeds on its page:\n"
            f"  {server.url('/comments/feed')}  Comments\n"
            "added rain: 1 read, 3 new; the next pass publishes it\n"
        ),
        "",
    )
    assert states(feeder)["rain"]["health"] == "ok"
    assert feeder("ingest").out == "rain: not due\n"
    assert feeder("ingest", "rain").out == "rain: nothing new (1 unchanged)\n"
    entry = json.loads(feeder("latest", "--json", "-n", "1").out)
    assert (entry["title"], entry["categories"], entry["content"]) == ("Rain 3", ["Weather", "天气"], "")
    state = states(feeder)["rain"]
    assert (state["kept_in"], state["kind"], state["health"], state["documents"]) == ("store", "feed", "ok", 3)


def test_what_was_read_when_a_feed_was_added_is_not_sent_again(feeder: Feeder, server: Server) -> None:
    server.answers["/rain"] = Answer(
        body=rss(1), etag='"1"', headers={"Last-Modified": "Fri, 01 May 2026 00:00:00 GMT"}
    )
    assert add(feeder, server.url("/rain")).out.endswith("added rain: 1 read, 1 new; the next pass publishes it\n")
    assert len(feeder("export").out.splitlines()) == 1
    assert feeder("ingest", "rain").out == "rain: nothing new (1 unchanged)\n"
    first, second = (request.headers for request in server.requests)
    assert "if-none-match" not in first
    assert (second["if-none-match"], second["if-modified-since"]) == ('"1"', "Fri, 01 May 2026 00:00:00 GMT")


def test_what_a_page_says_of_its_feeds_is_shown_clean(feeder: Feeder, server: Server, blog: str) -> None:
    server.answers["/feed.xml"] = Answer(404)
    shown = add(feeder, blog).out
    assert f"  {server.url('/feed.xml')}  [31mRain\n" in shown


def test_what_is_there_already_is_refused_with_what_to_do(feeder: Feeder, server: Server, blog: str) -> None:
    assert add(feeder, blog).code == 0
    feed = server.url("/feed.xml")
    there = f"feeder: {feed} was already added as 'rain'; `feeder ingest rain` reads it now\n"
    assert add(feeder, blog) == (2, "", there)
    asked = len(server.requests)
    assert add(feeder, feed) == (2, "", there)
    again = add(feeder, f"HTTP://{feed.removeprefix('http://')}/?utm_source=x#top")
    assert (again.code, again.err.count("was already added as 'rain'")) == (2, 1)
    taken = f"feeder: the name 'rain' is taken, by {feed}; choose another with --name\n"
    assert add(feeder, server.url("/wind"), "--name", "Rain") == (2, "", taken)
    assert len(server.requests) == asked
    assert add(feeder, server.url("/wind"), "--name", "wind").code == 0
    assert [*states(feeder)] == ["rain", "wind"]


def test_a_feed_that_has_moved_is_there_already(
    feeder: Feeder, server: Server, blog: str, on_each_database: str
) -> None:
    server.answers["/old"] = Answer(301, headers={"Location": "/feed.xml"})
    add(feeder, blog)
    moved = Poll(source="rain", feed_url=server.url("/feed.xml"), address=server.url("/wind"))
    with Store.open(on_each_database) as store:
        store.sources.record_polls([moved])
    assert "was already added as 'rain'" in add(feeder, server.url("/wind")).err
    assert "was already added as 'rain'" in add(feeder, server.url("/old")).err


def test_a_redirect_that_may_change_is_kept_and_a_permanent_one_is_followed(
    feeder: Feeder,
    server: Server,
    blog: str,
) -> None:
    del blog
    server.answers |= {
        "/today": Answer(302, headers={"Location": "/feed.xml"}),
        "/for-ever": Answer(308, headers={"Location": "/wind"}),
    }
    add(feeder, server.url("/today"), "--name", "today")
    add(feeder, server.url("/for-ever"), "--name", "for-ever")
    addresses = {name: state["address"] for name, state in states(feeder).items()}
    assert (addresses["today"], addresses["for-ever"]) == (server.url("/today"), server.url("/wind"))


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (("--min-interval", "5x"), "min_interval: '5x': write a length of time"),
        (("--min-interval", "2d"), "min_interval is longer than max_interval (2d and 1d)"),
        (("--timezone", "Mars"), "timezone: 'Mars': write a time zone"),
        (("--name", "a b"), "name: 'a b': use only letters, digits"),
        (("--name", "a" * 65), "longer than 64 characters"),
        (("--keep", "("), "keep: '(': '(' is never closed: write ')' where its group ends (at character 1)\n"),
        (("--drop", "rain after:1"), "drop: 'rain after:1': '1' is not a date"),
        (("--drop", "..."), "drop: '...': there is nothing to search for"),
        (("--keep", "@storms x"), "keep: '@storms x': write the saved query out\n"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_told_before_anything_is_asked_for(
    feeder: Feeder,
    server: Server,
    blog: str,
    option: tuple[str, str],
    told: str,
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").write_text("[[feeds]]\nname = 'storms'\nquery = 'storm'\n")
    ended = add(feeder, blog, *option)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert told in ended.err
    assert server.requests == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("127.0.0.1:1", "feeder: https://127.0.0.1:1: port 1 is not allowed for HTTP"),
        ("https://", "write an http(s) address"),
        ("ftp://e.org/f", "write an http(s) address"),
        ("http://e.org:99999/", "write an http(s) address"),
        ("https://e.org:22/", "port 22 is not allowed for HTTP"),
        ("https://me:secret@e.org/", "user name or password"),
    ],
)
def test_what_is_no_address_is_told_in_a_line(feeder: Feeder, typed: str, told: str) -> None:
    ended = feeder("sources", "add", typed)
    assert (ended.code > 0, ended.out, ended.err.count("\n")) == (True, "", 1)
    assert told in ended.err
    assert "secret" not in ended.err


@pytest.mark.parametrize(("typed", "is_added"), [("y", True), ("", True), ("n", False), ("no", False)])
def test_at_a_terminal_a_yes_is_asked_for(tmp_path: Path, blog: str, typed: str, is_added: bool) -> None:  # noqa: FBT001  a parameter
    command = [sys.executable, "-m", "feeder", "sources", "add", "--allow-private", blog]
    terminal, end = pty.openpty()
    with subprocess.Popen(command, cwd=tmp_path, stdin=end, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.close(end)
        os.write(terminal, f"{typed}\n".encode())
        out, err = process.communicate()
        os.close(terminal)
    assert b"Add it as 'rain'? [Y/n]:" in err
    assert (b"added rain" in out, b"nothing added" in err, process.returncode) == (
        is_added,
        not is_added,
        not is_added,
    )


def test_with_yes_nothing_is_asked(tmp_path: Path, blog: str) -> None:
    command = [sys.executable, "-m", "feeder", "sources", "add", "--allow-private", "--yes", blog]
    terminal, end = pty.openpty()
    ended = subprocess.run(command, cwd=tmp_path, stdin=end, capture_output=True, check=True)
    os.close(terminal)
    os.close(end)
    assert b"added rain" in ended.stdout


def test_fuller_entries_and_filters_need_no_file(feeder: Feeder, server: Server, blog: str) -> None:
    page = b"<html><head><title>Rain 3</title></head><body><article><h1>Rain 3</h1><p>%s</p></article></body></html>"
    words = b"It rained on the third day, and on the morning of the fourth it rained still. " * 12
    linked = rss(1, 2, 3).replace(b"https://e.org/", server.url("/page/").encode())
    server.answers |= {"/feed.xml": Answer(body=linked), "/page/3": Answer(body=page % words)}
    ended = add(feeder, blog, "--full", "--keep", "title:rain", "--drop", "title:2", "--limit", "1")
    assert (ended.code, "Rain 2" in ended.out) == (0, False)
    report = json.loads(feeder("ingest", "--json").out)
    assert (report["new"], report["dropped"], report["pages"], report["not_due"]) == (2, 1, 1, 1)
    entries = {one["title"]: one["content"] for one in map(json.loads, feeder("export").out.splitlines())}
    assert {title: "the third day" in content for title, content in entries.items()} == {
        "Rain 1": False,
        "Rain 3": True,
    }
    # The feed came: that two pages are not there is told below it, and does not make it fail.
    state = states(feeder)["rain"]
    assert (state["health"], state["error"]) == ("ok", "cannot read 2 of 3 entries; `feeder check` lists them")


# --- the file wins ------------------------------------------------------------------------------------------------


def configure(tmp_path: Path, *blocks: str) -> None:
    (tmp_path / "config.toml").write_text("".join(f"[[sources]]\n{block}\nallow_private = true\n" for block in blocks))


def test_a_stored_source_gives_way_to_one_in_the_file_with_its_name_or_address(
    feeder: Feeder,
    server: Server,
    blog: str,
    tmp_path: Path,
) -> None:
    add(feeder, blog)
    add(feeder, server.url("/wind"))
    configure(
        tmp_path,
        f"name = 'rain'\nfeed = '{server.url('/comments/feed')}'",
        f"name = 'w'\nfeed = '{server.url('/wind')}/'",
    )
    assert [line.split(":")[0] for line in feeder("ingest").out.splitlines()] == ["rain", "w"]
    listed = feeder("sources", "list").out.splitlines()
    assert [line.split()[:4] for line in listed if "hidden  " in line] == [
        ["rain", "feed", "store", "hidden"],
        ["wind", "feed", "store", "hidden"],
    ]
    assert "  hidden by the source of this name in the configuration" in listed
    assert "  hidden by 'w' in the configuration, which has the same address" in listed
    checked = feeder("check")
    assert f"ok   source wind    {server.url('/wind')}: hidden by 'w' in the configuration" in checked.out
    ended = feeder("ingest", "wind")
    assert (ended.code, ended.err) == (
        2,
        "feeder: sources: 'wind' is not used: hidden by 'w' in the configuration, which has the same address\n",
    )
    told = f"feeder: {server.url('/wind')} was already added as 'w' in {tmp_path / 'config.toml'}; change it there\n"
    assert add(feeder, server.url("/wind")).err == told.replace(f"{tmp_path}/", "")
    told = "removed rain from the store, where it was hidden; the one in config.toml stays\n"
    assert feeder("sources", "remove", "rain", "--with-entries").out == told
    assert states(feeder)["rain"]["documents"] == 1
    (tmp_path / "config.toml").unlink()
    assert [*states(feeder)] == ["wind"]


def test_what_stands_in_the_file_is_removed_there(feeder: Feeder, configured: Path) -> None:
    ended = feeder("sources", "remove", "rain")
    told = "feeder: sources: 'rain' is defined in config.toml; delete its [[sources]] block there\n"
    assert ended == (2, "", told)
    (configured / "config.toml").unlink()
    assert "`feeder init` writes a configuration" in feeder("sources", "remove", "seeds").err


def test_a_stored_source_that_is_no_longer_accepted_stops_nothing_and_is_told(
    feeder: Feeder,
    blog: str,
    on_each_database: str,
) -> None:
    add(feeder, blog)
    with Store.open(on_each_database) as store, store.database.begin() as connection:
        for name, more in (("odd", {"sings": True}), ("mute", {"drop": "rain after:1"})):
            settings = {"feed": f"https://e.org/{name}", **more}
            connection.execute(insert(added).values(name=name, settings=settings, title="", added_at=NOW))
    assert feeder("ingest").out == "rain: not due\n"
    assert (states(feeder)["odd"]["health"], states(feeder)["mute"]["health"]) == ("incompatible", "incompatible")
    told = "this version cannot use it: drop: 'rain after:1': '1' is not a date: write a year, a month or a day: "
    assert states(feeder)["mute"]["error"].startswith(told)
    why = "this version cannot use it: sings: unknown key; known here: "
    checked = feeder("check")
    assert (checked.code, f"BAD  source odd     https://e.org/odd: {why}" in checked.out) == (1, True)
    assert f"feeder: sources: 'odd' is not used: {why}" in feeder("ingest", "odd").err
    told = "was already added as 'odd', which is not used; `feeder sources remove odd` removes that\n"
    assert add(feeder, "https://e.org/odd").err == f"feeder: https://e.org/odd {told}"
    assert feeder("sources", "remove", "odd").out == "removed odd; its entries stay\n"


# --- removing and pausing -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("on_each_database")
def test_a_source_is_removed_and_its_entries_stay_or_go(feeder: Feeder, server: Server, blog: str) -> None:
    add(feeder, blog)
    add(feeder, server.url("/wind"))
    feeder("ingest")
    assert feeder("sources", "remove", "rain").out == "removed rain; its entries stay\n"
    assert feeder("sources", "remove", "wind", "--with-entries").out == "removed wind, and 1 entry not seen elsewhere\n"
    assert [*states(feeder)] == []
    assert len(feeder("export").out.splitlines()) == 3
    assert add(feeder, blog).out.endswith("added rain: 1 read, 3 same; the next pass publishes it\n")
    feeder("sources", "remove", "rain")
    assert (
        feeder("sources", "remove", "rain", "--with-entries").out == "removed rain, and 3 entries not seen elsewhere\n"
    )
    ended = feeder("sources", "remove", "rain")
    assert (ended.code, ended.err) == (2, "feeder: sources: no source is named 'rain'; known sources: seeds\n")


def test_a_name_that_is_not_quite_right_is_told_among_many(feeder: Feeder, server: Server, tmp_path: Path) -> None:
    configure(tmp_path, *(f"name = 'source-{n}'\nfeed = '{server.url(f'/{n}')}'" for n in range(20)))
    assert feeder("ingest", "sourc-7").err.endswith("is named 'sourc-7'; did you mean 'source-7'?\n")
    assert feeder("sources", "pause", "x").err.endswith("is named 'x'; `feeder sources list` lists them\n")


@pytest.mark.usefixtures("configured")
def test_a_paused_source_is_left_alone_unless_it_is_named(feeder: Feeder, server: Server, blog: str) -> None:
    server.answers["/rain"] = Answer(body=rss(1))
    add(feeder, blog, "--name", "stored")
    for name in ("mirror", "rain", "stored", "gone", "down", "new"):
        assert feeder("sources", "pause", name).out == f"paused {name}; `feeder sources resume {name}` resumes it\n"
    server.requests.clear()
    ended = feeder("ingest")
    assert (ended.code, {line.partition(": ")[2] for line in ended.out.splitlines()}) == (0, {"paused"})
    assert feeder("ingest", "--dry-run").out.splitlines()[0] == "mirror: 1 paused"
    assert server.requests == []
    assert feeder("sources", "pause", "rain").out == "rain is already paused\n"
    assert feeder("ingest", "rain").out == "rain: 1 read, 1 new\n"
    state = states(feeder)["rain"]
    assert (state["health"], state["next_check_at"], state["paused_at"][-1]) == ("ok", None, "Z")
    listed = feeder("sources", "list").out
    assert len(re.findall(r" paused  ", listed)) == 6
    assert "source down    " + server.url("/down") + ": paused; `feeder sources resume down`" in feeder("check").out
    assert feeder("sources", "resume", "stored").out == "resumed stored; the next pass reads it\n"
    assert feeder("sources", "resume", "stored").out == "stored was not paused\n"
    assert "stored: not due\n" in feeder("ingest").out


def test_failures_are_counted_and_told_in_words(feeder: Feeder, server: Server, blog: str) -> None:
    add(feeder, blog)
    server.answers["/feed.xml"] = Answer(503)
    for _ in range(3):
        assert feeder("ingest", "rain").code == 1
    told = "its server answers 503 Service Unavailable (3 times in a row)"
    assert f"  {told}\n" in feeder("sources", "list").out
    assert f"BAD  source rain    {server.url('/feed.xml')}: {told}\n" in feeder("check").out
    assert (states(feeder)["rain"]["failures"], states(feeder)["rain"]["health"]) == (3, "failing")


# --- while a pass is under way ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("on_each_database")
@pytest.mark.parametrize("answer", [Answer(body=rss(1, 2, 3)), Answer(404), Answer(410), Answer(304)])
@pytest.mark.parametrize("with_entries", [False, True])
def test_a_source_that_is_removed_while_it_is_asked_for_does_not_come_back(
    feeder: Feeder,
    server: Server,
    blog: str,
    answer: Answer,
    with_entries: bool,  # noqa: FBT001  a parameter
) -> None:
    add(feeder, blog)
    add(feeder, server.url("/wind"))
    config = load_config()
    with Store.open(config.store.url) as store, Store.open(config.store.url) as other:
        ingest(config, store, names=["rain"], now=NOW)

        def removing(_: Request) -> Answer:
            remove(config, other, "rain", with_entries=with_entries)
            return answer

        server.answers["/feed.xml"] = removing
        ingest(config, store, names=["rain", "wind"], now=NOW, again=True)
        assert [*store.sources.polls()] == ["wind"]
        assert store.documents.of_source("rain") == {}
        assert store.entries.count() == (1 if with_entries else 4)
        server.answers["/feed.xml"] = Answer(body=rss(1))
        assert [report.source for report in ingest(config, store, now=NOW)] == ["wind"]
        assert [*store.sources.polls()] == ["wind"]


def test_sources_come_and_go_while_a_pass_holds_the_store(feeder: Feeder, blog: str, on_each_database: str) -> None:
    feeder("ingest")
    with Store.open(on_each_database) as store, store.database.exclusive_pass():
        assert add(feeder, blog).code == 0
        assert feeder("sources", "pause", "rain").code == 0
        assert feeder("sources", "remove", "rain").code == 0


@pytest.mark.usefixtures("on_each_database")
def test_two_who_add_the_same_at_once_add_it_once(tmp_path: Path, blog: str) -> None:
    command = [sys.executable, "-m", "feeder", "sources", "add", "--allow-private", blog]
    running = [
        subprocess.Popen(
            command, cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = [process.communicate() for process in running]
    assert sorted(process.returncode for process in running) == [0, 2]
    assert [b"Traceback" in err for _, err in told] == [False] * 2


def test_a_category_that_is_no_text_is_told_in_a_line(feeder: Feeder, blog: str) -> None:
    ended = add(feeder, blog, "--category", "\udcff")
    assert ended == (2, "", "feeder: categories.0: '\\udcff': write it in UTF-8\n")


def test_the_addresses_that_were_tried_in_vain_are_shown_at_a_bounded_length(feeder: Feeder, server: Server) -> None:
    link = b"<link rel=alternate type=application/rss+xml href='/" + b"x" * 100_000 + b"'>"
    server.answers["/page"] = Answer(body=link)
    ended = add(feeder, server.url("/page"))
    assert (ended.code, ended.out, ended.err.count("\n"), len(ended.err) < 1000) == (1, "", 1, True)

"""`feeder sources …`: how sources are, and trying a new one, beside a server on loopback."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_cli import Feeder, feeder  # noqa: F401  a fixture
from tests.http_server import Answer, Server
from tests.ingest.test_polling import rss


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def configured(server: Server, tmp_path: Path) -> Path:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "1.md").write_text("[Rain](https://e.org/m)\n------\n\nIt rained.\n")
    names = ("rain", "gone", "down", "new")
    feeds = "".join(
        f"[[sources]]\nname = '{name}'\nfeed = '{server.url(f'/{name}')}'\nallow_private = true\n" for name in names
    )
    file = tmp_path / "config.toml"
    file.write_text(f"[[sources]]\nname = 'mirror'\nfolder = 'mirror'\n{feeds}")
    return tmp_path


def test_sources_are_listed_with_their_health(
    feeder: Feeder,
    server: Server,
    configured: Path,
) -> None:
    server.answers |= {"/rain": Answer(body=rss(1, 2)), "/gone": Answer(410), "/new": Answer(body=rss(3))}
    ended = feeder("ingest", "mirror", "rain", "gone", "down")
    assert ended.code == 1
    assert ended.err.splitlines() == [
        f"{server.url('/gone')}: 410 Gone: its server says that it has ended",
        f"{server.url('/down')}: its server answers 404 Not Found",
    ]
    listed = feeder("sources", "list")
    assert listed.code == 0
    assert re.sub(r"in 1\d min", "in 1* min", listed.out).splitlines() == [
        "NAME    KIND    IN    STATE    CHECKED   NEXT       ADDRESS",
        f"mirror  folder  file  ok                            {configured / 'mirror'}",
        f"rain    feed    file  ok       just now  in 1* min  {server.url('/rain')}",
        f"gone    feed    file  failing  just now  in 1* min  {server.url('/gone')}",
        "  410 Gone: its server says that it has ended; it is polled until its server has said so 3 times in a row",
        f"down    feed    file  failing  just now  in 1* min  {server.url('/down')}",
        "  its server answers 404 Not Found",
        f"new     feed    file  pending            next pass  {server.url('/new')}",
    ]
    states = {state["name"]: state for state in map(json.loads, feeder("sources", "list", "--json").out.splitlines())}
    assert (states["mirror"]["kind"], states["mirror"]["documents"], states["rain"]["documents"]) == ("folder", 1, 2)
    assert (states["down"]["health"], states["down"]["failures"]) == ("failing", 1)
    assert states["rain"]["last_success_at"].endswith("Z")
    assert states["new"]["health"] == "pending"
    checked = feeder("check").out
    assert f"BAD  source down    {server.url('/down')}: its server answers 404 Not Found" in checked
    assert f"ok   source rain    {server.url('/rain')}" in checked


@pytest.mark.usefixtures("configured")
def test_a_feed_that_is_gone_is_shown_with_what_to_do(feeder: Feeder, server: Server) -> None:
    server.answers["/gone"] = Answer(410)
    for _ in range(3):
        feeder("ingest", "gone")
    told = (
        "410 Gone: its server says that it has ended (3 times in a row); not polled any more: delete its block, or "
        "retry with `feeder ingest gone`"
    )
    lines = feeder("sources", "list").out.splitlines()
    assert f"  {told}" in lines
    assert lines[3].split()[:4] == ["gone", "feed", "file", "gone"]
    assert f"BAD  source gone    {server.url('/gone')}: {told}" in feeder("check").out
    assert json.loads(feeder("sources", "show", "gone", "--json").out)["next_check_at"] is None


@pytest.mark.usefixtures("configured")
def test_feeds_that_wait_for_their_server_are_shown_with_the_reason(feeder: Feeder, server: Server) -> None:
    server.answers |= {"/rain": Answer(body=rss(1)), "/down": Answer(429, headers={"Retry-After": "7260"})}
    assert feeder("ingest", "rain").code == 0
    assert feeder("ingest", "down").code == 1
    shown = feeder("sources", "list").out
    assert re.search(
        r"rain +feed +file +ok +just now +in 2 h +\S+/rain\n  not polled: requests to \S+ are paused", shown
    )
    assert re.search(
        r"ok   source rain +\S+/rain: not polled: requests to .*\(429 Too Many Requests\)", feeder("check").out
    )


@pytest.mark.usefixtures("configured")
def test_update_says_nothing_of_feeds_that_are_well_and_not_due(feeder: Feeder, server: Server) -> None:
    server.answers |= {f"/{name}": Answer(body=rss(1)) for name in ("rain", "gone", "down", "new")}
    assert feeder("update") == (0, "", "")
    assert feeder("update") == (0, "", "")
    assert len(server.requests) == 4
    told = [json.loads(line) for line in feeder("ingest", "--json").out.splitlines()]
    assert [one["not_due"] for one in told] == [0, 1, 1, 1, 1]
    assert feeder("ingest", "--dry-run", "rain").out.splitlines() == [
        "rain: 1 due",
        f"       due  {server.url('/rain')}",
    ]


def test_a_feed_is_tried_without_a_store(feeder: Feeder, server: Server, tmp_path: Path) -> None:
    server.answers["/feed"] = Answer(body=rss(1, 3, 2))
    ended = feeder("sources", "test", "--allow-private", "-n", "2", server.url("/feed"))
    assert ended.code == 0
    head, line, first, second = ended.out.splitlines()
    assert (head, line) == ("Rain  3 entries", f'feed = "{server.url("/feed")}"')
    assert ("Rain 3" in first, "Rain 2" in second) == (True, True)
    assert list(tmp_path.iterdir()) == []


ANNOUNCING = b"""<link rel='alternate' type='application/rss+xml' href='/nothing'>
<link rel='alternate' type='application/rss+xml' href='/the-feed'>"""


@pytest.mark.parametrize(("page", "at"), [(ANNOUNCING, "/the-feed"), (b"<p>Hello</p>", "/blog/feed.xml")])
def test_the_feed_of_a_page_is_found(feeder: Feeder, server: Server, page: bytes, at: str) -> None:
    server.answers |= {"/blog": Answer(body=page), at: Answer(body=rss(1))}
    ended = feeder("sources", "test", "--allow-private", server.url("/blog"))
    assert (ended.code, ended.out.splitlines()[1]) == (0, f'feed = "{server.url(at)}"')


def test_where_there_is_no_feed_that_is_said_in_a_line(feeder: Feeder, server: Server) -> None:
    server.answers["/blog"] = Answer(body=b"<p>Hello</p>")
    for address, told in (
        ("/blog", f"feeder: {server.url('/blog')}: no feed found there or at 38 common addresses"),
        ("/none", f"feeder: {server.url('/none')}: its server answers 404 Not Found"),
    ):
        ended = feeder("sources", "test", "--allow-private", server.url(address))
        assert (ended.code, ended.out, ended.err[: len(told)]) == (1, "", told)
        assert ended.err.count("\n") == 1


def test_a_page_of_this_machine_is_not_asked_unless_that_is_allowed(feeder: Feeder, server: Server) -> None:
    ended = feeder("sources", "test", server.url("/feed"))
    assert ended.code == 1
    assert "(--allow-private)" in ended.err
    with Server() as other:
        link = f"<link rel='alternate' type='application/rss+xml' href='{other.url('/feed')}'>"
        server.answers["/blog"] = Answer(body=link.encode())
        assert feeder("sources", "test", "--allow-private", server.url("/blog")).code == 1
        assert other.requests == []

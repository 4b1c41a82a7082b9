import json
import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from rich.cells import cell_len

from feeder.catalogue.status import SourceState
from feeder.cli.output import print_entry, print_hits, progress_bar
from feeder.cli.output_sources import print_states
from feeder.incoming.origin import Origin
from feeder.store import Store, parse_query
from tests.entries import make_entry
from tests.saving import save

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def test_a_progress_bar_is_shown_on_a_terminal_with_rate_and_total(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar() as progress:
        assert progress is not None
        progress("mirror", 1, 1000)
        progress("mirror", 700, 1000)
        progress("other", 1, None)
    shown = capsys.readouterr()
    assert "mirror" in shown.err
    assert "/1000" in shown.err
    assert shown.out == ""


def test_no_progress_is_shown_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as progress:
        assert progress is None
    assert capsys.readouterr().err == ""


def test_an_entry_is_shown_with_each_field_its_origins_its_media_and_what_was_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    read_from = {"title": "link line", "authors": "front matter: author", "published": "epoch"}
    print_entry(make_entry(read_from=read_from), [Origin("seeds", "/mirror/1.md")])
    shown = capsys.readouterr().out
    for text in (
        "春天的第一场雨 First rain",
        "王小明",
        "李四 (translator)",
        "Original (via, https://example.net/original)",
        "天气 · weather",
    ):
        assert text in shown
    assert shown.startswith("春天的第一场雨 First rain  ← link line\n")
    assert "       authors  王小明  ← front matter: author\n" in shown
    assert "     published  2023-02-20T14:37:16Z  ← epoch\n" in shown
    assert "      language  zh-Hans\n" in shown
    assert "/mirror/1.md (seeds)" in shown
    assert "https://example.org/rain.jpg" in shown
    assert "It rained all day." in shown
    assert "cut  版权声明：转载请注明出处。" in shown


def test_every_field_of_an_entry_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    entry = make_entry(id="urn:x:1", link="https://example.org/1")
    print_entry(entry, [])
    shown = capsys.readouterr().out
    # `summary` is the beginning of the text; `read_from` and the like are shown with the fields.
    apart = {"title", "summary", "cut", "media", "published_from", "read_from"}
    assert [f.name for f in fields(entry) if f.name not in apart and f"{f.name:>14}  " not in shown] == []


def test_an_entry_without_content_is_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    print_entry(make_entry(content=""), [])
    assert "       content  none\n" in capsys.readouterr().out


def test_matches_are_highlighted_if_the_terminal_supports_it(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(sqlite_store, [(Origin("seeds", "1.md"), make_entry())])
    results = sqlite_store.search.find(parse_query("第一場雨"), limit=5)
    print_hits(results)
    assert "\x1b[" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_hits(results)
    shown = capsys.readouterr()
    assert "\x1b[1;33m第一场雨" in shown.out
    assert "1 entry found" in shown.err


def states() -> list[SourceState]:
    at = "https://weather.example/blog/feed.xml"
    feed = partial(SourceState, kind="feed", kept_in="store", address=at)
    hour = timedelta(hours=1)
    return [
        SourceState(name="seeds", kind="folder", kept_in="file", address="/srv/seeds", health="ok", documents=5),
        feed(name="青石-daily", health="ok", last_check_at=NOW - hour / 20, next_check_at=NOW + hour * 1.2),
        feed(
            name="down",
            health="failing",
            failures=4,
            error="its server answers 404 Not Found",
            last_check_at=NOW - 48 * hour,
            next_check_at=NOW - hour / 60,
        ),
        feed(name="quiet", health="ok", last_check_at=NOW, paused_at=NOW),
        feed(name="a-name-of-more-columns-than-most", health="pending"),
        feed(name="rain", health="hidden", error="hidden " + "by it " * 20),
    ]


def shown_at(width: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    if width is not None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", str(width))
    print_states(states(), now=NOW, as_json=False)
    return re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()


def test_sources_are_aligned_in_columns_and_addresses_are_complete_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown_at(None, monkeypatch, capsys)
    assert lines[:6] == [
        "NAME                      KIND    IN     STATE    CHECKED     NEXT       ADDRESS",
        "seeds                     folder  file   ok                              /srv/seeds",
        "青石-daily                feed    store  ok       3 min ago   in 1 h     https://weather.example/blog/feed.xml",
        "down                      feed    store  failing  2 days ago  next pass  https://weather.example/blog/feed.xml",
        "  its server answers 404 Not Found (4 times in a row)",
        "quiet                     feed    store  paused   just now               https://weather.example/blog/feed.xml",
    ]
    assert len(lines) == 9


@pytest.mark.parametrize(
    ("width", "address"),
    [
        (120, "https://weather.example/blog/feed.xml"),
        (105, "weather.example/blog/feed.xml"),
        (85, "weather.exa…"),
        (75, ""),
    ],
)
def test_addresses_are_shortened_to_the_width_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, address: str
) -> None:
    lines = shown_at(width, monkeypatch, capsys)
    assert lines[2] == f"青石-daily                feed    store  ok       3 min ago   in 1 h     {address}".rstrip()
    assert ("ADDRESS" in lines[0]) == bool(address)
    ordinary = [line for line in lines if not line.startswith("a-name")]
    assert max(map(cell_len, ordinary)) <= width
    assert [line[:2] for line in lines[-2:]] == ["  ", "  "]
    assert " ".join(line.strip() for line in lines[-2:]) == ("hidden " + "by it " * 20).strip()


def test_sources_as_json_are_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_states(states(), now=NOW, as_json=True)
    first, second, *_ = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(first) == {field.name for field in fields(SourceState)}
    assert second["next_check_at"] == "2026-05-01T13:12:00Z"

"""What `feeder sources …` and `feeder opml …` print: a table of sources, a feed that was found, what came of a list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from feeder.catalogue.status import times
from feeder.cli.output import DIM, entries_told, json_text, new_console
from feeder.model import rfc3339

if TYPE_CHECKING:
    from feeder.catalogue.change import SourceDetails
    from feeder.catalogue.manage import ImportReport
    from feeder.catalogue.status import SourceState
    from feeder.ingest.probe import ProbedFeed
    from feeder.store import WithdrawnEntry

_HEAD = ("NAME", "KIND", "IN", "STATE", "CHECKED", "NEXT", "ADDRESS")
_MOST_NAME = 24  # columns of a terminal; a longer name moves the rest of its own line
_LEAST_ADDRESS = 12  # columns, below which no part of an address says anything
_STYLES = {"ok": "green", "pending": DIM, "hidden": DIM, "paused": "yellow"}
_STATUS = (
    "name", "kind", "kept_in", "health", "error", "documents", "last_check_at", "last_success_at", "next_check_at",
    "paused_at", "failures", "subscription", "hub_error",
)  # fmt: skip
_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def print_states(states: Sequence["SourceState"], *, now: datetime, as_json: bool) -> None:
    """Print how each source is, a line each, and under it what is wrong. Moments are told from `now`.

    On a terminal addresses are cut to its width; in a pipe nothing is.
    """
    if as_json:
        for state in states:
            print(json_text(state.as_dict()))
        return
    console = new_console()
    rows = [_HEAD, *(_row(state, now) for state in states)]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    widths[0] = min(widths[0], _MOST_NAME)
    console.print(_line(rows[0], widths, console), style=DIM)
    for state, row in zip(states, rows[1:], strict=True):
        console.print(_line(row, widths, console, style=_STYLES.get(row[3], "bold red")))
        if state.error is not None:
            _print_below(console, state.error + times(state.failures))
        if state.hub_error is not None:
            _print_below(console, state.hub_error)


def print_tried(tried: "ProbedFeed") -> None:
    """Print what a feed is, its address as the configuration names it, its newest entries, and others of its page."""
    console = new_console()
    title = Text().append(tried.title or "(no title)", style="bold")
    console.print(title.append(f"  {entries_told(tried.count)}", style=DIM))
    console.print(Text(f'feed = "{tried.feed_url}"'))
    for entry in tried.newest:
        console.print(Text().append(f"{entry.published:%Y-%m-%d %H:%M}  ", style=DIM).append(entry.title))
    if tried.others:
        console.print(Text("its page announces more feeds:", style=DIM))
    for other in tried.others:
        console.print(Text(f"  {other.feed_url}").append(f"  {other.title}" if other.title else "", style=DIM))


def print_imported(imported: "ImportReport") -> None:
    """Print what came of a list: a line for each feed, and how many there were of each kind."""
    console = new_console()
    for source in imported.added:
        added = Text().append("added    ", style="green").append(source.name)
        console.print(added.append(f"  {source.address}", style=DIM))
    for address, name in imported.skipped:
        console.print(Text().append("skipped  ", style=DIM).append(f"{address}  was already added as {name}"))
    problems = new_console(stderr=True)
    for line in imported.refused:
        problems.print(Text().append("refused  ", style="bold red").append(line))
    told = {"added": imported.added, "there already": imported.skipped, "refused": imported.refused}
    console.print(", ".join(f"{len(some):,} {word}" for word, some in told.items() if some or word == "added"))


def print_source(described: "SourceDetails", *, as_json: bool) -> None:
    """Print the status of a source, and its settings; those that are defaults are marked."""
    if as_json:
        print(json_text(described.as_dict()))
        return
    console = new_console()
    room = max(map(len, (*_STATUS, *described.settings)))
    for key, value in described.state.as_dict().items():
        if key in _STATUS and value not in (None, ""):
            console.print(Text().append(f"{key.ljust(room)}  ", style=DIM).append(str(value)))
    for key, value in described.settings.items():
        line = Text().append(f"{key.ljust(room)}  ", style=DIM).append(json_text(value))
        console.print(line.append("  (default)", style=DIM) if key in described.defaults else line)


def print_withdrawn(withdrawn: Sequence["WithdrawnEntry"], *, as_json: bool) -> None:
    """Print one line for each entry that was removed by hand: key, when (UTC), title."""
    console = new_console()
    for one in withdrawn:
        if as_json:
            print(json_text({**one._asdict(), "withdrawn_at": rfc3339(one.withdrawn_at)}))
            continue
        head = Text().append(f"{one.key}  {one.withdrawn_at:%Y-%m-%d %H:%M}  ", style=DIM)
        console.print(head.append(one.title).append(f"  {one.id}", style=DIM))


def _row(state: "SourceState", now: datetime) -> tuple[str, ...]:
    shown = "paused" if state.paused_at is not None else state.health
    waits = shown in {"paused", "hidden", "incompatible", "gone"} or state.kind == "folder"
    return (
        state.name,
        state.kind,
        state.kept_in,
        shown,
        "" if state.last_check_at is None else _before(now - state.last_check_at),
        "" if waits else _ahead(state.next_check_at, now),
        state.address,
    )


def _line(row: Sequence[str], widths: Sequence[int], console: Console, style: str = "") -> Text:
    """Return a row with its columns under one another; the last one is cut where a terminal has no more room for it."""
    line = Text()
    for number, width in enumerate(widths):
        line.append(row[number].ljust(width - cell_len(row[number]) + len(row[number])), style=_style(number, style))
        line.append("  ")
    room = console.width - line.cell_len
    line.append(_fitting(row[-1], room) if console.is_terminal else row[-1], style=DIM)
    line.rstrip()
    return line


def _fitting(address: str, room: int) -> str:
    """Return as much of an address as there is room for: its scheme is the first to go."""
    if room < _LEAST_ADDRESS:
        return ""
    if cell_len(address) > room:
        address = address.partition("://")[2] or address
    return address if cell_len(address) <= room else set_cell_size(address, room - 1) + "…"


def _style(column: int, of_state: str) -> str:
    return {0: "bold" if of_state else "", 3: of_state}.get(column, "")


def _print_below(console: Console, text: str) -> None:
    """Print what belongs to the line above, broken at words where a terminal would break it anywhere."""
    lines = wrap(text, max(console.width - 2, 40), break_on_hyphens=False) if console.is_terminal else [text]
    for line in lines:
        console.print(Text(f"  {line}"))


def _before(passed: timedelta) -> str:
    return f"{_length(passed)} ago" if passed >= _UNITS[-1][0] else "just now"


def _ahead(moment: datetime | None, now: datetime) -> str:
    """Return when a feed is asked for next; one that is due is asked for by the next pass."""
    if moment is None or moment - now < _UNITS[-1][0]:
        return "next pass"
    return f"in {_length(moment - now)}"


def _length(span: timedelta) -> str:
    unit, word = next((unit, word) for unit, word in _UNITS if span >= unit)
    number = span // unit
    return f"{number} {word}{'s' if word == 'day' and number > 1 else ''}"

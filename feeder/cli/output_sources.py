"""Output of `feeder sources` and `feeder opml`: the table of sources, a probed feed, the result of an import."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from feeder.catalogue.status import explain_error
from feeder.cli.output import DIM, count_entries, json_text, new_console
from feeder.model import rfc3339

if TYPE_CHECKING:
    from feeder.catalogue.change import SourceDetails
    from feeder.catalogue.manage import ImportReport
    from feeder.catalogue.status import SourceState
    from feeder.reading.feed import ProbedFeed
    from feeder.store import WithdrawnEntry

_HEAD = ("NAME", "KIND", "IN", "STATE", "CHECKED", "NEXT", "ADDRESS")
_MAX_NAME = 24  # columns of a terminal; a longer name shifts the rest of its line
_MIN_ADDRESS = 12  # columns; less of an address is useless
_STYLES = {"ok": "green", "pending": DIM, "hidden": DIM, "paused": "yellow"}
_STATUS = (
    "name", "kind", "kept_in", "health", "error", "advice", "hold",
    "documents", "last_check_at", "last_success_at", "next_check_at",
    "paused_at", "failures", "subscription", "hub_error",
)  # fmt: skip
_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))


def print_states(states: Sequence["SourceState"], *, now: datetime, as_json: bool) -> None:
    """Print one line per source, with its errors below. Times are relative to `now`.

    Addresses are shortened to the width of a terminal, but not in a pipe.
    """
    if as_json:
        for state in states:
            print(json_text(state.as_dict()))
        return
    console = new_console()
    rows = [_HEAD, *(_row(state, now) for state in states)]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    widths[0] = min(widths[0], _MAX_NAME)
    console.print(_line(rows[0], widths, console), style=DIM)
    for state, row in zip(states, rows[1:], strict=True):
        console.print(_line(row, widths, console, style=_STYLES.get(row[3], "bold red")))
        if state.error is not None:
            _print_indented(console, explain_error(state))
        if state.hold is not None:
            _print_indented(console, state.hold)
        if state.hub_error is not None:
            _print_indented(console, state.hub_error)


def print_probe(probed: "ProbedFeed") -> None:
    """Print a feed's title, its address as in the configuration, its newest entries, and other feeds of its page."""
    console = new_console()
    title = Text().append(probed.title or "(no title)", style="bold")
    console.print(title.append(f"  {count_entries(probed.count)}", style=DIM))
    console.print(Text(f'feed = "{probed.feed_url}"'))
    for entry in probed.newest:
        console.print(Text().append(f"{entry.published:%Y-%m-%d %H:%M}  ", style=DIM).append(entry.title))
    if probed.others:
        console.print(Text("other feeds on its page:", style=DIM))
    for other in probed.others:
        console.print(Text(f"  {other.feed_url}").append(f"  {other.title}" if other.title else "", style=DIM))


def print_imported(imported: "ImportReport") -> None:
    """Print the result of an OPML import: one line per feed, then the counts."""
    console = new_console()
    for source in imported.added:
        added = Text().append("added    ", style="green").append(source.name)
        console.print(added.append(f"  {source.address}", style=DIM))
    for address, name in imported.skipped:
        console.print(Text().append("skipped  ", style=DIM).append(f"{address}  already added as {name}"))
    problems = new_console(stderr=True)
    for line in imported.refused:
        problems.print(Text().append("refused  ", style="bold red").append(line))
    counts = {"added": len(imported.added), "skipped": len(imported.skipped), "refused": len(imported.refused)}
    console.print(", ".join(f"{count:,} {word}" for word, count in counts.items() if count or word == "added"))


def print_source(details: "SourceDetails", *, as_json: bool) -> None:
    """Print the status and settings of a source; defaults are marked."""
    if as_json:
        print(json_text(details.as_dict()))
        return
    console = new_console()
    room = max(map(len, (*_STATUS, *details.settings)))
    for key, value in details.state.as_dict().items():
        if key in _STATUS and value not in (None, ""):
            console.print(Text().append(f"{key.ljust(room)}  ", style=DIM).append(str(value)))
    for key, value in details.settings.items():
        line = Text().append(f"{key.ljust(room)}  ", style=DIM).append(json_text(value))
        console.print(line.append("  (default)", style=DIM) if key in details.defaults else line)


def print_withdrawn(withdrawn: Sequence["WithdrawnEntry"], *, as_json: bool) -> None:
    """Print one line per removed entry: key, removal time (UTC), title, id."""
    console = new_console()
    for entry in withdrawn:
        if as_json:
            print(json_text({**entry._asdict(), "withdrawn_at": rfc3339(entry.withdrawn_at)}))
            continue
        line = Text().append(f"{entry.key}  {entry.withdrawn_at:%Y-%m-%d %H:%M}  ", style=DIM)
        console.print(line.append(entry.title).append(f"  {entry.id}", style=DIM))


def _row(state: "SourceState", now: datetime) -> tuple[str, ...]:
    status = "paused" if state.paused_at is not None else state.health
    is_polled = state.kind != "folder" and status not in {"paused", "hidden", "incompatible", "gone"}
    return (
        state.name,
        state.kind,
        state.kept_in,
        status,
        "" if state.last_check_at is None else _ago(now - state.last_check_at),
        _until(state.next_check_at, now) if is_polled else "",
        state.address,
    )


def _line(row: Sequence[str], widths: Sequence[int], console: Console, style: str = "") -> Text:
    """Return a row with aligned columns; the last one is shortened to a terminal's width."""
    line = Text()
    for number, width in enumerate(widths):
        cell = row[number].ljust(width - cell_len(row[number]) + len(row[number]))
        line.append(cell, style=_column_style(number, style))
        line.append("  ")
    room = console.width - line.cell_len
    line.append(_shortened(row[-1], room) if console.is_terminal else row[-1], style=DIM)
    line.rstrip()
    return line


def _shortened(address: str, room: int) -> str:
    """Return as much of an address as fits: its scheme is dropped first."""
    if room < _MIN_ADDRESS:
        return ""
    if cell_len(address) > room:
        address = address.partition("://")[2] or address
    return address if cell_len(address) <= room else set_cell_size(address, room - 1) + "…"


def _column_style(column: int, status_style: str) -> str:
    return {0: "bold" if status_style else "", 3: status_style}.get(column, "")


def _print_indented(console: Console, text: str) -> None:
    """Print a detail of the line above; on a terminal it is wrapped at words."""
    lines = wrap(text, max(console.width - 2, 40), break_on_hyphens=False) if console.is_terminal else [text]
    for line in lines:
        console.print(Text(f"  {line}"))


def _ago(passed: timedelta) -> str:
    return f"{_length(passed)} ago" if passed >= _UNITS[-1][0] else "just now"


def _until(moment: datetime | None, now: datetime) -> str:
    if moment is None or moment - now < _UNITS[-1][0]:
        return "next pass"
    return f"in {_length(moment - now)}"


def _length(span: timedelta) -> str:
    unit, word = next((unit, word) for unit, word in _UNITS if span >= unit)
    number = span // unit
    return f"{number} {word}{'s' if word == 'day' and number > 1 else ''}"

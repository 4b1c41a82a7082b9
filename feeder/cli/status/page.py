"""The page of `feeder status`: what a `Status` looks like in a terminal, and as JSON. Reads nothing.

Colours say what no word says alone, so that the page is the same without them; lines wrap at any width.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from feeder.about import own_version
from feeder.model import rfc3339
from feeder.status.queue import QueueState
from feeder.status.reading import PassFacts, ServiceFacts, Status, StoreFacts
from feeder.status.sources import SourceTotals, Trouble

_BAR_WIDTH, _NAME_WIDTH = 48, 24
_STYLES = {"ok": "green", "failing": "red", "gone": "magenta", "pending": "cyan", "paused": "yellow", "hidden": "dim"}
_WRONG, _DIM, _LABEL = "bold red", "dim", "bold"
_UNITS = (("d", 86400), ("h", 3600), ("min", 60))
_SIZES = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def find_problems(status: Status) -> Iterator[str]:
    """Yield one line for each thing that is wrong."""
    if status.passes.problem is not None:
        yield f"passes: {status.passes.problem}"
    if status.sources.late:
        yield f"{_counted(status.sources.late, 'source')} late, by up to {_span(status.sources.lag_s)}"
    for service in status.services:
        if service.stopped is not None:
            yield f"{service.name} has stopped: {service.stopped}"
        found = service.deliveries
        if found is not None and found.in_doubt + found.failed:
            counts = f"{found.in_doubt:,} in doubt, {found.failed:,} failed"
            yield f"{service.name}: messages wait for a person: {counts}"


def draw_page(status: Status, web: str, console: Console) -> RenderableType:
    """Return the page; `web` is what there is to say of the web server."""
    problems = list(find_problems(status))
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(style=_LABEL, no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row("Store", _store(status.store))
    grid.add_row("Passes", _passes(status.passes, status.at))
    grid.add_row("Sources", _sources(status.sources, console))
    if status.queue is not None:
        grid.add_row("Queue", _queue(status.queue, status.at))
    for service in status.services:
        grid.add_row(service.name.capitalize(), _service(service, status.at))
    grid.add_row("Web", Text(web))
    lines = [Text().append("! ", style=_WRONG).append(_printable(line)) for line in problems]
    return Group(_head(status, problems, console.width), *lines, Text(), grid)


def as_json(status: Status, web: str) -> dict[str, Any]:
    """Return the same as a value for JSON: times in RFC 3339, spans in seconds, sizes in bytes."""
    values = asdict(status)
    values["store"]["index_behind"] = status.store.index_behind
    values["sources"]["worst"] = [trouble._asdict() for trouble in status.sources.worst]
    if status.queue is not None:
        jobs = [{"task": task, "state": state, "count": count} for (task, state), count in status.queue.jobs.items()]
        values["queue"] = {"jobs": jobs, "oldest_at": status.queue.oldest_at}
    written: dict[str, Any] = _with_text_times({**values, "web": web, "problems": list(find_problems(status))})
    return written


def _with_text_times(value: Any) -> Any:  # noqa: ANN401  any part of a value for JSON
    if isinstance(value, Mapping):
        return {name: _with_text_times(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_times(part) for part in value]
    return rfc3339(value) if isinstance(value, datetime) else value


def _head(status: Status, problems: list[str], width: int) -> Text:
    text = Text("feeder ", style=_LABEL).append(f"{own_version()}  ", style=_DIM)
    if problems:
        text.append(_counted(len(problems), "problem"), style=_WRONG)
    else:
        text.append("no problems", style="bold green")
    moment = f"{status.at:%Y-%m-%d %H:%M:%S} UTC"
    gap = width - text.cell_len - len(moment)
    return text.append(" " * gap if gap > 1 else "\n").append(moment, style=f"not bold {_DIM}")


def _store(store: StoreFacts) -> Text:
    text = Text(f"{_counted(store.entries, 'entry', 'entries')}, {_size(store.bytes)}")
    text.append(f"  {_printable(store.url)}\n", style=_DIM)
    if store.index.followed is None and store.index.changes:
        text.append("search index is not built yet", style="yellow")
    elif store.index_behind:
        text.append(f"search index is {_counted(store.index_behind, 'change')} behind", style="yellow")
    else:
        text.append("search index is up to date")
    if store.index.is_rebuilding:
        text.append(", a new one is being built", style="yellow")
    return text.append(f", {_size(store.index_bytes)}")


def _passes(passes: PassFacts, now: datetime) -> Text:
    text = Text()
    if passes.last_at is None:
        text.append("none has succeeded yet", style="yellow")
    else:
        text.append(f"last {_span_until(now, passes.last_at)} ago")
        if passes.duration_s is not None:
            text.append(f", took {_span(passes.duration_s)}")
    if passes.running_since is not None:
        text.append(f", one is running for {_span_until(now, passes.running_since)}", style="cyan")
    elif passes.next_at is not None and passes.next_at > now:
        text.append(f", next in {_span_until(passes.next_at, now)}")
    elif passes.next_at is not None:
        text.append(f", next was expected {_span_until(now, passes.next_at)} ago", style="yellow")
    return text


def _sources(sources: SourceTotals, console: Console) -> RenderableType:
    text = Text(f"{sources.total:,}: ")
    states = [(state, count) for state, count in sources.states.items() if count]
    for number, (state, count) in enumerate(states):
        text.append(", " * (number > 0)).append(f"{count:,} {state}", style=_STYLES[state])
    text.append(f"; {sources.due:,} due" if states else "none")
    if sources.late:
        text.append(", ").append(f"{sources.late:,} late by up to {_span(sources.lag_s)}", style=_WRONG)
    lines: list[RenderableType] = [text, _bar(dict(states), console)]
    names = [_printable(trouble.name) for trouble in sources.worst]
    widest = min(_NAME_WIDTH, max(map(cell_len, names), default=0))
    for name, trouble in zip(names, sources.worst, strict=True):
        line = Text(set_cell_size(name, widest), no_wrap=True, overflow="ellipsis")
        lines.append(line.append(f"  {_trouble(trouble)}", style="red").append(_reason(trouble), style=_DIM))
    return Group(*lines)


def _trouble(trouble: Trouble) -> str:
    late = f"late {_span(trouble.late_s)}" if trouble.late_s else ""
    failures = f"failed {trouble.failures} x" if trouble.failures else ""
    return ", ".join(filter(None, (late, failures)))


def _reason(trouble: Trouble) -> str:
    return f"  {_printable(trouble.error)}" if trouble.error else ""


def _bar(states: Mapping[str, int], console: Console) -> Text:
    """Return the share of each state; the smallest is one cell wide."""
    total, text = sum(states.values()), Text(no_wrap=True, overflow="crop")
    cell = "#" if console.options.ascii_only else "━"
    for state, count in states.items():
        text.append(cell * max(1, round(_BAR_WIDTH * count / total)), style=_STYLES[state])
    return text


def _queue(queue: QueueState, now: datetime) -> Text:
    jobs = ", ".join(f"{count:,} {task} {state}" for (task, state), count in sorted(queue.jobs.items()) if count)
    text = Text(jobs or "empty")
    if queue.oldest_at is not None:
        text.append(f"; the first waits for {_span_until(now, queue.oldest_at)}")
    return text


def _service(service: ServiceFacts, now: datetime) -> Text:
    text = Text()
    if service.stopped is not None:
        text.append("stopped", style=_WRONG)
    else:
        text.append("on" if service.is_enabled else "off", style="green" if service.is_enabled else _DIM)
    found = service.deliveries
    if found is None:
        return text.append(", never used", style=_DIM) if service.is_enabled else text
    text.append(f", {found.waiting:,} waiting")
    if found.oldest_at is not None:
        text.append(f", the first for {_span_until(now, found.oldest_at)}")
    text.append("\n")
    for number, (name, counts) in enumerate((("last hour", found.last_hour), ("last day", found.last_day))):
        text.append("; " * (number > 0)).append(f"{name}: {counts.get('sent', 0):,} sent")
        text.append(", ").append(f"{counts.get('failed', 0):,} failed", style="red" if counts.get("failed") else "")
    if found.in_doubt or found.failed:
        text.append(f"\n{found.in_doubt:,} in doubt, {found.failed:,} failed: they wait for a person", style=_WRONG)
    if found.errors:
        errors = ", ".join(f"{count:,} {_printable(kind)}" for kind, count in sorted(found.errors.items()))
        text.append(f"\nerrors of the last hour: {errors}", style="yellow")
    return text


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def _span_until(late: datetime, early: datetime) -> str:
    return _span(max(0.0, (late - early) / timedelta(seconds=1)))


def _span(seconds: float) -> str:
    """Return a time in its largest unit, rounded down: "3 h"."""
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def _size(count: int) -> str:
    for unit, size in _SIZES:
        if count >= size:
            return f"{count / size:.1f} {unit}" if count < 10 * size else f"{count // size:,} {unit}"
    return _counted(count, "byte")


def _printable(text: str) -> str:
    """Return text of others without what a terminal would obey."""
    return "".join(char if char.isprintable() else "?" for char in text)

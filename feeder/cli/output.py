"""Output of commands: coloured on a terminal, plain lines in a pipe, JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from feeder.model import Entry, entry_to_dict
from feeder.query.tokens import visible_text

if TYPE_CHECKING:
    from feeder.cli.check import CheckResult
    from feeder.incoming.origin import Origin
    from feeder.ingest import Preview
    from feeder.log import Progress as ReportProgress
    from feeder.store import Results, Store
    from feeder.update import UpdateReport

_MAX_NAMED = 10  # paths of a kind that are printed
_MATCH = "bold yellow"
DIM = "dim"
_SHOWN = (
    "link", "published", "updated", "authors", "credits", "categories", "language", "content", "source", "links",
    "rights", "id", "key", "first_seen_at",
)  # fmt: skip


def json_lines(store: "Store", entries: Iterable[Entry]) -> Iterator[str]:
    """Yield each entry as one line of JSON: key, fields, and `origin`: where it was read from."""
    for entry in entries:
        addresses = [origin.address for origin in store.entries.origins(entry.id)]
        origins = {"origin": addresses[0] if addresses else None, "origins": addresses}
        yield json_text({"key": entry.key, **entry_to_dict(entry), **origins}) + "\n"


def json_text(value: object) -> str:
    """Return a value as JSON on one line, in ASCII unless standard output is UTF-8."""
    return json.dumps(value, ensure_ascii=not (sys.stdout.encoding or "").lower().startswith("utf"))


def print_entries(entries: Sequence[Entry]) -> None:
    """Print one line per entry: key, time (UTC), title, source."""
    console = new_console()
    for entry in entries:
        console.print(_line(entry, Text(entry.title)))


def print_hits(results: "Results") -> None:
    """Print the hits of a search, each with the matching passage, and their total."""
    console = new_console()
    for hit in results.hits:
        console.print(_line(hit.entry, _highlighted(hit.title)))
        console.print(Text("    ").append_text(_highlighted(hit.snippet)))
    more = "more than " if results.more else ""
    new_console(stderr=True).print(f"{more}{count_entries(results.total)} found", style=DIM)
    if not results.complete:
        new_console(stderr=True).print("the search index is being built; results may be missing", style=DIM)


def print_entry(entry: Entry, origins: Sequence["Origin"]) -> None:
    """Print an entry: each field with where it was read from, the text, and what was cut."""
    console = new_console()
    fields = {"key": entry.key, **entry_to_dict(entry)}
    text = visible_text(entry.content)
    fields |= {
        "content": f"{len(text):,} characters" if text else "none",
        "id": entry.id if entry.id != entry.link else "",
    }
    console.print(_with_place(Text(entry.title, style="bold"), entry.read_from.get("title")))
    for name in _SHOWN:
        if fields[name]:
            console.print(_with_place(_field(name, _value(fields[name])), entry.read_from.get(name)))
    for number, origin in enumerate(origins):
        console.print(_field("also found at" if number else "read from", f"{origin.address} ({origin.source})"))
    for medium in entry.media:
        console.print(_field(medium.kind, medium.url))
    console.print()
    console.print(Text(text))
    if entry.cut:
        console.print()
    for block in entry.cut:
        console.print(Text(f"cut  {block}", style=DIM))


def count_entries(count: int) -> str:
    """Return a number of entries as text, such as "1 entry"."""
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def print_report(report: "UpdateReport", *, as_json: bool) -> None:
    """Print what a pass did: one line per source, one for the site and one for its copy."""
    if as_json:
        for source in report.sources:
            print(json_text(source.as_dict()))
        return
    console = new_console()
    for source in report.sources:
        console.print(str(source))
        counts = source.other_kinds
        if len(source.failed) > len(source.reasons):
            counts = source.reasons | counts
        for kind, number in counts.items():
            console.print(Text(f"{number:>8} × {kind}", style=DIM))
        if source.other_files:
            _print_detail(console, source.other_files)
        if source.pictures_elsewhere:
            _print_detail(console, source.pictures_elsewhere)
        _print_pairs(console, source.without_pictures)
        _print_pairs(console, source.incomplete)
        _print_dates(console, source.unread_dates)
    for part in (report.pictures, report.site, report.objects):
        if part is not None:
            console.print(str(part))


def _print_dates(console: Console, dates: Sequence[tuple[str, str]]) -> None:
    _print_pairs(console, [(path, f"date not understood: {text}") for path, text in dates])


def _print_pairs(console: Console, pairs: Sequence[tuple[str, str]]) -> None:
    """Print the first paths, with what there is to say of each."""
    for path, text in pairs[:_MAX_NAMED]:
        _print_detail(console, f"{path}: {text}")
    if (more := len(pairs) - _MAX_NAMED) > 0:
        _print_detail(console, f"… and {more:,} more; --json lists all")


def _print_detail(console: Console, text: str) -> None:
    console.print(Text(f"{'':10}{text}", style=DIM))


def print_previews(previews: Iterable["Preview"], *, as_json: bool) -> None:
    """Print what a pass would read: one line per source, then the first paths of each kind."""
    console = new_console()
    for preview in previews:
        if as_json:
            print(json_text(preview.as_dict()))
            continue
        console.print(str(preview))
        for state, paths in preview.paths.items():
            for path in paths:
                console.print(Text(f"{state:>10}  ", style=DIM).append(path))
            if (more := preview.counts[state] - len(paths)) > 0:
                console.print(Text(f"{state:>10}  … and {more:,} more", style=DIM))
        _print_dates(console, preview.unread_dates)


def print_check(result: "CheckResult", *, as_json: bool = False) -> None:
    """Print one line of `feeder check`."""
    if as_json:
        print(json_text({"about": result.about, "ok": result.ok, "text": result.text}))
        return
    mark, style = ("ok ", "green") if result.ok else ("BAD", "bold red")
    about = result.about + " " * (14 - cell_len(result.about))
    line = Text().append(mark, style=style).append(f"  {about} ", style=DIM)
    new_console().print(line.append(result.text))


@contextmanager
def progress_bar() -> Iterator["ReportProgress | None"]:
    """Yield a function that shows progress; None if standard error is not a terminal."""
    console = new_console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(task: str, done: int, total: int | None) -> None:
            if task not in tasks:
                tasks[task] = bar.add_task(task, total=total, rate="")
            speed = bar.tasks[tasks[task]].speed
            bar.update(tasks[task], completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")

        yield show


def new_console(*, stderr: bool = False) -> Console:
    """Return a console that uses colours only on a terminal and never breaks lines itself."""
    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, markup=False, soft_wrap=True)


def _field(name: str, value: str) -> Text:
    return Text().append(f"{name:>14}  ", style=DIM).append(value)


def _with_place(field: Text, place: str | None) -> Text:
    """Append where a field was read from, if known."""
    return Text().append_text(field).append(f"  ← {place}", style=DIM) if place else field


def _line(entry: Entry, title: Text) -> Text:
    line = Text().append(f"{entry.key}  {entry.published:%Y-%m-%d %H:%M}  ", style=DIM).append_text(title)
    return line.append(f"  {entry.source.title}", style=DIM)


def _highlighted(fragments: Iterable[Any]) -> Text:
    text = Text()
    for fragment in fragments:
        text.append(fragment.text, style=_MATCH if fragment.match else "")
    return text


def _value(value: Any) -> str:  # noqa: ANN401  any JSON value
    if isinstance(value, dict):
        shown = value.get("name") or value.get("title") or value.get("href")
        rest = [str(part) for name, part in value.items() if part and part != shown and name != "id"]
        return f"{shown} ({', '.join(rest)})" if rest else str(shown)
    if isinstance(value, list):
        return " · ".join(_value(part) for part in value)
    return str(value)

"""Measures accuracy: compares the entries made from a folder of articles with labels written by people.

    python benchmarks/accuracy.py FOLDER LABELS [--wrong]

LABELS has one JSON object per line: `file` (below FOLDER), `title`, `link`, `author`, `published` (a date or datetime;
null if the file has none), `first` and `last` (the article's first and last sentence; null if there is no text),
`noise` (lines that are not part of the article), `skip` (lines between first and last that may be cut). Null fields
are not counted. `--wrong` lists each miss. Nothing is written.
"""

import argparse
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.normalise.printed_dates import parse_printed_date
from feeder.sources.files.article import read_article

_TARGETS = {
    "title": 99.5,
    "link": 99.5,
    "published": 99.0,
    "author": 98.0,
    "nothing left": 99.0,
    "sentences kept": 99.9,
    "no crash": 100.0,
}
_NOW = datetime(2026, 12, 31, tzinfo=UTC)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_SHORT = 6  # characters; a shorter sentence or line may occur by chance

_INVISIBLE = re.compile(
    r"<(script|style|svg|nav|button|form)\b.*?</\1>|<!--.*?-->|!\[(?:[^\[\]]|\[[^\[\]]*\](?:\([^()]*\))?)*\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\]]*\])",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK = re.compile(
    r"</?(?:p|div|br|h\d|li|[uo]l|table|t[rdh]|blockquote|section|article|figure|figcaption|hr|header|footer|main|"
    r"aside|center|time|pre|iframe|video|audio|small|img)\b[^<>]*>",
    re.IGNORECASE,
)
_INLINE = re.compile(r"</?[a-z][a-z:]*\b[^<>]*>")
_NUMBER = re.compile(r"^[#>*_ \t-]*\d+\.[*_ \t]+|^[ \t]*```\w*$")
_HIDDEN = re.compile(r"<span class=[\"'][^\"']*(?:off-screen|hidden)[^<>]*>[^<>]*</span>", re.IGNORECASE)
_FRONT = re.compile(r"\A\s*(?:[-+]{3}\n)?(?:[a-z_]+ *[:=].*\n|[ \t-].*\n)+?[-+]{3}[ \t]*\n", re.IGNORECASE)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?:\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])")
_GLOSSARY = re.compile(r"\[\[[a-z]{2,3}(?:-[a-z]+)?:([^\[\]\n]*)\]\]", re.IGNORECASE)
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:.*$", re.MULTILINE)


@dataclass
class Count:
    """The results of one check over all files."""

    right: int = 0
    total: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, file: str, expected: object, found: object, *, right: bool) -> None:
        """Count one result."""
        self.total += 1
        self.right += right
        if not right:
            self.wrong.append(f"{file}\n      expected {expected}\n      found    {found}")


def main() -> None:
    """Read every labelled file and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--wrong", action="store_true", help="list each miss")
    options = parser.parse_args()
    counts = {name: Count() for name in _TARGETS}
    with options.labels.open(encoding="utf-8") as lines:
        for line in lines:
            _compare(options.folder, json.loads(line), counts)
    for name, count in counts.items():
        share = 100 * count.right / count.total if count.total else 100.0
        verdict = "ok" if share >= _TARGETS[name] else "LOW"
        print(f"{name:16} {count.right:6}/{count.total:<6} {share:7.2f} %   target {_TARGETS[name]:5} %  {verdict}")
        for miss in count.wrong if options.wrong else ():
            print(f"   {miss}")


def _compare(folder: Path, label: dict[str, Any], counts: dict[str, Count]) -> None:
    file = str(label["file"])
    data = (folder / file).read_bytes()
    try:
        entry = normalise(read_article(data, file), now=_NOW)
    except Exception as error:  # noqa: BLE001  every crash is counted
        counts["no crash"].add(file, "an entry", repr(error), right=False)
        return
    counts["no crash"].add(file, "", "", right=True)
    authors = ", ".join(person.name for person in entry.authors)
    for name, found, fold in (("title", entry.title, _squash), ("link", entry.link or "", _folded)):
        if expected := label.get(name):
            counts[name].add(file, expected, found, right=fold(str(expected)) == fold(found))
    if author := label.get("author"):
        counts["author"].add(file, author, authors, right=_same_people(str(author), authors))
    if expected := label.get("published"):
        found = f"{entry.published} ({entry.published_from})"
        counts["published"].add(file, expected, found, right=_same_time(str(expected), entry.published))
    _compare_body(file, label, data, entry, counts)


def _compare_body(file: str, label: dict[str, Any], data: bytes, entry: Entry, counts: dict[str, Count]) -> None:
    lines = [_squash(line) for line in _lines(entry.content)]
    text = "".join(lines)
    noise = [line for line in label["noise"] if len(_squash(line)) >= _SHORT]
    left = [line for line in noise if _squash(line) in lines or (len(_squash(line)) > 20 and _squash(line) in text)]
    counts["nothing left"].add(file, "nothing", left, right=not left)
    if label["first"] is None:
        return
    skip = "".join(map(_squash, label["skip"]))
    title = _squash(entry.title)
    for sentence in _article(data, str(label["first"]), str(label["last"])):
        bare = _squash(sentence)
        if len(bare) >= _SHORT and bare not in skip and bare not in title:
            counts["sentences kept"].add(file, sentence, "not there", right=bare in text)


def _article(data: bytes, first: str, last: str) -> Iterator[str]:
    """Yield the sentences of the file from the first to the last."""
    sentences = [
        part
        for line in _lines(_FRONT.sub("", data.decode("utf-8", "replace").replace("\r\n", "\n")))
        for part in re.split(r"(?<=[。！？!?])", line)
    ]
    folded = [_squash(sentence) for sentence in sentences]
    begin, end = (_squash("".join(_lines(text))) for text in (first, last))
    start = next((i for i, text in enumerate(folded) if begin in text), None)
    ends = [i for i, text in enumerate(folded) if end in text]
    if start is None or not ends:
        raise SystemExit(f"the label does not fit its file: {first!r} … {last!r}")
    yield from sentences[start : max(ends) + 1]


def _lines(text: str) -> list[str]:
    """Return the visible lines of Markdown or HTML: roughly, and without using the project's code."""
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INLINE.sub("", _BLOCK.sub("\n", _HIDDEN.sub("", text)))
    text = html.unescape(html.unescape(_DEFINITION.sub("", text)))
    text = _LINK.sub(r"\1", _GLOSSARY.sub(r"\1", text))
    lines = re.split(r"\n|\\n", text)
    return [_NUMBER.sub("", line) for line in lines if re.search(r"\w", line)]


def _squash(text: str) -> str:
    return re.sub(r"[\W_]+", "", html.unescape(html.unescape(text))).casefold()


def _folded(link: str) -> str:
    link = unquote(unquote(html.unescape(link))).casefold()
    return re.sub(r"/{2,}", "/", re.sub(r"^https?://(?:www\.)?", "", link)).partition("#")[0].rstrip("/")


def _same_people(expected: str, found: str) -> bool:
    return sorted(filter(None, re.split(r"\W+|_", expected.casefold()))) == sorted(
        filter(None, re.split(r"\W+|_", found.casefold()))
    )


def _same_time(expected: str, found: datetime) -> bool:
    moment = parse_printed_date(expected)
    if moment is None:
        raise SystemExit(f"the label's date is invalid: {expected!r}")
    return abs(moment.at - found) < (_MINUTE if moment.has_time else _DAY)


if __name__ == "__main__":
    main()

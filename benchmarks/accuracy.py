"""How right are the entries? Compare what is read from a folder of articles with labels written by people.

    python benchmarks/accuracy.py FOLDER LABELS [--wrong]

LABELS holds one JSON object a line: `file` (below FOLDER), `title`, `link`, `author`, `published` (a day or a
moment; null where the file carries none), `first` and `last` (the article's first and last sentence; null where
there is no text), `noise` (lines that are not the article), `skip` (lines between first and last that may go).
A field that is null is not counted. `--wrong` lists each miss. Nothing is written anywhere.
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
_SHORT = 6  # a sentence or line of fewer characters says too little to be looked for

_GONE = re.compile(
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
_UNSEEN = re.compile(r"<span class=[\"'][^\"']*(?:off-screen|hidden)[^<>]*>[^<>]*</span>", re.IGNORECASE)
_FRONT = re.compile(r"\A\s*(?:[-+]{3}\n)?(?:[a-z_]+ *[:=].*\n|[ \t-].*\n)+?[-+]{3}[ \t]*\n", re.IGNORECASE)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?:\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])")
_GLOSSARY = re.compile(r"\[\[[a-z]{2,3}(?:-[a-z]+)?:([^\[\]\n]*)\]\]", re.IGNORECASE)
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:.*$", re.MULTILINE)


@dataclass
class Count:
    """What came of one question asked of every file."""

    right: int = 0
    total: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, file: str, told: object, found: object, *, right: bool) -> None:
        """Count one answer."""
        self.total += 1
        self.right += right
        if not right:
            self.wrong.append(f"{file}\n      said  {told}\n      found {found}")


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
    except Exception as error:  # noqa: BLE001  whatever it is, it is counted
        counts["no crash"].add(file, "an entry", repr(error), right=False)
        return
    counts["no crash"].add(file, "", "", right=True)
    authors = ", ".join(person.name for person in entry.authors)
    for name, found, fold in (("title", entry.title, _squash), ("link", entry.link or "", _folded)):
        if told := label.get(name):
            counts[name].add(file, told, found, right=fold(str(told)) == fold(found))
    if author := label.get("author"):
        counts["author"].add(file, author, authors, right=_same_people(str(author), authors))
    if told := label.get("published"):
        said = f"{entry.published} ({entry.published_from})"
        counts["published"].add(file, told, said, right=_same_time(str(told), entry.published))
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
    """Yield the sentences from the first to the last, as they stand in the file."""
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
    """Return what a reader sees of Markdown or HTML, line by line: roughly, and with none of the project's code."""
    text = _GONE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INLINE.sub("", _BLOCK.sub("\n", _UNSEEN.sub("", text)))
    text = html.unescape(html.unescape(_DEFINITION.sub("", text)))
    text = _LINK.sub(r"\1", _GLOSSARY.sub(r"\1", text))
    lines = re.split(r"\n|\\n", text)
    return [_NUMBER.sub("", line) for line in lines if re.search(r"\w", line)]


def _squash(text: str) -> str:
    return re.sub(r"[\W_]+", "", html.unescape(html.unescape(text))).casefold()


def _folded(link: str) -> str:
    link = unquote(unquote(html.unescape(link))).casefold()
    return re.sub(r"/{2,}", "/", re.sub(r"^https?://(?:www\.)?", "", link)).partition("#")[0].rstrip("/")


def _same_people(told: str, found: str) -> bool:
    return sorted(filter(None, re.split(r"\W+|_", told.casefold()))) == sorted(
        filter(None, re.split(r"\W+|_", found.casefold()))
    )


def _same_time(told: str, found: datetime) -> bool:
    moment = parse_printed_date(told)
    if moment is None:
        raise SystemExit(f"the label's date is none: {told!r}")
    return abs(moment.at - found) < (_MINUTE if moment.has_time else _DAY)


if __name__ == "__main__":
    main()

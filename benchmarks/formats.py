"""Memory that a large export of each kind takes: python -m benchmarks.formats [MB] [KIND…].

Writes an export of that size (200 MB) of each kind, reads it in a pass into a new store, and prints the peak of that
process and its workers.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.memory import Peak
from feeder.config.load import Config
from feeder.config.settings import FolderSource, StoreConfig
from feeder.ingest import ingest
from feeder.store import Store

_WORDS = "The harbour was closed for two days, and boats waited outside until storm number {} had passed. " * 40
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _text(number: int) -> str:
    return _WORDS.replace("{}", str(number))


def _rss(number: int) -> str:
    return f"<item><title>T{number}</title><link>https://h.example/{number}</link><description>{_text(number)}</description></item>"


def _wordpress(number: int) -> str:
    return (
        f"<item><title>T{number}</title><link>https://h.example/{number}</link><wp:status>publish</wp:status>"
        f"<wp:post_type>post</wp:post_type><content:encoded><![CDATA[<p>{_text(number)}</p>]]></content:encoded></item>"
    )


def _blogger(number: int) -> str:
    return (
        f"<entry><id>tag:blogger.com,1999:blog-1.post-{number}</id><title>T{number}</title>"
        f"<published>2024-01-01T00:00:00Z</published><content type='html'>{_text(number)}</content></entry>"
    )


def _enex(number: int) -> str:
    return f"<note><title>T{number}</title><content><![CDATA[<en-note>{_text(number)}</en-note>]]></content></note>"


def _telegram(number: int) -> str:
    message = {"id": number, "type": "message", "date": "2024-01-01T00:00:00", "text": _text(number)}
    return ("," if number else "") + json.dumps(message)


def _links(number: int) -> str:
    return f"T{number},https://h.example/{number},1704067200,x,{_text(number)}\n"


def _mbox(number: int) -> str:
    return (
        f"From a@h.example Fri Jan  5 10:00:00 2024\nFrom: a@h.example\nSubject: T{number}\nMessage-ID: <{number}@h>\n"
        f"Date: Fri, 05 Jan 2024 10:00:00 +0000\nMIME-Version: 1.0\n\n{_text(number)}\n\n"
    )


def _messages(number: int) -> str:
    return (
        '<div class="message default clearfix"><div class="body">'
        '<div class="pull_right date details" title="01.01.2024 10:00:00 UTC+01:00">10:00</div>'
        f'<div class="from_name">x</div><div class="text">{_text(number)}</div></div></div>\n'
    )


def _bookmarks(number: int) -> str:
    icon = "data:image/png;base64," + "A" * 4000
    return f'<DT><A HREF="https://h.example/{number}" ADD_DATE="1704067200" ICON="{icon}">T{number}</A>\n'


def _ghost(number: int) -> str:
    post = {"id": f"{number}", "title": f"T{number}", "slug": f"t{number}", "status": "published",
            "published_at": "2024-01-01T00:00:00.000Z", "html": f"<p>{_text(number)}</p>"}  # fmt: skip
    return ("," if number else "") + json.dumps(post)


def _entries(number: int) -> str:
    entry = {"id": f"https://h.example/{number}", "title": f"T{number}", "link": f"https://h.example/{number}",
             "content": f"<p>{_text(number)}</p>", "published": "2024-01-01T00:00:00Z", "published_from": "feed",
             "updated": "2024-01-01T00:00:00Z", "first_seen_at": "2024-01-01T00:00:00Z"}  # fmt: skip
    return json.dumps(entry) + "\n"


_WXR = (
    '<?xml version="1.0"?><rss xmlns:wp="http://wordpress.org/export/1.2/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>x</title>'
)
_KINDS: dict[str, tuple[str, str, Callable[[int], str]]] = {
    "feed.xml": ('<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>', "</channel></rss>", _rss),
    "wordpress.xml": (_WXR, "</channel></rss>", _wordpress),
    "blogger.xml": (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><id>tag:blogger.com,1999:x</id>',
        "</feed>",
        _blogger,
    ),
    "notes.enex": ('<?xml version="1.0"?><en-export>', "</en-export>", _enex),
    "result.json": ('{"name": "x", "type": "public_channel", "messages": [', "]}", _telegram),
    "links.csv": ("title,url,time_added,tags,excerpt\n", "", _links),
    "mail.mbox": ("", "", _mbox),
    "messages.html": (
        '<title>Exported Data</title><div class="page_header"><div class="text bold">x</div></div>',
        "</body></html>",
        _messages,
    ),
    "bookmarks.html": ("<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n", "</DL>", _bookmarks),
    "ghost.json": ('{"db": [{"meta": {"version": "5"}, "data": {"posts": [', "]}}]}", _ghost),
    "entries.jsonl": ("", "", _entries),
}


def _parts(kind: str, size: int) -> Iterator[str]:
    start, end, item = _KINDS[kind]
    yield start
    written = number = 0
    while written < size:
        part = item(number)
        written += len(part)
        number += 1
        yield part
    yield end


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("megabytes", type=int, nargs="?", default=200)
    parser.add_argument("kinds", nargs="*", metavar="kind", help=f"of {', '.join(_KINDS)} (default: all)")
    arguments = parser.parse_args()
    for kind in arguments.kinds:
        if kind not in _KINDS:
            parser.error(f"{kind!r}: no such kind; known: {', '.join(_KINDS)}")
    if len(arguments.kinds) == 1:
        _measure(arguments.kinds[0], arguments.megabytes * 1_000_000)
        return
    for kind in arguments.kinds or _KINDS:  # each in a new process, without the memory of those before
        subprocess.run([sys.executable, "-m", "benchmarks.formats", str(arguments.megabytes), kind], check=True)


def _measure(kind: str, size: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "in"
        folder.mkdir()
        with (folder / kind).open("w", encoding="utf-8") as file:
            file.writelines(_parts(kind, size))
        source = FolderSource(name="x", folder=folder, max_bytes=2_000_000_000)
        url = f"sqlite:///{temporary}/s.db"
        config = Config(sources=(source,), store=StoreConfig(url=url, search=Path(temporary) / "s.db.search"))
        peak = Peak()
        with Store.open(url) as store:
            [report] = ingest(config, store, now=_NOW)
        memory = peak.stop()
        print(f"{kind:14} {memory.own_mb:5.0f} MB here, {memory.all_mb:5.0f} MB with workers: {report}", flush=True)


if __name__ == "__main__":
    main()

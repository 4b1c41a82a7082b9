"""Reads all feeds of a published site with programs that people read feeds with, and compares what each of them read.

    python -m benchmarks.readers PUBLIC [--modules NODE_MODULES]

PUBLIC is the folder of the site, which is served on loopback. newsboat (Debian) gets the Atom and RSS feeds. With a
`node_modules` in which `npm install rss-parser feedsmith` was run, both read them too, feedsmith also JSON Feed. What
differs from what feedparser read of ids, links, titles, dates and enclosures is printed; the program fails if anything
does.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
from calendar import timegm
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import feedparser

from feeder.publish.crawlers import SITEMAP_PATH, SITEMAPS_FOLDER

_SCRIPT = """
const [program, folder, ...paths] = process.argv.slice(1);
const {readFileSync} = require("fs");
const text = value => value == null ? "" : typeof value == "string" ? value : value.value ?? value._ ?? "";
const time = value => value ? Math.floor(Date.parse(value) / 1000) : 0;
const RSS = require("rss-parser");
const readers = {
  "rss-parser": async document => (await new RSS().parseString(document)).items.map(item => [
    item.guid ?? item.id, item.link, text(item.title), time(item.pubDate), item.enclosure?.url,
  ]),
  feedsmith: async document => {
    const {format, feed} = require("feedsmith").parseFeed(document);
    return (feed.items ?? feed.entries ?? []).map(item => [
      format == "rss" ? item.guid.value : item.id,
      format == "atom" ? item.links.find(link => !link.rel || link.rel == "alternate").href : item.link ?? item.url,
      text(item.title), time(item.pubDate ?? item.published ?? item.date_published),
      format == "atom" ? item.links.find(link => link.rel == "enclosure")?.href
        : item.enclosures?.[0]?.url ?? item.attachments?.[0]?.url,
    ]);
  },
};
(async () => {
  for (const path of paths) {
    try {
      console.log(JSON.stringify([path, await readers[program](readFileSync(`${folder}/${path}`, "utf8"))]));
    } catch (error) {
      console.log(JSON.stringify([path, String(error)]));
    }
  }
})();
"""


class Read(NamedTuple):
    """What a program read of an entry; the time in seconds. `enclosure` is the address of one, for feedparser of all.

    newsboat reads the last one and no pictures, rss-parser none of Atom's.
    """

    id: str
    link: str
    title: str
    published: int
    enclosure: str | None


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def feeds_of(public: Path, *endings: str) -> list[str]:
    """Return the paths of the feeds below a folder."""
    found = [path.relative_to(public) for ending in endings for path in public.rglob(f"*.{ending}")]
    return sorted(
        path.as_posix()
        for path in found
        if SITEMAPS_FOLDER not in path.parts and path.as_posix() != SITEMAP_PATH and not path.name.startswith(".")
    )


def by_feedparser(document: bytes) -> list[Read]:
    feed = feedparser.parse(document, sanitize_html=False)
    assert not feed.bozo, feed.bozo_exception
    return [
        Read(
            entry.id,
            entry.link,
            unescape(entry.title) if entry.title_detail.type == "text/html" else entry.title,
            timegm(entry.published_parsed),
            " ".join([one.href for one in entry.enclosures] + [one["url"] for one in entry.get("media_content", ())]),
        )
        for entry in feed.entries
    ]


def by_newsboat(public: Path, paths: list[str]) -> Iterator[tuple[str, list[Read] | str]]:
    """Yield what newsboat has in its cache after it loaded all feeds."""
    with serve(public) as address:
        for path in paths:
            # A cache of its own for each feed: it has an entry of several feeds but once.
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                (folder / "urls").write_text(f"{address}{quote(path)}\n", "utf-8")
                (folder / "config").write_text("max-items 0\n", "utf-8")
                files = [
                    f"-{option}{folder / file}" for option, file in (("u", "urls"), ("c", "cache"), ("C", "config"))
                ]
                subprocess.run(["newsboat", *files, "-x", "reload"], check=True, capture_output=True)
                with closing(sqlite3.connect(folder / "cache")) as cache:
                    rows = cache.execute("SELECT guid, url, title, pubDate, enclosure_url FROM rss_item").fetchall()
                yield path, [Read(guid, url, title, moment, media or None) for guid, url, title, moment, media in rows]


def by_node(program: str, public: Path, paths: list[str], modules: Path) -> Iterator[tuple[str, list[Read] | str]]:
    command = ["node", "-e", _SCRIPT, "--", program, str(public), *paths]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"NODE_PATH": str(modules.resolve())}
    )
    for line in done.stdout.splitlines():
        path, found = json.loads(line)
        yield path, found if isinstance(found, str) else [Read(*values) for values in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("public", type=Path)
    parser.add_argument("--modules", type=Path)
    arguments = parser.parse_args()
    public: Path = arguments.public
    in_xml, in_json = feeds_of(public, "xml", "rss"), feeds_of(public, "json")
    expected = {path: by_feedparser((public / path).read_bytes()) for path in in_xml}
    for path in in_json:
        expected[path] = expected.get(path.replace(".json", ".rss"), expected.get(path.replace(".json", ".xml"), []))
    read = {"newsboat": by_newsboat(public, in_xml)}
    if arguments.modules is not None:
        read["rss-parser"] = by_node("rss-parser", public, in_xml, arguments.modules)
        read["feedsmith"] = by_node("feedsmith", public, [*in_xml, *in_json], arguments.modules)
    is_different = False
    for program, feeds in read.items():
        entries, differences = 0, Counter[str]()
        count = 0
        for path, found in feeds:
            count += 1
            for kind, what in compare(expected[path], found):
                if not differences[kind]:
                    print(f"  {program}, {path}: {kind}: {what}")
                differences[kind] += 1
            entries += len(found) if isinstance(found, list) else 0
        print(f"{program}: {count} feeds, {entries} entries, differences: {dict(differences) or 'none'}", flush=True)
        is_different = is_different or bool(differences)
    sys.exit(1 if is_different else 0)


def compare(expected: list[Read], found: list[Read] | str) -> Iterator[tuple[str, str]]:
    """Yield what differs, as the kind of difference and an example."""
    if isinstance(found, str):
        yield "not read", found
        return
    if len(found) != len(expected):
        yield "entries", f"{len(found)} instead of {len(expected)}"
    by_id = {entry.id: entry for entry in found}
    for entry in expected:
        if (other := by_id.get(entry.id)) is None:
            yield "id", entry.id
            continue
        for field in Read._fields[1:]:
            ours, theirs = getattr(entry, field), getattr(other, field)
            if not is_same(field, ours, theirs):
                yield field, f"{theirs!r} instead of {ours!r}"


def is_same(field: str, ours: str | int | None, theirs: str | int | None) -> bool:
    """Whether two programs read the same; one may keep a title as HTML, and leave out enclosures."""
    if isinstance(ours, str) and isinstance(theirs, str) and field == "title":
        return ours.split() in (theirs.split(), unescape(theirs).split())
    if isinstance(ours, str) and field == "enclosure":
        return theirs is None or theirs in ours.split()
    if isinstance(ours, int) and isinstance(theirs, int):
        return (ours - theirs) % 2**32 == 0  # newsboat counts what was before 1970 from 2106 on
    return ours == theirs


if __name__ == "__main__":
    main()

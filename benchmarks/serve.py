"""Compares `feeder serve` with nginx on the same main feed, and measures searches; `searches.py` does by kind.

    python -m benchmarks.serve [COUNT] [--keep FOLDER] [--workers N]

Needs nginx and wrk. COUNT articles (100,000 by default, of the sentences of the seeds) are saved into a store, which
`--keep` keeps in a folder and reuses; the feed of the newest 50 is published. nginx has one worker process and wrk one
thread; both servers are measured in turn, three times each, and the median counts. All run on the same processors, so
the ratios are of use, not the rates.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from urllib.parse import quote

import httpx

from benchmarks.drawn import draw
from benchmarks.recombined import Articles
from benchmarks.search import SEEDS, build, open_store
from feeder.config.settings import SiteConfig
from feeder.publish.feeds import EVERYTHING, make_feed
from feeder.publish.formats import ATOM, Rendering, render_feed
from feeder.publish.html import pages

_ROUNDS = 3
_SECONDS = 3
_CONNECTIONS = 16
_QUERIES = 50
_FEED = EVERYTHING.path(ATOM)
_GZIP = {"Accept-Encoding": "gzip"}
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; sendfile on; gzip_static on; types {{ application/atom+xml xml; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/public; }}
}}
"""
_NGINX_PORT = 18080
# Requests each address of a file in turn; wrk sends one address only by itself.
SCRIPT = """
local addresses = {}
for line in io.lines("%s") do addresses[#addresses + 1] = line end
local next = 0
request = function() next = next %% #addresses + 1; return wrk.format("GET", addresses[next]) end
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program}: not installed")
    with nullcontext(arguments.keep) if arguments.keep else tempfile.TemporaryDirectory() as name:
        folder = Path(name).absolute() / f"{arguments.count}-with-database"
        articles = Articles(SEEDS, arguments.count)
        build(folder, articles, database=True)
        publish_feed(folder)
        with run_nginx(folder) as theirs, run_feeder(folder, arguments.workers) as (ours, _):
            compare_feed(ours, theirs)
            measure_searches(folder, ours, articles)


def publish_feed(folder: Path) -> None:
    """Write the main feed as a pass does, and its compressed form for nginx."""
    site = SiteConfig(url="http://127.0.0.1:8000/")
    how = Rendering(page_url=lambda entry: site.url + pages.entry_path(entry.key))
    with open_store(folder) as store:
        entries = store.entries.latest(site.entries_per_feed)
    feed = render_feed(ATOM, make_feed(site, EVERYTHING, ATOM, empty_since=datetime.now(UTC)), entries, how)
    (folder / "public").mkdir(exist_ok=True)
    (folder / "public" / _FEED).write_bytes(feed)
    subprocess.run(["gzip", "-kf9", folder / "public" / _FEED], check=True)
    print(f"main feed of {len(feed) / 1000:.0f} KB, {_CONNECTIONS} connections")


@contextmanager
def run_nginx(folder: Path) -> Iterator[str]:
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=_NGINX_PORT), "utf-8")
    with subprocess.Popen(["nginx", "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{_NGINX_PORT}/"
        finally:
            process.terminate()


@contextmanager
def run_feeder(folder: Path, workers: int) -> Iterator[tuple[str, int]]:
    """Serve a folder; yield the address and the number of the process."""
    (folder / "config.toml").write_text(
        f'[site]\noutput = "public"\n[web]\nport = 0\nworkers = {workers}\n'
        '[store]\nurl = "sqlite:///feeder.db"\nsearch = "index"\n',
        "utf-8",
    )
    command = [sys.executable, "-m", "feeder", "--config", str(folder / "config.toml"), "serve"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"serving (\S+)", line)
        if found is None:
            sys.exit(line)
        try:
            yield found[1], process.pid
        finally:
            process.terminate()


def compare_feed(ours: str, theirs: str) -> None:
    """Print the rates of the main feed, whole and unchanged, and how many times faster nginx is."""
    kinds: list[tuple[str, float, Callable[[str], dict[str, str]]]] = [
        ("200", 4, lambda _: {}),
        ("200 gzip", 4, lambda _: _GZIP),
        (
            "304",
            6,
            lambda address: {"If-None-Match": httpx.get(address, headers={"Accept-Encoding": ""}).headers["etag"]},
        ),
    ]
    for name, target, headers in kinds:
        rates: dict[str, list[float]] = {ours: [], theirs: []}
        for _ in range(_ROUNDS):
            for server in (theirs, ours):
                address = server + _FEED
                rates[server].append(run_wrk(address, headers(address)))
        nginx, feeder = (statistics.median(rates[server]) for server in (theirs, ours))
        ratio = f"{nginx / feeder:.1f} times   (target ≤ {target})"
        print(f"  {name:10} nginx {nginx:8,.0f}/s   feeder {feeder:8,.0f}/s   {ratio}", flush=True)


def measure_searches(folder: Path, ours: str, articles: Articles) -> None:
    """Print the rates of searches made anew, answered from memory, and unchanged."""
    queries = [query for group in draw(articles, 10) for query in group.queries]
    chosen = Random(0).sample(queries, min(_QUERIES, len(queries)))
    for path in (pages.SEARCH_PATH, pages.SEARCH_FEED_PATH):
        addresses = [f"/{path}?q={quote(query)}" for query in chosen]
        with httpx.Client(base_url=ours) as client:
            spent = [client.get(address).elapsed.total_seconds() for address in addresses]
            tag = client.get(addresses[0]).headers["etag"]
        print(f"  /{path}, {articles.count:,} entries, {len(addresses)} queries")
        print(f"    made anew {1 / statistics.mean(spent):8,.0f}/s one at a time")
        (folder / "addresses.txt").write_text("\n".join(addresses), "utf-8")
        (folder / "each.lua").write_text(SCRIPT % (folder / "addresses.txt"), "utf-8")
        rate = run_wrk(ours, {}, script=folder / "each.lua")
        print(f"    kept      {rate:8,.0f}/s   (target ≥ 300/s)")
        print(f"    304       {run_wrk(ours + addresses[0][1:], {'If-None-Match': tag}):8,.0f}/s", flush=True)


def run_wrk(address: str, headers: dict[str, str], script: Path | None = None) -> float:
    """Return requests per second; fails if an answer is an error."""
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{_SECONDS}", *(["-s", str(script)] if script else [])]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    out = subprocess.run([*command, address], check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in out, out
    found = re.search(r"Requests/sec:\s*([\d.]+)", out)
    assert found is not None, out
    return float(found[1])


if __name__ == "__main__":
    main()

"""Measures the search page by kind of query: made anew, and kept.

    .venv/bin/python -m benchmarks.searches [COUNT…] [--keep FOLDER] [--each N]

COUNT articles (100,000 by default, of the sentences of the seeds) are saved into a store, which `--keep` keeps in a
folder and reuses, and `feeder serve` answers on it. Each query is asked four times, in ever more parentheses, so that
no answer is kept; the first time, which finds the index cold, does not count. *page* is the processor time of the
server for a request, in ms, which other programs on the machine hardly change; *index* is that of finding the newest
20 in the index, without a database or a page, in the same run. Rates of kept answers need wrk.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx

from benchmarks.drawn import draw
from benchmarks.recombined import LAST, Articles
from benchmarks.search import SEEDS, build, open_store
from benchmarks.serve import SCRIPT, run_feeder, run_wrk
from benchmarks.timing import percentile
from feeder.publish.html.pages import SEARCH_PATH
from feeder.query import parse_query
from feeder.store.search.index import Index, current_folder
from feeder.store.search.search import Search

ROUNDS = 4
TARGETS = {"anew": 50, "kept": 300}  # ms of processor time at the 99th percentile; answers a second


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("counts", type=int, nargs="*", default=[100_000])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--each", type=int, default=10)
    arguments = parser.parse_args()
    with nullcontext(arguments.keep) if arguments.keep else tempfile.TemporaryDirectory() as name:
        for count in arguments.counts:
            folder = Path(name).absolute() / f"{count}-with-database"
            articles = Articles(SEEDS, count)
            build(folder, articles, database=True)
            measure(folder, articles, arguments.each)


def draw_kinds(articles: Articles, each: int) -> dict[str, list[dict[str, str]]]:
    """Return requests of each kind, as parameters of the search page."""
    groups = {group.name: list(group.queries) for group in draw(articles, each)}
    common, words = groups["2 characters, common"], groups["two words"]
    source, category = articles.entry(1).source.title, next(iter(articles.entry(1).categories), "天气")
    texts = {
        "one character": groups["1 character, common"],
        "common word": common,
        "rare word": groups["2 characters, rare"],
        "three characters": groups["3 characters, common"],
        "phrase": groups["phrase of 6 to 12, common"],
        "Latin word": groups["Latin word, common"],
        "two words": words,
        "either": groups["either of two words"],
        "exclusion": groups["a word without another"],
        "source": [f'{text} source:"{source}"' for text in common],
        "category": [f'{text} #"{category}"' for text in common],
        "dates": [f"{text} after:2015-03 before:2016-07-09" for text in common],
        "no result": [f"quenbury{number} {text}" for number, text in enumerate(common)],
    }
    kinds = {name: [{"q": text} for text in queries] for name, queries in texts.items()}
    kinds["best first"] = [{"q": text, "order": "best"} for text in common]
    kinds["deep page"] = [{"q": text, "page": "50"} for text in common]
    return kinds


def measure(folder: Path, articles: Articles, each: int) -> None:
    kinds = draw_kinds(articles, each)
    alone = {name: time_index(folder, [one["q"] for one in requests]) for name, requests in kinds.items()}
    (folder / "public").mkdir(exist_ok=True)
    print(f"{articles.count:,} entries; ms of processor time")
    print(f"  {'':18}{'page p50':>9}{'p99':>8}{'/s':>7}{'index p50':>11}{'p99':>8}{'ratio':>7}")
    with run_feeder(folder, 1) as (address, process):
        pages = {name: time_pages(address, process, requests) for name, requests in kinds.items()}
        for name, times in [*pages.items(), ("all", [spent for kind in pages.values() for spent in kind])]:
            index = alone.get(name) or [spent for kind in alone.values() for spent in kind]
            cells = [percentile(sorted(values), share) * 1000 for values in (times, index) for share in (0.5, 0.99)]
            rate, ratio = 1 / statistics.mean(times), statistics.mean(times) / statistics.mean(index)
            print(
                f"  {name:18}{cells[0]:9.1f}{cells[1]:8.1f}{rate:7.0f}{cells[2]:11.2f}{cells[3]:8.2f}{ratio:7.1f}",
                flush=True,
            )
        print(f"  {'target':18}{'':9}{TARGETS['anew']:8}")
        if shutil.which("wrk") is None:
            sys.exit("wrk: not installed")
        addresses = [
            f"/{SEARCH_PATH}?{urlencode(one, quote_via=quote)}" for requests in kinds.values() for one in requests
        ]
        (folder / "addresses.txt").write_text("\n".join(addresses), "utf-8")
        (folder / "each.lua").write_text(SCRIPT % (folder / "addresses.txt"), "utf-8")
        rate = run_wrk(address, {}, script=folder / "each.lua")
        print(f"  these in turn, most of them kept: {rate:,.0f}/s   (target ≥ {TARGETS['kept']}/s)", flush=True)


def time_pages(address: str, process: int, requests: list[dict[str, str]]) -> list[float]:
    """Return the seconds of processor time that the server takes for each request, the median of the rounds."""
    clock = ~process << 3 | 2  # of another process: clock_getcpuclockid(3)
    times: list[list[float]] = [[] for _ in requests]
    with httpx.Client(base_url=address, headers={"Accept-Encoding": "gzip"}) as client:
        for number in range(ROUNDS):
            for spent, request in zip(times, requests, strict=True):
                asked = {**request, "q": f"{'(' * number}{request['q']}{')' * number}"}
                start = time.clock_gettime(clock)
                client.get(f"/{SEARCH_PATH}", params=asked).raise_for_status()
                spent.append(time.clock_gettime(clock) - start)
    return [statistics.median(rounds[1:]) for rounds in times]


def time_index(folder: Path, queries: list[str]) -> list[float]:
    """Return the seconds of processor time that the index takes for the newest of each query."""
    with open_store(folder) as store:
        store.search.follow()
    place = current_folder(folder / "index")
    assert place is not None
    search = Search(Index.open(place))
    times: list[list[float]] = [[] for _ in queries]
    for _ in range(ROUNDS):
        for spent, text in zip(times, queries, strict=True):
            query = parse_query(text)
            start = time.process_time()
            search.find(query, now=LAST, limit=20)
            spent.append(time.process_time() - start)
    return [statistics.median(rounds[1:]) for rounds in times]


if __name__ == "__main__":
    main()

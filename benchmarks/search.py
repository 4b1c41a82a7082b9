"""Measures search on synthetic archives and prints each figure with its target.

    .venv/bin/python benchmarks/search.py [COUNT…] [--sentences FOLDER] [--keep FOLDER] [--with-database]
                                          [--rivals] [--plot FILE]

By default 10,000 and 100,000 articles; 1,000,000 take half an hour and 9 GB. They are recombined from the sentences of
a folder of articles, by default the seeds, in which few words are rare. The index is built by the store's own code, on
one thread that computes terms and one that writes, next to an empty database: searches go through the store and find
numbers without rows. With `--with-database` the articles are saved too, results have snippets, and suggestions and
related articles are timed. `--keep` keeps what was built in a folder and reuses it. `--rivals` compares with the other
search engines that are installed, up to 100,000 articles (rivals.py).

The build rate is by processor time. Searches are timed in a separate process, in three ways: *cold*, the first run of
each query after the index was dropped from the page cache; *warm*, the median of three more; and by processor time,
which is what an idle machine would show.
"""

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.drawn import Group, draw
from benchmarks.plot import Point, draw_plot
from benchmarks.recombined import LAST, PLANTED, Articles
from benchmarks.rivals import compare
from benchmarks.timing import ALL, StageTimes, time_queries
from feeder.incoming.batch import Batch
from feeder.incoming.entry import prepare
from feeder.incoming.origin import Origin
from feeder.model import Entry
from feeder.query import parse_query, searchable_text
from feeder.query.periods import PLACES, first_position
from feeder.query.terms import Row, terms_of
from feeder.query.tokens import plain
from feeder.store import Store
from feeder.store.search.index import Index, IndexPosition, make_current, new_folder
from feeder.store.search.search import Order

LIMIT = 20  # a page of results
EVERYTHING = 1 << 60
EACH = 50  # queries per group
BATCH = 500
STAGES = ("making", "reading", "terms")  # apart from writing
COMMIT = 20_000
TARGETS: dict[Order, float] = {"newest": 20, "best": 50}  # milliseconds at the 99th percentile
MAX_FOR_RIVALS = 100_000  # articles
FACETS = 50  # queries to count facets for
MIN_MISSPELT = 4  # letters; shorter words are not misspelt
SEEDS = Path(__file__).parent.parent / "seeds"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("counts", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--sentences", type=Path, default=SEEDS)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--with-database", action="store_true")
    parser.add_argument("--rivals", action="store_true")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.search is not None:
        print(json.dumps(run_searches(arguments.search)))
        return
    with nullcontext(arguments.keep) if arguments.keep else tempfile.TemporaryDirectory() as name:
        points = [
            measure(
                Path(name),
                Articles(arguments.sentences, count),
                database=arguments.with_database,
                rivals=arguments.rivals,
            )
            for count in arguments.counts
        ]
    if arguments.plot is not None:
        arguments.plot.write_text(draw_plot(points, TARGETS), "utf-8")


def measure(home: Path, articles: Articles, *, database: bool, rivals: bool) -> Point:
    folder = home / f"{articles.count}{'-with-database' if database else ''}"
    built = build(folder, articles, database=database)
    print_build(articles, built)
    groups = draw(articles, EACH)
    (folder / "queries.json").write_text(json.dumps(groups), "utf-8")
    command = [sys.executable, __file__, "--search", str(folder)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print_searches(articles, groups, found)
    if rivals and articles.count <= MAX_FOR_RIVALS:
        compare(articles, folder / "index", groups, built)
    return Point(articles.count, {order: found["spreads"][order][ALL] for order in TARGETS})


# --- building --------------------------------------------------------------------------------------------------------


def build(folder: Path, articles: Articles, *, database: bool) -> dict[str, float]:
    """Build an index in a folder unless it exists; return the time of each stage and the size."""
    figures = folder / "built.json"
    if not figures.exists():
        folder.mkdir(parents=True, exist_ok=True)
        spent, start = StageTimes(), time.process_time()
        (save if database else write)(folder, batches(articles, spent), spent)
        spent["writing"] = time.process_time() - start - sum(spent.get(stage, 0.0) for stage in STAGES)
        figures.write_text(json.dumps(spent | {"size": size_of(folder / "index")}), "utf-8")
    built: dict[str, float] = json.loads(figures.read_text("utf-8"))
    return built


def batches(articles: Articles, spent: StageTimes) -> Iterator[list[Entry]]:
    entries = iter(articles)
    while True:
        with spent.measure("making"):
            batch = list(islice(entries, BATCH))
            spent.add("bytes", sum(len(searchable_text(entry).encode()) for entry in batch))
        if not batch:
            return
        yield batch


def write(folder: Path, entry_batches: Iterable[list[Entry]], spent: StageTimes) -> None:
    """Write articles into the index of a store whose database stays empty."""
    with open_store(folder) as store:
        position = IndexPosition(store.database.get_note("store") or "", 0)
    index = Index.create(new_folder(folder / "index"), position.store)
    done = 0
    with index.writer(many=True) as writer:
        for batch in entry_batches:
            with spent.measure("reading"):
                texts = [plain(searchable_text(entry)) for entry in batch]
            with spent.measure("terms"):
                terms = [terms_of(entry, text) for entry, text in zip(batch, texts, strict=True)]
            numbered = enumerate(zip(batch, terms, strict=True), start=done + 1)
            writer.put(
                Row(number, first_position(entry.published) + number % PLACES, term, known=False)
                for number, (entry, term) in numbered
            )
            done += len(batch)
            if done % COMMIT == 0:
                writer.commit(position)
        writer.commit(position)
    make_current(index.folder)


def save(folder: Path, entry_batches: Iterable[list[Entry]], spent: StageTimes) -> None:
    """Save articles in a store, which indexes them at the same time."""
    with open_store(folder) as store, store.search.following():
        for batch in entry_batches:
            with spent.measure("terms"):
                incoming = [prepare(Origin("benchmark", entry.id), entry) for entry in batch]
            store.take([Batch(source="benchmark", incoming=incoming)])


def open_store(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder / 'feeder.db'}", search=folder / "index")


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def print_build(articles: Articles, built: dict[str, float]) -> None:
    count, database = articles.count, (", saved" if "reading" not in built else "")
    print(f"{count:,} articles of {built['bytes'] / count / 1000:.1f} KB of text", flush=True)
    each = {stage: built[stage] / count * 1000 for stage in ("reading", "terms", "writing") if stage in built}
    stages = ", ".join(f"{stage} {ms:.2f} ms" for stage, ms in each.items())
    print(f"  built          {1000 / sum(each.values()):8,.0f}/s by one core: {stages}{database}   (target ≥ 2,000/s)")
    print(f"  without reading{1000 / (each['terms'] + each['writing']):8,.0f}/s")
    print(f"  size           {built['size'] / built['bytes']:8.2f} times the text   (target ≤ 1.5)")


# --- searching, in a separate process --------------------------------------------------------------------------------


def run_searches(folder: Path) -> dict[str, Any]:
    """Run all queries on the store in a folder and return the figures."""
    groups: list[tuple[str, list[str]]] = json.loads((folder / "queries.json").read_text("utf-8"))
    spreads = {}
    for order in TARGETS:
        gc.collect()  # pages that are still mapped are not dropped
        drop_page_cache(folder)
        with open_store(folder) as store:
            spreads[order] = time_queries(groups, partial(page, store, order))
    with open_store(folder) as store:
        for order in TARGETS:
            time_queries(groups, partial(page, store, order), rounds=1)
        every = [text for _, queries in groups for text in queries]
        facets = time_queries([(ALL, every[:: max(1, len(every) // FACETS)])], partial(facets_of, store))[ALL]
        assists = time_assists(store, every) if store.entries.count() else {}
        status = Path("/proc/self/status").read_text("utf-8")
        planted = [(p.word, total(store, p.word), total(store, p.latin)) for p in PLANTED]
    memory = {kind: int(kb) / 1024 for kind, kb in re.findall(r"Rss(Anon|File):\s+(\d+) kB", status)}
    return {"spreads": spreads, "facets": facets, "assists": assists, "memory": memory, "planted": planted}


def time_assists(store: Store, every: Sequence[str]) -> dict[str, list[float]]:
    """Time suggestions and the like, which need the articles in the database."""
    words = [text for text in every if text.isalnum()][:: max(1, len(every) // EACH)]
    misspelt = [f"{text[:2]}{text[3:]}" for text in words if text.isascii() and len(text) > MIN_MISSPELT]
    keys = [entry.key for entry in store.entries.latest(EACH)]
    calls: dict[str, tuple[Sequence[str], Callable[[str], object]]] = {
        "suggestions": ([text[: (len(text) + 1) // 2] for text in words], store.search.suggest),
        "did you mean": (misspelt, lambda text: store.search.did_you_mean(parse_query(text))),
        "related": (keys, store.search.related),
    }
    return {name: time_queries([(ALL, texts)], call)[ALL] for name, (texts, call) in calls.items() if texts}


def page(store: Store, order: Order, text: str) -> None:
    store.search.find(parse_query(text), limit=LIMIT, order=order, now=LAST)


def facets_of(store: Store, text: str) -> None:
    store.search.find(parse_query(text), limit=0, now=LAST, with_facets=True)


def total(store: Store, text: str) -> int:
    return store.search.find(parse_query(text), limit=1, total_cap=EVERYTHING, now=LAST).total


def drop_page_cache(folder: Path) -> None:
    """Drop the files in a folder from the system's page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def print_searches(articles: Articles, groups: list[Group], found: dict[str, Any]) -> None:
    print(f"  {'':28}         {'newest first, ms':^35} {'best first, ms':^35}")
    columns = f"{'cold p50':>7}{'p99':>7}{'warm p50':>9}{'p99':>6}{'cpu':>6}"
    print(f"  {'':28} queries {columns} {columns}")
    sizes = {group.name: len(group.queries) for group in groups}
    for name in [*sizes, ALL]:
        if name in found["spreads"]["newest"]:
            number = sizes.get(name) or len({query for group in groups for query in group.queries})
            cells = [
                "".join(
                    f"{ms:{width}.{0 if ms >= 100 else 1}f}" for ms, width in zip(spread, (7, 8, 8, 7, 6), strict=True)
                )
                for spread in (found["spreads"][order][name] for order in TARGETS)
            ]
            print(f"  {name:28} {number:7} {' '.join(cells)}")
    print(f"  {'target, p99':28} {'':7} {TARGETS['newest']:>29} {TARGETS['best']:>36}")
    print(f"  facets: p50 {found['facets'][2]:.1f} ms, p99 {found['facets'][3]:.1f} ms")
    for name, spread in found["assists"].items():
        print(f"  {name}: p50 {spread[2]:.1f} ms, p99 {spread[3]:.1f} ms, {spread[4]:.1f} ms of processor time")
    memory = found["memory"]
    print(
        f"  memory         {sum(memory.values()):8.0f} MB: {memory['Anon']:.0f} its own, {memory['File']:.0f} of files"
        "   (target < 200 MB)"
    )
    for planted, (word, *totals) in zip(PLANTED, found["planted"], strict=True):
        expected = planted.occurrences(articles.count)
        assert totals == [expected, expected], f"{word}: {totals}, not {expected}"
    print("  planted words found in exactly the articles that contain them", flush=True)


if __name__ == "__main__":
    main()

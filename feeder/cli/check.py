"""`feeder check`: checks everything a run needs, one line each, and says what to do about problems."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import starmap
from urllib.parse import urlsplit

from feeder.catalogue.departed import departed_sources
from feeder.catalogue.known import active_sources
from feeder.catalogue.status import explain_error, iter_states
from feeder.cli.output import count_entries, progress_bar
from feeder.config.load import Config
from feeder.config.settings import LOOPBACK, FolderSource
from feeder.config.values import AFTER_INGEST
from feeder.errors import ConfigError, FeederError, PublishError, ServiceError, StoreMissingError
from feeder.health import find_problem
from feeder.ingest.hubs import check_subscriptions, websub_problem
from feeder.inspection import inspect
from feeder.objects.bucket import Bucket
from feeder.publish.output.folder import check_writable
from feeder.schedule import parse_trigger
from feeder.service import find_stopped, iter_services
from feeder.status.queue import read_queue
from feeder.store import Store
from feeder.store.locks import stopped


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check: its subject, whether it passed, and one line about it."""

    about: str
    ok: bool
    text: str


def check(config: Config) -> Iterator[CheckResult]:
    """Yield results for the configuration, each source, the store, the output folder and each service."""
    yield CheckResult("configuration", ok=True, text=str(config.file or "defaults; `feeder init` writes a file"))
    yield from _check_schedule(config)
    yield from _check_sources(config)
    yield from _check_store(config)
    yield _check_output(config)
    yield from _check_objects(config)
    yield _check_address(config)
    yield from _check_metrics(config)
    if problem := websub_problem(config):
        yield CheckResult("websub", ok=False, text=problem)


def check_deep(config: Config, *, repair: bool) -> Iterator[CheckResult]:
    """Yield what is found when store, index, pictures and published files are compared, and what was repaired.

    Raises:
        PassRunningError: a pass is running; with `repair`, `feeder run` is.
        StoreError: the store cannot be opened.
    """
    with stopped(config.store.url) if repair else nullcontext():
        yield from _compare(config, repair=repair)


def _compare(config: Config, *, repair: bool) -> Iterator[CheckResult]:
    with Store.open(config.store.url, search=config.store.search, create=False) as store, progress_bar() as progress:
        yield from (CheckResult(*result) for result in inspect(config, store, repair=repair, progress=progress))


def _check_schedule(config: Config) -> Iterator[CheckResult]:
    for setting, when in (("ingest", config.schedule.ingest), ("publish", config.schedule.publish)):
        key = f"schedule.{setting}"
        try:
            if when != AFTER_INGEST:
                parse_trigger(when, key=key)
        except ConfigError as error:
            yield CheckResult("schedule", ok=False, text=str(error))
        else:
            yield CheckResult("schedule", ok=True, text=f"{setting}: {when}")


def _check_sources(config: Config) -> Iterator[CheckResult]:
    for source in config.sources:
        about = f"source {source.name}"
        if not isinstance(source, FolderSource):
            continue
        if not source.folder.is_dir():
            yield CheckResult(about, ok=False, text=f"{source.folder} is not a folder; fix sources.folder")
            continue
        try:
            count = sum(1 for _ in source.folder.iterdir())
        except OSError as error:
            yield CheckResult(about, ok=False, text=f"{source.folder} cannot be read: {error.strerror}")
            continue
        text = f"{source.folder}: {count:,} {'item' if count == 1 else 'items'} at the top level"
        yield CheckResult(about, ok=True, text=text)


def _check_store(config: Config) -> Iterator[CheckResult]:
    try:
        with Store.open(config.store.url, search=config.store.search, create=False) as store:
            problem = find_problem(config, store, now=datetime.now(UTC))
            yield CheckResult(
                "store",
                ok=True,
                text=f"{store.database.url}: {store.entries.count()} entries; {store.database.describe()}",
            )
            yield _check_search(store)
            if problem is not None:
                yield CheckResult("last pass", ok=False, text=problem.reason)
            yield from _check_queue(store)
            yield from _check_pictures(config, store)
            yield from _check_documents(config, store)
            yield from _check_states(config, store)
            yield from _check_departed(config, store)
            yield from starmap(CheckResult, check_subscriptions(store, now=datetime.now(UTC)))
            yield from _check_services(config, store)
    except StoreMissingError as error:
        yield CheckResult("store", ok=True, text=str(error))
        yield from _check_services(config, None)
    except FeederError as error:
        yield CheckResult("store", ok=False, text=str(error))


def _check_queue(store: Store) -> Iterator[CheckResult]:
    queue = read_queue(store)
    if queue is not None:
        counts: Counter[str] = Counter()
        for (_, state), count in queue.jobs.items():
            counts[state] += count
        failed = ", ".join(sorted(task for (task, state), _ in queue.jobs.items() if state == "failed"))
        text = f"{counts['todo']:,} jobs waiting, {counts['doing']:,} running"
        # What still fails is told with the last pass; these stay for a while, to be looked at.
        yield CheckResult("queue", ok=True, text=f"{text}; failed in the last 7 days: {failed}" if failed else text)


def _check_pictures(config: Config, store: Store) -> Iterator[CheckResult]:
    if config.site.images == "mirror":
        counts, room = store.pictures.counts(), config.site.mirror_bytes
        text = (
            f"{counts.fetched:,} copied, {counts.pending:,} to be fetched, {counts.failing:,} to be tried again, "
            f"{counts.gone:,} given up; {counts.bytes:,} of {room:,} bytes (site.mirror_bytes)"
        )
        yield CheckResult("pictures", ok=True, text=text)


def _check_documents(config: Config, store: Store) -> Iterator[CheckResult]:
    names = {source.name for source in active_sources(config, store)} - store.sources.paused().keys()
    for name, document in store.documents.failed():
        if name in names:
            yield CheckResult(f"source {name}", ok=False, text=f"{document.path}: {document.error}")


def _check_states(config: Config, store: Store) -> Iterator[CheckResult]:
    """Yield the state of each remote source, each paused source, and each added source that is not in use."""
    for state in iter_states(config, store, now=datetime.now(UTC)):
        about = f"source {state.name}"
        if state.health in {"hidden", "incompatible"}:
            yield CheckResult(about, ok=state.health == "hidden", text=f"{state.address}: {state.error}")
        elif state.paused_at is not None:
            text = f"{state.address}: paused; `feeder sources resume {state.name}` resumes it"
            yield CheckResult(about, ok=True, text=text)
        elif state.kind != "folder":
            told = explain_error(state) if state.failures else state.hold
            text = state.address if told is None else f"{state.address}: {told}"
            yield CheckResult(about, ok=not state.failures, text=text)


def _check_departed(config: Config, store: Store) -> Iterator[CheckResult]:
    for name, count in departed_sources(config, store).items():
        text = (
            f"no longer configured, {count_entries(count)} still stored; "
            f"`feeder sources remove {name} --with-entries` removes them, "
            f'renamed_from = "{name}" assigns them to another source'
        )
        yield CheckResult(f"source {name}", ok=True, text=text)


def _check_search(store: Store) -> CheckResult:
    try:
        state = store.search.status()
    except FeederError as error:
        return CheckResult("search index", ok=False, text=str(error))
    hint = "the next pass or search updates it, `feeder reindex` does so now"
    if state.followed == state.changes:
        text = "up to date"
    elif state.followed is None:
        text = f"not built yet, or by another version of feeder; {hint}" if state.changes else "not built yet"
    else:
        behind = state.changes - state.followed
        text = f"{behind:,} {'change' if behind == 1 else 'changes'} behind the store; {hint}"
    rebuild = "; a rebuild was interrupted: `feeder reindex` resumes it" if state.is_rebuilding else ""
    return CheckResult("search index", ok=True, text=text + rebuild)


def _check_services(config: Config, store: Store | None) -> Iterator[CheckResult]:
    try:
        services = list(iter_services())
    except ServiceError as error:
        yield CheckResult("service", ok=False, text=str(error))
        return
    for service in services:
        if store is not None and (reason := find_stopped(store, service)) is not None:
            text = f"stopped: {reason}; then restart `feeder run`"
            yield CheckResult(service.name, ok=False, text=text)
        for ok, text in service.check(config, store):
            yield CheckResult(service.name, ok=ok, text=text)


def _check_output(config: Config) -> CheckResult:
    try:
        check_writable(config.site.output)
    except PublishError as error:
        return CheckResult("output", ok=False, text=str(error))
    return CheckResult("output", ok=True, text=str(config.site.output))


def _check_metrics(config: Config) -> Iterator[CheckResult]:
    """Yield who gets metrics, if anybody does."""
    metrics = config.metrics
    who = "everyone who reaches it" if metrics.token is None else "who shows the token"
    if metrics.port is not None:
        yield CheckResult("metrics", ok=True, text=f"for {who} at {metrics.host}, port {metrics.port}")
    elif metrics.token is not None:
        yield CheckResult("metrics", ok=True, text=f"for {who} at the web server")


def _check_objects(config: Config) -> Iterator[CheckResult]:
    for key, url in (("url", config.objects.url), ("snapshots", config.objects.snapshots)):
        if url:
            about = f"objects.{key}"
            try:
                asyncio.run(Bucket(config.objects, url).check())
            except PublishError as error:
                yield CheckResult(about, ok=False, text=str(error))
            else:
                yield CheckResult(about, ok=True, text=f"{url} can be read and written")


def _check_address(config: Config) -> CheckResult:
    if urlsplit(config.site.url).hostname in LOOPBACK:
        text = f"{config.site.url} is reachable from this machine only; set site.url to its public address"
        return CheckResult("site.url", ok=True, text=text)
    return CheckResult("site.url", ok=True, text=config.site.url)

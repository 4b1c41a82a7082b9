"""`feeder check`: looks at everything a run needs and says, a line each, what is well and what to do about the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import starmap
from urllib.parse import urlsplit

from feeder.catalogue.departed import departed_sources
from feeder.catalogue.known import known_sources
from feeder.catalogue.status import iter_states, times
from feeder.config.load import Config
from feeder.config.settings import FolderSource
from feeder.config.values import AFTER_INGEST
from feeder.errors import ConfigError, FeederError, PublishError, ServiceError, StoreMissingError
from feeder.health import find_trouble
from feeder.ingest.hubs import check_subscriptions, websub_problem
from feeder.publish.files import check_writable
from feeder.schedule import parse_trigger
from feeder.service import iter_services
from feeder.store import Store

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at: what it is, whether all is well, and one line about it."""

    about: str
    well: bool
    text: str


def check(config: Config) -> Iterator[CheckResult]:
    """Yield a finding for the configuration, each source, the store, the output folder, and each service."""
    yield CheckResult("configuration", well=True, text=str(config.file or "embedded; `feeder init` writes a file"))
    yield from _check_schedule(config)
    yield from _check_sources(config)
    yield from _check_store(config)
    yield _check_output(config)
    yield _check_address(config)
    if problem := websub_problem(config):
        yield CheckResult("websub", well=False, text=problem)


def _check_schedule(config: Config) -> Iterator[CheckResult]:
    for setting, when in (("ingest", config.schedule.ingest), ("publish", config.schedule.publish)):
        key = f"schedule.{setting}"
        try:
            if when != AFTER_INGEST:
                parse_trigger(when, key=key)
        except ConfigError as error:
            yield CheckResult("schedule", well=False, text=str(error))
        else:
            yield CheckResult("schedule", well=True, text=f"{setting}: {when}")


def _check_sources(config: Config) -> Iterator[CheckResult]:
    for source in config.sources:
        about = f"source {source.name}"
        if not isinstance(source, FolderSource):
            continue
        if not source.folder.is_dir():
            yield CheckResult(about, well=False, text=f"{source.folder} is not a folder; fix sources.folder")
            continue
        try:
            number = sum(1 for _ in source.folder.iterdir())
        except OSError as error:
            yield CheckResult(about, well=False, text=f"{source.folder} cannot be read: {error.strerror}")
            continue
        yield CheckResult(about, well=True, text=f"{source.folder}, {number} files and folders at its top")


def _check_store(config: Config) -> Iterator[CheckResult]:
    try:
        with Store.open(config.store.url, search=config.store.search, create=False) as store:
            trouble = find_trouble(config, store, now=datetime.now(UTC))
            yield CheckResult(
                "store",
                well=True,
                text=f"{store.database.url}: {store.entries.count()} entries; {store.database.describe()}",
            )
            yield _check_search(store)
            if trouble is not None:
                yield CheckResult("last pass", well=False, text=trouble.reason)
            yield from _check_documents(config, store)
            yield from _check_states(config, store)
            yield from _check_departed(config, store)
            yield from starmap(CheckResult, check_subscriptions(store, now=datetime.now(UTC)))
            yield from _check_services(config, store)
    except StoreMissingError as error:
        yield CheckResult("store", well=True, text=str(error))
        yield from _check_services(config, None)
    except FeederError as error:
        yield CheckResult("store", well=False, text=str(error))


def _check_documents(config: Config, store: Store) -> Iterator[CheckResult]:
    names = {source.name for source in known_sources(config, store)} - store.sources.paused().keys()
    for name, document in store.documents.failed():
        if name in names:
            yield CheckResult(f"source {name}", well=False, text=f"{document.path}: {document.error}")


def _check_states(config: Config, store: Store) -> Iterator[CheckResult]:
    """Yield how each remote source is, each one that is paused, and each that the store keeps and nothing reads."""
    for state in iter_states(config, store, now=datetime.now(UTC)):
        about = f"source {state.name}"
        if state.health in {"hidden", "incompatible"}:
            yield CheckResult(about, well=state.health == "hidden", text=f"{state.address}: {state.error}")
        elif state.paused_at is not None:
            text = f"{state.address}: paused; `feeder sources resume {state.name}` ends that"
            yield CheckResult(about, well=True, text=text)
        elif state.kind != "folder":
            text = f"{state.address}: {state.error}{times(state.failures)}" if state.failures else state.address
            if state.health == "gone":
                text += f"; remove it, or let `feeder ingest {state.name}` ask once more"
            yield CheckResult(about, well=not state.failures, text=text)


def _check_departed(config: Config, store: Store) -> Iterator[CheckResult]:
    for name, count in departed_sources(config, store).items():
        entries = f"{count:,} {'entry' if count == 1 else 'entries'}"
        text = (
            f"no longer configured; its {entries} stay: `feeder sources remove {name} --with-entries` removes them, "
            f'renamed_from = "{name}" gives them to another source'
        )
        yield CheckResult(f"source {name}", well=True, text=text)


def _check_search(store: Store) -> CheckResult:
    try:
        state = store.search.state()
    except FeederError as error:
        return CheckResult("search index", well=False, text=str(error))
    rest = "the next pass or search goes on with it, `feeder reindex` at once"
    if state.followed == state.changes:
        text = f"has followed all {state.changes} changes of the store"
    elif state.followed is None:
        text = f"none that can be used yet, or of another form; {rest}" if state.changes else "none yet"
    else:
        text = f"{state.changes - state.followed} changes behind the store; {rest}"
    half_made = "; another one is half-made: `feeder reindex` finishes it" if state.half_made else ""
    return CheckResult("search index", well=True, text=text + half_made)


def _check_services(config: Config, store: Store | None) -> Iterator[CheckResult]:
    try:
        services = list(iter_services())
    except ServiceError as error:
        yield CheckResult("service", well=False, text=str(error))
        return
    for service in services:
        for well, text in service.check(config, store):
            yield CheckResult(service.name, well=well, text=text)


def _check_output(config: Config) -> CheckResult:
    try:
        check_writable(config.site.output)
    except PublishError as error:
        return CheckResult("output", well=False, text=str(error))
    return CheckResult("output", well=True, text=str(config.site.output))


def _check_address(config: Config) -> CheckResult:
    if urlsplit(config.site.url).hostname in LOOPBACK:
        text = f"{config.site.url} reaches this machine only; set site.url to the public address before you share it"
        return CheckResult("site.url", well=True, text=text)
    return CheckResult("site.url", well=True, text=config.site.url)

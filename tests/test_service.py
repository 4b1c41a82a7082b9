"""Services on many machines: one runs, the others stand by."""

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from feeder.config.load import Config
from feeder.errors import ServiceError
from feeder.service import run_alone
from feeder.store import Store

if TYPE_CHECKING:
    from feeder.service import Service


class Spy:
    """A service that runs until it is told to end, and knows how many of its kind run."""

    name = "spy"
    running: list["Spy"]

    def __init__(self, running: list["Spy"]) -> None:
        self.running = running
        self.started, self.end = asyncio.Event(), asyncio.Event()

    async def run(self, _config: Config, _store: Store) -> None:
        self.running.append(self)
        self.started.set()
        try:
            await self.end.wait()
        finally:
            self.running.remove(self)


def start(spy: Spy, store: Store) -> asyncio.Task[None]:
    return asyncio.create_task(run_alone(cast("Service", spy), Config(), store, check_s=0.05))


def test_one_runs_and_another_takes_over_when_it_ends(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "feeder")

    async def scenario() -> None:
        running: list[Spy] = []
        first, second = Spy(running), Spy(running)
        tasks = [start(first, store)]
        await first.started.wait()
        tasks.append(start(second, store))
        while "stands by" not in caplog.text:  # noqa: ASYNC110  a log line sets no event
            await asyncio.sleep(0.02)
        assert running == [first]
        tasks[0].cancel()
        await second.started.wait()
        assert running == [second]
        second.end.set()
        await tasks[1]
        assert running == []

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert "spy: this process runs it now" in caplog.text


def test_it_stops_when_the_lock_is_lost_and_then_runs_again(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = store.database.lock("service-spy")
    monkeypatch.setattr(store.database, "lock", lambda _name: lock)

    async def scenario() -> None:
        spy = Spy([])
        task = start(spy, store)
        await spy.started.wait()
        spy.started.clear()
        await asyncio.to_thread(lock.release)  # as if the connection were lost
        await spy.started.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert not lock.is_held()
    assert "spy: stopped: the database no longer answers" in caplog.text


@pytest.mark.parametrize("error", [ServiceError("broken: mend it"), KeyError("mend it")])
def test_its_error_is_passed_on_and_the_lock_given_back(store: Store, error: Exception) -> None:
    class Broken(Spy):
        async def run(self, _config: Config, _store: Store) -> None:
            raise error

    with pytest.raises(type(error), match="mend it"):
        asyncio.run(run_alone(cast("Service", Broken([])), Config(), store))
    lock = store.database.lock("service-spy")
    assert lock.acquire()
    lock.release()

"""Fixtures of the bot's tests: a Bot API server, a store with the bot's tables, a clock that tests control."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self

import pytest
from sqlalchemy import inspect

from bot import tables
from bot.app import TelegramService
from bot.connecting import WatchedBot, make_bot
from bot.delivery.chats import Channel, find_subscriptions, read_channels, sync_channels
from bot.delivery.edits import Editor
from bot.delivery.pace import Pace
from bot.delivery.sender import Sender
from bot.delivery.withdrawals import withdraw
from bot.planning import planner
from feeder import ChannelConfig, Config, Store, TelegramConfig
from feeder.incoming.origin import Origin
from feeder.words import ENGLISH
from tests.bot.api import BotApi
from tests.bot.unsynced import open_store
from tests.entries import make_entry
from tests.postgresql import Databases
from tests.saving import save

if TYPE_CHECKING:
    from bot.delivery.posting import Fetch

NO_LIMITS = Pace(per_chat_s=0, per_group_minute=10**6, overall_per_second=10**6)
START = datetime(2026, 1, 1, tzinfo=UTC)
CHAT = -1001

_PATIENCE_S = 15.0


class Clock:
    """A clock that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi() as server:
        server.add_chat(CHAT)
        yield server


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """An empty SQLite store that does not wait for the disk."""
    with open_store(sqlite_url) as opened:
        yield opened


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, on each database in turn, that does not wait for the disk."""
    with open_store(store_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def bot_databases(postgresql_server: str) -> Databases:
    """Databases that are empty stores with the bot's tables."""

    def prepare(url: str) -> None:
        with Store.open(url) as store:
            create_tables(store)

    return Databases(postgresql_server, "bot", prepare)


@pytest.fixture
def postgresql_url(bot_databases: Databases) -> Iterator[str]:
    """The URL of an empty PostgreSQL store with the bot's tables."""
    with bot_databases.lend() as url:
        yield url


@pytest.fixture
def bot_store(sqlite_store: Store) -> Store:
    return create_tables(sqlite_store)


@pytest.fixture
def each_store(store: Store) -> Store:
    """The store on each database in turn, with the bot's tables."""
    return create_tables(store)


@pytest.fixture
def unused_store(store: Store) -> Store:
    """A store, on each database in turn, that the bot has never used."""
    with store.database.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {tables.VERSION_TABLE}")
    return store


def create_tables(store: Store) -> Store:
    """Create the bot's tables, if missing, as the migrations do (a test compares them), but in a tenth of the time."""
    with store.database.begin() as connection:
        if inspect(connection).has_table(tables.VERSION_TABLE):
            return store
        tables.metadata.create_all(connection)
        connection.exec_driver_sql(f"CREATE TABLE {tables.VERSION_TABLE} (version_num VARCHAR(32) NOT NULL)")
        connection.exec_driver_sql(f"INSERT INTO {tables.VERSION_TABLE} VALUES ('0003')")
    return store


def add_entries(store: Store, *numbers: int, **changes: object) -> None:
    """Save test entries; the higher the number, the later it was published."""
    save(
        store,
        [
            (
                Origin("made up", f"{number}.md"),
                make_entry(number, title=f"title {number}", published=START + timedelta(minutes=number), **changes),
            )
            for number in numbers
        ],
    )


def channels(*chats: int | str, **settings: object) -> tuple[Channel, ...]:
    made = [ChannelConfig.model_validate({"chat": str(chat), "recent": 0, **settings}) for chat in chats or (CHAT,)]
    return read_channels(made)


def plan_posts(store: Store, numbers: range, channels: tuple[Channel, ...]) -> None:
    """Store the channels, add entries, and plan posts of them."""
    planner.plan(store, sync_channels(store, channels), START)
    add_entries(store, *numbers)
    planner.plan(store, find_subscriptions(store, channels), START)


class Harness:
    """Runs a sender against the server and a store."""

    def __init__(self, api: BotApi, store: Store, clock: Callable[[], datetime], channels: tuple[Channel, ...]) -> None:
        self.slept: list[float] = []
        self.channels = channels
        self.clock = clock
        self.store = store
        self.api_url = api.url
        self.token = api.token
        self.pace = NO_LIMITS
        self.call_timeout_s = 5.0
        self.sender: Sender | None = None
        self.withdraws = True
        self.fetch: Fetch | None = None
        self.edit_days = 0
        self.page_of: Callable[[str], str | None] = lambda _query: None

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def run(self, work: Callable[[Sender], "asyncio.Future[None] | object"]) -> None:
        """Run `work`, a coroutine function, with a sender whose bot is connected."""

        async def inner() -> None:
            bot = make_bot(TelegramConfig.model_validate({"token": self.token, "api_url": self.api_url}))
            await bot._request[0].initialize()  # the HTTP client alone: getMe would count as a call
            bot._requests_initialized = True
            self.sender = Sender(
                bot,
                self.store,
                find_subscriptions=lambda: find_subscriptions(self.store, self.channels),
                words=ENGLISH,
                site_url="https://site.example/",
                page_of=self.page_of,
                withdraw=partial(withdraw, bot, self.store, self.clock) if self.withdraws else None,
                edit=self._editor(bot) if self.edit_days else None,
                fetch=self.fetch,
                pace=self.pace,
                now=self.clock,
                sleep=self._sleep,
                call_timeout_s=self.call_timeout_s,
            )
            try:
                await work(self.sender)  # type: ignore[misc]  # a coroutine, as its name says
            finally:
                await bot.shutdown()

        asyncio.run(asyncio.wait_for(inner(), _PATIENCE_S))  # shorter than the library's own timeouts

    def _editor(self, bot: WatchedBot) -> Editor:
        return Editor(
            bot=bot,
            store=self.store,
            words=ENGLISH,
            site_url="https://site.example/",
            days=self.edit_days,
            pace=self.pace,
            now=self.clock,
        )

    def drain(self, *, until: datetime | None = None) -> None:
        """Send everything that can be sent; the clock jumps from one due time to the next, up to `until`."""

        async def work(sender: Sender) -> None:
            clock = self.clock
            assert isinstance(clock, Clock)
            end = until or clock.now + timedelta(days=2)
            while sender.refusal is None:
                due = await sender.start_calls()
                if sender.in_flight:
                    await asyncio.wait(sender.in_flight)
                elif sender._wake.is_set():  # a call has ended meanwhile: what is due may be of before that
                    sender._wake.clear()
                elif due is None or due > end:
                    return
                else:
                    clock.now = max(clock.now, due)

        self.run(work)


@pytest.fixture
def make_harness(api: BotApi, each_store: Store, clock: Clock) -> Callable[..., Harness]:
    """Make a harness for some channels, on each database in turn."""

    def make(*chats: int | str, store: Store = each_store, **settings: object) -> Harness:
        return Harness(api, store, clock, channels(*chats, **settings))

    return make


def count_states(store: Store) -> dict[str, int]:
    """Count the deliveries by state."""
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT state, count(*) FROM bot_deliveries GROUP BY state")
        return dict(tuple(row) for row in rows)


class Running:
    """The whole service, running in its own thread."""

    def __init__(self, config: Config, store: Store, *, pace: Pace = NO_LIMITS, notice_s: float = 0.05) -> None:
        self.error: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(TelegramService(pace=pace, notice_s=notice_s).run(config, store))
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._task)
        except BaseException as error:  # noqa: BLE001  the test checks it
            self.error = error
        for left in asyncio.all_tasks(self._loop):  # as `asyncio.run` ends what waits for a Telegram that never answers
            left.cancel()
            self._loop.run_until_complete(asyncio.wait([left]))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self.join()

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


def settings(api: BotApi, *chats: int | str, **more: object) -> Config:
    """A configuration for the server; `more` are settings of its channels."""
    listed = [{"chat": str(chat), "recent": 0, **more} for chat in chats]
    telegram = {"token": api.token, "api_url": api.url, "channels": listed, "admins": [77], "poll": "1s"}
    return Config(telegram=TelegramConfig.model_validate(telegram))

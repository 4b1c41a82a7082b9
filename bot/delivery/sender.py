"""The sender: claims deliveries from the outbox, makes one call for each claim, and settles it with the outcome.

`refusals` knows what each of Telegram's errors means for a post. The outbox says when a delivery is due; the sender
waits until then, or until it is time to plan, or for the end of a call: by the event loop's clock, which never jumps.
It has no state that must survive.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from telegram import Bot
from telegram.error import TelegramError

from bot.delivery import outbox
from bot.delivery.chats import Subscription
from bot.delivery.outbox import CallOutcome, Claim, Form
from bot.delivery.pace import Pace
from bot.delivery.posting import Fetch, fetch_uploads, first_forms, send
from bot.delivery.refusals import classify_error
from bot.messages import Text
from bot.planning import planner
from bot.planning.digests import read_digest
from feeder import ChannelConfig, Entry, ServiceError, Store, StoreError, entry_key
from feeder.words import Words

MAX_IN_FLIGHT = 8  # httpx's pool costs CPU in the square of this
CALL_TIMEOUT_S = 30.0  # below the outbox's lease, so that a call ends before its lease does
STOP_S = 3.0  # how long calls may still take when the sender stops
_SETTLE_S = 2.0  # and how long it may take to save their outcomes
_SETTLE_WAITS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_MIN_WAIT_S = 0.05

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


class Sender:
    """Sends the planned posts until it is cancelled or the token is rejected.

    `find_subscriptions` returns the current subscriptions; `words` is the language of posts, `site_url` the address of
    the site, which has some of their pictures, and `page_of` returns that of the page with all that a query finds. It
    plans every `plan_every_s` seconds. `withdraw` is called each time, before planning, and then `edit`; None leaves
    the posts of removed and changed entries. `fetch` gets pictures that Telegram cannot.
    """

    def __init__(
        self,
        bot: Bot,
        store: Store,
        *,
        find_subscriptions: Callable[[], Sequence[Subscription]],
        words: Words,
        site_url: str,
        page_of: Callable[[str], str | None] = lambda _query: None,
        withdraw: Callable[[], Awaitable[None]] | None = None,
        edit: Callable[[], Awaitable[None]] | None = None,
        fetch: Fetch | None = None,
        plan_every_s: float = 20.0,
        pace: Pace = Pace(),  # noqa: B008  frozen: a value, not a state
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        call_timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self.in_flight: set[asyncio.Task[None]] = set()
        self.refusal: str | None = None
        self._bot = bot
        self._store = store
        self._find_subscriptions = find_subscriptions
        self._words, self._site_url = words, site_url
        self._zone = str(words.zone)
        self._page_of = page_of
        self._withdraw = withdraw
        self._edit, self._fetch = edit, fetch
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._call_timeout_s = call_timeout_s
        self._plan_every_s = plan_every_s
        self._plan_at = 0.0  # by the loop's clock
        self._mine: set[str] = set()  # the tokens of claims that are not settled yet
        self._limits: dict[str, asyncio.Timeout] = {}  # of the calls being made, by the claim's token
        self._wake = asyncio.Event()

    def tick(self) -> None:
        """Plan posts of new entries at once."""
        self._plan_at = 0.0
        self._wake.set()

    def halt(self, reason: str) -> None:
        """Make no more calls: the token is rejected."""
        self.refusal = self.refusal or reason
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; calls in flight are settled first, and get `STOP_S` seconds for that.

        Raises:
            ServiceError: Telegram rejects the token.
        """
        try:
            while self.refusal is None:
                try:
                    due = await self.start_calls()
                except StoreError as error:
                    _log.warning("%s; retrying soon", error)
                    due = None
                await self._wait(due)
        finally:
            await self._stop()
        raise token_error()

    async def _stop(self) -> None:
        """End the calls in flight: the outcome of one that takes longer is unknown."""
        self._call_timeout_s = min(self._call_timeout_s, STOP_S)
        end = asyncio.get_running_loop().time() + STOP_S
        for limit in self._limits.values():
            limit.reschedule(min(end, limit.when() or end))
        if self.in_flight:
            _, late = await asyncio.wait(self.in_flight, timeout=STOP_S + _SETTLE_S)
            for task in late:
                task.cancel()

    async def start_calls(self) -> datetime | None:
        """Plan if it is time, start every call that may be made now, and return when the next is due.

        None: not before it is time to plan again, or the end of a call in flight.
        """
        if (now := asyncio.get_running_loop().time()) >= self._plan_at:
            self._plan_at = now + self._plan_every_s
            if self._withdraw is not None:
                await self._withdraw()
            if self._edit is not None:
                await self._edit()
            await asyncio.to_thread(self._plan)
        room = MAX_IN_FLIGHT - len(self.in_flight)
        if room <= 0 or self.refusal is not None:
            return None
        claim = partial(outbox.claim, mine=tuple(self._mine), zone=self._zone)
        claiming = asyncio.ensure_future(asyncio.to_thread(claim, self._store, self._now(), room, self._pace))
        try:
            self._start(await asyncio.shield(claiming))
        except asyncio.CancelledError:
            self._start(await claiming)  # the claims are committed: unsent they would become `unknown`
            raise
        return await asyncio.to_thread(outbox.next_due, self._store, self._now())

    def _start(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._mine.add(claim.token)
            task = asyncio.create_task(self._deliver(claim))
            self.in_flight.add(task)
            task.add_done_callback(self._on_done)

    def _plan(self) -> None:
        planner.plan(self._store, self._find_subscriptions(), self._now(), self._zone, self._find_forms)

    def _find_forms(self, entry: Entry, config: ChannelConfig) -> tuple[Form, ...]:
        return first_forms(entry, config, self._words, self._site_url)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self.in_flight.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Our bug: the lease expires, and the delivery becomes `unknown`.
            _log.error("sending a post failed", exc_info=error)

    async def _wait(self, due: datetime | None) -> None:
        wait_s = self._plan_at - asyncio.get_running_loop().time()
        if due is not None:
            wait_s = min(wait_s, (due - self._now()).total_seconds())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait_s, _MIN_WAIT_S)):
                await self._wake.wait()
        self._wake.clear()

    async def _deliver(self, claim: Claim) -> None:
        try:
            outcome = await self._attempt(claim)
            if outcome.result == "halt":
                self.halt(outcome.reason or "")
            elif outcome.result != "sent":
                why = outcome.reason or outcome.wait or outcome.moved_to
                _log.warning("%s: %s: %s", claim.chat, outcome.result, why)
            await self._settle(claim, outcome)
        finally:
            self._mine.discard(claim.token)

    async def _attempt(self, claim: Claim) -> CallOutcome:
        content = await asyncio.to_thread(self._read_content, claim)
        if content is None:
            return CallOutcome(result="dropped", reason="what it is about is no longer in the store")
        end = asyncio.get_running_loop().time() + self._call_timeout_s  # a claim's lease covers fetching and sending
        uploads = await fetch_uploads(claim, content, self._site_url, self._words, self._fetch)
        try:
            async with asyncio.timeout_at(end) as self._limits[claim.token]:
                sent = await send(self._bot, claim, content, self._words, site_url=self._site_url, uploads=uploads)
        except (TelegramError, TimeoutError) as error:
            return classify_error(error, claim.form)
        finally:
            del self._limits[claim.token]
        return CallOutcome(result="sent", message=sent.message, form=sent.form, album=sent.album, shown=sent.shown)

    def _read_content(self, claim: Claim) -> Entry | Text | None:
        """Return the entry of a post or the text of a digest; None if it has left the store."""
        if claim.kind == "digest":
            return read_digest(self._store, claim.delivery, self._words, self._page_of)
        return next(iter(self._store.entries.get_many([entry_key(claim.entry)])), None)

    async def _settle(self, claim: Claim, outcome: CallOutcome) -> None:
        """Save the outcome; retry while the store is busy, since a lost outcome can lead to a duplicate post."""
        for wait_s in _SETTLE_WAITS_S:
            await self._sleep(wait_s)
            try:
                await asyncio.to_thread(outbox.settle, self._store, claim, outcome, self._now(), self._pace)
            except StoreError as error:
                _log.warning("%s: the outcome of a post (%s) is not saved yet: %s", claim.chat, outcome.result, error)
            else:
                return


def token_error() -> ServiceError:
    """Return the error for a rejected token; it does not show the token."""
    return ServiceError(
        "telegram.token: rejected by Telegram; copy it again from @BotFather (and check telegram.api_url)",
    )

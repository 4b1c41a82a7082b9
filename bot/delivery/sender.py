"""The sender: claims deliveries from the outbox, makes one call for each claim, and settles it with the outcome.

Only `classify_error` knows what each of Telegram's errors means for a post. The outbox says when a delivery is due; the
sender waits until then, or until a tick of the clock or the end of a call. It has no state that must survive.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.delivery import outbox
from bot.delivery.chats import Subscription
from bot.delivery.outbox import CallOutcome, Claim, Form
from bot.delivery.pace import Pace
from bot.delivery.posting import Fetch, fetch_uploads, first_forms, send, shown_as, wants_upload
from feeder import ChannelConfig, Entry, ServiceError, Store, StoreError
from feeder.words import Words

MAX_IN_FLIGHT = 8  # httpx's pool costs CPU in the square of this
CALL_TIMEOUT_S = 30.0  # well below the outbox's lease, so that a call ends before its lease does
_SETTLE_WAITS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_MIN_WAIT_S = 0.05

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_CLIENT_ERROR = re.compile(r"\(4\d\d\)(\.|$)")  # how the library reports a status that has no exception class
_TOO_MANY = "Too Many Requests"  # a 429 without `retry_after`
_CHAT_IS_GONE = re.compile(
    r"chat not found|not enough rights|have no rights|need administrator rights|administrator rights required"
    r"|chat_write_forbidden|chat_restricted|chat_admin_required|peer_id_invalid|user_is_blocked|user not found"
    r"|group chat was deactivated|bot is not a member|channel_private|chat_send_\w{1,40}_forbidden",
    re.IGNORECASE,
)
_TOPIC_IS_GONE = re.compile(r"message thread not found|topic_(closed|deleted|id_invalid)", re.IGNORECASE)
_ENTITIES = re.compile(r"parse (message ?)?entit|entity_|entities_", re.IGNORECASE)

_log = logging.getLogger(__name__)


def classify_error(error: Exception, form: Form) -> CallOutcome:  # noqa: PLR0911  one return per outcome
    """Return what an error of a call means for its post. Pure.

    A 4xx or a failure to connect means that nothing was sent. Anything else is `unknown`: a timeout, a broken
    connection, a 5xx, an invalid response.
    """
    reason = f"{type(error).__name__}: {error}"
    match error:
        case RetryAfter():
            wait = error.retry_after  # a timedelta, see PTB_TIMEDELTA
            return CallOutcome(result="retry", wait=wait if isinstance(wait, timedelta) else timedelta(seconds=wait))
        case ChatMigrated():
            return CallOutcome(result="retry", moved_to=error.new_chat_id)
        case InvalidToken():
            return CallOutcome(result="halt", reason=reason)
        case Forbidden():
            return CallOutcome(result="blocked", reason=reason)
        case BadRequest():
            return _classify_bad_request(reason, form)
        case Conflict():
            return CallOutcome(result="retry", reason=reason)
        case NetworkError() if isinstance(error.__cause__, _NOT_SENT):
            return CallOutcome(result="retry", reason=reason)
        case NetworkError() if _TOO_MANY in str(error):
            return CallOutcome(result="retry", reason=reason)
        case NetworkError() if _CLIENT_ERROR.search(str(error)):
            return CallOutcome(result="failed", reason=reason)
    return CallOutcome(result="unknown", reason=reason)


def _classify_bad_request(reason: str, form: Form) -> CallOutcome:
    if _TOPIC_IS_GONE.search(reason):
        return CallOutcome(result="blocked", reason=reason, topic_only=True)
    if _CHAT_IS_GONE.search(reason):
        return CallOutcome(result="blocked", reason=reason)
    if _ENTITIES.search(reason) and form != "plain":
        return CallOutcome(result="retry", reason=reason, form="plain")
    if wants_upload(reason, form):
        return CallOutcome(result="retry", reason=reason, form="upload")
    if form in {"album", "photo", "upload"}:
        return CallOutcome(result="retry", reason=reason, form="text")  # any other reason concerns the pictures
    return CallOutcome(result="failed", reason=reason)


def utc_now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


class Sender:
    """Sends the planned posts until it is cancelled or the token is rejected.

    `find_subscriptions` returns the current subscriptions; `notify` sends a text to the bot's admins; `words` is the
    language of posts, `site_url` the address of the site, which has some of their pictures. `withdraw` is called at
    each tick, before planning, and then `edit`; None leaves the posts of removed and changed entries. `fetch` gets
    pictures that Telegram cannot.
    """

    def __init__(
        self,
        bot: Bot,
        store: Store,
        *,
        find_subscriptions: Callable[[], Sequence[Subscription]],
        notify: Callable[[str], Awaitable[None]],
        words: Words,
        site_url: str,
        withdraw: Callable[[], Awaitable[None]] | None = None,
        edit: Callable[[], Awaitable[None]] | None = None,
        fetch: Fetch | None = None,
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
        self._notify = notify
        self._words, self._site_url = words, site_url
        self._withdraw = withdraw
        self._edit, self._fetch = edit, fetch
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._call_timeout_s = call_timeout_s
        self._plan_next = True
        self._wake = asyncio.Event()

    def tick(self) -> None:
        """Plan posts of new entries at the next opportunity; the clock calls this."""
        self._plan_next = True
        self._wake.set()

    def halt(self, reason: str) -> None:
        """Make no more calls: the token is rejected."""
        self.refusal = self.refusal or reason
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; calls in flight are settled first.

        Raises:
            ServiceError: Telegram rejects the token.
        """
        try:
            while self.refusal is None:
                try:
                    due = await self.start_calls()
                except StoreError as error:
                    _log.warning("%s; retrying at the next tick", error)
                    due = None
                await self._wait(due)
        finally:
            if self.in_flight:
                await asyncio.wait(self.in_flight)
        raise token_error()

    async def start_calls(self) -> datetime | None:
        """Plan if the clock has ticked, start every call that may be made now, and return when the next is due.

        None: not before a tick or the end of a call in flight.
        """
        if self._plan_next:
            self._plan_next = False
            if self._withdraw is not None:
                await self._withdraw()
            if self._edit is not None:
                await self._edit()
            await asyncio.to_thread(self._plan)
        room = MAX_IN_FLIGHT - len(self.in_flight)
        if room <= 0 or self.refusal is not None:
            return None
        claiming = asyncio.ensure_future(
            asyncio.to_thread(outbox.claim, self._store, self._now(), room, self._pace),
        )
        try:
            self._start(await asyncio.shield(claiming))
        except asyncio.CancelledError:
            self._start(await claiming)  # the claims are committed: unsent they would become `unknown`
            raise
        return await asyncio.to_thread(outbox.next_due, self._store, self._now())

    def _start(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            task = asyncio.create_task(self._deliver(claim))
            self.in_flight.add(task)
            task.add_done_callback(self._on_done)

    def _plan(self) -> None:
        outbox.plan(self._store, self._find_subscriptions(), self._find_forms)

    def _find_forms(self, entry: Entry, config: ChannelConfig) -> tuple[Form, ...]:
        return first_forms(entry, config, self._words, self._site_url)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self.in_flight.discard(task)
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Our bug: the lease expires, and the delivery becomes `unknown`.
            _log.error("sending a post failed", exc_info=error)

    async def _wait(self, due: datetime | None) -> None:
        wait_s = None if due is None else max((due - self._now()).total_seconds(), _MIN_WAIT_S)
        try:
            async with asyncio.timeout(wait_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _deliver(self, claim: Claim) -> None:
        outcome = await self._attempt(claim)
        if outcome.result == "halt":
            self.halt(outcome.reason or "")
        elif outcome.result != "sent":
            _log.warning("%s: %s: %s", claim.chat, outcome.result, outcome.reason or outcome.wait or outcome.moved_to)
        if await self._settle(claim, outcome):
            what = f"topic {claim.topic} of chat" if outcome.topic_only else "chat"
            await self._notify(
                f"Posting to {what} {claim.chat} has stopped: {outcome.reason}\n"
                "Add the bot again as an administrator who can post; posting resumes with the newest entries.",
            )

    async def _attempt(self, claim: Claim) -> CallOutcome:
        entry = await asyncio.to_thread(self._store.entries.find, claim.entry)
        if entry is None:
            return CallOutcome(result="failed", reason="the entry is no longer in the store")
        end = asyncio.get_running_loop().time() + self._call_timeout_s  # a claim's lease covers fetching and sending
        uploads = await fetch_uploads(claim, entry, self._site_url, self._words, self._fetch)
        try:
            async with asyncio.timeout_at(end):
                sent = await send(self._bot, claim, entry, self._words, site_url=self._site_url, uploads=uploads)
        except (TelegramError, TimeoutError) as error:
            return classify_error(error, claim.form)
        shown = shown_as(sent, entry)
        return CallOutcome(result="sent", message=sent.message, form=sent.form, album=sent.album, shown=shown)

    async def _settle(self, claim: Claim, outcome: CallOutcome) -> bool:
        """Save the outcome; retry while the store is busy, since a lost outcome can lead to a duplicate post."""
        for wait_s in _SETTLE_WAITS_S:
            await self._sleep(wait_s)
            try:
                return await asyncio.to_thread(outbox.settle, self._store, claim, outcome, self._now(), self._pace)
            except StoreError as error:
                _log.warning("%s: the outcome of a post (%s) is not saved yet: %s", claim.chat, outcome.result, error)
        return False


def token_error() -> ServiceError:
    """Return the error for a rejected token; it does not show the token."""
    return ServiceError(
        "telegram.token: rejected by Telegram; copy it again from @BotFather (and check telegram.api_url)",
    )

"""The sender: takes what the outbox allows, makes the one call that each claim stands for, and says what became of it.

`sort_error` is the only place that knows what each of Telegram's errors means for a post. When to look again is the
outbox's knowledge; the sender waits for that moment, for a tick of the clock, or for a call to come back. Nothing
that must survive is kept here.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
from telegram import Bot, LinkPreviewOptions, Message, MessageEntity
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
from bot.delivery.chats import ChannelRow
from bot.delivery.outbox import CallOutcome, Claim, Form
from bot.delivery.pace import Pace
from bot.messages import Text, make_post
from feeder import Entry, ServiceError, Store, StoreError
from feeder.words import Words

MAX_UNDER_WAY = 8  # httpx's pool costs CPU in the square of this
CALL_TIMEOUT_S = 30.0  # well under the outbox's lease, so that a call has ended when its lease does
_SETTLE_WAITS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
_SHORTEST_WAIT_S = 0.05

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_CLIENT_ERROR = re.compile(r"\(4\d\d\)(\.|$)")  # how the package words a code that has no class of its own
_TOO_MANY = "Too Many Requests"  # a 429 that names no time
_CHAT_IS_GONE = re.compile(
    r"chat not found|not enough rights|have no rights|need administrator rights|administrator rights required"
    r"|chat_write_forbidden|chat_restricted|chat_admin_required|peer_id_invalid|user_is_blocked|user not found"
    r"|group chat was deactivated|bot is not a member|channel_private|chat_send_\w{1,40}_forbidden",
    re.IGNORECASE,
)
_TOPIC_IS_GONE = re.compile(r"message thread not found|topic_(closed|deleted|id_invalid)", re.IGNORECASE)
_ENTITIES = re.compile(r"parse (message ?)?entit|entity_|entities_", re.IGNORECASE)

_log = logging.getLogger(__name__)


def sort_error(error: Exception, form: Form) -> CallOutcome:  # noqa: PLR0911  one for each thing that can be said
    """Return what an error of a call means for the post that it carried. Pure.

    Every 4xx, and a connection that never came about, say that nothing was sent. Anything not known to mean that
    is `unknown`: a time-out, a cut line, a 5xx, an answer that cannot be read.
    """
    reason = f"{type(error).__name__}: {error}"
    match error:
        case RetryAfter():
            wait = error.retry_after  # a timedelta, as the package asks for
            return CallOutcome(fate="again", wait=wait if isinstance(wait, timedelta) else timedelta(seconds=wait))
        case ChatMigrated():
            return CallOutcome(fate="again", moved_to=error.new_chat_id)
        case InvalidToken():
            return CallOutcome(fate="halt", reason=reason)
        case Forbidden():
            return CallOutcome(fate="off", reason=reason)
        case BadRequest():
            return _sort_bad_request(reason, form)
        case Conflict():
            return CallOutcome(fate="again", reason=reason)
        case NetworkError() if isinstance(error.__cause__, _NOT_SENT):
            return CallOutcome(fate="again", reason=reason)
        case NetworkError() if _TOO_MANY in str(error):
            return CallOutcome(fate="again", reason=reason)
        case NetworkError() if _CLIENT_ERROR.search(str(error)):
            return CallOutcome(fate="failed", reason=reason)
    return CallOutcome(fate="unknown", reason=reason)


def _sort_bad_request(reason: str, form: Form) -> CallOutcome:
    if _TOPIC_IS_GONE.search(reason):
        return CallOutcome(fate="off", reason=reason, topic_only=True)
    if _CHAT_IS_GONE.search(reason):
        return CallOutcome(fate="off", reason=reason)
    if _ENTITIES.search(reason) and form != "plain":
        return CallOutcome(fate="again", reason=reason, form="plain")
    if form == "photo":
        return CallOutcome(fate="again", reason=reason, form="text")  # whatever it is, it is about the photo
    return CallOutcome(fate="failed", reason=reason)


def utc_now() -> datetime:
    """Return the present moment, in UTC."""
    return datetime.now(UTC)


class Sender:
    """Sends what is planned for some subscriptions, until it is cancelled or the token is refused.

    `tell` passes a line on to those who look after the bot; `find` brings the subscriptions as they are now; posts are
    written with `words`. `withdraw` is called at each tick, before anything is planned: None leaves what was posted
    where it is.
    """

    def __init__(
        self,
        bot: Bot,
        store: Store,
        *,
        find: Callable[[], Sequence[ChannelRow]],
        tell: Callable[[str], Awaitable[None]],
        words: Words,
        withdraw: Callable[[], Awaitable[None]] | None = None,
        pace: Pace = Pace(),  # noqa: B008  frozen: a value, not a state
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        call_timeout_s: float = CALL_TIMEOUT_S,
    ) -> None:
        self.under_way: set[asyncio.Task[None]] = set()
        self.refused: str | None = None
        self._bot = bot
        self._store = store
        self._find = find
        self._tell = tell
        self._words = words
        self._withdraw = withdraw
        self._pace = pace
        self._now = now
        self._sleep = sleep
        self._call_timeout_s = call_timeout_s
        self._plan_next = True
        self._stirred = asyncio.Event()

    def tick(self) -> None:
        """Look for new entries at the next opportunity; the clock calls this."""
        self._plan_next = True
        self._stirred.set()

    def halt(self, reason: str) -> None:
        """Make no further call: the token was refused."""
        self.refused = self.refused or reason
        self._stirred.set()

    async def run(self) -> None:
        """Send for ever. When cancelled, what is under way is settled first.

        Raises:
            ServiceError: Telegram refuses the token.
        """
        try:
            while self.refused is None:
                try:
                    due = await self.launch()
                except StoreError as error:
                    _log.warning("%s; the bot tries again", error)
                    due = None  # at the next tick
                await self._wait(due)
        finally:
            if self.under_way:
                await asyncio.wait(self.under_way)
        raise token_refused()

    async def launch(self) -> datetime | None:
        """Plan if the clock has ticked, start each call that may be made now; return when to look again.

        None means: not before a tick, or before a call that is under way comes back.
        """
        if self._plan_next:
            self._plan_next = False
            if self._withdraw is not None:
                await self._withdraw()
            await asyncio.to_thread(self._plan)
        room = MAX_UNDER_WAY - len(self.under_way)
        if room <= 0 or self.refused is not None:
            return None
        claiming = asyncio.ensure_future(
            asyncio.to_thread(outbox.claim, self._store, self._now(), room, self._pace),
        )
        try:
            self._start(await asyncio.shield(claiming))
        except asyncio.CancelledError:
            self._start(await claiming)  # they are committed: left alone they would be in doubt
            raise
        return await asyncio.to_thread(outbox.next_due, self._store, self._now())

    def _start(self, claims: Sequence[Claim]) -> None:
        for claimed in claims:
            task = asyncio.create_task(self._deliver(claimed))
            self.under_way.add(task)
            task.add_done_callback(self._landed)

    def _plan(self) -> None:
        outbox.plan(self._store, self._find())

    def _landed(self, task: asyncio.Task[None]) -> None:
        self.under_way.discard(task)
        self._stirred.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # A fault of ours: the lease runs out, and the post is then dealt with as unknown.
            _log.error("a post could not be dealt with", exc_info=error)

    async def _wait(self, due: datetime | None) -> None:
        wait_s = None if due is None else max((due - self._now()).total_seconds(), _SHORTEST_WAIT_S)
        try:
            async with asyncio.timeout(wait_s):
                await self._stirred.wait()
        except TimeoutError:
            pass
        self._stirred.clear()

    async def _deliver(self, claimed: Claim) -> None:
        outcome = await self._attempt(claimed)
        if outcome.fate == "halt":
            self.halt(outcome.reason or "")
        elif outcome.fate != "sent":
            _log.warning("%s: %s: %s", claimed.chat, outcome.fate, outcome.reason or outcome.wait or outcome.moved_to)
        if await self._settle(claimed, outcome):
            what = f"topic {claimed.topic} of chat" if outcome.topic_only else "chat"
            await self._tell(
                f"Nothing more is posted to {what} {claimed.chat}: {outcome.reason}\n"
                "Let the bot in again as an administrator who may post, and it starts anew with the latest.",
            )

    async def _attempt(self, claimed: Claim) -> CallOutcome:
        entry = await asyncio.to_thread(self._store.entries.find, claimed.entry)
        if entry is None:
            return CallOutcome(fate="failed", reason="the entry is no longer in the store")
        try:
            async with asyncio.timeout(self._call_timeout_s):
                message = await send(self._bot, claimed, entry, self._words)
        except (TelegramError, TimeoutError) as error:
            return sort_error(error, claimed.form)
        return CallOutcome(fate="sent", message=message.message_id)

    async def _settle(self, claimed: Claim, outcome: CallOutcome) -> bool:
        """Write the outcome down, and try again while the store is busy: a lost outcome may mean a double post."""
        for wait_s in _SETTLE_WAITS_S:
            await self._sleep(wait_s)
            try:
                return await asyncio.to_thread(outbox.settle, self._store, claimed, outcome, self._now(), self._pace)
            except StoreError as error:
                _log.warning(
                    "%s: what became of a post (%s) is not written down yet: %s", claimed.chat, outcome.fate, error
                )
        return False


async def send(bot: Bot, claimed: Claim, entry: Entry, words: Words) -> Message:
    """Make the call that a claim stands for; raises what python-telegram-bot raises."""
    post = make_post(entry, words)
    chat_id = claimed.chat if claimed.chat.startswith("@") else int(claimed.chat)
    entities = () if claimed.form == "plain" else to_entities(post.text)
    if claimed.form == "photo" and post.photo is not None:
        return await bot.send_photo(
            chat_id,
            post.photo,
            caption=post.text.text,
            caption_entities=entities,
            message_thread_id=claimed.topic,
            disable_notification=claimed.silent,
        )
    text = post.text.text
    if claimed.form == "plain" and post.link is not None:
        text += f"\n{post.link}"
    return await bot.send_message(
        chat_id,
        text,
        entities=entities,
        message_thread_id=claimed.topic,
        disable_notification=claimed.silent,
        link_preview_options=LinkPreviewOptions(is_disabled=post.link is None, url=post.link),
    )


def to_entities(text: Text) -> tuple[MessageEntity, ...]:
    """Return the spans as python-telegram-bot writes them."""
    return tuple(MessageEntity(span.kind, span.offset, span.length, span.url) for span in text.spans)


def token_refused() -> ServiceError:
    """Return the one line that says what a refused token means; it does not show the token."""
    return ServiceError(
        "telegram.token: Telegram refuses it; copy it again from @BotFather (and check telegram.api_url)",
    )

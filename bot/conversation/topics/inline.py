"""Inline mode: `@bot words` in any chat finds articles to send there (https://core.telegram.org/bots/inline)."""

import asyncio

from telegram import InlineQueryResultArticle, InputTextMessageContent, LinkPreviewOptions

from bot.conversation.host import Asker, Host
from bot.conversation.topics.lists import source_and_date
from bot.conversation.topics.search import NotASearchError, read_selection
from bot.delivery.posting import to_entities
from bot.messages import clip, make_post, telegram_line
from feeder import ChannelConfig, Entry, Query
from feeder.words import Words

PER_PAGE = 10
MAX_OFFSET = 200
_TITLE_UNITS, _LINE_UNITS = 200, 200
CACHE_S = 60
_USUAL = ChannelConfig(chat="1")  # posts look as they usually do


async def find(host: Host, asker: Asker, text: str, offset: str) -> tuple[list[InlineQueryResultArticle], str]:
    """Return results for the words, and the offset of those that follow, "" for none."""
    start = int(offset) if offset.isascii() and offset.isdecimal() and len(offset) <= len(str(MAX_OFFSET)) else 0
    try:
        query = (await asyncio.to_thread(read_selection, host, text, asker.words)).query
    except NotASearchError:
        return [], ""
    entries = await asyncio.to_thread(_find, host, query, start)
    results = [_result(entry, asker.words, host.config.site.url) for entry in entries]
    following = start + PER_PAGE if query is not None and len(entries) == PER_PAGE else 0
    return results, str(following) if 0 < following < MAX_OFFSET else ""


def _find(host: Host, query: Query | None, start: int) -> list[Entry]:
    if query is None:
        return host.store.entries.latest(PER_PAGE)
    return [hit.entry for hit in host.store.search.find(query, limit=PER_PAGE, offset=start).hits]


def _result(entry: Entry, words: Words, site_url: str) -> InlineQueryResultArticle:
    post = make_post(entry, _USUAL, words, site_url)
    return InlineQueryResultArticle(
        id=entry.key,
        title=clip(telegram_line(entry.title), _TITLE_UNITS) or entry.key,
        description=clip(f"{source_and_date(entry, words)} {telegram_line(entry.summary)}", _LINE_UNITS),
        thumbnail_url=post.photo,
        input_message_content=InputTextMessageContent(
            post.text.text,
            entities=to_entities(post.text),
            link_preview_options=LinkPreviewOptions(is_disabled=post.preview is None, url=post.preview),
        ),
    )

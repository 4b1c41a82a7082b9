"""Makes pages of an article: a text of several messages, cut between paragraphs. Pure."""

from collections.abc import Iterator, Sequence

from bot.conversation.topics.lists import source_and_date
from bot.messages import Text, clip, style, telegram_line, utf16_length
from bot.messages.rich import Block, join_blocks, read_html
from bot.messages.text import cut_text, with_few_spans
from feeder import Entry
from feeder.words import Words

PAGE_UNITS = 3000  # of 4096: the title takes some
_TITLE_UNITS, _AUTHORS_UNITS = 250, 100
_MOST_AUTHORS = 3


def make_pages(entry: Entry, words: Words) -> tuple[Text, ...]:
    """Return an article as pages, at least one; each begins with its title."""
    title = style(clip(telegram_line(entry.title), _TITLE_UNITS) or entry.key, "bold", url=entry.link)
    byline = words.by.join(telegram_line(author.name) for author in entry.authors[:_MOST_AUTHORS])
    head = title + "\n" + source_and_date(entry, words) + (f" · {clip(byline, _AUTHORS_UNITS)}" if byline else "")
    blocks = read_html(entry.content, words) or [Block(Text(telegram_line(entry.summary) or words.no_text))]
    return tuple(with_few_spans(head + "\n\n" + join_blocks(page)) for page in _fill(blocks))


def _fill(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    page: list[Block] = []
    room = PAGE_UNITS
    for block in blocks:
        for piece in _split(block):
            length = utf16_length(piece.text.text) + 2
            if page and length > room:
                yield page
                page, room = [], PAGE_UNITS
            page.append(piece)
            room -= length
    yield page


def _split(block: Block) -> Iterator[Block]:
    """Yield pieces of a paragraph that are no longer than a page."""
    rest = block.text
    while utf16_length(rest.text) > PAGE_UNITS:
        piece, rest = cut_text(rest, PAGE_UNITS)
        yield block._replace(text=piece)
    yield block._replace(text=rest)

"""Formats lists of articles: the latest, and pages of results. Entries and words in, answers out. Pure.

A list names its articles by number; a button of that number opens one (`reading`). Every answer is within Telegram's
limits: 4096 UTF-16 units and 100 spans (https://core.telegram.org/bots/api#sendmessage).
"""

from collections.abc import Sequence

from bot.conversation.answers import Answer, Button, data, in_rows, press, say
from bot.messages import Text, clip, style, telegram_line, utf16_length, valid_link
from feeder import Entry, Hit, Results
from feeder.words import Words

LATEST_DEFAULT = 5
LATEST_CAP = 20
HITS_PER_PAGE = 5

_TITLE_UNITS = 140
_SOURCE_UNITS = 60
_SHORT_UNITS = 90  # of a title, in a long list
_LONG_LIST = 10
_SNIPPET_UNITS = 280
_QUERY_UNITS = 200
_MARKED_IN_TITLE, _MARKED_IN_SNIPPET = 5, 10  # 5 hits × (5 + 10 + 1 link) stay under 100 spans
_WIDTH = 5  # buttons of a row


def make_latest(entries: Sequence[Entry], here: str, words: Words) -> Answer:
    """Return the newest entries, at most `LATEST_CAP`; `here` is the data that leads back to this list."""
    if not entries:
        return say(words.nothing_yet)
    units = _TITLE_UNITS if len(entries) <= _LONG_LIST else _SHORT_UNITS
    text = style(words.latest, "bold")
    for number, entry in enumerate(entries, 1):
        title = style(clip(telegram_line(entry.title), units) or entry.key, url=entry.link)
        text += f"\n\n{number}. " + title + "\n" + source_and_date(entry, words)
    return Answer(text=text, rows=tuple(_numbers(entries, here)))


def make_results(query: str, page: int, results: Results, words: Words, *, key: str, order: str) -> Answer:
    """Return one page of results, from 1; `key` stands for the query in buttons, `order` is "n" or "b"."""
    shown = clip(telegram_line(query), _QUERY_UNITS)
    letter = words.chat.letter
    here = data("s", key, page, order, letter)
    found = words.counted(words.found_at_least if results.more else words.found, results.total)
    text = Text(words.found_for.format(query=shown, found=found))
    for number, hit in enumerate(results.hits, 1):
        text += f"\n\n{number}. " + _marked_title(hit) + "\n"
        snippet = _marked(hit.snippet, _SNIPPET_UNITS, _MARKED_IN_SNIPPET)
        text += snippet + "\n" if snippet.text else ""
        text += source_and_date(hit.entry, words)
    entries = [hit.entry for hit in results.hits]
    pages = -(-results.total // HITS_PER_PAGE)
    turns = turn_buttons(("s", key), page, pages, (order, letter), words, more="+" * results.more) if pages > 1 else ()
    other = "b" if order == "n" else "n"
    label = words.chat.best_first if order == "n" else words.chat.newest_first
    orders = (press(label, "s", key, 1, other, letter),) if results.total > 1 else ()
    return say(text, *_numbers(entries, here), turns, orders)


def turn_buttons(
    before: Sequence[str], page: int, pages: int, after: Sequence[str], words: Words, *, more: str = ""
) -> tuple[Button, ...]:
    """Return the buttons to the previous and next page; the page stands between `before` and `after` in their data."""
    buttons = [press(f"{page}/{pages}{more}", *before, page, *after)]
    if page > 1:
        buttons.insert(0, press(f"‹ {words.previous}", *before, page - 1, *after))
    if page < pages:
        buttons.append(press(f"{words.next} ›", *before, page + 1, *after))
    return tuple(buttons)


def source_and_date(entry: Entry, words: Words) -> str:
    """Return the line under a title."""
    name = clip(telegram_line(entry.source.title), _SOURCE_UNITS)
    date = words.day(entry.published)
    return f"{name} · {date}" if name else date


def _numbers(entries: Sequence[Entry], here: str) -> list[tuple[Button, ...]]:
    return in_rows([press(str(number), "r", entry.key, 1, here) for number, entry in enumerate(entries, 1)], _WIDTH)


def _marked_title(hit: Hit) -> Text:
    title = _marked(hit.title, _TITLE_UNITS, _MARKED_IN_TITLE)
    if not title.text:
        return style(hit.entry.key, url=hit.entry.link)
    if valid_link(hit.entry.link) is None:
        return title
    (link,) = style(title.text, url=hit.entry.link).spans
    return Text(title.text, (link, *title.spans))


def _marked(fragments: Sequence[object], room: int, most: int) -> Text:
    """Return fragments of a text, the first matches bold; cut where there is no more room."""
    text, marked = Text(""), 0
    for fragment in fragments:
        # White space at the ends of a fragment separates it from its neighbours: the bars keep it.
        line = telegram_line(f"|{fragment.text}|")[1:-1]  # type: ignore[attr-defined]  # feeder's Fragment is not public
        part = clip(line, room) if room > 1 else ""
        is_match = fragment.match and bool(part.strip()) and marked < most  # type: ignore[attr-defined]  # as above
        marked += is_match
        text += style(part, "bold") if is_match else part
        room -= utf16_length(part)
    return text

"""The formats that people keep articles in besides plain files: a table of recognisers and readers.

A recogniser sees a file's name and its first bytes. The first that knows the file reads it. Each reader yields drafts
one at a time. Exports are streams, so that memory does not grow with them; a file of one article is read whole.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from feeder.model import Draft
from feeder.sources.data import Data
from feeder.sources.files.formats import books, feeds, json_exports, lists, mail, notes, restructured, telegram


class Format(NamedTuple):
    """A format; `is_many`: a file in it has many articles, each with a number."""

    matches: Callable[[str, bytes], bool]
    read: Callable[[Data, str], Iterator[Draft]]
    is_many: bool = True


FORMATS = (
    Format(books.is_epub, books.read_epub),
    Format(notes.is_notebook, notes.read_notebook, is_many=False),
    Format(notes.is_enex, notes.read_enex),
    Format(lists.is_table, lists.read_table),
    Format(json_exports.is_json, json_exports.read_json_export),
    Format(telegram.is_telegram_page, telegram.read_telegram_page),
    Format(mail.is_page_archive, mail.read_page_archive, is_many=False),
    Format(mail.is_mailbox, mail.read_mailbox),
    Format(mail.is_message, mail.read_message, is_many=False),
    Format(restructured.is_restructured, restructured.read_restructured, is_many=False),
    Format(feeds.is_xml, feeds.read_feed_file),
)

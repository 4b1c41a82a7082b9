"""The sources, categories and languages of entries, each a topic with a page and feeds of its own. Pure."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from feeder.publish.feeds import CATEGORIES_FOLDER, LANGUAGES_FOLDER, SOURCES_FOLDER, Topic
from feeder.query import fold_category
from feeder.store import PageMark

MIN_ENTRIES = 3  # of a category; with fewer it is no topic but a remark
MAX_CATEGORIES = 200  # the most frequent ones

_NOT_IN_NAMES = re.compile(r"[^\w-]+")
_MAX_NAME = 48  # characters
_DIGEST_SIZE = 3  # bytes


class Group(NamedTuple):
    """The entries of one source, category or language.

    `folder` tells the kind, `name` is the form that names are compared in, `title` the name as written. `total` is the
    number of entries.
    """

    folder: str
    name: str
    title: str
    total: int = 1


def groups_of(mark: PageMark) -> Iterator[Group]:
    """Yield the groups that an entry belongs to, each with this one entry."""
    yield Group(SOURCES_FOLDER, mark.source, mark.source)
    if mark.language:
        yield Group(LANGUAGES_FOLDER, mark.language, mark.language)
    for name, title in {fold_category(title): title for title in mark.categories}.items():
        if name:
            yield Group(CATEGORIES_FOLDER, name, title)


def choose_topics(groups: Iterable[Group]) -> list[Group]:
    """Return the groups that are topics, by kind in alphabetical order: those of a kind that has more than one."""
    found: list[Group] = []
    groups = list(groups)
    for folder in (SOURCES_FOLDER, CATEGORIES_FOLDER, LANGUAGES_FOLDER):
        kind = [group for group in groups if group.folder == folder]
        if folder == CATEGORIES_FOLDER:
            kind = [group for group in kind if group.total >= MIN_ENTRIES]
            kind = sorted(kind, key=lambda group: (-group.total, group.name))[:MAX_CATEGORIES]
        if len(kind) > 1:
            found += sorted(kind, key=lambda group: (group.title.casefold(), group.name))
    return found


def to_topic(group: Group, language_name: Callable[[str], str]) -> Topic:
    """Return the topic of a group; `language_name` returns the name of a BCP 47 tag for people."""
    stem = f"{group.folder}/{file_name(group.name)}"
    if group.folder == LANGUAGES_FOLDER:
        return Topic(stem, language_name(group.title), f"language:{group.title}")
    field = "source" if group.folder == SOURCES_FOLDER else "category"
    return Topic(stem, group.title, f'{field}:"{group.title}"')


def file_name(name: str) -> str:
    """Return a name for files and addresses, in letters and digits of any script.

    If that does not say all of the name, a digest makes it unique.
    """
    plain = _NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", name)).strip("-")[:_MAX_NAME]
    if plain == name:
        return name
    return f"{plain}-{blake2b(name.encode(errors='replace'), digest_size=_DIGEST_SIZE).hexdigest()}".lstrip("-")

"""Articles for measuring search, recombined from the sentences of real ones, so that word frequencies are realistic.

An article has the source, categories, language and images of one real article and sentences of many; a name and number
of its own; and some planted words. Article n of a given count is always the same.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

from feeder.errors import SourceError
from feeder.model import Entry
from feeder.normalise.entry import normalise
from feeder.query.tokens import visible_text
from feeder.sources.files.collection import read_document
from feeder.sources.files.folder import iter_files, read_file

FIRST = datetime(2009, 1, 1, tzinfo=UTC)
LAST = FIRST + timedelta(days=15 * 365)  # publication dates are spread evenly in between, in no order
_BYTES = 7_000  # of text per article, on average
_MAX_BYTES = 8_000_000
_SENTENCE = re.compile(r"[^。！？!?\n]{4,300}[。！？!?]*[”」』’]?")
_HAN = re.compile("[\u4e00-\u9fff]")


class Planted(NamedTuple):
    """A Chinese and a Latin word that occur in `articles` articles, or in a `share` of all."""

    word: str
    latin: str
    articles: int = 0
    share: float = 0.0

    def occurrences(self, count: int) -> int:
        """Return in how many of `count` articles they occur."""
        return min(self.articles, count) or round(self.share * count)


PLANTED = (
    Planted("雾凇桥头", "quenbury", articles=3),
    Planted("纸鸢巷口", "ostrelle", articles=30),
    Planted("石榴井栏", "vandomere", articles=3_000),
    Planted("青瓦粉壁", "harquist", share=0.3),
    Planted("檐铃社讯", "pellworth", share=1.0),
)


class Articles:
    """`count` articles, numbered from 1, recombined from the sentences of a folder of articles."""

    def __init__(self, folder: Path, count: int) -> None:
        self.count = count
        self._models = sorted(_read(folder), key=lambda entry: entry.id)
        lines = (line for entry in self._models for line in visible_text(entry.content).split("\n"))
        found = dict.fromkeys(sentence for line in lines for sentence in _SENTENCE.findall(line))
        self.sentences = list(found)
        self._titles = [sentence.rstrip("。") for sentence in self.sentences if len(sentence) < 40]
        self._letters = "".join(_HAN.findall("".join(self.sentences)))
        assert not any(word in self._letters for planted in PLANTED for word in planted[:1])

    def __iter__(self) -> Iterator[Entry]:
        return map(self.entry, range(1, self.count + 1))

    def entry(self, number: int) -> Entry:
        """Return the article with a number, from 1."""
        chance = Random(number)
        model = self._models[int(chance.random() * len(self._models))]
        published = FIRST + timedelta(seconds=int(chance.random() * (LAST - FIRST).total_seconds()))
        host = urlsplit(model.link or "https://example.org/").netloc
        title = self._titles[int(chance.random() * len(self._titles))]
        paragraphs = [*self._paragraphs(chance), f"{self._name(chance)} {number}", *self._planted(number)]
        return replace(
            model,
            id=f"https://{host}/{number}",
            link=f"https://{host}/{number}",
            title=title,
            published=published,
            updated=published,
            first_seen_at=LAST,
            summary=paragraphs[0][:80],
            content="".join(f"<p>{html.escape(paragraph, quote=False)}</p>" for paragraph in paragraphs),
            cut=(),
        )

    def _paragraphs(self, chance: Random) -> Iterator[str]:
        remaining = _BYTES * (0.4 + 1.2 * chance.random())
        while remaining > 0:
            paragraph = "".join(
                self.sentences[int(chance.random() * len(self.sentences))] for _ in range(int(1 + 5 * chance.random()))
            )
            remaining -= len(paragraph.encode())
            yield paragraph

    def _name(self, chance: Random) -> str:
        """Return three characters by frequency: a sequence that hardly any other article has."""
        return "".join(self._letters[int(chance.random() * len(self._letters))] for _ in range(3))

    def _planted(self, number: int) -> Iterator[str]:
        for planted in PLANTED:
            articles = planted.occurrences(self.count)
            if number * articles // self.count != (number - 1) * articles // self.count:
                yield f"这里是{planted.word}的消息。 {planted.latin} said."


def _read(folder: Path) -> Iterator[Entry]:
    for file in iter_files(folder.resolve(), {}, max_bytes=_MAX_BYTES):
        read = read_file(file, max_bytes=_MAX_BYTES)
        if read.data is None:
            continue
        try:
            for draft in read_document(read.data.read(), read.path):
                yield normalise(draft, now=LAST, source=folder.name)
        except SourceError:  # not an article
            continue

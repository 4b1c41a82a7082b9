"""Renders the page on which a browser searches by itself, and the documents that Pagefind makes its index of. Pure.

Pagefind takes what stands between spaces for a word. Chinese and Japanese have none, so each character is set apart
here; `find.js` does the same with queries, and puts the characters of results together again. Script and width are
folded as the server's search folds them, in queries by a table that is loaded when one has such characters. Where that
changes a text, its document also states it as it is written, word for word, for excerpts.
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import chain

from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.publish.html.pages import CONTENT_SECURITY_POLICY, FIND_PATH, render
from feeder.query.tokens import fold, visible_text
from feeder.words import words_for

INDEX_FOLDER = "pagefind"
FOLDING_PATH = "folding.js"
# Pagefind is a script of ours and WebAssembly, which may be compiled on this page only.
FIND_SECURITY_POLICY = f"{CONTENT_SECURITY_POLICY}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

_MAX_CHARACTERS = 20_000  # of an entry that are indexed: Pagefind needs 400 bytes of memory for each
_HAN = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00))
_WIDE = (range(0xFF10, 0xFF1A), range(0xFF21, 0xFF3B), range(0xFF41, 0xFF5B))  # letters and digits
_CHARACTER = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af])")


def render_find(site: SiteConfig, parts: Sequence[str]) -> str:
    """Return the page; `parts` are the names of the parts of the index, the newest entries first."""
    words = words_for(site.language)
    counts = (words.found.one or words.found.other, words.found.other)
    return render(
        "find.html", site, path=FIND_PATH, csp=FIND_SECURITY_POLICY, counts=counts,
        folders=[f"{INDEX_FOLDER}/{part}/" for part in parts], folding_path=FOLDING_PATH,
    )  # fmt: skip


def render_folding() -> str:
    """Return the script that has characters and what they fold to, in pairs; browsers fold wide letters themselves."""
    pairs = ((chr(code), _FOLDED[code]) for code in chain.from_iterable(_HAN))
    return f'export default "{"".join(a + b for a, b in pairs if a != b)}";\n'


def render_document(site: SiteConfig, entry: Entry) -> str:
    """Return an entry as a document for Pagefind."""
    words = words_for(site.language, site.timezone)
    names = words.by.join(author.name for author in entry.authors)
    title = entry.title or words.no_title  # Pagefind refuses documents without any word
    shown = {
        "title": title,
        "day": words.day(entry.published),
        "from": entry.source.title or names,
        "language": entry.language or "",
    }
    text = "\n".join((names, *entry.categories, visible_text(entry.content) or entry.summary))
    written = [_set_apart(title), _set_apart(text[:_MAX_CHARACTERS])]
    folded = [one.translate(_FOLDED) for one in written]
    if folded != written:
        shown["written"] = " · ".join(written)
    marks = "".join(
        f'<i data-pagefind-meta="{name}[title]" title="{escape(value)}"></i>' for name, value in shown.items()
    )
    heading, body = (escape(one, quote=False) for one in folded)
    return (
        f'<!doctype html><html><meta charset="utf-8"><body data-pagefind-body>{marks}'
        f"<h1>{heading} </h1> · <p>{body} </p></body></html>"  # after a space Pagefind adds no full stop
    )


def _set_apart(text: str) -> str:
    return " ".join(_CHARACTER.sub(r" \1 ", text).split())


class _Folded(dict[int, str]):
    """What characters fold to of which Pagefind knows no other forms; all others to themselves."""

    def __missing__(self, code: int) -> str:
        is_folded = any(code in codes for codes in _HAN + _WIDE)
        self[code] = folded = fold(chr(code)) if is_folded else chr(code)
        return folded


_FOLDED = _Folded()

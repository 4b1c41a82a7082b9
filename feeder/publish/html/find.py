"""Renders the page on which a browser searches by itself, and the documents that Pagefind makes its index of. Pure.

Pagefind takes what stands between spaces for a word. Chinese and Japanese have none, so each character is set apart
here; `find.js` does the same with queries, and puts the characters of results together again.
"""

import re
from collections.abc import Sequence
from html import escape

from feeder.config.settings import SiteConfig
from feeder.model import Entry
from feeder.publish.html.pages import CONTENT_SECURITY_POLICY, FIND_PATH, render
from feeder.query.tokens import visible_text
from feeder.words import words_for

INDEX_FOLDER = "pagefind"
# Pagefind is a script of ours and WebAssembly, which may be compiled on this page only.
FIND_SECURITY_POLICY = f"{CONTENT_SECURITY_POLICY}; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

_MAX_CHARACTERS = 20_000  # of an entry that are indexed: Pagefind needs 400 bytes of memory for each
_CHARACTER = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af])")


def render_find(site: SiteConfig, parts: Sequence[str]) -> str:
    """Return the page; `parts` are the names of the parts of the index, the newest entries first."""
    words = words_for(site.language)
    counts = (words.found.one or words.found.other, words.found.other)
    return render(
        "find.html", site, path=FIND_PATH, csp=FIND_SECURITY_POLICY, counts=counts,
        folders=[f"{INDEX_FOLDER}/{part}/" for part in parts],
    )  # fmt: skip


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
    marks = "".join(
        f'<i data-pagefind-meta="{name}[title]" title="{escape(value)}"></i>' for name, value in shown.items()
    )
    text = "\n".join((names, *entry.categories, visible_text(entry.content) or entry.summary))
    return (
        f'<!doctype html><html><meta charset="utf-8"><body data-pagefind-body>{marks}'
        f"<h1>{_set_apart(title)}</h1> · <p>{_set_apart(text[:_MAX_CHARACTERS])}</p></body></html>"
    )


def _set_apart(text: str) -> str:
    return escape(_CHARACTER.sub(r" \1 ", text), quote=False)

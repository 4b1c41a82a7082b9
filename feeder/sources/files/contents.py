"""Whether a file that is no export reads like an article, by its name and its text. Pure.

A file with the ending of an article is one unless it is known to be something else; any other has to read like one.
What is refused is told by its kind, because an entry that dates a licence today is worse than a line in the report.
"""

import re

from feeder.errors import NotAnArticleError
from feeder.model import Draft
from feeder.sources.files.choosing import kind_by_name

_ARTICLE_ENDINGS = frozenset(
    str.split(".md .markdown .mdown .mkd .mkdn .mdwn .mdx .qmd .rmd .txt .text .html .htm .xhtml .shtml")
)
_TEMPLATE_FOLDERS = frozenset(
    str.split(
        "_layouts _includes layouts includes templates template partials shortcodes archetypes themes theme views"
    )
)
_HTML_ENDINGS = (".html", ".htm", ".xhtml", ".shtml")
# What only a template has: inheritance, the page's own text, loops over posts. Articles include files, too.
_TEMPLATE = re.compile(
    r"\{%-?\s*(?:extends|block|macro|import|layout|render|assign)\b|<%[=@-]?\s|<\?(?:php|=)|"
    r"\{\{-?\s*(?:content|page\.\w+|post\.\w+|define|block|partial|template|end|range|with|if|\.[A-Z]\w+)\b|"
    r"\{\{[#>/!]|\{%-?\s*for\s+\w+\s+in\s+(?:site|paginator|collections|posts|pages|articles)\b"
)
_TEMPLATE_START = re.compile(r"\s*(?:\{%|\{\{|\{#|<%|<\?php)")
_FILLED_IN = re.compile(r"\{\{|<%|\{%")
_ENDING_KINDS = {
    "stylesheet": "scss sass less styl pcss css",
    "template": "j2 jinja jinja2 njk liquid ejs erb hbs mustache tmpl tpl twig pug jade haml slim phtml mako gotmpl",
    "manifest": "webmanifest manifest appcache gemspec podspec cabal toml mod sum",
    "script": "mjs cjs jsx tsx vue svelte astro pl lua jl swift kt scala clj ex exs hs ps1 bat cmd fish awk sql",
    "configuration": "conf config env properties editorconfig plist rc htaccess nix tf dockerfile mk cmake gradle",
    "patch": "diff patch rej orig",
    "data": "csv tsv json jsonl ndjson xml geojson parquet ics vcf po pot mo",
    "signature or certificate": "asc sig pem crt key pub gpg",
}
_KIND_OF_ENDING = {f".{ending}": kind for kind, endings in _ENDING_KINDS.items() for ending in endings.split()}
_UNREAD = {
    ".org": "Org file; export it as HTML or Markdown (`pandoc -t html`)",
    ".adoc": "AsciiDoc file; export it as HTML (`asciidoctor`)",
    ".asciidoc": "AsciiDoc file; export it as HTML (`asciidoctor`)",
    ".textile": "Textile file; export it as HTML (`pandoc -t html`)",
    ".wiki": "wiki text; export it as HTML (`pandoc -t html`)",
    ".mediawiki": "wiki text; export it as HTML (`pandoc -t html`)",
    ".tid": "TiddlyWiki text; export it as HTML",
    ".fb2": "FictionBook; convert it to EPUB",
    ".webarchive": "Safari's web archive; save the page as HTML",
    ".warc": "web archive (WARC); extract its pages as HTML",
}
# What Medium's export has besides posts: its own stylesheet, or lists in these folders, marked with microformats.
_MEDIUM_STYLE = "section[data-field=subtitle]"
_MEDIUM_FOLDERS = frozenset(
    str.split(
        "blocks bookmarks claps highlights interests ips lists partner-program profile pubs-following series sessions "
        "topics-following twitter users-following"
    )
)
_MEDIUM_MARK = re.compile(r"class=\"[^\"]{0,100}\b(?:h-cite|h-card|h-feed|p-name)\b")
_MEDIUM_POST = re.compile(r"<article\s[^<>]{0,200}\bh-entry\b")
# The end of a sentence, perhaps with a quotation mark or a tag behind it.
_SENTENCE = re.compile(r"[^\W\d_][^\s.!?。！？…]{0,40}[.!?。！？…][\"'”’»)）」]?(?=\s|<|\Z)|[。！？]")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_TAG = re.compile(r"<[^<>]{0,500}>")
_CODE = re.compile(r"[{};=]\s*$", re.MULTILINE)
_MIN_SENTENCES, _MIN_LETTERS = 2, 120
_LOOKED_AT = 20_000


def ending_of(name: str) -> str:
    """Return the ending of a file's name in lower case, with its dot; "" for none."""
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return f".{ending.lower()}" if stem and dot and len(ending) <= 12 and ending.isalnum() else ""  # noqa: PLR2004  longer than any ending


def has_article_ending(name: str) -> bool:
    """Whether a file is named as articles are; any other file that cannot be read is none."""
    return ending_of(name) in _ARTICLE_ENDINGS or "." not in name.rpartition("/")[2]


def refuse_unread_format(name: str) -> None:
    """Refuse a file in a format that is not read, before it is read as something else.

    Raises:
        NotAnArticleError: it is in such a format, or of a kind that no content can make an article.
    """
    ending = ending_of(name)
    if (format_ := _UNREAD.get(ending)) is not None:
        raise NotAnArticleError(f"not read: {format_}")
    if (kind := _KIND_OF_ENDING.get(ending)) is not None:
        raise NotAnArticleError(f"not an article: {kind}")


def refuse_other_files(name: str, draft: Draft, text: str) -> None:
    """Refuse the draft of a file that is no article; `text` is the file's own, with its template tags.

    Raises:
        NotAnArticleError: by its name and head it is of another kind, or it does not read like an article.
    """
    kind = kind_by_name(name)
    # A path is where a generator puts the file, whatever it is (`permalink: /404.html`).
    has_link = draft.link is not None and "//" in draft.link
    has_head = has_link or any(stamp.read_from != "file name" for stamp in draft.stamps)
    if kind is not None and (not has_head or kind.startswith("in ")):
        raise NotAnArticleError(f"not an article: {kind}")
    if _is_list_of_medium(name, text):
        raise NotAnArticleError("not an article: list in a Medium export")
    if _is_template(name, draft, text):
        raise NotAnArticleError("not an article: template")
    known_title = draft.title is not None and draft.read_from.get("title") not in {"file name", "first heading"}
    if ending_of(name) in _ARTICLE_ENDINGS or has_head or known_title:
        return
    if not reads_like_prose(draft.content):
        raise NotAnArticleError("not an article: nothing in it reads like one")


def _is_list_of_medium(name: str, text: str) -> bool:
    """Whether a file is of a Medium export, but no post."""
    if not name.lower().endswith(_HTML_ENDINGS):
        return False
    start = text[:_LOOKED_AT]
    in_lists = not _MEDIUM_FOLDERS.isdisjoint(name.split("/")[-2:-1])
    if in_lists:
        return _MEDIUM_STYLE in start or _MEDIUM_MARK.search(start) is not None
    return _MEDIUM_STYLE in start and _MEDIUM_POST.search(start) is None


def _is_template(name: str, draft: Draft, text: str) -> bool:
    """Whether a file is filled in by a program before it is an article."""
    if any(_FILLED_IN.search(stamp.text) for stamp in draft.stamps) or _FILLED_IN.match((draft.title or "").strip()):
        return True
    content = text[:_LOOKED_AT]
    if name.lower().endswith(_HTML_ENDINGS) or "." not in name.rpartition("/")[2]:
        dated = any(stamp.read_from in {"front matter", "epoch"} for stamp in draft.stamps)
        in_templates = not _TEMPLATE_FOLDERS.isdisjoint(name.lower().split("/")[:-1])
        if in_templates:
            return _FILLED_IN.search(content) is not None
        return not dated and _TEMPLATE.search(content) is not None
    return _TEMPLATE_START.match(content) is not None and not draft.stamps and not reads_like_prose(content)


def reads_like_prose(text: str) -> bool:
    """Whether a text has sentences, and is not code."""
    text = _TAG.sub(" ", text[:_LOOKED_AT])
    lines = max(1, text.count("\n") + 1)
    if len(_CODE.findall(text)) > lines / 4:
        return False
    sentences = len(_SENTENCE.findall(text))
    return sentences >= _MIN_SENTENCES and sum(map(len, _WORDS.findall(text))) >= _MIN_LETTERS

"""reStructuredText, by docutils (`pip install docutils`), which is not needed for anything else."""

from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from feeder.errors import ArticleError, NotAnArticleError
from feeder.model import Draft, Person
from feeder.sources.data import Data
from feeder.sources.files.article import read_article
from feeder.sources.files.encoding import decode
from feeder.sources.files.heads.metadata import fields_to_metadata

_ENDINGS = (".rst", ".rest")
_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,  # `include` would read any file of this machine
    "raw_enabled": False,
    "halt_level": 5,
    "report_level": 5,
    "_disable_config": True,
    "initial_header_level": 2,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "line_length_limit": 100_000,
}


def is_restructured(name: str, _start: bytes) -> bool:
    """Whether a file is reStructuredText."""
    return name.lower().endswith(_ENDINGS)


def read_restructured(data: Data, name: str) -> Iterator[Draft]:
    """Yield the article in a reStructuredText file.

    Raises:
        NotAnArticleError: docutils is missing.
        ArticleError: it is empty, or docutils refuses it.
    """
    if find_spec("docutils") is None:
        raise NotAnArticleError("not read: reStructuredText needs `pip install docutils`")
    from docutils import ApplicationError, nodes  # noqa: PLC0415  optional, and slow to import
    from docutils.core import publish_doctree, publish_parts  # noqa: PLC0415  as above

    text = decode(data.read(), name)
    draft = read_article(data.read(), f"{name}.md")
    try:
        parts = publish_parts(text, writer="html5", settings_overrides=_SETTINGS)
        tree = publish_doctree(text, settings_overrides=_SETTINGS)
    except (ApplicationError, ValueError, RecursionError, LookupError) as error:
        raise ArticleError(f"{name}: docutils cannot read it ({str(error).splitlines()[0][:80]})") from None
    fields = {
        field[0].astext().strip().lower(): field[1].astext().strip()
        for field in tree.findall(nodes.field)
        if len(field) > 1
    }
    for kind in (nodes.author, nodes.date, nodes.status):
        if found := [node.astext() for node in tree.findall(kind)]:
            fields.setdefault(kind.__name__, "; ".join(found) if kind is nodes.author else found[0])
    metadata = fields_to_metadata(fields, "field list")
    yield replace(
        draft,
        origin=name,
        content=parts["body"],
        content_type="html",
        title=parts["title"] or metadata.title or draft.title,
        link=draft.link or metadata.link,
        stamps=(*metadata.stamps, *draft.stamps),
        authors=draft.authors or tuple(Person(name=author) for author in metadata.authors),
        categories=draft.categories or metadata.categories,
        withheld=draft.withheld or metadata.withheld,
        due=draft.due or metadata.due,
        expires=draft.expires or metadata.expires,
        read_from={**draft.read_from, **metadata.read_from, "title": "title of the document"},
    )

"""Where each field was read from, in words: what `feeder show` explains an entry with."""

from datetime import UTC, datetime
from typing import Any

import pytest

from feeder.model import Draft, Entry, Person
from feeder.normalise.entry import normalise
from feeder.sources.files.collection import read_document

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_PROSE = "昨天夜里，北京下了今年的第一场大雨。"


def read_from(text: str, name: str = "000a.md", **settings: Any) -> Any:
    (draft, *_) = read_document(text.encode(), name)
    return entry(draft, **settings).read_from


def entry(draft: Draft, **settings: Any) -> Entry:
    return normalise(draft, now=_NOW, source="folder", **settings)


@pytest.mark.parametrize(
    ("text", "field", "place"),
    [
        (f"[雨](https://e.org/a)\n------\n{_PROSE}", "title", "link line"),
        (f"---\ntitle: 雨\n---\n{_PROSE}", "title", "front matter: title"),
        (f"# 雨\n\n{_PROSE}", "title", "first heading"),
        (_PROSE, "title", "first words"),
        ("<div></div>", "title", "path"),
        (f'<!--{{"title": "雨"}}-->{_PROSE}', "title", "leading comment: title"),
        (f"title:: 雨\n\n{_PROSE}", "title", "property: title"),
        (f"`甲` [转载](https://e.org/a)\n\n{_PROSE}", "link", "backticks"),
        (f"`甲` [转载](https://e.org/a)\n\n{_PROSE}", "authors", "backticks"),
        (f"作者：甲乙\n\n{_PROSE}", "authors", "credits"),
        (f"<i>JANE DOE<br>2020-07-08 17:14:05</i><p>{_PROSE}</p>", "authors", "byline"),
        (f"（某报记者王小明报道）{_PROSE}", "authors", "dateline"),
        (f"---\ntitle: 雨\nauthor: 甲\nby: 乙\n---\n{_PROSE}", "authors", "front matter: author, by"),
        (f"`3/27/2024 1:19 AM UTC` [转载](https://e.org/a)\n\n{_PROSE}", "published", "byline"),
        (f"---\ntitle: 雨\ncreated: 2020-01-02\n---\n{_PROSE}", "published", "front matter: created"),
        (f"---\ntitle: 雨\ncreated: 2020-01-02\n---\n{_PROSE}", "updated", "published"),
        (f"{_PROSE}2020年1月2日。", "published", "text"),
        (_PROSE, "published", "read time"),
        (_PROSE, "language", "script and words"),
        (f"---\ntitle: rain\nlang: en-GB\n---\n{'Rain. ' * 3}", "language", "front matter: lang"),
        (f"{_PROSE}\n\n#雨 #北京", "categories", "tag line"),
        (f"---\ntitle: 雨\ntags: 雨\n---\n{_PROSE}\n\n#雨 #北京", "categories", "front matter: tags, tag line"),
        (_PROSE, "content", "body, as Markdown"),
        (f"<p>{_PROSE}</p>", "content", "body, as HTML"),
        (_PROSE, "source", "configuration"),
        (f"[雨](https://e.org/a)\n------\n{_PROSE}", "source", "host of the link"),
        (f"---\ntitle: 雨\nexcerpt: 下雨了。\n---\n{_PROSE}", "summary", "front matter: excerpt"),
        ("title,url,time_added\n雨,https://e.org/a,1600000000\n", "link", "saved link"),
    ],
)
def test_a_field_was_read_from(text: str, field: str, place: str) -> None:
    assert read_from(text)[field] == place


def test_categories_of_the_configuration_are_said_to_be_its_own() -> None:
    assert read_from(_PROSE, categories=("天气",))["categories"] == "configuration"


def test_what_an_entry_has_not_was_read_nowhere() -> None:
    assert read_from("<div></div>").keys() == {"title", "published", "updated", "source"}


def test_a_draft_that_does_not_say_is_taken_at_its_word() -> None:
    draft = Draft(origin="a", content=_PROSE, content_type="text", title="雨", authors=(Person(name="甲"),))
    assert {entry(draft).read_from[name] for name in ("title", "authors")} == {"the source"}


def test_where_it_was_read_is_no_part_of_an_entry() -> None:
    one = Draft(origin="a", content=_PROSE, content_type="text", title="雨", read_from={"title": "link line"})
    other = Draft(origin="a", content=_PROSE, content_type="text", title="雨", read_from={"title": "file name"})
    assert entry(one).read_from != entry(other).read_from
    assert entry(one) == entry(other)

"""Templates: what a post of them shows."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messages import to_terminal
from feeder import Person, parse_template
from tests.bot.messages.samples import NASTY, assert_accepted, entry, post_of


def shown(template: str, **changes: Any) -> str:
    values = {"link": "https://e.org/", "title": "Rain", "summary": "It rained.", "content": "", "media": ()}
    return to_terminal(post_of(entry(**{**values, **changes}), template=template).text)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{title}", "Rain"),
        ("{title:bold,link}", "**Rain** <https://e.org/>"),
        ("{title:bold}\n\n{lead}\n\n{source} · {date}", "**Rain**\n\nIt rained.\n\nexample.org · 20 February 2023"),
        ("{source} · {author} · {date}", "example.org · 王小明 · 20 February 2023"),
        ("{time}", "20 February 2023, 14:37 UTC"),
        ("{hashtags}", "#天气 #weather"),
        ("{link}", "https://e.org/"),
        ("News: {title}!", "News: Rain!"),
        ("{{{title}}} [[{title}]]", "{Rain} [Rain]"),
        ("a\n{title}\nb", "a\nRain\nb"),
        ("{title}\n\n\n\n{date}", "Rain\n\n20 February 2023"),
        ("{title}\n{text}\n{date}", "Rain\nIt rained.\n20 February 2023"),
        ("{title:spoiler} {date:code}", "Rain 20 February 2023"),
    ],
)
def test_a_template_is_filled_in(template: str, text: str) -> None:
    assert shown(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{source} · {author} · {title}", "example.org · Rain"),
        ("{author} · {title}", "Rain"),
        ("{title} · {author}", "Rain"),
        ("{title}\n{author}\n{date}", "Rain\n20 February 2023"),
        ("{title}\n\nBy {author}\n\n{date}", "Rain\n\n20 February 2023"),
        ("[By {author} · ]{title}", "Rain"),
        ("{title}[ ({author}, {date})]", "Rain"),
        ("{title}[ ({source}, {date})]", "Rain (example.org, 20 February 2023)"),
        ("{author} · {hashtags}", "{key}"),
    ],
)
def test_an_empty_field_leaves_no_separator(template: str, text: str) -> None:
    made = entry()
    assert shown(template, authors=(), categories=()) == text.replace("{key}", made.key)


_PIECES = st.sampled_from(
    ["{title}", "{title:bold,link}", "{lead:quote}", "{source:italic}", "{author}", "{date}", "{time:underline}",
     "{hashtags}", "{link}", "\n", "\n\n", " · ", "[", "]", "[[", "{{", "\n{text}\n", "x", "😀"]
)  # fmt: skip


def refused(template: str) -> bool:
    try:
        parse_template(template)
    except ValueError:
        return True
    return False


@settings(deadline=None)
@given(pieces=st.lists(_PIECES, max_size=30), title=NASTY, summary=NASTY, author=st.sampled_from(["", "Ann"]))
def test_whatever_a_template_is_made_of_its_posts_are_taken_or_it_is_refused(
    pieces: list[str], title: str, summary: str, author: str
) -> None:
    template = "".join(pieces)
    if refused(template):
        return
    authors = (Person(name=author),) * bool(author)
    made = entry(title=title, summary=summary, content="", authors=authors, categories=())
    for number, part in enumerate(post_of(made, template=template, style="full").parts):
        assert_accepted(part, 4096 if number else 1024)


@pytest.mark.parametrize("lines", ["{text}\n\n%s", "%s\n\n{text}\n\n%s", "%s {title}"])
def test_lines_that_are_too_long_for_a_message_are_cut(lines: str) -> None:
    template = lines.replace("%s", "word " * 1000)
    for number, part in enumerate(post_of(entry(content="", summary=""), template=template).parts):
        assert_accepted(part, 4096 if number else 1024)

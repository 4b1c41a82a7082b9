"""The language of templates: what it takes, and mistakes at their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.config.template import TemplateField, TemplateGroup, parse_template


def test_a_template_is_lines_of_text_fields_and_optional_parts() -> None:
    assert parse_template("{title:bold, link}\n\nBy [{author} on ]{date}") == (
        (TemplateField("title", ("bold", "link")),),
        (),
        ("By ", TemplateGroup((TemplateField("author"), " on ")), TemplateField("date")),
    )


def test_doubled_brackets_are_characters() -> None:
    assert parse_template("{{ }} [[ ]]{{{title}}}[[[{date}]]]") == (
        ("{ } [ ]{", TemplateField("title"), "}[", TemplateGroup((TemplateField("date"), "]"))),
    )


def test_no_template_is_no_lines() -> None:
    assert parse_template("") == ((),)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("{title} {titel}", "column 10: unknown field 'titel'; fields are title, lead,"),
        ("{title}\n\n{titel}", "line 3, column 2: unknown field 'titel'"),
        ("{}", "column 2: unknown field ''"),
        ("{title:bold,fat}", "column 13: unknown style 'fat'; styles are bold, italic,"),
        ("{title:}}", "column 9: '}' closes nothing; write '}}' for the character"),
        ("ab{title", "column 3: '{' is never closed; write '}', or '{{' for the character"),
        ("{title} [x {date}", "column 9: '[' is never closed"),
        ("{title}\n[{date}\n]", "line 2, column 1: '[' is never closed; write ']' on the same line"),
        ("{title} ]", "column 9: ']' closes nothing; write ']]' for the character"),
        ("{title} [x]", "column 9: a part in [ ] needs a field; write '[[' for the character"),
        ("[{title} [{date}]]", "column 10: a part in [ ] cannot hold another"),
        ("{title}\n{text}!", "line 2, column 1: {text} stands on a line of its own"),
        ("{text:bold}", "column 1: {text} has styles of its own; write it without"),
        ("{title:code,bold}", "column 1: 'code' goes with no other style"),
        ("hello", "it shows no field; fields are title, lead,"),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=r"column|field") as raised:
        parse_template(text)
    assert str(raised.value).startswith(mistake)


@given(text=st.text(st.sampled_from("{}[]: \n,·xtile"), max_size=40))
def test_any_text_is_a_template_or_has_a_mistake(text: str) -> None:
    try:
        parse_template(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017  any mistake will do

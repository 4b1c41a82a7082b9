"""Obsidian comments are removed from Markdown, and nothing else."""

import pytest

from feeder.sources.files.article import read_article
from feeder.sources.files.comments import without_comments


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("no marks\n", "no marks\n"),
        ("a %%x%% b\n", "a  b\n"),
        ("a %%x%% b %%y%% c", "a  b  c"),
        ("a\n\n%%\nx\n\ny\n%%\n\nb\n", "a\n\n\nb\n"),
        ("%%x%%\n\n%% y %% b\n", "\nb\n"),
        ("a\n%%\nx\ny %% b\n", "a\n b\n"),
        ("- %%\n  x\n  %%\n- b\n", "- b\n"),
        ("- %%x%% b\n", "- b\n"),
        ("> %%x%%\n> b\n", "> b\n"),
        ("t %% x\nmore\n%% after\n", "t  after\n"),
        ("t %% x\nmore %% u %% y\n%% after\n", "t  u  after\n"),
        ("%%x%% b %%y\n%% c\n", "b  c\n"),
        ("- a\n\n    %%x%%\n\n    b\n", "- a\n\n\n    b\n"),
        ("%%x%% `%%k%%` %%y%%e\n", "`%%k%%` e\n"),
        ("``a` %%k%% `` %%x%%d\n", "``a` %%k%% `` d\n"),
        ("`a %%x%% b\n", "`a  b\n"),
        ("%% x\n```\ny\n```\n%%\nb\n", "b\n"),
    ],
)
def test_a_comment_is_removed(text: str, left: str) -> None:
    assert without_comments(text) == left


def test_the_rest_is_hidden_where_a_block_is_never_closed() -> None:
    assert without_comments("a\n\n%%\nx\n\ny\n") == "a\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "```\n%%x%%\n```\n",
        "~~~ text\n%%\n```\nx\n~~~\nb %%c\n",
        "`%%x%%` b\n",
        "`%%x` %%\n\nb %%\n",
        "a\n\n    %% code\n    %% more\n",
        "5%% of and 6%% of\n",
        "a %% b\n\nc %% d\n",
        "%%%% four\n",
        "a `%%` b `%%` c\n%%%\n",
        "```a``` %%%x\n",
    ],
)
def test_code_and_signs_that_open_nothing_stay(text: str) -> None:
    assert without_comments(text) == text


def test_a_hidden_heading_is_no_title_and_plain_text_has_no_comments() -> None:
    draft = read_article(b"%%\n# Secret\n%%\n\n# Shown\n\nWords.\n", "a.md")
    assert (draft.title, "Secret" in draft.content) == ("Shown", False)
    assert "%%x%%" in read_article(b"Words %%x%% words.\n", "a.txt").content

"""HTML from strangers: pages are recognised, and no tag costs a parser much."""

import pytest

from feeder.markup import is_html_page, limit_attributes
from tests.normalise.cleaning import clean_html

MANY = 100_000  # a parser would take minutes
NAMES = [f"a{number}" for number in range(MANY)]


@pytest.mark.parametrize(
    "tag",
    [
        "<p " + " ".join(f"{name}=x" for name in NAMES) + ">",
        "<p " + " ".join(NAMES) + ">",
        "<p/" + "/".join(NAMES) + ">",
        "<p " + "".join(f'{name}=""' for name in NAMES) + ">",
        '<p " ' + " ".join(NAMES) + '">',
        "<p " + " ".join(f"{name}='>'" for name in NAMES) + ">",
        "<p " + " ".join(f"<{name}" for name in NAMES) + ">",
        '<script>a<b"</script><p ' + " ".join(NAMES) + ">",
        '<!-- " --><p ' + " ".join(NAMES) + ">",
    ],
    ids=["values", "names", "slashes", "no space", "a quote", "ends in quotes", "beginnings", "script", "comment"],
)
def test_no_tag_keeps_more_attributes_than_any_page_has(tag: str) -> None:
    assert len(limit_attributes(f"{tag}words</p>")) < 5_000
    assert limit_attributes(f"{tag}words</p>").endswith(">words</p>")
    assert "words" in clean_html(f"{tag}words</p>")


@pytest.mark.parametrize("end", ["", ' x="', " x='"])
def test_a_tag_that_never_ends_is_cut_too(end: str) -> None:
    assert len(limit_attributes("<p " + " ".join(NAMES) + end)) < 5_000


@pytest.mark.parametrize(
    "html",
    [
        f"<p>{'rain ' * 10_000}</p>",
        f"<p>1 < 2 {'and rain ' * 10_000}",
        f'<img src="data:image/png;base64,{"aGVs/bG8=" * 10_000}" alt="rain">',
        f"<p title='{'rain ' * 10_000}'>rain</p>",
        "<p class=a id=b>rain</p>\n" * 10_000,
        f"</p {' '.join(NAMES)}>",
    ],
    ids=["text", "less than", "an image in the page", "a long value", "many tags", "an end"],
)
def test_all_else_stays_as_it_is(html: str) -> None:
    assert limit_attributes(html) == html


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("<!DOCTYPE html><html>", True),
        ("\n<?xml version='1.0'?><!-- saved --><html lang=zh>", True),
        ("<head>", True),
        ("<body class=a>", True),
        ("<p>雨</p>", False),
        ("雨 <html>", False),
    ],
)
def test_a_page_is_distinguished_from_a_fragment(text: str, page: bool) -> None:  # noqa: FBT001  a table's column
    assert is_html_page(text) is page

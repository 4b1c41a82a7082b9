"""Tags with more attributes than a parser can bear."""

import pytest

from feeder.markup import thin_tags
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
    assert len(thin_tags(f"{tag}words</p>")) < 5_000
    assert thin_tags(f"{tag}words</p>").endswith(">words</p>")
    assert "words" in clean_html(f"{tag}words</p>")


@pytest.mark.parametrize("end", ["", ' x="', " x='"])
def test_a_tag_that_never_ends_is_cut_too(end: str) -> None:
    assert len(thin_tags("<p " + " ".join(NAMES) + end)) < 5_000


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
    assert thin_tags(html) == html

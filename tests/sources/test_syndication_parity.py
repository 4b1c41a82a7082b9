"""Our reader beside feedparser, over all documents of tests/data/feeds: where the two differ we mean to."""

import pytest

from benchmarks.parity import compare
from tests.sources.test_syndication import FACTS, FOLDER

# Document -> the fields in which we do not follow feedparser, and why.
_DIFFERENT = {
    "broken_end.xml": {"entries"},  # what is there of an entry that breaks off
    "link_relative.xml": {"id", "link"},  # it counts from the site, where another host serves the feed
    "nothing_said.xml": {"entries"},  # an entry that says nothing is none
    "title_text.xml": {"link"},  # a tag: URI is nothing to be followed
    "link_original.xml": {"link"},  # the publisher's own page, not the counting proxy before it
    "author_mail.xml": {"authors"},  # feedparser cuts addresses in top-level domains of more than four letters
    "content_base64_cut.xml": {"content"},  # what cannot be decoded is not shown as it is
    "author_mail_only.xml": {"authors"},
}


@pytest.mark.parametrize("name", [name for name in FACTS if not name.endswith(".json")])  # it reads no JSON Feed
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # feedparser's own, of names that it will drop
def test_we_say_what_feedparser_says(name: str) -> None:
    different = [one for one in compare((FOLDER / name).read_bytes()) if not one.equal]
    assert {one.field for one in different} == _DIFFERENT.get(name, set()), different

"""Articles that their authors did not publish, by all marks of their programs."""

import pytest

from feeder.sources.files.article import read_article
from feeder.sources.files.collection import read_document
from tests.sources.test_collection import post, wordpress

BODY = "\n\nA letter to nobody in particular.\n"


def withheld_reason(text: str, name: str = "a.md") -> str | None:
    return read_article((text + BODY).encode(), name).withheld


@pytest.mark.parametrize(
    "line",
    [
        "draft: true", 'draft: "True"', "draft: yes", "draft: 1", "draft: 'on'", "Draft: TRUE", "isDraft: true",
        "published: false", 'published: "no"', "published: 0", "publish: false", "dg-publish: false", "public: false",
        "private: true", "hidden: true", "unlisted: true", "password: geheim",
        "status: draft", "status: Private", "status: hidden", "status: pending", "status: trash", "visibility: private",
        "post-status: draft", "status: [draft]", "draft:true", "unpublished: true", "is_published: false",
        "isPublished: no", "status: unpublished", "status: Entwurf", "status: 草稿", "state: draft", "permalink: false",
    ],
)  # fmt: skip
def test_yaml_says_that_an_article_is_not_published(line: str) -> None:
    key = line.partition(":")[0].lower()
    assert (withheld_reason(f"---\ntitle: A letter\n{line}\n---") or "").startswith(f"front matter: {key}")


@pytest.mark.parametrize(
    "line",
    ["draft: false", "draft: no", "published: true", "published: 2024-01-09", "publish: true", "public: true",
     "hidden: false", "status: published", "status: publish", "password: ''", "visibility: public",
     "comments:\n  hidden: true", "status: in progress", "permalink: /a/", "build:\n  render: always"],
)  # fmt: skip
def test_yaml_says_that_an_article_is_published(line: str) -> None:
    assert withheld_reason(f"---\ntitle: A letter\n{line}\n---") is None


@pytest.mark.parametrize(
    "text",
    [
        "+++\ntitle = 'A'\ndraft = true\n+++",
        "+++\ntitle = 'A'\npublished = false\n[extra]\nmath = true\n+++",
        '{\n  "title": "A",\n  "draft": true\n}',
        "Title: A letter\nDate: 2024-01-01\nStatus: draft\n",
        "title: A letter\ndate: 2024-01-01\npublished: false\n---",
        "public:: false\ntitle:: A letter\n",
        "<!--\ndraft: true\ntitle: A letter\n-->\n# A letter",
        "---\ntitle: A letter\nbuild:\n  render: never\n---",
        "+++\ntitle = 'A'\n[_build]\nrender = false\n+++",
    ],
)
def test_other_heads_can_withhold_an_article_too(text: str) -> None:
    assert withheld_reason(text) is not None


def test_toml_and_json_say_that_an_article_is_published() -> None:
    assert withheld_reason("+++\ntitle = 'A'\ndraft = false\n[extra]\ndraft = true\n+++") is None
    draft = read_article(b'{"title": "A", "draft": false, "toc": true}\n\nText.', "a.md")
    assert (draft.withheld, draft.title, draft.content) == (None, "A", "Text.")


@pytest.mark.parametrize("text", ["{not: json}", '{"a": 1}\n\nText', "{" * 5000])
def test_what_only_begins_like_json_is_text(text: str) -> None:
    assert read_article(text.encode(), "a.md").content.startswith("{")


@pytest.mark.parametrize("name", ["_drafts/a.md", "blog/_drafts/2024/a.md", "drafts/a.md", "Notes/Drafts/a.md"])
def test_a_folder_of_drafts_holds_drafts(name: str) -> None:
    folder = next(part for part in name.split("/") if part.lower().endswith("drafts"))
    assert withheld_reason("# A letter", name) == f"in {folder}/"


@pytest.mark.parametrize("name", ["my_drafts/a.md", "_drafts.md", "draft_a.md"])
def test_other_names_say_nothing(name: str) -> None:
    assert withheld_reason("# A letter", name) is None


def test_a_draft_in_a_medium_export_is_withheld() -> None:
    page = '<html><body><article class="h-entry"><p>Words.</p></article></body></html>'
    assert withheld_reason(page, "posts/draft_A-letter-1.html") == "draft in a Medium export"
    assert withheld_reason(page, "posts/2024-01-01_A-letter-1.html") is None
    assert withheld_reason("<html><body><p>Words.</p></body></html>", "posts/draft_A-letter-1.html") is None


@pytest.mark.parametrize("status", ["draft", "private", "pending", "future", "trash", "auto-draft"])
def test_a_post_of_wordpress_with_another_status_is_not_published(status: str) -> None:
    drafts = read_document(wordpress(post("held", status=status), post("one")), "b.xml")
    found = {draft.title: (draft.origin, draft.withheld) for draft in drafts}
    assert found == {"one": ("b.xml#1", None), "held": ("b.xml#2", f"export: wp:status: {status}")}


def test_a_post_of_wordpress_behind_a_password_is_not_published() -> None:
    locked = post("locked").replace("<wp:status>", "<wp:post_password><![CDATA[x]]></wp:post_password><wp:status>")
    empty = post("open").replace("<wp:status>", "<wp:post_password></wp:post_password><wp:status>")
    found = {draft.title: draft.withheld for draft in read_document(wordpress(locked, empty), "b.xml")}
    assert found == {"open": None, "locked": "export: wp:post_password"}


def test_due_and_expiry_dates_are_read_from_the_head() -> None:
    text = (
        "---\ntitle: A\ndate: 2030-01-01\npublishDate: 2024-01-01\nexpiryDate: 2031-01-01\npublished: false\n---\n\nB"
    )
    draft = read_article(text.encode(), "a.md")
    assert draft.due is not None
    assert draft.expires is not None
    assert (draft.due.text, draft.due.place) == ("2024-01-01", "front matter: publishdate")
    assert (draft.expires.text, draft.expires.place) == ("2031-01-01", "front matter: expirydate")


def test_the_date_in_the_name_of_a_jekyll_post_is_when_it_is_due() -> None:
    due = read_article(b"# A\n\nB", "_posts/2030-01-01-a.md").due
    assert due is not None
    assert due.text == "2030-01-01"
    assert read_article(b"# A\n\nB", "notes/2030-01-01-a.md").due is None
    assert read_article(b"# A\n\nB", "_posts/a.md").due is None

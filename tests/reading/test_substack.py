"""What the list in a Substack export says of its posts."""

from pathlib import Path

import pytest

from feeder.model import Draft
from feeder.reading.substack import ListedPost, find_listed_post, read_substack_list, substack_id, with_list
from feeder.sources.files.folder import FolderFile

LIST = (
    "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url\n"
    '1.hello,2024-01-01T09:00:00.000Z,true,,newsletter,everyone,"Hello, you",Words to all,\n'
    "2.later,,false,,newsletter,everyone,Later,,\n"
    "3.paid,2024-01-01T09:00:00.000Z,true,,newsletter,only_paid,Paid,,\n"
    "4.patrons,2024-01-01T09:00:00.000Z,true,,newsletter,founding,Patrons,,\n"
    "5,2024-01-02T09:00:00.000Z,true,,podcast,everyone,Talk,,https://s.example/talk.mp3\n"
    "6.short,2024-01-01T09:00:00.000Z,true\n"
)


def test_the_list_says_what_is_public() -> None:
    posts = read_substack_list(LIST)
    assert {post: listed.withheld for post, listed in posts.items() if listed.withheld} == {
        "2.later": "posts.csv: is_published: false",
        "3.paid": "posts.csv: audience: only_paid",
        "4.patrons": "posts.csv: audience: founding",
    }
    assert posts["1.hello"] == ListedPost("", "Hello, you", "2024-01-01T09:00:00.000Z", "Words to all")
    assert posts["5"].sound == "https://s.example/talk.mp3"
    assert read_substack_list("title,url\na,b\n") == {}
    assert "1.a" in read_substack_list(f"post_id,is_published\n1.a,false\n2.b,{'x' * 200_000}\n")


def test_only_names_of_posts_have_an_id() -> None:
    assert [substack_id(name) for name in ("posts/12.a-b.html", "12.html", "a.html", "12.a.md")] == [
        "12.a-b", "12", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["posts/1.hello.html", "1.hello.html", "posts/5.a-talk.html"])
def test_a_post_is_found_in_the_list_beside_or_above_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "posts.csv").write_text(LIST)
    found = find_listed_post(FolderFile(name, "new", real=str(tmp_path / name)))
    assert found is not None
    assert found.title == ("Talk" if "talk" in name else "Hello, you")
    assert find_listed_post(FolderFile("a.html", "new", real=str(tmp_path / "a.html"))) is None


def test_title_date_and_address_of_a_post_are_those_of_the_list() -> None:
    draft = Draft(origin="posts/1.hello.html", content="<p>x</p>", content_type="html", title="1.hello")
    listed = with_list(draft, read_substack_list(LIST)["1.hello"])
    assert (listed.title, listed.summary, listed.link, listed.withheld) == (
        "Hello, you", "Words to all", "/p/hello", None,
    )  # fmt: skip
    assert [(stamp.text, stamp.place) for stamp in listed.stamps] == [
        ("2024-01-01T09:00:00.000Z", "posts.csv: post_date")
    ]
    assert listed.due == listed.stamps[0]
    assert with_list(draft, None) is draft

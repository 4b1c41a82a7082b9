"""How each field of an entry is made from a draft."""

import dataclasses
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.model import Credit, Draft, Entry, Link, Media, Person, Source, Stamp, entry_to_dict
from feeder.normalise.entry import normalise

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_DRAFT = Draft(
    origin="a/b.md",
    content="<p>昨天夜里，北方下了雨。</p>",
    content_type="html",
    title="春天的雨",
    link="https://e.org/a?utm_source=x",
)


def entry(**changes: Any) -> Entry:
    return normalise(dataclasses.replace(_DRAFT, **changes), now=_NOW)


def test_the_link_is_clean_and_names_the_entry_and_its_source() -> None:
    found = entry()
    assert (found.id, found.link) == ("https://e.org/a", "https://e.org/a")
    assert found.source == Source(title="e.org", id="https://e.org/", link="https://e.org/")


def test_an_id_is_the_source_s_own_if_it_is_an_iri() -> None:
    assert entry(id="tag:e.org,2020:文").id == "tag:e.org,2020:%E6%96%87"
    assert entry(id="111").id == "https://e.org/a"
    assert entry(link="https://e.org/文").id == "https://e.org/%E6%96%87"


def test_without_a_link_the_id_is_derived_from_source_and_origin() -> None:
    found = entry(link=None)
    assert found.id == entry(link=None).id
    assert found.id.startswith("urn:uuid:")
    assert found.id != entry(link=None, origin="a/c.md").id
    assert found.link is None
    named = normalise(dataclasses.replace(_DRAFT, link=None), now=_NOW, source="mirror")
    assert named.id != found.id
    assert (named.source.title, named.source.link) == ("mirror", None)
    assert named.source.id.startswith("urn:uuid:")
    assert entry(link=None, origin="a\udc80").id.startswith("urn:uuid:")


def test_a_source_that_is_given_is_kept() -> None:
    source = Source(title="某报", id="https://n.example/")
    assert entry(source=source).source == source


def test_a_title_is_always_there() -> None:
    assert entry(title="大&amp;#22338;直").title == "大坂直"
    assert entry(title=None).title == "昨天夜里，北方下了雨。"
    assert entry(title="", content="").title == "a/b.md"


@pytest.mark.parametrize(
    ("content_type", "content", "clean"),
    [
        ("html", "<p>a<br><br>[[zh:词]]</p>", "<p>a</p>\n<p>词</p>"),
        ("markdown", "a\n\n**b**", "<p>a</p>\n<p><strong>b</strong></p>"),
        ("text", "a\n\n**b**", "<p>a</p>\n<p>**b**</p>"),
        ("html", "<p>春天的雨</p>", ""),
    ],
)
def test_content_of_every_type_becomes_clean_html(content_type: str, content: str, clean: str) -> None:
    assert entry(content_type=content_type, content=content).content == clean


def test_dates_come_from_the_best_place() -> None:
    stamp = Stamp(text="2020-01-01", read_from="front matter")
    assert (entry(stamps=(stamp,)).published, entry(stamps=(stamp,)).published_from) == (
        datetime(2020, 1, 1, tzinfo=UTC),
        "front matter",
    )
    picture = '<p>3月18日，雨</p><img src="https://e.org/2022/03/a.jpg">'
    assert (entry(content=picture).published, entry(content=picture).published_from) == (
        datetime(2022, 3, 18, tzinfo=UTC),
        "text",
    )
    assert entry(link="https://e.org/2021/05/06/a").published_from == "link"
    file_time = Stamp(text="2021-01-01", read_from="file time")
    assert entry(stamps=(file_time,)).published_from == "file time"
    assert (entry(link=None).published, entry(link=None).published_from) == (_NOW, "read time")


@pytest.mark.parametrize(
    "content",
    [
        "<p>2008年5月12日汶川发生地震。</p>",
        "<p><i>By ANN LEE 2008-05-12 10:00</i></p><p>Words</p>",
        "<p>Words</p><img src='https://e.org/wp-content/uploads/2011/03/a.jpg'>",
        "<p>12 May 2008</p><p>Words</p>",
    ],
)
@pytest.mark.parametrize(("link", "place"), [("https://e.org/1", "read time"), ("https://e.org/2024/06/05/a", "link")])
def test_dates_in_the_text_of_a_feeds_entry_are_not_its_own(content: str, link: str, place: str) -> None:
    in_feed = Draft(origin="f", link=link, content=content, content_type="html", dated_by_text=False)
    assert normalise(in_feed, now=_NOW).published_from == place
    assert normalise(dataclasses.replace(in_feed, dated_by_text=True), now=_NOW).published_from != "read time"


def test_a_day_is_in_the_source_s_zone() -> None:
    stamps = (Stamp(text="2022-03-18", read_from="front matter"),)
    found = normalise(dataclasses.replace(_DRAFT, stamps=stamps), now=_NOW, timezone="Asia/Shanghai")
    assert found.published == datetime(2022, 3, 17, 16, tzinfo=UTC)


def test_authors_are_the_source_s_else_the_text_s() -> None:
    content = f"{_DRAFT.content}<p>作者：甲<br>翻译：乙</p>"
    found = entry(content=content)
    assert [person.name for person in found.authors] == ["甲"]
    assert found.credits == (Credit(role="translator", name="乙"),)
    named = entry(content=content, authors=tuple(Person(name=name) for name in ("丙", "", "丙")))
    assert [person.name for person in named.authors] == ["丙"]
    assert Credit(role="author", name="甲") in named.credits


def test_valid_addresses_of_an_author_are_kept() -> None:
    well = Person(name="丙", uri="https://e.org/c", email="c@e.org")
    ill = Person(name="丁", uri="javascript:alert(1)", email="d at e.org")
    assert entry(authors=(well, ill)).authors == (well, Person(name="丁"))


def test_categories_are_once_and_those_of_the_source_are_added() -> None:
    draft = dataclasses.replace(_DRAFT, categories=("雨", "雨", " 风&amp; "))
    assert normalise(draft, now=_NOW, categories=("山", "雨")).categories == ("雨", "风&", "山")


def test_the_summary_is_the_lead_and_never_a_caption() -> None:
    content = '<img src="https://e.org/p.jpg"><div><small>山</small></div><h2>题</h2><p>' + "雨很大。" * 80 + "</p>"
    assert entry(content=content).summary == "雨很大。" * 50
    assert entry(summary="<own> 的话").summary == "<own> 的话"
    assert entry(summary=" ").summary == "昨天夜里，北方下了雨。"


def test_media_are_once_with_those_of_the_head_last() -> None:
    content = '<img src="/p.jpg"><p>雨</p><video src="/v.mp4"></video>'
    head = (
        Media(url="/p.jpg", kind="image"),
        Media(url="/q.png", kind="image", title="a&amp;b"),
        Media(url="x:y", kind="image"),
    )
    assert entry(content=content, media=head).media == (
        Media(url="https://e.org/p.jpg", kind="image", type="image/jpeg"),
        Media(url="https://e.org/v.mp4", kind="video", type="video/mp4"),
        Media(url="https://e.org/q.png", kind="image", title="a&b"),
    )


@pytest.mark.parametrize(
    ("shown", "other", "count"),
    [
        ("/p-1024x683.jpg", "/p-150x150.jpg", 1),
        ("/p-300x200.jpg", "/p.jpg", 1),
        ("/p.jpg?w=640", "http://e.org/p.jpg?w=90", 1),
        ("/p.jpg", "/q.jpg", 2),
        ("/2024/05/p.jpg", "/2024/06/p.jpg", 2),
    ],
)
def test_a_picture_of_the_text_is_not_there_again_in_another_size(shown: str, other: str, count: int) -> None:
    media = (Media(url=other, kind="image"), Media(url="/a.mp3", kind="audio"))
    found = entry(content=f'<p>雨</p><img src="{shown}">', media=media).media
    assert [medium.kind for medium in found] == ["image"] * count + ["audio"]


def test_an_article_that_is_only_a_table_is_summed_up_by_it() -> None:
    assert entry(content="<table><tr><td>a</td><td>b</td></tr></table>").summary.split() == ["a", "b"]


def test_links_are_clean_once_and_never_the_entry_s_own() -> None:
    links = (
        Link(rel="via", href="https://o.example/x?fbclid=1", title="a&amp;b"),
        Link(rel="via", href="http://www.o.example/x/"),
        Link(rel="via", href="http://www.e.org/a/"),
        Link(rel="related", href="javascript:x"),
    )
    assert entry(links=links).links == (Link(rel="via", href="https://o.example/x", title="a&b"),)
    assert entry(links=links[:1], link=None).links[0].href == "https://o.example/x"


def test_rights_are_one_line() -> None:
    assert entry(rights="© 某报\n2020").rights == "© 某报 2020"
    assert entry().rights is None


def test_removed_lines_are_in_the_entry() -> None:
    assert entry(content=f"{_DRAFT.content}<p>© 某报</p>").cut == ("© 某报",)


_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
_SOME = st.one_of(st.none(), _TEXT)


@given(
    st.builds(
        Draft,
        origin=_TEXT,
        content=_TEXT,
        content_type=st.sampled_from(["html", "markdown", "text"]),
        title=_SOME,
        id=_SOME,
        link=_SOME,
        links=st.lists(st.builds(Link, rel=st.just("via"), href=_TEXT, title=_SOME), max_size=2).map(tuple),
        stamps=st.lists(
            st.builds(Stamp, text=_TEXT, read_from=st.sampled_from(["body", "epoch", "text"])), max_size=2
        ).map(tuple),
        authors=st.lists(st.builds(Person, name=_TEXT, uri=_SOME, email=_SOME), max_size=2).map(tuple),
        credits=st.lists(st.builds(Credit, role=st.just("editor"), name=_TEXT), max_size=2).map(tuple),
        categories=st.lists(_TEXT, max_size=2).map(tuple),
        media=st.lists(st.builds(Media, url=_TEXT, kind=st.just("image"), title=_SOME), max_size=2).map(tuple),
        language=_SOME,
        source=st.builds(Source, title=_TEXT, id=_TEXT, link=_SOME),
        summary=_SOME,
        rights=_SOME,
    ),
)
def test_any_draft_becomes_an_entry_that_is_valid_in_xml(draft: Draft) -> None:
    found = normalise(draft, now=_NOW)
    for text in _texts(entry_to_dict(found)):
        root = ET.Element("t")
        root.text = text
        ET.fromstring(ET.tostring(root, "utf-8"))  # noqa: S314  our own bytes
    assert normalise(draft, now=_NOW) == found


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in values for text in _texts(part)]


def test_paragraphs_of_a_summary_are_joined_as_their_script_wants() -> None:
    assert entry(content="<p>下雨了。</p><p>天晴了。</p>").summary == "下雨了。天晴了。"
    assert entry(content="<p>It rained.</p><p>It cleared.</p>").summary == "It rained. It cleared."


_FOOT = "<p>山里下了雨，树都绿了。</p><p>{}原文链接：https://e.org/2024/05/03/rain</p>"


def test_an_article_that_gives_its_own_address_has_it() -> None:
    found = entry(link=None, content=_FOOT.format(""), content_type="html")
    assert (found.link, found.id, found.links) == ("https://e.org/2024/05/03/rain",) * 2 + ((),)
    assert found.published == datetime(2024, 5, 3, tzinfo=UTC)


def test_the_original_of_a_translation_is_not_its_own_address() -> None:
    found = entry(link=None, content=_FOOT.format("译者：李远山</p><p>"), content_type="html")
    assert (found.link, [(link.rel, link.href) for link in found.links]) == (
        None,
        [("via", "https://e.org/2024/05/03/rain")],
    )

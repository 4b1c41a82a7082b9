"""Lines that recur at the edges of a publisher's articles are learned and removed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeder.model import Draft, Entry
from feeder.normalise.boilerplate.learned import MIN_ARTICLES, Tally, edge_fingerprints, fingerprint, publisher_of
from feeder.normalise.entry import normalise

_MOTTO = "每天一篇，风雨无阻，写给你看！"
_TAIL = "第1期由某某小队为你送上，下次再见。"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def article(number: int, *, motto: str = _MOTTO, tail: str = _TAIL) -> str:
    words = "".join(chr(0x4E00 + (number * 37 + n * 11) % 8000) for n in range(60))
    tail = tail.replace("1", str(number))
    return f"<p>{motto}</p><p>{words[:20]}。</p><p>{words[20:40]}。</p><p>{words[40:]}。</p><p>{tail}</p>"


def entry(content: str, learned: frozenset[str] = frozenset(), *, keep: bool = False) -> Entry:
    draft = Draft(origin="a", content=content, content_type="html", title="a", link="https://e.org/a")
    return normalise(draft, now=_NOW, boilerplate=learned, keep=keep)


def learned_from(*contents: str) -> frozenset[str]:
    tally = Tally()
    for content in contents:
        tally.add("e.org", edge_fingerprints(entry(content).content))
    return tally.learned("e.org")


def test_a_line_that_recurs_at_an_edge_is_learned_and_removed() -> None:
    learned = learned_from(*map(article, range(30)))
    assert learned == {fingerprint(_MOTTO), fingerprint(_TAIL)}
    found = entry(article(99), learned)
    assert found.content.count("<p>") == 3
    assert found.cut == (_MOTTO, _TAIL.replace("1", "99"))


@pytest.mark.parametrize(
    ("with_motto", "without"),
    [(MIN_ARTICLES - 1, 0), (MIN_ARTICLES, 4 * MIN_ARTICLES)],
    ids=["in too few articles", "in too small a share"],
)
def test_a_line_that_does_not_recur_enough_is_not_learned(with_motto: int, without: int) -> None:
    contents = [article(n, tail=f"{n}") for n in range(with_motto)]
    contents += [article(1000 + n, motto=f"{chr(0x5000 + n) * 9}", tail="") for n in range(without)]
    assert learned_from(*contents) == frozenset()


def test_removed_lines_are_still_counted() -> None:
    found = entry(article(99), learned_from(*map(article, range(30))))
    assert {fingerprint(_MOTTO), fingerprint(_TAIL)} <= edge_fingerprints(found.content, found.cut)


def test_a_learned_line_in_the_middle_stays() -> None:
    content = f"<p>昨天夜里，北方下了雨。</p><p>{_MOTTO}</p><p>今天早上，山里的树都绿了。</p>"
    assert entry(content, frozenset({fingerprint(_MOTTO)})).cut == ()


def test_a_learned_line_that_is_most_of_an_article_stays() -> None:
    assert entry(f"<p>{_MOTTO}</p><p>短。</p>", frozenset({fingerprint(_MOTTO)})).cut == ()


def test_a_picture_with_a_common_caption_stays() -> None:
    content = f'<figure><img src="https://e.org/a.png"><figcaption>资料照片来自网络</figcaption></figure>{article(1)}'
    assert "资料照片" in entry(content, frozenset({fingerprint("资料照片来自网络")})).content


def test_a_player_is_never_learned() -> None:
    assert edge_fingerprints('<p><a href="https://v.example/x">▶ v.example</a></p>') == frozenset()


def test_only_the_edges_of_a_long_article_are_examined() -> None:
    content = "".join(f"<p>{chr(0x4E00 + n) * 30}</p>" for n in range(200))
    assert len(edge_fingerprints(content)) == 10


def test_if_a_source_keeps_boilerplate_only_its_metadata_is_read() -> None:
    found = entry("<p>编辑：甲</p><p>昨天夜里，北方下了雨。</p>", keep=True)
    assert found.content.startswith("<p>编辑：甲</p>")
    assert (found.cut, found.credits[0].name) == ((), "甲")


def test_a_fingerprint_depends_only_on_the_words_of_a_line() -> None:
    assert fingerprint("第 1 期：《春》 Spring") == fingerprint("第22期春spring")
    assert fingerprint("完 1") == ""


@pytest.mark.parametrize(
    ("link", "name"),
    [("https://www.e.org/a", "e.org"), ("http://e.org", "e.org"), (None, "folder"), ("http://[", "folder")],
)
def test_a_publisher_is_a_host_or_else_the_source(link: str | None, name: str) -> None:
    assert publisher_of(link, "folder") == name


def test_a_tally_forgets_rare_lines_of_a_publisher_with_many() -> None:
    tally = Tally()
    for number in range(6000):
        tally.add("e.org", [fingerprint(_MOTTO), str(number)])
    assert tally.learned("e.org") == {fingerprint(_MOTTO)}
    assert len(tally.lines["e.org"]) <= 5000


def test_an_empty_tally_has_learned_nothing() -> None:
    assert Tally().learned("e.org") == frozenset()


def test_lines_of_a_list_are_still_counted_when_it_is_removed_as_one_block() -> None:
    links = ("某某基金会的主页", "某某协会的主页", "使用条款与隐私")
    content = article(1, motto="") + f"<ul>{''.join(f'<li>{text}</li>' for text in links)}</ul>"
    found = entry(content, frozenset(map(fingerprint, links)))
    assert found.cut == links
    assert {fingerprint(text) for text in links} <= edge_fingerprints(found.content, found.cut)


@given(st.dictionaries(st.text(max_size=4), st.lists(st.sampled_from("abc"), min_size=2, max_size=40), max_size=3))
def test_a_tally_survives_being_stored(seen: dict[str, list[str]]) -> None:
    tally = Tally()
    for name, marks in seen.items():
        for mark in marks:
            tally.add(name, [mark])
    read = Tally()
    read.load((name, tally.articles[name], tally.stored_counts(name)) for name in tally.articles)
    assert read.articles == tally.articles
    assert all(read.learned(name) == tally.learned(name) for name in seen)

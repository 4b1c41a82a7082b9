"""Posts of Ghost that have no HTML: the documents of its editors, Lexical and Mobiledoc, are rendered."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from feeder.model import Draft
from feeder.normalise.entry import normalise
from feeder.sources.files.collection import read_document
from feeder.sources.files.dialects.ghost import Rendered, render_lexical, render_mobiledoc

_CARDS: dict[str, tuple[dict[str, Any], str]] = {
    "image": (
        {"src": "https://h.example/a.png", "alt": 'a "b"', "caption": "<i>Sea</i>"},
        '<figure><img src="https://h.example/a.png" alt="a &quot;b&quot;"><figcaption><i>Sea</i></figcaption></figure>',
    ),
    "gallery": (
        {"images": [{"src": "/a.png"}, {"src": "/b.png", "href": "/b"}], "caption": "Two"},
        (
            '<figure><figure><img src="/a.png" alt=""></figure>'
            '<figure><a href="/b"><img src="/b.png" alt=""></a></figure><figcaption>Two</figcaption></figure>'
        ),
    ),
    "html": ({"html": "<p>raw</p>"}, "<p>raw</p>"),
    "bookmark": (
        {"url": "https://h.example/", "metadata": {"title": "A & B", "description": "About"}},
        '<blockquote><p><a href="https://h.example/">A &amp; B</a></p><p>About</p></blockquote>',
    ),
    "embed": ({"url": "https://v.example/", "html": "<iframe></iframe>"}, "<figure><iframe></iframe></figure>"),
    "video": ({"src": "/a.mp4"}, '<figure><video src="/a.mp4" controls></video></figure>'),
    "audio": (
        {"src": "/a.mp3", "title": "Waves"},
        '<figure><p>Waves</p><audio src="/a.mp3" controls></audio></figure>',
    ),
    "file": ({"src": "/a.pdf", "fileTitle": "Map"}, '<p><a href="/a.pdf">Map</a></p>'),
    "callout": ({"calloutText": "Mind <b>this</b>"}, "<blockquote><p>Mind <b>this</b></p></blockquote>"),
    "toggle": ({"heading": "More", "content": "<p>x</p>"}, "<h4>More</h4><p>x</p>"),
    "button": ({"buttonText": "Go", "buttonUrl": "/go"}, '<p><a href="/go">Go</a></p>'),
    "header": ({"heading": "Big", "subheading": "small"}, "<h2>Big</h2><p>small</p>"),
    "product": (
        {"productTitle": "Boat", "productDescription": "<p>Red</p>", "productImageSrc": "/p.png"},
        '<figure><img src="/p.png" alt=""></figure><h4>Boat</h4><p>Red</p>',
    ),
    "call-to-action": (
        {"textValue": "<p>Join</p>", "imageUrl": "/c.png", "buttonUrl": "/j", "buttonText": "Now"},
        '<figure><img src="/c.png" alt=""></figure><p>Join</p><p><a href="/j">Now</a></p>',
    ),
    "email": ({"html": "<p>Hi {name}</p>"}, ""),
}  # fmt: skip


def lexical(*nodes: dict[str, Any]) -> str:
    return json.dumps({"root": {"type": "root", "children": nodes}})


def mobiledoc(**parts: Any) -> str:
    return json.dumps({"version": "0.3.1", "atoms": [], "cards": [], "markups": [], "sections": []} | parts)


def text(words: str, format_: int = 0) -> dict[str, Any]:
    return {"type": "extended-text", "text": words, "format": format_}


@pytest.mark.parametrize(
    ("node", "html"),
    [
        ({"type": "paragraph", "children": [text("a < b", 1), text(" c", 3), {"type": "linebreak"}, text("d")]},
         "<p><strong>a &lt; b</strong><em><strong> c</strong></em><br>d</p>"),
        ({"type": "paragraph", "children": [{"type": "link", "url": "/x?a&b", "children": [text("x")]}]},
         '<p><a href="/x?a&amp;b">x</a></p>'),
        ({"type": "paragraph", "children": []}, ""),
        ({"type": "extended-heading", "tag": "h3", "children": [text("Storm")]}, "<h3>Storm</h3>"),
        ({"type": "heading", "children": [text("Storm")]}, "<h2>Storm</h2>"),
        ({"type": "extended-quote", "children": [text("said", 16)]}, "<blockquote><code>said</code></blockquote>"),
        ({"type": "aside", "children": [text("x")]}, "<blockquote>x</blockquote>"),
        ({"type": "list", "tag": "ol", "children": [
            {"type": "listitem", "children": [text("one")]},
            {"type": "listitem", "children": [
                {"type": "list", "tag": "ul", "children": [{"type": "listitem", "children": [text("in")]}]}]}]},
         "<ol><li>one</li><li><ul><li>in</li></ul></li></ol>"),
        ({"type": "horizontalrule"}, "<hr>"),
        ({"type": "codeblock", "code": "a < b", "language": "c", "caption": "Code"},
         '<pre><code class="language-c">a &lt; b</code></pre><p>Code</p>'),
        *(({"type": kind, **card}, html) for kind, (card, html) in _CARDS.items()),
    ],
)  # fmt: skip
def test_blocks_of_lexical_are_rendered(node: dict[str, Any], html: str) -> None:
    assert render_lexical(lexical(node)) == Rendered(html)


@pytest.mark.parametrize(
    ("parts", "html"),
    [
        ({"markups": [["strong"], ["a", ["href", "/x?a&b"]]], "atoms": [["soft-return", "", {}], ["x", "at", {}]],
          "sections": [[1, "p", [[0, [0], 0, "a < "], [0, [1], 2, "b"], [1, [], 0, 0], [1, [], 0, 1]]]]},
         '<p><strong>a &lt; <a href="/x?a&amp;b">b</a></strong><br>at</p>'),
        ({"sections": [[1, "h2", [[0, [], 0, "Storm"]]], [1, "pull-quote", [[0, [], 0, "x"]]]]},
         "<h2>Storm</h2>\n\n<p>x</p>"),
        ({"sections": [[3, "ul", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]]]}, "<ul><li>one</li><li>two</li></ul>"),
        ({"sections": [[2, "/a.png"]]}, '<figure><img src="/a.png" alt=""></figure>'),
        ({"cards": [["hr", {}], ["code", {"code": "x"}]], "sections": [[10, 0], [10, 1]]},
         "<hr>\n\n<pre><code>x</code></pre>"),
        ({"cards": [["hr"]], "sections": [[10, 0]]}, "<hr>"),
        ({"markups": [["script"]], "sections": [[1, "p", [[0, [0], 1, "x"]]]]}, "<p><span>x</span></p>"),
        *(({"cards": [[kind, card]], "sections": [[10, 0]]}, html) for kind, (card, html) in _CARDS.items()),
    ],
)  # fmt: skip
def test_sections_of_mobiledoc_are_rendered(parts: dict[str, Any], html: str) -> None:
    assert render_mobiledoc(mobiledoc(**parts)) == Rendered(html)


def test_a_markdown_card_is_markdown_among_blocks() -> None:
    card = {"markdown": "One *two*"}
    expected = Rendered("<p>x</p>\n\nOne *two*", "markdown")
    node = {"type": "paragraph", "children": [text("x")]}
    assert render_lexical(lexical(node, {"type": "markdown", **card})) == expected
    sections = [[1, "p", [[0, [], 0, "x"]]], [10, 0]]
    assert render_mobiledoc(mobiledoc(cards=[["card-markdown", card]], sections=sections)) == expected


def test_kinds_that_are_unknown_are_told_and_their_text_stays() -> None:
    node = {"type": "poll", "children": [text("Yes or no")]}
    assert render_lexical(lexical(node, node)) == Rendered("Yes or no\n\nYes or no", "html", ("poll",))
    found = render_mobiledoc(mobiledoc(cards=[["poll", {}]], sections=[[10, 0], [77]]))
    assert found == Rendered("", "html", ("poll", "section 77"))


@pytest.mark.parametrize("document", ["", "{", "[]", "{}", '{"root": {"children": [1]}}', "[" * 100_000])
def test_what_is_no_document_is_refused(document: str) -> None:
    assert render_lexical(document) is None
    assert render_mobiledoc(document) is None


def test_a_document_that_is_too_deep_is_refused() -> None:
    node: dict[str, Any] = text("x")
    for _ in range(60):
        node = {"type": "quote", "children": [node]}
    assert render_lexical(lexical(node)) is None


def posts(*fields: dict[str, Any]) -> tuple[Draft, ...]:
    records = [
        {"id": str(n), "title": f"T{n}", "slug": f"t{n}", "status": "published", **one} for n, one in enumerate(fields)
    ]
    return read_document(json.dumps({"db": [{"meta": {}, "data": {"posts": records}}]}).encode(), "ghost.json")


def test_a_post_is_read_from_the_first_text_that_it_has() -> None:
    node = {"type": "image", "src": "__GHOST_URL__/a.png"}
    document = lexical(node, {"type": "poll"})
    drafts = posts(
        {"html": "<p>h</p>", "lexical": document},
        {"html": None, "lexical": document, "mobiledoc": mobiledoc()},
        {"lexical": None, "mobiledoc": mobiledoc(sections=[[1, "p", [[0, [], 0, "m"]]]])},
        {"lexical": "{", "plaintext": "Plain"},
    )
    assert [(draft.content, draft.content_type, draft.lost) for draft in drafts] == [
        ("<p>h</p>", "html", ()),
        ('<figure><img src="/a.png" alt=""></figure>', "html", ("block of an unknown kind left out: poll",)),
        ("<p>m</p>", "html", ()),
        ("Plain", "text", ("its lexical text is damaged",)),
    ]


def test_a_rendered_post_is_clean_html() -> None:
    [draft] = posts({"lexical": lexical(
        {"type": "heading", "tag": "h2", "children": [text("Storm")]},
        {"type": "markdown", "markdown": "* one\n* two"},
        {"type": "codeblock", "code": "a\n\nb"},
        {"type": "html", "html": "<script>x</script><p>raw</p>"})})  # fmt: skip
    content = normalise(draft, now=datetime(2026, 1, 1, tzinfo=UTC)).content
    assert (
        "".join(content.split("\n"))
        == "<h2>Storm</h2><ul><li>one</li><li>two</li></ul><pre><code>ab</code></pre><p>raw</p>"
    )

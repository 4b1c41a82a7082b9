"""The output is safe for any input: tables of attacks, and property tests."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings

from feeder.normalise.body.blocks import Block
from feeder.normalise.body.writing import write_html
from tests.normalise.cleaning import clean_html
from tests.normalise.strange_html import strange_html

_TAGS = frozenset(
    str.split(
        "a abbr audio b bdi bdo blockquote br caption cite code dd del details dfn dl dt em figcaption figure h2 h3 h4 "
        "h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp span strong sub summary sup table tbody td th "
        "thead time tr u ul var video math mi mn mo ms mtext mrow mfrac msqrt mroot mstyle mpadded mphantom msub msup "
        "msubsup munder mover munderover mmultiscripts mprescripts mspace mtable mtr mtd",
    ),
)
_SPANS, _PLAYER = {"colspan", "rowspan"}, {"src", "controls", "preload", "width", "height"}
_ATTRIBUTES = {
    "a": {"href"},
    "abbr": {"title"},
    "dfn": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": _SPANS,
    "th": _SPANS,
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "time": {"datetime"},
    "audio": _PLAYER,
    "video": _PLAYER,
    "math": {"display"},
    "mi": {"mathvariant"},
    "mspace": {"width", "height", "depth"},
}


class _SafetyChecker(HTMLParser):
    """Reads HTML as a browser would and refuses every tag, attribute and address that is not on the list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS, tag
        assert {name for name, _ in attrs} <= _ATTRIBUTES.get(tag, set()) | {"id", "dir"}, (tag, attrs)
        for name, value in attrs:
            if name == "src":
                assert re.match(r"https?://", value or ""), value
            if name == "href":
                assert re.match(r"https?://|mailto:|#text-", value or ""), value
            if name == "id":
                assert (value or "").startswith("text-"), value
                assert value not in self.ids, value
                self.ids.add(value)
            if name == "dir":
                assert value in {"ltr", "rtl"}, value

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data!r}")


def assert_safe(html: str) -> None:
    checker = _SafetyChecker()
    checker.feed(html)
    checker.close()


_PAYLOADS = {
    "scripts": [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "<SCRIPT SRC=//e.org/x.js></SCRIPT>",
        "<script/x>alert(1)</script>",
        "<<script>alert(1);//<</script>",
    ],
    "event handlers": [
        "<img src=x onerror=alert(1)>",
        '<img src="https://e.org/p.jpg" onload=alert(1)>',
        '<p onclick="alert(1)">a</p>',
        '<a href="https://e.org/" onmouseover=alert(1)>a</a>',
        "<body onload=alert(1)>a",
        '<video poster="https://e.org/p.jpg" onerror=alert(1)>',
    ],
    "addresses": [
        '<a href="javascript:alert(1)">a</a>',
        '<a href=" &#14; java\nscript:alert(1)">a</a>',
        '<a href="&#106;avascript:alert(1)">a</a>',
        '<a href="vbscript:x">a</a>',
        '<a href="data:text/html;base64,PHNjcmlwdD4=">a</a>',
        '<img src="javascript:alert(1)">',
        '<img src="data:image/svg+xml,<svg onload=alert(1)>">',
        '<iframe src="javascript:alert(1)"></iframe>',
        '<object data="data:text/html,x"></object>',
        '<embed src="javascript:alert(1)">',
        '<a href="https://e.org/&quot; onclick=&quot;alert(1)">a</a>',
        '<img alt="&quot; onerror=&quot;alert(1)" src="https://e.org/p.jpg">',
        '<a href="mailto:a@e.org?subject=<script>">a</a>',
        '<a href="file:///etc/passwd">a</a>',
    ],
    "other languages": [
        "<svg><script>alert(1)</script></svg>",
        '<svg><a xlink:href="javascript:alert(1)"><text>a</text></a></svg>',
        "<math><mi xlink:href=javascript:alert(1)>a</mi></math>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    ],
    "text that is markup elsewhere": [
        "<style>@import 'https://e.org/x.css'</style>",
        '<p style="background:url(javascript:alert(1))">a</p>',
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<textarea></textarea><img src=x onerror=alert(1)>",
        "<title></title><img src=x onerror=alert(1)>",
        "<xmp><img src=x onerror=alert(1)></xmp>",
        "<template><script>alert(1)</script></template>",
        "<plaintext><script>alert(1)</script>",
        "<!--><script>alert(1)</script>-->",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<?xml-stylesheet href='javascript:alert(1)'?>",
    ],
    "mutations": [
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<table><td><a href='https://e.org/'><table><a onclick=x>",
        "<a href='https://e.org/'><a href='javascript:x'>b</a></a>",
        "<select><style></select><img src=x onerror=alert(1)></style>",
        "<listing>&lt;img src=x onerror=alert(1)&gt;</listing>",
    ],
    "pages within pages": [
        '<base href="https://evil.example/"><a href="x">a</a>',
        "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
        '<link rel="stylesheet" href="https://e.org/x.css">',
        "<form action='https://e.org/'><input name=x><button>b</button></form>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        '<p id="x" class="y" lang="z" title="t" dir="rtl" contenteditable>a</p>',
        "<dialog open>a</dialog><marquee>b</marquee><blink>c</blink>",
    ],
}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(payload, id=f"{kind} {n}")
        for kind, payloads in _PAYLOADS.items()
        for n, payload in enumerate(payloads)
    ],
)
def test_nothing_dangerous_comes_out(payload: str) -> None:
    for html in (payload, f"<p>a {payload} b</p>", f"<ul><li>{payload}", f"<table><tr><td>{payload}<td>b"):
        clean = clean_html(html, "https://example.org/")
        assert_safe(clean)
        assert clean_html(clean) == clean


@given(strange_html())
@example("<table><tr><td><table><tr><td>a<td>b")
@example("<figure><img src=https://e.org/p.jpg></figure><p>图片来源：某</p><p>▲某</p>")
@settings(max_examples=500, derandomize=True, deadline=None)
def test_cleaning_twice_is_cleaning_once_and_always_safe(html: str) -> None:
    clean = clean_html(html, "https://example.org/")
    assert_safe(clean)
    assert clean_html(clean, "https://example.org/") == clean
    assert clean_html(clean) == clean


_A, _B = '<a href="https://e.org/a">', '<a href="https://e.org/b">'


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        (f"{_A}a<div>{_B}b</a>c</div></a>d", f"<p>{_A}a</a></p>\n<p>{_B}b</a>c</p>\n<p>d</p>"),
        (f"<i>{_A}<section>{_B}<b>b", f"<p><i>{_B}<b>b</b></a></i></p>"),
        (
            f"{_A}<b>a<h2>b{_B}c</h2>d",
            f"<p>{_A}<b>a</b></a></p>\n<h2>{_A}<b>b</b></a><b>{_B}c</a></b></h2>\n<p><b>d</b></p>",
        ),
        ("<ruby>a<rt>b<rt>c</ruby>", "<p><ruby>a<rt>b</rt><rt>c</rt></ruby></p>"),
        ("<ruby>a<rp>(<rt>b<rp>)</ruby>", "<p><ruby>a<rp>(</rp><rt>b</rt><rp>)</rp></ruby></p>"),
        ("<dfn>a <dfn>b</dfn></dfn>", "<p><dfn>a</dfn> <dfn>b</dfn></p>"),
    ],
)
def test_elements_that_cannot_be_nested_are_not(html: str, clean: str) -> None:
    assert clean_html(html) == clean
    assert clean_html(clean) == clean


@pytest.mark.parametrize(
    "odd", ["{x}", "{{a|b}}", "{", "{}x=y", "{% if %}", "a:b", "xmlns:x=y", "@click=x", "\0", "é", "="]
)
def test_a_picture_is_read_whatever_else_is_in_its_tag(odd: str) -> None:
    html = f'<img {odd} src="https://e.org/p.jpg" alt="">'
    assert clean_html(f"a{html}b") == '<p>a<img src="https://e.org/p.jpg" alt="">b</p>'


def test_the_caption_below_a_copy_goes_to_the_picture_that_stays() -> None:
    picture = '<img src="https://e.org/p.jpg" alt="字">'
    clean = clean_html(f"{picture}{picture.replace('字', 'a')}字")
    assert clean == f"<figure>{picture}<figcaption>字</figcaption></figure>"
    assert clean_html(clean) == clean


@pytest.mark.parametrize(
    "html",
    [
        "<a " * 50_000,
        "<div>" * 50_000 + "a",
        "<b>" * 50_000,
        "<table><tr><td>" * 3_000,
        "<li>" * 50_000,
        "&" * 100_000,
        "<!--" * 50_000,
        "<p " + "x=y " * 50_000 + ">",
        "<br>" * 50_000,
        "[" * 50_000,
    ],
)
def test_hostile_html_is_read_without_harm(html: str) -> None:
    assert_safe(clean_html(html))  # where work is quadratic, this test is not seen to end


def test_the_sanitiser_removes_what_a_block_should_never_contain() -> None:
    evil = (
        '<p onclick="x()">text</p><script>x()</script><img src="javascript:x()"><iframe src="https://e.org"></iframe>'
    )
    written = write_html([Block(kind="paragraph", tag="p", html=evil)])
    assert written == "<p>text</p><img>"

"""A strategy for strange HTML in property tests: deep nesting, template code, broken ends, any text."""

from hypothesis import strategies as st

_TAGS = str.split(
    "p div b i a a a img img br br ul ol li table tr td th thead tbody caption blockquote pre code figure figcaption "
    "small ruby rt rp q sub abbr em u del tt h1 h2 h6 hr script style svg math mtext mglyph foreignObject iframe video "
    "source noscript noframes span time section template select option form title xmp plaintext textarea listing dl "
    "dt dd details summary bdo del time mi mfrac acronym nobr font button object embed body html head base image "
    "marquee frameset",
)
_ATTRIBUTES = [
    *("", "", "", " ", " <", " =", ' ="a"', ' "x"', "'", " 1=2", "/", " é=x", " \0=x", " hidden", ' class="emoji"'),
    *(' href="https://e.org/a"', ' href="https://e.org/b?x=1&y=2"', ' href="mailto:a@e.org"', ' href="javascript:x"'),
    *(' href="#n"', ' src="https://e.org/p.jpg" alt="字"', ' src="https://e.org/p.jpg" alt="&lt;b&gt; &quot;"'),
    *(' {x} src="https://e.org/q.png"', " {{a|b}}", " {", " {}", " {%if%}", ' @click="x"', ' :a="b"', ' a:b="c"'),
    *(' xml:lang="en"', ' xmlns:x="urn:x"', " onclick=x", ' style="display:none"', ' colspan="2"', " rowspan=0"),
    *(
        ' datetime="2020-01-01"',
        ' srcset="https://e.org/s.jpg 2x"',
        ' poster="https://e.org/o.jpg"',
        ' title="a &amp;b"',
        ' dir="rtl"',
        ' dir="ltr"',
        ' dir="auto"',
        ' id="n"',
        ' id="n" href="#m"',
        ' name="m"',
        ' href="https://example.org/#n"',
        ' start="3"',
        ' value="2" reversed',
        ' width="640" height="480" src="https://e.org/w.jpg"',
    ),
]
_WORDS = [
    *("字", "a b", " ", "\n", "\u3000", "\u00a0", "&amp;", "&lt;", "&amp;lt;b&gt;", "&#0;", "&#x202e;", "&#xd800;"),
    *("<!--", "-->", "--!>", "<!-", "<!x>", "<?pi x?>", "<![CDATA[", "]]>", "<", ">", "</", "</>", "<1>", "&", "&#x"),
    *("图片来源：某", "▲某", "2 days ago", "[[zh:字]]", "{{ x }}", "\0", "\x0b", "\x0c", "\x85", "\u2028", "\ud800"),
    *("\ufffe", "\ufeff", "\u200b", "\U0001f600", "\u0301", "\r", "字\n字"),
]


def strange_html(max_size: int = 30) -> st.SearchStrategy[str]:
    """Return HTML of up to `max_size` pieces, most of them tags of a few names, so that they really get nested."""

    def pieces(names: list[str]) -> st.SearchStrategy[str]:
        name = st.sampled_from(names)
        return st.one_of(
            st.builds("<{}{}{}>".format, name, st.sampled_from(_ATTRIBUTES), st.sampled_from(_ATTRIBUTES)),
            st.builds("</{}>".format, name),
            st.sampled_from(_WORDS),
            st.text(st.characters(exclude_categories=()), max_size=3),
        )

    few = st.lists(st.sampled_from(_TAGS), min_size=1, max_size=5)
    return few.flatmap(lambda names: st.lists(pieces(names), max_size=max_size)).map("".join)

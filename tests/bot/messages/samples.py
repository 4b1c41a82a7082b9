"""What the tests of messages share: text that is hard to send, clean HTML of any kind, and Telegram's judgement."""

from typing import Any

from hypothesis import strategies as st

from bot.messages import Text
from bot.messages.post import Post, make_post
from feeder import ChannelConfig, Entry
from feeder.words import ENGLISH, Words
from tests.bot.api.markup import read_text
from tests.entries import make_entry

SITE = "https://site.example/"
NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("<>&*_[]()`~|\\\"'\u200b\u200d\u202e\ufeff\u2028\x00\x85😀👨‍👩‍👧é\ufffe\U0010ffff"),
    ),
    max_size=400,
)
LINKS = st.one_of(
    st.none(),
    NASTY,
    st.sampled_from(["https://example.org/雨?a=b#c", "javascript:alert(1)", "https://", "http://[", "tg://user?id=1"]),
)

_SOME = ["rain", "雨天", "😀", "e\u0301", "👨\u200d👩\u200d👧", "x.", "。", "&amp;", "&lt;b&gt;"]
_WORDS = st.lists(st.sampled_from(_SOME), max_size=60)
_INLINE = ["b", "strong", "i", "em", "u", "s", "del", "ins", "code", "kbd", "mark", "q", "sup", "sub", "span", "cite"]
_BLOCKS = ["p", "h2", "h3", "ul", "ol", "li", "blockquote", "pre", "dl", "dt", "dd", "table", "tr", "td", "th"]
_BLOCKS += ["figure", "figcaption", "details", "summary"]
_EMPTY = ["<br>", "<hr>", '<img src="https://example.org/p.jpg" alt="picture">', '<img src="feeder-picture:x" alt="">']


def _wrap(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(children, max_size=4).map("".join)
    linked = inside.map(lambda inner: f'<a href="https://example.org/{len(inner)}">{inner}</a>')
    elements = st.builds(lambda tag, inner: f"<{tag}>{inner}</{tag}>", st.sampled_from(_INLINE + _BLOCKS), inside)
    return st.one_of(elements, linked)


HTML = st.recursive(st.one_of(_WORDS.map(" ".join), st.sampled_from(_EMPTY)), _wrap, max_leaves=40)
"""HTML of the elements that clean HTML has, in any order: also in those that it never has."""


def to_telegram(text: Text) -> list[dict[str, Any]]:
    """Return the spans as the Bot API has them."""
    return [
        {"type": s.kind, "offset": s.offset, "length": s.length} | ({"url": s.url} if s.url else {}) for s in text.spans
    ]


def assert_accepted(text: Text, limit: int) -> None:
    """Telegram accepts it unchanged: nothing is trimmed, cut, moved or dropped."""
    sent = to_telegram(text)
    assert len(sent) <= 100
    assert read_text(text.text, sent, None, limit=limit) == (text.text, sent)
    assert text.text.strip()


def entry(**changes: Any) -> Entry:
    return make_entry(1, **changes)


def looks(**settings: Any) -> ChannelConfig:
    return ChannelConfig.model_validate({"chat": "@channel", **settings})


def post_of(made: Entry, words: Words = ENGLISH, **settings: Any) -> Post:
    return make_post(made, looks(**settings), words, SITE)

"""What the tags of site generators stand for, whatever their syntax: pictures, videos, quotations, links, boxes.

Generators and their themes use the same few words for the same things, so a tag is recognised by its name, and a tag
with an unknown name by its values: the address of a picture is a picture.
"""

import re
from html import escape
from typing import NamedTuple

_VALUE = re.compile(
    r"(?:(?P<key>[\w:-]{1,60}+)[ \t\n]*+=[ \t\n]*+)?"
    r"(?:\"(?P<double>[^\"\\]*+(?>(?:\\.[^\"\\]*)*))\"|'(?P<single>[^'\\]*+(?>(?:\\.[^'\\]*)*))'|`(?P<raw>[^`]*+)`|"
    r"[“”](?P<curly>[^“”]*+)[“”]|(?P<bare>[^\s\"'`“”,][^\s,]*+))",
    re.DOTALL,
)
_WEB = re.compile(r"(?:https?:)?//\S", re.IGNORECASE)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|avif|bmp|heic)(?:[?#]|\Z)", re.IGNORECASE)
_SOUND = re.compile(r"\.(?:mp3|m4a|ogg|oga|wav|flac|aac)(?:[?#]|\Z)", re.IGNORECASE)
_FILM = re.compile(r"\.(?:mp4|m4v|webm|mov|ogv|m3u8)(?:[?#]|\Z)", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\((https?://[^\s()]{1,1000})\)")
_PLAYERS = {
    "youtube": "https://www.youtube.com/embed/{}",
    "vimeo": "https://player.vimeo.com/video/{}",
    "bilibili": "https://www.bilibili.com/video/{}",
    "dailymotion": "https://www.dailymotion.com/video/{}",
    "asciinema": "https://asciinema.org/a/{}",
    "instagram": "https://www.instagram.com/p/{}/",
    "gist": "https://gist.github.com/{}",
    "jsfiddle": "https://jsfiddle.net/{}/",
    "codepen": "https://codepen.io/{}",
    "slideshare": "https://www.slideshare.net/{}",
    "github": "https://github.com/{}",
    "speakerdeck": "https://speakerdeck.com/{}",
    "spotify": "https://open.spotify.com/{}",
    "soundcloud": "https://soundcloud.com/{}",
    "peertube": "",
    "tweet": "https://twitter.com/i/status/{}",
    "twitter": "https://twitter.com/i/status/{}",
    "mastodon": "",
    "oembed": "",
    "iframe": "",
    "embed": "",
}
_NICKNAMES = {"yt": "youtube", "x": "tweet", "bili": "bilibili", "bvideo": "bilibili", "ig": "instagram"}
_POST_ID = re.compile(r"\d{5,25}")
_PICTURE_NAMES = re.compile(r"figure|fig$|ima?ge?(?!s?.?gallery)|photo|picture|lightbox|thumbnail", re.IGNORECASE)
_QUOTE_NAMES = re.compile(r"(?:block|pull|center|end)?_?-?quote|cq|epigraph|citation|testimonial", re.IGNORECASE)
_CODE_NAMES = re.compile(
    r"highlight|code(?:-?block|cell)?|sourcecode|prism|snippet|mermaid|plantuml|graphviz|chart|diagram|goat|"
    r"include_code|console|terminal|command",
    re.IGNORECASE,
)
_LINK_NAMES = re.compile(r"a|(?:ext|external|site|page|app)?[-_]?(?:link|url|btn|button|cta)\w{0,10}", re.IGNORECASE)
_TITLED_NAMES = re.compile(r"details|expand|spoiler|fold\w{0,3}|tab|collapse|accordion|toggle|step", re.IGNORECASE)
_HIDDEN_NAMES = re.compile(r"comments?|private|ignore|draft", re.IGNORECASE)
_INLINE_NAMES = {"kbd": "kbd", "keys": "kbd", "mark": "mark", "sup": "sup", "sub": "sub", "u": "u", "b": "b", "i": "i"}
# NexT's and Butterfly's words in a style: `{% label success@words %}`, `{% span red, words %}`.
_STYLED_NAMES = frozenset({"label", "span", "emp", "wavy", "del", "psw", "hideinline", "btn", "bubble"})
_SOURCE_KEYS = ("src", "image", "img", "url", "link", "href", "path", "file", "image_path", "image-path", "source")
_MEDIA_KEYS = ("src", "mp3", "mp4", "m4a", "m4v", "ogg", "wav", "webm", "ogv", "url", "file", "source")
_ID_KEYS = (
    "id",
    "key",
    "repo",
    "v",
    "vid",
    "video",
    "videoid",
    "video_id",
    "bvid",
    "src",
    "url",
    "href",
    "link",
    "code",
    "post",
)
_TITLE_KEYS = ("title", "summary", "header", "heading", "label", "name")
_TEXT_KEYS = ("text", "content", "body", "caption", "description", "note")


class Tag(NamedTuple):
    """A tag with its values: `words` are those without a name, `phrases` those of them with several words."""

    name: str
    words: tuple[str, ...]
    named: dict[str, str]
    phrases: tuple[str, ...] = ()

    def first(self, keys: tuple[str, ...]) -> str:
        """Return the value of the first of the keys that has one; "" for none."""
        return next((self.named[key] for key in keys if self.named.get(key)), "")


def parse_tag(name: str, values: str) -> Tag:
    """Return a tag from its name and the text of its values."""
    words, phrases, named = [], [], {}
    for match in _VALUE.finditer(values):
        quoted = next((match[way] for way in ("double", "single", "raw", "curly") if match[way] is not None), None)
        value = (match["bare"] if quoted is None else re.sub(r"\\([\"'\\])", r"\1", quoted)).strip()
        if match["key"]:
            named[match["key"].lower()] = value
        elif value:
            words.append(value)
            if quoted is not None and " " in value:
                phrases.append(value)
    return Tag(name, tuple(words), named, tuple(phrases))


def is_code(name: str) -> bool:
    """Whether the text in a pair of tags is code."""
    return _CODE_NAMES.fullmatch(name) is not None


def is_hidden(name: str) -> bool:
    """Whether the text in a pair of tags is not published."""
    return _HIDDEN_NAMES.fullmatch(name) is not None


def render_single(tag: Tag) -> str:
    """Return the HTML of a tag without contents; "" if it stands for nothing."""
    name = tag.name.lower()
    provider = tag.named.get("provider", "").lower()  # {% include video provider="youtube" %}
    player = _NICKNAMES.get(name) or next((known for known in _PLAYERS if known in (name, provider)), None)
    player = player or next((known for known in _PLAYERS if known in name), None)
    if player is not None and (html := _player(tag, player)):
        return html
    if (html := _picture(tag, is_certain=_PICTURE_NAMES.search(name) is not None)) or (html := _media(tag, name)):
        return html
    if name in _STYLED_NAMES and tag.words:
        return escape(_without_style(tag), quote=False)
    if name in _INLINE_NAMES and tag.words:
        inline = _INLINE_NAMES[name]
        return f"<{inline}>{escape(' '.join(tag.words))}</{inline}>"
    return _link(tag) or render_inline(" ".join(tag.phrases) or tag.first(_TEXT_KEYS))


def _without_style(tag: Tag) -> str:
    """Return the words of a tag whose other values are colours and sizes."""
    words = " ".join(tag.words)
    if "@" in words:
        return words.partition("@")[2]
    return tag.words[-1] if tag.name.lower() == "span" else words


def render_opening(tag: Tag) -> tuple[str, str]:
    """Return the HTML of a tag with contents: before and after them."""
    name = tag.name.lower()
    if name in _INLINE_NAMES:
        return f"<{_INLINE_NAMES[name]}>", f"</{_INLINE_NAMES[name]}>"
    if _QUOTE_NAMES.fullmatch(name):
        by = tag.first(("author", "by", "cite", "attr", "name")) or " ".join(w for w in tag.words if not _WEB.match(w))
        address = tag.first(("url", "link", "href", "attrlink")) or next(filter(_WEB.match, tag.words), "")
        source = ", ".join(dict.fromkeys(filter(None, (by, tag.first(("source", "title"))))))
        source = source or tag.first(("cite",))
        linked = f'<a href="{escape(address)}">{escape(source or address)}</a>' if _WEB.match(address) else None
        attribution = linked or escape(source)
        return "<blockquote>", f"<p>— {attribution}</p></blockquote>" if attribution else "</blockquote>"
    if _LINK_NAMES.fullmatch(name):
        address = tag.first(("href", "url", "link", "to", "relref")) or next(filter(_WEB.match, tag.words), "")
        return f'<a href="{escape(address)}">', "</a>"
    if _PICTURE_NAMES.search(name) and "gallery" not in name:
        return f"<figure>{_image(tag, is_certain=True)}<figcaption>", "</figcaption></figure>"
    title = tag.first(_TITLE_KEYS) or " ".join(tag.words if _TITLED_NAMES.fullmatch(name) else tag.phrases)
    return f"<div><p><strong>{render_inline(title)}</strong></p></div><div>" if title else "<div>", "</div>"


def render_inline(text: str) -> str:
    """Return text in which Markdown's links are HTML."""
    return _MARKDOWN_LINK.sub(r'<a href="\2">\1</a>', escape(text, quote=False)) if text else ""


def frame(address: str, title: str = "") -> str:
    """Return a frame, which becomes a link to what it shows."""
    return f'<iframe src="{escape(address)}" title="{escape(title)}"></iframe>'


def figure(image: str, caption: str) -> str:
    """Return a figure of an image and its caption, both as HTML."""
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>" if caption else f"<figure>{image}</figure>"


def _player(tag: Tag, player: str) -> str:
    title = tag.named.get("title", "")
    values = [value for key in _ID_KEYS if (value := tag.named.get(key))] + list(tag.words)
    if address := next((value for value in values if _WEB.match(value)), None):
        return frame(address, title)
    if player in {"tweet", "twitter"}:
        numbers = [value for value in values if _POST_ID.fullmatch(value)]
        user = tag.named.get("user") or next((word for word in tag.words if word not in numbers), "i")
        return frame(f"https://twitter.com/{user}/status/{numbers[0]}", title) if numbers else ""
    pattern = _PLAYERS[player]
    if player == "gist":
        user = tag.named.get("user") or tag.named.get("username", "")
        values = [f"{user}/{values[0]}" if user else "/".join(tag.words[:2])] if values else []
    return frame(pattern.format(values[0]), title) if pattern and values and " " not in values[0] else ""


def _image(tag: Tag, *, is_certain: bool) -> str:
    """Return the `<img>` of a tag, by the address in its values."""
    candidates = [*(value for key in _SOURCE_KEYS if (value := tag.named.get(key))), *tag.words]
    likely = [value for value in candidates if _PICTURE.search(value)]
    if is_certain and not likely:
        likely = [value for value in candidates if "/" in value or value == tag.named.get("src")]
    if not likely:
        return ""
    alt = tag.named.get("alt") or ""
    return f'<img src="{escape(likely[0])}" alt="{escape(alt)}">'


def _picture(tag: Tag, *, is_certain: bool) -> str:
    image = _image(tag, is_certain=is_certain)
    if not image:
        return ""
    words = [word for word in tag.words if not _is_layout(word) and f'src="{escape(word)}"' not in image]
    before = next((n for n, word in enumerate(tag.words) if f'src="{escape(word)}"' in image), 0)
    words = [word for word in words if word not in tag.words[:before]]
    caption = tag.first(("caption", "title", "description")) or " ".join(words)
    source = tag.named.get("attr", "")
    if source and _WEB.match(tag.named.get("attrlink", "")):
        source = f"[{source}]({tag.named['attrlink']})"
    return figure(image, render_inline(" ".join(filter(None, (caption, source)))))


def _is_layout(word: str) -> bool:
    """Whether a value is a size or a place of a picture (`300`, `50%`, `left`)."""
    return re.fullmatch(r"\d+(?:px|%|em|x\d+)?|left|right|center|full|true|false", word, re.IGNORECASE) is not None


def _media(tag: Tag, name: str) -> str:
    # Hexo's players have `"url=https://…"` in quotes.
    words = (re.sub(r"\A\w{1,20}=(?=https?:)", "", word) for word in tag.words)
    candidates = [*(value for key in _MEDIA_KEYS if (value := tag.named.get(key))), *words]
    for value in candidates:
        kind = "audio" if _SOUND.search(value) else "video" if _FILM.search(value) else None
        if kind is not None:
            return f'<{kind} src="{escape(value)}" title="{escape(tag.named.get("title", ""))}"></{kind}>'
    address = next(filter(_WEB.match, candidates), "") if re.search(r"audio|video|player", name) else ""
    return frame(address, tag.named.get("title", "")) if address else ""


def _link(tag: Tag) -> str:
    candidates = [*(value for key in _SOURCE_KEYS if (value := tag.named.get(key))), *tag.words]
    address = next(filter(_WEB.match, candidates), None)
    if address is None:
        return ""
    words = tag.first((*_TEXT_KEYS, *_TITLE_KEYS)) or " ".join(word for word in tag.words if word != address)
    return f'<a href="{escape(address)}">{escape(words or address, quote=False)}</a>'

"""Images, audio and video: which address is the real one."""

from datetime import UTC, datetime

import pytest

from feeder.model import Draft, Media
from feeder.normalise.body.html import read_html
from feeder.normalise.body.images import (
    find_alt,
    find_frame_page,
    find_lost,
    find_media,
    find_picture,
    find_player_media,
    is_icon,
    media_type,
)
from feeder.normalise.entry import normalise


@pytest.mark.parametrize(
    ("attributes", "url"),
    [
        ({"src": "/p.jpg"}, "https://e.org/p.jpg"),
        ({"src": "data:image/gif;base64,AA", "data-src": "//i.example/p.jpg"}, "https://i.example/p.jpg"),
        ({"src": "/img/lazyload.png", "data-original": "/p.jpg"}, "https://e.org/p.jpg"),
        (
            {"data-image-dataset": '[{"url":"https:\\/\\/i.example\\/p.jpg"}]', "src": "data:x"},
            "https://i.example/p.jpg",
        ),
        ({"data-image-dataset": '{"url":"\\x"}', "src": "/p.jpg"}, "https://e.org/a/%5Cx"),
        ({"data-image-dataset": "none", "src": "/p.jpg"}, "https://e.org/p.jpg"),
        ({"srcset": "/s.jpg 300w, /l.jpg 900w, /m.jpg 600w"}, "https://e.org/l.jpg"),
        ({"srcset": "/s.jpg, /l.jpg 2x"}, "https://e.org/l.jpg"),
        ({"srcset": "/s.jpg 1.2.3x, /l.jpg 2x"}, "https://e.org/l.jpg"),
        ({"srcset": " "}, None),
        ({"src": "https://i.example/图.jpg"}, "https://i.example/%E5%9B%BE.jpg"),
        ({"src": "https://images.weserv.nl?url=i.example/p.jpg"}, "https://i.example/p.jpg"),
        ({"src": "/p.jpg", "width": "1", "height": "1"}, None),
        ({"src": "/p.jpg", "width": "0px"}, None),
        ({"src": "https://pixel.example/p.gif"}, None),
        ({"src": "https://feeds.feedburner.com/~r/x"}, None),
        ({"src": "https://gdb.example.org/p.jpg"}, "https://gdb.example.org/p.jpg"),
        ({"src": "javascript:alert(1)"}, None),
        ({}, None),
    ],
)
def test_the_real_picture_is_found(attributes: dict[str, object], url: str | None) -> None:
    picture = find_picture(attributes, "https://e.org/a/")
    assert (picture.url if picture else None) == url


@pytest.mark.parametrize(
    ("attributes", "icon"),
    [
        ({"width": "16", "height": "16"}, True),
        ({"class": ["wp-smiley"]}, True),
        ({"class": "twemoji big"}, True),
        ({"width": "16", "height": "300"}, False),
        ({"width": "100%"}, False),
        ({}, False),
    ],
)
def test_an_icon_is_no_illustration(attributes: dict[str, object], icon: bool) -> None:  # noqa: FBT001  a table's column
    assert is_icon(attributes) is icon


@pytest.mark.parametrize(
    ("alt", "shown"),
    [
        ("雨 &amp;amp; 风", "雨 & 风"),
        ("IMG 12.jpeg", ""),
        ("image1", ""),
        ("This image has an empty alt attribute; x", ""),
        ("…", ""),
    ],
)
def test_meaningless_alt_text_is_dropped(alt: str, shown: str) -> None:
    assert find_alt({"alt": alt}) == shown


def test_a_label_stands_in_for_a_missing_alt() -> None:
    assert find_alt({"aria-label": "雨"}) == "雨"
    assert find_alt({}) == ""


def test_video_is_found_in_its_sources() -> None:
    film = find_player_media("video", {"src": "blob:x"}, ["/v.webm"], "https://e.org/")
    assert film is not None
    assert (film.url, film.type) == ("https://e.org/v.webm", "video/webm")
    assert find_player_media("audio", {}, [], None) is None


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("https://www.youtube-nocookie.com/embed/abcdefghijk", "https://www.youtube.com/watch?v=abcdefghijk"),
        ("https://player.vimeo.com/video/123?h=1", "https://vimeo.com/123"),
        ("https://player.bilibili.com/player.html?aid=1&bvid=BV1x", "https://www.bilibili.com/video/BV1x"),
        ("https://maps.example/x", "https://maps.example/x"),
        ("https://www.googletagmanager.com/ns.html", None),
        ("about:blank", None),
    ],
)
def test_a_frame_leads_to_its_page(source: str, page: str | None) -> None:
    assert find_frame_page({"src": source}, None) == page


@pytest.mark.parametrize(
    ("url", "kind", "found"),
    [
        ("https://e.org/a.JPG?x=1", "image", "image/jpeg"),
        ("https://e.org/a.mp3", "image", None),
        ("https://e.org/a.m3u8", "video", "application/vnd.apple.mpegurl"),
        ("https://e.org/a", "image", None),
    ],
)
def test_a_media_type_is_derived_from_the_suffix(url: str, kind: str, found: str | None) -> None:
    assert media_type(url, kind) == found  # type: ignore[arg-type]  # a table's column


class Beside:
    """Pictures beside an article, by their addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses
        self.origins = {f"feeder-picture:{address}": f"uploads/2019/03/{address}" for address in addresses}
        self.lost: list[str] = []
        self.referred: list[str] = []

    def find(self, address: str) -> Media | None:
        return Media(url=f"feeder-picture:{address}", kind="image") if address in self._addresses else None

    def lose(self, address: str) -> None:
        self.lost.append(address)

    def refer(self, address: str) -> None:
        self.referred.append(address)


@pytest.mark.parametrize(
    ("attributes", "base", "url"),
    [
        ({"src": "a.png"}, None, "feeder-picture:a.png"),
        ({"src": "a.png"}, "https://h.example/", "feeder-picture:a.png"),
        ({"src": "b.png"}, "https://h.example/", "https://h.example/b.png"),
        ({"srcset": "b.png 2x", "src": "a.png"}, "https://h.example/", "feeder-picture:a.png"),
        ({"srcset": "b.png 2x", "src": "c.png"}, "https://h.example/", "https://h.example/b.png"),
        ({"data-src": "https://h.example/c.png", "src": "a.png"}, None, "https://h.example/c.png"),
        ({"data-src": "b.png", "src": "https://h.example/c.png"}, None, "https://h.example/c.png"),
        ({"src": "loading.gif"}, None, None),
        ({"src": "a.png", "width": "1"}, None, None),
    ],
)
def test_a_file_beside_the_article_precedes_a_guess(
    attributes: dict[str, object], base: str | None, url: str | None
) -> None:
    found = find_picture(attributes, base, Beside("a.png"))
    assert (found and found.url) == url


@pytest.mark.parametrize(
    ("attributes", "base", "lost"),
    [
        ({"src": "a.png"}, None, "a.png"),
        ({"srcset": "b.png 2x", "src": "a.png"}, None, "a.png"),
        ({"src": "a.png"}, "https://h.example/", None),
        ({"src": "cid:a"}, "https://h.example/", "cid:a"),
        ({"src": r"C:\a.png"}, "https://h.example/", r"C:\a.png"),
        ({"src": "blank.gif"}, None, None),
        ({"src": "a.png", "height": "1"}, None, None),
        ({"src": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}, None, None),
        ({"src": "//h.example/a.png"}, None, None),
        ({"src": "#a"}, None, None),
        ({}, None, None),
    ],
)
def test_a_picture_that_is_neither_beside_nor_on_the_web_is_lost(
    attributes: dict[str, object], base: str | None, lost: str | None
) -> None:
    assert find_lost(attributes, base) == lost


def test_the_words_of_a_lost_picture_stay_and_it_is_noted() -> None:
    beside = Beside("a.png")
    html = "<p>One<img src=a.png alt=boat>two<img src=b.png alt='a ship'>three<img src=c.png></p>"
    blocks = read_html(html, pictures=beside)
    assert [block.text for block in blocks] == ["One two", "a ship", "three"]
    assert beside.lost == ["b.png", "c.png"]
    assert [block.text for block in read_html("<p><img src=b.png alt='a ship'></p>")] == ["a ship"]


def test_media_of_front_matter_may_be_beside_the_article() -> None:
    beside = Beside("a.png")
    media = [Media(url=url, kind="image", title="t") for url in ("a.png", "b.png", "two words", "https://h.example/c")]
    found = [find_media(one, None, beside) for one in media]
    assert [one and (one.url, one.title) for one in found] == [
        ("feeder-picture:a.png", "t"), None, None, ("https://h.example/c", "t"),
    ]  # fmt: skip
    assert beside.lost == ["b.png"]
    assert find_media(media[1], "https://h.example/", beside) == Media(
        url="https://h.example/b.png", kind="image", title="t"
    )


def test_the_folder_of_a_picture_may_date_its_article() -> None:
    draft = Draft(origin="a.html", content="<p>Boats.</p><img src='a.png'>", content_type="html")
    entry = normalise(draft, now=datetime(2026, 1, 1, tzinfo=UTC), pictures=Beside("a.png"))
    assert (entry.published, entry.published_from) == (datetime(2019, 3, 1, tzinfo=UTC), "image path")
    assert [media.url for media in entry.media] == ["feeder-picture:a.png"]

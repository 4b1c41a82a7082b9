"""What readers' programs request of other sites: nothing, unless the site links pictures."""

import re

import pytest

from feeder.model import Entry, Media
from feeder.pictures.references import Rendition, with_pictures_at
from feeder.pictures.remote import remote_pictures, show_by_proxy, show_mirrored, show_on_request
from tests.entries import make_entry

A, B = "https://h.example/a.jpg", "http://i.example/b.png?x=1&y=2"
SMALL, MIDDLE, LARGE = (
    Rendition(f"{digit * 32}.webp", width, width // 2, 10 * width)
    for digit, width in zip("abc", (480, 960, 1500), strict=True)
)
COPIES = {A: (LARGE, SMALL, MIDDLE)}
KEY = b"k" * 32
ROOT = "https://site.example/x/"


def entry(content: str = "", *media: Media, summary: str = "") -> Entry:
    return make_entry(content=content, media=media, summary=summary)


def image(url: str, title: str | None = None) -> Media:
    return Media(url=url, kind="image", title=title)


def requested(shown: Entry) -> list[str]:
    """Return the addresses on other sites that a reader's program would ask for on its own."""
    markup = re.sub(r"<a [^>]*>", "", shown.content)
    media = [one.url for one in shown.media if one.kind == "image"]
    return [url for url in [*re.findall(r'https?://[^" ]+', markup), *media] if not url.startswith(ROOT)]


def test_pictures_of_text_media_and_posters_are_found_once() -> None:
    content = (
        f'<p><img src="{A}" alt=""></p><video poster="{B.replace("&", "&amp;")}"></video><img src="feeder-picture:x">'
    )
    media = (image(A), image("https://h.example/c.jpg"), Media(url="https://h.example/d.mp3", kind="audio"))
    assert remote_pictures(content, media) == (A, "https://h.example/c.jpg", B)
    assert remote_pictures('<p>Write &lt;img src="http://h/x"&gt;</p>', ()) == ()


def test_a_copy_is_shown_in_several_widths() -> None:
    given = entry(f'<p>Rain <img src="{A}" srcset="{B} 2x" alt="a &gt; b" title="t"> fell</p>', image(A))
    shown = with_pictures_at(show_mirrored(given, COPIES), ROOT)
    start = f"{ROOT}pictures/"
    assert shown.content == (
        f'<p>Rain <img src="{start}{MIDDLE.name}" srcset="{start}{SMALL.name} 480w, {start}{MIDDLE.name} 960w, '
        f'{start}{LARGE.name} 1500w" sizes="(max-width: 42em) 100vw, 38em" alt="a &gt; b" title="t" width="960" '
        'height="480"> fell</p>'
    )
    [media] = shown.media
    assert (media.url, media.type, media.length) == (start + MIDDLE.name, "image/webp", MIDDLE.length)
    assert requested(shown) == []


def test_a_link_around_a_copy_leads_to_the_copy_and_a_film_has_its_poster() -> None:
    given = entry(f'<a href="{A}"><img src="{A}" alt=""></a><video src="{B}" poster="{A}"></video>')
    shown = with_pictures_at(show_mirrored(given, {A: (SMALL,)}), "../")
    assert shown.content.count(f"../pictures/{SMALL.name}") == 3
    assert "feeder-picture" not in shown.content
    assert A not in shown.content


@pytest.mark.parametrize("alt", ["A harbour", ""])
def test_without_a_copy_its_description_or_a_link_is_left(alt: str) -> None:
    given = entry(
        f'<p>Rain <img src="{A}" alt="{alt}"> fell</p><video poster="{B}" src="x"></video>', image(A), image(B)
    )
    shown = show_mirrored(given, {})
    left = f"<span>{alt}</span>" if alt else f'<a href="{A}" rel="noopener noreferrer">h.example</a>'
    assert shown.content == f'<p>Rain {left} fell</p><video src="x"></video>'
    assert shown.media == ()
    assert requested(shown) == []


def test_a_picture_beside_the_text_is_named_above_it() -> None:
    shown = show_mirrored(entry("", image(A, "A <boat>"), summary="It & they"), {})
    assert shown.content == "<p><span>A &lt;boat&gt;</span></p><p>It &amp; they</p>"
    assert show_mirrored(entry("<p>x</p>", image(A)), {}).content.endswith("h.example</a></p><p>x</p>")


def test_other_media_and_our_own_pictures_stay() -> None:
    own = Media(url=f"feeder-picture:{'0' * 32}.png", kind="image")
    sound = Media(url="https://h.example/a.mp3", kind="audio")
    given = entry(f'<img src="{own.url}" alt="">', own, sound)
    for shown in (show_mirrored(given, {}), show_by_proxy(given, KEY), show_on_request(given, "Picture")):
        assert shown is given


def test_a_proxied_picture_has_an_address_of_the_site_only() -> None:
    given = entry(f'<p><a href="{A}"><img src="{A}" srcset="{B} 2x" alt="a"></a></p>', image(A), image(B))
    shown = with_pictures_at(show_by_proxy(given, KEY), ROOT)
    assert requested(shown) == []
    assert re.fullmatch(rf"{ROOT}pictures/remote/[\w-]{{22}}/[\w-]+", shown.media[1].url)
    assert f'<img src="{shown.media[0].url}" alt="a">' in shown.content
    assert "h.example" not in shown.content


def test_a_picture_on_request_is_a_link_with_its_description_and_host() -> None:
    given = entry(f'<p>Rain <img src="{A}" alt="A harbour"> fell</p>', image(A), image(B))
    shown = show_on_request(given, "Picture")
    link = '<a class="picture" href="{}" rel="noopener noreferrer">{} <span>{}</span></a>'
    above = link.format(B.replace("&", "&amp;"), "Picture", "i.example")
    assert shown.content == f"<p>{above}</p><p>Rain {link.format(A, 'A harbour', 'h.example')} fell</p>"
    assert requested(shown) == []


def test_no_link_is_put_into_a_link() -> None:
    given = entry(f'<p>See <a href="https://h.example/p"><img src="{A}" alt=""></a>, or not</p>')
    shown = show_on_request(given, "Picture").content
    assert shown.startswith('<p>See <a href="https://h.example/p">h.example</a> <a class="picture"')
    assert shown.endswith("</a>, or not</p>")
    assert show_mirrored(given, {}).content == '<p>See <a href="https://h.example/p">h.example</a>, or not</p>'
    given = entry(f'<p><a href="https://h.example/p">Text <img src="{A}" alt="boats"> more</a></p>')
    assert show_mirrored(given, {}).content == '<p><a href="https://h.example/p">Text <span>boats</span> more</a></p>'


def test_text_that_looks_like_a_reference_stays_text() -> None:
    code = f'<code>&lt;img src="feeder-picture:{SMALL.name}"&gt;</code>'
    shown = with_pictures_at(show_mirrored(entry(f'{code}<img src="{A}" alt="">'), COPIES), "../")
    assert shown.content.startswith(code)


@pytest.mark.parametrize("host", ["http://[::1/a.png", "https:///a.png"])
def test_an_odd_address_has_an_odd_name(host: str) -> None:
    assert host in show_mirrored(entry(f'<img src="{host}" alt="">'), {}).content


def test_other_sizes_of_a_picture_are_dropped() -> None:
    given = entry(f'<picture><source srcset="{B} 2x"><img src="{A}" alt=""></picture>')
    assert "source" not in show_mirrored(given, COPIES).content

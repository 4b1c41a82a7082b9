import pytest

from feeder.model import Media
from feeder.pictures.references import FOLDER, is_named_by_content, picture_media, picture_name, with_pictures_at
from tests.entries import make_entry
from tests.picture_data import png

BMP = b"BM" + (100).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("head", "ending", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpg", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "png", "image/png"),
        (b"GIF89a", "gif", "image/gif"),
        (b"GIF87a", "gif", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp", "image/webp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "avif", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "avif", "image/avif"),
        (BMP, "bmp", "image/bmp"),
    ],
)
def test_the_type_and_the_ending_follow_from_the_first_bytes(head: bytes, ending: str, kind: str) -> None:
    media = picture_media(head + b"more")
    assert media is not None
    assert (media.kind, media.type, media.length) == ("image", kind, len(head) + 4)
    assert (picture_name(media) or "").endswith(f".{ending}")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html><script>",
        b"BM is how this text begins, without being a bitmap",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"RIFF\x10\0\0\0WAVE",
        b"%PDF-1.7",
    ],
)
def test_nothing_else_is_a_picture(data: bytes) -> None:
    assert picture_media(data) is None


def test_equal_pictures_have_one_name_and_others_another() -> None:
    first, same, other = (picture_media(png(words)) for words in ("a", "a", "b"))
    assert first == same != other


def test_an_entry_shows_its_pictures_below_the_site() -> None:
    picture = picture_media(png("a"))
    assert picture is not None
    name = picture_name(picture)
    web = Media(url="https://h.example/b.png", kind="image")
    code = f'<pre><code>&lt;img src="{picture.url}"&gt; src="{picture.url}"</code></pre>'
    entry = make_entry(
        content=f'<figure><img src="{picture.url}" alt="a"></figure>\n<img src="{web.url}" alt="">\n{code}',
        media=(picture, web),
    )
    shown = with_pictures_at(entry, "https://h.example/?a=1&b=2/")
    address = f"https://h.example/?a=1&b=2/{FOLDER}/{name}"
    assert [media.url for media in shown.media] == [address, web.url]
    escaped = address.replace("&", "&amp;")
    assert shown.content == entry.content.replace(f'<img src="{picture.url}" alt="a"', f'<img src="{escaped}" alt="a"')
    assert f'"{picture.url}"</code>' in shown.content


def test_an_entry_without_such_pictures_stays_as_it_is() -> None:
    entry = make_entry(media=(Media(url="https://h.example/b.png", kind="image"),))
    assert with_pictures_at(entry, "../") is entry


@pytest.mark.parametrize("url", ["feeder-picture:", "feeder-picture:../a.png", "feeder-picture:0.png", "picture:0"])
def test_other_addresses_name_no_picture(url: str) -> None:
    assert picture_name(Media(url=url, kind="image")) is None


def test_a_published_picture_is_recognised_by_its_content() -> None:
    picture = picture_media(png("a"))
    assert picture is not None
    path = f"{FOLDER}/{picture_name(picture)}"
    assert is_named_by_content(path, png("a"))
    assert not is_named_by_content(path, png("b"))
    assert not is_named_by_content(path, b"")

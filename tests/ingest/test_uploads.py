"""Pictures that are to be uploaded: from the store's folder or another site, recognised, and small enough."""

import asyncio
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from feeder.config.load import Config
from feeder.config.settings import StoreConfig
from feeder.errors import FeederError
from feeder.ingest import uploads
from feeder.ingest.uploads import PictureSource
from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import picture_media, picture_name
from feeder.reading.resizing import UPLOAD_TASK, UploadJob, UploadResult
from feeder.reading.workers import WorkerFailure
from feeder.sources.http import client
from tests.http_server import Answer, Server
from tests.picture_data import JPEG
from tests.sources.network import PUBLIC, MadeNetwork

Image = pytest.importorskip("PIL.Image", reason="Pillow, an optional part, is not installed")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that is on the web as one.example."""
    with Server() as made:
        network = MadeNetwork({"one.example": [PUBLIC]}, {PUBLIC: made.port})
        monkeypatch.setattr(client, "Network", lambda: network)
        yield made


def encode(image: Any, kind: str) -> bytes:
    written = BytesIO()
    image.save(written, kind)
    return written.getvalue()


def fetch(address: str, folder: Path = Path()) -> bytes:
    store = StoreConfig(url=f"sqlite:///{folder}/feeder.db")
    return asyncio.run(PictureSource(Config(store=store)).fetch(address))


def test_a_small_jpeg_or_png_is_taken_as_it_is(server: Server) -> None:
    photo, drawing = encode(Image.new("RGB", (40, 30)), "JPEG"), encode(Image.new("L", (9, 9)), "PNG")
    server.answers |= {"/a.jpg": Answer(body=photo), "/b": Answer(body=drawing)}
    assert fetch("http://one.example/a.jpg") == photo
    assert fetch("http://one.example/b") == drawing


def test_a_picture_of_our_own_site_is_read_from_its_folder(tmp_path: Path) -> None:
    own = encode(Image.new("L", (9, 9)), "PNG")
    media = picture_media(own)
    assert media is not None
    PictureFolder(tmp_path / "feeder.db.pictures").keep(media, own)
    address = f"{Config().site.url}pictures/{picture_name(media)}"
    assert fetch(address, tmp_path) == own
    with pytest.raises(FeederError, match="No such file"):
        fetch(address, tmp_path / "elsewhere")


def test_another_kind_of_picture_becomes_a_jpeg(server: Server) -> None:
    seen_through = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    server.answers |= {"/a.webp": Answer(body=encode(seen_through, "WEBP"))}
    made = Image.open(BytesIO(fetch("http://one.example/a.webp")))
    assert (made.format, made.size) == ("JPEG", (40, 30))
    assert min(made.getpixel((5, 5))) > 250


def test_a_picture_that_is_too_large_becomes_smaller(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    body = encode(Image.effect_noise((2500, 1500), 90), "PNG")
    monkeypatch.setattr(uploads, "MAX_UPLOAD", len(body) - 1)
    server.answers |= {"/a.png": Answer(body=body)}
    made = fetch("http://one.example/a.png")
    assert len(made) < len(body)
    assert Image.open(BytesIO(made)).width == 1920


def test_a_picture_with_too_many_pixels_becomes_smaller_and_a_strip_is_refused(server: Server) -> None:
    long, strip = Image.new("RGB", (1080, 12_000)), Image.new("RGB", (100, 2_100))
    server.answers |= {"/a.png": Answer(body=encode(long, "PNG")), "/b.png": Answer(body=encode(strip, "PNG"))}
    made = Image.open(BytesIO(fetch("http://one.example/a.png")))
    assert 9_900 < sum(made.size) <= 10_000
    assert made.height / made.width == pytest.approx(12_000 / 1080, rel=0.01)
    with pytest.raises(FeederError, match="too narrow: 100 × 2100 pixels"):
        fetch("http://one.example/b.png")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/page", "http://one.example/page: not a picture of a known type"),
        ("/gone", "http://one.example/gone: .*404"),
        ("/broken.webp", "http://one.example/broken.webp: damaged picture"),
        ("/tiny.bmp", "http://one.example/tiny.bmp: too small"),
    ],
)
def test_what_cannot_be_uploaded_is_refused_with_its_address(server: Server, path: str, error: str) -> None:
    server.answers |= {
        "/page": Answer(body=b"<!doctype html><p>Not found"),
        "/gone": Answer(status=404),
        "/broken.webp": Answer(body=encode(Image.new("RGB", (40, 30)), "WEBP")[:40]),
        "/tiny.bmp": Answer(body=encode(Image.new("RGB", (1, 1)), "BMP")),
    }
    with pytest.raises(FeederError, match=error):
        fetch(f"http://one.example{path}")


def test_a_private_address_is_not_fetched() -> None:
    with pytest.raises(FeederError, match="private"):
        fetch("http://127.0.0.1/a.jpg")


def test_without_pillow_what_needs_it_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers |= {"/a.gif": Answer(body=encode(Image.new("L", (9, 9)), "GIF")), "/b": Answer(body=JPEG)}
    monkeypatch.setattr(uploads, "find_spec", lambda _: None)
    assert fetch("http://one.example/b") == JPEG
    with pytest.raises(FeederError, match="pip install pillow"):
        fetch("http://one.example/a.gif")


def test_what_is_no_picture_or_takes_too_long_is_told() -> None:
    [result] = UPLOAD_TASK.run(UploadJob(b"<p>", 100, 100, 20))
    assert result == UploadResult(error="not a picture of a known type")
    failure = WorkerFailure("took too long", 0, timed_out=True)
    assert UPLOAD_TASK.on_failure(UploadJob(b"", 100, 100, 20), failure) == (UploadResult(error="took too long"), None)

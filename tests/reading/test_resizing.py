"""Copies of hostile pictures: small, upright, and nothing of the file but its pixels."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from feeder.reading.resizing import PICTURE_TASK, PictureJob, PictureResult, resize
from feeder.reading.workers import WorkerFailure, run_job

Image = pytest.importorskip("PIL.Image", reason="Pillow, an optional part, is not installed")


def encode(image: Any, kind: str = "PNG", **more: Any) -> bytes:
    written = BytesIO()
    image.save(written, kind, **more)
    return written.getvalue()


def picture(width: int = 1000, height: int = 500, mode: str = "RGB") -> Any:
    return Image.linear_gradient("L").resize((width, height)).convert(mode)


def copies(body: bytes, folder: Path) -> tuple[PictureResult, list[Any]]:
    results = [result for result in resize(PictureJob("k", body, folder)) if result is not None]
    [result] = results
    return result, [Image.open(BytesIO((folder / one.name).read_bytes())) for one in result.renditions]


@pytest.mark.parametrize(
    ("size", "widths"),
    [
        ((3000, 1500), [1920, 960, 480]),
        ((1000, 500), [1000, 480]),
        ((500, 800), [500]),
        ((20, 10), [20]),
        ((1000, 30_000), [546]),
    ],
)
def test_no_copy_is_larger_than_the_picture(size: tuple[int, int], widths: list[int], tmp_path: Path) -> None:
    result, images = copies(encode(picture(*size)), tmp_path)
    assert result.error is None
    assert [one.width for one in result.renditions] == widths
    assert [image.size for image in images] == [(one.width, one.height) for one in result.renditions]
    assert [(tmp_path / one.name).stat().st_size for one in result.renditions] == [
        one.length for one in result.renditions
    ]
    assert {image.format for image in images} == {"WEBP"}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_all_kinds_of_colours_become_copies(mode: str, tmp_path: Path) -> None:
    image = picture(600, 400, "I").convert(mode) if mode == "I;16" else picture(600, 400, mode)
    if mode == "RGBA":
        image.putpixel((0, 0), (0, 0, 0, 0))
    _, images = copies(encode(image), tmp_path)
    assert images[0].mode == ("RGBA" if mode == "RGBA" else "RGB")


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "CMYK"), ("WEBP", "RGB"), ("GIF", "P"), ("BMP", "RGB"), ("AVIF", "RGB")]
)
def test_pictures_of_all_published_types_become_copies(kind: str, mode: str, tmp_path: Path) -> None:
    result, _ = copies(encode(picture(100, 100, mode), kind), tmp_path)
    assert len(result.renditions) == 1


def test_a_picture_stands_upright_and_tells_nothing_of_its_camera(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A camera"
    body = encode(picture(400, 200), "JPEG", exif=exif, comment=b"a secret place")
    assert b"A camera" in body
    _, [image] = copies(body, tmp_path)
    assert image.size == (200, 400)
    assert not image.getexif()
    [file] = tmp_path.iterdir()
    assert b"camera" not in file.read_bytes()
    assert b"secret" not in file.read_bytes()


def test_colours_of_another_profile_become_those_of_the_web(tmp_path: Path) -> None:
    from PIL import ImageCms  # noqa: PLC0415  an optional part

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for body in (encode(picture(), "JPEG", icc_profile=profile), encode(picture(), "JPEG", icc_profile=b"nothing")):
        result, images = copies(body, tmp_path)
        assert result.error is None
        assert "icc_profile" not in images[0].info


def test_a_drawing_keeps_its_colours(tmp_path: Path) -> None:
    drawing = Image.new("RGB", (100, 50), (255, 0, 0))
    drawing.paste((0, 0, 255), (50, 0, 100, 50))
    _, [image] = copies(encode(drawing), tmp_path)
    assert [image.convert("RGB").getpixel((x, 9)) for x in (49, 50)] == [(255, 0, 0), (0, 0, 255)]


def test_an_animation_is_kept_as_it_came(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    body = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    result, _ = copies(body, tmp_path)
    [file] = tmp_path.iterdir()
    assert file.read_bytes() == body
    assert [one.name for one in result.renditions] == [file.name]


def png_of(width: int, height: int) -> bytes:
    """Return a PNG that claims to have so many pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [head, b"IDAT" + zlib.compress(b"\0" * 100), b"IEND"]
    chunks = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "SVG can contain scripts"),
        (b"<!doctype html><p>Not found", "not a picture of a known type"),
        (png_of(60_000, 60_000), "too many pixels"),
        (png_of(6_000, 6_000), "too many pixels: 6000 × 6000"),
        (png_of(3, 1_000_000), "too narrow: 3 × 1000000 pixels"),
        (png_of(1, 1), "too small: 1 × 1 pixels"),
        (png_of(100, 100), "damaged picture (OSError)"),
        (b"\x89PNG\r\n\x1a\n" + b"?" * 100, "damaged picture (UnidentifiedImageError)"),
        (b"\xff\xd8\xff\xe0" + b"?" * 100, "damaged picture (OSError)"),
    ],
    ids=["empty", "svg", "page", "bomb", "large", "line", "tracker", "cut off", "no header", "no JPEG"],
)
def test_what_is_no_whole_picture_of_a_bounded_size_is_refused(body: bytes, error: str, tmp_path: Path) -> None:
    result, _ = copies(body, tmp_path)
    assert (result.error, result.renditions) == (error, ())
    assert list(tmp_path.iterdir()) == []


def test_a_name_says_nothing_of_the_type(tmp_path: Path) -> None:
    """The bytes do, and only the decoder of that type sees them."""
    result, _ = copies(b"GIF89a" + encode(picture(10, 10)), tmp_path)
    assert result.error is not None


def test_it_runs_in_a_worker_process(tmp_path: Path) -> None:
    result = run_job(PICTURE_TASK, PictureJob("k", encode(picture(100, 50)), tmp_path), seconds=10)
    assert [(one.width, one.height) for one in result.renditions] == [(100, 50)]


def test_a_picture_that_ends_its_worker_is_an_error_of_that_picture(tmp_path: Path) -> None:
    job = PictureJob("k", b"", tmp_path)
    assert PICTURE_TASK.on_failure(job, WorkerFailure("crashed", 1, timed_out=False)) == (
        PictureResult("k", error="crashed"),
        None,
    )

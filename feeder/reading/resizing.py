"""A picture from another site -> copies of it in several widths. Runs in worker processes (`workers`).

    bytes ── known type? ── pixels bounded? ── decode ── turn upright ── for each width: resize, write as WebP ── kept

The bytes are hostile: what is published are pixels that were decoded here, nothing else of the file; with that goes
what it says of its camera and place. Only an animation is kept as it came, since decoding one is unbounded work.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from feeder.pictures.folder import PictureFolder
from feeder.pictures.references import Rendition, picture_media, picture_name, picture_type
from feeder.reading.pictures import explain_refusal
from feeder.reading.workers import Task, WorkerFailure

if TYPE_CHECKING:
    from PIL.Image import Image

WIDTHS = (480, 960, 1920)  # pixels
_CLOSE = 0.8  # of the full width: no copy is made that is hardly smaller
_MAX_PIXELS = 30_000_000  # four bytes each while it is decoded, sometimes twice
_MAX_RATIO = 100  # of the longer side to the other: more is a line
_MIN_SIDE = 3  # pixels: less is a tracker or a spacer
_MAX_HEIGHT = 16_383  # of a WebP picture, in pixels
_FEW_COLOURS = 64  # a drawing, which is written without loss
_QUALITY, _EFFORT = 80, 3
_AS_IT_IS = {"jpg", "png"}
_FORMATS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF", "bmp": "BMP"}


@dataclass(frozen=True, slots=True)
class PictureJob:
    """A picture as it was fetched, and the folder that its copies are kept in."""

    key: str
    body: bytes
    kept_in: Path


class PictureResult(NamedTuple):
    """The copies of a picture, or why there are none."""

    key: str
    renditions: tuple[Rendition, ...] = ()
    error: str | None = None


class _RefusedError(Exception):
    """Why a picture is not published."""


def resize(job: PictureJob) -> Iterator[PictureResult | None]:
    """Yield the copies of a picture; None before each, which has a budget of its own.

    Raises:
        StoreError: they cannot be kept.
    """
    kept = []
    try:
        for data, width, height in _copies(job.body):
            media = picture_media(data)
            assert media is not None  # noqa: S101  for the types: it was just written
            PictureFolder(job.kept_in).keep(media, data)
            kept.append(Rendition(picture_name(media) or "", width, height, len(data)))
            yield None
    except _RefusedError as refused:
        yield PictureResult(job.key, error=str(refused))
    else:
        yield PictureResult(job.key, tuple(kept))


def _copies(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the copies of a picture with their width and height, the largest first.

    Raises:
        _RefusedError: it is not published.
    """
    if (kind := picture_type(body)) is None:
        raise _RefusedError(explain_refusal(body))
    with _refusing_damage():
        image = _open(body, kind)
        is_animated = getattr(image, "is_animated", False)
        if is_animated:
            image.load()  # its first frame, at least, is a picture
        else:
            image = _upright(image)
    if is_animated:
        yield body, *image.size
        return
    for width in _widths(*image.size):
        height = max(round(image.height * width / image.width), 1)
        with _refusing_damage():
            data = _write(image, width, height)
        yield data, width, height


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of large pictures, which are refused
            yield
    except _RefusedError:
        raise
    except Exception as error:  # noqa: BLE001  Pillow raises anything for a damaged file
        raise _RefusedError(f"damaged picture ({type(error).__name__})") from None


def _open(body: bytes, kind: str) -> "Image":
    """Return a picture that is not decoded yet."""
    from PIL import Image  # noqa: PLC0415  an optional part

    try:
        image: Image.Image = Image.open(BytesIO(body), formats=[_FORMATS[kind]])
    except Image.DecompressionBombError:
        raise _RefusedError("too many pixels") from None
    if image.width * image.height > _MAX_PIXELS:
        raise _RefusedError(f"too many pixels: {image.width} × {image.height}")
    if max(image.size) > _MAX_RATIO * min(image.size):
        raise _RefusedError(f"too narrow: {image.width} × {image.height} pixels")
    if min(image.size) < _MIN_SIDE:
        raise _RefusedError(f"too small: {image.width} × {image.height} pixels")
    return image


def _upright(image: "Image") -> "Image":
    """Return a decoded picture, upright, in the colours of the web, at most as wide as the largest copy."""
    from PIL import Image, ImageOps  # noqa: PLC0415  as above

    widest = 2 * WIDTHS[-1]
    image.draft("RGB", (widest, widest))  # JPEG: decodes fewer pixels of one that is much larger
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode == "I;16":  # a scan of 16 bits
        image = image.point(lambda value: value / 256).convert("L")
    has_alpha = image.has_transparency_data
    width, height = _widths(*image.size)[0], image.height
    if width < image.width and image.mode in {"RGB", "RGBA", "L", "LA", "CMYK"}:
        height = max(round(image.height * width / image.width), 1)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if profile:
        image = _in_web_colours(image, profile)
    return image.convert("RGBA" if has_alpha else "RGB")


def _in_web_colours(image: "Image", profile: bytes) -> "Image":
    from PIL import ImageCms  # noqa: PLC0415  as above

    try:
        target = ImageCms.createProfile("sRGB")
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), target, outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):  # damaged, or of other colours: shown without it
        return image
    return converted or image


def _widths(width: int, height: int) -> list[int]:
    """Return the widths of a picture's copies, the largest first; none is larger than the picture."""
    full = max(min(width, WIDTHS[-1], _MAX_HEIGHT * width // height), 1)
    return [full, *(one for one in reversed(WIDTHS) if one < _CLOSE * full)]


def _write(image: "Image", width: int, height: int) -> bytes:
    from PIL import Image  # noqa: PLC0415  as above

    is_drawing = (width, height) == image.size and image.getcolors(_FEW_COLOURS) is not None
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    image.info.clear()  # nothing that the file says of itself
    written = BytesIO()
    image.save(written, "WEBP", quality=_QUALITY, lossless=is_drawing, method=_EFFORT)
    return written.getvalue()


def _load() -> None:
    from PIL import Image  # noqa: PLC0415  as above

    Image.init()


def _give_up(job: PictureJob, failure: WorkerFailure) -> tuple[PictureResult, None]:
    return PictureResult(job.key, error=failure.reason), None


@dataclass(frozen=True, slots=True)
class UploadJob:
    """A picture that is to be uploaded somewhere, where it may have so many bytes.

    And so many pixels of width and height together; the longer side may be `max_ratio` times the other.
    """

    body: bytes
    max_bytes: int
    max_sides: int
    max_ratio: int


class UploadResult(NamedTuple):
    """The picture as it was, if it is JPEG or PNG and fits, else as a JPEG; or why there is none."""

    body: bytes = b""
    error: str | None = None


def _to_upload(job: UploadJob) -> Iterator[UploadResult]:
    try:
        with _refusing_damage():
            body = _fitted(job)
    except _RefusedError as refused:
        yield UploadResult(error=str(refused))
    else:
        yield UploadResult(body)


def _fitted(job: UploadJob) -> bytes:
    if (kind := picture_type(job.body)) is None:
        raise _RefusedError(explain_refusal(job.body))
    image = _open(job.body, kind)
    if max(image.size) > job.max_ratio * min(image.size):
        raise _RefusedError(f"too narrow: {image.width} × {image.height} pixels")
    if kind in _AS_IT_IS and len(job.body) <= job.max_bytes and sum(image.size) <= job.max_sides:
        return job.body
    if len(made := _as_jpeg(image, job.max_sides)) > job.max_bytes:
        raise _RefusedError(f"too large: {len(made)} bytes")
    return made


def _as_jpeg(image: "Image", max_sides: int) -> bytes:
    from PIL import Image  # noqa: PLC0415  as above

    image = _upright(image)
    if image.mode == "RGBA":  # a JPEG has no transparency: on white, as on a page
        image = _on_white(image)
    if (sides := sum(image.size)) > max_sides:
        smaller = (max(image.width * max_sides // sides, 1), max(image.height * max_sides // sides, 1))
        image = image.resize(smaller, Image.Resampling.LANCZOS, reducing_gap=2.0)
    image.info.clear()
    written = BytesIO()
    image.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def _on_white(image: "Image") -> "Image":
    from PIL import Image  # noqa: PLC0415  as above

    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _give_up_upload(_job: UploadJob, failure: WorkerFailure) -> tuple[UploadResult, None]:
    return UploadResult(error=failure.reason), None


UPLOAD_TASK = Task(_to_upload, _give_up_upload, _load)
PICTURE_TASK = Task(resize, _give_up, _load)

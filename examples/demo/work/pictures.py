"""Thumbnails and contact sheets: a real decoder, a real resampling filter, a real encoder."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from examples.demo.work.files import put

# Where a grid of small pictures shows no artefacts yet; larger files are wasted on thumbnails.
QUALITY = 85
# The EXIF tag that says which way is up, and its values for pictures stored on their side.
ORIENTATION = 0x0112
LYING = (5, 6, 7, 8)
# What Pillow's decoders raise when the bytes end early or make no sense, each in a way of its own.
DECODER_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)


class BrokenPicture(Exception):
    """The file starts like a picture but cannot be decoded to its end. It will not get better: no second attempt."""


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """What became of one picture: its size in pixels, upright, before and after."""

    width: int
    height: int
    bytes: int
    source_width: int
    source_height: int
    source_format: str


def thumbnail(source: Path, target: Path, size: int) -> Thumbnail:
    """Write an upright JPEG of `source` that fits into `size` x `size` pixels; small pictures are not enlarged.

    Raises `PIL.UnidentifiedImageError` for a file that is no picture, `BrokenPicture` for one that is cut short or damaged.
    """
    with Image.open(source) as picture:
        kind = picture.format or "?"
        width, height = picture.size
        try:
            if picture.getexif().get(ORIENTATION, 1) in LYING:
                width, height = height, width
            picture.thumbnail((size, size), Image.Resampling.LANCZOS)
            # Turned after shrinking: the same result for a small part of the work.
            small = _on_white(ImageOps.exif_transpose(picture))
        except DECODER_ERRORS as error:
            raise BrokenPicture(f"{source.name} cannot be decoded to its end: {error}") from error
    file = BytesIO()
    small.save(file, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Thumbnail(
        width=small.width,
        height=small.height,
        bytes=put(target, file.getvalue()),
        source_width=width,
        source_height=height,
        source_format=kind,
    )


def _on_white(picture: Image.Image) -> Image.Image:
    """As RGB, since JPEG knows no transparency: what shines through is white, as on paper."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(layered, mask=layered.getchannel("A"))
    return paper


def contact_sheet(
    pictures: Sequence[Path], target: Path, columns: int, told: Callable[[float, str], None]
) -> tuple[int, int, int]:
    """All pictures as one JPEG in rows of `columns`; its width, height and bytes. `told(fraction, words)` after each row."""
    cell, gap = 200, 12
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (cell + gap) + gap, rows * (cell + gap) + gap), (24, 26, 30))
    for row in range(rows):
        for column, path in enumerate(pictures[row * columns : (row + 1) * columns]):
            corner = (gap + column * (cell + gap), gap + row * (cell + gap))
            ImageDraw.Draw(sheet).rectangle((*corner, corner[0] + cell, corner[1] + cell), fill=(36, 39, 45))
            with Image.open(path) as picture:
                small = picture.convert("RGB")
            small.thumbnail((cell - 12, cell - 12), Image.Resampling.LANCZOS)
            sheet.paste(
                small, (corner[0] + (cell - small.width) // 2, corner[1] + (cell - small.height) // 2)
            )
        told((row + 1) / rows, f"row {row + 1} of {rows}")
    file = BytesIO()
    sheet.save(file, "JPEG", quality=QUALITY, optimize=True)
    return sheet.width, sheet.height, put(target, file.getvalue())

"""The sample pictures: the sizes, formats and odd kinds that a folder of real photographs has, and four broken ones."""

from functools import partial
from io import BytesIO

from PIL import Image, ImageOps

from examples.demo.samples.painting import photograph
from examples.demo.samples.sample import Sample

# Width and height of what phones, cameras, scanners and chat programs leave behind; the first ones are several megapixels.
SIZES = [
    *[(4000, 3000), (3264, 2448), (4800, 1000)],
    *[(3000, 2000), (2000, 3000), (2560, 1920)],
    *[(1920, 1280), (1280, 1920), (1600, 1200), (2048, 1152)] * 4,
    *[(1024, 768), (800, 800), (640, 960), (900, 600)] * 4,
    *[(320, 240), (240, 320), (64, 48)],
]
EXIF_ORIENTATION = 0x0112


def pictures() -> list[Sample]:
    """Every sample picture, the large ones first so that a pool of workers does not end on one."""
    good = [
        Sample(path=f"pictures/img_{number:03}.jpg", content=partial(_jpeg, number, size))
        for number, size in enumerate(SIZES, start=1)
    ]
    return [*good, *ODD, *BROKEN]


def _jpeg(seed: int, size: tuple[int, int], quality: int = 88) -> bytes:
    return _encoded(photograph(seed, size), "JPEG", quality=quality)


def _turned(seed: int, size: tuple[int, int], orientation: int) -> bytes:
    """As a phone stores it: the sensor's rows as they came, and a note of which way is up."""
    way_back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return _encoded(photograph(seed, size).transpose(way_back[orientation]), "JPEG", quality=90, exif=exif)


def _palette(seed: int, size: tuple[int, int]) -> bytes:
    return _encoded(photograph(seed, size).quantize(64), "PNG")


def _transparent(seed: int, size: tuple[int, int]) -> bytes:
    picture = photograph(seed, size)
    picture.putalpha(ImageOps.invert(Image.radial_gradient("L")).resize(size))
    return _encoded(picture, "PNG")


def _converted(seed: int, size: tuple[int, int], mode: str, kind: str) -> bytes:
    return _encoded(photograph(seed, size).convert(mode), kind)


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _cut_short(seed: int, size: tuple[int, int], kind: str, share: float) -> bytes:
    whole = _converted(seed, size, "RGB", kind)
    return whole[: int(len(whole) * share)]


ODD = [
    Sample(path="pictures/portrait_turned_left.jpg", content=partial(_turned, 61, (1200, 1600), 6)),
    Sample(path="pictures/portrait_turned_right.jpg", content=partial(_turned, 62, (900, 1200), 8)),
    Sample(path="pictures/upside_down.jpg", content=partial(_turned, 63, (1200, 900), 3)),
    Sample(path="pictures/scan_grey.png", content=partial(_converted, 64, (1000, 1400), "L", "PNG")),
    Sample(path="pictures/press_cmyk.jpg", content=partial(_converted, 65, (1400, 1000), "CMYK", "JPEG")),
    Sample(path="pictures/web.webp", content=partial(_converted, 66, (1280, 854), "RGB", "WEBP")),
    Sample(path="pictures/old_palette.png", content=partial(_palette, 67, (640, 480))),
    Sample(path="pictures/cut_out.png", content=partial(_transparent, 68, (800, 800))),
    Sample(path="pictures/scan.tiff", content=partial(_converted, 69, (900, 640), "RGB", "TIFF")),
]

NOT_A_PICTURE = (
    b"Packing list: tent, stove, map, two apples. This is a text that somebody saved as .jpg.\n" * 12
)

BROKEN = [
    Sample(
        path="pictures/broken_upload_cut_short.jpg",
        content=partial(_cut_short, 71, (1600, 1200), "JPEG", 0.4),
        dies_of="BrokenPicture",
    ),
    Sample(
        path="pictures/broken_download_cut_short.png",
        content=partial(_cut_short, 72, (800, 600), "PNG", 0.6),
        dies_of="BrokenPicture",
    ),
    Sample(
        path="pictures/broken_a_text_named.jpg",
        content=partial(bytes, NOT_A_PICTURE),
        dies_of="UnidentifiedImageError",
    ),
    Sample(path="pictures/broken_no_bytes.png", content=bytes, dies_of="UnidentifiedImageError"),
]

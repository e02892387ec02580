import pytest
from PIL import Image, UnidentifiedImageError

from examples.demo.samples.painting import photograph
from examples.demo.work.pictures import BrokenPicture, contact_sheet, thumbnail


@pytest.mark.parametrize(
    ("size", "becomes"),
    [((1000, 500), (320, 160)), ((500, 1000), (160, 320)), ((64, 48), (64, 48)), ((320, 320), (320, 320))],
)
def test_a_thumbnail_fits_the_size_keeps_its_shape_and_is_never_enlarged(tmp_path, size, becomes):
    photograph(5, size).save(tmp_path / "in.jpg")

    found = thumbnail(tmp_path / "in.jpg", tmp_path / "deep" / "out.jpg", 320)

    assert (found.width, found.height) == becomes
    assert (found.source_width, found.source_height) == size
    assert found.bytes == (tmp_path / "deep" / "out.jpg").stat().st_size
    with Image.open(tmp_path / "deep" / "out.jpg") as small:
        assert small.format == "JPEG"
        assert small.size == becomes


@pytest.mark.parametrize(("orientation", "turned"), [(1, False), (3, False), (6, True), (8, True)])
def test_a_picture_stored_on_its_side_comes_out_upright(tmp_path, orientation, turned):
    # given a picture whose upper left quarter, as it is stored, is white
    picture = Image.new("RGB", (400, 200), "black")
    picture.paste("white", (0, 0, 200, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "in.jpg", exif=exif)

    found = thumbnail(tmp_path / "in.jpg", tmp_path / "out.jpg", 100)

    # then the white corner is where a viewer who minds the note would show it, and no note is left to turn it again
    assert (found.width, found.height) == ((50, 100) if turned else (100, 50))
    assert (found.source_width > found.source_height) is not turned
    corner = {1: (0.2, 0.2), 3: (0.8, 0.8), 6: (0.8, 0.2), 8: (0.2, 0.8)}[orientation]
    with Image.open(tmp_path / "out.jpg") as small:
        light = small.convert("L").getpixel((int(found.width * corner[0]), int(found.height * corner[1])))
        assert light == pytest.approx(255, abs=50)
        assert 0x0112 not in small.getexif()


@pytest.mark.parametrize(
    "name", ["cut_out.png", "old_palette.png", "press_cmyk.jpg", "portrait_turned_left.jpg"]
)
def test_odd_kinds_of_pictures_become_plain_ones(samples, tmp_path, name):
    thumbnail(samples / "pictures" / name, tmp_path / "out.jpg", 160)

    with Image.open(tmp_path / "out.jpg") as small:
        assert small.mode == "RGB"


def test_what_is_transparent_is_white(samples, tmp_path):
    thumbnail(samples / "pictures" / "cut_out.png", tmp_path / "out.jpg", 160)

    with Image.open(tmp_path / "out.jpg") as small:
        corner = small.getpixel((0, 0))
        assert isinstance(corner, tuple)
        assert min(corner) > 230


@pytest.mark.parametrize("name", ["broken_upload_cut_short.jpg", "broken_download_cut_short.png"])
def test_a_picture_cut_short_is_refused_by_name_and_leaves_nothing_behind(samples, tmp_path, name):
    with pytest.raises(BrokenPicture, match=rf"{name} cannot be decoded to its end: .*truncated"):
        thumbnail(samples / "pictures" / name, tmp_path / "out.jpg", 160)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["broken_a_text_named.jpg", "broken_no_bytes.png"])
def test_what_is_no_picture_is_told_apart_from_a_damaged_one(samples, tmp_path, name):
    with pytest.raises(UnidentifiedImageError):
        thumbnail(samples / "pictures" / name, tmp_path / "out.jpg", 160)


def test_a_thumbnail_made_twice_is_one_file(samples, tmp_path):
    twice = [thumbnail(samples / "pictures" / "cut_out.png", tmp_path / "out.jpg", 160) for _ in range(2)]

    assert twice[0] == twice[1]
    assert [path.name for path in tmp_path.iterdir()] == ["out.jpg"]


def test_a_contact_sheet_tells_of_every_row(tmp_path):
    for n in range(7):
        Image.new("RGB", (100, 50 + 10 * n), "red").save(tmp_path / f"{n}.jpg")
    told: list[tuple[float, str]] = []

    size = contact_sheet(
        sorted(tmp_path.glob("*.jpg")),
        tmp_path / "out" / "sheet.jpg",
        3,
        lambda share, words: told.append((share, words)),
    )

    assert [words for _, words in told] == ["row 1 of 3", "row 2 of 3", "row 3 of 3"]
    assert told[-1][0] == 1.0
    with Image.open(tmp_path / "out" / "sheet.jpg") as sheet:
        assert (*sheet.size, (tmp_path / "out" / "sheet.jpg").stat().st_size) == size

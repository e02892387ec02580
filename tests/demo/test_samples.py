from hashlib import sha256
from pathlib import Path

from PIL import Image

from examples.demo.samples import Sample, all_samples, make_samples
from examples.demo.samples.painting import photograph


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_samples_come_out_each_time(tmp_path):
    # given a sample of each sort (a fresh list each time, as in a fresh process)
    def some() -> list[Sample]:
        return [sample for n, sample in enumerate(all_samples()) if n % 12 == 7]

    # when they are made twice
    made = [make_samples(tmp_path / name, some()) for name in ("one", "two")]

    # then they are the same, byte for byte
    assert made == [len(some())] * 2
    assert _hashes(tmp_path / "one") == _hashes(tmp_path / "two")


def test_a_complete_folder_is_used_as_it_lies_and_a_damaged_one_is_mended(tmp_path):
    some = [sample for sample in all_samples() if sample.path.startswith("texts/letter_0")]
    assert make_samples(tmp_path, some) == len(some)
    before = _hashes(tmp_path)

    assert make_samples(tmp_path, some) == 0
    (tmp_path / some[0].path).write_text("somebody was here")
    assert make_samples(tmp_path, some) == len(some)

    assert _hashes(tmp_path) == before


def test_files_of_others_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "mine.txt").write_text("mine")

    make_samples(tmp_path, [sample for sample in all_samples() if sample.path == "texts/letter_01.txt"])

    assert (tmp_path / "texts" / "mine.txt").read_text() == "mine"


def test_there_are_pictures_tables_and_texts_enough_and_every_path_is_its_own():
    paths = [sample.path for sample in all_samples()]

    assert len(set(paths)) == len(paths) >= 120
    for kind, least in (("pictures", 50), ("tables", 40), ("texts", 30)):
        assert sum(path.startswith(kind) for path in paths) >= least
    assert sum(sample.dies_of is not None for sample in all_samples()) >= 8


def test_a_painted_picture_compresses_like_a_photograph(tmp_path):
    # given a picture of three megapixels
    picture = photograph(3, (2048, 1536))

    # when a camera's encoder stores it
    picture.save(tmp_path / "photo.jpg", quality=88)
    bits_per_pixel = (tmp_path / "photo.jpg").stat().st_size * 8 / (2048 * 1536)

    # then it takes what photographs take: drawings need a tenth of it, noise ten times as much
    assert 0.4 < bits_per_pixel < 4
    with Image.open(tmp_path / "photo.jpg") as stored:
        assert stored.size == (2048, 1536)

import os
from pathlib import Path

import pytest

from examples.demo.expectation import EITHER
from examples.demo.inputs import own_inputs, sample_inputs
from examples.demo.samples import all_samples


def test_files_are_found_by_their_names_at_any_depth_and_hidden_ones_are_not(tmp_path):
    for name in ("b.JPG", "a.csv", "deep/er/c.txt", "deep/d.pdf", ".hidden.txt", ".git/e.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")

    found = own_inputs(tmp_path)

    assert [(file.path.name, file.group) for file in found.files] == [
        ("a.csv", "tables"),
        ("b.JPG", "pictures"),
        ("c.txt", "texts"),
    ]
    assert all(file.expect is EITHER for file in found.files)
    assert found.sentence() == "1 picture, 1 table, 1 text (0.0 MB)"
    assert found.left_out == ["1 files of kinds that the demo has no task for"]


def test_a_large_folder_is_cut_and_that_is_said(tmp_path):
    for n in range(7):
        (tmp_path / f"{n}.txt").write_text("x")

    found = own_inputs(tmp_path, most=5)

    assert [file.path.name for file in found.files] == [f"{n}.txt" for n in range(5)]
    assert found.left_out == ["2 more files: the demo stops at 5"]


def test_looking_writes_nothing_and_follows_no_linked_folder(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())

    found = own_inputs(tmp_path)

    assert [file.path.name for file in found.files] == ["a.txt"]
    assert len(found.left_out) == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_whose_name_is_no_text_cannot_travel_as_json_and_is_left_out(tmp_path):
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes no such names")

    assert own_inputs(tmp_path).files == []


def test_the_samples_come_with_the_outcome_that_they_were_made_for(samples):
    broken = [sample for sample in all_samples() if sample.dies_of]

    found = sample_inputs(samples, broken)

    assert [file.expect.error for file in found.files] == [sample.dies_of for sample in broken]

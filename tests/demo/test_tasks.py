import json

import pytest
from PIL import Image, UnidentifiedImageError

from examples.demo.tasks import (
    count_words,
    fetch_url,
    make_contact_sheet,
    make_thumbnail,
    send_report,
    summarise_csv_file,
)
from examples.demo.work.pictures import BrokenPicture
from examples.demo.work.tables import BrokenTable
from examples.demo.work.texts import BrokenText


def test_the_thumbnail_task_runs_in_a_child_process_and_the_fetch_on_the_loop():
    kinds = {
        task.name: task.kind
        for task in (make_thumbnail, summarise_csv_file, count_words, fetch_url, send_report)
    }

    assert kinds == {
        "make_thumbnail": "process",
        "summarise_csv_file": "thread",
        "count_words": "thread",
        "fetch_url": "loop",
        "send_report": "thread",
    }


def test_a_thumbnail_task_makes_the_file_that_it_reports(samples, tmp_path):
    found = make_thumbnail(str(samples / "pictures" / "old_palette.png"), str(tmp_path / "t.jpg"), size=100)

    assert (found.width, found.height, found.bytes) == (100, 75, (tmp_path / "t.jpg").stat().st_size)


@pytest.mark.parametrize(
    ("task", "path", "error"),
    [
        (make_thumbnail, "pictures/broken_upload_cut_short.jpg", BrokenPicture),
        (make_thumbnail, "pictures/broken_a_text_named.jpg", UnidentifiedImageError),
        (make_thumbnail, "pictures/there_is_none.jpg", FileNotFoundError),
        (summarise_csv_file, "tables/broken_empty.csv", BrokenTable),
        (count_words, "texts/broken_binary.txt", BrokenText),
    ],
)
def test_what_will_never_get_better_is_given_up_at_once(samples, tmp_path, line, task, path, error):
    args = [str(samples / path)] if task is count_words else [str(samples / path), str(tmp_path / "out")]

    with pytest.raises(error) as found:
        task(*args)

    assert not task.retry.worth_another(found.value)
    assert task.retry.worth_another(OSError("a disk that hiccups"))


def test_a_summary_is_a_result_and_a_file(samples, tmp_path, line):
    found = summarise_csv_file(str(samples / "tables" / "sales_02.csv"), str(tmp_path / "summary.json"))

    assert found.rows == json.loads((tmp_path / "summary.json").read_text())["rows"] == 74


def test_a_contact_sheet_reports_its_progress_to_the_job(tmp_path, line):
    for n in range(3):
        Image.new("RGB", (64, 64), "blue").save(tmp_path / f"{n}.jpg")

    found = make_contact_sheet(
        [str(path) for path in sorted(tmp_path.glob("*.jpg"))], str(tmp_path / "sheet"), columns=2
    )

    assert found["pictures"] == 3
    assert line.said == [(0.5, "row 1 of 2"), (1.0, "row 2 of 2")]

import pytest

from examples.demo.folders import NotOurs, claimed


def test_the_output_folder_of_an_earlier_run_is_emptied(tmp_path):
    out = tmp_path / "out"
    with claimed(out, tmp_path / "in"):
        (out / "thumbnails").mkdir()
        (out / "thumbnails" / "old.jpg").write_text("x")
        (out / "elsewhere").symlink_to(tmp_path, target_is_directory=True)

    with claimed(out, tmp_path / "in"):
        assert [path.name for path in out.iterdir()] == [".jobline-demo"]
    assert tmp_path.is_dir()


def test_what_a_run_made_stays_when_it_is_over(tmp_path):
    with claimed(tmp_path / "out", tmp_path / "in"):
        (tmp_path / "out" / "report.html").write_text("x")

    assert (tmp_path / "out" / "report.html").is_file()


def test_a_folder_with_files_of_others_is_never_emptied(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")

    with (
        pytest.raises(NotOurs, match="was not made by this demo"),
        claimed(tmp_path / "out", tmp_path / "in"),
    ):
        pass

    assert (tmp_path / "out" / "thesis.txt").read_text() == "years of work"


def test_a_folder_in_which_another_run_works_is_left_to_it(tmp_path):
    out = tmp_path / "out"
    with claimed(out, tmp_path / "in"):
        (out / "half.jpg").write_text("x")

        with pytest.raises(NotOurs, match="another demo is running"), claimed(out, tmp_path / "in"):
            pass

        assert (out / "half.jpg").is_file()


@pytest.mark.parametrize(("out", "source"), [("a", "a"), ("a/b", "a"), ("a", "a/b")])
def test_input_and_output_must_lie_apart(tmp_path, out, source):
    with pytest.raises(NotOurs, match="must lie apart"), claimed(tmp_path / out, tmp_path / source):
        pass


def test_an_output_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "out").write_text("x")

    with pytest.raises(NotOurs, match="is a file"), claimed(tmp_path / "out", tmp_path / "in"):
        pass

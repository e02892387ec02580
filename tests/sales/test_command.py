"""The whole of it, as a person runs it: on the real local stack, in real child processes."""

import pytest

from tests.support.command import run_example


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_large_table_is_reported_on_the_local_stack_by_one_command(tmp_path):
    said, _ = run_example("sales", tmp_path)

    assert said["result"]["sums"]["rows"] + said["result"]["sums"]["broken"] == 200_000
    assert said["jobs"]["add_up_piece"] == {"SUCCEEDED": 8}
    assert (tmp_path / "sales.svg").read_text().startswith("<svg ")
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1

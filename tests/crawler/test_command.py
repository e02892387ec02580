"""The whole of it, as a person runs it: on the real local stack."""

from pathlib import Path

import pytest

from tests.support.command import run_example


@pytest.mark.slow
@pytest.mark.long  # its shorter sister is tests/sales/test_command.py; the workflow itself is tried beside it, in virtual time
@pytest.mark.timeout(300)
def test_the_site_is_crawled_on_the_local_stack_by_one_command(tmp_path):
    said, told = run_example("crawler", tmp_path)

    assert said["result"]["levels"] == 4
    assert said["jobs"]["write_summary"] == {"SUCCEEDED": 1}
    assert said["jobs"]["fetch_page"]["DEAD"] == 1
    assert Path(said["result"]["page"]).read_text().startswith("# http://127.0.0.1:")
    assert "summary.md" in told

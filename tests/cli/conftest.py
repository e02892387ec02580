import pytest
from click.testing import CliRunner

from jobline.cli.main import main


@pytest.fixture
def jobline(tmp_path, monkeypatch):
    """Type a command, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words, prog_name="jobline")

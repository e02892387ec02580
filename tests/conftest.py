"""What holds for every test: no settings of this machine leak in, and a property that fails says how to repeat it."""

import os
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.quick import make_quick

for _name in [name for name in os.environ if name.startswith(("AWS_", "JOBLINE_", "BOTO_"))]:
    del os.environ[_name]

# The gate says the same about the same code; `HYPOTHESIS_PROFILE=explore` looks further, by chance.
settings.register_profile("gate", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "explore",
    deadline=None,
    print_blob=True,
    max_examples=2000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))

make_quick()

LONGEST = tuple(
    f"tests/{file}.py"
    for file in (
        "proof/test_processes",
        "demo/test_run",
        "cost/test_features",
        "e2e/test_quick",
        "browser/test_looks",
        "browser/test_actions",
        "local/test_stack",
        "cli/test_up",
        "infra/test_package",
        "infra/test_deploy",
        "docs/test_tutorial",
    )
)
"""Files that take a minute or so. Begun last, one would keep everybody waiting for itself alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is tested file by file (`make slow`) begins with the longest, in this order; all else keeps its own."""
    items.sort(
        key=lambda item: next(
            (n for n, file in enumerate(LONGEST) if item.nodeid.startswith(file)), len(LONGEST)
        )
    )


APART = ("slow", "long", "slow and not long")
"""With these for `-m`, four files of five hold nothing that is wanted, and reading them takes each worker longer than many a test."""

MARKS = ("mark.slow", "mark.long")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether a file is left out unread. One is marked by its own words, or those of a conftest.py above it; tests/infra/test_make.py sees to it."""
    if config.option.markexpr not in APART or not collection_path.name.startswith("test_"):
        return None
    above = [folder / "conftest.py" for folder in collection_path.parents if HERE in folder.parents]
    return not any(map(_marks, (collection_path, *above))) or None


HERE = Path(__file__).parent


@cache
def _marks(path: Path) -> bool:
    return path.is_file() and any(mark in path.read_text(encoding="utf-8") for mark in MARKS)

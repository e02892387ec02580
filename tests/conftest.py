"""What holds for every test: no settings of this machine leak in, and a property that fails says how to repeat it."""

import os

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
        "cost/test_features",
        "e2e/test_quick",
        "cli/test_up",
        "infra/test_deploy",
        "proof/test_crashes",
    )
)
"""Files that take a minute or so. Begun last, one would keep everybody waiting for itself alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is tested file by file (`make slow`) begins with the longest; all else keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))

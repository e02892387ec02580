"""What holds for every test: no settings of this machine leak in, and a property that fails says how to repeat it."""

import os

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

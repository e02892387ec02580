"""What holds for every test: no settings of this machine leak in, and a property that fails says how to repeat it."""

import os

import yaml
from hypothesis import HealthCheck, settings

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

# moto reads our template in each of hundreds of stages; the C parser does it in an eighth of the time. (Our templates are JSON by then,
# so none of the tags that moto teaches the other parser is missed; one that was would be an error.)
yaml.Loader = getattr(yaml, "CLoader", yaml.Loader)  # type: ignore[misc]

"""The tasks of control worlds. Limits are small, so that a handful of jobs is a crowd."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from chalicelib.domain.flow import Concurrency, Debounce, Ordered, Rate, Throttle, Unique
from chalicelib.domain.retry import Backoff

SHORT = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=20))
GROUP = ("group",)

POLICIES: Mapping[str, Mapping[str, Any]] = {
    "slotted": {"concurrency": Concurrency(2, key=GROUP)},
    "single": {"concurrency": Concurrency(1, key=GROUP)},
    "rated": {"rate": Rate(1, timedelta(seconds=5), key=GROUP)},
    "bursting": {"rate": Rate(30, timedelta(minutes=1), key=GROUP, burst=3)},
    "both": {"concurrency": Concurrency(1, key=GROUP), "rate": Rate(1, timedelta(seconds=5), key=GROUP)},
    "lined": {"ordered": Ordered(key=GROUP)},
    "skipping": {"ordered": Ordered(key=GROUP, on_retry="skip")},
    "guarded": {
        "rate": Rate(1, timedelta(seconds=3), key=GROUP),
        "concurrency": Concurrency(1, key=GROUP),
        "ordered": Ordered(key=GROUP),
    },
    "sole": {"unique": Unique(key=GROUP)},
    "sole_unstarted": {"unique": Unique(key=GROUP, until="started")},
    "sole_for_minutes": {"unique": Unique(key=GROUP, until=timedelta(minutes=10))},
    "sole_or_none": {"unique": Unique(key=GROUP, on_conflict="refuse")},
    "quieted": {"debounce": Debounce(timedelta(seconds=20), key=GROUP)},
    "quieted_at_most": {"debounce": Debounce(timedelta(seconds=30), most=timedelta(minutes=1), key=GROUP)},
    "choked": {"throttle": Throttle(2, timedelta(minutes=6), key=GROUP)},
    "lengthy": {"long": True},
}
"""Each task's, as it declares them and as its rooms judge them."""


def declare_all(declare: Callable[..., None], function: Any) -> None:
    """Declare them. `function` plays the script that its job brings, and has an argument `group`."""
    declare(function, "timed", backoff=SHORT)
    for name, policies in POLICIES.items():
        options = {option: policy for option, policy in policies.items() if option != "long"}
        declare(function, name, backoff=SHORT, **options)

"""Names for cases, the same in every process: pytest's workers must agree on them, and so must two reports of one test."""

import re
from typing import Any

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_SET = re.compile(r"\{([^{}:]*, [^{}:]*)\}")


def named(value: Any) -> str:
    """A case by what it says of itself: without addresses in memory, and sets in order."""
    return _SET.sub(_sorted, _ADDRESS.sub("", str(value)))


def _sorted(found: re.Match[str]) -> str:
    return f"{{{', '.join(sorted(found[1].split(', ')))}}}"

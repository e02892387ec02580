"""Whether a stage that seals what jobs carry ships the library for it: nothing else needs it, so it is named by whoever turns that on."""

import re
from collections.abc import Iterator, Mapping

LIBRARY = "cryptography"
VARIABLES = ("JOBLINE_SEAL_KEY", "JOBLINE_OPEN_KEYS")
_NAMED = re.compile(rf"^{LIBRARY}==", re.MULTILINE)


def unsealed(environment: Mapping[str, str], lock: str) -> Iterator[str]:
    """A sentence for each variable of the stage that names a key while requirements.txt does not name the library."""
    for variable in VARIABLES:
        if environment.get(variable) and not _NAMED.search(lock):
            yield f"{variable} is set, and requirements.txt lacks {LIBRARY}: name it in requirements.in and run make lock"

"""Whether a stage that seals what jobs carry ships the library for it: nothing else does, so nothing else is asked to."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.config import ROOT

LIBRARY = "cryptography"
VARIABLES = ("JOBLINE_SEAL_KEY", "JOBLINE_OPEN_KEYS")
_NAMED = re.compile(rf"^{LIBRARY}\b", re.MULTILINE)


def unsealed(config: Mapping[str, Any], root: Path = ROOT, *, only: str | None = None) -> list[str]:
    """A sentence for each stage that names a key while requirements.txt does not name the library. `only`: of this stage."""
    if _NAMED.search((root / "requirements.txt").read_text(encoding="utf-8")):
        return []
    return [
        f"{name}: it sets {variable}, and requirements.txt does not name {LIBRARY}: add it to requirements.in and run make lock"
        for name, stage in config["stages"].items()
        for variable in VARIABLES
        if stage.get("environment_variables", {}).get(variable) and only in (None, name)
    ]

"""The lock without what Lambda's runtime brings: `make lock` runs this on what pip-compile wrote.

    python -m infra.packaging.lock requirements.txt

pip-compile can leave a package out by name (--unsafe-package), but then keeps what only that needs, and leaves it out for everybody. Its
annotations say who needs what. So a package stays if a way leads to it from requirements.in that does not go over `needs.RUNTIME`.
"""

import re
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from packaging.utils import canonicalize_name

from infra.packaging.needs import RUNTIME

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^]]*\])?==")
_BLOCK = re.compile(r"^(?=[A-Za-z0-9])", re.MULTILINE)
_VIA = re.compile(r"^    # (?:via|  ) *(\S.*)$", re.MULTILINE)
_ASKED = "-r "
"""The annotation of what a requirements file names itself."""


class NotRead(Exception):
    """A lock in another form than pip-compile's with annotations."""


def pruned(lock: str, runtime: Mapping[str, AbstractSet[str]] = RUNTIME) -> str:
    """The lock with no more in it than ships. Raises NotRead."""
    head, *blocks = _BLOCK.split(lock)
    wanted_by = {_name(block): _via(block) for block in blocks}
    kept = {name for name, by in wanted_by.items() if any(one.startswith(_ASKED) for one in by)}
    while more := {
        name
        for name, by in wanted_by.items()
        if name not in kept and any(one in kept and name not in runtime.get(one, ()) for one in by)
    }:
        kept |= more
    return head + "".join(block for block in blocks if _name(block) in kept)


def _name(block: str) -> str:
    found = _PIN.match(block)
    if found is None:
        raise NotRead(f"not a pin: {block.splitlines()[0]}")
    return canonicalize_name(found[1])


def _via(block: str) -> set[str]:
    """Who needs it: names, or the file that asks for it."""
    found = {
        one if one.startswith("-") else canonicalize_name(one.partition("[")[0])
        for one in _VIA.findall(block)
    }
    if not found:
        raise NotRead(f"nobody needs {_name(block)}: pip-compile has to annotate")
    return found


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(pruned(path.read_text(encoding="utf-8")), encoding="utf-8")

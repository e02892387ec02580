"""Our own part of a package, judged: the project's sources as they are, each one compiled, no more and nothing secret."""

import re
from collections.abc import Iterator
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from infra.packaging.bundle import Bundle, source_of

FRAMEWORK = ("chalice/__init__.py", "chalice/app.py")
"""What Chalice adds of itself."""

UNCHECKED_HASH = (0b01).to_bytes(4, "little")
"""The flags of a .pyc that is taken without a look at its source: PEP 552."""

SHIPPED = frozenset({".py", ".html", ".css", ".js", ".json"})
"""What ships of the folder: code, and the dashboard as it is."""

SECRETS = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    rb"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    rb"|(?i:aws_secret_access_key)['\"]?\s*[:=]\s*['\"]?[0-9A-Za-z/+=]{40}"
)


def faults(bundle: Bundle, *, root: Path, libraries: set[str]) -> Iterator[str]:
    """What is wrong with it, a sentence each. `libraries`: the names that others have judged."""
    mine = {name for name in bundle.files if name not in libraries and source_of(name) is None}
    ours = (root / "chalicelib").rglob("*")
    wanted = {path.relative_to(root).as_posix() for path in ours if path.suffix in SHIPPED} | {"app.py"}
    for name in sorted(mine - wanted - set(FRAMEWORK)):
        yield f"{name} is no part of what ships"
    for name in sorted((wanted | set(FRAMEWORK)) - mine):
        yield f"{name} is missing"
    for name in sorted(mine & wanted):
        if bundle.files[name].data != (root / name).read_bytes():
            yield f"{name} is not what the project has"
    yield from _compiled(bundle)
    for name, entry in bundle.files.items():
        if name in libraries or source_of(name) in libraries:
            continue  # the published bytes of a locked wheel: what reads keys holds the words that they begin with
        if found := SECRETS.search(entry.data):
            yield f"{name} holds what looks like a secret, at byte {found.start()}"


def _compiled(bundle: Bundle) -> Iterator[str]:
    """Every source has its compiled file, made of this very source; no compiled file is without a source."""
    made = {source: name for name in bundle.files if (source := source_of(name))}
    sources = {name for name in bundle.files if name.endswith(".py")}
    for name in sorted(sources - made.keys()):
        yield f"{name} is not compiled: every cold start would do it again"
    for source, name in sorted(made.items()):
        if source not in sources:
            yield f"{name} has no source"
            continue
        wanted = MAGIC_NUMBER + UNCHECKED_HASH + source_hash(bundle.files[source].data)
        if bundle.files[name].data[: len(wanted)] != wanted:
            yield f"{name} was not made of {source} by this Python"

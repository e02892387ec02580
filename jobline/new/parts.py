"""The files of a new project: Jobline's own parts under the project's name, and what belongs to its author from the first day.

Jobline's parts are written down in jobline.json, each with its hash: so an upgrade knows which of them somebody has changed.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from jobline import __version__
from jobline.home import MARK

KINDS = {"chalicelib": (".py", ".html", ".css", ".js", ".json"), "infra": (".py", ".yaml")}
SINGLE = ("app.py", "requirements.in", "requirements.txt")
CONFIG = ".chalice/config.json"
POLICIES = ".chalice/policies"
LOCK, CONSTRAINTS = "requirements-dev.txt", "constraints.txt"

OURS_ALONE = frozenset({"chalicelib/tasks/examples.py"})
"""Of the tree, not of a project."""

OWN = Path(__file__).with_name("own")
PLACES: Mapping[str, str] = {
    "Makefile": "Makefile",
    "README.md": "README.md",
    "demo.py.txt": "demo.py",
    "first.py.txt": "chalicelib/tasks/first.py",
    "gitignore": ".gitignore",
    "pyproject.toml": "pyproject.toml",
    "requirements-dev.txt": "requirements-dev.txt",
    "test_first.py.txt": "tests/test_first.py",
}
"""What the author begins with, and where it goes."""

TEMPLATE = "infra/template.yaml"
_LANES = re.compile(r"^( *)# lanes: [a-z ]+$\n.*?^\1# lanes end$\n", re.MULTILINE | re.DOTALL)
_PIN = re.compile(r"^([A-Za-z0-9._-]+==[^\s\\]+)", re.MULTILINE)


def project(name: str, tree: Path, wheel: str) -> dict[str, str]:
    """Every file by its path, as text. `wheel` is the file name of the wheel that the project installs its tools from."""
    parts = ours(name, tree)
    return {**parts, **authors(name, wheel), MARK: mark(name, parts)}


def ours(name: str, tree: Path) -> dict[str, str]:
    """Jobline's parts, as this version has them, for a project of this name."""
    found = {path: (tree / path).read_text(encoding="utf-8") for path in sorted(_paths(tree))}
    found["app.py"] = found["app.py"].replace('app_name="jobline"', f'app_name="{name}"')
    for path, text in found.items():
        if path.startswith(".chalice/"):
            found[path] = _renamed(text, name)
    found[CONSTRAINTS] = "\n".join(_PIN.findall((tree / LOCK).read_text(encoding="utf-8"))) + "\n"
    return found


def authors(name: str, wheel: str) -> dict[str, str]:
    """What belongs to the author: a first task, its test, a demo, and what holds them together."""
    told = {"@NAME@": name, "@WHEEL@": wheel, "@VERSION@": __version__}
    texts = {place: (OWN / file).read_text(encoding="utf-8") for file, place in PLACES.items()}
    return {place: _filled(text, told) for place, text in texts.items()}


def mark(name: str, parts: Mapping[str, str]) -> str:
    """jobline.json."""
    hashes = {path: hashed(path, text) for path, text in sorted(parts.items())}
    return json.dumps({"name": name, "jobline": __version__, "parts": hashes}, indent=1) + "\n"


def hashed(path: str, text: str) -> str:
    """Of a part, by which it is known again. What `python -m infra lanes` writes into the template is no change of the author's."""
    return hashlib.sha256((_LANES.sub("", text) if path == TEMPLATE else text).encode()).hexdigest()


def _paths(tree: Path) -> Iterator[str]:
    yield from SINGLE
    yield CONFIG
    folders = {**KINDS, POLICIES: (".json",)}
    for folder, kinds in folders.items():
        for path in (tree / folder).rglob("*"):
            name = path.relative_to(tree).as_posix()
            if path.suffix in kinds and "__pycache__" not in path.parts and name not in OURS_ALONE:
                yield name


def _filled(text: str, told: Mapping[str, str]) -> str:
    for word, value in told.items():
        text = text.replace(word, value)
    return text


def _renamed(text: str, name: str) -> str:
    """Names on AWS begin with the application's; our own words, such as JOBLINE_APP and `iam_policy_file`, do not have it in lower case."""
    return re.sub(r"\bjobline\b", name, text)

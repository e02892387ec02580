"""Where the pipeline is: in the project of this folder, beside this package in a clone, or carried along in the wheel.

The wheel installs one package, `jobline`, and nothing else: `chalicelib` and `infra` are names that other programs have, too. What ships to
Lambda lies in a project, as Chalice wants it; the wheel carries a copy (`jobline new` makes projects of it), which also serves folders that are
no project.
"""

import json
import sys
from pathlib import Path
from typing import Any

MARK = "jobline.json"
"""In a project's folder: which version its parts are of, and what they were like. Without it a `chalicelib` is somebody else's."""

BESIDE = Path(__file__).resolve().parents[1]
CARRIED = Path(__file__).resolve().with_name("carried")


def project(start: Path | None = None) -> Path | None:
    """The project that this folder is in; None: it is in none."""
    here = (start or Path.cwd()).resolve()
    return next((folder for folder in (here, *here.parents) if (folder / MARK).is_file()), None)


def marks(folder: Path) -> dict[str, Any]:
    """What a project says of itself; empty where that makes no sense."""
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def cloned() -> bool:
    """Whether this package is part of a clone, and not installed from a wheel."""
    return (BESIDE / "chalicelib" / "pipeline").is_dir()


def source() -> Path:
    """The tree that this version of Jobline comes with."""
    return BESIDE if cloned() else CARRIED


def tree() -> Path:
    """Where `chalicelib` and `infra` are imported from: what this process has imported already says so, then the folder."""
    imported = getattr(sys.modules.get("chalicelib"), "__file__", None)
    if imported:
        return Path(imported).resolve().parents[1]
    return project() or source()


def enter() -> None:
    """Let them be imported in this process: a project's before all else, ours after it."""
    found = tree()
    if str(found) not in sys.path:
        sys.path.insert(0 if found == project() else len(sys.path), str(found))

"""What pyproject.toml cannot say: the wheel is the package `jobline`, and in it a copy of what a project begins with."""

import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
CARRIED = {
    "app.py": None,
    "chalicelib": (".py", ".html", ".css", ".js", ".json"),
    "infra": (".py", ".yaml"),
    "bench/__init__.py": None,
    "bench/bill.py": None,  # what `jobline cost` reckons with
    "bench/prices.py": None,
    ".chalice/config.json": None,
    ".chalice/policies": (".json",),
    "requirements.in": None,
    "requirements.txt": None,
}
"""Files, and folders with the kinds of files that count in them."""


LOCK, PIN = "requirements-dev.txt", re.compile(r"[a-z0-9._-]+==")
"""Carried without its hashes: what a project's own tools are kept to."""


class BuildPy(build_py):
    """Into `jobline/carried`. Begins anew each time: nothing that an earlier build left behind is taken along."""

    def run(self) -> None:
        """Build the package, and put the copy into it."""
        if self.editable_mode:
            super().run()
            return
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        for name, kinds in CARRIED.items():
            source = HERE / name
            files = (
                [source] if kinds is None else [path for path in source.rglob("*") if path.suffix in kinds]
            )
            for path in files:
                target = Path(self.build_lib) / "jobline" / "carried" / path.relative_to(HERE)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        pins = [line.split()[0] for line in (HERE / LOCK).read_text().splitlines() if PIN.match(line)]
        (Path(self.build_lib) / "jobline" / "carried" / LOCK).write_text("\n".join(pins) + "\n")


setup(cmdclass={"build_py": BuildPy})

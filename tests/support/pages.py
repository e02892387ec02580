"""The examples of a page in docs/: Python blocks that begin with their file's name, run as a reader would run them."""

import importlib.util
import inspect
import re
import sys
from pathlib import Path

import pytest

from chalicelib.pipeline.task import REGISTRY
from jobline.testing import Jobline

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str) -> dict[str, str]:
    """The blocks by their file's name. Every Python block of the page has one."""
    text = (DOCS / page).read_text()
    blocks = dict(re.findall(r"```python\n# ([^\n]+)\n(.*?)```", text, re.DOTALL))
    assert len(blocks) == text.count("```python"), f"{page}: a block without a name, or two of one name"
    return blocks


def run(page: str, folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    """Run the page's tests, each in a `jobline` of its own; their names."""
    return run_blocks(examples(page), folder, patch)


def run_blocks(blocks: dict[str, str], folder: Path, patch: pytest.MonkeyPatch) -> list[str]:
    """The same for files by their names."""
    known, ran = dict(REGISTRY.tasks), []
    for name in known:
        if not name.startswith("jobline."):  # what is built in
            del REGISTRY.tasks[name]
    patch.syspath_prepend(str(folder))
    for name, text in blocks.items():
        (folder / name).write_text(text)
    try:
        for name in blocks:
            if name.startswith("test_"):
                ran += _run(folder / name)
    finally:
        for name in blocks:
            sys.modules.pop(Path(name).stem, None)
        REGISTRY.tasks.clear()
        REGISTRY.tasks.update(known)
    return ran


def _run(path: Path) -> list[str]:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tests = {name: test for name, test in vars(module).items() if name.startswith("test_")}
    for test in tests.values():
        with Jobline() as jobline:
            test(*([jobline] if inspect.signature(test).parameters else []))
    return list(tests)

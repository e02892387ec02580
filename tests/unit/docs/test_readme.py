"""The README's example runs, and says the truth about what it prints."""

import re
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.adapters import memory
from chalicelib.pipeline.task import REGISTRY
from tests.support.drive import drain

README = Path(__file__).parents[3] / "README.md"


@pytest.fixture
def pipeline():
    known = dict(REGISTRY.tasks)
    parts = memory.parts(registry=REGISTRY)
    wiring.use(parts)
    yield parts
    wiring.use(None)
    REGISTRY.tasks.clear()
    REGISTRY.tasks.update(known)


def example():
    """The first Python block: all but its last line, and that line's code and comment."""
    block = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)[1]
    story, _, last = block.strip().rpartition("\n")
    code, _, said = last.partition("#")
    return story, code.strip(), said.strip()


def test_the_example_runs(pipeline):
    # given the tasks of the README, and its submission
    story, code, said = example()
    names = {"__name__": "readme"}
    exec(compile(story, "README.md", "exec"), names)
    # when a consumer comes by
    drain(pipeline)
    # then the last line gives what its comment says
    assert repr(eval(code, names)) == said


def test_its_failures_tell_somebody(pipeline, capsys):
    story, _, _ = example()
    names = {"__name__": "readme"}
    exec(compile(story, "README.md", "exec"), names)
    drain(pipeline)
    # given a job of the README that cannot succeed
    handle = names["total"].submit(("a,b\nx,y", "b"), max_attempts=1)
    # when it has died
    drain(pipeline)
    # then the task that follows was told
    drain(pipeline)
    assert f"{handle.id} failed" in capsys.readouterr().out

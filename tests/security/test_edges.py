"""Every limit, one below it, at it and one beyond; made from the constants, so that a limit that nobody tries is seen."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import wiring
from tests.api.desk import Desk
from tests.security.edges import EDGES, ELSEWHERE, Edge, Ground
from tests.security.ground import quiet
from tests.security.tally import tell

HERE = Path(__file__).parents[2] / "chalicelib"
ROOMS = ("pipeline", "entrypoints/api")
WORDS = ("MAX_", "MOST", "LONGEST", "LEAST", "SHORTEST")


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with quiet():
        desk = Desk()
        wiring.use(desk.parts)
        yield Ground(desk)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: edge.name)
def test_what_is_within_is_taken_and_one_more_is_not(ground: Ground, edge: Edge):
    around = (edge.value - 1, edge.value, edge.value + 1)
    answers = {number: edge.ask(ground, number) for number in around}
    tell(cases=len(around))
    assert answers == {number: edge.fits(number) for number in around}


def limits() -> Iterator[str]:
    """Every constant in the rooms that callers reach whose name says that it is a limit."""
    for room in ROOMS:
        for path in sorted((HERE / room).rglob("*.py")):
            name = path.relative_to(HERE / room).with_suffix("").as_posix()
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                targets = node.targets if isinstance(node, ast.Assign) else []
                named = [
                    one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)
                ]
                yield from (f"{name}.{one}" for one in named if one.startswith(WORDS))


SHOWN = {"problem.MOST_CHARS", "request.MOST_NAME", "stats_shape.MOST_NAMES", "headers.LONGEST_WAIT"}
"""What is longer is cut, and nothing refused."""


def test_every_limit_is_tried_or_is_said_to_be_tried_elsewhere():
    tried = {edge.name for edge in EDGES}
    found = {*limits()}
    short = {name.rpartition("/")[2]: name for name in found}
    unknown = {name for name in found if not {name, name.rpartition("/")[2]} & (tried | SHOWN | {*ELSEWHERE})}
    assert not unknown, f"limits without a row in edges.py: {sorted(unknown)}"
    gone = {name for name in ELSEWHERE if name not in found}
    assert not gone, f"rows without a limit: {sorted(gone)}"
    assert {name for name in tried if name not in short} <= {
        "errors.MAX_DELAY",
        "query.PAGE",
        "dead.MOST_REDRIVE",
    }


def test_the_judge_sees_a_limit_that_is_off_by_one(ground: Ground):
    edge = next(one for one in EDGES if one.name == "check_how.MAX_TAGS")
    off = Edge(name=edge.name, value=edge.value + 1, ask=edge.ask)
    with pytest.raises(AssertionError):
        test_what_is_within_is_taken_and_one_more_is_not(ground, off)

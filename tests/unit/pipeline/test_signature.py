"""A task's signature is its schema: what does not fit is refused by the name of the argument."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, Optional, TypedDict
from uuid import UUID

import msgspec
import pytest

from chalicelib.domain.errors import InvalidInput, ResultNotJson, TaskMisdeclared
from chalicelib.pipeline.signature import Signature, to_plain
from chalicelib.pipeline.strict_json import write
from tests.support.names import named


@dataclass
class Point:
    x: int
    y: int = 0


class Box(TypedDict):
    corner: Point
    tags: list[str]


class Colour(Enum):
    RED = "red"


class Size(msgspec.Struct):
    width: int


def draw(point: Point, size: Literal["s", "l"] = "s", when: datetime | None = None) -> Box:
    raise NotImplementedError


def store(boxes: list[Box], by: dict[str, Point], maybe: Optional[int] = None): ...  # noqa: UP045 - both spellings


def rich(a: UUID, b: Decimal, c: date, d: Colour, e: timedelta, f: bytes, g: set[int], h: Size): ...


def bare(a, b=1, *, c=None): ...


@pytest.mark.parametrize(
    ("function", "values", "read"),
    [
        (draw, {"point": {"x": 1}}, {"point": Point(1)}),
        (draw, {"point": {"x": 1, "y": 2}, "size": "l"}, {"point": Point(1, 2), "size": "l"}),
        (
            draw,
            {"point": {"x": 1}, "when": "2026-01-01T00:00:00Z"},
            {"point": Point(1), "when": datetime(2026, 1, 1, tzinfo=UTC)},
        ),
        (draw, {"point": {"x": 1}, "when": None}, {"point": Point(1), "when": None}),
        (
            store,
            {"boxes": [{"corner": {"x": 1}, "tags": ["a"]}], "by": {"k": {"x": 2}}},
            {"boxes": [{"corner": Point(1), "tags": ["a"]}], "by": {"k": Point(2)}},
        ),
        (bare, {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        (bare, {"a": None, "b": "x", "c": 2.5}, {"a": None, "b": "x", "c": 2.5}),
    ],
)
def test_json_values_become_the_functions_own_types(function, values, read):
    assert Signature(function).check(values) == read


def test_rich_types_travel_as_json():
    values = {
        "a": "12345678-1234-5678-1234-567812345678",
        "b": "1.50",
        "c": "2026-02-28",
        "d": "red",
        "e": "PT90S",
        "f": "AAE=",
        "g": [1, 2],
        "h": {"width": 3},
    }
    read = Signature(rich).check(values)
    assert read == {
        "a": UUID(values["a"]),
        "b": Decimal("1.50"),
        "c": date(2026, 2, 28),
        "d": Colour.RED,
        "e": timedelta(seconds=90),
        "f": b"\0\1",
        "g": {1, 2},
        "h": Size(3),
    }
    assert Signature(rich).check(Signature(rich).bind((), read)) == read


@pytest.mark.parametrize(
    ("function", "values", "argument", "why"),
    [
        (draw, {}, "args.point", "missing required field"),
        (draw, {"point": {"x": 1}, "colour": 1}, "args.colour", "unknown field"),
        (draw, {"point": 1}, "args.point", "Expected `object`, got `int`"),
        (draw, {"point": {"y": 1}}, "args.point.x", "missing required field"),
        (draw, {"point": {"x": "1"}}, "args.point.x", "Expected `int`, got `str`"),
        (draw, {"point": {"x": 1.5}}, "args.point.x", "Expected `int`"),
        (draw, {"point": {"x": True}}, "args.point.x", "Expected `int`, got `bool`"),
        (draw, {"point": {"x": 1}, "size": "m"}, "args.size", "Invalid enum value 'm'"),
        (draw, {"point": {"x": 1}, "size": None}, "args.size", "Expected `str`, got `null`"),
        (draw, {"point": {"x": 1}, "when": "yesterday"}, "args.when", "Invalid RFC3339"),
        (draw, {"point": {"x": 1}, "when": 0}, "args.when", "Expected `datetime | null`, got `int`"),
        (
            store,
            {"boxes": [{"corner": {"x": 1}, "tags": [1]}], "by": {}},
            "args.boxes[0].tags[0]",
            "Expected `str`",
        ),
        (store, {"boxes": [{"tags": []}], "by": {}}, "args.boxes[0].corner", "missing required field"),
        (store, {"boxes": [], "by": {"k": {"x": "1"}}}, "args.by[...].x", "Expected `int`"),
        (store, {"boxes": {}, "by": {}}, "args.boxes", "Expected `array`, got `object`"),
        (store, {"boxes": [], "by": {}, "maybe": "1"}, "args.maybe", "Expected `int | null`"),
        (rich, {"a": "x", "b": "1"}, "args.a", "Invalid UUID"),
        (bare, {}, "args.a", "missing required field"),
    ],
    ids=named,
)
def test_what_does_not_fit_is_refused_by_name(function, values, argument, why):
    with pytest.raises(InvalidInput) as refused:
        Signature(function).check(values)
    assert refused.value.argument == argument
    assert why in refused.value.why


@pytest.mark.parametrize("values", [[1], "x", 1, None])
def test_what_is_no_object_is_refused(values):
    with pytest.raises(InvalidInput, match="args: Expected `object`"):
        Signature(bare).check(values)


@pytest.mark.parametrize(
    ("args", "kwargs", "values"),
    [
        ((1,), {}, {"a": 1}),
        ((1, 2), {"c": 3}, {"a": 1, "b": 2, "c": 3}),
        ((), {"a": Point(1)}, {"a": {"x": 1, "y": 0}}),
        ((datetime(2026, 1, 1, tzinfo=UTC),), {}, {"a": "2026-01-01T00:00:00Z"}),
        (({1: "one"},), {}, {"a": {"1": "one"}}),
        (((1, 2),), {}, {"a": [1, 2]}),
    ],
    ids=named,
)
def test_python_arguments_become_json_values_by_name(args, kwargs, values):
    assert write(Signature(bare).bind(args, kwargs)) == write(values)


@pytest.mark.parametrize(
    ("args", "kwargs", "argument"),
    [
        ((), {}, "args"),
        ((1, 2, 3), {}, "args"),
        ((1,), {"a": 2}, "args"),
        ((1,), {"z": 2}, "args"),
        ((object(),), {}, "args.a"),
        ((1,), {"c": lambda: 0}, "args.c"),
        (([{"x": object()}],), {}, "args.a"),
    ],
    ids=named,
)
def test_python_arguments_that_do_not_fit_are_refused_by_name(args, kwargs, argument):
    with pytest.raises(InvalidInput) as refused:
        Signature(bare).bind(args, kwargs)
    assert refused.value.argument == argument


def test_defaults_are_left_to_the_function():
    assert Signature(draw).check({"point": {"x": 1}}) == {"point": Point(1)}


def varargs(*args): ...


def kwargs(**kwargs): ...


def positional(a, /): ...


def unknown(a: "Nowhere"): ...  # type: ignore[name-defined]  # noqa: F821 - that is the point


def clash(a: list[int] | set[int]): ...


@pytest.mark.parametrize("function", [varargs, kwargs, positional, unknown, clash])
def test_a_signature_that_can_be_no_schema_is_refused_when_it_is_declared(function):
    with pytest.raises(TaskMisdeclared, match=function.__name__):
        Signature(function)


def test_a_mutable_default_is_no_trouble():
    def work(a: list[int] = [], b: dict[str, int] = {}): ...  # noqa: B006 - authors do

    assert Signature(work).check({}) == {}
    assert Signature(work).check({"a": [1]}) == {"a": [1]}


def test_constraints_of_the_annotation_hold():
    def work(n: Annotated[int, msgspec.Meta(ge=1)]): ...

    assert Signature(work).check({"n": 1}) == {"n": 1}
    with pytest.raises(InvalidInput, match=r"args.n: Expected `int` >= 1"):
        Signature(work).check({"n": 0})


def test_the_schema_is_for_the_openapi_document():
    schema = Signature(draw).schema
    assert "$defs" in schema
    result = Signature(draw).result_schema
    assert "Box" in str(result)
    assert Signature(bare).result_schema == {}


def test_a_result_type_that_has_no_schema_is_no_trouble():
    def work() -> range:
        raise NotImplementedError

    assert Signature(work).result_schema == {}


def test_large_integers_are_arguments_too():
    def work(n: int): ...

    assert Signature(work).check({"n": 10**30}) == {"n": 10**30}


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Point(1), {"x": 1, "y": 0}),
        ({"a": {Colour.RED}}, {"a": ["red"]}),
        (Decimal("1.5"), "1.5"),
        ({1: 2}, {"1": 2}),
        ((1, (2,)), [1, [2]]),
        (b"\0", "AA=="),
        (None, None),
    ],
    ids=named,
)
def test_a_result_becomes_json_values(value, plain):
    assert write(to_plain(value)) == write(plain)


@pytest.mark.parametrize(
    "value", [object(), lambda: 0, [object()], {"a": 1j}, range(3), {(1, 2): 3}], ids=named
)
def test_what_cannot_be_json_is_no_result(value):
    with pytest.raises(ResultNotJson):
        write(to_plain(value))


def test_a_loop_is_no_result():
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ResultNotJson):
        to_plain(loop)

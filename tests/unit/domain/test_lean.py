"""A lean dataclass is to its users what the standard library's is: each promise is asked of both, and of every class that we have."""

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from dataclasses import field
from typing import Any

import pytest

import chalicelib
from chalicelib.domain import lean


def shapes(dataclass: Any) -> dict[str, type]:
    """The same classes, made by this decorator."""

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Point:
        """A value with all kinds of fields."""

        x: int
        y: int = 2
        names: list[str] = field(default_factory=list)
        hidden: str = field(default="h", repr=False)
        aside: str = field(default="a", compare=False)

    @dataclass(frozen=True, slots=True)
    class Pair:
        left: int
        right: int = 0

    @dataclass(frozen=True, slots=True)
    class Nothing:
        """Has no fields."""

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Named(Point):
        """Inherits fields, and gives one of them another default."""

        y: int = 3
        name: str = "n"

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Checked:
        """Looks at itself, and is compared and shown in its own way."""

        x: int

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("x")

        def __repr__(self) -> str:
            return f"<{self.x}>"

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Checked) and self.x % 10 == other.x % 10

        def __hash__(self) -> int:
            return self.x % 10

    @dataclass(frozen=True, kw_only=True, slots=True)
    class Loose:  # noqa: PLW1641 - that is the case
        """Says when it is equal and not what its hash is."""

        x: int

        def __eq__(self, other: object) -> bool:
            return True

    @dataclass(frozen=True, order=True, slots=True)
    class Ordered:
        """Not lean: another shape."""

        x: int

    return {one.__name__: one for one in (Point, Pair, Nothing, Named, Checked, Loose, Ordered)}


LEAN, USUAL = shapes(lean.dataclass), shapes(dataclasses.dataclass)
for made in LEAN.values():
    globals()[made.__name__] = made  # where pickle looks for them
    made.__qualname__ = made.__name__
for made in USUAL.values():
    made.__qualname__ = made.__name__

VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Point", (), {"x": 1}),
    ("Point", (), {"x": 1, "names": ["n"], "hidden": "other", "aside": "other"}),
    ("Pair", (1,), {}),
    ("Pair", (1, 2), {}),
    ("Pair", (), {"right": 1, "left": 0}),
    ("Nothing", (), {}),
    ("Named", (), {"x": 1}),
    ("Named", (), {"x": 1, "y": 1, "name": "x"}),
    ("Checked", (), {"x": 11}),
    ("Loose", (), {"x": 1}),
    ("Ordered", (1,), {}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), VALUES)
def test_a_value_has_the_fields_the_text_and_the_copies_that_it_would_have(name, args, kwargs):
    ours, usual = LEAN[name](*args, **kwargs), USUAL[name](*args, **kwargs)

    assert dataclasses.asdict(ours) == dataclasses.asdict(usual)
    assert repr(ours) == repr(usual)
    assert not hasattr(ours, "__dict__")
    assert copy.copy(ours) == copy.deepcopy(ours) == pickle.loads(pickle.dumps(ours)) == ours
    assert dataclasses.replace(ours) == ours


@pytest.mark.parametrize(("name", "args", "kwargs"), VALUES)
@pytest.mark.parametrize(("other", "args2", "kwargs2"), VALUES)
def test_two_are_equal_exactly_when_the_usual_ones_are(name, args, kwargs, other, args2, kwargs2):
    def equal(made: dict[str, type]) -> bool:
        return bool(made[name](*args, **kwargs) == made[other](*args2, **kwargs2))

    assert equal(LEAN) is equal(USUAL)


def hashed(value: object) -> bool:
    try:
        return hash(value) == hash(copy.copy(value))
    except TypeError:
        return False


@pytest.mark.parametrize(("name", "args", "kwargs"), VALUES)
def test_what_has_a_hash_has_one_and_equal_values_have_the_same(name, args, kwargs):
    assert hashed(LEAN[name](*args, **kwargs)) is hashed(USUAL[name](*args, **kwargs))


def test_what_is_not_compared_is_not_hashed_either():
    one, other = LEAN["Point"](x=1, names=(), aside="a"), LEAN["Point"](x=1, names=(), aside="b")

    assert one == other
    assert hash(one) == hash(other)


@pytest.mark.parametrize("name", [name for name in LEAN if name != "Nothing"])
@pytest.mark.parametrize("attribute", ["x", "left", "unknown"])
def test_nothing_can_be_set_or_deleted(name, attribute):
    value = LEAN[name](1) if name in {"Pair", "Ordered"} else LEAN[name](x=1)

    if name != "Ordered":  # the standard library's, with slots, says TypeError of what is no field
        with pytest.raises(dataclasses.FrozenInstanceError, match=attribute):
            setattr(value, attribute, 2)
        with pytest.raises(dataclasses.FrozenInstanceError, match=attribute):
            delattr(value, attribute)


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("Point", (), {}),
        ("Point", (1,), {}),
        ("Point", (), {"x": 1, "z": 1}),
        ("Pair", (), {}),
        ("Pair", (1, 2, 3), {}),
        ("Nothing", (1,), {}),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_the_same_words(name, args, kwargs):
    said = []
    for made in (LEAN, USUAL):
        with pytest.raises(TypeError) as refused:
            made[name](*args, **kwargs)
        said.append(str(refused.value).removeprefix("shapes.<locals>."))

    assert said[0].split("__init__")[1] == said[1].split("__init__")[1]


def test_a_value_that_does_not_fit_is_refused_by_its_class():
    with pytest.raises(ValueError, match="x"):
        LEAN["Checked"](x=-1)


def test_a_factory_makes_one_for_each():
    assert LEAN["Point"](x=1).names is not LEAN["Point"](x=1).names


def test_a_pattern_matches_by_place():
    assert LEAN["Pair"].__match_args__ == USUAL["Pair"].__match_args__ == ("left", "right")


def ours() -> list[type]:
    """Every lean class of the product."""
    found: dict[type, None] = {}
    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        for one in vars(importlib.import_module(module.name)).values():
            if isinstance(one, type) and dataclasses.is_dataclass(one) and not one.__dataclass_params__.init:  # type: ignore[attr-defined]  # what the standard library keeps
                found[one] = None
    return list(found)


def test_every_value_class_is_made_with_the_arguments_that_the_standard_library_would_give_it():
    # given twins of them all, of the same fields
    assert len(ours()) > 150
    for one in ours():
        twin = dataclasses.make_dataclass(
            one.__name__,
            [
                (
                    each.name,
                    each.type,
                    field(default=each.default, kw_only=each.kw_only)
                    if each.default_factory is dataclasses.MISSING
                    else field(default_factory=each.default_factory, kw_only=each.kw_only),
                )
                for each in dataclasses.fields(one)
            ],
        )

        # then the signatures are the same, but for how "made when it is asked for" is shown
        mine, its = inspect.signature(one).parameters, inspect.signature(twin).parameters
        assert [(each.name, each.kind) for each in mine.values()] == [
            (each.name, each.kind) for each in its.values()
        ]
        for each in dataclasses.fields(one):
            if each.default is not dataclasses.MISSING:
                assert mine[each.name].default is its[each.name].default
            else:
                required = inspect.Parameter.empty
                assert (mine[each.name].default is required) is (its[each.name].default is required)


def test_no_value_class_has_a_field_of_a_kind_that_lean_ones_do_not_know():
    for one in ours():
        kinds = {type(each.type) for each in one.__dataclass_fields__.values()}
        assert dataclasses.InitVar not in kinds, one
        assert all(each.init for each in dataclasses.fields(one)), one

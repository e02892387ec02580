"""What a step will get is held against what it takes before anything runs, as far as the functions say it: refused is only what never fits."""

import json
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import Concurrency, Failed, Flow, Ordered, chain, chord, group
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.signature import schema_of, to_plain
from chalicelib.pipeline.workflows import typed
from chalicelib.pipeline.workflows.flow import GroupFlow
from chalicelib.pipeline.workflows.kind_words import words
from chalicelib.pipeline.workflows.kinds import Kind, kind_of, never
from chalicelib.pipeline.workflows.step_flow import StepFlow


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Mail:
    to: str
    copies: int = 0


@dataclass
class Page:
    to: int
    links: "list[Page]" = field(default_factory=list)


class Typed(TypedDict):
    to: str
    subject: NotRequired[int]


class Sealed(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Cat(msgspec.Struct, tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag="dog"):
    lives: int


class Many:
    """A task that gives each kind, `g.int`, and one that takes each, `t.int`; all of them as steps."""

    KINDS: dict[str, Any] = {  # noqa: RUF012
        "int": int,
        "float": float,
        "str": str,
        "bool": bool,
        "none": None,
        "any": Any,
        "decimal": Decimal,
        "time": datetime,
        "bytes": bytes,
        "dict": dict[str, Any],
        "ints": list[int],
        "strs": list[str],
        "texts": set[str],
        "nested": list[list[int]],
        "maybe_ints": list[int | None],
        "optional": int | None,
        "int_or_ints": int | list[int],
        "pair": tuple[int, str],
        "triple": tuple[int, int, int],
        "mail": Mail,
        "mails": list[Mail],
        "page": Page,
        "typed": Typed,
        "sealed": Sealed,
        "cat": Cat,
        "dog": Dog,
        "pet": Cat | Dog,
        "colour": Colour,
        "one_two": Literal[1, 2],
        "red": Literal["red", "green"],
        "ints_or_manifest": list[int] | dict[str, Any],
        "collected": list[int | Failed],
        "failures": list[Failed],
        "flow": Flow,
        "a_step": StepFlow,
        "a_group": GroupFlow,
        "yields": Generator[str, None, int],
    }

    def __init__(self, stage):
        self.stage = stage
        for name, kind in self.KINDS.items():
            stage.task(_giver(kind), f"g.{name}")
            if not (isinstance(kind, type) and issubclass(kind, Flow)) and name != "yields":
                stage.task(_taker(kind), f"t.{name}")

    def g(self, name):
        return self.stage.registry[f"g.{name}"].si()

    def t(self, name, **how):
        return self.stage.registry[f"t.{name}"].s(**how)

    def m(self, name, *items, **how):
        return self.stage.registry[f"t.{name}"].map(*items, **how)

    def asked(self, workflow):
        return enqueue(
            [JobRequest(task="jobline.workflow", args={"workflow": workflow})], parts=self.stage.parts
        )[0]


def _giver(kind):
    def gives():
        raise NotImplementedError

    gives.__annotations__["return"] = kind
    return gives


def _taker(kind):
    def takes(x, y=0):
        raise NotImplementedError

    takes.__annotations__.update({"x": kind, "return": kind})
    return takes


@pytest.fixture
def many(stage):
    return Many(stage)


REFUSED = [
    ("int", "str", "'t.str' wants a string for 'x', 'g.int' gives an integer"),
    ("int", "ints", "'t.ints' wants an array of integers for 'x', 'g.int' gives an integer"),
    ("none", "int", "'t.int' wants an integer for 'x', 'g.none' gives null"),
    ("bool", "int", "'t.int' wants an integer for 'x', 'g.bool' gives a boolean"),
    ("int", "bool", "'t.bool' wants a boolean for 'x', 'g.int' gives an integer"),
    ("decimal", "bool", "'t.bool' wants a boolean for 'x', 'g.decimal' gives a string"),
    ("int", "time", "'t.time' wants a string for 'x', 'g.int' gives an integer"),
    ("strs", "ints", "'t.ints' wants an array of integers for 'x', 'g.strs' gives an array of strings"),
    ("nested", "ints", "'g.nested' gives an array of arrays of integers"),
    ("maybe_ints", "strs", "'g.maybe_ints' gives an array of integers or nulls"),
    ("optional", "ints", "'g.optional' gives an integer or null"),
    ("int_or_ints", "str", "'g.int_or_ints' gives an integer or an array of integers"),
    (
        "pair",
        "triple",
        "'t.triple' wants an array of integers for 'x', 'g.pair' gives an array of integers or strings",
    ),
    ("strs", "triple", "'g.strs' gives an array of strings"),
    ("mail", "mails", "'t.mails' wants an array of objects (Mail) for 'x', 'g.mail' gives an object (Mail)"),
    ("mail", "page", "'t.page' wants an object (Page) for 'x', 'g.mail' gives an object (Mail)"),
    ("mail", "sealed", "'g.mail' gives an object (Mail)"),
    ("typed", "sealed", "'g.typed' gives an object (Typed)"),
    ("sealed", "mail", "'t.mail' wants an object (Mail) for 'x', 'g.sealed' gives an object (Sealed)"),
    ("cat", "dog", "'t.dog' wants an object (Dog) for 'x', 'g.cat' gives an object (Cat)"),
    ("int", "pet", "'t.pet' wants an object (Cat) or an object (Dog) for 'x'"),
    ("colour", "int", "'t.int' wants an integer for 'x', 'g.colour' gives 'blue' or 'red'"),
    ("one_two", "colour", "'t.colour' wants 'blue' or 'red' for 'x', 'g.one_two' gives 1 or 2"),
    ("int", "ints_or_manifest", "'t.ints_or_manifest' wants an array of integers or an object for 'x'"),
    ("yields", "str", "'g.yields' gives an integer"),
]

TAKEN = [
    ("int", "int"), ("int", "float"), ("float", "int"), ("int", "decimal"), ("str", "decimal"), ("str", "time"),
    ("bytes", "str"), ("any", "int"), ("int", "any"), ("optional", "int"), ("int", "optional"), ("none", "optional"),
    ("ints", "maybe_ints"), ("maybe_ints", "ints"), ("texts", "strs"), ("int_or_ints", "ints"), ("pair", "pair"),
    ("ints", "triple"), ("triple", "ints"), ("mail", "dict"), ("dict", "mail"), ("mail", "typed"), ("page", "page"),
    ("dict", "sealed"), ("pet", "dog"), ("cat", "pet"), ("colour", "red"), ("red", "colour"), ("one_two", "float"),
    ("flow", "int"), ("a_step", "int"), ("a_group", "strs"), ("yields", "int"),
]  # fmt: skip


@pytest.mark.parametrize(("gives", "takes", "why"), REFUSED)
def test_what_never_fits_is_refused_with_both_types(many, gives, takes, why):
    answer = many.asked((many.g(gives) | many.t(takes)).json())
    assert isinstance(answer, InvalidInput)
    assert answer.argument == "workflow.chain[1].into"
    assert why in answer.why


@pytest.mark.parametrize(("gives", "takes"), TAKEN)
def test_what_may_fit_is_taken(many, gives, takes):
    assert isinstance(many.asked((many.g(gives) | many.t(takes)).json()), Job)


PLACES = [
    (
        lambda m: chain(m.g("int"), m.t("int"), group(m.t("int"), m.t("str"))),
        "workflow.chain[2].group[1].into: 't.str' wants a string for 'x', 't.int' gives an integer",
    ),
    (
        lambda m: group(m.g("int"), m.g("str")) | m.t("ints"),
        ("workflow.chain[1].into: 't.ints' wants an array of integers for 'x', "
        "the group before it gives an array of integers or strings or a manifest"),
    ),
    (
        lambda m: group(m.g("int"), m.g("int")) | m.t("triple"),
        "workflow.chain[1].into: 't.triple' wants an array of integers for 'x', the group before it gives",
    ),
    (
        lambda m: group(m.g("int")) | m.t("mail"),
        ("workflow.chain[1].into: 't.mail' wants an object (Mail) for 'x', "
        "the group before it gives an array of integers or a manifest"),
    ),
    (lambda m: group(m.g("int")) | m.t("int"), "workflow.chain[1].into: 't.int' wants an integer for 'x', the group"),
    (
        lambda m: group(m.g("int"), on_error="collect") | m.t("strs"),
        ("workflow.chain[1].into: 't.strs' wants an array of strings for 'x', "
        "the group before it gives an array of integers or objects (Failed) or a manifest"),
    ),
    (
        lambda m: group(m.g("int"), on_error="ignore") | m.t("strs"),
        ("workflow.chain[1].into: 't.strs' wants an array of strings for 'x', "
        "the group before it gives an array of integers or nulls or a manifest"),
    ),
    (lambda m: chain(group(m.g("int")) | m.t("any"), m.g("str") | m.t("int")), "workflow.chain[3].into: 't.int' wants"),
    (
        lambda m: group(chain(m.g("int"), m.t("str")), m.g("int")),
        "workflow.group[0].chain[1].into: 't.str' wants a string for 'x', 'g.int' gives an integer",
    ),
    (
        lambda m: m.g("int") | group(chain(m.t("str"), m.t("str")), m.t("int")),
        "workflow.chain[1].group[0].chain[0].into: 't.str' wants a string for 'x', 'g.int' gives an integer",
    ),
    (
        lambda m: group(m.g("int") for _ in range(4)) | m.t("triple"),
        "workflow.chain[1].into: 't.triple' wants an array of integers for 'x', the group before it gives",
    ),
    (
        lambda m: m.g("int") | m.m("int"),
        "workflow.chain[1].from: its items have to be an array, 'g.int' gives an integer",
    ),
    (
        lambda m: m.g("mail") | m.m("any"),
        "workflow.chain[1].from: its items have to be an array, 'g.mail' gives an object (Mail)",
    ),
    (
        lambda m: m.g("ints") | m.m("str"),
        "workflow.chain[1].map.into: 't.str' wants a string for 'x', each item of 'g.ints' gives an integer",
    ),
    (
        lambda m: m.m("int", [1, 2]) | m.m("str"),
        "workflow.chain[1].map.into: 't.str' wants a string for 'x', each item of the map before it gives an integer",
    ),
    (
        lambda m: m.m("int", range(2000)) | m.m("str"),
        "workflow.chain[1].map.into: 't.str' wants a string for 'x', each item of the map before it gives an integer",
    ),
    (
        lambda m: m.m("int", range(1001)) | m.t("ints"),
        "workflow.chain[1].into: 't.ints' wants an array of integers for 'x', the map before it gives a manifest",
    ),
    (
        lambda m: m.g("ints") | m.stage.registry["t.int"].chunks(None, 5),
        ("workflow.chain[1].map.into: 't.int' wants an integer for 'x', "
        "each item of 'g.ints' gives an array of integers"),
    ),
    (
        lambda m: m.g("ints") | m.stage.registry["t.int"].starmap(),
        "workflow.chain[1].from: its items have to be arrays or objects of arguments, each of 'g.ints' is an integer",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("flow", "says"), PLACES, ids=[says for _, says in PLACES])
def test_the_place_is_named_at_any_depth(many, flow, says):
    answer = many.asked(flow(many).json())
    assert isinstance(answer, InvalidInput)
    assert str(answer).startswith(says)


def test_a_chord_in_json_is_named_as_one(many):
    header = [{"task": "g.int"}, {"chain": [{"task": "g.int"}, {"task": "t.str", "into": "x"}]}]
    chorded = {"chain": [{"task": "g.str"}, {"chord": header, "then": {"task": "t.ints", "into": "x"}}]}
    assert str(many.asked(chorded)).startswith(
        "workflow.chain[1].chord[1].chain[1].into: 't.str' wants a string"
    )
    header[1] = {"task": "t.str", "into": "x"}
    assert str(many.asked(chorded)).startswith(
        "workflow.chain[1].then.into: 't.ints' wants an array of integers"
    )
    header[1] = {"task": "t.int", "args": {"x": "1"}}
    assert str(many.asked(chorded)).startswith("workflow.chain[1].chord[1].args.x: Expected `int`, got `str`")


@pytest.mark.parametrize(
    "flow",
    [
        lambda m: group(m.g("int"), m.g("int")) | m.t("ints"),
        lambda m: group(m.g("int"), m.g("str")) | m.t("pair"),
        lambda m: group() | m.t("ints"),
        lambda m: group(m.g("int"), on_error="ignore") | m.t("ints"),
        lambda m: group(m.g("int"), on_error="ignore") | m.t("maybe_ints"),
        lambda m: group(m.g("int"), on_error="collect") | m.t("collected"),
        lambda m: group(m.g("int"), on_error="collect") | m.t("failures"),
        lambda m: m.m("int", [1], on_error="collect") | m.t("ints"),
        lambda m: group(m.g("any"), m.g("int")) | m.t("ints"),
        lambda m: group(m.g("int")) | m.t("dict"),
        lambda m: m.m("int", range(2000)) | m.t("ints_or_manifest"),
        lambda m: m.m("int", range(2000)) | m.m("int"),
        lambda m: m.stage.registry["t.ints"].chunks(range(2000), 2) | m.t("nested"),
        lambda m: m.g("ints") | m.m("int") | m.t("ints"),
        lambda m: m.g("ints") | m.stage.registry["t.ints"].chunks(None, 3) | m.t("nested"),
        lambda m: m.g("nested") | m.stage.registry["t.int"].starmap(),
        lambda m: m.g("mails") | m.stage.registry["t.any"].starmap(),
        lambda m: m.g("any") | m.m("int"),
        lambda m: chord([m.g("int")], m.m("int")) | m.t("ints"),
        lambda m: m.g("str") | m.m("int", [1]) | m.t("ints"),
    ],
)  # fmt: skip
def test_what_may_fit_is_taken_at_any_depth(many, flow):
    assert isinstance(many.asked(flow(many).json()), Job)


@pytest.mark.parametrize(
    "options", [{"ordered": Ordered(key=("x",))}, {"concurrency": Concurrency(2, key=("x",))}]
)
def test_a_key_that_can_never_be_plain_is_refused(many, stage, options):
    stage.task(lambda x: x, "keyed", **options)
    into = {"task": "keyed", "into": "x"}
    answer = many.asked({"chain": [{"task": "g.ints"}, into]})
    assert str(answer) == (
        "workflow.chain[1].into: a key of 'keyed' is made of 'x', which so has to be plain; "
        "'g.ints' gives an array of integers"
    )
    for plain in ("int", "optional", "any", "int_or_ints"):
        assert isinstance(many.asked({"chain": [{"task": f"g.{plain}"}, into]}), Job)


def test_a_large_group_after_a_large_group_is_not_compared_each_with_each(many, monkeypatch):
    compared = []
    monkeypatch.setattr(typed, "never", lambda *kinds: compared.append(kinds) or never(*kinds))
    steps = [many.t("ints"), many.t("any"), many.m("int")] * 150
    flow = group(many.g("int") for _ in range(450)) | group(*steps, many.t("str"))
    answer = many.asked(flow.json())
    assert str(answer).startswith("workflow.chain[1].group[450].into: 't.str' wants a string for 'x'")
    assert len(compared) <= 6


VALUES: dict[Any, st.SearchStrategy[Any]] = {
    kind: st.from_type(kind)
    for kind in (
        int, float, str, bool, bytes, datetime, timedelta, UUID, Colour, Mail, Cat, Dog, Typed, Sealed,
        list[int], list[str], list[list[int]], set[int], dict[str, int], tuple[int, str],
        tuple[int, ...], list[int | None], int | None, int | list[str], Mail | None, list[Mail], Literal[1, 2], Literal["red"],
    )
}  # fmt: skip
VALUES[Decimal] = st.decimals(allow_nan=False, allow_infinity=False)
VALUES[None] = st.none()
VALUES[dict[str, Any]] = st.dictionaries(st.text(), st.integers() | st.text())
VALUES[Cat | Dog] = st.from_type(Cat) | st.from_type(Dog)


def test_true_is_no_number():
    yes = Kind({"enum": [True]})
    assert never(yes, Kind({"type": "integer"}))
    assert never(yes, Kind({"enum": [1]}))
    assert not never(yes, Kind({"type": "boolean"}))


@given(st.data(), st.sampled_from(list(VALUES)), st.sampled_from(list(VALUES)))
def test_no_value_that_a_task_takes_is_of_a_kind_that_is_said_never_to_fit(data, gives, takes):
    try:
        value = json.loads(json.dumps(to_plain(data.draw(VALUES[gives]))))
        msgspec.convert(value, takes, strict=True)
    except (ValueError, msgspec.ValidationError):
        return
    if "[]" not in json.dumps(
        value
    ):  # an empty list is of any list's kind: the one thing that is refused for its likely sense
        assert not never(kind_of(schema_of(gives)), kind_of(schema_of(takes))), value


@given(st.sampled_from(list(VALUES)))
def test_a_kind_fits_itself_and_has_a_name(kind):
    schema = kind_of(schema_of(kind))
    assert not never(schema, schema)
    assert words(schema) not in ("", "anything")

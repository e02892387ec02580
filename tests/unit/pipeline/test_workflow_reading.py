"""Workflows as JSON: what is read, what is refused and by which words, and that what is written is read again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import Ordered
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import Job, State
from chalicelib.domain.workflow import Chain, Group, Map, OnError, Policy, Source, Step
from chalicelib.pipeline.enqueue import JobRequest, enqueue
from chalicelib.pipeline.workflows.reading import HOW, MAX_NESTING, MAX_NODES, read_node, to_json
from tests.support.drive import drain

ONE = {"task": "one"}
ADD = {"task": "add", "args": {"y": 2}, "into": "x"}
SUM = {"task": "total", "into": "numbers"}


@pytest.fixture
def ask(stage):
    """Submit the workflow; its job, or the words by which it is refused."""

    def one() -> int:
        return 1

    def add(x: int, y: int = 1) -> int:
        return x + y

    def total(numbers: list[int]) -> int:
        return sum(numbers)

    def mourn(job: dict) -> None: ...

    for function in (one, add, total, mourn):
        stage.task(function)
    stage.task(lambda order, text="": order, "ship", ordered=Ordered(key=("order",)))
    stage.task(lambda job: None, "in_line", ordered=Ordered(key=("job",)))

    def ask(workflow):
        request = JobRequest(task="jobline.workflow", args={"workflow": workflow})
        (answer,) = enqueue([request], parts=stage.parts)
        return str(answer) if isinstance(answer, InvalidInput) else answer

    return ask


def nested(depth, node):
    for _ in range(depth):
        node = {"chain": [node]}
    return node


KINDS = "not exactly one of task, chain, group, chord, map"

REFUSED = [
    # what is no node
    (5, "args.workflow: Expected `object`, got `int`"),
    ([ONE], "args.workflow: Expected `object`, got `array`"),
    ({}, f"workflow: {KINDS}"),
    ({"args": {}}, f"workflow: {KINDS}"),
    ({"task": "one", "chain": [ONE]}, f"workflow: {KINDS}"),
    ({"task": "one", "group": "a"}, f"workflow: {KINDS}"),
    ({"chain": [5]}, "workflow.chain[0]: not an object"),
    ({"chain": [ONE, None]}, "workflow.chain[1]: not an object"),
    ({"group": [ONE, {"group": [{}]}]}, f"workflow.group[1].group[0]: {KINDS}"),
    # steps
    ({"task": 5}, "workflow.task: not a task's name"),
    ({"task": None}, "workflow.task: not a task's name"),
    ({"task": "nobody"}, "workflow.task: no task is called 'nobody'"),
    ({"task": "jobline.workflow"}, "workflow.task: no task is called 'jobline.workflow'"),
    ({"task": "jobline.publish"}, "workflow.task: no task is called 'jobline.publish'"),
    ({**ONE, "arg": {}}, "workflow.arg: unknown here; known are args, delay, expires, into, lane"),
    ({**ONE, "tenant": "acme"}, "workflow.tenant: unknown here"),
    ({**ONE, "key": "k"}, "workflow.key: unknown here"),
    ({**ONE, "args": [1]}, "workflow.args: not an object of named arguments"),
    ({**ONE, "args": None}, "workflow.args: not an object of named arguments"),
    ({**ONE, "args": {"x": 1}}, "workflow.args.x: Object contains unknown field `x`"),
    ({"task": "add"}, "workflow.args.x: Object missing required field `x`"),
    ({"task": "add", "args": {"x": "1"}}, "workflow.args.x: Expected `int`, got `str`"),
    ({"task": "total", "args": {"numbers": [1, "2"]}}, "workflow.args.numbers[1]: Expected `int`, got `str`"),
    ({"chain": [ONE, {"task": "add", "args": {"y": None}, "into": "x"}]}, "workflow.chain[1].args.y: Expected `int`"),
    ({"chain": [ONE, {"task": "add", "args": {"z": 1}, "into": "x"}]}, "workflow.chain[1].args.z: Object contains"),
    ({"chain": [ONE, {"task": "add", "into": "y"}]}, "workflow.chain[1].args.x: Object missing required field `x`"),
    ({"chain": [ONE, {"task": "add"}]}, "workflow.chain[1].args.x: Object missing required field `x`"),
    # what comes before
    ({"task": "add", "into": "x"}, "workflow.into: nothing comes before"),
    ({"group": [{"task": "add", "into": "x"}]}, "workflow.group[0].into: nothing comes before"),
    ({"chain": [{"task": "add", "into": "x"}]}, "workflow.chain[0].into: nothing comes before"),
    ({"chain": [ONE, {"task": "add", "into": "z"}]}, "workflow.chain[1].into: 'add' has no argument 'z'"),
    ({"chain": [ONE, {"task": "add", "into": 1}]}, "workflow.chain[1].into: not an argument's name"),
    ({"chain": [ONE, {**ADD, "into": "y"}]}, "workflow.chain[1].into: 'y' is among args as well"),
    ({"chain": [ONE, SUM]}, "workflow.chain[1].into: 'total' wants an array of integers for 'numbers', 'one' gives an"),
    # how a step's job is to be submitted
    ({**ONE, "lane": "nowhere"}, "workflow.lane: 'nowhere' is none of"),
    ({**ONE, "lane": 5}, "workflow.lane: not a text"),
    ({**ONE, "max_attempts": 0}, "workflow.max_attempts: 0 is not between 1 and 50"),
    ({**ONE, "max_attempts": True}, "workflow.max_attempts: not a number"),
    ({**ONE, "max_attempts": 1.5}, "workflow.max_attempts: not a number"),
    ({**ONE, "delay": "PT5S"}, "workflow.delay: not a number of seconds"),
    ({**ONE, "delay": -1}, "workflow.delay: is negative"),
    ({**ONE, "delay": 10**9}, "workflow.delay: is more than"),
    ({**ONE, "delay": 1e300}, "workflow.delay: 1e+300 seconds are more than anything may take"),
    ({**ONE, "expires": False}, "workflow.expires: not a number of seconds"),
    ({**ONE, "expires": 5, "delay": 10}, "workflow.expires: is not after the time at which the job is due"),
    ({**ONE, "tags": "a"}, "workflow.tags: not a list of texts"),
    ({**ONE, "tags": [1]}, "workflow.tags: not a list of texts"),
    ({**ONE, "tags": ["a"] * 11}, "workflow.tags: more than 10 tags"),
    ({**ONE, "tags": ["\n"]}, "workflow.tags[0]: not 1 to 64 printable characters"),
    ({**ONE, "on_success": "nobody"}, "workflow.on_success: no task is called 'nobody'"),
    ({**ONE, "on_failure": "jobline.webhook"}, "workflow.on_failure: no task is called 'jobline.webhook'"),
    ({**ONE, "on_success": ["mourn"]}, "workflow.on_success: not a text"),
    ({**ONE, "on_failure": "in_line"}, "workflow.on_failure: a key of 'in_line' is made of `job`"),
    ({"map": {**ONE, "lane": 5}, "items": [1], "spread": True}, "workflow.map.lane: not a text"),
    # chains, groups, chords
    ({"chain": []}, "workflow.chain: not a list of at least one node"),
    ({"chain": "one"}, "workflow.chain: not a list of at least one node"),
    ({"chain": {"0": ONE}}, "workflow.chain: not a list of at least one node"),
    ({"chain": [ONE], "on_error": "fail"}, "workflow.on_error: unknown here; known are chain"),
    ({"group": ONE}, "workflow.group: not a list of nodes"),
    ({"group": None}, "workflow.group: not a list of nodes"),
    ({"group": [ONE], "on_error": "skip"}, "workflow.on_error: not one of fail, collect, ignore"),
    ({"group": [ONE], "on_error": ["fail"]}, "workflow.on_error: not one of fail, collect, ignore"),
    ({"group": [ONE], "min_success": 1}, "workflow.min_success: needs on_error collect or ignore"),
    ({"group": [ONE], "on_error": "ignore", "min_success": 2}, "workflow.min_success: more than the 1 children"),
    ({"group": [ONE], "on_error": "ignore", "min_success": -1}, "workflow.min_success: not a number of children"),
    ({"group": [ONE], "on_error": "ignore", "min_success": True}, "workflow.min_success: not a number of children"),
    ({"group": [ONE], "then": SUM}, "workflow.then: unknown here"),
    ({"chord": [ONE]}, "workflow.then: is missing"),
    ({"chord": ONE, "then": SUM}, "workflow.chord: not a list of nodes"),
    ({"chord": [ONE], "then": 5}, "workflow.then: not an object"),
    ({"chord": [ONE, {}], "then": SUM}, f"workflow.chord[1]: {KINDS}"),
    ({"chord": [{"task": "add"}], "then": SUM}, "workflow.chord[0].args.x: Object missing required field `x`"),
    ({"chord": [ONE], "then": {"task": "add"}}, "workflow.then.args.x: Object missing required field `x`"),
    ({"chord": [ONE], "then": SUM, "on_error": "ignore", "min_success": 2}, "workflow.min_success: more than the 1"),
    # maps
    ({"map": "add", "items": []}, "workflow.map: not an object"),
    ({"map": {"chain": [ONE]}, "items": []}, "workflow.map.chain: unknown here"),
    ({"map": {"task": "add"}, "items": [1]}, "workflow.map.into: missing: which argument gets the item"),
    ({"map": ADD}, "workflow: not exactly one of"),
    ({"map": ADD, "items": [1], "from": "before"}, "workflow: not exactly one of"),
    ({"map": ADD, "items": "abc"}, "workflow.items: not a list"),
    ({"map": ADD, "items": {"a": 1}}, "workflow.items: not a list"),
    ({"map": ADD, "items": [1, "2"]}, "workflow.items[1].args.x: Expected `int`, got `str`"),
    ({"map": ADD, "from": "before"}, "workflow.from: nothing comes before"),
    ({"map": ADD, "from": "after"}, "workflow.from: not 'before'"),
    ({"map": {**ADD, "into": "z"}, "items": []}, "workflow.map.into: 'add' has no argument 'z'"),
    ({"map": {"task": "nobody", "into": "x"}, "items": []}, "workflow.map.task: no task is called 'nobody'"),
    ({"map": {"task": "nobody"}, "items": [], "spread": True}, "workflow.map.task: no task is called 'nobody'"),
    ({"map": SUM, "items": [1], "size": 0}, "workflow.size: not a number from 1 to 10,000"),
    ({"map": SUM, "items": [1], "size": 10_001}, "workflow.size: not a number from 1 to 10,000"),
    ({"map": SUM, "items": [1], "size": True}, "workflow.size: not a number from 1 to 10,000"),
    ({"map": SUM, "items": [1, 2, "3"], "size": 2}, "workflow.items[1].args.numbers[0]: Expected `int`, got `str`"),
    ({"map": ADD, "items": [1], "spread": 1}, "workflow.spread: neither true nor false"),
    ({"map": ADD, "items": [[1]], "spread": True}, "workflow.spread: the items are all arguments"),
    ({"map": {"task": "add"}, "items": [5], "spread": True}, "workflow.items[0].args: neither an object nor a list of"),
    ({"map": {"task": "add"}, "items": [[1, 2, 3]], "spread": True}, "workflow.items[0].args: neither an object nor a"),
    ({"map": {"task": "add"}, "items": [{"x": "1"}], "spread": True}, "workflow.items[0].args.x: Expected `int`"),
    ({"map": {"task": "add"}, "items": [[1], []], "spread": True}, "workflow.items[1].args.x: Object missing required"),
    ({"map": ADD, "items": [1], "on_error": "ignore", "min_success": 2}, "workflow.min_success: more than the 1"),
    # a key that cannot be made
    (
        {"chain": [{"map": ADD, "items": [1]}, {"task": "ship", "into": "order"}]},
        "workflow.chain[1].into: a key of 'ship' is made of 'order', which so has to be plain",
    ),
    ({"task": "ship", "args": {"order": [1]}}, "workflow.args.order: is part of a key, and so has to be text"),
    ({"chain": [ONE, {"task": "ship", "args": {"order": {}}, "into": "text"}]}, "workflow.chain[1].args.order: is part"),
    ({"map": {"task": "ship", "into": "order"}, "items": [1, [2]]}, "workflow.items[1].args.order: is part of a key"),
    ({"map": {"task": "ship"}, "items": [[1], [[2]]], "spread": True}, "workflow.items[1].args.order: is part of"),
    # too much
    (nested(MAX_NESTING + 1, ONE), "workflow" + ".chain[0]" * (MAX_NESTING + 1) + f": nested deeper than {MAX_NESTING}"),
    ({"group": [ONE] * MAX_NODES}, "workflow: more than 1,000 nodes; a map takes any number of items"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("workflow", "words"), REFUSED, ids=[f"{n} {words[:60]}" for n, (_, words) in enumerate(REFUSED)]
)
def test_a_mistake_is_told_by_its_place(ask, workflow, words):
    answer = ask(workflow)
    assert isinstance(answer, str), "it was taken"
    assert answer.startswith(words)


@pytest.mark.parametrize(
    "workflow",
    [
        ONE,
        {**ONE, "lane": None, "delay": None, "tags": []},
        {**ONE, "delay": 0.5, "expires": 60, "tags": ["a"], "max_attempts": 3, "on_success": "mourn"},
        nested(MAX_NESTING, ONE),
        {"group": [ONE] * (MAX_NODES - 1)},
        {"group": []},
        {"chord": [], "then": SUM},
        {"chord": [ONE, ONE], "then": SUM, "on_error": "ignore", "min_success": 2},
        {"chain": [ONE, {"task": "ship", "into": "order", "args": {"text": "a"}}]},
        {"map": ADD, "items": []},
        {"map": {"task": "add"}, "items": [[1, 2], {"x": 1}], "spread": True, "on_error": "collect"},
        {"map": SUM, "items": [1, 2, 3], "size": 10_000},
        {"chain": [{"group": [ONE]}, {"map": ADD, "from": "before"}, SUM]},
    ],
)
def test_what_is_right_is_taken(ask, workflow):
    assert isinstance(ask(workflow), Job)


def test_a_key_made_of_what_comes_later_is_made_of_it(ask, stage):
    ask(
        {
            "group": [
                {"chain": [ONE, {"task": "ship", "into": "order"}]},
                {"chain": [ONE, ONE, {"task": "ship", "into": "order"}]},
            ]
        }
    )
    drain(stage.parts)
    gates = [gate.key for row in stage.store.rows.values() if row.task == "ship" for gate in row.gates]
    assert gates == ["ship:1", "ship:1"], "both are of one group, and run one at a time"


def test_a_key_that_turns_out_to_be_no_plain_value_ends_the_workflow_by_name(ask, stage):
    stage.task(lambda: [1, 2], "untyped")
    job = ask({"chain": [{"task": "untyped"}, {"task": "ship", "into": "order"}]})
    drain(stage.parts)
    row = stage.row(job)
    assert row.state is State.DEAD
    assert row.error.message.startswith("args.order: is part of a key, and so has to be text")


def test_a_value_that_turns_out_to_be_wrong_is_the_death_of_the_step_by_name(ask, stage):
    stage.task(lambda: "text", "untyped")
    job = ask({"chain": [{"task": "untyped"}, ADD]})
    drain(stage.parts)
    assert stage.row(job).state is State.DEAD
    assert "is DEAD: InvalidInput: args.x: Expected `int`, got `str`" in stage.row(job).error.message


names = st.text(st.sampled_from("abcxyz"), min_size=1, max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
hows = st.fixed_dictionaries(
    {},
    optional={
        "lane": names, "max_attempts": st.integers(1, 9), "delay": st.integers(0, 9), "expires": st.floats(1, 9),
        "tags": st.lists(names, max_size=2), "on_success": names, "on_failure": names,
    },
)  # fmt: skip
policies = st.just(Policy()) | st.builds(
    Policy, on_error=st.sampled_from([OnError.IGNORE, OnError.COLLECT]), min_success=st.just(0)
)


@st.composite
def steps(draw, into=None):
    args = draw(st.dictionaries(names, values, max_size=2))
    wanted = draw(names.filter(lambda name: name not in args) if into else st.none() | names)
    return Step(task=draw(names), args=args, into=None if wanted in args else wanted, how=draw(hows))


@st.composite
def maps(draw):
    spread = draw(st.booleans())
    step = draw(steps(into=True))
    source = draw(st.sampled_from([Source.HERE, Source.BEFORE]))
    return Map(
        step=Step(task=step.task, args=step.args, how=step.how) if spread else step,
        source=source,
        items=tuple(draw(st.lists(values, max_size=3))) if source is Source.HERE else (),
        spread=spread,
        size=None if spread else draw(st.none() | st.integers(1, 10_000)),
        policy=draw(policies),
    )


@st.composite
def groups(draw, inner):
    nodes = tuple(draw(st.lists(inner, max_size=3)))
    policy = draw(policies)
    if policy.on_error is not OnError.FAIL:
        policy = Policy(on_error=policy.on_error, min_success=draw(st.integers(0, len(nodes))))
    return Group(nodes=nodes, policy=policy)


nodes = st.recursive(
    steps() | maps(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda some: Chain(nodes=tuple(some))) | groups(inner)
    ),
    max_leaves=6,
).filter(lambda node: _deep(node) <= MAX_NESTING)


def _deep(node):
    return 1 + max(map(_deep, node.nodes), default=0) if isinstance(node, Chain | Group) else 0


@given(nodes)
def test_what_is_written_is_read_again(node):
    written = json.loads(json.dumps(to_json(node)))
    assert read_node(written) == node
    assert to_json(read_node(written)) == written


@given(st.recursive(values, lambda inner: st.dictionaries(
    st.sampled_from(["task", "chain", "group", "chord", "then", "map", "items", "from", "args", "into", "on_error", "size", *HOW]),
    inner | st.lists(inner, max_size=2), max_size=3), max_leaves=8))  # fmt: skip
def test_nothing_else_than_a_refusal_comes_of_nonsense(value):
    try:
        node = read_node(value)
    except InvalidInput as error:
        place = error.argument
    else:
        place, again = "workflow", read_node(to_json(node))
        assert again == node
    assert place.startswith("workflow")

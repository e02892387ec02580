"""What a cold start pays for: facts about imports and clients, which hold on any machine. The time is `make cold-start`'s business."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

import app
from bench.cold_start.figures import Compared, compare
from bench.cold_start.room import Room
from bench.cold_start.start import CLIENTS, Start, start
from chalicelib import wiring
from chalicelib.adapters.aws.clients import Clients
from infra.names import FED_BY
from infra.stack import provision
from jobline.local.context import Context

MOST_MODULES = 300
"""That importing app.py brings along for the API, four in ten of them ours, the rest chalice's, msgspec's and the standard library's. Each is looked up and read at a cold start."""

HEAVY = (
    *("boto3", "botocore", "aws_xray_sdk", "urllib3", "httpx", "click", "rich"),
    *(
        "asyncio",
        "multiprocessing",
        "concurrent.futures",
        "ssl",
        "http.client",
        "unittest",
        "pydoc",
        "doctest",
    ),
    *("jobline", "infra", "chalicelib.adapters.memory", "chalicelib.adapters.aws.store"),
)
"""What an import of app.py leaves to whoever needs it."""

ARGUMENTS = {"text": "a\n1\n", "column": "a"}


def imported(program: str) -> set[str]:
    """The modules that this leaves imported in a new interpreter, which nobody watches: a coverage run brings modules of its own."""
    run = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        text=True,
        capture_output=True,
        timeout=280,
        check=True,
    )
    return set(run.stdout.split())


def test_importing_the_app_imports_nothing_heavy():
    bare, ours = imported(""), imported("import app")

    assert sorted(set(HEAVY) & (ours - bare)) == []
    assert len(ours - bare) < MOST_MODULES


ROOM = Room(task=Path(app.__file__).parent, runtime=Path(boto3.__file__).parents[1])
"""The repository as the package, and whatever is installed as the runtime: what is imported is the same, only the time is not."""

ALIKE = [function for function in CLIENTS if function not in {"consume_high", "consume_low"}]
"""One consumer stands for the others: the lane's name is all that differs."""


@cache
def started(function: str | None) -> frozenset[str]:
    """The modules after a start of it, as `make cold-start` starts it: its program runs here, or nobody would see it rot."""
    return start(function, CLIENTS[function or "tick"], ROOM).modules


def test_the_bare_handler_has_what_it_is_compared_for_and_nothing_of_ours():
    bare = started(None)

    assert "botocore.client" in bare
    assert not any(name.partition(".")[0] in {"app", "chalicelib"} for name in bare)


MOST_OF_OURS = {"app": 185, "consume_default": 145, "dead_letters": 145, "tick": 138}
"""Modules of ours in a start, with a little room. Each is 0.3 to 0.5 ms, and what a bare handler has not. One more than this is one that a
plain job does not need, or there is a reason to say here."""


@pytest.mark.parametrize("function", ALIKE)
def test_a_start_imports_no_more_of_ours_than_a_plain_event_needs(function):
    assert (
        len([name for name in started(function) if name.startswith("chalicelib")]) <= MOST_OF_OURS[function]
    )


@pytest.mark.parametrize("function", ALIKE)
def test_only_the_function_of_the_api_imports_the_api(function):
    assert ("chalicelib.entrypoints.api.blueprint" in started(function)) is (function == "app")


NEEDS = {
    "app": {"chalicelib.entrypoints.api.jobs"},
    "consume_default": {"chalicelib.pipeline.consume", "chalicelib.pipeline.together"},
    "dead_letters": {"chalicelib.pipeline.consume", "chalicelib.pipeline.dead_letters"},
    "tick": {"chalicelib.pipeline.tick"},
}
RARE = {f"chalicelib.entrypoints.api.{area}" for area in ("releases", "schedules", "tenants", "webhooks")}


OF_WORKFLOWS = {
    f"chalicelib.pipeline.workflows.{one}" for one in ("parent", "group", "checking", "keeping", "gather")
}


FOR_FEW = {
    *("cronsim", "zoneinfo"),
    *(
        f"chalicelib.pipeline.{one}"
        for one in ("admission", "deliver", "fire", "notify", "rate", "redrive", "slots", "webhooks")
    ),
    *(f"chalicelib.adapters.{one}" for one in ("aws.feeds", "aws.inputs", "aws.outlet", "courier")),
}
"""What schedules, limits, webhooks and workflows bring along, for those who have them."""


@pytest.mark.parametrize("function", ALIKE)
def test_a_start_leaves_the_work_of_workflows_to_the_first_workflow(function):
    assert not OF_WORKFLOWS & started(function)


@pytest.mark.parametrize("function", [one for one in ALIKE if one != "app"])
def test_a_start_leaves_what_few_jobs_have_to_the_first_of_them(function):
    assert not FOR_FEW & started(function)


@pytest.mark.parametrize("function", ALIKE)
def test_a_start_imports_what_its_function_needs_and_not_what_only_others_need(function):
    assert NEEDS[function] <= started(function)
    assert not (set().union(*NEEDS.values(), RARE) - NEEDS[function]) & started(function)


MOST_USUAL = 15
"""Dataclasses of ours that a start has the standard library make whole, at 0.8 ms each: those that are not frozen, or have no slots."""

COUNTED = """
import dataclasses
usual = {
    one for name in list(sys.modules) if name.startswith("chalicelib") for one in vars(sys.modules[name]).values()
    if isinstance(one, type) and dataclasses.is_dataclass(one) and one.__dataclass_params__.init
}
assert 0 < len(usual) < MOST, usual
"""


@pytest.mark.parametrize("function", ALIKE)
def test_a_start_makes_its_value_classes_the_lean_way(function):
    started_so = f"import os, sys; os.environ['_HANDLER'] = 'app.{function}'; import app; from chalicelib import wiring; wiring.parts()"

    assert imported(started_so + COUNTED.replace("MOST", str(MOST_USUAL)))


def test_collecting_garbage_goes_on_after_the_import():
    assert "chalicelib" in imported("import app, gc; assert gc.isenabled()")


YOUNG = """
import gc
seen = []
gc.callbacks.append(lambda phase, info: seen.append(len(gc.get_objects(info["generation"]))) if phase == "start" else None)
import app
from chalicelib import wiring
wiring.parts().store
[[] for _ in range(1000)]
assert max(seen, default=0) < 20_000, seen
"""


def test_what_a_start_leaves_is_not_looked_through_for_garbage():
    # what was made while nothing was collected was young then, all of it: the first allocation after that looked at each object
    assert "chalicelib" in imported(YOUNG)


def test_the_parts_and_the_tasks_do_not_import_it_either():
    # The adapters know botocore's errors by then; the rest of it comes with the first client.
    ours = imported("from chalicelib import wiring; wiring.parts()")

    assert not {"boto3", "botocore.session", "aws_xray_sdk", "asyncio", "multiprocessing"} & ours


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch):
    """The clients of the one pipeline that is wired meanwhile, in a cloud of this process."""
    for name, value in (("APP", "jobline"), ("STAGE", "cold"), ("BUCKET", "jobline-cold-payloads")):
        monkeypatch.setenv(f"JOBLINE_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    found: list[Clients] = []

    class Remembered(Clients):
        def __init__(self, *, direct: bool = False) -> None:
            super().__init__(direct=direct)
            found.append(self)

    with mock_aws():
        provision(
            boto3.client("cloudformation"),
            app="jobline",
            stage="cold",
            parameters={"DeletionProtection": "false"},
        )
        monkeypatch.setattr("chalicelib.adapters.aws.clients.Clients", Remembered)
        before = wiring.use(None)
        try:
            yield found
        finally:
            wiring.use(before)


def message() -> dict[str, Any]:
    """A job, submitted by a pipeline that is then forgotten, as Lambda delivers it."""
    from chalicelib.tasks.examples import summarise_csv

    summarise_csv.delay(**ARGUMENTS)
    wiring.use(None)
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="jobline-cold-default")["QueueUrl"]
    (received,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    record = {
        "messageId": received["MessageId"],
        "receiptHandle": received["ReceiptHandle"],
        "body": received["Body"],
        "attributes": received["Attributes"],
    }
    return {"Records": [record]}


def consumed(door: Callable[[Any, Any], Any]) -> None:
    assert door(message(), Context("f", timeout=60)) == {"batchItemFailures": []}


def submitted() -> None:
    from chalicelib.tasks.examples import summarise_csv

    summarise_csv.delay(**ARGUMENTS)  # what POST /jobs does


def ticked() -> None:
    names = ("id", "detail-type", "source", "account", "time", "region", "version")
    app.tick(
        {**dict.fromkeys(names, ""), "resources": [], "detail": {}},
        Context("tick", timeout=60),
    )


FIRST_EVENTS: dict[str, Callable[[], None]] = {
    "app": submitted,
    **{name: partial(consumed, getattr(app, name)) for name in FED_BY},
    "tick": ticked,
}


@pytest.mark.parametrize("function", list(CLIENTS))
def test_a_first_event_makes_the_clients_that_the_bare_handler_makes(made, function):
    # given a function that has just started; when its first usual event has been worked on
    FIRST_EVENTS[function]()

    # then it has made these clients: what `make cold-start` compares with is neither more nor less
    assert sorted(made[-1]._made) == sorted(CLIENTS[function])


def test_starts_are_taken_in_turn_and_the_least_of_each_is_compared():
    # given starts that take longer and longer, bare ones a second and ours two
    order: list[str | None] = []

    def begin(function: str | None, clients: tuple[str, ...]) -> Start:
        order.append(function)
        return Start(wall=len(order) + (function is not None), cpu=1.0, modules=frozenset())

    found = compare(begin, ["tick"], repeats=2)["tick"]

    assert order == [None, "tick"] * 3
    assert [one.wall for one in found.bare] == [3, 5]
    assert found.least("wall") == (3, 5, 5 / 3)
    assert found.middle("wall") == (4, 6, 6 / 4)
    assert isinstance(found, Compared)
    assert found.ratio == 5 / 3

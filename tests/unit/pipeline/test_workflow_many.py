"""Many items of a map: they are taken as they come, go where the fan-out reads them, and are looked after like few."""

import tracemalloc
from datetime import UTC, datetime
from io import BytesIO

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import InvalidInput
from chalicelib.domain.job import State
from chalicelib.pipeline.payloads import load
from chalicelib.pipeline.sealer import args_of, result_of
from chalicelib.pipeline.workflows import group, keeping
from chalicelib.pipeline.workflows.many import FEW, SMALL, Many, few_or_many
from tests.support.drive import drain


class Numbers:
    def __init__(self, stage):
        self.stage = stage
        self.double = stage.task(self._double, "double")
        self.total = stage.task(self._total, "total")
        self.text = stage.task(self._text, "text")

    def _double(self, x: int, y: int = 2) -> int:
        return x * y

    def _total(self, xs: list[int]) -> int:
        return sum(xs)

    def _text(self, text: str) -> int:
        return len(text)


@pytest.fixture
def numbers(stage):
    before = wiring.use(stage.parts)
    stage.registry.submitter = wiring.submit
    yield Numbers(stage)
    wiring.use(before)


def tree(stage, job):
    row = stage.store.rows[job.id]
    return load(row.args, whose=args_of(row), parts=stage.parts)["workflow"]


def kept(stage):
    return stage.parts.inputs.bodies


def results(stage, job):
    row = stage.store.rows[job.id]
    assert row.state is State.SUCCEEDED, row
    return load(row.result, whose=result_of(row), parts=stage.parts)


@pytest.mark.parametrize("count", [FEW - 1, FEW])
@pytest.mark.parametrize("kind", [list, iter, range])
def test_a_few_items_are_in_the_workflow_itself(stage, numbers, kind, count):
    items = range(count) if kind is range else kind(list(range(count)))
    job = numbers.double.map(items).submit()
    assert tree(stage, job)["items"] == list(range(count))
    assert not kept(stage)


@pytest.mark.parametrize("kind", [list, iter, range, "generator"])
def test_more_are_in_an_object_of_the_tenants_own(stage, numbers, kind):
    count = FEW + 1
    every = list(range(count))
    items = {range: range(count), "generator": (n for n in every)}.get(kind) or kind(every)
    job = numbers.double.map(items).submit(tenant="ann")
    key = tree(stage, job)["object"]
    assert key.startswith("inputs/ann/")
    assert kept(stage)[key] == b"".join(b"%d\n" % n for n in every)
    drain(stage.parts)
    assert results(stage, job)["manifest"]["children"] == count


def test_items_that_are_few_but_large_are_there_too(stage, numbers):
    small = numbers.text.map(["x" * (SMALL // 10 - 2)] * 10).submit()
    large = numbers.text.map(["x" * (SMALL // 10 - 2)] * 10 + ["x" * 10]).submit()
    assert "items" in tree(stage, small)
    assert "object" in tree(stage, large)
    drain(stage.parts)
    assert len(results(stage, large)) == 11


def test_wherever_in_the_workflow_the_map_stands(stage, numbers):
    flow = numbers.double.map(range(FEW + 5)) | numbers.total.chunks(None, 100) | numbers.total.s()
    job = flow.submit()
    assert "object" in tree(stage, job)["chain"][0]
    drain(stage.parts)
    assert results(stage, job) == sum(2 * n for n in range(FEW + 5))


def test_items_are_plain_values_of_any_kind_that_arguments_can_be(stage, numbers):
    def year(at: datetime) -> int:
        return at.year

    task = stage.task(year)
    job = task.map(datetime(2000 + n % 5, 1, 1, tzinfo=UTC) for n in range(FEW + 1)).submit()
    drain(stage.parts)
    assert results(stage, job)["manifest"]["failed"] == 0


def test_the_same_items_are_one_object_and_one_request(stage, numbers):
    first = numbers.double.map(iter(range(2 * FEW))).submit(key="once")
    again = numbers.double.map(iter(range(2 * FEW))).submit(key="once")
    assert first.id == again.id
    assert len(kept(stage)) == 1


@pytest.mark.parametrize(
    ("items", "where"),
    [
        ([0] * FEW + ["no number"], r"items\[1000\]\.args\.x"),
        ([0] * FEW + [object()], r"items\[1000\]"),
        ([0] * FEW + [float("nan")], r"items\[1000\]"),
    ],
)
def test_a_wrong_item_is_told_by_its_number_before_anything_is_kept(stage, numbers, items, where):
    with pytest.raises(InvalidInput, match=where):
        numbers.double.map(items).submit()
    assert not kept(stage)
    assert not stage.store.rows


def test_a_wrong_item_among_arguments_or_in_a_lot_is_told_as_well(numbers):
    with pytest.raises(InvalidInput, match=r"items\[1000\]\.args\.y"):
        numbers.double.starmap([(1, 2)] * FEW + [(1, "two")]).submit()
    with pytest.raises(InvalidInput, match=r"items\[1050\]\.args\.xs"):
        numbers.total.chunks([1] * 1051 + ["two"], 50).submit()


def test_an_iterator_can_be_used_once_and_a_list_again(numbers):
    listed, once = numbers.double.map(list(range(FEW + 1))), numbers.double.map(iter(range(FEW + 1)))
    listed.submit()
    listed.submit()
    once.submit()
    with pytest.raises(InvalidInput, match="used up"):
        once.submit()


def test_as_json_all_items_are_in_it(numbers):
    assert numbers.double.map(range(FEW + 1)).json()["items"] == list(range(FEW + 1))


def test_a_task_that_returns_a_map_of_many_items_carries_them(stage, numbers):
    def plan() -> object:
        return numbers.double.map(iter(range(FEW + 1)))

    stage.task(plan)
    job = stage.submit("plan")
    drain(stage.parts)
    assert results(stage, job)["manifest"]["children"] == FEW + 1


def test_more_children_than_a_map_may_have_are_refused(stage, numbers, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_CHILDREN", 1_200)
    monkeypatch.setattr(group, "MOST_CHILDREN", 1_200)
    with pytest.raises(InvalidInput, match="more than 1,200 children"):
        numbers.double.map(range(1_201)).submit()
    assert numbers.total.chunks(range(2_400), 2).submit()
    key = "inputs/default/mine.jsonl"
    stage.parts.inputs.put(key, BytesIO(b"1\n" * 1_201))
    workflow = {"map": {"task": "double", "into": "x"}, "object": key}
    job = stage.submit("jobline.workflow", {"workflow": workflow})
    drain(stage.parts)
    row = stage.store.rows[job.id]
    assert (row.state, "more than 1,200 children" in row.error.message) == (State.DEAD, True)


def test_more_than_fits_an_object_is_refused(numbers, monkeypatch):
    monkeypatch.setattr(keeping, "MOST_BYTES", 10_000)
    with pytest.raises(InvalidInput, match="more than 10,000 bytes"):
        numbers.text.map("x" * 100 for _ in range(FEW + 1)).submit()


def test_of_an_iterator_no_more_is_taken_than_shows_that_there_are_many():
    taken = []

    def items():
        for n in range(10 * FEW):
            taken.append(n)
            yield n

    assert isinstance(few_or_many(items()), Many)
    assert len(taken) == FEW + 1


def test_submitting_holds_no_more_for_more_items(stage, numbers):
    class Nowhere:
        """Whose memory is not ours."""

        size = 0

        def put(self, key, body):
            while piece := body.read(65_536):
                self.size += len(piece)

    stage.parts.__dict__["inputs"] = there = Nowhere()

    def peak(count):
        items = ("x" * 1_000 for _ in range(count))
        tracemalloc.start()
        numbers.text.map(items).submit()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small, large = peak(3_000), peak(12_000)
    assert there.size > 15_000_000
    assert large < small + 500_000
    assert large < 6_000_000

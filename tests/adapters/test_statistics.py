"""Statistics beside the metrics: what invocations came to reaches the table, and nothing of it reaches a job."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.adapters.memory import HeldWorld, MemoryItems, MemoryMetrics
from chalicelib.adapters.statistics import PATIENCE, SPARE, Statistics, bill, on_a_thread, on_a_timer
from chalicelib.domain.errors import ServiceRefused, Unavailable
from chalicelib.pipeline.items import Edit, Spot
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.shelves import BOOK, SHARDS, part_shelf
from tests.support.waiting import until

MEMORY = {"default": 1024}
SECOND = timedelta(seconds=1)


class Table(MemoryItems):
    """The shelves, which can be told to fail, and when to be slow."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: Exception | None = None
        self.gate: threading.Event | None = None
        self.writes: list[Spot] = []

    def write(self, spot: Spot, edit: Edit):
        if self.gate is not None:
            self.gate.wait(60)
        self.writes.append(spot)
        if self.fails is not None:
            raise self.fails
        return super().write(spot, edit)


def at_once(act: Callable[[], None]) -> None:
    act()


class Stage:
    """A process, and its table."""

    def __init__(self, aside=at_once, later=None) -> None:
        self.world = HeldWorld()
        self.table = Table()
        self.beside = MemoryMetrics()
        self.statistics = Statistics(
            self.table, self.world, memory=MEMORY, beside=self.beside, aside=aside, later=later
        )

    def batch(self, *, lane: str | None = "default", took: timedelta = SECOND, **named) -> None:
        """A batch of one job."""
        with self.statistics.invocation(lane, **named):
            self.one(run_ms=took / timedelta(milliseconds=1))
            self.world.advance(took)

    def one(self, *, run_ms: float = 1000, task: str = "work", tenant: str = "acme") -> None:
        """A job that succeeded."""
        said = {"lane": "default", "task": task, "tenant": tenant}
        self.statistics.add(Measure.JOBS_STARTED, **said)
        self.statistics.add(Measure.QUEUE_WAIT, 5, **said)
        self.statistics.add(Measure.JOBS_SUCCEEDED, **said)
        self.statistics.add(Measure.RUN_TIME, run_ms, **said)

    def counted(self) -> Book:
        """All parts together."""
        found = Book()
        for shard in range(SHARDS):
            for _, fields in self.table.listed(part_shelf(shard), limit=1000):
                found.merge(Book.read(str(fields[BOOK])))
        return found

    def succeeded(self) -> int:
        return sum(figures.succeeded for _, figures in self.counted())


def test_a_batch_is_written_once_at_its_end_by_task_and_tenant():
    # given a batch with jobs of two tasks and two tenants
    stage = Stage()
    with stage.statistics.invocation("default"):
        stage.one(task="mail", tenant="acme")
        stage.one(task="mail", tenant="acme")
        stage.one(task="mail", tenant="umbrella")
        stage.one(task="pay", tenant="acme")
        assert stage.table.writes == []

    # then one write has them all
    assert len(stage.table.writes) == 1
    counted = {pair: (figures.started, figures.succeeded) for pair, figures in stage.counted()}
    assert counted == {("mail", "acme"): (2, 2), ("mail", "umbrella"): (1, 1), ("pay", "acme"): (1, 1)}


def test_the_metrics_beside_get_everything_too():
    stage = Stage()
    stage.batch()

    assert stage.beside.total(Measure.JOBS_SUCCEEDED) == 1
    assert {one.tenant for one in stage.beside.added} == {"acme"}


def test_an_invocations_time_is_shared_out_by_how_long_each_ran():
    # given four seconds of which one task ran one and the other three
    stage = Stage()
    with stage.statistics.invocation("default"):
        stage.one(task="short", run_ms=1000)
        stage.one(task="long", run_ms=3000)
        stage.world.advance(4 * SECOND)

    billed = {
        task: (figures.billed_ms, figures.megabyte_ms, figures.calls)
        for (task, _), figures in stage.counted()
    }
    assert billed == {"short": (1000, 1000 * 1024, 250), "long": (3000, 3000 * 1024, 750)}


def test_what_ran_for_no_time_is_billed_all_the_same():
    book = Book()
    book.take(Measure.RUN_TIME, 0, ("work", "acme"))
    bill(book, 7, 512)

    [(_, figures)] = book
    assert (figures.billed_ms, figures.megabyte_ms, figures.calls) == (7, 7 * 512, 1000)


def test_a_request_that_cancels_is_counted_and_one_that_submits_writes_nothing():
    stage = Stage()
    with stage.statistics.invocation():
        stage.statistics.add(Measure.JOBS_ACCEPTED, lane="default", task="work", tenant="acme")
    assert stage.table.writes == []

    with stage.statistics.invocation():
        stage.statistics.add(Measure.JOBS_CANCELLED, lane="default", task="work", tenant="acme")
    [(_, figures)] = stage.counted()
    assert (figures.cancelled, figures.billed_ms) == (1, 0)


def test_what_is_of_no_task_or_of_no_invocation_is_no_statistic():
    stage = Stage()
    stage.one()
    with stage.statistics.invocation():
        stage.statistics.add(Measure.SWEEP_LAG, 3)

    assert stage.table.writes == []


@pytest.mark.parametrize(
    "error", [Unavailable("throttled"), ServiceRefused("no right"), RuntimeError("a bug")]
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_write_that_fails_fails_nothing_and_the_next_one_has_it_all(error):
    # given a table that refuses
    stage = Stage()
    stage.table.fails = error
    stage.batch()
    assert stage.succeeded() == 0

    # when it answers again
    stage.table.fails = None
    stage.world.advance(10 * SECOND)
    stage.batch()

    # then nothing is missing
    assert stage.succeeded() == 2


def test_a_batch_that_fails_as_a_whole_is_counted_and_its_error_is_its_own():
    stage = Stage()

    def batch() -> None:
        with stage.statistics.invocation("default"):
            stage.one()
            raise LookupError("theirs")

    with pytest.raises(LookupError, match="theirs"):
        batch()
    assert stage.succeeded() == 1


def test_a_bug_in_counting_fails_no_job(caplog):
    stage = Stage()
    stage.statistics._world = None  # what nobody thought of

    with pytest.raises(AttributeError):
        stage.batch()
    stage = Stage()
    stage.statistics._tally = None
    stage.batch()

    assert "statistics of an invocation are lost" in caplog.text


def test_an_invocation_with_no_time_left_leaves_it_to_the_next():
    # given a batch at the end of its invocation
    stage = Stage()
    stage.batch(ends=stage.world.now() + SECOND + PATIENCE + SPARE - SECOND / 10)
    assert stage.table.writes == []

    # when there is another one
    stage.batch(ends=stage.world.now() + 60 * SECOND)
    assert stage.succeeded() == 2


def test_where_processes_are_not_frozen_the_rest_is_written_by_itself():
    # given a process whose second batch came too soon to be written down
    waiting: list[tuple[timedelta, Callable[[], None]]] = []
    stage = Stage(later=lambda after, act: waiting.append((after, act)))
    for _ in range(2):
        stage.batch(took=10 * SECOND)
    stage.batch(took=SECOND / 10)
    stage.batch(took=SECOND / 10)
    before = stage.succeeded()
    assert before < 4

    # when nothing comes any more
    [(after, act)] = waiting
    stage.world.advance(after)
    act()

    # then all of it is there
    assert stage.succeeded() == 4


def test_what_comes_just_before_the_timer_is_not_forgotten():
    # given a batch that waits for the timer, one that is written just before it goes off, and one that came too soon after that
    waiting: list[Callable[[], None]] = []
    stage = Stage(later=lambda _, act: waiting.append(act))
    stage.batch(took=10 * SECOND)
    stage.batch(took=SECOND / 10)
    stage.world.advance(9.8 * SECOND)
    stage.batch(took=SECOND / 10)
    stage.batch(took=SECOND / 10)
    assert stage.succeeded() == 3

    # when the timer goes off, too soon for the last one
    waiting.pop()()
    assert stage.succeeded() == 3
    stage.world.advance(10 * SECOND)
    waiting.pop()()

    # then it is there all the same, and nothing is waited for
    assert stage.succeeded() == 4
    assert waiting == []


def test_a_timer_goes_off_once():
    done = threading.Event()
    on_a_timer(timedelta(milliseconds=1), done.set)

    assert done.wait(10)


def test_a_slow_table_keeps_an_invocation_for_a_moment_only(monkeypatch):
    # given a table that does not answer for long
    stage = Stage(aside=on_a_thread)
    stage.table.gate = threading.Event()

    # when a batch ends
    began = time.monotonic()
    stage.batch()
    waited = time.monotonic() - began

    # then it has waited as long as it says, and not for the table, which still has not answered
    assert waited >= PATIENCE.total_seconds() * 0.9
    assert stage.succeeded() == 0
    # and batches meanwhile wait for nothing, however long they might
    monkeypatch.setattr("chalicelib.adapters.statistics.PATIENCE", 20 * SECOND)
    began = time.monotonic()
    stage.world.advance(20 * SECOND)
    stage.batch()
    assert time.monotonic() - began < 18

    # and when it answers all is there
    stage.table.gate.set()
    for thread in threading.enumerate():
        if thread.name == "statistics":
            thread.join(5)
    stage.world.advance(20 * SECOND)
    stage.batch()
    until(lambda: stage.succeeded() == 3)
    assert stage.succeeded() == 3


def test_invocations_side_by_side_do_not_mix_and_lose_nothing():
    # given twenty batches on as many threads, each with a hundred jobs
    stage = Stage()
    barrier = threading.Barrier(20)

    def batch() -> None:
        barrier.wait()
        with stage.statistics.invocation("default"):
            for _ in range(100):
                stage.one()

    threads = [threading.Thread(target=batch) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stage.world.advance(20 * SECOND)
    stage.batch()

    assert stage.succeeded() == 2001

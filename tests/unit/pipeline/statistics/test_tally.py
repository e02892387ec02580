"""When a container writes its statistics down: soon after a pause, rarely under load, and never the same twice."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.tally import LONGEST, PAUSE, SHARE, Draft, Tally

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def jobs(number: int) -> Book:
    made = Book()
    made.take(Measure.JOBS_SUCCEEDED, number, ("work", "default"))
    return made


class Container:
    """A tally, and the table that it writes to: the last text of each key counts."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.table: dict[tuple[datetime, str], int] = {}
        self.writes = 0
        self.tokens = (f"k{number}" for number in count())

    def batch(self, at: datetime, *, took: timedelta = SECOND, number: int = 10, sure: bool = True) -> bool:
        """Whether it was written down."""
        draft = self.close(at, took=took, number=number)
        if draft is not None:
            self.keep(draft, sure=sure)
        return draft is not None

    def close(self, at: datetime, *, took: timedelta = SECOND, number: int = 10) -> Draft | None:
        self.tally.add(jobs(number), began=at - took, ended=at)
        return self.tally.draft(at, lambda: next(self.tokens))

    def keep(self, draft: Draft, *, sure: bool = True, landed: bool = True) -> None:
        self.writes += 1
        if landed:
            [(_, figures)] = draft.book
            self.table[draft.minute, draft.key] = figures.succeeded
        self.tally.written(draft, sure=sure)

    def since_last_write(self, at: datetime) -> timedelta:
        assert self.tally.tried is not None
        return at - self.tally.tried

    @property
    def counted(self) -> int:
        return sum(self.table.values())


def test_a_lonely_batch_is_written_down_at_its_end():
    container = Container()
    for hour in range(5):
        assert container.batch(START + timedelta(hours=hour))

    assert container.counted == 50


def test_under_load_it_is_written_down_ever_less_often():
    # given a container with a batch each 100 ms, for ten minutes
    container, tenth = Container(), SECOND / 10
    for number in range(6000):
        container.batch(START + number * tenth, took=tenth)

    # then it wrote once for dozens of batches
    assert container.writes < 6000 / 40
    # and all but the last seconds are counted
    assert container.counted >= 60_000 * (1 - LONGEST / timedelta(minutes=10))


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=60), st.integers(1, 3000))
def test_whenever_a_container_ends_only_a_tenth_of_its_work_since_the_last_pause_is_left_out(gaps, took):
    # given batches that follow one another without a pause
    container, at, began = Container(), START, START
    for number, gap in enumerate(gaps):
        at += timedelta(milliseconds=gap + took)
        began = at - timedelta(milliseconds=took) if number == 0 else began
        container.batch(at, took=timedelta(milliseconds=took))

        # then what only the container knows is of a short time
        assert container.since_last_write(at) < max((at - began) / SHARE, SECOND / 1000)
        assert container.since_last_write(at) < LONGEST


def test_after_a_pause_what_was_left_over_is_written_with_the_next_batch():
    # given a container whose last batch was not written
    container = Container()
    assert container.batch(START)
    container.batch(START + 5 * SECOND)
    assert not container.batch(START + 5.2 * SECOND, took=SECOND / 10)

    # when it is called again later
    assert container.batch(START + 5.2 * SECOND + PAUSE + 2 * SECOND)

    # then nothing is missing
    assert container.counted == 40


def test_a_lost_reply_is_counted_once():
    # given a part that was written, and nobody knows
    container = Container()
    assert container.batch(START, sure=False)

    # when the next one writes within the same minute
    container.batch(START + LONGEST + SECOND)

    # then it is the same part, with more in it
    assert len(container.table) == 1
    assert container.counted == 20


def test_what_did_not_land_is_written_by_the_next_one():
    container = Container()
    draft = container.close(START)
    assert draft is not None
    container.keep(draft, sure=False, landed=False)

    container.batch(START + LONGEST + SECOND)

    assert container.counted == 20


def test_a_part_of_a_minute_that_is_over_is_left_to_what_has_landed():
    # given a part of which nobody knows, whose minute is over: it may be bound
    container = Container()
    assert container.batch(START + 55 * SECOND, sure=False)

    # when the next one writes
    container.batch(START + 75 * SECOND)

    # then that is another part, and what landed is not counted again
    assert len(container.table) == 2
    assert container.counted == 20


def test_a_table_that_does_not_answer_is_left_alone_for_a_while():
    # given a write that failed
    container = Container()
    draft = container.close(START)
    assert draft is not None
    container.keep(draft, sure=False, landed=False)

    # then the batches of the next seconds do not try again
    assert [container.batch(START + number * SECOND) for number in range(1, 10)] == [False] * 9
    assert container.batch(START + LONGEST)
    assert container.counted == 110


def test_while_one_thread_writes_no_other_does():
    container = Container()
    draft = container.close(START)
    assert draft is not None

    assert container.close(START + timedelta(minutes=1)) is None

    container.keep(draft)
    assert container.batch(START + timedelta(minutes=2))
    assert container.counted == 30


@pytest.mark.parametrize("minutes", [0, 5])
def test_without_anything_to_say_nothing_is_written(minutes):
    container = Container()
    container.batch(START)

    assert container.tally.draft(START + timedelta(minutes=minutes), lambda: "k") is None


def test_an_unsure_part_alone_is_forgotten_when_its_minute_is_over():
    container = Container()
    container.batch(START, sure=False)

    assert container.tally.draft(START + timedelta(minutes=5), lambda: "k") is None
    assert container.batch(START + timedelta(minutes=6))
    assert container.counted == 20

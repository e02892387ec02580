"""Books of figures: what they note, how they are written, and how they stay small whatever the names."""

import random

import pytest

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics.book import IN_A_PART, IN_AN_ITEM, ITEM_BYTES, OTHER, Book, pair_of
from chalicelib.pipeline.statistics.figures import COUNTED, Figures
from chalicelib.pipeline.statistics.spread import LAST, Spread


def book(**weights: int) -> Book:
    """Lines `task__tenant=starts`."""
    made = Book()
    for name, weight in weights.items():
        task, tenant = name.split("__")
        made.take(Measure.JOBS_STARTED, weight, (task, tenant))
    return made


def started(found: Book) -> dict[tuple[str, str], int]:
    return {pair: figures.started for pair, figures in found}


@pytest.mark.parametrize(("measure", "name"), COUNTED.items())
def test_each_outcome_is_counted_as_what_it_is(measure, name):
    # given two of one kind
    figures = Figures()
    figures.take(measure, 1)
    figures.take(measure, 1)

    # then nothing else is counted
    assert figures == Figures(**{name: 2})


def test_times_are_kept_as_histograms():
    figures = Figures()
    figures.take(Measure.RUN_TIME, 100)
    figures.take(Measure.QUEUE_WAIT, 7)

    assert (figures.run.total, figures.run.count) == (100, 1)
    assert (figures.wait.total, figures.wait.count) == (7, 1)


def test_books_are_added_up_line_by_line():
    mine = book(mail__a=1, mail__b=2)
    mine.merge(book(mail__b=3, pay__a=4))

    assert started(mine) == {("mail", "a"): 1, ("mail", "b"): 5, ("pay", "a"): 4}


def test_what_is_written_is_read_again():
    mine = book(mail__a=1, pay__b=2)
    mine.line(("mail", "a")).take(Measure.RUN_TIME, 123)

    assert Book.read(mine.text()).lines == mine.lines


def test_the_same_figures_are_the_same_text_in_whatever_order_they_came():
    assert book(a__x=1, b__y=2).text() == book(b__y=2, a__x=1).text()


def test_what_weighs_least_is_folded_into_its_tasks_others():
    found = book(mail__big=100, mail__small=1, mail__tiny=2, pay__big=50)
    found.fold(3)

    # of four lines one too many: the heaviest stay, and the task's sum is whole
    assert started(found) == {("mail", "big"): 100, ("mail", OTHER): 3, ("pay", OTHER): 50}
    assert found.folded


def test_with_too_many_tasks_they_are_folded_too_and_nothing_is_lost():
    found = Book()
    for number in range(1000):
        found.take(Measure.JOBS_STARTED, 1 + number % 7, (f"task-{number}", f"tenant-{number}"))
    whole = sum(started(found).values())
    found.fold(10)

    assert len(found.lines) <= 10
    assert sum(started(found).values()) == whole
    assert (OTHER, OTHER) in found.lines


@pytest.mark.parametrize("room", [IN_A_PART, IN_AN_ITEM])
def test_a_tenant_that_does_much_in_many_tasks_folds_no_other_tenant_away(room):
    # given one that does a hundred times as much, in more tasks than there is room for
    found = Book()
    for number in range(2 * room):
        found.take(Measure.JOBS_STARTED, 100, (f"task-{number}", "noisy"))
    for number in range(room // 5):
        found.take(Measure.JOBS_STARTED, 1, ("mail", f"quiet-{number}"))
    found.fold(room)

    # then all the others are still told, whole, and half of the places are by weight alone
    kept = started(found)
    assert {tenant for _, tenant in kept if tenant.startswith("quiet")} == {
        f"quiet-{number}" for number in range(room // 5)
    }
    assert sum(tenant == "noisy" for _, tenant in kept) >= room // 4


def test_many_that_do_little_do_not_fold_away_what_weighs_most():
    found = Book()
    for number in range(1000):
        found.take(Measure.JOBS_STARTED, 1, ("mail", f"quiet-{number}"))
    for number in range(10):
        found.take(Measure.JOBS_STARTED, 100, (f"task-{number}", "noisy"))
    found.fold(IN_A_PART)
    assert sum(tenant == "noisy" for _, tenant in started(found)) == 10


def test_a_book_that_is_small_enough_is_left_as_it_is():
    found = book(mail__a=1, mail__b=2)
    found.fold(2)

    assert started(found) == {("mail", "a"): 1, ("mail", "b"): 2}
    assert not found.folded


def test_folding_does_not_depend_on_the_order_of_the_lines():
    lines = [((f"t{n % 9}", f"x{n}"), n % 5) for n in range(100)]
    texts = set()
    for seed in range(5):
        random.Random(seed).shuffle(lines)
        made = Book()
        for pair, weight in lines:
            made.take(Measure.JOBS_STARTED, weight, pair)
        texts.add(made.fitted(20, ITEM_BYTES))

    assert len(texts) == 1


def test_lines_that_are_large_on_purpose_do_not_make_an_item_too_large():
    # given as many names as fit, all of them long, and times in every bucket
    hostile = Spread(dict.fromkeys(range(LAST + 1), 10**6), 10**15)
    found = Book()
    for number in range(IN_AN_ITEM):
        figures = found.line(pair_of(f"{number}" + "t" * 500, "x" * 500))
        figures.run.merge(hostile)
        figures.wait.merge(hostile)
        figures.started = 10**9

    # then the text stays within its bytes, and the sum is whole
    text = found.fitted(IN_AN_ITEM, ITEM_BYTES)
    assert len(text.encode()) <= ITEM_BYTES
    assert sum(started(Book.read(text)).values()) == IN_AN_ITEM * 10**9


def test_a_job_without_a_task_or_tenant_is_counted_among_others():
    assert pair_of(None, None) == (OTHER, OTHER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"form":2,"lines":[]}',
        '{"form":1,"lines":[["a","b"]]}',
        '{"form":1,"lines":[["a","b",1,2,3]]}',
        '{"form":1,"lines":[["a","b","1",0,0,0,0,0,0,0,0,0,"",0,""]]}',
        '{"form":1,"lines":[["a","b",1,0,0,0,0,0,0,0,0,0,"x",0,""]]}',
        '{"form":1,"lines":[1]}',
    ],
)
def test_what_is_no_book_of_this_code_is_refused(text):
    with pytest.raises(InvalidInput):
        Book.read(text)

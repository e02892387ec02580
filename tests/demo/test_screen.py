from io import StringIO

from rich.console import Console

from examples.demo.order import Order
from examples.demo.plan import PAGES, THUMBNAILS
from examples.demo.screen import QUIET, Screen
from examples.demo.tally import tally, total


class Ticks:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def _orders(*kinds: str) -> dict[str, Order]:
    return {
        f"{n}": Order(kind=kind, task="t", args={}, about=f"a{n}", key=f"k{n}")
        for n, kind in enumerate(kinds)
    }


def _seen(*states: str) -> dict[str, dict[str, str]]:
    return {f"{n}": {"id": f"{n}", "state": state} for n, state in enumerate(states)}


def _screen(*, terminal: bool = False) -> tuple[Screen, StringIO, Ticks]:
    text, clock = StringIO(), Ticks()
    return (
        Screen(Console(file=text, width=120, force_terminal=terminal, color_system=None), clock),
        text,
        clock,
    )


def test_jobs_are_counted_by_kind_and_together():
    orders = _orders(THUMBNAILS, THUMBNAILS, THUMBNAILS, PAGES, PAGES)

    counts = tally(orders, _seen("SUCCEEDED", "DEAD", "RUNNING", "RETRYING"))

    assert {kind: (count.ended, count.total) for kind, count in counts.items()} == {
        THUMBNAILS: (2, 3),
        PAGES: (0, 2),
    }
    assert total(counts).words() == "1 ok, 1 dead, 1 retrying, 1 running"


def test_without_a_terminal_progress_is_plain_lines():
    screen, text, clock = _screen()

    with screen.following(_orders(THUMBNAILS, PAGES)) as show:
        show(_seen("RUNNING", "QUEUED"))
        clock.seconds = QUIET
        show(_seen("SUCCEEDED", "RETRYING"))
        clock.seconds = 2 * QUIET
        show(_seen("SUCCEEDED", "DEAD"))

    assert text.getvalue().splitlines() == [
        "  0.0 s      0/2 ended (1 running) | thumbnails 0/1 | pages 0/1",
        "  2.0 s      1/2 ended (1 ok, 1 retrying) | thumbnails 1/1 | pages 0/1",
        "  4.0 s      2/2 ended (1 ok, 1 dead) | thumbnails 1/1 | pages 1/1",
    ]


def test_without_a_terminal_nothing_new_is_no_line_and_quick_news_wait_but_never_the_last():
    screen, text, clock = _screen()

    with screen.following(_orders(THUMBNAILS, THUMBNAILS)) as show:
        for _ in range(3):
            show(_seen("RUNNING", "QUEUED"))
        clock.seconds = QUIET / 2
        show(_seen("SUCCEEDED", "QUEUED"))
        show(_seen("SUCCEEDED", "SUCCEEDED"))

    assert [line.split()[2] for line in text.getvalue().splitlines()] == ["0/2", "2/2"]


def test_on_a_terminal_there_is_a_bar_for_each_kind_and_one_for_all():
    screen, text, clock = _screen(terminal=True)

    with screen.following(_orders(THUMBNAILS, THUMBNAILS, PAGES)) as show:
        clock.seconds = 1.0
        show(_seen("SUCCEEDED", "DEAD", "RETRYING"))

    last = [line for line in text.getvalue().splitlines() if "/" in line][-3:]
    assert "thumbnails" in last[0]
    assert "2/2" in last[0]
    assert "1 ok  1 dead" in last[0]
    assert "1 retrying" in last[1]
    assert "2.0 jobs/s" in last[2]


def test_words_are_printed_as_they_are_even_when_they_look_like_markup():
    screen, text, _ = _screen()

    screen.note("input", "/home/me/[bold]/x")

    assert text.getvalue() == "  input      /home/me/[bold]/x\n"


def test_a_job_alone_in_its_kind_says_how_far_it_is():
    screen, text, _ = _screen(terminal=True)
    running = {"0": {"id": "0", "state": "RUNNING", "progress": {"fraction": 0.5, "message": "row [3] of 6"}}}

    with screen.following(_orders(THUMBNAILS)) as show:
        show(running)

    assert "1 running  row [3] of 6" in text.getvalue()

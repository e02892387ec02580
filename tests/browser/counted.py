"""Statistics as consumers would have kept them: an hour of jobs, some of which failed, with a quarter of an hour that was slow."""

from datetime import timedelta

from chalicelib.pipeline.measures import Measure
from chalicelib.pipeline.statistics.book import Book
from chalicelib.pipeline.statistics.shelves import minute_of, part, part_spot
from tests.browser.site import Site

MINUTE = timedelta(minutes=1)
MINUTES = 59
TASKS = (("thumbnail", 6, 400), ("send_letter", 2, 90), ("import_rows", 1, 2600))


def count(site: Site, *, tenant: str = "ann", task: str | None = None) -> None:
    """Keep them, up to now. `task`: another name in the stead of the first."""
    for number in range(MINUTES):
        at = minute_of(site.now) - (MINUTES - 1 - number) * MINUTE
        slow = 30 <= number < 45
        book = Book()
        for place, (name, each, ms) in enumerate(TASKS):
            pair = (task if task and place == 0 else name, tenant)
            for job in range(each + number * 7 % 3):
                book.take(Measure.JOBS_STARTED, 1, pair)
                book.take(Measure.QUEUE_WAIT, (job + 1) * (2000 if slow else 20), pair)
                book.take(Measure.RUN_TIME, ms * (1 + job / 4), pair)
                book.take(_outcome(number + job, slow=slow), 1, pair)
        for figures in book.lines.values():
            figures.billed_ms, figures.megabyte_ms, figures.calls = (
                figures.run.total,
                1024 * figures.run.total,
                300,
            )
        site.parts.items.write(part_spot(at, f"{tenant}{task or ''}"), part(book, at))


def _outcome(number: int, *, slow: bool) -> Measure:
    if slow and number % 5 == 0:
        return Measure.JOBS_DEAD
    if number % 17 == 0:
        return Measure.JOBS_RETRIED
    return Measure.JOBS_CANCELLED if number % 41 == 0 else Measure.JOBS_SUCCEEDED

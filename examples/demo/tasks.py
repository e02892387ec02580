"""The demo's tasks. This is all that Jobline asks of a program: a decorator, and what should happen when it goes wrong.

Paths are arguments here because one machine runs everything; on AWS they would be keys of a bucket.
"""

import os
from datetime import timedelta
from pathlib import Path

import httpx
from PIL import Image, UnidentifiedImageError

from chalicelib import Backoff, Retry, current_job, task
from examples.demo.work import letters, pages, pictures, tables, texts
from examples.demo.work.files import put

# A person is watching: wait a second or two between attempts, not minutes.
SOON = Backoff(base=timedelta(seconds=1), cap=timedelta(seconds=3))
# A missing or locked file is not there on the second look either.
NO_FILE = (FileNotFoundError, PermissionError, IsADirectoryError)


@task(
    cpu=True,
    max_attempts=3,
    backoff=SOON,
    give_up_on=(UnidentifiedImageError, pictures.BrokenPicture, Image.DecompressionBombError, *NO_FILE),
    time_limit=timedelta(seconds=20),
)
def make_thumbnail(source: str, target: str, size: int = 320) -> pictures.Thumbnail:
    """Write a JPEG thumbnail; in a child process, since decoding and encoding keep a whole core busy."""
    return pictures.thumbnail(Path(source), Path(target), size)


@task(lane="low", max_attempts=3, backoff=SOON, give_up_on=(tables.BrokenTable, *NO_FILE))
def summarise_csv_file(source: str, target: str) -> tables.TableSummary:
    """Summarise a CSV file column by column: as the job's result, and as a JSON file."""
    job = current_job()

    def told(fraction: float, words: str) -> None:
        job.check_cancelled()
        job.progress(fraction, words)

    summary = tables.summarise(Path(source), told)
    put(Path(target), tables.to_json(summary))
    return summary


@task(lane="low", max_attempts=3, backoff=SOON, give_up_on=(texts.BrokenText, *NO_FILE))
def count_words(source: str) -> texts.TextSummary:
    """Count the words of a text."""
    return texts.count(Path(source))


@task(
    lane="high",  # a lane each for what waits, what computes and what reads: nobody queues behind another's work
    max_attempts=4,
    backoff=SOON,
    retry_on=(pages.ServerTrouble, httpx.TransportError),
    give_up_on=(pages.PageRefused,),
    time_limit=timedelta(seconds=25),
)
async def fetch_url(url: str) -> pages.Page:
    """Fetch a page. Hundreds wait for their servers side by side on one event loop."""
    try:
        return await pages.fetch(url)
    except pages.ComeBackLater as later:
        raise Retry(str(later), after=later.after) from later


@task(max_attempts=2, backoff=SOON)
def make_contact_sheet(thumbnails: list[str], target: str, columns: int = 8) -> dict[str, int]:
    """Lay all thumbnails out on one sheet, and say after each row how far it is."""
    width, height, size = pictures.contact_sheet(
        [Path(path) for path in thumbnails], Path(target), columns, current_job().progress
    )
    return {"pictures": len(thumbnails), "width": width, "height": height, "bytes": size}


@task(lane="high", max_attempts=5, backoff=SOON, give_up_on=(letters.MailRefused, *NO_FILE))
def send_report(to: str, subject: str, outcome: str, sheet: str | None = None) -> dict[str, str]:
    """Mail the outcome (a JSON file) to somebody. The SMTP server is named by the environment."""
    job = current_job()
    message_id = f"<{job.id}@demo.example>"
    attached = Path(sheet) if sheet is not None else None
    mail = letters.letter(to, subject, letters.read_outcome(Path(outcome)), attached, message_id)
    letters.deliver(mail, os.environ["DEMO_SMTP_HOST"], int(os.environ["DEMO_SMTP_PORT"]))
    job.logger.info("the report was mailed to %s", to)
    return {"message_id": message_id, "bytes": str(len(mail.as_bytes()))}

"""From files and web pages to orders: which jobs a run submits, and what it expects of each."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.demo.dice import dice
from examples.demo.expectation import succeeds_after
from examples.demo.inputs import Group, Input
from examples.demo.order import Order
from examples.demo.site import WebPage

THUMBNAILS, SUMMARIES, WORDS = "thumbnails", "summaries", "word counts"
PAGES, SHEET, MAIL = "pages", "sheet", "mail"
KINDS = (THUMBNAILS, SUMMARIES, WORDS, PAGES, SHEET, MAIL)

# Longest side in pixels. The larger ones go onto the contact sheet and into the report.
SIZES = (160, 320)
READER = "you@demo.example"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where a run puts what it makes. `run` tells its idempotency keys from those of other runs."""

    out: Path
    run: str

    @property
    def thumbnails(self) -> Path:
        return self.out / "thumbnails"

    @property
    def summaries(self) -> Path:
        return self.out / "summaries"

    @property
    def mail(self) -> Path:
        return self.out / "mail"

    @property
    def sheet(self) -> Path:
        return self.out / "contact-sheet.jpg"

    @property
    def outcome(self) -> Path:
        return self.out / "outcome.json"

    @property
    def logs(self) -> Path:
        return self.out / "logs"

    @property
    def report(self) -> Path:
        return self.out / "report.json"

    @property
    def page(self) -> Path:
        return self.out / "report.html"


def orders_for(
    files: Sequence[Input], pages: Iterable[WebPage], site_url: str, places: Places
) -> list[Order]:
    """All that can be done at once, mixed as it would come from many users; the same mix in every run."""
    orders = [order for number, file in enumerate(files) for order in _for_file(number, file, places)]
    orders += [_for_page(page, site_url, places) for page in pages]
    dice(3).shuffle(orders)
    return orders


def sheet_order(thumbnails: Sequence[str], places: Places) -> Order:
    """One sheet of all thumbnails. Its arguments are kilobytes, more than a row holds: they travel beside it."""
    args = {"thumbnails": list(thumbnails), "target": str(places.sheet)}
    return Order(
        kind=SHEET, task="make_contact_sheet", args=args, about=places.sheet.name, key=f"{places.run}-sheet"
    )


def mail_order(subject: str, sheet: Path | None, places: Places, *, attempts: int = 2) -> Order:
    """The letter with the outcome. The mailbox greylists: one attempt is never enough."""
    args = {
        "to": READER,
        "subject": subject,
        "outcome": str(places.outcome),
        "sheet": None if sheet is None else str(sheet),
    }
    return Order(
        kind=MAIL,
        task="send_report",
        args=args,
        about=READER,
        key=f"{places.run}-mail",
        expect=succeeds_after(attempts),
    )


def _for_file(number: int, file: Input, places: Places) -> list[Order]:
    name, source = f"{number:03}-{_plain(file.path.stem)}", str(file.path)
    if file.group is Group.PICTURE:
        return [
            Order(
                kind=THUMBNAILS,
                task="make_thumbnail",
                args={
                    "source": source,
                    "target": str(places.thumbnails / f"{name}-{size}.jpg"),
                    "size": size,
                },
                about=f"{file.path.name} at {size}",
                key=f"{places.run}-thumbnail-{number}-{size}",
                expect=file.expect,
            )
            for size in SIZES
        ]
    if file.group is Group.TABLE:
        args = {"source": source, "target": str(places.summaries / f"{name}.json")}
        kind, task = SUMMARIES, "summarise_csv_file"
    else:
        args, kind, task = {"source": source}, WORDS, "count_words"
    key = f"{places.run}-{task}-{number}"
    return [Order(kind=kind, task=task, args=args, about=file.path.name, key=key, expect=file.expect)]


def _for_page(page: WebPage, site_url: str, places: Places) -> Order:
    return Order(
        kind=PAGES,
        task="fetch_url",
        args={"url": site_url + page.path},
        about=page.path,
        key=f"{places.run}-fetch-{page.path[1:].replace('/', '-')}",
        expect=page.expect,
    )


def _plain(stem: str) -> str:
    """A file name that needs no quoting anywhere."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[:40].strip("_") or "file"

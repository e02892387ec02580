"""The story of a run: find the inputs, start everything, have the work done, and say what came of it."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from examples.demo.api import Api, Document
from examples.demo.crew import Crew
from examples.demo.figures import row
from examples.demo.folders import claimed
from examples.demo.inputs import Inputs, own_inputs, sample_inputs
from examples.demo.mailbox import HOST, Mailbox
from examples.demo.order import Order
from examples.demo.page import html
from examples.demo.plan import SIZES, THUMBNAILS, Places, mail_order, orders_for, sheet_order
from examples.demo.proof import Proof, prove
from examples.demo.report import TOTAL, Report, lines, rows, summed_up
from examples.demo.samples import all_samples, make_samples
from examples.demo.screen import Screen, shown
from examples.demo.site import Site, default_pages
from examples.demo.watch import TookTooLong
from jobline.local.stack import LocalStack

BUILD = Path("build/demo")
# Together several times what a run takes on two slow cores, also when every file is a photograph of many megapixels.
LEAST_TIME = 180.0
SECONDS_PER_FILE = 1.0


class NothingToDo(Exception):
    """The folder holds nothing that the demo could work on."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the person at the terminal asked for. Paths are absolute; `folder` None: the samples."""

    folder: Path | None
    out: Path
    time_limit: float | None  # seconds, from when the stack is up; None: by the number of files


def run(choice: Choice, screen: Screen, present: Callable[[Report, LocalStack], None]) -> Report:
    """Do it all. `present` is called with the report while the stack still runs; afterwards nothing runs any more.

    Raises `NothingToDo`, `folders.NotOurs`, `api.ApiTrouble`, and what the stack raises when it cannot start.
    """
    inputs = find_inputs(choice.folder, screen)
    places = Places(out=choice.out, run=f"demo-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    with (
        claimed(choice.out, inputs.folder),
        Site(default_pages()) as site,
        Mailbox(places.mail) as mailbox,
    ):
        screen.note("site", f"{site.url}: {len(site.pages)} pages, some in trouble on purpose")
        screen.note(
            "mailbox",
            f"smtp://{HOST}:{mailbox.port}: puts strangers off at first",
        )
        # The stack's processes inherit this, as a function on AWS is given its settings.
        os.environ.update(DEMO_SMTP_HOST=HOST, DEMO_SMTP_PORT=str(mailbox.port))
        began = time.monotonic()
        local = LocalStack(
            tasks="examples.demo.tasks", log_dir=places.logs, say=partial(screen.note, "stack")
        )
        with local as stack, Api(stack.api_url, stack.api_key) as api:
            took = f"{time.monotonic() - began:.1f} s"
            screen.note("stack", f"{stack.api_url}: up after {took}")
            limit = choice.time_limit or LEAST_TIME + SECONDS_PER_FILE * len(inputs.files)
            crew = Crew(api, screen, time.monotonic() + limit)
            try:
                work(crew, orders_for(inputs.files, site.pages.values(), site.url, places), places)
            except KeyboardInterrupt:
                screen.note("stopping", "the batches in hand are finished first", style="yellow")
                raise
            except TookTooLong as late:
                screen.note("too long", f"{late} ({limit:g} s)", style="bold red")
            crew.proofs.extend(prove(crew.pairs, site, mailbox))
            crew.proofs.append(stayed_up(stack))
            report = finish(crew, inputs, places, screen.elapsed)
            present(report, stack)
    return report


def find_inputs(folder: Path | None, screen: Screen) -> Inputs:
    """The samples, made if need be, or what the person's own folder holds. Raises `NothingToDo`."""
    if folder is None:
        samples = all_samples()
        where = (BUILD / "input").absolute()
        began = time.monotonic()
        written = make_samples(
            where, samples, partial(screen.note, "samples", f"making {len(samples)} files ...")
        )
        inputs = sample_inputs(where, samples)
        how = f"made in {time.monotonic() - began:.1f} s" if written else "made by an earlier run"
        broken = sum(sample.dies_of is not None for sample in samples)
        screen.note("input", f"{shown(where)}: {inputs.sentence()}, {how}; {broken} broken on purpose")
        return inputs
    inputs = own_inputs(folder)
    for words in inputs.left_out:
        screen.note("left out", words)
    if not inputs.files:
        raise NothingToDo(
            f"{folder} holds no pictures (JPEG, PNG, WebP, GIF, BMP, TIFF), no .csv and no .txt, .md or .log files"
        )
    screen.note("input", f"{folder}: {inputs.sentence()}; it is only read")
    return inputs


def work(crew: Crew, orders: Sequence[Order], places: Places) -> None:
    """Everything that can be done at once; then the sheet, which needs the thumbnails; then the letter, which needs it all."""
    done = crew.do(orders)
    thumbnails = good_thumbnails(done)
    if thumbnails:
        crew.do([sheet_order(thumbnails, places)])
    so_far = lines(crew.pairs)
    ok, sentence = summed_up(so_far, [])
    places.outcome.write_text(
        json.dumps({"sentence": sentence, "kinds": [asdict(one) for one in rows(crew.pairs)]}, indent=1)
    )
    subject = (
        f"Jobline demo: {len(so_far)} jobs, {'all as they should be' if ok else 'not all as they should be'}"
    )
    crew.do([mail_order(subject, places.sheet if places.sheet.is_file() else None, places)])
    crew.ask_again()


def stayed_up(stack: LocalStack) -> Proof:
    """A process that dies is replaced and its jobs are run again: worth telling, and no fault of the jobs."""
    if stack.restarts:
        return Proof(claim=f"processes of the stack that died and were replaced: {stack.restarts}", wrong=[])
    return Proof(claim=f"{len(stack.pids)} processes of the stack ran through", wrong=[])


def good_thumbnails(pairs: Sequence[tuple[Order, Document]]) -> list[str]:
    """The larger thumbnails of all pictures that could be read, in the order of the inputs."""
    large = [
        (order, job) for order, job in pairs if order.kind == THUMBNAILS and order.args["size"] == max(SIZES)
    ]
    return sorted(str(order.args["target"]) for order, job in large if job["state"] == "SUCCEEDED")


def finish(crew: Crew, inputs: Inputs, places: Places, seconds: float) -> Report:
    """The report, also written down as JSON and as a page."""
    told = lines(crew.pairs)
    ok, sentence = summed_up(told, crew.proofs)
    outputs = {
        "report": places.page,
        "report, JSON": places.report,
        "thumbnails": places.thumbnails,
        "contact sheet": places.sheet,
        "CSV summaries": places.summaries,
        "mail": places.mail,
        "logs": places.logs,
    }
    written = (places.page, places.report)  # just below
    report = Report(
        ok=ok,
        sentence=sentence,
        seconds=seconds,
        folder=str(inputs.folder),
        files=inputs.sentence(),
        left_out=inputs.left_out,
        kinds=rows(crew.pairs),
        total=row(TOTAL, [job for _, job in crew.pairs]),
        jobs=told,
        proofs=crew.proofs,
        outputs={words: str(path) for words, path in outputs.items() if path.exists() or path in written},
    )
    places.report.write_text(json.dumps(report.as_json(), indent=1))
    places.page.write_text(html(report, places, [Path(path) for path in good_thumbnails(crew.pairs)]))
    return report

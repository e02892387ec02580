"""The command line of the crawler: it serves a site, has it crawled, and holds the summary against the site. Exit status: 0 right, 1 not."""

import argparse
import json
import os
from pathlib import Path

from rich.console import Console

from examples.crawler.site import small_site, wrong_requests
from examples.demo.screen import Screen, shown
from examples.demo.site import Site
from examples.one_job import Ended, run_one
from examples.shell import in_order

OUT = Path("build/crawler")


def main(arguments: list[str] | None = None) -> int:
    """Crawl the example's site; the exit status."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=options.json, highlight=False)
    return in_order(console, lambda: _run(options, Screen(console)))


def _run(options: argparse.Namespace, screen: Screen) -> int:
    page = (options.out / "summary.md").expanduser().resolve()
    # The neighbour is there to show that nobody asks it for anything, though links and a redirect lead there.
    with Site([]) as neighbour, Site(small_site(neighbour.url)) as site:
        screen.note("site", f"{site.url}: {len(site.pages)} addresses, some in trouble on purpose")
        os.environ["CRAWLER_SITES"] = site.url
        ended = run_one(
            "crawl_site",
            {"start": site.url, "page": str(page), "deepest": options.deepest},
            tasks="examples.crawler.tasks",
            screen=screen,
            logs=page.parent / "logs",
            seconds=options.time_limit,
        )
        found = ended.job.result
        wrong = wrong_requests(site, neighbour, whole=bool(found) and not found["left_out"])
    return _tell(ended, wrong, page, screen, as_json=options.json)


def _tell(ended: Ended, wrong: list[str], page: Path, screen: Screen, *, as_json: bool) -> int:
    found = ended.job.result
    screen.note("jobs", f"{ended.count}, workflows among them, in {ended.seconds:.1f} s")
    if ended.job.state != "SUCCEEDED":
        wrong = [f"the crawl is {ended.job.state}: {ended.job.error}"]
    else:
        screen.note(
            "found",
            f"{found['pages']} pages with {found['words']:,} words in {found['levels']} levels; {found['moved']} moved, "
            f"{found['broken']} broken, {found['outside']} links to other sites, which nobody followed",
        )
        screen.note("summary", shown(page))
    for words in wrong:
        screen.note("WRONG", words, style="bold red")
    if not wrong:
        screen.note(
            "right",
            "each address was asked for as often as it should be, and nobody else's was",
            style="bold green",
        )
    if as_json:
        print(json.dumps({"result": found, "jobs": ended.jobs, "wrong": wrong}, indent=1))
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples.crawler",
        description="Crawl a small site, which this program serves itself, by a workflow on the local stack.",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=OUT,
        metavar="DIR",
        help=f"where to put the summary and the logs (default: {OUT})",
    )
    parser.add_argument(
        "--deepest", type=int, default=8, metavar="N", help="follow links so many levels deep (default: 8)"
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON to standard output")
    parser.add_argument(
        "--time-limit",
        type=float,
        default=120,
        metavar="SECONDS",
        help="give up after so long (default: 120)",
    )
    return parser

"""`python -m e2e`: deploy to an emulator, use it, redeploy it, take it down; the last line says how many checks held.

Exit status 0: all of them. Everything listens on the loopback address alone, and is ended at the end, also after Ctrl-C.
"""

import shutil
import signal
import sys
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import mkdtemp

import click
from rich.console import Console

from e2e import project, report
from e2e.api import Api
from e2e.breaks import BREAKS
from e2e.cloud import ADMINISTRATOR, Cloud
from e2e.plan import deployed, packaged
from e2e.report import Report
from e2e.story import run
from e2e.world import World

FOLDER = Path("build/e2e")
INTERRUPTED = 130


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--quick", is_flag=True, help="Deploy, a few jobs, delete: within a minute.")
@click.option(
    "--json", "as_json", type=click.Path(path_type=Path), metavar="FILE", help="The outcomes, for machines."
)
@click.option(
    "--keep", is_flag=True, help="Leave the deployed stage up until Ctrl-C, and the rest of the run out."
)
@click.option(
    "--break",
    "broken",
    type=click.Choice(sorted(BREAKS)),
    help="Break something on purpose, to see it found.",
)
def main(*, quick: bool, as_json: Path | None, keep: bool, broken: str | None) -> None:
    """Prove the deployed thing on an emulator of AWS."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console, began = Console(), time.monotonic()
    told = Report(console)
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="run-", dir=FOLDER)).resolve()
    try:
        _run(folder, told, quick=quick, keep=keep, broken=broken)
    except KeyboardInterrupt:
        told.say(f"interrupted; everything is ended, the logs are in {folder}")
        sys.exit(INTERRUPTED)
    seconds = time.monotonic() - began
    failed = any(not outcome.ok for outcome in told.outcomes)
    if failed:
        told.say(f"\nlogs: {folder}")
    else:
        shutil.rmtree(folder)
    if as_json:
        report.write(as_json, told.outcomes, seconds=seconds)
    told.end(seconds)
    sys.exit(1 if failed else 0)


def _run(folder: Path, told: Report, *, quick: bool, keep: bool, broken: str | None) -> None:
    checkout = project.make(folder / "project")
    if broken:
        BREAKS[broken](checkout)
    with ExitStack() as ending:
        cloud = ending.enter_context(Cloud(folder / "deployed"))
        world = ending.enter_context(closing(World(cloud, checkout, quick=quick)))
        run(deployed(quick=quick, keep=keep), world, told.told)
        if keep and (api := world.made_api):
            _stay(cloud, api, told)
    if quick or keep:
        return
    with Cloud(folder / "packaged") as cloud, closing(World(cloud, checkout, quick=quick)) as again:
        again.take(world, "bundle")
        run(packaged(), again, told.told)


def _stay(cloud: Cloud, api: Api, told: Report) -> None:
    """Until Ctrl-C."""
    told.say(f"\nthe stage is up, its IAM enforced; its API: {api.url}  a key: {api.key}")
    told.say("the account's administrator, for the aws command:")
    for name in ("AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", *ADMINISTRATOR):
        told.say(f"  export {name}={cloud.environment[name]}")
    told.say("Ctrl-C ends it")
    with suppress(KeyboardInterrupt):
        signal.pause()


if __name__ == "__main__":
    main(prog_name="python -m e2e")

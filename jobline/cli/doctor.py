"""`jobline doctor`: a stage on AWS, examined."""

import json
import sys
from collections.abc import Callable, Sequence

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from infra.config import NotReady, Stage, load
from infra.config import stage as read_stage
from infra.place import Nowhere, Place
from infra.show import console
from jobline.cli import out
from jobline.cli.watching import bar
from jobline.doctor.checks import CHECKS
from jobline.doctor.examine import examine, verdict
from jobline.doctor.finding import Finding, Fix, Result
from jobline.doctor.live import Live
from jobline.doctor.show import document, show

COULD_NOT_LOOK = 2  # exit status

Look = Callable[[], list[Finding]]


@click.command()
@click.option("--stage", required=True, help="A stage of .chalice/config.json.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table, for scripts.")
@click.option(
    "--fix",
    is_flag=True,
    help="Mend what is safe to mend: settings alone, never data; deletes no resource. Says what it would do, and asks.",
)
@click.option("--yes", is_flag=True, help="With --fix: do not ask. For scripts.")
@click.option("--strict", is_flag=True, help="UNKNOWN is not good enough: exit status 2. For CI.")
def doctor(stage: str, *, as_json: bool, fix: bool, yes: bool, strict: bool) -> None:
    """Look at a live stage and say what does not hold, why it matters, and how to mend it.

    Where to: the account and region that the aws command would take (AWS_PROFILE, AWS_DEFAULT_REGION, ...). It reads, and changes
    nothing without --fix; docs/operations.md lists the permissions that it needs.

    \b
    OK       holds
    WARN     works, and somebody should know
    FAIL     does not hold
    UNKNOWN  could not be seen: no permission, or no answer

    \b
    Exit status: 0 nothing fails; 1 something fails; 2 could not look.

    \b
    jobline doctor --stage prod                  look
    jobline doctor --stage prod --fix            look, mend, look again
    jobline doctor --stage prod --json | jq '.checks[] | select(.result != "OK")'
    """  # noqa: D301 - \b is click's: keep these lines as they are
    if as_json and fix and not yes:
        raise click.UsageError("--json cannot ask: with --fix it needs --yes")
    place, chosen, look = _ready(stage)
    findings, fixed = look(), []
    if fix and (fixes := [each for finding in findings for each in finding.fixes]):
        fixed = _mended(fixes, ask=not yes, out=console(stderr=as_json))
        findings = look() if fixed else findings
    if as_json:
        told = document(findings, stage=stage, fixed=fixed, account=place.account, region=place.region)
        click.echo(json.dumps(told, indent=2))
    else:
        out = console()
        out.print(f"{chosen.names.prefix} in account {place.account}, {place.region}", style="bold")
        show(findings, stage, out)
    sys.exit(_status(findings, strict=strict))


def _ready(stage: str) -> tuple[Place, Stage, Look]:
    """Where and what to look at. Ends with status 2 where there is nothing to look at."""
    try:
        config = load()
        chosen, place = read_stage(stage, config), Place()
        assert place.account
    except (NotReady, Nowhere, ClientError, BotoCoreError, OSError, ValueError) as error:
        click.echo(f"jobline doctor: could not look: {error}", err=True)
        sys.exit(COULD_NOT_LOOK)
    return place, chosen, lambda: _examined(Live(place, chosen, config))


def _examined(live: Live) -> list[Finding]:
    """All findings; how far it is, on a terminal."""
    found = []
    with bar(out.console(stderr=True)) as shown:
        row = shown.add_task("looking", total=len(CHECKS), note="")
        for finding in examine(live, CHECKS):
            found.append(finding)
            shown.update(row, advance=1, note=finding.check.name)
    return found


def _mended(fixes: Sequence[Fix], *, ask: bool, out: Console) -> list[Fix]:
    """Do them, and say so; what fails is told and the rest goes on. Returns those that were done."""
    for fix in fixes:
        out.print(f"would {fix.what}" if ask else fix.what, markup=False)
    if ask and not click.confirm("Do this?"):
        return []
    done = []
    for fix in fixes:
        try:
            fix.do()
            done.append(fix)
        except (ClientError, BotoCoreError, NotImplementedError) as error:
            out.print(f"could not {fix.what}: {error}", markup=False, style="red")
    out.print(f"done: {len(done)} of {len(fixes)}\n", markup=False)
    return done


def _status(findings: Sequence[Finding], *, strict: bool) -> int:
    result = verdict(findings)
    if result is Result.FAIL:
        return 1
    hidden = strict and any(finding.result is Result.UNKNOWN for finding in findings)
    return COULD_NOT_LOOK if result is Result.UNKNOWN or hidden else 0

"""`python -m infra`: a stage on AWS, deployed, checked, recovered, taken down."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click
from botocore.exceptions import ClientError

from infra import deploy as deploying
from infra import destroy as destroying
from infra import lanes, policies, state
from infra.chalice_run import COMMAND, ChaliceFailed, chalice
from infra.changeset import WouldLoseData, discard
from infra.config import NotReady, Stage, load
from infra.config import stage as read_stage
from infra.deploy import Options
from infra.live import Ambiguous
from infra.place import Nowhere, Place
from infra.recover import recover as recovered
from infra.show import changes_table, console, finding_line
from infra.stack import StackFailed
from infra.verify import verify as verifying

OUR_FAULTS = (NotReady, Nowhere, Ambiguous, StackFailed, ChaliceFailed, ClientError)

stage_option = click.option("--stage", required=True, help="A stage of .chalice/config.json.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask. For CI.")
chalice_option = click.option(
    "--chalice", "module", default=COMMAND, envvar="JOBLINE_CHALICE", hidden=True, metavar="MODULE"
)
"""For emulators, which need a Chalice that goes round what they lack."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Deploy a stage of Jobline to AWS, and look after it.

    Where to: the account and region that the aws command would take (AWS_PROFILE, AWS_DEFAULT_REGION, ...). What to: a stage of
    .chalice/config.json; its name, with the app's, makes every other name.
    """


@main.command()
@stage_option
@yes_option
@click.option(
    "--yes-delete-data", is_flag=True, help="Go on though the table, the bucket or a queue would be lost."
)
@click.option(
    "--parameter", "given", multiple=True, metavar="NAME=VALUE", help="Of infra/template.yaml; else as it is."
)
@chalice_option
def deploy(stage: str, *, yes: bool, yes_delete_data: bool, given: tuple[str, ...], module: str) -> None:
    """Set a stage up, or bring it up to date.

    Shows what would change in the stack and asks; changes it; deploys functions and API with Chalice; keeps Chalice's memory of them in
    the stage's bucket; then asks the cloud whether all of it holds. Again is safe at any time.
    """
    out = console()
    with _told():
        chosen, place = _chosen(stage)
        deploying.check(load())
        out.print(f"{chosen.names.prefix} in account {place.account}, {place.region}", style="bold")
        options = Options(parameters=_parameters(given), may_lose_data=yes_delete_data)
        proposed = deploying.propose(place, chosen, options)
        if proposed is None:
            out.print("the stack is as it should be")
        else:
            out.print(changes_table(proposed.changes))
            if not yes and not click.confirm("Change the stack so?"):
                discard(place.client("cloudformation"), proposed)
                raise click.Abort
            deploying.apply(place, proposed)
            out.print("the stack stands", style="green")
        memory = deploying.release(place, chosen, run=_chalice(module))
        out.print(f"Chalice's memory of the stage: {memory} before, saved after")
        _report(place, chosen)


@main.command()
@stage_option
def verify(stage: str) -> None:
    """Ask the cloud whether a stage holds: mappings, recursion, environment, rule, health."""
    with _told():
        chosen, place = _chosen(stage)
        _report(place, chosen)


@main.command()
@stage_option
def recover(stage: str) -> None:
    """Make .chalice/deployed/STAGE.json again, from the stage itself.

    For when it is lost, or Chalice failed half way: the next deploy would fail on the mappings and make a second API.
    """
    with _told():
        chosen, place = _chosen(stage)
        found = recovered(place, chosen)
        if found is None:
            raise click.ClickException(
                f"nothing of {chosen.names.prefix} is in account {place.account}, {place.region}"
            )
        file = state.path(stage)
        state.write(file, found)
        state.save(place, deploying.bucket_of(place, chosen), chosen.names.state_key, file)
        for resource in found["resources"]:
            click.echo(f"{resource['resource_type']:<18}{resource['name']}")
        click.echo(f"written to {file}, and saved in the stage's bucket")


@main.command()
@stage_option
@yes_option
@click.option(
    "--yes-delete-data", is_flag=True, help="The table and the bucket too, with all that is in them."
)
@chalice_option
def destroy(stage: str, *, yes: bool, yes_delete_data: bool, module: str) -> None:
    """Take a stage down: API, functions, roles, queues, alarms. The table and the bucket stay, unless told otherwise.

    A later deploy of the stage takes them in again.
    """
    with _told():
        chosen, place = _chosen(stage)
        what = "with all its data" if yes_delete_data else "but for its table and bucket"
        click.echo(f"This ends {chosen.names.prefix} in account {place.account}, {place.region}, {what}.")
        if not yes and click.prompt("Type the stage's name to go on") != stage:
            raise click.Abort
        kept = destroying.destroy(place, chosen, data=yes_delete_data, run=_chalice(module))
        click.echo(
            f"{chosen.names.prefix} is gone" + (f"; kept: {', '.join(kept)}" if kept else ", with its data")
        )


@main.command("policies")
def write_policies() -> None:
    """Write .chalice/policies/: what each function may do, from infra/policies.py."""
    policies.write()


@main.command("lanes")
def write_lanes() -> None:
    """Write what follows from chalicelib/lanes.py: into the template, .chalice/config.json and .chalice/policies/."""
    lanes.write()


def _chosen(stage: str) -> tuple[Stage, Place]:
    return read_stage(stage, load()), Place()


def _chalice(module: str) -> Callable[[list[str]], None]:
    return partial(chalice, module=module)


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise click.UsageError(f"--parameter takes NAME=VALUE, not {wrong[0]!r}")
    return {name: value for name, _, value in pairs}


def _report(place: Place, stage: Stage) -> None:
    """Say what was found as it is found; exit status 1 when something does not hold."""
    out, failed = console(), False
    for finding in verifying(place, stage):
        out.print(finding_line(finding))
        failed = failed or finding.ok is False
    if failed:
        out.print(f"{stage.names.prefix} does not hold", style="bold red")
        sys.exit(1)
    out.print(f"{stage.names.prefix} holds", style="green")


@contextmanager
def _told() -> Iterator[None]:
    """Failures that people can mend are said in a sentence, with exit status 1; others with their traceback."""
    try:
        yield
    except WouldLoseData as losses:
        console(stderr=True).print(changes_table(losses.changes))
        raise click.ClickException(
            "refused, since data would be lost; nothing was changed. If that is meant: --yes-delete-data"
        ) from losses
    except OUR_FAULTS as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    command: Any = main
    command(prog_name="python -m infra")

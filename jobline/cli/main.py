"""`jobline`: the command's front door."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from jobline import __version__, home

COMMANDS: Mapping[str, tuple[str, str]] = {
    "budgets": (
        "budgets:budgets",
        "Budgets: dollars a day or a month, and what happens when they are spent.",
    ),
    "cancel": ("cancelling:cancel", "Cancel jobs: by their ids, or all that a filter takes."),
    "completion": ("completion:completion", "Print what makes your shell complete these commands."),
    "cost": ("cost:cost", "Show what jobs cost, by day, task or tenant; or say what so many would."),
    "dead": ("dead:dead", "Jobs that gave up: what they have in common, and another life for them."),
    "doctor": (
        "doctor:doctor",
        "Look at a live stage and say what does not hold, why it matters, and how to mend it.",
    ),
    "keys": ("keys:keys", "API keys of a stage, and IAM roles: who may ask it for what."),
    "lanes": ("lanes:lanes", "Lanes: how much waits in each, and pausing them."),
    "list": ("jobs:list_", "List jobs, the newest first."),
    "load": ("load:load", "Submit many jobs at a rate, wait for all, and say whether any was lost."),
    "logs": ("logs:logs", "Print a job's log lines: of all its attempts."),
    "new": ("new:new", "Make a project with a first task, its test, and all that deploys it."),
    "plan": ("plan:plan", "Say what so many jobs of a task would cost, and when they would be done."),
    "profile": ("profile:profile", "Stages by name: an address and a key each."),
    "replay": ("replay:replay", "Run a job again in this process, from its recorded input."),
    "result": ("jobs:result", "Print what a job returned."),
    "retry": ("jobs:retry", "Give dead jobs another life."),
    "schedule": ("schedule:schedule", "Schedules: jobs by the clock."),
    "stats": (
        "stats:stats",
        "Show what jobs came to: outcomes, how long they waited and ran, and what they cost.",
    ),
    "status": ("jobs:status", "Show a job: its state, its history, its error."),
    "submit": ("submit:submit", "Submit a job and print its id, or one for each line of a file."),
    "tasks": ("tasks:tasks", "List the tasks, or show what one takes."),
    "tenants": ("tenants:tenants", "Tenants' limits: how fast, how many at once, how many accepted."),
    "topics": ("topics:topics", "Topics: who hears what, and publishing."),
    "up": ("up:up", "Run API, queues, table, consumers and tick on this machine, until Ctrl-C."),
    "workflow": (
        "workflow:workflow",
        "Workflows: jobs one after the other, side by side, or one for each item.",
    ),
    "upgrade": ("upgrade:upgrade", "Bring a project's parts to the version of this command."),
    "verify": ("verify:verify", "Hold a job's history against the law and the log, and tell what disagrees."),
    "watch": ("watch:watch", "Follow a job until it has ended."),
}
"""Each command's place and its short help. It is imported when it is typed: some bring boto3 and Chalice with them, and no other need wait for these."""

AT_HOME = frozenset({"doctor", "keys", "replay", "up", "verify"})
"""Those that use the pipeline itself: that of the project in this folder, or else the one that this package comes with."""


class Front(click.Group):
    """Knows the commands by this table, so that neither help nor a completion imports them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        if cmd_name in AT_HOME:
            home.enter()
        try:
            found: click.Command = getattr(import_module(f"jobline.cli.{module}"), name)
        except ModuleNotFoundError as missing:
            raise _lacking(cmd_name, missing) from missing
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in sorted(COMMANDS.items())])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        options = click.Command.shell_complete(self, ctx, incomplete)
        named = [(name, told) for name, (_, told) in sorted(COMMANDS.items()) if name.startswith(incomplete)]
        return [*(CompletionItem(name, help=told) for name, told in named), *options]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo(err=True)
            ctx.exit(130)  # as every shell says it


def _lacking(command: str, missing: ModuleNotFoundError) -> click.ClickException:
    """What is said where the wheel was installed for less than this command."""
    from jobline.cli.exits import USAGE, Failure  # brings httpx, for which no help has to wait

    then = "pip install 'jobline[local]' brings what it needs; in a project's folder `make up` has it."
    return Failure(
        f"`jobline {command}` needs {missing.name}, which is not installed here", status=USAGE, then=then
    )


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="jobline")
def main() -> None:
    """Background jobs for Python on AWS with no servers to run.

    Begin with `jobline up`: it runs all of it on this machine. Then, in another terminal of the same folder: `jobline submit`.

    \b
    Exit status: 0 done; 1 the job or the request failed; 2 typed wrongly; 3 not found; 4 nobody answers;
    5 throttled; 6 the key may not; 7 the time to wait was over.
    """  # noqa: D301 - \b is click's: keep these lines as they are


if __name__ == "__main__":
    main()

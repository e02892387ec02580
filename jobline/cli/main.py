"""`jobline`: the command's front door."""

from importlib import import_module

import click

from jobline import __version__
from jobline.cli.jobs import status, submit
from jobline.cli.up import up

LATER = ("doctor", "keys")
"""Commands that are imported when they are typed: they bring boto3 and Chalice with them, and the others need not wait for these."""


class Front(click.Group):
    """Knows the later commands by their names: each is a module of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in LATER:
            command: click.Command = getattr(import_module(f"jobline.cli.{cmd_name}"), cmd_name)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=Front, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="jobline")
def main() -> None:
    """Background jobs for Python on AWS with no servers to run.

    Begin with `jobline up`: it runs all of it on this machine.
    """


main.add_command(up)
main.add_command(submit)
main.add_command(status)


if __name__ == "__main__":
    main()

"""`jobline`: the command's front door."""

import click

from jobline import __version__
from jobline.cli.jobs import status, submit
from jobline.cli.up import up


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
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

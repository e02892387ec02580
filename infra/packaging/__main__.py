"""Build what ships, open it, print what it weighs; ends with 1 when something is in it that must not be, or the other way round."""

import json
import sys
from pathlib import Path

import click

from infra.config import ROOT
from infra.packaging.build import NotBuilt, build
from infra.packaging.report import judge, show
from infra.packaging.wheels import NotLocked


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--stage", default="dev", show_default=True, help="A stage of .chalice/config.json.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("build/package"), show_default=True, help="Folder."
)
@click.option("--arch", type=click.Choice(["x86_64", "arm64"]), help="Another processor than the configured.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def main(*, stage: str, out: Path, arch: str | None, as_json: bool) -> None:
    """Package Jobline as a deploy would, and judge the zip by what is in it."""
    try:
        report = judge(build(out, stage=stage, architecture=arch or ""), root=ROOT)
    except (NotBuilt, NotLocked) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2))
    else:
        show(report)
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()

"""The command line, from click's own help."""

from collections.abc import Iterator
from inspect import cleandoc

import click

from jobline.cli.main import main
from press.reference.table import code, table

INTRO = """\
# The command's words

What `jobline COMMAND --help` says, on one page. What it is for, with examples: [the command line](../cli.md).
"""


def page() -> str:
    """The page."""
    context = click.Context(main, info_name="jobline")
    return "\n\n".join([INTRO, *_command(main, context, 1)]) + "\n"


def _command(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    if depth > 1:
        yield f"{'#' * min(depth, 3)} {context.command_path}"
    yield _prose(command.help or "")
    if not isinstance(command, click.Group):
        yield f"```text\n{' '.join([context.command_path, *command.collect_usage_pieces(context)])}\n```"
    rows = [(code(record[0]), record[1]) for record in _options(command, context)]
    yield table(("option", "what it does"), rows)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _command(below, click.Context(below, info_name=name, parent=context), depth + 1)


def _options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and "--help" not in parameter.opts:
            yield record


def _prose(text: str) -> str:
    """A docstring as click shows it: paragraphs, and those that begin with click's mark with their lines kept."""
    paragraphs = cleandoc(text).replace("\f", "").split("\n\n")
    return "\n\n".join(_kept(one) if one.startswith("\b") else one for one in paragraphs if one.strip())


def _kept(paragraph: str) -> str:
    return "```text\n" + paragraph.removeprefix("\b").strip("\n") + "\n```"

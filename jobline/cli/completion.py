"""`jobline completion`."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes your shell complete these commands.

    \b
    bash   eval "$(jobline completion bash)"       in ~/.bashrc
    zsh    eval "$(jobline completion zsh)"        in ~/.zshrc
    fish   jobline completion fish | source        in ~/.config/fish/config.fish
    """  # noqa: D301 - \b is click's: keep these lines as they are
    made = get_completion_class(shell)
    assert made is not None, "the choices are click's own"
    root = click.get_current_context().find_root().command
    click.echo(made(root, {}, "jobline", "_JOBLINE_COMPLETE").source())

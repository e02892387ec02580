"""A group of commands one of which is meant when none is named: `jobline lanes` is `jobline lanes list`."""

from typing import Any

import click


class Usual(click.Group):
    """`usual` is that one's name."""

    def __init__(self, *args: Any, usual: str = "list", **options: Any) -> None:
        super().__init__(*args, **options)
        self.usual = usual

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        named = first in self.commands or first in {"-h", "--help"}
        if not named and not ctx.resilient_parsing and (not first or first.startswith("-")):
            args = [self.usual, *args]
        return super().parse_args(ctx, args)

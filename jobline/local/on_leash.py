"""Run a module as a child that ends with its parent: `python -m jobline.local.on_leash MODULE [ARGUMENT ...]`."""

import runpy
import sys

from jobline.local import leash


def main() -> None:
    """Hold the leash, then be the module. Everything after the module's name is the module's own."""
    leash.hold()
    module, sys.argv = sys.argv[1], sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

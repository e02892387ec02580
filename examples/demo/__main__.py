"""`python -m examples.demo`."""

import sys


def main() -> int:
    """Imports take a second: Ctrl-C is answered during that too, without a traceback."""
    try:
        from examples.demo.command import main as command

        return command()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""What the installed `jobline` starts. The client needs httpx alone, so the command may be there without what it needs."""

import sys

NEEDED = frozenset({"click", "rich"})


def main() -> None:
    """Run the command, or say what it lacks."""
    try:
        from jobline.cli.main import main as command
    except ModuleNotFoundError as missing:
        if missing.name not in NEEDED:
            raise
        sys.exit(
            f"jobline: {missing.name} is not installed\n  pip install 'jobline[cli]' brings what the command needs."
        )
    command(prog_name="jobline")

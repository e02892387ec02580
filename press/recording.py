"""Record a terminal: a story typed against `jobline up`, kept as docs/pictures/terminal.svg; `make recording` does it again.

The commands are really run, in an empty folder, and what they print is what is shown, colours and all. The SVG names no font of another
host and has its own dark ground, so it looks the same on a light page and on a dark one.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax
from rich.terminal_theme import MONOKAI
from rich.text import Text

from jobline.local.stack import LocalStack
from press.nav import DOCS, ROOT

PICTURE = DOCS / "pictures" / "terminal.svg"
COLUMNS = 100
TITLE = "jobline"
WHEEL = re.compile("[\u2800-\u28ff]")
SHOP = '''\
from chalicelib import task

@task(max_attempts=2)
def price(item: str, quantity: int = 1) -> float:
    """What so many of an item cost."""
    return {"pen": 1.5, "ink": 7.25}[item] * quantity
'''
STORY = (
    "jobline submit price item=pen quantity=4 --wait",
    "jobline submit price item=pen quantity=many",
    "jobline submit price item=cup --wait",
    "jobline dead",
    "jobline list",
)


def recorded(folder: Path) -> str:
    """The story as it went, as an SVG."""
    console = Console(record=True, width=COLUMNS, file=(folder / "screen.log").open("w", encoding="utf-8"))
    (folder / "shop.py").write_text(SHOP, encoding="utf-8")
    _typed(console, "cat shop.py")
    console.print(Syntax(SHOP.rstrip(), "python", theme="monokai", background_color="default"))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(folder), str(ROOT)]
    )  # where the stack's processes find the shop
    with LocalStack(tasks="shop", log_dir=folder / "logs", say=lambda _line: None) as stack:
        for line in STORY:
            console.print()
            _typed(console, line)
            console.print(Text.from_ansi(_run(line, folder, stack)))
    console.file.close()
    return svg(console)


def _typed(console: Console, line: str) -> None:
    console.print(Text.assemble(("$ ", "bold green"), (line, "bold")))


def _run(line: str, folder: Path, stack: LocalStack) -> str:
    words = line.split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "jobline.cli.main", *words],
        cwd=folder,
        env={
            **os.environ,
            "JOBLINE_URL": stack.api_url,
            "JOBLINE_API_KEY": stack.api_key,
            "FORCE_COLOR": "1",
            "COLUMNS": str(COLUMNS),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return settled(done.stdout)


def settled(printed: str) -> str:
    """What stands on the screen at the end: bars and wheels that were drawn over are not there any more."""
    lines = re.sub(r"\x1b\[(\?25[lh]|[0-9]*[AK])", "", printed).replace("\r\n", "\n").split("\n")
    kept = [line.rsplit("\r", 1)[-1].rstrip() for line in lines]
    return "\n".join(line for line in kept if line and not WHEEL.search(line))


def svg(console: Console) -> str:
    """Rich's drawing of what was printed, with the fonts of the reader's machine."""
    drawn = console.export_svg(title=TITLE, theme=MONOKAI, unique_id="terminal")
    ours = re.sub(r"@font-face \{.*?\}\s*|<!--.*?-->", "", drawn, flags=re.DOTALL)
    return ours.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


def main() -> int:
    """Record, and keep the picture."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        picture = recorded(Path(folder))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture, encoding="utf-8")
    print(json.dumps({"picture": str(PICTURE.relative_to(ROOT)), "seconds": round(time.monotonic() - began)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

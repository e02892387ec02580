"""What ships is opened, every file of it accounted for, and each handler imported in a fresh interpreter from it alone."""

import json
import subprocess
import sys

from bench.cold_start.room import room
from e2e.project import STAGE
from e2e.story import Story
from e2e.world import World
from infra.packaging.build import build
from infra.packaging.bundle import Bundle
from infra.packaging.report import judge
from infra.packaging.sizes import total

story = Story("zip")

ALONE = """
import importlib, json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
module, name = sys.argv[2].split(".")
assert callable(getattr(importlib.import_module(module), name))
ours = {n: m.__file__ for n, m in sys.modules.items() if n.partition(".")[0] in ("app", "chalicelib", "chalice")}
strays = {n: f for n, f in ours.items() if f and not f.startswith(sys.path[0] + os.sep)}
assert not strays, strays
"""


@story.check("chalice package makes a zip that holds what it must, and nothing else")
def packaged(world: World) -> str:
    bundle = build(world.said.with_name("package"), stage=STAGE, root=world.project)
    world.leave("bundle", bundle)
    report = judge(bundle, root=world.project)
    assert not report.faults, f"{len(report.faults)} faults, such as {report.faults[0]}"
    whole = total(bundle)
    return f"{whole.files} files, {whole.zipped:,} bytes, {whole.unzipped:,} unzipped"


@story.check("each handler is imported from it, and from nothing else, in a fresh interpreter")
def handlers(world: World) -> str:
    bundle: Bundle = world.left("bundle")
    with room(bundle.path) as place:
        paths = json.dumps([str(place.task), str(place.runtime)])
        for handler in bundle.functions:
            ended = subprocess.run(
                [sys.executable, "-I", "-S", "-B", "-c", ALONE, paths, handler],
                env={"AWS_DEFAULT_REGION": "us-east-1", "JOBLINE_STAGE": STAGE},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert ended.returncode == 0, f"{handler}: {ended.stderr[-500:]}"
    return ", ".join(sorted(bundle.functions))

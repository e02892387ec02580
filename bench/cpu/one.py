"""One reading: so many jobs submitted and consumed in this process; its processor time a job, as a line of JSON.

It is run as a file, so that it can read another working copy's code than the one that it lies in.
"""

import json
import os
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any


def beside(name: str) -> Any:
    """The module of that name that lies beside this file, whatever is on the path."""
    spec = spec_from_file_location(f"cpu_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(port: str, jobs: int, direct: str) -> None:
    """Submit and consume, once to warm up."""
    stage = beside("stage")
    answers = os.fdopen(os.dup(1), "w")
    parts = stage.wired(port, direct=direct)
    stage.consumed(stage.submitted(stage.BATCH, parts))
    start = time.process_time()
    rows = stage.submitted(jobs, parts)
    enqueued = time.process_time() - start
    start = time.process_time()
    stage.consumed(rows)
    consumed = time.process_time() - start
    if parts.store.read(rows[-1].id).state != "SUCCEEDED":
        raise RuntimeError("the last job was not run")
    answers.write(json.dumps({"enqueue": enqueued * 1000 / jobs, "consume": consumed * 1000 / jobs}) + "\n")
    answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

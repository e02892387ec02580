"""A contender's side: verbs asked for in lines of JSON, answered in lines of JSON. Standard library alone."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

Verb = Callable[..., Any]


def serve(verbs: Mapping[str, Verb]) -> None:
    """Answer until nobody asks any more. What tasks and libraries print goes to the log instead."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    answers.write('"ready"\n')
    for line in sys.stdin:
        asked = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            value = verbs[asked["verb"]](**asked["with"])
        except Exception as error:
            answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
            raise
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        answers.write(json.dumps({"value": value, **took}) + "\n")


class Context:
    """What a Lambda handler is given beside its event."""

    function_name = "consumer"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:consumer"
    aws_request_id = "race"
    log_group_name = log_stream_name = "local"
    function_version = "$LATEST"
    identity = client_context = None

    def __init__(self, seconds: float = 60) -> None:
        self._ends = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Until it is cut off."""
        return max(0, int((self._ends - time.monotonic()) * 1000))


def handler(consume: Callable[[Any, Any], Any]) -> None:
    """Be a Lambda function: events in, answers out."""
    serve({"invoke": lambda event: consume(event, Context())})

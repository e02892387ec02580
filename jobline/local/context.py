"""What Lambda tells a function about its invocation, with a deadline that is real."""

import time
import uuid


class Context:
    """The second argument of every handler: https://docs.aws.amazon.com/lambda/latest/dg/python-context.html."""

    def __init__(self, function_name: str, *, timeout: float) -> None:
        """`timeout` in seconds, counted from now."""
        self._ends = time.monotonic() + timeout
        self.timeout = timeout
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function_name}"
        self.memory_limit_in_mb = "512"
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = "local"
        self.identity = None
        self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._ends - time.monotonic()) * 1000))

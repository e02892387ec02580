"""What is raised inside a task, and is no error: its job goes on in another invocation."""


class JobContinues(BaseException):
    """Raised by a checkpoint when this invocation's time is nearly over: let it pass through, the job goes on from the checkpoint.

    No `Exception`: `except Exception` in a task is about what went wrong, and nothing did. `finally` and `with` do their work.
    """

    def __init__(self) -> None:
        super().__init__("the job goes on from its checkpoint in another invocation")

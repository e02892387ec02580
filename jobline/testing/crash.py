"""The death of a process, as an exception that no task can make anything of."""


class Killed(BaseException):
    """The process is gone. No `except Exception` catches it; what catches it all the same gets it again at the next effect."""


class KilledInThread(Exception):
    """The same, in a thread that the task has started. Libraries with threads (s3transfer for one) wait for ever for one that ends by
    anything but an `Exception`. Whoever is told of this one gets `Killed` at the next effect.
    """

"""The death of a process, as an exception that no task can make anything of."""


class Killed(BaseException):
    """The process is gone. No `except Exception` catches it; what catches it all the same gets it again at the next effect."""

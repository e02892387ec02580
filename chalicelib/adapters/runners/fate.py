"""How a child ended, in words: what the template says of it, for the person who reads the job's error."""

import signal


def in_words(fate: str) -> tuple[str, str]:
    """How the child ended, for a person, and in short."""
    if not fate:
        return "the process that the child process was forked from ended, and the child with it", "template"
    if fate.startswith("!"):
        return f"the child process could not be forked: {fate[1:]}", "not-started"
    code = int(fate)
    if code >= 0:
        return f"the child process ended with exit code {code} before it answered", f"exit-{code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = (
        " (by this attempt's end, by the system for want of memory, or by the task itself)"
        if -code == signal.SIGKILL
        else ""
    )
    return f"the child process was killed by {name}{hint} before it answered", name.lower()

"""What happened, told to the task's author: a timeline of attempts and effects, and what is wrong in the end."""

from datetime import timedelta
from textwrap import indent
from typing import Any

from jobline.testing.schedules import Invariant, Played


def tell(played: Played) -> str:
    """The timeline, an attempt a paragraph; attempts that overlap take turns."""
    width = max((len(line.effect) for line in played.effects), default=0)
    lines: list[str] = []
    before: Any = None
    for line in played.story:
        process = line.process
        if process is not before:
            lines.append(
                f"  {_since(line.at - played.began):<10}attempt {process.attempt} of {process.task.name}"
            )
            before = process
        if line.number is None:
            lines.append(f"            {line.words}")
        else:
            lines.append(f"            {line.number:>3}  {line.effect:<{width}}  {line.words}")
    return "\n".join(lines)


def verdict(played: Played, invariant: Invariant) -> str:
    """What is wrong, in a sentence."""
    name = getattr(invariant, "__name__", type(invariant).__name__)
    called = "the invariant" if name == "<lambda>" else f"the invariant `{name}`"
    count = played.job.attempts
    ended = f"The job is {played.job.state} after {count} attempt{'' if count == 1 else 's'}"
    wrong = played.wrong
    if wrong is None:
        return f"{ended}, and {called} holds."
    words = str(wrong) if isinstance(wrong, AssertionError) else f"{type(wrong).__name__}: {wrong}"
    first, _, rest = words.strip().partition("\n")
    more = indent(rest.strip("\n"), "  ")
    return f"{ended}, and {called} does not hold: {first or 'an assertion failed'}\n{more}".rstrip()


def _since(span: timedelta) -> str:
    seconds = span.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"+{seconds / size:.3g} {unit}"
    return f"+{seconds:.3g} s"

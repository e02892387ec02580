"""The tree of errors is drawn, and the drawing is right."""

import re
from datetime import timedelta

import pytest

from chalicelib.domain import errors

TREE: set[type[Exception]] = {
    kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)
}


def drawn_parents():
    """Each drawn error's parent, by indentation."""
    stack, parents = [(-1, "Exception"), (0, "JoblineError")], {}
    for line in errors.__doc__.splitlines():
        match = re.match(r"^([ |]*)\+-- (\w+)", line)
        if match:
            depth = len(match[1]) + 1
            while stack[-1][0] >= depth:
                stack.pop()
            parents[match[2]] = stack[-1][1]
            stack.append((depth, match[2]))
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes():
    tree = {kind.__name__: str(kind.mro()[1].__name__) for kind in TREE - {errors.JoblineError}}
    assert drawn_parents() == tree


@pytest.mark.parametrize("kind", sorted(TREE, key=repr), ids=repr)
def test_every_error_says_what_it_is_for(kind):
    assert kind.__doc__


def test_a_wrong_argument_is_named():
    error = errors.InvalidInput("args.width", "is not a number")
    assert (str(error), error.argument, error.why) == (
        "args.width: is not a number",
        "args.width",
        "is not a number",
    )


def test_an_unknown_task_is_a_wrong_argument():
    assert errors.UnknownTask("nope").argument == "task"


def test_a_denial_knows_whether_the_caller_is_known():
    assert errors.Denied("who?", known=False).known is False
    assert errors.Denied("not you", known=True).known is True


@pytest.mark.parametrize(
    ("after", "wait"),
    [
        (None, None),
        (0, timedelta(0)),
        (30, timedelta(seconds=30)),
        (0.5, timedelta(milliseconds=500)),
        (timedelta(hours=3), timedelta(hours=3)),
        (errors.MAX_RETRY_WAIT, errors.MAX_RETRY_WAIT),
    ],
)
def test_a_retry_waits_as_long_as_it_says(after, wait):
    assert errors.Retry(after=after).after == wait


@pytest.mark.parametrize(
    "after", [-1, -0.001, timedelta(seconds=-1), errors.MAX_RETRY_WAIT + timedelta(seconds=1), 10**9]
)
def test_a_retry_cannot_wait_for_less_than_nothing_or_more_than_a_day(after):
    with pytest.raises(ValueError, match="after"):
        errors.Retry(after=after)


@pytest.mark.parametrize("after", [float("nan"), float("inf"), 1e300])
def test_a_retry_cannot_wait_for_what_is_no_time(after):
    with pytest.raises((ValueError, OverflowError)):
        errors.Retry(after=after)

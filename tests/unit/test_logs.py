"""What a task says in its log arrives, whatever framework is loaded."""

import logging


def test_the_framework_leaves_the_tasks_loggers_alone():
    # given the app, whose name is also that of the tasks' loggers
    import app  # noqa: F401

    # then they have no handler of the framework's, and pass their lines on
    logger = logging.getLogger("jobline")
    assert logger.propagate
    assert not logger.handlers
    assert logger.level == logging.NOTSET

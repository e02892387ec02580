"""The stage's times, scaled to a run of minutes: seconds where Lambda's have minutes. The order between them is the real one."""

FUNCTION_TIMEOUT = 12
"""Lambda's 60: an attempt has 9 s of it."""

VISIBILITY_TIMEOUT = 24
"""Above the longest lease (12 + 2), below six times the function's time, so that what a killed consumer held comes again in this run."""

POLLERS = 2
"""Batches of a lane in hand at once in each consumer: there are several consumers."""

SLOW_GRACE = 40
SLOW_STRIDE = 5
"""The slow sweep's 20 minutes and 10: it is what finds the rows of clocks that are worse than assumed."""

SEND_AHEAD = 10
"""The tick's 2 minutes: how long before its due time a job is sent, and after it a retry is looked for."""

WAKE_CAP = 15
"""The longest wait between two wake-ups of a job; an hour in production, longer than this whole run."""

ENVIRONMENT = {"JOBLINE_WAKE_GRACE": "5"}
"""The rest is as `jobline up` has it: sweep grace 6, clock limit 2, lease skew 2, a tick every 2 s."""

LONGEST_LEASE = FUNCTION_TIMEOUT + 2

STILL = 60.0
"""Seconds without a change after which all has come to rest, ended or not: longer than any lease, delay, visibility or wait between
two looks in this stage, the slow sweep's included."""

QUIET_WITHIN = 900.0
"""The longest wait for that, in seconds, on a machine however busy."""

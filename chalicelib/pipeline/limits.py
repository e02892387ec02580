"""The pipeline's numbers, each with its reason. A stage may set those that its function timeouts change."""

from datetime import timedelta

from chalicelib.domain.lean import dataclass

MAX_QUEUE_DELAY = timedelta(minutes=15)
"""The longest DelaySeconds of SQS:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html"""

SEND_AHEAD = timedelta(minutes=2)
"""How long before its due time the tick sends a job: two ticks, so that one may be missed."""

MAX_BODY = 4 * 1024 * 1024
"""The most bytes of arguments or result. Lambda takes 6 MB a request: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

PAYLOAD_LIFE = timedelta(days=90)
"""How long a stored payload outlives the job's due time; a job with 50 attempts and the longest backoff ends within 50 days."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What depends on the stage."""

    #: G: how far behind now the sweep lists rows. At least `clock_limit` plus the largest difference between two clocks.
    grace: timedelta = timedelta(seconds=180)
    #: L: whoever puts a row and finds the clock this far past its id makes an appointment for it at once.
    clock_limit: timedelta = timedelta(seconds=60)
    #: how far behind the second, slow pass lists: it catches clocks worse than assumed.
    slow_grace: timedelta = timedelta(minutes=20)
    #: the first wait after a wake-up before another one is sent; then it doubles with the job's age.
    wake_grace: timedelta = timedelta(seconds=60)
    wake_cap: timedelta = timedelta(hours=1)
    #: a lease is the invocation's time left plus this, for clocks that differ.
    lease_skew: timedelta = timedelta(seconds=10)
    #: an attempt is over this long before the invocation is, so that it can still be recorded.
    reserve: timedelta = timedelta(seconds=3)
    #: how long a task may take to give in once it could know that it is cancelled. Then a coroutine is cancelled, a child killed.
    cancel_grace: timedelta = timedelta(seconds=5)
    #: a checkpoint this long before the attempt's end, or later, is its last: the job goes on in another invocation.
    continue_margin: timedelta = timedelta(seconds=10)
    #: nothing is started with less time than this left, reserve included.
    least_time: timedelta = timedelta(seconds=5)
    #: how often a running attempt's line is looked at, and how often its row is.
    listen_every: timedelta = timedelta(seconds=1)
    look_every: timedelta = timedelta(seconds=5)
    #: how long a door keeps trying a call that a service did not answer.
    patience: timedelta = timedelta(seconds=5)
    #: rows that one tick looks after at most, read from the index in one go; the next tick goes on.
    visits_per_tick: int = 10_000

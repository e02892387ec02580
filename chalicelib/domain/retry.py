"""After a failed attempt: should it try again? And when?"""

from datetime import timedelta

from chalicelib.domain.errors import MAX_RETRY_WAIT
from chalicelib.domain.lean import dataclass

MAX_BACKOFF = MAX_RETRY_WAIT

_MICROSECOND = timedelta(microseconds=1)
_DOUBLINGS = 64
"""After so many doublings a microsecond is longer than any timedelta."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: a random wait between nothing and `base * 2**(attempt-1)`, at most `cap`.

    Full jitter spreads a herd of failures best: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    base: timedelta = timedelta(seconds=2)
    cap: timedelta = timedelta(minutes=15)

    def ceiling(self, attempt: int) -> timedelta:
        """The longest wait after this attempt (1 is the first). No overflow at any attempt: integers are counted, not timedeltas."""
        doublings = min(attempt - 1, _DOUBLINGS)
        micros = min(self.cap // _MICROSECOND, (self.base // _MICROSECOND) << doublings)
        return micros * _MICROSECOND

    def wait(self, attempt: int, luck: float) -> timedelta:
        """The wait after this attempt; `luck` is a number from 0 up to 1."""
        return self.ceiling(attempt) * luck


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """When a failed attempt is worth another. `give_up_on` wins over `retry_on`; a lost worker is always worth another."""

    max_attempts: int = 5
    backoff: Backoff = Backoff()
    retry_on: tuple[type[BaseException], ...] = (Exception,)
    give_up_on: tuple[type[BaseException], ...] = ()

    def worth_another(self, error: BaseException) -> bool:
        """Whether this kind of error may pass by itself."""
        return isinstance(error, self.retry_on) and not isinstance(error, self.give_up_on)

"""A schedule's rule as callers write it: cron with a time zone, a period, or one moment. Checked here, by the argument's name."""

from copy import copy
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from chalicelib.domain.errors import MAX_DELAY, InvalidInput
from chalicelib.domain.lean import dataclass
from chalicelib.domain.schedule import CatchUp, Every, Once, Timetable
from chalicelib.domain.wall import next_moment

LEAST_PERIOD = timedelta(minutes=1)
"""The tick that fires runs once a minute; a cron rule cannot say less either."""

MOST_PERIOD = MAX_DELAY
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_EXPRESSION = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Exactly one of `cron`, `every` and `at`. A period is counted from `anchor`."""

    cron: str | None = None
    every: timedelta | None = None
    at: datetime | None = None
    timezone: str = "UTC"
    catch_up: str = "one"
    anchor: datetime = EPOCH

    def timetable(self) -> Timetable:
        """Its fire times. Raises `InvalidInput`."""
        if self.cron is not None:
            return Cron(expression=self.cron, timezone=self.timezone)
        if self.every is not None:
            return Every(period=self.every, anchor=self.anchor)
        if self.at is None:
            raise InvalidInput("cron", "give one of cron, every and at")
        return Once(at=self.at)

    @property
    def made_up_for(self) -> CatchUp:
        """Its catch-up policy. Raises `InvalidInput`."""
        try:
            return CatchUp.parse(self.catch_up)
        except ValueError as error:
            raise InvalidInput("catch_up", str(error)) from error

    def check(self) -> None:
        """Raise `InvalidInput` that names the argument which is wrong."""
        given = [name for name in ("cron", "every", "at") if getattr(self, name) is not None]
        if len(given) != 1:
            said = f"not {' and '.join(given)}" if given else "there is none"
            raise InvalidInput(given[-1] if given else "cron", f"give one of cron, every and at; {said}")
        if self.timezone != "UTC" and self.cron is None:
            raise InvalidInput("timezone", f"is for cron; {given[0]} is the same in all zones")
        zone(self.timezone)
        if self.every is not None:
            _check_period(self.every)
        if self.at is not None and self.at.tzinfo is None:
            raise InvalidInput("at", "a time without a time zone")
        self.made_up_for  # noqa: B018 - it is read for what it raises
        timetable = self.timetable()
        if isinstance(timetable, Cron):
            timetable.check()


def declared_rule(schedule: str | timedelta, timezone: str, catch_up: str) -> Rule:
    """What `@task(schedule=..., timezone=..., catch_up=...)` means. Periods count from 1970, so a deploy does not move them."""
    if isinstance(schedule, timedelta):
        return Rule(every=schedule, timezone=timezone, catch_up=catch_up)
    return Rule(cron=schedule, timezone=timezone, catch_up=catch_up)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """Five fields on the wall clock of a zone, as Debian's cron reads them.

    A rule whose minute and hour are given fires once for each of its times: in the gap of spring when the clocks are put forward, in
    the overlap of autumn the first time. One whose minute or hour begins with `*` fires whenever the wall clock shows its times.
    """

    expression: str
    timezone: str

    def after(self, moment: datetime) -> datetime | None:
        """The first fire time after that moment. Raises `InvalidInput`."""
        sim, once, where = _parsed(self.expression), self._once, zone(self.timezone)
        return next_moment(lambda wall: _from(sim, wall), where, moment, once=once)

    def check(self) -> None:
        """Raise `InvalidInput` for what is no cron rule, or never fires."""
        start = datetime(2000, 1, 1)  # noqa: DTZ001 - a time on a wall
        if next(iter(_from(_parsed(self.expression), start)), None) is None:
            raise InvalidInput("cron", f"{self.expression!r} never fires")

    @property
    def _once(self) -> bool:
        minute, hour = self.expression.split()[:2]
        return not minute.startswith("*") and not hour.startswith("*")


def _from(sim: CronSim, wall: datetime) -> CronSim:
    """The times on the wall after that one: the parsed rule, set to begin there."""
    begun = copy(sim)
    begun.dt = wall.replace(microsecond=0)
    return begun


@lru_cache(maxsize=1024)  # a tick may look at thousands of schedules, and few are written differently
def _parsed(expression: str) -> CronSim:
    """The rule, on a wall without a zone. Raises `InvalidInput`."""
    if len(expression) > MAX_EXPRESSION or len(expression.split()) != 5:
        raise InvalidInput(
            "cron", f"{expression[:40]!r} is not five fields: minute, hour, day of month, month, day of week"
        )
    try:
        return CronSim(expression, datetime(2000, 1, 1))  # noqa: DTZ001 - a time on a wall
    except CronSimError as error:
        raise InvalidInput("cron", f"{expression!r}: {error}") from error


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The time zone of that name. Raises `InvalidInput`."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ModuleNotFoundError, KeyError) as error:
        # ZoneInfoNotFoundError is a KeyError; a name that is a folder, or no path at all, raises the others.
        raise InvalidInput("timezone", f"{name[:60]!r} is no time zone; one is Europe/Berlin") from error


def _check_period(period: timedelta) -> None:
    if not LEAST_PERIOD <= period <= MOST_PERIOD:
        raise InvalidInput("every", f"{period} is not between a minute and {MOST_PERIOD.days} days")
    if period.microseconds:
        raise InvalidInput("every", "is not a whole number of seconds")


def upcoming(timetable: Timetable, after: datetime, count: int) -> list[datetime]:
    """The next fire times."""
    found: list[datetime] = []
    fire = timetable.after(after)
    while fire is not None and len(found) < count:
        found.append(fire)
        fire = timetable.after(fire)
    return found

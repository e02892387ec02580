"""Small whole time: 0, 1, 2 ... and then, at `END`, "much later": every wait is over, every clock agrees, every id is old."""

END = 4


def later(t: int, wait: int) -> int:
    """The time after a wait."""
    return END if t >= END else min(END, t + wait)


def tells(t: int, ahead: int) -> int:
    """What a clock says that is ahead by so much. None says "much later" before it is."""
    return t if t >= END else min(END - 1, t + ahead)


def before(t: int, wait: int) -> int:
    """So much before; much later stays much later."""
    return END if t >= END else t - wait


def age(now: int, then: int) -> int:
    """How long ago it was: much later it was long ago."""
    return 99 if now >= END else now - then


def lapsed(lease: int, now: int) -> bool:
    """Whether a lease is over."""
    return lease < now or now >= END

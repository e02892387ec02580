"""Times as the API writes them."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    """So many seconds after the start."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")

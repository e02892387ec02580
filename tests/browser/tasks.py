"""The tasks of these tests, named as people name them: letters, pictures, imports, reports."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.retry import Backoff
from chalicelib.pipeline.task import Options, Registry


def send_letter(to: str, template: str = "welcome") -> dict[str, str]:
    """Send a letter."""
    return {"to": to, "message_id": f"<{template}.{len(to)}@example.org>"}


def thumbnail(key: str, width: int = 320) -> dict[str, Any]:
    """Make a small picture of a large one."""
    return {"key": f"thumbs/{key}", "width": width, "bytes": 48_213}


def import_rows(file: str, rows: int = 0) -> int:
    """Read a table into the database."""
    if file.endswith(".xls"):
        raise ValueError(f"{file}: not a table of values separated by commas")
    return rows


def charge(order: str, cents: int) -> str:
    """Charge a card, by a provider that is sometimes away."""
    raise ConnectionError(f"the provider did not answer for order {order}")


def book_order(event: dict[str, Any]) -> str:
    """Write an order that was paid into the books."""
    return str(event["payload"]["order"])


def nightly_report(day: str = "yesterday") -> dict[str, int]:
    """Sum a day up."""
    return {"letters": 1204, "pictures": 310}


def echo(value: Any = None) -> Any:
    """Give back what came."""
    return value


def fail(why: str) -> None:
    """Fail for good, with these words."""
    raise ValueError(why)


def registry() -> Registry:
    """All of them."""
    made = Registry()
    for function in (send_letter, thumbnail, nightly_report, echo):
        made.add(function, None, Options())
    made.add(book_order, None, Options(topics=("orders.*",)))
    made.add(import_rows, None, Options(max_attempts=1))
    made.add(charge, None, Options(max_attempts=6, lane="high", backoff=Backoff(base=timedelta(seconds=20))))
    made.add(fail, None, Options(max_attempts=1))
    return made


def mend(tasks: Registry, name: str = "fail") -> None:
    """The task's code has been mended."""
    tasks[name].__dict__["function"] = lambda **given: given

"""What each feature costs: the rows of `make cost`, as tests/cost holds them."""

import ast
import json

from press.nav import ROOT
from press.reference.table import table

PROMISES = ROOT / "tests" / "cost" / "test_features.py"
PRICES = ROOT / "chalicelib" / "prices.json"


def units() -> dict[str, float]:
    """Feature to write units, in the table's order: the test's own dictionary, read without running it."""
    for node in ast.parse(PROMISES.read_text(encoding="utf-8")).body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == "UNITS"
        ):
            found: dict[str, float] = ast.literal_eval(node.value)
            return found
    raise LookupError(f"{PROMISES.name} has no UNITS any more")


def page() -> str:
    """The page."""
    prices = json.loads(PRICES.read_text(encoding="utf-8"))
    price = prices["per_million"]["write_units"]
    plain = units()["a plain job"]
    rows = [
        (name, f"{count:g}", f"{count - plain:+g}", f"{count * price:.2f}") for name, count in units().items()
    ]
    return (
        "# What each feature costs\n\n"
        "Write units of the table for one use, its job included, the index's writes among them: the rows of `make cost`, which counts every call on the real adapters. A test holds each. "
        f"Dollars are for a million uses, at {prices['region']}'s list price of {prices['as_of']} for on-demand writes, ${price} a million; API, queue and functions come on top ([the whole bill](../operations.md#cost)).\n\n"
        f"{table(('a use', 'write units', 'beyond a plain job', '$ a million'), rows)}\n\n"
        "A feature costs only those who use it: no plain job pays for any of these.\n"
    )

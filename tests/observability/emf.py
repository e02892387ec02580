"""Reading the embedded metric format as CloudWatch does, and refusing what CloudWatch would."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped] # its stubs are a package of their own

Dimensions = frozenset[tuple[str, str]]
Extracted = dict[tuple[str, Dimensions], list[float]]


@cache
def _schema() -> Draft7Validator:
    text = Path(__file__).with_name("emf_schema.json").read_text(encoding="utf-8")
    return Draft7Validator(json.loads(text))


def extracted(documents: Iterable[Mapping[str, Any]]) -> Extracted:
    """Every value by metric and dimensions. Raises for a document that is not valid, or beyond a limit."""
    found: Extracted = defaultdict(list)
    for document in documents:
        _schema().validate(document)
        assert len(json.dumps(document)) < 256 * 1024
        for directive in document["_aws"]["CloudWatchMetrics"]:
            assert directive["Namespace"] == "Jobline"
            assert len(directive["Metrics"]) <= 100
            for names in directive["Dimensions"]:
                assert len(names) <= 30
                dimensions = frozenset(
                    (name, document[name]) for name in names
                )  # each is a member of the document
                assert all(isinstance(value, str) and 1 <= len(value) <= 1024 for _, value in dimensions)
                for metric in directive["Metrics"]:
                    value = document[metric["Name"]]
                    values = value if isinstance(value, list) else [value]
                    assert 1 <= len(values) <= 100
                    assert all(isinstance(one, int | float) for one in values)
                    found[metric["Name"], dimensions] += values
    return found


def at(**dimensions: str) -> Dimensions:
    """Dimensions, named."""
    return frozenset(dimensions.items())

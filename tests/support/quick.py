"""What the tests' clouds do over and over, done quicker: hundreds of stages are stood up in a run.

moto reads each template by PyYAML: its C parser takes an eighth of the time. (Our templates are JSON by then, so none of the tags that moto
teaches the other parser is missed; one that was would be an error.) Each boto3 session reads its services' models: here a file is read once.
"""

from functools import cache
from typing import Any

import yaml
from botocore.loaders import JSONFileLoader

from tests.support import quick_moto

_load_file = JSONFileLoader.load_file


@cache
def _once(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def make_quick() -> None:
    """From now on, in this process."""
    yaml.Loader = getattr(yaml, "CLoader", yaml.Loader)  # type: ignore[misc]
    JSONFileLoader.load_file = lambda _, file_path: _once(file_path)  # type: ignore[method-assign,assignment]
    quick_moto.make_quick()

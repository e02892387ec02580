"""How many bytes an item has, by DynamoDB's published rule: what write and read units are reckoned from.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html:
names and strings count their UTF-8 bytes, binary its raw bytes, null and booleans 1; a number 1 byte for every two significant digits
plus 1, leading and trailing zeros trimmed; a list or map 3 bytes, and 1 more for each element or pair.
"""

import base64
import math
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

CONTAINER = 3
ELEMENT = 1


def item_size(item: Item) -> int:
    """Bytes of an item in DynamoDB's JSON: names and values of all its attributes, keys included.

    >>> item_size({"pk": {"S": "job"}, "n": {"N": "1200"}})
    8
    """
    return sum(len(name.encode()) + value_size(value) for name, value in item.items())


def value_size(value: Mapping[str, Any]) -> int:
    """Bytes of one value, without its name. Raises ValueError for a type that DynamoDB does not have."""
    [(kind, found)] = value.items()
    match kind:
        case "S":
            return len(found.encode())
        case "N":
            return number_size(found)
        case "B":
            return binary_size(found)
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(one.encode()) for one in found)
        case "NS":
            return sum(number_size(one) for one in found)
        case "BS":
            return sum(binary_size(one) for one in found)
        case "L":
            return CONTAINER + sum(ELEMENT + value_size(one) for one in found)
        case "M":
            return CONTAINER + len(found) * ELEMENT + item_size(found)
        case _:
            raise ValueError(f"DynamoDB has no type {kind!r}")


@lru_cache(100_000)
def number_size(text: str) -> int:
    """Bytes of a number. The rule says "approximately"; this is its upper end.

    Digits are paired from the decimal point, so that an odd exponent takes half a byte more, and a minus takes one.
    """
    number = Decimal(text)
    if number == 0:
        return 1
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), f"{text} is not finite"
    written = "".join(map(str, digits)).lstrip("0")
    trimmed = written.rstrip("0")
    exponent += len(written) - len(trimmed)
    return 1 + math.ceil((len(trimmed) + exponent % 2) / 2) + sign


def binary_size(found: bytes | str) -> int:
    """Raw bytes, given as such or as Base64."""
    return len(found if isinstance(found, bytes) else base64.b64decode(found))

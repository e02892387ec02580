"""JOBLINE_JWT_*: which issuer's bearer tokens a stage believes. Read only where one of them is set."""

import re
from collections.abc import Mapping
from datetime import timedelta

from chalicelib.domain.errors import InvalidInput
from chalicelib.pipeline.api_keys import SCOPES
from chalicelib.pipeline.public_address import address_of
from chalicelib.pipeline.trust import Trust

ALGORITHMS = ("RS256", "ES256")
MOST_LEEWAY = 300
PLAIN = re.compile(r"[\x21-\x7e]{1,255}")
VARIABLES = (
    "JOBLINE_JWT_ISSUER",
    "JOBLINE_JWT_AUDIENCE",
    "JOBLINE_JWT_ALGORITHM",
    "JOBLINE_JWT_KEYS",
    "JOBLINE_JWT_TENANT",
    "JOBLINE_JWT_SCOPE",
    "JOBLINE_JWT_SCOPES",
    "JOBLINE_JWT_PREFIX",
    "JOBLINE_JWT_LEEWAY",
)


def trust_of(environment: Mapping[str, str]) -> Trust:
    """What the variables say. Raises ValueError that names the variable."""
    if unknown := sorted({name for name in environment if name.startswith("JOBLINE_JWT_")} - {*VARIABLES}):
        raise ValueError(f"{unknown[0]} is no setting")
    for needed in ("JOBLINE_JWT_ISSUER", "JOBLINE_JWT_AUDIENCE"):
        if not environment.get(needed):
            raise ValueError(f"{needed} is not set: bearer tokens need an issuer and an audience")
    return Trust(
        issuer=_url("JOBLINE_JWT_ISSUER", environment["JOBLINE_JWT_ISSUER"], plain=True),
        audience=_word("JOBLINE_JWT_AUDIENCE", environment["JOBLINE_JWT_AUDIENCE"]),
        algorithm=_algorithm(environment.get("JOBLINE_JWT_ALGORITHM", "RS256")),
        keys_url=_url("JOBLINE_JWT_KEYS", environment["JOBLINE_JWT_KEYS"])
        if environment.get("JOBLINE_JWT_KEYS")
        else None,
        tenant_claim=_word("JOBLINE_JWT_TENANT", environment.get("JOBLINE_JWT_TENANT", "tenant")),
        scope_claim=_word("JOBLINE_JWT_SCOPE", environment.get("JOBLINE_JWT_SCOPE", "scope")),
        prefix=_prefix(environment.get("JOBLINE_JWT_PREFIX", "jobline:")),
        scopes=_scopes(environment.get("JOBLINE_JWT_SCOPES", "submit,read,operate")),
        leeway=_leeway(environment.get("JOBLINE_JWT_LEEWAY", "30")),
    )


def _url(variable: str, value: str, *, plain: bool = False) -> str:
    try:
        address_of(value)
    except InvalidInput as error:
        raise ValueError(f"{variable}={value[:100]!r} {error.why}") from error
    if plain and "?" in value:
        raise ValueError(f"{variable}={value[:100]!r} has a query")
    return value


def _word(variable: str, value: str) -> str:
    if not PLAIN.fullmatch(value):
        raise ValueError(f"{variable}={value[:100]!r} is not 1 to 255 characters of ASCII without spaces")
    return value


def _algorithm(value: str) -> str:
    if value not in ALGORITHMS:
        raise ValueError(f"JOBLINE_JWT_ALGORITHM={value[:100]!r} is neither {' nor '.join(ALGORITHMS)}")
    return value


def _prefix(value: str) -> str:
    return value and _word("JOBLINE_JWT_PREFIX", value)


def _scopes(value: str) -> frozenset[str]:
    named = frozenset(filter(None, map(str.strip, value.split(","))))
    if not named or not named <= SCOPES:
        raise ValueError(f"JOBLINE_JWT_SCOPES={value[:100]!r} is not some of {', '.join(sorted(SCOPES))}")
    return named


def _leeway(value: str) -> timedelta:
    if not (value.isascii() and value.isdecimal()) or int(value) > MOST_LEEWAY:
        raise ValueError(f"JOBLINE_JWT_LEEWAY={value[:40]!r} is not a number of seconds up to {MOST_LEEWAY}")
    return timedelta(seconds=int(value))

"""A stage as .chalice/config.json has it, and what must be right about it before anything is deployed."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from chalicelib.domain.lane import MINUTE, VISIBILITY
from chalicelib.lanes import BY_NAME
from chalicelib.settings import BadSetting, believed
from infra.names import FED_BY, FUNCTIONS, Names
from infra.own_key import misnamed
from infra.packaging.needs import TOKEN_READERS
from infra.sealing import unsealed

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / ".chalice" / "config.json"

LONGEST_FUNCTION_NAME = 64
LONGEST_BUCKET_NAME = 63


class NotReady(Exception):
    """The stage cannot be deployed as it is configured; says everything that is wrong, one line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(f"- {fault}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a deploy needs to know of a stage."""

    names: Names
    environment: Mapping[str, str]
    api_stage: str
    """The first part of the API's paths."""
    timeouts: Mapping[str, int]
    """Function to seconds."""

    def bucket(self, *, account: str, region: str) -> str:
        """The bucket's name: the configured one, or the one that follows from where the stage is."""
        return self.environment.get("JOBLINE_BUCKET") or self.names.bucket(account=account, region=region)


def load() -> dict[str, Any]:
    """The committed file."""
    read: dict[str, Any] = json.loads(CONFIG.read_text(encoding="utf-8"))
    return read


def stage(name: str, config: Mapping[str, Any]) -> Stage:
    """That stage, checked. Raises NotReady."""
    if name not in config["stages"]:
        raise NotReady([f"no stage {name!r} in {CONFIG.name}; it has {', '.join(sorted(config['stages']))}"])
    found = list(faults(name, config))
    if found:
        raise NotReady(found)
    given = config["stages"][name]
    return Stage(
        names=Names(app=config["app_name"], stage=name),
        environment=given["environment_variables"],
        api_stage=given["api_gateway_stage"],
        timeouts={function: given["lambda_functions"][function]["lambda_timeout"] for function in FUNCTIONS},
    )


def faults(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a stage. Chalice itself would deploy most of these without a word."""
    given = config["stages"][name]
    environment = given.get("environment_variables", {})
    if environment.get("JOBLINE_APP") != config["app_name"]:
        yield f"JOBLINE_APP is {environment.get('JOBLINE_APP')!r}, the app is {config['app_name']!r}"
    if environment.get("JOBLINE_STAGE") != name:
        yield f"JOBLINE_STAGE is {environment.get('JOBLINE_STAGE')!r}, the stage is {name!r}"
    if config.get("autogen_policy", True) or given.get("autogen_policy"):
        yield "autogen_policy is not false: Chalice would grant every call on every resource"
    if given.get("api_gateway_endpoint_type") != "REGIONAL":
        yield "api_gateway_endpoint_type is not REGIONAL: only a regional API may get more than 29 s"
    if not given.get("api_gateway_stage"):
        yield "api_gateway_stage is not set"
    if "lambda_functions" in config:
        yield "lambda_functions stand above the stages: Chalice ignores environment_variables and tags there"
    if "log_retention_in_days" in config or '"log_retention_in_days"' in json.dumps(given):
        yield "log_retention_in_days is set: Chalice makes a log group nobody writes to; the stack makes the right ones"
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    yield from _token_faults(environment, lock)
    yield from unsealed(environment, lock)
    yield from misnamed(environment)
    yield from _function_faults(Names(app=config["app_name"], stage=name), given.get("lambda_functions", {}))


def _token_faults(environment: Mapping[str, str], lock: str) -> Iterator[str]:
    """Of bearer tokens: their settings, and what reads them, which no package has that was not told to."""
    try:
        trust = believed(environment)
    except BadSetting as error:
        yield str(error)
        return
    named = {canonicalize_name(line.partition("==")[0]) for line in lock.splitlines() if "==" in line}
    if trust and (missing := sorted(TOKEN_READERS - named)):
        yield f"JOBLINE_JWT_ISSUER is set, and requirements.txt lacks {' and '.join(missing)}: name them in requirements.in and run make lock"


def _function_faults(names: Names, functions: Mapping[str, Any]) -> Iterator[str]:
    for function, called in names.functions.items():
        settings = functions.get(function, {})
        missing = [key for key in ("lambda_timeout", "iam_policy_file") if key not in settings]
        if missing:
            yield f"{function} has no {' and no '.join(missing)}"
        if len(called) > LONGEST_FUNCTION_NAME:
            yield f"{called} is longer than a function's name may be ({LONGEST_FUNCTION_NAME})"
    for function in sorted(set(functions) - set(FUNCTIONS)):
        yield f"{function} is none of our functions"


def placed_faults(given: Stage, *, account: str, region: str, visibility: int | None) -> Iterator[str]:
    """What is wrong with it in this account and region; `visibility`: the queues' timeout, in seconds, None: each lane's own."""
    bucket = given.bucket(account=account, region=region)
    if len(bucket) > LONGEST_BUCKET_NAME:
        yield f"{bucket} is longer than a bucket's name may be ({LONGEST_BUCKET_NAME}): set JOBLINE_BUCKET"
    for function, lane in FED_BY.items():
        hidden = visibility_of(lane) if visibility is None else visibility
        if VISIBILITY * given.timeouts[function] > hidden:
            yield f"{function} may run {given.timeouts[function]} s: VisibilityTimeout has to be {VISIBILITY} times that, not {hidden}"


def visibility_of(lane: str) -> int:
    """Seconds that a queue hides a message, unless the stack says otherwise for all."""
    declared = BY_NAME.get(lane)
    return int((declared.visibility if declared else VISIBILITY * MINUTE).total_seconds())

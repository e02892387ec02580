"""The environment as one frozen value, read once and checked: names of this stage's table, queues and bucket."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chalicelib.domain.late import regex
from chalicelib.domain.lean import dataclass
from chalicelib.lanes import DECLARED, LANES
from chalicelib.pipeline.console import Console
from chalicelib.pipeline.limits import Limits

if TYPE_CHECKING:
    from chalicelib.pipeline.trust import Trust

LOCAL = "local"
"""The stage of `jobline up`."""

DEAD_LETTERS = "dead-letters"

_NAME = regex(r"[a-z][a-z0-9-]{0,30}")
_KEY = regex(r"arn:aws[a-z-]*:kms:[a-z0-9-]{1,40}:\d{12}:key/[A-Za-z0-9-]{1,64}")
_SECONDS = {
    "JOBLINE_SWEEP_GRACE": "grace",
    "JOBLINE_CLOCK_LIMIT": "clock_limit",
    "JOBLINE_WAKE_GRACE": "wake_grace",
    "JOBLINE_LEASE_SKEW": "lease_skew",
}


class BadSetting(Exception):
    """A variable of the environment holds what it must not; the message names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What differs between stages."""

    app: str
    stage: str
    bucket: str
    metrics: bool  #: print them: CloudWatch reads what Lambda functions print, and nobody else does
    statistics: bool  #: keep them in the table
    lingers: (
        bool  #: `jobline up` alone: between two invocations its processes go on; on Lambda they stand still
    )
    task_modules: tuple[str, ...]
    limits: Limits
    webhooks_to_loopback: bool  #: `jobline up` alone: a receiver on the same machine may be tried
    region: str | None = None  #: where on AWS this runs; None: it runs elsewhere
    trust: "Trust | None" = None  #: whose bearer tokens are believed; None: API keys alone
    signed: bool = False  #: requests are signed with AWS credentials (JOBLINE_IAM)
    seal_key: str | None = (
        None  #: the KMS key by which what jobs carry is sealed; None: it is not (docs/sealing.md)
    )
    open_keys: tuple[str, ...] = ()  #: others, by which what was sealed before is still opened
    direct_calls: bool = True  #: plain calls to DynamoDB and SQS go without botocore's machinery (docs/decisions/0031-direct-calls.md)

    @property
    def table(self) -> str:
        """The one table."""
        return f"{self.app}-{self.stage}"

    @property
    def queues(self) -> Mapping[str, str]:
        """Lane to queue name, the dead-letter queue last."""
        return {lane: f"{self.app}-{self.stage}-{lane}" for lane in (*LANES, DEAD_LETTERS)}

    @property
    def events(self) -> str:
        """The SNS topic that the world outside listens to."""
        return f"{self.app}-{self.stage}-events"

    @property
    def consumers(self) -> Mapping[str, str]:
        """Lane to the name of its consumer's function."""
        return {lane.name: f"{self.app}-{self.stage}-{lane.consumer}" for lane in DECLARED}

    @property
    def console(self) -> Console | None:
        """Where people look at this stage on AWS."""
        if self.region is None:
            return None
        own = (self.table, *self.consumers.values(), f"{self.table}-dead_letters", f"{self.table}-tick")
        return Console(region=self.region, functions=own)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> "Settings":
        """Read JOBLINE_APP, _STAGE, _BUCKET, _TASKS, _METRICS, _STATISTICS, _DIRECT_CALLS, _IAM, _JWT_*, _SEAL_KEY, _OPEN_KEYS and the numbers in seconds. Raises `BadSetting` that names the variable."""
        app = environment.get("JOBLINE_APP", "jobline")
        stage = environment.get("JOBLINE_STAGE", "local")
        for variable, value in (("JOBLINE_APP", app), ("JOBLINE_STAGE", stage)):
            if not _NAME.fullmatch(value):
                raise BadSetting(f"{variable}={value!r} is not 1 to 31 lower-case letters, digits and dashes")
        modules = tuple(
            filter(None, map(str.strip, environment.get("JOBLINE_TASKS", "chalicelib.tasks").split(",")))
        )
        if not modules:
            raise BadSetting("JOBLINE_TASKS names no module")
        return cls(
            app=app,
            stage=stage,
            bucket=environment.get("JOBLINE_BUCKET") or f"{app}-{stage}-payloads",
            metrics=_metrics(environment),
            statistics=_switched("JOBLINE_STATISTICS", environment, "on"),
            lingers=stage == LOCAL and "AWS_LAMBDA_FUNCTION_NAME" not in environment,
            seal_key=next(iter(_keys("JOBLINE_SEAL_KEY", environment, most=1)), None),
            open_keys=_keys("JOBLINE_OPEN_KEYS", environment),
            direct_calls=_switched("JOBLINE_DIRECT_CALLS", environment, "on"),
            task_modules=modules,
            limits=_limits(environment),
            webhooks_to_loopback=_webhooks_to_loopback(stage, environment),
            region=_region(environment),
            trust=believed(environment),
            signed=_signed(stage, environment),
        )


def _keys(variable: str, environment: Mapping[str, str], most: int = 10) -> tuple[str, ...]:
    """ARNs of KMS keys, commas between them. No aliases: those can be pointed elsewhere, and policies cannot name them."""
    named = tuple(filter(None, map(str.strip, environment.get(variable, "").split(","))))
    for one in named:
        if not _KEY.fullmatch(one):
            raise BadSetting(f"{variable}: {one!r} is not the ARN of a KMS key (arn:aws:kms:...:key/...)")
    if len(named) > most:
        raise BadSetting(f"{variable} names {len(named)} keys, which are more than {most}")
    return named


def _region(environment: Mapping[str, str]) -> str | None:
    """Lambda says it. Whoever calls an emulator is not on AWS, whatever else the environment says."""
    on_aws = "AWS_LAMBDA_FUNCTION_NAME" in environment and "AWS_ENDPOINT_URL" not in environment
    region = environment.get("AWS_REGION", "")
    return region if on_aws and re.fullmatch(r"[a-z0-9-]{1,40}", region) else None


def believed(environment: Mapping[str, str]) -> "Trust | None":
    """Whose bearer tokens: nobody's unless a variable says something; then all of it has to be right. Raises `BadSetting`."""
    if not any(value and name.startswith("JOBLINE_JWT_") for name, value in environment.items()):
        return None
    from chalicelib.token_settings import trust_of

    try:
        return trust_of(environment)
    except ValueError as error:
        raise BadSetting(str(error)) from error


def _signed(stage: str, environment: Mapping[str, str]) -> bool:
    """Off by default. On, the signature takes the place of keys and tokens, in the very header that they come in."""
    on = _switched("JOBLINE_IAM", environment, "off")
    if on and stage == LOCAL:
        raise BadSetting(
            "JOBLINE_IAM=on needs API Gateway, which the local stage has not: it stays with keys"
        )
    if on and believed(environment) is not None:
        raise BadSetting("JOBLINE_IAM=on and JOBLINE_JWT_ISSUER: both come in one header; choose one")
    return on


def _webhooks_to_loopback(stage: str, environment: Mapping[str, str]) -> bool:
    """Off, and it can be on only where nothing but this machine is within reach: in the local stage, on an emulator's loopback address.

    Elsewhere it would let callers ask what runs beside our functions. There it is refused, so that nobody leaves it on unseen.
    """
    variable = "JOBLINE_WEBHOOKS_TO_LOOPBACK"
    word = environment.get(variable, "off")
    if word not in ("on", "off"):
        raise BadSetting(f"{variable}={word!r} is neither on nor off")
    cloud = urlsplit(environment.get("AWS_ENDPOINT_URL", "")).hostname
    on_lambda = "AWS_LAMBDA_FUNCTION_NAME" in environment
    if word == "on" and (stage != LOCAL or cloud not in ("127.0.0.1", "localhost") or on_lambda):
        raise BadSetting(
            f"{variable}=on is for `jobline up` alone: stage {LOCAL}, with an emulator on the loopback address"
        )
    return word == "on"


def _metrics(environment: Mapping[str, str]) -> bool:
    """On where there is a CloudWatch: on Lambda. JOBLINE_METRICS (`on`, `off`) has the last word."""
    return _switched(
        "JOBLINE_METRICS", environment, "on" if "AWS_LAMBDA_FUNCTION_NAME" in environment else "off"
    )


def _switched(variable: str, environment: Mapping[str, str], usual: str) -> bool:
    word = environment.get(variable, usual)
    if word not in ("on", "off"):
        raise BadSetting(f"{variable}={word!r} is neither on nor off")
    return word == "on"


def _limits(environment: Mapping[str, str]) -> Limits:
    given: dict[str, Any] = {}
    for variable, field in _SECONDS.items():
        text = environment.get(variable)
        if text is None:
            continue
        if not text.isdecimal() or not 1 <= int(text) <= 3600:
            raise BadSetting(f"{variable}={text!r} is not a whole number of seconds from 1 to 3600")
        given[field] = timedelta(seconds=int(text))
    limits = replace(Limits(), **given)
    if limits.clock_limit >= limits.grace:
        raise BadSetting(
            "JOBLINE_CLOCK_LIMIT is not below JOBLINE_SWEEP_GRACE: their difference is what clocks may differ by"
        )
    return limits


def queue_name(lane: str) -> str:
    """A lane's queue name by the environment: Chalice's decorators ask for it when app.py is imported."""
    return Settings.from_env(os.environ).queues[lane]

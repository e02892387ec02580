"""What must hold of a stage that has just been deployed, asked of the cloud itself: exit codes have lied before."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx

from infra import live
from infra.chalice_ext import ALLOW, recursion
from infra.config import Stage
from infra.names import FED_BY
from infra.place import Place
from infra.stack import pauses

HEALTH_TRIES = 12  # about 40 s: a new role takes a while until all of AWS knows it


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at. `ok` None: this cloud cannot tell."""

    what: str
    ok: bool | None
    found: str = ""


def verify(place: Place, stage: Stage, *, pause: Callable[[float], None] = time.sleep) -> Iterator[Finding]:
    """Look at everything, in the order of its making."""
    found = live.functions(place, stage.names)
    for function, called in stage.names.functions.items():
        if function not in found:
            yield Finding(what=f"{called} is there", ok=False, found="no such function")
            continue
        yield _environment(place, stage, called, found[function])
    for function, lane in FED_BY.items():
        if function in found:
            yield from _fed(place, stage, function, lane)
    yield Finding(what=f"the rule {stage.names.rule} is there", ok=live.rule(place, stage.names) is not None)
    yield _health(place, stage, pause)


def _environment(place: Place, stage: Stage, called: str, found: Mapping[str, Any]) -> Finding:
    bucket = stage.bucket(account=place.account, region=place.region)
    wanted = {**stage.environment, "JOBLINE_BUCKET": bucket}
    there = found.get("Environment", {}).get("Variables", {})
    wrong = sorted(name for name in wanted if there.get(name) != wanted[name])
    told = f"wrong or missing: {', '.join(wrong)}" if wrong else ""
    return Finding(what=f"{called} knows its stage and its bucket", ok=not wrong, found=told)


def _fed(place: Place, stage: Stage, function: str, lane: str) -> Iterator[Finding]:
    """A function, its one queue, and what Chalice alone would have left out."""
    called, queue = stage.names.functions[function], stage.names.queues[lane]
    found = live.mappings(place, called)
    feeding = [mapping for mapping in found if mapping.queue_arn.endswith(f":{queue}")]
    right = len(feeding) == len(found) == 1
    told = "" if right else f"{len(feeding)} mappings from it, {len(found)} in all"
    yield Finding(what=f"{called} is fed by {queue} alone", ok=right, found=told)
    if feeding:
        partial = all(mapping.partial for mapping in feeding)
        told = "" if partial else "failed messages would be deleted with the rest of their batch"
        yield Finding(what=f"{called} reports failed records one by one", ok=partial, found=told)
    setting = recursion(place.client("lambda"), called)
    yield Finding(
        what=f"{called} may feed itself retries",
        ok=None if setting is None else setting == ALLOW,
        found="this cloud has no such setting" if setting is None else f"RecursiveLoop={setting}",
    )


def _health(place: Place, stage: Stage, pause: Callable[[float], None]) -> Finding:
    api = live.rest_api(place, stage.names)
    if api is None:
        return Finding(what="the API answers", ok=False, found="no REST API may call its function")
    url = f"{place.api_url(api, stage.api_stage)}/health"
    told = "not asked"
    for seconds in islice(pauses(), HEALTH_TRIES):
        try:
            answer = httpx.get(url, timeout=35)
            if answer.status_code == httpx.codes.OK and answer.json().get("status") == "ok":
                return Finding(what="the API answers", ok=True, found=f"{url}: 200")
            told = f"{url}: {answer.status_code} {answer.text[:200]}"
        except (httpx.HTTPError, ValueError) as error:
            told = f"{url}: {error}"
        pause(seconds)
    return Finding(what="the API answers", ok=False, found=told)

"""The functions: there, of the right settings, on a Python that we support, traced."""

from collections.abc import Iterator

from infra.names import FUNCTIONS
from jobline.doctor.finding import Seen, check, fail, ok, warn
from jobline.doctor.live import Live

OLDEST = (3, 11)
REDEPLOY = "python -m infra deploy --stage STAGE"


@check(
    "functions",
    why="What is not there, or did not take its last update, does nothing of its part.",
    mend=REDEPLOY + "; what Lambda says of a failed update names the cause.",
)
def there(live: Live) -> Iterator[Seen]:
    for function in FUNCTIONS:
        called = live.names.functions[function]
        found = live.functions.get(function)
        if found is None:
            yield fail(f"{called} is not there")
        elif found.get("State", "Active") == "Failed" or found.get("LastUpdateStatus") == "Failed":
            yield fail(f"{called} failed: {found.get('LastUpdateStatusReason') or found.get('StateReason')}")
        else:
            yield ok(f"{called} is there")


@check(
    "environment",
    why="A function that has another stage's names works on another stage's data.",
    mend=REDEPLOY + ": it sets what .chalice/config.json says, and the bucket.",
)
def environment(live: Live) -> Iterator[Seen]:
    for function, found in live.functions.items():
        own = live.configured["lambda_functions"][function].get("environment_variables", {})
        wanted = {**live.stage.environment, "JOBLINE_BUCKET": live.bucket, **own}
        has = found.get("Environment", {}).get("Variables", {})
        wrong = sorted(name for name in wanted.keys() | has.keys() if wanted.get(name) != has.get(name))
        called = live.names.functions[function]
        yield fail(f"{called}: {', '.join(wrong)}") if wrong else ok(f"{called} knows its stage")


@check(
    "settings",
    why="Timeouts and memory changed by hand are undone by the next deploy, and a longer timeout needs a longer visibility.",
    mend=REDEPLOY + ", or write them into .chalice/config.json.",
)
def settings(live: Live) -> Iterator[Seen]:
    for function, found in live.functions.items():
        configured, called = live.configured["lambda_functions"][function], live.names.functions[function]
        wanted = (configured["lambda_timeout"], configured.get("lambda_memory_size", 128))
        has = (found["Timeout"], found["MemorySize"])
        told = f"{called}: {has[0]} s, {has[1]} MB"
        yield ok(told) if has == wanted else fail(f"{told}; configured are {wanted[0]} s, {wanted[1]} MB")


@check(
    "runtime",
    why="Chalice deploys the Python that runs it: functions on different ones, or on an old one, fail at import.",
    mend="Deploy from Python 3.11 or later: " + REDEPLOY,
)
def runtime(live: Live) -> Iterator[Seen]:
    found = {live.functions[function].get("Runtime", "none") for function in live.functions}
    if len(found) > 1:
        yield fail(f"several at once: {', '.join(sorted(found))}")
    for each in found:
        new_enough = each.startswith("python3.") and _version(each) >= OLDEST
        yield ok(each) if new_enough else fail(f"{each} is not python{OLDEST[0]}.{OLDEST[1]} or later")


def _version(called: str) -> tuple[int, ...]:
    return tuple(map(int, called.removeprefix("python").split(".")))


@check(
    "tracing",
    why="A function that does not trace is a hole in every job's trace.",
    mend='Have "xray": true in .chalice/config.json; ' + REDEPLOY,
)
def tracing(live: Live) -> Iterator[Seen]:
    wanted = live.configured.get("xray", live.config.get("xray", False))
    for function, found in live.functions.items():
        mode = found.get("TracingConfig", {}).get("Mode", "PassThrough")
        told = f"{live.names.functions[function]}: {mode}"
        if not wanted:
            yield warn(f"{told}; tracing is off in .chalice/config.json") if mode != "Active" else ok(told)
        else:
            yield ok(told) if mode == "Active" else fail(told)


CHECKS = (there, environment, settings, runtime, tracing)

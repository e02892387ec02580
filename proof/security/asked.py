"""Ask the API what its own OpenAPI document says one may ask, and what it says one may not: schemathesis over the real app on memory twins.

`python -m proof.security.asked --cases 100000`, in the tools' own environment. Its last line is JSON: cases, server_errors,
findings, and the answers by operation and status.
"""

import argparse
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.desk import Caller
from tests.security.ground import Ground, furnished, name_for, quiet

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FRESH = 400
"""After so many requests the stage is a new one, so that it never holds much."""

SHOWN = 30
NOT_SENT = {"host", "user-agent", "accept-encoding", "connection", "content-length"}


class Stage:
    """The app as WSGI, on a stage that has something of everything, asked by one who may do everything."""

    def __init__(self) -> None:
        self.asked = 0
        self._ground: Ground | None = None
        self._caller: Caller | None = None

    @property
    def ground(self) -> Ground:
        """The stage as it is now."""
        if self._ground is None or self.asked % FRESH == 0:
            self._ground = furnished()
            self._caller = self._ground.desk.caller("admin", tenant="ann")
        return self._ground

    def __call__(self, environ: Mapping[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        ground, caller = self.ground, self._caller
        assert caller is not None
        self.asked += 1
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers = {name: value for name, value in headers.items() if name not in NOT_SENT}
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        headers["authorization"] = f"Bearer {caller.token}"
        path = environ["PATH_INFO"].encode("latin-1")
        path = "/" + quote(path.removeprefix(b"/"), safe="/-_.~!$&'()*+,=:@")
        if environ.get("QUERY_STRING"):
            path = f"{path}?{environ['QUERY_STRING']}"
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = ground.desk.client.request(environ["REQUEST_METHOD"], path, headers=headers, body=body)
        start(f"{answer.status_code} -", [(name, str(value)) for name, value in answer.headers.items()])
        return [answer.body]


class Found:
    """What was found, each kind once."""

    def __init__(self) -> None:
        self.cases = self.server_errors = 0
        self.kinds: dict[str, str] = {}
        self.answers: dict[str, dict[str, int]] = {}

    def look(self, case: Any) -> None:
        """Ask, and hold the answer against the document."""
        self.cases += 1
        answer = case.call()
        self.server_errors += answer.status_code >= 500
        statuses = self.answers.setdefault(case.operation.label, {})
        statuses[str(answer.status_code)] = statuses.get(str(answer.status_code), 0) + 1
        try:
            # API Gateway gives an answer without a body a type as well; there is nothing in it to hold against a schema.
            case.validate_response(answer, checks=CHECKS[:-1] if answer.status_code == 204 else CHECKS)
        except BaseExceptionGroup as group:
            for error in group.exceptions:
                kind = f"{case.operation.label}: {type(error).__name__} {answer.status_code}"
                self.kinds.setdefault(kind, f"{error}\n{case.as_curl_command()[:600]}")


def ask(cases: int, chance: int) -> Found:
    """So many cases, spread over all operations, right ones and wrong ones."""
    stage, found = Stage(), Found()
    with quiet():
        ground = stage.ground
        document = dict(ground.desk.document)
        schema = schemathesis.openapi.from_dict(document)
        schema.app = stage
        operations = [one.ok() for one in schema.get_all_operations()]

        @schemathesis.hook  # type: ignore[untyped-decorator] # the library has no types here
        def map_path_parameters(context: Any, path_parameters: Any) -> Any:
            """Two of three ids and names are of something that is there."""
            if path_parameters and {"id", "name"} & {*path_parameters} and stage.asked % 3:
                here, (method, path) = stage.ground, context.operation.label.split(" ", 1)
                route = next(one for one in _routes() if (one.method, one.path) == (method, path))
                if "id" in path_parameters:
                    path_parameters["id"] = here.id_for(route)
                else:
                    path_parameters["name"] = name_for(route)
            return path_parameters

        before = -1
        while (
            before < found.cases < cases
        ):  # some have fewer cases than their share: the others make up for it
            before, left = found.cases, cases - found.cases
            each = -(-left // (2 * len(operations)))
            for operation in operations:
                for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
                    _drive(operation, mode, each, chance, found)
            chance += 1
    return found


def _routes() -> Any:
    from chalicelib.entrypoints.api.routes import ROUTES

    return ROUTES


def _drive(operation: Any, mode: GenerationMode, count: int, chance: int, found: Found) -> None:
    """Draw cases until there are so many. An operation that takes nothing has no wrong ones."""
    try:
        strategy = operation.as_strategy(generation_mode=mode)
    except Exception as error:  # noqa: BLE001 - schemathesis says so in several ways
        logging.getLogger(__name__).debug("%s has no %s cases: %s", operation.label, mode, error)
        return

    @seed(chance)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def drawn(case: Any) -> None:
        found.look(case)

    try:
        drawn()
    except Exception as error:
        if "Unsatisfiable" not in type(error).__name__ and "NegativeGeneration" not in type(error).__name__:
            raise


def main() -> None:
    """Ask, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given_ = parser.parse_args()
    logging.disable(logging.CRITICAL)
    found = ask(given_.cases, given_.seed)
    for kind, words in list(found.kinds.items())[:SHOWN]:
        print(f"{kind}\n  {words}\n")
    counts = {"cases": found.cases, "server_errors": found.server_errors, "findings": len(found.kinds)}
    print(json.dumps({**counts, "answers": found.answers, "kinds": [*found.kinds]}))


if __name__ == "__main__":
    main()

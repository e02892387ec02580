"""A curl line for an operation, ready to be pasted after two exports."""

import json
import shlex
from typing import Any

EXPORTS = """\
export JOBLINE_URL=http://127.0.0.1:8000   # or what the deployment printed
export JOBLINE_API_KEY=jl_...              # an API key"""

_NAMES = {"{id}": "$JOB", "{name}": "count_down"}


def curl(method: str, path: str, operation: dict[str, Any]) -> str:
    """The command."""
    for name, stand_in in _NAMES.items():
        path = path.replace(name, stand_in)
    lines = [f'curl -sS "$JOBLINE_URL{path}"']
    if method != "get":
        lines[0] = f'curl -sS -X {method.upper()} "$JOBLINE_URL{path}"'
    if {} not in operation["security"]:
        lines.append('-H "Authorization: Bearer $JOBLINE_API_KEY"')
    body = operation.get("requestBody")
    if body:
        example = json.dumps(body["content"]["application/json"]["example"])
        lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(example)}"]
    return " \\\n  ".join(lines)

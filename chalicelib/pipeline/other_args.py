"""Other arguments for a job that has another life: given whole, or by a JSON Patch, and checked before anything is written."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.errors import InvalidInput, PayloadMissing
from chalicelib.domain.flow import Gate, GateKind
from chalicelib.domain.job import Job, Payload
from chalicelib.domain.lean import dataclass
from chalicelib.pipeline import json_patch, strict_json
from chalicelib.pipeline.gates import gates_of
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.payloads import load, place
from chalicelib.pipeline.sealer import args_of
from chalicelib.pipeline.shown_args import refuses
from chalicelib.pipeline.tenant_gate import of_tenant


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherArgs:
    """Either of the two."""

    args: Mapping[str, Any] | None = None
    patch: Sequence[Mapping[str, Any]] | None = None

    def check(self) -> None:
        """Raise `InvalidInput` for what can be said without a job."""
        if self.args is not None and self.patch is not None:
            raise InvalidInput("patch", "give args or patch, not both")
        if self.patch is not None:
            json_patch.check(self.patch)

    def of(self, job: Job, parts: Parts) -> dict[str, Any]:
        """This job's new arguments, as its task takes them. Raises `InvalidInput` that names the operation or the argument, `Unavailable`."""
        values: Any = dict(self.args) if self.args is not None else self._patched(job, parts)
        if not isinstance(values, dict):
            raise InvalidInput("patch", "makes of the arguments what is no object")
        parts.registry[job.task].signature.check(values)
        return values

    def _patched(self, job: Job, parts: Parts) -> Any:
        try:
            before = patience(parts)(load, job.args, whose=args_of(job), parts=parts)
        except PayloadMissing as error:
            raise InvalidInput("patch", "the job's arguments are gone; give it whole new ones") from error
        for number, operation in enumerate(self.patch or ()):
            if member := refuses(operation, job.task, before, parts.registry):
                raise InvalidInput(
                    f"patch[{number}].{member}", "leads to a secret argument, which nothing may read"
                )
        return json_patch.apply(self.patch or (), before)


def placed(values: Mapping[str, Any], job: Job, parts: Parts) -> Payload:
    """The arguments as the job's payload, stored if they are large. Raises `InvalidInput`, `TooLarge`, `Unavailable`."""
    text = strict_json.write_readable(dict(values), name="args", limit=MAX_BODY)
    due = parts.world.now() + job.keep
    return patience(parts)(place, text, whose=args_of(job), due=due, parts=parts)


def gates(values: Mapping[str, Any], job: Job, parts: Parts) -> tuple[Gate, ...]:
    """What the job has to pass with these arguments. Its line stays: it was told its group when it was submitted; and its tenant's gates do."""
    lines = tuple(gate for gate in job.gates if gate.kind is GateKind.ORDER)
    others = [gate for gate in gates_of(parts.registry[job.task], values) if gate.kind is not GateKind.ORDER]
    slots = [gate for gate in others if gate.kind is GateKind.SLOTS]
    rates = [gate for gate in others if gate.kind is GateKind.RATE]
    return (*lines, *slots, *filter(of_tenant, job.gates), *rates)

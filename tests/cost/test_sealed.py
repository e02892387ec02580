"""What sealing costs a plain job: no call, no write unit, 37 bytes for each of its arguments and its result; and one key an hour."""

from dataclasses import replace

import pytest
from moto import mock_aws

from bench.meter import Meter, metering
from bench.run import JOBS, LARGE, Poller, as_found, submit_plain
from bench.stage import echo, plain, stage
from chalicelib import wiring
from chalicelib.adapters.memory.sealing import MemoryKeyService, memory_sealer
from tests.contract.backends import one_at_a_time

COUNT = 20
PLAIN = {"dynamodb.PutItem": COUNT, "dynamodb.UpdateItem": 2 * COUNT}


@pytest.fixture(scope="module", params=["clear", "sealed"])
def counted(request):
    meter, kms = Meter(), MemoryKeyService()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws(), one_at_a_time(), metering(meter), stage() as made:
            found = made
            if request.param == "sealed":
                sealer = memory_sealer(found.parts.items, found.parts.world, service=kms)
                found = replace(made, parts=replace(made.parts, sealer=sealer))
                wiring.use(found.parts)
            poller = Poller(found)
            as_found(found.parts)
            poller.poll()
            found.parts.sealer.ready()
            for phase, task in ((JOBS, plain), (LARGE, echo)):
                with meter.during(phase):
                    submit_plain(task.__name__, COUNT, found.parts)
                    poller.bring(COUNT)
    return request.param, meter, kms


def test_a_plain_job_stays_at_three_write_units_and_makes_the_same_calls(counted):
    _, meter, kms = counted
    calls = {name: tally.calls for name, tally in meter.phases[JOBS].items() if name.startswith("dynamodb")}
    units = sum(tally.write_units for tally in meter.phases[JOBS].values())
    assert (calls, units) == (PLAIN, 3 * COUNT)
    assert len(kms.asked) <= 1


def test_its_row_stays_within_a_kibibyte(counted):
    how, meter, _ = counted
    assert max(meter.row_bytes.values()) <= 1024, (how, meter.row_bytes)

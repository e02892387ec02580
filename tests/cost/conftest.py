"""Plain jobs, counted on moto once a run."""

import pytest
from moto import mock_aws

from bench.figures import Figures, figures
from bench.meter import Meter, metering
from bench.run import measure
from bench.stage import stage
from tests.contract.backends import one_at_a_time
from tests.support.once import once

PLAIN_JOBS = 100


@pytest.fixture(scope="session")
def on_moto(tmp_path_factory) -> tuple[Meter, Figures]:
    phases, row_bytes, found = once("plain-jobs", _counted, tmp_path_factory)
    return Meter(phases=phases, row_bytes=row_bytes), found


def _counted():
    meter = Meter()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        with mock_aws(), one_at_a_time(), metering(meter), stage() as found:
            measure(found, meter, jobs=PLAIN_JOBS)
    phases = {phase: dict(operations) for phase, operations in meter.phases.items()}
    return phases, meter.row_bytes, figures(meter, jobs=PLAIN_JOBS)

"""A stage that names a key for what jobs carry: rights for it and the library, or no deploy. A stage that names none: neither."""

import json

import pytest

from infra import names
from infra.config import CONFIG, ROOT, faults
from infra.packaging.build import NotBuilt, build
from infra.policies import policy
from infra.sealing import unsealed

ARN = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
OLD = ARN.replace("1111", "9999")


def config(**variables):
    found = json.loads(CONFIG.read_text())
    found["stages"]["dev"]["environment_variables"] |= variables
    return found


def of_kms(function, **keys):
    found = policy(function, app="jobline", stage="dev", **keys)["Statement"]
    return {
        one["Action"][0]: (one["Resource"], one["Condition"]) for one in found if "kms:" in str(one["Action"])
    }


BOUND = {"StringEquals": {"kms:EncryptionContext:stage": "jobline-dev"}}


@pytest.mark.parametrize("function", names.FUNCTIONS)
def test_each_function_may_seal_and_open_for_its_own_stage_and_only_where_a_key_is_named(function):
    assert of_kms(function) == {}
    assert of_kms(function, seal_key=ARN) == {
        "kms:GenerateDataKey": ([ARN], BOUND),
        "kms:Decrypt": ([ARN], BOUND),
    }
    assert of_kms(function, seal_key=ARN, open_keys=(OLD,))["kms:Decrypt"] == (sorted([ARN, OLD]), BOUND)
    assert of_kms(function, open_keys=(OLD,)) == {"kms:Decrypt": ([OLD], BOUND)}


@pytest.mark.parametrize("variable", ["JOBLINE_SEAL_KEY", "JOBLINE_OPEN_KEYS"])
def test_a_stage_that_seals_is_not_deployed_without_the_library(variable):
    environment = config(**{variable: ARN})["stages"]["dev"]["environment_variables"]
    told = f"{variable} is set, and requirements.txt lacks cryptography"
    assert told in " ".join(faults("dev", config(**{variable: ARN})))
    assert list(unsealed(environment, "# via cryptography\ncryptography==50.0.2 \\\n")) == []
    assert len(list(unsealed(environment, "# via cryptography\n"))) == 1


def test_nor_is_it_packaged(tmp_path):
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice/config.json").write_text(json.dumps(config(JOBLINE_SEAL_KEY=ARN)))
    (tmp_path / "requirements.txt").write_text("")
    with pytest.raises(NotBuilt, match="lacks cryptography"):
        build(tmp_path / "out", stage="dev", root=tmp_path)


def test_what_is_committed_names_no_key_and_ships_no_cipher():
    lock = (ROOT / "requirements.txt").read_text()
    assert "cryptography" not in lock
    for stage in config()["stages"].values():
        assert list(unsealed(stage["environment_variables"], lock)) == []

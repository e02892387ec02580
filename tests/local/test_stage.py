"""The local stage's environment: the caller's, with one cloud, which is the emulator."""

from jobline.local.python import ROOT, finding_us
from jobline.local.stage import stage_environment

EMULATOR = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "local"}


def test_the_callers_cloud_and_settings_do_not_get_in():
    theirs = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "x",
        "JOBLINE_BUCKET": "theirs",
        "PATH": "/bin",
    }

    found = stage_environment(theirs, EMULATOR, tasks="mine")

    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "JOBLINE_BUCKET"} & set(found)
    assert found["AWS_ENDPOINT_URL"] == EMULATOR["AWS_ENDPOINT_URL"]
    assert found["PATH"] == "/bin"
    assert found["JOBLINE_TASKS"] == "mine"


def test_a_proxy_is_kept_for_the_world_and_passed_by_for_the_loopback_address():
    assert stage_environment({}, {}, tasks="t")["NO_PROXY"] == "127.0.0.1,localhost"

    found = stage_environment({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "corp"}, {}, tasks="t")

    assert found["HTTPS_PROXY"] == "http://proxy"
    assert found["NO_PROXY"] == found["no_proxy"] == "corp,127.0.0.1,localhost"


def test_our_own_modules_come_first_on_the_path():
    assert finding_us({})["PYTHONPATH"] == str(ROOT)
    assert finding_us({"PYTHONPATH": "/theirs"})["PYTHONPATH"] == f"{ROOT}:/theirs"

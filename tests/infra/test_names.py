"""The names in infra/names.py are those that the template gives, and those that Chalice gives."""

import json

import pytest
from cfnlint.decode import decode
from chalice.config import Config
from chalice.deploy.appgraph import ApplicationGraphBuilder, DependencyBuilder

from chalicelib.settings import Settings
from infra.config import CONFIG, ROOT
from infra.names import FED_BY, FUNCTIONS, Names
from infra.stack import TEMPLATE

NAMES = Names(app="jobline", stage="dev")
CONFIGURED = json.loads(CONFIG.read_text())


def named(kind: str, property_: str) -> set[str]:
    """What the template calls the resources of a type, for this app and stage."""
    parsed, _ = decode(str(TEMPLATE))
    subs = [
        resource["Properties"][property_]["Fn::Sub"]
        for resource in parsed["Resources"].values()
        if resource["Type"] == kind
    ]
    return {sub.replace("${App}", "jobline").replace("${Stage}", "dev") for sub in subs}


@pytest.fixture(scope="module")
def planned():
    """Everything that `chalice deploy --stage dev` would make, by kind."""
    import app

    config = Config(
        chalice_stage="dev",
        user_provided_params={"project_dir": str(ROOT), "chalice_app": app.app},
        config_from_disk=CONFIGURED,
    )
    graph = ApplicationGraphBuilder().build(config, "dev")
    return DependencyBuilder().build_dependencies(graph)


def test_the_template_makes_what_the_names_say():
    assert named("AWS::SQS::Queue", "QueueName") == {*NAMES.queues.values(), NAMES.undelivered}
    assert named("AWS::DynamoDB::Table", "TableName") == {NAMES.table}
    assert named("AWS::SNS::Topic", "TopicName") == {NAMES.events, NAMES.alarms}
    assert named("AWS::Logs::LogGroup", "LogGroupName") == set(NAMES.log_groups.values())
    assert named("AWS::CloudWatch::Dashboard", "DashboardName") == {NAMES.dashboard}


def test_every_alarm_is_called_after_its_stage():
    assert all(name.startswith("jobline-dev-") for name in named("AWS::CloudWatch::Alarm", "AlarmName"))


def test_the_functions_read_the_same_names_from_their_environment():
    settings = Settings.from_env({"JOBLINE_APP": "jobline", "JOBLINE_STAGE": "dev"})

    assert settings.table == NAMES.table
    assert dict(settings.queues) == dict(NAMES.queues)


def test_chalice_plans_the_functions_and_roles_that_the_names_say(planned):
    functions = {r.resource_name: r.function_name for r in planned if type(r).__name__ == "LambdaFunction"}
    roles = {r.resource_name: r.role_name for r in planned if type(r).__name__ == "ManagedIAMRole"}

    assert functions == dict(NAMES.functions)
    assert roles == {f"{function}_role": role for function, role in NAMES.roles.items()}


def test_chalice_feeds_each_function_from_the_queue_that_the_names_say(planned):
    fed = {r.resource_name: r.queue for r in planned if type(r).__name__ == "SQSEventSource"}

    # app.py was imported for the local stage here, as the environment says
    assert {name.removesuffix("-sqs-event-source"): queue for name, queue in fed.items()} == {
        function: Names(app="jobline", stage="local").queues[lane] for function, lane in FED_BY.items()
    }


def test_chalice_calls_the_rule_and_the_api_what_recovery_looks_for(planned):
    (rule,) = [r for r in planned if type(r).__name__ == "ScheduledEvent"]
    (api,) = [r for r in planned if type(r).__name__ == "RestAPI"]

    assert (rule.resource_name, rule.rule_name) == ("tick-event", NAMES.rule)
    assert api.resource_name == "rest_api"


def test_no_function_is_forgotten():
    assert set(FUNCTIONS) == set(CONFIGURED["stages"]["dev"]["lambda_functions"])


def test_the_longest_name_of_a_region_still_fits_a_bucket():
    assert len(NAMES.bucket(account="123456789012", region="ap-southeast-7")) <= 63

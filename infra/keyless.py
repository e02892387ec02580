"""The alarm for jobs that wait for the key of what they carry. Only in a stack whose stage names such a key: without one no job can.

Such jobs wait for as long as it takes, use up no attempt and die of nothing, so no other alarm would tell.
"""

import json
from collections.abc import Mapping

VARIABLES = ("JOBLINE_SEAL_KEY", "JOBLINE_OPEN_KEYS")
NAME = "jobs-without-key"
LOGICAL_ID = "JobsWithoutKey"


def names_a_key(environment: Mapping[str, str]) -> bool:
    """Whether what this stage's jobs carry is sealed, or was."""
    return any(environment.get(variable, "").strip() for variable in VARIABLES)


def watched(body: str, environment: Mapping[str, str]) -> str:
    """The template, in JSON, with the alarm; as it is for a stage that names no key."""
    if not names_a_key(environment):
        return body
    template = json.loads(body)
    template["Resources"][LOGICAL_ID] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Condition": "IsWatched",
        "Properties": {
            "AlarmName": {"Fn::Sub": f"${{App}}-${{Stage}}-{NAME}"},
            "AlarmDescription": "Jobs came to run and the key of what they carry cannot be used; they wait for it. "
            f"See docs/operations.md#{NAME}.",
            "Namespace": "Jobline",
            "MetricName": "JobsWithoutKey",
            "Dimensions": [{"Name": "service", "Value": {"Fn::Sub": "${App}-${Stage}"}}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 4,
            "DatapointsToAlarm": 2,  # a moment's throttling of KMS is nothing to wake for; old jobs ask every 15 minutes alone
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Alarms"}],
            "OKActions": [{"Ref": "Alarms"}],
        },
    }
    return json.dumps(template, separators=(",", ":"), ensure_ascii=False)

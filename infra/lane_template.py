"""What the stack's template says of each lane: its queue, its log group, its alarms, its output. Text, as infra/lanes.py writes it there."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.lane import VISIBILITY, Lane

_NOT_KMS = """\
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_27
            comment: Encrypted with SSE-SQS, which this rule does not know; a key of our own would cost a KMS call a batch.
"""
_NOT_KMS_LOGS = """\
    Metadata:
      checkov:
        skip:
          - id: CKV_AWS_158
            comment: Encrypted with CloudWatch's own key; the lines hold no arguments, results or secrets.
"""
_NOWHERE = "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${App}-${Stage}"


def logical(lane: Lane) -> str:
    """The beginning of the lane's names in the template: BigReports, of big-reports."""
    return "".join(word.capitalize() for word in lane.name.split("-"))


def hidden(timeout: timedelta) -> int:
    """Seconds that a queue hides what a function of this timeout received."""
    return int(VISIBILITY * timeout.total_seconds())


def queue(lane: Lane) -> str:
    """The queue: hidden for six times its consumer's timeout, unless the stack's parameter says otherwise."""
    return f"""\
  {logical(lane)}Lane:
    Type: AWS::SQS::Queue
{_NOT_KMS}\
    UpdateReplacePolicy: Delete
    DeletionPolicy: Delete
    Properties:
      QueueName: !Sub ${{App}}-${{Stage}}-{lane.name}
      VisibilityTimeout: !If [OwnVisibility, {hidden(lane.timeout)}, !Ref VisibilityTimeout]
      MessageRetentionPeriod: !Ref LaneRetention
      ReceiveMessageWaitTimeSeconds: 20
      SqsManagedSseEnabled: true
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt DeadLetters.Arn
        maxReceiveCount: !Ref MaxReceiveCount
"""


def source(lane: Lane) -> str:
    """Leave to send to the dead letters."""
    return f"          - !Sub {_NOWHERE}-{lane.name}\n"


def over_tls(lane: Lane) -> str:
    """A queue that the policy against plain HTTP is put on."""
    return f"        - !Ref {logical(lane)}Lane\n"


def log_group(lane: Lane) -> str:
    """Where its consumer logs."""
    word = "".join(part.capitalize() for part in lane.consumer.split("_"))
    return f"""\
  {word}Logs:
    Type: AWS::Logs::LogGroup
{_NOT_KMS_LOGS}\
    Condition: IsWatched
    UpdateReplacePolicy: Delete
    DeletionPolicy: Delete
    Properties:
      LogGroupName: !Sub /aws/lambda/${{App}}-${{Stage}}-{lane.consumer}
      RetentionInDays: !Ref LogRetention
"""


def old(lane: Lane) -> str:
    """The alarm for work that waits too long."""
    return _alarm(
        f"{logical(lane)}LaneOld",
        f"{lane.name}-lane-old",
        f"Work waits in the {lane.name} lane for over {_spoken(lane.alarm_after)}. SQS leaves messages out of this figure that it has "
        "delivered three times.",
        "lane-old",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=f'\n        - {{Name: QueueName, Value: !Sub "${{App}}-${{Stage}}-{lane.name}"}}',
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=5,
        Threshold=int(lane.alarm_after.total_seconds()),
        ComparisonOperator="GreaterThanThreshold",
    )


def fails(lane: Lane) -> str:
    """The alarms for a consumer that fails, and for one that is not started."""
    called = lane.consumer.replace("_", "-")
    common: dict[str, Any] = {
        "Dimensions": f'\n        - {{Name: FunctionName, Value: !Sub "${{App}}-${{Stage}}-{lane.consumer}"}}',
        "Statistic": "Sum",
        "Period": 300,
    }
    least = {"Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    failing = _alarm(
        f"{logical(lane)}ConsumerFails",
        f"{called}-fails",
        f"{lane.consumer} raises, runs out of time or out of memory. Its jobs are tried again; this is about our code or AWS, not about a "
        "task's own failures.",
        "consumer-fails",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        **common,
        EvaluationPeriods=2,
        **least,
    )
    throttled = _alarm(
        f"{logical(lane)}ConsumerThrottled",
        f"{called}-throttled",
        f"{lane.consumer} is not started for want of concurrency. Throttled messages use up deliveries and may end among the dead letters.",
        "consumer-throttled",
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        **common,
        EvaluationPeriods=3,
        **least,
    )
    return f"{failing}\n{throttled}"


def _alarm(logical_id: str, name: str, told: str, section: str, **properties: Any) -> str:
    facts = "".join(
        f"      {key}:{'' if str(value).startswith(chr(10)) else ' '}{value}\n"
        for key, value in properties.items()
    )
    return f"""\
  {logical_id}:
    Type: AWS::CloudWatch::Alarm
    Condition: IsWatched
    Properties:
      AlarmName: !Sub ${{App}}-${{Stage}}-{name}
      AlarmDescription: >-
        {told}
        See docs/operations.md#{section}.
{facts}\
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Alarms]
      OKActions: [!Ref Alarms]
"""


def output(lane: Lane) -> str:
    """The queue's URL, for whoever reads the stack's outputs."""
    return f"  {logical(lane)}Lane:\n    Value: !Ref {logical(lane)}Lane\n"


def _spoken(time: timedelta) -> str:
    minutes, seconds = divmod(int(time.total_seconds()), 60)
    if seconds:
        return f"{minutes * 60 + seconds} seconds"
    hours, rest = divmod(minutes, 60)
    if not rest:
        return "an hour" if hours == 1 else f"{hours} hours"
    return "a minute" if minutes == 1 else f"{minutes} minutes"

"""A call and its answer in a few words that say what matters."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.rows import from_item
from proof.crashes.watch import label_of


def asked(operation: str, params: Mapping[str, Any]) -> str:
    """What a call asks for."""
    match operation:
        case "UpdateItem":
            return f"{label_of(params)} [{params['Key']['sk']['S'][-6:]}]"
        case "PutItem":
            return f"{params['Item']['pk']['S'].partition('#')[0]} [{params['Item']['sk']['S'][-6:]}]"
        case "GetItem":
            return f"{params['Key']['pk']['S'].partition('#')[0]} [{params['Key']['sk']['S'][-6:]}]"
        case "Query":
            values = params["ExpressionAttributeValues"]
            return str(values[":pk"]["S"])
        case "SendMessageBatch":
            return " ".join(_message(entry) for entry in params["Entries"])
        case "PutObject" | "GetObject":
            return str(params["Key"].split("/")[1][-6:])
    return str(params.get("QueueName") or params.get("VisibilityTimeout") or "")


def _message(entry: Mapping[str, Any]) -> str:
    said = json.loads(entry["MessageBody"])
    delay = entry.get("DelaySeconds")
    return f"[{said['job'][-6:]}] e{said['epoch']}" + (f" in {delay} s" if delay else "")


def answered(operation: str, answer: Any) -> str:
    """What came back."""
    if answer is None:
        return ""
    if isinstance(answer, ClientError):
        item = answer.response.get("Item")
        code = answer.response["Error"]["Code"]
        words = "refused" if code == "ConditionalCheckFailedException" else code
        return f"{words} by {_item(item)}" if item else words
    if operation == "UpdateItem":
        return _item(answer.get("Attributes"))
    if operation == "GetItem":
        return _item(answer.get("Item"))
    if operation == "Query":
        return " ".join(_item(item) for item in answer["Items"]) or "nothing"
    if operation == "SendMessageBatch":
        return f"{len(answer['Successful'])} sent, {len(answer.get('Failed', []))} not"
    return "done"


def _item(item: Any) -> str:
    if not item:
        return "nothing"
    if "state" not in item or "task" not in item:
        return f"{item['pk']['S'].partition('#')[0]} {item.get('at', {}).get('N', '')}"
    row = from_item(item)
    appointment = f" {row.attention}" if row.attention else ""
    return f"[{row.id[-6:]}] {row.state} e{row.epoch} a{row.attempts}{appointment}" + (
        " owes" if row.outbox else ""
    )

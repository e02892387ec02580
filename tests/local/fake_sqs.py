"""An SQS of one queue in memory: visibility, receipts and receive counts as the real one, and trouble on request."""

from types import SimpleNamespace

from botocore.exceptions import EndpointConnectionError

URL = "http://127.0.0.1/000000000000/lane"
ARN = "arn:aws:sqs:us-east-1:000000000000:lane"


class FakeSqs:
    def __init__(self, *bodies, visibility=180):
        self.meta = SimpleNamespace(region_name="us-east-1")
        self.now = 0.0
        self.visibility = visibility
        self.messages = [
            {"id": f"m{n}", "body": body, "at": 0.0, "count": 0} for n, body in enumerate(bodies)
        ]
        self.refuse_connections = 0  # so many calls fail
        self.fail_deletes = []  # for each delete call: entry id -> its own fault?
        self.calls = []

    @property
    def left(self):
        return [message["id"] for message in self.messages]

    def _called(self, name):
        self.calls.append(name)
        if self.refuse_connections:
            self.refuse_connections -= 1
            raise EndpointConnectionError(endpoint_url=URL)

    def get_queue_url(self, **_):
        self._called("url")
        return {"QueueUrl": URL}

    def get_queue_attributes(self, **_):
        self._called("attributes")
        return {"Attributes": {"QueueArn": ARN}}

    def receive_message(self, **request):
        self._called("receive")
        found = [message for message in self.messages if message["at"] <= self.now][
            : request["MaxNumberOfMessages"]
        ]
        for message in found:
            message["at"] = self.now + self.visibility
            message["count"] += 1
        return {"Messages": [self._shown(message) for message in found]} if found else {}

    def _shown(self, message):
        return {
            "MessageId": message["id"],
            "ReceiptHandle": f"{message['id']}#{message['count']}",
            "Body": message["body"],
            "MD5OfBody": "…",
            "Attributes": {"ApproximateReceiveCount": str(message["count"])},
        }

    def delete_message_batch(self, **request):
        entries = request["Entries"]
        assert 1 <= len(entries) <= 10
        self._called("delete")
        trouble = self.fail_deletes.pop(0) if self.fail_deletes else {}
        failed = [
            {"Id": entry["Id"], "SenderFault": trouble[entry["Id"]], "Code": "Trouble"}
            for entry in entries
            if entry["Id"] in trouble
        ]
        receipts = {entry["ReceiptHandle"] for entry in entries if entry["Id"] not in trouble}
        self.messages = [one for one in self.messages if f"{one['id']}#{one['count']}" not in receipts]
        return {"Successful": [], "Failed": failed}

"""An app of the real shape that does as its messages say, for the processes of the local stack to run.

A message is JSON: {"write": PATH} writes this process's id to that file, {"fail": true} is given back, {"raise": true}
breaks the batch, {"hold": PATH} makes PATH.held and waits until PATH is there.
"""

import json
import os
from pathlib import Path

from chalice import Chalice, Response

from infra.names import FED_BY
from tests.support.waiting import until

app = Chalice(app_name="fake")


@app.route("/health")
def health():
    return {"ok": True, "pid": os.getpid()}


@app.route("/echo", methods=["POST"])
def echo():
    return app.current_request.json_body


@app.route("/teapot")
def teapot():
    return Response(
        "short and stout", status_code=418, headers={"Content-Type": "text/plain", "X-Many": "one"}
    )


def _consume(event, context):
    assert context.get_remaining_time_in_millis() > 0
    failed = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        if "hold" in order:
            Path(f"{order['hold']}.held").write_text("held", encoding="utf-8")
            until(Path(order["hold"]).exists)
        if "write" in order:
            Path(order["write"]).write_text(str(os.getpid()), encoding="utf-8")
        if "raise" in order:
            raise RuntimeError("asked to")
        if "fail" in order:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


globals().update(dict.fromkeys(FED_BY, _consume))


def tick(event, context):
    assert event["source"] == "aws.events"
    if "FAKE_TICKS" in os.environ:
        with Path(os.environ["FAKE_TICKS"]).open("a", encoding="utf-8") as ticks:
            ticks.write(f"{event['time']} {context.function_name}\n")

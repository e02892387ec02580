"""A table and its queues behind a loopback port, as far as a plain job's calls go: they are believed, not judged, and answered at once.

No condition is looked at: who wants to know whether the protocol holds asks the proof. This one is for counting processor time beside it.
"""

import json
import re
import socket
import sys
import threading
from collections import Counter
from typing import Any

_ONE = re.compile(r"(#\w+) = (?:(:\w+)|#\w+ \+ (:\w+)|list_append\(#\w+, (:\w+)\))")


class Endpoint:
    """What was put, by its sort key."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port: int = self._listening.getsockname()[1]

    def answer(self, operation: str, asked: Any) -> Any:
        """What the service would say."""
        match operation:
            case "PutItem":
                self._items[asked["Item"]["sk"]["S"]] = asked["Item"]
                return {}
            case "UpdateItem":
                return {"Attributes": self._updated(asked)}
            case "GetItem":
                item = self._items.get(asked["Key"]["sk"]["S"])
                return {} if item is None else {"Item": item}
            case "Query":
                return {"Items": [], "Count": 0, "ScannedCount": 0}
            case "GetQueueUrl":
                return {"QueueUrl": f"http://127.0.0.1/0/{asked['QueueName']}"}
            case "SendMessageBatch":
                sent = [
                    {"Id": one["Id"], "MessageId": "m", "MD5OfMessageBody": ""} for one in asked["Entries"]
                ]
                return {"Successful": sent, "Failed": []}
        raise NotImplementedError(operation)

    def _updated(self, asked: Any) -> Any:
        item = self._items[asked["Key"]["sk"]["S"]]
        names, values = asked["ExpressionAttributeNames"], asked.get("ExpressionAttributeValues", {})
        sets, _, removes = asked["UpdateExpression"].partition("REMOVE ")
        for name, value, number, more in _ONE.findall(sets):
            attribute = names[name]
            if value:
                item[attribute] = values[value]
            elif number:
                item[attribute] = {"N": str(int(item[attribute]["N"]) + int(values[number]["N"]))}
            else:
                item[attribute] = {"L": [*item[attribute]["L"], *values[more]["L"]]}
        for name in filter(None, removes.split(", ")):
            item.pop(names[name], None)
        return item

    def serve(self) -> None:
        """Answer whoever comes."""
        while True:
            line, _ = self._listening.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._one, args=(line,), daemon=True).start()

    def _one(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as heard:
            while heard.readline():
                headers = {}
                while text := heard.readline().decode("latin-1").strip():
                    name, _, value = text.partition(":")
                    headers[name.lower()] = value.strip()
                asked = json.loads(heard.read(int(headers["content-length"])))
                operation = headers["x-amz-target"].partition(".")[2]
                self.asked[operation] += 1
                body = json.dumps(self.answer(operation, asked)).encode()
                head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
                line.sendall(head.encode() + body)


def main() -> None:
    """Say the port, and answer for as long as whoever started this holds its standard input open."""
    endpoint = Endpoint()
    threading.Thread(target=endpoint.serve, daemon=True).start()
    print(endpoint.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

"""Somebody on loopback who answers DynamoDB and SQS at once, and remembers nothing: what is measured is the asker.

A process of its own, so that its processor time is not the asker's.
"""

import json
import multiprocessing
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import Any

NAMES = "127.0.0.1,localhost"


def answer(operation: str, asked: Any, url: str) -> Any:
    """What AWS would say if all went well and nothing was there."""
    match operation:
        case "SendMessageBatch":
            done = [
                {"Id": one["Id"], "MessageId": one["Id"], "MD5OfMessageBody": ""} for one in asked["Entries"]
            ]
            return {"Successful": done, "Failed": []}
        case "GetQueueUrl":
            return {"QueueUrl": f"{url}/000000000000/{asked['QueueName']}"}
        case "UpdateItem":
            return {"Attributes": {}}
        case "BatchWriteItem":
            return {"UnprocessedItems": {}}
        case "Query":
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        case _:
            return {}


class _Talk(socketserver.StreamRequestHandler):
    """One connection, kept as long as the asker likes."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        url = f"http://127.0.0.1:{self.connection.getsockname()[1]}"
        while (found := _request(self.rfile)) is not None:
            operation, body = found
            text = json.dumps(answer(operation, json.loads(body or b"{}"), url)).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(text)}\r\n\r\n"
            self.wfile.write(head.encode() + text)


def _request(stream: BufferedIOBase) -> tuple[str, bytes] | None:
    """Operation and body of the next request; None: there is none."""
    if not stream.readline():
        return None
    operation, length = "", 0
    while line := stream.readline().strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"x-amz-target":
            operation = value.strip().decode().rpartition(".")[2]
        elif name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"expect":
            raise NotImplementedError("nobody here says to go on")
    return operation, stream.read(length)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


def _serve(listening: socket.socket) -> None:
    server = _Server(("127.0.0.1", 0), _Talk, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    server.server_address = listening.getsockname()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


@contextmanager
def answering() -> Iterator[str]:
    """Its address; this process's boto3 asks there meanwhile, and nobody else."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listening,), daemon=True)
    process.start()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.close()
    own = {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "NO_PROXY": NAMES,
        "no_proxy": NAMES,
    }
    kept = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield url
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        process.kill()
        process.join()

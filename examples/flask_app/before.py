"""The same four, as tutorials write them. Each runs; what each loses is in README.md. Celery's is not here: it needs a broker and a worker."""

import asyncio
import hashlib
import multiprocessing
import threading

from flask import Flask, request
from flask.typing import ResponseReturnValue
from quart import Quart
from quart import request as request_async

app = Flask(__name__)
coroutines = Quart(__name__)
letters: list[str] = []


def send_welcome(address: str) -> None:
    """Lost when the web server ends; an exception is a line in its log; nobody can ask what became of it."""
    letters.append(address)


def stretch(passphrase: str, rounds: int) -> None:
    """One process a request: a hundred requests are a hundred processes. The result goes nowhere."""
    hashlib.pbkdf2_hmac("sha256", passphrase.encode(), b"salt", rounds)


async def poll(sensor: str) -> None:
    """Ends with the loop that it was started on: in Flask the request's, in Quart the server's."""
    await asyncio.sleep(0)
    letters.append(sensor)


@app.post("/welcome")
def welcome() -> ResponseReturnValue:
    """A thread."""
    threading.Thread(target=send_welcome, args=(request.get_json()["address"],)).start()
    return {}, 202


@app.post("/stretch")
def stretching() -> ResponseReturnValue:
    """A process."""
    given = request.get_json()
    multiprocessing.Process(target=stretch, args=(given["passphrase"], given.get("rounds", 1000))).start()
    return {}, 202


@coroutines.post("/poll")
async def polling() -> ResponseReturnValue:
    """A coroutine, in Quart: gone when the server restarts, and its exception with it."""
    body = await request_async.get_json()
    asyncio.ensure_future(poll(body["sensor"]))  # noqa: RUF006 - this is what is shown
    return {}, 202

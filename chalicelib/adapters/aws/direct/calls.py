"""A client whose plain calls go to the endpoint directly. Whatever is out of the ordinary goes the ordinary way, botocore's.

Of a call of botocore's, four fifths are spent before and after the network: validation, endpoint rules, a user agent, headers as an
e-mail message, parsing by the model. Here a request is `json.dumps` and a signature, its answer `json.loads`. The endpoint is the
client's own, and so are its credentials, its limits and its events: who watches or answers calls by botocore's events sees these too.
Who put something around botocore's calls instead, as tracers and agents do, gets them all: then there are no direct ones.
"""

import base64
import json
import logging
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import botocore
from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.aws.direct.answer import Answer, Unreadable
from chalicelib.adapters.aws.direct.ears import Ears
from chalicelib.adapters.aws.direct.lines import Lines, NoLine
from chalicelib.adapters.aws.direct.sigv4 import Keys, Signer

log = logging.getLogger(__name__)

DIRECT: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset({"PutItem", "UpdateItem", "GetItem"}),
    "sqs": frozenset({"SendMessageBatch"}),
}
"""The calls on a plain job's way. What is called once a minute may take its time."""

REFUSED = "ConditionalCheckFailedException"
ODD_AT_MOST = 5
"""So many answers in a row that only botocore could make sense of, and this client goes the ordinary way for good."""

traced: Callable[[], bool] = lambda: False  # noqa: E731 - the tracer puts its own in its place
"""Whether a call made here and now is to be a span of a trace: tracers know botocore's calls alone."""


_BOTOCORE = f"{Path(botocore.__file__).parent}/"
_let_past: list[object] = []


def watched() -> bool:
    """Whether somebody has put something of his own around botocore's calls, who would not see direct ones."""
    return not _harmless(BaseClient.__dict__["_make_api_call"])


def let_past(wrapper: object, *, around: object) -> None:
    """This wrapper of botocore's `_make_api_call` need not see direct calls. What it was put `around` may."""
    if _harmless(around):
        _let_past.append(wrapper)


def _harmless(call: Any) -> bool:
    """Botocore's own, or let past. What wraps may look like what it wraps, but is no function, or its code is elsewhere."""
    if type(call) is FunctionType and call.__code__.co_filename.startswith(_BOTOCORE):
        return True
    return any(call is one for one in _let_past)


class _Ordinary(Exception):
    """This call is botocore's."""


def directly(session: Any) -> None:
    """Have this session's clients of DynamoDB and SQS call directly."""
    for service in DIRECT:
        session.register(
            f"creating-client-class.{service}", lambda base_classes, **_: base_classes.insert(0, DirectCalls)
        )


class DirectCalls:
    """Mixed into botocore's client class, in front of its own way of making a call."""

    meta: Any
    exceptions: Any
    _request_signer: Any
    _way: "_Way | bool | None" = None  # None: not looked for yet; False: there is none, or no more

    def _make_api_call(self, operation_name: str, api_params: Mapping[str, Any]) -> Any:
        service = self.meta.service_model.service_name
        if self._way is not False and operation_name in DIRECT[service] and not traced() and not watched():
            try:
                return self._directly(service, operation_name, api_params)
            except _Ordinary as odd:
                log.debug("%s goes the ordinary way: %s", operation_name, odd)
            except (BotoCoreError, ClientError):
                raise
            except Exception:
                self._give_up_after_some()
                log.exception(
                    "%s goes the ordinary way", operation_name, extra={"action": "direct_call_failed"}
                )
        return super()._make_api_call(operation_name, api_params)  # type: ignore[misc] # the client's

    def _directly(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        """The parsed answer, as botocore would give it. Raises `_Ordinary`, and what botocore would raise."""
        way, events, name = self._found(), self.meta.events, f"{service}.{operation}"
        # On its way to SQS botocore itself adds a header, by which Lambda knows a loop.
        heard = service != "dynamodb" or way.ears.hear(events, name)
        model = self.meta.service_model.operation_model(operation)
        context: dict[str, Any] = {"client_region": self.meta.region_name, "client_config": self.meta.config}
        if heard:
            params = _told(events, name, params, model, context)
        body = way.encoded(params)
        headers = way.signed(operation, body, self._request_signer)
        told = None
        if heard:
            headers = dict(headers)
            request = {
                "url_path": "/",
                "method": "POST",
                "headers": headers,
                "body": body,
                "context": context,
            }
            _, told = events.emit_until_response(
                f"before-call.{name}",
                model=model,
                params=request,
                request_signer=self._request_signer,
                context=context,
            )
        http, parsed = told or way.asked(headers, body, events if heard else None, name)
        # This one is always told: botocore's own count of what may be retried hears it.
        events.emit(f"after-call.{name}", http_response=http, parsed=parsed, model=model, context=context)
        if http.status_code >= 300:
            raise self.exceptions.from_code(parsed.get("Error", {}).get("Code"))(parsed, operation)
        return parsed

    def _give_up_after_some(self) -> None:
        """There is a bug here, or botocore is not as it was: jobs must not suffer from it."""
        if isinstance(self._way, _Way):
            self._way.odd += 1
        else:
            self._way = False

    def _found(self) -> "_Way":
        if self._way is None:
            self._way = _way(self) or False
        if not isinstance(self._way, _Way):
            raise _Ordinary("there is no direct way")
        if self._way.odd >= ODD_AT_MOST:
            log.warning("calls go the ordinary way from now on", extra={"action": "direct_calls_off"})
            self._way = False
            raise _Ordinary("too many odd answers")
        return self._way


def _way(client: Any) -> "_Way | None":
    """The direct way to a client's endpoint; None: there is a proxy, or something else that botocore knows better."""
    from botocore.httpsession import get_cert_path
    from botocore.utils import get_environ_proxies

    url, config = client.meta.endpoint_url, client.meta.config
    metadata = client.meta.service_model.metadata
    if config.proxies or get_environ_proxies(url) or metadata.get("jsonVersion") != "1.0":
        return None
    verify = client._endpoint.http_session._verify  # noqa: SLF001 - where botocore keeps what AWS_CA_BUNDLE says
    if verify is False:
        return None
    lines = Lines(
        url,
        most=config.max_pool_connections,
        connect=config.connect_timeout,
        read=config.read_timeout,
        authorities=get_cert_path(verify),
    )
    signer = Signer(lines.host, client.meta.region_name, client.meta.service_model.signing_name)
    return _Way(lines, signer, f"{url.rstrip('/')}/", metadata["targetPrefix"])


class _Way:
    """The direct way to one endpoint. `odd`: how many answers in a row were none that it understands."""

    def __init__(self, lines: Lines, signer: Signer, url: str, prefix: str) -> None:
        self._lines = lines
        self._signer = signer
        self._url = url
        self._prefix = prefix
        self.ears = Ears()
        self.odd = 0

    def encoded(self, params: Mapping[str, Any]) -> bytes:
        """The request's body. Raises `_Ordinary` for what JSON has no word for."""
        try:
            return json.dumps(params, separators=(",", ":"), default=_binary).encode()
        except (TypeError, ValueError) as error:
            raise _Ordinary("the parameters are odd") from error

    def signed(self, operation: str, body: bytes, signer: Any) -> Mapping[str, str]:
        """The request's headers. Raises `_Ordinary` without credentials."""
        held = signer._credentials  # noqa: SLF001 - the client's own, which know when they are over
        if held is None:
            raise _Ordinary("there are no credentials")
        found = held.get_frozen_credentials()
        keys = Keys(found.access_key, found.secret_key, found.token)
        now = datetime.now(UTC)  # noqa: TID251 - AWS compares it with its own clock
        return self._signer.headers(f"{self._prefix}.{operation}", body, keys, now)

    def asked(self, headers: Mapping[str, str], body: bytes, events: Any, name: str) -> tuple[Any, Any]:
        """The answer as it came, and as botocore would read it. `events`: None if nobody listens. Raises `ReadTimeoutError`, `_Ordinary`."""
        answer = self._said_by_others(headers, body, events, name) if events is not None else None
        if answer is None:
            answer = self._answer(headers, body)
        return SimpleNamespace(status_code=answer.status, headers=answer.headers), self.parsed(answer)

    def _said_by_others(
        self, headers: Mapping[str, str], body: bytes, events: Any, name: str
    ) -> Answer | None:
        """By whoever listens to botocore's `before-send`."""
        from botocore.awsrequest import AWSPreparedRequest

        kept: Any = dict(headers)
        request = AWSPreparedRequest("POST", self._url, kept, body, stream_output=False)
        _, told = events.emit_until_response(f"before-send.{name}", request=request)
        if told is None:
            return None
        return Answer(told.status_code, {k.lower(): v for k, v in told.headers.items()}, told.content)

    def _answer(self, headers: Mapping[str, str], body: bytes) -> Answer:
        from botocore.exceptions import ReadTimeoutError

        try:
            return self._lines.post(headers, body)
        except NoLine as error:
            self.odd += 1
            raise _Ordinary(f"no line: {error}") from error
        except TimeoutError as error:  # not tried again here: whoever called has a time of his own
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except OSError as error:
            raise _Ordinary("the connection broke") from error
        except Unreadable as error:
            self.odd += 1
            raise _Ordinary(f"the answer is unreadable: {error}") from error

    def parsed(self, answer: Answer) -> Any:
        """What botocore would make of it. Raises `_Ordinary` for anything but a success and a refused condition."""
        sum_ = answer.headers.get("x-amz-crc32")
        if sum_ is not None and int(sum_) != zlib.crc32(answer.body):
            raise _Ordinary("the answer's sum is wrong")
        try:
            found = json.loads(answer.body)
            if b'"B' in answer.body:  # DynamoDB's alone: SQS has no such thing in its answers
                found = _with_binaries(found)
            refused = answer.status == 400 and found["__type"].endswith(REFUSED)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.odd += 1
            raise _Ordinary("the answer is odd") from error
        if answer.status != 200 and not refused:
            self.odd += 1  # throttled, refused for good, out of order: botocore asks again as it sees fit
            raise _Ordinary(f"status {answer.status}")
        self.odd = 0
        if refused:
            words = found.get("message") or found.get("Message") or ""
            found = {"Error": {"Message": words, "Code": REFUSED}, "message": words, **_item(found)}
        found["ResponseMetadata"] = {
            "RequestId": answer.headers.get("x-amzn-requestid", ""),
            "HTTPStatusCode": answer.status,
            "HTTPHeaders": answer.headers,
            "RetryAttempts": 0,
        }
        return found


def _told(events: Any, name: str, params: Mapping[str, Any], model: Any, context: Any) -> Mapping[str, Any]:
    """The parameters, after whoever listens has seen them."""
    asked = {"params": params, "model": model, "context": context}
    for _, other in events.emit(f"provide-client-params.{name}", **asked):
        asked["params"] = params if other is None else other
    events.emit(f"before-parameter-build.{name}", **asked)
    changed: Mapping[str, Any] = asked["params"]
    return changed


def _item(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"Item": found["Item"]} if "Item" in found else {}


def _binary(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(type(value).__name__)


def _with_binaries(value: Any) -> Any:
    """The same, its binary attributes as bytes. Their JSON is text, and so is `B` where it is a name of the user's: that has no text."""
    if isinstance(value, list):
        return [_with_binaries(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(kind, held)] = value.items()
        if kind == "B" and isinstance(held, str):
            return {"B": base64.b64decode(held)}
        if kind == "BS" and isinstance(held, list) and all(isinstance(one, str) for one in held):
            return {"BS": [base64.b64decode(one) for one in held]}
    return {name: _with_binaries(one) for name, one in value.items()}

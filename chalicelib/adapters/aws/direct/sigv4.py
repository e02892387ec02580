"""AWS's signature, version 4, of one kind of request: a POST of JSON to the root of an endpoint.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

JSON = "application/x-amz-json-1.0"
_ALGORITHM = "AWS4-HMAC-SHA256"


class Keys(NamedTuple):
    """Credentials as they are now."""

    access_key: str
    secret_key: str
    token: str | None


class Signer:
    """Signs for one host, region and service. A day's key is made once: four of the six digests that a signature takes."""

    def __init__(self, host: str, region: str, service: str) -> None:
        self._host = host
        self._region = region
        self._service = service
        self._made: tuple[str, str, bytes] = ("", "", b"")

    def headers(self, target: str, body: bytes, keys: Keys, at: datetime) -> Mapping[str, str]:
        """All headers of the request but its length."""
        moment = at.strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "content-type": JSON,
            "host": self._host,
            "x-amz-date": moment,
            **({"x-amz-security-token": keys.token} if keys.token else {}),
            "x-amz-target": target,
        }
        names = ";".join(headers)  # they are in the alphabet's order
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key(moment[:8], keys.secret_key), text.encode(), "sha256").hex()
        headers["authorization"] = (
            f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return headers

    def _key(self, day: str, secret: str) -> bytes:
        made_for, of, key = self._made
        if (made_for, of) != (day, secret):
            key = f"AWS4{secret}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._made = (
                day,
                secret,
                key,
            )  # one value, so that a thread beside this one reads the old or the new
        return key

"""The small items beside the rows: idempotency keys, API keys, the quarantine. Each expires by condition, not by TTL's leave."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws.clients import Clients
from chalicelib.adapters.aws.errors import REFUSED, calling, code_of, refusing_row
from chalicelib.adapters.aws.keys import key
from chalicelib.adapters.aws.rows import from_ms, to_ms
from chalicelib.domain.errors import Conflict, Unavailable
from chalicelib.pipeline.ports import ApiKey, KeyClaim, Oddity
from chalicelib.pipeline.roles import is_role

QUARANTINE_LIFE = timedelta(days=30)


def _text(value: str) -> Mapping[str, str]:
    return {"S": value}


def _time(at: datetime) -> Mapping[str, str]:
    return {"N": str(to_ms(at))}


def _ttl(at: datetime) -> Mapping[str, str]:
    return {"N": str(to_ms(at) // 1000 + 1)}


class DynamoKeys:
    """Idempotency keys: one item each, taken by whoever comes first or after it is over."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table

    def hold(self, claim: KeyClaim, now: datetime) -> KeyClaim:
        """PutItem, conditional on there being no claim that still holds."""
        with calling("PutItem"):
            try:
                self._clients.dynamodb.put_item(
                    TableName=self._table,
                    Item={
                        **key(f"key#{claim.tenant}", claim.key),
                        "request_hash": _text(claim.request_hash),
                        "job_id": _text(claim.job_id),
                        "until": _time(claim.until),
                        "ttl": _ttl(claim.until),
                    },
                    ConditionExpression="attribute_not_exists(pk) OR #until <= :now",
                    ExpressionAttributeNames={"#until": "until"},
                    ExpressionAttributeValues={":now": _time(now)},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                held = refusing_row(error)
                if held is None:  # DynamoDB brings it along
                    raise Unavailable(f"PutItem: key {claim.key!r} is held, its item did not come") from error
                return _held(claim.tenant, claim.key, held)
        return claim

    def find(self, tenant: str, name: str, now: datetime) -> KeyClaim | None:
        """GetItem, consistent."""
        with calling("GetItem"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._table, Key=key(f"key#{tenant}", name), ConsistentRead=True
            )
        held = _held(tenant, name, answer["Item"]) if "Item" in answer else None
        return held if held is not None and held.until > now else None


def _held(tenant: str, name: str, item: Mapping[str, Any]) -> KeyClaim:
    """The claim that the item says."""
    return KeyClaim(
        tenant=tenant,
        key=name,
        request_hash=item["request_hash"]["S"],
        job_id=item["job_id"]["S"],
        until=from_ms(int(item["until"]["N"])),
    )


FREE = "attribute_not_exists(pk) OR (secret_sha256 = :mine AND attribute_not_exists(revoked))"
OVER = "(created < :now AND (attribute_exists(revoked) OR expires <= :now))"
"""Of a role: what is stored is older, and works no more. So a late repetition of an older call brings nothing back."""


class DynamoApiKeys:
    """API keys, each under its public id."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table

    def add(self, api_key: ApiKey) -> None:
        """PutItem, conditional on the id being free, or our own: put by a call whose reply was lost, and not revoked since."""
        some = {} if api_key.expires is None else {"expires": _time(api_key.expires)}
        if api_key.per_minute is not None:
            some["per_minute"] = {"N": str(api_key.per_minute)}
        with calling("PutItem"):
            try:
                self._clients.dynamodb.put_item(
                    TableName=self._table,
                    Item={
                        **key(f"apikey#{api_key.id}", "apikey"),
                        "secret_sha256": _text(api_key.secret_sha256),
                        "tenant": _text(api_key.tenant),
                        "scopes": {"L": [_text(scope) for scope in sorted(api_key.scopes)]},
                        "name": _text(api_key.name),
                        "created": _time(api_key.created),
                        **some,
                    },
                    ConditionExpression=f"{FREE} OR {OVER}" if is_role(api_key.id) else FREE,
                    ExpressionAttributeValues={
                        ":mine": _text(api_key.secret_sha256),
                        **({":now": _time(api_key.created)} if is_role(api_key.id) else {}),
                    },
                )
            except ClientError as error:
                if code_of(error) != REFUSED:
                    raise
                raise Conflict(f"an API key {api_key.id} exists already") from error

    def find(self, key_id: str) -> ApiKey | None:
        """GetItem, eventually consistent."""
        with calling("GetItem"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._table, Key=key(f"apikey#{key_id}", "apikey")
            )
        item = answer.get("Item")
        if item is None:
            return None
        return ApiKey(
            id=key_id,
            secret_sha256=item["secret_sha256"]["S"],
            tenant=item["tenant"]["S"],
            scopes=frozenset(scope["S"] for scope in item["scopes"]["L"]),
            name=item["name"]["S"],
            created=from_ms(int(item["created"]["N"])),
            expires=from_ms(int(item["expires"]["N"])) if "expires" in item else None,
            revoked=from_ms(int(item["revoked"]["N"])) if "revoked" in item else None,
            per_minute=int(item["per_minute"]["N"]) if "per_minute" in item else None,
        )

    def revoke(self, key_id: str, at: datetime) -> bool:
        """UpdateItem, conditional on there being such a key. The first revocation's time stays."""
        with calling("UpdateItem"):
            try:
                self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=key(f"apikey#{key_id}", "apikey"),
                    ConditionExpression="attribute_exists(pk)",
                    UpdateExpression="SET revoked = if_not_exists(revoked, :at)",
                    ExpressionAttributeValues={":at": _time(at)},
                )
            except ClientError as error:
                if code_of(error) != REFUSED:
                    raise
                return False
        return True

    def expire(self, key_id: str, at: datetime) -> bool:
        """UpdateItem, conditional on the key being there and not ending sooner; a refusal brings the key that refused."""
        with calling("UpdateItem"):
            try:
                self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=key(f"apikey#{key_id}", "apikey"),
                    ConditionExpression="attribute_exists(pk) AND (attribute_not_exists(expires) OR expires > :at)",
                    UpdateExpression="SET expires = :at",
                    ExpressionAttributeValues={":at": _time(at)},
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                return refusing_row(error) is not None
        return True


class DynamoQuarantine:
    """Messages that were no wake-ups, by day, for some weeks."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table

    def keep(self, oddity: Oddity) -> None:
        """PutItem; the same message again takes its own place."""
        with calling("PutItem"):
            self._clients.dynamodb.put_item(
                TableName=self._table,
                Item={
                    **key(f"quarantine#{oddity.at:%Y%m%d}", oddity.message_id),
                    "lane": _text(oddity.lane),
                    "body": _text(oddity.body),
                    "why": _text(oddity.why),
                    "at": _time(oddity.at),
                    "ttl": _ttl(oddity.at + QUARANTINE_LIFE),
                },
            )

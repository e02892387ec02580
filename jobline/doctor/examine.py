"""All checks, one after the other. What hinders a look is told as UNKNOWN; what is not there at all, as FAIL."""

from collections.abc import Iterable, Iterator, Sequence

from botocore.exceptions import ClientError

from chalicelib.settings import BadSetting
from infra.live import Ambiguous
from jobline.doctor.finding import ORDER, Check, Finding, Result, Seen, fail, unknown
from jobline.doctor.live import Live

ABSENT = frozenset(
    {
        "ResourceNotFoundException",
        "NotFoundException",
        "TableNotFoundException",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
        "NotFound",
    }
)
REFUSED = ("AccessDenied", "Unauthorized", "AuthorizationError", "Forbidden", "403")


def examine(live: Live, checks: Iterable[Check]) -> Iterator[Finding]:
    """A finding a check, in their order, as they come."""
    for each in checks:
        yield _finding(each, list(_looked(each, live)))


def _looked(each: Check, live: Live) -> Iterator[Seen]:
    try:
        yield from each.look(live)
    except ClientError as error:
        yield _refused(error)
    except (Ambiguous, BadSetting) as error:
        yield fail(str(error))
    except KeyError as error:
        yield unknown(f"the answer has no {error}")
    except Exception as error:  # noqa: BLE001 - one look that fails keeps nobody from the others
        yield unknown(f"no answer: {type(error).__name__}: {error}")


def _refused(error: ClientError) -> Seen:
    told = error.response["Error"]
    code, message = told.get("Code", "?"), told.get("Message", "")
    if code in ABSENT:
        return fail(f"is not there: {error.operation_name} says {message or code}")
    if any(word in code for word in REFUSED):
        return unknown(f"no permission for {error.operation_name}")
    return unknown(f"{error.operation_name} says {code}: {message}")


def _finding(each: Check, seen: Sequence[Seen]) -> Finding:
    told = seen or [unknown("there is nothing to look at")]
    worst = max((one.result for one in told), key=ORDER.index)
    return Finding(
        check=each,
        result=worst,
        told=tuple(dict.fromkeys(one.what for one in told if one.result is worst)),
        fixes=tuple(one.fix for one in told if one.fix),
    )


def verdict(findings: Iterable[Finding]) -> Result:
    """The worst of all; UNKNOWN only if nothing at all could be seen, since a cloud may lack a call or two."""
    results = {finding.result for finding in findings}
    for result in (Result.FAIL, Result.WARN, Result.OK):
        if result in results:
            return result
    return Result.UNKNOWN

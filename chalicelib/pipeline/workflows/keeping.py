"""The many items of a map go into an object, a line each, when it is submitted. No more than one of them, or one job's, is held."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast

from chalicelib.domain.errors import InvalidInput, ResultNotJson
from chalicelib.domain.workflow import Map
from chalicelib.pipeline import strict_json
from chalicelib.pipeline.limits import MAX_BODY
from chalicelib.pipeline.parts import Parts
from chalicelib.pipeline.patience import patience
from chalicelib.pipeline.sealed_text import sealed_text
from chalicelib.pipeline.signature import to_plain
from chalicelib.pipeline.workflows.checking import arguments
from chalicelib.pipeline.workflows.group import MOST_CHILDREN
from chalicelib.pipeline.workflows.lines import PREFIX, whose_line
from chalicelib.pipeline.workflows.many import Many, changed
from chalicelib.pipeline.workflows.reading import read_node

IN_MEMORY = 1024 * 1024
"""What is longer waits in a file until it is sent."""

MOST_BYTES = 5_000_000_000
"""What S3 takes in one request: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""


def kept(tree: Any, *, tenant: str, parts: Parts) -> Any:
    """The workflow as JSON; its many items are where it then says. Raises `InvalidInput`, `UnknownTask`, `Unavailable`, `ServiceRefused`."""
    return changed(tree, lambda node, many: {**node, "object": _put(node, many, tenant, parts)})


def _put(node: Mapping[str, Any], many: Many, tenant: str, parts: Parts) -> str:
    """Put its items; the key. The same items have the same one, so that asking twice is asking the same."""
    read = read_node({**node, "object": PREFIX})
    assert isinstance(read, Map)
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        digest = sha256()
        for line in _lines(many, read, parts):
            digest.update(line)
            file.write(line)
            if file.tell() > MOST_BYTES:
                raise InvalidInput("items", f"more than {MOST_BYTES:,} bytes: put an object there yourself")
        key = f"{PREFIX}{tenant}/{parts.sealer.digest(digest.hexdigest())}.jsonl"
        if parts.sealer.on:
            with SpooledTemporaryFile(max_size=IN_MEMORY) as sealed:
                _seal(file, key, tenant, cast("BinaryIO", sealed), parts)
                patience(parts)(_sent, key, cast("BinaryIO", sealed), parts)
        else:
            patience(parts)(_sent, key, cast("BinaryIO", file), parts)
    return key


def _seal(lines: Iterable[bytes], key: str, tenant: str, into: BinaryIO, parts: Parts) -> None:
    """Each line by itself, bound to where it stands in which object. The same lines become the same."""
    cast("BinaryIO", lines).seek(0)
    for line in lines:
        whose = whose_line(tenant, key, into.tell())
        into.write(sealed_text(line[:-1].decode(), whose, parts, alike=True).encode() + b"\n")


def _sent(key: str, file: BinaryIO, parts: Parts) -> None:
    file.seek(0)
    parts.inputs.put(key, file)


def _lines(many: Iterable[Any], node: Map, parts: Parts) -> Iterator[bytes]:
    """Each item as a line, looked after like those that a workflow carries."""
    task, step, size = parts.registry[node.step.task], node.step, node.size or 1
    rest, number = iter(many), 0
    while lot := list(islice(rest, size)):
        if number >= MOST_CHILDREN * size:
            raise InvalidInput("items", f"more than {MOST_CHILDREN:,} children of one map")
        plain, name = [_plain(item, number + place) for place, item in enumerate(lot)], f"items[{number}]"
        for place, item in enumerate(plain):
            line = strict_json.write_readable(item, name=f"items[{number + place}]", limit=MAX_BODY)
            yield line.encode() + b"\n"
        given: object = plain[0] if node.size is None else plain
        try:
            more = arguments(step, given, task) if node.spread else {step.into or "": given}
            task.signature.check({**step.args, **more})
        except InvalidInput as error:
            raise InvalidInput(f"{name}.{error.argument}", error.why) from error
        number += len(plain)


def _plain(item: object, number: int) -> Any:
    try:
        return to_plain(item)
    except ResultNotJson as error:
        raise InvalidInput(f"items[{number}]", str(error)) from error

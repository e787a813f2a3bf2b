"""The requests that ended FAILED: which, why, and what became of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gapless.attributes import Item, read_number, read_text
from gapless.load import connect
from gapless.table_scan import scan_requests
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTRIBUTES = ("requestId", "counter", "error", "completedAt", "requeuedAs", "ttl")


class NotFailed(Exception):
    """There is no such request, or it has not failed; the text says which."""


@dataclass(frozen=True)
class Failure:
    """A FAILED request without its body. completed_at: epoch ms; requeued_as: the request that came of it."""

    request_id: str
    counter: str
    code: str
    message: str
    completed_at: int | None
    requeued_as: str | None

    def document(self) -> dict[str, Any]:
        """As `gapless failed list` prints it; the names are those of GET /requests/{requestId}."""
        return {
            "requestId": self.request_id,
            "counter": self.counter,
            "code": self.code,
            "message": self.message,
            "completedAt": self.completed_at,
            "requeuedAs": self.requeued_as,
        }


def list_failures(
    target: Target,
    counter: str | None = None,
    code: str | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Failure]:
    """Every FAILED request, of one counter or with one code if they are given, in no order.

    One that is past its ttl is gone, as GET says, though DynamoDB may take days to delete it. What is damaged in an
    item is shown as missing.
    """
    now = time.time()
    for item in scan_requests(target, ["FAILED"], ATTRIBUTES, progress):
        failure = read_failure(item)
        if has_expired(item, now) or counter not in (None, failure.counter) or code not in (None, failure.code):
            continue
        yield failure


def show_failure(target: Target, request_id: str) -> dict[str, Any]:
    """Everything that the table has of a FAILED request, its body included. Raises NotFailed."""
    item = read_request(connect(target), target, request_id)
    if item is None:
        raise NotFailed(f"there is no request {request_id}, or it has expired")
    if (status := read_text(item, "status")) != "FAILED":
        raise NotFailed(f"the request {request_id} is {status}, not FAILED: see `gapless get {request_id}`")
    return {name: to_plain(value) for name, value in item.items()}


def read_request(dynamodb: "DynamoDBClient", target: Target, request_id: str) -> Item | None:
    """A request's item as it is now; None when there is none, or its ttl is past."""
    key = {"requestId": {"S": request_id}}
    item = dynamodb.get_item(TableName=target.requests_table, Key=key, ConsistentRead=True).get("Item")
    return None if item is None or has_expired(item, time.time()) else item


def read_failure(item: Item) -> Failure:
    """Read an item as far as it can be read."""
    error = item.get("error", {}).get("M", {})
    return Failure(
        request_id=item["requestId"]["S"],
        counter=read_text(item, "counter") or "",
        code=read_text(error, "code") or "",
        message=read_text(error, "message") or "",
        completed_at=read_number(item, "completedAt"),
        requeued_as=read_text(item, "requeuedAs"),
    )


def has_expired(item: Item, now: float) -> bool:
    """Whether GET answers 404 by now, epoch s."""
    ttl = read_number(item, "ttl")
    return ttl is not None and ttl <= now


def to_plain(value: dict[str, Any]) -> Any:
    """An attribute value as JSON can hold it; of bytes, how many there are."""
    ((kind, content),) = value.items()
    match kind:
        case "N":
            number = Decimal(content)
            return int(number) if number == number.to_integral_value() else content
        case "M":
            return {name: to_plain(one) for name, one in content.items()}
        case "L":
            return [to_plain(one) for one in content]
        case "B":
            return f"{len(content)} bytes"
        case "NULL":
            return None
        case _:
            return content

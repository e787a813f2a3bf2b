"""Submits the body of a FAILED request again, as a new request, and links the two.

    old  FAILED                     ─▶ FAILED, requeuedAs: NEW      if it is FAILED and has no requeuedAs
    new  (nothing under a fresh id) ─▶ PENDING, requeueOf: OLD      if there is nothing

One transaction does both or nothing: of two operators at once one finds requeuedAs there, and a crash leaves no half.
The old request is never numbered, and the new one comes through the stream as any other: numbering meets no id twice.
Where requests expire (FailedRetentionDays) each goes at its own time, and a link may outlive the request it names.
"""

import random
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from gapless.attributes import Item, read_number, read_text
from gapless.failures import read_request
from gapless.load import connect
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AT_ONCE = 8
ATTEMPTS = 10
LONGEST_PAUSE = 0.5  # seconds
RESERVE = "." * 256  # as mapping_templates/submit_request.yaml has it in `result`, and for its reason

HAS_FAILED = "#status = :failed"
WAS_NOT_REQUEUED = "attribute_not_exists(requeuedAs)"
# An id is free again once its request has expired: the request that was looked at, and no later one.
IS_MEANT = "receivedAt = :receivedAt"
IS_FREE = "attribute_not_exists(requestId)"

# CancellationReason of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
CONDITION_REFUSED = "ConditionalCheckFailed"
PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


@dataclass(frozen=True)
class Requeued:
    """What became of a request, or would: possible: nothing was changed, and it can be done; done; before: it had been
    requeued already; refused: it cannot be, see reason. requeued_as: the new request of those that have one."""

    request_id: str
    outcome: Literal["possible", "done", "before", "refused"]
    requeued_as: str | None = None
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """As `gapless requeue` prints it."""
        document = {"requestId": self.request_id, "outcome": self.outcome}
        more = {"requeuedAs": self.requeued_as, "reason": self.reason}
        return document | {name: value for name, value in more.items() if value}


def requeue_all(target: Target, ids: Iterable[str], *, dry_run: bool) -> Iterator[Requeued]:
    """Requeue each, some at once; what became of each, in order. dry_run: look, and change nothing.

    Raises ClientError for what is no request's fault; whatever is done by then is done, and to begin anew is safe.
    """
    dynamodb = connect(target)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        handle = look if dry_run else requeue
        yield from pool.map(lambda one: handle(dynamodb, target, one), ids)


def look(dynamodb: "DynamoDBClient", target: Target, request_id: str) -> Requeued:
    """Whether a request can be requeued."""
    return judge(request_id, read_request(dynamodb, target, request_id))


def requeue(dynamodb: "DynamoDBClient", target: Target, request_id: str) -> Requeued:
    """Requeue one request; again, or by two at once, is as good as once."""
    new_id = str(uuid.uuid4())
    for attempt in range(ATTEMPTS):
        item = read_request(dynamodb, target, request_id)
        found = judge(request_id, item)
        if found.requeued_as == new_id:  # the answer to a former attempt was lost
            return Requeued(request_id, "done", new_id)
        if item is None or found.outcome != "possible":
            return found
        try:
            dynamodb.transact_write_items(TransactItems=actions(target.requests_table, item, new_id, now()))
        except ClientError as error:
            reasons = {one.get("Code") for one in error.response.get("CancellationReasons", [])}
            if is_too_large(error):
                return Requeued(request_id, "refused", reason="its body is too large to be stored with a link")
            if not reasons & {CONDITION_REFUSED, *PASSING}:
                raise
            time.sleep(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**attempt)))  # noqa: S311 - of no secret
            continue
        return Requeued(request_id, "done", new_id)
    return Requeued(request_id, "refused", reason="somebody else is changing it all the time; try again")


def judge(request_id: str, item: Item | None) -> Requeued:
    """Whether a request can be requeued as it is now."""
    if item is None:
        return Requeued(request_id, "refused", reason="there is no such request, or it has expired")
    if (status := read_text(item, "status")) != "FAILED":
        return Requeued(request_id, "refused", reason=f"it is {status}, not FAILED")
    if (new_id := read_text(item, "requeuedAs")) is not None:
        return Requeued(request_id, "before", new_id)
    damaged = [name for name in ("counter", "request") if read_text(item, name) is None]
    damaged += ["receivedAt"] if read_number(item, "receivedAt") is None else []
    if damaged:
        return Requeued(request_id, "refused", reason=f"the item is damaged: no {' and no '.join(damaged)}")
    return Requeued(request_id, "possible")


def actions(table: str, item: Item, new_id: str, received_at: int) -> list[Any]:
    """The transaction. received_at: epoch ms."""
    link = {
        "TableName": table,
        "Key": {"requestId": item["requestId"]},
        "UpdateExpression": "SET requeuedAs = :requeuedAs",
        "ConditionExpression": f"{HAS_FAILED} AND {WAS_NOT_REQUEUED} AND {IS_MEANT}",
        "ExpressionAttributeNames": {"#status": "status"},
        "ExpressionAttributeValues": {
            ":requeuedAs": {"S": new_id},
            ":failed": {"S": "FAILED"},
            ":receivedAt": item["receivedAt"],
        },
    }
    put = {"TableName": table, "Item": new_item(item, new_id, received_at), "ConditionExpression": IS_FREE}
    return [{"Update": link}, {"Put": put}]


def new_item(item: Item, new_id: str, received_at: int) -> dict[str, Any]:
    """What mapping_templates/submit_request.yaml makes of a request with that body and that counter; and the link."""
    return {
        "requestId": {"S": new_id},
        "counter": item["counter"],
        "request": item["request"],
        "status": {"S": "PENDING"},
        "receivedAt": {"N": str(received_at)},
        "result": {"S": RESERVE},
        "requeueOf": item["requestId"],
    }


def is_too_large(error: ClientError) -> bool:
    """Whether DynamoDB has refused an item over 400 KB, as a reason of the transaction or as the whole of it."""
    reasons = error.response.get("CancellationReasons", [])
    texts = [error.response["Error"].get("Message", ""), *(one.get("Message") or "" for one in reasons)]
    return any("size" in text.lower() and "exceeded" in text.lower() for text in texts)


def now() -> int:
    """Epoch ms, by this machine's clock: DynamoDB takes no signature that is five minutes off."""
    return time.time_ns() // 1_000_000

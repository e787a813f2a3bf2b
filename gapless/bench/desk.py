"""The counter and the requests, as the three plainer designs reach them."""

import re
import time
from typing import TYPE_CHECKING, Any

from connection import Settings
from request import DONE, PENDING, Request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = 86_400
PLACEHOLDER = re.compile(r"#(\w+)")
STAMP = "SET #status = :status, #number = :number, #result = :result, #completedAt = :completedAt, #ttl = :ttl"
CAN_BE_STAMPED = "attribute_exists(requestId) AND #status = :pending AND attribute_not_exists(#number)"
MOVE = "SET #value = :value"
IS_UNUSED = "attribute_exists(counterName) AND attribute_not_exists(#value)"
IS_UNMOVED = "#value = :seen"


class Desk:
    """Reads and makes updates. client: the one that is metered."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self.client = client
        self._settings = settings

    def key_of_counter(self, name: str) -> dict[str, Any]:
        """Which item a counter is."""
        return {"TableName": self._settings.counters_table, "Key": {"counterName": {"S": name}}}

    def read_value(self, counter: str) -> int | None:
        """How many numbers a counter has handed out, strongly consistent; None for one that has not begun."""
        item = self.client.get_item(**self.key_of_counter(counter), ConsistentRead=True)["Item"]
        return int(item["value"]["N"]) if "value" in item else None

    def advance(self, counter: str, seen: int | None, taken: int) -> dict[str, Any]:
        """The update that moves a counter on from the value that was seen, if it is still there."""
        values = {":value": {"N": str((seen or 0) + taken)}}
        if seen is None:
            return self.key_of_counter(counter) | express(MOVE, IS_UNUSED, values)
        return self.key_of_counter(counter) | express(MOVE, IS_UNMOVED, values | {":seen": {"N": str(seen)}})

    def stamp(self, request: Request, number: int, *, guarded: bool = True) -> dict[str, Any]:
        """The update that writes what the processor writes; guarded: if the request still waits."""
        now = time.time_ns() // 1_000_000
        values = {
            ":status": {"S": DONE},
            ":number": {"N": str(number)},
            ":result": {"S": "null"},
            ":completedAt": {"N": str(now)},
            ":ttl": {"N": str(now // 1000 + self._settings.retention_days * DAY)},
        }
        key = {"TableName": self._settings.requests_table, "Key": {"requestId": {"S": request.request_id}}}
        if not guarded:
            return key | express(STAMP, "", values)
        return key | express(STAMP, CAN_BE_STAMPED, values | {":pending": {"S": PENDING}})


def express(change: str, condition: str, values: dict[str, Any]) -> dict[str, Any]:
    """The parameters of an update."""
    names = {f"#{name}": name for name in PLACEHOLDER.findall(change + condition)}
    expression = {
        "UpdateExpression": change,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return expression | ({"ConditionExpression": condition} if condition else {})

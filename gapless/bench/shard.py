"""A made-up shard of the stream: requests as the API would have put them, in the table and at hand; their counter."""

import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connection import Settings
from request import RESERVE, Request, read_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PUTS = 25  # of one BatchWriteItem
BODY = (
    '{"lines": [{"sku": "lamp", "quantity": 3, "unitPrice": 19.99}, {"sku": "bulb", "quantity": 12, "unitPrice": 1}]}'
)


class Shard:
    """Puts requests of one counter, and announces them in order."""

    def __init__(self, client: "DynamoDBClient", settings: Settings, name: str, counter: str) -> None:
        self.name = name
        self.ids: list[str] = []
        self._client = client
        self._settings = settings
        self._counter = counter

    def put(self, count: int, *, seconds_ahead: int = 0) -> list[Request]:
        """Put so many more. seconds_ahead: how far from now they are said to have been received."""
        received_at = time.time_ns() // 1_000_000 + seconds_ahead * 1000
        items = [self._item(received_at) for _ in range(count)]
        for place in range(0, count, PUTS):
            self._put(items[place : place + PUTS])
        first = len(self.ids) + 1
        self.ids += [item["requestId"]["S"] for item in items]
        return [replace(read_item(item), sequence=first + place) for place, item in enumerate(items)]

    def _item(self, received_at: int) -> dict[str, Any]:
        """As mapping_templates/submit_request.yaml makes it."""
        return {
            "requestId": {"S": str(uuid.uuid4())},
            "counter": {"S": self._counter},
            "request": {"S": BODY},
            "status": {"S": "PENDING"},
            "receivedAt": {"N": str(received_at)},
            "result": {"S": "." * RESERVE},
        }

    def _put(self, items: Sequence[dict[str, Any]]) -> None:
        left: Any = {self._settings.requests_table: [{"PutRequest": {"Item": item}} for item in items]}
        while left:
            left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")


def cut(requests: Sequence[Request], batch: int) -> Iterator[Sequence[Request]]:
    """Batches of that size, in order."""
    for place in range(0, len(requests), batch):
        yield requests[place : place + batch]


def create_counter(client: "DynamoDBClient", settings: Settings, counter: str) -> None:
    """A counter with no options but the defaults, as `gapless counter create` would make it."""
    item = {"counterName": {"S": counter}, "allocation": {"S": "stream"}, "start": {"N": "1"}, "increment": {"N": "1"}}
    client.put_item(TableName=settings.counters_table, Item=item)

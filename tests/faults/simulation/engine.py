"""A world's tables on an engine: what the functions call, and what others do to the tables, by DynamoDB's own API."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from connection import Patience, Settings
from counter import Counter
from items import to_counter
from operations import Operation
from request import PENDING, RESERVE, Request, read_item
from store import Tables
from tests.checker import Item, scan
from tests.faults.simulation.stored import StoredRequest, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PATIENCE = 30.0  # seconds; an engine on this machine has no reason to fail at all


class EngineTables:
    """The same as SimulatedTables, kept by an engine. clock: seconds, of the machine."""

    def __init__(self, client: "DynamoDBClient", settings: Settings, clock: Callable[[], float]) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._tables = Tables(client, settings)

    @property
    def requests(self) -> Mapping[str, StoredRequest]:
        """Every item of the requests table."""
        items = scan(self._client, self._settings.requests_table)
        return {item["requestId"]["S"]: to_stored(item) for item in items}

    @property
    def counters(self) -> Mapping[str, Counter]:
        """Every counter."""
        items = {item["counterName"]["S"]: item for item in scan(self._client, self._settings.counters_table)}
        return {name: to_counter(name, item) for name, item in items.items()}

    def perform(self, operation: Operation) -> Any:
        """Carry out one operation."""
        return self._tables.perform(operation, Patience(self._clock() + PATIENCE))

    def put_request(self, request: Request) -> None:
        """Store a new request, as the API does."""
        item = {
            "requestId": {"S": request.request_id},
            "counter": {"S": request.counter},
            "request": {"S": request.text},
            "status": {"S": PENDING},
            "receivedAt": {"N": str(request.received_at)},
            "result": {"S": "." * RESERVE},
        }
        self._client.put_item(TableName=self._settings.requests_table, Item=item)

    def delete_request(self, request_id: str) -> int | None:
        """Delete a request; the number it had."""
        key = {"requestId": {"S": request_id}}
        answer = self._client.delete_item(TableName=self._settings.requests_table, Key=key, ReturnValues="ALL_OLD")
        number = answer.get("Attributes", {}).get("number")
        return int(number["N"]) if number else None

    def is_marked(self, request_id: str) -> bool:
        """Whether the item's last change is kept from the processor."""
        key = {"requestId": {"S": request_id}}
        return (
            "saved"
            in self._client.get_item(TableName=self._settings.requests_table, Key=key, ConsistentRead=True)["Item"]
        )

    def put_counter(self, counter: Counter) -> None:
        """Store a counter; nobody else is at it."""
        self._client.put_item(TableName=self._settings.counters_table, Item=to_item(counter))


def to_stored(item: Item) -> StoredRequest:
    """Read an item of the requests table, settled or not."""
    error = item.get("error", {}).get("M", {})
    return StoredRequest(
        request=read_item(item) if "request" in item else None,
        counter=item["counter"]["S"],
        status=item["status"]["S"],
        number=int(item["number"]["N"]) if "number" in item else None,
        result=item.get("result", {}).get("S", ""),
        code=error.get("code", {}).get("S", ""),
        message=error.get("message", {}).get("S", ""),
        resends=int(item.get("resends", {}).get("N", 0)),
        progress=item.get("progress", {}).get("S", ""),
        is_marked="saved" in item,
    )

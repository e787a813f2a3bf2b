"""The tables of a real engine, to be looked at and changed like the simulated ones."""

import time
from typing import TYPE_CHECKING, Any

from connection import Patience, Settings
from counter import Counter
from items import to_counter
from operations import Operation
from request import PENDING, Request, read_item
from store import Tables
from tests.checker import scan
from tests.faults.simulation.stored import StoredRequest, to_item
from tests.unit.records import make_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PATIENCE = 30.0  # seconds for one operation


class EngineTables:
    """Operations are carried out by the processor's own store; requests and counters are read anew each time."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self._client, self._settings = client, settings
        self._tables = Tables(client, settings)

    def perform(self, operation: Operation) -> Any:
        """Carry out one operation."""
        return self._tables.perform(operation, Patience(time.monotonic() + PATIENCE))

    def put_request(self, request: Request) -> None:
        """Store a new request, as the API does."""
        record = make_record(request.request_id, counter=request.counter, received_at=request.received_at)
        self._client.put_item(TableName=self._settings.requests_table, Item=record["dynamodb"]["NewImage"])

    def delete_request(self, request_id: str) -> None:
        """Delete a request."""
        self._client.delete_item(TableName=self._settings.requests_table, Key={"requestId": {"S": request_id}})

    def put_counter(self, counter: Counter) -> None:
        """Store a counter."""
        self._client.put_item(TableName=self._settings.counters_table, Item=to_item(counter))

    @property
    def counters(self) -> dict[str, Counter]:
        """Every counter by name."""
        items = scan(self._client, self._settings.counters_table)
        return {one["counterName"]["S"]: to_counter(one["counterName"]["S"], one) for one in items}

    @property
    def requests(self) -> dict[str, StoredRequest]:
        """Every request by id."""
        items = scan(self._client, self._settings.requests_table)
        return {one["requestId"]["S"]: to_stored(one) for one in items}


def to_stored(item: Any) -> StoredRequest:
    """A request's item as the simulated tables hold it."""
    error = item.get("error", {}).get("M", {})
    return StoredRequest(
        request=read_item(item) if "request" in item else None,
        counter=item["counter"]["S"],
        status=item["status"]["S"],
        number=int(item["number"]["N"]) if "number" in item else None,
        result="" if item["status"]["S"] == PENDING else item.get("result", {}).get("S", ""),
        code=error.get("code", {}).get("S", ""),
        message=error.get("message", {}).get("S", ""),
        resends=int(item.get("resends", {}).get("N", 0)),
        progress=item.get("progress", {}).get("S", ""),
        is_marked="saved" in item,
    )

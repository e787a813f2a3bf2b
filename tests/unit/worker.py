"""A function process without its handler, and what goes on around it: requests are put, deleted, and swept."""

from itertools import count
from typing import TYPE_CHECKING, Any

from batch import Rules
from connection import Patience
from memory import Memory
from numbering import number_records
from operations import Judge, Operation
from request import Accepted, read_request
from stamping import Report
from store import Tables, carry_out
from sweeping import Sweep, sweep_counter
from tests.unit.records import SHARD, make_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REQUESTS, COUNTERS = "test-RequestsTable", "test-CountersTable"
FOR_EVER = Patience(float("inf"))
LATER = 2**42  # epoch ms: well after now
MINUTES = 100_000  # ms: what is received that much after a counter's first commit is not looked up on its account

Record = dict[str, Any]


class Worker:
    """What it has seen of a counter before, it remembers. work() accepts everything."""

    def __init__(self, client: "DynamoDBClient", tables: Tables) -> None:
        self._client = client
        self._tables = tables
        self._memory = Memory()
        self._times = count(LATER, MINUTES)

    def put(self, request_id: str, *, counter: str = "requests", received_at: int | None = None) -> Record:
        """Store a request, by default minutes after the last one, and give the record that the stream has of it."""
        record = make_record(request_id, counter=counter, received_at=received_at or next(self._times))
        self._client.put_item(TableName=REQUESTS, Item=record["dynamodb"]["NewImage"])
        return record

    def delete(self, request_id: str) -> None:
        """Delete a request, as an operator may."""
        self._client.delete_item(TableName=REQUESTS, Key={"requestId": {"S": request_id}})

    def number(self, *records: Record, shard_id: str | None = SHARD) -> None:
        """Number a batch."""
        requests = [read_request(record) for record in records]
        report = carry_out(number_records(requests, shard_id, self._memory, Rules("requests")), self._perform)
        assert report.failures == []

    def sweep(self, counter: str) -> None:
        """Sweep a counter, long after everything else."""
        carry_out(sweep_counter(counter, Sweep(lambda: 2 * LATER), Report()), self._perform)

    def outcome(self, request_id: str) -> str:
        """A request's status, and its number or its error's code."""
        key = {"requestId": {"S": request_id}}
        item = self._client.get_item(TableName=REQUESTS, Key=key, ConsistentRead=True)["Item"]
        return f"{item['status']['S']} {item['number']['N'] if 'number' in item else item['error']['M']['code']['S']}"

    def numbers(self, counter: str) -> list[int]:
        """The numbers of a counter that are on an item of the table, tombstones included."""
        items = self._client.scan(TableName=REQUESTS, ConsistentRead=True)["Items"]
        return sorted(int(one["number"]["N"]) for one in items if "number" in one and one["counter"]["S"] == counter)

    def value(self, counter: str) -> int:
        """How many numbers a counter has handed out."""
        key = {"counterName": {"S": counter}}
        return int(self._client.get_item(TableName=COUNTERS, Key=key, ConsistentRead=True)["Item"]["value"]["N"])

    def _perform(self, operation: Operation) -> Any:
        if isinstance(operation, Judge):
            return Accepted("null")
        return self._tables.perform(operation, FOR_EVER)

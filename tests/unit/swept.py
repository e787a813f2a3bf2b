"""Tables with something left to do, and the sweeper's handler."""

import time
from typing import TYPE_CHECKING, Any

import sweeper
from connection import Settings
from counter import Counter
from entry import Entry, Owners, lane_of
from items import BASE, LANE, from_entry
from operations import ReadCounter
from store import Tables
from tests.unit.records import Context, make_record
from tests.unit.worker import COUNTERS, FOR_EVER, REQUESTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HOUR = 3600
LANES = [lane_of(f"shard {number}") for number in range(3)]

WORK = ("counters", "pruned", "stamped", "buried", "forgotten", "resent", "failed")
NOTHING = dict.fromkeys(WORK, 0) | {"pending": 0, "complete": True}

# As AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
FAILURE = {
    "requestContext": {
        "requestId": "316aa6d0-8154-xmpl-9af7-85d5f4a6bc81",
        "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 11,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2019-11-14T00:13:49.717Z",
    "DDBStreamBatchInfo": {
        "shardId": "shardId-00000001573689847184-864758bb",
        "startSequenceNumber": "800000000003126276362",
        "endSequenceNumber": "800000000003126276363",
        "approximateArrivalOfFirstRecord": "2019-11-14T00:13:19Z",
        "approximateArrivalOfLastRecord": "2019-11-14T00:13:19Z",
        "batchSize": 2,
        "streamArn": "arn:aws:dynamodb:us-east-2:123456789012:table/mytable/stream/2019-11-14T00:04:06.388",
    },
}


class Stack:
    """Tables with something left to do, and the sweeper's handler."""

    def __init__(self, client: "DynamoDBClient", settings: Settings) -> None:
        self.client = client
        self.tables = Tables(client, settings)
        self.oldest_age: int | None = None

    def put_request(self, request_id: str, age: float, **record: Any) -> None:
        """A request that was received so many seconds ago."""
        received_at = int((time.time() - age) * 1000)
        image = make_record(request_id, received_at=received_at, **record)["dynamodb"]["NewImage"]
        self.client.put_item(TableName=REQUESTS, Item=image)

    def put_counter(self, name: str, *lanes: tuple[float, str]) -> None:
        """A counter whose lanes have committed one number each: so many seconds ago, for that request."""
        item: dict[str, Any] = {"counterName": {"S": name}, "allocation": {"S": "stream"}}
        item |= {"version": {"N": "1"}, "fence": {"N": "0"}, "value": {"N": str(len(lanes))}}
        for place, (lane, (age, request_id)) in enumerate(zip(LANES, lanes, strict=False)):
            now = int(time.time())
            entry = Entry(7, place, int(now - age), newest=now * 1000, owners=Owners((request_id,)))
            item |= {LANE + lane: from_entry(entry), BASE + lane: {"N": str(place)}}
        self.client.put_item(TableName=COUNTERS, Item=item)

    def sweep(self, remaining: int = 900_000, **event: Any) -> dict[str, Any]:
        """Sweep; the answer, but for the age, which is never quite the same."""
        context: Any = Context(remaining)
        done: dict[str, Any] = sweeper.lambda_handler(event, context)
        self.oldest_age = done.pop("oldestPendingAgeSeconds")
        return done

    def read_request(self, request_id: str) -> dict[str, Any]:
        return dict(self.client.get_item(TableName=REQUESTS, Key={"requestId": {"S": request_id}})["Item"])

    def read_counter(self, name: str) -> Counter:
        counter: Counter = self.tables.perform(ReadCounter(name), FOR_EVER)
        return counter

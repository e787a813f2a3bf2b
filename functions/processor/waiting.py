"""Which requests wait: a look at the whole table, which the sweeper alone takes."""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expressions import IS_WAITING
from request import PENDING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEGMENTS = 4  # read at once; a page is 1 MB of the table, and its answer hardly anything


@dataclass(frozen=True)
class Waiting:
    """A request that waits. received_at, resent_at (None: never): epoch ms; resends: how often it was sent again."""

    request_id: str
    counter: str
    received_at: int
    resent_at: int | None
    resends: int = 0


def scan_waiting(client: "DynamoDBClient", table: str, readers: Executor) -> Iterator[list[Waiting]]:
    """The requests of a table that wait, a list for each page of the scan.

    Eventually consistent, at half the price: one that was stamped a moment ago may be among them.
    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html#Scan.ParallelScan
    """
    scans = [scan_segment(client, table, segment) for segment in range(SEGMENTS)]
    while scans:
        pages = list(readers.map(lambda scan: next(scan, None), scans))
        yield from (page for page in pages if page is not None)
        scans = [scan for scan, page in zip(scans, pages, strict=True) if page is not None]


def scan_segment(client: "DynamoDBClient", table: str, segment: int) -> Iterator[list[Waiting]]:
    """The pages of one segment."""
    for page in client.get_paginator("scan").paginate(
        TableName=table,
        Segment=segment,
        TotalSegments=SEGMENTS,
        ProjectionExpression="requestId, #counter, #receivedAt, #resentAt, #resends",
        FilterExpression=IS_WAITING,
        ExpressionAttributeNames={f"#{one}": one for one in ("status", "counter", "receivedAt", "resentAt", "resends")},
        ExpressionAttributeValues={":pending": {"S": PENDING}},
    ):
        yield [read_waiting(item) for item in page["Items"]]


def read_waiting(item: Any) -> Waiting:
    """Read what a scan gives of a request."""
    resent_at = int(item["resentAt"]["N"]) if "resentAt" in item else None
    resends = int(item.get("resends", {}).get("N", 0))
    return Waiting(item["requestId"]["S"], item["counter"]["S"], int(item["receivedAt"]["N"]), resent_at, resends)

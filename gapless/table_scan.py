"""Reads through the requests table, all of it, in segments side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from gapless.attributes import Item
from gapless.load import connect
from gapless.target import Target

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEGMENTS = 8
# DynamoDB ends a page at 1 MB; the embedded engine does not, and answers nobody else while it makes one.
PAGE = 10_000


def scan_requests(
    target: Target,
    statuses: Sequence[str],
    attributes: Sequence[str],
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Item]:
    """Every request that has one of the statuses, with these attributes only, in no order.

    The whole table is read and paid for, bodies included: half a read unit for each 4 KB. A request that changes while
    it is read may be shown as it was. progress: as of scan().
    """
    names = {f"#{name}": name for name in {"status", *attributes}}
    values = {f":status{place}": {"S": status} for place, status in enumerate(statuses)}
    query = {
        "FilterExpression": f"#status IN ({', '.join(values)})",
        "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
    return scan(connect(target), target, query, progress)


def scan(
    dynamodb: "DynamoDBClient", target: Target, query: Mapping[str, Any], progress: Callable[[str], None]
) -> Iterator[Item]:
    """What a Scan of the requests table finds, in no order. progress: told after each round of pages."""
    segments = count_segments(target)
    asked: dict[str, Any] = {**query, "TableName": target.requests_table, "Limit": PAGE}
    left = [asked]
    if segments > 1:
        left = [asked | {"TotalSegments": segments, "Segment": segment} for segment in range(segments)]
    read = 0
    with ThreadPoolExecutor(segments) as pool:
        coming = [pool.submit(dynamodb.scan, **one) for one in left]
        while coming:
            pages = [one.result() for one in coming]
            left = [
                one | {"ExclusiveStartKey": page["LastEvaluatedKey"]}
                for one, page in zip(left, pages, strict=True)
                if "LastEvaluatedKey" in page
            ]
            # Read while the caller looks at those that are here.
            coming = [pool.submit(dynamodb.scan, **one) for one in left]
            read += sum(page["ScannedCount"] for page in pages)
            progress(f"{read:,} requests read")
            for page in pages:
                yield from page["Items"]


def count_segments(target: Target) -> int:
    """A local engine answers one call at a time, and goes through the whole table for each segment."""
    return 1 if target.dynamodb else SEGMENTS

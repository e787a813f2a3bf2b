"""Reads through the requests table, all of it, in segments side by side."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gapless.load import connect
from gapless.target import Target

SEGMENTS = 8
REPORT_EVERY = 10_000  # items between two reports of progress

Item = Mapping[str, Any]


def scan_requests(
    target: Target,
    statuses: Sequence[str],
    attributes: Sequence[str],
    progress: Callable[[str], None] = lambda text: None,
) -> Iterator[Item]:
    """Every request that has one of the statuses, with these attributes only, in no order.

    The whole table is read and paid for, bodies included: half a read unit for each 4 KB. A request that changes while
    it is read may be shown as it was. progress: told every ten thousand items.
    """
    dynamodb = connect(target)
    names = {f"#{name}": name for name in {"status", *attributes}}
    values = {f":status{place}": {"S": status} for place, status in enumerate(statuses)}
    query: dict[str, Any] = {
        "TableName": target.requests_table,
        "FilterExpression": f"#status IN ({', '.join(values)})",
        "ProjectionExpression": ", ".join(f"#{name}" for name in attributes),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "TotalSegments": SEGMENTS,
    }
    pages: list[dict[str, Any]] = [query | {"Segment": segment} for segment in range(SEGMENTS)]
    seen = 0
    with ThreadPoolExecutor(SEGMENTS) as pool:
        while pages:
            answers = list(pool.map(lambda page: dynamodb.scan(**page), pages))
            before, seen = seen, seen + sum(answer["ScannedCount"] for answer in answers)
            if seen // REPORT_EVERY > before // REPORT_EVERY:
                progress(f"{seen:,} requests read")
            for answer in answers:
                yield from answer["Items"]
            pages = [
                page | {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
                for page, answer in zip(pages, answers, strict=True)
                if "LastEvaluatedKey" in answer
            ]


def read_text(item: Item, attribute: str) -> str | None:
    """A text attribute; None where it is missing, or something else."""
    found = item.get(attribute, {}).get("S")
    return None if found is None else str(found)


def read_number(item: Item, attribute: str) -> int | None:
    """A whole number; None where it is missing, or something else."""
    try:
        return int(item[attribute]["N"])
    except (KeyError, TypeError, ValueError):
        return None
